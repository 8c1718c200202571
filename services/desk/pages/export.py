"""A case to take along: its story as JSON or CSV, without contact details and without what colleagues noted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from services.desk.domain import Item
from services.desk.domain.story import Line, LineKind
from services.desk.pages.frame import Frame
from shared.names import Names
from shared.pages.sheets import csv_response

HEAD: Final = ("at", "what", "owner", "by", "channel", "detail", "text")
# What stays inside.
_INSIDE: Final = frozenset({LineKind.NOTE})


def as_json(item: Item, lines: Sequence[Line], names: Names) -> Response:
    """The case with its story."""
    case = {
        "number": item.number,
        "opened_at": item.opened_at.isoformat(),
        "due_at": _moment(item.due_at),
        "legal_due_at": _moment(item.legal_due_at),
        "owner": item.owner,
        "owner_name": names.owner(item.owner),
        "topic": item.topic,
        "topic_name": names.topic(item.topic),
        "kind": item.kind,
        "urgency": item.urgency,
        "place": item.place.model_dump(exclude_none=True),
        "neighbourhood": item.neighbourhood,
        "neighbourhood_name": names.neighbourhood(item.neighbourhood),
        "text": item.text,
        "reports": item.reports,
        "story": [_row(line) for line in lines if line.kind not in _INSIDE],
    }
    headers = {"Content-Disposition": f'attachment; filename="{item.number}.json"', "Cache-Control": "no-store"}
    return JSONResponse(case, headers=headers)


def as_csv(frame: Frame, request: Request, item: Item, lines: Sequence[Line]) -> Response:
    """The story as a table, in the reader's words."""
    names = frame.names(request)
    first = (item.opened_at.isoformat(), "", names.owner(item.owner), "", "", item.number, item.text)
    rows = [_words(frame, request, line, names) for line in lines if line.kind not in _INSIDE]
    return csv_response(f"{item.number}.csv", HEAD, [first, *rows], separator=";")


def _row(line: Line) -> dict[str, Any]:
    return {
        "at": line.at.isoformat(),
        "what": line.kind,
        "owner": line.owner,
        "by": line.by,
        "channel": line.channel,
        "detail": line.detail,
        "status": line.status,
        "text": line.text,
        "files": len(line.files),
    }


def _words(frame: Frame, request: Request, line: Line, names: Names) -> tuple[str, ...]:
    channel = frame.name(request, "channel", line.channel) if line.channel else ""
    what, owner = frame.name(request, "line", line.kind), names.owner(line.owner) if line.owner else ""
    return (line.at.isoformat(), what, owner, line.by, channel, line.detail or "", line.text)


def _moment(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
