"""Whether lately's decisions still resemble those the model was measured on."""

from services.router.domain.drift import Axis, Level, Limits, Observed, Profile, drift, profile


def decisions(count: int, owner: str = "zabita", confidence: float = 0.95, unknown: float = 0.1) -> list[Observed]:
    return [Observed(confidence, owner, unknown)] * count


def test_the_same_decisions_do_not_drift() -> None:
    found = drift(profile(decisions(300)), profile(decisions(500)))

    assert found.level is Level.STEADY
    assert all(axis.index == 0 for axis in found.axes)


def test_an_owner_that_gets_far_more_is_told_first_with_what_moved() -> None:
    then = profile(decisions(270) + decisions(30, owner="saski"))
    now = profile(decisions(150) + decisions(150, owner="saski"))

    found = drift(then, now)

    assert found.level is Level.DRIFTED
    assert found.axes[0].axis is Axis.OWNER
    assert ("saski", 0.1, 0.5) in found.axes[0].moved


def test_less_sure_decisions_and_strange_words_each_have_their_axis() -> None:
    then = profile(decisions(300))
    less_sure = profile(decisions(300, confidence=0.4))
    strange = profile(decisions(300, unknown=0.8))

    assert drift(then, less_sure).axes[0].axis is Axis.CONFIDENCE
    assert drift(then, strange).axes[0].axis is Axis.UNKNOWN_WORDS


def test_a_small_move_lies_below_the_limit_and_limits_are_data() -> None:
    then = profile(decisions(200) + decisions(200, owner="saski"))
    now = profile(decisions(220) + decisions(180, owner="saski"))

    assert drift(then, now).level is Level.STEADY
    assert drift(then, now, Limits(moving_from=0.001)).level is Level.MOVING


def test_few_texts_say_nothing() -> None:
    assert drift(profile(decisions(300)), profile(decisions(5, owner="saski"))).level is Level.TOO_FEW
    assert drift(profile(decisions(300)), profile([])).level is Level.TOO_FEW


def test_a_profile_survives_being_written_and_read() -> None:
    then = profile(decisions(3) + decisions(1, owner="saski", confidence=1.0, unknown=0.0))

    assert Profile.read(then.written()) == then
