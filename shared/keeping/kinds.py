"""What a file is, by its bytes alone: a short list of kinds is taken, everything else is refused.

Sources: the formats' own specifications (ISO/IEC 14496-12 for `ftyp`, RFC 3533 Ogg, RFC 4867 AMR, APPNOTE for ZIP,
ECMA-376 and OASIS ODF for documents).
"""

import io
import zipfile
import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ZIP_MEMBERS_MAX: Final = 2_000
ZIP_UNPACKED_BYTES_MAX: Final = 200 * 1024 * 1024
ZIP_RATIO_MAX: Final = 200  # a document of text reaches about 20
TEXT_SNIFFED_BYTES: Final = 4_096


class Refusal(StrEnum):
    """Why a file is not kept; the pages' words for each stand in messages.toml under `file`."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    UNKNOWN_KIND = "unknown_kind"
    NOT_ALLOWED = "not_allowed"
    DAMAGED = "damaged"
    TOO_MANY_PIXELS = "too_many_pixels"


class Refused(Exception):
    """Raised when a file is not kept, and never will be."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind that is taken. `pillow` names the decoders that may read it; empty: kept as it came."""

    media_type: str
    extension: str
    pillow: tuple[str, ...] = ()


JPEG: Final = Kind("image/jpeg", "jpg", ("JPEG", "MPO"))
PNG: Final = Kind("image/png", "png", ("PNG",))
WEBP: Final = Kind("image/webp", "webp", ("WEBP",))
GIF: Final = Kind("image/gif", "gif", ("GIF",))
HEIC: Final = Kind("image/heic", "heic", ("HEIF",))
PDF: Final = Kind("application/pdf", "pdf")
MP4: Final = Kind("video/mp4", "mp4")
M4A: Final = Kind("audio/mp4", "m4a")
THREE_GP: Final = Kind("video/3gpp", "3gp")
QUICKTIME: Final = Kind("video/quicktime", "mov")
OGG: Final = Kind("audio/ogg", "ogg")
AMR: Final = Kind("audio/amr", "amr")
MP3: Final = Kind("audio/mpeg", "mp3")
AAC: Final = Kind("audio/aac", "aac")
DOCX: Final = Kind("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx")
ODT: Final = Kind("application/vnd.oasis.opendocument.text", "odt")
TEXT: Final = Kind("text/plain", "txt")

_STARTS: Final = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"%PDF-", PDF),
    (b"OggS", OGG),
    (b"#!AMR", AMR),
    (b"ID3", MP3),
)
_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_MP4_BRANDS: Final = frozenset(
    {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"dash", b"M4V "}
)
# Programs, scripts and pages, by how they begin: told apart from what is merely unknown.
_FORBIDDEN_STARTS: Final = (
    b"MZ",
    b"\x7fELF",
    b"#!",
    b"\xca\xfe\xba\xbe",
    b"\xd0\xcf\x11\xe0",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
)
_MARKUP: Final = (
    b"<!doctype",
    b"<html",
    b"<head",
    b"<body",
    b"<script",
    b"<?xml",
    b"<svg",
    b"<?php",
    b"<iframe",
    b"<!--",
)


def sniff(body: bytes) -> Kind:
    """What the bytes are. Raises Refused."""
    if not body:
        raise Refused(Refusal.EMPTY)
    kind = _by_start(body) or _boxed(body) or _sound(body)
    if kind is not None:
        return kind
    if body.startswith(b"PK\x03\x04"):
        return _document(body)
    if body.startswith(_FORBIDDEN_STARTS):
        raise Refused(Refusal.NOT_ALLOWED)
    return _text(body)


def _by_start(body: bytes) -> Kind | None:
    found = next((kind for start, kind in _STARTS if body.startswith(start)), None)
    return found or (WEBP if body[:4] == b"RIFF" and body[8:12] == b"WEBP" else None)


def _boxed(body: bytes) -> Kind | None:
    """The family of ISO base media files, told apart by their brand."""
    if body[4:8] != b"ftyp":
        return None
    brand = body[8:12]
    if brand in _HEIC_BRANDS:
        return HEIC
    if brand in _MP4_BRANDS:
        return MP4
    if brand[:3] in (b"3gp", b"3g2"):
        return THREE_GP
    return {b"M4A ": M4A, b"M4B ": M4A, b"qt  ": QUICKTIME}.get(brand)


def _sound(body: bytes) -> Kind | None:
    """MPEG audio without a head of its own, by the sync word of its first frame."""
    if len(body) < 4 or body[0] != 0xFF:
        return None
    if body[1] & 0xF6 == 0xF0:
        return AAC
    is_layer_three = body[1] & 0xE6 == 0xE2 and body[2] & 0xF0 not in (0x00, 0xF0) and body[2] & 0x0C != 0x0C
    return MP3 if is_layer_three else None


def _document(body: bytes) -> Kind:
    """A text document in a ZIP: whole from its first byte on, of bounded size, without macros."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            members = archive.infolist()
            _check_members(members)
            names = {member.filename for member in members}
            is_odt = "mimetype" in names and _start_of(archive, "mimetype") == ODT.media_type.encode()
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError, OSError, EOFError) as error:
        raise Refused(Refusal.DAMAGED) from error
    if is_odt and not any(name.startswith(("Basic/", "Scripts/")) for name in names):
        return ODT
    if {"[Content_Types].xml", "word/document.xml"} <= names and "word/vbaProject.bin" not in names:
        return DOCX
    raise Refused(Refusal.NOT_ALLOWED)


def _start_of(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as member:
        return member.read(100)


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    if not members or min(member.header_offset for member in members) != 0:
        raise Refused(Refusal.DAMAGED)  # something else stands before it: two files in one
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    is_plain = all(
        member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) and not member.flag_bits & 1
        for member in members
    )
    is_bomb = unpacked > ZIP_UNPACKED_BYTES_MAX or unpacked > ZIP_RATIO_MAX * max(packed, 1)
    if len(members) > ZIP_MEMBERS_MAX or is_bomb or not is_plain:
        raise Refused(Refusal.NOT_ALLOWED)


def _text(body: bytes) -> Kind:
    """Plain text in UTF-8 (any byte order mark) or Turkish Windows letters; pages and scripts are not."""
    head = body[:TEXT_SNIFFED_BYTES].lower()
    if any(mark in head for mark in _MARKUP):
        raise Refused(Refusal.NOT_ALLOWED)
    if any(byte < 32 and byte not in (9, 10, 12, 13) for byte in body):
        raise Refused(Refusal.UNKNOWN_KIND)
    return TEXT


def as_utf8(body: bytes) -> bytes:
    """A text file in UTF-8, whatever it was written in: one that is served has one meaning."""
    try:
        return body.decode("utf-8-sig").encode()
    except UnicodeDecodeError:
        return body.decode("cp1254", "replace").encode()
