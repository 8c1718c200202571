"""A citizen at the web form: posts through its API, and looks at the page of the number again and again."""

import asyncio
import json

from simulators.outside.memory import Message
from simulators.outside.world import CitizenWrote, EdgeAnswer, World

WEB = "web"
PATH = "/api/contacts"
JSON_HEADERS = {"Content-Type": "application/json"}
# Often at first, when the number comes; later as somebody looks who waits for an outcome.
LOOKS_SECONDS = (*[1.0] * 30, *[5.0] * 60, *[30.0] * 230)


class WebForm:
    """`citizen` of what is written here is the submission's id, a UUID: the key to its page."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def citizen_writes(self, wrote: CitizenWrote) -> EdgeAnswer:
        """Post the form once, and watch its page when it was taken."""
        message = Message(WEB, wrote.citizen, wrote.text, True, wrote.citizen, "sent", wrote.time, wrote.name)
        self._world.memory.keep(message)
        form = {"submission_id": wrote.citizen, "text": wrote.text, "name": wrote.name or None}
        answer = await self._world.post(PATH, json.dumps(form, ensure_ascii=False).encode(), JSON_HEADERS)
        self._world.memory.change(message, "delivered" if answer.is_taken else "failed")
        if answer.is_taken:
            self._world.later(self._watch(wrote.citizen))
        return answer

    async def _watch(self, submission_id: str) -> None:
        seen = 0
        for seconds in LOOKS_SECONDS:
            await asyncio.sleep(seconds)
            status = await self._world.fetch_json(f"{self._world.settings.edge_url}{PATH}/{submission_id}")
            replies = status.get("replies", []) if isinstance(status, dict) else []
            for text in replies[seen:]:
                self._world.memory.keep(Message(WEB, submission_id, str(text), False, status="delivered"))
            seen = max(seen, len(replies))
