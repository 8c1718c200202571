"""What a batch of messages makes of cases: how they stand now, the facts that follow, what is to be offered. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.router.domain import following, life
from services.router.domain.facts import Cause, common, reassigned, reopened
from services.router.domain.gathering import REPORTS_MAX
from services.router.domain.life import Case, Verdict
from services.router.domain.returning import decided_by_a_person, passed_on, reopened_by
from shared.contracts import (
    Answer,
    AssignmentEnded,
    AssignmentGathered,
    AssignmentReturned,
    AssignmentSeparated,
    CaseAssigned,
    CaseClosed,
    CaseEvent,
    CaseOpened,
    EndReason,
    IncidentGrew,
    Outcome,
    OwnerKind,
    ReopeningAsked,
    Why,
    WithdrawalAsked,
)
from shared.ids import derived_id

# Nobody else decides for a person: what they say is taken as sure.
BY_A_PERSON = 1.0


@dataclass
class Moves:
    """Cases by id, changed message by message; `facts` in the order they came about.

    `ended`: what owners hear of assignments that ended without their doing, each with the case as it was.
    """

    cases: dict[UUID, Case]
    facts: list[CaseEvent] = field(default_factory=list)
    _to_offer: dict[UUID, tuple[CaseAssigned, AssignmentReturned | None]] = field(default_factory=dict)
    _grown: list[tuple[UUID, UUID, Cause]] = field(default_factory=list)
    ended: list[tuple[Case, AssignmentEnded]] = field(default_factory=list)

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

    def note(self, case: Case, facts: Iterable[CaseEvent], because: Cause | None = None) -> None:
        """The case is so from now on. With `because`, a new assignment among the facts has to be offered."""
        self.cases[case.id] = case
        for fact in facts:
            self.facts.append(fact)
            if because and isinstance(fact, CaseAssigned):
                self._to_offer[case.id] = (fact, because if isinstance(because, AssignmentReturned) else None)

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
        self._end(case, EndReason.MOVED, answer)
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
            alone, facts = following.separate(head, head, answer, by)
            self.note(alone, facts)
            self._lead_anew(head, answer, by, decided_by_a_person())
            return
        case, facts = following.separate(self.cases[answer.separate], head, answer, by)
        case = life.assign(case, head.owner, head.owner_kind, case.topic, case.neighbourhood)
        self.note(case, [*facts, reassigned(case, answer, by, decided_by_a_person())], answer)

    def withdraw(self, case: Case, asked: WithdrawalAsked, text: str) -> None:
        """Its citizen wants no more of it; when it led, another leads the rest. The case is open."""
        self._end(case, EndReason.WITHDRAWN, asked, asked.text)
        self._to_offer.pop(case.id, None)
        closed = life.close(case, Outcome.WITHDRAWN, text)
        fact = CaseClosed(**common(closed, asked), assignment_id=case.assignment_id, answer=text)
        self.note(closed, [fact])
        if any(follower.is_open for follower in self.followers(case.id)):
            self._lead_anew(case, asked, "withdrawal", passed_on())

    def reopen(self, case: Case, asked: ReopeningAsked, owner: str, kind: OwnerKind, due_at: datetime | None) -> None:
        """It is worked on again, by that owner under a new assignment. The case is closed."""
        opened = life.reopen(case, asked.occurred_at)
        again = replace(life.assign(opened, owner, kind, case.topic, case.neighbourhood), due_at=due_at)
        why = reopened_by(asked.by)
        self.note(again, [reopened(opened, asked), reassigned(again, asked, f"reopening:{asked.by}", why)], asked)

    def offers(self) -> Iterator[tuple[CaseAssigned, AssignmentReturned | None, tuple[UUID, ...]]]:
        """What has to be offered: the assignment, how it was given back, and who told of it, a report each."""
        for case_id, (fact, returned) in self._to_offer.items():
            yield fact, returned, self._tellers(case_id)

    def grown(self, said: Mapping[UUID, CaseOpened]) -> Iterator[tuple[Case, IncidentGrew]]:
        """What owners hear of further reports, each with the case that leads. A new owner hears of all there are."""
        told: list[tuple[UUID, UUID, Cause]] = [*self._grown]
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
        if not head.is_open:
            return "the case it should join is closed"
        if self._reports(head.id) + self._reports(case.id) > REPORTS_MAX:
            return f"an incident has at most {REPORTS_MAX} reports"
        return None

    def _cannot_separate(self, head: Case, answer: AssignmentSeparated) -> str | None:
        case = self.cases.get(answer.separate)
        if case is None:
            return f"no report {answer.separate} belongs to this case"
        if case.id == head.id:
            others = any(follower.is_open for follower in self.followers(head.id))
            return None if others else "the case stands alone"
        if not case.is_open:
            return "the report it should let go is closed"
        return None if case.head_id == head.id else Verdict.REPEATED

    def _lead_anew(self, head: Case, cause: Cause, by: str, why: Why) -> None:
        """The oldest open report leads what followed `head`, and is offered with the rest.

        The closed ones stay with the one they were closed with.
        """
        first, *others = sorted((case for case in self.followers(head.id) if case.is_open), key=following.by_age)
        leader, facts = following.separate(first, head, cause, by)
        leader = life.assign(leader, head.owner, head.owner_kind, first.topic or head.topic, first.neighbourhood)
        self.note(leader, [*facts, reassigned(leader, cause, by, why)], cause)
        for place, other in enumerate(others, 2):
            joined, more = following.gather(other, leader, cause, place, BY_A_PERSON, by)
            self.note(joined, more)

    def _end(self, case: Case, because: EndReason, cause: Cause, text: str = "") -> None:
        """Its owner hears that there is nothing more to do, if the case was their work by itself."""
        if case.head_id is not None:
            return
        ended = AssignmentEnded(
            id=derived_id(cause.occurred_at, "assignment.ended", case.assignment_id),
            occurred_at=cause.occurred_at,
            trace_id=case.trace_id,
            assignment_id=case.assignment_id,
            case_id=case.id,
            number=case.number,
            because=because,
            text=text,
        )
        self.ended.append((case, ended))

    def _reports(self, head: UUID) -> int:
        return 1 + len(self.followers(head))

    def _tellers(self, head: UUID) -> tuple[UUID, ...]:
        return tuple(case.person_id or case.id for case in (self.cases[head], *self.followers(head)))


def _person(answer: Answer) -> str:
    return f"desk:{answer.by or 'person'}"
