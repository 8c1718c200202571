"""Facts and cells by values alone: any order, any repetition, any batches, the same figures."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from services.reporting.domain import facts
from services.reporting.domain.facts import Standing
from services.reporting.domain.known import CaseFact
from shared.contracts import CaseEvent, Message, Outcome
from tests.builders import (
    AT,
    a_case_accepted,
    a_case_assigned,
    a_case_closed,
    a_case_forwarded,
    a_case_gathered,
    a_case_progressed,
    a_case_reopened,
    a_case_returned,
    a_case_separated,
    a_contact_registered,
)
from tests.reporting.lives import a_life, an_old_case, case_of

ISTANBUL = ZoneInfo("Europe/Istanbul")


def counted(batches: Sequence[Sequence[Message]]) -> tuple[dict[UUID, CaseFact], Counter[Standing]]:
    """What the handler does, without its tables."""
    known: dict[UUID, CaseFact] = {}
    standings: Counter[Standing] = Counter()
    for batch in batches:
        after = facts.fold_all(known, batch, ISTANBUL)
        for standing, count in facts.moves(known, after).items():
            standings[standing] += count
        known |= after
    return known, Counter({standing: count for standing, count in standings.items() if count})


@settings(max_examples=200, deadline=None)
@given(
    seeds=st.lists(st.integers(0, 10_000), min_size=1, max_size=4, unique=True),
    chance=st.randoms(),
    size=st.integers(1, 9),
)
def test_any_permutation_and_repetition_gives_the_same_facts_and_cells(
    seeds: list[int], chance: random.Random, size: int
) -> None:
    events = [event for seed in seeds for event in (*a_life(seed), an_old_case(seed))]
    expected = counted([events])
    again = events + chance.choices(events, k=len(events))
    chance.shuffle(again)

    assert counted([again[at : at + size] for at in range(0, len(again), size)]) == expected


@given(st.lists(st.integers(0, 10_000), max_size=20, unique=True))
def test_the_cells_sum_to_the_cases(seeds: list[int]) -> None:
    known, cells = counted([[event] for seed in seeds for event in a_life(seed)])

    assert cells.total() == len(known) == len(seeds)
    assert all(count > 0 for count in cells.values())


def test_a_case_is_counted_once_its_opening_is_known_and_by_its_local_day() -> None:
    late = AT.replace(hour=22, minute=30)
    contact = a_contact_registered(occurred_at=late)
    closing = a_case_closed(case_id=contact.cases[0].case_id, occurred_at=late)
    known, cells = counted([[closing]])
    assert cells.total() == 0
    assert known[closing.case_id].state == "closed"

    _, cells = counted([[closing], [contact]])
    [(cell, *_)] = cells
    assert (cell.day.day, cell.state, cell.outcome) == (late.day + 1, "closed", "solved")


def test_a_reopened_case_is_no_longer_resolved_until_it_is_closed_again() -> None:
    contact = a_contact_registered()
    case = {"case_id": contact.cases[0].case_id}
    closing, again = a_case_closed(**case, version=3), a_case_closed(**case, version=6, outcome=Outcome.ANSWERED)
    reopening = [a_case_reopened(**case, version=4), a_case_assigned(**case, version=5)]
    known, open_again = counted([[contact, closing], reopening])
    _, resolved = counted([[again], [contact, closing], reopening])

    assert [(case.cell.state, case.cell.outcome) for case in open_again] == [("routed", "")]
    assert known[case["case_id"]].closed_at is None
    assert [(case.cell.state, case.cell.outcome) for case in resolved] == [("closed", "answered")]
    assert open_again.total() == resolved.total() == 1


def test_an_older_step_changes_no_state() -> None:
    life = a_life(3)
    known, _ = counted([life, life[1:2]])

    assert known[case_of(life)] == counted([life])[0][case_of(life)]


def fact_of(*events: CaseEvent) -> CaseFact:
    """The fact of one case, whatever order its steps come in."""
    [forward] = facts.fold_all({}, events, ISTANBUL).values()
    [backward] = facts.fold_all({}, events[::-1], ISTANBUL).values()
    assert forward == backward
    return forward


CASE = {"case_id": a_case_assigned().case_id}
HOUR = timedelta(hours=1)


def test_waiting_for_the_citizen_moves_the_target_and_another_assignment_sets_it_anew() -> None:
    assigned = a_case_assigned(**CASE, due_at=AT + HOUR)
    moved = a_case_progressed(**CASE, version=4, due_at=AT + 3 * HOUR)
    again = a_case_assigned(**CASE, version=6, due_at=None)

    assert fact_of(assigned, moved, a_case_progressed(**CASE, version=5)).due_at == AT + 3 * HOUR
    assert fact_of(assigned, moved, again).due_at is None


def test_a_citizen_is_answered_by_the_first_step_they_are_told_of_and_not_by_work_on_it() -> None:
    accepted = a_case_accepted(**CASE, occurred_at=AT)
    progressed = a_case_progressed(**CASE, version=4, occurred_at=AT + HOUR)
    forwarded = a_case_forwarded(**CASE, version=5, occurred_at=AT + 2 * HOUR)
    closed = a_case_closed(**CASE, version=6, occurred_at=AT + 3 * HOUR)

    assert fact_of(accepted, progressed).answered_at is None
    assert fact_of(accepted, progressed, forwarded, closed).answered_at == AT + 2 * HOUR


def test_returns_and_reopenings_are_counted_once_each() -> None:
    returned = [a_case_returned(**CASE, version=version) for version in (3, 5, 3)]
    reopened = [a_case_reopened(**CASE, version=version, times=times) for version, times in ((7, 1), (9, 2))]

    assert (fact_of(*returned).returns, fact_of(*reopened).reopened) == (2, 2)


def test_a_case_is_a_duplicate_while_it_follows_another() -> None:
    gathered, separated = a_case_gathered(**CASE, version=3), a_case_separated(**CASE, version=4)

    assert fact_of(gathered).duplicate
    assert not fact_of(gathered, separated).duplicate


def test_a_closed_case_is_on_time_by_its_target_and_by_the_law() -> None:
    closed = a_case_closed(**CASE, version=3, occurred_at=AT + 2 * HOUR)
    fact = fact_of(a_case_assigned(**CASE, due_at=AT + HOUR, legal_due_at=AT + 2 * HOUR), closed)

    assert (fact.on_time, fact.legal_on_time) == (False, True)
    assert fact_of(a_case_assigned(**CASE, due_at=AT + HOUR)).on_time is None


def test_what_another_system_says_of_being_on_time_is_believed() -> None:
    old = an_old_case(1).model_copy(update={"on_time": True, "due_at": None})
    [fact] = facts.fold_all({}, [old], ISTANBUL).values()

    assert (fact.on_time, fact.counts().due, fact.source) == (True, 1, "records")
