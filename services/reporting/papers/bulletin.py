"""The bulletin laid out in one language: every number and sentence as it is read, whatever it is printed on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from services.reporting.domain.bulletin import GROUPS, Figure, Printed, does_close
from services.reporting.domain.bulletin import Part as Counted
from services.reporting.labels import Labels
from shared.municipality import Bulletin, Municipality
from shared.municipality.bulletin import Published
from shared.pages.catalogue import Catalogue
from shared.pages.formats import Formats


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a line's sum; `resolved` is "" where only cases count, `share` is of the largest piece."""

    label: str
    cases: str
    resolved: str
    share: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line with what it opens into. `sums` say that its parts are the whole; `published` is the source's, or ""."""

    code: str
    label: str
    note: str
    cases: str
    resolved: str
    share: str
    breakdown: str
    parts: tuple[Part, ...]
    sums: tuple[str, ...]
    does_close: bool
    published: str
    is_as_published: bool


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole bulletin, ready to be set. `published_words` is "" when nothing was published about these days."""

    language: str
    title: str
    municipality: str
    centre: str
    days: str
    drawn_at: str
    is_empty: bool
    groups: tuple[Line, ...]
    total: Line
    group_sums: tuple[str, ...]
    lines: tuple[Line, ...]
    faults: tuple[str, ...]
    notes: tuple[str, ...]
    source: str
    published_words: str
    words: Mapping[str, str]


class Words(Protocol):
    """A catalogue's messages in one language."""

    def __call__(self, key: str, /, **values: object) -> str:
        """The message with its places filled."""
        ...


# Words a paper needs whatever it is about, under the names its templates use.
WORDS = {
    name: f"bulletin.{name}"
    for name in (
        "group", "cases", "resolved", "share", "groups", "groups_words", "lines", "lines_words", "parts",
        "parts_words", "all_close", "not_close", "notes_heading", "empty", "page_of", "published", "part",
    )
}  # fmt: skip


def lay_out(
    printed: Printed,
    place: Municipality,
    catalogue: Catalogue,
    language: str,
    days: tuple[date | None, date | None],
    drawn_at: datetime,
) -> Paper:
    """The bulletin of the cases opened between two days (None: open-ended), in the words of a language."""
    return _Setting(place, catalogue, language).paper(printed, days, drawn_at)


