"""Whole lives of cases as their events tell them, made by chance from a number."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.contracts import CaseEvent, CaseNumber, CaseState, Channel, ContactRegistered, Message, Outcome, OwnerKind
from shared.ids import derived_id
from tests.builders import (
    AT,
    a_case_accepted,
    a_case_asked,
    a_case_assigned,
    a_case_closed,
    a_case_forwarded,
    a_case_progressed,
    a_case_reopened,
    a_case_returned,
    a_contact_registered,
)

OWNERS = {
    "temizlik-isleri": OwnerKind.DEPARTMENT,
    "zabita": OwnerKind.DEPARTMENT,
    "saski": OwnerKind.INSTITUTION,
    "cozum-merkezi": OwnerKind.CENTRE,
}
NEIGHBOURHOODS = [None, "6571", "6572"]
STEPS_MAX = 8


def a_life(seed: int) -> list[Message]:
    """A contact that opens a case, and every step of the case, in order."""
    chance = random.Random(seed)
    opened_at = AT + timedelta(hours=chance.randrange(24 * 40))
    case_id = derived_id(opened_at, "a life", seed)
    channel, lane = chance.choice(list(Channel)), chance.choice(["urgent", "routine"])
    number = f"{seed:09}"
    contact = a_contact_registered(
        id=derived_id(opened_at, "contact", seed),
        occurred_at=opened_at,
        channel=channel,
        cases=(CaseNumber(case_id=case_id, number=number),),
    )
    shared = {"case_id": case_id, "number": number}
    steps: list[CaseEvent] = []

    def step(make: Any, **more: Any) -> None:
        version = len(steps) + 2
        at = opened_at + timedelta(hours=version)
        owned = {"owner": owner, "owner_kind": OWNERS[owner]}
        steps.append(
            make(
                **{**shared, **owned, "id": derived_id(at, seed, version), "version": version, "occurred_at": at} | more
            )
        )

    def assign() -> None:
        known = {"neighbourhood": chance.choice(NEIGHBOURHOODS), "topic": chance.choice([None, "cop", "su"])}
        step(a_case_assigned, channel=channel, lane=lane, opened_at=opened_at, **known)

    owner = chance.choice(list(OWNERS))
    assign()
    for _ in range(chance.randrange(STEPS_MAX)):
        match chance.randrange(6):
            case 0 if OWNERS[owner] is OwnerKind.INSTITUTION:
                step(a_case_forwarded)
            case 0:
                step(a_case_accepted)
            case 1 | 2:
                step(a_case_progressed)
            case 3:
                step(a_case_asked)
            case 4:
                step(a_case_returned, returned_by=owner)
                owner = chance.choice(list(OWNERS))
                assign()
            case _:
                step(a_case_closed, outcome=chance.choice(list(Outcome)), state=CaseState.CLOSED)
                if chance.random() < 0.5:
                    break
                step(a_case_reopened)
                assign()
    return [contact, *steps]


def case_of(life: list[Message]) -> UUID:
    contact = life[0]
    assert isinstance(contact, ContactRegistered)
    return contact.cases[0].case_id
