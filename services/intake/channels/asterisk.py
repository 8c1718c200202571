"""Asterisk: its manager interface (AMI) is listened to, and what concerns a call of a citizen is told.

Source: docs.asterisk.org, "Asterisk Manager Interface (AMI)" and the events NewChannel, DialBegin, DialEnd,
BridgeEnter, Hangup, QueueCallerAbandon. A call is known by `Linkedid`, the id of its first channel; it is a citizen's
when that channel was made in one of the contexts our lines lead to. What we do not see while the connection is down
is not told later by Asterisk: on connecting, the calls that stand are asked for.

The collector keeps whether a call was answered, and puts it beside the event (`answered`), so that reading is pure.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog
from pydantic import Field, SecretStr

from services.intake.channels.base import Accept, Bookmarks, BothAway, Reading
from services.intake.channels.doors import payload
from services.intake.channels.exchanges import call
from services.intake.channels.payloads import json_object, moment
from shared.contracts import CallState, Channel, WebhookReceived
from shared.settings import ProviderSettings, given

log = structlog.get_logger()

Event = Mapping[str, str]
# What is told; everything else on the wire is passed over.
TOLD: Final = frozenset({"Newchannel", "DialBegin", "DialEnd", "BridgeEnter", "QueueCallerAbandon", "Hangup"})
# What the desk wants to know of an event; the rest (codecs, variables, account codes) is not kept.
KEPT: Final = (
    *("Event", "Channel", "ChannelStateDesc", "CallerIDNum", "CallerIDName", "Exten", "Context", "Uniqueid"),
    *("Linkedid", "DestChannel", "DestUniqueid", "DialStatus", "Cause", "Queue", "HoldTime", "Timestamp"),
)
WITHHELD: Final = frozenset({"", "<unknown>", "anonymous", "unknown", "restricted", "unavailable"})
PING_SECONDS: Final = 20.0
SILENCE_SECONDS_MAX: Final = 50.0  # two pings without a word: the connection is dead
CONNECT_SECONDS: Final = 10.0
BACK_OFF_SECONDS: Final = (0.5, 1.0, 2.0, 5.0, 15.0)
ACCEPT_TRIES: Final = 5
LINE_BYTES_MAX: Final = 16 * 1024
FIELDS_MAX: Final = 200
CALLS_MAX: Final = 5_000  # at once; the oldest is forgotten first


class AsteriskSettings(ProviderSettings):
    """The manager's address and a user of `manager.conf` with `read = call,agent`.

    `asterisk_contexts`: where calls from outside begin in the dial plan, separated by commas.
    """

    asterisk_ami_host: str
    asterisk_ami_port: int = Field(5038, ge=1, le=65535)
    asterisk_ami_user: str
    asterisk_ami_secret: SecretStr
    asterisk_contexts: str = "from-trunk,from-pstn,from-outside"


def collector() -> "Manager | None":
    """The listener of this environment; None: Asterisk is not configured."""
    settings = given(AsteriskSettings)
    return Manager(settings) if settings else None


def read(heard: WebhookReceived) -> Reading:
    """The step of a call that an event tells. Raises ValueError when it is no event."""
    event = {name: str(value) for name, value in json_object(heard.body).items()}
    call_id = event.get("Linkedid", "")
    state = _state(event, heard.details.get("answered") == "yes")
    if not call_id or state is None:
        return Reading()
    at = moment(event.get("Timestamp"), heard.received_at)
    caller = heard.details.get("caller") or event.get("CallerIDNum", "")
    name = event.get("CallerIDName", "") if event.get("Uniqueid") == call_id else ""
    told = call(
        heard,
        call_id,
        state,
        at,
        None if caller.lower() in WITHHELD else caller,
        _extension(event),
        None if name.lower() in WITHHELD or name == caller else name,
    )
    return Reading(calls=(told,))


def _state(event: Event, answered: bool) -> CallState | None:
    """None: the event changes nothing for the desk."""
    is_first = event.get("Uniqueid") == event.get("Linkedid")
    match event.get("Event"):
        case "Newchannel" if is_first:
            return CallState.RINGING
        case "DialBegin":
            return CallState.RINGING
        case "DialEnd" if event.get("DialStatus") == "ANSWER":
            return CallState.ANSWERED
        case "BridgeEnter" if not is_first:
            return CallState.ANSWERED
        case "QueueCallerAbandon":
            return CallState.MISSED
        case "Hangup" if is_first:
            return CallState.ENDED if answered else CallState.MISSED
        case _:
            return None


def _extension(event: Event) -> str | None:
    """The telephone of ours: `PJSIP/1001-0000002a` is 1001. The caller's own channel is none."""
    kind = event.get("Event")
    if kind not in ("DialBegin", "DialEnd", "BridgeEnter"):
        return None
    channel = event.get("DestChannel", "") if kind in ("DialBegin", "DialEnd") else event.get("Channel", "")
    name = channel.partition("/")[2].rpartition("-")[0].partition("@")[0]
    return name if name.isalnum() else None


class Refused(Exception):
    """Raised when Asterisk does not let us in."""


@dataclass
class _Call:
    caller: str
    answered: bool = False


