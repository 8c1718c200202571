"""Open data's questions: public cases by when they were opened or changed, and what became of a message."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.intake.store.cases import _COLUMNS, CaseFile, CaseStep, _case
from shared.contracts import CaseState, Channel, Outcome, OwnerKind


@dataclass(frozen=True, slots=True)
class Listing:
    """Which cases, how many, and from which on; None: no such limit. Ends are included.

    `by_change`: in order of the last change, so that pages stay whole while cases move on to later ones; otherwise
    the newest first.
    """

    opened_from: datetime | None = None
    opened_to: datetime | None = None
    updated_from: datetime | None = None
    updated_to: datetime | None = None
    is_open: bool | None = None
    by_change: bool = False
    limit: int = 1_000
    offset: int = 0


async def listed(pool: asyncpg.Pool, listing: Listing, topics: Collection[str]) -> list[CaseFile]:
    """The cases of these topics that the listing asks for."""
    order = "updated_at, id" if listing.by_change else "opened_at DESC, id DESC"
    rows = await pool.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM case_file
        WHERE topic = ANY($1)
          AND ($2::timestamptz IS NULL OR opened_at >= $2)
          AND ($3::timestamptz IS NULL OR opened_at <= $3)
          AND ($4::timestamptz IS NULL OR updated_at >= $4)
          AND ($5::timestamptz IS NULL OR updated_at <= $5)
          AND ($6::boolean IS NULL OR (state <> 'closed') = $6)
        ORDER BY {order}
        LIMIT $7 OFFSET $8
        """,  # noqa: S608
        list(topics),
        listing.opened_from,
        listing.opened_to,
        listing.updated_from,
        listing.updated_to,
        listing.is_open,
        listing.limit,
        listing.offset,
    )
    return [_case(row) for row in rows]


async def cases_by_number(pool: asyncpg.Pool, numbers: Sequence[str]) -> list[CaseFile]:
    """The cases of these tracking numbers that there are, in their order."""
    rows = await pool.fetch(
        f"SELECT {_COLUMNS} FROM case_file WHERE number = ANY($1) ORDER BY array_position($1, number)",  # noqa: S608
        list(numbers),
    )
    return [_case(row) for row in rows]


async def steps_of_all(
    pool: asyncpg.Pool, case_ids: Collection[UUID], kinds: Collection[str] | None = None
) -> Mapping[UUID, list[CaseStep]]:
    """The steps of each of these cases, in order; `kinds`: these alone."""
    rows = await pool.fetch(
        """
        SELECT case_id, version, at, kind, state, owner, owner_kind, outcome, text
        FROM case_step
        WHERE case_id = ANY($1) AND ($2::text[] IS NULL OR kind = ANY($2))
        ORDER BY case_id, version
        """,
        list(case_ids),
        None if kinds is None else list(kinds),
    )
    steps: dict[UUID, list[CaseStep]] = {}
    for row in rows:
        outcome = Outcome(row["outcome"]) if row["outcome"] else None
        step = CaseStep(
            row["version"],
            row["at"],
            row["kind"],
            CaseState(row["state"]),
            row["owner"],
            OwnerKind(row["owner_kind"]),
            outcome,
            row["text"],
        )
        steps.setdefault(row["case_id"], []).append(step)
    return steps


async def numbers_of_message(pool: asyncpg.Pool, channel: Channel, account: str, provider_id: str) -> tuple[str, ...]:
    """The tracking numbers of the cases a message opened or joined; none while it is on its way, too."""
    rows = await pool.fetch(
        """
        SELECT number
        FROM inbound_message AS message
        JOIN case_file ON case_file.contact_id = message.contact_id
                       OR case_file.id IN (SELECT case_id FROM joined_case
                                           WHERE joined_case.contact_id = message.contact_id)
        WHERE message.channel = $1 AND message.account = $2 AND message.provider_id = $3
        ORDER BY case_file.opened_at, case_file.id
        """,
        channel,
        account,
        provider_id,
    )
    return tuple(row["number"] for row in rows)
