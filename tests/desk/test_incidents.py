"""One problem, many reports: counted, listed, joined and separated at the desk."""

from datetime import timedelta
from typing import Any

import pytest

from services.desk.domain import Gather, Separate, State, StepKind, Verdict, apply, grow, item_of, judge
from shared.contracts import AssignmentGathered, AssignmentOffered, AssignmentSeparated, IncidentOf, SimilarCase
from tests.builders import AT, a_case_assigned, a_case_closed, an_assignment_offered, an_id, an_incident_grew
from tests.desk.conftest import USER, Desk
from tests.harness import until

OTHER = SimilarCase(
    case_id=an_id(), number="517-204-886", owner="temizlik-isleri", opened_at=AT, metres=42, confidence=0.81
)


def test_one_more_report_raises_the_count_and_an_older_count_does_not_lower_it() -> None:
    item = item_of(an_assignment_offered(incident=IncidentOf(incident_id=an_id(), reports=3)))

    item, report, _ = grow(item, an_incident_grew(reports=7, text="Boru\0 patladı"))
    item, _, _ = grow(item, an_incident_grew(reports=5))

    assert item.reports == 7
    assert "\0" not in report.text


def test_the_same_problem_ends_the_item_and_tells_the_router_with_which_case_it_goes_on() -> None:
    item = item_of(an_assignment_offered(similar=(OTHER,)))

    move = apply(item, Gather(into=OTHER.case_id), "ayse", AT)

    assert isinstance(move.answer, AssignmentGathered) and move.answer.into == OTHER.case_id
    assert (move.item.state, move.step.kind) == (State.DONE, StepKind.GATHERED)


def test_a_case_is_not_gathered_with_itself_nor_separated_alone() -> None:
    item = item_of(an_assignment_offered())

    assert judge(item, Gather(into=item.case_id), "ayse", AT) is Verdict.ITSELF
    assert judge(item, Separate(case=an_id()), "ayse", AT) is Verdict.ALONE


def test_a_separated_report_leaves_the_item_with_one_fewer() -> None:
    item = item_of(an_assignment_offered(incident=IncidentOf(incident_id=an_id(), reports=2)))
    other = an_id()

    move = apply(item, Separate(case=other), "ayse", AT)

    assert isinstance(move.answer, AssignmentSeparated) and move.answer.separate == other
    assert (move.item.reports, move.item.state) == (1, State.TAKEN)


async def grows(at_desk: Desk, offer: AssignmentOffered, reports: int, **changed: Any) -> Any:
    grew = an_incident_grew(
        assignment_id=offer.assignment_id, case_id=offer.case_id, reports=reports, occurred_at=AT, **changed
    )
    await at_desk.tell(offer, grew)
    return grew


async def reports_are(at_desk: Desk, count: int) -> None:
    await until(lambda: at_desk.system.value("SELECT reports = $1 FROM work_item", count))


async def test_forty_reports_are_one_item_with_forty_numbers(at_desk: Desk) -> None:
    offer = await at_desk.offer(text="Ana boru patladı.")
    for number in range(2, 41):
        await grows(at_desk, offer, number, joined_number=f"482-715-{number:03}")
    await reports_are(at_desk, 40)

    listed = (await at_desk.get("/")).text
    page = (await at_desk.get(f"/work/{offer.assignment_id}")).text

    assert listed.count('class="words"') == 1 and "40 bildirim" in listed
    assert "Bu sorunu 40 kayıt bildirdi" in page
    assert all(f"482-715-{number:03}" in page for number in range(2, 41))


async def test_a_report_that_comes_twice_or_before_its_item_counts_once(at_desk: Desk) -> None:
    offer = an_assignment_offered(owner="ozel-kalem")
    early = await grows(at_desk, offer, 2)
    await at_desk.tell(offer, offer)
    await reports_are(at_desk, 2)
    await at_desk.tell(offer, early.model_copy(update={"id": an_id(), "occurred_at": AT + timedelta(seconds=1)}))
    await grows(at_desk, offer, 3)
    await reports_are(at_desk, 3)

    assert await at_desk.system.value("SELECT count(*) FROM incident_report") == 2
    assert await at_desk.system.value("SELECT count(*) FROM work_step WHERE kind = 'grew'") == 2


