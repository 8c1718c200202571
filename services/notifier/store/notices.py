"""Notices, and the deliveries by which they go out."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from services.notifier.domain import Change, Delivery, Notice, Standing
from services.notifier.domain.ladder import PAIR_RATE
from shared.contracts import Channel, DeliveryReported, NoticeStatus
from shared.database import Connection
from shared.municipality import ReplyEvent
from shared.municipality.delivery import Rung


@dataclass(frozen=True, slots=True)
class Begun:
    """A delivery that begins."""

    id: UUID
    notice_id: UUID
    round: int
    rung: Rung | None
    channel: Channel
    provider: str | None
    account: str
    news_only: bool
    template: str | None
    status: NoticeStatus


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided about a notice. `delivery_id`: the delivery that begins or goes on, so one try more;
    `look_again` None: nothing more is to be done."""

    notice_id: UUID
    status: NoticeStatus
    reasons: tuple[str, ...] = ()
    queue: str = ""
    look_again: timedelta | None = None
    delivery_id: UUID | None = None
    goes_on: bool = False
    task_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """A notice about which something must be decided, with its deliveries of this round."""

    notice: Notice
    tried: tuple[Delivery, ...] = ()
    deliveries: int = 0  # of all rounds
    round: int = 1
    has_turn: bool = False


@dataclass(frozen=True, slots=True)
class Filed:
    """A delivery as it stands, with what is told of it."""

    standing: Standing
    event: str
    channel: Channel
    provider: str | None
    person_id: UUID | None
    case_id: UUID | None
    contact_id: UUID | None
    trace_id: str


async def add_notices(connection: Connection, notices: Sequence[tuple[Notice, Decided]]) -> set[UUID]:
    """Write notices with what was decided first. Says which are new."""
    rows = sorted(notices, key=lambda row: row[0].id)
    fresh = await connection.fetch(
        """
        INSERT INTO notice (id, event, person_id, contact_id, case_id, channel, provider, account, language, number,
                            words, text, template, template_version, is_urgent, thread_id, trace_id, occurred_at,
                            expires_at, status, reasons, queue, look_again_at, delivery_id, task_id, attempts)
        SELECT id, event, person_id, contact_id, case_id, channel, provider, account, language, number, words::jsonb,
               text, template, template_version, is_urgent, thread_id, trace_id, occurred_at, expires_at, status,
               reasons::text[], queue, now() + look_again, delivery_id, task_id,
               CASE WHEN delivery_id IS NULL THEN 0 ELSE 1 END
        FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[],
                    $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::int[], $15::bool[],
                    $16::text[], $17::text[], $18::timestamptz[], $19::timestamptz[], $20::text[], $21::text[],
                    $22::text[], $23::interval[], $24::uuid[], $25::uuid[])
             AS new (id, event, person_id, contact_id, case_id, channel, provider, account, language, number, words,
                     text, template, template_version, is_urgent, thread_id, trace_id, occurred_at, expires_at,
                     status, reasons, queue, look_again, delivery_id, task_id)
        ON CONFLICT DO NOTHING
        RETURNING id
        """,
        [row.id for row, _ in rows],
        [row.event for row, _ in rows],
        [row.person_id for row, _ in rows],
        [row.contact_id for row, _ in rows],
        [row.case_id for row, _ in rows],
        [row.channel for row, _ in rows],
        [row.provider for row, _ in rows],
        [row.account for row, _ in rows],
        [row.language for row, _ in rows],
        [row.number for row, _ in rows],
        [json.dumps(dict(row.words), ensure_ascii=False).replace("\\u0000", "") for row, _ in rows],
        [row.text for row, _ in rows],
        [row.template for row, _ in rows],
        [row.template_version for row, _ in rows],
        [row.is_urgent for row, _ in rows],
        [row.thread_id for row, _ in rows],
        [row.trace_id for row, _ in rows],
        [row.occurred_at for row, _ in rows],
        [row.expires_at for row, _ in rows],
        [decided.status for _, decided in rows],
        [_array(decided.reasons) for _, decided in rows],
        [decided.queue for _, decided in rows],
        [decided.look_again for _, decided in rows],
        [decided.delivery_id for _, decided in rows],
        [decided.task_id for _, decided in rows],
    )
    return {row["id"] for row in fresh}


