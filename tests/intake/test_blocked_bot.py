"""A citizen who blocks our bot: the notifier is told to leave that address alone."""

import pytest

from shared.contracts import Channel
from shared.messaging.topology import INTAKE
from tests.builders import a_webhook, new_id
from tests.harness import System, until
from tests.intake.kits.telegram import a_message, an_update

ACCOUNT = "telegram-7700000001"


async def told(system: System, kind: str) -> list[str]:
    """The people that events of a kind are about."""
    return [event["person_id"] for event in await system.told() if event["type"] == kind]


@pytest.mark.parametrize("chat", [500000001, 5321112233, 7700000001])
async def test_a_block_is_told_also_of_ids_that_look_like_phone_numbers(at_work: System, chat: int) -> None:
    private = {"id": chat, "type": "private"}
    wrote = an_update(message=a_message("a", text="Çöp alınmadı", chat=private))
    blocked = an_update(my_chat_member=a_message("b", chat=private, new_chat_member={"status": "kicked"}))
    for number, body in enumerate((wrote, blocked), start=1):
        payload = a_webhook(body, id=new_id(), channel=Channel.SOCIAL, provider="telegram", account=ACCOUNT)
        await at_work.tell(INTAKE, "routine", payload)
        await until(lambda number=number: _stored(at_work, number))  # type: ignore[misc]

    async def is_told() -> bool:
        return bool(await told(at_work, "address.failed.v1"))

    await until(is_told)
    assert await told(at_work, "address.failed.v1") == await told(at_work, "address.recorded.v1")


async def _stored(system: System, count: int) -> bool:
    return bool(await system.value("SELECT count(*) FROM raw_message") >= count)
