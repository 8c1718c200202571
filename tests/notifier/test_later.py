"""What is told later: whether a closed case is solved, asked once, of one case at a time, and never who wants none."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from services.notifier.domain.compose import Composer
from services.notifier.domain.later import Asked, plans_of, whom_to_ask, why_not
from services.notifier.domain.notices import Party, Plan
from services.notifier.office import later
from shared.contracts import CaseEvent, Channel, ContactRegistered, Effect, OptOutRecorded, Outcome, Purpose
from shared.ids import derived_id, new_id
from shared.messaging.topology import NOTIFIER
from shared.municipality import ReplyEvent
from shared.tokens import CaseTokens, OptOutTokens
from tests.builders import AT, a_case_asked, a_case_closed, a_case_number, a_case_reopened, a_contact_registered, an_id
from tests.harness import System, running, until
from tests.notifier.conftest import Provider, a_notifier, notices, quick, tell
from tests.notifier.test_notifier import a_citizen, a_phone, step_of, tell_step

RULES: Final = quick().conversation.survey
QUESTION: Final = quick().conversation.question
ME: Final = new_id()
DUE: Final = timedelta(hours=RULES.delay_hours)


def a_party(**changed: Any) -> Party:
    default: dict[str, Any] = {
        "case_id": new_id(),
        "contact_id": new_id(),
        "person_id": ME,
        "channel": Channel.SMS,
        "provider": None,
        "account": "main",
        "language": "tr",
        "is_urgent": False,
        "thread_id": None,
    }
    return Party(**default | changed)


def the_plan(event: CaseEvent, **changed: Any) -> Plan:
    plans = plans_of(event, RULES.model_copy(update=changed), QUESTION)
    return next(plan for plan in plans if plan.event is ReplyEvent.SURVEY)


# The decision


@pytest.mark.parametrize("outcome", list(Outcome))
def test_only_who_was_told_solved_or_answered_is_asked(outcome: Outcome) -> None:
    plan = the_plan(a_case_closed(outcome=outcome))

    asked = outcome in (Outcome.SOLVED, Outcome.ANSWERED)
    assert (plan.due_at == AT + DUE, plan.dropped) == ((True, "") if asked else (False, "outcome"))


def test_reopening_drops_the_question_and_other_steps_plan_none() -> None:
    assert (the_plan(a_case_reopened()).due_at, the_plan(a_case_reopened()).dropped) == (None, "reopened")
    assert not [plan for plan in plans_of(a_case_asked(), RULES, QUESTION) if plan.event is ReplyEvent.SURVEY]


@pytest.mark.parametrize(("changed", "asked"), [({"enabled": False}, 0), ({"share": 0.0}, 0), ({"share": 1.0}, 200)])
def test_as_many_are_asked_as_the_municipality_wants(changed: dict[str, Any], asked: int) -> None:
    closings = [a_case_closed(case_id=derived_id(AT, "case", number)) for number in range(200)]

    assert sum(the_plan(event, **changed).due_at is not None for event in closings) == asked


def test_a_share_of_the_cases_is_the_same_share_each_time() -> None:
    closings = [a_case_closed(case_id=derived_id(AT, "case", number)) for number in range(1000)]
    drawn = [the_plan(event, share=0.3).due_at is not None for event in closings]

    assert 230 < sum(drawn) < 370
    assert drawn == [the_plan(event, share=0.3).due_at is not None for event in closings]


def test_the_first_of_a_case_s_citizens_who_can_be_asked_is_asked() -> None:
    first, second = (a_party(contact_id=derived_id(AT + timedelta(hours=hour), "contact")) for hour in range(2))
    others = [a_party(channel=Channel.WEB), a_party(person_id=None), a_party(channel=Channel.PETITION)]

    assert whom_to_ask([second, *others, first], RULES.channels) == first
    assert whom_to_ask(others, RULES.channels) is None


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({}, ""),
        ({"asked_at": AT - timedelta(days=RULES.valid_days)}, ""),
        ({"asked_at": AT - timedelta(days=RULES.valid_days, seconds=-1)}, "asked_lately"),
        ({"newest": new_id()}, "newer_case"),
        ({"has_open_urgent": True}, "urgent_case_open"),
        ({"wants_none": True}, "wants_none"),
    ],
)
def test_nobody_is_asked_twice_at_once_nor_against_their_wish(known: dict[str, Any], reason: str) -> None:
    plan = the_plan(a_case_closed())

    assert why_not(plan, a_party(), {ME: Asked(**{"newest": plan.case_id} | known)}, RULES, AT) == reason


def test_a_case_without_a_citizen_to_ask_is_not_asked_about() -> None:
    assert why_not(the_plan(a_case_closed()), None, {}, RULES, AT) == "nobody_to_ask"


# With the notifier


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is due is looked at quickly; `AT` is long ago, so that a closing then is due at once."""
    monkeypatch.setattr(later, "SWEEP_SECONDS", 0.05)


