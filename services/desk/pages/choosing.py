"""What can be decided about an item, and what was done a moment ago: alike in triage and on the case page."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fastapi import Request

from services.desk.domain import Item, Step, StepKind
from services.desk.handlers import Work
from services.desk.pages.frame import Frame, options
from services.desk.pages.why import grounds, proposed
from services.desk.store import incidents as incident_store
from shared.municipality import Municipality


def choices(frame: Frame, place: Municipality, request: Request, item: Item, beside: int = 0) -> dict[str, Any]:
    """What a decision can be made of: proposals, why, and the lists behind them.

    `beside`: so many proposals are shown with their own reasons.
    """
    language = frame.language(request)
    return {
        "proposed": proposed(item.why, item.proposals, item.text, place, language),
        "why": grounds(item.why, item.text, place, language, item.reasons, beside),
        "owners": [
            *options((row.code, row.name_in(language)) for row in place.departments if row.code != item.owner),
            *options((row.code, row.name_in(language)) for row in place.institutions),
        ],
        "topics": options((row.code, row.name_in(language)) for row in place.topics),
        "neighbourhoods": options((row.code, row.name) for row in place.neighbourhoods),
    }


async def as_of_now(work: Work, item: Item) -> Item:
    """Without the similar cases that were closed since it was offered."""
    if not item.similar:
        return item
    closed = await incident_store.closed_among(work.service.pool, [row.case_id for row in item.similar])
    return replace(item, similar=tuple(row for row in item.similar if row.case_id not in closed))


def did_words(frame: Frame, request: Request, item: Item, word: str, steps: Sequence[Step]) -> str:
    """What the person did a moment ago, in words."""
    details = {step.kind: step.detail or "" for step in steps}
    owner = frame.names(request).owner(details.get(StepKind.DECIDED, ""))
    other = details.get(StepKind.GATHERED, "")
    return frame.say(request, f"did.{word}", number=item.number, owner=owner, other=other)
