"""Plays the departments and institutions, and the solution centre's clerk, each case as its script says.

An outside program like any other: it takes work from the owners' queues and answers on the answers exchange, with
bare aio-pika. Cases it has no script for are a stranger's: it leaves them unacknowledged, and they go back to their
queues when it ends. Every answer has an id that follows from its assignment, so that dying and starting again,
or being given the same work twice, changes nothing.
"""

import asyncio
import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any, Final
from uuid import UUID

import aio_pika
import aiohttp
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractIncomingMessage
from aio_pika.exceptions import AMQPError
from pydantic_core import from_json

from shared.contracts import (
    Answer,
    AssignmentAccepted,
    AssignmentClosed,
    AssignmentDecided,
    AssignmentOffered,
    AssignmentProgressed,
    AssignmentReturned,
    AssignmentSeparated,
    CitizenAsked,
    IncidentGrew,
    Outcome,
    OwnerKind,
)
from shared.ids import derived_id
from shared.messaging.topology import ANSWERS, LANES, owner_queue
from shared.personal import mask
from shared.text import clean

BATCH_MAX: Final = 200
# Unbounded would be wrong, but a stranger's backlog at the head of a queue must not keep us from our own cases.
HELD_PER_QUEUE_MAX: Final = 20_000
PUBLISH_TIMEOUT_SECONDS: Final = 10.0
AWAY_SECONDS: Final = 0.5
CLERK_SECONDS: Final = 0.5
CLERK_PAGE_ITEMS: Final = 200
CLERK_PAGES_MAX: Final = 100
CLERK_AT_ONCE_MAX: Final = 16
NOT_OURS: Final = "Görev alanımızda değildir."

# How long an office takes, in minutes, from the opening of the case.
_MINUTES: Final[Mapping[str, tuple[int, int]]] = {
    "returned": (5, 25),
    "decided": (5, 45),
    "accepted": (30, 240),
    "progressed": (300, 2_000),
    "asked": (300, 2_000),
    "closed": (600, 12_000),
}
_SOLVED: Final = (
    "Ekiplerimiz yerinde inceledi, sorun giderildi.",
    "Talebiniz programa alındı ve yerine getirildi.",
    "Bildirdiğiniz konu ekiplerimizce çözüldü, ilginiz için teşekkür ederiz.",
    "Gerekli çalışma yapıldı.",
    "Yerinde kontrol edildi, gereği yapıldı.",
    "İşlem tamamlandı; aynı sorun sürerse bize yeniden yazabilirsiniz.",
)
_ANSWERED: Final = (
    "Talebiniz incelendi; konu mevzuat gereği yıllık program içinde ele alınacaktır.",
    "Sorunuz yanıtlandı: başvuru şartları hizmet masamızdan ve internet sitemizden öğrenilebilir.",
    "Konu yerinde incelendi, şu an için ek bir işlem gerekmediği görüldü.",
    "Bilgi için teşekkür ederiz; kayıtlarımıza alındı ve takip ediliyor.",
)
_QUESTIONS: Final = (
    "Yerini tam bulamadık; yakınındaki bir işyerinin adını yazar mısınız?",
    "Sorunun bir fotoğrafını gönderebilir misiniz?",
    "Size hangi saatlerde ulaşabiliriz?",
    "Sorun hâlâ sürüyor mu, ne zamandan beri olduğunu yazar mısınız?",
)


class Course(StrEnum):
    """What an owner does with a case."""

    SOLVE = "solve"  # accepts it, closes it as solved
    ANSWER = "answer"  # accepts it, closes it as answered
    ACCEPT = "accept"  # accepts it and says no more; an institution's acceptance is the hand-over
    PROGRESS = "progress"  # accepts it and works on it
    ASK = "ask"  # accepts it and asks the citizen
    SILENT = "silent"  # has it and says nothing
    TRIAGE = "triage"  # nobody can say whose it is: it stays with the solution centre


@dataclass(frozen=True, slots=True)
class Script:
    """Whose case it truly is, and what that owner does with it."""

    owner: str
    course: Course
    topic: str | None = None
    neighbourhood: str | None = None


