"""Reads a posted form, urlencoded or multipart, within limits, before anything is understood."""

import hashlib
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from services.intake.open311.words import refused
from services.intake.web import read_body

BODY_BYTES_MAX: Final = 25 * 1024 * 1024
FIELDS_MAX: Final = 100
FIELD_BYTES_MAX: Final = 64 * 1024
FILES_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of the form; what it is, its bytes say."""

    name: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """The fields in their order, and the files."""

    pairs: tuple[tuple[str, str], ...]
    files: tuple[SentFile, ...] = ()

    def fingerprint(self) -> bytes:
        """The same for the same content, however its parts are divided; the key that came with it is no part."""
        digest = hashlib.sha256()
        for name, value in self.pairs:
            if name != "api_key":
                digest.update(_counted(name.encode("utf-8", "replace")) + _counted(value.encode("utf-8", "replace")))
        for file in self.files:
            digest.update(hashlib.sha256(file.body).digest())
        return digest.digest()


async def read_form(request: Request) -> Form:
    """The form in the body. Raises Refused when it is none, Problem 413 when it is too large."""
    body = await read_body(request, BODY_BYTES_MAX)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        request._body = body
        return await _multipart(request)
    if kind not in ("application/x-www-form-urlencoded", "") or (body and not kind):
        raise refused("bad_body")
    try:
        text = body.decode("utf-8", "replace")
        return Form(tuple(parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX)))
    except ValueError as error:
        raise refused("bad_body") from error


async def _multipart(request: Request) -> Form:
    pairs, files = [], []
    try:
        async with request.form(max_files=FILES_MAX, max_fields=FIELDS_MAX, max_part_size=FIELD_BYTES_MAX) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    files.append(SentFile(value.filename, await value.read()))
                else:
                    pairs.append((name, value))
    except (MultiPartException, HTTPException, ValueError, KeyError, LookupError) as error:
        raise refused("bad_body") from error
    return Form(tuple(pairs), tuple(file for file in files if file.body))


def _counted(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part
