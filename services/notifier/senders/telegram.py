"""Telegram bots. Source: core.telegram.org/bots/api (sendMessage, "Making requests", ResponseParameters).

A bot may write only to who wrote to it first. There are no receipts: what is accepted is in the chat.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pydantic import SecretStr

from services.notifier.domain import Answer, Result
from services.notifier.senders.base import Letter
from services.notifier.senders.http import JSON_HEADERS, Asked, Caller, Said, accepted, by_code, json_body
from shared.settings import ProviderSettings, given

CODES: Final[Mapping[str, Answer]] = {
    "400": Answer.NEVER,  # chat not found, text empty or longer than 4,096 letters
    "401": Answer.LATER,  # the token is being changed
    "403": Answer.NEVER,  # the citizen blocked the bot, or left Telegram
    "404": Answer.LATER,  # a token of another shape than theirs
    "429": Answer.LATER,  # too many messages: `retry_after` says for how long
}
# The chat takes nothing more from us.
DEAD_ADDRESS: Final = frozenset({"403"})
WAIT_SECONDS_MAX: Final = 24 * 3600


class TelegramSettings(ProviderSettings):
    """The bot's token, `<bot id>:<secret>`."""

    telegram_bot_token: SecretStr
    telegram_api_url: str = "https://api.telegram.org"


def sender() -> "Telegram | None":
    """The sender of this environment; None: Telegram is not configured."""
    settings = given(TelegramSettings)
    return Telegram(settings) if settings else None


class Telegram:
    """Answers in the citizen's chat, below their own message while that is there."""

    def __init__(self, settings: TelegramSettings) -> None:
        token = settings.telegram_bot_token.get_secret_value()
        self._url = f"{settings.telegram_api_url.rstrip('/')}/bot{token}/sendMessage"
        self._caller = Caller()

    async def send(self, letter: Letter) -> Result:
        """One POST; within ten seconds."""
        return await self._caller.send(letter, Asked(self._url, _body(letter), JSON_HEADERS), read_answer)

    async def close(self) -> None:
        await self._caller.close()


def read_answer(letter: Letter, said: Said) -> Result:
    """What Telegram's answer means; a message is known by its chat and its number there."""
    if said.field("ok") is True:
        number = said.word("result", "message_id")
        return accepted(letter, said, f"{letter.address}:{number}" if number else "")
    wait = said.field("parameters", "retry_after")
    if isinstance(wait, int) and 0 <= wait <= WAIT_SECONDS_MAX:
        said = replace(said, retry_seconds=float(wait))
    return by_code(letter, said, said.word("error_code"), CODES)


def _body(letter: Letter) -> bytes:
    chat, _, number = (letter.thread_id or "").rpartition(":")
    answers = {"message_id": int(number), "allow_sending_without_reply": True} if _is_in(chat, number, letter) else None
    message = {"chat_id": letter.address, "text": letter.text, "link_preview_options": {"is_disabled": True}}
    return json_body(message | ({"reply_parameters": answers} if answers else {}))


def _is_in(chat: str, number: str, letter: Letter) -> bool:
    return chat == letter.address and number.isascii() and number.isdigit() and len(number) <= 15
