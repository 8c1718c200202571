"""What the ledger says of the figures: counted once each, rolled up or not, and a planted fault is found."""

from random import Random

from ops.ledger import BREACHES, COUNTS
from services.reporting.store.rolling import roll
from tests.harness import System
from tests.reporting.lives import a_life, an_old_case
from tests.reporting.test_figures import count_and_roll

RECOUNT = BREACHES["a count that is not the recount of its cases"]


async def test_cases_are_counted_rolled_up_or_not_and_those_of_an_import_apart(system: System) -> None:
    for lives in (20, 40):
        await count_and_roll(
            system, [event for seed in range(lives - 20, lives) for event in a_life(seed)], Random(1), 0
        )
        await count_and_roll(system, [an_old_case(lives)], Random(1), 0)

        assert await system.value(COUNTS["counted_cases"]) == lives
        assert await system.rows(RECOUNT) == []
        await roll(system.pool)
        assert await system.value(COUNTS["counted_cases"]) == lives
        assert await system.rows(RECOUNT) == []


async def test_a_cell_that_was_tampered_with_is_found(system: System) -> None:
    await count_and_roll(system, [event for seed in range(5) for event in a_life(seed)], Random(1), 1)
    await roll(system.pool)
    await system.value(
        "UPDATE case_cell SET cases = cases + 1 WHERE ctid = (SELECT ctid FROM case_cell WHERE grain = 3 LIMIT 1)"
    )

    assert len(await system.rows(RECOUNT)) == 1
