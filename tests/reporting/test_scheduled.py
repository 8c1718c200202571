"""Reports by mail, over real SMTP: each address once, whoever looks and whatever goes wrong; nothing blindly again."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest

from services.reporting.app import reporting
from services.reporting.domain.asking import Axis, Question
from services.reporting.domain.schedule import Period
from services.reporting.figures import Figures
from services.reporting.labels import catalogue
from services.reporting.scheduled import Reports, gather
from services.reporting.scheduled.mail import ATTACHED_BYTES_MAX, Attachment, fitting
from services.reporting.scheduled.paper import ReportSetting
from services.reporting.scheduled.plain import plain_text
from services.reporting.store import mailed
from shared.mailing import LetterheadSettings, MailServer, SmtpSettings
from shared.municipality import Attached, Every, ScheduledReport
from simulators.mail.memory import Mail
from tests.harness import System, built
from tests.notifier.kits.smtp import RunningMailServer, mail_server
from tests.reporting.filling import fill, lives
from tests.reporting.papers import FOLDER, ILKADIM
from tests.reporting.test_schedule import a_report

LIVES = 80
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
APRIL_FIRST = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)


def a_monthly_report(**changed: Any) -> ScheduledReport:
    return a_report(
        **{"code": "aylik", "name": "Aylık rapor", "name_en": "Monthly report", "every": Every.MONTH} | changed
    )


@dataclass
class Post:
    """A mail server, and processes that send to it."""

    system: System
    server: RunningMailServer
    now: datetime = APRIL_FIRST

    def process(self, *reports: ScheduledReport) -> Reports:
        service = self.system.service("reporting")
        service.pool = self.system.pool
        place = ILKADIM.model_copy(update={"reports": reports})
        settings = SmtpSettings(smtp_host="127.0.0.1", smtp_port=self.server.server.smtp_port)
        head = LetterheadSettings(email_address="cozum@ilkim.example")
        server = MailServer(settings, head.domain)
        return Reports(service, Figures(service, place), place, catalogue(), server, head, lambda: self.now)

    async def look(self, *reports: ScheduledReport) -> int:
        """A process that starts, looks once and ends."""
        process = self.process(*reports)
        try:
            return await process.look()
        finally:
            await process.close()

    @property
    def mails(self) -> list[Mail]:
        return [mail for mail in self.server.server.memory.find() if mail.status == "accepted"]

    async def states(self) -> list[str]:
        return [row["state"] for row in await self.system.rows("SELECT state FROM mailed_report ORDER BY state")]

    async def later(self) -> None:
        """Let the minutes pass after which a mail is tried again."""
        await self.system.pool.execute("UPDATE mailed_report SET again_at = now() WHERE again_at IS NOT NULL")


@pytest.fixture
async def post(system: System) -> AsyncIterator[Post]:
    await fill(system, lives(LIVES))
    async with mail_server() as server:
        yield Post(system, server)


async def test_each_address_gets_one_mail_however_many_processes_look(post: Post) -> None:
    report = a_monthly_report(to=("a@ilkim.example", "b@ilkim.example"))
    processes = [post.process(report) for _ in range(3)]
    for _ in range(3):
        await asyncio.gather(*(process.look() for process in processes))
    for process in processes:
        await process.close()

    assert sorted(mail.citizen for mail in post.mails) == ["a@ilkim.example", "b@ilkim.example"]
    assert len({mail.id for mail in post.mails}) == 2
    assert await post.states() == ["sent", "sent"]


async def test_a_mail_holds_text_pictures_and_paper(post: Post) -> None:
    await post.look(a_monthly_report(formats=(Attached.PDF, Attached.BULLETIN, Attached.XLSX, Attached.CSV)))

    [mail] = post.mails
    cases = await post.system.value(
        "SELECT count(*) FROM case_fact WHERE day BETWEEN $1 AND $2", MARCH.first, MARCH.last
    )
    assert mail.subject == "Aylık rapor, 01.03.2026 – 31.03.2026"
    assert f"Talep: {cases}" in mail.text
    assert mail.html.count('<img src="cid:') == 2
    assert mail.headers["Auto-Submitted"] == "auto-generated"
    assert mail.files == (
        ("aylik-2026-03-01.pdf", "application/pdf", ANY),
        ("bulten-2026-03-01.pdf", "application/pdf", ANY),
        ("aylik-2026-03-01.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ANY),
        ("aylik-2026-03-01.csv", "text/csv", ANY),
    )


async def test_a_mail_nobody_knows_the_fate_of_is_not_sent_again(post: Post) -> None:
    post.server.order("drop_reply")
    await post.look(a_monthly_report())
    assert await post.states() == ["unknown"]

    await post.later()
    assert await post.look(a_monthly_report()) == 0


async def test_a_mail_that_was_refused_for_now_is_sent_later_as_the_same(post: Post) -> None:
    post.server.order("code_451")
    await post.look(a_monthly_report())
    assert await post.states() == ["waiting"]
    assert await post.look(a_monthly_report()) == 0

    await post.later()
    assert await post.look(a_monthly_report()) == 1
    assert len(post.mails) == 1
    assert await post.states() == ["sent"]


async def test_a_mail_that_is_refused_for_good_is_left(post: Post) -> None:
    post.server.order("code_550")
    await post.look(a_monthly_report())
    await post.later()

    assert await post.look(a_monthly_report()) == 0
    assert await post.states() == ["refused"]


async def test_a_claim_whose_process_died_is_doubted_and_not_sent(post: Post) -> None:
    [address] = a_monthly_report().to
    async with post.system.pool.acquire() as connection:
        assert await mailed.claim(connection, "aylik", MARCH, address)
    await post.system.pool.execute("UPDATE mailed_report SET claimed_at = now() - interval '1 hour'")

    assert await post.look(a_monthly_report()) == 0
    assert await post.states() == ["unknown"]
    assert not post.mails


async def test_a_report_that_cannot_be_made_is_made_later(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Figures, "ask", None)
        with pytest.raises(TypeError):
            await post.look(a_monthly_report())
    assert await post.states() == ["waiting"]

    await post.later()
    assert await post.look(a_monthly_report()) == 1


async def test_what_is_not_due_or_off_is_not_sent(post: Post) -> None:
    post.now = APRIL_FIRST + timedelta(days=12)
    assert await post.look(a_monthly_report(), a_report(on=False)) == 0


async def test_a_report_of_a_department_counts_its_own_cases_and_sums(post: Post) -> None:
    service = post.system.service("reporting")
    service.pool = post.system.pool
    figures = Figures(service, ILKADIM)
    gathered = await gather(figures, "zabita", MARCH)

    [row] = await figures.ask(Question(MARCH.first, MARCH.last, where={Axis.OWNER: "zabita"}))
    assert gathered.counts == row.counts
    for axis, rows in gathered.by.items():
        assert sum(row.counts.cases for row in rows) == gathered.counts.cases, axis
    assert sum(row.counts.cases for row in gathered.days) == gathered.counts.cases
    paper = ReportSetting(ILKADIM, catalogue(), "en").paper(a_monthly_report(scope="zabita"), gathered, APRIL_FIRST)
    assert paper.title == f"Monthly report · {ILKADIM.owner('zabita').name_en}"
    assert all(len(line) <= 78 for line in plain_text(paper).splitlines())


def test_files_that_are_too_large_are_left_out() -> None:
    small, large = (
        Attachment("a.pdf", "application/pdf", b"x"),
        Attachment("b.csv", "text/csv", b"x" * ATTACHED_BYTES_MAX),
    )

    assert fitting([small, large]) == ([small], [large])


def test_a_report_that_is_on_without_a_mail_server_stops_the_start(
    system: System, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "ilkadim"
    shutil.copytree(FOLDER, folder)
    reports = folder / "reports.toml"
    text = reports.read_text(encoding="utf-8").replace("on = false", "on = true", 1)
    reports.write_text(text.replace("cozum-merkezi@example.org", "cozum@ilkim.example"), encoding="utf-8")

    with pytest.raises(SystemExit):
        built(reporting, system, ILKIM_MUNICIPALITY=str(folder))
    assert "set SMTP_HOST: reports are to be sent by mail" in capsys.readouterr().err