class Scripts:
    """The scripts by case; where a case's id cannot be known beforehand (the web form's), by its words."""

    def __init__(self, by_case: Mapping[UUID, Script], by_text: Mapping[str, Script]) -> None:
        self._by_case = by_case
        self._by_text = {mask(clean(text)): script for text, script in by_text.items()}
        self._settled: set[UUID | str] = set()
        self.tell_settled: Callable[[], None] = lambda: None
        self.all_settled = asyncio.Event()
        self._settle_if_all()

    def __len__(self) -> int:
        return len(self._by_case) + len(self._by_text)

    @property
    def settled(self) -> int:
        """How many cases had their last word."""
        return len(self._settled)

    def find(self, case_id: UUID, text: str) -> Script | None:
        """The script of a case, None for a stranger's."""
        return self._by_case.get(case_id) or self._by_text.get(text)

    def settle(self, case_id: UUID, text: str) -> None:
        """Its owner has said all it will say. Safe to call twice."""
        self._settled.add(case_id if case_id in self._by_case else text)
        self.tell_settled()
        self._settle_if_all()

    def unsettled(self) -> Iterator[Script]:
        """The cases that never came to their owner."""
        for scripts in (self._by_case, self._by_text):
            yield from (script for key, script in scripts.items() if key not in self._settled)

    def _settle_if_all(self) -> None:
        if len(self._settled) >= len(self):
            self.all_settled.set()


def answers(offer: AssignmentOffered, script: Script, now: datetime) -> list[tuple[str, Answer]]:
    """What the owner who was offered the case answers, in order, each with its word."""
    if offer.owner_kind is OwnerKind.CENTRE:
        return _decided(offer, script, now)
    if offer.owner != script.owner:
        return [_returned(offer, script, now)]
    say = _Voice(offer, now)
    accepted = say("accepted", AssignmentAccepted)
    match script.course:
        case Course.SILENT | Course.TRIAGE:
            return []
        case Course.ACCEPT:
            return [accepted]
        case Course.PROGRESS:
            return [accepted, say("progressed", AssignmentProgressed, note="Ekip yönlendirildi.")]
        case Course.ASK:
            return [accepted, say("asked", CitizenAsked, question=say.one_of(_QUESTIONS))]
        case Course.SOLVE:
            closed = say("closed", AssignmentClosed, outcome=Outcome.SOLVED, answer=say.one_of(_SOLVED))
            return [accepted, closed]
        case Course.ANSWER:
            closed = say("closed", AssignmentClosed, outcome=Outcome.ANSWERED, answer=say.one_of(_ANSWERED))
            return [accepted, closed]


def is_last_word(offer: AssignmentOffered, script: Script) -> bool:
    """Whether nothing more will be said of the case after these answers."""
    at_centre = offer.owner_kind is OwnerKind.CENTRE
    return at_centre if script.course is Course.TRIAGE else offer.owner == script.owner


class _Voice:
    """Builds the answers of one assignment: the same ids, moments and words every time."""

    def __init__(self, offer: AssignmentOffered, now: datetime) -> None:
        self._offer = offer
        self._now = now
        self._chance = random.Random(offer.assignment_id.int)

    def __call__(self, word: str, kind: type[Answer], **content: Any) -> tuple[str, Answer]:
        offer = self._offer
        minutes = random.Random(f"{word} {offer.assignment_id}").randint(*_MINUTES[word])
        answer = kind(
            id=derived_id(offer.opened_at, "office", offer.assignment_id, word),
            occurred_at=min(self._now, offer.opened_at + timedelta(minutes=minutes)),
            trace_id=offer.trace_id,
            assignment_id=offer.assignment_id,
            case_id=offer.case_id,
            owner=offer.owner,
            by="simulator",
            **content,
        )
        return word, answer

    def one_of(self, texts: Sequence[str]) -> str:
        return self._chance.choice(texts)


