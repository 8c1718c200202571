"""Finds phone numbers, identity numbers, bank and card numbers, plates and mail addresses, however they are written."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from shared.personal.kinds import Found, Kind
from shared.personal.plain import blanked
from shared.personal.spoken import find_spoken

Span = tuple[int, int]


def find_numbers(text: str, read: str) -> list[Found]:
    """All of them in no order; `read` is the text in plain letters (shared.personal.plain)."""
    found: list[Found] = []
    digits = sum(map(read.count, "0123456789"))
    for kind, digits_min, find in _FINDERS:
        if digits < digits_min:
            continue
        spans = list(find(text, read))
        if spans:
            found += [Found(kind, start, end) for start, end in spans]
            read = blanked(read, spans)
    return found


def _mails(text: str, read: str) -> Iterator[Span]:
    if "@" in read:
        yield from (match.span() for match in _MAIL_ADDRESS.finditer(read))


def _spelt_mails(text: str, read: str) -> Iterator[Span]:
    if any(house in read for house in _MAIL_HOUSES):
        yield from (match.span() for match in _SPELT_MAIL.finditer(read))


def _ibans(text: str, read: str) -> Iterator[Span]:
    if "tr" in read:
        yield from (match.span() for match in _IBAN.finditer(read))


def _cards(text: str, read: str) -> Iterator[Span]:
    return (match.span() for match in _CARD.finditer(read) if _adds_up_as_card(match[0]))


def _called_identities(text: str, read: str) -> Iterator[Span]:
    if "tc" in read or "t.c" in read or "kimlik" in read:
        yield from (match.span("number") for match in _CALLED_IDENTITY.finditer(read))


def _identities(text: str, read: str) -> Iterator[Span]:
    return (match.span() for match in _IDENTITY.finditer(read) if _adds_up_as_identity(match[0]))


def _phones(text: str, read: str) -> Iterator[Span]:
    for run in _LONG_NUMBER.finditer(read):
        yield from (match.span() for match in _PHONE.finditer(read, *run.span()))


def _phones_with_letters(text: str, read: str) -> Iterator[Span]:
    for match in _PHONE_WITH_LETTERS.finditer(read):
        if sum(map(str.isdigit, match[0])) >= _TRUE_DIGITS_MIN and any(map(str.isalpha, match[0])):
            yield match.span()


def _phones_with_words(text: str, read: str) -> Iterator[Span]:
    return (match.span() for match in _PHONE_WITH_WORDS.finditer(read))


def _called_phones(text: str, read: str) -> Iterator[Span]:
    return (match.span("number") for match in _CALLED_PHONE.finditer(read))


def _spoken_phones(text: str, read: str) -> Iterator[Span]:
    return find_spoken(read)


def _plates(text: str, read: str) -> Iterator[Span]:
    return (match.span() for match in _PLATE.finditer(read) if _is_plate(match, text))


# With the fewest digits a text must have; each sees the text without what those before it found.
_FINDERS: Final[tuple[tuple[Kind, int, Callable[[str, str], Iterator[Span]]], ...]] = (
    (Kind.MAIL, 0, _mails),
    (Kind.MAIL, 0, _spelt_mails),
    (Kind.IBAN, 24, _ibans),
    (Kind.CARD, 15, _cards),
    (Kind.IDENTITY, 11, _called_identities),
    (Kind.IDENTITY, 11, _identities),
    (Kind.PHONE, 4, _phones_with_letters),
    (Kind.PHONE, 9, _phones),
    (Kind.PHONE, 10, _phones_with_words),
    (Kind.PHONE, 7, _called_phones),
    (Kind.PHONE, 0, _spoken_phones),
    (Kind.PLATE, 4, _plates),
)

_MAIL_ADDRESS: Final = re.compile(
    r"(?<![\w.+\-])[\w.+\-]{1,200} ?@ ?[\w\-]{1,63}(?:(?: ?\.[\w\-]{1,63}){1,5}| com(?![^\W_]))"
)
_MAIL_HOUSES: Final = ("gmail", "g mail", "hotmail", "outlook", "yahoo", "icloud", "yandex", "mynet")
_HOUSES: Final = f"(?:{'|'.join(_MAIL_HOUSES)})"
# "ad at gmail nokta com"
_SPELT_MAIL: Final = re.compile(
    rf"(?<![\w.+\-])[\w.+\-]{{2,64}} ?[\[(]? ?(?<![^\W_])(?:at|et) ?[\])]? ?{_HOUSES}"
    r"(?: ?(?:\.|nokta) ?com(?: ?\. ?tr)?)?"
)

# A run of nine digits or more with at most three signs between two: cheap to find (it starts with a set of
# letters, not with a look behind), and whatever identifies by number lies in one.
_LONG_NUMBER: Final = re.compile(r"[(+\d](?:[ \t.,\-–_*/()]{0,3}\d){8,}")
_GAP: Final = r"[ \t.\-/()]{0,3}"
_WIDE_GAP: Final = r"[ \t.,\-–_*/()]{0,3}"
_IBAN: Final = re.compile(rf"tr(?<!\w..)[ \-]?\d{{2}}(?:{_GAP}\d){{22}}(?!\d)")
_CARD: Final = re.compile(r"(?<!\d)(?:\d{4}(?:[ \-.]?\d{4}){3}|3\d{3}[ \-.]?\d{6}[ \-.]?\d{5})(?!\d)")
_IDENTITY: Final = re.compile(r"(?<!\d)[1-9](?:[ .\-]?\d){10}(?!\d)")
_CALLED_IDENTITY: Final = re.compile(
    r"(?<![^\W_])(?:t\.?c\.?|kimlik)[ .:]{0,2}(?:kimlik[ .:]{0,2})?(?:no\w{0,6}|numara\w{0,6})?[ .:=\-]{0,3}"
    r"(?P<number>\d{11})(?!\d)"
)
_PHONE: Final = re.compile(
    # with +90, 0090, 90 or 0 in front the digits may be spread in any way
    rf"(?<!\d)\(?(?:(?:(?:\+|00){_GAP})?90|0){_WIDE_GAP}0?[2-5](?:{_WIDE_GAP}\d){{9}}(?!\d)"
    rf"|(?<!\d)(?:0?5\d{{9}}){{2,6}}(?!\d)"  # several, one glued to the other
    # a mobile number with a digit too few or too many
    rf"|(?<!\d)05(?:{_WIDE_GAP}\d){{8}}(?:{_WIDE_GAP}\d\d)?(?!\d)"
    # without, the groups of a number are asked for, so that dates and amounts stay; the first is
    # 2xx-4xx (fixed lines, by province) or 5xx (mobile)
    rf"|(?<!\d)\(?[2-5]\d{{2}}{_GAP}"
    rf"(?:\d{{3}}{_GAP}\d{{2}}{_GAP}\d{{2}}|\d{{2}}{_GAP}\d{{2}}{_GAP}\d{{3}})(?!\d)"
    rf"|\+[1-9](?:{_GAP}\d){{7,14}}(?!\d)"
)
# "O532 ooo oo l2": letters that look like digits.
_PHONE_WITH_LETTERS: Final = re.compile(rf"(?<![^\W_])(?:\+?9[0o]{_GAP})?[0o]?{_GAP}5(?:{_GAP}[\doil]){{9}}(?![^\W_])")
_TRUE_DIGITS_MIN: Final = 4
_BETWEEN: Final = r"[\s.,:\-/()]{0,3}(?:(?:ve|sonra|sonrasi|devami|gerisi|tire|bosluk|nokta|cizgi)[\s.,:\-]{0,3}){0,2}"
_PHONE_WITH_WORDS: Final = re.compile(
    rf"(?<!\d)(?:\+?90[\s]?)?0?5\d\d{_BETWEEN}\d{{3}}{_BETWEEN}\d\d{_BETWEEN}\d\d(?!\d)"
)
# A number without its province is one when it is called so. 444 xx xx are lines of firms.
_CALLED_PHONE: Final = re.compile(
    r"(?<![^\W_])(?:tel(?:efon\w{0,8})?|cep\w{0,4}|gsm|iletisim|irtibat|whats?app?)[ .:]{0,3}"
    rf"(?:(?:no|numara)\w{{0,6}}[ .:]{{0,3}})?(?P<number>(?!444)[2-9]\d\d{_GAP}\d\d{_GAP}\d\d)(?!\d)"
)
_PLATE: Final = re.compile(r"[0-8](?<!\w.)\d[ \-]{0,2}(?P<letters>[a-pr-vyz]{1,3})[ \-]{0,2}(?P<digits>\d{2,5})(?!\w)")
_PLATE_DIGITS: Final = {1: (4, 5), 2: (3, 4), 3: (2, 3)}  # by number of letters
_PROVINCES: Final = frozenset(f"{number:02}" for number in range(1, 82))
# Parts of an address: "12 SOK 34" is none even in capitals.
_NEVER_PLATES: Final = frozenset(
    ("sok", "sk", "cad", "cd", "mah", "mh", "apt", "blk", "kat", "no", "dai", "mt", "cm", "km", "kg", "tl")
)
# Two letters and digits are also "10 tl 500" or "15 km 200": small words that are not plates.
_SMALL_WORDS: Final = (
    "mm gr lt ml dk sn ay ve de da ya ki bu su gun bin yil kez ile ila var yok ton e o nci den dan ten tan ye"
)
_NOT_PLATES: Final = frozenset(_SMALL_WORDS.split())


def _is_plate(match: re.Match[str], text: str) -> bool:
    letters = match["letters"]
    if letters in _NEVER_PLATES or (letters in _NOT_PLATES and not text[slice(*match.span("letters"))].isupper()):
        return False
    return match[0][:2] in _PROVINCES and len(match["digits"]) in _PLATE_DIGITS[len(letters)]


def _adds_up_as_identity(written: str) -> bool:
    """Checksum of the 11-digit identity number (Nüfus Hizmetleri; last two digits are check digits)."""
    digits = [int(digit) for digit in written if digit.isdigit()]
    tenth = (7 * sum(digits[0:9:2]) - sum(digits[1:8:2])) % 10
    return digits[9] == tenth and digits[10] == sum(digits[:10]) % 10


def _adds_up_as_card(written: str) -> bool:
    """Luhn's checksum (ISO/IEC 7812)."""
    digits = [int(digit) for digit in reversed(written) if digit.isdigit()]
    doubled = [2 * digit - 9 if digit > 4 else 2 * digit for digit in digits[1::2]]
    return digits != [0] * len(digits) and (sum(digits[0::2]) + sum(doubled)) % 10 == 0
