"""The example programs do what the guides say, on a real broker, with no more rights than the guides name."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import urllib.parse
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue
from aio_pika.exceptions import AMQPError

from ops import node
from ops.access import Rights, give, of_channel, of_owner
from shared.asyncapi.document import golden_samples
from shared.contracts import (
    AssignmentAccepted,
    AssignmentClosed,
    AssignmentReturned,
    Channel,
    CitizenAsked,
    DeliveryReported,
    Message,
    MessageReceived,
)
from shared.messaging import topology
from tests.servers import Management

EXAMPLES = Path(__file__).parent.parent / "examples"
DEPARTMENT = "temizlik-isleri"
OTHER = "fen-isleri"
SAMPLES = golden_samples()
WAIT_SECONDS = 20.0


@pytest.fixture(scope="module")
async def channel(amqp_url: str) -> AsyncIterator[AbstractChannel]:
    """A channel of the broker's owner, with everything declared."""
    connection = await aio_pika.connect(amqp_url)
    async with connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        await topology.declare(channel, [DEPARTMENT, OTHER])
        yield channel


@pytest.fixture(scope="module")
def department_url(amqp_url: str, management: Management) -> Iterator[str]:
    """The address of a user with the rights of a department, as `docs/department.md` names them."""
    with a_user(amqp_url, management, of_owner(DEPARTMENT)) as url:
        yield url


@pytest.fixture(scope="module")
def channel_url(amqp_url: str, management: Management) -> Iterator[str]:
    """The address of a user with the rights of a channel, as `docs/channel.md` names them."""
    with a_user(amqp_url, management, of_channel(Channel.FACE_TO_FACE)) as url:
        yield url


@pytest.fixture(params=["python", "node"])
def department_program(request: pytest.FixtureRequest, department_url: str, tmp_path: Path) -> "Department":
    """The example in each language; Node's needs `npm install` in `examples/`."""
    if request.param == "node" and not node.has(EXAMPLES, "amqplib"):
        pytest.skip("SKIPPED ALOUD: the Node example was not run; needs node and `npm install` in examples/")
    return Department(request.param, department_url, tmp_path)


class Department:
    """One of the example programs with its own work file."""

    def __init__(self, language: str, url: str, folder: Path) -> None:
        self.work, self.language = folder / "work", language
        self.environment = os.environ | {"AMQP_URL": url, "DEPARTMENT": DEPARTMENT, "WORK_FILE": str(self.work)}
        self._command = {
            "python": [sys.executable, str(EXAMPLES / "department_consumer.py"), "consume"],
            "node": [str(node.find()), str(EXAMPLES / "department_consumer.js")],
        }[language]

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, env=self.environment)

    def assignments(self) -> list[str]:
        """The ids it keeps."""
        if self.language == "node":
            return [json.loads(line)["assignment_id"] for line in self.work.read_text().splitlines()]
        return [row[0] for row in sqlite3.connect(self.work).execute("SELECT id FROM assignment")]


async def test_a_department_keeps_an_assignment_once_and_says_so(
    channel: AbstractChannel, department_program: Department
) -> None:
    offer = an_offer()
    await offer_work(channel, offer, "routine")
    await offer_work(channel, offer | {"id": str(uuid.uuid4())}, "urgent")

    with running(department_program.start()) as program:
        answers = await taken(channel, "router.answers", 2)
        assert stopped(program) == 0

    accepted = [AssignmentAccepted.read(body) for body, _ in answers]
    assert {key for _, key in answers} == {f"answer.{DEPARTMENT}.accepted"}
    assert {str(answer.assignment_id) for answer in accepted} == {offer["assignment_id"]}
    assert len({answer.id for answer in accepted}) == 1, "the same answer has the same id"
    assert {answer.owner for answer in accepted} == {DEPARTMENT}
    assert department_program.assignments() == [offer["assignment_id"]]