def _returned(offer: AssignmentOffered, script: Script, now: datetime) -> tuple[str, Answer]:
    """ "Not ours", with the true owner; nobody knows one for a case that belongs to triage."""
    proposal = None if script.course is Course.TRIAGE else script.owner
    return _Voice(offer, now)("returned", AssignmentReturned, reason=NOT_OURS, proposal=proposal)


def _decided(offer: AssignmentOffered, script: Script, now: datetime) -> list[tuple[str, Answer]]:
    if script.course is Course.TRIAGE:
        return []
    say = _Voice(offer, now)
    return [say("decided", AssignmentDecided, decided_owner=script.owner, topic=script.topic)]


@dataclass
class Offices:
    """Consumes the queues of `owners` until cancelled, reconnecting for ever. `at` says what time it is."""

    amqp_url: str
    owners: Collection[str]
    scripts: Scripts
    at: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    async def run(self) -> None:
        """Play until cancelled."""
        while True:
            try:
                await self._play()
            except (AMQPError, OSError, TimeoutError):
                await asyncio.sleep(AWAY_SECONDS)

    async def _play(self) -> None:
        connection = await aio_pika.connect(self.amqp_url, client_properties={"connection_name": "offices"})
        async with connection:
            waiting: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
            publishing = await connection.channel(publisher_confirms=True, on_return_raises=True)
            exchange = await publishing.get_exchange(ANSWERS, ensure=False)
            channel = await connection.channel()
            await channel.set_qos(prefetch_count=HELD_PER_QUEUE_MAX)
            await self._consume(channel, waiting)
            closed = asyncio.ensure_future(connection.closed())
            try:
                while not closed.done():
                    await self._answer(await _batch(waiting, closed), exchange)
            finally:
                closed.cancel()

    async def _consume(self, channel: AbstractChannel, waiting: asyncio.Queue[AbstractIncomingMessage]) -> None:
        for owner in self.owners:
            for lane in LANES:
                queue = await channel.get_queue(owner_queue(owner, lane), ensure=False)
                await queue.consume(waiting.put)

    async def _answer(self, messages: Sequence[AbstractIncomingMessage], exchange: AbstractExchange) -> None:
        """Answer all, confirmed, and only then acknowledge: a death in between means the same once more."""
        now = self.at()
        own = [(message, found) for message in messages if (found := self._own(message)) is not None]
        said: list[tuple[str, Answer]] = []
        for message, found in own:
            if isinstance(found, IncidentGrew):
                said.append(separated(found, message.routing_key or "", now))
            elif found is not _ADDITION:
                said += answers(*found, now)
        await _publish(exchange, said)
        for message, found in own:
            await message.ack()
            if isinstance(found, tuple) and is_last_word(*found):
                self.scripts.settle(found[0].case_id, found[0].text)

    def _own(self, message: AbstractIncomingMessage) -> "tuple[AssignmentOffered, Script] | IncidentGrew | None":
        """The offer with its script, or one of our cases that was joined to another; None for what is not ours."""
        content = from_json(message.body)
        if content.get("type") == IncidentGrew.type_name():
            grew = IncidentGrew.model_validate(content)
            if self.scripts.find(grew.joined_case_id, grew.text):
                return grew
        if content.get("type") != AssignmentOffered.type_name():
            return _ADDITION if self.scripts.find(UUID(content["case_id"]), "") else None
        offer = AssignmentOffered.model_validate(content)
        script = self.scripts.find(offer.case_id, offer.text)
        return (offer, script) if script else None


def separated(grew: IncidentGrew, queue: str, now: datetime) -> tuple[str, Answer]:
    """Each script is a problem of its own: a case that was joined to another gets its own assignment."""
    _, owner, _ = queue.split(".")
    separated = AssignmentSeparated(
        id=derived_id(grew.occurred_at, "office", grew.assignment_id, "separated", grew.joined_case_id),
        occurred_at=now,
        trace_id=grew.trace_id,
        assignment_id=grew.assignment_id,
        case_id=grew.case_id,
        owner=owner,
        by="simulator",
        separate=grew.joined_case_id,
    )
    return "separated", separated


