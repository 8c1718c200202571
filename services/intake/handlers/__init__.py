"""One short function per kind of message: read it, ask the domain, tell the store."""

from services.intake.handlers.bursts import Bursts
from services.intake.handlers.following import follow_cases, keep_replies, note_notices
from services.intake.handlers.receiving import Intake
from services.intake.handlers.registering import Registrar
from services.intake.handlers.sweeping import Sweeper
from services.intake.handlers.tasks import Tasks

__all__ = ["Bursts", "Intake", "Registrar", "Sweeper", "Tasks", "follow_cases", "keep_replies", "note_notices"]
