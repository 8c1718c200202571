"""Two questions about a case with a page each: whether it is solved (the survey), and whether it is withdrawn.

Looking changes nothing, since mail programs open links by themselves; only a button does.
"""

from datetime import UTC, datetime
from typing import Final, Literal
from uuid import UUID, uuid5

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from services.intake import store
from services.intake.channels import BothAway
from services.intake.domain.surveys import SURVEY_NO, SURVEY_YES
from services.intake.domain.wishes import WITHDRAWN
from services.intake.pages.tracking import HEADERS, TrackingPages, is_survey_open
from services.intake.store import CaseFile
from services.intake.web import Beside, Form, FormMessage
from shared.contracts.channel import TEXT_MAX
from shared.municipality.conversation import SurveyRules
from shared.pages import Pages
from shared.pages.posted import read_posted
from shared.problems import RETRY_AFTER_SECONDS, Problem

TEXT_LETTERS_MAX: Final = 2_000
_ANSWERS: Final = {"evet": SURVEY_YES, "hayir": SURVEY_NO}


class AskedPages:
    """Below the tracking page of the case, behind the same code."""

    def __init__(self, tracking: TrackingPages, form: Form, pages: Pages, rules: SurveyRules) -> None:
        self._tracking = tracking
        self._form = form
        self._pages = pages
        self._rules = rules

    def mount(self, web: FastAPI) -> None:
        """Add the pages."""
        for name, show, act in (
            ("anket", self.show_survey, self.answer_survey),
            ("vazgec", self.show_withdrawal, self.withdraw),
        ):
            path = f"/takip/{{number}}/{{code}}/{name}"
            web.add_route(path, show, methods=["GET"], include_in_schema=False)
            web.add_route(path, act, methods=["POST"], include_in_schema=False)

    async def show_survey(self, request: Request) -> Response:
        """The question, with the answer of the link in front."""
        case = await self._tracking.case_of(request)
        if case is None:
            return self._tracking.refused(request)
        return self._page(request, case, "survey", is_open=await self._may_answer(case))

    async def answer_survey(self, request: Request) -> Response:
        """Make the answer safe; a second press is the same answer."""
        case = await self._tracking.case_of(request)
        if case is None:
            return self._tracking.refused(request)
        answer, text = await self._posted(request)
        if answer not in _ANSWERS or not await self._may_answer(case):
            return self._page(request, case, "survey", is_open=await self._may_answer(case), status=422)
        words = text if answer == "hayir" else ""
        return await self._send(request, case, "survey", _ANSWERS[answer], f"survey_{answer}", words)

    async def show_withdrawal(self, request: Request) -> Response:
        """What the button would end."""
        case = await self._tracking.case_of(request)
        if case is None:
            return self._tracking.refused(request)
        return self._page(request, case, "withdraw", is_open=case.is_open)

    async def withdraw(self, request: Request) -> Response:
        """Make the wish safe; a second press is the same wish."""
        case = await self._tracking.case_of(request)
        if case is None:
            return self._tracking.refused(request)
        _, text = await self._posted(request)
        if not case.is_open:
            return self._page(request, case, "withdraw", is_open=False, status=422)
        return await self._send(request, case, "withdraw", WITHDRAWN, "withdraw", text)

    async def _may_answer(self, case: CaseFile) -> bool:
        aftermath = await store.aftermath(self._tracking.pool, case.id)
        return is_survey_open(case, aftermath.solved is not None, self._rules, datetime.now(UTC))

    async def _posted(self, request: Request) -> tuple[str, str]:
        """The button and the words; what cannot be read is no answer."""
        try:
            posted = await read_posted(request)
        except Problem:
            return "", ""
        return posted.first("cevap"), posted.first("text").strip()[: min(TEXT_LETTERS_MAX, TEXT_MAX)]

    async def _send(self, request: Request, case: CaseFile, page: str, kind: str, said: str, text: str) -> Response:
        spoken: Literal["tr", "en"] = "en" if self._pages.language(request) == "en" else "tr"
        words = text if len(text) >= 3 else self._pages.say(request, f"asked.{said}_text")
        message = FormMessage(submission_id=_submission(case, kind), text=words, language=spoken)
        try:
            await self._form.submit(message, Beside(about_case=case.id, kind=kind, is_anonymous=True))
        except BothAway:
            return self._page(request, case, page, is_open=True, is_away=True, status=503)
        address = request.url.path.rsplit("/", 1)[0]
        return RedirectResponse(f"{address}?tamam={page}", 303, headers=HEADERS)

    def _page(
        self, request: Request, case: CaseFile, page: str, *, is_open: bool, is_away: bool = False, status: int = 200
    ) -> Response:
        headers = HEADERS | ({"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else {})
        values = {
            "case": case,
            "page": page,
            "is_open": is_open,
            "is_away": is_away,
            "answer": request.query_params.get("cevap", ""),
            "back": request.url.path.rsplit("/", 1)[0],
            "text_max": TEXT_LETTERS_MAX,
        }
        return self._pages.render(request, "asked.html", status=status, headers=headers, **values)


def _submission(case: CaseFile, kind: str) -> UUID:
    """The same for a double press; another one after the case took its next step."""
    return uuid5(case.id, f"{kind} {case.version}")
