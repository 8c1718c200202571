"""Decides cases twice, by what runs and by what is tried, and keeps what would move and why. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from services.router.domain.decision import Decision, Report, decide
from services.router.domain.versions import Known
from shared.contracts import EvidenceKind
from shared.explaining import sentences
from shared.names import Names
from shared.personal import mask


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case goes: not `automatic`, the owner is whom a person would be shown first."""

    owner: str
    topic: str | None
    level: str
    automatic: bool

    @classmethod
    def of(cls, decision: Decision) -> "Place":
        """What a decision comes to; the same case decided the same way is equal."""
        topic = decision.topic or next((row.topic for row in decision.proposals[:1]), None)
        return cls(decision.likeliest, topic, decision.level, decision.automatic)

    def __str__(self) -> str:
        how = "" if self.automatic else " (a person)"
        return f"{self.owner} · {self.topic or '—'} · {self.level}{how}"


@dataclass(frozen=True, slots=True)
class Move:
    """A case that would go elsewhere; `why` are sentences, what speaks for it now before what no longer does."""

    name: str
    before: Place
    after: Place
    why: tuple[str, ...]
    text: str


@dataclass
class Trial:
    """The count of a trial; holds at most `moves_max` moves, however many cases it is told of."""

    before: Known
    after: Known
    language: str
    moves_max: int
    cases: int = 0
    by_person: int = 0
    moved: int = 0
    to_triage: int = 0
    from_triage: int = 0
    owners: Counter[tuple[str, str]] = field(default_factory=Counter)
    moves: list[Move] = field(default_factory=list)

    def try_case(self, name: str, report: Report) -> None:
        """Decide a case by both."""
        self.cases += 1
        was, would = (decide(report, known.knowledge) for known in (self.before, self.after))
        before, after = Place.of(was), Place.of(would)
        if before == after:
            return
        self.moved += 1
        self.to_triage += before.automatic and not after.automatic
        self.from_triage += after.automatic and not before.automatic
        self.owners[before.owner, after.owner] += before.owner != after.owner
        if len(self.moves) < self.moves_max:
            self.moves.append(Move(name, before, after, tuple(self._why(was, would)), mask(report.text)))

    def summary(self) -> dict[str, Any]:
        """The counts, for programs."""
        pairs = [(pair, count) for pair, count in self.owners.most_common() if count]
        return {
            "before": self.before.version,
            "after": self.after.version,
            "cases": self.cases,
            "decided_by_a_person": self.by_person,
            "moved": self.moved,
            "to_triage": self.to_triage,
            "from_triage": self.from_triage,
            "owners": [{"from": old, "to": new, "cases": count} for (old, new), count in pairs],
        }

    def _why(self, was: Decision, would: Decision) -> Iterator[str]:
        """The grounds that only one of the two has, then what moved without any."""
        old = sentences(was.why, self.before.place, self.language)
        new = sentences(would.why, self.after.place, self.language)
        yield from (f"+ {sentence}" for sentence in new if sentence not in old)
        yield from (f"− {sentence}" for sentence in old if sentence not in new)
        yield from self._topics_elsewhere(would)
        if was.automatic != would.automatic or set(old) == set(new):
            at_least = would.why.threshold
            yield f"≠ {was.confidence:.2f} → {would.confidence:.2f} ({was.why.threshold:.2f} → {at_least:.2f})"

    def _topics_elsewhere(self, would: Decision) -> Iterator[str]:
        """Topics of the case that belong to another owner now."""
        names = Names(self.after.place, self.language)
        before = {topic.code: topic.owner for topic in self.before.place.topics}
        after = {topic.code: topic.owner for topic in self.after.place.topics}
        for code in [found.code for found in would.why.evidence if found.kind is EvidenceKind.TOPIC]:
            old, new = before.get(code), after.get(code)
            if old and new and old != new:
                yield f"≠ {names.topic(code)}: {names.owner(old)} → {names.owner(new)}"
