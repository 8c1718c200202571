"""Danger a citizen tells of: an alert to the solution centre, whatever else becomes of the contact."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.intake.app import worker
from services.intake.handlers.alerting import SHOWN_LETTERS_MAX
from shared.contracts import Channel, ContactPoint, Place, Purpose, Sender, TaskRequested, unpack
from shared.messaging.topology import INTAKE
from tests.builders import AT, PHONE, a_message
from tests.harness import System, a_system, built, running
from tests.intake.test_worker import has, told

DANGER = "Apartmanda gaz kokusu var, kapıyı 0532 111 22 33 numaralı komşum açmıyor"


@pytest.fixture(scope="module")
async def module_system(amqp_url: str, database_url: str) -> AsyncIterator[System]:
    async with a_system(amqp_url, database_url, "intake") as system, running(built(worker, system)):
        yield system


@pytest.fixture
async def at_work(module_system: System) -> AsyncIterator[System]:
    yield module_system
    await module_system.forget()


async def the_alert(system: System) -> TaskRequested:
    [event] = unpack(await system.take("desk.alerts"))
    return TaskRequested.model_validate(event)


def another(**changed: Any) -> Any:
    return a_message(channel=Channel.WHATSAPP, sender=Sender(address=PHONE, name="Ayşe Yılmaz"), **changed)


async def test_danger_asks_a_person_to_look_with_all_they_need(at_work: System) -> None:
    message = another(text=DANGER, place=Place(street="70. Sokak"))
    await at_work.tell(INTAKE, "routine", message)

    alert = await the_alert(at_work)
    number = await at_work.value("SELECT number FROM case_file")
    assert (alert.kind, alert.lane, alert.reason, alert.emergency_number) == ("alert", "urgent", "gas", "187")
    assert (alert.detail, alert.address, alert.name, alert.number) == ("gaz kokusu", PHONE, "Ayşe Yılmaz", number)
    assert (alert.contact_id, alert.place.street) == (message.contact_id, "70. Sokak")
    assert "gaz kokusu" in alert.text
    assert "0532 111 22 33" not in alert.text


async def test_the_case_goes_its_way_as_any_other(at_work: System) -> None:
    await at_work.tell(INTAKE, "routine", another(text=DANGER))
    await has(at_work, "case_file", 1)

    [opened] = await told(at_work, "case.opened.v1")
    [registered] = await told(at_work, "contact.registered.v1")
    assert opened["lane"] == "urgent"
    assert (registered["effect"], registered["emergency_number"]) == ("opened", "187")


async def test_danger_that_comes_later_is_an_alert_of_the_same_case_and_told_at_once(at_work: System) -> None:
    await at_work.tell(INTAKE, "routine", another(text="Sokağımızda çukur var"))
    await has(at_work, "case_file", 1)
    number = await at_work.value("SELECT number FROM case_file")
    later = another(text=f"{number} çukura bir çocuk düştü, başı kanıyor", occurred_at=AT + timedelta(hours=2))
    await at_work.tell(INTAKE, "routine", later)

    alert = await the_alert(at_work)
    await has(at_work, "contact", 2)
    assert alert.number == number
    [joined] = [event for event in await told(at_work, "contact.registered.v1") if event["effect"] == "joined"]
    assert (joined["lane"], joined["emergency_number"]) == ("urgent", "112")


async def test_ordinary_messages_and_machines_raise_no_alert(at_work: System) -> None:
    await at_work.tell(INTAKE, "routine", another(text="Çöpler alınmadı"))
    await at_work.tell(INTAKE, "routine", a_message(text="Yangın var! Ofiste değilim", purpose=Purpose.AUTOMATIC))
    await has(at_work, "contact", 2)

    assert await at_work.take_all("desk.alerts") == []


async def test_an_alert_names_a_telephone_number_before_anything_else(at_work: System) -> None:
    sender = Sender(address="ayse@example.org", answers=(ContactPoint(channel=Channel.SMS, address=PHONE),))
    await at_work.tell(INTAKE, "routine", a_message(channel=Channel.EMAIL, sender=sender, text="Evde yangın var"))

    assert (await the_alert(at_work)).address == PHONE


async def test_nameless_danger_is_an_alert_too(at_work: System) -> None:
    await at_work.tell(INTAKE, "routine", a_message(channel=Channel.WEB, sender=Sender(), text="Yangın çıktı, yetişin"))

    alert = await the_alert(at_work)
    assert (alert.address, alert.person_id) == (None, None)


async def test_a_number_that_is_cut_off_in_the_middle_was_hidden_before(at_work: System) -> None:
    before = "Gaz kokusu var. " + "a" * (SHOWN_LETTERS_MAX - 22) + " "
    await at_work.tell(INTAKE, "urgent", another(text=f"{before}0532 111 22 33 arayın"))

    alert = await the_alert(at_work)

    assert "0532" not in alert.text
    assert len(alert.text) <= SHOWN_LETTERS_MAX