class _Setting:
    """Sets one bulletin in one language."""

    def __init__(self, place: Municipality, catalogue: Catalogue, language: str) -> None:
        self._place = place
        self._rules: Bulletin = place.bulletin
        self._english = language == "en"
        self._language = language
        self._labels = Labels(place, catalogue)
        self._formats = Formats(language, place.zone)
        self._say: Words = lambda key, /, **values: catalogue.say(language, key, **values)
        self._number: Callable[[int], str] = self._formats.number

    def paper(self, printed: Printed, days: tuple[date | None, date | None], drawn_at: datetime) -> Paper:
        published = self._rules.published_for(*days)
        total = _total(printed, self._say("figures.total"))
        return Paper(
            language=self._language,
            title=self._either(printed, "title"),
            municipality=self._either(self._place, "name"),
            centre=self._either(self._place, "centre_name"),
            days=self._days(*days),
            drawn_at=self._say("bulletin.drawn_at", moment=self._formats.moment(drawn_at)),
            is_empty=not total.cases,
            groups=tuple(self._line(figure, published.get(figure.code)) for figure in printed.groups),
            total=self._line(total, None),
            group_sums=self._sums([(figure.cases, figure.resolved) for figure in printed.groups]),
            lines=tuple(self._line(figure, published.get(figure.code)) for figure in printed.lines),
            faults=tuple(does_close(printed, self._rules)),
            notes=tuple(english if self._english else turkish for turkish, english in printed.notes),
            source=self._rules.source,
            published_words=self._say("bulletin.published_words", source=self._rules.source) if published else "",
            words={name: self._say(key) for name, key in WORDS.items()},
        )

    def _line(self, figure: Figure, published: Published | None) -> Line:
        counted = [(part.cases, part.resolved) for part in figure.parts]
        differs = published and self._differences(figure, published)
        return Line(
            code=figure.code,
            label=self._either(figure, "label"),
            note=self._either(figure, "note"),
            cases=self._number(figure.cases),
            resolved="" if figure.resolved is None else self._number(figure.resolved),
            share=self._formats.percent(figure.resolved / figure.cases) if figure.resolved and figure.cases else "",
            breakdown=self._breakdown(figure),
            parts=self._parts(figure),
            sums=self._closing(figure, counted),
            does_close=not counted or sum(cases for cases, _ in counted) == figure.cases,
            published=self._published(figure, published) if published else "",
            is_as_published=not differs,
        )

    def _parts(self, figure: Figure) -> tuple[Part, ...]:
        most = max((part.cases for part in figure.parts), default=0) or 1
        return tuple(
            Part(
                self._part_label(figure, part),
                self._number(part.cases),
                "" if part.resolved is None else self._number(part.resolved),
                part.cases / most,
            )
            for part in figure.parts
        )

    def _part_label(self, figure: Figure, part: Counted) -> str:
        if figure.breakdown == GROUPS:
            return self._either(part, "label")
        return self._labels.value(figure.breakdown, part.code, self._language)

    def _breakdown(self, figure: Figure) -> str:
        """What its parts are, for the head of their column."""
        return self._labels.axis(figure.breakdown, self._language) if figure.breakdown else ""

    def _closing(self, figure: Figure, counted: list[tuple[int, int | None]]) -> tuple[str, ...]:
        """That the parts are the whole, and what resolved contains."""
        sentences = []
        if counted:
            total = sum(cases for cases, _ in counted)
            key = "bulletin.parts_close" if total == figure.cases else "bulletin.parts_open"
            sentences.append(self._say(key, sum=self._number(total), figure=self._number(figure.cases)))
        if figure.outcomes and figure.resolved:
            sentences.append(self._outcomes(figure))
        return tuple(sentences)

    def _outcomes(self, figure: Figure) -> str:
        named = [
            f"{self._formats.lower_first(self._labels.value('outcome', code, self._language))} {self._number(count)}"
            for code, count in sorted(figure.outcomes.items(), key=lambda outcome: (-outcome[1], outcome[0]))
        ]
        total = self._number(figure.resolved or 0)
        return f"{self._say('bulletin.outcomes')} {' + '.join(named)}{f' = {total}' if len(named) > 1 else ''}"

    def _sums(self, counted: list[tuple[int, int | None]]) -> tuple[str, ...]:
        cases, resolved = [one for one, _ in counted], [other or 0 for _, other in counted]
        return tuple(
            f"{self._say(key)}: {' + '.join(map(self._number, addends))} = {self._number(sum(addends))}"
            for key, addends in (("bulletin.cases", cases), ("bulletin.resolved", resolved))
        )

    def _published(self, figure: Figure, published: Published) -> str:
        """What the source printed for this line, and how ours differs from it."""
        differences = self._differences(figure, published)
        printed = [self._say("bulletin.published_cases", count=self._number(published.cases))]
        if published.resolved is not None:
            printed.append(self._say("bulletin.published_resolved", count=self._number(published.resolved)))
        verdict = self._say("bulletin.published_same")
        if differences:
            verdict = self._say("bulletin.published_differs", figures=", ".join(differences))
        return f"{', '.join(printed)}. {verdict}."

    def _differences(self, figure: Figure, published: Published) -> list[str]:
        pairs = [("bulletin.cases", figure.cases, published.cases)]
        if published.resolved is not None and figure.resolved is not None:
            pairs.append(("bulletin.resolved", figure.resolved, published.resolved))
        return [
            self._say(
                f"bulletin.published_{'more' if ours > theirs else 'fewer'}",
                what=self._formats.lower_first(self._say(key)),
                ours=self._number(ours),
                count=self._number(abs(ours - theirs)),
            )
            for key, ours, theirs in pairs
            if ours != theirs
        ]

    def _days(self, first: date | None, last: date | None) -> str:
        written = {name: self._formats.day(day) for name, day in (("first", first), ("last", last)) if day}
        match first, last:
            case None, None:
                return self._say("bulletin.range_all")
            case _, None:
                return self._say("bulletin.range_from", **written)
            case None, _:
                return self._say("bulletin.range_to", **written)
        return self._say("bulletin.range_day" if first == last else "bulletin.range", **written)

    def _either(self, thing: object, field: str) -> str:
        """A field in the language; its Turkish twin where the English one is empty."""
        turkish = str(getattr(thing, field))
        return str(getattr(thing, f"{field}_en")) or turkish if self._english else turkish


def _total(printed: Printed, label: str) -> Figure:
    cases = sum(figure.cases for figure in printed.groups)
    resolved = sum(figure.resolved or 0 for figure in printed.groups)
    return Figure("", label, label, "", "", cases, resolved)
