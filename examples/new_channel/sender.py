"""Postacı, an invented messenger: services/notifier/senders/postaci.py of the walk-through."""

from services.notifier.domain import Answer, Result
from services.notifier.senders.base import Letter
from services.notifier.senders.http import JSON_HEADERS, Asked, Caller, Said, accepted, by_code, json_body
from shared.settings import ProviderSettings, given

# Their codes as our few answers; what stands in no row is judged by the HTTP status.
CODES = {"blocked": Answer.NEVER, "busy": Answer.LATER}


class PostaciSettings(ProviderSettings):
    postaci_api_url: str


class Postaci:
    def __init__(self, url: str) -> None:
        self._url = f"{url}/messages"
        self._caller = Caller()

    async def send(self, letter: Letter) -> Result:
        body = json_body({"to": letter.address, "text": letter.text, "ref": str(letter.id)})
        return await self._caller.send(letter, Asked(self._url, body, JSON_HEADERS), _read)

    async def close(self) -> None:
        await self._caller.close()


def sender() -> Postaci | None:
    settings = given(PostaciSettings)
    return Postaci(settings.postaci_api_url) if settings else None


def _read(letter: Letter, said: Said) -> Result:
    return (
        accepted(letter, said, said.word("id"))
        if said.status == 201
        else by_code(letter, said, said.word("code"), CODES)
    )
