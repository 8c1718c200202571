"""Sign-in by the municipality's own directory: OpenID Connect, authorization code with PKCE, state and nonce."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import aiohttp
import structlog
from joserfc.jwk import KeySet

from services.desk.domain.accounts import SHOWN_AS_LETTERS_MAX, Account, hashed, new_secret
from services.desk.domain.directory import (
    TRY_GOOD_FOR,
    Claims,
    NotBelieved,
    challenge,
    groups_in,
    name_in,
    read_id_token,
)
from services.desk.handlers.door import Door, Opened, new_account
from services.desk.store import accounts as account_store
from services.desk.store import directory as directory_store
from services.desk.store.directory import Begun

log = structlog.get_logger()

TIMEOUT_SECONDS: Final = 10.0
ANSWER_BYTES_MAX: Final = 1_000_000
KNOWN_FOR: Final = timedelta(hours=1)
RETURN: Final = "/sign-in/directory/return"
_HERE: Final = frozenset({"127.0.0.1", "localhost"})


class DirectoryAway(Exception):
    """Raised when the directory does not answer, or not as it should."""


class NoRole(Exception):
    """Raised for somebody the directory knows and who has no role at the desk, or a locked account."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who we are to the directory. `desk_url`: where browsers reach the desk, without a slash at its end."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    desk_url: str = ""


