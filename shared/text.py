"""The one place where Turkish text is folded, made safe to store and put in order."""

import re
import unicodedata
from functools import lru_cache

# Citizens write with and without Turkish letters, and "I".lower() is a different letter in Turkish:
# comparing is done on folded text only.
_TURKISH_TO_ASCII = (
    ("ı", "i"),
    ("İ", "i"),
    ("ğ", "g"),
    ("ü", "u"),
    ("ş", "s"),
    ("ö", "o"),
    ("ç", "c"),
    ("Ğ", "g"),
    ("Ü", "u"),
    ("Ş", "s"),
    ("Ö", "o"),
    ("Ç", "c"),
    ("’", "'"),
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]+")
# Tab and line feed stay. Bidi marks, embeddings, overrides and isolates can make a page show other than
# what is stored (CVE-2021-42574); U+FEFF and non-characters break parsers further on.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """The form in which texts are compared: lower case, no diacritics, single spaces, nothing unsafe.

    Total and idempotent; the same for NFC and NFD and for any casing. Letters of other scripts stay.
    """
    if not text.isascii():
        for letter, plain in _TURKISH_TO_ASCII:
            text = text.replace(letter, plain)
    text = text.lower() if text.isascii() else _fold_any_script(text)
    return " ".join(_CONTROL.sub(" ", text).split())


def words(folded: str) -> list[str]:
    """The words and numbers of a folded text in order; an apostrophe ends a word ("cadde'de" gives two)."""
    return _WORD.findall(folded)


def clean(text: str) -> str:
    """Any text made safe for PostgreSQL, JSON and a page; idempotent, and unchanged when it was safe.

    NUL and lone surrogates become U+FFFD, other control characters and bidi controls go, line ends become
    LF, the rest is NFC. Length may shrink, or grow at most threefold.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _without_surrogates(text).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return unicodedata.normalize("NFC", _UNSAFE.sub("", text))


def sort_key(text: str) -> str:
    """The key that sorts as a Turkish reader expects (c ç d, g ğ h, ı i j, o ö p, s ş t, u ü v)."""
    lowered = unicodedata.normalize("NFC", text).replace("I", "ı").replace("İ", "i").lower()
    return lowered.translate(_ALPHABET)


def _fold_any_script(text: str) -> str:
    """The slow, general way: compatibility forms apart, marks dropped, cases folded."""
    decomposed = unicodedata.normalize("NFKD", _without_surrogates(text)).casefold()
    decomposed = unicodedata.normalize("NFKD", decomposed).casefold()
    return "".join(map(_folded_letter, decomposed))


@lru_cache(maxsize=4096)
def _folded_letter(letter: str) -> str:
    category = unicodedata.category(letter)
    if category in ("Mn", "Me", "Cf"):
        return ""
    if category in ("Cc", "Cs", "Co", "Cn"):
        return " "
    return {"ı": "i", "’": "'", "‘": "'", "\ufffd": " "}.get(letter, letter)


def _without_surrogates(text: str) -> str:
    """Pairs become the letter they mean, lone ones U+FFFD."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


_ALPHABET = {ord(letter): chr(0x100 + place) for place, letter in enumerate("abcçdefgğhıijklmnoöpqrsştuüvwxyz")} | {
    ord("â"): chr(0x100),
    ord("î"): chr(0x100 + "abcçdefgğhıi".index("i")),
    ord("û"): chr(0x100 + "abcçdefgğhıijklmnoöpqrsştu".index("u")),
}
