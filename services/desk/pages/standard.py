"""Standard texts for one case: those for its topic first, with what the case tells put in."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request

from services.desk.domain import Item
from services.desk.pages.frame import Frame
from shared.municipality import Municipality
from shared.municipality.standard_texts import Slot, StandardText, TextUse, filled
from shared.names import Names
from shared.text import sort_key


@dataclass(frozen=True, slots=True)
class Ready:
    """A text to choose: its name in the reader's language, its words in the citizen's. `outcome`: "" for none."""

    code: str
    name: str
    text: str
    outcome: str
    is_for_topic: bool


def ready_texts(frame: Frame, place: Municipality, request: Request, item: Item, use: TextUse) -> list[Ready]:
    """The texts of a use that fit the case, those for its very topic first."""
    group = place.topic(item.topic).group if item.topic else None
    values = _values(frame, place, request, item)
    ready = [
        _ready(row, values, frame.language(request), item.language)
        for row in place.standard_texts
        if row.use is use and row.is_for(item.topic, group)
    ]
    return sorted(ready, key=lambda row: (not row.is_for_topic, sort_key(row.name)))


def _ready(row: StandardText, values: Mapping[Slot, str | None], reader: str, citizen: str) -> Ready:
    text = filled(row.text_in(citizen), values)
    return Ready(row.code, row.name_in(reader), text, row.outcome or "", not row.is_general)


def _values(frame: Frame, place: Municipality, request: Request, item: Item) -> dict[Slot, str | None]:
    """What the case tells, in the citizen's language."""
    names = Names(place, item.language)
    neighbourhood = names.neighbourhood(item.neighbourhood) or item.place.neighbourhood
    return {
        Slot.NUMBER: item.number,
        Slot.PLACE: ", ".join(filter(None, (neighbourhood, item.place.street))) or None,
        Slot.NEIGHBOURHOOD: neighbourhood,
        Slot.TOPIC: names.topic(item.topic),
        Slot.DEPARTMENT: names.owner(item.owner),
        Slot.DUE: frame.formats_in(item.language).day(item.due_at) if item.due_at else None,
    }
