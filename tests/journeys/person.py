"""A person at the desk: sees its pages as a browser without scripts does, and presses what stands there."""

from typing import Any

from tests.desk.conftest import bearer
from tests.journeys.conftest import Installation, eventually


class Person:
    """Signed in at the installation's desk."""

    def __init__(self, installation: Installation) -> None:
        self._http, self._url = installation.http, installation.urls["desk"]
        self._signed_in = bearer(installation.environment["DESK_TOKEN"])

    async def sees(self, path: str) -> str:
        """A page of the desk."""
        async with self._http.get(self._url + path, headers=self._signed_in) as reply:
            assert reply.status == 200, await reply.text()
            return await reply.text()

    async def reads(self, path: str) -> Any:
        """An answer of the desk's API."""
        async with self._http.get(self._url + path, headers=self._signed_in) as reply:
            assert reply.status == 200, await reply.text()
            return await reply.json()

    async def sends(self, path: str, **fields: str) -> str:
        """A form, and the page it leads to."""
        async with self._http.post(self._url + path, data=fields, headers=self._signed_in) as reply:
            assert reply.status == 200, await reply.text()
            return await reply.text()

    async def finds_to_decide(self, about: str, returns: int = 0) -> dict[str, Any]:
        """The item in triage whose text says this, once it came so often."""

        async def waiting() -> dict[str, Any] | None:
            items = (await self.reads("/api/triage?limit=200"))["items"]
            return next((row for row in items if about in row["text"] and row["returns"] == returns), None)

        return dict(await eventually(waiting, f"{about} in triage"))

    async def finds_task(self, kind: str, about: str) -> dict[str, Any]:
        """The task of this kind whose text says this."""

        async def waiting() -> dict[str, Any] | None:
            tasks = (await self.reads(f"/api/tasks?kind={kind}&limit=200"))["tasks"]
            return next((row for row in tasks if about in row["text"]), None)

        return dict(await eventually(waiting, f"a task about {about}"))
