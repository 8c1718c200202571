"""The simulator's routes: the Cloud API's messages endpoint, the citizen's side, the controls and the page."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from aiohttp import web

from simulators.whatsapp import pages
from simulators.whatsapp.citizens import CitizenTextError, citizen_messages
from simulators.whatsapp.conversations import conversations
from simulators.whatsapp.faults import Fault, Faults, parse_fault
from simulators.whatsapp.media import FILE_BYTES_MAX, MediaBox, MediaDesk, content_of
from simulators.whatsapp.memory import Entry, Memory, described
from simulators.whatsapp.payloads import CitizenMessage, encode, message_webhook, new_wamid
from simulators.whatsapp.protocol import (
    ERRORS,
    GraphError,
    ReadReceipt,
    SendRequest,
    accepted_body,
    digits_of,
    error_body,
    judge,
    unknown_object,
)
from simulators.whatsapp.settings import Settings, parse_statuses
from simulators.whatsapp.templates import Templates
from simulators.whatsapp.webhooks import EdgeAnswer, Webhooks

REQUEST_BYTES_MAX = 1_000_000
CITIZENS_BATCH_MAX = 1_000  # Meta's own limit for one webhook
LISTED_MAX = 1_000
LISTENERS_MAX = 50
LISTEN_SECONDS = 0.4
HEARTBEAT_SECONDS = 15.0
REFUSED_CONTENT_BYTES_MAX = 2_000

JSON_HEADERS = {"Content-Type": "application/json; charset=UTF-8"}


class Simulator:
    """One running simulator: its settings, what it remembers and what it is to do wrong."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.memory = Memory(settings.kept_max, settings.ledger_path)
        self.webhooks = Webhooks(settings, self.memory)
        self.faults = Faults(settings.fault_prefix)
        self._bearer = f"Bearer {settings.access_token}" if settings.access_token else ""
        self.media = MediaBox(settings.media_seconds)
        self.templates = Templates(settings.templates_path)
        self.window_seconds = settings.window_seconds
        self._clock_ahead_seconds = 0.0
        self._listeners = 0
        self._is_closing = False

    def application(self) -> web.Application:
        application = web.Application(client_max_size=REQUEST_BYTES_MAX)
        application.add_routes(self._routes())
        application.cleanup_ctx.append(self._life)
        application.on_shutdown.append(self._end_listeners)
        return application

    def _routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.post(r"/v{version:\d+\.\d+}/{phone_number_id:\d+}/messages", self.send_message),
            web.post("/_simulator/citizens/messages", self.citizen_writes),
            web.post("/_simulator/citizens/batch", self.citizens_write),
            web.get("/_simulator/messages", self.list_messages),
            web.get("/_simulator/conversations", self.list_conversations),
            web.get("/_simulator/stats", self.stats),
            web.get("/_simulator/faults", self.list_faults),
            web.post("/_simulator/faults", self.add_fault),
            web.delete("/_simulator/faults", self.clear_faults),
            web.post("/_simulator/statuses", self.change_statuses),
            web.post("/_simulator/verify", self.verify_webhook),
            web.get("/_simulator/events", self.events),
            web.post("/_simulator/window", self.change_window),
            web.post("/_simulator/templates", self.approve_template),
            *MediaDesk(self.media, self._bearer).routes(),
            web.get("/health/live", self.live),
            web.get("/health/ready", self.ready),
            web.get("/", self.page),
            web.get(r"/t/{number:[\w.]+}", self.page),
            web.post("/write", self.write_from_page),
            web.static("/static", pages.STATIC),
        ]

    async def _life(self, _: web.Application) -> Any:
        await self.webhooks.start()
        yield
        await self.webhooks.stop()
        self.memory.close()

    async def _end_listeners(self, _: web.Application) -> None:
        self._is_closing = True

    # The Cloud API

    async def send_message(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        verdict = self._gate(request) or judge(raw)
        match verdict:
            case GraphError():
                return self._refuse(verdict, _unreadable(raw))
            case ReadReceipt():
                return _json({"success": True})
            case SendRequest():
                return await self._take(request, verdict)

    def _gate(self, request: web.Request) -> GraphError | None:
        authorization = request.headers.get("Authorization", "")
        is_known = authorization == self._bearer if self._bearer else authorization.startswith("Bearer ")
        if not is_known:
            return ERRORS[190]
        asked = request.match_info["phone_number_id"]
        if self.settings.any_phone_number_id or asked == self.settings.account.phone_number_id:
            return None
        return unknown_object(asked, "post")

    async def _take(self, request: web.Request, asked: SendRequest) -> web.StreamResponse:
        wrong = ERRORS[131047] if self._is_outside_window(asked) else self.templates.wrong_with(asked)
        if wrong is not None:
            return self._refuse(wrong, _entry(asked))
        fault = self.faults.strike(asked.recipient)
        if fault is None:
            return self._accept(asked)
        return await self._stumble(request, asked, fault)

    def _is_outside_window(self, asked: SendRequest) -> bool:
        if not self.window_seconds or asked.type == "template":
            return False
        return not self.memory.citizen_wrote_within(asked.recipient, self.window_seconds, self._now())

    def _now(self) -> float:
        """The simulator's clock, which a test may put forward."""
        return time.time() + self._clock_ahead_seconds

    def _accept(self, asked: SendRequest, fault: str | None = None, failure_code: int | None = None) -> web.Response:
        entry = _entry(asked, fault)
        entry.wamid, entry.status = new_wamid(asked.recipient), "accepted"
        entry.http_status = None if fault == "drop_reply" else 200
        self.memory.keep_request(entry)
        self.webhooks.schedule(entry, failure_code)
        return _json(accepted_body(asked, entry.wamid))

    def _refuse(self, error: GraphError, entry: Entry) -> web.Response:
        entry.error_code, entry.http_status = error.code, error.http_status
        self.memory.keep_request(entry)
        return _json(error_body(error), error.http_status)

    async def _stumble(self, request: web.Request, asked: SendRequest, fault: Fault) -> web.StreamResponse:
        kind = fault.kind
        entry = _entry(asked, kind)
        if kind.isdigit():
            return self._refuse(ERRORS[int(kind)], entry)
        if kind.startswith("failed_"):
            return self._accept(asked, kind, int(kind.removeprefix("failed_")))
        if kind.startswith("http_"):
            entry.http_status = int(kind.removeprefix("http_"))
            self.memory.keep_request(entry)
            return web.Response(status=entry.http_status, text="Sorry, something went wrong.")
        if kind in ("slow", "drop_reply"):
            answer = self._accept(asked, kind)
            await asyncio.sleep(fault.seconds)
            return answer if kind == "slow" else _cut(request)
        self.memory.keep_request(entry)  # timeout and drop_request: nothing is accepted, nobody is told
        await asyncio.sleep(fault.seconds)
        return _cut(request)

    # The citizen's side

    async def citizen_writes(self, request: web.Request) -> web.Response:
        return await self._citizens_write(request, lambda asked: [asked])

    async def citizens_write(self, request: web.Request) -> web.Response:
        return await self._citizens_write(request, list)

    async def _citizens_write(self, request: web.Request, listed: Callable[[Any], list[Any]]) -> web.Response:
        try:
            asked = [self._with_file(one) for one in listed(await request.json())]
            named = [pair for one in asked for pair in citizen_messages(one, time.time())]
        except (ValueError, TypeError) as wrong:
            return _json({"error": str(wrong)}, 400)
        if not 0 < len(named) <= CITIZENS_BATCH_MAX:
            return _json({"error": f"one to {CITIZENS_BATCH_MAX} messages"}, 400)
        if "queued" in request.query:
            return self._write_later(named)
        answer = await self._write_now(named)
        told = {"ids": [message.id for message in named], "webhook_status": answer.status}
        return _json(told | {"webhook_answer": answer.text}, answer.status or 502)

    def _with_file(self, asked: Any) -> Any:
        """`media` names a file that was uploaded: told as the kind of message it makes, with `caption` and `voice`."""
        if not isinstance(asked, dict) or "media" not in asked:
            return asked
        medium = self.media.get(str(asked["media"]))
        if medium is None:
            raise ValueError("media: no file of this id was uploaded")
        kind, content = content_of(medium, str(asked.get("caption") or ""), voice=bool(asked.get("voice")))
        return asked | {"type": kind, "content": content}

    async def _write_now(self, messages: list[CitizenMessage]) -> EdgeAnswer:
        entries = [self._keep_citizen_message(message) for message in messages]
        answer = await self.webhooks.post(message_webhook(self.settings.account, messages))
        for entry in entries:
            entry.http_status = answer.status
            self.memory.change_status(entry, "delivered" if answer.is_taken else "failed")
        return answer

    def _write_later(self, messages: list[CitizenMessage]) -> web.Response:
        if not self.webhooks.enqueue(message_webhook(self.settings.account, messages)):
            return _json({"error": "too many webhooks wait already"}, 503)
        for message in messages:
            self._keep_citizen_message(message)
        return _json({"ids": [message.id for message in messages]}, 202)

    def _keep_citizen_message(self, message: CitizenMessage) -> Entry:
        entry = Entry(
            from_citizen=True,
            number=message.sender,
            type=message.kind or ("location" if message.location else "text"),
            text=pages.citizen_words(message),
            time=self._now(),
            status="sent",
            wamid=message.id,
            content=message.content,
        )
        self.memory.keep_citizen_message(entry, message.name)
        return entry

    # Controls

    async def list_conversations(self, _: web.Request) -> web.Response:
        """What citizens and centre wrote, for the page of every message sent."""
        return _json(conversations(self.memory))

    async def list_messages(self, request: web.Request) -> web.Response:
        """The newest LISTED_MAX (or `limit`) of what was asked of us; `to`, `since` (seconds or ISO 8601)."""
        query = request.query
        try:
            since, limit = _moment(query.get("since", "0")), int(query.get("limit", LISTED_MAX))
        except ValueError as wrong:
            return _json({"error": str(wrong)}, 400)
        # A plus in a query is a blank unless escaped; either way the digits remain.
        to = digits_of(query["to"].strip()) if query.get("to") else None
        found = list(self.memory.find(to, since))
        newest = found[-limit:] if limit > 0 else found
        return _json({"total": len(found), "messages": [described(entry) for entry in newest]})

    async def stats(self, _: web.Request) -> web.Response:
        """Counts since start; `waiting` 0 means that every status has been posted."""
        counts = self.memory.counts + self.webhooks.counts
        return _json({"counts": dict(counts), "waiting": self.webhooks.waiting()})

    async def list_faults(self, _: web.Request) -> web.Response:
        return _json({"faults": [_fault_words(fault, count) for fault, count in self.faults.in_force()]})

    async def add_fault(self, request: web.Request) -> web.Response:
        try:
            fault, count = parse_fault(dict(await request.json()))
            self.faults.add(fault, count)
        except (ValueError, TypeError) as wrong:
            return _json({"error": str(wrong)}, 400)
        return _json(_fault_words(fault, count), 201)

    async def clear_faults(self, _: web.Request) -> web.Response:
        self.faults.clear()
        return web.Response(status=204)

    async def change_statuses(self, request: web.Request) -> web.Response:
        """`{"statuses": "sent,delivered,read", "delays": {"read": 1.5}}`; holds for messages from now on."""
        try:
            asked = dict(await request.json())
            statuses = parse_statuses(asked.get("statuses", ",".join(self.webhooks.statuses)))
            delays = {name: float(seconds) for name, seconds in asked.get("delays", {}).items()}
        except (ValueError, TypeError, AttributeError) as wrong:
            return _json({"error": str(wrong)}, 400)
        self.webhooks.statuses = statuses
        self.webhooks.delays_seconds.update(delays)
        return _json({"statuses": statuses, "delays": self.webhooks.delays_seconds})

    async def change_window(self, request: web.Request) -> web.Response:
        """`{"seconds": 86400, "clock_ahead_seconds": 86399}`: the window for free texts, and our clock put forward."""
        try:
            asked = dict(await request.json())
            self.window_seconds = float(asked.get("seconds", self.window_seconds))
            self._clock_ahead_seconds = float(asked.get("clock_ahead_seconds", self._clock_ahead_seconds))
        except (ValueError, TypeError) as wrong:
            return _json({"error": str(wrong)}, 400)
        return _json({"seconds": self.window_seconds, "clock_ahead_seconds": self._clock_ahead_seconds})

    async def approve_template(self, request: web.Request) -> web.Response:
        """`{"name", "language", "parameters": 2}`: from then on only approved texts are taken."""
        try:
            asked = dict(await request.json())
            self.templates.approve(str(asked["name"]), str(asked["language"]), int(asked.get("parameters", 0)))
        except (ValueError, TypeError, KeyError) as wrong:
            return _json({"error": str(wrong)}, 400)
        return web.Response(status=204)

    async def verify_webhook(self, _: web.Request) -> web.Response:
        answer = await self.webhooks.verify(self.settings.verify_token)
        told = {"verified": answer.is_taken, "webhook_status": answer.status, "webhook_answer": answer.text}
        return _json(told, 200 if answer.is_taken else 502)

    async def live(self, _: web.Request) -> web.Response:
        return _json({"status": "live"})

    async def ready(self, _: web.Request) -> web.Response:
        return _json({"status": "ready"})

    # The page

    async def page(self, request: web.Request) -> web.Response:
        number = request.match_info.get("number", "")
        return self._page(number, request.query.get("q", ""))

    def _page(self, number: str, search: str = "", form: pages.Form | None = None) -> web.Response:
        html = pages.render(self.memory, number, search, form)
        status = 422 if form and form.error else 200
        return web.Response(text=html, content_type="text/html", headers=pages.HEADERS, status=status)

    async def write_from_page(self, request: web.Request) -> web.Response:
        posted = await request.clone(client_max_size=FILE_BYTES_MAX).post()
        form = pages.Form(*(str(posted.get(name, "")).strip() for name in ("number", "name", "text")))
        number = pages.international(form.number)
        try:
            asked = {"from": number, "user_id": number, "name": form.name or self._known_name(number)}
            messages = citizen_messages(asked | self._said(form.text, posted.get("file")), time.time())
        except CitizenTextError as wrong:
            known = number if number in self.memory.threads else ""
            return self._page(known, form=form.refused(wrong))
        await self._write_now(messages)
        raise web.HTTPSeeOther(f"/t/{number}")

    def _said(self, text: str, file: object) -> dict[str, Any]:
        """What was typed, as the caption of the file when one was chosen."""
        if not isinstance(file, web.FileField) or not file.filename:
            return {"text": text}
        medium = self.media.keep(file.file.read(), file.content_type, file.filename)
        kind, content = content_of(medium, text)
        return {"type": kind, "content": content}

    def _known_name(self, number: str) -> str:
        thread = self.memory.threads.get(number)
        return thread.name if thread else ""

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: one line whenever something changed, a few times a second at most."""
        if self._listeners >= LISTENERS_MAX:
            return web.Response(status=503, headers={"Retry-After": "10"})
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        self._listeners += 1
        try:
            await self._tell_changes(response.write)
        except ConnectionError:
            pass  # the reader left
        finally:
            self._listeners -= 1
        return response

    async def _tell_changes(self, write: Callable[[bytes], Awaitable[None]]) -> None:
        told, told_at = -1, time.monotonic()
        while not self._is_closing:
            if told != self.memory.revision:
                told, told_at = self.memory.revision, time.monotonic()
                await write(f"data: {told}\n\n".encode())
            elif time.monotonic() - told_at > HEARTBEAT_SECONDS:
                told_at = time.monotonic()
                await write(b": still here\n\n")
            await asyncio.sleep(LISTEN_SECONDS)


def _json(told: object, status: int = 200) -> web.Response:
    return web.Response(body=encode(told).encode(), status=status, headers=JSON_HEADERS)


def _entry(asked: SendRequest, fault: str | None = None) -> Entry:
    """Refused until it is accepted."""
    return Entry(
        from_citizen=False,
        number=asked.recipient,
        type=asked.type,
        text=asked.text,
        time=time.time(),
        status="refused",
        callback_data=asked.callback_data,
        fault=fault,
        content=asked.content,
    )


def _unreadable(raw: bytes) -> Entry:
    """A request refused before it was understood: kept as it came, cut to a bound."""
    content = raw[:REFUSED_CONTENT_BYTES_MAX].decode(errors="replace")
    return Entry(False, "", "", "", time.time(), "refused", content=content)


def _cut(request: web.Request) -> web.Response:
    """Ends the connection without an answer; the response returned is never written."""
    if request.transport:
        request.transport.abort()
    return web.Response()


def _fault_words(fault: Fault, count: int | None) -> dict[str, Any]:
    return {"kind": fault.kind, "seconds": fault.seconds, "rate": fault.rate, "to": fault.to, "count": count}


def _moment(written: str) -> float:
    """Seconds since 1970 from a number or ISO 8601."""
    try:
        return float(written)
    except ValueError:
        return datetime.fromisoformat(written).timestamp()
