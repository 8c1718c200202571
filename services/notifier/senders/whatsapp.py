"""WhatsApp Cloud API. Codes: developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic import SecretStr

from services.notifier.domain import Answer, Result
from services.notifier.senders.base import Letter
from services.notifier.senders.http import JSON_HEADERS, Asked, Caller, Said, accepted, by_code, json_body
from shared.settings import ProviderSettings, given

# What is not listed is `never` for 4xx and `unknown` for 5xx: a request that failed inside may have gone out.
CODES: Final[Mapping[str, Answer]] = {
    "0": Answer.LATER,  # could not authenticate: the token is being changed
    "4": Answer.LATER,  # too many calls of the app
    "190": Answer.LATER,  # access token expired
    "368": Answer.LATER,  # temporarily blocked for policy violations
    "80007": Answer.LATER,  # too many calls of the account
    "130429": Answer.LATER,  # throughput of the number reached
    "131000": Answer.UNKNOWN,  # something went wrong, Meta does not say what
    "131016": Answer.LATER,  # service unavailable
    "131048": Answer.LATER,  # spam rate limit
    "131056": Answer.LATER,  # too many messages to this one recipient
    "131057": Answer.LATER,  # account in maintenance
    "100": Answer.NEVER,  # invalid parameter
    "130472": Answer.NEVER,  # the number takes part in one of Meta's experiments
    "131008": Answer.NEVER,  # required parameter missing
    "131009": Answer.NEVER,  # parameter not valid
    "131021": Answer.NEVER,  # recipient is the sender
    "131026": Answer.NEVER,  # no WhatsApp at this number, or not reachable
    "131030": Answer.NEVER,  # number of a test account is not on its list
    "131042": Answer.NEVER,  # payment of the account in arrears: an approved text waits for a person there
    "131045": Answer.NEVER,  # our number's certificate is wrong
    "131047": Answer.NEVER,  # more than 24 hours since the citizen wrote: only an approved text may go, the next rung
    "131049": Answer.NEVER,  # Meta chose not to deliver, for a healthy ecosystem
    "131050": Answer.NEVER,  # the citizen stopped marketing texts: ours were approved in the wrong category
    "131051": Answer.NEVER,  # unsupported message type
    "132000": Answer.NEVER,  # number of parameters differs from the approved text
    "132001": Answer.NEVER,  # the approved text does not exist in this language
    "132005": Answer.NEVER,  # the approved text is too long with its parameters
    "132007": Answer.NEVER,  # the approved text breaks a policy
    "132012": Answer.NEVER,  # a parameter is in the wrong format
    "132015": Answer.NEVER,  # the approved text is paused for low quality
    "132016": Answer.NEVER,  # the approved text is off for good
    "133010": Answer.NEVER,  # our number is not registered
}
# One message each 6 seconds to one recipient; what is borrowed beyond must be waited for.
RETRY_SECONDS: Final[Mapping[str, float]] = {"131056": 6.0}
DEAD_ADDRESS: Final = frozenset({"131026"})
USER_ID: Final = re.compile(r"^(wa:|[A-Z]{2}\.)")
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
        self._headers = {**JSON_HEADERS, "Authorization": f"Bearer {access_token}"}
        self._caller = Caller()

    async def send(self, letter: Letter) -> Result:
        """One POST; within ten seconds."""
        url = f"{self._base_url}/{VERSION}/{letter.account}/messages"
        return await self._caller.send(letter, Asked(url, _body(letter), self._headers), read_answer)

    async def close(self) -> None:
        await self._caller.close()


def read_answer(letter: Letter, said: Said) -> Result:
    """What Meta's answer means."""
    if 200 <= said.status < 300:
        return accepted(letter, said, _accepted(said.field("messages")))
    code = said.field("error", "code")
    result = by_code(letter, said, str(code) if isinstance(code, int) else "", CODES)
    return replace(result, retry_seconds=RETRY_SECONDS.get(result.error or "", result.retry_seconds))


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
    return json_body(message)


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


def _accepted(messages: Any) -> str:
    first = messages[0] if isinstance(messages, list) and messages else None
    provider_id = first.get("id") if isinstance(first, dict) else None
    return provider_id if isinstance(provider_id, str) else ""
