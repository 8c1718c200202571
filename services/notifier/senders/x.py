"""Direct messages on X. Sources: docs.x.com/x-api/direct-messages/manage/integrate (POST
/2/dm_conversations/with/:participant_id/messages), docs.x.com/x-api/fundamentals/response-codes-and-errors.

Signed as our own user (OAuth 1.0a). There is no receipt but that of reading.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from pydantic import SecretStr

from services.notifier.domain import Answer, Result
from services.notifier.senders.base import Letter
from services.notifier.senders.http import JSON_HEADERS, Asked, Caller, Said, accepted, by_code, json_body
from shared.oauth1 import Signer
from shared.settings import ProviderSettings, given

# Their own codes; where a refusal has none, its HTTP status stands for it.
CODES: Final[Mapping[str, Answer]] = {
    "32": Answer.LATER,  # could not authenticate us: credentials are being changed
    "88": Answer.LATER,  # rate limit
    "89": Answer.LATER,  # token expired
    "108": Answer.NEVER,  # no such user
    "130": Answer.UNKNOWN,  # over capacity
    "131": Answer.UNKNOWN,  # internal error
    "150": Answer.NEVER,  # this user takes messages only from those they follow
    "326": Answer.LATER,  # our account is locked until somebody logs in
    "349": Answer.NEVER,  # this user cannot be written to: blocked us, or left
    "401": Answer.LATER,
    "403": Answer.NEVER,
    "429": Answer.LATER,
}
# This user is gone, or wants nothing from us.
DEAD_ADDRESS: Final = frozenset({"108", "349"})


class XSettings(ProviderSettings):
    """The app's key and secret, and the access token of our user."""

    x_api_key: str
    x_api_secret: SecretStr
    x_access_token: str
    x_access_secret: SecretStr
    x_api_url: str = "https://api.x.com"


def sender() -> "X | None":
    """The sender of this environment; None: X is not configured."""
    settings = given(XSettings)
    return X(settings) if settings else None


class X:
    """Writes into the one-to-one conversation with the citizen."""

    def __init__(self, settings: XSettings) -> None:
        self._base = f"{settings.x_api_url.rstrip('/')}/2/dm_conversations/with"
        self._signer = Signer(
            settings.x_api_key,
            settings.x_api_secret.get_secret_value(),
            settings.x_access_token,
            settings.x_access_secret.get_secret_value(),
        )
        self._caller = Caller()

    async def send(self, letter: Letter) -> Result:
        """One POST; within ten seconds."""
        url = f"{self._base}/{quote(letter.address, safe='')}/messages"
        headers = {**JSON_HEADERS, "Authorization": self._signer.header("POST", url)}
        return await self._caller.send(letter, Asked(url, json_body({"text": letter.text}), headers), read_answer)

    async def close(self) -> None:
        await self._caller.close()


def read_answer(letter: Letter, said: Said) -> Result:
    """What X's answer means."""
    if 200 <= said.status < 300:
        return accepted(letter, said, said.word("data", "dm_event_id"))
    return by_code(letter, said, _code(said.field("errors")) or str(said.status), CODES)


def _code(errors: Any) -> str:
    first = errors[0] if isinstance(errors, list) and errors else None
    code = first.get("code") if isinstance(first, dict) else None
    return str(code) if isinstance(code, int) else ""
