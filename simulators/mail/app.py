"""The mail server's routes: what was sent, citizens who write, faults; and the SMTP server beside them."""

import asyncio
import dataclasses
import time
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses
from pathlib import Path
from typing import Any

import aiosmtplib
import structlog
from aiohttp import web
from jinja2 import Environment, FileSystemLoader

from simulators.faults import Fault, Faults, parse_fault
from simulators.mail.citizens import CitizenWrote, a_bounce, a_mail, an_absence
from simulators.mail.memory import Mail, Memory
from simulators.mail.settings import Settings
from simulators.mail.sink import KINDS, Sink

log = structlog.get_logger()

REQUEST_BYTES_MAX = 1_000_000
LISTED_MAX = 1_000
SHOWN_MAX = 100
SEND_SECONDS = 15.0
WROTE_FIELDS = {field.name for field in dataclasses.fields(CitizenWrote)}
HEADERS = {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'self'; style-src 'unsafe-inline'"}
_pages = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)


class MailServer:
    """One running mail server."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.memory = Memory()
        self.faults = Faults()
        self.smtp_port = settings.smtp_port
        self._sink = Sink(self.memory, self.faults, self._taken)
        self._answering: set[asyncio.Task[None]] = set()

    def application(self) -> web.Application:
        application = web.Application(client_max_size=REQUEST_BYTES_MAX)
        application.add_routes(
            [
                web.get("/_simulator/messages", self.list_messages),
                web.get("/_simulator/stats", self.stats),
                web.post("/_simulator/email/citizens", self.citizen_writes),
                web.get("/_simulator/email/faults", self.list_faults),
                web.post("/_simulator/email/faults", self.add_fault),
                web.delete("/_simulator/email/faults", self.clear_faults),
                web.get("/health/live", self.live),
                web.get("/health/ready", self.live),
                web.get("/", self.page),
                web.post("/", self.write_from_page),
            ]
        )
        application.cleanup_ctx.append(self._life)
        return application

    async def _life(self, _: web.Application) -> Any:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._sink.connection, self.settings.host, self.settings.smtp_port)
        self.smtp_port = server.sockets[0].getsockname()[1]
        yield
        server.close()
        for task in self._answering:
            task.cancel()

    # What others' mail systems do by themselves

    def _taken(self, mail: Mail) -> None:
        domain = mail.citizen.rpartition("@")[2]
        if domain == "geri.example" and mail.return_path:
            self._answer(a_bounce(mail), "", mail)
        elif domain == "tatil.example":
            self._answer(an_absence(mail), mail.citizen, mail)

    def _answer(self, answer: EmailMessage, mail_from: str, about: Mail) -> None:
        task = asyncio.create_task(self._answer_later(answer, mail_from, about))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer_later(self, answer: EmailMessage, mail_from: str, about: Mail) -> None:
        await asyncio.sleep(self.settings.answer_after_seconds)
        await self._send(answer, mail_from, about.citizen)

    async def _send(self, mail: EmailMessage, mail_from: str, citizen: str, name: str = "", text: str = "") -> Mail:
        """Into the centre's mail server, in one attempt."""
        kept = Mail(citizen, True, str(mail.get("Subject", "")), text, "failed", name=name)
        kept.id = str(mail["Message-ID"]).strip("<>")
        kept.reply_to = str(mail.get("In-Reply-To", "")).strip("<>")
        kept.kind = "automatic" if "Auto-Submitted" in mail else "text"
        to = [address for _, address in getaddresses([str(mail["To"])])]
        try:
            host, port = self.settings.centre_host, self.settings.centre_port
            async with aiosmtplib.SMTP(hostname=host, port=port, timeout=SEND_SECONDS, start_tls=False) as client:
                await client.sendmail(mail_from, to, mail.as_bytes(policy=SMTP))
            kept.status = "delivered"
        except (aiosmtplib.SMTPException, OSError, ValueError) as trouble:
            kept.error = str(trouble)[:500]
            log.warning("mail_not_taken", reason=type(trouble).__name__)
        return self.memory.keep(kept)

    # Controls

    async def citizen_writes(self, request: web.Request) -> web.Response:
        """`{"citizen": "ayse@example.org", "text": …, "subject": …, "name": …, "reply_to": id, "photo": true}`."""
        try:
            asked = {name: value for name, value in dict(await request.json()).items() if name in WROTE_FIELDS}
            kept = await self._write(CitizenWrote(**asked))
        except (ValueError, TypeError) as wrong:
            return web.json_response({"error": str(wrong)}, status=400)
        return web.json_response({"id": kept.id, "error": kept.error}, status=502 if kept.error else 200)

    async def _write(self, wrote: CitizenWrote) -> Mail:
        answered = self.memory.by_id(wrote.reply_to) if wrote.reply_to else None
        mail = a_mail(wrote, answered, self.settings.centre_address)
        return await self._send(mail, wrote.citizen, wrote.citizen.lower(), wrote.name, wrote.text)

    async def list_messages(self, request: web.Request) -> web.Response:
        """The newest LISTED_MAX; `citizen`, `since` (seconds since 1970)."""
        try:
            since = float(request.query.get("since", "0"))
        except ValueError as wrong:
            return web.json_response({"error": str(wrong)}, status=400)
        citizen = request.query.get("citizen", "").replace(" ", "+").lower()
        found = list(self.memory.find(citizen, since))
        return web.json_response({"total": len(found), "messages": [described(mail) for mail in found[-LISTED_MAX:]]})

    async def stats(self, _: web.Request) -> web.Response:
        return web.json_response({"counts": dict(self.memory.counts), "waiting": len(self._answering)})

    async def list_faults(self, _: web.Request) -> web.Response:
        faults = [_fault_words(fault, count) for fault, count in self.faults.in_force()]
        return web.json_response({"faults": faults, "kinds": sorted(KINDS)})

    async def add_fault(self, request: web.Request) -> web.Response:
        try:
            fault, count = parse_fault(dict(await request.json()), KINDS, str.lower)
            self.faults.add(fault, count)
        except (ValueError, TypeError) as wrong:
            return web.json_response({"error": str(wrong)}, status=400)
        return web.json_response(_fault_words(fault, count), status=201)

    async def clear_faults(self, _: web.Request) -> web.Response:
        self.faults.clear()
        return web.Response(status=204)

    async def live(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ready", "time": time.time()})

    # The page

    async def page(self, request: web.Request, error: str = "") -> web.Response:
        mails = list(self.memory.find())[-SHOWN_MAX:]
        html = _pages.get_template("mails.html").render(
            mails=reversed(mails), centre=self.settings.centre_address, error=error, hour=_hour
        )
        return web.Response(text=html, content_type="text/html", headers=HEADERS, status=422 if error else 200)

    async def write_from_page(self, request: web.Request) -> web.Response:
        posted = await request.post()
        fields = {name: str(value).strip() for name, value in posted.items() if name in WROTE_FIELDS}
        try:
            kept = await self._write(CitizenWrote(**{"citizen": "", "text": "", **fields}))  # type: ignore[arg-type]
        except ValueError:
            return await self.page(request, "Bir e-posta adresi ve bir metin yazın.")
        if kept.error:
            return await self.page(request, "Çözüm merkezinin posta sunucusu iletiyi almadı.")
        raise web.HTTPSeeOther("/")


def described(mail: Mail) -> dict[str, Any]:
    """A mail as the control API shows it."""
    return dataclasses.asdict(mail) | {"time": datetime.fromtimestamp(mail.time, UTC).isoformat()}


def _hour(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%H.%M")


def _fault_words(fault: Fault, count: int | None) -> dict[str, Any]:
    return {"kind": fault.kind, "seconds": fault.seconds, "rate": fault.rate, "to": fault.to, "count": count}
