"""Durations in bins: within a hundredth of the truth, added and taken away like counts."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from services.reporting.domain import sketch

durations = st.lists(st.integers(1, 10 * 365 * 86_400), min_size=1, max_size=200)


@given(durations, st.sampled_from([sketch.MEDIAN, sketch.P90]))
def test_a_share_is_within_a_hundredth_of_the_case_at_that_rank(seconds: list[int], share: float) -> None:
    found = sketch.hours(Counter(map(sketch.bin_of, seconds)), share)
    truth = sorted(seconds)[int(share * (len(seconds) - 1))] / sketch.HOUR_SECONDS

    assert abs(found - truth) <= truth * sketch.ACCURACY * 1.0001


@given(durations, durations)
def test_what_is_taken_out_again_leaves_no_trace(kept: list[int], gone: list[int]) -> None:
    bins = Counter(map(sketch.bin_of, kept + gone))
    bins.subtract(map(sketch.bin_of, gone))

    assert sketch.hours(bins, sketch.P90) == sketch.hours(Counter(map(sketch.bin_of, kept)), sketch.P90)


def test_what_ended_before_it_began_took_no_time() -> None:
    bins = Counter(map(sketch.bin_of, [-3600, 0, 0, 7200]))

    assert sketch.hours(bins, sketch.MEDIAN) == 0
    assert round(sketch.hours(bins, 1.0), 1) == 2.0
