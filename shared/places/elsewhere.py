"""Whether a text says that it is about another district or province."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from shared.addresses import AddressSpan
from shared.addresses.lexicon import districts_of
from shared.municipality import Neighbour
from shared.places.names import NeighbourhoodNames
from shared.places.wording import is_neighbourhood_word, is_street_word, key_of, read_name
from shared.text import fold

_NAME_WORDS_MAX: Final = 4
# A district whose name is an ordinary word (kavak: poplar) needs one of these behind it.
_DISTRICT_WORDS: Final = ("ilce", "belediye", "kaymakam", "merkez")
_ORDINARY_DISTRICTS: Final = frozenset(["kavak", "carsamba", "havza", "terme"])
# "Atakum'a giden otobüs", "Atakum yolu": on the way there, not there.
_ON_THE_WAY: Final = frozenset(["a", "e", "ya", "ye", "dan", "den", "tan", "ten"])
_THERE: Final = frozenset(["da", "de", "ta", "te", "daki", "deki", "dayim", "deyim"])
_WAYS: Final = (
    *("otobus", "dolmus", "minibus", "tramvay", "hatti", "hattinda", "yolu", "yolunda", "istikamet", "yonu", "sinir"),
    *("tarafina", "gider", "giden", "gidis", "donus", "arasi", "servis"),
)
_IN_IT: Final = ("", "da", "de", "daki", "deki", "dayim", "deyim", "ta", "te", "taki", "teki", "li", "in", "un", "nin")


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A neighbouring district, or else a district or province further away, by name; `words` said so."""

    district: str | None
    far: str | None
    words: str


class Districts:
    """The neighbouring districts with their neighbourhoods, and the province they share with us."""

    def __init__(
        self, neighbours: Iterable[Neighbour], names: NeighbourhoodNames, district: str, province: str
    ) -> None:
        self._own = key_of(read_name(district))
        self._province = key_of(read_name(province))
        self._names = names
        self._districts: dict[str, str] = {}
        self._neighbourhoods: dict[str, set[str]] = {}
        for row in neighbours:
            self._districts[key_of(read_name(row.district))] = row.district
            self._neighbourhoods.setdefault(key_of(read_name(row.name)), set()).add(row.district)
        # Of the same province, but nobody there is known who could answer.
        self._far = {key_of(read_name(name)): name for name in districts_of(province)}
        ours = {self._own, *self._districts}
        self._far = {key: name for key, name in self._far.items() if key not in ours and not key[0].isdigit()}
        names_of_all = self._far | self._districts
        self._written = {key + ending: key for key in names_of_all for ending in _IN_IT}

    def find(self, text_words: Sequence[str], addresses: Sequence[AddressSpan]) -> Elsewhere | None:
        """Where else it is; None where nothing says so, or where several places are named."""
        found = [*self._named(text_words), *self._neighbourhood_named(text_words), *self._of_addresses(addresses)]
        if len({(row.district, row.far) for row in found}) == 1:
            return found[0]
        return None

    def is_theirs(self, district: str, key: str) -> bool:
        """Whether that district has a neighbourhood of that name."""
        return district in self._neighbourhoods.get(key, ())

    def _named(self, text_words: Sequence[str]) -> Iterable[Elsewhere]:
        for at, word in enumerate(text_words):
            key = self._written.get(word)
            if key and self._is_meant(key, text_words, at):
                district = self._districts.get(key)
                yield Elsewhere(district, None if district else self._far[key], word)

    def _is_meant(self, key: str, text_words: Sequence[str], at: int) -> bool:
        following = text_words[at + 1 : at + 3]
        if any(word.startswith(_DISTRICT_WORDS) for word in following[:1]):
            return True
        if key in _ORDINARY_DISTRICTS or is_street_word(text_words, at + 1):
            return False
        if key in self._far:  # "Bafra pidesi" is here as well
            return text_words[at] != key or bool(following and following[0] in _THERE)
        return not (following and following[0] in _ON_THE_WAY) and not any(word.startswith(_WAYS) for word in following)

    def _neighbourhood_named(self, text_words: Sequence[str]) -> Iterable[Elsewhere]:
        """ "Mimarsinan Mahallesi" is Atakum's, and nobody else's here."""
        for at in range(1, len(text_words)):
            if not is_neighbourhood_word(text_words, at):
                continue
            for start in range(max(0, at - _NAME_WORDS_MAX), at):
                key = key_of(text_words[start:at])
                theirs = self._neighbourhoods.get(key, ())
                if len(theirs) == 1 and not self._names.knows(key):
                    yield Elsewhere(next(iter(theirs)), None, " ".join(text_words[start : at + 1]))
                    break
                if self._names.knows(key):
                    break

    def _of_addresses(self, addresses: Sequence[AddressSpan]) -> Iterable[Elsewhere]:
        """A province that a street or neighbourhood is said to lie in, when it is not ours."""
        for address in addresses:
            province = key_of(read_name(address.city)) if address.street or address.neighbourhood else ""
            if province and not province.startswith(self._province) and self._own not in fold(address.district):
                yield Elsewhere(None, address.city, fold(address.city))
