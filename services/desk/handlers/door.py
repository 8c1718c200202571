"""The door: who comes in by password and second factor, by a session, or by a token; and wrong tries slowed down."""

import asyncio
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from services.desk.domain import accounts as rules
from services.desk.domain import second_factor
from services.desk.domain.accounts import OF_ACCOUNT, OF_ADDRESS, SEEN_EVERY, Account, Limit, Session, Tries, hashed
from services.desk.domain.identity import Identity
from services.desk.handlers.passwords import Passwords
from services.desk.store import accounts as account_store
from services.desk.store import sessions as session_store
from services.desk.store.sealing import unseal
from shared.database import is_away
from shared.ids import new_id
from shared.messaging import Service
from shared.municipality import Municipality
from shared.text import fold
from shared.vault import Vault

log = structlog.get_logger()

AGENT_LETTERS_MAX: Final = 200
SWEEP_EVERY_SECONDS: Final = 3600.0
OLD: Final = timedelta(days=2)


class WrongCredentials(Exception):
    """Raised when name, password or code are not right, whichever of them; or the account is locked."""


class TooManyTries(Exception):
    """Raised when the next try has to wait until `until`, whether or not there is such an account."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


@dataclass(frozen=True, slots=True)
class FirstAccount:
    """The account that stands in the environment, made where there is none of that name; and a program's token."""

    name: str
    password: str = field(repr=False)
    token_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who asks. `session` None: a program with a token. `secret` is the session's id, which only the browser has."""

    account: Account
    identity: Identity
    session: Session | None = None
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """A sign-in that has begun, with the secret for the browser's cookie."""

    session: Session
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Door:
    """Who comes in. `index_key`: 32 bytes; what was tried is kept under a hash with it, never as it was typed."""

    service: Service
    vault: Vault
    place: Municipality
    index_key: bytes = field(repr=False)
    first: FirstAccount | None = None
    passwords: Passwords = field(default_factory=Passwords)

    async def with_password(self, name: str, password: str, address: str, agent: str) -> Opened:
        """A sign-in, whole or with the second factor still to come. Raises WrongCredentials, TooManyTries."""
        name = fold(name)
        tried = {self._key("account", name): OF_ACCOUNT, self._key("address", address): OF_ADDRESS}
        await self._count(tried)
        account = await self._named(name)
        stored = await account_store.password_hash(self.service.pool, account.id) if account else None
        is_right = await self.passwords.is_right(stored, password[: rules.PASSWORD_LETTERS_MAX + 1])
        if account is None or not is_right or account.locked_at:
            log.warning("sign_in_refused", account_id=str(account.id) if account else None)
            raise WrongCredentials
        await session_store.forgive(self.service.pool, *tried)
        if stored and self.passwords.is_old(stored):
            await account_store.set_password(self.service.pool, account.id, await self.passwords.hash(password))
        return await self.open(account, agent, is_whole=not account.has_second_factor)

    async def with_code(self, half: SignedIn, code: str, agent: str) -> Opened:
        """The second step: a code of the authenticator, or a recovery code. The session gets a new id.

        Raises WrongCredentials, TooManyTries.
        """
        account = half.account
        key = self._key("second factor", str(account.id))
        await self._count({key: OF_ACCOUNT})
        if not await self._takes(account, code):
            log.warning("second_factor_refused", account_id=str(account.id))
            raise WrongCredentials
        await session_store.forgive(self.service.pool, key)
        await session_store.end(self.service.pool, hashed(half.secret))
        return await self.open(account, agent, is_whole=True)

    async def check_password(self, account: Account, password: str) -> None:
        """For what a person who is signed in does with their own account. Raises WrongCredentials, TooManyTries."""
        key = self._key("account", account.name)
        await self._count({key: OF_ACCOUNT})
        if not await self.passwords.is_right(
            await account_store.password_hash(self.service.pool, account.id), password
        ):
            raise WrongCredentials
        await session_store.forgive(self.service.pool, key)

    async def open(
        self, account: Account, agent: str, *, is_whole: bool, by_directory: bool = False, hint: bytes | None = None
    ) -> Opened:
        """Begin a session with an id that nobody knew before."""
        secret, now = rules.new_secret(), datetime.now(UTC)
        session = Session(hashed(secret), account.id, now, now, agent[:AGENT_LETTERS_MAX], is_whole, by_directory)
        await session_store.begin(self.service.pool, session, hint)
        if is_whole:
            how = "by_directory" if by_directory else "by_password"
            await account_store.note(self.service.pool, account.name, account.name, "signed_in", how)
            log.info("signed_in", account_id=str(account.id), how=how)
        return Opened(session, secret)

    async def by_session(self, secret: str, *, is_act: bool) -> SignedIn | None:
        """Whose session this is, if it lasts. `is_act`: a person did something, which makes it last longer."""
        found = await session_store.find(self.service.pool, hashed(secret))
        now = datetime.now(UTC)
        if found is None or found[1].locked_at or not found[0].is_live(now, self.place.access.sessions):
            return None
        session, account = found
        if is_act and session.is_whole and now - session.seen_at > SEEN_EVERY:
            await session_store.see(self.service.pool, session.id_hash, now)
        return SignedIn(account, self.identity(account), session, secret)

    async def by_token(self, token: str) -> SignedIn | None:
        """Whose token this is, if it is good."""
        token_hash = hashed(token)
        if self.first and self.first.token_hash and hmac.compare_digest(token_hash, self.first.token_hash):
            account = await self._named(self.first.name)
        else:
            account = await session_store.of_token(self.service.pool, token_hash, datetime.now(UTC))
        return SignedIn(account, self.identity(account)) if account and not account.locked_at else None

    async def close(self, secret: str) -> bytes | None:
        """End a session; the directory's ID token, sealed, where it came by the directory."""
        return await session_store.end(self.service.pool, hashed(secret))

    def identity(self, account: Account) -> Identity:
        """What the account may do and see now."""
        return account.identity(self.place.access, self.place.solution_centre.code)

    async def sweep_forever(self) -> None:
        """Delete what is over."""
        while True:
            now = datetime.now(UTC)
            idle_since = now - timedelta(hours=self.place.access.sessions.hours_max)
            try:
                await session_store.sweep(self.service.pool, idle_since, now - OLD, now)
            except Exception as error:
                if not is_away(error):
                    raise
            await asyncio.sleep(SWEEP_EVERY_SECONDS)

    async def _named(self, name: str) -> Account | None:
        """The account of this name; the first one is made when it is asked for and is not there."""
        found = await account_store.find_named(self.service.pool, name)
        if found or self.first is None or name != self.first.name:
            return found
        first = new_account(name, name, self.place.access.first_account.roles)
        if await account_store.add(self.service.pool, first, await self.passwords.hash(self.first.password)):
            await account_store.note(self.service.pool, "", name, "added", "by_environment")
            log.info("first_account_added", account_id=str(first.id))
        return await account_store.find_named(self.service.pool, name)

    async def _takes(self, account: Account, code: str) -> bool:
        factor = await account_store.second_factor(self.service.pool, account.id)
        key = unseal(self.vault, factor.sealed, account.id)
        if key is None:
            return False
        step = second_factor.step_of(key, code, datetime.now(UTC), factor.last_step)
        if step is not None:
            return await account_store.take_step(self.service.pool, account.id, step)
        used = await account_store.use_recovery_code(self.service.pool, account.id, hashed(second_factor.plain(code)))
        if used:
            await account_store.note(self.service.pool, account.name, account.name, "used_recovery_code")
        return used

    async def _count(self, tried: dict[bytes, Limit]) -> None:
        """Count a try before it is judged, so that many at once are no way round. Raises TooManyTries."""
        now = datetime.now(UTC)
        async with self.service.pool.acquire() as connection, connection.transaction():
            before = await session_store.lock_tries(connection, tried)
            waits = [one.locked_until for one in before.values() if one.is_locked(now) and one.locked_until]
            if not waits:
                counted: dict[bytes, Tries] = {key: before[key].counted(now, tried[key]) for key in tried}
                await session_store.save_tries(connection, counted)
        if waits:
            log.warning("sign_in_waits")
            raise TooManyTries(max(waits))

    def _key(self, kind: str, what: str) -> bytes:
        return hmac.digest(self.index_key, f"{kind}\x1f{what}".encode("utf-8", "replace"), hashlib.sha256)


def new_account(
    name: str,
    shown_as: str,
    roles: tuple[str, ...],
    departments: tuple[str, ...] = (),
    *,
    is_of_directory: bool = False,
    account_id: UUID | None = None,
) -> Account:
    """An account that is not written yet."""
    return Account(
        id=account_id or new_id(),
        name=name,
        shown_as=shown_as,
        roles=roles,
        departments=departments,
        has_password=False,
        has_second_factor=False,
        is_of_directory=is_of_directory,
        locked_at=None,
        created_at=datetime.now(UTC),
    )
