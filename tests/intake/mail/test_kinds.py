"""What a machine wrote is told from what a person wrote; a bounce tells which mail and which address it is about."""

import pytest

from services.intake.channels.mail.kinds import LOOP_HEADER
from shared.contracts import NoticeStatus, Purpose
from tests.intake.mail.samples import CENTRE, DELIVERY, DOMAIN, a_mail, a_multipart, a_part, message, read

RETURN_PATH = f"bounce+{DELIVERY}@{DOMAIN}"
DAEMON = {
    "From": "Mail Delivery System <MAILER-DAEMON@mx.example.org>",
    "Subject": "Undelivered Mail Returned to Sender",
}
ORIGINAL = f"Message-ID: <{DELIVERY}@{DOMAIN}>\r\nFrom: {CENTRE}\r\nTo: ayse@example.org\r\nSubject: Cevap\r\n\r\nMetin"


def a_status(action: str = "failed", status: str = "5.1.1", said: str = "smtp; 550 5.1.1 User unknown") -> bytes:
    return a_multipart(
        a_part("This is the mail system at host mx.example.org."),
        a_part(
            f"Reporting-MTA: dns; mx.example.org\r\n\r\n"
            f"Final-Recipient: rfc822; Ayse@example.org\r\nAction: {action}\r\n"
            f"Status: {status}\r\nDiagnostic-Code: {said}\r\n",
            "message/delivery-status",
        ),
        a_part(ORIGINAL, "message/rfc822"),
        Content_Type='multipart/report; report-type=delivery-status; boundary="edge"',
        **DAEMON,
    )


def a_free_bounce(text: str, **changed: str) -> bytes:
    copy = f"\r\n------ This is a copy of your message ------\r\n{ORIGINAL}"
    return a_mail(text + copy, **(DAEMON | changed))


def test_a_bounce_tells_which_mail_which_address_and_why() -> None:
    reading = read(a_status(), mail_from="", rcpt_to=RETURN_PATH)

    [bounce], [receipt], [failed] = reading.messages, reading.receipts, reading.failed_addresses
    assert (bounce.purpose, bounce.kind, bounce.sender.address) == (Purpose.AUTOMATIC, "bounce", None)
    assert bounce.in_reply_to == f"{DELIVERY}@{DOMAIN}"
    assert (receipt.status, str(receipt.reference), receipt.provider_id) == (
        NoticeStatus.FAILED,
        DELIVERY,
        f"{DELIVERY}@{DOMAIN}",
    )
    assert receipt.error == failed.reason == "5.1.1"
    assert (failed.address, failed.is_permanent) == ("ayse@example.org", True)


def test_the_delivery_is_known_by_the_return_path_alone() -> None:
    raw = a_mail("Alıcı bulunamadı.", **(DAEMON | {"Message_ID": None}))

    [receipt] = read(raw, mail_from="", rcpt_to=RETURN_PATH).receipts
    assert str(receipt.reference) == DELIVERY


@pytest.mark.parametrize(
    ("status", "said"),
    [("5.2.2", "smtp; 552 5.2.2 Mailbox full"), ("5.0.0", "smtp; 550 quota exceeded"), ("4.4.1", "timeout")],
)
def test_a_full_or_unreachable_mailbox_is_no_dead_address(status: str, said: str) -> None:
    [failed] = read(a_status(status=status, said=said)).failed_addresses

    assert not failed.is_permanent


def test_a_bounce_about_no_mail_of_ours_says_nothing_of_an_address() -> None:
    reading = read(a_status().replace(DELIVERY.encode(), b"somebody-elses"))

    assert reading.messages[0].kind == "bounce"
    assert reading.failed_addresses == ()


def test_a_delay_is_no_failure() -> None:
    reading = read(a_status("delayed", "4.4.1", "smtp; connection timed out"))

    assert [receipt.status for receipt in reading.receipts] == [NoticeStatus.SENT]
    assert reading.failed_addresses == ()


@pytest.mark.parametrize(
    "text",
    [
        (
            "Hi. This is the qmail-send program.\n"
            "I'm afraid I wasn't able to deliver your message.\n\n<ayse@example.org>:\n"
            "550 5.1.1 no such user"
        ),
        (
            "A message that you sent could not be delivered to one or more of its recipients.\n\n"
            "  ayse@example.org\n    unrouteable address"
        ),
        "İletiniz aşağıdaki alıcıya teslim edilemedi:\n\nayse@example.org\n\nAlıcı bulunamadı.",
    ],
)
def test_a_bounce_in_free_words_is_read(text: str) -> None:
    reading = read(a_free_bounce(text))

    [failed], [receipt] = reading.failed_addresses, reading.receipts
    assert (failed.address, failed.is_permanent) == ("ayse@example.org", True)
    assert str(receipt.reference) == DELIVERY