class Directory:
    """The way to the directory and back."""

    def __init__(self, door: Door, client: Client) -> None:
        self._door = door
        self._client = client
        self._about: Mapping[str, Any] = {}
        self._keys: KeySet | None = None
        self._known_until = datetime.min.replace(tzinfo=UTC)
        self._http: aiohttp.ClientSession | None = None

    async def begin(self, door_secret: str, onward: str) -> str:
        """The address of the directory's own sign-in, for this browser alone. Raises DirectoryAway."""
        about, now = await self._discovered(), datetime.now(UTC)
        state, begun = new_secret(), Begun(new_secret(), new_secret(), onward)
        await directory_store.begin(
            self._door.service.pool, hashed(state), hashed(door_secret), begun, now + TRY_GOOD_FOR
        )
        asked = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": self._client.desk_url + RETURN,
            "scope": self._door.place.access.directory.scope,
            "state": state,
            "nonce": begun.nonce,
            "code_challenge": challenge(begun.verifier),
            "code_challenge_method": "S256",
        }
        return f"{about['authorization_endpoint']}?{urlencode(asked)}"

    async def come_back(self, door_secret: str, told: Mapping[str, str], agent: str) -> tuple[Opened, str]:
        """A sign-in, and where the person wanted to go. Raises NotBelieved, NoRole, DirectoryAway."""
        now, pool = datetime.now(UTC), self._door.service.pool
        begun = await directory_store.end(pool, hashed(told.get("state", "")), hashed(door_secret), now)
        if begun is None:
            raise NotBelieved("this browser did not ask")
        if told.get("iss", self._client.issuer) != self._client.issuer:  # RFC 9207
            raise NotBelieved("another directory answered")
        if "code" not in told:
            raise NotBelieved(f"the directory said {told.get('error', 'nothing')[:80]}")
        tokens = await self._tokens(told["code"], begun.verifier)
        claims = await self._claims(tokens, begun.nonce, now)
        account = await self._account(claims)
        hint = self._door.vault.seal(str(tokens["id_token"]).encode(), account.id)
        opened = await self._door.open(account, agent, is_whole=True, by_directory=True, hint=hint)
        return opened, begun.onward

    async def sign_out(self, account: Account, hint: bytes | None) -> str | None:
        """Where to sign out of the directory too; None: it has no such page, or the sign-in was none of its."""
        if hint is None:
            return None
        try:
            about = await self._discovered()
        except DirectoryAway:
            return None
        if "end_session_endpoint" not in about:
            return None
        token = self._door.vault.open(hint, account.id).decode()
        back = {"id_token_hint": token, "post_logout_redirect_uri": f"{self._client.desk_url}/sign-in?out=1"}
        return f"{about['end_session_endpoint']}?{urlencode(back)}"

    async def close(self) -> None:
        """Let the connections go."""
        if self._http:
            await self._http.close()

    async def _tokens(self, code: str, verifier: str) -> Mapping[str, Any]:
        about = await self._discovered()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._client.desk_url + RETURN,
            "code_verifier": verifier,
        }
        auth = aiohttp.encode_basic_auth(self._client.client_id, self._client.client_secret)
        tokens = await self._ask("POST", about["token_endpoint"], data=form, headers={"Authorization": auth})
        if not isinstance(tokens.get("id_token"), str):
            raise NotBelieved("the directory gave no ID token")
        return tokens

    async def _claims(self, tokens: Mapping[str, Any], nonce: str, now: datetime) -> Claims:
        claim = self._door.place.access.directory.claim
        wanted: dict[str, Any] = {"issuer": self._client.issuer, "client": self._client.client_id, "nonce": nonce}
        try:
            claims = read_id_token(tokens["id_token"], await self._key_set(), claim=claim, now=now, **wanted)
        except KeyError:
            # The directory changed its keys.
            self._keys = None
            try:
                claims = read_id_token(tokens["id_token"], await self._key_set(), claim=claim, now=now, **wanted)
            except KeyError as error:
                raise NotBelieved("signed with a key the directory does not show") from error
        return claims if claims.groups is not None else await self._with_groups(claims, tokens, claim)

    async def _with_groups(self, claims: Claims, tokens: Mapping[str, Any], claim: str) -> Claims:
        """Some directories tell groups at their userinfo page alone."""
        address = (await self._discovered()).get("userinfo_endpoint")
        if not address or not isinstance(tokens.get("access_token"), str):
            return replace(claims, groups=frozenset())
        told = await self._ask("GET", address, headers={"Authorization": f"Bearer {tokens['access_token']}"})
        if told.get("sub") != claims.subject:
            raise NotBelieved("userinfo tells of somebody else")
        return replace(claims, shown_as=name_in(told) or claims.shown_as, groups=groups_in(told, claim) or frozenset())

    async def _account(self, claims: Claims) -> Account:
        """Whom the directory means, with the roles its groups give now; somebody new with a role is added."""
        roles, departments = self._door.place.access.directory.given(claims.groups or frozenset())
        pool = self._door.service.pool
        known = await directory_store.account(pool, claims.issuer, claims.subject)
        if not roles or (known is not None and known.locked_at is not None):
            log.warning("directory_without_role", account_id=str(known.id) if known else None)
            raise NoRole
        shown_as = claims.shown_as[:SHOWN_AS_LETTERS_MAX]
        if known is None:
            return await self._added(claims, shown_as, roles, departments)
        account = replace(known, shown_as=shown_as, roles=roles, departments=departments)
        if account != known:
            await account_store.change(pool, account)
            await account_store.note(pool, "", account.name, "changed", "by_directory")
        return account

    async def _added(
        self, claims: Claims, shown_as: str, roles: tuple[str, ...], departments: tuple[str, ...]
    ) -> Account:
        """Under a name of its own: a local account of the same name is somebody else."""
        digest = hashlib.sha256(f"{claims.issuer}\x1f{claims.subject}".encode()).hexdigest()
        account = new_account(f"kurum-{digest[:16]}", shown_as, roles, departments, is_of_directory=True)
        async with self._door.service.pool.acquire() as connection, connection.transaction():
            if await account_store.add(connection, account):
                await directory_store.bind(connection, claims.issuer, claims.subject, account.id)
                await account_store.note(connection, "", account.name, "added", "by_directory")
        known = await directory_store.account(self._door.service.pool, claims.issuer, claims.subject)
        if known is None:
            raise NotBelieved("another account has this name")
        return known

    async def _discovered(self) -> Mapping[str, Any]:
        """What the directory says about itself, asked again every hour."""
        if datetime.now(UTC) < self._known_until:
            return self._about
        about = await self._ask("GET", f"{self._client.issuer.rstrip('/')}/.well-known/openid-configuration")
        if about.get("issuer") != self._client.issuer:
            raise DirectoryAway("it calls itself otherwise")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not _is_safe(about.get(name)):
                raise DirectoryAway(f"{name} is no https address")
        self._about, self._keys, self._known_until = about, None, datetime.now(UTC) + KNOWN_FOR
        return about

    async def _key_set(self) -> KeySet:
        if self._keys is None:
            about = await self._discovered()
            shown: Any = await self._ask("GET", about["jwks_uri"])
            self._keys = KeySet.import_key_set(shown)
        return self._keys

    async def _ask(self, method: str, address: str, **more: Any) -> Mapping[str, Any]:
        """An answer in JSON. Redirects are not followed. Raises DirectoryAway, NotBelieved for a refusal."""
        self._http = self._http or aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS))
        try:
            async with self._http.request(method, address, allow_redirects=False, **more) as answer:
                if answer.status in (400, 401, 403):
                    raise NotBelieved(f"the directory refused with {answer.status}")
                if answer.status != 200:
                    raise DirectoryAway(f"it answered {answer.status}")
                if (answer.content_length or 0) > ANSWER_BYTES_MAX:
                    raise DirectoryAway("it answered too much")
                told = await answer.json(content_type=None)
        except (TimeoutError, aiohttp.ClientError, ValueError) as error:
            raise DirectoryAway(type(error).__name__) from error
        if not isinstance(told, dict):
            raise DirectoryAway("it answered something else")
        return told


def _is_safe(address: object) -> bool:
    """https; plain http on this machine alone, for trying it."""
    if not isinstance(address, str):
        return False
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
