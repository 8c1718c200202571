"""Netgsm as its documents describe it: an inbox and a report to ask for, sending by REST v2; all times Türkiye's."""

import base64
import html
import itertools
import json
import re
import time
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from simulators.outside.memory import Message
from simulators.outside.world import CitizenWrote, EdgeAnswer, Provider

TURKIYE = ZoneInfo("Europe/Istanbul")
TEXT_LETTERS_MAX = 917
WINDOW_MAX = timedelta(days=30)
PAGE_ROWS_MAX = 100
DESCRIPTIONS = {
    "20": "Mesaj metni hatalı ya da standart karakter sayısını aşıyor",
    "30": "Geçersiz kullanıcı adı, şifre veya API erişim izni yok",
    "40": "Mesaj başlığı (gönderici adı) sistemde tanımlı değil",
    "50": "Abone hesabı ile İYS kontrollü gönderim yapılamaz",
    "51": "Aboneliğe tanımlı İYS marka bilgisi yok",
    "70": "Hatalı sorgulama",
    "80": "Gönderim sınır aşımı",
    "85": "Mükerrer gönderim sınır aşımı",
    "100": "Sistem hatası",
}
REPORT_STATUSES = {"accepted": 0, "sent": 0, "delivered": 1, "read": 1}
FAILED_STATUS = {"3": 3, "4": 4, "11": 11, "12": 12, "13": 13, "15": 15, "16": 16}
_numbers = itertools.count(1)


class Netgsm(Provider):
    name = "netgsm"
    codes = frozenset(DESCRIPTIONS) | frozenset(FAILED_STATUS)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/netgsm/sms/receive", self.inbox),
            web.post("/netgsm/sms/rest/v2/send", self.send),
            web.post("/netgsm/sms/rest/v2/report", self.report),
        ]

    async def citizen_writes(self, wrote: CitizenWrote) -> EdgeAnswer:
        """It waits in the inbox until the centre asks."""
        message = Message(
            "netgsm",
            wrote.citizen,
            wrote.text,
            True,
            wrote.id or f"in-{next(_numbers)}",
            "sent",
            wrote.time,
            wrote.name,
        )
        self.world.memory.keep(message)
        return EdgeAnswer(202, "waits in the inbox")

    async def inbox(self, request: web.Request) -> web.Response:
        """`number | text | time<br>`, or a code, in ISO-8859-9 under a header that says UTF-8."""
        fields = re.findall(r"<(\w+)>([^<]*)</\1>", (await request.read()).decode("utf-8", "replace"))
        asked = {name: html.unescape(value) for name, value in fields}
        secret = self.world.settings.secret
        if (asked.get("usercode"), asked.get("password")) != (secret("NETGSM_USERCODE"), secret("NETGSM_PASSWORD")):
            return _plain("30")
        fault = self.faults.strike("inbox")
        if fault is not None and fault.kind.startswith("code_"):
            return _plain(fault.kind.removeprefix("code_"))
        try:
            begin, end = (_from_minute(asked.get(name, "")) for name in ("startdate", "stopdate"))
        except ValueError:
            return _plain("50")
        if end - begin > WINDOW_MAX:
            return _plain("60")
        rows = [
            f"{_national(message.citizen)} | {message.text} | {_shown(message.time)}"
            for message in self.world.memory.find("netgsm", since=begin.timestamp())
            if message.from_citizen and message.time < end.timestamp()
        ]
        for message in self.world.memory.find("netgsm", since=begin.timestamp()):
            if message.from_citizen and message.status == "sent":
                self.world.memory.change(message, "delivered")
        return _plain("<br>".join(rows) + "<br>" if rows else "40")

    async def send(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        asked = _object(raw)
        listed = asked.get("messages")
        first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
        text, number = str(first.get("msg") or ""), str(first.get("no") or "")
        message = Message("netgsm", _international(number), text, False, reference=str(asked.get("referansID") or ""))
        if not self._is_known(request):
            return self.refuse(message, "30")
        if asked.get("msgheader") != self.world.settings.secret("NETGSM_HEADER"):
            return self.refuse(message, "40")
        if not re.fullmatch(r"5\d{9}|00\d{8,15}|90\d{10}", number):
            return self.refuse(message, "70")
        if not text or len(text) > TEXT_LETTERS_MAX:
            return self.refuse(message, "20")
        return await self.take(request, message)

    async def report(self, request: web.Request) -> web.Response:
        """Rows of what was sent between two times, or of the jobs asked for; 60 when there is none."""
        asked = _object(await request.read())
        if not self._is_known(request):
            return _json({"code": "30", "description": DESCRIPTIONS["30"]}, 406)
        jobs = asked.get("jobids") or []
        try:
            begin = _from_second(asked.get("startdate") or "01.01.2010 00:00:00")
            page, size = int(asked.get("pagenumber") or 0), min(int(asked.get("pagesize") or 10), PAGE_ROWS_MAX)
        except (ValueError, TypeError):
            return _json({"code": "70", "description": DESCRIPTIONS["70"]}, 406)
        rows = [
            _row(message)
            for message in self.world.memory.find("netgsm", since=begin.timestamp())
            if not message.from_citizen and message.id and (not jobs or message.id in jobs)
        ][page * size : (page + 1) * size]
        if not rows:
            return _json({"code": "60", "jobs": None, "description": "Kayıt yok"}, 406)
        return _json({"code": "00", "jobs": rows, "description": "success"})

    async def tell_receipt(self, message: Message, status: str) -> None:
        """The report tells it when asked."""

    def accepted(self, message: Message) -> web.Response:
        message.id = f"1737721{time.time_ns()}"
        return _json({"code": "00", "jobid": message.id, "description": "queued"})

    def refused(self, code: str) -> web.Response:
        return _json({"code": code, "jobid": None, "description": DESCRIPTIONS.get(code, "")}, 406)

    def _is_known(self, request: web.Request) -> bool:
        secret = self.world.settings.secret
        user = f"{secret('NETGSM_USERCODE')}:{secret('NETGSM_PASSWORD')}".encode()
        return request.headers.get("Authorization") == f"Basic {base64.b64encode(user).decode()}"


def _row(message: Message) -> dict[str, Any]:
    status = FAILED_STATUS.get(message.error, 12) if message.status == "failed" else REPORT_STATUSES[message.status]
    return {
        "jobid": message.id,
        "telno": _national(message.citizen),
        "status": status,
        "deliveredDate": _shown(time.time()) if status else "",
        "errorCode": 0,
        "referansID": message.reference,
    }


def _object(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _plain(text: str) -> web.Response:
    """Letters that ISO-8859-9 lacks come as question marks, as a phone from abroad shows them."""
    return web.Response(body=text.encode("iso-8859-9", "replace"), headers={"Content-Type": "text/html; charset=UTF-8"})


def _json(value: Any, status: int = 200) -> web.Response:
    return web.json_response(value, status=status)


def _from_minute(written: str) -> datetime:
    return datetime.strptime(written, "%d%m%Y%H%M").replace(tzinfo=TURKIYE)


def _from_second(written: str) -> datetime:
    return datetime.strptime(written, "%d.%m.%Y %H:%M:%S").replace(tzinfo=TURKIYE)


def _shown(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, TURKIYE).strftime("%d.%m.%Y %H:%M:%S")


def _national(address: str) -> str:
    return f"0{address[3:]}" if address.startswith("+90") else f"00{address.removeprefix('+')}"


def _international(number: str) -> str:
    return f"+90{number}" if len(number) == 10 else f"+{number.removeprefix('00')}"