async def surveys(system: System) -> list[dict[str, Any]]:
    return [row for row in await notices(system) if row["event"] == "survey"]


async def planned(system: System) -> dict[UUID, dict[str, Any]]:
    return {row["case_id"]: row for row in await system.rows("SELECT * FROM later WHERE event = 'survey'")}


async def is_settled(system: System, *contacts: ContactRegistered) -> bool:
    rows = await planned(system)
    return all(
        contact.cases[0].case_id in rows and rows[contact.cases[0].case_id]["due_at"] is None for contact in contacts
    )


async def test_a_citizen_is_asked_once_however_often_the_case_is_closed(system: System, provider: Provider) -> None:
    address, contact = a_citizen()
    async with running(a_notifier(system, provider.url)):
        await tell(system, address, contact)
        await tell_step(system, step_of(contact, a_case_closed, version=5))
        await until(lambda: is_settled(system, contact))
        again = [step_of(contact, a_case_reopened, version=6), step_of(contact, a_case_closed, version=9)]
        await tell_step(system, *again)
        await until(lambda: has_version(system, contact, 9))
        await asyncio.sleep(0.3)

    [survey] = await surveys(system)
    assert "Sorununuz çözüldü mü?" in survey["text"]


async def has_version(system: System, contact: ContactRegistered, version: int) -> bool:
    return (await planned(system))[contact.cases[0].case_id]["version"] == version


async def test_two_notifiers_ask_once(system: System, provider: Provider) -> None:
    citizens = [a_citizen(a_phone(number)) for number in range(30)]
    async with running(a_notifier(system, provider.url)), running(a_notifier(system, provider.url)):
        for address, contact in citizens:
            await tell(system, address, contact)
            await tell_step(system, step_of(contact, a_case_closed))
        await until(lambda: is_settled(system, *(contact for _, contact in citizens)))

    assert len(await surveys(system)) == len(citizens)


async def test_a_reopening_that_overtook_its_closing_asks_nothing(system: System, provider: Provider) -> None:
    address, contact = a_citizen()
    async with running(a_notifier(system, provider.url)):
        await tell(system, address, contact)
        await tell_step(system, step_of(contact, a_case_reopened, version=6))
        await until(lambda: has_told(system, "reopened"))
        await tell_step(system, step_of(contact, a_case_closed, version=5))
        await until(lambda: has_told(system, "closed"))
        await asyncio.sleep(0.3)

    assert not await surveys(system)


async def has_told(system: System, event: str) -> bool:
    return event in [row["event"] for row in await notices(system)]


async def test_of_several_cases_of_a_person_the_newest_is_asked_about(system: System, provider: Provider) -> None:
    address, first = a_citizen()
    second = a_citizen(person_id=first.person_id, contact_id=an_id(), cases=(a_case_number(case_id=an_id()),))[1]
    closings = [
        step_of(first, a_case_closed, occurred_at=AT - timedelta(days=1)),
        step_of(second, a_case_closed, occurred_at=AT),
    ]
    async with running(a_notifier(system, provider.url)):
        await tell(system, address, first, second)
        await until(lambda: knows_both(system, first))  # their queue is not that of the closings
        await tell_step(system, *closings)
        await until(lambda: is_settled(system, first, second))

    [survey] = await surveys(system)
    assert survey["case_id"] == second.cases[0].case_id
    assert (await planned(system))[first.cases[0].case_id]["dropped"] in ("newer_case", "asked_lately")


