"""What is told some time after a step of a case, unless something comes between: planned and decided here. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.notifier.domain.notices import Party, Plan
from shared.contracts import CaseAsked, CaseClosed, CaseEvent, CaseReopened, ContactRegistered, Effect, Outcome, Purpose
from shared.municipality import ReplyEvent
from shared.municipality.conversation import Question, SurveyRules

# Who was told "not ours" or "you wanted it so" is not asked whether it is solved.
_ASKED_AFTER: Final = frozenset({Outcome.SOLVED, Outcome.ANSWERED})
_SHARES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a person before they are asked: when they were last, which of their cases was closed last of
    those still to be asked about, whether an urgent one of theirs is open, and what they wish."""

    asked_at: datetime | None = None
    newest: UUID | None = None
    has_open_urgent: bool = False
    wants_none: bool = False


def plans_of(event: CaseEvent, surveys: SurveyRules, question: Question) -> list[Plan]:
    """What a step of a case plans, or makes void."""
    match event:
        case CaseClosed():
            return [_survey(event, surveys), _plan(event, ReplyEvent.QUESTION_REMINDER, dropped="closed")]
        case CaseReopened():
            return [_plan(event, ReplyEvent.SURVEY, dropped="reopened")]
        case CaseAsked():
            due = event.occurred_at + timedelta(days=question.remind_days)
            plan = _plan(event, ReplyEvent.QUESTION_REMINDER, due)
            return [replace(plan, words={**plan.words, "text": event.question})]
        case _:
            return []


def answers_a_question(event: ContactRegistered) -> Sequence[UUID]:
    """The cases whose citizens need no reminder any more: they wrote, whatever it was."""
    if event.effect is not Effect.JOINED or event.purpose is Purpose.AUTOMATIC:
        return ()
    return [case.case_id for case in event.cases]


def whom_to_remind(parties: Sequence[Party]) -> Party | None:
    """The one of a case's citizens who is reminded of a question: the first who left an address."""
    return min((party for party in parties if party.person_id), key=lambda party: party.contact_id, default=None)


def whom_to_ask(parties: Sequence[Party], channels: Collection[str]) -> Party | None:
    """The one of a case's citizens who is asked whether it is solved: the first who came by one of these channels."""
    fitting = [party for party in parties if party.person_id is not None and party.channel in channels]
    return min(fitting, key=lambda party: party.contact_id, default=None)


def why_not(plan: Plan, party: Party | None, known: Mapping[UUID, Asked], rules: SurveyRules, now: datetime) -> str:
    """Why this citizen is not asked whether the case is solved; empty: they are."""
    if party is None or party.person_id is None:
        return "nobody_to_ask"
    person = known.get(party.person_id, Asked())
    if person.wants_none:
        return "wants_none"
    if person.asked_at is not None and now - person.asked_at < timedelta(days=rules.valid_days):
        return "asked_lately"
    if person.newest not in (None, plan.case_id):
        return "newer_case"
    if person.has_open_urgent:
        return "urgent_case_open"
    return ""


def _survey(event: CaseClosed, rules: SurveyRules) -> Plan:
    if event.outcome not in _ASKED_AFTER:
        return _plan(event, ReplyEvent.SURVEY, dropped="outcome")
    if not rules.enabled or event.case_id.int % _SHARES >= rules.share * _SHARES:
        return _plan(event, ReplyEvent.SURVEY, dropped="not_drawn")
    return _plan(event, ReplyEvent.SURVEY, event.occurred_at + timedelta(hours=rules.delay_hours))


def _plan(event: CaseEvent, reply: ReplyEvent, due_at: datetime | None = None, *, dropped: str = "") -> Plan:
    return Plan(
        case_id=event.case_id,
        event=reply,
        version=event.version,
        number=event.number,
        trace_id=event.trace_id,
        occurred_at=event.occurred_at,
        words={"number": event.number},
        due_at=due_at,
        dropped=dropped,
    )
