"""By every channel that no provider's own journey covers: in, the number back, the department closes, the outcome back.

WhatsApp, and a channel with a program of its own, have theirs in `test_main_journey.py`; SMS and social networks in
`test_every_provider.py`; Open311 in `test_open311_journey.py`.
"""

import base64
import re
import secrets
from typing import Any

import pytest

from services.desk.domain.entry import CHANNELS
from shared.contracts import AssignmentAccepted, AssignmentClosed, AssignmentOffered, Outcome
from shared.ids import new_id
from shared.tokens import CaseTokens
from tests.desk.conftest import bearer
from tests.journeys.conftest import Installation, eventually
from tests.journeys.test_main_journey import Broker, a_number, answer, of, work_of

ANSWER = "Konteyner boşaltıldı, çevresi yıkandı."


def a_street() -> str:
    """Words that stand in one text only; no digits, which may look like a phone number and be masked."""
    return f"{''.join(secrets.choice('bcdfgklmnprt') for _ in range(10))} sokağında"


def rubbish(street: str) -> str:
    return f"Kadıköy Mahallesi {street} çöp konteyneri taştı, çöpler alınmıyor"


async def closed(broker: Broker, street: str) -> AssignmentOffered:
    """What the department was offered about this street, and closed."""
    offer = await work_of(broker, "temizlik-isleri", street)
    await answer(broker, "accepted", AssignmentAccepted(**of(offer)))
    await answer(broker, "closed", AssignmentClosed(**of(offer), outcome=Outcome.SOLVED, answer=ANSWER))
    return offer


def signed_in(installation: Installation) -> dict[str, str]:
    return bearer(installation.environment["DESK_TOKEN"])


async def entered(installation: Installation, channel: str, **fields: str) -> str:
    """What an operator enters; the number that stands on the page, to be read to the caller."""
    url, entry, auth = installation.urls["desk"], str(new_id()), signed_in(installation)
    form = {"id": entry, "channel": channel, "name": "Deneme Vatandaş", **fields}
    async with installation.http.post(f"{url}/entry", data=form, headers=auth, allow_redirects=False) as taken:
        assert taken.status == 303, await taken.text()

    async def number() -> str | None:
        async with installation.http.get(f"{url}/entry/{entry}", headers=auth) as page:
            found = re.search(r'id="tracking-1">(\d{3}-\d{3}-\d{3})<', await page.text())
            return found[1] if found else None

    return str(await eventually(number, "the number on the operator's page"))


async def task_about(installation: Installation, number: str, kind: str) -> dict[str, Any]:
    async def find() -> dict[str, Any] | None:
        url = f"{installation.urls['desk']}/api/tasks"
        query = {"kind": kind, "limit": "200"}
        async with installation.http.get(url, params=query, headers=signed_in(installation)) as found:
            tasks = (await found.json())["tasks"]
        return next((task for task in tasks if task["number"] == number and ANSWER in task["text"]), None)

    found: dict[str, Any] = await eventually(find, f"a task `{kind}`")
    return found


async def texts_to(installation: Installation, simulator: str, citizen: str, number: int) -> list[str]:
    async def read() -> list[str] | None:
        found = await installation.json(f"{installation.urls[simulator]}/_simulator/messages", citizen=citizen)
        texts = [row["text"] for row in found["messages"] if not row["from_citizen"] and row["status"] != "refused"]
        return texts if len(texts) >= number else None

    texts: list[str] = await eventually(read, f"{number} messages to a citizen", seconds=40)
    return texts


async def write_mail(installation: Installation, citizen: str, text: str, **more: Any) -> None:
    url = f"{installation.urls['mail']}/_simulator/email/citizens"
    async with installation.http.post(url, json={"citizen": citizen, "text": text, **more}) as taken:
        assert taken.status == 200, await taken.text()


async def test_a_mail_is_answered_by_mail_and_an_answer_to_that_joins_the_case(
    installation: Installation, broker: Broker
) -> None:
    citizen, street = f"vatandas.{secrets.token_hex(4)}@example.org", a_street()
    await write_mail(installation, citizen, rubbish(street), subject="Çöp")
    await texts_to(installation, "mail", citizen, 1)
    receipt = await installation.json(f"{installation.urls['mail']}/_simulator/messages", citizen=citizen)
    [ours] = [row for row in receipt["messages"] if not row["from_citizen"]]
    await write_mail(installation, citizen, "Konteynerin kapağı da kırık, bilginize.", reply_to=ours["id"])
    await texts_to(installation, "mail", citizen, 2)

    offer = await closed(broker, street)
    first, joined, outcome = await texts_to(installation, "mail", citizen, 3)
    assert [offer.number in text for text in (first, joined, outcome)] == [True, True, True]
    assert ANSWER in outcome


