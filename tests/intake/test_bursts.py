"""What one sender writes within seconds is one contact, in order, once, whoever of the workers ends it."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from services.intake.app import worker
from services.intake.domain.bursts import MESSAGES_MAX, Split, Waiting, can_wait, combine, split
from shared.contracts import Attachment, Channel, MessageReceived, Place, Purpose, Sender
from shared.ids import new_id
from shared.messaging.topology import INTAKE
from tests.builders import AT, PHONE, a_message
from tests.harness import System, built, running, until
from tests.intake.deciding import ilkadim
from tests.intake.test_worker import count, has, told

WINDOW: Final = timedelta(seconds=4)
ALARMS: Final = ilkadim().alarms


def a_line(text: str = "Çukur var", seconds: float = 0, **changed: Any) -> MessageReceived:
    """A line of one sender on WhatsApp, so many seconds after the first."""
    at = changed.pop("at", AT) + timedelta(seconds=seconds)
    return a_message(channel=Channel.WHATSAPP, text=text, occurred_at=at, **changed)


def waiting(*messages: MessageReceived, person: Any = None) -> list[Waiting]:
    person = person or new_id()
    return [Waiting(row.contact_id, row, person, row.id, row.occurred_at, place) for place, row in enumerate(messages)]


def cut(*messages: MessageReceived, after: float = 100) -> Split:
    """The messages as they split so many seconds after the first one's time."""
    return split(waiting(*messages), WINDOW, AT + timedelta(seconds=after), ALARMS)


def texts(found: Split) -> list[str]:
    return [combine(run).text for run in found.over]


# The decision


def test_lines_within_the_window_are_one_in_order_of_the_providers_clock() -> None:
    found = cut(a_line("üç", 3), a_line("bir", 0), a_line("iki", 1))

    assert texts(found) == ["bir\niki\nüç"]


def test_lines_of_the_same_second_keep_the_order_they_arrived_in() -> None:
    assert texts(cut(a_line("bir"), a_line("iki"), a_line("üç"))) == ["bir\niki\nüç"]


def test_lines_further_apart_than_the_window_are_not_one_burst() -> None:
    assert texts(cut(a_line("bir", 0), a_line("iki", 4), a_line("üç", 8.1))) == ["bir\niki", "üç"]


def test_a_burst_waits_for_the_window_after_its_last_line() -> None:
    found = cut(a_line("bir", 0), a_line("iki", 3), after=5)

    assert (found.over, found.due_at) == ((), AT + timedelta(seconds=7))
    assert texts(cut(a_line("bir", 0), a_line("iki", 3), after=7)) == ["bir\niki"]


def test_a_clock_that_is_ahead_makes_nobody_wait_longer() -> None:
    ahead = a_line(seconds=3600)
    [row] = waiting(ahead)
    row = Waiting(row.id, row.message, row.person_id, row.raw_id, AT, 0)

    assert split([row], WINDOW, AT + WINDOW, ALARMS).over == ((row,),)


def test_an_emergency_ends_its_burst_at_once_even_when_it_is_told_in_pieces() -> None:
    assert texts(cut(a_line("Binada", 0), a_line("yangın var", 1), after=1)) == ["Binada\nyangın var"]


def test_a_burst_ends_at_its_limits() -> None:
    many = [a_line(str(number), number / 10) for number in range(MESSAGES_MAX + 1)]
    long = [a_line("a" * 15_000, 0), a_line("b" * 15_000, 1), a_line("c", 2)]
    slow = [a_line(str(number), number * 3) for number in range(40)]

    assert [len(run) for run in cut(*many).over] == [MESSAGES_MAX, 1]
    assert [len(run) for run in cut(*long).over] == [2, 1]
    assert max(len(run) for run in cut(*slow, after=1000).over) == 21


def test_an_album_brings_all_its_files_and_the_place_that_was_sent_after() -> None:
    photos = [a_line("", at, kind="image", attachments=(Attachment(provider_id=str(at)),)) for at in range(3)]
    point = Place(latitude=41.28, longitude=36.33)
    [run] = cut(a_line("Çukur", 0), *photos, a_line("", 3, kind="location", place=point)).over
    message = combine(run)

    assert message.text == "Çukur"
    assert [file.provider_id for file in message.attachments] == ["0", "1", "2"]
    assert message.place == point


def test_what_was_edited_or_deleted_meanwhile_stands_in_its_last_form() -> None:
    first, second = a_line("Çukr", 0), a_line("Yanlış yazdım", 1)
    edit = a_line("Çukur", 2, kind="edited", concerns=first.provider_id)
    gone = a_line("", 3, kind="deleted", concerns=second.provider_id)

    assert texts(cut(first, second, edit, gone)) == ["Çukur"]


def test_only_a_sender_s_own_words_on_a_chat_channel_wait() -> None:
    assert can_wait(a_line())
    for changed in (
        {"channel": Channel.EMAIL},
        {"sender": Sender()},
        {"purpose": Purpose.THANKS},
        {"purpose": Purpose.AUTOMATIC},
        {"requests": ("Çöp", "Lamba")},
        {"about_case": new_id()},
        {"kind": "reaction"},
    ):
        assert not can_wait(a_line().model_copy(update=changed)), changed


