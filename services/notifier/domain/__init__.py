"""The notifier's decisions: what is told, which way it goes, and what a provider's answer makes of it. Pure."""

from services.notifier.domain.compose import Composer
from services.notifier.domain.ladder import (
    Address,
    Decision,
    Delivery,
    Doubt,
    HandOver,
    Person,
    Send,
    Settle,
    Step,
    Wait,
    Ways,
    next_step,
)
from services.notifier.domain.notices import DUTY, Notice, Party, Teller, on_duty, parties
from services.notifier.domain.status import (
    Answer,
    Change,
    Result,
    Standing,
    advance,
    heard_at,
    receipt_change,
    result_change,
)

__all__ = [
    "DUTY",
    "Address",
    "Answer",
    "Change",
    "Composer",
    "Decision",
    "Delivery",
    "Doubt",
    "HandOver",
    "Notice",
    "Party",
    "Person",
    "Result",
    "Send",
    "Settle",
    "Standing",
    "Step",
    "Teller",
    "Wait",
    "Ways",
    "advance",
    "heard_at",
    "next_step",
    "on_duty",
    "parties",
    "receipt_change",
    "result_change",
]