def test_a_read_receipt_is_a_receipt() -> None:
    part = a_part(
        (
            f"Final-Recipient: rfc822;ayse@example.org\r\n"
            f"Original-Message-ID: <{DELIVERY}@{DOMAIN}>\r\n"
            f"Disposition: manual-action/MDN-sent-manually; displayed\r\n"
        ),
        "message/disposition-notification",
    )
    raw = a_multipart(
        a_part("Okundu"), part, Content_Type='multipart/report; report-type=disposition-notification; boundary="edge"'
    )
    reading = read(raw)

    assert [receipt.status for receipt in reading.receipts] == [NoticeStatus.READ]
    assert reading.messages[0].kind == "read_receipt"


MACHINES: dict[str, tuple[str, dict[str, str]]] = {
    "Auto-Submitted": ("auto_reply", {"Auto_Submitted": "auto-replied"}),
    "vacation": ("auto_reply", {"Auto_Submitted": "auto-generated (vacation)"}),
    "X-Autoreply": ("auto_reply", {"X_Autoreply": "yes"}),
    "X-Autorespond": ("auto_reply", {"X_Autorespond": "tatil"}),
    "Exchange": ("auto_reply", {"X_Auto_Response_Suppress": "DR, OOF, AutoReply"}),
    "Precedence": ("auto_reply", {"Precedence": "auto_reply"}),
    "Turkish": ("auto_reply", {"Subject": "Otomatik yanıt: Başvurunuz"}),
    "Turkish, without letters": ("auto_reply", {"Subject": "OTOMATIK CEVAP"}),
    "Turkish, away": ("auto_reply", {"Subject": "Ofis dışında: Başvurunuz"}),
    "English": ("auto_reply", {"Subject": "Automatic reply: your case"}),
    "German": ("auto_reply", {"Subject": "Abwesenheitsnotiz"}),
    "French": ("auto_reply", {"Subject": "Réponse automatique : dossier"}),
    "Spanish": ("auto_reply", {"Subject": "Respuesta automática: caso"}),
    "Italian": ("auto_reply", {"Subject": "Risposta automatica"}),
    "Dutch": ("auto_reply", {"Subject": "Automatisch antwoord: zaak"}),
    "Swedish": ("auto_reply", {"Subject": "Autosvar"}),
    "Polish": ("auto_reply", {"Subject": "Automatyczna odpowiedź"}),
    "Russian": ("auto_reply", {"Subject": "Автоматический ответ"}),
    "list": ("list", {"List_Id": "Duyurular <duyuru.example.org>"}),
    "newsletter": ("list", {"List_Unsubscribe": "<mailto:cik@example.org>"}),
    "bulk": ("list", {"Precedence": "bulk"}),
    "our loop header": ("own", {LOOP_HEADER.replace("-", "_"): DELIVERY}),
    "our address": ("own", {"From": f"Çözüm Merkezi <{CENTRE}>"}),
    "our reply address": ("own", {"From": f"cozum+482715936-7k2m9qxd@{DOMAIN}"}),
    "our message id": ("own", {"Message_ID": f"<{DELIVERY}@{DOMAIN}>"}),
}


@pytest.mark.parametrize(("kind", "headers"), MACHINES.values(), ids=MACHINES.keys())
def test_a_machine_asks_for_nothing(kind: str, headers: dict[str, str]) -> None:
    found = message(a_mail(**headers))

    assert (found.purpose, found.kind) == (Purpose.AUTOMATIC, kind)


def test_what_has_the_null_sender_is_never_a_request() -> None:
    assert message(a_mail(), mail_from="").purpose is Purpose.AUTOMATIC


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Auto_Submitted": "no"},
        {"Subject": "Otomatik kapı bozuk"},
        {"Subject": "Fwd: Undelivered Mail Returned to Sender"},
        {"Subject": "Mailim size gelmedi, delivery failed diyor"},
        {"Precedence": "normal"},
        {"Message_ID": "<memur-7@ilkadim.example>", "From": "Memur <memur@ilkadim.example>"},
        {"From": "Bounce Müzik <info@bouncemusic.example>"},
        {"List_Id": f"<{CENTRE.replace('@', '.')}>", "List_Post": f"<mailto:{CENTRE}>"},
    ],
)
def test_a_person_asks_for_something(headers: dict[str, str]) -> None:
    found = message(a_mail(**headers))

    assert (found.purpose, found.kind) == (Purpose.REQUEST, "text")


def test_a_bounce_somebody_forwards_to_us_is_theirs() -> None:
    raw = a_multipart(
        a_part("Mailim gitmiyor, yardım edin."), a_part(a_status(), "message/rfc822"), Subject="İLT: Undelivered mail"
    )

    assert message(raw).purpose is Purpose.REQUEST
