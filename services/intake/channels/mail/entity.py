"""The structure of a mail: entities with their headers, split by boundary, bounded in depth and number.

Not the parser of the standard library: it fails on some broken mails, its time grows with lines times depth, and a
deep nest ends it. Decoding of single values (base64, quoted-printable, dates) is the standard library's.
Sources: RFC 5322, 2045-2047, 2231, 6532.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from services.intake.channels.mail.charsets import decoded
from services.intake.channels.mail.headers import Headers, parameters

DEPTH_MAX: Final = 12
PARTS_MAX: Final = 250
HEADER_BYTES_MAX: Final = 256 * 1024
UUENCODED_FILES_MAX: Final = 20
TEXT_BYTES_MAX: Final = 2 * 1024 * 1024

_BLANK_LINE: Final = re.compile(rb"\r?\n\r?\n|\r\r")
_HEADER_LINE: Final = re.compile(rb"[!-9;-~]+[ \t]*:")
_UNDECLARED_BOUNDARY: Final = re.compile(rb"^--([^\r\n]{1,100}?)[ \t]*\r?\n(?=content-)", re.MULTILINE | re.IGNORECASE)
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/=]+")
_UUENCODED: Final = re.compile(rb"^begin(?:-base64)? [0-7]{3,4} [^\r\n]{1,200}\r?\n", re.MULTILINE)
_UUENCODED_FILE: Final = re.compile(
    rb"^begin [0-7]{3,4} ([^\r\n]{1,200})\r?\n(?:[ -`]{1,90}\r?\n)*?(?:`\r?\n)?end[ \t]*\r?$\n?", re.MULTILINE
)
_MULTIPART: Final = "multipart/"
_MESSAGES: Final = frozenset({"message/rfc822", "message/global", "message/news"})


@dataclass(frozen=True)
class Entity:
    """A mail or a part of one. `index` counts the parts in the order they stand, the whole mail being 0."""

    index: int
    headers: Headers
    body: bytes
    parts: tuple["Entity", ...] = ()

    @cached_property
    def media_type(self) -> str:
        """E.g. `text/plain`, lower case; what cannot be read is plain text, as RFC 2045 asks for."""
        found = re.match(r"\s*\"?([\w.+-]+/[\w.+-]+)", self.headers.first("content-type"))
        return found[1].lower() if found else "text/plain"

    @cached_property
    def type_parameters(self) -> dict[str, str]:
        """Of the content type: charset, boundary, name, format …"""
        return parameters(self.headers.first("content-type"))

    @cached_property
    def disposition(self) -> str:
        """`attachment`, `inline`, or an empty text."""
        found = re.match(r"\s*\"?([a-z]+)", self.headers.first("content-disposition").lower())
        return found[1] if found else ""

    @cached_property
    def file_name(self) -> str | None:
        """As the sender called it, without a path."""
        given = parameters(self.headers.first("content-disposition")).get("filename") or self.type_parameters.get(
            "name"
        )
        name = re.split(r"[\\/]", given or "")[-1].strip()
        return name[:200] or None

    @property
    def content_id(self) -> str:
        """What HTML of the same mail calls this part."""
        return self.headers.first("content-id").strip().strip("<>")

    def content(self) -> bytes:
        """The body without its transfer encoding; broken base64 gives what of it can be read."""
        encoding = re.sub(r"[^a-z0-9-]", "", self.headers.first("content-transfer-encoding").lower())
        if encoding == "base64":
            return _from_base64(self.body)
        if encoding in ("quoted-printable", "quotedprintable"):
            return binascii.a2b_qp(self.body)
        if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
            return _from_uuencode(self.body)
        return self.body

    def text(self) -> str:
        """The content as letters, lines ended by LF; what goes beyond TEXT_BYTES_MAX is left out."""
        text = decoded(self.content()[:TEXT_BYTES_MAX], self.type_parameters.get("charset"))
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def walk(self) -> Iterator["Entity"]:
        """This one and all within, in the order they stand."""
        yield self
        for part in self.parts:
            yield from part.walk()


def parse(raw: bytes) -> Entity:
    """The mail these bytes are. Any bytes are one: never raises."""
    return _Parsing().entity(_without_envelope_line(raw), 0, "text/plain")


class _Parsing:
    """Counts the parts over all levels."""

    def __init__(self) -> None:
        self._count = 0

    def entity(self, raw: bytes, depth: int, default_type: str) -> Entity:
        index, self._count = self._count, self._count + 1
        head, body = _head_and_body(raw)
        entity = Entity(index, Headers.parse(head, default_type), body)
        if depth >= DEPTH_MAX:
            return entity
        parts = self._parts(entity, depth)
        return Entity(index, entity.headers, b"" if parts else body, parts) if parts else entity

    def _parts(self, entity: Entity, depth: int) -> tuple[Entity, ...]:
        if entity.media_type in _MESSAGES:
            inner = entity.content().lstrip(b"\r\n")
            return (self.entity(inner, depth + 1, "text/plain"),) if inner and self._count < PARTS_MAX else ()
        if entity.media_type == "text/plain" and b"begin" in entity.body:
            return self._uuencoded(entity)
        if not entity.media_type.startswith(_MULTIPART):
            return ()
        default = "message/rfc822" if entity.media_type == "multipart/digest" else "text/plain"
        parts: list[Entity] = []
        for piece in _split(entity.body, entity.type_parameters.get("boundary", "")):
            if self._count >= PARTS_MAX:
                break
            parts.append(self.entity(piece, depth + 1, default))
        return tuple(parts)

    def _uuencoded(self, entity: Entity) -> tuple[Entity, ...]:
        """Files that stand within the text, as mail carried them before MIME; the text round them is the first part."""
        found = list(_UUENCODED_FILE.finditer(entity.body))[:UUENCODED_FILES_MAX]
        if not found or ("content-transfer-encoding" in entity.headers and entity.content() != entity.body):
            return ()
        text = _UUENCODED_FILE.sub(b"", entity.body)
        parts = [Entity(self._count, entity.headers, text)]
        for number, file in enumerate(found, 1):
            head = b"Content-Type: application/octet-stream\nContent-Transfer-Encoding: x-uuencode\n"
            head += b'Content-Disposition: attachment; filename="' + file[1].replace(b'"', b"") + b'"'
            parts.append(Entity(self._count + number, Headers.parse(head), file[0]))
        self._count += len(parts)
        return tuple(parts)


def _without_envelope_line(raw: bytes) -> bytes:
    """Without what stands before the headers: blank lines, and the `From ` line of a mailbox file."""
    raw = raw.lstrip(b"\r\n\t \xef\xbb\xbf")
    if raw.startswith((b"From ", b">From ")):
        _, _, raw = raw.partition(b"\n")
    return raw


def _head_and_body(raw: bytes) -> tuple[bytes, bytes]:
    """Divided by a blank line, or where a line can be no header; a part may begin with its blank line."""
    if raw.startswith((b"\n", b"\r\n")):
        return b"", raw.lstrip(b"\r\n")
    if not _HEADER_LINE.match(raw):
        return b"", raw
    found = _BLANK_LINE.search(raw[: HEADER_BYTES_MAX + 4])
    end, start = (found.start(), found.end()) if found else (min(len(raw), HEADER_BYTES_MAX),) * 2
    begins = _body_begins(raw[:end])
    return (raw[:end], raw[start:]) if begins is None else (raw[:begins], raw[begins:])


def _body_begins(head: bytes) -> int | None:
    """Where a line is no header and the next is none either: the blank line got lost. A single one is passed over."""
    at, before = 0, b""
    lines = head.splitlines(keepends=True)
    for number, line in enumerate(lines):
        is_header = line[:1] in b" \t" or _HEADER_LINE.match(line) or before.rstrip().endswith(b";")
        following = lines[number + 1] if number + 1 < len(lines) else b""
        if not is_header and not _HEADER_LINE.match(following):
            return at
        at, before = at + len(line), line
    return None


def _split(body: bytes, boundary: str) -> list[bytes]:
    """The parts between the boundary's lines; one that never ends goes to the end of the mail."""
    ends = _boundary_lines(body, boundary.encode("utf-8", "surrogateescape")) if boundary else []
    if not ends and (found := _UNDECLARED_BOUNDARY.search(body)):
        ends = _boundary_lines(body, found[1])
    pieces: list[bytes] = []
    for number, found in enumerate(ends[: PARTS_MAX + 1]):
        if found[1]:
            continue
        end = ends[number + 1].start() if number + 1 < len(ends) else len(body)
        pieces.append(body[found.end() : end])
    return pieces


