"""The citizen in the loop: reopened by an SMS, asked once whether it is solved, a no that counts, withdrawn."""

import json
import secrets
from typing import Any
from uuid import UUID

import asyncpg

from shared.contracts import AssignmentClosed, AssignmentEnded, AssignmentOffered, Outcome
from shared.messaging.topology import owner_queue
from tests.journeys.conftest import Installation, eventually
from tests.journeys.person import Person
from tests.journeys.test_every_provider import a_citizen, sent_to, writes
from tests.journeys.test_main_journey import Broker, a_number, answer, of, work_of

OWNER = "temizlik-isleri"


def a_report(neighbourhood: str) -> tuple[str, str]:
    """What a citizen writes of a place of their own, and the word it is found by."""
    mark = f"iz{secrets.token_hex(3)}"
    return f"{neighbourhood} Mahallesi {mark} sokağında çöp konteyneri taştı, çöpler alınmıyor", mark


async def value(installation: Installation, query: str, *values: object) -> Any:
    """From the database of the installation, all services in it."""
    connection = await asyncpg.connect(installation.database_url())
    try:
        return await connection.fetchval(query, *values)
    finally:
        await connection.close()


async def holds(installation: Installation, query: str, *values: object) -> None:
    async def look() -> bool:
        return bool(await value(installation, query, *values))

    await eventually(look, query)


async def close(installation: Installation, broker: Broker, offer: AssignmentOffered) -> None:
    """Solved, and intake knows that it is."""
    closing = AssignmentClosed(**of(offer), outcome=Outcome.SOLVED, answer="Konteyner boşaltıldı, çevresi yıkandı.")
    await answer(broker, "closed", closing)
    await holds(installation, "SELECT state = 'closed' FROM intake.case_file WHERE id = $1", offer.case_id)


async def is_asked(installation: Installation, case_id: UUID) -> None:
    """A day passes: the survey is due, and intake learns that it was sent."""
    due = "SELECT true FROM notifier.later WHERE case_id = $1 AND event = 'survey' AND due_at IS NOT NULL"
    await holds(installation, due, case_id)
    await value(
        installation, "UPDATE notifier.later SET due_at = now() WHERE case_id = $1 AND event = 'survey'", case_id
    )
    await holds(installation, "SELECT true FROM intake.survey WHERE case_id = $1 AND asked_at IS NOT NULL", case_id)


async def texts_to(installation: Installation, citizen: str, number: int) -> list[str]:
    return [row["text"] for row in await sent_to(installation, citizen, number)]


async def test_an_sms_soon_after_the_closing_brings_the_case_back_to_its_owner(
    installation: Installation, broker: Broker
) -> None:
    installation.must_be_awake()
    citizen = a_citizen("netgsm")
    text, mark = a_report("Kılıçdede")
    await writes(installation, "netgsm", citizen, text)
    first = await work_of(broker, OWNER, mark)
    await close(installation, broker, first)

    await writes(installation, "netgsm", citizen, "Hâlâ yapılmadı, konteyner dolu")
    again = await work_of(broker, OWNER, mark)

    assert (again.case_id, again.reopened) == (first.case_id, 1)
    assert again.assignment_id != first.assignment_id
    assert again.reopened_because and "konteyner dolu" in again.reopened_because
    texts = await texts_to(installation, citizen, 4)
    assert [text for text in texts if "yeniden açıldı" in text and first.number in text]


async def test_a_no_to_the_survey_reopens_when_a_person_says_so_and_nobody_is_asked_twice(
    installation: Installation, broker: Broker
) -> None:
    installation.must_be_awake()
    person, citizen = Person(installation), a_citizen("netgsm")
    text, mark = a_report("Liman")
    await writes(installation, "netgsm", citizen, text)
    first = await work_of(broker, OWNER, mark)
    await close(installation, broker, first)
    await is_asked(installation, first.case_id)
    texts = await texts_to(installation, citizen, 3)
    assert [text for text in texts if "Sorununuz çözüldü mü?" in text and first.number in text]

    await writes(installation, "netgsm", citizen, f"2, hâlâ taşıyor {mark}")
    task = await person.finds_task("reopen", f"hâlâ taşıyor {mark}")
    await person.sends(f"/tasks/{task['id']}/settle", decision="release", note="")
    again = await work_of(broker, OWNER, mark)
    assert (again.case_id, again.reopened) == (first.case_id, 1)

    await close(installation, broker, again)
    planned = "FROM notifier.later WHERE case_id = $1 AND event = 'survey' AND version > $2"
    settled = f"SELECT due_at IS NULL AND told_at IS NOT NULL {planned}"
    await holds(installation, settled, first.case_id, again.version or 0)
    surveys = "SELECT count(*) FROM notifier.notice WHERE case_id = $1 AND event = 'survey'"
    assert await value(installation, surveys, first.case_id) == 1
    counted = "SELECT solved FROM intake.survey WHERE case_id = $1"
    assert await value(installation, counted, first.case_id) is False
    await holds(installation, "SELECT true FROM reporting.survey_cell WHERE owner = $1 AND solved = 'no'", OWNER)


async def test_who_needs_it_no_more_withdraws_and_the_owner_stops(installation: Installation, broker: Broker) -> None:
    citizen = a_number()
    text, mark = a_report("Adalet")
    await installation.citizen_writes(citizen, text)
    offer = await work_of(broker, OWNER, mark)
    await installation.replies_to(citizen, 1)

    await installation.citizen_writes(citizen, "Vazgeçtim, kendimiz hallettik")
    queue = await broker.get_queue(owner_queue(OWNER, "routine"), ensure=False)

    async def is_over() -> AssignmentEnded | None:
        message = await queue.get(fail=False)
        if message is None:
            return None
        await message.ack()
        is_end = json.loads(message.body)["type"] == AssignmentEnded.type_name()
        end = AssignmentEnded.read(message.body) if is_end else None
        return end if end and end.case_id == offer.case_id else None

    end = await eventually(is_over, "the owner hears that it is over")
    assert (end.assignment_id, end.because) == (offer.assignment_id, "withdrawn")

    async def is_told() -> bool:
        texts = await installation.replies_to(citizen, 1)
        return any(offer.number in text and "isteğiniz üzerine kapatıldı" in text for text in texts)

    assert await eventually(is_told, "the citizen reads that it is withdrawn")
