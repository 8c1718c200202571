"""X's direct messages as docs.x.com describes them: signed requests, a signed webhook, receipts of reading."""

import base64
import hashlib
import hmac
import itertools
import json
import re
import time
from typing import Any
from urllib.parse import quote, unquote

from aiohttp import web

from simulators.outside.memory import Message
from simulators.outside.pictures import PICTURE
from simulators.outside.world import CitizenWrote, EdgeAnswer, Provider

OUR_USER = "2000000001"
TEXT_LETTERS_MAX = 10_000
# HTTP status and words of each code of theirs.
ERRORS = {
    "32": (401, "Could not authenticate you."),
    "88": (429, "Rate limit exceeded"),
    "89": (401, "Invalid or expired token."),
    "108": (404, "Cannot find specified user."),
    "130": (503, "Over capacity"),
    "131": (500, "Internal error"),
    "150": (403, "You cannot send messages to users who are not following you."),
    "326": (403, "To protect our users from spam and other malicious activity, this account is temporarily locked."),
    "349": (403, "You cannot send messages to this user."),
}


class X(Provider):
    name = "x"
    codes = frozenset(ERRORS) | {"403", "429"}

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._ids = itertools.count(1_580_000_000_000_000_000)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/x/2/dm_conversations/with/{citizen}/messages", self.send),
            web.get("/x/files/{file}", self.file),
        ]

    async def citizen_writes(self, wrote: CitizenWrote) -> EdgeAnswer:
        event_id = wrote.id if wrote.id.isdigit() else str(next(self._ids))
        data: dict[str, Any] = {"text": wrote.text, "entities": {"hashtags": [], "urls": []}}
        if wrote.photo:
            own = "https://t.co/file"
            url = f"{self.world.settings.secret('X_API_URL')}/files/{event_id}.png"
            data["text"] = f"{wrote.text} {own}"
            file = {"id": int(event_id), "media_url_https": url, "url": own, "type": "photo"}
            data["attachment"] = {"type": "media", "media": file}
        event = {
            "type": "message_create",
            "id": event_id,
            "created_timestamp": str(int(wrote.time * 1000)),
            "message_create": {
                "target": {"recipient_id": OUR_USER},
                "sender_id": wrote.citizen,
                "message_data": data,
            },
        }
        kept = Message(self.name, wrote.citizen, wrote.text, True, event_id, "sent", wrote.time, wrote.name)
        kept.kind = "image" if wrote.photo else "text"
        self.world.memory.keep(kept)
        users = {wrote.citizen: {"id": wrote.citizen, "name": wrote.name or "Vatandaş"}}
        body = self._body({"direct_message_events": [event], "users": users})
        answer = await self.world.post("/webhooks/x", body, self._headers(body))
        self.world.memory.change(kept, "delivered" if answer.is_taken else "failed")
        return answer

    async def send(self, request: web.Request) -> web.StreamResponse:
        try:
            text = str(dict(await request.json()).get("text") or "")
        except (ValueError, TypeError):
            text = ""
        message = Message(self.name, request.match_info["citizen"], text, False)
        if not self._is_signed(request):
            return self.refuse(message, "32")
        if not message.citizen.isdigit():
            return self.refuse(message, "108")
        if not text or len(text) > TEXT_LETTERS_MAX:
            return self.refuse(message, "403")
        return await self.take(request, message)

    async def file(self, request: web.Request) -> web.Response:
        return web.Response(body=PICTURE) if self._is_signed(request) else web.Response(status=401)

    def accepted(self, message: Message) -> web.Response:
        message.id = str(next(self._ids))
        told = {"dm_conversation_id": f"{OUR_USER}-{message.citizen}", "dm_event_id": message.id}
        return web.json_response({"data": told}, status=201)

    def refused(self, code: str) -> web.Response:
        if code not in ERRORS:
            told: dict[str, Any] = {"title": "Forbidden" if code == "403" else "Too Many Requests", "status": int(code)}
            return web.json_response(told | {"type": "about:blank", "detail": told["title"]}, status=int(code))
        status, words = ERRORS[code]
        return web.json_response({"errors": [{"code": int(code), "message": words}]}, status=status)

    async def tell_receipt(self, message: Message, status: str) -> None:
        """X tells what was read, and nothing else."""
        if status != "read":
            return
        seen = {
            "created_timestamp": str(int(time.time() * 1000)),
            "sender_id": message.citizen,
            "target": {"recipient_id": OUR_USER},
            "last_read_event_id": message.id,
        }
        body = self._body({"direct_message_mark_read_events": [seen]})
        await self.world.post_until_taken("/webhooks/x", body, self._headers(body))

    def _body(self, what: dict[str, Any]) -> bytes:
        return json.dumps({"for_user_id": OUR_USER, **what}, ensure_ascii=False).encode()

    def _headers(self, body: bytes) -> dict[str, str]:
        digest = hmac.new(self.world.settings.secret("X_API_SECRET").encode(), body, hashlib.sha256).digest()
        signature = f"sha256={base64.b64encode(digest).decode()}"
        return {"Content-Type": "application/json", "x-twitter-webhooks-signature": signature}

    def _is_signed(self, request: web.Request) -> bool:
        """OAuth 1.0a with HMAC-SHA1 over method, address and the header's own parameters (RFC 5849, 3.4)."""
        given = dict(re.findall(r'(\w+)="([^"]*)"', request.headers.get("Authorization", "")))
        secret, url = self.world.settings.secret, f"{request.scheme}://{request.host}{request.path}"
        if (given.get("oauth_consumer_key"), given.get("oauth_token")) != (
            quote(secret("X_API_KEY"), safe=""),
            quote(secret("X_ACCESS_TOKEN"), safe=""),
        ):
            return False
        signed = "&".join(f"{name}={given[name]}" for name in sorted(given) if name != "oauth_signature")
        base = "&".join((request.method, quote(url, safe=""), quote(signed, safe="")))
        key = "&".join(quote(secret(name), safe="") for name in ("X_API_SECRET", "X_ACCESS_SECRET"))
        digest = base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()
        return hmac.compare_digest(unquote(given.get("oauth_signature", "")), digest)
