"""One file a way of sending: e-mail, our API, Open311."""

from services.handover.senders.base import Files, FilesOf, Sender
from services.handover.senders.email import Email
from services.handover.senders.files import Attached

__all__ = ["Attached", "Email", "Files", "FilesOf", "Sender"]
