"""Netgsm, SMS: its inbox and its delivery report are asked for, again and again.

Sources: netgsm.com.tr/dokuman ("Gelen SMS" by XML POST to /sms/receive; "SMS raporlama" by REST v2), and the
provider's own clients, github.com/netgsm. Asked without dates the inbox gives each message once and then forgets it:
we always ask with dates, in windows that overlap.
"""

import asyncio
import base64
import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from xml.sax.saxutils import escape

import aiohttp
from pydantic import SecretStr

from services.intake.channels import sms
from services.intake.channels.asking import Refused, a_session, bounded, take_turns
from services.intake.channels.base import Accept, Bookmarks, Reading
from services.intake.channels.doors import payload
from services.intake.channels.payloads import JSON, json_object, parts, reference, short
from shared.contracts import Channel, DeliveryReported, MessageReceived, NoticeStatus, Sender, WebhookReceived
from shared.ids import derived_id
from shared.settings import ProviderSettings, given
from shared.text import clean

# Answers of /sms/receive that are no messages.
NO_MESSAGE: Final = "40"
REFUSALS: Final = {
    "30": "user, password or our address is not accepted",
    "50": "a date is not written ddMMyyyyHHmm",
    "60": "the window is longer than 30 days",
    "70": "a parameter is wrong or missing",
}
# Answers of /sms/rest/v2/report that are no report.
NO_REPORT: Final = "60"
TOO_OFTEN: Final = "80"  # more than ten times a minute
# `status` of a report's row; 0 is still on its way, 13 a repetition whose first copy went out.
STATUSES: Final = {
    1: NoticeStatus.DELIVERED,
    2: NoticeStatus.FAILED,  # expired
    3: NoticeStatus.FAILED,  # number wrong or restricted
    4: NoticeStatus.FAILED,  # not given to the operator
    11: NoticeStatus.FAILED,  # the operator did not accept it
    12: NoticeStatus.FAILED,  # delivery error
    13: NoticeStatus.SENT,
    14: NoticeStatus.FAILED,  # no credit
    15: NoticeStatus.FAILED,  # on the black list
    16: NoticeStatus.FAILED,  # refused by the consent register (İYS)
    17: NoticeStatus.FAILED,  # the consent register failed
}
POLL_SECONDS: Final = 20.0
REPORT_SECONDS: Final = 60.0
OVERLAP: Final = timedelta(minutes=15)  # what an operator hands over late, and clocks that differ
FIRST_LOOK_BACK: Final = timedelta(days=1)
WINDOW_MAX: Final = timedelta(days=1)  # they allow 30, but a day's answer stays small
REPORT_WINDOW: Final = timedelta(days=2)  # a message lives no longer
PAGE_ROWS: Final = 100
PAGES_MAX: Final = 200
SEEN_MAX: Final = 50_000
INBOX, REPORT = "inbox", "report"
_ENDS_WITH_TIME: Final = re.compile(r"\|[^|]*\|\s*\d[\d./: -]{6,24}$")
_TIMES: Final = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%d%m%Y%H%M%S")


class NetgsmInboxSettings(ProviderSettings):
    """The API user (a sub-user of the subscriber's number)."""

    netgsm_usercode: str
    netgsm_password: SecretStr
    netgsm_api_url: str = "https://api.netgsm.com.tr"
    netgsm_poll_seconds: float = POLL_SECONDS
    netgsm_report_seconds: float = REPORT_SECONDS


def collector() -> "Inbox | None":
    """The collector of this environment; None: Netgsm is not configured."""
    settings = given(NetgsmInboxSettings)
    return Inbox(settings) if settings else None


def read(polled: WebhookReceived) -> Reading:
    """The messages of an inbox' answer, or the receipts of a report. Raises ValueError for neither."""
    if polled.details.get("what") == REPORT:
        return _read_report(json_object(polled.body), polled)
    text = sms.turkish_text(polled.body).strip()
    if text in REFUSALS or not ("|" in text or text == NO_MESSAGE):
        raise ValueError("this is no inbox")
    counts: Counter[Row] = Counter()
    messages = []
    for row in rows_of(text):
        counts[row] += 1
        messages.append(_message(row, counts[row], polled))
    return Reading(messages=tuple(messages))


