"""What citizens add to their cases goes on to whoever holds them."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.router import store
from services.router.domain import life
from services.router.domain.facts import common
from services.router.handlers.ground import Ground
from services.router.handlers.telling import addition, tell
from shared.contracts import CaseEvent, CaseProgressed, CaseState, ContactJoined
from shared.messaging import Unit


@dataclass(frozen=True)
class Joiner:
    """Passes on what citizens add."""

    ground: Ground

    async def join(self, unit: Unit, joined: Sequence[ContactJoined]) -> None:
        """The owner hears what the citizen added; a case that waited for the citizen goes on.

        An owner knows an incident by the case that leads it.
        """
        ids = {event.case_id for event in joined}
        cases = await store.lock_cases(unit.connection, ids | await store.heads_of(unit.connection, ids))
        facts: list[CaseEvent] = []
        for event in joined:
            case = cases.get(event.case_id)
            if case is None:
                unit.postpone(event, "the case is not here yet")
                continue
            if case.state is CaseState.WAITING_CITIZEN:
                cases[case.id] = case = life.progress(case)
                facts.append(CaseProgressed(**common(case, event), assignment_id=case.assignment_id))
            unit.publish(addition(case, cases.get(case.head_id or case.id, case), event))
        await store.save_cases(unit.connection, [cases[fact.case_id] for fact in facts])
        await store.add_history(unit.connection, facts)
        unit.publish(*tell(facts, cases))
