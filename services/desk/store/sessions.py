"""Sign-ins that last, programs' tokens, and the wrong tries that are slowed down."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from services.desk.domain.accounts import Account, Session, Tries
from services.desk.store.accounts import COLUMNS, Db, account_of
from shared.database import Connection

_SESSION: Final = (
    "session.id_hash, session.account_id, session.created_at AS began_at, session.seen_at, session.agent, "
    "session.is_whole, session.by_directory"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A program's key, without the key."""

    id: UUID
    name: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


async def begin(db: Db, session: Session, hint: bytes | None = None) -> None:
    """Keep a sign-in. `hint`: the directory's ID token, sealed."""
    await db.execute(
        """
        INSERT INTO session (id_hash, account_id, created_at, seen_at, agent, is_whole, by_directory, directory_hint)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        session.id_hash,
        session.account_id,
        session.created_at,
        session.seen_at,
        session.agent,
        session.is_whole,
        session.by_directory,
        hint,
    )


async def find(db: Db, id_hash: bytes) -> tuple[Session, Account] | None:
    """A sign-in and whose it is."""
    row = await db.fetchrow(
        f"""
        SELECT {_SESSION}, {COLUMNS}
        FROM session
        JOIN account ON account.id = session.account_id
        WHERE id_hash = $1
        """,  # noqa: S608
        id_hash,
    )
    return (_session(row), account_of(row)) if row else None


async def of_account(db: Db, account_id: UUID) -> list[Session]:
    """Where an account is signed in, the latest first."""
    rows = await db.fetch(
        f"SELECT {_SESSION} FROM session WHERE account_id = $1 AND is_whole ORDER BY seen_at DESC",  # noqa: S608
        account_id,
    )
    return [_session(row) for row in rows]


async def see(db: Db, id_hash: bytes, at: datetime) -> None:
    """Note that a person did something."""
    await db.execute("UPDATE session SET seen_at = $2 WHERE id_hash = $1 AND seen_at < $2", id_hash, at)


async def end(db: Db, id_hash: bytes) -> bytes | None:
    """End a sign-in; the directory's ID token, sealed, where it came by the directory."""
    hint: bytes | None = await db.fetchval("DELETE FROM session WHERE id_hash = $1 RETURNING directory_hint", id_hash)
    return hint


async def end_all(db: Db, account_id: UUID, but: bytes = b"") -> int:
    """End every sign-in of an account `but` one; how many that were."""
    done = await db.execute("DELETE FROM session WHERE account_id = $1 AND id_hash <> $2", account_id, but)
    return int(done.rpartition(" ")[2])


async def add_token(
    db: Db, token_id: UUID, account_id: UUID, name: str, token_hash: bytes, expires_at: datetime
) -> None:
    """Keep a program's key."""
    await db.execute(
        """
        INSERT INTO bearer_token (id, account_id, name, token_hash, expires_at)
        VALUES ($1, $2, $3, $4, $5)
        """,
        token_id,
        account_id,
        name,
        token_hash,
        expires_at,
    )


async def of_token(db: Db, token_hash: bytes, now: datetime) -> Account | None:
    """Whose key this is, if it is good; that it was used is noted once a minute."""
    row = await db.fetchrow(
        f"""
        SELECT {COLUMNS}, used_at IS NULL OR used_at < $2::timestamptz - interval '1 minute' AS is_news
        FROM bearer_token
        JOIN account ON account.id = bearer_token.account_id
        WHERE token_hash = $1 AND expires_at > $2::timestamptz
        """,  # noqa: S608
        token_hash,
        now,
    )
    if row is None:
        return None
    if row["is_news"]:
        await db.execute("UPDATE bearer_token SET used_at = $2 WHERE token_hash = $1", token_hash, now)
    return account_of(row)


async def tokens_of(db: Db, account_id: UUID) -> list[Token]:
    """An account's keys, the newest first."""
    rows = await db.fetch(
        """
        SELECT id, name, created_at, expires_at, used_at
        FROM bearer_token
        WHERE account_id = $1
        ORDER BY created_at DESC
        """,
        account_id,
    )
    return [Token(**dict(row)) for row in rows]


async def end_token(db: Db, account_id: UUID, token_id: UUID) -> bool:
    """End a key of this account's; False: it has none of this id."""
    done = await db.execute("DELETE FROM bearer_token WHERE account_id = $1 AND id = $2", account_id, token_id)
    return bool(done.endswith(" 1"))


async def lock_tries(connection: Connection, keys: Collection[bytes]) -> dict[bytes, Tries]:
    """The wrong tries so far, locked in one order, so that tries at the same time are counted one after the other."""
    await connection.execute(
        """
        INSERT INTO sign_in_try (key, failures)
        SELECT key, 0 FROM unnest($1::bytea[]) AS tried (key)
        ON CONFLICT DO NOTHING
        """,
        sorted(keys),
    )
    rows = await connection.fetch(
        """
        SELECT key, failures, last_at, locked_until
        FROM sign_in_try
        WHERE key = ANY($1)
        ORDER BY key
        FOR UPDATE
        """,
        list(keys),
    )
    return {row["key"]: Tries(row["failures"], row["last_at"], row["locked_until"]) for row in rows}


async def save_tries(connection: Connection, tries: Mapping[bytes, Tries]) -> None:
    """Write what was counted."""
    await connection.execute(
        """
        UPDATE sign_in_try
        SET failures = counted.failures, last_at = counted.last_at, locked_until = counted.locked_until
        FROM unnest($1::bytea[], $2::int[], $3::timestamptz[], $4::timestamptz[])
             AS counted (key, failures, last_at, locked_until)
        WHERE sign_in_try.key = counted.key
        """,
        list(tries),
        [one.failures for one in tries.values()],
        [one.last_at for one in tries.values()],
        [one.locked_until for one in tries.values()],
    )


async def forgive(db: Db, whole: bytes, one_less: bytes | None = None) -> None:
    """A try was right: forget those of the account, and take this one off its address."""
    await db.execute("DELETE FROM sign_in_try WHERE key = $1", whole)
    if one_less is not None:
        await db.execute(
            """
            UPDATE sign_in_try
            SET failures = greatest(failures - 1, 0), locked_until = NULL
            WHERE key = $1
            """,
            one_less,
        )


async def sweep(db: Db, idle_since: datetime, old: datetime, now: datetime) -> None:
    """Delete what is over: sign-ins, links, ways to the directory, forgotten tries."""
    await db.execute("DELETE FROM session WHERE seen_at < $1", idle_since)
    await db.execute("DELETE FROM bearer_token WHERE expires_at < $1", old)
    await db.execute("DELETE FROM invitation WHERE expires_at < $1", now)
    await db.execute("DELETE FROM directory_try WHERE expires_at < $1", now)
    await db.execute("DELETE FROM sign_in_try WHERE last_at < $1", old)


def _session(row: asyncpg.Record) -> Session:
    return Session(
        row["id_hash"],
        UUID(int=row["account_id"].int),
        row["began_at"],
        row["seen_at"],
        row["agent"],
        row["is_whole"],
        row["by_directory"],
    )
