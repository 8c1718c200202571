"""What a channel makes of a webhook."""

from dataclasses import dataclass

from shared.contracts import DeliveryReported, MessageReceived


@dataclass(frozen=True, slots=True)
class Reading:
    """Citizens' messages, and receipts for our own, in the order they stood; the rest of a webhook is only stored."""

    messages: tuple[MessageReceived, ...] = ()
    receipts: tuple[DeliveryReported, ...] = ()
