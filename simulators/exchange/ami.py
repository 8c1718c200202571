"""Asterisk's manager interface as a server: login by challenge, ping, the channels that stand, and events.

Source: docs.asterisk.org, "The Asterisk Manager TCP IP API". Bad days on demand: `refuse_logins`, `is_silent` (frozen,
the connection open), `drop` (every connection at once).
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

BANNER = "Asterisk Call Manager/9.0.0"
Fields = Mapping[str, str]


@dataclass
class AmiServer:
    """`channels` are those that stand now, told on `CoreShowChannels`."""

    user: str
    secret: str
    host: str = "127.0.0.1"
    port: int = 0
    channels: list[Fields] = field(default_factory=list)
    refuse_logins: bool = False
    is_silent: bool = False
    logins: int = 0
    pings: int = 0
    _listeners: set[asyncio.StreamWriter] = field(default_factory=set)
    _connections: set[asyncio.StreamWriter] = field(default_factory=set)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["AmiServer"]:
        """Listen until the end of the block."""
        server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.drop()
            await server.wait_closed()

    @property
    def is_heard(self) -> bool:
        """Whether somebody is logged in."""
        return bool(self._listeners)

    def tell(self, events: Sequence[Fields]) -> None:
        """Send events to everybody who is logged in."""
        for writer in list(self._listeners):
            for event in events:
                _write(writer, event)

    def drop(self) -> None:
        """Hang up on everybody."""
        for writer in list(self._connections):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        challenge = str(secrets.randbelow(10**9))
        writer.write(f"{BANNER}\r\n".encode())
        try:
            while action := await _read(reader):
                if not self.is_silent and not self._answer(writer, action, challenge):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._connections.discard(writer)
            self._listeners.discard(writer)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def _answer(self, writer: asyncio.StreamWriter, action: Fields, challenge: str) -> bool:
        """Answer one action; False: hang up."""
        name, tag = action.get("Action", "").lower(), {"ActionID": action["ActionID"]} if "ActionID" in action else {}
        if name == "challenge":
            _write(writer, {"Response": "Success", **tag, "Challenge": challenge})
        elif name == "login":
            return self._log_in(writer, action, challenge, tag)
        elif writer not in self._listeners:
            _write(writer, {"Response": "Error", **tag, "Message": "Permission denied"})
        elif name == "ping":
            self.pings += 1
            _write(writer, {"Response": "Success", **tag, "Ping": "Pong"})
        elif name == "coreshowchannels":
            _write(writer, {"Response": "Success", **tag, "EventList": "start"})
            for channel in self.channels:
                _write(writer, {**channel, "Event": "CoreShowChannel", **tag})
            _write(writer, {"Event": "CoreShowChannelsComplete", **tag, "ListItems": str(len(self.channels))})
        elif name == "logoff":
            _write(writer, {"Response": "Goodbye", **tag, "Message": "Thanks for all the fish."})
            return False
        else:
            _write(writer, {"Response": "Error", **tag, "Message": "Invalid/unknown command"})
        return True

    def _log_in(self, writer: asyncio.StreamWriter, action: Fields, challenge: str, tag: Fields) -> bool:
        key = hashlib.md5((challenge + self.secret).encode(), usedforsecurity=False).hexdigest()
        known = action.get("Username") == self.user and (
            action.get("Key") == key
            if action.get("AuthType", "").upper() == "MD5"
            else action.get("Secret") == self.secret
        )
        if self.refuse_logins or not known:
            _write(writer, {"Response": "Error", **tag, "Message": "Authentication failed"})
            return False
        self.logins += 1
        self._listeners.add(writer)
        _write(writer, {"Response": "Success", **tag, "Message": "Authentication accepted"})
        _write(writer, {"Event": "FullyBooted", "Privilege": "system,all", "Status": "Fully Booted"})
        return True


async def _read(reader: asyncio.StreamReader) -> dict[str, str]:
    """The next action; empty at the end."""
    action: dict[str, str] = {}
    while line := (await reader.readline()).decode("utf-8", "replace"):
        if line.strip():
            name, _, value = line.partition(":")
            action[name.strip()] = value.strip()
        elif action:
            return action
    return {}


def _write(writer: asyncio.StreamWriter, fields: Fields) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    writer.write(f"{lines}\r\n".encode())
