"""Twilio as twilio.com/docs/messaging describes it: Messages.json, signed forms to the centre, media behind a login."""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import urlencode

from aiohttp import web

from simulators.outside.memory import Message
from simulators.outside.pictures import PICTURE
from simulators.outside.world import CitizenWrote, EdgeAnswer, Provider

ERRORS = {
    "20003": (401, "Authenticate"),
    "20429": (429, "Too Many Requests"),
    "14107": (429, "Message rate exceeded"),
    "21211": (400, "Invalid 'To' Phone Number"),
    "21214": (400, "'To' phone number cannot be reached"),
    "21408": (403, "Permission to send an SMS has not been enabled for the region"),
    "21602": (400, "Message body is required."),
    "21606": (400, "The 'From' phone number is not a valid, SMS-capable inbound phone number"),
    "21610": (400, "Attempt to send to unsubscribed recipient"),
    "21611": (429, "This 'From' number has exceeded the maximum number of queued messages"),
    "21612": (400, "The 'To' phone number is not currently reachable using the 'From' phone number via SMS"),
    "21614": (400, "'To' number is not a valid mobile number"),
    "21617": (400, "The concatenated message body exceeds the 1600 character limit"),
}
REPORTED = frozenset({"30003", "30004", "30005", "30006", "30007", "30008"})
TEXT_LETTERS_MAX = 1_600
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Twilio(Provider):
    name = "twilio"
    codes = frozenset(ERRORS) | REPORTED

    def routes(self) -> list[web.RouteDef]:
        account = "/twilio/2010-04-01/Accounts/{account}"
        return [
            web.post(f"{account}/Messages.json", self.send),
            web.get(f"{account}/Messages/{{message}}/Media/{{media}}", self.media),
        ]

    async def citizen_writes(self, wrote: CitizenWrote) -> EdgeAnswer:
        secret = self.world.settings.secret
        sid = wrote.id if wrote.id.startswith(("SM", "MM")) else f"SM{secrets.token_hex(16)}"
        form = {
            "MessageSid": sid,
            "SmsSid": sid,
            "AccountSid": secret("TWILIO_ACCOUNT_SID"),
            "From": wrote.citizen,
            "To": secret("TWILIO_FROM"),
            "Body": wrote.text,
            "NumMedia": "1" if wrote.photo else "0",
            "NumSegments": "1",
            "SmsStatus": "received",
            "ApiVersion": "2010-04-01",
        }
        if wrote.photo:
            account = f"{secret('TWILIO_API_URL')}/2010-04-01/Accounts/{secret('TWILIO_ACCOUNT_SID')}"
            media = f"{account}/Messages/{sid}/Media/ME1"
            form |= {"MediaUrl0": media, "MediaContentType0": "image/png"}
        message = Message(self.name, wrote.citizen, wrote.text, True, sid, "sent", wrote.time, wrote.name)
        message.kind = "image" if wrote.photo else "text"
        self.world.memory.keep(message)
        answer = await self.world.post("/webhooks/twilio", *self._signed("/webhooks/twilio", form))
        self.world.memory.change(message, "delivered" if answer.is_taken else "failed")
        return answer

    async def send(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        to, text = form.get("To", ""), form.get("Body", "")
        message = Message(self.name, to, text, False, account=form.get("From") or form.get("MessagingServiceSid", ""))
        problem = self._problem(request, form)
        if problem:
            return self.refuse(message, problem)
        message.reference = form.get("StatusCallback", "")
        return await self.take(request, message)

    def _problem(self, request: web.Request, form: dict[str, str]) -> str:
        if not self._is_known(request):
            return "20003"
        to, text = form.get("To", ""), form.get("Body", "")
        if not (to.startswith("+") and to[1:].isdigit() and 8 <= len(to) <= 16):
            return "21211"
        if not (form.get("From") or form.get("MessagingServiceSid")):
            return "21606"
        if not text:
            return "21602"
        return "21617" if len(text) > TEXT_LETTERS_MAX else ""

    async def media(self, request: web.Request) -> web.Response:
        if not self._is_known(request):
            return self.refused("20003")
        return web.Response(body=PICTURE, content_type="image/png")

    def accepted(self, message: Message) -> web.Response:
        message.id = f"SM{secrets.token_hex(16)}"
        told = {"sid": message.id, "status": "queued", "to": message.citizen, "body": message.text, "error_code": None}
        return web.json_response(told, status=201)

    def refused(self, code: str) -> web.Response:
        status, words = ERRORS.get(code, (400, "Unknown"))
        told = {"code": int(code), "message": words, "more_info": f"https://www.twilio.com/docs/errors/{code}"}
        return web.json_response(told | {"status": status}, status=status)

    async def tell_receipt(self, message: Message, status: str) -> None:
        url = message.reference
        if not url.startswith(self.world.settings.edge_url):
            return
        path = url.removeprefix(self.world.settings.edge_url)
        form = {
            "MessageSid": message.id,
            "SmsSid": message.id,
            "AccountSid": self.world.settings.secret("TWILIO_ACCOUNT_SID"),
            "From": message.account,
            "To": message.citizen,
            "MessageStatus": "undelivered" if status == "failed" else status,
            "SmsStatus": "undelivered" if status == "failed" else status,
            "ApiVersion": "2010-04-01",
        }
        if status == "failed":
            form["ErrorCode"] = message.error
        await self.world.post_until_taken(path, *self._signed(path, form))

    def _signed(self, path: str, form: dict[str, str]) -> tuple[bytes, dict[str, str]]:
        signed = self.world.settings.edge_url + path + "".join(name + form[name] for name in sorted(form))
        token = self.world.settings.secret("TWILIO_AUTH_TOKEN").encode()
        digest = base64.b64encode(hmac.new(token, signed.encode(), hashlib.sha1).digest()).decode()
        return urlencode(form).encode(), {**FORM, "X-Twilio-Signature": digest}

    def _is_known(self, request: web.Request) -> bool:
        secret = self.world.settings.secret
        user = f"{secret('TWILIO_ACCOUNT_SID')}:{secret('TWILIO_AUTH_TOKEN')}".encode()
        return request.headers.get("Authorization") == f"Basic {base64.b64encode(user).decode()}"
