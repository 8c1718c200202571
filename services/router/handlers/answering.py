"""Cases move as their owners say."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from services.router import store
from services.router.domain import following, life
from services.router.domain.facts import common, reassigned
from services.router.domain.following import Moved
from services.router.domain.life import Case, Verdict
from services.router.domain.moves import Moves
from services.router.domain.returning import decided_by_a_person, proposed_by
from services.router.handlers.ground import Ground
from services.router.handlers.recording import Recorder
from shared.contracts import (
    Answer,
    AssignmentAccepted,
    AssignmentClosed,
    AssignmentDecided,
    AssignmentGathered,
    AssignmentProgressed,
    AssignmentReturned,
    AssignmentSeparated,
    CaseAccepted,
    CaseAsked,
    CaseClosed,
    CaseEvent,
    CaseForwarded,
    CaseProgressed,
    CaseReturned,
    CitizenAsked,
    Message,
    OwnerKind,
)
from shared.messaging import Unit

log = structlog.get_logger()


@dataclass(frozen=True)
class Answerer:
    """Moves cases as their owners say, each answer once."""

    ground: Ground
    recorder: Recorder

    async def take(self, unit: Unit, events: Sequence[Message]) -> None:
        """Move cases as their owners say, each answer once, late and repeated ones without effect.

        Whatever moves a case that leads an incident moves those that follow it.
        """
        answers = [event for event in events if isinstance(event, Answer)]
        moves = Moves(await self._concerned(unit, answers))
        for answer in answers:
            reason = self.answer(moves, answer)
            if reason and reason not in (Verdict.REPEATED, Verdict.STALE):
                await unit.shelve(answer, f"answer not allowed: {reason}")
            if reason:
                case_id, answer_id = str(answer.case_id), str(answer.id)
                log.info("answer_passed_over", case_id=case_id, answer_id=answer_id, answer=answer.type, reason=reason)
        await self.recorder.record(unit, moves)

    def answer(self, moves: Moves, answer: Answer) -> str | None:
        """Move cases as an answer says; or why nothing moves."""
        case = moves.cases.get(answer.case_id)
        if case is None:
            return "no such case"
        reason = self.objection(case, answer) or moves.objection(case, answer)
        if reason is None:
            self._move(moves, case, answer)
        return reason

    async def _concerned(self, unit: Unit, answers: Sequence[Answer]) -> dict[UUID, Case]:
        """The cases that answers speak of, and all that follow them, locked."""
        ids = {answer.case_id for answer in answers}
        named = {answer.into for answer in answers if isinstance(answer, AssignmentGathered)}
        if named:
            ids |= named | await store.heads_of(unit.connection, named)
        return await store.lock_cases(unit.connection, ids, followers=True)

    def _move(self, moves: Moves, case: Case, answer: Answer) -> None:
        """What an allowed answer makes of its case and of those that follow it."""
        match answer:
            case AssignmentGathered():
                moves.gather(case, answer)
            case AssignmentSeparated():
                moves.separate(case, answer)
            case _:
                moved, facts = self.apply(case, answer)
                moves.note(moved, facts, answer)
                for follower in moves.followers(case.id):
                    if following.follows(follower, answer):
                        moves.note(*self._follow(follower, moved, answer))

    def _follow(self, case: Case, head: Case, answer: Answer) -> Moved:
        if isinstance(answer, AssignmentReturned):
            return following.follow_return(case, head, answer)
        return self.apply(case, answer)

    def objection(self, case: Case, answer: Answer) -> str | None:
        """Why the answer is not applied: the life of a case forbids it, or it names what nobody knows."""
        if isinstance(answer, AssignmentDecided):
            if answer.decided_owner not in self.ground.kinds:
                return f"no owner is called {answer.decided_owner}"
            if answer.topic is not None and answer.topic not in self.ground.topics:
                return f"no topic is called {answer.topic}"
            if answer.neighbourhood is not None and answer.neighbourhood not in self.ground.neighbourhoods:
                return f"no neighbourhood has the id {answer.neighbourhood}"
        return life.judge(case, answer)

    def apply(self, case: Case, answer: Answer) -> tuple[Case, list[CaseEvent]]:
        """The case after the answer, and the facts that follow. The answer is allowed."""
        match answer:
            case AssignmentAccepted():
                case = life.accept(case)
                kind = CaseForwarded if case.owner_kind is OwnerKind.INSTITUTION else CaseAccepted
                return case, [kind(**common(case, answer), assignment_id=case.assignment_id)]
            case AssignmentProgressed():
                case = life.progress(case)
                return case, [
                    CaseProgressed(**common(case, answer), assignment_id=case.assignment_id, note=answer.note)
                ]
            case CitizenAsked():
                case = life.ask(case, answer.occurred_at)
                return case, [
                    CaseAsked(**common(case, answer), assignment_id=case.assignment_id, question=answer.question)
                ]
            case AssignmentClosed():
                case = life.close(case, answer.outcome, answer.answer)
                return case, [
                    CaseClosed(**common(case, answer), assignment_id=case.assignment_id, answer=answer.answer)
                ]
            case AssignmentReturned():
                return self._give_back(case, answer)
            case AssignmentDecided():
                topic = answer.topic or case.topic
                place = answer.neighbourhood or case.neighbourhood
                case = life.assign(case, answer.decided_owner, self.ground.kinds[answer.decided_owner], topic, place)
                case = self._due(case)
                return case, [reassigned(case, answer, f"desk:{answer.by or 'person'}", decided_by_a_person())]
            case _:
                raise TypeError(f"no move for {answer.type}")

    def _due(self, case: Case) -> Case:
        """The case due by its owner's calendar."""
        return replace(
            case, due_at=self.ground.due(case.started_at, case.topic, case.urgency, case.owner) or case.due_at
        )

    def _give_back(self, case: Case, answer: AssignmentReturned) -> tuple[Case, list[CaseEvent]]:
        returned = life.give_back(case, answer.because)
        owner = life.next_owner(returned, answer, self.ground.kinds, self.ground.centre)
        event = CaseReturned(
            **common(returned, answer),
            assignment_id=case.assignment_id,
            returned_by=case.owner,
            reason=answer.reason,
            because=answer.because,
            proposal=answer.proposal,
        )
        assigned = self._due(life.assign(returned, owner, self.ground.kinds[owner], case.topic, case.neighbourhood))
        why = proposed_by(case.owner) if owner != self.ground.centre else None
        return assigned, [event, reassigned(assigned, answer, f"return:{case.owner}", why)]
