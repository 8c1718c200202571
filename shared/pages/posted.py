"""Reads what a browser posted, with or without files, refused as soon as it is too large."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.types import Message as Chunk

from shared.problems import Problem
from shared.text import clean

BODY_BYTES_MAX: Final = 30 * 1024 * 1024  # of a whole form; five photos of a phone fit
FIELD_BYTES_MAX: Final = 256 * 1024
FIELDS_MAX: Final = 40
FILES_MAX: Final = 10  # that are read at all; the form itself takes fewer


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent; `name` is whatever the browser said."""

    name: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Posted:
    """The fields of a form by name in the order they came, their text made safe; and its files, empty ones left out."""

    fields: Mapping[str, tuple[str, ...]]
    uploads: tuple[Upload, ...] = ()

    def first(self, name: str) -> str:
        """The first value of a field, trimmed; empty when it was not sent."""
        return self.all(name)[0].strip() if self.all(name) else ""

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field."""
        return self.fields.get(name, ())


async def read_posted(request: Request) -> Posted:
    """The form in the body; safe to call twice. Raises Problem: 413 when it is too large, 400 when it is no form."""
    posted: Posted | None = getattr(request.state, "posted", None)
    if posted is None:
        posted = request.state.posted = await _read(request)
    return posted


async def _read(request: Request) -> Posted:
    if int(request.headers.get("content-length") or 0) > BODY_BYTES_MAX:
        raise _too_large()
    bounded = Request(request.scope, _Counted(request).receive)
    try:
        async with bounded.form(max_files=FILES_MAX, max_fields=FIELDS_MAX, max_part_size=FIELD_BYTES_MAX) as form:
            values: dict[str, tuple[str, ...]] = {}
            uploads = []
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    uploads.append(Upload(value.filename or "", await value.read()))
                else:
                    values[name] = (*values.get(name, ()), clean(value))
    except HTTPException as error:
        raise Problem(400, "Malformed form", "The body is not the form of this page.") from error
    return Posted(values, tuple(upload for upload in uploads if upload.body or upload.name))


class _Counted:
    """Hands on a request's body and stops at the limit, so that nothing larger is ever held."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._bytes = 0

    async def receive(self) -> Chunk:
        chunk = await self._request.receive()
        self._bytes += len(chunk.get("body", b""))
        if self._bytes > BODY_BYTES_MAX:
            raise _too_large()
        return chunk


def _too_large() -> Problem:
    return Problem(413, "Too large", f"At most {BODY_BYTES_MAX} bytes are taken.")
