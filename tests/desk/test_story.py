"""A case's story: everything once, in order of time, whoever told it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.desk.domain import Item, Step, StepKind, item_of
from services.desk.domain.story import Fact, Line, LineKind, Notice, Told, fact_of, latest_notices, story
from shared.contracts import Channel, NoticeStatus, Purpose, ReturnReason
from shared.contracts.inside import ToldContact
from tests.builders import (
    AT,
    a_case_assigned,
    a_case_progressed,
    a_case_returned,
    a_notice_recorded,
    an_assignment_offered,
    an_id,
)

ITEM: Item = item_of(an_assignment_offered(owner="zabita", occurred_at=AT))
HERE = ITEM.assignment_id


def a_step(kind: StepKind, minutes: int = 0, **changed: Any) -> Step:
    return Step(
        **{"id": an_id(), "assignment_id": HERE, "at": AT + timedelta(minutes=minutes), "kind": kind, **changed}
    )


def a_fact(kind: str, minutes: int = 0, **changed: Any) -> Fact:
    default = {"case_id": ITEM.case_id, "version": 2, "assignment_id": HERE, "state": "routed", "outcome": None}
    at = AT + timedelta(minutes=minutes)
    return Fact(**{**default, "at": at, "kind": kind, "owner": "zabita", **changed})


def a_contact(minutes: int = 0, **changed: Any) -> ToldContact:
    default = {"contact_id": an_id(), "channel": Channel.SMS, "effect": "joined", "kind": "text", "own": True}
    at = AT + timedelta(minutes=minutes)
    return ToldContact(**{**default, "at": at, "purpose": Purpose.REQUEST, **changed})


def lines(*steps: Step, **told: Any) -> list[Line]:
    return story(Told({HERE: ITEM}, steps, **told))


def kinds(*steps: Step, **told: Any) -> list[str]:
    return [line.kind.value for line in lines(*steps, **told)]


def test_what_others_did_stands_between_what_was_done_here() -> None:
    elsewhere = {"assignment_id": an_id(), "owner": "fen-isleri"}

    told = lines(
        a_step(StepKind.OFFERED),
        a_step(StepKind.RETURNED, 10),
        facts=[
            a_fact("assigned", 20, **elsewhere),
            a_fact("closed", 30, outcome="solved", text="Yapıldı.", **elsewhere),
        ],
    )

    assert [(line.kind, line.owner) for line in told] == [
        (LineKind.ASSIGNED, "zabita"),
        (LineKind.RETURNED, "zabita"),
        (LineKind.ASSIGNED, "fen-isleri"),
        (LineKind.CLOSED, "fen-isleri"),
    ]
    assert (told[-1].detail, told[-1].text) == ("solved", "Yapıldı.")


@pytest.mark.parametrize(
    ("step", "fact"),
    [
        (StepKind.OFFERED, "assigned"),
        (StepKind.OFFERED, "accepted"),
        (StepKind.TAKEN, "progressed"),
        (StepKind.ASKED, "asked"),
        (StepKind.RETURNED, "returned"),
        (StepKind.CLOSED, "closed"),
    ],
)
def test_what_a_step_of_ours_says_the_routers_fact_does_not_say_again(step: StepKind, fact: str) -> None:
    assert len(kinds(a_step(step), facts=[a_fact(fact, 1)])) == 1
    assert len(kinds(a_step(step), facts=[a_fact(fact, 1, assignment_id=an_id())])) == 2


def test_a_decision_of_ours_and_the_assignment_that_follows_from_it_are_one_line() -> None:
    decided = a_step(StepKind.DECIDED, detail="fen-isleri", by_whom="ayse")
    follows = a_fact("assigned", 1, owner="fen-isleri", by_whom="ayse", assignment_id=an_id())

    assert kinds(decided, facts=[follows]) == ["decided"]


def test_what_the_citizen_added_stands_once_with_the_channel_it_came_by() -> None:
    added = a_step(StepKind.ADDED, 5, text="Hâlâ bekliyorum.\n41.28000, 36.33000")

    [line] = lines(added, contacts=[a_contact(5, text="Hâlâ  bekliyorum.")])

    assert (line.kind, line.channel) == (LineKind.WROTE, Channel.SMS)


def test_while_intake_is_away_what_the_citizen_added_is_told_all_the_same() -> None:
    [line] = lines(a_step(StepKind.ADDED, 5, text="Hâlâ bekliyorum."), contacts=None)

    assert (line.kind, line.text) == (LineKind.WROTE, "Hâlâ bekliyorum.")


def test_what_somebody_else_told_is_not_laid_to_the_citizen() -> None:
    contacts = [a_contact(own=False), a_contact(1, effect="linked", kind="deleted")]

    assert kinds(contacts=contacts) == ["told", "linked"]


def test_why_it_came_back_is_said_once() -> None:
    back = item_of(an_assignment_offered(returned_because="Yol bizim değil.", returns=1))
    offered = a_step(StepKind.OFFERED, 5, assignment_id=back.assignment_id)

    alone = story(Told({back.assignment_id: back}, [offered]))
    after = story(Told({back.assignment_id: back}, [offered, a_step(StepKind.RETURNED, text="Yol bizim değil.")]))

    assert [line.because for line in alone] == ["Yol bizim değil."]
    assert [line.because for line in after] == ["", ""]


def test_a_silent_citizen_is_told_of_once() -> None:
    fact = a_fact("progressed", 1, detail="citizen_silent")

    assert kinds(facts=[fact]) == ["silent"]
    assert kinds(a_step(StepKind.SILENT), facts=[fact]) == ["silent"]


def test_a_departments_own_note_of_progress_is_kept_beside_our_claim() -> None:
    assert kinds(a_step(StepKind.TAKEN), facts=[a_fact("progressed", 1, text="Ekip yolda.")]) == ["taken", "progressed"]


def test_a_notice_stands_where_it_was_sent_with_how_it_stands_now() -> None:
    notice = Notice(an_id(), ITEM.case_id, None, "closed", Channel.SMS, NoticeStatus.DELIVERED, AT, AT)

    [line] = lines(notices=[notice])

    assert (line.kind, line.detail, line.status) == (LineKind.NOTICE, "closed", NoticeStatus.DELIVERED)


def test_of_one_notice_the_last_status_counts_and_the_first_moment() -> None:
    notice, case = an_id(), an_id()
    later = a_notice_recorded(
        notice_id=notice, case_id=case, status=NoticeStatus.DELIVERED, occurred_at=AT + timedelta(minutes=1)
    )
    first = a_notice_recorded(notice_id=notice, case_id=case, status=NoticeStatus.SENT, occurred_at=AT)

    [kept] = latest_notices([later, first])

    assert (kept.status, kept.at, kept.changed_at) == (NoticeStatus.DELIVERED, AT, AT + timedelta(minutes=1))


def test_a_notice_of_no_case_and_no_contact_is_nobodys_story() -> None:
    assert latest_notices([a_notice_recorded(case_id=None, contact_id=None)]) == []


def test_who_decided_is_named_only_where_a_person_did() -> None:
    assert fact_of(a_case_assigned(decided_by="router")).by_whom == ""
    assert fact_of(a_case_assigned(decided_by="ayse")).by_whom == "ayse"


def test_a_return_says_whose_it_is_thought_to_be_or_why_it_came_back() -> None:
    assert fact_of(a_case_returned(proposal="fen-isleri")).detail == "fen-isleri"
    assert fact_of(a_case_returned(because=ReturnReason.NO_ANSWER, proposal=None)).detail == "no_answer"


def test_a_fact_keeps_the_assignment_it_speaks_of() -> None:
    event = a_case_progressed(note="Ekip yolda.")

    assert (fact_of(event).assignment_id, fact_of(event).text) == (event.assignment_id, "Ekip yolda.")
    assert isinstance(fact_of(event).case_id, UUID)