async def test_what_a_department_cannot_read_is_kept_for_a_person(
    channel: AbstractChannel, department_program: Department
) -> None:
    await publish(channel, topology.DEPARTMENTS, f"department.{DEPARTMENT}.routine", b"\xff not json")
    await offer_work(channel, an_offer() | {"type": "assignment.invented.v9"}, "routine")
    await offer_work(channel, an_offer(), "routine")

    with running(department_program.start()) as program:
        await taken(channel, "router.answers", 1)
        assert (await taken(channel, "dead", 1))[0][0] == b"\xff not json"
        assert stopped(program) == 0

    assert len(department_program.assignments()) == 1


async def test_a_department_that_is_killed_loses_nothing_and_keeps_nothing_twice(
    channel: AbstractChannel, department_program: Department
) -> None:
    offers = [an_offer() for _ in range(60)]
    for offer in offers:
        await offer_work(channel, offer, "routine")
    wanted = {offer["assignment_id"] for offer in offers}
    answered = set()

    with running(department_program.start()) as program:
        for body, _ in await taken(channel, "router.answers", 10):
            answered.add(json.loads(body)["assignment_id"])
        program.kill()
        program.wait()
    with running(department_program.start()) as program:
        while answered != wanted:
            [(body, _)] = await taken(channel, "router.answers", 1)
            answered.add(json.loads(body)["assignment_id"])
        await empty(channel, f"department.{DEPARTMENT}.routine")
        assert stopped(program) == 0

    assert sorted(department_program.assignments()) == sorted(wanted)
    await drained(channel, "router.answers")


async def test_a_department_closes_a_case_with_words_for_the_citizen(
    channel: AbstractChannel, department_url: str, tmp_path: Path
) -> None:
    program = Department("python", department_url, tmp_path)
    offer = an_offer()
    await offer_work(channel, offer, "routine")
    with running(program.start()) as consuming:
        await taken(channel, "router.answers", 1)
        assert stopped(consuming) == 0

    command = [sys.executable, str(EXAMPLES / "department_consumer.py"), "close", offer["number"], "Boşaltıldı."]
    await run(command, program.environment)

    [(body, key)] = await taken(channel, "router.answers", 1)
    closed = AssignmentClosed.read(body)
    assert key == f"answer.{DEPARTMENT}.closed"
    assert (str(closed.assignment_id), closed.outcome, closed.answer) == (
        offer["assignment_id"],
        "solved",
        "Boşaltıldı.",
    )


async def test_a_department_asks_and_gives_back(channel: AbstractChannel, department_url: str, tmp_path: Path) -> None:
    program = Department("python", department_url, tmp_path)
    offer = an_offer()
    await offer_work(channel, offer, "routine")
    with running(program.start()) as consuming:
        await taken(channel, "router.answers", 1)
        assert stopped(consuming) == 0
    command = [sys.executable, str(EXAMPLES / "department_consumer.py")]

    for _ in range(2):  # the same said twice is one answer
        await run([*command, "ask", offer["number"], "Hangi kapının önünde?"], program.environment)
    await run([*command, "return", offer["number"], "Park alanının içinde.", "park-bahceler"], program.environment)

    (first, _), (second, _), (third, key) = await taken(channel, "router.answers", 3)
    assert CitizenAsked.read(first).id == CitizenAsked.read(second).id
    returned = AssignmentReturned.read(third)
    assert key == f"answer.{DEPARTMENT}.returned"
    assert (returned.reason, returned.proposal) == ("Park alanının içinde.", "park-bahceler")


async def test_a_department_keeps_what_comes_later_and_drops_what_was_taken_from_it(
    channel: AbstractChannel, department_url: str, tmp_path: Path
) -> None:
    program = Department("python", department_url, tmp_path)
    offer = an_offer()
    about = {name: offer[name] for name in ("assignment_id", "case_id", "number")}
    await offer_work(channel, offer, "routine")
    for kind in ("citizen.added.v1", "assignment.warned.v1", "assignment.ended.v1"):
        await offer_work(channel, SAMPLES[kind] | about | {"id": str(uuid.uuid4())}, "routine")

    with running(program.start()) as consuming:
        await taken(channel, "router.answers", 1)
        await empty(channel, f"department.{DEPARTMENT}.routine")
        assert stopped(consuming) == 0

    book = sqlite3.connect(program.work)
    assert [row[0] for row in book.execute("SELECT type FROM news ORDER BY rowid")] == [
        "citizen.added.v1",
        "assignment.warned.v1",
        "assignment.ended.v1",
    ]
    assert book.execute("SELECT state FROM assignment").fetchall() == [("ended",)]


