"""Accounts: what a person does with their own, and what an administrator does with everybody's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from services.desk.domain import accounts as rules
from services.desk.domain import second_factor
from services.desk.domain.accounts import INVITATION_GOOD_FOR, Account, PasswordFault, Session, hashed, password_fault
from services.desk.domain.identity import Identity, Permission
from services.desk.handlers.door import Door, SignedIn, WrongCredentials, new_account
from services.desk.store import accounts as account_store
from services.desk.store import looks
from services.desk.store import sessions as session_store
from services.desk.store.accounts import AccountAct
from services.desk.store.looks import Look
from services.desk.store.sealing import seal, unseal
from services.desk.store.sessions import Token
from shared.database import Connection
from shared.ids import new_id
from shared.municipality import Access

log = structlog.get_logger()

ACTS_SHOWN: Final = 50


class NoSuchAccount(Exception):
    """Raised when there is no account, link or token like that."""


class AccountRefused(Exception):
    """Raised when something is not done to an account; `why` is the name of a message (account_wrong.…)."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(why)
        self.field, self.why = field, why


@dataclass(frozen=True, slots=True)
class Own:
    """What a person sees of their own account."""

    sessions: Sequence[Session]
    tokens: Sequence[Token]
    recovery_codes: int


@dataclass(frozen=True)
class Accounts:
    """What is done with accounts, each act kept."""

    door: Door

    async def own(self, who: SignedIn) -> Own:
        """Where the person is signed in, their programs' tokens, and the recovery codes left."""
        pool, account_id = self.door.service.pool, who.account.id
        return Own(
            await session_store.of_account(pool, account_id),
            await session_store.tokens_of(pool, account_id),
            await account_store.recovery_codes_left(pool, account_id),
        )

    async def change_password(self, who: SignedIn, current: str, new: str) -> None:
        """Set a new password; sign-ins elsewhere end. Raises AccountRefused, TooManyTries."""
        _check_password(new, who.account)
        await self._prove(who, current, "current")
        new_hash = await self.door.passwords.hash(new)
        async with self.door.service.pool.acquire() as connection, connection.transaction():
            await account_store.set_password(connection, who.account.id, new_hash)
            await session_store.end_all(connection, who.account.id, but=hashed(who.secret))
            await self._note(connection, who.account.name, who.account, "changed_password")

    async def offer_second_factor(self, who: SignedIn) -> str:
        """A new key to put into an authenticator; it is good once a code proves it."""
        key = second_factor.new_key()
        sealed = seal(self.door.vault, key, who.account.id) or b""
        await account_store.offer_second_factor(self.door.service.pool, who.account.id, sealed)
        return key

    async def offered_second_factor(self, who: SignedIn) -> str | None:
        """The key that is being set up; None: none is."""
        factor = await account_store.second_factor(self.door.service.pool, who.account.id)
        return unseal(self.door.vault, factor.offered_sealed, who.account.id)

    async def prove_second_factor(self, who: SignedIn, code: str) -> list[str]:
        """Put the offered key in force and end sign-ins elsewhere; the recovery codes, the only time they are seen.

        Raises AccountRefused.
        """
        async with self.door.service.pool.acquire() as connection, connection.transaction():
            factor = await account_store.second_factor(connection, who.account.id)
            key = unseal(self.door.vault, factor.offered_sealed, who.account.id)
            step = second_factor.step_of(key, code, datetime.now(UTC), 0) if key else None
            if step is None:
                raise AccountRefused("code", "code")
            codes = second_factor.new_recovery_codes()
            hashes = [hashed(second_factor.plain(one)) for one in codes]
            await account_store.set_second_factor(connection, who.account.id, factor.offered_sealed, step, hashes)
            await session_store.end_all(connection, who.account.id, but=hashed(who.secret))
            await self._note(connection, who.account.name, who.account, "set_second_factor")
        return codes

    async def drop_second_factor(self, who: SignedIn, password: str) -> None:
        """Take one's own second factor away. Raises AccountRefused, TooManyTries."""
        await self._prove(who, password, "password")
        await account_store.set_second_factor(self.door.service.pool, who.account.id, None, 0, [])
        await self._note(self.door.service.pool, who.account.name, who.account, "dropped_second_factor")

    async def end_sessions(self, who: SignedIn, *, others_only: bool) -> int:
        """Sign out everywhere, or everywhere but here; how many sign-ins that ended."""
        but = hashed(who.secret) if others_only else b""
        return await session_store.end_all(self.door.service.pool, who.account.id, but)

    async def add_token(self, who: SignedIn, name: str, days: int) -> str:
        """A token for a program, the only time it is seen. Raises AccountRefused."""
        if not name.strip() or len(name) > rules.SHOWN_AS_LETTERS_MAX:
            raise AccountRefused("token_name", "name_missing")
        if not 1 <= days <= rules.TOKEN_DAYS_MAX:
            raise AccountRefused("days", "days")
        if len(await session_store.tokens_of(self.door.service.pool, who.account.id)) >= rules.TOKENS_MAX:
            raise AccountRefused("token_name", "tokens_many")
        token, until = rules.new_token(), datetime.now(UTC) + timedelta(days=days)
        await session_store.add_token(
            self.door.service.pool, new_id(), who.account.id, name.strip(), hashed(token), until
        )
        await self._note(self.door.service.pool, who.account.name, who.account, "added_token", name.strip())
        return token

    async def end_token(self, who: SignedIn, token_id: UUID) -> None:
        """End one of one's own tokens. Raises NoSuchAccount."""
        if not await session_store.end_token(self.door.service.pool, who.account.id, token_id):
            raise NoSuchAccount(token_id)
        await self._note(self.door.service.pool, who.account.name, who.account, "ended_token")

    async def everybody(self) -> list[Account]:
        """All accounts."""
        return await account_store.everybody(self.door.service.pool)

    async def find(self, account_id: UUID) -> Account:
        """One account. Raises NoSuchAccount."""
        account = await account_store.find(self.door.service.pool, account_id)
        if account is None:
            raise NoSuchAccount(account_id)
        return account

    async def acts_of(self, account: Account) -> list[AccountAct]:
        """What was done with an account, the latest first."""
        return await account_store.acts_of(self.door.service.pool, account.name, ACTS_SHOWN)

    async def add(
        self, by: str, name: str, shown_as: str, roles: Sequence[str], departments: Sequence[str]
    ) -> tuple[Account, str]:
        """A new account with the secret of its one-time link. Raises AccountRefused."""
        if not rules.NAME.fullmatch(name):
            raise AccountRefused("name", "name")
        account = self._checked(new_account(name, shown_as.strip(), tuple(roles), tuple(departments)))
        async with self.door.service.pool.acquire() as connection, connection.transaction():
            if not await account_store.add(connection, account):
                raise AccountRefused("name", "name_taken")
            await self._note(connection, by, account, "added", _in_words(account))
            return account, await _invite(connection, account)

    async def change(
        self, by: str, account_id: UUID, shown_as: str, roles: Sequence[str], departments: Sequence[str]
    ) -> Account:
        """What an account is called and may do. Raises NoSuchAccount, AccountRefused."""

        def changed(account: Account) -> Account:
            wanted = replace(account, shown_as=shown_as.strip(), roles=tuple(roles), departments=tuple(departments))
            return self._checked(wanted)

        async with self.door.service.pool.acquire() as connection, connection.transaction():
            account = await self._changed(connection, account_id, changed)
            await account_store.change(connection, account)
            await self._note(connection, by, account, "changed", _in_words(account))
        return account

    async def lock(self, by: str, account_id: UUID) -> Account:
        """Nobody comes in with this account any more, from this moment on. Raises NoSuchAccount, AccountRefused."""
        now = datetime.now(UTC)
        async with self.door.service.pool.acquire() as connection, connection.transaction():
            account = await self._changed(connection, account_id, lambda account: replace(account, locked_at=now))
            await account_store.set_locked(connection, account.id, now)
            await session_store.end_all(connection, account.id)
            await self._note(connection, by, account, "locked")
        return account

    async def unlock(self, by: str, account_id: UUID) -> Account:
        """Let it in again. Raises NoSuchAccount."""
        account = await self.find(account_id)
        await account_store.set_locked(self.door.service.pool, account.id, None)
        await self._note(self.door.service.pool, by, account, "unlocked")
        return account

    async def reset_second_factor(self, by: str, account_id: UUID) -> Account:
        """Take away the second factor of somebody who lost it. Raises NoSuchAccount."""
        account = await self.find(account_id)
        await account_store.set_second_factor(self.door.service.pool, account.id, None, 0, [])
        await session_store.end_all(self.door.service.pool, account.id)
        await self._note(self.door.service.pool, by, account, "reset_second_factor")
        return account

    async def invite(self, by: str, account_id: UUID) -> tuple[Account, str]:
        """A new one-time link for somebody who forgot the password, with its secret. Raises NoSuchAccount."""
        account = await self.find(account_id)
        async with self.door.service.pool.acquire() as connection, connection.transaction():
            await self._note(connection, by, account, "invited")
            return account, await _invite(connection, account)

    async def invited(self, secret: str) -> Account:
        """Whose one-time link this is. Raises NoSuchAccount."""
        account = await account_store.invited(self.door.service.pool, hashed(secret), datetime.now(UTC))
        if account is None:
            raise NoSuchAccount
        return account

    async def accept(self, secret: str, password: str) -> None:
        """Set the password by a one-time link, which ends with it. Raises NoSuchAccount, AccountRefused."""
        account = await self.invited(secret)
        _check_password(password, account)
        new_hash = await self.door.passwords.hash(password)
        async with self.door.service.pool.acquire() as connection, connection.transaction():
            if not await account_store.use_invitation(connection, hashed(secret), datetime.now(UTC)):
                raise NoSuchAccount
            await account_store.set_password(connection, account.id, new_hash)
            await session_store.end_all(connection, account.id)
            await self._note(connection, account.name, account, "set_password")

    async def looks(self, by: Identity, who: str, before: int | None, limit: int) -> list[Look]:
        """Who of the departments' people saw whose address, the latest first; of one person, or of all ("")."""
        return await looks.recent(self.door.service.pool, by.departments, who, before, limit)

    async def _prove(self, who: SignedIn, password: str, field: str) -> None:
        try:
            await self.door.check_password(who.account, password)
        except WrongCredentials as error:
            raise AccountRefused(field, "password") from error

    def _checked(self, account: Account) -> Account:
        if not 1 <= len(account.shown_as) <= rules.SHOWN_AS_LETTERS_MAX:
            raise AccountRefused("shown_as", "name_missing")
        if not account.roles or set(account.roles) - self.door.place.access.roles.keys():
            raise AccountRefused("roles", "roles")
        if set(account.departments) - {row.code for row in self.door.place.departments}:
            raise AccountRefused("departments", "departments")
        return account

    async def _changed(self, connection: Connection, account_id: UUID, change: Callable[[Account], Account]) -> Account:
        """The account as it would be; somebody must still rule over accounts after it."""
        accounts = {account.id: account for account in await account_store.lock_all(connection)}
        if account_id not in accounts:
            raise NoSuchAccount(account_id)
        changed = change(accounts[account_id])
        if not any(_rules(account, self.door.place.access) for account in (accounts | {account_id: changed}).values()):
            raise AccountRefused("roles", "last")
        return changed

    async def _note(self, db: account_store.Db, by: str, account: Account, what: str, detail: str = "") -> None:
        await account_store.note(db, by, account.name, what, detail)
        log.info("account_act", account_id=str(account.id), what=what)


def _rules(account: Account, access: Access) -> bool:
    return account.locked_at is None and Permission.ACCOUNTS in access.permissions(account.roles)


def _check_password(password: str, account: Account) -> None:
    fault: PasswordFault | None = password_fault(password, account.name, account.shown_as)
    if fault is not None:
        raise AccountRefused("new", f"password_{fault}")


def _in_words(account: Account) -> str:
    return " · ".join([", ".join(account.roles), ", ".join(account.departments)]).rstrip(" ·")


async def _invite(connection: Connection, account: Account) -> str:
    secret = rules.new_secret()
    await account_store.invite(connection, account.id, hashed(secret), datetime.now(UTC) + INVITATION_GOOD_FOR)
    return secret
