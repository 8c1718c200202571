"""Whatever the table, no hidden count can be worked out from what is published: a solver that knows it all says so."""

from collections.abc import Hashable, Sequence
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from services.reporting.domain.suppression import Pipe, hidden

LEAST: Final = 5
COUNTS: Final = st.one_of(st.just(0), st.integers(1, 4), st.integers(5, 12), st.integers(0, 300))
TABLES: Final = st.tuples(st.integers(1, 6), st.integers(1, 6)).flatmap(
    lambda size: st.lists(st.lists(COUNTS, min_size=size[1], max_size=size[1]), min_size=size[0], max_size=size[0])
)


def a_table(rows: Sequence[Sequence[int]]) -> list[Pipe]:
    """A table of two axes with the totals of its rows, of its columns and of all."""
    columns = range(len(rows[0]))
    cells = [Pipe((r, c), ("row", r), ("column", c), row[c], 1 + row[c]) for r, row in enumerate(rows) for c in columns]
    by_row = [Pipe(("row", r), "from", ("row", r), sum(row), 50) for r, row in enumerate(rows)]
    by_column = [Pipe(("column", c), ("column", c), "to", sum(row[c] for row in rows), 50) for c in columns]
    return [*cells, *by_row, *by_column, Pipe("total", "to", "from", sum(map(sum, rows)), 1000)]


def possible(pipes: Sequence[Pipe], left_out: frozenset[Hashable]) -> dict[Hashable, tuple[float, float]]:
    """The least and the most every hidden count may be, for who knows the rest and that no hidden count is 0.

    The corners of such a system are whole numbers (its matrix is totally unimodular), so nothing is lost by asking
    for any numbers.
    """
    unknown = [pipe for pipe in pipes if pipe.name in left_out]
    nodes = {node: at for at, node in enumerate({node for pipe in pipes for node in (pipe.tail, pipe.head)})}
    sums, known = np.zeros((len(nodes), len(unknown))), np.zeros(len(nodes))
    for at, pipe in enumerate(unknown):
        sums[nodes[pipe.tail], at] -= 1
        sums[nodes[pipe.head], at] += 1
    for pipe in pipes:
        if pipe.name not in left_out:
            known[nodes[pipe.tail]] += pipe.cases
            known[nodes[pipe.head]] -= pipe.cases
    ranges = {}
    for at, pipe in enumerate(unknown):
        wanted = np.zeros(len(unknown))
        wanted[at] = 1
        ends = [linprog(sign * wanted, A_eq=sums, b_eq=known, bounds=(1, None)) for sign in (1, -1)]
        assert ends[0].status == 0, "the true counts are possible"
        ranges[pipe.name] = (ends[0].fun, -ends[1].fun if ends[1].status == 0 else float("inf"))
    return ranges


@settings(max_examples=150, deadline=None)
@given(TABLES)
def test_every_hidden_count_may_have_at_least_five_values(rows: list[list[int]]) -> None:
    pipes = a_table(rows)
    for name, (low, high) in possible(pipes, hidden(pipes, LEAST)).items():
        assert high - low >= LEAST - 1 - 1e-6, f"{name} lies between {low} and {high}"


@settings(max_examples=150, deadline=None)
@given(TABLES)
def test_no_small_count_is_published(rows: list[list[int]]) -> None:
    pipes = a_table(rows)
    left_out = hidden(pipes, LEAST)

    assert not [pipe for pipe in pipes if 0 < pipe.cases < LEAST and pipe.name not in left_out]


def test_the_solver_of_these_tests_does_find_what_hiding_the_small_counts_alone_gives_away() -> None:
    pipes = a_table([[2, 30], [40, 50]])

    assert possible(pipes, frozenset({(0, 0)})) == {(0, 0): (2.0, 2.0)}


def test_two_small_counts_of_one_row_do_not_protect_each_other() -> None:
    """Together they are 2 and neither is 0: each is 1."""
    pipes = a_table([[1, 1, 60], [70, 80, 90]])

    assert len(hidden(pipes, LEAST)) > 4


def test_a_table_without_small_counts_is_published_whole() -> None:
    assert hidden(a_table([[5, 0, 60], [70, 80, 90]]), LEAST) == frozenset()


def test_totals_stay_where_cells_can_hide_instead() -> None:
    left_out = hidden(a_table([[2, 30, 20], [40, 50, 60], [9, 8, 7]]), LEAST)

    assert all(isinstance(name, tuple) and name[0] not in ("row", "column") for name in left_out)


def test_a_town_of_three_cases_publishes_nothing_but_noughts() -> None:
    pipes = a_table([[3, 0], [0, 0]])

    assert hidden(pipes, LEAST) == {pipe.name for pipe in pipes if pipe.cases}


def test_counts_that_do_not_add_up_are_refused() -> None:
    wrong = [*a_table([[2, 30], [40, 50]])[:-1], Pipe("total", "to", "from", 121)]

    with pytest.raises(ValueError, match="do not close"):
        hidden(wrong, LEAST)


def test_less_than_five_is_never_published() -> None:
    with pytest.raises(ValueError, match="at least 5"):
        hidden(a_table([[9, 9]]), 4)
