"""`ilkim route --duplicates`: which cases of any list would be gathered as one problem, or shown as perhaps the same.

The file is read twice, row by row: first for what is common in it (words of a topic, points that stand for "no
address found"), then for the pairs. A row that cannot be read is named and left out.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import tzinfo
from pathlib import Path
from typing import Final, TextIO

from ops.spreadsheet import Sheet, UnfitRow, UnreadableFile, degrees_of, moment_of, open_sheet
from services.router.domain.incidents import Index, Match, Matcher, Sighting, Spot
from services.router.domain.matching import load_matcher
from services.router.domain.signature import Rarity, signature
from shared.municipality import Incidents, Municipality, Reach
from shared.text import fold

MODEL: Final = Path("services/router/model")
OUT_COLUMNS: Final = ("id_a", "id_b", "confidence", "metres", "hours", "why", "decision", "incident")
BAD_ROWS_NAMED_MAX: Final = 20
WORD_LETTERS_MAX: Final = 200
# A point that so many rows of the list share is where their program puts what it could not find.
NO_PLACE_SHARE: Final = 0.01
NO_PLACE_ROWS_MIN: Final = 100
TOPICS_COUNTED_MAX: Final = 2_000
STEMS_COUNTED_MAX: Final = 5_000  # of one topic
ROWS_WITH_STEM_MIN: Final = 2


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of a list's columns; None: the usual names are looked for."""

    id: str | None = None
    text: str | None = None
    lat: str | None = None
    lon: str | None = None
    time: str | None = None
    topic: str | None = None
    place: str | None = None


