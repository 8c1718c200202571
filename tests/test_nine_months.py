"""The nine months' plan: its truth is the published table, and its texts say what the truth says."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from ops.nine_months import PlannedContact, plan, truth_of
from ops.nine_months.phrases import book
from ops.nine_months.plan import INFORMATION_TOPICS
from ops.nine_months.table import Group
from services.intake.domain import find_numbers
from shared.contracts import CaseState, Channel, Outcome, OwnerKind, Purpose
from shared.gazetteer import Gazetteer
from shared.municipality import Fact, Municipality, load
from shared.personal import Kind, hidden
from shared.text import fold, words
from simulators.offices import Course

ILKADIM = Path(__file__).parent.parent / "municipality" / "ilkadim"


@pytest.fixture(scope="module")
def ilkadim() -> Municipality:
    return load(ILKADIM)


@pytest.fixture(scope="module")
def nine_months(ilkadim: Municipality) -> list[PlannedContact]:
    return plan(ilkadim)


def test_the_truth_is_the_published_table_to_the_unit(nine_months: list[PlannedContact]) -> None:
    lines = truth_of(nine_months).lines

    assert {code: (line.cases, line.resolved) for code, line in lines.items()} == {
        "whatsapp": (3_991, 3_850),
        "institutions": (661, 661),
        "neighbourhoods": (3_550, 3_059),
        "departments": (1_432, 1_322),
        "rest": (3, 0),
        "total": (9_637, None),
        "resolved": (8_892, None),
        "awaiting": (484, None),
    }
    assert (lines["departments"].parts or {})["zabita"] == 1_120


def test_the_published_figures_of_the_municipality_say_the_same(
    ilkadim: Municipality, nine_months: list[PlannedContact]
) -> None:
    lines = truth_of(nine_months).lines

    for row in (*ilkadim.bulletin.groups, *ilkadim.bulletin.lines):
        assert row.published is not None
        assert lines[row.code].cases == row.published.cases
        assert lines[row.code].resolved == row.published.resolved


@pytest.mark.parametrize("share", [0.0, 0.01, 0.05, 0.5])
def test_the_truth_of_a_slice_adds_up(ilkadim: Municipality, share: float) -> None:
    contacts = plan(ilkadim, share=share)
    lines = truth_of(contacts).lines
    groups = [lines[group] for group in Group]

    assert len(contacts) == round(9_637 * share) == lines["total"].cases == sum(group.cases for group in groups)
    assert lines["resolved"].cases == sum(group.resolved or 0 for group in groups)
    assert all(sum(group.parts.values()) == group.cases for group in groups if group.parts is not None)


def test_the_bulletin_s_own_rules_put_every_case_where_the_truth_has_it(
    ilkadim: Municipality, nine_months: list[PlannedContact]
) -> None:
    counted: Counter[str] = Counter()
    for contact in nine_months:
        fact = a_final_fact(contact)
        assert ilkadim.bulletin.group_of(fact).code == contact.group
        counted.update(line.code for line in ilkadim.bulletin.lines if ilkadim.bulletin.counts(line, fact))

    assert counted == {"total": 9_637, "resolved": 8_892, "awaiting": 484}


def test_the_same_seed_gives_the_same_plan_and_a_slice_is_its_beginning(
    ilkadim: Municipality, nine_months: list[PlannedContact]
) -> None:
    assert plan(ilkadim, count=500) == nine_months[:500]
    assert plan(ilkadim, seed=1, count=50) != nine_months[:50]


def test_another_seed_has_other_words_and_the_same_truth(ilkadim: Municipality) -> None:
    lines = truth_of(plan(ilkadim, seed=7)).lines

    assert {code: lines[code].cases for code in ("total", "resolved", "awaiting")} == {
        "total": 9_637,
        "resolved": 8_892,
        "awaiting": 484,
    }


def test_another_run_sends_the_same_words_under_other_ids(
    ilkadim: Municipality, nine_months: list[PlannedContact]
) -> None:
    again = plan(ilkadim, run="second", count=200)

    assert [contact.text for contact in again] == [contact.text for contact in nine_months[:200]]
    assert not {contact.provider_id for contact in again} & {contact.provider_id for contact in nine_months}
    addresses = [{contact.sender.address for contact in contacts[:200]} - {None} for contacts in (again, nine_months)]
    assert len(addresses[0] & addresses[1]) < 10


def test_nobody_asks_for_anything_so_soon_again_that_it_could_be_more_of_the_same(
    nine_months: list[PlannedContact],
) -> None:
    last: dict[str, PlannedContact] = {}
    for contact in nine_months:
        before = last.get(contact.sender.address or "")
        if before is not None:
            assert contact.occurred_at - before.occurred_at > timedelta(days=30)
            assert before.course is not Course.ASK
        if contact.sender.address:
            last[contact.sender.address] = contact


def test_ids_and_texts_are_all_different(nine_months: list[PlannedContact]) -> None:
    assert len({(contact.channel, contact.account, contact.provider_id) for contact in nine_months}) == 9_637
    assert len({fold(contact.text) for contact in nine_months}) > 9_500
    assert len({contact.text for contact in nine_months}) == 9_637


def test_the_router_reads_from_every_contact_the_place_that_the_truth_has(
    ilkadim: Municipality, nine_months: list[PlannedContact]
) -> None:
    gazetteer = Gazetteer.of(ilkadim)
    misread = [
        contact.text
        for contact in nine_months
        if gazetteer.locate(
            words(fold(contact.text)),
            contact.place.street,
            contact.place.neighbourhood,
            contact.place.latitude,
            contact.place.longitude,
        ).neighbourhood
        != contact.neighbourhood
    ]

    assert misread == []


def test_a_place_is_told_by_name_street_fields_and_coordinates(nine_months: list[PlannedContact]) -> None:
    by_neighbourhood = [contact for contact in nine_months if contact.group is Group.NEIGHBOURHOODS]
    ways = Counter(
        "point" if contact.place.latitude else "field" if contact.place.neighbourhood else "text"
        for contact in by_neighbourhood
    )

    assert all(contact.neighbourhood for contact in by_neighbourhood)
    assert min(ways.values()) > 300


def test_cases_of_the_departments_and_the_rest_tell_no_place(nine_months: list[PlannedContact]) -> None:
    placeless = [contact for contact in nine_months if contact.group in (Group.DEPARTMENTS, Group.REST)]

    assert {contact.neighbourhood for contact in placeless} == {None}


def test_a_text_tells_nothing_of_a_person_but_the_name_it_is_signed_with(nine_months: list[PlannedContact]) -> None:
    found = [(contact.text, one) for contact in nine_months for one in hidden(contact.text).found]

    assert len(found) > 100
    assert {one.kind for _, one in found} == {Kind.NAME}
    assert [text[one.start :] for text, one in found if one.end != len(text)] == []


def test_nothing_in_a_text_looks_like_a_tracking_number(nine_months: list[PlannedContact]) -> None:
    assert [contact.text for contact in nine_months if find_numbers(contact.text)] == []


def test_phone_numbers_are_of_a_form_that_nobody_can_have(nine_months: list[PlannedContact]) -> None:
    phones = [contact.sender.address for contact in nine_months if (contact.sender.address or "").startswith("+")]

    assert all(phone and phone[:4] == "+905" and phone[6:9] == "000" and len(phone) == 13 for phone in phones)
    assert not any(phone and phone.startswith("+90555") for phone in phones)


def test_contacts_rise_from_below_200_to_almost_350_a_day(ilkadim: Municipality) -> None:
    contacts = plan(ilkadim, information=True)
    by_day = Counter(contact.occurred_at.date().isoformat() for contact in contacts)

    assert len(by_day) == 274
    assert all(150 <= number <= 200 for day, number in by_day.items() if day < "2020-03-11")
    assert all(325 <= number <= 350 for day, number in by_day.items() if day > "2020-03-25")
    assert sum(contact.group is not None for contact in contacts) == 9_637
    assert truth_of(contacts).lines["total"].cases == 9_637


def test_contacts_that_become_no_case_say_so_and_come_by_phone(ilkadim: Municipality) -> None:
    calls = [contact for contact in plan(ilkadim, information=True, count=400) if contact.group is None]

    assert len(calls) > 200
    assert {contact.channel for contact in calls} == {Channel.PHONE}
    assert {contact.purpose for contact in calls} == {Purpose.INFORMATION, Purpose.THANKS}


def test_every_owner_without_a_desk_that_the_phrase_book_speaks_of_has_work(
    ilkadim: Municipality, nine_months: list[PlannedContact]
) -> None:
    at_desk = {department.code for department in ilkadim.departments if department.desk}
    owners = {contact.owner for contact in nine_months if contact.course is not Course.TRIAGE}

    assert {topic.owner for topic in ilkadim.topics if topic.code in book()} - at_desk <= owners
    assert not owners & at_desk


def test_the_phrase_book_speaks_of_topics_that_exist(ilkadim: Municipality) -> None:
    no_topics = {*INFORMATION_TOPICS, "belirsiz", "komsu-ilce"}

    assert book().keys() - no_topics <= {topic.code for topic in ilkadim.topics}


def test_seasons_are_kept(nine_months: list[PlannedContact]) -> None:
    months = {contact.occurred_at.month for contact in nine_months if contact.topic == "kar-temizligi"}

    assert months <= {1, 2, 3}


def a_final_fact(contact: PlannedContact) -> Fact:
    """What the system should know of the case when everybody has done what the plan says."""
    state, outcome = _ENDS[contact.course]
    if contact.owner_kind is OwnerKind.INSTITUTION and contact.course is Course.ACCEPT:
        state, outcome = CaseState.WAITING_INSTITUTION, Outcome.FORWARDED
    return {
        "channel": contact.channel,
        "owner": contact.owner,
        "owner_kind": contact.owner_kind,
        "neighbourhood": contact.neighbourhood,
        "state": state,
        "outcome": outcome,
    }


_ENDS: dict[Course | None, tuple[CaseState, Outcome | None]] = {
    Course.SOLVE: (CaseState.CLOSED, Outcome.SOLVED),
    Course.ANSWER: (CaseState.CLOSED, Outcome.ANSWERED),
    Course.ACCEPT: (CaseState.ACCEPTED, None),
    Course.PROGRESS: (CaseState.IN_PROGRESS, None),
    Course.ASK: (CaseState.WAITING_CITIZEN, None),
    Course.SILENT: (CaseState.ROUTED, None),
    Course.TRIAGE: (CaseState.RECEIVED, None),
}
