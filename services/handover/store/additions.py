"""What citizens added to a case while an institution had it."""

from typing import Final
from uuid import UUID

import asyncpg

from services.handover.domain.wording import CONTENT
from shared.contracts import CitizenAdded
from shared.vault import Vault

ADDITIONS_MAX: Final = 50


async def of(pool: asyncpg.Pool, handover_id: UUID, vault: Vault) -> list[CitizenAdded]:
    """The newest of them, oldest first."""
    rows = await pool.fetch(
        """
        SELECT content_sealed FROM letter WHERE handover_id = $1 AND kind = 'addition' ORDER BY id DESC LIMIT $2
        """,
        handover_id,
        ADDITIONS_MAX,
    )
    told = [CONTENT.validate_json(vault.open(row["content_sealed"], handover_id)) for row in reversed(rows)]
    return sorted((one for one in told if isinstance(one, CitizenAdded)), key=lambda one: one.occurred_at)
