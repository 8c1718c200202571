"""What a citizen is told, rendered from the event that causes it: pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from services.notifier.domain.compose import Composer
from shared.contracts import (
    CaseAsked,
    CaseClosed,
    CaseEvent,
    CaseForwarded,
    CaseReopened,
    Channel,
    ContactRegistered,
    DutyCalled,
    Effect,
    Outcome,
    Purpose,
)
from shared.ids import derived_id
from shared.municipality import Municipality, ReplyEvent
from shared.names import Names

Words = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Party:
    """Who is told about a case, and how; `contact_id` is the contact that made them a party."""

    case_id: UUID
    contact_id: UUID
    person_id: UUID | None
    channel: Channel
    provider: str | None
    account: str
    language: str
    is_urgent: bool
    thread_id: str | None


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing a citizen is to be told; `words` are what the event says of it, `text` is how their channel says it.

    `channel`, `provider` and `account` are what the citizen came by; `provider` None: by the channel's own program.
    `contact_id` None: told to whoever is on duty, not to a citizen.
    """

    id: UUID
    event: ReplyEvent
    person_id: UUID | None
    contact_id: UUID | None
    case_id: UUID | None
    channel: Channel
    provider: str | None
    account: str
    language: str
    number: str | None
    words: Words
    text: str
    template: str
    template_version: int
    is_urgent: bool
    thread_id: str | None
    trace_id: str
    occurred_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """To tell of a case, not before `due_at`. None: to tell nothing (any more), for the reason in `dropped`.

    `version` and `occurred_at` are those of the step of the case it goes by.
    """

    case_id: UUID
    event: ReplyEvent
    version: int
    number: str
    trace_id: str
    occurred_at: datetime
    words: Words = field(default_factory=dict)
    due_at: datetime | None = None
    dropped: str = ""


