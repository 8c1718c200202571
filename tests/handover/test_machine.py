"""The machine of a hand-over: which moves are allowed, when who is reminded, what a send and an answer make of it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.handover.domain import (
    MOVES,
    OPEN,
    Choice,
    HandOver,
    Letter,
    LetterKind,
    Move,
    Said,
    Schedule,
    Sent,
    State,
    Way,
    after_send,
    heard,
    letter_id,
    look_again,
    may_go,
)
from services.handover.domain.letters import RETRY_SECONDS
from shared.contracts import AssignmentClosed, AssignmentReturned, Outcome, ReturnReason
from shared.mailing import Outcome as Sending
from tests.handover.conftest import PLACE, SCHEDULE, YEDAS, a_handover, at

INSTITUTION = PLACE.owner(YEDAS)
NOW = at("2026-04-20 10:00")
OVER = [state for state in State if state not in OPEN]


def a_letter(handover: HandOver, kind: LetterKind = LetterKind.OFFER, attempts: int = 1) -> Letter:
    return Letter(letter_id(handover, kind), handover.id, kind, attempts)


def test_every_way_out_of_an_ending_is_closed_and_what_they_add_is_written_down() -> None:
    after = {pair: state for pair, state in MOVES.items() if pair[0] in OVER}
    assert after == {(state, Move.ADD): state for state in OVER}


def test_every_state_can_be_reached_and_every_open_one_can_end() -> None:
    assert {State.WAITING, *MOVES.values()} == set(State)
    assert all(any(MOVES[pair] in OVER for pair in MOVES if pair[0] is state) for state in OPEN)


@given(st.lists(st.sampled_from(list(Move)), max_size=30))
def test_whatever_comes_in_whatever_order_an_ended_one_stays_and_the_version_counts_moves(moves: list[Move]) -> None:
    handover, taken = a_handover(), 0
    for move in moves:
        if handover.may(move):
            handover, taken = handover.moved(move), taken + 1
    assert handover.version == taken
    assert handover.is_open or handover.next_at is None


@pytest.mark.parametrize(
    ("sent", "days", "expected"),
    [
        ("2026-04-20 10:00", 3, "2026-04-24 10:00"),  # 23 April is a holiday
        ("2026-04-24 16:00", 1, "2026-04-27 16:00"),  # over the weekend
        ("2026-05-25 09:00", 3, "2026-06-02 09:00"),  # Kurban Bayramı, whose eve is half a day
    ],
)
def test_days_are_working_days(sent: str, days: int, expected: str) -> None:
    assert SCHEDULE.after(at(sent), days) == at(expected)


def test_in_a_trial_a_day_is_as_long_as_it_is_said() -> None:
    quick = Schedule(PLACE.calendar, PLACE.zone, 2.0)

    assert quick.after(NOW, 3) == NOW + timedelta(seconds=6)


def test_what_their_server_has_is_sent_and_the_first_reminder_is_set() -> None:
    handover = a_handover(state=State.SENDING)
    after = after_send(a_letter(handover), handover, Sent(Sending.ACCEPTED), INSTITUTION, SCHEDULE, NOW)

    assert (after.handover.state, after.handover.sent_at) == (State.SENT, NOW)
    assert after.handover.next_at == SCHEDULE.after(NOW, INSTITUTION.chase_days[0])


@pytest.mark.parametrize(("outcome", "state"), [(Sending.LATER, State.WAITING), (Sending.UNKNOWN, State.SENDING)])
def test_what_may_not_have_been_sent_is_tried_again(outcome: Sending, state: State) -> None:
    handover = a_handover(state=State.SENDING)
    after = after_send(a_letter(handover), handover, Sent(outcome), INSTITUTION, SCHEDULE, NOW)

    assert (after.handover.state, after.again_at) == (state, NOW + timedelta(seconds=RETRY_SECONDS[0]))


def test_a_refusal_for_good_or_the_last_attempt_makes_it_undeliverable() -> None:
    handover = a_handover(state=State.SENDING)
    refused = after_send(a_letter(handover), handover, Sent(Sending.NEVER), INSTITUTION, SCHEDULE, NOW)
    last = a_letter(handover, attempts=len(RETRY_SECONDS) + 1)
    tired = after_send(last, handover, Sent(Sending.LATER), INSTITUTION, SCHEDULE, NOW)

    assert refused.handover.state is tired.handover.state is State.UNDELIVERABLE


def test_a_send_that_is_confirmed_after_the_answer_changes_nothing() -> None:
    answered = a_handover(state=State.ANSWERED_BY_LINK)
    after = after_send(a_letter(answered), answered, Sent(Sending.ACCEPTED), INSTITUTION, SCHEDULE, NOW)

    assert after.handover == answered


def test_the_silent_are_reminded_as_often_as_it_is_written_and_then_given_up() -> None:
    handover = a_handover(state=State.SENT, sent_at=NOW, counted_from=NOW, next_at=NOW)
    looks = []
    while handover.is_open:
        looks.append(handover.next_at)
        handover, move = look_again(handover, INSTITUTION, SCHEDULE)
        looks.append(move)

    assert looks[1::2] == [Move.REMIND, Move.REMIND, Move.GIVE_UP]
    assert looks[2::2] == [SCHEDULE.after(NOW, day) for day in (INSTITUTION.chase_days[1], INSTITUTION.answer_days)]
    assert handover.state is State.SILENT


def test_who_works_on_it_has_the_whole_time_again() -> None:
    handover = a_handover(state=State.REMINDED, reminders=2, sent_at=NOW, counted_from=NOW, next_at=NOW)
    later = NOW + timedelta(days=9)
    step = heard(handover, Said(Choice.WORKING, "Ekip yolda", Way.LINK), INSTITUTION, SCHEDULE, later)

    assert (step.handover.state, step.handover.reminders) == (State.SENT, 0)
    assert step.handover.next_at == SCHEDULE.after(later, INSTITUTION.chase_days[0])
    assert [word for word, _ in step.answers] == ["progressed"]


def test_who_asked_the_citizen_is_not_reminded() -> None:
    handover = a_handover(state=State.SENT, sent_at=NOW, counted_from=NOW, next_at=NOW)
    step = heard(handover, Said(Choice.ASKING, "Direk no?", Way.LINK), INSTITUTION, SCHEDULE, NOW)

    assert (step.handover.next_at, step.handover.counted_from) == (None, None)


def test_an_answer_to_a_letter_we_doubted_is_its_receipt_too() -> None:
    doubted = a_handover(state=State.SENDING)
    step = heard(doubted, Said(Choice.SOLVED, "Onarıldı", Way.LINK), INSTITUTION, SCHEDULE, NOW)

    assert [word for word, _ in step.answers] == ["accepted", "closed"]


@pytest.mark.parametrize(
    ("choice", "outcome"),
    [(Choice.SOLVED, Outcome.SOLVED), (Choice.ANSWERED, Outcome.ANSWERED), (Choice.REJECTED, Outcome.REJECTED)],
)
def test_what_ends_it_closes_the_case_with_their_words(choice: Choice, outcome: Outcome) -> None:
    handover = a_handover(state=State.SENT, sent_at=NOW)
    [(_, answer)] = heard(handover, Said(choice, " Onarıldı. ", Way.LINK), INSTITUTION, SCHEDULE, NOW).answers

    assert isinstance(answer, AssignmentClosed)
    assert (answer.outcome, answer.answer) == (outcome, "Onarıldı.")


def test_a_mail_goes_to_a_person_with_its_words_even_when_it_has_none() -> None:
    handover = a_handover(state=State.SENT, sent_at=NOW)
    [(_, answer)] = heard(handover, Said(Choice.WROTE, "", Way.MAIL), INSTITUTION, SCHEDULE, NOW).answers

    assert isinstance(answer, AssignmentReturned)
    assert answer.because is ReturnReason.ANSWERED
    assert answer.reason


@pytest.mark.parametrize("state", OVER)
def test_nothing_they_say_counts_after_the_ending(state: State) -> None:
    with pytest.raises(KeyError):
        heard(a_handover(state=state), Said(Choice.SOLVED, "Onarıldı", Way.LINK), INSTITUTION, SCHEDULE, NOW)


def test_a_letter_goes_out_only_while_it_makes_sense() -> None:
    def goes(kind: LetterKind, state: State) -> bool:
        handover = a_handover(state=state)
        return may_go(a_letter(handover, kind), handover)

    assert goes(LetterKind.OFFER, State.WAITING)
    assert not goes(LetterKind.OFFER, State.ENDED)
    assert goes(LetterKind.REMINDER, State.REMINDED)
    assert not goes(LetterKind.REMINDER, State.ANSWERED_BY_LINK)
    assert goes(LetterKind.ENDING, State.ENDED)
