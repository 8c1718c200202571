"""Facts and cells by values alone: any order, any repetition, any batches, the same figures."""

import random
from collections import Counter
from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from services.reporting.domain import facts
from services.reporting.domain.facts import CaseFact, Cell
from shared.contracts import Message, Outcome
from tests.builders import AT, a_case_assigned, a_case_closed, a_case_reopened, a_contact_registered
from tests.reporting.lives import a_life, case_of

ISTANBUL = ZoneInfo("Europe/Istanbul")


def counted(batches: Sequence[Sequence[Message]]) -> tuple[dict[UUID, CaseFact], Counter[Cell]]:
    """What the handler does, without its tables."""
    known: dict[UUID, CaseFact] = {}
    cells: Counter[Cell] = Counter()
    for batch in batches:
        after = facts.fold_all(known, batch)
        for cell, count in facts.moves(known, after, ISTANBUL).items():
            cells[cell] += count
        known |= after
    return known, Counter({cell: count for cell, count in cells.items() if count})


@settings(max_examples=200, deadline=None)
@given(
    seeds=st.lists(st.integers(0, 10_000), min_size=1, max_size=4, unique=True),
    chance=st.randoms(),
    size=st.integers(1, 9),
)
def test_any_permutation_and_repetition_gives_the_same_facts_and_cells(
    seeds: list[int], chance: random.Random, size: int
) -> None:
    events = [event for seed in seeds for event in a_life(seed)]
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
    [cell] = cells
    assert (cell.day.day, cell.state, cell.outcome) == (late.day + 1, "closed", "solved")


def test_a_reopened_case_is_no_longer_resolved_until_it_is_closed_again() -> None:
    contact = a_contact_registered()
    case = {"case_id": contact.cases[0].case_id}
    closing, again = a_case_closed(**case, version=3), a_case_closed(**case, version=6, outcome=Outcome.ANSWERED)
    reopening = [a_case_reopened(**case, version=4), a_case_assigned(**case, version=5)]
    known, open_again = counted([[contact, closing], reopening])
    _, resolved = counted([[again], [contact, closing], reopening])

    assert [(cell.state, cell.outcome, count) for cell, count in open_again.items()] == [("routed", "", 1)]
    assert known[case["case_id"]].closed_at is None
    assert [(cell.state, cell.outcome, count) for cell, count in resolved.items()] == [("closed", "answered", 1)]


def test_an_older_step_changes_no_state() -> None:
    life = a_life(3)
    known, _ = counted([life, life[1:2]])

    assert known[case_of(life)] == counted([life])[0][case_of(life)]
