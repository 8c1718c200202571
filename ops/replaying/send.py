"""Sends contacts through the channels: WhatsApp's webhook, the web form, and AMQP for every other."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import aio_pika
import aiohttp
from aio_pika.abc import AbstractConnection, AbstractExchange
from aio_pika.exceptions import AMQPError

from ops.nine_months import PlannedContact
from ops.replaying.installation import Installation
from shared.contracts import Channel, MessageReceived
from shared.ids import derived_id
from shared.messaging.topology import INTAKE
from simulators.whatsapp.payloads import Account, CitizenMessage, message_webhook, sign

WEBHOOKS_AT_ONCE: Final = 24
FORMS_AT_ONCE: Final = 8
WAITING_MAX: Final = 400
AMQP_BATCH_MAX: Final = 100
# Meta now and then delivers several messages in one webhook.
WEBHOOK_MESSAGES: Final = (1, 1, 1, 1, 2, 3)
ANSWER_TIMEOUT_SECONDS: Final = 10.0
RETRY_SECONDS_MIN: Final = 0.1
RETRY_SECONDS_MAX: Final = 2.0
TAKEN_SECONDS_MAX: Final = 180.0
_NOT_NOW: Final = frozenset({429, 502, 503, 504})


class NotNow(Exception):
    """Raised when the edge says to come again."""


class Refused(Exception):
    """Raised when a contact is not taken, and would not be taken another time."""


@dataclass
class Sender:
    """Sends in the order given, a bounded number at once; what is not taken is sent again under the same id."""

    installation: Installation
    tell_sent: Callable[[int], None]
    retries: int = 0
    _chance: random.Random = field(default_factory=lambda: random.Random(1))

    async def send(self, contacts: Iterable[PlannedContact]) -> None:
        """Return when every contact is safe with the system. Raises Refused, or the last error after three minutes."""
        lines: dict[str, asyncio.Queue[PlannedContact | None]] = {
            name: asyncio.Queue(WAITING_MAX) for name in ("whatsapp", "web", "amqp")
        }
        connector = aiohttp.TCPConnector(limit=WEBHOOKS_AT_ONCE + FORMS_AT_ONCE)
        timeout = aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session, asyncio.TaskGroup() as group:
            for _ in range(WEBHOOKS_AT_ONCE):
                group.create_task(self._post_webhooks(lines["whatsapp"], session))
            for _ in range(FORMS_AT_ONCE):
                group.create_task(self._post_forms(lines["web"], session))
            group.create_task(self._publish_all(lines["amqp"]))
            for contact in contacts:
                await lines[_line(contact.channel)].put(contact)
            for line in lines.values():
                await line.put(None)

    async def _post_webhooks(self, line: asyncio.Queue[PlannedContact | None], session: aiohttp.ClientSession) -> None:
        account = Account(phone_number_id=self.installation.whatsapp_account)
        while some := await _take(line, self._chance.choice(WEBHOOK_MESSAGES)):
            body = message_webhook(account, map(_citizen_message, some))
            headers = {
                "Content-Type": "application/json",
                "X-Hub-Signature-256": sign(body, self.installation.whatsapp_app_secret),
            }
            await self._post(session, "/webhooks/whatsapp", {"data": body, "headers": headers})
            self.tell_sent(len(some))

    async def _post_forms(self, line: asyncio.Queue[PlannedContact | None], session: aiohttp.ClientSession) -> None:
        while some := await _take(line, 1):
            await self._post(session, "/api/contacts", {"json": _form(some[0])})
            self.tell_sent(1)

    async def _post(self, session: aiohttp.ClientSession, path: str, content: dict[str, Any]) -> None:
        async def attempt() -> None:
            edge = self._chance.choice(self.installation.edges)
            async with session.post(edge + path, **content) as answer:
                if answer.status in _NOT_NOW:
                    raise NotNow(f"{path} answered {answer.status}")
                if answer.status >= 300:
                    raise Refused(f"{path} answered {answer.status}: {(await answer.text())[:300]}")

        await self._until_taken(attempt)

    async def _publish_all(self, line: asyncio.Queue[PlannedContact | None]) -> None:
        publisher = _Publisher(self.installation.amqp_url)
        try:
            while some := await _take(line, AMQP_BATCH_MAX):
                messages = [_amqp_message(contact) for contact in some]
                await self._until_taken(partial(publisher.publish, messages))
                self.tell_sent(len(some))
        finally:
            await publisher.close()

    async def _until_taken(self, attempt: Callable[[], Awaitable[None]]) -> None:
        deadline, wait = time.monotonic() + TAKEN_SECONDS_MAX, RETRY_SECONDS_MIN
        while True:
            try:
                return await attempt()
            except (NotNow, aiohttp.ClientError, AMQPError, OSError, TimeoutError):
                if time.monotonic() > deadline:
                    raise
            self.retries += 1
            await asyncio.sleep(wait * self._chance.uniform(0.5, 1.5))
            wait = min(wait * 2, RETRY_SECONDS_MAX)


class _Publisher:
    """Publishes to the intake exchange as a channel's own program does; opens its connection when it needs it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: AbstractConnection | None = None
        self._exchange: AbstractExchange | None = None

    async def publish(self, messages: Sequence[aio_pika.Message]) -> None:
        """All at once, every confirm awaited; safe to call again with the same messages."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                exchange = self._exchange or await self._open()
                await asyncio.gather(*(exchange.publish(message, "routine", mandatory=True) for message in messages))
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Let the connection go. Safe to call twice."""
        connection, self._connection, self._exchange = self._connection, None, None
        if connection is not None:
            await connection.close()

    async def _open(self) -> AbstractExchange:
        self._connection = await aio_pika.connect(self._url, client_properties={"connection_name": "channels"})
        channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
        self._exchange = await channel.get_exchange(INTAKE, ensure=False)
        return self._exchange


