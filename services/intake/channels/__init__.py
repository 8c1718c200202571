"""One file a channel: reads a provider's webhook into citizens' messages and receipts for our own.

To add one: write a module with a `read(webhook) -> Reading` and a row in `READERS`.
"""

from collections.abc import Callable, Mapping
from typing import Final

from services.intake.channels import whatsapp
from services.intake.channels.reading import Reading
from shared.contracts import Channel, WebhookReceived

READERS: Final[Mapping[Channel, Callable[[WebhookReceived], Reading]]] = {Channel.WHATSAPP: whatsapp.read}

__all__ = ["READERS", "Reading"]
