"""A town's cases of the weeks before a moment, by chance from a number: what dashboards are looked at with."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from shared.contracts import CaseKind, CaseNumber, CaseState, Channel, Message, Outcome, OwnerKind
from shared.ids import derived_id
from tests.builders import a_case_assigned, a_case_closed, a_case_progressed, a_contact_registered, a_survey_answered

OWNERS: Final = {
    "temizlik-isleri": OwnerKind.DEPARTMENT,
    "park-bahceler": OwnerKind.DEPARTMENT,
    "zabita": OwnerKind.DEPARTMENT,
    "fen-isleri": OwnerKind.DEPARTMENT,
    "saski": OwnerKind.INSTITUTION,
    "yedas": OwnerKind.INSTITUTION,
    "cozum-merkezi": OwnerKind.CENTRE,
}
WEIGHTS: Final = (9, 5, 4, 4, 4, 2, 1)
URGENCIES: Final = ("emergency", "urgent", "high", "routine")


def a_case(
    number: int,
    opened_at: datetime,
    *,
    owner: str = "temizlik-isleri",
    channel: Channel = Channel.WHATSAPP,
    neighbourhood: str | None = None,
    topic: str | None = None,
    urgency: str = "routine",
    hours_to_due: float = 72,
    hours_to_closing: float | None = None,
) -> list[Message]:
    """Its contact, its assignment, and its closing when it has one."""
    case_id = derived_id(opened_at, "town", number)
    known = {"case_id": case_id, "number": f"{number:09}", "owner": owner, "owner_kind": OWNERS[owner]}
    contact = a_contact_registered(
        id=derived_id(opened_at, "contact", number),
        occurred_at=opened_at,
        channel=channel,
        cases=(CaseNumber(case_id=case_id, number=f"{number:09}"),),
    )
    assigned = a_case_assigned(
        **known,
        id=derived_id(opened_at, "assigned", number),
        version=2,
        occurred_at=opened_at,
        opened_at=opened_at,
        channel=channel,
        neighbourhood=neighbourhood,
        topic=topic,
        urgency=urgency,
        lane="urgent" if urgency in ("emergency", "urgent") else "routine",
        kind=list(CaseKind)[number % len(CaseKind)],
        due_at=opened_at + timedelta(hours=hours_to_due),
        legal_due_at=opened_at + timedelta(days=30),
    )
    if hours_to_closing is None:
        return [contact, assigned]
    closed_at = opened_at + timedelta(hours=hours_to_closing)
    told = derived_id(closed_at, "closed", number)
    return [
        contact,
        assigned,
        a_case_progressed(**known, id=derived_id(closed_at, "progressed", number), version=3, occurred_at=opened_at),
        a_case_closed(
            **known, id=told, version=4, occurred_at=closed_at, state=CaseState.CLOSED, outcome=Outcome.SOLVED
        ),
    ]


def a_town(
    now: datetime, cases: int, neighbourhoods: list[str], topics: list[str], days: int = 75
) -> Iterator[Message]:
    """So many cases, more by day than by night, most of them closed in time; some citizens said what they think."""
    chance = random.Random(7)
    for number in range(1, cases + 1):
        day = now - timedelta(days=int(chance.random() ** 1.3 * days))
        opened_at = day.replace(hour=min(max(int(chance.gauss(12, 4)), 0), 23), minute=number % 60)
        opened_at = min(opened_at, now - timedelta(minutes=2 + number % 50))
        closing = chance.expovariate(1 / 60)
        owner = chance.choices(list(OWNERS), WEIGHTS)[0]
        yield from a_case(
            number,
            opened_at,
            owner=owner,
            channel=chance.choices(list(Channel), range(len(Channel), 0, -1))[0],
            neighbourhood=chance.choice([*neighbourhoods, None]),
            topic=chance.choice(topics),
            urgency=chance.choices(URGENCIES, (1, 4, 10, 3))[0],
            hours_to_closing=closing if opened_at + timedelta(hours=closing) < now else None,
        )
        if number % 9 == 0:
            yield a_survey_answered(
                case_id=derived_id(opened_at, "town", number), occurred_at=now, solved=chance.random() < 0.8
            )
