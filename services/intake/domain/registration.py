"""What a contact becomes: none, one or several cases, an addition to a case, or something for a person to see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from services.intake.domain.followups import Around, FollowUp, follow_up
from services.intake.domain.holding import Doubt
from services.intake.domain.rules import Rules
from services.intake.domain.surveys import Answered, answered
from services.intake.domain.wishes import Wish, gone_on_about, wish_about
from shared.contracts import Channel, Effect, Lane, MessageReceived, Purpose
from shared.contracts.channel import TEXT_MAX
from shared.ids import derived_id
from shared.personal import mask
from shared.text import clean
from shared.urgency import Alarm, Alarms

# Why a contact does nothing but end surveys.
NO_SURVEYS: Final = "no_surveys"
# A contact with one of these wishes belongs to its case.
_JOINING: Final = (Wish.ADD, Wish.REOPEN, Wish.WITHDRAW)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A contact about to be registered: one message, or the one that a burst of them became.

    `message_ids` are the providers' ids in order; `number_id` stands for the bare number or address behind it.
    """

    message: MessageReceived
    raw_id: UUID
    person_id: UUID | None
    number_id: UUID | None
    message_ids: tuple[str, ...]
    last_message_at: datetime

    @property
    def contact_id(self) -> UUID:
        """The id of the contact it becomes: that of its first message."""
        return self.message.contact_id


@dataclass(frozen=True, slots=True)
class FiledCase:
    """A case this contact opens; `text` is masked. `follows`: the case, closed long ago, that it goes on about."""

    id: UUID
    text: str
    follows: UUID | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """One contact and what it does. It adds `text` to the cases in `joins`, and nothing to those in `links`.

    Of those it joins, it wants `reopens` worked on again, and `withdraws` dropped. `answer` is what it says when asked
    whether a case is solved.
    `people`: whose wish about notices it is.
    `reason`: why it joined, is held, or does nothing; `flags`: what whoever reads it should know beforehand.
    """

    arrival: Arrival
    purpose: Purpose
    effect: Effect
    lane: Lane
    alarm: Alarm | None
    opens: tuple[FiledCase, ...] = ()
    joins: tuple[UUID, ...] = ()
    reopens: frozenset[UUID] = frozenset()
    withdraws: frozenset[UUID] = frozenset()
    answer: Answered | None = None
    people: frozenset[UUID] = frozenset()
    links: tuple[UUID, ...] = ()
    text: str = ""
    reason: str = ""
    detail: str = ""
    flags: tuple[str, ...] = ()
    was_held: bool = False

    @property
    def message(self) -> MessageReceived:
        """What was said."""
        return self.arrival.message

    @property
    def emergency_number(self) -> str | None:
        """The number to call at once, when life is at risk."""
        return self.alarm.emergency.number if self.alarm else None

    @property
    def contact_id(self) -> UUID:
        """The contact's id."""
        return self.arrival.contact_id

    @property
    def person_id(self) -> UUID | None:
        """Who said it; None: anonymous."""
        return self.arrival.person_id


def contact_id(channel: Channel, account: str, provider_id: str, occurred_at: datetime) -> UUID:
    """The id of the contact that this message is, whoever computes it."""
    return derived_id(occurred_at, "contact", channel, account, provider_id)


def case_id(contact: UUID, occurred_at: datetime, index: int = 0) -> UUID:
    """The id of the `index`-th case that a contact opens."""
    return derived_id(occurred_at, "case", contact, index)


def lane_of(text: str, alarms: Alarms) -> tuple[Lane, str | None]:
    """The lane of a message, and the number to call at once when life is at risk."""
    alarm = alarms.in_text(text)
    return ("urgent", alarm.emergency.number) if alarm else ("routine", None)


