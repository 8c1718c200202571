"""By e-mail: the number comes back in the citizen's thread, a department closes, and machines are told nothing."""

import asyncio
from itertools import count
from typing import Any

import asyncpg

from shared.contracts import AssignmentAccepted, AssignmentClosed, CitizenAdded, Outcome
from shared.messaging.topology import owner_queue
from tests.journeys.conftest import Installation, eventually
from tests.journeys.test_main_journey import Broker, answer, of, work_of

_citizens = count(1)
COMPLAINT = "Kadıköy Mahallesi {street} çöp konteyneri taştı, çöpler alınmıyor"


def a_citizen(domain: str = "posta.example") -> str:
    return f"vatandas-{next(_citizens)}@{domain}"


async def writes(installation: Installation, citizen: str, text: str, **more: Any) -> str:
    """The id of the mail."""
    asked = {"citizen": citizen, "name": "Deneme Vatandaş", "text": text, **more}
    url = f"{installation.urls['mail']}/_simulator/email/citizens"
    async with installation.http.post(url, json=asked) as taken:
        assert taken.status == 200, await taken.text()
        return str((await taken.json())["id"])


async def mails_to(installation: Installation, citizen: str, number: int) -> list[dict[str, Any]]:
    """What the citizen was sent, once there is that much of it."""

    async def read() -> list[dict[str, Any]] | None:
        found = await installation.json(f"{installation.urls['mail']}/_simulator/messages", citizen=citizen)
        rows = [row for row in found["messages"] if not row["from_citizen"] and row["status"] == "accepted"]
        return rows if len(rows) >= number else None

    return await eventually(read, f"{number} mails to a citizen", seconds=40)


async def test_a_mail_is_answered_in_its_thread_and_the_outcome_follows(
    installation: Installation, broker: Broker
) -> None:
    citizen, street = a_citizen(), "posta sokağında"
    asked = await writes(installation, citizen, COMPLAINT.format(street=street), subject="Çöp")
    offer = await work_of(broker, "temizlik-isleri", street)
    await answer(broker, "accepted", AssignmentAccepted(**of(offer)))
    closing = AssignmentClosed(**of(offer), outcome=Outcome.SOLVED, answer="Konteyner boşaltıldı, çevresi yıkandı.")
    await answer(broker, "closed", closing)

    first, second = await mails_to(installation, citizen, 2)
    assert offer.number in first["text"]
    assert first["headers"]["In-Reply-To"] == f"<{asked}>"
    assert "cevap+" in first["headers"]["Reply-To"]
    assert first["return_path"].startswith("bounce+")
    assert "Konteyner boşaltıldı" in second["text"]


async def test_a_photo_in_a_mail_is_kept(installation: Installation, broker: Broker) -> None:
    street = "fotoğraf sokağında"
    await writes(installation, a_citizen(), COMPLAINT.format(street=street), photo=True)
    offer = await work_of(broker, "temizlik-isleri", street)

    async def kept() -> bool:
        query = (
            "SELECT count(*) FROM intake.file JOIN intake.case_file USING (contact_id)"
            " WHERE case_file.id = $1 AND file.state = 'kept'"
        )
        return await counted(installation, query, offer.case_id) == 1

    await eventually(kept, "the photo", seconds=40)


async def test_what_a_citizen_answers_joins_the_case(installation: Installation, broker: Broker) -> None:
    citizen, street = a_citizen(), "cevap sokağında"
    await writes(installation, citizen, COMPLAINT.format(street=street), subject="Çöp")
    offer = await work_of(broker, "temizlik-isleri", street)
    [first] = await mails_to(installation, citizen, 1)
    await writes(installation, citizen, "Bugün de gelen olmadı.", reply_to=first["id"])

    queue = await broker.get_queue(owner_queue("temizlik-isleri", "routine"), ensure=False)

    async def added() -> CitizenAdded | None:
        message = await queue.get(fail=False)
        if message is None:
            return None
        await message.ack()
        return CitizenAdded.read(message.body)

    told: CitizenAdded = await eventually(added, "the answer at the department", seconds=40)
    assert told.case_id == offer.case_id
    assert told.text == f"Ynt: {first['subject']}\nBugün de gelen olmadı."


async def test_an_out_of_office_answer_is_kept_and_not_answered(installation: Installation, broker: Broker) -> None:
    citizen, street = a_citizen("tatil.example"), "tatil sokağında"
    await writes(installation, citizen, COMPLAINT.format(street=street), subject="Çöp")
    await work_of(broker, "temizlik-isleri", street)
    await mails_to(installation, citizen, 1)

    async def kept() -> bool:
        return await counted(installation, "SELECT count(*) FROM intake.contact WHERE purpose = 'automatic'") >= 1

    await eventually(kept, "the out-of-office answer", seconds=40)
    await asyncio.sleep(2.0)
    assert len(await mails_to(installation, citizen, 1)) == 1


async def test_a_bounce_makes_the_notice_fail(installation: Installation, broker: Broker) -> None:
    citizen, street = a_citizen("geri.example"), "geri sokağında"
    await writes(installation, citizen, COMPLAINT.format(street=street), subject="Çöp")
    await work_of(broker, "temizlik-isleri", street)
    [sent] = await mails_to(installation, citizen, 1)
    delivery = sent["return_path"].partition("+")[2].partition("@")[0]

    async def failed() -> bool:
        query = "SELECT count(*) FROM notifier.delivery WHERE id = $1::uuid AND status = 'failed'"
        return await counted(installation, query, delivery) == 1

    await eventually(failed, "the failed delivery", seconds=40)


async def counted(installation: Installation, query: str, *values: object) -> int:
    connection = await asyncpg.connect(installation.database_url())
    try:
        return int(await connection.fetchval(query, *values))
    finally:
        await connection.close()
