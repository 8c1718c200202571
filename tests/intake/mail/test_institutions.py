"""Mails to the reply address of a hand-over: read without quotes and subject, passed on, and no contact of anybody."""

from collections.abc import AsyncIterator

import pytest

from services.intake.app import worker
from shared.contracts import Channel, InstitutionWrote, WebhookReceived, unpack
from shared.ids import new_id
from shared.messaging.topology import INTAKE
from shared.tokens import HandOverTokens
from tests.builders import a_webhook
from tests.harness import System, a_system, built, running, until

TOKENS = HandOverTokens(bytes(range(32)))
DOMAIN = "ilkim.example"
BODY = """Lamba değiştirildi.

--
Deneme Memur
YEDAŞ Arıza Birimi

İlkadım Çözüm Merkezi <cozum@ilkim.example>, 02.03.2026 12:30 tarihinde şunu yazdı:

> Sayın YEDAŞ yetkilisi,
> Lamba yanmıyor.
"""


def a_mail(to: str, body: str = BODY, mail_from: str = "ariza@kurum.example", **headers: str) -> WebhookReceived:
    fields = {"From": "ariza@kurum.example", "To": to, "Subject": "Ynt: İlkadım 482-715-936", **headers}
    lines = [f"{name}: {value}" for name, value in fields.items()]
    raw = "\r\n".join([*lines, "Content-Type: text/plain; charset=utf-8", "", body.replace("\n", "\r\n")]).encode()
    details = {"rcpt_to": to, "mail_from": mail_from, "domain": DOMAIN, "addresses": f"cozum@{DOMAIN}"}
    return a_webhook(raw, channel=Channel.EMAIL, provider="email", details=details)


@pytest.fixture(scope="module")
async def intake(amqp_url: str, database_url: str) -> AsyncIterator[System]:
    async with a_system(amqp_url, database_url, "intake") as system, running(built(worker, system)):
        yield system


async def passed_on(system: System) -> InstitutionWrote:
    [event] = unpack(await system.take("handover.mails"))
    return InstitutionWrote.model_validate(event)


async def test_an_answer_is_passed_on_without_quotes_signature_and_subject(intake: System) -> None:
    handover_id = new_id()
    mail = a_mail(f"cevap+{TOKENS.reply(handover_id)}@{DOMAIN}")
    await intake.tell(INTAKE, "routine", mail)
    wrote = await passed_on(intake)

    assert (wrote.handover_id, wrote.text) == (handover_id, "Lamba değiştirildi.")
    assert not wrote.is_automatic
    assert await intake.value("SELECT count(*) FROM contact") == 0
    assert await intake.value("SELECT count(*) FROM raw_message WHERE id = $1", mail.id) == 1


async def test_an_out_of_office_answer_is_known_as_one(intake: System) -> None:
    to = f"cevap+{TOKENS.reply(new_id())}@{DOMAIN}"
    await intake.tell(INTAKE, "routine", a_mail(to, "Yıllık izindeyim.", **{"Auto-Submitted": "auto-replied"}))

    assert (await passed_on(intake)).is_automatic


async def test_a_bounce_of_our_letter_says_so_with_its_code(intake: System) -> None:
    handover_id = new_id()
    report = (
        "--r\nContent-Type: text/plain\n\nNo such user\n--r\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; kurum.example\n\nFinal-Recipient: rfc822; ariza@kurum.example\nAction: failed\n"
        "Status: 5.1.1\n\n--r--\n"
    )
    to = f"bounce+{TOKENS.reply(handover_id)}@{DOMAIN}"
    mail = a_mail(to, report, "", From="MAILER-DAEMON@kurum.example")
    kind = b"Content-Type: multipart/report; report-type=delivery-status; boundary=r"
    body = mail.body.replace(b"Content-Type: text/plain; charset=utf-8", kind, 1)
    await intake.tell(INTAKE, "routine", mail.model_copy(update={"body": body}))
    wrote = await passed_on(intake)

    assert (wrote.is_bounce, wrote.error, wrote.handover_id) == (True, "5.1.1", handover_id)
    assert await intake.depth("notifier.receipts") == 0


async def test_a_forged_address_makes_an_ordinary_contact(intake: System) -> None:
    forged = HandOverTokens(bytes(32)).reply(new_id())
    await intake.tell(
        INTAKE, "routine", a_mail(f"cevap+{forged}@{DOMAIN}", "Çöp alınmadı.", Date="", Sender="a@b.example")
    )

    async def is_registered() -> bool:
        return bool(await intake.value("SELECT count(*) FROM contact"))

    await until(is_registered)
    assert await intake.depth("handover.mails") == 0
