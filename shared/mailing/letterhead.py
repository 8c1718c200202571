"""Who our mails are from, and what makes one ours: checked addresses, the loop header, DKIM, the same words as HTML."""

import html
import re
from dataclasses import dataclass
from typing import Final

import dkim
from pydantic import Field, SecretStr

from shared.settings import ProviderSettings

# The reader of mail knows it too: what carries it is our own mail come back.
LOOP_HEADER: Final = "X-ILKIM-Loop"
REPLY, RETURN = "cevap", "bounce"
ADDRESS_LETTERS_MAX: Final = 200
SIGNED_HEADERS: Final = (
    "from", "to", "subject", "date", "message-id", "reply-to", "in-reply-to", "references", "mime-version",
    "content-type", "auto-submitted", "list-unsubscribe", "list-unsubscribe-post",
)  # fmt: skip
_WORD: Final = r"[^\s<>()\[\],;:\"\\@\x00-\x20\x7f]"
_PAGE: Final = (
    '<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{subject}</title></head>'
    '<body style="font-family:sans-serif;font-size:16px;line-height:1.5;color:#1a1a1a;max-width:40em">{body}</body>'
    "</html>"
)
_ADDRESS: Final = re.compile(rf"{_WORD}+@{_WORD}+\.{_WORD}{{2,}}")


class LetterheadSettings(ProviderSettings):
    """Who our mails are from."""

    email_address: str = Field(description="e.g. cozum@ilkadim.bel.tr")
    email_name: str = "İlkadım Belediyesi Çözüm Merkezi"
    dkim_selector: str | None = Field(None, description="with DKIM_KEY: the name of the key in our DNS")
    dkim_key: SecretStr | None = Field(None, description="private key in PEM")

    @property
    def domain(self) -> str:
        """Behind the @ of our address."""
        return self.email_address.rpartition("@")[2]

    @property
    def key(self) -> "DkimKey | None":
        """What our mails are signed with; None: they are not."""
        if not (self.dkim_selector and self.dkim_key):
            return None
        return DkimKey(self.dkim_selector, self.dkim_key.get_secret_value().encode())


@dataclass(frozen=True, slots=True)
class DkimKey:
    """`selector` names the public half in our DNS: `<selector>._domainkey.<domain>`."""

    selector: str
    private_key: bytes


def is_address(text: str) -> bool:
    """Whether a mail can be addressed so; line ends, blanks and lists cannot."""
    return len(text) <= ADDRESS_LETTERS_MAX and bool(_ADDRESS.fullmatch(text))


def signed(body: bytes, domain: str, key: DkimKey | None) -> bytes:
    """The mail with its signature (RFC 6376); as it is without a key."""
    if key is None:
        return body
    names = [name.encode() for name in SIGNED_HEADERS]
    present = [name for name in names if re.search(rb"(?im)^" + name + rb":", body.split(b"\r\n\r\n", 1)[0])]
    signature = dkim.sign(
        body,
        key.selector.encode(),
        domain.encode(),
        key.private_key,
        canonicalize=(b"relaxed", b"relaxed"),
        include_headers=present,
    )
    return bytes(signature) + body


def paragraphs(text: str) -> str:
    """The same words as HTML; a citizen's or clerk's text is shown and never becomes markup or a link."""
    parts = [html.escape(part).replace("\n", "<br>") for part in re.split(r"\n{2,}", text.strip())]
    return "".join(f"<p>{part}</p>" for part in parts)


def page(body: str, language: str, subject: str) -> str:
    """A whole HTML mail around a body that is markup already."""
    return _PAGE.format(language=language, subject=html.escape(subject), body=body)
