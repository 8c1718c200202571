"""The alerts, with their addresses sealed, and who did what about them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from services.desk.domain import Act, Alert, How, Reached
from services.desk.domain.alerts import TEXTS_MAX
from services.desk.store.sealing import seal, unseal
from shared.contracts import Channel, Place
from shared.database import Connection
from shared.vault import Vault

OPEN_MAX: Final = 200
_COLUMNS: Final = """
    id, emergency, emergency_number, told_by, channel, account, person_id, address_sealed IS NOT NULL AS has_address,
    texts, place, numbers, case_ids, calls, requested_at, last_at, trace_id, due_at, reminded, acknowledged_at
"""


@dataclass(frozen=True, slots=True)
class OpenAlerts:
    """How many nobody acknowledged, and since when the oldest waits; None: there is none."""

    count: int
    oldest_at: datetime | None


async def add(connection: Connection, alerts: Sequence[tuple[Alert, Reached]], due_at: datetime, vault: Vault) -> None:
    """Write alerts; one of a sender who has an open one is gathered into that. `alerts`: each sender once.

    An array of one alert's own is written as JSON, since arrays of arrays of different length cannot be.
    """
    await connection.execute(
        """
        INSERT INTO alert (id, emergency, emergency_number, told_by, channel, account, person_id, address_sealed,
                           name_sealed, texts, place, numbers, case_ids, calls, requested_at, last_at, trace_id, due_at)
        SELECT id, emergency, emergency_number, told_by, channel, account, person_id, address_sealed, name_sealed,
               ARRAY(SELECT json_array_elements_text(texts)), place, ARRAY(SELECT json_array_elements_text(numbers)),
               ARRAY(SELECT json_array_elements_text(case_ids)::uuid), calls, requested_at, last_at, trace_id, $18
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::bytea[],
                    $9::bytea[], $10::json[], $11::json[], $12::json[], $13::json[], $14::int[], $15::timestamptz[],
                    $16::timestamptz[], $17::text[])
             AS told (id, emergency, emergency_number, told_by, channel, account, person_id, address_sealed,
                      name_sealed, texts, place, numbers, case_ids, calls, requested_at, last_at, trace_id)
        ON CONFLICT (person_id) WHERE acknowledged_at IS NULL DO UPDATE
        SET emergency = EXCLUDED.emergency, emergency_number = EXCLUDED.emergency_number, told_by = EXCLUDED.told_by,
            texts = (alert.texts || EXCLUDED.texts)[greatest(1, cardinality(alert.texts || EXCLUDED.texts) - $19 + 1):],
            place = CASE WHEN EXCLUDED.place::text = '{}' THEN alert.place ELSE EXCLUDED.place END,
            numbers = ARRAY(SELECT DISTINCT number FROM unnest(alert.numbers || EXCLUDED.numbers) AS number),
            case_ids = ARRAY(SELECT DISTINCT id FROM unnest(alert.case_ids || EXCLUDED.case_ids) AS id),
            calls = alert.calls + EXCLUDED.calls, last_at = greatest(alert.last_at, EXCLUDED.last_at)
        """,
        [alert.id for alert, _ in alerts],
        [alert.emergency for alert, _ in alerts],
        [alert.emergency_number for alert, _ in alerts],
        [alert.told_by for alert, _ in alerts],
        [alert.channel for alert, _ in alerts],
        [alert.account for alert, _ in alerts],
        [alert.person_id for alert, _ in alerts],
        [seal(vault, reached.address, alert.id) for alert, reached in alerts],
        [seal(vault, reached.name, alert.id) for alert, reached in alerts],
        [_json(alert.texts) for alert, _ in alerts],
        [alert.place.model_dump_json(exclude_none=True) for alert, _ in alerts],
        [_json(alert.numbers) for alert, _ in alerts],
        [_json(map(str, alert.case_ids)) for alert, _ in alerts],
        [alert.calls for alert, _ in alerts],
        [alert.requested_at for alert, _ in alerts],
        [alert.last_at for alert, _ in alerts],
        [alert.trace_id for alert, _ in alerts],
        due_at,
        TEXTS_MAX,
    )


async def open_alerts(pool: asyncpg.Pool) -> list[Alert]:
    """What nobody acknowledged, the longest waiting first; at most `OPEN_MAX`."""
    rows = await pool.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM alert
        WHERE acknowledged_at IS NULL
        ORDER BY requested_at, id
        LIMIT $1
        """,  # noqa: S608 - our own column names
        OPEN_MAX,
    )
    return [_alert(row) for row in rows]


