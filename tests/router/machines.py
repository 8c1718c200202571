"""Cases of the router in memory: what happens to them goes through the handlers' own decisions and is remembered."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from services.router.domain import assignment, following, life
from services.router.domain.assignment import UNDER_WAY, AssignmentState
from services.router.domain.facts import common
from services.router.domain.gathering import entrust
from services.router.domain.life import MOVES, RETURNS_MAX, Case, Move
from services.router.domain.moves import Moves
from services.router.domain.replaying import replay
from services.router.domain.silence import go_on, silent
from services.router.handlers.answering import Answerer
from services.router.handlers.ground import Ground
from services.router.handlers.joining import Joiner, Said
from services.router.handlers.recording import Recorder
from services.router.handlers.telling import Offerer
from shared.contracts import (
    Answer,
    AssignmentClosed,
    AssignmentDecided,
    CaseAccepted,
    CaseAsked,
    CaseAssigned,
    CaseClosed,
    CaseEvent,
    CaseForwarded,
    CaseGathered,
    CaseOpened,
    CaseProgressed,
    CaseReopened,
    CaseReturned,
    CaseSeparated,
    CaseState,
    Outcome,
    OwnerKind,
    ReturnReason,
)
from tests.builders import a_case_opened
from tests.router.conftest import ilkadim

CENTRE = "cozum-merkezi"
OWNERS = {
    "temizlik-isleri": OwnerKind.DEPARTMENT,
    "fen-isleri": OwnerKind.DEPARTMENT,
    "saski": OwnerKind.INSTITUTION,
    CENTRE: OwnerKind.CENTRE,
}
SILENT_DAYS = 7
# Which moves a fact may tell of; a progress is told by its owner, or after waiting for the citizen.
TELLS = {
    CaseAssigned: (Move.ASSIGN,),
    CaseAccepted: (Move.ACCEPT,),
    CaseForwarded: (Move.FORWARD,),
    CaseProgressed: (Move.PROGRESS, Move.RESUME),
    CaseAsked: (Move.ASK,),
    CaseReturned: (Move.RETURN,),
    CaseClosed: (Move.CLOSE,),
    CaseReopened: (Move.REOPEN,),
    CaseGathered: (Move.GATHER,),
    CaseSeparated: (Move.SEPARATE,),
}


@dataclass
class World:
    """All cases, what was told of each, and what owners were offered and told to stop."""

    cases: dict[UUID, Case] = field(default_factory=dict)
    opened: dict[UUID, CaseOpened] = field(default_factory=dict)
    histories: dict[UUID, list[CaseEvent]] = field(default_factory=dict)
    offers: dict[UUID, Case] = field(default_factory=dict)
    ended: set[UUID] = field(default_factory=set)
    ended_themselves: set[UUID] = field(default_factory=set)
    fates: list[tuple[Answer, str | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        ground = Ground(ilkadim(), None)  # type: ignore[arg-type]  # no case is decided by its text here
        self.answerer = Answerer(ground, Recorder(Offerer(ground)))
        self.joiner = Joiner(ground, Recorder(Offerer(ground)))

    def open(self, owner: str, into: Case | None = None) -> Case:
        """A case of that owner; or one that goes with another from the start."""
        event = a_case_opened()
        case = Case(
            id=event.case_id,
            number=event.number,
            version=2,
            state=CaseState.ROUTED,
            owner=owner,
            owner_kind=OWNERS[owner],
            assignment_id=life.assignment_id(event.case_id, event.occurred_at, 2),
            opened_at=event.occurred_at,
            lane=event.lane,
            contact_id=event.contact_id,
            person_id=event.person_id,
            channel=event.channel,
            account=event.account,
            language=event.language,
            trace_id=event.trace_id,
            changed_version=2,
        )
        case = entrust(case, into) if into else case
        self.opened[case.id], self.histories[case.id] = event, []
        self._keep([_assigned(case, event)])
        if into:
            case, facts = following.gather(case, into, event, 2, 0.9, "router")
            self._keep(facts)
        else:
            self.offers[case.assignment_id] = case
        self.cases[case.id] = case
        return case

    def answer(self, *answers: Answer) -> None:
        """Owners answer, all of it in one batch."""
        moves = Moves(dict(self.cases))
        for said in answers:
            facts = len(moves.facts)
            reason = self.answerer.answer(moves, said)
            self.fates.append((said, reason))
            assert (len(moves.facts) > facts) is (reason is None)
            if reason is None and isinstance(said, AssignmentDecided | AssignmentClosed):
                self.ended_themselves.add(said.assignment_id)
        self._take(moves)

    def hear(self, *events: Said) -> None:
        """Citizens say something of cases that are there, all of it in one batch."""
        moves = Moves(dict(self.cases))
        for event in events:
            self.joiner.hear(moves, moves.cases[event.case_id], event)
        self._take(moves)

    def wait(self, now: datetime) -> None:
        """Time passes, and citizens were silent."""
        moves = Moves(dict(self.cases))
        for case in self.cases.values():
            if silent(case, case.asked_at, now, SILENT_DAYS):
                moved, fact = go_on(case, now)
                moves.note(moved, [fact])
        self._take(moves)
        assert not any(
            case.asked_at and now - case.asked_at >= timedelta(days=SILENT_DAYS) for case in self.cases.values()
        )

    def check(self) -> None:
        """Nothing forbidden came about, nothing was lost, and every case is what its history tells."""
        for case in self.cases.values():
            history = self.histories[case.id]
            assert replay(self.opened[case.id], history) == case
            _check_moves(history)
            _check_state(case)
            _check_people_decide(history)
            self._check_incident(case)
            self._check_work(case)
        ids = [fact.id for history in self.histories.values() for fact in history]
        assert len(set(ids)) == len(ids)

    def _take(self, moves: Moves) -> None:
        self._keep(moves.facts)
        self.cases = moves.cases
        self.ended |= {ended.assignment_id for _, ended in moves.ended}
        for fact, _, _ in moves.offers():
            assert fact.assignment_id == self.cases[fact.case_id].assignment_id
            self.offers[fact.assignment_id] = self.cases[fact.case_id]

    def _keep(self, facts: Iterable[CaseEvent]) -> None:
        for fact in facts:
            self.histories[fact.case_id].append(fact)

    def _check_incident(self, case: Case) -> None:
        if case.head_id is None:
            return
        head = self.cases[case.head_id]
        assert head.head_id is None
        assert head.id != case.id
        if case.is_open:
            assert head.is_open
            assert head.owner == case.owner

    def _check_work(self, case: Case) -> None:
        """Open work was offered to its owner, and whoever was offered what is over ended it or was told."""
        found = assignment.assignments(self.histories[case.id])
        if case.head_id is None:
            last = found[-1]
            assert (last.id, last.owner) == (case.assignment_id, case.owner)
            assert (last.state in UNDER_WAY) is case.is_open
            assert not case.is_open or self.offers[case.assignment_id].owner == case.owner
        for over in found:
            if over.id in self.offers and over.state in (AssignmentState.MOVED, AssignmentState.WITHDRAWN):
                assert over.id in self.ended | self.ended_themselves


def _assigned(case: Case, event: CaseOpened) -> CaseAssigned:
    told = {name: getattr(case, name) for name in ("contact_id", "person_id", "channel", "account", "language", "lane")}
    return CaseAssigned(
        **common(case, event),
        **told,
        assignment_id=case.assignment_id,
        opened_at=case.opened_at,
        topic=case.topic,
        confidence=1,
        automatic=True,
    )


def _check_moves(history: list[CaseEvent]) -> None:
    """Every step is one that the life of a case knows; versions have no gap."""
    assert [fact.version for fact in history] == list(range(2, len(history) + 2))
    state = CaseState.RECEIVED
    for fact in history:
        rules = [MOVES[move] for move in TELLS[type(fact)]]
        assert any(state in rule.starts and fact.state is (rule.ends or state) for rule in rules)
        assert not isinstance(fact, CaseClosed) or fact.answer.strip()
        state = fact.state


def _check_state(case: Case) -> None:
    assert case.state is not CaseState.RECEIVED
    assert case.owner in OWNERS or case.owner in {owner.code for owner in ilkadim().departments}
    assert case.is_open or case.outcome is not None
    assert case.outcome in (None, Outcome.FORWARDED) or not case.is_open
    assert (case.asked_at is not None) is (case.state is CaseState.WAITING_CITIZEN)


def _check_people_decide(history: list[CaseEvent]) -> None:
    """After so many returns, after a second reopening, and when it came back unanswered; a report goes where it led."""
    returns = reopened = 0
    follows = False
    for before, fact in pairwise(history):
        returns += isinstance(fact, CaseReturned) and fact.because is ReturnReason.NOT_OURS
        reopened += isinstance(fact, CaseReopened)
        follows = isinstance(fact, CaseGathered) or (follows and not isinstance(fact, CaseSeparated | CaseReopened))
        if not isinstance(fact, CaseAssigned) or fact.owner_kind is OwnerKind.CENTRE or follows:
            continue
        if isinstance(before, CaseReturned):
            assert returns < RETURNS_MAX
            assert before.because is ReturnReason.NOT_OURS
        if isinstance(before, CaseReopened):
            assert reopened == 1
