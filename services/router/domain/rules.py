"""Applies the municipality's rules to what words, model, place and clock say of a case, and tells which applied."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any, Final, TypeAlias

from shared.contracts import CaseKind, Channel, Evidence, EvidenceKind, OwnerKind
from shared.municipality import Calendar, Days, Municipality, Office, OwnerOf, RoadKeeper, Rule, When, street_key
from shared.phrases import PhraseBook

WORDS_TOLD_MAX: Final = 20
_CERTAINTIES: Final = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of a case before any rule; rules ask nothing else, so the same situation gives the same answer.

    `words` are those of the folded text, `topics` its topics with the leading one first, `owner` and `confidence` what
    words and model make of it. `streets` are keys of `street_key`: several when nobody can say which is meant.
    `at` is when the citizen told it, None: not known.
    """

    words: Sequence[str] = ()
    topics: tuple[str, ...] = ()
    owner: str | None = None
    confidence: float = 0.0
    kind: CaseKind | None = None
    level: str | None = None
    is_emergency: bool = False
    at: datetime | None = None
    channel: Channel | None = None
    neighbourhood: str | None = None
    is_outside: bool = False
    district: str | None = None
    streets: tuple[str, ...] = ()
    landmarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Applied:
    """What the rules decide; what is None, empty or False they leave as it was.

    `level` is only ever graver than the situation's. `person` is the id of the rule that wants a person to decide.
    `is_certain`: the owner needs no person, whatever the confidence.
    """

    owner: str | None = None
    topic: str | None = None
    also: tuple[str, ...] = ()
    level: str | None = None
    person: str | None = None
    split: bool = False
    is_certain: bool = False
    evidence: tuple[Evidence, ...] = ()


NOTHING: Final = Applied()


