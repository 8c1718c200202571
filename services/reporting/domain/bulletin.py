"""The centre's bulletin: its groups are a partition, each line opens into its parts, every sum closes."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from shared.municipality import Bulletin, Group, Line, Municipality

GROUPS: Final = "group"


@dataclass(frozen=True, slots=True)
class Part:
    """What a line contains: so many cases of one value of its `breakdown`; `resolved` None: only cases count."""

    code: str
    label: str
    label_en: str
    cases: int
    resolved: int | None


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the bulletin. `parts` sum to `cases` and to `resolved`; `outcomes` says what resolved contains.

    `breakdown` names what the parts are: a field of the facts, or the groups; empty text: it is not opened.
    """

    code: str
    label: str
    label_en: str
    note: str
    note_en: str
    cases: int
    resolved: int | None
    parts: tuple[Part, ...] = ()
    outcomes: Mapping[str, int] = field(default_factory=dict)
    breakdown: str = ""


@dataclass(frozen=True, slots=True)
class Printed:
    """A whole bulletin: the groups, the figures beside them, and the notes."""

    title: str
    title_en: str
    groups: tuple[Figure, ...]
    lines: tuple[Figure, ...]
    notes: tuple[tuple[str, str], ...]


Counted = tuple[Mapping[str, str | None], int]


def draw_up(counted: Iterable[Counted], place: Municipality) -> Printed:
    """The bulletin of these cases: each fact with how many cases share it."""
    rules, rows = place.bulletin, list(counted)
    by_group: dict[str, list[Counted]] = {group.code: [] for group in rules.groups}
    for fact, count in rows:
        by_group[rules.group_of(fact).code].append((fact, count))
    return Printed(
        rules.title,
        rules.title_en,
        tuple(_group(group, by_group[group.code], place) for group in rules.groups),
        tuple(_line(line, by_group, rules) for line in rules.lines),
        tuple((note.text, note.text_en) for note in rules.notes),
    )


def _group(group: Group, rows: list[Counted], place: Municipality) -> Figure:
    outcomes: Counter[str] = Counter()
    cases: Counter[str] = Counter()
    resolved: Counter[str] = Counter()
    for fact, count in rows:
        key = (fact.get(group.breakdown) or "") if group.breakdown else ""
        cases[key] += count
        if group.is_resolved(fact):
            resolved[key] += count
            outcomes[fact.get("outcome") or ""] += count
    parts = [Part(key, *_labels(group, key, place), cases[key], resolved[key]) for key in cases if group.breakdown]
    parts.sort(key=lambda part: (-part.cases, part.code))
    return Figure(
        group.code,
        group.label,
        group.label_en,
        group.note,
        group.note_en,
        cases.total(),
        resolved.total(),
        tuple(parts),
        dict(outcomes),
        group.breakdown or "",
    )


def _labels(group: Group, key: str, place: Municipality) -> tuple[str, str]:
    """How a part is called in Turkish and English."""
    try:
        if group.breakdown == "owner":
            owner = place.owner(key)
            return owner.name, owner.name_en
        if group.breakdown == "neighbourhood":
            name = place.neighbourhood(key).name
            return name, name
        if group.breakdown == "outcome":
            words = next(words for words in place.outcomes if words.code == key)
            return words.name, words.name_en
    except (KeyError, StopIteration):  # none yet, or of another configuration: counted all the same
        pass
    return key or "—", key or "—"


def _line(line: Line, by_group: Mapping[str, list[Counted]], rules: Bulletin) -> Figure:
    """A figure beside the groups, opened into what of it stands in each group."""
    parts = []
    for group in rules.groups:
        cases = sum(count for fact, count in by_group[group.code] if rules.counts(line, fact))
        parts.append(Part(group.code, group.label, group.label_en, cases, None))
    return Figure(
        line.code,
        line.label,
        line.label_en,
        line.note,
        line.note_en,
        sum(part.cases for part in parts),
        None,
        tuple(part for part in parts if part.cases),
        breakdown=GROUPS,
    )


def does_close(printed: Printed, rules: Bulletin) -> list[str]:
    """The sums that do not close; empty in a healthy system."""
    lines = {figure.code: figure.cases for figure in printed.lines}
    wrong = [
        f"{figure.code}: parts {sum(part.cases for part in figure.parts)}, line {figure.cases}"
        for figure in (*printed.groups, *printed.lines)
        if figure.parts and sum(part.cases for part in figure.parts) != figure.cases
    ]
    total = sum(figure.cases for figure in printed.groups)
    resolved = sum(figure.resolved or 0 for figure in printed.groups)
    for line in rules.lines:
        wanted = {"cases": total, "resolved": resolved, "unresolved": total - resolved}[line.count]
        if not line.when and lines[line.code] != wanted:
            wrong.append(f"{line.code}: groups {wanted}, line {lines[line.code]}")
    return wrong
