"""What citizens say of cases that are there: they add to them, want them reopened, or want no more of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.router import store, watches
from services.router.domain import life
from services.router.domain.asking import as_decided, reopening
from services.router.domain.facts import common
from services.router.domain.life import Case
from services.router.domain.moves import Moves
from services.router.handlers.ground import Ground
from services.router.handlers.recording import Recorder
from services.router.handlers.telling import addition
from services.router.watches import Life
from shared.contracts import (
    CaseProgressed,
    CaseState,
    ContactJoined,
    Place,
    ReopenedBy,
    ReopeningAsked,
    TaskDecision,
    TaskRequested,
    TaskSettled,
    WithdrawalAsked,
)
from shared.messaging import Outgoing, Unit, envelopes
from shared.messaging.topology import DESK

Said = ContactJoined | ReopeningAsked | WithdrawalAsked
_NO_LIVES: Final[Mapping[UUID, Life]] = {}
SAID: Final = (ContactJoined, ReopeningAsked, WithdrawalAsked)


@dataclass(frozen=True)
class Joiner:
    """Passes on what citizens say, and moves their cases by it."""

    ground: Ground
    recorder: Recorder

    async def join(self, unit: Unit, said: Sequence[Said]) -> None:
        """Move cases as their citizens say, and let their owners hear it; a case that is not here yet is waited for.

        An owner knows an incident by the case that leads it.
        """
        moves = await self._concerned(unit, said)
        waiting = [case.id for case in moves.cases.values() if case.state is CaseState.WAITING_CITIZEN]
        lives = await watches.lives(unit.connection, waiting) if waiting else {}
        additions: list[Outgoing] = []
        asked: list[tuple[TaskRequested, ReopeningAsked]] = []
        for event in said:
            case = moves.cases.get(event.case_id)
            if case is None:
                unit.postpone(event, "the case is not here yet")
            elif not case.is_open and isinstance(event, ReopeningAsked) and event.by is ReopenedBy.SURVEY:
                asked.append((reopening(event, case), event))
            else:
                additions += self.hear(moves, case, event, lives)
        await store.ask_for_reopening(unit.connection, {task.id: event for task, event in asked})
        unit.publish(*envelopes(DESK, "tasks", [task for task, _ in asked]))
        await self.recorder.record(unit, moves)
        unit.publish(*additions)

    async def settle(self, unit: Unit, settled: Sequence[TaskSettled]) -> None:
        """Reopen the cases of which a person says that they are to be; any other decision leaves them closed."""
        decided = {event.task_id: event for event in settled}
        wishes = await store.take_reopenings(unit.connection, decided)
        released = [
            as_decided(wish, decided[task])
            for task, wish in wishes.items()
            if decided[task].decision is TaskDecision.RELEASE
        ]
        moves = await self._concerned(unit, released)
        for wish in released:
            case = moves.cases[wish.case_id]
            if not case.is_open:
                self.hear(moves, case, wish)
        await self.recorder.record(unit, moves)

    def hear(self, moves: Moves, case: Case, event: Said, lives: Mapping[UUID, Life] = _NO_LIVES) -> list[Outgoing]:
        """Move the case as its citizen says; what its owner hears of it after the offers.

        `lives`: of the cases that wait, for their due moments.
        """
        match event:
            case WithdrawalAsked():
                if case.is_open:
                    moves.withdraw(case, event, self.ground.place.conversation.withdrawn.text_in(case.language))
                return []
            case ReopeningAsked() if not case.is_open:
                return self._open_again(moves, case, event)
            case _:
                return [self._add(moves, case, event, lives.get(case.id))]

    async def _concerned(self, unit: Unit, said: Sequence[Said]) -> Moves:
        """The cases they speak of and those that lead them, locked; with all that follow where these may move."""
        ids = {event.case_id for event in said}
        heads = await store.heads_of(unit.connection, ids)
        may_move_others = any(not isinstance(event, ContactJoined) for event in said)
        return Moves(await store.lock_cases(unit.connection, ids | heads, followers=may_move_others))

    def _add(
        self, moves: Moves, case: Case, event: ContactJoined | ReopeningAsked, waited: Life | None = None
    ) -> Outgoing:
        """What they add goes on; a case that waited for them does too, and is due later by so much."""
        due_at = None
        if case.state is CaseState.WAITING_CITIZEN:
            due_at = self.ground.due_after_waiting(case, waited.steps, event.occurred_at) if waited else None
            case = life.resume(case, due_at)
            fact = common(case, event) | {"assignment_id": case.assignment_id, "due_at": due_at}
            moves.note(case, [CaseProgressed(**fact, because="citizen_answered")])
        return addition(case, moves.cases.get(case.head_id or case.id, case), event, due_at)

    def _open_again(self, moves: Moves, case: Case, event: ReopeningAsked) -> list[Outgoing]:
        """A photo or a place that came with it follows the offer, which carries the words."""
        owner = life.reopened_for(case, self.ground.kinds, self.ground.centre)
        due_at = self.ground.due(event.occurred_at, case.topic, case.urgency, owner) or case.due_at
        moves.reopen(case, event, owner, self.ground.kinds[owner], due_at)
        case = moves.cases[case.id]
        return [addition(case, case, event)] if event.attachments or event.place != Place() else []
