"""A letter as a mail: headers nobody can add to, plain text with the same text as HTML, DKIM where a key is given."""

import html
import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import formatdate
from typing import Final

import dkim

from services.notifier.senders.base import Letter
from shared.text import clean

# The reader of mail knows it too: what carries it is our own mail come back.
LOOP_HEADER: Final = "X-ILKIM-Loop"
REPLY, RETURN = "cevap", "bounce"
ADDRESS_LETTERS_MAX: Final = 200
SUBJECT_LETTERS_MAX: Final = 150
SIGNED_HEADERS: Final = (
    "from", "to", "subject", "date", "message-id", "reply-to", "in-reply-to", "references", "mime-version",
    "content-type", "auto-submitted", "list-unsubscribe", "list-unsubscribe-post",
)  # fmt: skip
SUBJECTS: Final = {"tr": "Başvurunuz hakkında", "en": "About your request"}
UNSUBSCRIBE: Final = {
    "tr": "Bu bildirimleri almak istemiyorsanız:",
    "en": "If you do not want these notices:",
}
_WORD: Final = r"[^\s<>()\[\],;:\"\\@\x00-\x20\x7f]"
_ADDRESS: Final = re.compile(rf"{_WORD}+@{_WORD}+\.{_WORD}{{2,}}")
# A citizen's message id; what intake puts behind it, and other channels' ids, are none.
_ID: Final = re.compile(r"[!-;=?A-~]{1,200}@[!-;=?A-~]{1,200}(?= |$)")
_TOKEN: Final = re.compile(r"[0-9a-z-]{1,60}")
_URL: Final = re.compile(r"https?://[!#-;=?-~]{1,900}")
_PAGE: Final = (
    '<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{subject}</title></head>'
    '<body style="font-family:sans-serif;font-size:16px;line-height:1.5;color:#1a1a1a;max-width:40em">{body}</body>'
    "</html>"
)


@dataclass(frozen=True, slots=True)
class DkimKey:
    """`selector` names the public half in our DNS: `<selector>._domainkey.<domain>`."""

    selector: str
    private_key: bytes


def is_address(text: str) -> bool:
    """Whether a mail can be addressed so; line ends, blanks and lists cannot."""
    return len(text) <= ADDRESS_LETTERS_MAX and bool(_ADDRESS.fullmatch(text))


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
        return self._signed(_unfolded(answered[0] if answered else None, url) + mail.as_bytes())

    def _signed(self, body: bytes) -> bytes:
        if self._key is None:
            return body
        names = [name.encode() for name in SIGNED_HEADERS]
        present = [name for name in names if re.search(rb"(?im)^" + name + rb":", body.split(b"\r\n\r\n", 1)[0])]
        signature = dkim.sign(
            body,
            self._key.selector.encode(),
            self.domain.encode(),
            self._key.private_key,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=present,
        )
        return bytes(signature) + body


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
    """The same words; a citizen's or clerk's text is shown and never becomes markup or a link."""
    paragraphs = [html.escape(part).replace("\n", "<br>") for part in re.split(r"\n{2,}", text.strip())]
    body = "".join(f"<p>{part}</p>" for part in paragraphs)
    if url:
        link = f'<a href="{html.escape(url)}">{html.escape(url)}</a>'
        body += f'<p style="font-size:14px;color:#555">{UNSUBSCRIBE[language]} {link}</p>'
    return _PAGE.format(language=language, subject=html.escape(subject), body=body)