def _array(reasons: Sequence[str]) -> str:
    """Our own codes as PostgreSQL writes an array; there are no arrays of arrays of different lengths."""
    return "{" + ",".join(f'"{reason}"' for reason in reasons) + "}"


async def save_decisions(connection: Connection, decisions: Sequence[Decided]) -> None:
    """Write what was decided about notices that are there, and begin their next try."""
    await connection.execute(
        """
        UPDATE notice
        SET status = decided.status,
            reasons = (notice.reasons || decided.reasons::text[])[1:100],
            queue = CASE decided.queue WHEN '' THEN notice.queue ELSE decided.queue END,
            look_again_at = now() + decided.look_again,
            delivery_id = coalesce(decided.delivery_id, notice.delivery_id),
            attempts = notice.attempts + CASE WHEN decided.delivery_id IS NULL THEN 0 ELSE 1 END,
            task_id = coalesce(decided.task_id, notice.task_id),
            updated_at = now()
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::interval[], $6::uuid[], $7::uuid[])
             AS decided (id, status, reasons, queue, look_again, delivery_id, task_id)
        WHERE notice.id = decided.id
        """,
        [row.notice_id for row in decisions],
        [row.status for row in decisions],
        [_array(row.reasons) for row in decisions],
        [row.queue for row in decisions],
        [row.look_again for row in decisions],
        [row.delivery_id for row in decisions],
        [row.task_id for row in decisions],
    )
    again = [row.delivery_id for row in decisions if row.goes_on]
    if again:
        await connection.execute(
            """
            UPDATE delivery SET status = 'sending', attempts = attempts + 1, called_at = NULL, updated_at = now()
            WHERE id = ANY($1)
            """,
            again,
        )


async def begin_deliveries(connection: Connection, begun: Sequence[Begun]) -> None:
    """Write deliveries that begin."""
    await connection.execute(
        """
        INSERT INTO delivery (id, notice_id, round, rung, channel, provider, account, news_only, template, status)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[],
                             $8::bool[], $9::text[], $10::text[])
        """,
        [row.id for row in begun],
        [row.notice_id for row in begun],
        [row.round for row in begun],
        [row.rung for row in begun],
        [row.channel for row in begun],
        [row.provider for row in begun],
        [row.account for row in begun],
        [row.news_only for row in begun],
        [row.template for row in begun],
        [row.status for row in begun],
    )


async def lock_deliveries(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Filed]:
    """Deliveries as they stand, their notices locked in one order."""
    rows = await connection.fetch(
        """
        SELECT delivery.id, delivery.notice_id, delivery.status, delivery.attempts, delivery.channel,
               delivery.provider, notice.status AS notice_status, notice.attempts AS tries,
               notice.delivery_id = delivery.id AS is_last, notice.event, notice.person_id, notice.case_id,
               notice.contact_id, notice.trace_id
        FROM delivery
        JOIN notice ON notice.id = delivery.notice_id
        WHERE delivery.id = ANY($1)
        ORDER BY notice.id
        FOR UPDATE OF notice
        """,
        list(ids),
    )
    return {row["id"]: _filed(row) for row in rows}


def _filed(row: asyncpg.Record) -> Filed:
    return Filed(
        Standing(
            id=row["id"],
            notice_id=row["notice_id"],
            status=NoticeStatus(row["status"]),
            attempts=row["attempts"],
            is_last=bool(row["is_last"]),
            notice_status=NoticeStatus(row["notice_status"]),
            tries=row["tries"],
        ),
        event=row["event"],
        channel=Channel(row["channel"]),
        provider=row["provider"],
        person_id=row["person_id"],
        case_id=row["case_id"],
        contact_id=row["contact_id"],
        trace_id=row["trace_id"],
    )


async def find_deliveries(connection: Connection, provider_ids: Collection[str]) -> dict[tuple[str, str], UUID]:
    """The deliveries that providers call by these ids, by (provider, its id)."""
    rows = await connection.fetch(
        "SELECT id, provider, channel, provider_id FROM delivery WHERE provider_id = ANY($1)", list(provider_ids)
    )
    return {(row["provider"] or row["channel"], row["provider_id"]): row["id"] for row in rows}


