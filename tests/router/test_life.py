"""The life of a case, by values alone: whatever owners answer, repeat or tell too late."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.router.domain import life
from services.router.domain.assignment import STEPS, UNDER_WAY, Assignment, AssignmentState, Ended, Step, move
from services.router.domain.life import ALLOWED, MOVES, RETURNS_MAX, Case, Move, Verdict
from services.router.domain.silence import silent
from services.router.handlers.answering import Answerer
from services.router.handlers.ground import Ground
from services.router.handlers.recording import Recorder
from services.router.handlers.telling import Offerer
from shared.contracts import (
    Answer,
    CaseAssigned,
    CaseEvent,
    CaseForwarded,
    CaseReturned,
    CaseState,
    Channel,
    Outcome,
    OwnerKind,
    ReturnReason,
)
from shared.municipality import Municipality
from tests.builders import (
    AT,
    a_closing,
    a_decision,
    a_progress,
    a_question,
    a_return,
    an_acceptance,
    an_id,
)
from tests.router.conftest import ilkadim

CENTRE = "cozum-merkezi"
OWNERS = {
    "temizlik-isleri": OwnerKind.DEPARTMENT,
    "fen-isleri": OwnerKind.DEPARTMENT,
    "saski": OwnerKind.INSTITUTION,
    CENTRE: OwnerKind.CENTRE,
}


def an_answerer() -> Answerer:
    """Answers need no knowledge of topics."""
    ground = Ground(ilkadim(), None)  # type: ignore[arg-type]
    return Answerer(ground, Recorder(Offerer(ground)))


def a_case(**changed: Any) -> Case:
    case_id = changed.get("id") or an_id()
    default: dict[str, Any] = {
        "id": case_id,
        "number": "482-715-936",
        "version": 2,
        "state": CaseState.ROUTED,
        "owner": "temizlik-isleri",
        "owner_kind": OwnerKind.DEPARTMENT,
        "assignment_id": life.assignment_id(case_id, AT, 2),
        "opened_at": AT,
        "lane": "routine",
        "contact_id": an_id(),
        "person_id": an_id(),
        "channel": Channel.WHATSAPP,
        "account": "main",
        "language": "tr",
        "trace_id": "t",
    }
    return Case(**default | changed)


def about(case: Case) -> dict[str, Any]:
    return {"case_id": case.id, "assignment_id": case.assignment_id, "owner": case.owner}


def after(case: Case, *answers: Answer) -> tuple[Case, list[CaseEvent]]:
    """The case after answers, each allowed, and all facts of them."""
    facts: list[CaseEvent] = []
    for answer in answers:
        assert an_answerer().objection(case, answer) is None
        case, steps = an_answerer().apply(case, answer)
        facts += steps
    return case, facts


def test_a_department_that_accepts_has_it() -> None:
    case = a_case()
    accepted, [fact] = after(case, an_acceptance(**about(case)))

    assert (accepted.state, accepted.version) == (CaseState.ACCEPTED, 3)
    assert (fact.state, fact.version, fact.outcome) == (CaseState.ACCEPTED, 3, None)


def test_an_institution_that_accepts_makes_it_forwarded() -> None:
    case = a_case(owner="saski", owner_kind=OwnerKind.INSTITUTION)
    accepted, [fact] = after(case, an_acceptance(**about(case)))

    assert isinstance(fact, CaseForwarded)
    assert (accepted.state, accepted.outcome) == (CaseState.WAITING_INSTITUTION, Outcome.FORWARDED)


def test_a_returned_case_goes_to_the_proposal() -> None:
    case = a_case()
    returned, [given_back, assigned] = after(case, a_return(**about(case), proposal="fen-isleri"))

    assert isinstance(given_back, CaseReturned)
    assert (given_back.returned_by, given_back.version) == ("temizlik-isleri", 3)
    assert isinstance(assigned, CaseAssigned)
    assert (assigned.owner, assigned.version, assigned.automatic) == ("fen-isleri", 4, False)
    assert (returned.state, returned.returns, returned.outcome) == (CaseState.ROUTED, 1, None)
    assert returned.assignment_id != case.assignment_id


def test_a_case_that_would_bounce_back_to_who_returned_it_goes_to_a_person() -> None:
    case = a_case()
    at_second, _ = after(case, a_return(**about(case), proposal="fen-isleri"))
    bounced, [_, assigned] = after(at_second, a_return(**about(at_second), proposal="temizlik-isleri"))

    assert at_second.owner == "fen-isleri"
    assert (bounced.owner, bounced.returns) == (CENTRE, 2)
    assert isinstance(assigned, CaseAssigned)
    assert assigned.owner_kind is OwnerKind.CENTRE


def test_what_a_person_decided_after_two_returns_comes_back_to_a_person_whatever_is_proposed() -> None:
    case = a_case(owner=CENTRE, owner_kind=OwnerKind.CENTRE, returns=RETURNS_MAX)
    decided, _ = after(case, a_decision(**about(case), decided_owner="fen-isleri"))
    returned, _ = after(decided, a_return(**about(decided), proposal="temizlik-isleri"))

    assert (decided.owner, returned.owner) == ("fen-isleri", CENTRE)


def test_a_case_whose_topic_the_municipality_no_longer_has_is_decided_all_the_same() -> None:
    case = a_case(owner=CENTRE, owner_kind=OwnerKind.CENTRE, topic="gone", due_at=AT)
    decided, _ = after(case, a_decision(**about(case), decided_owner="fen-isleri"))

    assert (decided.owner, decided.due_at) == ("fen-isleri", AT)


@pytest.mark.parametrize("proposal", [None, "temizlik-isleri", "nobody"])
def test_a_returned_case_without_a_good_proposal_goes_to_the_solution_centre(proposal: str | None) -> None:
    case = a_case()
    returned, _ = after(case, a_return(**about(case), proposal=proposal))

    assert (returned.owner, returned.owner_kind) == (CENTRE, OwnerKind.CENTRE)


def test_after_the_second_return_a_person_decides() -> None:
    case = a_case()
    once, _ = after(case, a_return(**about(case), proposal="fen-isleri"))
    twice, _ = after(once, a_return(**about(once), proposal="park-bahceler"))

    assert twice.owner == CENTRE


def test_the_solution_centre_decides_owner_topic_and_due_time(place: Municipality) -> None:
    topic = place.topics[0]
    case = a_case(owner=CENTRE, owner_kind=OwnerKind.CENTRE)
    decided, [fact] = after(case, a_decision(**about(case), decided_owner="fen-isleri", topic=topic.code, by="deniz"))

    assert isinstance(fact, CaseAssigned)
    assert (fact.owner, fact.topic, fact.decided_by) == ("fen-isleri", topic.code, "desk:deniz")
    assert decided.due_at is not None
    assert decided.due_at > AT - timedelta(seconds=1)


@pytest.mark.parametrize(
    "wrong", [{"decided_owner": "nobody"}, {"topic": "no-such-topic"}, {"neighbourhood": "no such place"}]
)
def test_a_decision_for_what_nobody_knows_is_not_allowed(wrong: dict[str, str]) -> None:
    case = a_case(owner=CENTRE, owner_kind=OwnerKind.CENTRE)

    assert an_answerer().objection(case, a_decision(**about(case), **wrong)) not in (None, Verdict.STALE)


def test_a_department_decides_nothing() -> None:
    case = a_case()

    assert life.judge(case, a_decision(**about(case))) is Verdict.REFUSED


ANSWERS = [an_acceptance, a_progress, a_question, a_return, a_closing, a_decision]


@pytest.mark.parametrize("answer", ANSWERS)
def test_somebody_else_s_answer_is_refused(answer: Any) -> None:
    case = a_case()

    assert life.judge(case, answer(**about(case) | {"owner": "fen-isleri"})) is Verdict.REFUSED


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_about_an_earlier_assignment_is_late(answer: Any) -> None:
    case = a_case()

    assert life.judge(case, answer(**about(case) | {"assignment_id": an_id()})) is Verdict.STALE


@pytest.mark.parametrize("answer", ANSWERS)
def test_nothing_moves_a_closed_case(answer: Any) -> None:
    case = a_case(state=CaseState.CLOSED, outcome=Outcome.SOLVED)

    assert life.judge(case, answer(**about(case))) is not None


def test_a_repeated_receipt_or_closing_is_only_a_repetition() -> None:
    case = a_case()
    accepted, _ = after(case, an_acceptance(**about(case)))
    closed, _ = after(accepted, a_closing(**about(accepted)))

    assert life.judge(accepted, an_acceptance(**about(accepted))) is Verdict.REPEATED
    assert life.judge(closed, a_closing(**about(closed))) is Verdict.REPEATED
    assert life.judge(closed, a_closing(**about(closed), outcome=Outcome.REJECTED)) is Verdict.REFUSED


@pytest.mark.parametrize("because", [reason for reason in ReturnReason if reason is not ReturnReason.NOT_OURS])
def test_what_comes_back_unanswered_goes_to_a_person_and_is_no_return(because: ReturnReason) -> None:
    case = a_case(owner="saski", owner_kind=OwnerKind.INSTITUTION)
    returned, [fact, _] = after(case, a_return(**about(case), because=because, proposal="fen-isleri"))

    assert (returned.owner, returned.returns) == (CENTRE, 0)
    assert isinstance(fact, CaseReturned)
    assert fact.because is because


def test_an_answer_given_before_a_question_was_seen_is_overtaken() -> None:
    case = a_case()
    asked, _ = after(case, a_question(**about(case), seen_version=case.version))

    assert life.judge(asked, a_closing(**about(asked), seen_version=case.version)) is Verdict.OVERTAKEN
    assert life.judge(asked, a_closing(**about(asked), seen_version=asked.version)) is None
    assert life.judge(asked, a_closing(**about(asked))) is None


def test_a_receipt_and_a_note_overtake_nothing() -> None:
    case = a_case()
    worked_on, _ = after(case, an_acceptance(**about(case)), a_progress(**about(case)))

    assert life.judge(worked_on, a_closing(**about(case), seen_version=case.version)) is None


def test_what_a_citizen_answers_overtakes_nothing() -> None:
    case = a_case()
    asked, _ = after(case, a_question(**about(case)))
    resumed = life.resume(asked)

    assert life.judge(resumed, a_closing(**about(resumed), seen_version=asked.version)) is None


def test_a_case_is_closed_with_a_text() -> None:
    with pytest.raises(life.Forbidden, match="text"):
        life.close(a_case(), Outcome.SOLVED, "  ")


@pytest.mark.parametrize("state", list(CaseState))
@pytest.mark.parametrize("kind", list(Move))
def test_every_move_from_every_state_is_allowed_by_the_table_or_forbidden(kind: Move, state: CaseState) -> None:
    case, rule = a_case(state=state), MOVES[kind]
    if state in rule.starts:
        moved = made(kind, case)
        assert (moved.state, moved.version) == (rule.ends or state, case.version + 1)
    else:
        with pytest.raises(life.Forbidden):
            made(kind, case)


def made(kind: Move, case: Case) -> Case:
    """The case after a move of that name."""
    institution = {"owner": "saski", "owner_kind": OwnerKind.INSTITUTION}
    makers: dict[Move, Callable[[], Case]] = {
        Move.ASSIGN: lambda: life.assign(case, "fen-isleri", OwnerKind.DEPARTMENT, None, None),
        Move.ACCEPT: lambda: life.accept(case),
        Move.FORWARD: lambda: life.accept(replace(case, **institution)),
        Move.PROGRESS: lambda: life.progress(case),
        Move.ASK: lambda: life.ask(case, AT),
        Move.RESUME: lambda: life.resume(case),
        Move.RETURN: lambda: life.give_back(case, ReturnReason.NOT_OURS),
        Move.CLOSE: lambda: life.close(case, Outcome.SOLVED, "Bitti."),
        Move.REOPEN: lambda: life.reopen(case, AT),
        Move.GATHER: lambda: life.gather(case, a_case()),
        Move.SEPARATE: lambda: life.separate(case),
    }
    return makers[kind]()


@pytest.mark.parametrize(
    ("reopened", "owner", "goes_to"),
    [(0, "fen-isleri", "fen-isleri"), (1, "fen-isleri", CENTRE), (0, "no-longer-there", CENTRE), (0, "saski", "saski")],
)
def test_a_reopened_case_goes_to_the_owner_it_had_the_first_time_alone(reopened: int, owner: str, goes_to: str) -> None:
    case = a_case(state=CaseState.CLOSED, outcome=Outcome.SOLVED, reopened=reopened, owner=owner)

    assert life.reopened_for(case, OWNERS, CENTRE) == goes_to


@pytest.mark.parametrize(
    ("state", "hours", "is_silent"),
    [
        (CaseState.WAITING_CITIZEN, 7 * 24, True),
        (CaseState.WAITING_CITIZEN, 7 * 24 - 1, False),
        (CaseState.IN_PROGRESS, 700, False),
        (CaseState.CLOSED, 700, False),
    ],
)
def test_a_citizen_is_silent_after_so_many_days_while_the_case_waits(
    state: CaseState, hours: int, is_silent: bool
) -> None:
    assert silent(a_case(state=state), AT, AT + timedelta(hours=hours), 7) is is_silent


@pytest.mark.parametrize("step", list(Step))
@pytest.mark.parametrize("state", list(AssignmentState))
def test_an_assignment_moves_until_it_ended_and_never_after(state: AssignmentState, step: Step) -> None:
    work = Assignment(an_id(), "fen-isleri", state)
    if state in UNDER_WAY:
        assert move(work, step).state is STEPS[step][1]
    else:
        with pytest.raises(Ended):
            move(work, step)


def test_the_same_answer_to_the_same_case_gives_the_very_same_facts() -> None:
    case = a_case()
    answer = a_return(**about(case), proposal="fen-isleri")

    assert after(case, answer) == after(case, answer)


class Life(RuleBasedStateMachine):
    """Owners answer at random: rightly, late, in another's name, again."""

    def __init__(self) -> None:
        super().__init__()
        self.answerer = an_answerer()
        self.said: list[Answer] = []

    @initialize(owner=st.sampled_from(sorted(OWNERS)))
    def open(self, owner: str) -> None:
        self.case = a_case(owner=owner, owner_kind=OWNERS[owner])
        self.first = self.case
        self.facts: list[CaseEvent] = []
        self.assignments = [about(self.case)]

    @rule(
        make=st.sampled_from(ANSWERS),
        newest=st.integers(0, 3),
        foreign=st.integers(0, 9),
        other=st.sampled_from([*sorted(OWNERS), "nobody"]),
        outcome=st.sampled_from(list(Outcome)),
    )
    def answer(self, make: Any, newest: int, foreign: int, other: str, outcome: Outcome) -> None:
        chosen = dict(self.assignments[-1] if newest else self.assignments[0])
        if foreign == 0:
            chosen["owner"] = other
        more: dict[str, Any] = {}
        if make is a_return:
            more["proposal"] = other
        if make is a_decision:
            more["decided_owner"] = other
        if make is a_closing:
            more["outcome"] = outcome
        self.take(make(**chosen, **more))

    @precondition(lambda self: self.said)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        self.take(data.draw(st.sampled_from(self.said)))

    def take(self, answer: Answer) -> None:
        self.said.append(answer)
        before = self.case
        reason = self.answerer.objection(before, answer)
        if reason:
            return
        assert answer.assignment_id == before.assignment_id
        assert answer.owner == before.owner
        assert before.state in ALLOWED[type(answer)]
        self.case, steps = self.answerer.apply(before, answer)
        assert [fact.version for fact in steps] == list(range(before.version + 1, self.case.version + 1))
        self.facts += steps
        if self.case.assignment_id != before.assignment_id:
            self.assignments.append(about(self.case))

    @invariant()
    def versions_have_no_gap(self) -> None:
        assert [fact.version for fact in self.facts] == list(range(3, self.case.version + 1))
        assert len({fact.id for fact in self.facts}) == len(self.facts)

    @invariant()
    def history_folds_to_the_case(self) -> None:
        if self.facts:
            last = self.facts[-1]
            told = (last.version, last.state, last.outcome, last.owner, last.owner_kind)
            case = self.case
            assert told == (case.version, case.state, case.outcome, case.owner, case.owner_kind)

    @invariant()
    def somebody_owns_it(self) -> None:
        assert self.case.owner in self.answerer.ground.kinds
        assert self.case.owner_kind is self.answerer.ground.kinds[self.case.owner]
        assert self.case.state is not CaseState.RECEIVED

    @invariant()
    def an_outcome_stands_where_it_may(self) -> None:
        if self.case.state is CaseState.CLOSED:
            assert self.case.outcome is not None
        if self.case.state in (CaseState.ROUTED, CaseState.ACCEPTED):
            assert self.case.outcome is None

    @invariant()
    def a_person_decides_after_so_many_returns(self) -> None:
        for position, fact in enumerate(self.facts):
            if isinstance(fact, CaseAssigned) and fact.decided_by.startswith("return:"):
                returns = sum(isinstance(earlier, CaseReturned) for earlier in self.facts[:position])
                assert returns < RETURNS_MAX or fact.owner_kind is OwnerKind.CENTRE

    @invariant()
    def a_closed_case_stays_closed(self) -> None:
        closed = [position for position, fact in enumerate(self.facts) if fact.state is CaseState.CLOSED]
        assert closed in ([], [len(self.facts) - 1])


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
