"""Verimor, SMS: incoming messages and delivery reports are pushed, and incoming ones asked for as well.

Source: github.com/verimor/SMS-API/blob/master/user_guide.md ("Gelen SMS alımı", "Gönderim raporu alımı"). A push is
tried four times within 15 minutes and then never again, so the inbox is asked too: the same ids make nothing twice.
They sign nothing; the address they are given carries a key, `/webhooks/verimor?key=…`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import aiohttp
from pydantic import SecretStr

from services.intake.channels import sms
from services.intake.channels.asking import Refused, a_session, bounded, take_turns
from services.intake.channels.base import Accept, Answered, Bookmarks, FailedAddress, Knock, Reading
from services.intake.channels.doors import is_same, payload
from services.intake.channels.payloads import JSON, json_list, number, reference, short
from shared.contracts import Channel, DeliveryReported, MessageReceived, NoticeStatus, Sender, WebhookReceived
from shared.ids import derived_id
from shared.problems import Problem
from shared.settings import ProviderSettings, given
from shared.text import clean

# What a report says; SENDING is nothing new.
STATUSES: Final[Mapping[str, NoticeStatus]] = {
    "WAITING": NoticeStatus.SENT,
    "SENT": NoticeStatus.SENT,  # the operator abroad reports no more than this
    "DOUBLE_SEND_ERROR": NoticeStatus.SENT,  # the first copy went out
    "DELIVERED": NoticeStatus.DELIVERED,
    "NOT_DELIVERED": NoticeStatus.FAILED,
    "EXPIRED": NoticeStatus.FAILED,
    "INVALID_DESTINATION_ADDRESS": NoticeStatus.FAILED,
    "REJECTED": NoticeStatus.FAILED,
    "BLACKLISTED_DESTINATION_ADDRESS": NoticeStatus.FAILED,
    "NOT_ALLOWED_BY_IYS": NoticeStatus.FAILED,
    "MISSING_TARIFF": NoticeStatus.FAILED,
    "ROUTE_NOT_AVAILABLE": NoticeStatus.FAILED,
    "NETWORK_NOTCOVERED": NoticeStatus.FAILED,
    "SEND_ERROR": NoticeStatus.FAILED,
    "INTERNATIONAL_DENIED": NoticeStatus.FAILED,
}
DEAD_NUMBER: Final = "INVALID_DESTINATION_ADDRESS"  # no operator knows it
DEAD_SUBSCRIBER: Final = "1"  # `gsm_error`: the operator has no subscriber of this number
POLL_SECONDS: Final = 120.0
PAGE_ROWS: Final = 100
PAGES_MAX: Final = 1_000
FIRST_LOOK_BACK: Final = timedelta(days=1)
_TIMES: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z")


class VerimorHookSettings(ProviderSettings):
    """The key in the address they push to."""

    verimor_webhook_key: SecretStr


class VerimorInboxSettings(ProviderSettings):
    """The subscriber's number with country code, and the API password."""

    verimor_username: str
    verimor_password: SecretStr
    verimor_api_url: str = "https://sms.verimor.com.tr"
    verimor_poll_seconds: float = POLL_SECONDS


def endpoint() -> "VerimorEndpoint | None":
    """Where Verimor pushes to; None: not configured."""
    settings = given(VerimorHookSettings)
    return VerimorEndpoint(settings.verimor_webhook_key.get_secret_value()) if settings else None


def collector() -> "Inbox | None":
    """The collector of this environment; None: not configured."""
    settings = given(VerimorInboxSettings)
    return Inbox(settings) if settings else None


def read(pushed: WebhookReceived) -> Reading:
    """Messages and receipts of a push or of an inbox. Raises ValueError when it is no list of objects."""
    rows = json_list(pushed.body)
    messages = [_message(row, pushed) for row in rows if _is_inbound(row)]
    receipts = [_receipt(row, pushed) for row in rows if not _is_inbound(row) and _is_receipt(row)]
    failed = [
        FailedAddress(address, str(row.get("status")), is_permanent=True)
        for row in rows
        if not _is_inbound(row) and _is_dead(row) and (address := sms.number_of(row.get("dest")))
    ]
    return Reading(tuple(messages), tuple(receipts), failed_addresses=tuple(failed))


def _is_inbound(row: JSON) -> bool:
    kind = row.get("type", "inbound" if "content" in row else "outbound")
    return kind == "inbound" and number(row.get("message_id")) is not None


def _is_receipt(row: JSON) -> bool:
    return str(row.get("status")) in STATUSES and number(row.get("campaign_id")) is not None