def message_of(contact: PlannedContact) -> MessageReceived:
    """The contact as a channel's program tells it."""
    return MessageReceived(
        id=derived_id(contact.occurred_at, "message", contact.channel, contact.account, contact.provider_id),
        occurred_at=contact.occurred_at,
        channel=contact.channel,
        account=contact.account,
        provider_id=contact.provider_id,
        sender=contact.sender,
        text=contact.text,
        place=contact.place,
        purpose=contact.purpose,
    )


def _line(channel: Channel) -> str:
    return channel.value if channel in (Channel.WHATSAPP, Channel.WEB) else "amqp"


async def _take(line: asyncio.Queue[PlannedContact | None], count_max: int) -> list[PlannedContact]:
    """Up to `count_max` contacts that wait, at least one; none when the line has ended."""
    taken: list[PlannedContact] = []
    while not taken or (len(taken) < count_max and not line.empty()):
        contact = await line.get()
        if contact is None:
            line.put_nowait(None)  # for the other workers of the line, and for our next turn
            break
        taken.append(contact)
    return taken


def _citizen_message(contact: PlannedContact) -> CitizenMessage:
    return CitizenMessage(
        sender=(contact.sender.address or "").removeprefix("+"),
        id=contact.provider_id,
        timestamp=int(contact.occurred_at.timestamp()),
        text=contact.text,
        name=contact.sender.name or "",
    )


def _form(contact: PlannedContact) -> dict[str, Any]:
    form = {"submission_id": contact.provider_id, "text": contact.text, "name": contact.sender.name}
    place = contact.place.model_dump(exclude_none=True)
    return {name: value for name, value in {**form, "place": place}.items() if value}


def _amqp_message(contact: PlannedContact) -> aio_pika.Message:
    message = message_of(contact)
    return aio_pika.Message(
        message.model_dump_json(exclude_none=True).encode(),
        content_type="application/json",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=str(message.id),
    )
