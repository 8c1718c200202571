"""Forty reports of one burst pipe, by four channels and in forty ways: one task, forty answers, forty closed cases."""

import asyncio
import json
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from shared.contracts import (
    AssignmentAccepted,
    AssignmentClosed,
    AssignmentOffered,
    AssignmentSeparated,
    IncidentGrew,
    Message,
    Outcome,
)
from shared.ids import new_id
from shared.messaging.topology import LANES, owner_queue
from shared.text import fold
from tests.journeys.conftest import Installation, eventually
from tests.journeys.test_every_channel import entered, texts_to, write_mail
from tests.journeys.test_main_journey import Broker, a_number, answer, of

WATER = "saski"
# Own sentences, a line a citizen.
TOLD = (Path(__file__).parent / "burst_pipe.txt").read_text(encoding="utf-8").splitlines()
BY_WHATSAPP, BY_FORM, BY_MAIL, BY_PHONE = TOLD[:12], TOLD[12:22], TOLD[22:30], TOLD[30:]
DONE = "Patlayan boru değiştirildi, cadde yıkandı."
PATIENCE_SECONDS = 60.0
NUMBER = re.compile(r"\b\d{3}-\d{3}-\d{3}\b")


async def taken(broker: Broker, about: str, count: int) -> list[Message]:
    """What SASKİ was sent of the problem: so many messages, taken by a bare client; others' work is left aside."""
    queues = [await broker.get_queue(owner_queue(WATER, lane), ensure=False) for lane in LANES]
    found: list[Message] = []

    async def take() -> bool:
        for queue in queues:
            while (message := await queue.get(fail=False)) is not None:
                await message.ack()
                content = json.loads(message.body)
                if about in fold(content.get("text", "")):
                    found.append(Message.registry[content["type"]].read(message.body))
        return len(found) >= count

    await eventually(take, f"{count} messages about {about}", PATIENCE_SECONDS)
    return found


async def by_form(installation: Installation, text: str) -> str:
    page = str(new_id())
    form = {"submission_id": page, "text": text}
    async with installation.http.post(f"{installation.urls['edge']}/api/contacts", json=form) as sent:
        assert sent.status == 202
    return page


async def form_replies(installation: Installation, page: str, count: int) -> list[str]:
    async def read() -> list[str] | None:
        found = await installation.json(f"{installation.urls['edge']}/api/contacts/{page}")
        return found["replies"] if len(found["replies"]) >= count else None

    replies: list[str] = await eventually(read, f"{count} replies on the form's page", PATIENCE_SECONDS)
    return replies


async def counted(installation: Installation) -> dict[str, int]:
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    rows = await installation.json(f"{installation.urls['reporting']}/api/cases", by="topic", first=today)
    return {row["value"]: row["closed"] for row in rows}


def numbers_in(texts: Sequence[str], numbers: Sequence[str]) -> set[str]:
    return {number for number in numbers for text in texts if number in text}


async def test_forty_reports_of_one_burst_pipe_are_one_task_and_forty_answers(
    installation: Installation, broker: Broker
) -> None:
    installation.must_be_awake()
    before = (await counted(installation)).get("su-patlagi", 0)
    phones = [a_number() for _ in BY_WHATSAPP]
    mails = [f"vatandas.{secrets.token_hex(4)}@example.org" for _ in BY_MAIL]
    callers = [a_number() for _ in BY_PHONE]
    for phone, text in zip(phones, BY_WHATSAPP, strict=True):
        await installation.citizen_writes(phone, text)
    pages = [await by_form(installation, text) for text in BY_FORM]
    for mail, text in zip(mails, BY_MAIL, strict=True):
        await write_mail(installation, mail, text, subject="Su")
    for caller, text in zip(callers, BY_PHONE, strict=True):
        await entered(installation, "phone", phone=caller, text=text)

    sent = await taken(broker, "ziya gokalp", 40)
    offers = [message for message in sent if isinstance(message, AssignmentOffered)]
    grown = [message for message in sent if isinstance(message, IncidentGrew)]
    assert (len(offers), len(grown)) == (1, 39)
    assert max(message.reports for message in grown) == 40
    assert {message.assignment_id for message in grown} == {offers[0].assignment_id}
    numbers = [offers[0].number, *(message.joined_number for message in grown)]
    assert len(set(numbers)) == 40

    await answer(broker, "accepted", AssignmentAccepted(**of(offers[0])))
    await answer(broker, "closed", AssignmentClosed(**of(offers[0]), outcome=Outcome.SOLVED, answer=DONE))

    heard = await asyncio.gather(
        *(installation.replies_to(phone, 3) for phone in phones),
        *(form_replies(installation, page, 3) for page in pages),
        *(texts_to(installation, "mail", mail, 3) for mail in mails),
        *(texts_to(installation, "outside", caller, 3) for caller in callers),
    )
    own = [numbers_in(texts, numbers) for texts in heard]
    assert [len(found) for found in own] == [1] * 40
    assert len(set.union(*own)) == 40
    assert [sum(DONE in text for text in texts) for texts in heard] == [1] * 40

    async def all_are_counted() -> bool:
        return (await counted(installation)).get("su-patlagi", 0) >= before + 30

    await eventually(all_are_counted, "the closed cases in the figures")
    assert await states_of(installation, numbers) == {"closed": 40}


