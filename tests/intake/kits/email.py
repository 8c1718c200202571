"""E-mail, listened to: any bytes are a mail, and its receipts come as bounces, which are contacts too."""

from shared.contracts import Channel
from tests.intake.kits.base import ChannelKit
from tests.intake.mail.samples import CENTRE, DOMAIN, a_mail, a_multipart, a_part, in_base64

ADDRESS = "ayse@example.org"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 100


def _text(text: str, id_: str) -> bytes:
    return a_mail(text, From=f"Ayşe Yılmaz <{ADDRESS}>", Subject=None, Message_ID=f"<{id_}@example.org>")


def _photo(id_: str) -> bytes:
    headers = ("Content-Disposition: attachment; filename=foto.png", "Content-Transfer-Encoding: base64")
    parts = (a_part("Çöp"), a_part(in_base64(PICTURE), "image/png", *headers))
    return a_multipart(*parts, From=ADDRESS, Subject=None, Message_ID=f"<{id_}@example.org>")


def _kit(provider: str) -> ChannelKit:
    return ChannelKit(
        provider=provider,
        channel=Channel.EMAIL,
        address=ADDRESS,
        text=_text,
        photo=_photo,
        details={"addresses": CENTRE, "domain": DOMAIN, "mail_from": ADDRESS, "rcpt_to": CENTRE},
        reads_any_bytes=True,
    )


KIT, IMAP = _kit("email"), _kit("imap")
