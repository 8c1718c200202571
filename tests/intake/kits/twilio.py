"""Twilio's forms."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from services.intake.channels.twilio import signature
from shared.contracts import Channel
from tests.intake.kits.base import ChannelKit, Posted
from tests.outside import CREDENTIALS

TOKEN = CREDENTIALS["TWILIO_AUTH_TOKEN"]
HEADER = "X-Twilio-Signature"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def inbound(text: str, id_: str, **more: str) -> bytes:
    form = {
        "MessageSid": f"SM{id_}",
        "AccountSid": "AC1",
        "From": "+905321112233",
        "To": "+903620000000",
        "Body": text,
        "NumMedia": "0",
        "SmsStatus": "received",
    }
    return urlencode(form | more).encode()


def photo(id_: str) -> bytes:
    url = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"
    return inbound("Çukur", id_, NumMedia="1", MediaUrl0=url, MediaContentType0="image/jpeg")


def status(word: str = "delivered", **more: str) -> bytes:
    form = {"MessageSid": "SMours", "MessageStatus": word, "To": "+905321112233", "From": "+903620000000"}
    return urlencode(form | more).encode()


def _signed(body: bytes, url: str, token: str = TOKEN) -> Posted:
    form = dict(parse_qsl(body.decode(), keep_blank_values=True))
    return Posted(headers={**FORM, HEADER: signature(url, form, token)})


def _forged(body: bytes, url: str) -> Mapping[str, Posted]:
    right = _signed(body, url).headers[HEADER]
    return {
        "unsigned": Posted(headers=FORM),
        "another token": _signed(body, url, "another"),
        "another body": _signed(body + b"&Extra=1", url),
        "another address": _signed(body, url + "/x"),
        "two signatures": Posted(headers={**FORM, HEADER: f"{right}, {right}"}),
    }


KIT = ChannelKit(
    provider="twilio",
    channel=Channel.SMS,
    address="+905321112233",
    text=inbound,
    photo=photo,
    status=status(),
    environment={"TWILIO_AUTH_TOKEN": TOKEN},
    signed=_signed,
    forged=_forged,
)
