"""Twilio, SMS by the Messages API. Sources: twilio.com/docs/messaging/api/message-resource, twilio.com/docs/api/errors.

It carries no reference of ours; the address it reports to does, as `?reference=`.
"""

import base64
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

from pydantic import Field, SecretStr

from services.notifier.domain import Answer, Result
from services.notifier.senders.base import Letter
from services.notifier.senders.http import Asked, Caller, Said, accepted, by_code
from shared.settings import ProviderSettings, given

CODES: Final[Mapping[str, Answer]] = {
    "20003": Answer.LATER,  # credentials not accepted: they are being changed
    "20429": Answer.LATER,  # too many requests
    "14107": Answer.LATER,  # message rate exceeded
    "21611": Answer.LATER,  # the queue of our number is full
    "30001": Answer.LATER,  # queue overflow
    "30002": Answer.LATER,  # account suspended
    "21211": Answer.NEVER,  # `To` is no valid number
    "21214": Answer.NEVER,  # `To` cannot be reached
    "21408": Answer.NEVER,  # this country is not switched on for the account
    "21602": Answer.NEVER,  # no body
    "21606": Answer.NEVER,  # our number cannot send SMS
    "21610": Answer.NEVER,  # the citizen answered STOP
    "21612": Answer.NEVER,  # no way from our number to theirs
    "21614": Answer.NEVER,  # `To` is no mobile number
    "21617": Answer.NEVER,  # longer than 1,600 letters
    "30003": Answer.NEVER,  # handset unreachable; the 300xx mostly come later, with a receipt
    "30004": Answer.NEVER,  # blocked
    "30005": Answer.NEVER,  # unknown handset
    "30006": Answer.NEVER,  # landline, or an operator out of reach
    "30007": Answer.NEVER,  # filtered by the operator
    "30008": Answer.UNKNOWN,  # unknown error
}
# The number takes no SMS, or none from us.
DEAD_ADDRESS: Final = frozenset({"21211", "21610", "21614", "30005", "30006"})
FORM_HEADERS: Final = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


class TwilioSettings(ProviderSettings):
    """The account, its token, and our number in E.164 (or a messaging service, `MG…`)."""

    twilio_account_sid: str
    twilio_auth_token: SecretStr
    twilio_from: str
    twilio_api_url: str = "https://api.twilio.com"
    ilkim_public_url: str = Field("", description="where Twilio reports to; empty: it does not report")


def sender() -> "Twilio | None":
    """The sender of this environment; None: Twilio is not configured."""
    settings = given(TwilioSettings)
    return Twilio(settings) if settings else None


class Twilio:
    """From the number the citizen wrote to, where they wrote; else from our own."""

    def __init__(self, settings: TwilioSettings) -> None:
        user = f"{settings.twilio_account_sid}:{settings.twilio_auth_token.get_secret_value()}"
        self._headers = {**FORM_HEADERS, "Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"}
        account = quote(settings.twilio_account_sid, safe="")
        self._url = f"{settings.twilio_api_url.rstrip('/')}/2010-04-01/Accounts/{account}/Messages.json"
        self._from = settings.twilio_from
        self._public_url = settings.ilkim_public_url.rstrip("/")
        self._caller = Caller()

    async def send(self, letter: Letter) -> Result:
        """One POST; within ten seconds."""
        return await self._caller.send(letter, Asked(self._url, self._body(letter), self._headers), read_answer)

    async def close(self) -> None:
        await self._caller.close()

    def _body(self, letter: Letter) -> bytes:
        own = "MessagingServiceSid" if self._from.startswith("MG") else "From"
        line = f"+{letter.account}" if letter.account.isdigit() and own == "From" else self._from
        form = {"To": letter.address, own: line, "Body": letter.text}
        if self._public_url:
            form["StatusCallback"] = f"{self._public_url}/webhooks/twilio?reference={letter.id}"
        return urlencode(form, errors="replace").encode()


def read_answer(letter: Letter, said: Said) -> Result:
    """What Twilio's answer means."""
    if said.status in (200, 201):
        return accepted(letter, said, said.word("sid"))
    return by_code(letter, said, said.word("code"), CODES)
