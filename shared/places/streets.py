"""Streets by their names: one lies in a neighbourhood, another one in eighteen."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from shared.municipality import Street, street_key
from shared.places.found import StreetFound
from shared.places.wording import Misspelt, key_of, read, read_name, street_type
from shared.text import fold, words

NAME_WORDS_MAX: Final = 8
STREETS_MAX: Final = 6
TYPE_WORDS_MAX: Final = 100
_NAME_LETTERS_MAX: Final = 60
_COUNT_DIGITS_MAX: Final = 2

EXACT_TRUST: Final = 0.96
OTHER_TYPE_TRUST: Final = 0.85  # "Gazi Sokak" for Gazi Caddesi
NUMBER_TRUST: Final = 0.75  # "4 sokak" may be a distance; with the neighbourhood it is a street
MISSPELT_TRUST: Final = 0.85

_FILLERS: Final = frozenset(["no", "nolu", "lu", "li", "numarali", "sayili"])  # "1234 nolu sokak"
# Said of any street at all: "yan sokak", "ana cadde"; they are names only in a form's field.
_ANY_STREET: Final = frozenset(
    [
        *("ara", "arka", "yan", "bizim", "ust", "alt", "ana", "bu", "su", "o", "yeni", "eski", "karsi", "dar", "her"),
        *("kendi", "bir", "iki", "butun", "tum", "cikmaz", "ayni", "oteki", "diger", "buyuk", "kucuk", "bos", "sessiz"),
        *("karanlik", "bozuk", "ilk", "son", "cami", "okul"),
    ]
)


@dataclass(frozen=True, slots=True)
class StreetNamed:
    """A street that was named by the words from `start` to `end`, and how often it is meant so."""

    street: StreetFound
    trust: float
    start: int
    end: int


@dataclass(slots=True)
class _Entry:
    name: str
    type: str
    shares: dict[str, float]
    codes: list[str]
    keys: dict[str, None]


class Streets:
    """All streets, indexed once by their names without spaces."""

    def __init__(self, rows: Iterable[Street]) -> None:
        self._entries: dict[tuple[str, str], _Entry] = {}
        for row in rows:
            self._add(row)
        self._types_of: dict[str, list[str]] = {}
        for kind, key in self._entries:
            self._types_of.setdefault(key, []).append(kind)
        self._misspelt = Misspelt(list(self._types_of))

    def find(self, text_words: Sequence[str]) -> Iterator[StreetNamed]:
        """For each word like "sokakta": the longest street name of that type right before it."""
        places = [(at, kind) for at, word in enumerate(text_words) if at and (kind := street_type(word))]
        count = 0
        for at, kind in places[:TYPE_WORDS_MAX]:
            end = at - (text_words[at - 1] in _FILLERS)
            found = self._before(text_words, end, kind, at + 1)
            if found:
                yield found
                count += 1
            if count == STREETS_MAX:
                return

    def field(self, written: str | None) -> Iterator[StreetNamed]:
        """A street field: with its type, or without."""
        if not written:
            return
        field_words = read(words(fold(written))[: NAME_WORDS_MAX * 2])
        found = list(self.find(field_words))
        if found or not field_words:
            yield from found
            return
        yield from self.called(key_of(field_words), " ".join(field_words))

    def called(self, key: str, said: str) -> Iterator[StreetNamed]:
        """The streets of a name, whatever their type; together they count as one."""
        kinds = self._types_of.get(key, [])
        if kinds:
            streets = [self._found(kind, key, said) for kind in kinds]
            shares = {code: 1.0 for street in streets for code in street.shares}
            keys = tuple(one for street in streets for one in street.keys)
            codes = tuple(code for street in streets for code in street.codes)
            yield StreetNamed(replace(streets[0], shares=shares, codes=codes, keys=keys), EXACT_TRUST, 0, 0)

    def official(self, name: str, kind: str) -> StreetFound | None:
        """A street by its official name and type."""
        key = key_of(read_name(name))
        return self._found(_type_of(kind), key, "") if (_type_of(kind), key) in self._entries else None

    def _add(self, row: Street) -> None:
        kind = _type_of(row.type)
        name_words = read_name(row.name)
        # "Cumhuriyet Meydanı" Meydan, "Mektep Sokak" Sokak: the type is said once.
        if len(name_words) > 1 and street_type(name_words[-1]) == kind:
            name_words = name_words[:-1]
        if not (key := key_of(name_words)):
            return
        entry = self._entries.setdefault((kind, key), _Entry(" ".join(name_words), kind, {}, [], {}))
        entry.shares[row.neighbourhood] = entry.shares.get(row.neighbourhood, 0.0) + 1.0
        entry.codes.append(row.code)
        entry.keys[street_key(row.name, row.type)] = None

    def _before(self, text_words: Sequence[str], end: int, kind: str, after: int) -> StreetNamed | None:
        names = [(start, key_of(text_words[start:end])) for start in range(max(0, end - NAME_WORDS_MAX), end)]
        names = [(start, key) for start, key in names if len(key) <= _NAME_LETTERS_MAX and key not in _ANY_STREET]
        for start, key in names:
            if (kind, key) in self._entries:
                return self._named(text_words, start, after, kind, key, _trust(key))
        for start, key in names:
            if (others := self._types_of.get(key)) and not key.isdigit():
                return self._named(text_words, start, after, others[0], key, OTHER_TYPE_TRUST)
        for start, key in names:
            if (meant := self._misspelt.find(key)) and (kind, meant) in self._entries:
                return self._named(text_words, start, after, kind, meant, MISSPELT_TRUST)
        return None

    def _named(
        self, text_words: Sequence[str], start: int, after: int, kind: str, key: str, trust: float
    ) -> StreetNamed:
        said = " ".join(text_words[start:after])
        return StreetNamed(self._found(kind, key, said), trust, start, after)

    def _found(self, kind: str, key: str, said: str) -> StreetFound:
        entry = self._entries[kind, key]
        shares: Mapping[str, float] = entry.shares
        return StreetFound(entry.name, entry.type, shares, tuple(entry.codes), tuple(entry.keys), said)


def _trust(key: str) -> float:
    return NUMBER_TRUST if key.isdigit() and len(key) <= _COUNT_DIGITS_MAX else EXACT_TRUST


def _type_of(written: str) -> str:
    return street_type(fold(written)) or fold(written)