USUAL_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id", "case_id", "caseid", "no", "number", "numara", "takip_no", "basvuru_no", "service_request_id"),
    "text": ("text", "metin", "aciklama", "description", "title", "mesaj", "message", "baslik"),
    "lat": ("lat", "latitude", "enlem", "y"),
    "lon": ("lon", "lng", "long", "longitude", "boylam", "x"),
    "time": ("time", "open", "opened", "opened_at", "created", "created_at", "requested_datetime", "tarih", "zaman"),
    "topic": ("topic", "type", "konu", "category", "kategori", "service_name", "service_code"),
    "place": ("address", "location", "adres", "place", "yer", "konum"),
}


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of a list: its rows, those left out, and the pairs that were written."""

    rows: int
    left_out: int
    joined: int
    proposed: int


def write_duplicates(
    file: Path, target: TextIO, columns: Columns, place: Municipality, say: Callable[[str], None] = print
) -> Summary:
    """Write the pairs that would be gathered (`joined`) or shown to a person (`proposed`), in the list's order.

    `say` is told of the rows left out, up to `BAD_ROWS_NAMED_MAX`. Raises UnreadableFile, before anything is
    written, when the file is no list or has not the columns that are needed.
    """
    sheet = open_sheet(file, columns.id or "")
    names = _find_columns(sheet, columns)
    gatherer = _Gatherer(place.incidents, _own_topics(place), load_matcher(MODEL), _habits(sheet, names))
    rows = left_out = 0
    written: Counter[str] = Counter()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(OUT_COLUMNS)
    for line, row in sheet.rows():
        rows += 1
        try:
            report = gatherer.read(row, names, place.zone)
        except UnfitRow as error:
            left_out += 1
            if left_out <= BAD_ROWS_NAMED_MAX:
                say(f"{file.name}, line {line}: {error}; left out")
            continue
        for pair in gatherer.gather(report):
            written[pair[OUT_COLUMNS.index("decision")]] += 1
            writer.writerow(pair)
    if left_out > BAD_ROWS_NAMED_MAX:
        say(f"{file.name}: {left_out - BAD_ROWS_NAMED_MAX} more rows left out")
    return Summary(rows, left_out, written["joined"], written["proposed"])


def _own_topics(place: Municipality) -> frozenset[str]:
    return frozenset(topic.code for topic in place.topics)


# --- the columns ----------------------------------------------------------------------------------------------


def _find_columns(sheet: Sheet, asked: Columns) -> Columns:
    found = {part.name: _column(sheet, part.name, getattr(asked, part.name)) for part in fields(Columns)}
    for needed in ("id", "time"):
        if found[needed] is None:
            usual = ", ".join(USUAL_NAMES[needed])
            raise UnreadableFile(f"{sheet.path.name} has no column {usual}: say which it is with --{needed}-column")
    if found["place"] is None and (found["lat"] is None or found["lon"] is None):
        remedy = "say which columns hold it with --lat-column and --lon-column, or --street-column"
        raise UnreadableFile(f"{sheet.path.name} names no place: {remedy}")
    return Columns(**found)


def _column(sheet: Sheet, part: str, asked: str | None) -> str | None:
    if asked is not None:
        return sheet.column(asked, f"--{part}-column")
    by_folded = {fold(name).replace(" ", "_"): name for name in reversed(sheet.columns)}
    return next((by_folded[usual] for usual in USUAL_NAMES[part] if usual in by_folded), None)


def _cell(row: Mapping[str, str], name: str | None) -> str:
    return row[name].strip() if name else ""


def _topic(row: Mapping[str, str], names: Columns) -> str:
    """Without a column for it all reports are of one kind."""
    return _cell(row, names.topic)[:WORD_LETTERS_MAX]


# --- what is common in the list -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Habits:
    """What says nothing in this list: words that most reports of a topic have, points that stand for no place."""

    rarity: Mapping[str, Rarity]
    no_places: frozenset[tuple[str, str]]


def _habits(sheet: Sheet, names: Columns) -> _Habits:
    rows = 0
    rows_of: Counter[str] = Counter()
    stems: dict[str, Counter[int]] = {}
    points: Counter[tuple[str, str]] = Counter()
    for _, row in sheet.rows():
        rows += 1
        points[_cell(row, names.lat), _cell(row, names.lon)] += 1
        topic = _topic(row, names)
        if topic in stems or len(stems) < TOPICS_COUNTED_MAX:
            rows_of[topic] += 1
            counted = stems.setdefault(topic, Counter())
            known = signature(_cell(row, names.text))
            counted.update(stem for stem in known if stem in counted or len(counted) < STEMS_COUNTED_MAX)
    crowded = max(NO_PLACE_ROWS_MIN, NO_PLACE_SHARE * rows)
    return _Habits(
        rarity={topic: _rarity(counted, rows_of[topic]) for topic, counted in stems.items()},
        no_places=frozenset(point for point, count in points.items() if count >= crowded),
    )


def _rarity(counted: Mapping[int, int], rows: int) -> Rarity:
    shares = {stem: count / rows for stem, count in counted.items() if count >= ROWS_WITH_STEM_MIN}
    return Rarity(shares, min(1.0, ROWS_WITH_STEM_MIN / rows))


# --- gathering ------------------------------------------------------------------------------------------------


class _Gatherer:
    """Gathers reports one after the other; the cost of one does not grow with those before."""

    def __init__(self, incidents: Incidents, own_topics: frozenset[str], matcher: Matcher, habits: _Habits) -> None:
        self._incidents = incidents
        self._own_topics = own_topics
        self._matchers = {topic: replace(matcher, rarity=rarity) for topic, rarity in habits.rarity.items()}
        self._matcher = matcher
        self._no_places = habits.no_places
        self._index = Index()

    def read(self, row: Mapping[str, str], names: Columns, zone: tzinfo) -> Sighting:
        """The report a row tells of. Raises UnfitRow."""
        identifier, written = _cell(row, names.id), _cell(row, names.time)
        if not identifier:
            raise UnfitRow("it has no id")
        if not written:
            raise UnfitRow("it has no time")
        topic = _topic(row, names)
        group = self._incidents.group_of(topic)
        return Sighting(
            id=identifier,
            at=moment_of(written, zone),
            group=group.code if group else f"topic:{topic}",
            topic=topic,
            spot=self._spot(row, names),
            signature=signature(_cell(row, names.text)),
        )

    def gather(self, report: Sighting) -> Iterator[tuple[str, ...]]:
        """The rows to write for a report, which from now on is known to those that follow."""
        reach = self._reach(report)
        if reach is None:
            return
        matcher = self._matchers.get(report.topic, self._matcher)
        found = matcher.gather(report, self._index.near(report, reach), reach)
        if found.joined:
            report = replace(report, head=found.joined.other.first)
            yield _pair(report, found.joined, "joined")
        for match in found.proposed:
            yield _pair(report, match, "proposed")
        self._index.add(report, reach)

    def _reach(self, report: Sighting) -> Reach | None:
        """None: our own list says that this topic is never gathered."""
        group = self._incidents.group_of(report.topic)
        return group or (None if report.topic in self._own_topics else self._incidents.other)

    def _spot(self, row: Mapping[str, str], names: Columns) -> Spot:
        address = fold(_cell(row, names.place))[:WORD_LETTERS_MAX] or None
        written = _cell(row, names.lat), _cell(row, names.lon)
        if not all(written) or written in self._no_places:
            return Spot(street=address, door=address)
        latitude, longitude = map(degrees_of, written)
        if latitude is None or longitude is None or not (abs(latitude) < 90 and abs(longitude) <= 180):
            raise UnfitRow(f"{', '.join(written)} is no point on earth")
        if latitude == longitude == 0:
            return Spot(street=address, door=address)
        return Spot(latitude, longitude, street=address, door=address)


def _pair(report: Sighting, match: Match, decision: str) -> tuple[str, ...]:
    return (
        str(match.other.id),
        str(report.id),
        f"{match.confidence:.3f}",
        f"{match.metres:.0f}",
        f"{match.hours:.2f}",
        _why(report, match),
        decision,
        str(report.first.id) if decision == "joined" else "",
    )


def _why(report: Sighting, match: Match) -> str:
    about = "same topic" if report.topic == match.other.topic else "topics of one group"
    words = "" if match.alike is None else f"; words alike {match.alike:.2f}"
    return f"{about}; {match.metres:.0f} m apart ({match.by}); {match.hours:.1f} hours apart{words}"
