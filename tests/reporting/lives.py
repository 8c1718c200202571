"""Whole lives of cases as their events tell them, made by chance from a number."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.contracts import (
    CaseEvent,
    CaseImported,
    CaseKind,
    CaseNumber,
    CaseState,
    Channel,
    ContactRegistered,
    Message,
    Outcome,
    OwnerKind,
)
from shared.ids import derived_id
from tests.builders import (
    AT,
    a_case_accepted,
    a_case_asked,
    a_case_assigned,
    a_case_closed,
    a_case_forwarded,
    a_case_gathered,
    a_case_progressed,
    a_case_reopened,
    a_case_returned,
    a_case_separated,
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
        known = {
            "neighbourhood": chance.choice(NEIGHBOURHOODS),
            "topic": chance.choice([None, "cop", "su"]),
            "kind": chance.choice([None, *CaseKind]),
            "urgency": chance.choice([None, "acil", "normal"]),
            "due_at": chance.choice([None, opened_at + timedelta(hours=chance.randrange(20))]),
            "legal_due_at": opened_at + timedelta(hours=chance.randrange(20)),
        }
        step(a_case_assigned, channel=channel, lane=lane, opened_at=opened_at, **known)

    owner, reopened = chance.choice(list(OWNERS)), 0
    assign()
    for _ in range(chance.randrange(STEPS_MAX)):
        match chance.randrange(8):
            case 0 if OWNERS[owner] is OwnerKind.INSTITUTION:
                step(a_case_forwarded)
            case 0:
                step(a_case_accepted)
            case 1:
                step(a_case_progressed)
            case 2:
                step(a_case_progressed, due_at=opened_at + timedelta(hours=chance.randrange(20)))
            case 3:
                step(a_case_asked)
            case 4:
                step(a_case_returned, returned_by=owner)
                owner = chance.choice(list(OWNERS))
                assign()
            case 5 | 6:
                step(chance.choice([a_case_gathered, a_case_separated]))
            case _:
                step(a_case_closed, outcome=chance.choice(list(Outcome)), state=CaseState.CLOSED)
                if chance.random() < 0.5:
                    break
                reopened += 1
                step(a_case_reopened, times=reopened)
                assign()
    return [contact, *steps]


def an_old_case(seed: int) -> CaseImported:
    """A case of another system, some of them closed before they were opened."""
    chance = random.Random(seed)
    opened_at = AT - timedelta(days=chance.randrange(800), minutes=chance.randrange(1440))
    is_closed = chance.random() < 0.8
    return CaseImported(
        id=derived_id(opened_at, "import", seed),
        occurred_at=opened_at,
        source="records",
        case_id=derived_id(opened_at, "an old case", seed),
        number=f"old-{seed}",
        channel=chance.choice(["phone", "counter"]),
        owner=(owner := chance.choice(list(OWNERS))),
        owner_kind=OWNERS[owner],
        topic=chance.choice([None, "cop"]),
        state=CaseState.CLOSED if is_closed else CaseState.RECEIVED,
        outcome=Outcome.SOLVED if is_closed else None,
        opened_at=opened_at,
        due_at=opened_at + timedelta(days=3),
        closed_at=opened_at + timedelta(hours=chance.randrange(-5, 900)) if is_closed else None,
        on_time=chance.choice([None, True, False]),
    )


def case_of(life: list[Message]) -> UUID:
    contact = life[0]
    assert isinstance(contact, ContactRegistered)
    return contact.cases[0].case_id
