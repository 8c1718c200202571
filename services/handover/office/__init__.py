"""The office: sends what is due, reminds, and waits no longer when the time is up."""

from services.handover.office.asking import Asker
from services.handover.office.clerk import Clerk

__all__ = ["Asker", "Clerk"]
