"""Dovecot from Debian's packages, unpacked without root: a real IMAP server for one test, behind a door of ours.

Dovecot's own login process wants its modules at a fixed place of the machine; its IMAP process does not, and is
given each connection once LOGIN was heard.
"""

import asyncio
import os
import pwd
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ops import debian, servers

PASSWORD: Final = "gizli"
CONFIGURATION: Final = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = no
mail_plugin_dir = {root}/usr/lib/dovecot/modules
mail_location = maildir:{folder}/mail
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 0
first_valid_gid = 0
import_environment = TZ LD_LIBRARY_PATH USER HOME
"""


@dataclass
class Mailbox:
    """A server that runs; `refused` makes it say NO to a command that matches, once, `connections` counts logins."""

    port: int = 0
    connections: int = 0
    refused: list[re.Pattern[bytes]] = field(default_factory=list)
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    def drop_everybody(self) -> None:
        for writer in self.open:
            writer.transport.abort()


def unpacked() -> Path:
    """Where Dovecot lies, fetched once. Raises PackagesUnavailable."""
    return debian.unpacked(servers.home() / "packages" / "dovecot", "dovecot-imapd", family=r"dovecot-core", say=print)


@asynccontextmanager
async def a_mailbox(folder: Path) -> AsyncIterator[Mailbox]:
    """An empty one."""
    root = await asyncio.to_thread(unpacked)
    uid, gid = (
        (os.getuid(), os.getgid()) if os.getuid() else (pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid)
    )
    for name in ("run", "state", "mail"):
        (folder / name).mkdir(parents=True)
    for place in (folder, folder / "mail"):
        os.chown(place, uid, gid)
    (folder / "log").touch()
    os.chown(folder / "log", uid, gid)
    settings = folder / "dovecot.conf"
    settings.write_text(CONFIGURATION.format(folder=folder, root=root, uid=uid, gid=gid))
    mailbox = Mailbox()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mailbox.open.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            if await _let_in(reader, writer):
                mailbox.connections += 1
                await _served(root, settings, folder, reader, writer, mailbox)
        mailbox.open.discard(writer)
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        mailbox.port = server.sockets[0].getsockname()[1]
        yield mailbox
        mailbox.drop_everybody()


def _owner() -> tuple[int, int]:
    """Whose the mailbox is: Dovecot refuses to be root."""
    nobody = pwd.getpwnam("nobody")
    return (os.getuid(), os.getgid()) if os.getuid() else (nobody.pw_uid, nobody.pw_gid)


async def _let_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"* OK ready\r\n")
    while line := await reader.readline():
        tag, command, *rest = line.strip().split(b" ", 2)
        if command.upper() == b"LOGIN":
            is_right = PASSWORD.encode() in b"".join(rest)
            writer.write(tag + (b" OK logged in\r\n" if is_right else b" NO [AUTHENTICATIONFAILED] no\r\n"))
            if is_right:
                return True
        elif command.upper() == b"CAPABILITY":
            writer.write(b"* CAPABILITY IMAP4rev1 MOVE UIDPLUS\r\n" + tag + b" OK done\r\n")
        else:
            writer.write(tag + b" OK done\r\n")
            if command.upper() == b"LOGOUT":
                return False
    return False


async def _served(
    root: Path,
    settings: Path,
    folder: Path,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    mailbox: Mailbox,
) -> None:
    binaries = root / "usr/lib/dovecot"
    process = await asyncio.create_subprocess_exec(
        *(str(root / "usr/bin/doveconf"), "-f", "service=imap", "-c", str(settings), "-m", "imap"),
        *("-e", str(binaries / "imap")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={"USER": "test", "HOME": str(folder), "LD_LIBRARY_PATH": f"{binaries}:{debian.library_path(root)}"},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    await process.stdout.readline()  # PREAUTH
    answering = asyncio.create_task(_copied(process.stdout, writer))
    try:
        while line := await reader.readline():
            refused = next((pattern for pattern in mailbox.refused if pattern.search(line)), None)
            if refused:
                writer.write(line.split(b" ")[0] + b" NO not this one\r\n")
            else:
                process.stdin.write(line)
                await process.stdin.drain()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await answering


async def _copied(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await source.read(65_536):
            target.write(piece)
            await target.drain()