async def test_an_absence_note_and_a_bounce_are_never_answered(installation: Installation, broker: Broker) -> None:
    absent, gone = (f"u{secrets.token_hex(4)}@{domain}" for domain in ("tatil.example", "geri.example"))
    for citizen in (absent, gone):
        street = a_street()
        await write_mail(installation, citizen, rubbish(street))
        await work_of(broker, "temizlik-isleri", street)
        await texts_to(installation, "mail", citizen, 1)

    async def are_kept() -> bool:
        found = await installation.json(f"{installation.urls['mail']}/_simulator/messages")
        back = [row for row in found["messages"] if row["kind"] == "automatic"]
        return {row["citizen"] for row in back} >= {absent, gone} and all(row["status"] == "delivered" for row in back)

    await eventually(are_kept, "what their mail systems answered")
    assert len(await texts_to(installation, "mail", absent, 1)) == 1


async def test_the_form_leads_to_a_page_that_tells_the_outcome(installation: Installation, broker: Broker) -> None:
    submission, street, edge = str(new_id()), a_street(), installation.urls["edge"]
    form = {"submission_id": submission, "text": rubbish(street)}
    async with installation.http.post(f"{edge}/api/contacts", json=form) as accepted:
        assert accepted.status == 202
    offer = await closed(broker, street)

    async def story() -> str | None:
        key = base64.b64decode(installation.environment["ILKIM_TRACKING_KEY"])
        code = CaseTokens(key).code(offer.number)
        async with installation.http.get(f"{edge}/takip/{offer.number}/{code}") as page:
            told = await page.text()
            return told if ANSWER in told else None

    assert offer.number in await eventually(story, "the outcome on the tracking page")


@pytest.mark.parametrize("channel", ["phone", "face_to_face", "muhtar"])
async def test_who_called_or_came_is_answered_by_sms(installation: Installation, broker: Broker, channel: str) -> None:
    installation.must_be_awake()
    citizen, street = a_number(), a_street()
    number = await entered(installation, channel, phone=citizen, text=rubbish(street))
    offer = await closed(broker, street)

    assert offer.number == number
    # In whatever order: both were to be told at once, and each provider is as quick as it is.
    texts = await texts_to(installation, "outside", citizen, 2)
    assert [number in text for text in texts] == [True, True]
    assert [text for text in texts if ANSWER in text]


@pytest.mark.parametrize(
    ("channel", "fields"),
    [("petition", {"postal": "Deneme Sokak 1, İlkadım", "signed": "on"}), ("cimer", {"reference": ""})],
    ids=["petition", "cimer"],
)
async def test_paper_is_answered_on_paper_by_a_person(
    installation: Installation, broker: Broker, channel: str, fields: dict[str, str]
) -> None:
    street = a_street()
    reference = {"reference": f"26{secrets.randbelow(10**8):08}"} if channel == "cimer" else {}
    number = await entered(installation, channel, text=rubbish(street), **fields | reference)
    await closed(broker, street)

    task = await task_about(installation, number, "letter")
    settled = f"{installation.urls['desk']}/api/tasks/{task['id']}/settle"
    body = {"decision": "done", "note": "Yazıldı."}
    async with installation.http.post(settled, json=body, headers=signed_in(installation)) as done:
        assert done.status == 200, await done.text()
        assert (await done.json())["decision"] == "done"


async def test_a_caller_without_a_mobile_phone_is_called(installation: Installation, broker: Broker) -> None:
    installation.must_be_awake()
    street = a_street()
    number = await entered(installation, "phone", phone="0362 431 00 00", text=rubbish(street), wish="call")
    await closed(broker, street)

    task = await task_about(installation, number, "call")
    async with installation.http.get(
        f"{installation.urls['desk']}/api/tasks/{task['id']}", headers=signed_in(installation)
    ) as found:
        assert (await found.json())["address"] == "+903624310000"


def test_every_way_in_at_the_desk_has_a_journey() -> None:
    assert {str(channel) for channel in CHANNELS} == {"phone", "face_to_face", "muhtar", "petition", "cimer"}
