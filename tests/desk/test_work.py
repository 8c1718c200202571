"""What an action makes of an item, with values alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.desk.domain import (
    LEASE,
    Action,
    Ask,
    Close,
    Decide,
    Item,
    Release,
    Return,
    Separate,
    State,
    StepKind,
    Take,
    Verdict,
    add,
    apply,
    item_of,
    judge,
    lapse,
    rank_of,
)
from shared.contracts import (
    AssignmentClosed,
    AssignmentDecided,
    AssignmentProgressed,
    AssignmentReturned,
    CitizenAsked,
    Lane,
    Outcome,
    OwnerKind,
    Place,
)
from tests.builders import a_citizen_added, an_assignment_offered, an_id

NOW = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
CLOSE = Close(outcome=Outcome.SOLVED, answer="Konteyner boşaltıldı.")
RETURN = Return(reason="Yol bize ait değil.", proposal="fen-isleri")
ASK = Ask(question="Kapı numarası kaç?")
DECIDE = Decide(owner="zabita", topic="gurultu")


def an_item(**changed: Any) -> Item:
    return item_of(an_assignment_offered(**changed))


def a_triage_item(**changed: Any) -> Item:
    return an_item(owner="cozum-merkezi", owner_kind=OwnerKind.CENTRE, **changed)


def after(item: Item, action: Action, by: str = "ayse") -> Item:
    assert judge(item, action, by, NOW) is None
    return apply(item, action, by, NOW).item


@pytest.mark.parametrize(
    ("action", "kind", "step"),
    [
        (CLOSE, AssignmentClosed, StepKind.CLOSED),
        (RETURN, AssignmentReturned, StepKind.RETURNED),
        (ASK, CitizenAsked, StepKind.ASKED),
        (Take(), AssignmentProgressed, StepKind.TAKEN),
    ],
)
def test_each_action_tells_the_router_and_stands_in_the_story(action: Action, kind: type, step: StepKind) -> None:
    item = an_item()

    move = apply(item, action, "ayse", NOW)

    assert move.answer is not None and isinstance(move.answer, kind)
    assert move.answer.assignment_id == item.assignment_id
    assert (move.answer.owner, move.answer.by) == (item.owner, "ayse")
    assert (move.step.kind, move.step.by_whom) == (step, "ayse")


def test_deciding_ends_a_triage_item_and_names_the_owner() -> None:
    move = apply(a_triage_item(), DECIDE, "ayse", NOW)

    assert isinstance(move.answer, AssignmentDecided)
    assert (move.answer.decided_owner, move.answer.topic) == ("zabita", "gurultu")
    assert move.item.state is State.DONE


def test_saying_the_same_twice_is_told_once() -> None:
    item = an_item()

    assert judge(after(item, CLOSE), CLOSE, "ayse", NOW) is Verdict.REPEATED
    assert judge(after(item, CLOSE), CLOSE, "mehmet", NOW) is Verdict.REPEATED
    assert judge(after(item, Take()), Take(), "ayse", NOW) is Verdict.REPEATED
    assert judge(after(item, ASK), ASK, "ayse", NOW) is Verdict.REPEATED
    assert apply(item, CLOSE, "ayse", NOW).answer == apply(item, CLOSE, "ayse", NOW).answer


@pytest.mark.parametrize("action", [CLOSE.model_copy(update={"answer": "Başka."}), RETURN, ASK, Take(over=True)])
def test_a_done_item_takes_no_other_action(action: Action) -> None:
    assert judge(after(an_item(), CLOSE), action, "ayse", NOW) is Verdict.DONE


def test_what_a_colleague_holds_is_theirs_until_it_is_taken_over() -> None:
    held = after(an_item(), Take(), "mehmet")

    assert judge(held, CLOSE, "ayse", NOW) is Verdict.HELD
    assert judge(held, Take(), "ayse", NOW) is Verdict.HELD
    assert judge(held, Take(over=True), "ayse", NOW) is Verdict.NOT_OVER
    assert judge(held, Take(over=True), "ayse", NOW, may_take_over=True) is None
    taken_over = apply(held, Take(over=True), "ayse", NOW)
    assert taken_over.item.taken_by == "ayse"
    assert taken_over.answer is None


def test_a_claim_without_action_runs_out_and_each_action_renews_it() -> None:
    held = after(an_item(), Take(), "mehmet")
    end = NOW + LEASE

    assert held.holder(end - timedelta(seconds=1)) == "mehmet"
    assert judge(held, Take(), "ayse", end - timedelta(seconds=1)) is Verdict.HELD
    assert held.holder(end) is None
    assert judge(held, Take(), "ayse", end) is None
    assert judge(held, CLOSE, "mehmet", end) is None
    later = NOW + timedelta(hours=3)
    assert apply(held, Separate(case=an_id()), "mehmet", later).item.held_until == later + LEASE


def test_a_claim_that_ran_out_leaves_a_line_in_the_story() -> None:
    freed, step = lapse(after(an_item(), Take(), "mehmet"))

    assert (freed.state, freed.taken_by, freed.held_until) == (State.WAITING, None, None)
    assert (step.kind, step.by_whom, step.at) == (StepKind.LAPSED, "mehmet", NOW + LEASE)


def test_no_claim_runs_out_while_the_citizen_is_asked_and_it_begins_anew_with_their_answer() -> None:
    asked = after(an_item(), ASK)
    a_week_later = NOW + timedelta(days=7)
    assert asked.holder(a_week_later) == "ayse"

    answered, _ = add(asked, a_citizen_added(occurred_at=a_week_later))

    assert answered.holder(a_week_later) == "ayse"
    assert answered.is_lapsed(a_week_later + LEASE)


def test_a_claim_is_given_up_by_its_holder_alone() -> None:
    held = after(an_item(), Take(), "mehmet")

    assert judge(held, Release(), "ayse", NOW) is Verdict.HELD
    assert judge(an_item(), Release(), "ayse", NOW) is Verdict.REPEATED
    move = apply(held, Release(), "mehmet", NOW)
    assert (move.item.state, move.item.taken_by, move.answer) == (State.WAITING, None, None)
    assert move.step.kind is StepKind.RELEASED


def test_what_was_said_in_view_of_an_older_revision_is_refused_unless_it_is_so_already() -> None:
    changed = replace(an_item(), revision=3)

    assert judge(changed, CLOSE, "ayse", NOW, seen=2) is Verdict.STALE
    assert judge(changed, CLOSE, "ayse", NOW, seen=3) is None
    assert judge(changed, Take(), "ayse", NOW, seen=2) is None
    assert judge(after(changed, CLOSE), CLOSE, "ayse", NOW, seen=2) is Verdict.REPEATED


def test_only_the_centre_decides_and_only_departments_return() -> None:
    assert judge(an_item(), DECIDE, "ayse", NOW) is Verdict.NOT_TRIAGE
    assert judge(a_triage_item(), RETURN, "ayse", NOW) is Verdict.NO_RETURN


def test_a_point_that_is_told_later_is_the_place_unless_there_was_one() -> None:
    first, second = Place(latitude=41.2867, longitude=36.33), Place(latitude=41.3, longitude=36.4)
    item = item_of(an_assignment_offered(place=Place(street="Lise Caddesi")))
    placed, step = add(item, a_citizen_added(text="", place=first))
    again, _ = add(placed, a_citizen_added(text="Burada", place=second))

    assert (placed.place.latitude, placed.place.street) == (first.latitude, "Lise Caddesi")
    assert step.text == "41.28670, 36.33000"
    assert again.place == placed.place


def test_one_question_at_a_time_and_again_after_the_answer() -> None:
    asked = after(an_item(), ASK)
    assert judge(asked, Ask(question="Hangi kat?"), "ayse", NOW) is Verdict.ASKED

    answered, step = add(asked, a_citizen_added(assignment_id=asked.assignment_id, text="12"))

    assert (step.kind, step.text) == (StepKind.ADDED, "12")
    assert judge(answered, ASK, "ayse", NOW) is None
    first, second = apply(an_item(), ASK, "ayse", NOW).answer, apply(answered, ASK, "ayse", NOW).answer
    assert first and second and first.id != second.id


def test_the_gravest_level_ranks_first_and_the_urgent_lane_is_urgent_whatever_the_level() -> None:
    levels: dict[str, Lane] = {"emergency": "urgent", "urgent": "urgent", "high": "routine", "routine": "routine"}

    assert [rank_of(code, lane, levels) for code, lane in levels.items()] == [0, 1, 2, 3]
    assert rank_of("routine", "urgent", levels) == rank_of(None, "urgent", levels) == 1
    assert rank_of("newer", "routine", levels) == 4


def test_texts_are_made_safe_to_store() -> None:
    assert "\0" not in an_item(text="Çöp\0 alınmadı").text
    assert Ask(question="Kaç\0?").question == "Kaç\ufffd?"
