"""A report as a mail: text, HTML with its charts as pictures, and what is attached; the same id on every attempt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Final, cast
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.reporting.scheduled.paper import ReportPaper
from services.reporting.scheduled.plain import plain_text
from shared.mailing import LetterheadSettings, signed
from shared.mailing.letterhead import LOOP_HEADER, page
from shared.text import clean

SUBJECT_LETTERS_MAX: Final = 150
ATTACHED_BYTES_MAX: Final = 8 * 1024 * 1024  # many servers take mails of ten
_TEMPLATE: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, undefined=StrictUndefined
).get_template("mail.html")


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as PNG; `words` say what it shows."""

    title: str
    words: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with the mail."""

    name: str
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as the body names it."""

    id: str
    title: str
    words: str


def fitting(files: Sequence[Attachment]) -> tuple[list[Attachment], list[Attachment]]:
    """Those that a mail holds, in their order, and those that are left out."""
    kept: list[Attachment] = []
    for file in files:
        if sum(len(one.body) for one in kept) + len(file.body) <= ATTACHED_BYTES_MAX:
            kept.append(file)
    return kept, [file for file in files if file not in kept]


def compose(
    mail_id: UUID,
    address: str,
    paper: ReportPaper,
    pictures: Sequence[Picture],
    files: Sequence[Attachment],
    left_out: str,
    head: LetterheadSettings,
    moment: datetime,
) -> bytes:
    """The mail's bytes, ready for DATA. `left_out` says which files are missing, or is ""."""
    mail = EmailMessage(policy=SMTP)
    name = " ".join(clean(head.email_name).split())
    mail["From"] = Address(name, head.email_address.rpartition("@")[0], head.domain)
    mail["To"] = address
    mail["Subject"] = subject = " ".join(clean(paper.subject).split())[:SUBJECT_LETTERS_MAX]
    mail["Date"] = format_datetime(moment)
    mail["Message-ID"] = f"<{mail_id}@{head.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail[LOOP_HEADER] = str(mail_id)
    text = plain_text(paper)
    mail.set_content(f"{text}\n{left_out}\n" if left_out else text, cte="base64")
    shown = [Shown(f"{place}.{mail_id}@{head.domain}", one.title, one.words) for place, one in enumerate(pictures)]
    body = _TEMPLATE.render(paper=paper, pictures=shown, left_out=left_out)
    mail.add_alternative(page(body, paper.language, subject), subtype="html", cte="base64")
    html = cast(MIMEPart, mail.get_body(("html",)))
    for one, picture in zip(shown, pictures, strict=True):
        html.add_related(picture.body, "image", "png", cid=f"<{one.id}>")
    for file in files:
        main, _, sub = file.media_type.partition("/")
        mail.add_attachment(file.body, maintype=main, subtype=sub, filename=file.name)
    return signed(mail.as_bytes(), head.domain, head.key)
