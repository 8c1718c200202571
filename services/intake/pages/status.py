"""The page of a submission: its number, its code, the replies, and while they are on their way a page that waits."""

import asyncio
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import FastAPI, Request, Response

from services.intake.web import Form, Status
from shared.database import is_away
from shared.municipality import Municipality
from shared.pages import Pages
from shared.tokens import CaseTokens

# The number normally comes within a second; a page that is asked for earlier waits so long, in growing steps.
WAIT_STEPS_SECONDS: Final = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.4, 0.4)
WAITING_PAGES_MAX: Final = 100
REFRESH_SECONDS_MAX: Final = 60
HEADERS: Final = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}


class StatusPages:
    """Whoever knows a submission's id may see its page."""

    def __init__(self, form: Form, pages: Pages, tokens: CaseTokens, place: Municipality) -> None:
        self._form = form
        self._pages = pages
        self._tokens = tokens
        self._emergency_numbers = frozenset(emergency.number for emergency in place.emergencies)
        self._waiting = 0

    def mount(self, web: FastAPI) -> None:
        """Add the page."""
        web.add_route("/basvuru/{submission_id}", self.show, methods=["GET"], include_in_schema=False)

    async def show(self, request: Request) -> Response:
        """The number, what happens next and the replies; while it is on its way, the page that renews itself."""
        try:
            submission_id = UUID(request.path_params["submission_id"])
        except ValueError:
            return not_found(self._pages, request)
        found = await self._wait_for(submission_id)
        asked = request.query_params
        emergency = asked.get("acil") if asked.get("acil") in self._emergency_numbers else None
        if found is None:
            return self._on_its_way(request, submission_id, emergency)
        codes = {number: self._tokens.code(number) for number in found.opened}
        return self._pages.render(
            request, "status.html", headers=HEADERS, found=found, codes=codes, emergency_number=emergency
        )

    async def _wait_for(self, submission_id: UUID) -> Status | None:
        """Ask for up to two seconds, once only when many pages wait already. None while the database is away."""
        patient = self._waiting < WAITING_PAGES_MAX
        self._waiting += 1
        try:
            for seconds in (*WAIT_STEPS_SECONDS, None) if patient else (None,):
                found = await self._form.status(submission_id)
                if found or seconds is None:
                    return found
                await asyncio.sleep(seconds)
        except Exception as error:
            if not is_away(error):
                raise
        finally:
            self._waiting -= 1
        return None

    def _on_its_way(self, request: Request, submission_id: UUID, emergency: str | None) -> Response:
        """Renewed by a header rather than a meta element, more seldom each time: no script, no needless questions."""
        asked = request.query_params
        tries = min(int(asked["deneme"]), 10) if asked.get("deneme", "").isdecimal() else 0
        parameters = {key: value for key, value in asked.items() if key in ("yeni", "acil", "dil")}
        address = f"/basvuru/{submission_id}?{urlencode({**parameters, 'deneme': tries + 1})}"
        seconds = min(2 * 2**tries, REFRESH_SECONDS_MAX)
        headers = HEADERS | {"Refresh": f"{seconds};url={address}"}
        values = {"is_sent": "yeni" in asked, "emergency_number": emergency, "again": address}
        return self._pages.render(request, "waiting.html", status=202, headers=headers, **values)


def not_found(pages: Pages, request: Request) -> Response:
    """The page for an address that leads nowhere."""
    title, words = (pages.say(request, f"page.{key}") for key in ("not_found", "not_found_words"))
    return pages.render(request, "message.html", status=404, title=title, words=words)
