"""A telephone rings, and everything follows: history on the screen, an entry, a missed call that is called back."""

from typing import Any

import pytest

from shared.ids import new_id
from tests.desk.conftest import bearer
from tests.journeys.conftest import Installation, eventually

CALLER = "0500 000 00 42"


class Telephone:
    """The exchange, and the operator's desk."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._headers = bearer(installation.environment["DESK_TOKEN"])

    async def rings(self, exchange: str, caller: str = CALLER, extension: str = "1001") -> str:
        """The call, once it was heard: Asterisk tells nobody who does not listen yet."""

        async def heard() -> str | None:
            told = await self._exchange("/calls", {"caller": caller, "extension": extension, "exchange": exchange})
            return None if told["answered"] == "nobody listens" else str(told["id"])

        return str(await eventually(heard, f"{exchange}: a call that is heard"))

    async def then(self, call: str, step: str) -> None:
        await self._exchange(f"/calls/{call}/{step}", {})

    async def desk(self, path: str, extension: str = "1001") -> str:
        headers = self._headers | {"Cookie": f"dahili={extension}"}
        async with self._installation.http.get(self._installation.urls["desk"] + path, headers=headers) as reply:
            assert reply.status == 200
            return await reply.text()

    async def enter(self, **fields: str) -> str:
        """The page that shows the number."""
        url, headers = f"{self._installation.urls['desk']}/entry", self._headers
        async with self._installation.http.post(url, data={"id": str(new_id()), **fields}, headers=headers) as reply:
            assert reply.status == 200
            return await reply.text()

    async def _exchange(self, path: str, body: dict[str, str]) -> dict[str, Any]:
        async with self._installation.http.post(self._installation.urls["exchange"] + path, json=body) as reply:
            assert reply.status == 200, await reply.text()
            return dict(await reply.json())


@pytest.fixture
def telephone(installation: Installation) -> Telephone:
    return Telephone(installation)


@pytest.mark.parametrize("exchange", ["verimor", "bulutfon", "asterisk"])
async def test_a_ringing_telephone_shows_who_calls_until_it_is_missed(telephone: Telephone, exchange: str) -> None:
    extension = str(1010 + ["verimor", "bulutfon", "asterisk"].index(exchange))
    call = await telephone.rings(exchange, extension=extension)

    async def shows() -> bool:
        return CALLER in await telephone.desk("/calls/screen", extension)

    await eventually(shows, f"{exchange}: the caller on the screen")
    await telephone.then(call, "missed")

    async def waits() -> bool:
        return "Geri aranacak" in await telephone.desk("/tasks?kind=call_back")

    await eventually(waits, f"{exchange}: a task to call back")


async def test_who_calls_again_is_known_with_their_cases(telephone: Telephone) -> None:
    entered = await telephone.enter(
        channel="phone", phone="0500 000 00 43", text="Sokağımızdaki çöpler üç gündür alınmadı", wish="call"
    )
    number = entered.split('id="tracking-1">')[1][:11]

    await telephone.rings("verimor", "05000000043", "1020")

    async def shows() -> bool:
        return number in await telephone.desk("/calls/screen", "1020")

    await eventually(shows, "the caller's earlier case beside the number")
