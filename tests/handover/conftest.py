"""The hand-over service at work on a real broker and database, with a mail server behind which institutions sit."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp
import pytest

from services.handover.app import handover
from services.handover.domain import HandOver, Schedule
from shared import municipality
from shared.contracts import AssignmentOffered, Attachment, Message, OwnerKind, Place
from shared.files import KeptFile, file_key, packed
from shared.ids import new_id
from shared.messaging.topology import DEPARTMENTS, HANDOVER, owner_queue
from shared.objects import ObjectSettings, open_store
from shared.settings import Settings
from simulators.mail.memory import Mail
from tests.builders import an_assignment_offered
from tests.harness import KEY, System, a_system, built, serving, until
from tests.notifier.kits.smtp import RunningMailServer, mail_server

PLACE = municipality.load(Settings.model_fields["ilkim_municipality"].default)
YEDAS, SASKI = "yedas", "saski"
MAILBOX = "ariza@kurum.example"
OWNERS = [YEDAS, SASKI, "turk-telekom", "canik-belediyesi"]
PUBLIC = "https://ilkim.example"
SCHEDULE = Schedule(PLACE.calendar, PLACE.zone)
LINK = re.compile(rf"{re.escape(PUBLIC)}(/kurum/[0-9a-f]{{64}})")


def an_offer(**changed: Any) -> AssignmentOffered:
    """A lamp that does not burn, for YEDAŞ."""
    default = {
        "owner": YEDAS,
        "owner_kind": OwnerKind.INSTITUTION,
        "topic": "sokak-aydinlatma",
        "topic_name": "Sokak aydınlatması",
        "text": "Lamba üç gündür yanmıyor.",
        "place": Place(latitude=41.2867, longitude=36.33, street="Gül Sokak"),
        "neighbourhood_name": "Kadıköy",
    }
    return an_assignment_offered(**(default | changed))


def a_handover(**changed: Any) -> HandOver:
    offer = an_offer()
    default = {"id": offer.assignment_id, "case_id": offer.case_id, "institution": YEDAS, "number": offer.number}
    rest = {"lane": "routine", "trace_id": "t", "opened_at": offer.opened_at}
    return HandOver(**(default | rest | changed))


@dataclass(frozen=True)
class Page:
    """What the link's page answered."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass
