"""What is told later: planned by a step of a case, dropped by another, told once."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from services.notifier.domain.later import Asked
from services.notifier.domain.notices import Plan
from shared.database import Connection
from shared.municipality import ReplyEvent


async def plan(connection: Connection, plans: Sequence[Plan]) -> None:
    """Note plans, whatever order their steps come in: the latest step of a case counts. What was told stays told."""
    latest = {(row.case_id, row.event): row for row in sorted(plans, key=lambda row: row.version)}
    rows = [latest[key] for key in sorted(latest)]
    await connection.execute(
        """
        INSERT INTO later (case_id, event, version, number, trace_id, occurred_at, words, due_at, dropped)
        SELECT case_id, event, version, number, trace_id, occurred_at, words::jsonb, due_at, dropped
        FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::text[], $6::timestamptz[], $7::text[],
                    $8::timestamptz[], $9::text[])
             AS new (case_id, event, version, number, trace_id, occurred_at, words, due_at, dropped)
        ON CONFLICT (case_id, event) DO UPDATE
        SET version = EXCLUDED.version, number = EXCLUDED.number, trace_id = EXCLUDED.trace_id,
            occurred_at = EXCLUDED.occurred_at, words = EXCLUDED.words, dropped = EXCLUDED.dropped,
            -- A survey that was told is told; another question has a reminder of its own.
            due_at = CASE WHEN later.told_at IS NULL OR later.event <> 'survey' THEN EXCLUDED.due_at END
        WHERE later.version < EXCLUDED.version
        """,
        [row.case_id for row in rows],
        [row.event for row in rows],
        [row.version for row in rows],
        [row.number for row in rows],
        [row.trace_id for row in rows],
        [row.occurred_at for row in rows],
        [json.dumps(dict(row.words), ensure_ascii=False).replace("\\u0000", "") for row in rows],
        [row.due_at for row in rows],
        [row.dropped for row in rows],
    )


async def drop_reminders(connection: Connection, answered: Mapping[UUID, datetime]) -> None:
    """Nobody is reminded of a question in these cases that was asked before their citizens wrote, at those times."""
    cases = sorted(answered)
    await connection.execute(
        """
        UPDATE later
        SET due_at = NULL, dropped = 'answered'
        FROM unnest($1::uuid[], $2::timestamptz[]) AS answered (case_id, at)
        WHERE later.case_id = answered.case_id AND event = 'question_reminder' AND due_at IS NOT NULL
          AND occurred_at <= answered.at
        """,
        cases,
        [answered[case] for case in cases],
    )


async def drop_surveys(connection: Connection, answered: Collection[UUID]) -> None:
    """Nobody is asked about these cases: their citizens have said on the tracking page whether they are solved."""
    await connection.execute(
        """
        UPDATE later
        SET due_at = NULL, dropped = 'answered'
        WHERE case_id = ANY($1) AND event = 'survey' AND due_at IS NOT NULL
        """,
        sorted(answered),
    )


async def lock_due(connection: Connection, each_max: int) -> list[Plan]:
    """What is to be told by now, oldest first; locked, and passed over by others."""
    rows = await connection.fetch(
        """
        SELECT case_id, event, version, number, trace_id, occurred_at, words, due_at, dropped
        FROM later
        WHERE due_at <= now()
        ORDER BY due_at
        LIMIT $1
        FOR UPDATE SKIP LOCKED
        """,
        each_max,
    )
    return [_plan(row) for row in rows]


async def end_plans(connection: Connection, ended: Sequence[tuple[Plan, UUID | None, str]]) -> None:
    """These were told to that person, or, where a reason is given, are dropped."""
    await connection.execute(
        """
        UPDATE later
        SET due_at = NULL, dropped = ended.reason, person_id = ended.person_id,
            told_at = CASE WHEN ended.reason = '' THEN now() END
        FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[]) AS ended (case_id, event, person_id, reason)
        WHERE later.case_id = ended.case_id AND later.event = ended.event
        """,
        [row.case_id for row, _, _ in ended],
        [row.event for row, _, _ in ended],
        [person for _, person, _ in ended],
        [reason for _, _, reason in ended],
    )


async def asked(connection: Connection, people: Collection[UUID]) -> Mapping[UUID, Asked]:
    """What is known of these people before they are asked. Call with their addresses locked: see `people`."""
    rows = await connection.fetch(
        """
        SELECT wanted.person_id,
               (SELECT max(told_at) FROM later
                WHERE later.person_id = wanted.person_id AND event = 'survey' AND told_at IS NOT NULL) AS asked_at,
               (SELECT later.case_id FROM party JOIN later USING (case_id)
                WHERE party.person_id = wanted.person_id AND event = 'survey' AND due_at IS NOT NULL
                ORDER BY later.occurred_at DESC, later.case_id DESC LIMIT 1) AS newest,
               EXISTS (SELECT FROM party LEFT JOIN later ON later.case_id = party.case_id AND later.event = 'survey'
                       WHERE party.person_id = wanted.person_id AND party.is_urgent
                         AND (later.case_id IS NULL OR later.dropped = 'reopened')) AS has_open_urgent,
               EXISTS (SELECT FROM obstacle
                       WHERE obstacle.person_id = wanted.person_id AND kind = 'no_surveys'
                         AND (until IS NULL OR until > now())) AS wants_none
        FROM unnest($1::uuid[]) AS wanted (person_id)
        """,
        list(people),
    )
    return {
        row["person_id"]: Asked(row["asked_at"], row["newest"], row["has_open_urgent"], row["wants_none"])
        for row in rows
    }


def _plan(row: asyncpg.Record) -> Plan:
    return Plan(
        case_id=row["case_id"],
        event=ReplyEvent(row["event"]),
        version=row["version"],
        number=row["number"],
        trace_id=row["trace_id"],
        occurred_at=row["occurred_at"],
        words=json.loads(row["words"]),
        due_at=row["due_at"],
        dropped=row["dropped"],
    )