class Manager:
    """Listens for ever, reconnecting; one replica at a time, since each would tell everything."""

    exclusive = True

    def __init__(self, settings: AsteriskSettings) -> None:
        self._settings = settings
        self._contexts = frozenset(word.strip() for word in settings.asterisk_contexts.split(",") if word.strip())
        self._calls: dict[str, _Call] = {}
        self._heard_at = 0.0

    async def run(self, accept: Accept, bookmarks: Bookmarks) -> None:
        """For ever. An event counts as told when `accept` returned; with both servers away it is tried some times."""
        failures = 0
        while True:
            try:
                await self._listen(accept, bookmarks)
            except (OSError, TimeoutError, EOFError, ValueError, Refused) as error:
                log.warning("asterisk_away", error=type(error).__name__)
            failures = 0 if self._heard_at else failures + 1
            self._heard_at = 0.0
            await asyncio.sleep(BACK_OFF_SECONDS[min(failures, len(BACK_OFF_SECONDS) - 1)])

    async def _listen(self, accept: Accept, bookmarks: Bookmarks) -> None:
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(
                self._settings.asterisk_ami_host, self._settings.asterisk_ami_port, limit=LINE_BYTES_MAX
            )
        pinging = asyncio.create_task(_ping_forever(writer))
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._log_in(reader, writer)
            log.info("asterisk_listening", host=self._settings.asterisk_ami_host)
            await bookmarks.set("connected", datetime.now(UTC).isoformat())
            _send(writer, {"Action": "CoreShowChannels"})
            while True:
                async with asyncio.timeout(SILENCE_SECONDS_MAX):
                    event = await _next(reader)
                self._heard_at = asyncio.get_running_loop().time()
                if event.get("Ping") == "Pong":
                    await bookmarks.set("heard", datetime.now(UTC).isoformat())  # a sign of life between calls
                await self._take(event, accept)
        finally:
            pinging.cancel()
            writer.close()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await writer.wait_closed()

    async def _log_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """By challenge: the secret itself never travels. Raises Refused."""
        banner = await reader.readline()
        if not banner.startswith(b"Asterisk Call Manager"):
            raise Refused("this is no Asterisk manager")
        _send(writer, {"Action": "Challenge", "AuthType": "MD5", "ActionID": "challenge"})
        challenge = (await _answer(reader, "challenge")).get("Challenge", "")
        word = challenge + self._settings.asterisk_ami_secret.get_secret_value()
        key = hashlib.md5(word.encode(), usedforsecurity=False).hexdigest()
        login = {"Action": "Login", "AuthType": "MD5", "Username": self._settings.asterisk_ami_user, "Key": key}
        _send(writer, {**login, "Events": "call,agent", "ActionID": "login"})
        if (await _answer(reader, "login")).get("Response") != "Success":
            raise Refused("user or secret is wrong")

    async def _take(self, event: Event, accept: Accept) -> None:
        """Tell what belongs to a citizen's call; remember which those are and whether they were answered."""
        call_id = event.get("Linkedid", "")
        if event.get("Event") in ("Newchannel", "CoreShowChannel"):
            self._begin(event)
        known = self._calls.get(call_id)
        if known is None:
            return
        if event.get("Event") in TOLD:
            known.answered = known.answered or _state(event, answered=False) is CallState.ANSWERED
            await self._tell(event, known, accept)
        elif event.get("Event") == "CoreShowChannel" and event.get("Uniqueid") != call_id:
            # It stood before we came: somebody of ours is on the line when a second channel is bridged.
            known.answered = known.answered or bool(event.get("BridgeId"))
        if event.get("Event") == "Hangup" and event.get("Uniqueid") == call_id:
            del self._calls[call_id]

    def _begin(self, event: Event) -> None:
        call_id = event.get("Linkedid", "")
        if event.get("Uniqueid") != call_id or event.get("Context") not in self._contexts or call_id in self._calls:
            return
        if len(self._calls) >= CALLS_MAX:
            del self._calls[next(iter(self._calls))]
        self._calls[call_id] = _Call(event.get("CallerIDNum", ""))

    async def _tell(self, event: Event, known: _Call, accept: Accept) -> None:
        if _state(event, known.answered) is None:
            return
        body = json.dumps({name: event[name] for name in KEPT if name in event}).encode()
        details = {"answered": "yes" if known.answered else "no", "caller": known.caller}
        heard = payload("asterisk", Channel.PHONE, body, datetime.now(UTC), details=details)
        for wait in BACK_OFF_SECONDS[:ACCEPT_TRIES]:
            try:
                await accept(heard)
                return
            except BothAway:
                await asyncio.sleep(wait)
        log.error("call_not_told", call_event=event.get("Event"))


async def _ping_forever(writer: asyncio.StreamWriter) -> None:
    """So that a connection nobody closed is noticed, and no router on the way forgets it."""
    with suppress(OSError):
        while True:
            await asyncio.sleep(PING_SECONDS)
            _send(writer, {"Action": "Ping"})
            await writer.drain()


async def _answer(reader: asyncio.StreamReader, action_id: str) -> Event:
    while True:
        event = await _next(reader)
        if event.get("ActionID") == action_id:
            return event


async def _next(reader: asyncio.StreamReader) -> Event:
    """The next event or answer: `Name: value` lines up to an empty one. Raises EOFError at the end."""
    found: dict[str, str] = {}
    while True:
        line = await reader.readline()
        if not line:
            raise EOFError("Asterisk hung up")
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if not text:
            if found:
                return found
            continue
        name, colon, value = text.partition(":")
        if colon and len(found) < FIELDS_MAX:
            found.setdefault(name.strip(), value.strip())


def _send(writer: asyncio.StreamWriter, action: Mapping[str, str]) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in action.items())
    writer.write(f"{lines}\r\n".encode())
