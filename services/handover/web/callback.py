"""`POST /api/institutions/<code>/answers`: an institution's program answers, signed with the secret we share."""

import time
from collections.abc import Mapping
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from services.handover.domain import Choice, Said, Way
from services.handover.domain.answering import WORDS_LETTERS_MAX
from services.handover.handlers import Answers, Heard
from services.handover.signing import HEADER, is_signed
from services.handover.store import handovers
from shared.problems import Problem
from shared.tries import Tries, client_of

BODY_BYTES_MAX: Final = 64 * 1024
WRONG_MAX: Final = 10
# A program may catch up on many hand-overs at once.
ANSWERS_MAX: Final = 300
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=WORDS_LETTERS_MAX)]


class Told(BaseModel):
    """An answer. `id` is the program's own: the same one again changes nothing."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: UUID
    hand_over: UUID
    choice: Literal[Choice.SOLVED, Choice.ANSWERED, Choice.REJECTED, Choice.WORKING, Choice.ASKING, Choice.NOT_OURS]
    text: Words = ""
    whose: Annotated[str, StringConstraints(max_length=63)] | None = None
    by: str = Field("", max_length=80)


class Callback:
    """Takes answers of programs, each once."""

    def __init__(self, answers: Answers, secrets: Mapping[str, str]) -> None:
        self._answers = answers
        self._secrets = secrets
        self._wrong = Tries(WRONG_MAX)
        self._taken = Tries(ANSWERS_MAX)

    def mount(self, web: FastAPI) -> None:
        """Add the address."""
        web.add_api_route(
            "/api/institutions/{code}/answers",
            self.take,
            methods=["POST"],
            include_in_schema=False,
            response_model=None,
        )

    async def take(self, request: Request, code: str) -> Response:
        """200 taken or repeated, 401 not signed, 404 no such hand-over, 409 it has ended, 422 not as written."""
        body = await self._signed_body(request, code)
        try:
            told = Told.model_validate_json(body)
        except ValidationError as error:
            places = ", ".join(sorted({".".join(map(str, fault["loc"])) or "body" for fault in error.errors()}))
            raise Problem(422, "Not an answer", f"Look at: {places}.") from error
        if not told.text and told.choice is not Choice.WORKING:
            raise Problem(422, "Not an answer", "Look at: text. It may only be empty with `working`.")
        handover = await handovers.found(self._answers.service.pool, told.hand_over)
        if handover is None or handover.institution != code:
            raise Problem(404, "No such hand-over", "You were handed over no case of this id.")
        said = Said(told.choice, told.text, Way.API, told.whose, told.by or "api")
        heard, _ = await self._answers.hear(told.hand_over, said, message_id=told.id)
        if heard is Heard.OVER:
            raise Problem(409, "It has ended", "The hand-over has ended; this answer changes nothing.")
        return JSONResponse({"result": heard}, headers={"Cache-Control": "no-store"})

    async def _signed_body(self, request: Request, code: str) -> bytes:
        now, client = time.monotonic(), client_of(request)
        if self._wrong.are_spent((client,), now) or self._taken.are_spent((code,), now):
            raise Problem(429, "Too often", "Try again in a minute.", {"Retry-After": "60"})
        body = await _bounded(request)
        secret = self._secrets.get(code)
        if secret is None or not is_signed(secret, body, request.headers.get(HEADER, ""), time.time()):
            self._wrong.count((client,), now)
            raise Problem(401, "Not signed", f"Sign the body with our shared secret in {HEADER}.")
        self._taken.count((code,), now)
        return body


async def _bounded(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_BYTES_MAX:
            raise Problem(413, "Too large", f"An answer has at most {BODY_BYTES_MAX} bytes.")
    return body