@dataclass(frozen=True, slots=True)
class Teller:
    """Makes notices of events, with a municipality's words."""

    place: Municipality
    composer: Composer

    def of_contact(self, event: ContactRegistered, now: datetime) -> Notice | None:
        """The receipt: the number first of all, or whom to call when life is at risk. None: nothing to say.

        What a machine wrote is never answered, nor is what a person must look at first.
        """
        if event.purpose is Purpose.AUTOMATIC:
            return None
        numbers = ", ".join(case.number for case in event.cases) or None
        words: dict[str, str | None] = {"number": numbers}
        if event.effect is Effect.SPLIT:
            reply = ReplyEvent.SPLIT
        elif event.emergency_number:
            reply = ReplyEvent.EMERGENCY
            words["advice_number"] = event.emergency_number
        elif event.purpose is Purpose.SURVEY:
            if event.effect is not Effect.JOINED:
                return None
            reply = ReplyEvent.NOT_SOLVED
        elif event.effect is Effect.OPENED:
            reply = ReplyEvent.RECEIPT
        elif event.effect is Effect.JOINED:
            reply = ReplyEvent.JOINED
        else:
            return None
        party = _party(event, event.cases[0].case_id if event.cases else None)
        return self._notice(event.id, event.trace_id, event.occurred_at, reply, party, words, now)

    def of_case(self, event: CaseEvent, party: Party, now: datetime) -> Sequence[Notice]:
        """The reply to a step a citizen cares about, none for other steps; beside the tracking page, that there is
        news."""
        told = self._words(event, party.language)
        if told is None:
            return ()
        reply, words = told
        causes = (event.id, event.trace_id, event.occurred_at)
        notice = self._notice(*causes, reply, party, {"number": event.number, **words}, now)
        if party.channel is not Channel.WEB or not self.place.delivery.rule(reply).news:
            return (notice,)
        news = self._notice(*causes, ReplyEvent.NEWS, party, {"number": event.number}, now)
        return (notice, replace(news, channel=NEWS_CHANNEL))

    def of_duty(self, event: DutyCalled, now: datetime) -> Notice:
        """What whoever is on duty hears, in the municipality's own language, as a text to their telephone."""
        words: Words = {
            "number": event.number,
            "department": event.owner_name,
            "topic": event.topic_name,
            "neighbourhood": event.neighbourhood_name,
        }
        language = self.place.default_language
        form = self.composer.form(ReplyEvent.DUTY, language, Channel.SMS, words)
        return Notice(
            id=derived_id(event.occurred_at, "notice", event.id, ReplyEvent.DUTY),
            event=ReplyEvent.DUTY,
            person_id=on_duty(event),
            contact_id=None,
            case_id=event.case_id,
            channel=Channel.SMS,
            provider=DUTY,
            account="main",
            language=language,
            number=event.number,
            words=words,
            text=form.text,
            template=form.template,
            template_version=form.version,
            is_urgent=True,
            thread_id=None,
            trace_id=event.trace_id,
            occurred_at=event.occurred_at,
            expires_at=now + timedelta(hours=self.place.delivery.rule(ReplyEvent.DUTY).expires_hours),
        )

    def planned(self, plan: Plan, party: Party, now: datetime) -> Notice:
        """What was planned for later, to the citizen it is told."""
        causes = (plan.case_id, plan.trace_id, plan.occurred_at)
        return self._notice(*causes, plan.event, party, plan.words, now)

    def _notice(
        self,
        cause: UUID,
        trace_id: str,
        occurred_at: datetime,
        reply: ReplyEvent,
        party: Party,
        words: Words,
        now: datetime,
    ) -> Notice:
        form = self.composer.form(reply, party.language, party.channel, words)
        seed = (cause, reply) if reply in _OF_CONTACTS else (cause, reply, party.contact_id)
        return Notice(
            id=derived_id(occurred_at, "notice", *seed),
            event=reply,
            person_id=party.person_id,
            contact_id=party.contact_id,
            case_id=party.case_id if party.case_id.int else None,
            channel=party.channel,
            provider=party.provider,
            account=party.account,
            language=party.language,
            number=words.get("number"),
            words=words,
            text=form.text,
            template=form.template,
            template_version=form.version,
            is_urgent=party.is_urgent,
            thread_id=party.thread_id,
            trace_id=trace_id,
            occurred_at=occurred_at,
            expires_at=now + timedelta(hours=self.place.delivery.rule(reply).expires_hours),
        )

    def _words(self, event: CaseEvent, language: str) -> tuple[ReplyEvent, dict[str, str | None]] | None:
        match event:
            case CaseForwarded():
                phone = next((body.phone for body in self.place.institutions if body.code == event.owner), None)
                name = Names(self.place, language).owner(event.owner)
                return ReplyEvent.FORWARDED, {"institution": name, "institution_phone": phone}
            case CaseClosed(outcome=Outcome.REJECTED):
                return ReplyEvent.REJECTED, {"text": event.answer}
            case CaseClosed():
                return ReplyEvent.CLOSED, {"outcome": event.outcome, "text": event.answer}
            case CaseReopened():
                return ReplyEvent.REOPENED, {}
            case CaseAsked():
                department = Names(self.place, language).owner(event.owner)
                return ReplyEvent.QUESTION, {"text": event.question, "department": department}
            case _:
                return None


# That there is news goes by mail where the citizen gave an address, else by SMS: see `ladder`.
NEWS_CHANNEL: Final = Channel.EMAIL
_OF_CONTACTS: Final = frozenset(
    {ReplyEvent.RECEIPT, ReplyEvent.JOINED, ReplyEvent.NOT_SOLVED, ReplyEvent.SPLIT, ReplyEvent.EMERGENCY}
)
_NO_CASE: Final = UUID(int=0)
_ROSTER: Final = UUID("6d0f5c1e-4f0e-5b0b-9a51-6f0d3c7a2b10")


# So that it is no program's: the channels of citizens may have some.
DUTY: Final = "duty"


def on_duty(event: DutyCalled) -> UUID:
    """The pseudonym of a number on a roster: apart from the citizens', whoever's number it is."""
    return uuid5(_ROSTER, event.address)


def parties(event: ContactRegistered) -> list[Party]:
    """Whom to tell of the cases of a contact from now on: no machine, and nobody new for an answer to a survey."""
    if event.purpose in (Purpose.AUTOMATIC, Purpose.SURVEY):
        return []
    return [_party(event, case.case_id) for case in event.cases]


def _party(event: ContactRegistered, case_id: UUID | None) -> Party:
    return Party(
        case_id=case_id or _NO_CASE,
        contact_id=event.contact_id,
        person_id=event.person_id,
        channel=event.channel,
        provider=event.provider,
        account=event.account,
        language=event.language,
        is_urgent=event.lane == "urgent",
        thread_id=event.thread_id,
    )
