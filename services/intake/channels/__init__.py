"""One file a provider: reads its payloads into citizens' messages, receipts for our own, and calls.

To add one: a module with a `read(payload) -> Reading` and, where it needs them, an endpoint, a collector or a source
of media (see `base.py`), and a row in `ADAPTERS`. Its name there is its address, `/webhooks/<name>`.
"""

from collections.abc import Mapping
from typing import Final

from services.intake.channels import (
    asterisk,
    bulutfon,
    email,
    messenger,
    netgsm,
    telegram,
    twilio,
    verimor,
    verimor_santral,
    whatsapp,
    whatsapp_media,
    x,
)
from services.intake.channels.base import (
    Accept,
    Adapter,
    Answered,
    Bookmarks,
    BothAway,
    Carried,
    Collector,
    Endpoint,
    FailedAddress,
    Knock,
    Media,
    Reading,
    TooLarge,
)
from services.intake.channels.mail import imap, listener
from shared.contracts import Channel

ADAPTERS: Final[Mapping[str, Adapter]] = {
    "email": Adapter(Channel.EMAIL, email.read, collector=listener.collector, carried=email.carried),
    "imap": Adapter(Channel.EMAIL, email.read, collector=imap.collector, carried=email.carried),
    "whatsapp": Adapter(Channel.WHATSAPP, whatsapp.read, endpoint=whatsapp.endpoint, media=whatsapp_media.media),
    "netgsm": Adapter(Channel.SMS, netgsm.read, collector=netgsm.collector),
    "verimor": Adapter(Channel.SMS, verimor.read, endpoint=verimor.endpoint, collector=verimor.collector),
    "twilio": Adapter(Channel.SMS, twilio.read, endpoint=twilio.endpoint, media=twilio.media),
    "telegram": Adapter(Channel.SOCIAL, telegram.read, endpoint=telegram.endpoint, media=telegram.media),
    "x": Adapter(Channel.SOCIAL, x.read, endpoint=x.endpoint, media=x.media),
    "messenger": Adapter(Channel.SOCIAL, messenger.read, endpoint=messenger.messenger_endpoint, media=messenger.media),
    "instagram": Adapter(Channel.SOCIAL, messenger.read, endpoint=messenger.instagram_endpoint, media=messenger.media),
    "verimor-santral": Adapter(Channel.PHONE, verimor_santral.read, endpoint=verimor_santral.endpoint),
    "bulutfon": Adapter(Channel.PHONE, bulutfon.read, endpoint=bulutfon.endpoint),
    "asterisk": Adapter(Channel.PHONE, asterisk.read, collector=asterisk.collector),
}

__all__ = [
    "ADAPTERS",
    "Accept",
    "Adapter",
    "Answered",
    "Bookmarks",
    "BothAway",
    "Carried",
    "Collector",
    "Endpoint",
    "FailedAddress",
    "Knock",
    "Media",
    "Reading",
    "TooLarge",
]