async def states_of(installation: Installation, numbers: Sequence[str]) -> dict[str, int]:
    """How many of the cases stand where, as reporting counts them."""
    rows = await read(
        installation,
        "reporting",
        "SELECT state, count(*)::int AS cases FROM case_fact WHERE number = ANY($1) GROUP BY state",
        list(numbers),
    )
    return {row["state"]: row["cases"] for row in rows}


async def read(installation: Installation, schema: str, query: str, *values: Any) -> list[dict[str, Any]]:
    url = installation.database_url()
    connection = await asyncpg.connect(url, server_settings={"search_path": schema})
    try:
        return [dict(row) for row in await connection.fetch(query, *values)]
    finally:
        await connection.close()


async def test_a_hole_in_the_road_of_another_street_is_another_problem(installation: Installation) -> None:
    numbers = []
    for street in ("Muhteşem Süleyman", "Yavuz Sultan Selim"):
        citizen = a_number()
        await installation.citizen_writes(citizen, f"{street} Caddesi'nde yolda çukur var, asfalt bozuk")
        [receipt] = await installation.replies_to(citizen, 1)
        numbers += NUMBER.findall(receipt)

    async def are_routed() -> bool:
        return len(await heads(installation, numbers)) == 2

    await eventually(are_routed, "both cases at the router")
    assert set((await heads(installation, numbers)).values()) == {None}


async def heads(installation: Installation, numbers: Sequence[str]) -> dict[str, UUID | None]:
    """Which case each of these follows; None: it stands alone."""
    rows = await read(
        installation, "router", "SELECT number, head_id FROM case_record WHERE number = ANY($1)", list(numbers)
    )
    return {row["number"]: row["head_id"] for row in rows}


async def test_a_report_that_was_joined_wrongly_is_separated_and_has_an_end_of_its_own(
    installation: Installation, broker: Broker
) -> None:
    one, other = a_number(), a_number()
    await installation.citizen_writes(one, "Kafkas Caddesi'nde su borusu patladı, yol su içinde")
    [offer] = await taken(broker, "kafkas", 1)
    assert isinstance(offer, AssignmentOffered)
    await installation.citizen_writes(other, "Kafkas Caddesi'nde patlak boru var, su fışkırıyor")
    [grown] = await taken(broker, "kafkas", 1)
    assert isinstance(grown, IncidentGrew)
    await answer(broker, "separated", AssignmentSeparated(**of(offer), separate=grown.joined_case_id))

    own = await work_of_case(broker, grown.joined_case_id)
    await answer(broker, "closed", AssignmentClosed(**of(own), outcome=Outcome.SOLVED, answer="İkinci boru onarıldı."))
    texts = await installation.replies_to(other, 2)
    assert own.number in texts[-1]
    assert "İkinci boru onarıldı." in texts[-1]
    assert len(await installation.replies_to(one, 1)) == 1


async def work_of_case(broker: Broker, case_id: UUID) -> AssignmentOffered:
    async def find() -> Any:
        for message in await taken(broker, "kafkas", 0):
            if isinstance(message, AssignmentOffered) and message.case_id == case_id:
                return message
        return None

    found: AssignmentOffered = await eventually(find, "an assignment of its own")
    return found