def _is_dead(row: JSON) -> bool:
    return row.get("status") == DEAD_NUMBER or (
        row.get("status") == "NOT_DELIVERED" and str(row.get("gsm_error")) == DEAD_SUBSCRIBER
    )


def _message(row: JSON, pushed: WebhookReceived) -> MessageReceived:
    at = sms.local_moment(row.get("received_at") or row.get("created_at"), pushed.received_at, _TIMES)
    account, provider_id = sms.line_of(row.get("destination_addr")), str(number(row["message_id"]))[:256]
    content = row.get("content")
    return MessageReceived(
        id=derived_id(at, "message", Channel.SMS, "verimor", account, provider_id),
        occurred_at=at,
        trace_id=pushed.trace_id,
        channel=Channel.SMS,
        provider="verimor",
        account=account,
        provider_id=provider_id,
        sender=Sender(address=sms.number_of(row.get("source_addr"))),
        text=clean(content) if isinstance(content, str) else "",
    )


def _receipt(row: JSON, pushed: WebhookReceived) -> DeliveryReported:
    at = sms.local_moment(row.get("done_at") or row.get("sent_at"), pushed.received_at, _TIMES)
    status, gsm_error = STATUSES[str(row["status"])], str(row.get("gsm_error") or "0")
    error = f"{row['status']} {gsm_error}" if gsm_error != "0" else str(row["status"])
    campaign = str(number(row["campaign_id"]))[:256]
    return DeliveryReported(
        id=derived_id(at, "receipt", "verimor", campaign, row.get("message_id"), row["status"]),
        occurred_at=at,
        trace_id=pushed.trace_id,
        channel=Channel.SMS,
        provider="verimor",
        account=pushed.account,
        provider_id=campaign,
        reference=reference(short(row.get("message_custom_id")) or row.get("campaign_custom_id")),
        status=status,
        error=error[:200] if status is NoticeStatus.FAILED else None,
    )


class VerimorEndpoint:
    """Takes what comes with the key."""

    def __init__(self, key: str) -> None:
        self._key = key

    def challenge(self, knock: Knock) -> Answered:
        """They do not try the address first."""
        raise Problem(405, "Nothing to see", "Verimor posts to this address.")

    def admit(self, knock: Knock) -> tuple[WebhookReceived, Answered]:
        """With the key; answered 200, which is all they want to know. What cannot be read is parked for a person."""
        if not is_same(knock.query.get("key", ""), self._key):
            raise Problem(401, "Wrong key", "Give Verimor the address with the key in it.")
        return payload("verimor", Channel.SMS, knock.body, knock.received_at), Answered(b"OK", "text/plain")


class Inbox:
    """Asks for messages above the highest id that is safe."""

    exclusive = True

    def __init__(self, settings: VerimorInboxSettings) -> None:
        self._settings = settings
        self._url = f"{settings.verimor_api_url.rstrip('/')}/v2/inbound_messages"

    async def run(self, accept: Accept, bookmarks: Bookmarks) -> None:
        """For ever; a failure of theirs or ours is tried again at the next turn."""
        async with a_session() as session:
            await take_turns(self.collect, session, accept, bookmarks, self._settings.verimor_poll_seconds)

    async def collect(
        self, session: aiohttp.ClientSession, accept: Accept, bookmarks: Bookmarks, now: datetime
    ) -> None:
        """Take in every page above the bookmark. Raises Refused, OSError, ValueError, BothAway."""
        for _ in range(PAGES_MAX):
            kept = await bookmarks.get("inbox")
            since = now - FIRST_LOOK_BACK
            asked = {"greater_than": kept} if kept else {"from_time": _time(since), "to_time": _time(now)}
            body = await self._ask(session, asked)
            ids = [found for row in json_list(body) if (found := number(row.get("message_id"))) is not None]
            if ids:
                await accept(payload("verimor", Channel.SMS, body, now))
                await bookmarks.set("inbox", str(max(ids)))
            if len(ids) < PAGE_ROWS:
                return

    async def _ask(self, session: aiohttp.ClientSession, asked: dict[str, str]) -> bytes:
        user = {
            "username": self._settings.verimor_username,
            "password": self._settings.verimor_password.get_secret_value(),
        }
        async with session.get(self._url, params={**asked, **user}, allow_redirects=False) as response:
            answer = await bounded(response)
        if response.status != 200:
            raise Refused(str(response.status))
        return answer


def _time(at: datetime) -> str:
    return at.astimezone(sms.TURKIYE).strftime("%Y-%m-%d %H:%M:%S")
