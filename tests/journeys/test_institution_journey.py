"""Institutions, whole: a citizen writes, the institution gets a mail, and each way it ends is known and told.

Every service runs in this process, on a real broker and database, with real SMTP both ways.
"""

import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ops.deploy import migrate_all, owner_codes
from services.handover.app import handover
from services.intake.app import collector, worker
from services.notifier.app import notifier
from services.router.app import router
from shared.contracts import AssignmentClosed, AssignmentOffered, Channel, Decided, Outcome, Sender
from shared.ids import new_id
from shared.messaging.topology import ANSWERS, INTAKE, owner_queue
from simulators.mail.app import MailServer
from simulators.mail.memory import Mail
from simulators.mail.settings import Settings as MailSettings
from tests.builders import a_message
from tests.harness import System, a_system, built, running, serving
from tests.intake.mail.test_listener import free_port
from tests.journeys.conftest import awake, eventually
from tests.journeys.test_main_journey import of

CENTRE = "cozum-merkezi"
PATIENCE_SECONDS = 30.0
# By link, by mail; one that stays silent; one whose mailbox is gone; one whose server sends it back.
BY_LINK, BY_MAIL, SILENT, GONE, BOUNCING = "turk-telekom", "il-saglik", "karayollari-7-bolge", "sgk", "il-tarim-orman"
MAILBOXES = {
    BY_LINK: "ariza@telekom.example",
    BY_MAIL: "evrak@saglik.example",
    SILENT: "evrak@karayollari.example",
    GONE: "550@hata.example",
    BOUNCING: "evrak@geri.example",
}
LINK = re.compile(r"http://\S+/kurum/[0-9a-f]{64}")


@dataclass
class Town:
    """Citizens, institutions and the centre, all of whom write mails."""

    system: System
    mails: MailServer
    http: aiohttp.ClientSession
    mails_url: str

    async def citizen_writes(self, institution: str, text: str) -> str:
        """Their mailbox; an operator decided whose it is."""
        citizen = f"vatandas-{new_id().hex[-12:]}@posta.example"
        message = a_message(
            id=new_id(),
            occurred_at=datetime.now(UTC),
            channel=Channel.EMAIL,
            provider="smtp",
            provider_id=f"{new_id()}@posta.example",
            sender=Sender(address=citizen, name="Deneme Vatandaş"),
            text=text,
            decided=Decided(owner=institution, by="operatör"),
        )
        await self.system.tell(INTAKE, "routine", message)
        return citizen

    async def mail_to(self, address: str, *words: str) -> Mail:
        """The newest mail there that says all this."""

        async def look() -> Mail | None:
            found = [mail for mail in self.mails.memory.find(address) if not mail.from_citizen]
            return next((one for one in reversed(found) if all(word in one.text for word in words)), None)

        mail: Mail = await eventually(look, f"a mail that says {words}", PATIENCE_SECONDS)
        return mail

    async def answers_by_mail(self, address: str, to: Mail, text: str) -> None:
        asked = {"citizen": address, "text": text, "reply_to": to.id, "name": "Evrak Birimi"}
        async with self.http.post(f"{self.mails_url}/_simulator/email/citizens", json=asked) as taken:
            assert taken.status == 200, await taken.text()

    async def returned_to_a_person(self, about: str) -> AssignmentOffered:
        """The case in the solution centre's queue."""
        queue = await self.system.channel.get_queue(owner_queue(CENTRE, "routine"), ensure=False)

        async def take() -> AssignmentOffered | None:
            message = await queue.get(fail=False)
            if message is None:
                return None
            await message.ack()
            offer = AssignmentOffered.read(message.body)
            return offer if about in offer.text else None

        offer: AssignmentOffered = await eventually(take, f"{about} at the solution centre", PATIENCE_SECONDS)
        return offer

    async def ends_as(self, state: str, number: str) -> None:
        async def holds() -> bool:
            query = "SELECT EXISTS (SELECT FROM handover.handover WHERE number = $1 AND state = $2)"
            return bool(await self.system.value(query, number, state))

        await eventually(holds, f"the hand-over is {state}", PATIENCE_SECONDS)

    async def person_closes(self, offer: AssignmentOffered, text: str) -> None:
        closing = AssignmentClosed(**of(offer), outcome=Outcome.ANSWERED, answer=text)
        await self.system.send(ANSWERS, f"answer.{CENTRE}.closed", closing.model_dump_json().encode())


