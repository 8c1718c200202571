"""Bytes to letters by evidence: what is declared is heard, but Turkish mail is often declared wrongly.

windows-1254 (Turkish) and windows-1252 (western) differ in six letters only: ĞİŞğış stand where ÐÝÞðýþ do.
"""

import codecs
import re
from functools import lru_cache
from typing import Final

from charset_normalizer import from_bytes

SAMPLE_BYTES: Final = 8_192
LABEL_LETTERS_MAX: Final = 60
# Share of a text's letters beyond ASCII that may be broken while it still is UTF-8 (cut in the middle, a stray byte).
BROKEN_SHARE_MAX: Final = 0.2

_ALIASES: Final = {
    "uft8": "utf-8",
    "utf": "utf-8",
    "utf8mb4": "utf-8",
    "unicode": "utf-8",
    "unicode11utf8": "utf-8",
    "unicode11utf7": "utf-7",
    "iso88598i": "iso-8859-8",
    "iso88598e": "iso-8859-8",
    "ksc56011987": "cp949",
    "ksc5601": "cp949",
    "euckr": "cp949",
    "gb2312": "gb18030",
    "xgbk": "gb18030",
    "gbk": "gb18030",
    "shiftjis": "cp932",
    "xsjis": "cp932",
    "turkish": "cp1254",
    "xmacturkish": "mac-turkish",
    "macturkish": "mac-turkish",
}
_LATIN: Final = frozenset(
    {"ascii", "iso8859-1", "iso8859-15", "cp1252", "iso8859-9", "cp1254", "iso8859-3", "cp1250", "iso8859-2", "utf-8"}
)
# ISO-8859 mail is written with Windows letters: quotes and the euro sign stand where control characters would.
_WINDOWS_FORM: Final = {"ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254"}
# Codecs of Python that are no charsets of mail, or would run over other bytes than letters.
_NO_CHARSETS: Final = frozenset(
    {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}
)
_TURKISH_ONLY: Final = frozenset("ğışĞİŞ")
_TURKISH: Final = frozenset("çğıöşüÇĞİÖŞÜâîûÂÎÛ")
_OF_NEIGHBOURS: Final = frozenset("áíúæéóåøčřžěůňťďěőűàèìòùñãõ")
_TYPOGRAPHY: Final = frozenset("‘’“”–—…•€«»°·´\xa0®©™")
_WHOLE_SEQUENCE: Final = re.compile(rb"[\xc3-\xf4][\x80-\xbf]+")


def decoded(body: bytes, declared: str | None = None) -> str:
    """The text these bytes most probably are; letters nobody can read become U+FFFD. Never raises."""
    label = known_charset(declared)
    if body.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-8-sig" if body.startswith(codecs.BOM_UTF8) else "utf-16", "replace")
    if body.isascii() and not (label and _escapes(label)):
        return body.decode("ascii")
    as_utf8 = _strictly(body, "utf-8")
    if label and label not in _LATIN:
        text = _strictly(body, label)
        if text is not None and (as_utf8 is None or len(_WHOLE_SEQUENCE.findall(body[:SAMPLE_BYTES])) < 3):
            return text
    if as_utf8 is not None:
        return as_utf8
    return _nearly_utf8(body) or _single_byte(body, label)


@lru_cache(maxsize=256)
def known_charset(label: str | None) -> str | None:
    """Python's name of a declared charset, also of a misspelt one; None: unknown, or none at all."""
    if not label:
        return None
    plain = re.sub(r"[^a-z0-9]", "", label[:LABEL_LETTERS_MAX].lower())
    name = _ALIASES.get(plain) or _windows_name(plain) or label.strip().strip("\"'").lower()
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    is_text = getattr(info, "_is_text_encoding", True)
    return info.name if is_text and info.name.replace("_", "-") not in _NO_CHARSETS else None


def turkish_score(text: str) -> float:
    """How Turkish the letters beyond ASCII are: 1 all of them, 0 none of them."""
    found = [letter for letter in text if letter > "\x7f" and letter not in _TYPOGRAPHY]
    return sum(letter in _TURKISH for letter in found) / len(found) if found else 0.0


def _windows_name(plain: str) -> str | None:
    found = re.fullmatch(r"(?:x?cp|windows|win|xansi|ansi|ibm)(125[0-8]|8\d\d|437)", plain)
    return f"cp{found[1]}" if found else None


def _escapes(name: str) -> bool:
    """Charsets whose bytes are all ASCII and yet mean other letters."""
    return name.startswith(("iso2022", "utf-7", "hz", "utf-16", "utf-32", "cp037", "cp500", "cp1026"))


def _strictly(body: bytes, name: str) -> str | None:
    try:
        return body.decode(name)
    except (ValueError, LookupError):
        return None


def _nearly_utf8(body: bytes) -> str | None:
    """UTF-8 with a few bytes broken; None when it rather is something else."""
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = sum(letter > "\x7f" for letter in text) - broken
    return text if whole and broken <= BROKEN_SHARE_MAX * whole else None


def _single_byte(body: bytes, label: str | None) -> str:
    if label and label not in _LATIN:
        return body.decode(label, "replace")
    sample = body[:SAMPLE_BYTES]
    turkish = sample.decode("cp1254", "replace")
    declared = _WINDOWS_FORM.get(label or "", label or "")
    if declared and declared not in ("utf-8", "cp1254"):
        return body.decode("cp1254" if _is_rather_turkish(turkish) else declared, "replace")
    if declared == "cp1254" or turkish_score(turkish) >= 0.8:
        return body.decode("cp1254", "replace")
    return body.decode(_guessed(sample), "replace")


def _is_rather_turkish(text: str) -> bool:
    """Where western letters were declared: Turkish ones stand there, and no neighbour's language speaks against it."""
    turkish = sum(letter in _TURKISH_ONLY for letter in text)
    return turkish > sum(letter in _OF_NEIGHBOURS for letter in text)


def _guessed(sample: bytes) -> str:
    """The charset of bytes that nobody declared and that are no windows-1254."""
    for name in ("cp857", "mac-turkish"):
        if turkish_score(sample.decode(name, "replace")) >= 0.9:
            return name
    western = [letter for letter in sample.decode("cp1252", "replace") if letter > "\x7f" and letter not in _TYPOGRAPHY]
    if all(letter.lower() in _OF_NEIGHBOURS or letter in _TURKISH for letter in western):
        return "cp1252"
    best = from_bytes(sample).best()
    return best.encoding if best else "cp1254"
