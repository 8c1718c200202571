"""What a batch of answers makes of cases: how they stand now, the facts that follow, what is to be offered. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from services.router.domain import following, life
from services.router.domain.facts import reassigned
from services.router.domain.gathering import REPORTS_MAX
from services.router.domain.life import Case, Verdict
from services.router.domain.returning import decided_by_a_person
from shared.contracts import (
    Answer,
    AssignmentGathered,
    AssignmentReturned,
    AssignmentSeparated,
    CaseAssigned,
    CaseEvent,
    CaseOpened,
    CaseState,
    IncidentGrew,
    Message,
)

# Nobody else decides for a person: what they say is taken as sure.
BY_A_PERSON = 1.0


@dataclass
class Moves:
    """Cases by id, changed answer by answer; `facts` in the order they came about."""

    cases: dict[UUID, Case]
    facts: list[CaseEvent] = field(default_factory=list)
    _to_offer: dict[UUID, tuple[CaseAssigned, AssignmentReturned | None]] = field(default_factory=dict)
    _grown: list[tuple[UUID, UUID, Answer]] = field(default_factory=list)

    @property
    def moved(self) -> list[Case]:
        """The cases that changed."""
        return [self.cases[case_id] for case_id in dict.fromkeys(fact.case_id for fact in self.facts)]

    @property
    def to_be_told(self) -> set[UUID]:
        """The cases whose citizens' words an owner has to read."""
        following_them = {case.id for head in self._to_offer for case in self.followers(head)}
        return {*self._to_offer, *following_them, *(case_id for case_id, _, _ in self._grown)}

    def followers(self, head: UUID) -> list[Case]:
        """The cases that follow this one now."""
        return [case for case in self.cases.values() if case.head_id == head]

    def note(self, case: Case, facts: Iterable[CaseEvent], answer: Answer | None = None) -> None:
        """The case is so from now on. With the `answer`, a new assignment among the facts has to be offered."""
        self.cases[case.id] = case
        for fact in facts:
            self.facts.append(fact)
            if answer and isinstance(fact, CaseAssigned):
                self._to_offer[case.id] = (fact, answer if isinstance(answer, AssignmentReturned) else None)

    def objection(self, case: Case, answer: Answer) -> str | None:
        """Why an incident cannot change so; None for every other answer."""
        match answer:
            case AssignmentGathered():
                return self._cannot_gather(case, answer)
            case AssignmentSeparated():
                return self._cannot_separate(case, answer)
            case _:
                return None

    def gather(self, case: Case, answer: AssignmentGathered) -> None:
        """The case goes with another from now on, and all that followed it do."""
        into = self.cases[answer.into]
        head = self.cases[into.head_id or into.id]
        by = _person(answer)
        for one in (case, *self.followers(case.id)):
            self._to_offer.pop(one.id, None)
            moved, facts = following.move_to(one, head, answer, by)
            reports = self._reports(head.id) + (moved.head_id != head.id)
            joined, more = following.gather(moved, head, answer, reports, BY_A_PERSON, by)
            self.note(joined, [*facts, *more])
            self._grown.append((joined.id, head.id, answer))

    def separate(self, head: Case, answer: AssignmentSeparated) -> None:
        """A report is a problem of its own: it gets an assignment; when it led, another leads the rest."""
        by = _person(answer)
        if answer.separate == head.id:
            self._lead_anew(head, answer, by)
            return
        case, facts = following.separate(self.cases[answer.separate], head, answer, by)
        case = life.assign(case, head.owner, head.owner_kind, case.topic, case.neighbourhood)
        self.note(case, [*facts, reassigned(case, answer, by, decided_by_a_person())], answer)

    def offers(self) -> Iterator[tuple[CaseAssigned, AssignmentReturned | None, tuple[UUID, ...]]]:
        """What has to be offered: the assignment, how it was given back, and who told of it, a report each."""
        for case_id, (fact, returned) in self._to_offer.items():
            yield fact, returned, self._tellers(case_id)

    def grown(self, said: Mapping[UUID, CaseOpened]) -> Iterator[tuple[Case, IncidentGrew]]:
        """What owners hear of further reports, each with the case that leads. A new owner hears of all there are."""
        told: list[tuple[UUID, UUID, Message]] = [*self._grown]
        for head_id, (fact, _) in self._to_offer.items():
            told += [(case.id, head_id, fact) for case in self.followers(head_id)]
        for case_id, head_id, cause in told:
            head = self.cases[head_id]
            yield head, following.grew(head, self.cases[case_id], said[case_id], cause, self._tellers(head_id))

    def _cannot_gather(self, case: Case, answer: AssignmentGathered) -> str | None:
        into = self.cases.get(answer.into)
        head = self.cases.get(into.head_id) if into and into.head_id else into
        if head is None:
            return f"there is no case {answer.into} to join"
        if case.id == head.id or case.head_id == head.id:
            return Verdict.REPEATED
        if head.state is CaseState.CLOSED:
            return "the case it should join is closed"
        if self._reports(head.id) + self._reports(case.id) > REPORTS_MAX:
            return f"an incident has at most {REPORTS_MAX} reports"
        return None

    def _cannot_separate(self, head: Case, answer: AssignmentSeparated) -> str | None:
        case = self.cases.get(answer.separate)
        if case is None:
            return f"no report {answer.separate} belongs to this case"
        if case.id == head.id:
            return None if self.followers(head.id) else "the case stands alone"
        return None if case.head_id == head.id else Verdict.REPEATED

    def _lead_anew(self, head: Case, answer: AssignmentSeparated, by: str) -> None:
        """The one that led keeps its assignment; the oldest of the others leads them, and is offered with them."""
        first, *others = sorted(self.followers(head.id), key=following.by_age)
        alone, facts = following.separate(head, head, answer, by)
        self.note(alone, facts)
        leader = life.assign(
            following.promote(first), head.owner, head.owner_kind, first.topic or head.topic, first.neighbourhood
        )
        self.note(leader, [reassigned(leader, answer, by, decided_by_a_person())], answer)
        for place, other in enumerate(others, 2):
            joined, more = following.gather(other, leader, answer, place, BY_A_PERSON, by)
            self.note(joined, more)

    def _reports(self, head: UUID) -> int:
        return 1 + len(self.followers(head))

    def _tellers(self, head: UUID) -> tuple[UUID, ...]:
        return tuple(case.person_id or case.id for case in (self.cases[head], *self.followers(head)))


def _person(answer: Answer) -> str:
    return f"desk:{answer.by or 'person'}"