def a_municipality(folder: Path) -> Path:
    """İlkadım by day, with one institution that is given little time."""
    awake(folder)
    data = folder / "institutions.toml"
    text = data.read_text(encoding="utf-8")
    start = text.index(f'email = "{SILENT}@example.org"')
    hurried = re.sub(r"answer_days = \d+\nchase_days = .*", "answer_days = 2\nchase_days = [1]", text[start:], count=1)
    data.write_text(text[:start] + hurried, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
async def town(amqp_url: str, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    place = a_municipality(tmp_path_factory.mktemp("kurum") / "municipality")
    await migrate_all(database_url)
    port = free_port()
    mails = MailServer(MailSettings(centre_port=port, answer_after_seconds=0.1))
    runner = aiohttp.web.AppRunner(mails.application())
    await runner.setup()
    site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    mails_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with a_system(amqp_url, database_url, "handover", owner_codes(place)) as system:
        given = {
            "ILKIM_MUNICIPALITY": str(place),
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(mails.smtp_port),
            "EMAIL_ADDRESS": "cozum@ilkim.example",
            "EMAIL_LISTEN_PORT": str(port),
            "EMAIL_LISTEN_HOST": "127.0.0.1",
            "HANDOVER_ADDRESSES": ",".join(f"{code}={address}" for code, address in MAILBOXES.items()),
            "HANDOVER_DAY_SECONDS": "8",
            "HANDOVER_PUBLIC_URL": "http://kurum.example",
        }
        makes = (worker, router, notifier, collector)
        services = [built(make, system, **given) for make in makes]
        async with (
            running(*services),
            serving(built(handover, system, **given)) as url,
            aiohttp.ClientSession(url) as http,
        ):
            yield Town(system, mails, http, mails_url)
    await runner.cleanup()
    shutil.rmtree(place, ignore_errors=True)


async def test_by_link(town: Town) -> None:
    citizen = await town.citizen_writes(BY_LINK, "Telefon direği kaldırıma devrilmiş, link sokağı")
    letter = await town.mail_to(MAILBOXES[BY_LINK], "link sokağı")
    forwarded = await town.mail_to(citizen, "Türk Telekom")
    found = LINK.search(letter.text)
    assert found is not None
    path = found[0].removeprefix("http://kurum.example")
    async with town.http.get(path) as page:
        assert page.status == 200
    said = {"choice": "solved", "text": "Direk yerine dikildi.", "seen": "0"}
    async with town.http.post(path, data=said) as page:
        assert "Yanıtınız alındı" in await page.text()

    assert "Direk yerine dikildi." in (await town.mail_to(citizen, "Direk yerine dikildi.")).text
    assert citizen not in letter.text
    assert "Deneme Vatandaş" not in letter.text
    await town.ends_as("answered_by_link", number_in(forwarded))


async def test_by_mail(town: Town) -> None:
    citizen = await town.citizen_writes(BY_MAIL, "Sağlık ocağının kapısı kapalı, mektup sokağı")
    letter = await town.mail_to(MAILBOXES[BY_MAIL], "mektup sokağı")
    forwarded = await town.mail_to(citizen, "görev alanında")
    await town.answers_by_mail(MAILBOXES[BY_MAIL], letter, "Kapı onarıldı, yarın açıyoruz.\n\n-- \nEvrak Birimi")
    offer = await town.returned_to_a_person("mektup sokağı")
    await town.person_closes(offer, "Sağlık müdürlüğü: kapı onarıldı.")

    assert offer.returned_because == "Kapı onarıldı, yarın açıyoruz."
    assert (offer.returned_by, offer.returns) == (BY_MAIL, 0)
    assert await town.mail_to(citizen, "Sağlık müdürlüğü: kapı onarıldı.")
    await town.ends_as("answered_by_mail", number_in(forwarded))
    senders = await town.system.rows("SELECT DISTINCT purpose FROM intake.contact")
    assert [row["purpose"] for row in senders] == ["request"]


async def test_silent(town: Town) -> None:
    citizen = await town.citizen_writes(SILENT, "Kara yolunda çukur var, sessiz sokağı")
    forwarded = await town.mail_to(citizen, "görev alanında")
    await town.mail_to(MAILBOXES[SILENT], "henüz yanıt alamadık", number_in(forwarded))
    offer = await town.returned_to_a_person("sessiz sokağı")

    assert offer.returned_because is not None
    assert "1 kez hatırlatıldı" in offer.returned_because
    await town.ends_as("silent", number_in(forwarded))


@pytest.mark.parametrize(("institution", "street"), [(GONE, "kayıp sokağı"), (BOUNCING, "geri sokağı")])
async def test_undeliverable(town: Town, institution: str, street: str) -> None:
    await town.citizen_writes(institution, f"Dairenin önünde kuyruk var, {street}")
    offer = await town.returned_to_a_person(street)

    assert offer.returned_because is not None
    assert "ulaştırılamadı" in offer.returned_because
    await town.ends_as("undeliverable", offer.number)


async def test_an_institution_asks_and_the_citizens_answer_reaches_it(town: Town) -> None:
    citizen = await town.citizen_writes(BY_LINK, "Kablo sarkıyor, soru sokağı")
    letter = await town.mail_to(MAILBOXES[BY_LINK], "soru sokağı")
    await town.mail_to(citizen, "Türk Telekom")
    found = LINK.search(letter.text)
    assert found is not None
    path = found[0].removeprefix("http://kurum.example")
    asking = {"choice": "asking", "text": "Direk numarası kaç?", "seen": "0"}
    async with town.http.post(path, data=asking) as page:
        assert page.status == 200
    question = await town.mail_to(citizen, "Direk numarası kaç?")
    await town.answers_by_mail(citizen, question, "Direk numarası 17.")

    assert await town.mail_to(MAILBOXES[BY_LINK], "Direk numarası 17.")


def number_in(mail: Any) -> str:
    found = re.search(r"\d{3}-\d{3}-\d{3}", mail.text)
    assert found is not None
    return found[0]