@dataclass(frozen=True, slots=True)
class Row:
    """One message as the inbox lists it."""

    number: str
    text: str
    time: str


def rows_of(text: str) -> list[Row]:
    """`number | text | time`, rows apart by `<br>`: a text may hold both signs, so a row ends where its time does."""
    found, begun = [], ""
    for piece in text.split("<br>"):
        begun = f"{begun}\n{piece}" if begun else piece
        if _ENDS_WITH_TIME.search(begun):
            found.append(_row(begun))
            begun = ""
    rest = [_row(begun)] if begun.count("|") > 1 else []
    return found + rest


def _row(written: str) -> Row:
    number, _, rest = written.partition("|")
    words, _, time = rest.rpartition("|")
    return Row(number.strip(), words.strip(), time.strip())


def _message(row: Row, repeated: int, polled: WebhookReceived) -> MessageReceived:
    """`repeated` tells apart what one citizen wrote twice within a second."""
    at = sms.local_moment(row.time, polled.received_at, _TIMES)
    provider_id = sms.fingerprint(row.number, row.text, row.time, repeated)
    text = clean(row.text)
    return MessageReceived(
        id=derived_id(at, "message", Channel.SMS, "netgsm", polled.account, provider_id),
        occurred_at=at,
        trace_id=polled.trace_id,
        channel=Channel.SMS,
        provider="netgsm",
        account=polled.account,
        provider_id=provider_id,
        sender=Sender(address=sms.number_of(row.number)),
        text=text,
    )


def _read_report(report: JSON, polled: WebhookReceived) -> Reading:
    receipts = []
    for job in parts(report, "jobs"):
        status = _status_of(job)
        if status is not None and short(job.get("jobid")):
            receipts.append(_receipt(job, status, polled))
    return Reading(receipts=tuple(receipts))


def _status_of(job: JSON) -> NoticeStatus | None:
    try:
        return STATUSES.get(int(str(job.get("status"))))
    except ValueError:
        return None


def _receipt(job: JSON, status: NoticeStatus, polled: WebhookReceived) -> DeliveryReported:
    at = sms.local_moment(job.get("deliveredDate"), polled.received_at, _TIMES)
    error = short(str(job.get("errorCode") or "")) or str(job.get("status"))[:20]
    return DeliveryReported(
        id=derived_id(at, "receipt", "netgsm", job["jobid"], job.get("telno"), status),
        occurred_at=at,
        trace_id=polled.trace_id,
        channel=Channel.SMS,
        provider="netgsm",
        account=polled.account,
        provider_id=str(job["jobid"])[:256],
        reference=reference(job.get("referansID")),
        status=status,
        error=error if status is NoticeStatus.FAILED else None,
    )