async def test_a_channel_hands_over_each_message_under_one_identity(channel: AbstractChannel, channel_url: str) -> None:
    lines = [
        {"provider_id": "kiosk-3-000017", "text": "Parkın lambası yanmıyor.", "place": {"neighbourhood": "Adalet"}},
        {"provider_id": "kiosk-3-000018", "text": "Gaz kokusu var!", "urgent": True},
    ]
    command = [sys.executable, str(EXAMPLES / "channel_program.py"), "send"]

    for _ in range(2):
        await run(command, os.environ | {"AMQP_URL": channel_url}, "\n".join(map(json.dumps, lines)))

    routine = [MessageReceived.read(body) for body, _ in await taken(channel, "intake.routine", 2)]
    urgent = [MessageReceived.read(body) for body, _ in await taken(channel, "intake.urgent", 2)]
    assert routine[0].id == routine[1].id != urgent[0].id == urgent[1].id
    assert routine[0].provider_id == "kiosk-3-000017"
    assert urgent[0].text == "Gaz kokusu var!"


async def test_a_channel_delivers_a_reply_once_and_reports_it(channel: AbstractChannel, channel_url: str) -> None:
    reply = SAMPLES["reply.requested.v1"] | {"id": str(uuid.uuid4()), "channel": "face_to_face"}
    for _ in range(2):
        await publish(channel, topology.REPLIES, "reply.face_to_face", json.dumps(reply).encode())
    command = [sys.executable, str(EXAMPLES / "channel_program.py"), "deliver"]

    with running(started(command, os.environ | {"AMQP_URL": channel_url})) as program:
        reports = [DeliveryReported.read(body) for body, _ in await taken(channel, "intake.routine", 2)]
        assert stopped(program) == 0

    assert program.stdout is not None
    assert program.stdout.read().decode() == f"{reply['address']}: {reply['text']}\n"
    assert {(str(report.reference), report.status) for report in reports} == {(reply["id"], "delivered")}
    assert reports[0].id == reports[1].id


async def test_the_rights_in_the_guides_are_enough_and_no_more(
    channel: AbstractChannel, department_url: str, channel_url: str
) -> None:
    for url, exchange, key in (
        (department_url, topology.ANSWERS, f"answer.{OTHER}.accepted"),
        (department_url, topology.DEPARTMENTS, f"department.{DEPARTMENT}.routine"),
        (department_url, topology.INTAKE, "routine"),
        (department_url, "", "router.answers"),
        (channel_url, topology.ANSWERS, f"answer.{DEPARTMENT}.accepted"),
    ):
        assert await refused(url, partial(publish, exchange=exchange, key=key, body=b"{}")), (exchange, key)
    for url, queue in (
        (department_url, f"department.{OTHER}.urgent"),
        (department_url, "intake.urgent"),
        (channel_url, "reply.sms"),
        (channel_url, f"department.{DEPARTMENT}.urgent"),
    ):
        assert await refused(url, partial(consume, queue=queue)), queue
    forged = partial(publish, exchange=topology.INTAKE, key="routine", body=b"{}", user_id="somebody-else")
    assert await refused(channel_url, forged)
    assert not await refused(department_url, partial(consume, queue=f"department.{DEPARTMENT}.urgent"))


async def test_a_wrong_key_is_kept_for_a_person_though_it_was_confirmed(
    channel: AbstractChannel, channel_url: str
) -> None:
    assert not await refused(channel_url, partial(publish, exchange=topology.INTAKE, key="acil", body=b"{}"))

    assert await taken(channel, "unrouted", 1) == [(b"{}", "acil")]


