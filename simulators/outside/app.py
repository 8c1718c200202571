"""The routes of the world outside: every provider's API, citizens who write, faults, and the page of all messages."""

import asyncio
import dataclasses
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from simulators.faults import Fault, parse_fault
from simulators.outside import pages
from simulators.outside.conversations import conversations, way_of
from simulators.outside.memory import Message
from simulators.outside.providers import PROVIDERS
from simulators.outside.settings import Settings
from simulators.outside.web_form import WEB, WebForm
from simulators.outside.world import CitizenWrote, Provider, World

REFRESH_SECONDS = 2.0
LISTENERS_MAX = 50
REQUEST_BYTES_MAX = 4_000_000
LISTED_MAX = 1_000
WROTE_FIELDS = {field.name for field in dataclasses.fields(CitizenWrote)}


class Outside:
    """One running world: its providers by name."""

    def __init__(self, settings: Settings) -> None:
        self.world = World(settings)
        self._listeners = 0
        self._is_closing = False
        self.web_form = WebForm(self.world)
        self.providers: dict[str, Provider] = {kind.name: kind(self.world) for kind in PROVIDERS}

    def application(self) -> web.Application:
        application = web.Application(client_max_size=REQUEST_BYTES_MAX)
        for provider in self.providers.values():
            application.add_routes(provider.routes())
        application.add_routes(self._routes())
        application.cleanup_ctx.append(self._life)
        application.on_shutdown.append(self._end_listeners)
        return application

    def _routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.post("/_simulator/{provider}/citizens", self.citizen_writes),
            web.get("/_simulator/{provider}/faults", self.list_faults),
            web.post("/_simulator/{provider}/faults", self.add_fault),
            web.delete("/_simulator/{provider}/faults", self.clear_faults),
            web.get("/_simulator/messages", self.list_messages),
            web.get("/_simulator/stats", self.stats),
            web.get("/_simulator/events", self.events),
            web.get("/", self.page),
            web.get("/t/{way}/{citizen}", self.page),
            web.post("/write", self.write_from_page),
            web.static("/static", pages.STATIC),
            web.static("/common", pages.COMMON),
            web.get("/health/live", self.live),
            web.get("/health/ready", self.live),
        ]

    async def _life(self, _: web.Application) -> Any:
        await self.world.start()
        yield
        await self.world.stop()

    async def citizen_writes(self, request: web.Request) -> web.Response:
        """`{"citizen": "+905…", "text": …, "name": …, "photo": true, "latitude": …, "reply_to": …, "id": …}`."""
        try:
            asked = {name: value for name, value in dict(await request.json()).items() if name in WROTE_FIELDS}
            wrote = CitizenWrote(**{"id": uuid.uuid4().hex, **asked})
        except (ValueError, TypeError) as wrong:
            return web.json_response({"error": str(wrong)}, status=400)
        answer = await self._provider(request).citizen_writes(wrote)
        told = {"id": wrote.id, "webhook_status": answer.status, "webhook_answer": answer.text}
        return web.json_response(told, status=answer.status or 502)

    async def list_faults(self, request: web.Request) -> web.Response:
        provider = self._provider(request)
        faults = [_fault_words(fault, count) for fault, count in provider.faults.in_force()]
        return web.json_response({"faults": faults, "kinds": sorted(provider.kinds)})

    async def add_fault(self, request: web.Request) -> web.Response:
        provider = self._provider(request)
        try:
            fault, count = parse_fault(dict(await request.json()), provider.kinds)
            provider.faults.add(fault, count)
        except (ValueError, TypeError) as wrong:
            return web.json_response({"error": str(wrong)}, status=400)
        return web.json_response(_fault_words(fault, count), status=201)

    async def clear_faults(self, request: web.Request) -> web.Response:
        self._provider(request).faults.clear()
        return web.Response(status=204)

    async def list_messages(self, request: web.Request) -> web.Response:
        """The newest LISTED_MAX; `provider`, `citizen`, `since` (seconds since 1970)."""
        query = request.query
        try:
            since = float(query.get("since", "0"))
        except ValueError as wrong:
            return web.json_response({"error": str(wrong)}, status=400)
        # A plus in a query is a blank unless escaped.
        citizen = query.get("citizen", "").replace(" ", "+", 1)
        found = list(self.world.memory.find(query.get("provider", ""), citizen, since))
        return web.json_response({"total": len(found), "messages": [described(row) for row in found[-LISTED_MAX:]]})

    async def stats(self, _: web.Request) -> web.Response:
        """Counts since start; `waiting` 0 means that every receipt has been told."""
        return web.json_response({"counts": dict(self.world.memory.counts), "waiting": self.world.waiting()})

    async def live(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ready", "time": time.time()})

    # The page

    async def page(self, request: web.Request) -> web.Response:
        return await self._page(request, pages.Form())

    async def write_from_page(self, request: web.Request) -> web.Response:
        posted = await request.post()
        typed = (str(posted.get(name, "")).strip() for name in ("provider", "address", "name", "text"))
        form = pages.checked(pages.Form(*typed))
        if form.error:
            return await self._page(request, form)
        await self._write(form)
        raise web.HTTPSeeOther(pages.path_of(way_of(form.provider), form.address))

    async def _write(self, form: pages.Form) -> None:
        if form.provider == "whatsapp":
            await self.world.write_by_whatsapp(form.address, form.name, form.text)
            return
        wrote = CitizenWrote(form.address, form.text, form.name, uuid.uuid4().hex)
        if form.provider == WEB:
            await self.web_form.citizen_writes(wrote)
            return
        await self.providers[form.provider].citizen_writes(wrote)

    async def _page(self, request: web.Request, form: pages.Form) -> web.Response:
        matched, query = request.match_info, request.query
        view = pages.View(matched.get("way", ""), matched.get("citizen", ""), query.get("yol", ""), query.get("q", ""))
        html = pages.render(await conversations(self.world), view, form)
        status = 422 if form.error else 200
        return web.Response(text=html, content_type="text/html", headers=pages.HEADERS, status=status)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: look again, every two seconds, since other simulators' messages stand here too."""
        if self._listeners >= LISTENERS_MAX:
            return web.Response(status=503, headers={"Retry-After": "10"})
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        self._listeners += 1
        try:
            while not self._is_closing:
                await response.write(b"data: look\n\n")
                await asyncio.sleep(REFRESH_SECONDS)
        except ConnectionError:
            pass  # the reader left
        finally:
            self._listeners -= 1
        return response

    async def _end_listeners(self, _: web.Application) -> None:
        self._is_closing = True

    def _provider(self, request: web.Request) -> Provider:
        provider = self.providers.get(request.match_info["provider"])
        if provider is None:
            raise web.HTTPNotFound(text=f"providers here: {', '.join(self.providers)}")
        return provider


def described(message: Message) -> dict[str, Any]:
    """A message as the control API shows it."""
    shown = dataclasses.asdict(message)
    return shown | {"time": datetime.fromtimestamp(message.time, UTC).isoformat()}


def _fault_words(fault: Fault, count: int | None) -> dict[str, Any]:
    return {"kind": fault.kind, "seconds": fault.seconds, "rate": fault.rate, "to": fault.to, "count": count}
