"""One conversation a citizen and way, from the memories of all simulators; newest first.

On a phone every SMS of the centre stands in one thread, whichever provider carried it.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simulators.outside.memory import Message
from simulators.outside.world import World

ENTRIES_MAX = 200
SMS = "sms"
BY_SMS = ("netgsm", "verimor", "twilio")


@dataclass(frozen=True, slots=True)
class Line:
    """One message as it is shown."""

    from_citizen: bool
    text: str
    time: float
    status: str
    error: str = ""
    kind: str = "text"
    provider: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What one citizen and the centre wrote by one way, oldest first; `provider` carried the citizen's last word."""

    way: str
    citizen: str
    name: str
    lines: tuple[Line, ...]

    @property
    def newest(self) -> float:
        return self.lines[-1].time

    @property
    def provider(self) -> str:
        wrote = [line.provider for line in self.lines if line.from_citizen and line.provider]
        return wrote[-1] if wrote else self.lines[-1].provider or self.way


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
            threads.setdefault((way_of(message.provider), message.citizen), []).append(message)
    return [
        Conversation(way, citizen, _name(rows), tuple(_line(row) for row in rows[-ENTRIES_MAX:]))
        for (way, citizen), rows in threads.items()
    ]


def way_of(provider: str) -> str:
    """The way a provider's messages go, as a citizen sees it."""
    return SMS if provider in BY_SMS else provider


def _name(messages: list[Message]) -> str:
    return next((message.name for message in reversed(messages) if message.name), "")


def _line(message: Message) -> Line:
    told = (message.status, message.error, message.kind, message.provider)
    return Line(message.from_citizen, message.text, message.time, *told)


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
