"""Ways to the directory that were begun, and whom its people are here."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.desk.domain.accounts import Account
from services.desk.store.accounts import COLUMNS, Db, account_of


@dataclass(frozen=True, slots=True)
class Begun:
    """What was asked of the directory; `onward`: where the person wanted to go."""

    nonce: str
    verifier: str
    onward: str


async def begin(db: Db, state_hash: bytes, door_hash: bytes, begun: Begun, expires_at: datetime) -> None:
    """Keep a way that has to come back to the same browser."""
    await db.execute(
        """
        INSERT INTO directory_try (state_hash, door_hash, nonce, verifier, onward, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        state_hash,
        door_hash,
        begun.nonce,
        begun.verifier,
        begun.onward,
        expires_at,
    )


async def end(db: Db, state_hash: bytes, door_hash: bytes, now: datetime) -> Begun | None:
    """The way that came back, used up with it; None: this browser began none like it, or too long ago."""
    row = await db.fetchrow(
        """
        DELETE FROM directory_try
        WHERE state_hash = $1 AND door_hash = $2 AND expires_at > $3
        RETURNING nonce, verifier, onward
        """,
        state_hash,
        door_hash,
        now,
    )
    return Begun(*row) if row else None


async def account(db: Db, issuer: str, subject: str) -> Account | None:
    """Whom the directory means here."""
    row = await db.fetchrow(
        f"""
        SELECT {COLUMNS}
        FROM directory_subject
        JOIN account ON account.id = directory_subject.account_id
        WHERE issuer = $1 AND subject = $2
        """,  # noqa: S608
        issuer,
        subject,
    )
    return account_of(row) if row else None


async def bind(db: Db, issuer: str, subject: str, account_id: UUID) -> bool:
    """From now on this account is whom the directory means; False: somebody was faster."""
    done = await db.execute(
        "INSERT INTO directory_subject (issuer, subject, account_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        issuer,
        subject,
        account_id,
    )
    return bool(done.endswith(" 1"))
