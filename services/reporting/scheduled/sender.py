"""Looks for reports that are due, claims them, makes them and sends them: in one process of all, each mail once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import UUID

import structlog
import vl_convert

from services.reporting.charts import draw, on_paper
from services.reporting.domain.asking import Axis, Question
from services.reporting.domain.schedule import Period, due
from services.reporting.exports import MEDIA_TYPES, Format, cases_of, write
from services.reporting.figures import Figures
from services.reporting.labels import Labels
from services.reporting.papers import as_pdf, lay_out
from services.reporting.scheduled.gathering import Gathered, gather
from services.reporting.scheduled.mail import Attachment, Picture, compose, fitting
from services.reporting.scheduled.paper import ReportPaper, ReportSetting
from services.reporting.store import mailed
from shared.database import Connection, is_away
from shared.ids import derived_id
from shared.mailing import Delivered, LetterheadSettings, MailServer, Outcome, Post
from shared.messaging import Service
from shared.municipality import Attached, Municipality, ScheduledReport
from shared.pages.catalogue import Catalogue

log = structlog.get_logger()

LOOK_SECONDS: Final = 20.0
ATTACHED_ROWS_MAX: Final = 50_000
PICTURE_SCALE: Final = 2.0  # for screens that are finer than a CSS pixel
RETURN: Final = "bounce"


@dataclass(frozen=True, slots=True)
class Made:
    """A report that is ready to be put into mails."""

    paper: ReportPaper
    pictures: list[Picture]
    files: list[Attachment]
    left_out: str


@dataclass
class Reports:
    """Any number of processes may run it; one at a time looks."""

    service: Service
    figures: Figures
    place: Municipality
    catalogue: Catalogue
    server: MailServer
    head: LetterheadSettings
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def run(self) -> None:
        """Look for due reports, for ever."""
        while True:
            try:
                await self.look()
            except Exception as error:
                if not is_away(error):
                    raise
                log.warning("reports_wait", reason=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def close(self) -> None:
        """Let go of the server's connections."""
        await self.server.close()

    async def look(self) -> int:
        """Send what is due and not sent; how many mails. Nothing while another process looks."""
        async with self.service.pool.acquire() as connection, _only_here(connection) as is_ours:
            if not is_ours:
                return 0
            if lost := await mailed.doubt_lost(connection):
                log.error("reports_in_doubt", mails=lost)
            return sum([await self._send(connection, report) for report in self.place.reports if report.on])

    async def _send(self, connection: Connection, report: ScheduledReport) -> int:
        period = due(report, self.clock(), self.place.zone)
        if period is None:
            return 0
        made: Made | None = None
        sent = 0
        for address in report.to:  # one by one: only the mail in hand is in doubt when a process dies
            if await mailed.claim(connection, report.code, period, address):
                made = made or await self._made_or_later(connection, report, period, address)
                done = await self._deliver(report, period, address, made)
                await mailed.record(connection, report.code, period, address, done.outcome, done.error)
                said = log.info if done.outcome is Outcome.ACCEPTED else log.warning
                said(
                    "report_mailed", report=report.code, first=str(period.first), outcome=done.outcome, error=done.error
                )
                sent += 1
        return sent

    async def _made_or_later(
        self, connection: Connection, report: ScheduledReport, period: Period, address: str
    ) -> Made:
        """The report; where it cannot be made, nothing was offered to anybody and the claim is given back."""
        try:
            return await self._make(report, period)
        except Exception as error:
            await mailed.record(connection, report.code, period, address, Outcome.LATER, type(error).__name__)
            raise

    async def _deliver(self, report: ScheduledReport, period: Period, address: str, made: Made) -> Delivered:
        mail_id = _mail_id(report, period, address, self.place)
        body = compose(mail_id, address, made.paper, made.pictures, made.files, made.left_out, self.head, self.clock())
        return await self.server.deliver(Post(f"{RETURN}@{self.head.domain}", address, body))

    async def _make(self, report: ScheduledReport, period: Period) -> Made:
        now, setting = self.clock(), ReportSetting(self.place, self.catalogue, report.language)
        gathered = await gather(self.figures, report.scope, period)
        paper = setting.paper(report, gathered, now)
        charts = setting.charts(gathered)
        drawn = [on_paper(await asyncio.to_thread(draw, chart)) for chart in charts]
        pictures = [
            Picture(chart.title, chart.words, await asyncio.to_thread(vl_convert.svg_to_png, svg, scale=PICTURE_SCALE))
            for chart, svg in zip(charts, drawn, strict=True)
        ]
        values = asdict(paper) | {
            "charts": [
                {"title": chart.title, "words": chart.words, "svg": svg}
                for chart, svg in zip(charts, drawn, strict=True)
            ]
        }
        files = [await self._file(kind, report, gathered, values, now) for kind in report.formats]
        kept, left = fitting([file for file in files if file])
        missing = [file.name for file in left] + [
            kind for kind, file in zip(report.formats, files, strict=True) if not file
        ]
        left_out = self.catalogue.say(report.language, "report.left_out", names=", ".join(missing)) if missing else ""
        return Made(paper, pictures, kept, left_out)

    async def _file(
        self, kind: Attached, report: ScheduledReport, gathered: Gathered, values: dict[str, object], now: datetime
    ) -> Attachment | None:
        """What is attached; None where there are more cases than a mail should hold."""
        period = gathered.period
        name = f"{report.code}-{period.first}"
        match kind:
            case Attached.PDF:
                return Attachment(f"{name}.pdf", MEDIA_TYPES[Format.PDF], await as_pdf("report.typ", values, now))
            case Attached.BULLETIN:
                printed = await self.figures.bulletin(period.first, period.last)
                days = (period.first, period.last)
                paper = lay_out(printed, self.place, self.catalogue, report.language, days, now)
                body = await as_pdf("bulletin.typ", asdict(paper), now)
                return Attachment(f"bulten-{period.first}.pdf", MEDIA_TYPES[Format.PDF], body)
            case Attached.XLSX | Attached.CSV:
                if gathered.counts.cases > ATTACHED_ROWS_MAX:
                    return None
                form = Format(kind)
                return Attachment(f"{name}.{form}", MEDIA_TYPES[form], await self._cases(form, report, period, now))

    async def _cases(self, form: Format, report: ScheduledReport, period: Period, now: datetime) -> bytes:
        where = {Axis.OWNER: report.scope} if report.scope else {}
        labels = Labels(self.place, self.catalogue)
        question = Question(period.first, period.last, where=where)
        table = await cases_of(self.figures, question, labels, report.language, self.place.zone)
        with TemporaryDirectory(prefix="ilkim-report-") as folder:
            path = Path(folder) / f"cases.{form}"
            await write(table, form, path, self.place, labels, now, separator=";")
            return await asyncio.to_thread(path.read_bytes)


@asynccontextmanager
async def _only_here(connection: Connection) -> AsyncIterator[bool]:
    """Whether we hold the lock of who looks; PostgreSQL lets go of it when the connection ends."""
    is_ours = await connection.fetchval("SELECT pg_try_advisory_lock(hashtext('ilkim-reports'))")
    try:
        yield is_ours
    finally:
        if is_ours and not connection.is_closed():
            await connection.execute("SELECT pg_advisory_unlock(hashtext('ilkim-reports'))")


def _mail_id(report: ScheduledReport, period: Period, address: str, place: Municipality) -> UUID:
    """The same for the same report, period and address, whoever sends it and how often."""
    at = datetime(period.last.year, period.last.month, period.last.day, tzinfo=place.zone)
    return derived_id(at, "report", report.code, period.first, period.last, address)
