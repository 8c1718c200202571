"""What comes in: work for institutions, and what they say of it."""

from services.handover.handlers.answers import Answers, Heard
from services.handover.handlers.mails import Mails
from services.handover.handlers.work import Work

__all__ = ["Answers", "Heard", "Mails", "Work"]
