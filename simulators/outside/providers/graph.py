"""Messenger and Instagram as Meta's documents describe them: the Send API, signed webhooks, and files by address."""

import hashlib
import hmac
import itertools
import json
import secrets
import time
from typing import Any, ClassVar

from aiohttp import web

from simulators.outside.memory import Message
from simulators.outside.pictures import PICTURE
from simulators.outside.world import CitizenWrote, EdgeAnswer, Provider

DAY_SECONDS, HUMAN_AGENT_SECONDS = 24 * 3600, 7 * 24 * 3600
TEXT_LETTERS_MAX = 2_000
# code, subcode, HTTP status, words; ordered by the subcode where there is one.
ERRORS = {
    "1": (1, None, 500, "An unknown error occurred"),
    "2": (2, None, 503, "Service temporarily unavailable"),
    "4": (4, None, 400, "Application request limit reached"),
    "10": (10, None, 403, "Application does not have permission for this action"),
    "100": (100, None, 400, "Invalid parameter"),
    "190": (190, None, 401, "Invalid OAuth access token."),
    "200": (200, None, 403, "Permissions error"),
    "368": (368, None, 400, "The action attempted has been deemed abusive or is otherwise disallowed"),
    "551": (551, None, 400, "This person isn't available right now."),
    "613": (613, None, 400, "Calls to this api have exceeded the rate limit."),
    "1200": (1200, None, 400, "Temporary send message failure. Please try again later."),
    "1545041": (551, 1545041, 400, "This person isn't available right now."),
    "2018001": (100, 2018001, 400, "No matching user found"),
    "2018278": (10, 2018278, 403, "This message is sent outside of allowed window."),
}


class Messenger(Provider):
    name = "messenger"
    codes = frozenset(ERRORS)
    object_name: ClassVar[str] = "page"
    page_id: ClassVar[str] = "100000000000001"

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._files = itertools.count(1)

    def routes(self) -> list[web.RouteDef]:
        sends = web.post(rf"/graph/v{{version:\d+\.\d+}}/{{page:{self.page_id}}}/messages", self.send)
        return [sends, web.get(f"/graph/files/{self.name}/{{file}}", self.file)]

    async def citizen_writes(self, wrote: CitizenWrote) -> EdgeAnswer:
        mid = wrote.id if wrote.id.startswith("m_") else f"m_{wrote.id or secrets.token_hex(12)}"
        message: dict[str, Any] = {"mid": mid}
        if wrote.text:
            message["text"] = wrote.text
        if wrote.photo:
            base = self.world.settings.secret("META_GRAPH_URL")
            url = f"{base}/files/{self.name}/{next(self._files)}.png"
            message["attachments"] = [{"type": "image", "payload": {"url": url}}]
        if wrote.reply_to:
            message["reply_to"] = {"mid": wrote.reply_to}
        kept = Message(self.name, wrote.citizen, wrote.text, True, mid, "sent", wrote.time, wrote.name)
        kept.kind = "image" if wrote.photo else "text"
        self.world.memory.keep(kept)
        answer = await self._post(self._event(wrote.citizen, wrote.time, {"message": message}), tries=False)
        self.world.memory.change(kept, "delivered" if answer.is_taken else "failed")
        return answer

    async def send(self, request: web.Request) -> web.StreamResponse:
        try:
            asked = dict(await request.json())
            to, text = str(asked["recipient"]["id"]), str(asked["message"]["text"])
        except (ValueError, TypeError, KeyError):
            return self.refused("100")
        message = Message(self.name, to, text, False, kind=str(asked.get("tag") or asked.get("messaging_type") or ""))
        problem = self._problem(request, asked, message)
        return self.refuse(message, problem) if problem else await self.take(request, message)

    def _problem(self, request: web.Request, asked: dict[str, Any], message: Message) -> str:
        token = self.world.settings.secret(f"{self.name.upper()}_ACCESS_TOKEN")
        if request.headers.get("Authorization") != f"Bearer {token}":
            return "190"
        if not message.text or len(message.text) > TEXT_LETTERS_MAX:
            return "100"
        wrote = [row.time for row in self.world.memory.find(self.name, message.citizen) if row.from_citizen]
        is_agent = asked.get("messaging_type") == "MESSAGE_TAG" and asked.get("tag") == "HUMAN_AGENT"
        window = HUMAN_AGENT_SECONDS if is_agent else DAY_SECONDS
        # A citizen who never wrote here is let through: the centre may have been told of them elsewhere.
        return "2018278" if wrote and time.time() - max(wrote) > window else ""

    async def file(self, _: web.Request) -> web.Response:
        return web.Response(body=PICTURE, content_type="image/png")

    def accepted(self, message: Message) -> web.Response:
        message.id = f"m_{secrets.token_urlsafe(24)}"
        return web.json_response({"recipient_id": message.citizen, "message_id": message.id})

    def refused(self, code: str) -> web.Response:
        number, subcode, status, words = ERRORS[code]
        error: dict[str, Any] = {"message": f"(#{number}) {words}", "type": "OAuthException", "code": number}
        if subcode:
            error["error_subcode"] = subcode
        return web.json_response({"error": error | {"fbtrace_id": secrets.token_urlsafe(8)}}, status=status)

    async def tell_receipt(self, message: Message, status: str) -> None:
        """Messenger tells what was delivered; what was read it tells by time alone."""
        if status == "delivered":
            watermark = int(time.time() * 1000)
            event = {"delivery": {"mids": [message.id], "watermark": watermark}}
            await self._post(self._event(message.citizen, time.time(), event), tries=True)

    def _event(self, citizen: str, at: float, what: dict[str, Any]) -> bytes:
        event = {"sender": {"id": citizen}, "recipient": {"id": self.page_id}, "timestamp": int(at * 1000), **what}
        entry = {"id": self.page_id, "time": int(time.time() * 1000), "messaging": [event]}
        return json.dumps({"object": self.object_name, "entry": [entry]}, ensure_ascii=False).encode()

    async def _post(self, body: bytes, *, tries: bool) -> EdgeAnswer:
        secret = self.world.settings.secret(f"{self.name.upper()}_APP_SECRET").encode()
        digest = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": digest}
        path = f"/webhooks/{self.name}"
        if tries:
            await self.world.post_until_taken(path, body, headers)
            return EdgeAnswer(200, "")
        return await self.world.post(path, body, headers)


class Instagram(Messenger):
    name = "instagram"
    object_name = "instagram"
    page_id = "17840000000000001"

    async def tell_receipt(self, message: Message, status: str) -> None:
        """Instagram tells what was read, and nothing else."""
        if status == "read":
            await self._post(self._event(message.citizen, time.time(), {"read": {"mid": message.id}}), tries=True)