def _boundary_lines(body: bytes, boundary: bytes) -> list[re.Match[bytes]]:
    return list(re.finditer(rb"^--" + re.escape(boundary) + rb"(--)?[ \t]*\r?$\n?", body, re.MULTILINE))


def _from_base64(body: bytes) -> bytes:
    """Also where padding is missing, letters are foreign, or several blocks follow each other."""
    blocks: list[bytes] = []
    for block in re.findall(rb"[A-Za-z0-9+/]+=*", _NOT_BASE64.sub(b"", body)):
        letters = block.rstrip(b"=")
        letters = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
        blocks.append(binascii.a2b_base64(letters + b"=" * (-len(letters) % 4)))
    return b"".join(blocks)


def _from_uuencode(body: bytes) -> bytes:
    found = _UUENCODED.search(body)
    lines: list[bytes] = []
    for line in body[found.end() if found else 0 :].splitlines():
        if line.strip() in (b"end", b"`", b""):
            break
        try:
            lines.append(binascii.a2b_uu(line))
        except binascii.Error:
            size = (((line[0] - 32) & 63) * 4 + 5) // 3  # as the standard library does with bad padding
            try:
                lines.append(binascii.a2b_uu(line[:size]))
            except binascii.Error:
                break
    return b"".join(lines)
