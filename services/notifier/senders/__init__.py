"""One file a provider, its code table on top. To add one: a module with a `sender()` that reads its settings from
the environment (None: not configured), and a row in `SENDERS`.

Channels without a configured sender have a program of their own: it takes replies from the queue `reply.<channel>`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from services.notifier.senders import messenger, netgsm, smtp, telegram, twilio, verimor, whatsapp, x
from services.notifier.senders.base import ApprovedTemplate, Letter, Sender
from shared.contracts import Channel


@dataclass(frozen=True, slots=True)
class SenderRow:
    """A provider of a channel; `configured` gives its sender, or None where its settings are not there.

    `dead_address` are the errors, in answers or receipts, that mean the address itself takes nothing.
    """

    channel: Channel
    configured: Callable[[], Sender | None]
    dead_address: frozenset[str] = frozenset()


SENDERS: Final[Mapping[str, SenderRow]] = {
    "smtp": SenderRow(Channel.EMAIL, smtp.sender, smtp.DEAD_ADDRESS),
    "whatsapp": SenderRow(Channel.WHATSAPP, whatsapp.sender, whatsapp.DEAD_ADDRESS),
    "netgsm": SenderRow(Channel.SMS, netgsm.sender, netgsm.DEAD_ADDRESS),
    "verimor": SenderRow(Channel.SMS, verimor.sender, verimor.DEAD_ADDRESS),
    "twilio": SenderRow(Channel.SMS, twilio.sender, twilio.DEAD_ADDRESS),
    "telegram": SenderRow(Channel.SOCIAL, telegram.sender, telegram.DEAD_ADDRESS),
    "messenger": SenderRow(Channel.SOCIAL, messenger.messenger, messenger.DEAD_ADDRESS),
    "instagram": SenderRow(Channel.SOCIAL, messenger.instagram, messenger.DEAD_ADDRESS),
    "x": SenderRow(Channel.SOCIAL, x.sender, x.DEAD_ADDRESS),
}

__all__ = ["SENDERS", "ApprovedTemplate", "Letter", "Sender", "SenderRow"]
