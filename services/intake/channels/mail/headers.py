"""The headers of a mail or part: folded lines joined, encoded words and parameters read, addresses and ids found."""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Final
from urllib.parse import unquote_to_bytes

from services.intake.channels.mail.charsets import decoded
from shared.text import clean

LINES_MAX: Final = 2_000
VALUE_BYTES_MAX: Final = 64 * 1024
ADDRESSES_MAX: Final = 2_000
IDS_MAX: Final = 20

_HEADER: Final = re.compile(rb"([!-9;-~]+)[ \t]*:")
_ENCODED_WORD: Final = re.compile(rb"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS: Final = re.compile(rb"(\?=)[ \t\r\n]+(?==\?)")
_ADDRESS: Final = re.compile(r"[^\s<>()\[\],;:\"\\@]{1,64}@[^\s<>()\[\],;:\"\\@]{1,190}[^\s<>()\[\],;:\"\\@.]")
_MESSAGE_ID: Final = re.compile(r"<\s*([^<>\s]{1,250})\s*>")
_PARAMETER: Final = re.compile(r';\s*([\w!#$%&+^`{|}~.*-]+)\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)')


@dataclass(frozen=True)
class Headers:
    """In the order they stood; names in lower case, values as bytes without their line ends."""

    fields: tuple[tuple[str, bytes], ...] = ()

    @classmethod
    def parse(cls, head: bytes, default_type: str = "text/plain") -> "Headers":
        """Lines that are no header and continue none are passed over."""
        fields: list[tuple[str, bytes]] = []
        for line in head.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")[:LINES_MAX]:
            found = _HEADER.match(line)
            is_cut = found is None and bool(fields) and fields[-1][1].endswith(b";")  # the fold's blank got lost
            if (line[:1] in (b" ", b"\t") or is_cut) and fields:
                name, value = fields[-1]
                if len(value) < VALUE_BYTES_MAX:
                    fields[-1] = (name, value + b" " + line.strip())
            elif found:
                fields.append((found[1].decode("ascii").lower(), line[found.end() :].strip()[:VALUE_BYTES_MAX]))
        if default_type != "text/plain" and all(name != "content-type" for name, _ in fields):
            fields.append(("content-type", default_type.encode()))
        return cls(tuple(fields))

    @cached_property
    def _firsts(self) -> dict[str, bytes]:
        firsts: dict[str, bytes] = {}
        for name, value in self.fields:
            if value:
                firsts.setdefault(name, value)
        return firsts

    def __contains__(self, name: str) -> bool:
        return name in self._firsts

    def first(self, name: str) -> str:
        """The first that is not empty, with letters beyond ASCII by evidence, encoded words left as they are."""
        value = self._firsts.get(name, b"")
        return decoded(value)

    def text(self, name: str) -> str:
        """For people: encoded words read, one line, safe to store."""
        return clean(" ".join(_words_read(self._firsts.get(name, b"")).split()))

    def every(self, name: str) -> list[str]:
        """All of that name, as `first` gives them."""
        return [decoded(value) for field, value in self.fields if field == name]

    def addresses(self, *names: str) -> list[str]:
        """Every mail address in these headers, lower case, each once."""
        found: dict[str, None] = {}
        for name in names:
            for value in self.every(name):
                for address in addresses_in(value)[: ADDRESSES_MAX - len(found)]:
                    found[address] = None
        return list(found)

    def ids(self, name: str) -> list[str]:
        """Message ids without their brackets, in the order they stand."""
        return ids_in(" ".join(self.every(name)))

    def mailbox(self, name: str) -> tuple[str | None, str | None]:
        """The address and the name of who stands there first."""
        value = self._firsts.get(name, b"")
        plain = decoded(value)
        in_brackets = re.search(r"<([^<>]*)>", plain)
        found = addresses_in(in_brackets[1] if in_brackets else plain) or addresses_in(plain)
        read = clean(_words_read(value.split(b"<")[0] if in_brackets else b""))
        label = " ".join(re.sub(r'^"+|"+$|\\(?=["\\])', "", read.strip()).split()).strip("\"'")
        return (found[0] if found else None), (label[:200] or None)

    def moment(self, name: str, value: str | None = None) -> datetime | None:
        """A date as a moment in UTC; one without a zone is taken as UTC. None where it cannot be read."""
        return moment_in(self.first(name) if value is None else value)


def moment_in(value: str) -> datetime | None:
    """The date a header tells, in UTC."""
    try:
        at = parsedate_to_datetime(value[:200].strip())
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None


def addresses_in(value: str) -> list[str]:
    """Mail addresses in a text, lower case."""
    return [found[0].lower().strip("'.") for found in _ADDRESS.finditer(value[:VALUE_BYTES_MAX])]


def ids_in(value: str) -> list[str]:
    """Message ids in a text, each once; where none stands in brackets, words with an @ are taken."""
    found = _MESSAGE_ID.findall(value) or [word for word in value.split() if "@" in word and len(word) <= 250]
    return list(dict.fromkeys(found))[:IDS_MAX]


def parameters(value: str) -> dict[str, str]:
    """What follows the semicolons: quoted or not, in pieces or with a charset (RFC 2231), or as encoded words."""
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for name, given in _PARAMETER.findall(value[:VALUE_BYTES_MAX])[:100]:
        text = given.strip()
        if text.startswith('"'):
            text = re.sub(r"\\(.)", r"\1", text.strip('"') if len(text) > 1 else "")
        found = re.fullmatch(r"([^*]+)(?:\*(\d{1,2}))?(\*)?", name.lower())
        if found:
            pieces.setdefault(found[1], {}).setdefault(int(found[2] or 0), (bool(found[3]), text))
    return {name: _joined(parts) for name, parts in pieces.items()}


def _joined(parts: dict[int, tuple[bool, str]]) -> str:
    ordered = [parts[number] for number in sorted(parts)]
    if not any(is_escaped for is_escaped, _ in ordered):
        text = "".join(text for _, text in ordered)
        return clean(_words_read(text.encode("utf-8", "surrogateescape"))) if "=?" in text else clean(text)
    charset, body = None, b""
    for number, (is_escaped, text) in enumerate(ordered):
        if number == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        body += unquote_to_bytes(text) if is_escaped else text.encode("utf-8", "surrogateescape")
    return clean(decoded(body, charset))


def _words_read(value: bytes) -> str:
    """RFC 2047; a letter whose bytes stand in two words is put together first."""
    pieces: list[tuple[str | None, bytes]] = []
    at = 0
    value = _BETWEEN_WORDS.sub(rb"\1", value)
    for found in _ENCODED_WORD.finditer(value):
        if found.start() > at:
            pieces.append((None, value[at : found.start()]))
        charset = found[1].decode("ascii", "replace").split("*")[0].lower()
        content = _word_content(found[2].lower(), found[3])
        if pieces and pieces[-1][0] == charset:
            content = pieces.pop()[1] + content
        pieces.append((charset, content))
        at = found.end()
    pieces.append((None, value[at:]))
    return "".join(decoded(content, charset) for charset, content in pieces)


def _word_content(encoding: bytes, content: bytes) -> bytes:
    if encoding == b"q":
        return binascii.a2b_qp(content.replace(b"_", b" "), header=True)
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", content)
    letters = letters[:-1] if len(letters) % 4 == 1 else letters
    return base64.b64decode(letters + b"=" * (-len(letters) % 4))
