"""Citizens' files as WhatsApp keeps them: an id, an address that expires, and bad days on demand.

Source: developers.facebook.com/docs/whatsapp/cloud-api/reference/media.

| fault        | what happens                                                        |
|--------------|---------------------------------------------------------------------|
| `lost`       | the id is unknown: HTTP 400, code 100                               |
| `gone`       | the address answers 410                                             |
| `not_found`  | the address answers 404, as an expired one does                     |
| `http_500`   | the address answers 500                                             |
| `wrong_hash` | the file is not the one whose SHA-256 was told                      |
| `slow`       | half of the file, then `seconds` of silence, then the rest          |
| `endless`    | the size told is small, the file goes on for ever                   |
| `elsewhere`  | the address leads to another host                                   |
| `redirect`   | the address sends on to another host                                |
"""

import asyncio
import hashlib
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from simulators.whatsapp.payloads import encode
from simulators.whatsapp.protocol import ERRORS, GraphError, error_body, unknown_object

KEPT_MAX = 500
BYTES_KEPT_MAX = 300 * 1024 * 1024
FILE_BYTES_MAX = 100 * 1024 * 1024  # Meta's own limit, for documents
FAULTS = ("lost", "gone", "not_found", "http_500", "wrong_hash", "slow", "endless", "elsewhere", "redirect")
ELSEWHERE = "http://169.254.169.254/latest/meta-data/"  # where a cloud keeps its secrets
PIECE = b"\0" * 65_536
# The kinds of messages by the start of the file's type; anything else is a document.
KINDS = {"image/webp": "sticker", "image/": "image", "video/": "video", "audio/": "audio"}


@dataclass(slots=True)
class Medium:
    """One file. `left`: how many more requests meet the fault; None: all."""

    id: str
    body: bytes
    mime_type: str
    filename: str | None = None
    fault: str | None = None
    seconds: float = 0.0
    left: int | None = None
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        self.sha256 = hashlib.sha256(self.body).hexdigest()

    def struck(self, *kinds: str) -> bool:
        """Whether this request meets one of these faults, used up by one."""
        if self.fault not in kinds or self.left == 0:
            return False
        if self.left is not None:
            self.left -= 1
        return True


class MediaBox:
    """The newest files of citizens, and the addresses that were told of them."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._media: OrderedDict[str, Medium] = OrderedDict()
        self._addresses: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._bytes = 0

    def keep(self, body: bytes, mime_type: str, filename: str | None = None) -> Medium:
        """A file of its own id; the oldest make room."""
        medium = Medium("".join(secrets.choice("123456789") for _ in range(16)), body, mime_type, filename)
        self._media[medium.id] = medium
        self._bytes += len(body)
        while len(self._media) > KEPT_MAX or (self._bytes > BYTES_KEPT_MAX and len(self._media) > 1):
            self._bytes -= len(self._media.popitem(last=False)[1].body)
        return medium

    def get(self, media_id: str) -> Medium | None:
        return self._media.get(media_id)

    def new_token(self, media_id: str) -> str:
        token = secrets.token_urlsafe(24)
        self._addresses[token] = (media_id, time.time() + self.seconds)
        if len(self._addresses) > KEPT_MAX * 4:
            self._addresses.popitem(last=False)
        return token

    def at(self, token: str) -> Medium | None:
        """The file at an address that has not expired."""
        media_id, until = self._addresses.get(token, ("", 0.0))
        return self._media.get(media_id) if time.time() < until else None


def described(medium: Medium, account_url: str, token: str) -> dict[str, Any]:
    """The documented answer to a request for a file's address."""
    url = ELSEWHERE if medium.struck("elsewhere") else f"{account_url}/media/{token}"
    size = 10 if medium.fault == "endless" else len(medium.body)
    return {
        "messaging_product": "whatsapp",
        "url": url,
        "mime_type": medium.mime_type,
        "sha256": medium.sha256,
        "file_size": size,
        "id": medium.id,
    }


def content_of(medium: Medium, caption: str = "", *, voice: bool = False) -> tuple[str, dict[str, Any]]:
    """The kind of message that carries a file, and what stands in it."""
    kind = next((kind for start, kind in KINDS.items() if medium.mime_type.startswith(start)), "document")
    content: dict[str, Any] = {"mime_type": medium.mime_type, "sha256": medium.sha256, "id": medium.id}
    if caption and kind not in ("audio", "sticker"):
        content["caption"] = caption
    if kind == "audio":
        content["voice"] = voice
    if kind == "document":
        content["filename"] = medium.filename or "document"
    return kind, content


