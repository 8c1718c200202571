"""What an answer holds, and how it is written: XML, or JSON by the Spark convention (lists without their wrapper)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias
from xml.etree.ElementTree import Element, SubElement, tostring

from shared.text import clean

# What JSON can hold; a list's members are rows, or words.
Row: TypeAlias = Mapping[str, Any]

# The element of each member of a list, by the list's own name.
_MEMBER: Final = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
    "notes": "note",
}


class Format(StrEnum):
    """How an answer is written; XML is the standard's own."""

    XML = "xml"
    JSON = "json"

    @property
    def media_type(self) -> str:
        """With the charset the standard asks for."""
        return "text/xml; charset=utf-8" if self is Format.XML else "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Document:
    """An answer: `root` names it in XML; a list's members are elements, None is an empty element and null."""

    root: str
    content: Row | Sequence[Row]

    def write(self, form: Format) -> bytes:
        """UTF-8 bytes; the same document always gives the same ones."""
        if form is Format.JSON:
            return json.dumps(self.content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        root = Element(self.root)
        _fill(root, self.root, self.content)
        text: bytes = tostring(root, encoding="utf-8")
        return b'<?xml version="1.0" encoding="utf-8"?>\n' + text


def wanted(extension: str | None, accept: str) -> Format:
    """The format by the address's extension, else by the Accept header; XML where neither says."""
    if extension:
        return Format(extension)
    best, form = 0.0, Format.XML
    for part in accept.split(","):
        name, *parameters = (word.strip().lower() for word in part.split(";"))
        if not name.endswith(("/xml", "/json")):
            continue
        weight = next((_weight(word[2:]) for word in parameters if word.startswith("q=")), 1.0)
        if weight > best:
            best, form = weight, Format.JSON if name.endswith("/json") else Format.XML
    return form


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _fill(element: Element, name: str, value: Any) -> None:
    match value:
        case None:
            pass
        case bool():
            element.text = "true" if value else "false"
        case int() | float():
            element.text = str(value)
        case str():
            element.text = clean(value)  # what XML cannot hold is gone after that
        case Mapping():
            for key, inner in value.items():
                _fill(SubElement(element, key), key, inner)
        case _:
            for inner in value:
                _fill(SubElement(element, _MEMBER[name]), _MEMBER[name], inner)
