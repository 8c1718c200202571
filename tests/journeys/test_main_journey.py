"""The main job, whole: a citizen writes, the department answers, the citizen reads it, the figures follow."""

import asyncio
import json
import os
import re
import secrets
import signal
import uuid
from datetime import UTC, datetime
from typing import Any

import aio_pika
import pytest

from ops import stack
from shared.contracts import Channel, Lane, Message, MessageReceived, Outcome, Place, Sender
from shared.contracts.departments import (
    Answer,
    AssignmentAccepted,
    AssignmentClosed,
    AssignmentOffered,
    AssignmentReturned,
)
from shared.ids import new_id
from shared.messaging.topology import ANSWERS, INTAKE, owner_queue, reply_queue
from tests.desk.conftest import bearer
from tests.journeys.conftest import Installation, eventually

Broker = aio_pika.abc.AbstractChannel


def a_number() -> str:
    return f"+9055{secrets.randbelow(10**8):08d}"


async def work_of(broker: Broker, owner: str, about: str, lane: Lane = "routine") -> AssignmentOffered:
    """The assignment about this text in a department's queue, taken and acknowledged by a bare client."""
    queue = await broker.get_queue(owner_queue(owner, lane), ensure=False)

    async def take() -> AssignmentOffered | None:
        message = await queue.get(fail=False)
        if message is None:
            return None
        await message.ack()
        if json.loads(message.body)["type"] != AssignmentOffered.type_name():
            return None  # what a citizen added to another's work
        offer = AssignmentOffered.read(message.body)
        return offer if about in offer.text else None

    return await eventually(take, f"work for {owner}")


async def answer(broker: Broker, word: str, message: Answer) -> None:
    exchange = await broker.get_exchange(ANSWERS, ensure=False)
    await publish(exchange, f"answer.{message.owner}.{word}", message)


async def publish(exchange: aio_pika.abc.AbstractExchange, key: str, message: Message) -> None:
    body = aio_pika.Message(
        message.model_dump_json().encode(),
        message_id=str(message.id),
        content_type="application/json",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )
    await exchange.publish(body, key)


def of(offer: AssignmentOffered) -> dict[str, Any]:
    """What every answer says of the assignment it answers."""
    return {
        "id": new_id(),
        "occurred_at": datetime.now(UTC),
        "assignment_id": offer.assignment_id,
        "case_id": offer.case_id,
        "owner": offer.owner,
    }


async def test_a_citizen_gets_a_number_first_and_the_outcome_second(installation: Installation, broker: Broker) -> None:
    citizen = a_number()
    await installation.citizen_writes(citizen, "Kadıköy Mahallesi pazar yerinde çöp konteyneri taştı, çöpler alınmıyor")

    offer = await work_of(broker, "temizlik-isleri", "çöp konteyneri taştı")
    assert offer.neighbourhood_name == "Kadıköy"
    await answer(broker, "accepted", AssignmentAccepted(**of(offer)))
    closing = AssignmentClosed(**of(offer), outcome=Outcome.SOLVED, answer="Konteyner boşaltıldı, çevresi yıkandı.")
    await answer(broker, "closed", closing)

    first, second = await installation.replies_to(citizen, 2)
    assert offer.number in first
    assert offer.number in second
    assert "Konteyner boşaltıldı" in second


async def test_the_same_webhook_many_times_at_once_is_one_case(installation: Installation, broker: Broker) -> None:
    citizen, wamid = a_number(), f"wamid.{uuid.uuid4().hex}"
    text = "Parktaki salıncak kırık, çocuklar düşüyor"
    await asyncio.gather(*(installation.citizen_writes(citizen, text, id=wamid) for _ in range(16)))

    offer = await work_of(broker, "park-bahceler", "salıncak")
    replies = await installation.replies_to(citizen, 1)
    await asyncio.sleep(1.0)

    assert [offer.number in reply for reply in replies] == [True]
    assert len(await installation.replies_to(citizen, 1)) == 1


async def test_a_message_over_bare_amqp_is_answered_on_its_channels_own_queue(
    installation: Installation, broker: Broker
) -> None:
    told = MessageReceived(
        id=new_id(),
        occurred_at=datetime.now(UTC),
        channel=Channel.PHONE,
        provider_id=f"call-{uuid.uuid4().hex}",
        sender=Sender(address=a_number()),
        text="Sokağımızda başıboş köpek sürüsü var, çocuklar korkuyor",
        place=Place(neighbourhood="Kale"),
    )
    await publish(await broker.get_exchange(INTAKE, ensure=False), "routine", told)

    offer = await work_of(broker, "veteriner-isleri", "köpek")
    queue = await broker.get_queue(reply_queue(Channel.PHONE), ensure=False)

    async def ours() -> Any:
        message = await queue.get(fail=False)
        if message is None:
            return None
        await message.ack()
        found = json.loads(message.body)
        return found if found["address"] == told.sender.address else None

    reply = await eventually(ours, "a reply for the phone desk")
    assert reply["channel"] == "phone"
    assert offer.number in reply["text"]


