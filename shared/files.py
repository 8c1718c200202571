"""A citizen's file (ek) as it lies in the object store: a head that says what it is, then its bytes.

Whoever serves one needs no table: the head says the type that was found in the bytes, never the one that was claimed.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import quote
from uuid import UUID

from fastapi import Request, Response

from shared.objects import Missing, ObjectStore

PICTURE: Final = "image/jpeg"  # every picture is kept as one
RETRY_AFTER: Final = timedelta(seconds=5)
_UNSAFE_IN_NAMES: Final = re.compile(r"[^\w.()-]+")
_NAME_LETTERS_MAX: Final = 100
# What a browser may do with a file that came from outside: show it, and nothing else.
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",  # asked again each time, by its ETag: who may see it can change
    "Accept-Ranges": "none",
}


class NotKept(Exception):
    """Raised when the file never came, or was refused: what lies under its key says so."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that passed the one place where bytes enter."""

    media_type: str
    name: str
    body: bytes


def file_key(file_id: UUID) -> str:
    """Where a file lies in the object store."""
    return f"files/{file_id}"


def packed(file: KeptFile) -> bytes:
    """One object: the head as a line of JSON, then the bytes."""
    return json.dumps({"media_type": file.media_type, "name": file.name}).encode() + b"\n" + file.body


def packed_reason(reason: str) -> bytes:
    """What lies in the place of a file that was given up, so that whoever serves it knows."""
    return json.dumps({"not_kept": reason}).encode() + b"\n"


def unpacked(body: bytes) -> KeptFile:
    """The file in an object. Raises NotKept, and ValueError when it is none."""
    head, newline, rest = body.partition(b"\n")
    if not newline:
        raise ValueError("the object is no file: it has no head")
    value = json.loads(head)
    if "not_kept" in value:
        raise NotKept(str(value["not_kept"]))
    return KeptFile(str(value["media_type"]), str(value["name"]), rest)


async def get_file(store: ObjectStore, file_id: UUID) -> KeptFile:
    """The file. Raises shared.objects.Missing, NotKept, or OSError while the store is away."""
    return unpacked(await store.get(file_key(file_id)))


def safe_name(name: str | None, extension: str) -> str:
    """A name for saving: no path, no control letters, the extension of what it really is."""
    last = re.split(r"[\\/]", name or "")[-1]
    stem = last.rpartition(".")[0] or last
    plain = _UNSAFE_IN_NAMES.sub(" ", stem).strip(" .")[:_NAME_LETTERS_MAX].strip(" .")
    return f"{plain or 'dosya'}.{extension}"


async def answer_with_file(
    store: ObjectStore, file_id: UUID, request: Request, *, is_expected: bool = False
) -> Response:
    """The answer to a request for a file that may be seen. Raises OSError.

    Pictures are shown, everything else is saved: nothing that came from outside runs here. What is not there is 404,
    or 202 when it `is_expected`: a message told of it, so that it is on its way. What was given up is 410.
    """
    try:
        file = await get_file(store, file_id)
    except Missing:
        return not_yet() if is_expected else Response(status_code=404, headers=_HEADERS)
    except NotKept:
        return gone()
    etag = f'"{hashlib.sha256(file.body).hexdigest()[:32]}"'
    headers = _HEADERS | {"ETag": etag}
    if etag in re.split(r"\s*,\s*", request.headers.get("if-none-match", "").replace("W/", "")):
        return Response(status_code=304, headers=headers)
    shown = "inline" if file.media_type == PICTURE else "attachment"
    headers["Content-Disposition"] = f"{shown}; filename*=UTF-8''{quote(file.name, safe='')}"
    return Response(file.body, headers=headers, media_type=_exact(file.media_type))


def not_yet() -> Response:
    """A file whose provider has not given it to us yet: ask again soon."""
    return Response(status_code=202, headers=_HEADERS | {"Retry-After": str(int(RETRY_AFTER.total_seconds()))})


def gone() -> Response:
    """A file that will never come, or that was refused."""
    return Response(status_code=410, headers=_HEADERS)


def _exact(media_type: str) -> str:
    return "text/plain; charset=utf-8" if media_type == "text/plain" else media_type
