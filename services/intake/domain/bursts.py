"""What a sender writes within seconds is one contact: which messages wait, which belong together, and in what order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final
from uuid import UUID

from shared.contracts import Channel, MessageReceived, Purpose
from shared.contracts.channel import TEXT_MAX
from shared.urgency import Alarms

GATHERED: Final = frozenset({Channel.WHATSAPP, Channel.SMS, Channel.SOCIAL})
# Kinds that are no part of a burst: they speak of one message, or come from a form of several parts.
_ALONE: Final = frozenset({"reaction", "order", "system"})
MESSAGES_MAX: Final = 30  # WhatsApp albums hold as many
LETTERS_MAX: Final = TEXT_MAX
SPAN_MAX: Final = timedelta(seconds=60)  # however they go on, the citizen has a number by then
ATTACHMENTS_MAX: Final = 30


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message of a burst; `arrival` orders those with the same time of the provider."""

    id: UUID
    message: MessageReceived
    person_id: UUID
    raw_id: UUID
    received_at: datetime
    arrival: int

    @property
    def from_moment(self) -> datetime:
        """When it was written, as far as its provider's clock may be believed."""
        return min(self.message.occurred_at, self.received_at)


@dataclass(frozen=True, slots=True)
class Split:
    """One sender's messages: bursts that are over, each in order, and the one that may go on until `due_at`."""

    over: tuple[tuple[Waiting, ...], ...]
    waiting: tuple[Waiting, ...] = ()
    due_at: datetime | None = None


def can_wait(message: MessageReceived) -> bool:
    """Whether it may be part of a burst: a sender's own words on a channel where people write line by line."""
    return (
        message.channel in GATHERED
        and message.sender.address is not None
        and message.purpose is Purpose.REQUEST
        and message.kind not in _ALONE
        and not message.requests
        and message.about_case is None
        and message.decided is None
    )


def split(messages: Sequence[Waiting], window: timedelta, now: datetime, alarms: Alarms) -> Split:
    """Cut one sender's messages into bursts, and say which are over. An emergency ends its burst at once."""
    runs = _runs(sorted(messages, key=lambda row: (row.message.occurred_at, row.arrival)), window)
    if not runs:
        return Split(())
    *over, last = runs
    due_at = min(last[-1].from_moment + window, last[0].from_moment + SPAN_MAX)
    if due_at <= now or _is_full(last) or _is_urgent(last, alarms):
        return Split((*over, last))
    return Split(tuple(over), last, due_at)


def combine(run: Sequence[Waiting]) -> MessageReceived:
    """The one message that a burst is: the first, with the words, files and places of all in their order.

    What the sender edited or deleted meanwhile stands in its last form.
    """
    first = run[0].message
    if len(run) == 1:
        return first
    messages = _as_corrected([row.message for row in run])
    places = [message.place for message in messages if message.place.latitude is not None] or [
        message.place for message in messages if message.place.neighbourhood or message.place.street
    ]
    replies = [message.in_reply_to for message in messages if message.in_reply_to]
    files = tuple(file for message in messages for file in message.attachments)
    return first.model_copy(
        update={
            "text": "\n".join(message.text for message in messages if message.text),
            "place": places[0] if places else first.place,
            "attachments": files[:ATTACHMENTS_MAX],
            "in_reply_to": replies[0] if replies else None,
            "concerns": first.concerns if len(messages) == 1 else None,
            "kind": first.kind if first in messages else "text",
        }
    )


def _runs(messages: Sequence[Waiting], window: timedelta) -> list[tuple[Waiting, ...]]:
    runs: list[list[Waiting]] = [[row] for row in messages[:1]]
    for before, row in pairwise(messages):
        is_near = row.message.occurred_at - before.message.occurred_at <= window
        if is_near and not _is_full(runs[-1]):
            runs[-1].append(row)
        else:
            runs.append([row])
    return [tuple(run) for run in runs]


def _is_full(run: Sequence[Waiting]) -> bool:
    span = run[-1].message.occurred_at - run[0].message.occurred_at
    letters = sum(len(row.message.text) for row in run)
    return len(run) >= MESSAGES_MAX or letters >= LETTERS_MAX or span >= SPAN_MAX


def _is_urgent(run: Sequence[Waiting], alarms: Alarms) -> bool:
    return alarms.in_text("\n".join(row.message.text for row in run)) is not None


def _as_corrected(messages: Sequence[MessageReceived]) -> list[MessageReceived]:
    """Edits in the place of what they edit, and without what was deleted; what corrects nothing here stays."""
    kept = {message.provider_id: message for message in messages if message.concerns is None}
    for message in messages:
        if message.concerns is None:
            continue
        before = kept.get(message.concerns)
        if before is None:
            kept[message.provider_id] = message
        elif message.kind == "deleted":
            del kept[message.concerns]
        else:
            kept[message.concerns] = before.model_copy(update={"text": message.text})
    return list(kept.values())
