"""Calls as they come in, with their callers sealed."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from services.desk.domain import Call, Reached
from services.desk.store.sealing import seal, unseal
from shared.contracts import CallState, EarlierCase
from shared.database import Connection
from shared.vault import Vault

_HISTORY: Final = TypeAdapter(tuple[EarlierCase, ...])
_COLUMNS: Final = """
    id, provider, account, call_id, state, extension, address_sealed IS NOT NULL AS has_address, person_id, history,
    began_at, changed_at, answered_at
"""


async def add(connection: Connection, calls: Sequence[Call]) -> None:
    """Make room for calls that are not here yet, so that replicas wait for each other at the same row."""
    await connection.execute(
        """
        INSERT INTO call (id, provider, account, call_id, state, extension, person_id, history, began_at, changed_at,
                          answered_at)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[],
                             $8::json[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[])
        ON CONFLICT DO NOTHING
        """,
        *_columns(calls),
    )


async def lock(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Call]:
    """The calls as they stand, locked in one order."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM call WHERE id = ANY($1) ORDER BY id FOR UPDATE",  # noqa: S608 - our own columns
        list(ids),
    )
    return {row["id"]: _call(row) for row in rows}


async def save(connection: Connection, calls: Sequence[tuple[Call, Reached]], vault: Vault) -> None:
    """Write calls that moved; an address or name that was not told again stays."""
    rows = sorted(calls, key=lambda row: row[0].id)
    await connection.execute(
        """
        UPDATE call
        SET state = told.state, extension = told.extension, person_id = told.person_id, history = told.history,
            began_at = told.began_at, changed_at = told.changed_at, answered_at = told.answered_at,
            address_sealed = coalesce(told.address_sealed, call.address_sealed),
            name_sealed = coalesce(told.name_sealed, call.name_sealed)
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::json[], $6::timestamptz[], $7::timestamptz[],
                    $8::timestamptz[], $9::bytea[], $10::bytea[])
             AS told (id, state, extension, person_id, history, began_at, changed_at, answered_at, address_sealed,
                      name_sealed)
        WHERE call.id = told.id
        """,
        [call.id for call, _ in rows],
        [call.state for call, _ in rows],
        [call.extension for call, _ in rows],
        [call.person_id for call, _ in rows],
        [_HISTORY.dump_json(call.history).decode() for call, _ in rows],
        [call.began_at for call, _ in rows],
        [call.changed_at for call, _ in rows],
        [call.answered_at for call, _ in rows],
        [seal(vault, reached.address, call.id) for call, reached in rows],
        [seal(vault, reached.name, call.id) for call, reached in rows],
    )


async def recent(pool: asyncpg.Pool, since: timedelta, limit: int) -> list[Call]:
    """What came in lately, the newest first."""
    rows = await pool.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM call
        WHERE changed_at > now() - $1::interval
        ORDER BY changed_at DESC
        LIMIT $2
        """,  # noqa: S608
        since,
        limit,
    )
    return [_call(row) for row in rows]


async def find(connection: asyncpg.Pool | Connection, call_id: UUID) -> Call | None:
    """One call as it stands."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM call WHERE id = $1", call_id)  # noqa: S608
    return _call(row) if row else None


async def reached(connection: Connection, calls: Collection[UUID], vault: Vault) -> dict[UUID, Reached]:
    """Who calls; whoever asks must record the look."""
    rows = await connection.fetch("SELECT id, address_sealed, name_sealed FROM call WHERE id = ANY($1)", list(calls))
    return {
        row["id"]: Reached(
            unseal(vault, row["address_sealed"], row["id"]), unseal(vault, row["name_sealed"], row["id"])
        )
        for row in rows
    }


def _columns(calls: Sequence[Call]) -> list[list[object]]:
    return [
        [call.id for call in calls],
        [call.provider for call in calls],
        [call.account for call in calls],
        [call.call_id for call in calls],
        [call.state for call in calls],
        [call.extension for call in calls],
        [call.person_id for call in calls],
        [_HISTORY.dump_json(call.history).decode() for call in calls],
        [call.began_at for call in calls],
        [call.changed_at for call in calls],
        [call.answered_at for call in calls],
    ]


def _call(row: asyncpg.Record) -> Call:
    return Call(**{**dict(row), "state": CallState(row["state"]), "history": _HISTORY.validate_json(row["history"])})
