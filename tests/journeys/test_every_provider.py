"""By each SMS provider and social network: a citizen writes, the number comes back, a department closes."""

from itertools import count
from typing import Any

import pytest

from shared.contracts import AssignmentAccepted, AssignmentClosed, Outcome
from tests.journeys.conftest import Installation, eventually
from tests.journeys.test_main_journey import Broker, answer, of, work_of
from tests.notifier.kits.outside import OUTSIDE

SOCIAL = [name for name in OUTSIDE if not OUTSIDE[name].letter.address.startswith("+")]
SMS = [name for name in OUTSIDE if name not in SOCIAL]
_citizens = count(5_000_001)


def a_citizen(name: str) -> str:
    """A phone number, or a user's id."""
    return f"+90500{next(_citizens)}" if name in SMS else f"40000000{next(_citizens)}"


async def writes(installation: Installation, name: str, citizen: str, text: str, **more: Any) -> None:
    asked = {"citizen": citizen, "name": "Deneme Vatandaş", "text": text, **more}
    url = f"{installation.urls['outside']}/_simulator/{name}/citizens"
    async with installation.http.post(url, json=asked) as taken:
        assert taken.status in (200, 202), await taken.text()


async def sent_to(installation: Installation, citizen: str, number: int) -> list[dict[str, Any]]:
    """What the citizen was sent, by whatever provider, once there is that much of it."""

    async def read() -> list[dict[str, Any]] | None:
        found = await installation.json(f"{installation.urls['outside']}/_simulator/messages", citizen=citizen)
        rows = [row for row in found["messages"] if not row["from_citizen"] and row["status"] != "refused"]
        return rows if len(rows) >= number else None

    return await eventually(read, f"{number} messages to a citizen", seconds=40)


@pytest.mark.parametrize("name", SOCIAL)
async def test_a_social_network_answers_where_it_was_asked(
    installation: Installation, broker: Broker, name: str
) -> None:
    citizen, street = a_citizen(name), f"{name} sokağında"
    await writes(installation, name, citizen, f"Kadıköy Mahallesi {street} çöp konteyneri taştı, çöpler alınmıyor")
    offer = await work_of(broker, "temizlik-isleri", street)
    await answer(broker, "accepted", AssignmentAccepted(**of(offer)))
    closing = AssignmentClosed(**of(offer), outcome=Outcome.SOLVED, answer="Konteyner boşaltıldı, çevresi yıkandı.")
    await answer(broker, "closed", closing)

    first, second = await sent_to(installation, citizen, 2)
    assert {first["provider"], second["provider"]} == {name}
    assert offer.number in first["text"]
    assert "Konteyner boşaltıldı" in second["text"]


@pytest.mark.parametrize("name", SMS)
async def test_an_sms_is_answered_by_sms(installation: Installation, broker: Broker, name: str) -> None:
    """Any provider will do."""
    installation.must_be_awake()
    citizen, street = a_citizen(name), f"{name} sokağında"
    await writes(installation, name, citizen, f"Kadıköy Mahallesi {street} çöp konteyneri taştı, çöpler alınmıyor")
    offer = await work_of(broker, "temizlik-isleri", street)
    await answer(broker, "accepted", AssignmentAccepted(**of(offer)))
    closing = AssignmentClosed(**of(offer), outcome=Outcome.SOLVED, answer="Konteyner boşaltıldı, çevresi yıkandı.")
    await answer(broker, "closed", closing)

    replies = await sent_to(installation, citizen, 2)
    assert {reply["provider"] for reply in replies} <= set(SMS)
    assert all(offer.number in reply["text"] for reply in replies)
    assert [reply for reply in replies if "Konteyner boşaltıldı" in reply["text"]]