# A citizen's addition to a case of ours: taken, and nothing said of it.
_ADDITION: Final[Any] = object()


async def _batch(
    waiting: asyncio.Queue[AbstractIncomingMessage], closed: asyncio.Future[Any]
) -> list[AbstractIncomingMessage]:
    """What waits, at least one message; empty when the connection is gone."""
    first = asyncio.ensure_future(waiting.get())
    await asyncio.wait({first, closed}, return_when=asyncio.FIRST_COMPLETED)
    if not first.done():
        first.cancel()
        return []
    messages = [first.result()]
    while not waiting.empty() and len(messages) < BATCH_MAX:
        messages.append(waiting.get_nowait())
    return messages


async def _publish(exchange: AbstractExchange, said: Sequence[tuple[str, Answer]]) -> None:
    """All answers at once, in order, and every confirm awaited. Raises TimeoutError when one does not come."""
    async with asyncio.timeout(PUBLISH_TIMEOUT_SECONDS):
        await asyncio.gather(
            *(
                exchange.publish(
                    aio_pika.Message(
                        answer.model_dump_json(exclude_none=True).encode(),
                        content_type="application/json",
                        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                        message_id=str(answer.id),
                    ),
                    routing_key=f"answer.{answer.owner}.{word}",
                    mandatory=True,
                )
                for word, answer in said
            )
        )


@dataclass
class Clerk:
    """The people at the desk, over its API: decides what came to the solution centre, and gives back what came to
    `departments` of the desk by mistake. Leaves a stranger's cases alone.
    """

    desk_url: str
    token: str
    departments: Collection[str]
    scripts: Scripts
    decided: int = 0

    async def run(self) -> None:
        """Look again and again until cancelled; a desk that is away is asked later."""
        async with aiohttp.ClientSession(
            self.desk_url,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=aiohttp.ClientTimeout(total=PUBLISH_TIMEOUT_SECONDS),
        ) as session:
            while True:
                with suppress(aiohttp.ClientError, TimeoutError):
                    await self._work_off(session, "/api/triage", {})
                    for department in self.departments:
                        await self._work_off(session, "/api/work", {"owner": department})
                await asyncio.sleep(CLERK_SECONDS)

    async def _work_off(self, session: aiohttp.ClientSession, path: str, query: dict[str, str]) -> None:
        """Every item of a list, page by page; those we leave alone stay in front."""
        after: dict[str, str] = {}
        for _ in range(CLERK_PAGES_MAX):
            async with session.get(path, params={**query, **after, "limit": str(CLERK_PAGE_ITEMS)}) as answer:
                answer.raise_for_status()
                page = await answer.json()
            items = iter(page["items"])
            while some := list(islice(items, CLERK_AT_ONCE_MAX)):
                await asyncio.gather(*(self._act(session, item) for item in some))
            if not page["next"]:
                return
            after = {"after": page["next"]}

    async def _act(self, session: aiohttp.ClientSession, item: Mapping[str, Any]) -> None:
        case_id, text, at_centre = UUID(item["case_id"]), item["text"], item["owner"] not in self.departments
        script = self.scripts.find(case_id, text)
        if script is None or item["state"] == "done":
            return
        if at_centre and script.course is Course.TRIAGE:
            self.scripts.settle(case_id, text)
        elif at_centre:
            await self._post(session, f"/api/triage/{item['assignment_id']}/decide", _choice(script))
        else:
            proposal = None if script.course is Course.TRIAGE else script.owner
            give_back = {"reason": NOT_OURS, "proposal": proposal}
            await self._post(session, f"/api/work/{item['assignment_id']}/return", give_back)

    async def _post(self, session: aiohttp.ClientSession, path: str, action: Mapping[str, Any]) -> None:
        async with session.post(path, json=action) as answer:
            # 409: somebody else was faster, or an answer of ours was lost on its way back.
            if answer.status != 409:
                answer.raise_for_status()
                self.decided += 1


def _choice(script: Script) -> dict[str, str]:
    return {"owner": script.owner, **({"topic": script.topic} if script.topic else {})}
