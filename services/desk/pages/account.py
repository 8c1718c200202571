"""One's own account: password, second factor, where one is signed in, programs' tokens; and going out."""

from typing import Annotated, Any, Final
from uuid import UUID

import segno
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from services.desk.domain import second_factor
from services.desk.domain.accounts import PASSWORD_LETTERS_MIN, TOKEN_DAYS_MAX
from services.desk.handlers.accounts import AccountRefused, Accounts, NoSuchAccount
from services.desk.handlers.directory import Directory
from services.desk.handlers.door import SignedIn, TooManyTries
from services.desk.pages.frame import Frame, Sent, typed_fields
from services.desk.web.access import SignIn

TOKEN_DAYS: Final = 90


def add_account_pages(
    routes: APIRouter, frame: Frame, accounts: Accounts, sign_in: SignIn, directory: Directory | None = None
) -> None:
    """`/account`, `/account/…` and `/sign-out`."""
    pages = AccountPages(frame, accounts, sign_in, directory)
    Who = Annotated[SignedIn, Depends(sign_in.person)]

    @routes.get("/account")
    async def own(request: Request, who: Who) -> Response:
        return await pages.own(request, who)

    @routes.post("/account/password")
    async def password(request: Request, who: Who) -> Response:
        return await pages.change_password(request, who)

    @routes.get("/account/second-factor")
    async def second_factor_form(request: Request, who: Who) -> Response:
        return await pages.second_factor(request, who)

    @routes.post("/account/second-factor/offer")
    async def offer(request: Request, who: Who) -> Response:
        return await pages.offer(request, who)

    @routes.post("/account/second-factor")
    async def prove(request: Request, who: Who) -> Response:
        return await pages.prove(request, who)

    @routes.post("/account/second-factor/drop")
    async def drop(request: Request, who: Who) -> Response:
        return await pages.drop(request, who)

    @routes.post("/account/sessions/end")
    async def end_sessions(request: Request, who: Who) -> Response:
        return await pages.end_sessions(request, who)

    @routes.post("/sign-out")
    async def sign_out(request: Request, who: Who) -> Response:
        return await pages.sign_out(request, who)

    @routes.post("/account/tokens")
    async def add_token(request: Request, who: Who) -> Response:
        return await pages.add_token(request, who)

    @routes.post("/account/tokens/{token_id}/end")
    async def end_token(request: Request, who: Who, token_id: UUID) -> Response:
        return await pages.end_token(request, who, token_id)


class AccountPages:
    """Reads what a page shows and renders it."""

    def __init__(self, frame: Frame, accounts: Accounts, sign_in: SignIn, directory: Directory | None) -> None:
        self._frame = frame
        self._accounts = accounts
        self._cookies = sign_in.cookies
        self._directory = directory

    async def own(self, request: Request, who: SignedIn, sent: Sent | None = None, **shown: Any) -> Response:
        """Everything about one's own account. `token`: a new one, shown this once."""
        sent = sent or Sent()
        return await self._frame.render(
            request,
            "account.html",
            status=sent.status,
            who=who,
            own=await self._accounts.own(who),
            sent=sent,
            letters_min=PASSWORD_LETTERS_MIN,
            days=TOKEN_DAYS,
            days_max=TOKEN_DAYS_MAX,
            **({"token": "", "token_name": "", "did": request.query_params.get("did", "")} | shown),
        )

    async def change_password(self, request: Request, who: SignedIn) -> Response:
        """Set a new password."""
        typed = await typed_fields(request)
        try:
            await self._accounts.change_password(who, typed.get("current", ""), typed.get("new", ""))
        except AccountRefused as error:
            return await self.own(request, who, Sent({}, {error.field: error.why}, status=422))
        except TooManyTries:
            return await self.own(request, who, Sent({}, {"current": "tries"}, status=429))
        return RedirectResponse("/account?did=password", 303)

    async def second_factor(self, request: Request, who: SignedIn, sent: Sent | None = None) -> Response:
        """Set up a second factor: the key to put into an authenticator, as QR code and in letters, and its proof."""
        sent, key = sent or Sent(), await self._accounts.offered_second_factor(who)
        link = second_factor.link(key, who.account.name, self._accounts.door.place.centre) if key else ""
        return await self._frame.render(
            request,
            "second_factor.html",
            status=sent.status,
            who=who,
            key=" ".join(key[at : at + 4] for at in range(0, len(key), 4)) if key else "",
            otpauth=link,
            picture=_picture(link) if link else "",
            sent=sent,
        )

    async def offer(self, request: Request, who: SignedIn) -> Response:
        """Make a key and show it."""
        await self._accounts.offer_second_factor(who)
        return RedirectResponse("/account/second-factor", 303)

    async def prove(self, request: Request, who: SignedIn) -> Response:
        """Put the key in force, and show the recovery codes once."""
        code = (await typed_fields(request)).get("code", "")
        try:
            codes = await self._accounts.prove_second_factor(who, code)
        except AccountRefused as error:
            return await self.second_factor(request, who, Sent({}, {error.field: error.why}, status=422))
        return await self._frame.render(request, "recovery_codes.html", codes=codes)

    async def drop(self, request: Request, who: SignedIn) -> Response:
        """Take the second factor away."""
        try:
            await self._accounts.drop_second_factor(who, (await typed_fields(request)).get("password", ""))
        except AccountRefused as error:
            return await self.own(request, who, Sent({}, {error.field: error.why}, status=422))
        except TooManyTries:
            return await self.own(request, who, Sent({}, {"password": "tries"}, status=429))
        return RedirectResponse("/account?did=dropped", 303)

    async def end_sessions(self, request: Request, who: SignedIn) -> Response:
        """Sign out elsewhere, or everywhere."""
        everywhere = (await typed_fields(request)).get("where") == "everywhere"
        await self._accounts.end_sessions(who, others_only=not everywhere)
        response = RedirectResponse("/sign-in?out=1" if everywhere else "/account?did=sessions", 303)
        if everywhere:
            self._cookies.end(response)
        return response

    async def sign_out(self, request: Request, who: SignedIn) -> Response:
        """End the sign-in of this browser; one by the directory is shown the way to end it there too."""
        hint = await self._accounts.door.close(who.secret)
        away = await self._directory.sign_out(who.account, hint) if self._directory else None
        response = (
            self._frame.render_part(request, "signed_out.html", away=away)
            if away
            else RedirectResponse("/sign-in?out=1", 303)
        )
        self._cookies.end(response)
        return response

    async def add_token(self, request: Request, who: SignedIn) -> Response:
        """Make a token and show it, this once."""
        typed = await typed_fields(request)
        name, days = typed.get("token_name", ""), typed.get("days", "")
        try:
            token = await self._accounts.add_token(who, name, int(days) if days.isascii() and days.isdigit() else 0)
        except AccountRefused as error:
            return await self.own(request, who, Sent(typed, {error.field: error.why}, status=422))
        return await self.own(request, who, token=token, token_name=name)

    async def end_token(self, request: Request, who: SignedIn, token_id: UUID) -> Response:
        """End a token."""
        try:
            await self._accounts.end_token(who, token_id)
        except NoSuchAccount:
            return self._frame.not_found(request, "accounts.not_found_words")
        return RedirectResponse("/account?did=token", 303)


def _picture(link: str) -> Markup:
    """The QR code, black on white in both schemes."""
    return Markup(segno.make(link, error="m").svg_inline(scale=5, border=4, light="#fff"))  # noqa: S704 - our own
