"""One conversation a citizen and provider, from the memories of all simulators; newest first."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simulators.outside.memory import Message
from simulators.outside.world import World

ENTRIES_MAX = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One message as it is shown."""

    from_citizen: bool
    text: str
    time: float
    status: str
    error: str = ""
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Conversation:
    """What one citizen and the centre wrote by one provider, oldest first."""

    provider: str
    citizen: str
    name: str
    lines: tuple[Line, ...]

    @property
    def newest(self) -> float:
        return self.lines[-1].time


async def conversations(world: World) -> list[Conversation]:
    """All of them, the one with the newest message first. A simulator that is away has none."""
    whatsapp, mail = await asyncio.gather(
        _from(world, world.settings.whatsapp_url, "conversations"), _from(world, world.settings.mail_url, "messages")
    )
    found = [*_own(world.memory.find()), *_of_whatsapp(whatsapp), *_of_mail(mail)]
    return sorted(found, key=lambda each: each.newest, reverse=True)


async def _from(world: World, url: str, what: str) -> dict[str, Any]:
    found = await world.fetch_json(f"{url}/_simulator/{what}") if url else None
    return found if isinstance(found, dict) else {}


def _own(messages: Iterable[Message]) -> list[Conversation]:
    threads: dict[tuple[str, str], list[Message]] = {}
    for message in messages:
        if message.citizen:
            threads.setdefault((message.provider, message.citizen), []).append(message)
    return [
        Conversation(provider, citizen, _name(rows), tuple(_line(row) for row in rows[-ENTRIES_MAX:]))
        for (provider, citizen), rows in threads.items()
    ]


def _name(messages: list[Message]) -> str:
    return next((message.name for message in reversed(messages) if message.name), "")


def _line(message: Message) -> Line:
    return Line(message.from_citizen, message.text, message.time, message.status, message.error, message.kind)


def _of_whatsapp(told: dict[str, Any]) -> list[Conversation]:
    return [
        Conversation("whatsapp", thread["citizen"], thread["name"], lines)
        for thread in told.get("threads", [])
        if (lines := tuple(Line(**entry) for entry in thread["entries"]))
    ]


def _of_mail(told: dict[str, Any]) -> list[Conversation]:
    """Each mail shows its subject before its text."""
    threads: dict[str, list[Line]] = {}
    names: dict[str, str] = {}
    for mail in told.get("messages", []):
        text = "\n\n".join(part for part in (mail["subject"], mail["text"]) if part)
        at = datetime.fromisoformat(mail["time"]).timestamp()
        line = Line(mail["from_citizen"], text, at, mail["status"], mail.get("error", ""), "mail")
        threads.setdefault(mail["citizen"], []).append(line)
        names[mail["citizen"]] = mail.get("name") or names.get(mail["citizen"], "")
    return [
        Conversation("email", address, names[address], tuple(sorted(lines, key=lambda line: line.time)[-ENTRIES_MAX:]))
        for address, lines in threads.items()
    ]
