"""Verimor as github.com/verimor/SMS-API describes it: sends answered in plain text, pushes, and an inbox to ask."""

import itertools
import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from simulators.outside.memory import Message
from simulators.outside.world import CitizenWrote, EdgeAnswer, Provider

TURKIYE = ZoneInfo("Europe/Istanbul")
TURKISH_LETTERS_MAX, LETTERS_MAX = 1_043, 1_071
PAGE_ROWS = 100
REFUSALS = frozenset(
    {
        "INVALID_SOURCE_ADDRESS",
        "MISSING_MESSAGE",
        "MESSAGE_TOO_LONG",
        "INVALID_PERIOD",
        "INVALID_DELIVERY_TIME",
        "INVALID_DATACODING",
        "MISSING_IYS_BRAND_CODE",
        "MISSING_DESTINATION_ADDRESS",
        "INVALID_DESTINATION_ADDRESS",
        "INVALID_UTF8",
        "MUKERRER_RAPORLAMA",
        "INSUFFICIENT_CREDITS",
        "FORBIDDEN_MESSAGE",
        "INVALID_JSON",
        "MESSAGE_COUNT_LIMIT_EXCEEDED",
    }
)
REPORTED = frozenset(
    {"NOT_DELIVERED", "EXPIRED", "REJECTED", "DOUBLE_SEND_ERROR", "BLACKLISTED_DESTINATION_ADDRESS", "SEND_ERROR"}
)
STATUSES = {"sent": "WAITING", "delivered": "DELIVERED", "read": "DELIVERED"}
JSON_HEADERS = {"Content-Type": "application/json"}


class Verimor(Provider):
    name = "verimor"
    codes = REFUSALS | REPORTED | {"401"}

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._ids = itertools.count(13_582_302)

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/verimor/v2/send.json", self.send), web.get("/verimor/v2/inbound_messages", self.inbox)]

    async def citizen_writes(self, wrote: CitizenWrote) -> EdgeAnswer:
        """Pushed once; what is not taken waits in the inbox."""
        known = self.world.memory.by_id(self.name, wrote.id)
        id_ = wrote.id if wrote.id.isdigit() else str(next(self._ids))
        message = known or Message(self.name, wrote.citizen, wrote.text, True, id_, "sent", wrote.time, wrote.name)
        self.world.memory.keep(message)
        answer = await self._push([{"type": "inbound", **self._row(message)}])
        self.world.memory.change(message, "delivered" if answer.is_taken else "sent")
        return answer

    async def send(self, request: web.Request) -> web.StreamResponse:
        try:
            asked = dict(await request.json())
            [first, *_] = list(asked.get("messages") or [{}])
        except (ValueError, TypeError):
            return self.refused("INVALID_JSON")
        text, dest = str(first.get("msg") or ""), str(first.get("dest") or "")
        reference = str(first.get("id") or asked.get("custom_id") or "")
        message = Message(self.name, f"+{dest.removeprefix('00')}", text, False, reference=reference)
        problem = self._problem(asked, text, dest)
        return self.refuse(message, problem) if problem else await self.take(request, message)

    def _problem(self, asked: dict[str, Any], text: str, dest: str) -> str:
        secret = self.world.settings.secret
        if (asked.get("username"), asked.get("password")) != (secret("VERIMOR_USERNAME"), secret("VERIMOR_PASSWORD")):
            return "401"
        if asked.get("source_addr") != secret("VERIMOR_HEADER"):
            return "INVALID_SOURCE_ADDRESS"
        if not text:
            return "MISSING_MESSAGE"
        if len(text) > (TURKISH_LETTERS_MAX if str(asked.get("datacoding")) == "1" else LETTERS_MAX):
            return "MESSAGE_TOO_LONG"
        if str(asked.get("datacoding", "0")) not in ("0", "1", "2"):
            return "INVALID_DATACODING"
        if not dest:
            return "MISSING_DESTINATION_ADDRESS"
        return "" if dest.isdigit() and 10 <= len(dest) <= 17 else "INVALID_DESTINATION_ADDRESS"

    async def inbox(self, request: web.Request) -> web.Response:
        """Messages above an id, or between two times; a hundred at a time."""
        query, secret = request.query, self.world.settings.secret
        if (query.get("username"), query.get("password")) != (secret("VERIMOR_USERNAME"), secret("VERIMOR_PASSWORD")):
            return web.Response(status=401, text="Geçersiz kullanıcı adı/şifre")
        above = int(query.get("greater_than", "0") or 0)
        since = datetime.fromisoformat(query.get("from_time", "2010-01-01")).replace(tzinfo=TURKIYE).timestamp()
        rows = [
            self._row(message)
            for message in self.world.memory.find(self.name, since=since)
            if message.from_citizen and int(message.id) > above
        ]
        return web.json_response(sorted(rows, key=lambda row: int(row["message_id"]))[:PAGE_ROWS])

    def accepted(self, message: Message) -> web.Response:
        message.id = str(next(self._ids))
        return web.Response(text=message.id)

    def refused(self, code: str) -> web.Response:
        if code == "401":
            return web.Response(status=401, text="Hesabınızda izinli IP ayarları yapılmamış")
        return web.Response(status=400, text=code)

    async def tell_receipt(self, message: Message, status: str) -> None:
        now = datetime.now(TURKIYE).strftime("%Y-%m-%d %H:%M:%S")
        row = {
            "type": "outbound",
            "campaign_id": int(message.id),
            "campaign_custom_id": message.reference,
            "message_id": message.id,
            "message_custom_id": message.reference,
            "dest": message.citizen.removeprefix("+"),
            "size": 1,
            "international_multiplier": 1,
            "credits": 1,
            "status": STATUSES.get(status, message.error or "NOT_DELIVERED"),
            "gsm_error": "0",
            "sent_at": None if status == "failed" else now,
            "done_at": now,
        }
        path = f"/webhooks/verimor?key={self.world.settings.secret('VERIMOR_WEBHOOK_KEY')}"
        await self.world.post_until_taken(path, json.dumps([row]).encode(), JSON_HEADERS)

    async def _push(self, rows: list[dict[str, Any]]) -> EdgeAnswer:
        path = f"/webhooks/verimor?key={self.world.settings.secret('VERIMOR_WEBHOOK_KEY')}"
        return await self.world.post(path, json.dumps(rows, ensure_ascii=False).encode(), JSON_HEADERS)

    def _row(self, message: Message) -> dict[str, Any]:
        at = datetime.fromtimestamp(message.time, TURKIYE).strftime("%Y-%m-%d %H:%M:%S")
        return {
            "message_id": int(message.id),
            "created_at": at,
            "network": "TURKCELL",
            "source_addr": message.citizen.removeprefix("+"),
            "destination_addr": self.world.settings.secret("VERIMOR_USERNAME"),
            "keyword": "",
            "content": message.text,
            "received_at": at,
        }