async def knows_both(system: System, contact: ContactRegistered) -> bool:
    return bool(await system.value("SELECT count(*) = 2 FROM party WHERE person_id = $1", contact.person_id))


async def test_who_wants_no_surveys_gets_none_and_is_told_the_outcome_all_the_same(
    system: System, provider: Provider
) -> None:
    address, contact = a_citizen()
    assert contact.person_id
    wish = OptOutRecorded(
        id=new_id(), occurred_at=AT, person_id=contact.person_id, channel=Channel.SMS, opted_out=True, of="surveys"
    )
    async with running(a_notifier(system, provider.url)):
        await system.tell(NOTIFIER, "receipts", wish)
        await until(lambda: wishes_none(system))
        await tell(system, address, contact)
        await tell_step(system, step_of(contact, a_case_closed))
        await until(lambda: is_settled(system, contact))

    assert (await planned(system))[contact.cases[0].case_id]["dropped"] == "wants_none"
    assert await has_told(system, "closed")


async def wishes_none(system: System) -> bool:
    return bool(await system.value("SELECT true FROM obstacle WHERE kind = 'no_surveys'"))


async def test_nobody_is_asked_while_an_urgent_case_of_theirs_is_open(system: System, provider: Provider) -> None:
    address, closed = a_citizen()
    urgent = a_citizen(
        person_id=closed.person_id, contact_id=an_id(), cases=(a_case_number(case_id=an_id()),), lane="urgent"
    )[1]
    async with running(a_notifier(system, provider.url)):
        await tell(system, address, closed, urgent)
        await tell_step(system, step_of(closed, a_case_closed))
        await until(lambda: is_settled(system, closed))

    assert (await planned(system))[closed.cases[0].case_id]["dropped"] == "urgent_case_open"


async def test_each_citizen_of_an_incident_is_asked_about_their_own_case(system: System, provider: Provider) -> None:
    citizens = [
        a_citizen(a_phone(number), contact_id=an_id(), cases=(a_case_number(case_id=an_id()),)) for number in range(40)
    ]
    async with running(a_notifier(system, provider.url)):
        await tell(system, *(event for pair in citizens for event in pair))
        await tell_step(system, *(step_of(contact, a_case_closed) for _, contact in citizens))
        await until(lambda: is_settled(system, *(contact for _, contact in citizens)))

    assert len({row["person_id"] for row in await surveys(system)}) == 40


@pytest.mark.parametrize(("effect", "told"), [(Effect.JOINED, "not_solved"), (Effect.NONE, None)])
async def test_who_says_no_is_thanked_and_who_says_yes_is_left_in_peace(
    system: System, provider: Provider, effect: Effect, told: str | None
) -> None:
    address, contact = a_citizen(purpose=Purpose.SURVEY, effect=effect)
    last = a_citizen(a_phone(7), contact_id=an_id(), cases=(a_case_number(case_id=an_id()),))
    async with running(a_notifier(system, provider.url)):
        await tell(system, address, contact, *last)
        await until(lambda: has_told(system, "receipt"))

    assert [row["event"] for row in await notices(system) if row["event"] != "receipt"] == ([told] if told else [])


async def test_a_mail_asks_by_two_links_to_the_case_s_own_page(system: System) -> None:
    key = bytes(range(32))
    composer = Composer(quick(), CaseTokens(key), OptOutTokens(key), "https://ilkim.example.org")
    mail = composer.form(ReplyEvent.SURVEY, "tr", Channel.EMAIL, {"number": "482-715-936"}).text

    page = f"https://ilkim.example.org/takip/482-715-936/{CaseTokens(key).code('482-715-936')}/anket"
    assert f"{page}?cevap=evet" in mail
    assert f"{page}?cevap=hayir" in mail


