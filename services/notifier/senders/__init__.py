"""One file a provider, its code table on top. Channels without a row here have a program of their own: they take
their replies from the queue `reply.<channel>`."""

from services.notifier.senders.base import Letter, Sender
from services.notifier.senders.whatsapp import WhatsApp

__all__ = ["Letter", "Sender", "WhatsApp"]
