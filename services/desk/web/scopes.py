"""What belongs to a department is seen by its people alone; for everybody else it is not there."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg

from services.desk.domain.identity import Identity
from services.desk.store import scopes as scope_store


async def is_theirs(pool: asyncpg.Pool, identity: Identity, named: Mapping[str, Any]) -> bool:
    """Whether everything an address names (RULES' path parameters) is theirs to see; what is no id is nobody's."""
    if identity.departments is None:
        return True
    asked = {"assignment_id": scope_store.sees_item, "case_id": scope_store.sees_case, "file_id": scope_store.sees_file}
    for name, sees in asked.items():
        if name in named:
            subject = _id(named[name])
            if subject is not None and not await sees(pool, subject, identity.departments):
                return False
    return True


def _id(text: object) -> UUID | None:
    """None: no id at all; the route itself says so."""
    try:
        return UUID(str(text))
    except ValueError:
        return None
