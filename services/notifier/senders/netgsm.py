"""Netgsm, SMS by REST v2. Parameters and codes: netgsm.com.tr/dokuman (SMS, "REST ile gönderim"), and the provider's
own clients github.com/netgsm. A refusal is a code in the body, whatever the HTTP status."""

import base64
from collections.abc import Mapping
from typing import Final

from pydantic import SecretStr

from services.notifier.domain import Answer, Result
from services.notifier.senders.base import Letter
from services.notifier.senders.http import JSON_HEADERS, Asked, Caller, Said, accepted, by_code, json_body
from shared.settings import ProviderSettings, given
from shared.sms import Letters, size

ACCEPTED: Final = frozenset({"00", "01", "02"})  # 01 and 02: a date was put right, which we never send
CODES: Final[Mapping[str, Answer]] = {
    "20": Answer.NEVER,  # the text cannot be sent, or is longer than 917 letters
    "30": Answer.LATER,  # user, password or address of ours not accepted: credentials are being changed
    "40": Answer.NEVER,  # the sender's name is not registered: approving one takes days, another way must be taken
    "50": Answer.NEVER,  # the account may not send what the consent register (İYS) controls
    "51": Answer.NEVER,  # no İYS brand is registered for the account
    "70": Answer.NEVER,  # a parameter is wrong or missing
    "80": Answer.LATER,  # sending limit reached
    "85": Answer.LATER,  # more than 20 jobs within a minute for one number
    "100": Answer.UNKNOWN,  # their system failed, they do not say where
    "101": Answer.UNKNOWN,
}
# A row of the report: the number is wrong or restricted.
DEAD_ADDRESS: Final = frozenset({"3"})
# How their documents call an alphabet; the default one needs no name.
ENCODINGS: Final = {Letters.GSM7: None, Letters.TURKISH: "TR", Letters.UCS2: "UNICODE"}
NO_CONSENT_CHECK: Final = "0"  # information, not advertising: İYS is not asked


class NetgsmSettings(ProviderSettings):
    """The API user (a sub-user of the subscriber's number) and the registered sender's name."""

    netgsm_usercode: str
    netgsm_password: SecretStr
    netgsm_header: str
    netgsm_api_url: str = "https://api.netgsm.com.tr"


def sender() -> "Netgsm | None":
    """The sender of this environment; None: Netgsm is not configured."""
    settings = given(NetgsmSettings)
    return Netgsm(settings) if settings else None


class Netgsm:
    """One message a job; our id goes with it as `referansID` and comes back in the report."""

    def __init__(self, settings: NetgsmSettings) -> None:
        user = f"{settings.netgsm_usercode}:{settings.netgsm_password.get_secret_value()}"
        self._headers = {**JSON_HEADERS, "Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"}
        self._url = f"{settings.netgsm_api_url.rstrip('/')}/sms/rest/v2/send"
        self._header = settings.netgsm_header
        self._caller = Caller()

    async def send(self, letter: Letter) -> Result:
        """One POST; within ten seconds."""
        return await self._caller.send(letter, Asked(self._url, self._body(letter), self._headers), read_answer)

    async def close(self) -> None:
        await self._caller.close()

    def _body(self, letter: Letter) -> bytes:
        encoding = ENCODINGS[size(letter.text).letters]
        return json_body(
            {
                "msgheader": self._header,
                "messages": [{"msg": letter.text, "no": _number(letter.address)}],
                "iysfilter": NO_CONSENT_CHECK,
                "referansID": str(letter.id),
                **({"encoding": encoding} if encoding else {}),
            }
        )


def read_answer(letter: Letter, said: Said) -> Result:
    """What Netgsm's answer means."""
    code = said.word("code")
    if code in ACCEPTED:
        return accepted(letter, said, said.word("jobid"))
    return by_code(letter, said, code, CODES)


def _number(address: str) -> str:
    """Turkish numbers without country code, as their documents write them; others with 00."""
    digits = address.removeprefix("+")
    return digits[2:] if digits.startswith("90") else f"00{digits}"
