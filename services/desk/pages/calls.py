"""Calls on the operator's screen: who is on the line, with the history of their cases, and what came in lately."""

import re
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from services.desk.domain.identity import Identity
from services.desk.handlers import Calls
from services.desk.pages.frame import EXTENSION_COOKIE, Frame, extension_of, typed_fields
from services.desk.web import SignIn

EXTENSION_SECONDS: Final = 365 * 24 * 3600
_EXTENSION: Final = re.compile(r"[0-9A-Za-z_.-]{1,20}")


def add_call_pages(routes: APIRouter, frame: Frame, calls: Calls, sign_in: SignIn) -> None:
    """`/calls`, and the piece of it that every page of an operator with a telephone shows."""
    desk = CallPages(frame, calls)
    Person = Annotated[Identity, Depends(sign_in)]

    @routes.get("/calls")
    async def page(request: Request, by: Person) -> Response:
        return await desk.page(request, by)

    @routes.get("/calls/screen")
    async def screen(request: Request, by: Person) -> Response:
        return await desk.screen(request, by)

    @routes.get("/calls/list")
    async def live(request: Request, by: Person) -> Response:
        return await desk.live(request, by)

    @routes.post("/calls/extension")
    async def extension(request: Request) -> Response:
        return desk.remember((await typed_fields(request)).get("extension", "").strip())


class CallPages:
    """Reads what a page shows and renders it."""

    def __init__(self, frame: Frame, calls: Calls) -> None:
        self._frame = frame
        self._calls = calls

    async def page(self, request: Request, by: Identity) -> Response:
        """Who is on the line, and what came in lately; renews itself, without scripts too."""
        extension = extension_of(request)
        return await self._frame.render(
            request,
            "calls.html",
            callers=await self._calls.on_screen(extension, by),
            calls=await self._calls.recent(),
            mine=extension,
        )

    async def live(self, request: Request, by: Identity) -> Response:
        """The pieces of the page that change."""
        callers, calls = await self._calls.on_screen(extension_of(request), by), await self._calls.recent()
        return self._frame.render_part(request, "calls_live.html", callers=callers, calls=calls)

    async def screen(self, request: Request, by: Identity) -> Response:
        """Who rings at this operator's telephone, for every other page of theirs."""
        extension = extension_of(request)
        callers = await self._calls.on_screen(extension, by) if extension else []
        return self._frame.render_part(request, "calls_screen.html", callers=callers)

    def remember(self, extension: str) -> Response:
        """Which telephone stands beside this browser; empty: none."""
        answer = RedirectResponse("/calls", 303)
        if _EXTENSION.fullmatch(extension):
            answer.set_cookie(EXTENSION_COOKIE, extension, EXTENSION_SECONDS, httponly=True, samesite="lax")
        elif not extension:
            answer.delete_cookie(EXTENSION_COOKIE)
        return answer
