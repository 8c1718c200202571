"""Verimor, SMS. Parameters and answers: github.com/verimor/SMS-API/blob/master/user_guide.md ("SMS gönderimi (POST)",
"Hata kodları"). A refusal is a word in plain text under HTTP 400; 240 requests a minute are allowed."""

from collections.abc import Mapping
from typing import Final

from pydantic import SecretStr

from services.notifier.domain import Answer, Result
from services.notifier.senders.base import Letter
from services.notifier.senders.http import JSON_HEADERS, Asked, Caller, Said, accepted, by_code, json_body
from shared.settings import ProviderSettings, given
from shared.sms import Letters, size

CODES: Final[Mapping[str, Answer]] = {
    "INSUFFICIENT_CREDITS": Answer.LATER,  # somebody has to buy more
    "MUKERRER_RAPORLAMA": Answer.UNKNOWN,  # the same text went to this number today: perhaps our own first send
    "INVALID_SOURCE_ADDRESS": Answer.NEVER,  # the sender's name is not approved
    "MISSING_MESSAGE": Answer.NEVER,
    "MESSAGE_TOO_LONG": Answer.NEVER,
    "INVALID_PERIOD": Answer.NEVER,
    "INVALID_DELIVERY_TIME": Answer.NEVER,
    "INVALID_DATACODING": Answer.NEVER,
    "MISSING_DESTINATION_ADDRESS": Answer.NEVER,
    "INVALID_DESTINATION_ADDRESS": Answer.NEVER,
    "INVALID_UTF8": Answer.NEVER,
    "FORBIDDEN_MESSAGE": Answer.NEVER,  # a word on their list
    "INVALID_JSON": Answer.NEVER,
    "MISSING_IYS_BRAND_CODE": Answer.NEVER,  # these four concern advertising, which we never send
    "AHS_AUTHORIZATION_ERROR": Answer.NEVER,
    "NO_AHS_BRAND_ERROR": Answer.NEVER,
    "INVALID_IYS_RECIPIENT_TYPE": Answer.NEVER,
    "MESSAGE_COUNT_LIMIT_EXCEEDED": Answer.NEVER,  # more than 50,000 in one request
}
# Status codes without a word: wrong password, or our server's address is not on their list yet.
STATUSES: Final[Mapping[int, Answer]] = {401: Answer.LATER, 403: Answer.LATER}
# No operator knows the number, or its subscriber; or it wants nothing from us.
DEAD_ADDRESS: Final = frozenset({"INVALID_DESTINATION_ADDRESS", "BLACKLISTED_DESTINATION_ADDRESS", "NOT_DELIVERED 1"})
DATACODING: Final = {Letters.GSM7: "0", Letters.TURKISH: "1", Letters.UCS2: "2"}
VALID_FOR: Final = "24:00"  # hours and minutes in which an operator goes on trying


class VerimorSettings(ProviderSettings):
    """The subscriber's number with country code, the API password, and the approved sender's name."""

    verimor_username: str
    verimor_password: SecretStr
    verimor_header: str
    verimor_api_url: str = "https://sms.verimor.com.tr"


def sender() -> "Verimor | None":
    """The sender of this environment; None: Verimor is not configured."""
    settings = given(VerimorSettings)
    return Verimor(settings) if settings else None


class Verimor:
    """One message a campaign; our id goes with both and comes back in the report."""

    def __init__(self, settings: VerimorSettings) -> None:
        self._settings = settings
        self._url = f"{settings.verimor_api_url.rstrip('/')}/v2/send.json"
        self._caller = Caller()

    async def send(self, letter: Letter) -> Result:
        """One POST; within ten seconds."""
        return await self._caller.send(letter, Asked(self._url, self._body(letter), JSON_HEADERS), read_answer)

    async def close(self) -> None:
        await self._caller.close()

    def _body(self, letter: Letter) -> bytes:
        digits = letter.address.removeprefix("+")
        is_turkish = digits.startswith("90")
        # Abroad they choose the coding themselves: theirs for Turkish does not travel.
        coding = {"datacoding": DATACODING[size(letter.text).letters]} if is_turkish else {}
        return json_body(
            {
                "username": self._settings.verimor_username,
                "password": self._settings.verimor_password.get_secret_value(),
                "source_addr": self._settings.verimor_header,
                "valid_for": VALID_FOR,
                "custom_id": str(letter.id),
                "messages": [
                    {"msg": letter.text, "dest": digits if is_turkish else f"00{digits}", "id": str(letter.id)}
                ],
                **coding,
            }
        )


def read_answer(letter: Letter, said: Said) -> Result:
    """What Verimor's answer means: digits are the campaign it became."""
    text = said.text()
    if said.status == 200:
        return accepted(letter, said, text if text.isascii() and text.isdigit() and len(text) <= 20 else "")
    word = text.partition(" ")[0][:60]
    if word in CODES:
        return by_code(letter, said, word, CODES)
    return by_code(letter, said, str(said.status), {str(status): answer for status, answer in STATUSES.items()})
