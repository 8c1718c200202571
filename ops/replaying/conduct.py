"""One replay from its first contact to rest: the channels send, the offices answer, services may die meanwhile."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from ops.nine_months import PlannedContact
from ops.replaying.installation import Installation
from ops.replaying.kill import Killer
from ops.replaying.rest import Watch
from ops.replaying.send import Sender
from services.intake.domain import registration
from shared.contracts import Channel
from shared.municipality import Municipality
from simulators.channel_programs import ChannelPrograms
from simulators.offices import Clerk, Offices, Script, Scripts

# Without any change for so long, what has not come will not come.
STILL_SECONDS_MAX: Final = 60.0
# With nothing under way anywhere it is over sooner; a desk that was killed is back by then.
IDLE_SECONDS_MAX: Final = 20.0
LOOK_SECONDS: Final = 1.0


@dataclass
class Conducted:
    """What happened. `left` is what was still under way when nothing moved any more; empty: the system is at rest."""

    sent: int = 0
    retries: int = 0
    decided_at_desk: int = 0
    unsettled: int = 0
    replies: dict[str, int] = field(default_factory=dict)
    kills: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Players:
    """Who plays the departments and institutions, and who sits at the desk."""

    scripts: Scripts
    owners: Collection[str]
    desk_departments: Collection[str]
    citizens: dict[Channel, Collection[str]]


def scripts_of(contacts: Iterable[PlannedContact]) -> Scripts:
    """What each case's owner is to do. The web form's are known by their words: the edge says when they came."""
    by_case: dict[UUID, Script] = {}
    by_text: dict[str, Script] = {}
    for contact in contacts:
        if contact.owner is None or contact.course is None:
            continue
        script = Script(contact.owner, contact.course, contact.topic)
        if contact.channel is Channel.WEB:
            by_text[contact.text] = script
        else:
            at = contact.occurred_at
            filed = registration.contact_id(contact.channel, contact.account, contact.provider_id, at)
            by_case[registration.case_id(filed, at)] = script
    return Scripts(by_case, by_text)


def players(municipality: Municipality, scripts: Scripts, contacts: Iterable[PlannedContact] = ()) -> Players:
    """All owners with software of their own; the desk's departments are the clerk's; the channels' programs.

    Institutions that the hand-over service sends to are not played: their queues are its own.
    """
    citizens: dict[Channel, set[str]] = {}
    for contact in contacts:
        if contact.channel not in (Channel.WEB, Channel.WHATSAPP) and contact.sender.address:
            citizens.setdefault(contact.channel, set()).add(contact.sender.address)
    own_software = [department.code for department in municipality.departments if not department.desk]
    at_desk = [department.code for department in municipality.departments if department.desk]
    return Players(
        scripts,
        [
            *own_software,
            *(institution.code for institution in municipality.institutions if not institution.is_reachable),
        ],
        [code for code in at_desk if code != municipality.solution_centre.code],
        dict(citizens),
    )


async def conduct(
    installation: Installation,
    contacts: Iterable[PlannedContact],
    cast: Players | None,
    kill_every: float | None,
    tell_sent: Callable[[int], None] = lambda _: None,
    still_seconds_max: float = STILL_SECONDS_MAX,
) -> Conducted:
    """Send all, wait until every case had its last word and nothing is under way. `cast` None: nobody answers."""
    began, done = time.monotonic(), Conducted()

    def count(number: int) -> None:
        done.sent += number
        tell_sent(number)

    sender, watch = Sender(installation, count), Watch(installation)
    killer = Killer(installation.state, kill_every) if kill_every else None
    clerk, programs = _clerk(installation, cast), _programs(installation, cast)
    async with asyncio.TaskGroup() as group:
        playing = [
            group.create_task(player.run()) for player in (_offices(installation, cast), clerk, programs) if player
        ]
        killing = group.create_task(killer.run()) if killer else None
        await sender.send(contacts)
        done.seconds["sent"] = time.monotonic() - began
        if cast:
            await _until_settled(cast.scripts, watch, still_seconds_max)
            done.seconds["answered"] = time.monotonic() - began
            done.unsettled = len(cast.scripts) - cast.scripts.settled
        if killing:
            killing.cancel()
        done.left = await watch.until_quiet(still_seconds_max)
        done.seconds["at rest"] = time.monotonic() - began
        for task in playing:
            task.cancel()
    done.retries = sender.retries
    done.decided_at_desk = clerk.decided if clerk else 0
    done.replies = {str(name): count for name, count in programs.delivered.items()} if programs else {}
    done.kills = dict(killer.killed) if killer else {}
    return done


def _offices(installation: Installation, cast: Players | None) -> Offices | None:
    return Offices(installation.amqp_url, cast.owners, cast.scripts) if cast else None


def _programs(installation: Installation, cast: Players | None) -> ChannelPrograms | None:
    return ChannelPrograms(installation.amqp_url, cast.citizens) if cast and cast.citizens else None


def _clerk(installation: Installation, cast: Players | None) -> Clerk | None:
    if cast is None or installation.desk is None:
        return None
    return Clerk(installation.desk, installation.desk_token, cast.desk_departments, cast.scripts)


async def _until_settled(scripts: Scripts, watch: Watch, still_seconds_max: float) -> None:
    """Until every case had its last word, or nothing has moved for so long."""
    seen, changed_at = None, time.monotonic()
    idle_seconds_max = min(still_seconds_max, IDLE_SECONDS_MAX)
    while not scripts.all_settled.is_set():
        now = (scripts.settled, await watch.under_way())
        if now != seen:
            seen, changed_at = now, time.monotonic()
        elif time.monotonic() - changed_at > (idle_seconds_max if now[1] == {} else still_seconds_max):
            return
        await _wait(scripts.all_settled, LOOK_SECONDS)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
