"""What offers and news from the router make of items."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from services.desk.domain.items import Item, Report, State, Step, StepKind, step_of
from services.desk.domain.ranks import rank_of
from services.desk.domain.work import LEASE
from shared.contracts import (
    AssignmentAccepted,
    AssignmentEnded,
    AssignmentOffered,
    AssignmentWarned,
    CitizenAdded,
    CitizenSilent,
    IncidentGrew,
    Lane,
    Place,
)
from shared.ids import derived_id
from shared.text import clean

RECEIPT_BY: Final = "desk"
_NO_LEVELS: Final[Mapping[str, Lane]] = {}


def item_of(offer: AssignmentOffered, levels: Mapping[str, Lane] = _NO_LEVELS) -> Item:
    """The item an offer makes; `levels` of urgency with their lanes, the gravest first."""
    return Item(
        assignment_id=offer.assignment_id,
        case_id=offer.case_id,
        number=offer.number,
        owner=offer.owner,
        owner_kind=offer.owner_kind,
        lane=offer.lane,
        topic=offer.topic,
        text=clean(offer.text),
        place=offer.place,
        neighbourhood=offer.neighbourhood,
        language=offer.language,
        opened_at=offer.opened_at,
        offered_at=offer.occurred_at,
        due_at=offer.due_at,
        returns=offer.returns,
        returned_because=clean(offer.returned_because) if offer.returned_because else None,
        proposals=offer.proposals,
        reasons=tuple(clean(reason) for reason in offer.reasons),
        attachments=len(offer.attachments),
        trace_id=offer.trace_id,
        kind=offer.kind,
        urgency=offer.urgency,
        hides_identity=offer.hides_identity,
        secondary=offer.secondary,
        similar=offer.similar,
        why=offer.why,
        incident_id=offer.incident.incident_id if offer.incident else None,
        reports=offer.incident.reports if offer.incident else 1,
        returned_by=offer.returned_by,
        rank=rank_of(offer.urgency, offer.lane, levels),
        version=offer.version,
        legal_due_at=offer.legal_due_at,
        reopened=offer.reopened,
        reopened_because=clean(offer.reopened_because) if offer.reopened_because else None,
        follows=offer.follows,
    )


def offered(item: Item) -> Step:
    """The first line of an item's story."""
    return step_of(item, StepKind.OFFERED, item.offered_at, "")


def receipt(offer: AssignmentOffered, now: datetime) -> AssignmentAccepted:
    """That the department has it; the same id for the same assignment."""
    return AssignmentAccepted(
        id=derived_id(offer.opened_at, "answer", offer.assignment_id, "accepted"),
        occurred_at=now,
        trace_id=offer.trace_id,
        assignment_id=offer.assignment_id,
        case_id=offer.case_id,
        owner=offer.owner,
        by=RECEIPT_BY,
    )


def add(item: Item, addition: CitizenAdded, lease: timedelta = LEASE) -> tuple[Item, Step]:
    """The citizen wrote again: whatever was asked counts as answered, and a point is the place if there was none.

    Who holds the item has a whole `lease` from then on.
    """
    step = step_of(item, StepKind.ADDED, addition.occurred_at, "", None, _said(addition), addition.id)
    placed = item.place if item.place.latitude is not None else _pointed(item.place, addition.place)
    until = item.held_until and max(item.held_until, addition.occurred_at + lease)
    due_at = addition.due_at or item.due_at
    return replace(item, question=None, place=placed, held_until=until, due_at=due_at), step


def grow(item: Item, grew: IncidentGrew) -> tuple[Item, Report, Step]:
    """One more case tells of the same problem; the highest count holds, whatever comes last."""
    report = Report(item.assignment_id, grew.joined_case_id, grew.joined_number, clean(grew.text), grew.occurred_at)
    step = step_of(item, StepKind.GREW, grew.occurred_at, "", grew.joined_number, report.text, grew.joined_case_id)
    return replace(item, incident_id=grew.incident_id, reports=max(item.reports, grew.reports)), report, step


def warn(item: Item, warning: AssignmentWarned) -> Step:
    """It is due soon, or late; `detail` is the step of the escalation, the text says which clock it is."""
    return step_of(item, StepKind.WARNED, warning.occurred_at, "", warning.step, warning.clock, warning.id)


def go_on(item: Item, silence: CitizenSilent) -> tuple[Item, Step]:
    """The citizen did not answer in time: nothing is waited for any more."""
    return replace(item, question=None, due_at=silence.due_at or item.due_at), step_of(
        item, StepKind.SILENT, silence.occurred_at, "", cause=silence.id
    )


def end(item: Item, ended: AssignmentEnded) -> tuple[Item, Step | None]:
    """It is over, not by our doing. One that ended before stays as it ended, and no line tells of it."""
    if item.state is State.DONE:
        return item, None
    over = replace(
        item, state=State.DONE, held_until=None, question=None, done_at=ended.occurred_at, ending_id=ended.id
    )
    return over, step_of(item, StepKind.ENDED, ended.occurred_at, "", ended.because, clean(ended.text), ended.id)


def _said(addition: CitizenAdded) -> str:
    """The words, and below them the point, which is all that a location message has."""
    place = addition.place
    has_point = place.latitude is not None and place.longitude is not None
    point = f"{place.latitude:.5f}, {place.longitude:.5f}" if has_point else ""
    return "\n".join(filter(None, (clean(addition.text), point)))


def _pointed(place: Place, told: Place) -> Place:
    return place.model_copy(update={"latitude": told.latitude, "longitude": told.longitude})
