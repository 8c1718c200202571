"""What a batch made of cases is written and told in one go, whatever moved them."""

from dataclasses import dataclass

from services.router import sightings, store
from services.router.counting import count
from services.router.domain.moves import Moves
from services.router.handlers.telling import Offerer, ended, grown, tell
from shared.contracts import CaseClosed, CaseReopened
from shared.messaging import Unit


@dataclass(frozen=True)
class Recorder:
    """Writes cases and their history, and tells the facts and the new work."""

    offerer: Offerer

    async def record(self, unit: Unit, moves: Moves) -> None:
        """Write the cases that moved, append to their history, tell of it; nothing when nothing moved."""
        if not moves.facts:
            return
        await store.save_cases(unit.connection, moves.moved)
        await store.add_history(unit.connection, moves.facts)
        await count(unit, moves.facts)
        closed = {
            fact.case_id: fact.occurred_at if isinstance(fact, CaseClosed) else None
            for fact in moves.facts
            if isinstance(fact, CaseClosed | CaseReopened)
        }
        if closed:
            await sightings.close(unit.connection, closed)
        unit.publish(*tell(moves.facts, moves.cases, self.offerer.ground), *map(ended, moves.ended))
        await self._offer(unit, moves)

    async def _offer(self, unit: Unit, moves: Moves) -> None:
        said = await store.opened(unit.connection, moves.to_be_told)
        offers = list(moves.offers())
        again = {fact.case_id for fact, _, _ in offers if moves.cases[fact.case_id].reopened}
        reopened = await store.reopened(unit.connection, again)
        for fact, returned, tellers in offers:
            case = moves.cases[fact.case_id]
            unit.publish(self.offerer.offer_again(case, said[case.id], fact, returned, reopened.get(case.id), tellers))
        unit.publish(*map(grown, moves.grown(said)))
