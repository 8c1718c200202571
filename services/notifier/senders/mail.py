"""A letter as a mail: headers nobody can add to, plain text with the same text as HTML, DKIM where a key is given."""

import html
import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import formatdate
from typing import Final

from services.notifier.senders.base import Letter
from shared.mailing.letterhead import LOOP_HEADER, REPLY, RETURN, DkimKey, is_address, page, paragraphs, signed
from shared.text import clean

SUBJECT_LETTERS_MAX: Final = 150
SUBJECTS: Final = {"tr": "Başvurunuz hakkında", "en": "About your request"}
UNSUBSCRIBE: Final = {
    "tr": "Bu bildirimleri almak istemiyorsanız:",
    "en": "If you do not want these notices:",
}
# A citizen's message id; what intake puts behind it, and other channels' ids, are none.
_ID: Final = re.compile(r"[!-;=?A-~]{1,200}@[!-;=?A-~]{1,200}(?= |$)")
_TOKEN: Final = re.compile(r"[0-9a-z-]{1,60}")
_URL: Final = re.compile(r"https?://[!#-;=?-~]{1,900}")


def message_id(letter: Letter, domain: str) -> str:
    """The id a letter keeps however often it is sent, without the brackets: bounces and answers name it."""
    return f"{letter.id}@{domain}"


class Composer:
    """Writes mails from one address of ours."""

    def __init__(self, address: str, name: str, key: DkimKey | None = None) -> None:
        if not is_address(address):
            raise ValueError("EMAIL_ADDRESS is no mail address")
        self._local, _, self.domain = address.rpartition("@")
        self._name = " ".join(clean(name).split())
        self._key = key

    def return_path(self, letter: Letter) -> str:
        """Where its bounce comes, which tells by itself what it is about (VERP)."""
        return f"{RETURN}+{letter.id}@{self.domain}"

    def compose(self, letter: Letter) -> bytes:
        """The mail's bytes, ready for DATA."""
        mail = EmailMessage(policy=SMTP if letter.address.isascii() else SMTPUTF8)
        language = "en" if letter.language == "en" else "tr"
        mail["From"] = Address(self._name, self._local, self.domain)
        mail["To"] = letter.address
        mail["Subject"] = subject = _subject(letter, language)
        mail["Date"] = formatdate(localtime=False)
        mail["Message-ID"] = f"<{message_id(letter, self.domain)}>"
        if letter.reply_token and _TOKEN.fullmatch(letter.reply_token):
            mail["Reply-To"] = Address(self._name, f"{REPLY}+{letter.reply_token}", self.domain)
        answered = _ID.match(letter.thread_id or "")
        mail["Auto-Submitted"] = "auto-replied" if answered else "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        mail[LOOP_HEADER] = str(letter.id)
        url = letter.unsubscribe_url if letter.unsubscribe_url and _URL.fullmatch(letter.unsubscribe_url) else None
        text = clean(letter.text)
        mail.set_content(_plain(text, url, language), cte="base64")
        mail.add_alternative(_html(text, url, language, subject), subtype="html", cte="base64")
        return signed(_unfolded(answered[0] if answered else None, url) + mail.as_bytes(), self.domain, self._key)


def _unfolded(answered: str | None, url: str | None) -> bytes:
    """Headers the standard library would fold in the middle of an id or address; nothing in them can end a line."""
    lines = []
    if answered:
        lines += [f"In-Reply-To: <{answered}>", f"References: <{answered}>"]
    if url:
        lines += [f"List-Unsubscribe: <{url}>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"]
    return "".join(f"{line}\r\n" for line in lines).encode()


def _subject(letter: Letter, language: str) -> str:
    given = " ".join(clean(letter.subject).split())[:SUBJECT_LETTERS_MAX]
    if given:
        return given
    return f"{SUBJECTS[language]} ({letter.number})" if letter.number else SUBJECTS[language]


def _plain(text: str, url: str | None, language: str) -> str:
    return f"{text}\n\n-- \n{UNSUBSCRIBE[language]} {url}\n" if url else f"{text}\n"


def _html(text: str, url: str | None, language: str, subject: str) -> str:
    body = paragraphs(text)
    if url:
        link = f'<a href="{html.escape(url)}">{html.escape(url)}</a>'
        body += f'<p style="font-size:14px;color:#555">{UNSUBSCRIBE[language]} {link}</p>'
    return page(body, language, subject)
