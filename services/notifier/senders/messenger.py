"""Messenger and Instagram by the Send API. Sources: developers.facebook.com/docs/messenger-platform/send-messages,
…/docs/messenger-platform/error-codes, …/docs/graph-api/guides/error-handling.

Within 24 hours of the citizen's last message an answer goes as RESPONSE; when Meta says that the window is over, once
more with the tag HUMAN_AGENT, which holds for seven days (what a department answers is written by people).
"""

import asyncio
from collections.abc import Mapping
from typing import Final, Literal

from pydantic import SecretStr

from services.notifier.domain import Answer, Result
from services.notifier.senders.base import Letter
from services.notifier.senders.http import JSON_HEADERS, Asked, Caller, Said, accepted, by_code, json_body
from shared.settings import ProviderSettings, given

# Subcodes say more than codes; the code decides where there is none of these.
CODES: Final[Mapping[str, Answer]] = {
    "1": Answer.UNKNOWN,  # an unknown error, they do not say where
    "2": Answer.UNKNOWN,  # temporary trouble of theirs
    "4": Answer.LATER,  # too many calls of the app
    "10": Answer.NEVER,  # not allowed: outside the window, or the app lacks a permission
    "32": Answer.LATER,  # too many calls of the page
    "100": Answer.NEVER,  # a parameter is wrong
    "190": Answer.LATER,  # access token expired
    "200": Answer.NEVER,  # the app may not write to this citizen
    "368": Answer.LATER,  # temporarily blocked for policy violations
    "551": Answer.NEVER,  # this person is not available
    "613": Answer.LATER,  # calls to this API have exceeded the rate limit
    "1200": Answer.LATER,  # temporary send failure, "please try again later"
    "2018001": Answer.NEVER,  # no matching user
    "1545041": Answer.NEVER,  # this person is not available right now: blocked us, or left
}
# This citizen cannot be reached here any more.
DEAD_ADDRESS: Final = frozenset({"551", "1545041", "2018001"})
OUTSIDE_WINDOW: Final = frozenset({"2018278", "2534022"})  # Messenger's and Instagram's
WINDOW_ERROR: Final = "outside_window"
SECONDS_MAX: Final = 9.5  # both tries together
VERSION: Final = "v24.0"
Provider = Literal["messenger", "instagram"]


class MessengerSettings(ProviderSettings):
    """The page's access token."""

    messenger_access_token: SecretStr
    meta_graph_url: str = "https://graph.facebook.com"


class InstagramSettings(ProviderSettings):
    """The access token of the professional account's page."""

    instagram_access_token: SecretStr
    meta_graph_url: str = "https://graph.facebook.com"


def messenger() -> "MetaSender | None":
    """Messenger's sender of this environment; None: not configured."""
    settings = given(MessengerSettings)
    if settings is None:
        return None
    return MetaSender("messenger", settings.meta_graph_url, settings.messenger_access_token.get_secret_value())


def instagram() -> "MetaSender | None":
    """Instagram's sender of this environment; None: not configured."""
    settings = given(InstagramSettings)
    if settings is None:
        return None
    return MetaSender("instagram", settings.meta_graph_url, settings.instagram_access_token.get_secret_value())


class MetaSender:
    """Answers as the page or account the citizen wrote to."""

    def __init__(self, provider: Provider, graph_url: str, token: str) -> None:
        self._provider = provider
        self._base = f"{graph_url.rstrip('/')}/{VERSION}"
        self._headers = {**JSON_HEADERS, "Authorization": f"Bearer {token}"}
        self._caller = Caller()

    async def send(self, letter: Letter) -> Result:
        """One POST, a second one only when the first was refused for its time; within ten seconds."""
        try:
            async with asyncio.timeout(SECONDS_MAX):
                result = await self._post(letter, {"messaging_type": "RESPONSE"})
                if result.error != WINDOW_ERROR:
                    return result
                return await self._post(letter, {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"})
        except TimeoutError as error:
            return Result(letter.id, Answer.UNKNOWN, error=type(error).__name__)

    async def close(self) -> None:
        await self._caller.close()

    async def _post(self, letter: Letter, kind: Mapping[str, str]) -> Result:
        page = letter.account.removeprefix(f"{self._provider}-")
        url = f"{self._base}/{page if page.isdigit() else 'me'}/messages"
        body = json_body({"recipient": {"id": letter.address}, "message": {"text": letter.text}, **kind})
        return await self._caller.send(letter, Asked(url, body, self._headers), read_answer)


def read_answer(letter: Letter, said: Said) -> Result:
    """What Meta's answer means."""
    if 200 <= said.status < 300:
        return accepted(letter, said, said.word("message_id"))
    code, subcode = said.word("error", "code"), said.word("error", "error_subcode")
    if subcode in OUTSIDE_WINDOW:
        return Result(letter.id, Answer.NEVER, error=WINDOW_ERROR)
    return by_code(letter, said, subcode if subcode in CODES else code, CODES)
