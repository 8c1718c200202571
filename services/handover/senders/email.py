"""A letter as a mail: the same message id on every attempt, the answer and the bounce each to an address of its own.

Codes and the conversation with the server: `shared/mailing/smtp.py`.
"""

import html
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import formatdate
from typing import Final
from uuid import UUID

from services.handover.domain import LetterKind, Parcel, Sent, Wording, letter_id
from services.handover.senders.base import Files, FilesOf
from shared.mailing import LetterheadSettings, MailServer, Outcome, Post, is_address, signed
from shared.mailing.letterhead import LOOP_HEADER, REPLY, RETURN, page, paragraphs
from shared.text import clean

SUBJECT_LETTERS_MAX: Final = 150


class Email:
    """Writes and sends mails from our letterhead."""

    def __init__(self, server: MailServer, head: LetterheadSettings, wording: Wording, files: FilesOf) -> None:
        self._server = server
        self._head = head
        self._wording = wording
        self._files = files

    async def send(self, parcel: Parcel) -> Sent:
        """One mail; a doubted one again as the very same, which their server may know by its id."""
        address = parcel.institution.email
        if address is None or not is_address(address):
            return Sent(Outcome.NEVER, "no mail address")
        body = self.compose(parcel, await self._files(parcel))
        done = await self._server.deliver(Post(self.return_path(parcel), address, body))
        return Sent(done.outcome, done.error)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._server.close()

    def return_path(self, parcel: Parcel) -> str:
        """Where its bounce comes, which tells by itself what it is about."""
        return f"{RETURN}+{parcel.mail_token}@{self._head.domain}"

    def compose(self, parcel: Parcel, files: Files) -> bytes:
        """The mail's bytes, ready for DATA."""
        words = self._wording.write(parcel)
        text = clean(words.text) + (f"\n\n{self._wording.files_left(files.left)}" if files.left else "")
        address = parcel.institution.email or ""
        mail = EmailMessage(policy=SMTP if address.isascii() else SMTPUTF8)
        name = " ".join(clean(self._head.email_name).split())
        mail["From"] = Address(name, self._head.email_address.rpartition("@")[0], self._head.domain)
        mail["To"] = address
        mail["Reply-To"] = Address(name, f"{REPLY}+{parcel.mail_token}", self._head.domain)
        mail["Subject"] = subject = " ".join(clean(words.subject).split())[:SUBJECT_LETTERS_MAX]
        mail["Date"] = formatdate(localtime=False)
        mail["Message-ID"] = f"<{self._id(parcel.letter.id)}>"
        mail[LOOP_HEADER] = str(parcel.letter.id)
        mail.set_content(f"{text}\n", cte="base64")
        mail.add_alternative(page(_linked(text, parcel.link), "tr", subject), subtype="html", cte="base64")
        for file in files.kept:
            main, _, sub = file.media_type.partition("/")
            mail.add_attachment(file.body, maintype=main, subtype=sub or "octet-stream", filename=file.name)
        return signed(self._thread(parcel) + mail.as_bytes(), self._head.domain, self._head.key)

    def _thread(self, parcel: Parcel) -> bytes:
        """Later letters stand under the first. Written by hand: the standard library folds in the middle of an id."""
        if parcel.letter.kind is LetterKind.OFFER:
            return b""
        first = self._id(letter_id(parcel.handover, LetterKind.OFFER))
        return f"In-Reply-To: <{first}>\r\nReferences: <{first}>\r\n".encode()

    def _id(self, letter: UUID) -> str:
        return f"{letter}@{self._head.domain}"


def _linked(text: str, link: str) -> str:
    """As HTML; of all that stands there only our own link can be clicked."""
    shown = html.escape(link)
    return paragraphs(text).replace(shown, f'<a href="{shown}">{shown}</a>')