async def answer(request: web.Request, medium: Medium) -> web.StreamResponse:
    """The file, or what its fault makes of it."""
    for kind, status in (("gone", 410), ("not_found", 404), ("http_500", 500)):
        if medium.struck(kind):
            return web.Response(status=status)
    if medium.struck("redirect"):
        return web.Response(status=302, headers={"Location": ELSEWHERE})
    response = web.StreamResponse(headers={"Content-Type": medium.mime_type})
    await response.prepare(request)
    if medium.struck("endless"):
        return await _without_end(response)
    body = medium.body[:-1] + b"?" if medium.struck("wrong_hash") else medium.body
    await response.write(body[: len(body) // 2])
    if medium.struck("slow"):
        await asyncio.sleep(medium.seconds)
    await response.write(body[len(body) // 2 :])
    await response.write_eof()
    return response


async def _without_end(response: web.StreamResponse) -> web.StreamResponse:
    for _ in range(FILE_BYTES_MAX // len(PIECE)):
        try:
            await response.write(PIECE)
        except ConnectionError:
            break
    return response


class MediaDesk:
    """The routes round the files: Meta's own two, and the controls."""

    def __init__(self, box: MediaBox, bearer: str) -> None:
        self._box, self._bearer = box, bearer

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get(r"/v{version:\d+\.\d+}/{media_id:\d+}", self.look_up),
            web.get("/media/{token}", self.download),
            web.post("/_simulator/media", self.upload),
            web.get(r"/_simulator/media/{media_id:\d+}", self.show),
            web.post(r"/_simulator/media/{media_id:\d+}", self.change),
            web.post("/_simulator/media_seconds", self.change_seconds),
        ]

    async def look_up(self, request: web.Request) -> web.Response:
        if not self._is_known(request):
            return _refused(ERRORS[190])
        medium = self._box.get(request.match_info["media_id"])
        if medium is None or medium.struck("lost"):
            return _refused(unknown_object(request.match_info["media_id"]))
        here = f"{request.scheme}://{request.host}"
        return _json(described(medium, here, self._box.new_token(medium.id)))

    async def download(self, request: web.Request) -> web.StreamResponse:
        if not self._is_known(request):
            return web.Response(status=401)
        medium = self._box.at(request.match_info["token"])
        return web.Response(status=404) if medium is None else await answer(request, medium)

    async def upload(self, request: web.Request) -> web.Response:
        """A citizen's phone hands a file over: the bytes as the body, their type as its type, `?filename=`."""
        body = await request.clone(client_max_size=FILE_BYTES_MAX).read()
        mime_type = request.headers.get("Content-Type", "application/octet-stream")
        medium = self._box.keep(body, mime_type, request.query.get("filename"))
        return _json({"id": medium.id, "sha256": medium.sha256}, 201)

    async def show(self, request: web.Request) -> web.Response:
        """The file for the page, which has no token."""
        medium = self._box.get(request.match_info["media_id"])
        if medium is None:
            return web.Response(status=404)
        headers = {"Content-Type": medium.mime_type, "X-Content-Type-Options": "nosniff"}
        headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return web.Response(body=medium.body, headers=headers)

    async def change(self, request: web.Request) -> web.Response:
        """`{"fault": "slow", "seconds": 5, "count": 1}`; a fault of null takes it away."""
        medium = self._box.get(request.match_info["media_id"])
        if medium is None:
            return web.Response(status=404)
        try:
            asked = dict(await request.json())
            fault, seconds, count = asked.get("fault"), float(asked.get("seconds", 0)), asked.get("count")
        except (ValueError, TypeError) as wrong:
            return _json({"error": str(wrong)}, 400)
        if fault is not None and fault not in FAULTS:
            return _json({"error": f"fault must be one of {sorted(FAULTS)}"}, 400)
        medium.fault, medium.seconds, medium.left = fault, seconds, count
        return web.Response(status=204)

    async def change_seconds(self, request: web.Request) -> web.Response:
        """`{"seconds": 300}`: how long an address told from now on lives."""
        try:
            self._box.seconds = float(dict(await request.json())["seconds"])
        except (ValueError, TypeError, KeyError) as wrong:
            return _json({"error": str(wrong)}, 400)
        return web.Response(status=204)

    def _is_known(self, request: web.Request) -> bool:
        given = request.headers.get("Authorization", "")
        return given == self._bearer if self._bearer else given.startswith("Bearer ")


def _refused(error: GraphError) -> web.Response:
    return _json(error_body(error), error.http_status)


def _json(told: object, status: int = 200) -> web.Response:
    return web.Response(body=encode(told).encode(), status=status, content_type="application/json")
