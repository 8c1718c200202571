"""The one place where Turkish text is folded, made safe to store, masked and put in order."""

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


def mask(text: str) -> str:
    """The text with phone numbers, mail addresses, TC numbers, IBANs and plates replaced by placeholders.

    Names and addresses stay: a department needs the address, and names cannot be told by their form.
    """
    if "@" in text or "＠" in text:
        text = _MAIL_ADDRESS.sub("[e-posta]", text)
    if not _DIGIT.search(text):
        return text
    if _ARABIC_DIGIT.search(text):
        text = text.translate(_TO_ASCII_DIGIT)
    text = _IBAN.sub("[iban]", text)
    text = _LONG_NUMBER.sub(_mask_number, text)
    return _PLATE.sub(_mask_plate, text)


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

_MAIL_ADDRESS = re.compile(r"[\w.+\-]{1,64}[@＠][\w\-]{1,63}(?:\.[\w\-]{1,63}){1,5}")
_DIGIT = re.compile(r"\d")
_ARABIC_DIGIT = re.compile("[٠-٩۰-۹]")
_TO_ASCII_DIGIT = {ord(digit): str(place % 10) for place, digit in enumerate("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹")}

# A run of nine digits or more with at most three signs between two: cheap to find (it starts with a set of
# letters, not with a look behind), and whatever identifies by number lies in one.
_LONG_NUMBER = re.compile(r"[(+\d](?:[ \t.\-/()]{0,3}\d){8,}")
_GAP = r"[ \t.\-/()]{0,3}"
_IBAN = re.compile(rf"[Tt](?<!\w.)[Rr][ \-]?\d{{2}}(?:{_GAP}\d){{22}}(?!\d)")
_TC_NUMBER = re.compile(r"(?<!\d)[1-9](?: ?\d){10}(?!\d)")
_PHONE = re.compile(
    # with +90, 0090, 90 or 0 in front the digits may be spread in any way
    rf"(?<!\d)\(?(?:(?:(?:\+|00){_GAP})?90|0){_GAP}0?[2-5](?:{_GAP}\d){{9}}(?!\d)"
    # without, the groups of a number are asked for, so that dates and amounts stay; the first is
    # 2xx-4xx (fixed lines, by province) or 5xx (mobile)
    rf"|(?<!\d)\(?[2-5]\d{{2}}{_GAP}"
    rf"(?:\d{{3}}{_GAP}\d{{2}}{_GAP}\d{{2}}|\d{{2}}{_GAP}\d{{2}}{_GAP}\d{{3}})(?!\d)"
    rf"|\+[1-9](?:{_GAP}\d){{7,14}}(?!\d)"
)
_PLATE = re.compile(r"[0-8](?<!\w.)\d[ \-]{0,2}(?P<letters>[A-PR-VYZa-pr-vyz]{1,3})[ \-]{0,2}(?P<digits>\d{2,5})(?!\w)")
_PLATE_DIGITS = {1: (4, 5), 2: (3, 4), 3: (2, 3)}  # by number of letters
# Two letters and digits are also "10 tl 500" or "15 km 200": small words that are not plates.
_SMALL_WORDS = (
    "tl kg km cm mm gr lt mt ml dk sn ay ve de da ya ki bu su no gun gün bin yil yıl kez ile ila var yok ton "
    "e o ve sok cad mah apt nci den dan ten tan ye"
)
_NOT_PLATES = frozenset(_SMALL_WORDS.split())


def _mask_number(match: re.Match[str]) -> str:
    return _PHONE.sub("[telefon]", _TC_NUMBER.sub(_mask_tc, match[0]))


def _mask_tc(match: re.Match[str]) -> str:
    digits = [int(digit) for digit in match[0] if digit.isdigit()]
    return "[tc]" if _is_tc_number(digits) else match[0]


def _is_tc_number(digits: list[int]) -> bool:
    """Checksum of the 11-digit identity number (Nüfus Hizmetleri; last two digits are check digits)."""
    tenth = (7 * sum(digits[0:9:2]) - sum(digits[1:8:2])) % 10
    return digits[9] == tenth and digits[10] == sum(digits[:10]) % 10


def _mask_plate(match: re.Match[str]) -> str:
    letters = match["letters"]
    if letters.lower() in _NOT_PLATES and not letters.isupper():
        return match[0]
    is_plate = match[0][:2] in _PROVINCES and len(match["digits"]) in _PLATE_DIGITS[len(letters)]
    return "[plaka]" if is_plate else match[0]


_PROVINCES = frozenset(f"{number:02}" for number in range(1, 82))