# A reminder of a question


async def reminders(system: System) -> list[dict[str, Any]]:
    return [row for row in await notices(system) if row["event"] == "question_reminder"]


async def is_over(system: System, dropped: str) -> bool:
    return bool(
        await system.value(
            "SELECT true FROM later WHERE event = 'question_reminder' AND due_at IS NULL AND dropped = $1", dropped
        )
    )


def test_a_question_is_reminded_of_after_the_days_the_municipality_wants() -> None:
    [plan] = plans_of(a_case_asked(question="Kapı no?"), RULES, QUESTION)

    assert (plan.event, plan.due_at) == (ReplyEvent.QUESTION_REMINDER, AT + timedelta(days=QUESTION.remind_days))
    assert plan.words["text"] == "Kapı no?"


async def test_who_does_not_answer_is_reminded_once_with_the_question(system: System, provider: Provider) -> None:
    address, contact = a_citizen()
    async with running(a_notifier(system, provider.url)):
        await tell(system, address, contact)
        asked = step_of(contact, a_case_asked, question="Hangi kapı?")
        await tell_step(system, asked, asked)
        await until(lambda: is_over(system, ""))
        await asyncio.sleep(0.3)

    [reminder] = await reminders(system)
    assert "Hangi kapı?" in reminder["text"]


async def test_who_answered_is_not_reminded(system: System, provider: Provider) -> None:
    address, contact = a_citizen()
    now = datetime.now(UTC)
    answer = a_citizen(person_id=contact.person_id, contact_id=an_id(), effect=Effect.JOINED, cases=contact.cases)[1]
    async with running(a_notifier(system, provider.url)):
        await tell(system, address, contact)
        await tell_step(system, step_of(contact, a_case_asked, occurred_at=now - timedelta(hours=1)))
        await until(lambda: has_told(system, "question"))
        await tell(system, answer.model_copy(update={"occurred_at": now}))
        await until(lambda: is_over(system, "answered"))

    assert not await reminders(system)


async def test_a_closed_case_reminds_of_no_question(system: System, provider: Provider) -> None:
    address, contact = a_citizen()
    now = datetime.now(UTC)
    async with running(a_notifier(system, provider.url)):
        await tell(system, address, contact)
        await tell_step(system, step_of(contact, a_case_asked, occurred_at=now, version=4))
        await tell_step(system, step_of(contact, a_case_closed, occurred_at=now, version=5))
        await until(lambda: is_over(system, "closed"))

    assert not await reminders(system)


async def test_a_plan_that_cannot_be_written_is_not_in_the_way_of_others(system: System, provider: Provider) -> None:
    (address, contact), (other, second) = a_citizen(), a_citizen(a_phone(3), cases=(a_case_number(case_id=an_id()),))
    async with running(a_notifier(system, provider.url)):
        await tell(system, address, contact, other, second)
        await tell_step(system, step_of(contact, a_case_asked, occurred_at=datetime.now(UTC)))
        await until(lambda: has_told(system, "question"))
        await system.pool.execute("UPDATE later SET words = '{}', due_at = now()")
        await tell_step(system, step_of(second, a_case_closed))
        await until(lambda: is_settled(system, second))

    assert await is_over(system, "unwritten")
    assert len(await surveys(system)) == 1


async def test_who_said_so_on_the_tracking_page_is_not_asked_again(system: System, provider: Provider) -> None:
    address, contact = a_citizen()
    said = a_contact_registered(
        person_id=None, channel=Channel.WEB, purpose=Purpose.SURVEY, effect=Effect.NONE, cases=contact.cases
    )
    async with running(a_notifier(system, provider.url)):
        await tell(system, address, contact)
        await tell_step(system, step_of(contact, a_case_closed, occurred_at=datetime.now(UTC)))
        await until(lambda: has_told(system, "closed"))
        await tell(system, said)
        await until(lambda: is_settled(system, contact))

    assert (await planned(system))[contact.cases[0].case_id]["dropped"] == "answered"