async def save_changes(connection: Connection, changes: Sequence[tuple[UUID, Change]]) -> None:
    """Write what became of deliveries and of their notices, given in order: the last word on a notice counts."""
    await connection.execute(
        """
        UPDATE delivery
        SET status = change.status,
            attempts = change.attempts,
            provider_id = coalesce(change.provider_id, delivery.provider_id),
            error = coalesce(change.error, delivery.error),
            updated_at = now()
        FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::text[])
             AS change (id, status, attempts, provider_id, error)
        WHERE delivery.id = change.id
        """,
        [change.delivery_id for _, change in changes],
        [change.status for _, change in changes],
        [change.attempts for _, change in changes],
        [change.provider_id for _, change in changes],
        [change.error for _, change in changes],
    )
    last = {notice_id: change for notice_id, change in changes if not change.keeps_watch}
    await connection.execute(
        """
        UPDATE notice
        SET status = change.status,
            error = coalesce(change.error, notice.error),
            look_again_at = now() + change.look_again,
            updated_at = now()
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::interval[]) AS change (id, status, error, look_again)
        WHERE notice.id = change.id
        """,
        list(last),
        [change.notice_status for change in last.values()],
        [change.error for change in last.values()],
        [change.look_again for change in last.values()],
    )


async def lock_overdue(connection: Connection, queues: Collection[str], each_max: int) -> list[Open]:
    """Notices whose time to be looked at has come, at most `each_max` of each of these queues, oldest first."""
    rows = await connection.fetch(
        """
        SELECT overdue.*
        FROM unnest($1::text[]) AS wanted (queue),
             LATERAL (
                 SELECT *
                 FROM notice
                 WHERE notice.queue = wanted.queue AND look_again_at <= now()
                 ORDER BY look_again_at, occurred_at
                 LIMIT $2
                 FOR UPDATE SKIP LOCKED
             ) AS overdue
        """,
        list(queues),
        each_max,
    )
    if not rows:
        return []
    deliveries: dict[UUID, list[asyncpg.Record]] = {}
    for row in await connection.fetch(
        "SELECT * FROM delivery WHERE notice_id = ANY($1) ORDER BY created_at, id", [row["id"] for row in rows]
    ):
        deliveries.setdefault(row["notice_id"], []).append(row)
    return [_open(row, deliveries.get(row["id"], [])) for row in rows]


def _open(row: asyncpg.Record, deliveries: Sequence[asyncpg.Record]) -> Open:
    notice = Notice(
        id=row["id"],
        event=ReplyEvent(row["event"]),
        person_id=row["person_id"],
        contact_id=row["contact_id"],
        case_id=row["case_id"],
        channel=Channel(row["channel"]),
        provider=row["provider"],
        account=row["account"],
        language=row["language"],
        number=row["number"],
        words=json.loads(row["words"]) or {"number": row["number"]},
        text=row["text"],
        template=row["template"],
        template_version=row["template_version"],
        is_urgent=row["is_urgent"],
        thread_id=row["thread_id"],
        trace_id=row["trace_id"],
        occurred_at=row["occurred_at"],
        expires_at=row["expires_at"],
    )
    tried = tuple(_delivery(one) for one in deliveries if one["round"] == row["round"])
    has_turn = bool(row["reasons"]) and row["reasons"][-1].endswith(PAIR_RATE)
    return Open(notice, tried, len(deliveries), row["round"], has_turn)


def _delivery(row: asyncpg.Record) -> Delivery:
    return Delivery(
        id=row["id"],
        rung=Rung(row["rung"]) if row["rung"] else None,
        channel=Channel(row["channel"]),
        provider=row["provider"],
        status=NoticeStatus(row["status"]),
        attempts=row["attempts"],
        begun_at=row["created_at"],
        is_called=row["called_at"] is not None,
    )


async def mark_called(pool: asyncpg.Pool, ids: Collection[UUID], lease: timedelta) -> set[UUID]:
    """These deliveries go to their provider now. Says which are still leased to us: the others must not be sent."""
    rows = await pool.fetch(
        """
        WITH ours AS (
            UPDATE notice SET look_again_at = now() + $2
            FROM delivery
            WHERE delivery.id = ANY($1) AND notice.id = delivery.notice_id AND notice.delivery_id = delivery.id
              AND notice.status = 'sending' AND notice.look_again_at > now() AND delivery.called_at IS NULL
            RETURNING notice.delivery_id
        )
        UPDATE delivery SET called_at = now() FROM ours WHERE delivery.id = ours.delivery_id RETURNING delivery.id
        """,
        list(ids),
        lease,
    )
    return {row["id"] for row in rows}


