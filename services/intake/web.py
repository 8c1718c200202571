"""The HTTP edge: providers' webhooks and the citizen's form, each answered only when it is safe."""

import hmac
import json
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.intake import store
from services.intake.channels import whatsapp
from services.intake.domain import lane_of
from services.intake.edge import BothAway, Edge
from shared.contracts import Channel, MessageReceived, Place, Purpose, Sender
from shared.contracts.channel import TEXT_MAX
from shared.ids import derived_id, new_id
from shared.messaging import Service
from shared.problems import Problem, problem
from shared.urgency import EmergencyWords

WEBHOOK_BYTES_MAX: Final = 3 * 1024 * 1024  # Meta's own limit
FORM_BYTES_MAX: Final = 256 * 1024


class FormMessage(BaseModel):
    """A citizen's message from the form or an app. The same `submission_id` makes one contact, however often sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    submission_id: UUID = Field(description="made by the sender when the form is opened; also the key to its page")
    text: Annotated[str, StringConstraints(min_length=3, max_length=TEXT_MAX)]
    name: Annotated[str, StringConstraints(max_length=200)] | None = None
    place: Place = Place()
    language: Literal["tr", "en"] = "tr"


class Accepted(BaseModel):
    """The message is safe; its number comes within moments at `status_url`."""

    submission_id: UUID
    status_url: str


class Status(BaseModel):
    """What became of a submission."""

    numbers: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()


class Webhooks:
    """WhatsApp's webhook: verified by its token, each post by its signature over the raw bytes."""

    def __init__(
        self, edge: Edge, emergencies: EmergencyWords, app_secrets: tuple[bytes, ...], verify_token: str
    ) -> None:
        self._edge = edge
        self._emergencies = emergencies
        self._app_secrets = app_secrets
        self._verify_token = verify_token.encode()

    async def verify(self, request: Request) -> Response:
        """Answer Meta's subscription check with its challenge."""
        query = request.query_params
        given = query.get("hub.verify_token", "").encode("utf-8", "replace")
        if query.get("hub.mode") == "subscribe" and hmac.compare_digest(given, self._verify_token):
            return PlainTextResponse(query.get("hub.challenge", ""))
        return problem(403, "Wrong verify token", "Set the same verify token here and in the app's dashboard.")

    async def receive(self, request: Request) -> Response:
        """Signed and JSON: made safe, then 200. Otherwise a problem document that says what is wrong."""
        try:
            body = await read_body(request, WEBHOOK_BYTES_MAX)
            self._check_signature(request, body)
            lane, _ = lane_of("\n".join(whatsapp.texts(_parse(body))), self._emergencies)
            await self._edge.accept(whatsapp.webhook_of(body, datetime.now(UTC), new_id().hex), lane)
        except Problem as error:
            return problem(error.status, error.title, error.detail)
        except BothAway:
            return problem(503, "Not now", "The message could not be made safe; send it again.")
        return Response(b"{}", media_type="application/json")

    def _check_signature(self, request: Request, body: bytes) -> None:
        """Two secrets may be valid while one is being changed."""
        given = request.headers.getlist("x-hub-signature-256")
        if len(given) != 1:
            raise Problem(401, "Not signed", "One X-Hub-Signature-256 header is needed.")
        signature = given[0].encode("utf-8", "replace")
        if not any(hmac.compare_digest(signature, whatsapp.signature(body, key).encode()) for key in self._app_secrets):
            raise Problem(401, "Wrong signature", "X-Hub-Signature-256 does not match these bytes and our app secret.")


def _parse(body: bytes) -> Any:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Problem(400, "Malformed JSON", "The body is not JSON.") from error
    if not isinstance(value, dict):
        raise Problem(400, "Wrong type", "The body is not a JSON object.")
    return value


async def read_body(request: Request, bytes_max: int) -> bytes:
    """The body, refused with 413 as soon as it is too large."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > bytes_max:
            raise Problem(413, "Too large", f"At most {bytes_max} bytes are taken.")
        chunks.append(chunk)
    return b"".join(chunks)


class Form:
    """The citizen's form as an API; the pages are built on it."""

    def __init__(self, edge: Edge, service: Service, emergencies: EmergencyWords) -> None:
        self._edge = edge
        self._service = service
        self._emergencies = emergencies

    async def submit(self, form: FormMessage) -> str | None:
        """Make a form safe; the number to call at once when life is at risk. Raises BothAway."""
        lane, emergency_number = lane_of(form.text, self._emergencies)
        now, submission_id = datetime.now(UTC), str(form.submission_id)
        message = MessageReceived(
            id=derived_id(now, "message", Channel.WEB, submission_id),
            occurred_at=now,
            trace_id=form.submission_id.hex,
            channel=Channel.WEB,
            provider_id=submission_id,
            sender=Sender(address=submission_id, name=form.name),
            text=form.text,
            place=form.place,
            purpose=Purpose.REQUEST,
            language=form.language,
        )
        await self._edge.accept(message, lane)
        return emergency_number

    async def status(self, submission_id: UUID) -> Status | None:
        """The numbers and replies of a submission, None while it is on its way."""
        found = await store.submission(self._service.pool, str(submission_id))
        return Status(numbers=found.numbers, replies=found.replies) if found else None


def add_routes(web: FastAPI, webhooks: Webhooks, form: Form) -> None:
    """Everything the edge answers, pages aside."""
    # Bare routes: signature and size are checked on the raw bytes before anything is parsed.
    web.add_route("/webhooks/whatsapp", webhooks.verify, methods=["GET"], include_in_schema=False)
    web.add_route("/webhooks/whatsapp", webhooks.receive, methods=["POST"], include_in_schema=False)
    web.include_router(_form_api(form))
    web.add_exception_handler(BothAway, _both_away)


class _Bounded(APIRoute):
    """A route whose body is refused as soon as it is too large, before it is parsed."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            request._body = await read_body(request, FORM_BYTES_MAX)
            return await handle(request)

        return bounded


def _form_api(form: Form) -> APIRouter:
    api = APIRouter(prefix="/api/contacts", tags=["form"], route_class=_Bounded)

    @api.post("", status_code=202)
    async def submit(message: FormMessage) -> Accepted:
        await form.submit(message)
        return Accepted(submission_id=message.submission_id, status_url=f"/api/contacts/{message.submission_id}")

    @api.get("/{submission_id}", response_model=Status)
    async def status(submission_id: UUID) -> Any:
        found = await form.status(submission_id)
        return found or JSONResponse(Status().model_dump(), 202)

    return api


async def _both_away(_: Request, __: Exception) -> Response:
    return problem(503, "Not now", "The message could not be made safe; send it again.")
