"""How long a case may take: clocks as pure functions of a case's steps, a target and a calendar."""

from shared.clocks.clock import Clock, ClockState, Pause, Step, clock
from shared.clocks.legal import LEGAL_TERMS, LegalTerm, legal_clock
from shared.clocks.working import WorkingTime, counted

__all__ = [
    "LEGAL_TERMS",
    "Clock",
    "ClockState",
    "LegalTerm",
    "Pause",
    "Step",
    "WorkingTime",
    "clock",
    "counted",
    "legal_clock",
]
