"""Which actions people may take on an item, and what each makes of it and tells the router."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, assert_never
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict

from services.desk.domain.items import Item, State, Step, StepKind, step_of
from shared.contracts import (
    Answer,
    AssignmentClosed,
    AssignmentDecided,
    AssignmentGathered,
    AssignmentProgressed,
    AssignmentReturned,
    AssignmentSeparated,
    CitizenAsked,
    Outcome,
)
from shared.contracts.channel import Code
from shared.contracts.departments import Words
from shared.ids import derived_id
from shared.text import clean

LEASE: Final = timedelta(hours=4)  # how long a claim stands without any action, where nothing else is set


@dataclass(frozen=True, slots=True)
class Move:
    """The item after an action, the line it adds to the story, and what the router is told (None: nothing new)."""

    item: Item
    step: Step
    answer: Answer | None


class Verdict(StrEnum):
    """Why an action changes nothing."""

    REPEATED = "repeated"  # it is so already
    DONE = "done"  # the item ended otherwise
    HELD = "held"  # another person holds it
    NOT_OVER = "not_over"  # another person holds it, and taking it over is not for everybody
    STALE = "stale"  # the item changed since the person saw it
    ASKED = "asked"  # the citizen has not answered the last question yet
    NOT_TRIAGE = "not_triage"  # only the centre decides
    NO_RETURN = "no_return"  # the centre has nobody to return to: it decides
    ITSELF = "itself"  # a case is not the same problem as itself
    ALONE = "alone"  # no other case tells of this problem


def _cleaned(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


Said = Annotated[Words, BeforeValidator(_cleaned)]


class _Action(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Take(_Action):
    """I do it. `over`: even if a colleague holds it."""

    over: bool = False


class Release(_Action):
    """I do not do it after all: whoever wants may take it."""


class Decide(_Action):
    """It is theirs; topic and neighbourhood where the person knows better."""

    owner: Code
    topic: Code | None = None
    neighbourhood: Code | None = None


class Return(_Action):
    """It is not ours."""

    reason: Said
    proposal: Code | None = None


class Ask(_Action):
    """We need to know something from the citizen."""

    question: Said


class Close(_Action):
    """It is done; `answer` is what the citizen will read."""

    outcome: Outcome
    answer: Said


class Gather(_Action):
    """It is the same problem as the case `into`, and follows it from now on."""

    into: UUID


class Separate(_Action):
    """`case`, which was gathered with this one, is another problem after all."""

    case: UUID


Action = Take | Release | Decide | Return | Ask | Close | Gather | Separate


def judge(
    item: Item, action: Action, by: str, now: datetime, seen: int | None = None, *, may_take_over: bool = False
) -> Verdict | None:
    """Why the action is not applied; None: apply it. `seen`: the revision it was said in view of, None: any."""
    if item.state is State.DONE:
        return Verdict.REPEATED if _answer_id(item, action) == item.ending_id else Verdict.DONE
    if item.holder(now) not in (None, by):
        if not (isinstance(action, Take) and action.over):
            return Verdict.HELD
        return None if may_take_over else Verdict.NOT_OVER
    verdict = _judge_own(item, action, by, now)
    if verdict is None and seen not in (None, item.revision) and not isinstance(action, Take):
        return Verdict.STALE
    return verdict


def _judge_own(item: Item, action: Action, by: str, now: datetime) -> Verdict | None:
    """The same, of an item that is free or theirs."""
    match action:
        case Take():
            return Verdict.REPEATED if item.holder(now) == by else None
        case Release():
            return None if item.taken_by == by else Verdict.REPEATED
        case Ask(question=question) if item.question is not None:
            return Verdict.REPEATED if item.question == question else Verdict.ASKED
        case Decide() if not item.is_triage:
            return Verdict.NOT_TRIAGE
        case Return() if item.is_triage:
            return Verdict.NO_RETURN
        case Gather(into=into) if into == item.case_id:
            return Verdict.ITSELF
        case Separate() if item.reports < 2:
            return Verdict.ALONE
        case _:
            return None


def apply(item: Item, action: Action, by: str, now: datetime, lease: timedelta = LEASE) -> Move:
    """What the action makes of the item, which is theirs for `lease` from now. The action is allowed."""
    held = replace(item, state=State.TAKEN, taken_by=by, held_until=now + lease)
    match action:
        case Take():
            step = step_of(item, StepKind.TAKEN, now, by)
            is_first = item.state is State.WAITING
            return Move(held, step, AssignmentProgressed(**_common(item, action, by, now)) if is_first else None)
        case Release():
            return Move(_free(item), step_of(item, StepKind.RELEASED, now, by), None)
        case Ask(question=question):
            answer: Answer = CitizenAsked(**_common(item, action, by, now), question=question)
            asked = replace(held, question=question, questions=item.questions + 1)
            return Move(asked, step_of(item, StepKind.ASKED, now, by, None, question), answer)
        case Decide(owner=owner, topic=topic, neighbourhood=place):
            answer = AssignmentDecided(
                **_common(item, action, by, now), decided_owner=owner, topic=topic, neighbourhood=place
            )
            return Move(_ended(held, answer), step_of(item, StepKind.DECIDED, now, by, owner), answer)
        case Return(reason=reason, proposal=proposal):
            answer = AssignmentReturned(**_common(item, action, by, now), reason=reason, proposal=proposal)
            return Move(_ended(held, answer), step_of(item, StepKind.RETURNED, now, by, proposal, reason), answer)
        case Close(outcome=outcome, answer=text):
            answer = AssignmentClosed(**_common(item, action, by, now), outcome=outcome, answer=text)
            return Move(_ended(held, answer), step_of(item, StepKind.CLOSED, now, by, outcome, text), answer)
        case Gather(into=into):
            answer = AssignmentGathered(**_common(item, action, by, now), into=into)
            return Move(_ended(held, answer), step_of(item, StepKind.GATHERED, now, by), answer)
        case Separate(case=case):
            answer = AssignmentSeparated(**_common(item, action, by, now), separate=case)
            fewer = replace(held, reports=item.reports - 1)
            return Move(fewer, step_of(item, StepKind.SEPARATED, now, by, cause=case), answer)
        case _:
            assert_never(action)


def lapse(item: Item) -> tuple[Item, Step]:
    """The item without the claim that ran out, and the line that says since when it is free."""
    since = item.held_until or item.offered_at
    return _free(item), step_of(item, StepKind.LAPSED, since, item.taken_by or "")


def _free(item: Item) -> Item:
    return replace(item, state=State.WAITING, taken_by=None, held_until=None)


def _ended(item: Item, answer: Answer) -> Item:
    return replace(
        item, state=State.DONE, held_until=None, question=None, done_at=answer.occurred_at, ending_id=answer.id
    )


def _common(item: Item, action: Action, by: str, now: datetime) -> dict[str, object]:
    return {
        "id": _answer_id(item, action),
        "occurred_at": now,
        "trace_id": item.trace_id,
        "assignment_id": item.assignment_id,
        "case_id": item.case_id,
        "owner": item.owner,
        "by": by,
        "seen_version": _seen_version(item),
    }


def _seen_version(item: Item) -> int | None:
    """The step of the case this is said in view of; None once we moved it ourselves, for that is a later step."""
    is_as_offered = item.questions == 0 and item.incident_id is None
    return item.version if is_as_offered else None


def _answer_id(item: Item, action: Action) -> UUID:
    """Follows from what is said, so that the same said twice is told once; a question may be asked again later."""
    asked = item.questions if isinstance(action, Ask) else 0
    said = "" if isinstance(action, Take) else action.model_dump_json()
    return derived_id(item.opened_at, "answer", item.assignment_id, type(action).__name__, said, asked)
