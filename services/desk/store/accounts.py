"""Accounts: who may come in, their passwords' hashes and second factors, one-time links, and what was done to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from services.desk.domain.accounts import Account
from shared.database import Connection

Db = asyncpg.Pool | Connection

COLUMNS: Final = """
    account.id, account.name, account.shown_as, account.roles, account.departments, account.locked_at,
    account.created_at, account.is_of_directory, account.password_hash IS NOT NULL AS has_password,
    account.totp_sealed IS NOT NULL AS has_second_factor
"""


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """Sealed keys: the one that is good, the one that is being set up; and the step of the last code taken."""

    sealed: bytes | None
    offered_sealed: bytes | None
    last_step: int


@dataclass(frozen=True, slots=True)
class AccountAct:
    """What was done with an account. `what` is a word of the catalogue (account_act.…)."""

    at: datetime
    by_whom: str
    account: str
    what: str
    detail: str


def account_of(row: asyncpg.Record) -> Account:
    """The account in a row that has COLUMNS."""
    return Account(
        **{name: row[name] for name in Account.__slots__ if name not in ("roles", "departments", "id")},
        id=UUID(int=row["id"].int),
        roles=tuple(row["roles"]),
        departments=tuple(row["departments"]),
    )


async def add(db: Db, account: Account, password_hash: str | None = None) -> bool:
    """Write an account; False: there is one of that name."""
    added = await db.execute(
        """
        INSERT INTO account (id, name, shown_as, roles, departments, password_hash, is_of_directory)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (name) DO NOTHING
        """,
        account.id,
        account.name,
        account.shown_as,
        list(account.roles),
        list(account.departments),
        password_hash,
        account.is_of_directory,
    )
    return bool(added.endswith(" 1"))


async def change(db: Db, account: Account) -> None:
    """Write what an account is called and may do."""
    await db.execute(
        "UPDATE account SET shown_as = $2, roles = $3, departments = $4 WHERE id = $1",
        account.id,
        account.shown_as,
        list(account.roles),
        list(account.departments),
    )


async def everybody(db: Db) -> list[Account]:
    """All accounts, by name."""
    rows = await db.fetch(f"SELECT {COLUMNS} FROM account ORDER BY shown_as, name")  # noqa: S608
    return [account_of(row) for row in rows]


async def find(db: Db, account_id: UUID) -> Account | None:
    """The account of this id."""
    row = await db.fetchrow(f"SELECT {COLUMNS} FROM account WHERE id = $1", account_id)  # noqa: S608
    return account_of(row) if row else None


async def find_named(db: Db, name: str) -> Account | None:
    """The account of this name."""
    row = await db.fetchrow(f"SELECT {COLUMNS} FROM account WHERE name = $1", name)  # noqa: S608
    return account_of(row) if row else None


async def lock_all(connection: Connection) -> list[Account]:
    """All accounts, so that nobody changes who rules meanwhile."""
    rows = await connection.fetch(f"SELECT {COLUMNS} FROM account ORDER BY id FOR UPDATE")  # noqa: S608
    return [account_of(row) for row in rows]


async def password_hash(db: Db, account_id: UUID) -> str | None:
    """The hash to check against."""
    found: str | None = await db.fetchval("SELECT password_hash FROM account WHERE id = $1", account_id)
    return found


async def set_password(db: Db, account_id: UUID, new_hash: str) -> None:
    """Write the hash of a new password; links by which one could be set end."""
    await db.execute("UPDATE account SET password_hash = $2 WHERE id = $1", account_id, new_hash)
    await db.execute("DELETE FROM invitation WHERE account_id = $1", account_id)


async def set_locked(db: Db, account_id: UUID, at: datetime | None) -> None:
    """Lock an account, or open it again (None)."""
    await db.execute("UPDATE account SET locked_at = $2 WHERE id = $1", account_id, at)


async def second_factor(db: Db, account_id: UUID) -> SecondFactor:
    """The second factor as it stands."""
    row = await db.fetchrow(
        "SELECT totp_sealed, totp_offered_sealed, totp_last_step FROM account WHERE id = $1", account_id
    )
    return SecondFactor(*row) if row else SecondFactor(None, None, 0)


async def offer_second_factor(db: Db, account_id: UUID, sealed: bytes) -> None:
    """Keep a key that is being set up; it is good once a code proves it."""
    await db.execute("UPDATE account SET totp_offered_sealed = $2 WHERE id = $1", account_id, sealed)


async def set_second_factor(db: Db, account_id: UUID, sealed: bytes | None, step: int, codes: Sequence[bytes]) -> None:
    """Put a second factor in force with its recovery codes, or take it away (None)."""
    await db.execute(
        "UPDATE account SET totp_sealed = $2, totp_offered_sealed = NULL, totp_last_step = $3 WHERE id = $1",
        account_id,
        sealed,
        step,
    )
    await db.execute("DELETE FROM recovery_code WHERE account_id = $1", account_id)
    await db.execute(
        "INSERT INTO recovery_code (account_id, code_hash) SELECT $1, unnest($2::bytea[])", account_id, list(codes)
    )


async def take_step(db: Db, account_id: UUID, step: int) -> bool:
    """Note the step of a code; False: that code, or a later one, was taken before."""
    done = await db.execute(
        "UPDATE account SET totp_last_step = $2 WHERE id = $1 AND totp_last_step < $2", account_id, step
    )
    return bool(done.endswith(" 1"))


async def use_recovery_code(db: Db, account_id: UUID, code_hash: bytes) -> bool:
    """Use a recovery code up; False: there is none like it that was not used."""
    done = await db.execute(
        "UPDATE recovery_code SET used_at = now() WHERE account_id = $1 AND code_hash = $2 AND used_at IS NULL",
        account_id,
        code_hash,
    )
    return bool(done.endswith(" 1"))


async def recovery_codes_left(db: Db, account_id: UUID) -> int:
    """How many recovery codes were not used."""
    left = await db.fetchval("SELECT count(*) FROM recovery_code WHERE account_id = $1 AND used_at IS NULL", account_id)
    return int(left)


async def invite(db: Db, account_id: UUID, secret_hash: bytes, expires_at: datetime) -> None:
    """Keep a one-time link; those before it end."""
    await db.execute("DELETE FROM invitation WHERE account_id = $1", account_id)
    await db.execute(
        "INSERT INTO invitation (secret_hash, account_id, expires_at) VALUES ($1, $2, $3)",
        secret_hash,
        account_id,
        expires_at,
    )


async def invited(db: Db, secret_hash: bytes, now: datetime) -> Account | None:
    """Whose one-time link this is; None: nobody's, used, or too old."""
    row = await db.fetchrow(
        f"""
        SELECT {COLUMNS}
        FROM invitation
        JOIN account ON account.id = invitation.account_id
        WHERE secret_hash = $1 AND expires_at > $2 AND locked_at IS NULL
        """,  # noqa: S608
        secret_hash,
        now,
    )
    return account_of(row) if row else None


async def use_invitation(db: Db, secret_hash: bytes, now: datetime) -> bool:
    """Use a one-time link up; False: somebody did before."""
    done = await db.execute("DELETE FROM invitation WHERE secret_hash = $1 AND expires_at > $2", secret_hash, now)
    return bool(done.endswith(" 1"))


async def note(db: Db, by: str, account: str, what: str, detail: str = "") -> None:
    """Keep what was done with an account."""
    await db.execute(
        "INSERT INTO account_act (by_whom, account, what, detail) VALUES ($1, $2, $3, $4)", by, account, what, detail
    )


async def acts_of(db: Db, account: str, limit: int) -> list[AccountAct]:
    """What was done with an account, the latest first."""
    rows = await db.fetch(
        """
        SELECT at, by_whom, account, what, detail
        FROM account_act
        WHERE account = $1
        ORDER BY id DESC
        LIMIT $2
        """,
        account,
        limit,
    )
    return [AccountAct(**dict(row)) for row in rows]