async def acknowledged(pool: asyncpg.Pool, limit: int) -> list[Alert]:
    """What was acknowledged last, with who did."""
    rows = await pool.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM alert
        WHERE acknowledged_at IS NOT NULL
        ORDER BY acknowledged_at DESC, id
        LIMIT $1
        """,  # noqa: S608 - our own column names
        limit,
    )
    acts = await _acts(pool, [row["id"] for row in rows])
    return [replace(_alert(row), acts=tuple(acts.get(row["id"], ()))) for row in rows]


async def how_many_open(pool: asyncpg.Pool) -> OpenAlerts:
    """How many wait, and how long."""
    row = await pool.fetchrow(
        "SELECT count(*)::int AS count, min(requested_at) AS oldest_at FROM alert WHERE acknowledged_at IS NULL"
    )
    return OpenAlerts(row["count"], row["oldest_at"]) if row else OpenAlerts(0, None)


async def find(connection: asyncpg.Pool | Connection, alert_id: UUID) -> Alert | None:
    """One alert with what was done about it."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM alert WHERE id = $1", alert_id)  # noqa: S608
    if row is None:
        return None
    acts = await _acts(connection, [alert_id])
    return replace(_alert(row), acts=tuple(acts.get(alert_id, ())))


async def reached(connection: Connection, alert_id: UUID, vault: Vault) -> Reached:
    """Where the sender is reached; whoever asks must record the look."""
    row = await connection.fetchrow("SELECT address_sealed, name_sealed FROM alert WHERE id = $1", alert_id)
    if row is None:
        return Reached()
    return Reached(unseal(vault, row["address_sealed"], alert_id), unseal(vault, row["name_sealed"], alert_id))


async def act(connection: Connection, alert_id: UUID, done: Act) -> bool:
    """Keep what somebody did; whether it acknowledged the alert, which the first act does."""
    await connection.execute(
        "INSERT INTO alert_act (alert_id, at, by_whom, how, note) VALUES ($1, $2, $3, $4, $5)",
        alert_id,
        done.at,
        done.by,
        done.how,
        done.note,
    )
    first = await connection.fetchval(
        "UPDATE alert SET acknowledged_at = $2 WHERE id = $1 AND acknowledged_at IS NULL RETURNING true",
        alert_id,
        done.at,
    )
    return bool(first)


async def remind(pool: asyncpg.Pool, now: datetime, again: timedelta) -> list[Alert]:
    """Give again what nobody acknowledged in time: each once, however many ask."""
    rows = await pool.fetch(
        f"""
        UPDATE alert
        SET reminded = reminded + 1, due_at = $1 + $2::interval
        WHERE acknowledged_at IS NULL AND due_at <= $1
        RETURNING {_COLUMNS}
        """,  # noqa: S608 - our own column names
        now,
        again,
    )
    return [_alert(row) for row in rows]


async def _acts(connection: asyncpg.Pool | Connection, alerts: Sequence[UUID]) -> dict[UUID, list[Act]]:
    rows = await connection.fetch(
        "SELECT alert_id, at, by_whom, how, note FROM alert_act WHERE alert_id = ANY($1) ORDER BY id", alerts
    )
    found: dict[UUID, list[Act]] = {}
    for row in rows:
        done = Act(row["at"], row["by_whom"], How(row["how"]), row["note"])
        found.setdefault(row["alert_id"], []).append(done)
    return found


def _alert(row: asyncpg.Record) -> Alert:
    return Alert(
        **{
            **dict(row),
            "channel": Channel(row["channel"]),
            "texts": tuple(row["texts"]),
            "place": Place.model_validate_json(row["place"]),
            "numbers": tuple(row["numbers"]),
            "case_ids": tuple(row["case_ids"]),
        }
    )


def _json(texts: Iterable[str]) -> str:
    return json.dumps(list(texts), ensure_ascii=False)
