"""The citizen's pages together, on one set of templates."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from services.intake.edge import Edge
from services.intake.pages.aids import FormAids
from services.intake.pages.asked import AskedPages
from services.intake.pages.form import FormPages
from services.intake.pages.opting_out import OptOutPages
from services.intake.pages.photos import Photos
from services.intake.pages.places import Places
from services.intake.pages.seals import Seals
from services.intake.pages.similar import SimilarCases
from services.intake.pages.status import StatusPages
from services.intake.pages.tracking import TrackingPages
from services.intake.web import Form
from shared.keeping import Files
from shared.messaging import Service
from shared.municipality import Municipality
from shared.objects import ObjectStore
from shared.pages import Pages
from shared.tokens import CaseTokens, OptOutTokens

TEMPLATES: Final = Path(__file__).parent.parent / "templates"


class CitizenPages:
    """`key` makes tracking codes and seals what a page hands out (ILKIM_TRACKING_KEY)."""

    def __init__(
        self, service: Service, edge: Edge, form: Form, place: Municipality, objects: ObjectStore, key: bytes
    ) -> None:
        pages, places, seals = Pages(TEMPLATES, place), Places(place), Seals(key)
        files, tokens, similar = Files(objects), CaseTokens(key), SimilarCases(service, place, places)
        photos = Photos(service, files)
        service.background(photos.sweep_forever)
        service.on_stop(_closing(files))
        tracking = TrackingPages(service, form, pages, tokens, photos, seals, objects)
        self._pages = pages
        self._parts = (
            FormAids(place, places, seals, objects),
            FormPages(form, pages, photos, seals, places, similar, place.alarms),
            StatusPages(form, pages, tokens, place),
            tracking,
            AskedPages(tracking, form, pages, place.conversation.survey),
            OptOutPages(edge, pages, OptOutTokens(key)),
        )

    def mount(self, web: FastAPI) -> None:
        """Add the pages and their static files."""
        self._pages.mount(web)
        for part in self._parts:
            part.mount(web)


def _closing(files: Files) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        files.close()

    return close