# With workers


def now_line(text: str, seconds: float = 0, **changed: Any) -> MessageReceived:
    return a_line(text, seconds, at=datetime.now(UTC), **changed)


async def is_at_rest(system: System) -> None:
    async def empty() -> bool:
        return await count(system, "burst_message") == 0 and await count(system, "contact") > 0

    await until(empty)


async def test_lines_told_one_by_one_are_one_contact_one_case_and_one_receipt(system: System) -> None:
    async with running(built(worker, system, ILKIM_GATHER_SECONDS="1")):
        for text in ("Merhaba", "Bizim sokakta çukur var", "Atatürk Bulvarı"):
            await system.tell(INTAKE, "routine", now_line(text))
            await asyncio.sleep(0.1)
        assert await count(system, "contact") == 0
        await is_at_rest(system)

    [opened] = await told(system, "case.opened.v1")
    [registered] = await told(system, "contact.registered.v1")
    assert opened["text"] == "Merhaba\nBizim sokakta çukur var\nAtatürk Bulvarı"
    assert len(registered["cases"]) == 1
    messages = await system.rows("SELECT contact_id, position FROM inbound_message ORDER BY position")
    assert {str(row["contact_id"]) for row in messages} == {registered["contact_id"]}
    assert [row["position"] for row in messages] == [0, 1, 2]
    assert await count(system, "burst") == 0


async def test_bursts_of_many_senders_over_two_workers_are_one_contact_each(system: System) -> None:
    senders = [f"+9050000000{number:02}" for number in range(20)]
    lines = [now_line(f"satır {place}", place / 10, sender=Sender(address=at)) for place in range(5) for at in senders]
    random.Random(3).shuffle(lines)
    settings = {"ILKIM_GATHER_SECONDS": "2"}
    async with running(built(worker, system, **settings), built(worker, system, **settings)):
        for line in lines:
            await system.tell(INTAKE, random.choice(("routine", "urgent")), line)
        await is_at_rest(system)

    assert await count(system, "contact") == await count(system, "case_file") == 20
    assert await count(system, "inbound_message") == 100
    in_order = "\n".join(f"satır {place}" for place in range(5))
    assert {opened["text"] for opened in await told(system, "case.opened.v1")} == {in_order}
    assert await count(system, "dead_letter") == await count(system, "retry") == 0


async def test_a_burst_outlives_the_worker_that_gathered_it(system: System) -> None:
    async with running(built(worker, system, ILKIM_GATHER_SECONDS="2")):
        await system.tell(INTAKE, "routine", now_line("Çukur var"))
        await has(system, "burst_message", 1)
    sealed = await system.value("SELECT sealed FROM burst_message")
    assert "Çukur".encode() not in sealed
    async with running(built(worker, system, ILKIM_GATHER_SECONDS="2")):
        await is_at_rest(system)

    assert await count(system, "case_file") == 1


async def test_danger_does_not_wait_and_what_follows_joins_its_case(system: System) -> None:
    async with running(built(worker, system, ILKIM_GATHER_SECONDS="5")):
        await system.tell(INTAKE, "routine", now_line("Acele edin"))
        await has(system, "burst_message", 1)
        await system.tell(INTAKE, "urgent", now_line("Binada yangın var", 0.5))
        await has(system, "contact", 1)
        assert await count(system, "burst") == 0
        await system.tell(INTAKE, "routine", now_line("Üçüncü kat", 1))
        await has(system, "contact", 2)

    registered = await told(system, "contact.registered.v1")
    assert [row["effect"] for row in registered] == ["opened", "joined"]
    assert registered[0]["emergency_number"] == "112"
    assert registered[0]["cases"] == registered[1]["cases"]
    [opened] = await told(system, "case.opened.v1")
    assert opened["text"] == "Acele edin\nBinada yangın var"


async def test_what_is_late_anyhow_does_not_wait(system: System) -> None:
    other = a_line("başka", sender=Sender(address="+905000000001"))
    async with running(built(worker, system, ILKIM_GATHER_SECONDS="30")):
        await system.tell(
            INTAKE,
            "routine",
            a_line("bir", 0),
            a_line("iki", 2),
            other,
        )
        await has(system, "contact", 2)

    assert sorted(opened["text"] for opened in await told(system, "case.opened.v1")) == ["başka", "bir\niki"]


async def test_the_same_line_thirty_two_times_at_once_over_two_workers_is_one_contact(system: System) -> None:
    line = now_line("Çukur var", provider_id="wamid.same", sender=Sender(address=PHONE))
    copies = [line.model_copy(update={"id": new_id()}) for _ in range(32)]
    settings = {"ILKIM_GATHER_SECONDS": "1"}
    async with running(built(worker, system, **settings), built(worker, system, **settings)):
        await asyncio.gather(*(system.tell(INTAKE, "routine", copy) for copy in copies))
        await has(system, "raw_message", 32)
        await is_at_rest(system)

    assert await count(system, "contact") == await count(system, "case_file") == 1
    assert await count(system, "inbound_message") == 1
