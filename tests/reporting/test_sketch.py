"""Durations in bins: within a hundredth of the truth, added and taken away like counts."""

import statistics
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from services.reporting.domain import sketch

durations = st.lists(st.integers(1, 10 * 365 * 86_400), min_size=1, max_size=200)


@given(durations)
def test_median_and_p90_are_within_a_hundredth_of_those_of_the_cases(seconds: list[int]) -> None:
    bins = Counter(map(sketch.bin_of, seconds))
    median = statistics.median(seconds) / sketch.HOUR_SECONDS
    p90 = sorted(seconds)[len(seconds) * 9 // 10] / sketch.HOUR_SECONDS

    assert abs(sketch.median(bins) - median) <= median * sketch.ACCURACY * 1.0001
    assert abs(sketch.p90(bins) - p90) <= p90 * sketch.ACCURACY * 1.0001


@given(durations, durations)
def test_what_is_taken_out_again_leaves_no_trace(kept: list[int], gone: list[int]) -> None:
    bins = Counter(map(sketch.bin_of, kept + gone))
    bins.subtract(map(sketch.bin_of, gone))

    assert sketch.p90(bins) == sketch.p90(Counter(map(sketch.bin_of, kept)))


def test_what_ended_before_it_began_took_no_time() -> None:
    bins = Counter(map(sketch.bin_of, [-3600, 0, 0, 7200]))

    assert sketch.median(bins) == 0
    assert round(sketch.p90(bins), 1) == 2.0
