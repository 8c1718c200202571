"""The post office: lanes of letters to providers, the clerk who decides what goes where, and what became of it."""

from services.notifier.office.clerk import FACTS_KEY, Clerk, Written
from services.notifier.office.lanes import Held, Lanes
from services.notifier.office.later import Later
from services.notifier.office.post_office import LEASE, PostOffice, as_of

__all__ = ["FACTS_KEY", "LEASE", "Clerk", "Held", "Lanes", "Later", "PostOffice", "Written", "as_of"]
