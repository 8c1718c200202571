"""Checks rules against all else of a municipality: codes nobody knows, rules that never apply, rules at odds."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from shared.contracts import OwnerKind
from shared.municipality.mistakes import Problem
from shared.municipality.municipality import Municipality
from shared.municipality.places import Landmark, Neighbourhood, street_key
from shared.municipality.rules import Days, Office, OwnerOf, Rule, TimeSpan, When

RULES: Final = "rules.toml"
KEEPERS: Final = "road_keepers.csv"


def check_rules(municipality: Municipality) -> Iterator[Problem]:
    """Every mistake of the rules that shows only beside the other files, and beside the other rules."""
    for rule in municipality.rules:
        yield from _unknown_codes(rule, municipality)
        yield from _never(rule, municipality)
    yield from _at_odds(municipality.rules)


def check_road_keepers(municipality: Municipality) -> Iterator[Problem]:
    """Streets that no file knows, and keepers nobody knows."""
    streets = {street_key(street.name, street.type) for street in municipality.streets}
    owners = {owner.code for owner in municipality.owners}
    keys = Counter(street_key(row.name, row.type) for row in municipality.road_keepers)
    for row in municipality.road_keepers:
        entry, key = f"{row.name} {row.type}", street_key(row.name, row.type)
        if key not in streets and not municipality.without_ground:
            yield Problem(KEEPERS, entry, "is no street of streets.csv", "Write name and type as they stand there")
        if row.keeper not in owners:
            remedy = "Add it to departments.toml or institutions.toml, or correct the code"
            yield Problem(KEEPERS, entry, f"the keeper {row.keeper} is unknown", remedy)
        if keys[key] > 1:
            yield Problem(KEEPERS, entry, f"stands there {keys[key]} times", "Keep one")


def in_order(rules: Sequence[Rule]) -> list[Rule]:
    """As they are asked: by priority, equal ones as they stand in the file."""
    return sorted(rules, key=lambda rule: rule.priority)


def _unknown_codes(rule: Rule, municipality: Municipality) -> Iterator[Problem]:
    owners = {owner.code for owner in municipality.owners}
    topics = {topic.code for topic in municipality.topics}
    levels: set[str] = {level.code for level in municipality.levels}
    named: tuple[tuple[str, str, Sequence[str], set[str], str], ...] = (
        ("when", "topics", rule.when.topics, topics | municipality.topics_of_group.keys(), "topics/"),
        ("when", "mentions", rule.when.mentions, topics | municipality.topics_of_group.keys(), "topics/"),
        ("when", "owners", rule.when.owners, owners, "departments.toml or institutions.toml"),
        ("when", "levels", rule.when.levels, levels, "urgency.toml"),
        ("when", "keepers", rule.when.keepers, {row.keeper for row in municipality.road_keepers}, KEEPERS),
        ("when", "neighbourhoods", rule.when.neighbourhoods, _codes(municipality.neighbourhoods), "neighbourhoods.csv"),
        ("when", "landmarks", rule.when.landmarks, _codes(municipality.landmarks), "landmarks.csv"),
        ("then", "owner", _given(rule.then.owner), owners, "departments.toml or institutions.toml"),
        ("then", "also", rule.then.also, owners, "departments.toml or institutions.toml"),
        ("then", "topic", _given(rule.then.topic), topics, "topics/"),
        ("then", "level", _given(rule.then.level), levels, "urgency.toml"),
    )
    for part, field, codes, known, file in named:
        if field == "landmarks" and municipality.without_ground:
            continue
        for code in codes:
            if code not in known:
                trouble = f"{part}.{field}: nothing in {file} is called {code}"
                yield _problem(rule, trouble, "Correct the code, or add it there", part, field)


def _never(rule: Rule, municipality: Municipality) -> Iterator[Problem]:
    """Conditions that no case can fulfil, and effects that would leave a case with nobody."""
    when = rule.when
    if rule.then.owner in {row.code for row in municipality.departments if row.kind is OwnerKind.CENTRE}:
        yield _problem(rule, "gives the case to the solution centre", "Write person = true instead", "then", "owner")
    if when.outside and when.neighbourhoods:
        trouble = "asks for a place outside the district and in one of its neighbourhoods, so it never applies"
        yield _problem(rule, trouble, "Remove one of the two", "when", "neighbourhoods")
    if rule.then.owner_of is OwnerOf.KEEPER and not when.keepers:
        trouble = "gives the case to the street's keeper without asking for one"
        yield _problem(rule, trouble, "Add when.keepers", "then", "owner_of")
    if rule.then.owner_of is OwnerOf.DISTRICT and not when.outside:
        trouble = "gives the case to the neighbouring municipality without asking for a place outside"
        yield _problem(rule, trouble, "Add when.outside = true", "then", "owner_of")
    if when.days is Days.OFF and when.office is Office.OPEN:
        trouble = "asks for a day off on which the office is open, so it never applies"
        yield _problem(rule, trouble, "Remove one of the two", "when", "office")
    worked = {hours.weekday for hours in municipality.calendar.office_hours}
    if when.weekdays and worked.isdisjoint(when.weekdays) and Days.WORKING is when.days:
        trouble = "asks for working days on weekdays nobody works, so it never applies"
        yield _problem(rule, trouble, "Remove one of the two", "when", "weekdays")
    excluded = {*when.all_of} & {*when.none_of} or ({*when.any_of} if {*when.any_of} <= {*when.none_of} else set())
    if excluded:
        trouble = f"wants and excludes {', '.join(sorted(excluded))}, so it never applies"
        yield _problem(rule, trouble, "Remove the phrase from one of the two", "when", "none_of")


def _at_odds(rules: Sequence[Rule]) -> Iterator[Problem]:
    """A rule that finds all it would decide decided by an earlier one, wherever it applies."""
    ordered = in_order(rules)
    for place, later in enumerate(ordered):
        earlier = next((rule for rule in ordered[:place] if _covers(rule, later)), None)
        if earlier is None:
            continue
        remedy = "Give it a lower `priority`, a narrower condition to the other, or remove one"
        if earlier.when == later.when and earlier.then != later.then:
            trouble = f"contradicts {earlier.id}: the same conditions, another outcome"
        else:
            trouble = f"never comes to pass: {earlier.id} is asked before it and applies wherever this one does"
        yield _problem(later, trouble, remedy)


def _covers(earlier: Rule, later: Rule) -> bool:
    """Whether nothing is left to decide for `later`. A neighbouring district may have no municipality that is known."""
    unsure = {"owner"} if earlier.then.owner_of is OwnerOf.DISTRICT else set()
    decided = earlier.then.effects - unsure - {"also"}
    adds = set(later.then.also) - set(earlier.then.also) or (later.then.also_proposed > earlier.then.also_proposed)
    left = later.then.effects - {"also"} - decided
    return not adds and not left and _is_wider(earlier.when, later.when)


def _is_wider(wide: When, narrow: When) -> bool:
    """Whether `wide` holds wherever `narrow` does, as far as the fields alone can tell."""
    return all(
        is_wider(getattr(wide, name), getattr(narrow, name))
        for name, is_wider in _WIDER.items()
        if name in wide.model_fields_set
    )


def _any_value(wide: Sequence[Any], narrow: Sequence[Any]) -> bool:
    return bool(narrow) and set(narrow) <= set(wide)


def _fewer_demands(wide: Sequence[Any], narrow: Sequence[Any]) -> bool:
    return set(wide) <= set(narrow)


def _spans(wide: Sequence[TimeSpan], narrow: Sequence[TimeSpan]) -> bool:
    return bool(narrow) and all(any(_within(span, other) for other in wide) for span in narrow)


def _within(inner: TimeSpan, outer: TimeSpan) -> bool:
    if inner == outer:
        return True
    return inner.start < inner.end and outer.start < outer.end and outer.start <= inner.start and inner.end <= outer.end


def _same(wide: object, narrow: object) -> bool:
    return wide == narrow


_WIDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    **dict.fromkeys(When.model_fields, _any_value),
    **dict.fromkeys(("all_of", "none_of"), _fewer_demands),
    **dict.fromkeys(("days", "office", "outside"), _same),
    "between": _spans,
    "confidence": lambda wide, narrow: narrow is not None and wide.least <= narrow.least and narrow.below <= wide.below,
}


def _codes(rows: Iterable[Neighbourhood | Landmark]) -> set[str]:
    return {row.code for row in rows}


def _given(code: str | None) -> tuple[str, ...]:
    return () if code is None else (code,)


def _problem(rule: Rule, trouble: str, remedy: str, *field: str) -> Problem:
    return Problem(RULES, rule.id, trouble, remedy, field=field)
