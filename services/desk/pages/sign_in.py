"""Coming in and going out: name and password, the second step, the one-time link, and what a stranger is told."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from services.desk.domain.accounts import PASSWORD_LETTERS_MIN, form_token, safe_way
from services.desk.domain.directory import NotBelieved
from services.desk.handlers.accounts import AccountRefused, Accounts, NoSuchAccount
from services.desk.handlers.directory import RETURN, Directory, DirectoryAway, NoRole
from services.desk.handlers.door import Opened, TooManyTries, WrongCredentials
from services.desk.pages.frame import Frame, typed_fields
from services.desk.web.access import (
    Elsewhere,
    NotPermitted,
    NotThere,
    SignIn,
    Stranger,
    check_form,
    same_origin,
    wants_page,
)
from shared.problems import problem

log = structlog.get_logger()

NEXT: Final = "next"
CODE: Final = "/sign-in/code"


def add_sign_in_pages(
    web: FastAPI, frame: Frame, accounts: Accounts, sign_in: SignIn, directory: Directory | None = None
) -> None:
    """`/sign-in`, `/sign-out` and `/invitation/…`; and what strangers get instead of other pages."""
    pages = SignInPages(frame, accounts, sign_in, directory)
    routes = APIRouter(include_in_schema=False, dependencies=[Depends(same_origin), Depends(pages.at_the_door)])

    @routes.get("/sign-in")
    async def form(request: Request) -> Response:
        return await pages.form(request)

    @routes.post("/sign-in")
    async def enter(request: Request) -> Response:
        return await pages.enter(request)

    @routes.get(CODE)
    async def code_form(request: Request) -> Response:
        return await pages.code_form(request)

    @routes.post(CODE)
    async def code(request: Request) -> Response:
        return await pages.code(request)

    @routes.get("/sign-in/directory")
    async def to_directory(request: Request) -> Response:
        return await pages.to_directory(request)

    @routes.get(RETURN)
    async def from_directory(request: Request) -> Response:
        return await pages.from_directory(request)

    @routes.get("/invitation/{secret}")
    async def invitation(request: Request, secret: str) -> Response:
        return await pages.invitation(request, secret)

    @routes.post("/invitation/{secret}")
    async def accept(request: Request, secret: str) -> Response:
        return await pages.accept(request, secret)

    web.include_router(routes)
    for kind in (Stranger, NotPermitted, NotThere, Elsewhere):
        web.add_exception_handler(kind, pages.refuse)


class SignInPages:
    """Reads what a page shows and renders it."""

    def __init__(self, frame: Frame, accounts: Accounts, sign_in: SignIn, directory: Directory | None) -> None:
        self._frame = frame
        self._accounts = accounts
        self._door = accounts.door
        self._sign_in = sign_in
        self._cookies = sign_in.cookies
        self._directory = directory

    async def at_the_door(self, request: Request) -> None:
        """Bind the forms of somebody who is not signed in to their browser. Raises Problem 403."""
        secret = self._cookies.door_secret(request)
        request.state.form_token = form_token(secret)
        if request.method == "POST":
            await check_form(request, secret)

    async def form(
        self, request: Request, *, status: int = 200, wrong: str = "", until: datetime | None = None
    ) -> Response:
        """Name and password. Whoever is signed in goes on."""
        if request.method == "GET" and await self._is_in(request):
            return RedirectResponse(_onward(request), 303)
        return self._page(
            request,
            "sign_in.html",
            status=status,
            wrong=wrong,
            until=until,
            has_directory=self._directory is not None,
            onward=_onward(request),
        )

    async def enter(self, request: Request) -> Response:
        """Let in who knows the password, on to the second step where the account has one."""
        typed = await typed_fields(request)
        name, password = typed.get("name", ""), typed.get("password", "")

        async def opened() -> Opened:
            return await self._door.with_password(name, password, _address(request), _agent(request))

        return await self._opened(request, opened, self.form)

    async def code_form(
        self, request: Request, *, status: int = 200, wrong: str = "", until: datetime | None = None
    ) -> Response:
        """The second step."""
        if await self._sign_in.half(request) is None:
            return RedirectResponse(_back(request), 303)
        return self._page(request, "sign_in_code.html", status=status, wrong=wrong, until=until)

    async def code(self, request: Request) -> Response:
        """Let in who has the authenticator or a recovery code."""
        half, typed = await self._sign_in.half(request), (await typed_fields(request)).get("code", "")
        if half is None:
            return RedirectResponse(_back(request), 303)

        async def opened() -> Opened:
            return await self._door.with_code(half, typed, _agent(request))

        return await self._opened(request, opened, self.code_form)

    async def to_directory(self, request: Request) -> Response:
        """On to the directory's own sign-in."""
        if self._directory is None:
            return self._frame.not_found(request, "desk.not_found_words")
        secret = self._cookies.door_secret(request)
        try:
            address = await self._directory.begin(secret, _onward(request))
        except (DirectoryAway, NotBelieved) as error:
            log.warning("directory_away", reason=str(error))
            return self._frame.message(request, "sign_in.away", "sign_in.away_words", 503)
        response = RedirectResponse(address, 303)
        self._cookies.keep(response, self._cookies.door, secret)
        return response

    async def from_directory(self, request: Request) -> Response:
        """Back from there: let in whom it knows and who has a role here."""
        if self._directory is None:
            return self._frame.not_found(request, "desk.not_found_words")
        told = dict(request.query_params)
        try:
            opened, way = await self._directory.come_back(self._cookies.door_secret(request), told, _agent(request))
        except NotBelieved as error:
            log.warning("directory_not_believed", reason=str(error))
            return self._frame.message(request, "sign_in.not_believed", "sign_in.not_believed_words", 403)
        except NoRole:
            return self._frame.message(request, "sign_in.no_role", "sign_in.no_role_words", 403)
        except DirectoryAway as error:
            log.warning("directory_away", reason=str(error))
            return self._frame.message(request, "sign_in.away", "sign_in.away_words", 503)
        return await self._let_in(request, opened, safe_way(way))

    async def invitation(self, request: Request, secret: str, *, wrong: str = "", status: int = 200) -> Response:
        """Where a new account's person sets the password. Looking uses nothing up."""
        try:
            account = await self._accounts.invited(secret)
        except NoSuchAccount:
            return self._gone(request)
        values = {"account": account, "wrong": wrong, "letters_min": PASSWORD_LETTERS_MIN}
        return self._page(request, "invitation.html", status=status, **values)

    async def accept(self, request: Request, secret: str) -> Response:
        """Set it, and on to sign in with it."""
        try:
            await self._accounts.accept(secret, (await typed_fields(request)).get("new", ""))
        except AccountRefused as error:
            return await self.invitation(request, secret, wrong=error.why, status=422)
        except NoSuchAccount:
            return self._gone(request)
        return RedirectResponse("/sign-in?set=1", 303)

    async def refuse(self, request: Request, error: Exception) -> Response:
        """What somebody gets who may not have what they ask for."""
        if isinstance(error, Elsewhere):
            return RedirectResponse(error.path, 303)
        if not wants_page(request):
            return _problem(error)
        match error:
            case Stranger():
                path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
                way = {NEXT: path} if request.method == "GET" and path != "/" else {}
                return RedirectResponse("/sign-in" + (f"?{urlencode(way)}" if way else ""), 303)
            case NotPermitted():
                return self._frame.message(request, "sign_in.not_permitted", "sign_in.not_permitted_words", 403)
            case _:
                return self._frame.not_found(request, "desk.not_found_words")

    async def _opened(
        self, request: Request, open_: Callable[[], Awaitable[Opened]], again: Callable[..., Awaitable[Response]]
    ) -> Response:
        try:
            opened = await open_()
        except WrongCredentials:
            return await again(request, status=422, wrong="wrong")
        except TooManyTries as error:
            return await again(request, status=429, wrong="wait", until=error.until)
        return await self._let_in(request, opened, _onward(request))

    async def _let_in(self, request: Request, opened: Opened, way: str) -> Response:
        # What was signed in here before is over, whoever it was.
        if before := request.cookies.get(self._cookies.session):
            await self._door.close(before)
        to = way if opened.session.is_whole else f"{CODE}?{urlencode({NEXT: way})}"
        response = RedirectResponse(to, 303)
        self._cookies.begin(response, opened)
        return response

    async def _is_in(self, request: Request) -> bool:
        try:
            await self._sign_in.person(request)
        except Stranger:
            return False
        return True

    def _page(self, request: Request, template: str, *, status: int = 200, **values: object) -> Response:
        response = self._frame.render_part(request, template, status=status, **values)
        self._cookies.keep(response, self._cookies.door, self._cookies.door_secret(request))
        return response

    def _gone(self, request: Request) -> Response:
        return self._frame.message(request, "sign_in.link_gone", "sign_in.link_gone_words", 404)


def _problem(error: Exception) -> Response:
    match error:
        case Stranger():
            words = "The desk wants a bearer token; in a browser sign in at /sign-in."
            return problem(401, "Sign in", words, {"WWW-Authenticate": 'Bearer realm="desk"'})
        case NotPermitted():
            return problem(403, "Not permitted", "The roles of this account do not allow it.")
        case NotThere():
            return problem(404, "No such item", "There is nothing here for this account.")
        case _:
            raise error


def _onward(request: Request) -> str:
    return safe_way(request.query_params.get(NEXT))


def _back(request: Request) -> str:
    way = _onward(request)
    return "/sign-in" if way == "/" else f"/sign-in?{urlencode({NEXT: way})}"


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _agent(request: Request) -> str:
    return request.headers.get("user-agent", "")
