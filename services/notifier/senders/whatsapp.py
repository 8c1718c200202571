"""WhatsApp Cloud API. Codes: developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes."""

import json
import re
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
    100: Answer.NEVER,  # invalid parameter
    130472: Answer.NEVER,  # the number takes part in one of Meta's experiments
    131008: Answer.NEVER,  # required parameter missing
    131009: Answer.NEVER,  # parameter not valid
    131021: Answer.NEVER,  # recipient is the sender
    131026: Answer.NEVER,  # no WhatsApp at this number, or not reachable
    131030: Answer.NEVER,  # number of a test account is not on its list
    131042: Answer.NEVER,  # payment of the account in arrears: an approved text waits for a person there
    131045: Answer.NEVER,  # our number's certificate is wrong
    131047: Answer.NEVER,  # more than 24 hours since the citizen wrote: only an approved text may go, the next rung
    131049: Answer.NEVER,  # Meta chose not to deliver, for a healthy ecosystem
    131050: Answer.NEVER,  # the citizen stopped marketing texts: ours were approved in the wrong category
    131051: Answer.NEVER,  # unsupported message type
    132000: Answer.NEVER,  # number of parameters differs from the approved text
    132001: Answer.NEVER,  # the approved text does not exist in this language
    132005: Answer.NEVER,  # the approved text is too long with its parameters
    132007: Answer.NEVER,  # the approved text breaks a policy
    132012: Answer.NEVER,  # a parameter is in the wrong format
    132015: Answer.NEVER,  # the approved text is paused for low quality
    132016: Answer.NEVER,  # the approved text is off for good
    133010: Answer.NEVER,  # our number is not registered
}
# One message each 6 seconds to one recipient; what is borrowed beyond must be waited for.
RETRY_SECONDS: Final[Mapping[int, float]] = {131056: 6.0}
DEAD_ADDRESS: Final = frozenset({"131026"})
USER_ID: Final = re.compile(r"^(wa:|[A-Z]{2}\.)")
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
    return Result(letter.id, answer, error=str(code or status), retry_seconds=RETRY_SECONDS.get(code or 0))


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The answer, which may come in pieces; what goes beyond the bound is left unread."""
    body = b""
    async for piece in response.content.iter_any():
        body += piece
        if len(body) >= ANSWER_BYTES_MAX:
            break
    return body[:ANSWER_BYTES_MAX]


def _body(letter: Letter) -> bytes:
    message: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **_recipient(letter.address),
        **_content(letter),
        "biz_opaque_callback_data": str(letter.id),
    }
    if letter.thread_id and letter.template is None:
        message["context"] = {"message_id": letter.thread_id}
    return json.dumps(message, ensure_ascii=False).encode("utf-8", "replace")


def _recipient(address: str) -> dict[str, str]:
    """A phone number, or the user id by which WhatsApp hides it (`TR.1234…`; kept by intake with `wa:` before it)."""
    if USER_ID.match(address):
        return {"recipient": address.removeprefix("wa:")}
    return {"to": address.removeprefix("+")}


def _content(letter: Letter) -> dict[str, Any]:
    if letter.template is None:
        return {"type": "text", "text": {"preview_url": False, "body": letter.text}}
    parameters = [{"type": "text", "text": parameter} for parameter in letter.template.parameters]
    return {
        "type": "template",
        "template": {
            "name": letter.template.name,
            "language": {"code": letter.template.language},
            "components": [{"type": "body", "parameters": parameters}] if parameters else [],
        },
    }


def _accepted(value: Any) -> str | None:
    messages = value.get("messages") if isinstance(value, dict) else None
    first = messages[0] if isinstance(messages, list) and messages else None
    provider_id = first.get("id") if isinstance(first, dict) else None
    return provider_id if isinstance(provider_id, str) else None


def _code(value: Any) -> int | None:
    error = value.get("error") if isinstance(value, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) else None
