"""What a person should see before it makes work: spam, abuse without a request, blocked senders, loops."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from services.intake.domain.followups import SAME_SENDER
from shared.contracts import Channel, MessageReceived, Purpose

# Where anybody may write anything; what an operator enters was heard by a person.
_OPEN: Final = SAME_SENDER | {Channel.WEB, Channel.MOBILE}


class Reason(StrEnum):
    """Why a contact is held; the desk has words for each."""

    BLOCKED = "blocked"
    LOOP = "too_many"
    SPAM = "spam"
    ABUSE = "abuse"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a contact may wait for a person. `holds`: whatever it is; `holds_new`: unless it joins a case.

    `flags` hold nothing; they tell the reader beforehand.
    """

    holds: bool = False
    holds_new: bool = False
    reason: str = ""
    detail: str = ""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the words look like, with what told so (codes, never the words themselves)."""

    is_spam: bool = False
    is_abuse: bool = False
    asks_for_something: bool = False
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoopLimit:
    """More than so many contacts of one sender within so long may be two machines talking."""

    contacts_max: int
    span: timedelta


NO_DOUBT: Final = Doubt()


def is_judged(message: MessageReceived) -> bool:
    """Whether a contact may be held at all."""
    return message.channel in _OPEN and message.purpose is Purpose.REQUEST


def doubt(
    message: MessageReceived,
    *,
    is_blocked: bool,
    contacts_before: int,
    limit: LoopLimit,
    judge: Callable[[MessageReceived], Judgement],
) -> Doubt:
    """Whether to hold a contact, the gravest reason first. Rude words alone hold nothing that asks for something."""
    if is_blocked:
        return Doubt(holds=True, reason=Reason.BLOCKED)
    if contacts_before >= limit.contacts_max:
        # Mail programs answer each other's replies; a citizen in a chat goes on about a case.
        answers_itself = message.channel is Channel.EMAIL
        return Doubt(holds=answers_itself, holds_new=True, reason=Reason.LOOP, detail=f"{contacts_before + 1} contacts")
    found = judge(message)
    because = ", ".join(found.because)
    flags = ((Reason.ABUSE,) if found.is_abuse else ()) + ((Reason.SPAM,) if found.is_spam else ())
    if found.is_spam:
        return Doubt(holds_new=True, reason=Reason.SPAM, detail=because, flags=flags)
    if found.is_abuse and not found.asks_for_something:
        return Doubt(holds_new=True, reason=Reason.ABUSE, detail=because, flags=flags)
    return Doubt(flags=flags)
