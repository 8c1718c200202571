"""Who may come in, to what, and from which page."""

import hmac
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.desk.domain.accounts import form_token, new_secret
from services.desk.domain.identity import Identity
from services.desk.handlers.door import Door, Opened, SignedIn
from services.desk.web.rules import SAFE_METHODS, home_of, is_allowed
from services.desk.web.scopes import is_theirs
from shared.pages.posted import read_posted
from shared.problems import Problem

FORM_TOKEN: Final = "form_token"  # the hidden field of every form  # noqa: S105
FORM_TOKEN_HEADER: Final = "x-form-token"  # noqa: S105
FORM_FIELDS_MAX: Final = 200
# Where somebody is sent who has to set up a second factor first, and what they may reach meanwhile.
SET_UP: Final = "/account/second-factor"
_MEANWHILE: Final = (SET_UP, "/sign-out")
HEADERS: Final = {
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cache-control": b"no-store",
}


class Stranger(Exception):
    """Raised when nobody is signed in, or no longer."""


class NotPermitted(Exception):
    """Raised when somebody asks for what their roles do not allow."""


class NotThere(Exception):
    """Raised for what belongs to other departments: for this person it is not there."""


class Elsewhere(Exception):
    """Raised when somebody has to go to another page first."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Cookies:
    """The browser's two cookies: the session's id, and one that knows it again before anybody signed in."""

    def __init__(self, *, is_secure: bool) -> None:
        """`is_secure`: the desk is reached by https, so that the names bind the cookies to host and scheme."""
        self._is_secure = is_secure
        mark = "__Host-" if is_secure else ""
        self.session, self.door = f"{mark}ilkim_session", f"{mark}ilkim_door"

    def keep(self, response: Response, name: str, secret: str) -> None:
        """Give a cookie that scripts cannot read and other sites' forms do not send."""
        response.set_cookie(name, secret, path="/", httponly=True, samesite="lax", secure=self._is_secure)

    def begin(self, response: Response, opened: Opened) -> None:
        """The browser is signed in."""
        self.keep(response, self.session, opened.secret)

    def end(self, response: Response) -> None:
        """The browser is not signed in any more."""
        response.delete_cookie(self.session, path="/", httponly=True, samesite="lax", secure=self._is_secure)

    def door_secret(self, request: Request) -> str:
        """What this browser's forms are bound to before it is signed in; new where it has none."""
        secret: str = request.cookies.get(self.door) or getattr(request.state, "door_secret", "") or new_secret()
        request.state.door_secret = secret
        return secret


class SignIn:
    """As a dependency it gives who asks: a browser with a session, or a program with a bearer token.

    Everything an address wants is checked here: sign-in, permission, department, and for a browser's forms their token.
    """

    def __init__(self, door: Door, cookies: Cookies) -> None:
        self._door = door
        self.cookies = cookies

    async def __call__(self, request: Request) -> Identity:
        """Raises Stranger, NotPermitted, NotThere, Elsewhere, Problem 403."""
        who = await self.person(request)
        identity, path = who.identity, request.url.path
        if self._must_set_up(who) and not path.startswith(_MEANWHILE):
            raise Elsewhere(SET_UP)
        if not is_allowed(identity, request.method, path):
            if path == "/":
                raise Elsewhere(home_of(identity))
            raise NotPermitted
        if not await is_theirs(self._door.service.pool, identity, request.path_params):
            raise NotThere
        if who.session is not None and request.method not in SAFE_METHODS:
            await check_form(request, who.secret)
        return identity

    async def person(self, request: Request) -> SignedIn:
        """The account behind the request. Raises Stranger."""
        who = getattr(request.state, "who", None) or await self._person(request)
        if who is None or (who.session is not None and not who.session.is_whole):
            raise Stranger
        request.state.who, request.state.identity = who, who.identity
        request.state.form_token = form_token(who.secret) if who.secret else ""
        return who

    async def half(self, request: Request) -> SignedIn | None:
        """Whose second factor is still to come; None: nobody's."""
        who = await self._by_cookie(request)
        return who if who and who.session and not who.session.is_whole else None

    async def _person(self, request: Request) -> SignedIn | None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return await self._door.by_token(given.strip())
        return await self._by_cookie(request)

    async def _by_cookie(self, request: Request) -> SignedIn | None:
        secret = request.cookies.get(self.cookies.session)
        return await self._door.by_session(secret, is_act=_is_act(request)) if secret else None

    def _must_set_up(self, who: SignedIn) -> bool:
        account, session = who.account, who.session
        if session is None or session.by_directory or account.has_second_factor:
            return False
        return self._door.place.access.wants_second_factor(account.roles)


def wants_page(request: Request) -> bool:
    """Whether a person's browser goes there; scripts and programs are answered with problem documents."""
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def _is_act(request: Request) -> bool:
    """Whether a person did this, and not a page that renews itself."""
    return request.method not in SAFE_METHODS or "text/html" in request.headers.get("accept", "")


async def check_form(request: Request, secret: str) -> None:
    """Take only what one of our own pages sent. Raises Problem 403.

    JSON to the API passes: another site's page cannot send it without asking first, and is told no.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json" and request.url.path.startswith("/api/"):
        return
    given = request.headers.get(FORM_TOKEN_HEADER)
    if given is None and kind == "multipart/form-data":
        given = (await read_posted(request)).first(FORM_TOKEN)
    elif given is None:
        form = await request.form(max_files=0, max_fields=FORM_FIELDS_MAX)
        given = str(form.get(FORM_TOKEN, ""))
    if not hmac.compare_digest(given.encode("utf-8", "replace"), form_token(secret).encode()):
        raise Problem(403, "Not from this page", "The form is older than your sign-in; load the page again.")


def same_origin(request: Request) -> None:
    """Refuse what another site's page makes a signed-in browser send. Programs send neither header and pass."""
    if request.method in SAFE_METHODS:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    # Browsers leave out Sec-Fetch-Site on plain http; they send Origin with every POST.
    is_own = site == "same-origin" if site else origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not is_own:
        raise Problem(403, "Sent from another site", "Actions are only taken from the desk's own pages.")


class SecurityHeaders:
    """Every answer keeps to itself, whichever route it comes from; what a route says itself stays."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on, with the headers put in where they lack."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                lacking = [(name, value) for name, value in HEADERS.items() if name not in given]
                message = {**message, "headers": [*message["headers"], *lacking]}
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)
