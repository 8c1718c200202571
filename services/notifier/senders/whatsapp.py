"""WhatsApp Cloud API. Codes: developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes."""

import json
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
from pydantic import SecretStr

from services.notifier.domain import Answer, Result
from services.notifier.senders.base import Letter
from shared.settings import ProviderSettings, given

# What is not listed is `never` for 4xx and `unknown` for 5xx: a request that failed inside may have gone out.
CODES: Final[Mapping[int, Answer]] = {
    0: Answer.LATER,  # could not authenticate: the token is being changed
    4: Answer.LATER,  # too many calls of the app
    190: Answer.LATER,  # access token expired
    368: Answer.LATER,  # temporarily blocked for policy violations
    80007: Answer.LATER,  # too many calls of the account
    130429: Answer.LATER,  # throughput of the number reached
    131000: Answer.UNKNOWN,  # something went wrong, Meta does not say what
    131016: Answer.LATER,  # service unavailable
    131048: Answer.LATER,  # spam rate limit
    131056: Answer.LATER,  # too many messages to this one recipient
    131057: Answer.LATER,  # account in maintenance
    131026: Answer.NEVER,  # no WhatsApp at this number, or not reachable
    131047: Answer.NEVER,  # more than 24 hours since the citizen wrote: only a template may go
    131051: Answer.NEVER,  # unsupported message type
    100: Answer.NEVER,  # invalid parameter
}
TIMEOUT_SECONDS: Final = 10.0
CONNECTIONS_MAX: Final = 16
ANSWER_BYTES_MAX: Final = 64 * 1024
VERSION: Final = "v24.0"


class WhatsAppSettings(ProviderSettings):
    """Where Meta's Graph API answers, and our access token."""

    whatsapp_api_url: str
    whatsapp_access_token: SecretStr


def sender() -> "WhatsApp | None":
    """The sender of this environment; None: WhatsApp is not configured."""
    settings = given(WhatsAppSettings)
    return WhatsApp(settings.whatsapp_api_url, settings.whatsapp_access_token.get_secret_value()) if settings else None


class WhatsApp:
    """Sends text messages; the notice's id goes with each, and comes back in its receipts."""

    def __init__(self, base_url: str, access_token: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {access_token}", "Content-Type": "application/json"}
        self._session: aiohttp.ClientSession | None = None

    async def send(self, letter: Letter) -> Result:
        """One POST, no redirect, a bounded answer."""
        try:
            async with self._client().post(
                f"{self._base_url}/{VERSION}/{letter.account}/messages",
                data=_body(letter),
                headers=self._headers,
                allow_redirects=False,
            ) as response:
                return read_answer(letter, response.status, await _read(response))
        except aiohttp.ClientConnectorError as error:  # no connection, so certainly not sent
            return Result(letter.id, Answer.LATER, error=type(error).__name__)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Result(letter.id, Answer.UNKNOWN, error=type(error).__name__)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
                connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def read_answer(letter: Letter, status: int, body: bytes) -> Result:
    """What Meta's answer means."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = {}
    if 200 <= status < 300:
        provider_id = _accepted(value)
        if provider_id:
            return Result(letter.id, Answer.ACCEPTED, provider_id=provider_id)
        return Result(letter.id, Answer.UNKNOWN, error=f"{status} without a message id")
    code = _code(value)
    otherwise = Answer.LATER if status == 429 else Answer.NEVER if 400 <= status < 500 else Answer.UNKNOWN
    answer = otherwise if code is None else CODES.get(code, otherwise)
    return Result(letter.id, answer, error=str(code or status))


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The answer, which may come in pieces; what goes beyond the bound is left unread."""
    body = b""
    async for piece in response.content.iter_any():
        body += piece
        if len(body) >= ANSWER_BYTES_MAX:
            break
    return body[:ANSWER_BYTES_MAX]


def _body(letter: Letter) -> bytes:
    message = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": letter.address.removeprefix("+"),
        "type": "text",
        "text": {"preview_url": False, "body": letter.text},
        "biz_opaque_callback_data": str(letter.id),
    }
    return json.dumps(message, ensure_ascii=False).encode()


def _accepted(value: Any) -> str | None:
    messages = value.get("messages") if isinstance(value, dict) else None
    first = messages[0] if isinstance(messages, list) and messages else None
    provider_id = first.get("id") if isinstance(first, dict) else None
    return provider_id if isinstance(provider_id, str) else None


def _code(value: Any) -> int | None:
    error = value.get("error") if isinstance(value, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) else None
