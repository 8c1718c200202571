"""What a person wrote in a mail, as plain text, and which parts are files."""

import html
import re
from collections.abc import Iterator
from typing import Final

from inscriptis import get_text
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig
from lxml.etree import LxmlError, ParserError
from lxml.html import HtmlElement, HTMLParser, document_fromstring, tostring

from services.intake.channels.mail.entity import Entity
from services.intake.channels.mail.quotes import begins_forwarded
from shared.text import clean

LETTERS_MAX: Final = 100_000
HTML_LETTERS_MAX: Final = 500_000
# A picture so small, shown within the text of the mail, is a logo or a tracking dot.
LOGO_BYTES_MAX: Final = 12 * 1024

_CONFIG: Final = ParserConfig(css=CSS_PROFILES["strict"], display_links=False, display_images=False)
_QUOTES: Final = (
    "//blockquote[@type='cite']",
    "//*[contains(concat(' ', @class, ' '), ' gmail_quote ')]",
    "//*[contains(concat(' ', @class, ' '), ' yahoo_quoted ')]",
    "//*[contains(concat(' ', @class, ' '), ' moz-cite-prefix ')]",
    "//*[@id='divRplyFwdMsg' or @id='x_divRplyFwdMsg']",
    "//*[@id='divRplyFwdMsg']/following-sibling::*",
    "//*[contains(concat(' ', @class, ' '), ' gmail_signature ')]",
)
_TEXT_TYPES: Final = frozenset({"text/plain", "text/html", "text/enriched", "text/richtext", "text/x-amp-html"})
# What carries a mail and is no file of it.
_CARRIERS: Final = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)
_TAG: Final = re.compile(
    r"<(?:script|style|head|title)\b.*?(?:</(?:script|style|head|title)\s*>|\Z)|<!--.*?(?:-->|\Z)|<[^<>]{0,5000}>",
    re.I | re.S,
)
_BREAK: Final = re.compile(r"<(?:br|/p|/div|/tr|/li|/h\d)\b[^<>]{0,500}>", re.I)
_LOOKS_LIKE_HTML: Final = re.compile(r"\A\s*(?:<!doctype html|<html\b|<body\b)", re.I)


def text_of(mail: Entity) -> str:
    """All that was written, quotes included; of alternatives the plain one, unless it is empty."""
    pieces: list[str] = []
    letters = 0
    for entity in _texts(mail):
        piece = as_text(entity)
        if piece:
            pieces.append(piece)
            letters += len(piece)
        if letters > LETTERS_MAX:
            break
    return "\n\n".join(pieces)[:LETTERS_MAX]


def files_of(mail: Entity) -> list[Entity]:
    """The parts that a person added as files, in the order they stand."""
    texts = {entity.index for entity in _texts(mail)}
    return [entity for entity in _files(mail, texts) if not _is_ornament(entity)]


def as_text(entity: Entity) -> str:
    """The part as lines of plain text without blank ends."""
    text = entity.text()
    if entity.media_type in ("text/html", "text/x-amp-html") or _LOOKS_LIKE_HTML.match(text[:500]):
        text = from_html(text)
    elif entity.media_type in ("text/enriched", "text/richtext"):
        text = re.sub(r"<[^<>]{0,200}>", "", text.replace("<<", "‹"))
    elif entity.type_parameters.get("format", "").lower() == "flowed":
        text = _unflowed(text[:LETTERS_MAX], entity.type_parameters.get("delsp", "").lower() == "yes")
    lines = clean(text[: 2 * LETTERS_MAX]).replace("\xa0", " ").split("\n")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()


def from_html(text: str) -> str:
    """The words of an HTML mail, without the quotes its program marked, unless nothing else is there. Never raises."""
    text = text[:HTML_LETTERS_MAX].replace("\0", "")
    try:
        tree = document_fromstring(re.sub(r"\A\s*<\?xml[^>]{0,200}\?>", "", text), parser=HTMLParser(recover=True))
        whole = _words(tree)
        _drop_quotes(tree)
        return _words(tree) or whole
    except (LxmlError, ParserError, ValueError, RecursionError, AttributeError, IndexError, KeyError, TypeError):
        return html.unescape(_TAG.sub("", _BREAK.sub("\n", text)))


def _words(tree: HtmlElement) -> str:
    return str(get_text(tostring(tree, encoding="unicode"), _CONFIG)).strip()


def _drop_quotes(tree: HtmlElement) -> None:
    for path in _QUOTES:
        for element in tree.xpath(path)[:200]:
            if element.getparent() is not None and not begins_forwarded(element.text_content()[:300]):
                element.drop_tree()


def _texts(entity: Entity) -> Iterator[Entity]:
    """The parts that make up the text, in the order they stand."""
    if entity.media_type == "multipart/alternative" and entity.parts:
        chosen = _chosen(entity)
        if chosen is not None:
            yield from _texts(chosen)
    elif entity.parts:
        for part in entity.parts:
            yield from _texts(part)
    elif _is_text(entity):
        yield entity


def _chosen(entity: Entity) -> Entity | None:
    """Plain text where it says something; else the last that holds any text, which the sender likes best."""
    plain = next((part for part in entity.parts if part.media_type == "text/plain" and _is_text(part)), None)
    if plain is not None and plain.content().strip():
        return plain
    holding = [part for part in entity.parts if any(_is_text(inner) for inner in part.walk())]
    return next((part for part in reversed(holding) if part.media_type != "text/x-amp-html"), None)


def _is_text(entity: Entity) -> bool:
    if entity.media_type.startswith("multipart/") and not entity.parts:
        return True  # its parts cannot be found: better all of it than nothing
    return entity.media_type in _TEXT_TYPES and entity.disposition != "attachment" and not entity.parts


def _files(entity: Entity, texts: set[int]) -> Iterator[Entity]:
    if entity.media_type in ("message/rfc822", "message/global") and entity.index:
        yield entity
    elif entity.parts and entity.media_type == "multipart/alternative":
        for part in entity.parts:
            if part.media_type not in _TEXT_TYPES:
                yield from _files(part, texts)
    elif entity.parts:
        for part in entity.parts:
            yield from _files(part, texts)
    elif entity.index not in texts and entity.body and not entity.media_type.startswith("multipart/"):
        yield entity


def _is_ornament(entity: Entity) -> bool:
    if entity.media_type in _CARRIERS or (entity.media_type == "text/calendar" and entity.file_name is None):
        return True
    is_within = entity.disposition == "inline" or bool(entity.content_id and entity.disposition != "attachment")
    is_picture = entity.media_type.startswith("image/")
    return is_within and is_picture and len(entity.content()) <= LOGO_BYTES_MAX


def _unflowed(text: str, is_space_deleted: bool) -> str:
    """RFC 3676: a line that ends with a space goes on in the next one of the same depth."""
    lines: list[str] = []
    depth_before, is_open = 0, False
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:].removeprefix(" ")
        goes_on = content.endswith(" ") and content != "-- "
        if is_open and depth == depth_before and content != "-- ":
            lines[-1] = (lines[-1][:-1] if is_space_deleted else lines[-1]) + content
        else:
            lines.append(">" * depth + (" " if depth else "") + content)
        depth_before, is_open = depth, goes_on
    return "\n".join(lines)