class Office:
    """The running service, its queues, the institutions' mailboxes and a browser of theirs."""

    system: System
    mails: RunningMailServer
    http: aiohttp.ClientSession

    async def offer(self, **changed: Any) -> AssignmentOffered:
        """Offer an assignment as the router does."""
        offer = an_offer(**changed)
        await self.tell(offer, offer)
        return offer

    async def keep(self, file: KeptFile) -> Attachment:
        """A citizen's file in the object store, as intake leaves it there."""
        store = open_store(ObjectSettings(ilkim_objects=str(self.system.objects), ilkim_object_key=KEY))
        file_id = new_id()
        await store.put(file_key(file_id), packed(file))
        return Attachment(id=file_id, provider_id=str(file_id), media_type=file.media_type, name=file.name)

    async def tell(self, to: AssignmentOffered, message: Message) -> None:
        await self.system.send(DEPARTMENTS, owner_queue(to.owner, to.lane), message.model_dump_json().encode())

    async def sent(self, **changed: Any) -> tuple[AssignmentOffered, Mail, str]:
        """An assignment that is in the institution's mailbox, the mail, and the path of its link."""
        offer = await self.offer(**changed)
        mail = await self.mail_about("bekliyoruz", offer)
        await self.is_in("sent", offer)
        assert (await self.answer())["type"] == "assignment.accepted.v1"
        return offer, mail, self.link_in(mail)

    async def mail_about(self, words: str, offer: AssignmentOffered, address: str = MAILBOX) -> Mail:
        """The newest mail of this hand-over that says this."""

        def found() -> list[Mail]:
            loop = [mail for mail in self.mails.server.memory.find(address) if mail.status == "accepted"]
            return [mail for mail in loop if words in mail.text and offer.assignment_id.hex in mail.return_path]

        await until(lambda: bool(found()))
        return found()[-1]

    def link_in(self, mail: Mail) -> str:
        found = LINK.search(mail.text)
        assert found is not None
        return found[1]

    async def get(self, path: str) -> Page:
        async with self.http.get(path) as reply:
            return Page(reply.status, reply.headers, await reply.text())

    async def post(self, path: str, **fields: str) -> Page:
        async with self.http.post(path, data={"seen": "0", **fields}, allow_redirects=False) as reply:
            return Page(reply.status, reply.headers, await reply.text())

    async def wrote(self, message: Message) -> None:
        """A mail of an institution, as intake passes it on."""
        await self.system.tell(HANDOVER, "mails", message)

    async def answer(self) -> dict[str, Any]:
        """The next answer to the router."""
        return dict(json.loads(await self.system.take("router.answers")))

    async def rests(self) -> None:
        """Nothing is being sent or published any more, so that the next test starts from nothing."""
        await self.system.pool.execute("UPDATE letter SET due_at = 'infinity' WHERE state = 'waiting'")
        await until(lambda: self.holds("SELECT NOT EXISTS (SELECT FROM letter WHERE state = 'sending')"))
        await until(lambda: self.holds("SELECT NOT EXISTS (SELECT FROM outbox WHERE published_at IS NULL)"))

    async def no_answer(self, seconds: float = 1.0) -> None:
        await asyncio.sleep(seconds)
        assert await self.system.depth("router.answers") == 0

    async def state(self, offer: AssignmentOffered) -> str | None:
        return await self.system.value("SELECT state FROM handover WHERE id = $1", offer.assignment_id)

    async def is_in(self, state: str, offer: AssignmentOffered) -> None:
        async def holds() -> bool:
            return await self.state(offer) == state

        await until(holds)

    async def holds(self, question: str, *values: object) -> bool:
        return bool(await self.system.value(question, *values))

    async def moves(self, offer: AssignmentOffered) -> list[str]:
        """Its history."""
        query = "SELECT move FROM handover_step WHERE handover_id = $1 ORDER BY version"
        return [row["move"] for row in await self.system.rows(query, offer.assignment_id)]

    async def its_time_is_up(self, offer: AssignmentOffered) -> None:
        """As if the days until its next reminder had gone by."""
        query = "UPDATE handover SET next_at = now() WHERE id = $1"
        await self.system.pool.execute(query, offer.assignment_id)

    async def retry_now(self) -> None:
        """As if the wait before the next attempt were over."""
        await self.system.pool.execute("UPDATE letter SET due_at = now() WHERE state IN ('waiting', 'sending')")


def at(text: str) -> datetime:
    """A moment in Samsun."""
    return datetime.fromisoformat(text).replace(tzinfo=PLACE.zone)


@pytest.fixture(scope="module")
async def started(amqp_url: str, database_url: str) -> AsyncIterator[Office]:
    async with mail_server() as mails, a_system(amqp_url, database_url, "handover", OWNERS) as system:
        port = mails.url.rpartition(":")[2]
        service = built(
            handover,
            system,
            SMTP_HOST="127.0.0.1",
            SMTP_PORT=port,
            EMAIL_ADDRESS="cozum@ilkim.example",
            HANDOVER_ADDRESSES=f"{YEDAS}={MAILBOX},{SASKI}=550@hata.example",
            HANDOVER_PUBLIC_URL=PUBLIC,
        )
        async with serving(service) as url, aiohttp.ClientSession(url) as http:
            yield Office(system, mails, http)


@pytest.fixture
async def office(started: Office) -> AsyncIterator[Office]:
    yield started
    started.mails.server.faults.clear()
    await started.rests()
    await started.system.forget()