# --- builders and helpers -------------------------------------------------------------------------------------


def an_offer() -> dict[str, Any]:
    identities = {name: str(uuid.uuid4()) for name in ("id", "assignment_id", "case_id")}
    offer = SAMPLES["assignment.offered.v1"] | identities
    assert Message.registry[offer["type"]].model_validate(offer)
    return offer


async def offer_work(channel: AbstractChannel, offer: dict[str, Any], lane: str) -> None:
    await publish(channel, topology.DEPARTMENTS, f"department.{DEPARTMENT}.{lane}", json.dumps(offer).encode())


async def publish(channel: AbstractChannel, exchange: str, key: str, body: bytes, user_id: str | None = None) -> None:
    target = await channel.get_exchange(exchange, ensure=False) if exchange else channel.default_exchange
    message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT, user_id=user_id)
    async with asyncio.timeout(WAIT_SECONDS):
        await target.publish(message, routing_key=key, mandatory=True)


async def consume(channel: AbstractChannel, queue: str) -> None:
    async def leave(_: AbstractIncomingMessage) -> None:
        """Not acknowledged: it stays with the queue."""

    target = await channel.get_queue(queue, ensure=False)
    await target.cancel(await target.consume(leave))


async def refused(url: str, attempt: Callable[[AbstractChannel], Awaitable[None]]) -> bool:
    """Whether the broker closes the channel on the attempt."""
    connection = await aio_pika.connect(url)
    async with connection:
        try:
            await attempt(await connection.channel(publisher_confirms=True, on_return_raises=True))
        except (AMQPError, RuntimeError) as error:
            assert "ACCESS_REFUSED" in str(error) or "PRECONDITION_FAILED" in str(error), error
            return True
    return False


async def taken(channel: AbstractChannel, queue: str, count: int) -> list[tuple[bytes, str]]:
    """The bodies and keys of the next messages of a queue, taken off it."""
    target = await channel.get_queue(queue, ensure=False)
    found: list[tuple[bytes, str]] = []
    async with asyncio.timeout(WAIT_SECONDS):
        while len(found) < count:
            if message := await target.get(fail=False):
                await message.ack()
                found.append((message.body, message.routing_key or ""))
            else:
                await asyncio.sleep(0.05)
    return found


async def empty(channel: AbstractChannel, queue: str) -> None:
    """Return once the queue holds nothing that is ready."""
    async with asyncio.timeout(WAIT_SECONDS):
        while await depth(channel, queue):  # noqa: ASYNC110 - the broker tells nobody
            await asyncio.sleep(0.05)


async def drained(channel: AbstractChannel, queue: str) -> None:
    target = await channel.get_queue(queue, ensure=False)
    await target.purge()


async def depth(channel: AbstractChannel, queue: str) -> int:
    target: AbstractQueue = await channel.declare_queue(queue, passive=True)
    return target.declaration_result.message_count or 0


async def run(command: list[str], environment: dict[str, str], stdin: str = "") -> None:
    program = await asyncio.create_subprocess_exec(*command, env=environment, stdin=asyncio.subprocess.PIPE)
    async with asyncio.timeout(WAIT_SECONDS):
        await program.communicate(stdin.encode())
    assert program.returncode == 0


def started(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)


@contextmanager
def running(program: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        yield program
    finally:
        program.kill()
        program.wait()


def stopped(program: subprocess.Popen[bytes]) -> int:
    """The exit code after a gentle end."""
    program.send_signal(signal.SIGTERM)
    return program.wait(WAIT_SECONDS)


@contextmanager
def a_user(url: str, management: Management, rights: Rights) -> Iterator[str]:
    """A new user of the vhost with these rights."""
    parts = urllib.parse.urlsplit(url)
    name, password, vhost = f"user_{uuid.uuid4().hex[:12]}", uuid.uuid4().hex, parts.path.removeprefix("/")
    give(management, vhost, name, password, rights)
    yield parts._replace(netloc=f"{name}:{password}@{parts.hostname}:{parts.port}").geturl()
    management.call("DELETE", f"users/{name}")