async def test_the_form_answers_with_a_number_and_later_the_outcome(installation: Installation, broker: Broker) -> None:
    submission, edge = str(uuid.uuid4()), installation.urls["edge"]
    form = {"submission_id": submission, "text": "Seyyar satıcılar kaldırımı işgal ediyor", "name": "Deneme"}
    for _ in range(3):  # an impatient citizen
        async with installation.http.post(f"{edge}/api/contacts", json=form) as accepted:
            assert accepted.status == 202

    offer = await work_of(broker, "zabita", "Seyyar")
    status = await eventually(
        lambda: _numbers(installation, f"{edge}/api/contacts/{submission}"), "the number of the form"
    )
    assert status["numbers"] == [offer.number]
    closing = AssignmentClosed(**of(offer), outcome=Outcome.SOLVED, answer="Ekip gönderildi, kaldırım açıldı.")
    await answer(broker, "closed", closing)

    async def told() -> Any:
        found = await installation.json(f"{edge}/api/contacts/{submission}")
        return found if len(found["replies"]) == 2 else None

    replies = (await eventually(told, "the outcome on the form's page"))["replies"]
    assert "kaldırım açıldı" in replies[1]


async def _numbers(installation: Installation, url: str) -> Any:
    found = await installation.json(url)
    return found if found["numbers"] else None


async def test_an_institution_that_takes_a_note_makes_it_forwarded_and_the_citizen_knows_who_has_it(
    installation: Installation, broker: Broker
) -> None:
    citizen = a_number()
    await installation.citizen_writes(citizen, "Kale Mahallesi'nde iki gündür su kesik, musluktan su akmıyor")

    offer = await work_of(broker, "saski", "su kesik")
    await answer(broker, "accepted", AssignmentAccepted(**of(offer)))

    _, forwarded = await installation.replies_to(citizen, 2)
    assert "SASKİ" in forwarded


async def test_what_nobody_knows_waits_for_a_person_who_decides(installation: Installation, broker: Broker) -> None:
    citizen = a_number()
    await installation.citizen_writes(citizen, "Merhaba, size bir şey sormak istiyordum")
    desk = installation.urls["desk"]
    person = bearer(installation.environment["DESK_TOKEN"])

    async def waiting() -> Any:
        async with installation.http.get(f"{desk}/api/triage", headers=person) as found:
            items = await found.json()
            rows = items["items"] if isinstance(items, dict) else items
            return next((row for row in rows if "sormak istiyordum" in row["text"]), None)

    item = await eventually(waiting, "the case in triage")
    decision = {"owner": "yazi-isleri"}
    where = f"{desk}/api/triage/{item['assignment_id']}/decide"
    async with installation.http.post(where, headers=person, json=decision) as decided:
        assert decided.status < 300, await decided.text()

    assert (await work_of(broker, "yazi-isleri", "sormak")).case_id == uuid.UUID(item["case_id"])


async def test_not_ours_with_a_proposal_goes_to_the_proposed_department(
    installation: Installation, broker: Broker
) -> None:
    citizen = a_number()
    await installation.citizen_writes(citizen, "Parktaki kaydırak kırık, çocuk parkı bakımsız")
    offer = await work_of(broker, "park-bahceler", "kaydırak")

    back = AssignmentReturned(**of(offer), reason="Okul bahçesinde kalıyor", proposal="fen-isleri")
    await answer(broker, "returned", back)

    again = await work_of(broker, "fen-isleri", "kaydırak")
    assert again.case_id == offer.case_id
    assert again.returns == 1
    assert again.returned_because == "Okul bahçesinde kalıyor"


async def test_danger_to_life_takes_the_urgent_lane_and_says_whom_to_call(
    installation: Installation, broker: Broker
) -> None:
    citizen = a_number()
    await installation.citizen_writes(citizen, "Bahçelievler Mahallesi'nde elektrik teli koptu, yerde kıvılcım saçıyor")

    (reply,) = await installation.replies_to(citizen, 1)

    assert re.search(r"\b(112|186)\b", reply)


@pytest.mark.parametrize("process", ["router", "intake", "notifier", "reporting", "edge"])
async def test_a_killed_service_comes_back_and_nothing_is_lost(
    installation: Installation, broker: Broker, process: str
) -> None:
    citizen, pid = a_number(), installation.pid(process)
    os.kill(pid, signal.SIGKILL)

    async def written() -> bool:
        message = {"from": citizen, "name": "Deneme", "text": "Parktaki bank kırık, banklar onarılsın"}
        where = f"{installation.urls['whatsapp']}/_simulator/citizens/messages"
        async with installation.http.post(where, json=message) as found:
            return found.status == 200 and (await found.json())["webhook_status"] == 200

    await eventually(written, "the edge takes the message")
    (reply, *_) = await installation.replies_to(citizen, 1)
    assert re.search(r"\d{3}-\d{3}-\d{3}", reply)
    await eventually(lambda: asyncio.to_thread(stack.is_ready, installation.urls[process]), f"{process} is back")


async def test_the_figures_follow_and_close(installation: Installation) -> None:
    before = await installation.json(f"{installation.urls['reporting']}/api/bulletin")
    await installation.citizen_writes(a_number(), "Adalet Mahallesi'nde çöp kutusu yok, çöp konteyneri istiyoruz")

    def total(bulletin: Any) -> int:
        return sum(group["cases"] for group in bulletin["groups"])

    async def counted() -> Any:
        found = await installation.json(f"{installation.urls['reporting']}/api/bulletin")
        return found if total(found) > total(before) else None

    after = await eventually(counted, "the case in the bulletin")
    assert after["unclosed"] == []
    assert {line["code"]: line["cases"] for line in after["lines"]}["total"] == total(after)
