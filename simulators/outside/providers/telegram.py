"""Telegram's Bot API as core.telegram.org/bots/api describes it."""

import itertools
import json
import time
from typing import Any

from aiohttp import web

from simulators.outside.memory import Message
from simulators.outside.pictures import PICTURE
from simulators.outside.world import CitizenWrote, EdgeAnswer, Provider

TEXT_LETTERS_MAX = 4_096
ERRORS = {
    "400": "Bad Request: chat not found",
    "401": "Unauthorized",
    "403": "Forbidden: bot was blocked by the user",
    "404": "Not Found",
    "429": "Too Many Requests: retry after 3",
}
RETRY_AFTER_SECONDS = 3


class Telegram(Provider):
    name = "telegram"
    codes = frozenset(ERRORS)

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._numbers = itertools.count(1_000)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/telegram/bot{token}/sendMessage", self.send),
            web.get("/telegram/bot{token}/getFile", self.get_file),
            web.get("/telegram/file/bot{token}/photos/{name}", self.file),
        ]

    async def citizen_writes(self, wrote: CitizenWrote) -> EdgeAnswer:
        number = int(wrote.id) if wrote.id.isdigit() else next(self._numbers)
        chat = int(wrote.citizen) if wrote.citizen.isdigit() else 0
        person = {"id": chat, "first_name": wrote.name or "Vatandaş"}
        message: dict[str, Any] = {
            "message_id": number,
            "from": person | {"is_bot": False, "language_code": "tr"},
            "chat": person | {"type": "private"},
            "date": int(wrote.time),
        }
        if wrote.photo:
            sizes = [
                {"file_id": f"AgAD{number}{size}", "file_unique_id": f"{number}{size}", "width": 90} for size in "sm"
            ]
            message |= {"photo": sizes, "caption": wrote.text}
        elif wrote.latitude is not None:
            message["location"] = {"latitude": wrote.latitude, "longitude": wrote.longitude}
        else:
            message["text"] = wrote.text
        if wrote.reply_to:
            message["reply_to_message"] = {
                "message_id": int(wrote.reply_to.rpartition(":")[2]),
                "chat": message["chat"],
            }
        kept = Message(self.name, wrote.citizen, wrote.text, True, f"{chat}:{number}", "sent", wrote.time, wrote.name)
        kept.kind = "image" if wrote.photo else "location" if wrote.latitude is not None else "text"
        self.world.memory.keep(kept)
        answer = await self._post({"update_id": number, "message": message})
        self.world.memory.change(kept, "delivered" if answer.is_taken else "failed")
        return answer

    async def send(self, request: web.Request) -> web.StreamResponse:
        try:
            asked = dict(await request.json())
        except (ValueError, TypeError):
            return self.refused("400")
        text = str(asked.get("text") or "")
        message = Message(self.name, str(asked.get("chat_id") or ""), text, False)
        answers = asked.get("reply_parameters")
        message.reply_to = str(answers.get("message_id") or "") if isinstance(answers, dict) else ""
        if not self._is_known(request):
            return self.refuse(message, "401")
        if not text or len(text) > TEXT_LETTERS_MAX or not message.citizen.lstrip("-").isdigit():
            return self.refuse(message, "400")
        return await self.take(request, message)

    async def get_file(self, request: web.Request) -> web.Response:
        if not self._is_known(request):
            return self.refused("401")
        told = {
            "file_id": request.query.get("file_id", ""),
            "file_size": len(PICTURE),
            "file_path": "photos/file_1.png",
        }
        return web.json_response({"ok": True, "result": told})

    async def file(self, request: web.Request) -> web.Response:
        return web.Response(body=PICTURE) if self._is_known(request) else web.Response(status=401)

    def accepted(self, message: Message) -> web.Response:
        number = next(self._numbers)
        message.id = f"{message.citizen}:{number}"
        told = {
            "message_id": number,
            "date": int(time.time()),
            "chat": {"id": int(message.citizen)},
            "text": message.text,
        }
        return web.json_response({"ok": True, "result": told})

    def refused(self, code: str) -> web.Response:
        told: dict[str, Any] = {"ok": False, "error_code": int(code), "description": ERRORS[code]}
        if code == "429":
            told["parameters"] = {"retry_after": RETRY_AFTER_SECONDS}
        return web.json_response(told, status=int(code))

    async def tell_receipt(self, message: Message, status: str) -> None:
        """Bots get no receipts."""

    async def _post(self, update: dict[str, Any]) -> EdgeAnswer:
        secret = self.world.settings.secret("TELEGRAM_WEBHOOK_SECRET")
        headers = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": secret}
        return await self.world.post("/webhooks/telegram", json.dumps(update, ensure_ascii=False).encode(), headers)

    def _is_known(self, request: web.Request) -> bool:
        return request.match_info["token"] == self.world.settings.secret("TELEGRAM_BOT_TOKEN")