async def renew_leases(pool: asyncpg.Pool, ids: Collection[UUID], lease: timedelta) -> None:
    """Keep deliveries leased that this process still holds."""
    await pool.execute(
        """
        UPDATE notice SET look_again_at = now() + $2
        FROM delivery
        WHERE delivery.id = ANY($1) AND notice.id = delivery.notice_id AND notice.delivery_id = delivery.id
          AND notice.status = 'sending' AND notice.look_again_at > now()
        """,
        list(ids),
        lease,
    )


async def give_back(pool: asyncpg.Pool, ids: Collection[UUID]) -> None:
    """End the lease of deliveries that were certainly not sent."""
    await pool.execute(
        """
        WITH freed AS (
            UPDATE notice SET status = 'waiting', look_again_at = now(), attempts = notice.attempts - 1
            FROM delivery
            WHERE delivery.id = ANY($1) AND notice.id = delivery.notice_id AND notice.delivery_id = delivery.id
              AND notice.status = 'sending' AND delivery.called_at IS NULL
            RETURNING notice.delivery_id
        )
        UPDATE delivery SET attempts = attempts - 1 FROM freed WHERE delivery.id = freed.delivery_id
        """,
        list(ids),
    )


async def keep_receipts(connection: Connection, receipts: Sequence[DeliveryReported]) -> None:
    """Receipts nobody can be found for yet."""
    await connection.execute(
        """
        INSERT INTO early_receipt (id, provider, provider_id, status, error)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
        ON CONFLICT DO NOTHING
        """,
        [row.id for row in receipts],
        [row.provider or row.channel for row in receipts],
        [row.provider_id for row in receipts],
        [row.status for row in receipts],
        [row.error for row in receipts],
    )


async def take_receipts(
    connection: Connection, provider_ids: Collection[str]
) -> list[tuple[str, str, NoticeStatus, str | None]]:
    """The kept receipts of these provider's ids, as (provider, its id, status, error); they are not kept any more."""
    rows = await connection.fetch(
        "DELETE FROM early_receipt WHERE provider_id = ANY($1) RETURNING provider, provider_id, status, error",
        list(provider_ids),
    )
    return [(row["provider"], row["provider_id"], NoticeStatus(row["status"]), row["error"]) for row in rows]


async def forget_receipts(pool: asyncpg.Pool, days: int) -> None:
    """Receipts of messages that are not ours."""
    await pool.execute("DELETE FROM early_receipt WHERE received_at < now() - make_interval(days => $1)", days)


async def settle_tasks(connection: Connection, done: Mapping[UUID, NoticeStatus]) -> list[Mapping[str, Any]]:
    """Write how people settled tasks: `waiting` begins a new round. The first settlement counts; returns those."""
    rows = await connection.fetch(
        """
        UPDATE notice
        SET status = settled.status,
            look_again_at = CASE settled.status WHEN 'waiting' THEN now() END,
            round = notice.round + CASE settled.status WHEN 'waiting' THEN 1 ELSE 0 END,
            -- As long from now as it had from its beginning.
            expires_at = CASE settled.status WHEN 'waiting' THEN now() + (notice.expires_at - notice.created_at)
                         ELSE notice.expires_at END,
            task_id = NULL,
            reasons = notice.reasons || ('task: ' || settled.status),
            updated_at = now()
        FROM unnest($1::uuid[], $2::text[]) AS settled (task_id, status)
        WHERE notice.task_id = settled.task_id AND notice.status = 'handed_over'
        RETURNING notice.id, notice.event, notice.channel, notice.status, notice.attempts, notice.case_id,
                  notice.contact_id, notice.trace_id
        """,
        list(done),
        list(done.values()),
    )
    return [dict(row) for row in rows]


async def book(pool: asyncpg.Pool, line: str, count: int, per_second: float) -> float:
    """Book the next `count` moments of one of our lines, for all replicas; in how many seconds the first one is."""
    seconds = await pool.fetchval(
        """
        INSERT INTO pace AS line (line, next_at) VALUES ($1, now() + $2)
        ON CONFLICT (line) DO UPDATE SET next_at = greatest(line.next_at, now()) + $2
        RETURNING extract(epoch FROM next_at - $2 - now())::float8
        """,
        line,
        timedelta(seconds=count / per_second),
    )
    return max(0.0, float(seconds))


async def clock(connection: Connection) -> datetime:
    """The database's clock, the one that leases and waits go by."""
    now: datetime = await connection.fetchval("SELECT now()")
    return now
