"""What the form's script asks for while one types: the map, the neighbourhood of a place, street names, photos."""

import hashlib
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from services.intake.pages.entry import degrees
from services.intake.pages.places import Found, Places
from services.intake.pages.seals import Seals
from shared.files import answer_with_file
from shared.municipality import Municipality
from shared.objects import ObjectStore
from shared.pages.town_map import town_map

DAY: Final = "public, max-age=86400"
PRIVATE: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
QUERY_LETTERS_MAX: Final = 200


class FormAids:
    """Nothing here keeps anything, and the form works without any of it."""

    def __init__(self, place: Municipality, places: Places, seals: Seals, objects: ObjectStore) -> None:
        self._places = places
        self._seals = seals
        self._objects = objects
        self._map = town_map(place).encode()
        self._map_tag = f'"{hashlib.sha256(self._map).hexdigest()[:16]}"'

    def mount(self, web: FastAPI) -> None:
        """Add the routes; before the page of a submission, whose address is `/basvuru/<id>`."""
        web.add_route("/basvuru/harita.svg", self.map, methods=["GET"], include_in_schema=False)
        web.add_route("/basvuru/yer", self.find, methods=["GET"], include_in_schema=False)
        web.add_route("/basvuru/sokaklar", self.suggest, methods=["GET"], include_in_schema=False)
        web.add_route("/basvuru/foto/{token}", self.photo, methods=["GET"], include_in_schema=False)

    async def map(self, request: Request) -> Response:
        """The neighbourhoods as a drawing."""
        headers = {"Cache-Control": DAY, "ETag": self._map_tag, "X-Content-Type-Options": "nosniff"}
        if request.headers.get("if-none-match") == self._map_tag:
            return Response(status_code=304, headers=headers)
        return Response(self._map, media_type="image/svg+xml", headers=headers)

    async def find(self, request: Request) -> Response:
        """The neighbourhood of `enlem` and `boylam`, or of `sokak`."""
        asked = request.query_params
        latitude, longitude = degrees(asked.get("enlem", ""), 90), degrees(asked.get("boylam", ""), 180)
        if latitude is not None and longitude is not None:
            found = self._places.at(latitude, longitude)
        else:
            street = asked.get("sokak", "")[:QUERY_LETTERS_MAX]
            found = self._places.of("", street, "") if street else Found()
        told = {"neighbourhood": found.name, "outside": found.is_outside, "district": found.district}
        return JSONResponse(told, headers=PRIVATE)

    async def suggest(self, request: Request) -> Response:
        """Streets for what is typed so far (`ara`)."""
        return JSONResponse(self._places.suggest(request.query_params.get("ara", "")), headers=PRIVATE)

    async def photo(self, request: Request) -> Response:
        """A photo of a form that is being filled in, for whoever holds its token."""
        photo = self._seals.open_photo(request.path_params["token"])
        if photo is None:
            return Response(status_code=404, headers=PRIVATE)
        return await answer_with_file(self._objects, photo.file_id, request)