class Rules:
    """All rules of a municipality, compiled once; safe to share, applying changes nothing."""

    def __init__(
        self,
        rules: Iterable[Rule],
        *,
        calendar: Calendar,
        zone: tzinfo,
        levels: Sequence[str],
        owner_kinds: Mapping[str, OwnerKind],
        topics_of_group: Mapping[str, frozenset[str]],
        keeper_of_street: Mapping[str, RoadKeeper],
        owner_of_district: Mapping[str, str],
    ) -> None:
        """`levels` are codes of urgency, the gravest first; `keeper_of_street` is by `street_key`."""
        ordered = sorted(rules, key=lambda rule: rule.priority)
        self._gravity = {code: -place for place, code in enumerate(levels)}
        self._calendar = calendar
        self._zone = zone
        self._owner_kinds = owner_kinds
        self._keeper_of_street = keeper_of_street
        self._owner_of_district = owner_of_district
        compiled = [_Compiled(place, rule, _checks(rule.when, topics_of_group)) for place, rule in enumerate(ordered)]
        self._without_topic = tuple(row for row in compiled if not row.rule.when.topics)
        self._of_topic = _by_topic(compiled, topics_of_group)
        self._phrases = PhraseBook(
            (phrase, (place, field))
            for place, rule in enumerate(ordered)
            for field in _PHRASE_FIELDS
            for phrase in getattr(rule.when, field)
        )

    @classmethod
    def of(cls, municipality: Municipality) -> "Rules":
        """The rules of a municipality's checked data."""
        return cls(
            municipality.rules,
            calendar=municipality.calendar,
            zone=municipality.zone,
            levels=[level.code for level in municipality.levels],
            owner_kinds={owner.code: owner.kind for owner in municipality.owners},
            topics_of_group=municipality.topics_of_group,
            keeper_of_street={street_key(row.name, row.type): row for row in municipality.road_keepers},
            owner_of_district={body.district: body.code for body in municipality.institutions if body.district},
        )

    def apply(self, situation: Situation) -> Applied:
        """Pure. What one rule decided no later one decides again; only further departments add up."""
        seen = self._seen(situation)
        applied = NOTHING
        topic = situation.topics[0] if situation.topics else ""
        for row in self._of_topic.get(topic, self._without_topic):
            if row.holds(seen) and (effects := self._effects(row.rule, seen, applied)):
                applied = _with(applied, row, effects, seen)
        return applied

    def _seen(self, situation: Situation) -> "_Seen":
        local = situation.at.astimezone(self._zone) if situation.at else None
        kept = [self._keeper_of_street.get(street) for street in situation.streets]
        keepers = {row.keeper if row else "" for row in kept}
        found: dict[tuple[int, str], dict[str, None]] = {}
        for hit in self._phrases.find(situation.words):
            found.setdefault(hit.key, {})[hit.phrase] = None
        return _Seen(
            situation=situation,
            local=local,
            days=None if local is None else self._days(local),
            office=None if local is None else self._office(local),
            keeper=keepers.pop() if len(keepers) == 1 else "",
            keeper_certainty=min((row.certainty for row in kept if row), key=_CERTAINTIES.index, default=""),
            owner_kind=self._owner_kinds.get(situation.owner or ""),
            phrases=found,
        )

    def _days(self, local: datetime) -> Days:
        return Days.WORKING if self._calendar.is_working_day(local.date()) else Days.OFF

    def _office(self, local: datetime) -> Office:
        spans = self._calendar.spans(local.date())
        return Office.OPEN if spans and spans[0].start <= local.time() < spans[-1].end else Office.CLOSED

    def _effects(self, rule: Rule, seen: "_Seen", applied: Applied) -> dict[str, object]:
        """What the rule decides that is not decided yet, by the names of `Applied`; empty: nothing."""
        then, situation = rule.then, seen.situation
        decided = {
            "owner": self._owner(rule, seen),
            "topic": then.topic,
            "level": then.level if self._is_graver(then.level, situation.level) else None,
            "person": rule.id if then.person else None,
            "split": then.split,
        }
        effects: dict[str, object] = {
            name: value for name, value in decided.items() if value and not getattr(applied, name)
        }
        holder = applied.owner or effects.get("owner") or situation.owner
        also = then.also + ((situation.owner,) if then.also_proposed and situation.owner else ())
        if further := [code for code in dict.fromkeys(also) if code != holder and code not in applied.also]:
            effects["also"] = (*applied.also, *further)
        return effects

    def _owner(self, rule: Rule, seen: "_Seen") -> str | None:
        match rule.then.owner_of:
            case OwnerOf.DISTRICT:
                return self._owner_of_district.get(seen.situation.district or "")
            case OwnerOf.KEEPER:
                return seen.keeper or None
            case None:
                return rule.then.owner

    def _is_graver(self, level: str | None, than: str | None) -> bool:
        if level is None or level not in self._gravity:
            return False
        return than not in self._gravity or self._gravity[level] > self._gravity[than]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A situation with what calendar, road keepers and phrases make of it; computed once for all rules."""

    situation: Situation
    local: datetime | None
    days: Days | None
    office: Office | None
    keeper: str
    keeper_certainty: str
    owner_kind: OwnerKind | None
    phrases: Mapping[tuple[int, str], Mapping[str, None]]


_Check: TypeAlias = Callable[[_Seen, int], bool]
_PHRASE_FIELDS: Final = ("any_of", "all_of", "none_of")


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A rule with its place in the order, which names its phrases, and what has to hold beside its topics."""

    place: int
    rule: Rule
    checks: tuple[_Check, ...]

    def holds(self, seen: _Seen) -> bool:
        return all(check(seen, self.place) for check in self.checks)


def _by_topic(
    compiled: Sequence[_Compiled], topics_of_group: Mapping[str, frozenset[str]]
) -> dict[str, tuple[_Compiled, ...]]:
    """For each topic that a rule asks for: the rules that may apply to it, in their order."""
    wanted = {row.place: _topics(row.rule.when.topics, topics_of_group) for row in compiled}
    return {
        topic: tuple(row for row in compiled if not row.rule.when.topics or topic in wanted[row.place])
        for topic in frozenset().union(*wanted.values())
    }