def register(arrival: Arrival, around: Around, doubt: Doubt, rules: Rules) -> Registration:
    """Decide what a contact does. Danger to life is never held, and nobody waits for it to be judged."""
    message = arrival.message
    requests = [clean(text[:TEXT_MAX]) for text in (message.requests or (message.text,))]
    # A machine is in no danger, and is not answered.
    alarm = None if message.purpose is Purpose.AUTOMATIC else rules.alarms.in_text("\n".join(requests))
    lane: Lane = "urgent" if alarm else "routine"
    nothing = Registration(arrival, message.purpose, Effect.NONE, lane, alarm, flags=doubt.flags)
    if message.purpose is not Purpose.REQUEST or message.kind == "deleted":
        return replace(nothing, links=_pointed(around), reason=_nothing_because(message))
    if (wish := rules.notices.wish(message)) is not None:
        mine = frozenset({arrival.person_id} if arrival.person_id else ())
        return replace(nothing, reason="opt_out" if wish else "opt_in", people=mine)
    if doubt.holds and lane != "urgent":
        return replace(nothing, effect=Effect.HELD, reason=doubt.reason, detail=doubt.detail)
    if rules.surveys.wants_none(message.text):
        return replace(nothing, purpose=Purpose.SURVEY, reason=NO_SURVEYS, people=around.people)
    if (answer := answered(message, lane, around, rules.surveys, rules.wishes)) is not None:
        return _answering(nothing, answer)
    follow = _follow(message, lane, around, rules)
    wishes = _wishes(message, lane, follow, around, rules)
    if wishes and (known := _of_known_cases(nothing, requests, follow, wishes)) is not None:
        return known
    if message.concerns is not None:
        return replace(nothing, links=_pointed(around), reason="edited")
    if rules.follow_ups.only_thank(message.text) and not message.attachments:
        return replace(nothing, purpose=Purpose.THANKS, reason="thanks")
    if doubt.holds_new and lane != "urgent":
        return replace(nothing, effect=Effect.HELD, reason=doubt.reason, detail=doubt.detail)
    follows = next((case for case, wish in wishes.items() if wish is Wish.FOLLOW), None)
    return replace(nothing, effect=Effect.OPENED, opens=_filed(arrival, requests, follows))


def _answering(nothing: Registration, answer: Answered) -> Registration:
    """An answer to a survey makes no case; it joins its own where it leaves something to do, or to read."""
    told = replace(nothing, purpose=Purpose.SURVEY, reason=answer.reason, answer=answer)
    case, text = answer.case, mask(clean(answer.rest[:TEXT_MAX]))
    if not answer.asks_again and (answer.solved or not text):
        return replace(told, links=(case.id,))
    reopens = frozenset({case.id}) if answer.asks_again and not case.is_open else frozenset()
    return replace(told, effect=Effect.JOINED, joins=(case.id,), reopens=reopens, text=text)


def _of_known_cases(
    nothing: Registration, requests: Sequence[str], follow: FollowUp, wishes: Mapping[UUID, Wish]
) -> Registration | None:
    """What a contact does to the cases it belongs to; None: it wants a new one that follows them."""
    if joins := tuple(case for case, wish in wishes.items() if wish in _JOINING):
        text = mask("\n".join(requests))
        asked = {wish: frozenset(case for case in joins if wishes[case] is wish) for wish in _JOINING}
        joined = replace(nothing, effect=Effect.JOINED, joins=joins, text=text, reason=follow.why or "")
        return replace(joined, reopens=asked[Wish.REOPEN], withdraws=asked[Wish.WITHDRAW])
    if all(wish is Wish.NOTHING for wish in wishes.values()):
        return replace(nothing, purpose=Purpose.THANKS, links=tuple(wishes), reason="content")
    return None


def _follow(message: MessageReceived, lane: Lane, around: Around, rules: Rules) -> FollowUp:
    """The cases it belongs to. A no that comes too late to count in a survey is said of its case all the same."""
    points = around.referred or around.quoted or around.by_token
    read = rules.surveys.read(message.text, rules.wishes) if around.surveyed and not points else None
    if around.surveyed and read and read.rest and not read.solved:
        around = replace(around, referred=(around.surveyed,))
    follow = follow_up(message, lane, around, rules.follow_ups)
    return follow if follow.cases else gone_on_about(message, lane, around, rules.wishes)


def _wishes(message: MessageReceived, lane: Lane, follow: FollowUp, around: Around, rules: Rules) -> dict[UUID, Wish]:
    if follow.why is None:
        return {}
    return {
        case.id: wish_about(message, lane, case, follow.why, around.may_join(case), rules.wishes)
        for case in follow.cases
    }


def _filed(arrival: Arrival, requests: Sequence[str], follows: UUID | None) -> tuple[FiledCase, ...]:
    at = arrival.message.occurred_at
    return tuple(
        FiledCase(case_id(arrival.contact_id, at, index), mask(text), follows) for index, text in enumerate(requests)
    )


def _pointed(around: Around) -> tuple[UUID, ...]:
    """Every case the message points to: a link adds nothing to it, so that a stranger's may be linked too."""
    token = (around.by_token,) if around.by_token else ()
    return tuple(dict.fromkeys(case.id for case in (*token, *around.referred, *around.quoted)))


def _nothing_because(message: MessageReceived) -> str:
    if message.purpose is Purpose.AUTOMATIC:
        return "automatic"
    return message.kind if message.concerns is not None or message.kind == "deleted" else message.purpose
