"""A case's story for its citizen: a few lines in the order of time, from the steps as the router told them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.intake.store import CaseContact, CaseFile, CaseStep
from shared.contracts import Outcome, OwnerKind, Purpose

# A return is our own affair: what the citizen sees is who has it next. So is a report that was joined by mistake.
HIDDEN: Final = frozenset({"returned", "separated"})
# What a department notes while it works is not written for the citizen; what it asks and answers is.
SPOKEN: Final = frozenset({"asked", "closed"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what happened and when. `owner` is a code, or empty; `text` is meant for the citizen.

    `kind`: received, assigned, centre, gathered, accepted, forwarded, progressed, asked, closed, reopened, added.
    """

    at: datetime
    kind: str
    owner: str = ""
    outcome: Outcome | None = None
    text: str = ""


def timeline(case: CaseFile, steps: Sequence[CaseStep], added: Sequence[CaseContact]) -> list[Line]:
    """The lines, oldest first; what repeats the line before it is left out."""
    lines = [Line(case.opened_at, "received")]
    told = [_line(step) for step in steps if step.kind not in HIDDEN]
    told += [Line(contact.occurred_at, _said(contact)) for contact in added]
    for line in sorted(told, key=lambda line: line.at):
        before = lines[-1]
        if (line.kind, line.owner, line.text) != (before.kind, before.owner, before.text) or line.kind == "added":
            lines.append(line)
    return lines


def _said(contact: CaseContact) -> str:
    return "answered" if contact.purpose is Purpose.SURVEY else "added"


def _line(step: CaseStep) -> Line:
    is_at_centre = step.kind == "assigned" and step.owner_kind is OwnerKind.CENTRE
    kind = "centre" if is_at_centre else step.kind
    return Line(step.at, kind, step.owner, step.outcome, step.text if step.kind in SPOKEN else "")
