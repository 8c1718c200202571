"""What a provider's answer and its receipts make of a delivery, and of the notice it belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.contracts import NoticeStatus

RETRY_SECONDS: Final = (2, 10, 60, 300, 900, 3600)

_RANK: Final[Mapping[NoticeStatus, int]] = {
    NoticeStatus.WAITING: 0,
    NoticeStatus.SENDING: 0,
    NoticeStatus.UNKNOWN: 1,
    NoticeStatus.ACCEPTED: 2,
    NoticeStatus.SENT: 3,
    NoticeStatus.FAILED: 4,
    NoticeStatus.NO_ADDRESS: 4,
    NoticeStatus.EXPIRED: 4,
    NoticeStatus.OPTED_OUT: 4,
    NoticeStatus.HANDED_OVER: 4,
    NoticeStatus.DELIVERED: 5,
    NoticeStatus.READ: 6,
}
ARRIVED: Final = frozenset({NoticeStatus.DELIVERED, NoticeStatus.READ})
SETTLED: Final = frozenset(
    {
        NoticeStatus.FAILED,
        NoticeStatus.NO_ADDRESS,
        NoticeStatus.EXPIRED,
        NoticeStatus.OPTED_OUT,
        NoticeStatus.HANDED_OVER,
    }
)


class Answer(StrEnum):
    """The few answers of a provider that matter to us."""

    ACCEPTED = "accepted"
    LATER = "later"  # certainly not sent: try again
    NEVER = "never"  # certainly not sent, and it would be refused again
    UNKNOWN = "unknown"  # may have been sent: never blindly again


@dataclass(frozen=True, slots=True)
class Result:
    """What a provider said to one send; `retry_seconds` is its own wish when to try again."""

    letter_id: UUID
    answer: Answer
    provider_id: str | None = None
    error: str | None = None
    retry_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A delivery as it stands, with what its notice needs to know of it.

    `is_last`: no later delivery of the notice was begun.
    """

    id: UUID
    notice_id: UUID
    status: NoticeStatus
    attempts: int
    is_last: bool
    notice_status: NoticeStatus
    tries: int  # of the notice, over all its deliveries


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a delivery and of its notice. `look_again` None: nothing more is to be done about the notice."""

    delivery_id: UUID
    status: NoticeStatus
    attempts: int
    notice_status: NoticeStatus
    provider_id: str | None = None
    error: str | None = None
    look_again: timedelta | None = None
    keeps_watch: bool = False  # the notice's own time to be looked at stays as it is


def advance(known: NoticeStatus, reported: NoticeStatus) -> NoticeStatus:
    """The status after a report: it only goes up, whatever comes late, twice or backwards."""
    return reported if _RANK[reported] > _RANK[known] else known


def result_change(
    delivery: Standing, result: Result, attempt: int, unknown_wait_seconds: float, has_another: bool
) -> Change | None:
    """What a provider's answer to the `attempt`-th send makes of a delivery; None: nothing new.

    A receipt may have overtaken the answer: it knows better. So may a later send, when the sender of this one was
    frozen: then only an acceptance still counts, and the count of sends never goes back. `has_another`: another
    provider of the channel was not asked yet, so that nothing need be waited for.
    """
    is_accepted = result.answer is Answer.ACCEPTED
    is_open = delivery.status in (NoticeStatus.SENDING, NoticeStatus.UNKNOWN)
    if not (is_open or (is_accepted and delivery.status is NoticeStatus.WAITING)):
        return None
    if attempt < delivery.attempts and not is_accepted:
        return None
    attempts = max(attempt, delivery.attempts)
    match result.answer:
        case Answer.ACCEPTED:
            status, wait = NoticeStatus.ACCEPTED, None
        case Answer.NEVER:
            status, wait = NoticeStatus.FAILED, 0.0
        case Answer.UNKNOWN:
            status, wait = NoticeStatus.UNKNOWN, unknown_wait_seconds
        case Answer.LATER:
            usual = RETRY_SECONDS[min(max(delivery.tries, 1), len(RETRY_SECONDS)) - 1]
            status, wait = NoticeStatus.WAITING, 0.0 if has_another else (result.retry_seconds or usual)
    return _change(delivery, status, attempts, result.provider_id, result.error, wait)


def receipt_change(delivery: Standing, reported: NoticeStatus, provider_id: str, error: str | None) -> Change | None:
    """What a provider's receipt makes of a delivery; None: nothing new. A failure after an arrival is none."""
    status = advance(delivery.status, reported)
    if status is delivery.status:
        return None
    wait = 0.0 if status is NoticeStatus.FAILED else None
    return _change(delivery, status, delivery.attempts, provider_id, error, wait)


def _change(
    delivery: Standing,
    status: NoticeStatus,
    attempts: int,
    provider_id: str | None,
    error: str | None,
    wait_seconds: float | None,
) -> Change:
    """The delivery's news, and what they mean to its notice: arrived is arrived, whatever else is under way."""
    notice = delivery.notice_status
    if status in ARRIVED:
        return Change(delivery.id, status, attempts, advance(notice, status), provider_id, error)
    if notice in ARRIVED or notice in SETTLED or not delivery.is_last:
        return Change(delivery.id, status, attempts, notice, provider_id, error, keeps_watch=True)
    look_again = None if wait_seconds is None else timedelta(seconds=wait_seconds)
    under_way = NoticeStatus.WAITING if status is NoticeStatus.FAILED else status
    return Change(delivery.id, status, attempts, under_way, provider_id, error, look_again)


def heard_at(said: datetime, now: datetime) -> datetime:
    """When a citizen last wrote, by the provider's clock.

    No provider delivers a message after more than a week: an older time is not its clock but a replay's, and never
    is it later than now.
    """
    return said if timedelta() <= now - said <= timedelta(days=7) else now
