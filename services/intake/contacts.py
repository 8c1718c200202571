"""`/api/contacts`: the citizen's form as an API for apps and sites, with or without an API key."""

import hashlib
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, FastAPI, Header, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from services.intake.callers import ANYBODY, Callers, Once, Scope, idempotency_key
from services.intake.channels import BothAway
from services.intake.web import FORM_BYTES_MAX, Accepted, Form, FormMessage, Status, read_body
from shared.problems import problem

PATH: Final = "/api/contacts"
ApiKeyHeader = Annotated[str | None, Header(alias="X-Api-Key", max_length=200)]
IdempotencyHeader = Annotated[str | None, Header(alias="Idempotency-Key")]


class ContactsApi:
    """Posting needs no key; with one, its rate holds, and its Idempotency-Keys are its own."""

    def __init__(self, form: Form, callers: Callers, once: Once) -> None:
        self._form, self._callers, self._once = form, callers, once

    def mount(self, web: FastAPI) -> None:
        """Add both routes, and what is told when nothing could be made safe."""
        api = APIRouter(prefix=PATH, route_class=_Bounded)
        api.add_api_route("", self.submit, methods=["POST"], status_code=202)
        api.add_api_route("/{submission_id}", self.status, methods=["GET"], response_model=Status)
        web.include_router(api)
        web.add_exception_handler(BothAway, _both_away)

    async def submit(
        self, message: FormMessage, key: ApiKeyHeader = None, idempotency: IdempotencyHeader = None
    ) -> Accepted:
        """Answered when the message is safe; its number comes within moments at `status_url`."""
        caller = await self._callers.who(key, Scope.CONTACTS, datetime.now(UTC)) if key else ANYBODY
        once = idempotency_key(idempotency)
        fingerprint = hashlib.sha256(message.model_dump_json().encode()).digest()

        async def work() -> dict[str, str]:
            await self._form.submit(message)
            return {"submission_id": str(message.submission_id), "status_url": f"{PATH}/{message.submission_id}"}

        receipt = await self._once.answer(caller, f"contacts:{once}" if once else None, fingerprint, work)
        return Accepted.model_validate(receipt)

    async def status(self, submission_id: UUID) -> Any:
        """Numbers and replies so far. Whoever knows the submission's id may ask."""
        found = await self._form.status(submission_id)
        return found or JSONResponse(Status().model_dump(), 202)


class _Bounded(APIRoute):
    """A route whose body is refused as soon as it is too large, before it is parsed."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            request._body = await read_body(request, FORM_BYTES_MAX)
            return await handle(request)

        return bounded


async def _both_away(_: Request, __: Exception) -> Response:
    return problem(503, "Not now", "The message could not be made safe; send it again.")
