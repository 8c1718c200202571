"""Our own stylesheets and scripts, served for ever under an address that holds their content's hash."""

import hashlib
import mimetypes
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse

FOR_EVER: Final = "public, max-age=31536000, immutable"
HASH_LETTERS: Final = 12


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is served."""

    body: bytes
    media_type: str
    digest: str


class Assets:
    """The files of some folders, read once at the start; of two with one name the later folder's counts.

    `under`: the path in front of their addresses, for a service that shares a host with another.
    """

    def __init__(self, folders: Iterable[Path], under: str = "") -> None:
        self._under = under
        self._assets = {
            path.relative_to(folder).as_posix(): _asset(path)
            for folder in folders
            if folder.is_dir()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    def url(self, name: str) -> str:
        """The address of a file; it changes whenever the file does. Raises KeyError for an unknown name."""
        return f"{self._under}/static/{self._assets[name].digest}/{name}"

    async def serve(self, request: Request) -> Response:
        """The file; one asked for by an older hash is served as it is now and not kept."""
        asset = self._assets.get(request.path_params["name"])
        if asset is None:
            return PlainTextResponse("not found", 404)
        fresh = asset.digest == request.path_params["digest"]
        headers = {"Cache-Control": FOR_EVER if fresh else "no-cache", "X-Content-Type-Options": "nosniff"}
        return Response(asset.body, media_type=asset.media_type, headers=headers)


def _asset(path: Path) -> Asset:
    body = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Asset(body, media_type, hashlib.sha256(body).hexdigest()[:HASH_LETTERS])