class Inbox:
    """Asks for new messages and for the report, each in a rhythm of its own.

    An answer is given to `accept` only when it holds something that was not in an earlier one; what is given twice
    all the same (after a restart) has the same ids. The bookmark moves when everything before it is safe.
    """

    exclusive = True

    def __init__(self, settings: NetgsmInboxSettings) -> None:
        self._settings = settings
        self._url = settings.netgsm_api_url.rstrip("/")
        self._account = sms.line_of(settings.netgsm_usercode)
        self._seen: Counter[Row] = Counter()
        self._told: dict[str, object] = {}

    async def run(self, accept: Accept, bookmarks: Bookmarks) -> None:
        """For ever; a failure of theirs or ours is tried again at the next turn."""
        settings = self._settings
        async with a_session() as session, asyncio.TaskGroup() as group:
            group.create_task(take_turns(self.collect, session, accept, bookmarks, settings.netgsm_poll_seconds))
            group.create_task(take_turns(self.ask, session, accept, bookmarks, settings.netgsm_report_seconds))

    async def collect(
        self, session: aiohttp.ClientSession, accept: Accept, bookmarks: Bookmarks, now: datetime
    ) -> None:
        """Take in the inbox from the bookmark on, in windows they allow. Raises Refused, BothAway."""
        kept = await bookmarks.get("inbox")
        begin = datetime.fromisoformat(kept) - OVERLAP if kept else now - FIRST_LOOK_BACK
        while True:
            end = min(begin + WINDOW_MAX, now)
            await self._take_in(await self._inbox(session, begin, end), accept, now)
            await bookmarks.set("inbox", end.isoformat())
            if end >= now:
                return
            begin = end - OVERLAP

    async def ask(self, session: aiohttp.ClientSession, accept: Accept, _: Bookmarks, now: datetime) -> None:
        """Take in what the report newly tells of the last days. Raises Refused, BothAway."""
        for page in range(PAGES_MAX):
            body = await self._report(session, now - REPORT_WINDOW, now, page)
            report = json_object(body)
            if report.get("code") == NO_REPORT:
                return
            if report.get("code") != "00":
                raise Refused(str(report.get("code")))
            jobs = parts(report, "jobs")
            news = {_key(job): job.get("status") for job in jobs if self._told.get(_key(job)) != job.get("status")}
            if news:
                await accept(payload("netgsm", Channel.SMS, body, now, self._account, {"what": REPORT}))
                self._told |= news
            if len(jobs) < PAGE_ROWS:
                break
        _forget_old(self._told)

    async def _take_in(self, body: bytes, accept: Accept, now: datetime) -> None:
        text = sms.turkish_text(body).strip()
        if text in REFUSALS:
            raise Refused(text)
        rows = Counter(rows_of(text))
        if not rows and text != NO_MESSAGE:
            raise Refused("unreadable")  # a page of their maintenance must not move the bookmark past messages
        if rows - self._seen:
            await accept(payload("netgsm", Channel.SMS, body, now, self._account, {"what": INBOX}))
            self._seen |= rows
        _forget_old(self._seen)

    async def _inbox(self, session: aiohttp.ClientSession, begin: datetime, end: datetime) -> bytes:
        user, password = self._settings.netgsm_usercode, self._settings.netgsm_password.get_secret_value()
        # The minute that is running belongs to the next window too: it is asked for whole.
        asked = (
            '<?xml version="1.0" encoding="UTF-8"?><mainbody><header>'
            f"<usercode>{escape(user)}</usercode><password>{escape(password)}</password>"
            f"<startdate>{_minute(begin)}</startdate><stopdate>{_minute(end + timedelta(minutes=1))}</stopdate>"
            "<type>0</type></header></mainbody>"
        )
        headers = {"Content-Type": "text/xml; charset=UTF-8"}
        return await _post(session, f"{self._url}/sms/receive", asked.encode(), headers)

    async def _report(self, session: aiohttp.ClientSession, begin: datetime, end: datetime, page: int) -> bytes:
        user = f"{self._settings.netgsm_usercode}:{self._settings.netgsm_password.get_secret_value()}"
        asked = {"startdate": _second(begin), "stopdate": _second(end), "pagenumber": page, "pagesize": PAGE_ROWS}
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Basic {base64.b64encode(user.encode()).decode()}",
        }
        return await _post(session, f"{self._url}/sms/rest/v2/report", json.dumps(asked).encode(), headers)


async def _post(session: aiohttp.ClientSession, url: str, body: bytes, headers: dict[str, str]) -> bytes:
    async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
        answer = await bounded(response)
    if response.status >= 500:
        raise Refused(str(response.status))
    return answer


def _key(job: JSON) -> str:
    return f"{job.get('jobid')} {job.get('telno')}"


def _minute(at: datetime) -> str:
    return at.astimezone(sms.TURKIYE).strftime("%d%m%Y%H%M")


def _second(at: datetime) -> str:
    return at.astimezone(sms.TURKIYE).strftime("%d.%m.%Y %H:%M:%S")


def _forget_old(known: Any) -> None:
    """Keep the newest; what is forgotten is accepted once more, with the same ids."""
    for old in list(known)[: max(0, len(known) - SEEN_MAX)]:
        del known[old]
