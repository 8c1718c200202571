"""The machines by random commands: repeated, reordered, late, in others' names, over incidents, after silence."""

from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.router.domain.life import Case, Verdict
from shared.contracts import Answer, CaseState, Outcome, ReopenedBy, ReturnReason
from tests.builders import (
    AT,
    a_closing,
    a_contact_joined,
    a_decision,
    a_gathering,
    a_progress,
    a_question,
    a_reopening_asked,
    a_return,
    a_separation,
    a_withdrawal_asked,
    an_acceptance,
)
from tests.router.machines import OWNERS, World

owners = st.sampled_from(sorted(OWNERS))
anyone = st.integers(0, 50)
strangers = st.integers(0, 9)
STRANGERS = 9
CASES_MAX = 9


class Machines(RuleBasedStateMachine):
    """Owners and citizens do whatever they like; `said` are answers that come again."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.said: list[Answer] = []
        self.kept: list[Answer] = []
        self.now = AT

    @initialize(owner=owners, reports=st.integers(0, 3), other=owners)
    def begin(self, owner: str, reports: int, other: str) -> None:
        """An incident of some reports, a case of the same owner, and another."""
        head = self.world.open(owner)
        for _ in range(reports):
            self.world.open(owner, head)
        self.world.open(owner)
        self.world.open(other)

    @precondition(lambda self: len(self.world.cases) < CASES_MAX)
    @rule(owner=owners, number=anyone, goes_along=st.booleans())
    def open(self, owner: str, number: int, goes_along: bool) -> None:
        head = self._case(number)
        if head.head_id is None and head.is_open and goes_along:
            self.world.open(head.owner, head)
        else:
            self.world.open(owner)

    @rule(number=anyone, seen=st.booleans(), foreign=strangers)
    def accept(self, number: int, seen: bool, foreign: int) -> None:
        self._answer(an_acceptance, number, seen, foreign)

    @rule(number=anyone, seen=st.booleans(), foreign=strangers)
    def progress(self, number: int, seen: bool, foreign: int) -> None:
        self._answer(a_progress, number, seen, foreign)

    @rule(number=anyone, seen=st.booleans(), foreign=strangers)
    def ask(self, number: int, seen: bool, foreign: int) -> None:
        self._answer(a_question, number, seen, foreign)

    @rule(number=anyone, seen=st.booleans(), because=st.sampled_from(list(ReturnReason)), proposal=owners)
    def give_back(self, number: int, seen: bool, because: ReturnReason, proposal: str) -> None:
        self._answer(a_return, number, seen, because=because, proposal=proposal)

    @rule(number=anyone, seen=st.booleans(), outcome=st.sampled_from(list(Outcome)))
    def close(self, number: int, seen: bool, outcome: Outcome) -> None:
        self._answer(a_closing, number, seen, outcome=outcome)

    @rule(number=anyone, seen=st.booleans(), owner=owners)
    def decide(self, number: int, seen: bool, owner: str) -> None:
        self._answer(a_decision, number, seen, decided_owner=owner)

    @rule(number=anyone, other=anyone)
    def gather(self, number: int, other: int) -> None:
        self._answer(a_gathering, number, into=self._case(other).id)

    @rule(number=anyone)
    def gather_with_one_of_the_same_owner(self, number: int) -> None:
        alike = [case for case in self.world.cases.values() if case.owner == self._case(number).owner and case.is_open]
        if len(alike) > 1:
            one, other = alike[number % len(alike)], alike[(number + 1) % len(alike)]
            about = {"case_id": one.id, "assignment_id": one.assignment_id, "owner": one.owner}
            self.world.answer(a_gathering(**about, into=other.id))

    @rule(number=anyone)
    def separate(self, number: int) -> None:
        reports = [case for case in self.world.cases.values() if case.head_id is not None]
        if reports:
            report = reports[number % len(reports)]
            head = self.world.cases[report.head_id or report.id]
            about = {"case_id": head.id, "assignment_id": head.assignment_id, "owner": head.owner}
            self.world.answer(a_separation(**about, separate=head.id if number % 3 == 0 else report.id))

    @rule(number=anyone, make=st.sampled_from([an_acceptance, a_question, a_return, a_closing]))
    def answer_what_goes_with_another_by_now(self, number: int, make: Any) -> None:
        reports = [case for case in self.world.cases.values() if case.head_id is not None]
        if reports:
            report = reports[number % len(reports)]
            answer = make(case_id=report.id, assignment_id=report.assignment_id, owner=report.owner)
            self.world.answer(answer)

            assert self.world.fates[-1] == (answer, Verdict.STALE)

    @precondition(lambda self: self.said)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        self.world.answer(data.draw(st.sampled_from(self.said)))

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def come_late_and_in_another_order(self, data: st.DataObject) -> None:
        self.world.answer(*data.draw(st.permutations(self.kept)))
        self.kept = []

    @rule(number=anyone)
    def add(self, number: int) -> None:
        self.world.hear(a_contact_joined(case_id=self._case(number).id))

    @rule(number=anyone, by=st.sampled_from([ReopenedBy.CITIZEN, ReopenedBy.PERSON]))
    def reopen(self, number: int, by: ReopenedBy) -> None:
        self.world.hear(a_reopening_asked(case_id=self._case(number).id, by=by))

    @rule(number=anyone)
    def withdraw(self, number: int) -> None:
        case = self._case(number)
        self.world.hear(a_withdrawal_asked(case_id=case.id))

        assert self.world.cases[case.id].state is CaseState.CLOSED

    @rule(one=anyone, other=anyone)
    def withdraw_and_reopen_at_once(self, one: int, other: int) -> None:
        first, second = self._case(one), self._case(other)
        self.world.hear(a_withdrawal_asked(case_id=first.id), a_reopening_asked(case_id=second.id))

    @rule(days=st.integers(1, 10))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)
        self.world.wait(self.now)

    @invariant()
    def everything_holds(self) -> None:
        self.world.check()

    def _case(self, number: int) -> Case:
        cases = list(self.world.cases.values())
        return cases[number % len(cases)]

    def _answer(self, make: Any, number: int, seen: bool = False, foreign: int = 0, **more: Any) -> None:
        """To one of all offers there ever were, maybe in another's name; every fourth answer is kept for later."""
        offers = list(self.world.offers.items())
        assignment_id, offered = offers[number % len(offers)]
        owner = "zabita" if foreign == STRANGERS else offered.owner
        version = {"seen_version": offered.version} if seen else {}
        answer = make(case_id=offered.id, assignment_id=assignment_id, owner=owner, **version, **more)
        self.said.append(answer)
        if number % 4 == 3:
            self.kept.append(answer)
        else:
            self.world.answer(answer)


TestMachines = Machines.TestCase
TestMachines.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
