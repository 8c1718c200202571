"""Which contacts of a batch wait for a person, and what that person is asked."""

from collections import Counter
from collections.abc import Callable, Sequence
from uuid import UUID

from services.intake import store
from services.intake.domain import NO_DOUBT, Arrival, Doubt, Registration, Rules
from services.intake.domain.holding import Judgement, doubt, is_judged
from services.intake.handlers.telling import trace_of
from shared.contracts import Effect, MessageReceived, TaskKind, TaskRequested
from shared.ids import derived_id
from shared.messaging import Unit, envelopes
from shared.messaging.topology import DESK
from shared.personal import mask
from shared.vault import Vault

# So much of what was said is shown to who decides; the whole stays sealed.
SHOWN_LETTERS_MAX = 500

Judge = Callable[[MessageReceived], Judgement]


async def doubts_of(unit: Unit, arrivals: Sequence[Arrival], rules: Rules, judge: Judge) -> list[Doubt]:
    """What speaks against each contact: its sender is blocked or writes too often, or its words are spam or abuse."""
    judged = [row for row in arrivals if is_judged(row.message)]
    if not judged:
        return [NO_DOUBT] * len(arrivals)
    known = [(row.person_id, row.message.occurred_at) for row in judged if row.person_id]
    people = {person for person, _ in known}
    latest = max(row.message.occurred_at for row in judged)
    blocked = await store.blocked(unit.connection, people, latest) if people else set()
    before = await store.contacts_before(unit.connection, known, rules.loop.span) if known else []
    counted = iter(before)
    now: Counter[UUID] = Counter()
    doubts: list[Doubt] = []
    for row in arrivals:
        if not is_judged(row.message):
            doubts.append(NO_DOUBT)
            continue
        earlier = next(counted) + now[row.person_id] if row.person_id else 0
        if row.person_id:
            now[row.person_id] += 1
        doubts.append(
            doubt(
                row.message,
                is_blocked=row.person_id in blocked,
                contacts_before=earlier,
                limit=rules.loop,
                judge=judge,
            )
        )
    return doubts


async def hold(unit: Unit, rows: Sequence[Registration], vault: Vault) -> None:
    """Keep what held contacts said, and ask a person what to do with them."""
    held = [(_task(row), row) for row in rows if row.effect is Effect.HELD]
    if not held:
        return
    await store.hold(unit.connection, [(task.id, row.arrival, row.reason) for task, row in held], vault)
    unit.publish(*envelopes(DESK, "tasks", [task for task, _ in held]))


def _task(row: Registration) -> TaskRequested:
    message = row.message
    return TaskRequested(
        id=derived_id(message.occurred_at, "held", row.contact_id),
        occurred_at=message.occurred_at,
        trace_id=trace_of(message),
        kind=TaskKind.HELD,
        source="intake",
        channel=message.channel,
        account=message.account,
        contact_id=row.contact_id,
        person_id=row.person_id,
        reason=row.reason,
        detail=row.detail,
        text=mask(message.text)[:SHOWN_LETTERS_MAX],
    )
