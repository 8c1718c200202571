"""Mails of invented people, as their programs would write them."""

import base64
import quopri
from typing import Any, Final

from services.intake.channels import Reading, email
from shared.contracts import Channel, MessageReceived, WebhookReceived
from tests.builders import AT, a_webhook

CENTRE: Final = "cozum@ilkadim.example"
DOMAIN: Final = "ilkadim.example"
TEXT: Final = "Sokağımızdaki çöp üç gündür alınmadı, İstiklal Caddesi'nin köşesi ağır kokuyor. Şikâyetçiyim."
DELIVERY: Final = "019c1f2e-7d3a-7c4b-8a5d-6e7f8091a2b3"


def a_mail(body: bytes | str = TEXT, **changed: str | None) -> bytes:
    """A plain mail; further headers by name with `_` for `-`, None leaves one out."""
    default: dict[str, str | None] = {
        "From": "Ayşe Yılmaz <ayse.yilmaz@example.org>",
        "To": CENTRE,
        "Subject": "Çöp şikâyeti",
        "Date": "Mon, 02 Mar 2026 12:30:00 +0300",
        "Message-ID": "<first-mail@example.org>",
        "Content-Type": "text/plain; charset=utf-8",
    }
    headers = default | {name.replace("_", "-"): value for name, value in changed.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value is not None)
    return head.encode() + b"\r\n" + (body if isinstance(body, bytes) else body.encode())


def a_multipart(*parts: bytes, kind: str = "mixed", **changed: str | None) -> bytes:
    """Each part with its own headers."""
    body = b"".join(b"--edge\r\n" + part + b"\r\n" for part in parts) + b"--edge--\r\n"
    return a_mail(body, **({"Content_Type": f'multipart/{kind}; boundary="edge"'} | changed))


def a_part(content: bytes | str, media_type: str = "text/plain; charset=utf-8", *headers: str) -> bytes:
    body = content if isinstance(content, bytes) else content.encode()
    return "\r\n".join([f"Content-Type: {media_type}", *headers]).encode() + b"\r\n\r\n" + body


def in_base64(content: bytes) -> bytes:
    return base64.encodebytes(content)


def in_quoted_printable(content: bytes) -> bytes:
    return quopri.encodestring(content)


def a_payload(raw: bytes, **details: str) -> WebhookReceived:
    ours = {"addresses": CENTRE, "domain": DOMAIN, "source": "smtp"}
    return a_webhook(raw, channel=Channel.EMAIL, provider="email", received_at=AT, details=ours | details)


def read(raw: bytes, **details: str) -> Reading:
    return email.read(a_payload(raw, **details))


def message(raw: bytes, **details: str) -> MessageReceived:
    [found] = read(raw, **details).messages
    return found


def text_of(raw: bytes, **details: Any) -> str:
    """What was written, without the subject."""
    return message(raw, **details).text.removeprefix("Çöp şikâyeti\n")
