"""Where two ways to the same sum part: what must hold, and which row says otherwise."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from pydantic_core import to_jsonable_python


class Check(StrEnum):
    """What must hold. The value is the name by which a difference is told."""

    RECEIVED = "received"  # cases received = closed ones by outcome + open ones by state
    AXES = "axes"  # every axis sums to the same total
    RECOUNT = "recount"  # what is counted = the cases counted again
    LOG = "log"  # the log is whole: no event lost, none twice, no step of a case missing
    FOLD = "fold"  # facts and counts = the events of the log folded again
    OWNERS = "owners"  # contacts, cases, notices and surveys = those in the services that own them


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not what it must be. `expected` None: it must not be there; `found` None: it is not there.

    `row` tells it from the others of `table`: the values of its axes, or the ids of its case, contact or event.
    """

    check: Check
    table: str
    row: Mapping[str, Any]
    expected: Mapping[str, Any] | None
    found: Mapping[str, Any] | None

    def as_json(self) -> dict[str, Any]:
        """For programs: days and times in ISO, ids as text."""
        told: dict[str, Any] = to_jsonable_python(asdict(self))
        return told