async def test_one_report_is_separated_once_and_the_router_is_told(at_desk: Desk) -> None:
    offer = await at_desk.offer()
    grew = await grows(at_desk, offer, 2)
    await grows(at_desk, offer, 3)
    await reports_are(at_desk, 3)
    path = f"/work/{offer.assignment_id}/separate"

    assert (await at_desk.send(path, case=str(grew.joined_case_id))).status == 303
    receipt, answer = await at_desk.answer(), await at_desk.answer()
    again = await at_desk.send(path, case=str(grew.joined_case_id))

    assert receipt["type"] == "assignment.accepted.v1"
    assert (answer["type"], answer["separate"]) == ("assignment.separated.v1", str(grew.joined_case_id))
    assert (again.status, await at_desk.system.value("SELECT reports FROM work_item")) == (422, 2)


async def knows(at_desk: Desk, **changed: Any) -> None:
    """What the router's facts tell of a case that somebody else holds."""
    make = a_case_closed if changed.pop("closed", False) else a_case_assigned
    await at_desk.system.tell(
        "ilkim.events", "router.kept.routine", make(case_id=OTHER.case_id, number=OTHER.number, **changed)
    )
    await until(lambda: at_desk.system.value("SELECT count(*) = 1 FROM known_case"))


@pytest.mark.parametrize("known", [{"closed": True}, None])
async def test_what_is_closed_or_unknown_takes_no_case_with_it(at_desk: Desk, known: dict[str, Any] | None) -> None:
    offer = await at_desk.triage()
    if known is not None:
        await knows(at_desk, **known)

    refused = await at_desk.send(f"/work/{offer.assignment_id}/gather", into=str(OTHER.case_id))

    assert refused.status == 422
    assert "O kayıt kapanmış" in refused.text
    assert await at_desk.system.value("SELECT state FROM work_item") == "waiting"
    assert await at_desk.system.value("SELECT count(*) FROM outbox") == 0


async def test_same_problem_is_one_press_in_triage_and_the_next_item_comes(at_desk: Desk) -> None:
    offer = await at_desk.triage(similar=(OTHER,), number="111-111-111", lane="urgent")
    await at_desk.triage(text="Sıradaki metin.")
    await knows(at_desk)
    page = (await at_desk.get("/triage")).text
    assert "517-204-886" in page and "42 m ötede" in page

    sent = await at_desk.send(f"/work/{offer.assignment_id}/gather?from=triage", into=str(OTHER.case_id))

    answer = await at_desk.answer()
    assert (answer["type"], answer["into"], answer["by"]) == ("assignment.gathered.v1", str(OTHER.case_id), USER)
    after = (await at_desk.get(sent.headers["Location"])).text
    assert "111-111-111 artık 517-204-886 ile birlikte yürüyor." in after
    assert "Sıradaki metin." in after


async def test_a_similar_case_that_was_closed_since_is_not_proposed(at_desk: Desk) -> None:
    offer = await at_desk.triage(similar=(OTHER,))
    await at_desk.system.tell("ilkim.events", "router.told.routine", a_case_closed(case_id=OTHER.case_id))
    await until(lambda: at_desk.system.value("SELECT count(*) = 1 FROM known_case"))

    for path in ("/triage", f"/work/{offer.assignment_id}"):
        assert OTHER.number not in (await at_desk.get(path)).text


async def test_the_cases_of_one_message_are_shown_side_by_side(at_desk: Desk) -> None:
    contact = an_id()
    offer = await at_desk.offer()
    facts = [
        a_case_assigned(case_id=offer.case_id, contact_id=contact),
        a_case_assigned(case_id=an_id(), contact_id=contact, number="613-908-254", owner="saski"),
        a_case_assigned(case_id=an_id(), number="715-830-462"),
    ]
    await at_desk.system.tell("ilkim.events", "router.kept.routine", *facts)
    await until(lambda: at_desk.system.value("SELECT count(*) = 3 FROM known_case"))

    page = (await at_desk.get(f"/work/{offer.assignment_id}")).text

    assert "613-908-254" in page and "715-830-462" not in page


@pytest.mark.parametrize("word", ["gather", "separate"])
async def test_the_api_takes_and_refuses_the_same(at_desk: Desk, word: str) -> None:
    offer = await at_desk.offer()
    body = {"into": str(offer.case_id)} if word == "gather" else {"case": str(an_id())}

    refused = await at_desk.post(f"/api/work/{offer.assignment_id}/{word}", body)

    assert (refused.status, refused.headers["content-type"]) == (409, "application/problem+json")
