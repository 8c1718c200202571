"""Providers' webhooks at `/webhooks/<provider>`: checked over the raw bytes, made safe, and only then answered."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from fastapi import FastAPI, Request, Response

from services.intake.channels import ADAPTERS, Answered, BothAway, Endpoint, Knock
from services.intake.edge import Edge
from services.intake.web import read_body
from shared.contracts import Lane, WebhookReceived
from shared.problems import Problem, problem
from shared.urgency import Alarms

BODY_BYTES_MAX: Final = 3 * 1024 * 1024  # Meta's own limit, the largest of all


def configured_endpoints() -> dict[str, Endpoint]:
    """The endpoints whose settings are there."""
    found = {name: adapter.endpoint() for name, adapter in ADAPTERS.items()}
    return {name: endpoint for name, endpoint in found.items() if endpoint is not None}


class Webhooks:
    """`public_url` is where providers reach us, for signatures over the address; empty: as the request says."""

    def __init__(self, edge: Edge, alarms: Alarms, endpoints: Mapping[str, Endpoint], public_url: str = "") -> None:
        self._edge = edge
        self._alarms = alarms
        self._endpoints = endpoints
        self._public_url = public_url.rstrip("/")

    def mount(self, web: FastAPI) -> None:
        """Bare routes: signature and size are checked on the raw bytes before anything is parsed."""
        web.add_route("/webhooks/{provider}", self.challenge, methods=["GET"], include_in_schema=False)
        web.add_route("/webhooks/{provider}", self.receive, methods=["POST"], include_in_schema=False)

    async def challenge(self, request: Request) -> Response:
        """A provider tries the address before it uses it."""
        try:
            endpoint = self._endpoint(request)
            return _said(endpoint.challenge(self._knock(request, b"")))
        except Problem as error:
            return problem(error.status, error.title, error.detail)

    async def receive(self, request: Request) -> Response:
        """Made safe, then what the provider wants to hear; otherwise a problem document that says what is wrong."""
        try:
            endpoint = self._endpoint(request)
            body = await read_body(request, BODY_BYTES_MAX)
            payload, answered = endpoint.admit(self._knock(request, body))
            await self._edge.accept(payload, lane_of_payload(payload, self._alarms))
        except Problem as error:
            return problem(error.status, error.title, error.detail)
        except BothAway:
            return problem(503, "Not now", "The message could not be made safe; send it again.")
        return _said(answered)

    def _endpoint(self, request: Request) -> Endpoint:
        endpoint = self._endpoints.get(request.path_params["provider"])
        if endpoint is None:
            raise Problem(404, "No such webhook", "No provider of that name is configured here.")
        return endpoint

    def _knock(self, request: Request, body: bytes) -> Knock:
        headers: dict[str, str] = {}
        for name, value in request.headers.items():
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        url = self._public_url + path if self._public_url else str(request.url)
        return Knock(request.method, url, dict(request.query_params), headers, body, datetime.now(UTC))


def lane_of_payload(payload: WebhookReceived, alarms: Alarms) -> Lane:
    """The lane by the citizens' words in it; one that cannot be read goes with the routine: intake parks it."""
    try:
        reading = ADAPTERS[payload.provider].read(payload)
    except (ValueError, RecursionError):
        return "routine"
    return "urgent" if any(alarms.in_text(message.text) for message in reading.messages) else "routine"


def _said(answered: Answered) -> Response:
    return Response(answered.body, answered.status, media_type=answered.media_type)