def _with(applied: Applied, row: _Compiled, effects: Mapping[str, Any], seen: _Seen) -> Applied:
    """Also the grounds: the rule, and the phrases of it that stand in the text."""
    rule = row.rule
    matched = [*seen.phrases.get((row.place, "all_of"), ()), *seen.phrases.get((row.place, "any_of"), ())]
    evidence = Evidence(kind=EvidenceKind.RULE, code=rule.id, words=tuple(matched[:WORDS_TOLD_MAX]))
    applied = replace(applied, **effects, evidence=(*applied.evidence, evidence))
    if "owner" in effects:
        applied = replace(applied, is_certain=rule.certain and not _is_against_danger(applied, seen.situation))
    return replace(applied, also=tuple(code for code in applied.also if code != applied.owner))


def _is_against_danger(applied: Applied, situation: Situation) -> bool:
    """The words' own evidence of danger is stronger than any rule's certainty of another owner."""
    return situation.is_emergency and applied.owner != situation.owner


def _checks(when: When, topics_of_group: Mapping[str, frozenset[str]]) -> tuple[_Check, ...]:
    """What has to hold, the cheapest and the most telling first; each knows its values already."""
    made = (maker(when, topics_of_group) for maker in _MAKERS)
    return tuple(check for check in made if check is not None)


def _topics(codes: Iterable[str], topics_of_group: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*({code} | topics_of_group.get(code, frozenset()) for code in codes))


def _mentions(when: When, groups: Mapping[str, frozenset[str]]) -> _Check | None:
    wanted = _topics(when.mentions, groups)
    return (lambda seen, _: not wanted.isdisjoint(seen.situation.topics)) if wanted else None


def _one_of(field: str, read: Callable[[_Seen], object]) -> Callable[[When, object], _Check | None]:
    """The value is one of those the rule names."""

    def make(when: When, _: object) -> _Check | None:
        wanted = frozenset(getattr(when, field))
        return (lambda seen, _: read(seen) in wanted) if wanted else None

    return make


def _same(field: str, read: Callable[[_Seen], object]) -> Callable[[When, object], _Check | None]:
    """The value is the one the rule names."""

    def make(when: When, _: object) -> _Check | None:
        wanted = getattr(when, field)
        return None if wanted is None else (lambda seen, _: read(seen) == wanted)

    return make


def _any_of(when: When, _: object) -> _Check | None:
    return (lambda seen, place: (place, "any_of") in seen.phrases) if when.any_of else None


def _all_of(when: When, _: object) -> _Check | None:
    count = len(set(when.all_of))
    return (lambda seen, place: len(seen.phrases.get((place, "all_of"), ())) == count) if count else None


def _none_of(when: When, _: object) -> _Check | None:
    return (lambda seen, place: (place, "none_of") not in seen.phrases) if when.none_of else None


def _between(when: When, _: object) -> _Check | None:
    spans = when.between
    if not spans:
        return None
    return lambda seen, _: seen.local is not None and any(span.holds(seen.local.time()) for span in spans)


def _landmarks(when: When, _: object) -> _Check | None:
    wanted = frozenset(when.landmarks)
    return (lambda seen, _: not wanted.isdisjoint(seen.situation.landmarks)) if wanted else None


def _confidence(when: When, _: object) -> _Check | None:
    wanted = when.confidence
    return (lambda seen, _: wanted.least <= seen.situation.confidence < wanted.below) if wanted else None


_MAKERS: Final = (
    _any_of,
    _all_of,
    _mentions,
    _same("outside", lambda seen: seen.situation.is_outside),
    _one_of("keepers", lambda seen: seen.keeper),
    _one_of("keeper_certainty", lambda seen: seen.keeper_certainty),
    _one_of("owners", lambda seen: seen.situation.owner),
    _one_of("owner_kinds", lambda seen: seen.owner_kind),
    _one_of("kinds", lambda seen: seen.situation.kind),
    _one_of("levels", lambda seen: seen.situation.level),
    _one_of("channels", lambda seen: seen.situation.channel),
    _one_of("neighbourhoods", lambda seen: seen.situation.neighbourhood),
    _landmarks,
    _one_of("weekdays", lambda seen: seen.local.isoweekday() if seen.local else None),
    _same("days", lambda seen: seen.days),
    _same("office", lambda seen: seen.office),
    _between,
    _confidence,
    _none_of,
)
