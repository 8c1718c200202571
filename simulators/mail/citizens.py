"""Mails of citizens and of their mail systems, as programs write them."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid

from simulators.mail.memory import Mail
from simulators.outside.pictures import PICTURE

TEXT_LETTERS_MAX = 50_000


class CitizenTextError(ValueError):
    """Raised for a form that makes no mail; the text says what is wrong, in English."""


@dataclass(frozen=True, slots=True)
class CitizenWrote:
    """`reply_to` is the id of the centre's mail that this answers."""

    citizen: str
    text: str
    subject: str = ""
    name: str = ""
    reply_to: str = ""
    photo: bool = False
    id: str = ""


def a_mail(wrote: CitizenWrote, answered: Mail | None, centre: str) -> EmailMessage:
    """Answers go where the centre's mail asks for, with its text quoted as Gmail does it in Turkish."""
    if "@" not in wrote.citizen or any(sign in wrote.citizen for sign in "\r\n <>,"):
        raise CitizenTextError("`citizen` must be a mail address")
    if not 0 < len(wrote.text) <= TEXT_LETTERS_MAX:
        raise CitizenTextError(f"`text` must have 1 to {TEXT_LETTERS_MAX} letters")
    mail = EmailMessage(policy=SMTP)
    name = " ".join(wrote.name.split())
    mail["From"] = f"{name} <{wrote.citizen}>" if name else wrote.citizen
    mail["To"] = (answered.headers.get("Reply-To") if answered else None) or centre
    subject = " ".join(wrote.subject.split()) or (f"Ynt: {answered.subject}" if answered else "")
    if subject:
        mail["Subject"] = subject
    mail["Date"] = formatdate(localtime=False)
    mail["Message-ID"] = f"<{wrote.id or uuid.uuid4().hex}@posta.example>"
    text = wrote.text
    if answered:
        mail["In-Reply-To"] = mail["References"] = f"<{answered.id}>"
        quoted = "\n".join(f"> {line}" for line in answered.text.split("\n"))
        when = datetime.fromtimestamp(answered.time).astimezone().strftime("%d.%m.%Y %H:%M")
        text += f"\n\nÇözüm Merkezi <{centre}>, {when} tarihinde şunu yazdı:\n\n{quoted}"
    mail.set_content(text + "\n")
    if wrote.photo:
        mail.add_attachment(PICTURE, "image", "png", filename="fotoğraf.png")
    return mail


def a_bounce(about: Mail) -> EmailMessage:
    """What a mail server sends to the return path when a mailbox turned out not to exist (RFC 3464)."""
    report = EmailMessage(policy=SMTP)
    report["From"] = "Mail Delivery System <MAILER-DAEMON@posta.example>"
    report["To"] = about.return_path
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report["Date"] = formatdate(localtime=False)
    report["Message-ID"] = make_msgid(domain="posta.example")
    report["Auto-Submitted"] = "auto-replied"
    report["Content-Type"] = 'multipart/report; report-type=delivery-status; boundary="rapor"'
    report.set_payload(
        "--rapor\r\nContent-Type: text/plain\r\n\r\n"
        f"<{about.citizen}>: host posta.example said: 550 5.1.1 User unknown\r\n"
        "--rapor\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; posta.example\r\n\r\n"
        f"Final-Recipient: rfc822; {about.citizen}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 User unknown\r\n"
        f"\r\n--rapor\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{about.id}>\r\n\r\n--rapor--\r\n"
    )
    return report


def an_absence(about: Mail) -> EmailMessage:
    """An out-of-office answer (RFC 3834)."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = about.citizen
    mail["To"] = about.headers.get("Reply-To") or about.headers.get("From", "")
    mail["Subject"] = f"Otomatik yanıt: {about.subject}"
    mail["Date"] = formatdate(localtime=False)
    mail["Message-ID"] = make_msgid(domain="posta.example")
    mail["In-Reply-To"] = f"<{about.id}>"
    mail["Auto-Submitted"] = "auto-replied"
    mail.set_content("Yıllık izindeyim, döndüğümde yanıtlayacağım.\n")
    return mail
