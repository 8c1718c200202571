"""One file a way of sending: e-mail, our API, Open311."""

from services.handover.senders.api import Api
from services.handover.senders.base import Files, FilesOf, Sender
from services.handover.senders.email import Email
from services.handover.senders.files import Attached
from services.handover.senders.open311 import Open311

__all__ = ["Api", "Attached", "Email", "Files", "FilesOf", "Open311", "Sender"]
