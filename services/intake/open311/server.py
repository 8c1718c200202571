"""The resources of GeoReport v2: each reads what was asked, asks the domain or the store, and gives a document."""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Final, Literal
from uuid import UUID, uuid5

from fastapi import FastAPI
from pydantic import Field
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from services.intake import store
from services.intake.callers import ANYBODY, Caller, Callers, Once, Scope, idempotency_key
from services.intake.channels import BothAway
from services.intake.channels.links import PROVIDER, LinkSettings
from services.intake.domain import find_numbers, lane_of
from services.intake.edge import Edge
from services.intake.open311.answers import answered, failed, options
from services.intake.open311.bodies import Form, SentFile, read_form
from services.intake.open311.documents import Document, Row
from services.intake.open311.query import Parameters, read_query
from services.intake.open311.report import Fields, Reader, Report
from services.intake.open311.requests import PublicView
from services.intake.open311.services import service_definition, service_list, target_words
from services.intake.open311.tokens import ReportTokens
from services.intake.open311.words import Fault, Language, Refused, language_of, refused, say
from shared import keeping
from shared.contracts import Attachment, Channel, MessageReceived, Place
from shared.database import is_away
from shared.ids import derived_id
from shared.keeping import Files, StoredFile
from shared.messaging import Service
from shared.municipality import Municipality
from shared.objects import ObjectStore
from shared.problems import Problem
from shared.settings import Key, ProviderSettings, key_bytes

BASE: Final = "/open311"
ACCOUNT: Final = "main"
# When the services and their words last took another shape; the standard's discovery asks for it.
CHANGESET: Final = "2026-11-25T00:00:00Z"
SPECIFICATION: Final = "http://wiki.open311.org/GeoReport_v2"
SERVICES_FRESH_SECONDS: Final = 300

# Longer answers are made in a thread: a tenth of a second for a thousand rows, in which webhooks must not wait.
ROWS_AT_ONCE_MAX: Final = 100

Answer = Callable[[Request, Language], Awaitable[Document]]


class Open311Settings(ProviderSettings):
    """What this interface needs; all but the key has a default."""

    ilkim_tracking_key: Key
    ilkim_public_url: str = ""
    ilkim_open311_endpoint: Literal["production", "test"] = Field(
        "production", description="production: posting needs an API key; test: it does not"
    )
    ilkim_open311_jurisdiction: str = Field("", description="e.g. ilkadim.bel.tr; the municipality's code counts too")
    ilkim_open311_contact: str = Field("", description="told in the discovery document: who gives API keys")
    ilkim_open311_descriptions: bool = Field(False, description="whether anybody may read the masked descriptions")


class Open311:
    """GeoReport v2 at `/open311/v2`. Answers a token when the report is safe; its number comes with registration."""

    def __init__(
        self,
        service: Service,
        edge: Edge,
        place: Municipality,
        objects: ObjectStore,
        callers: Callers,
        once: Once,
        settings: Open311Settings,
    ) -> None:
        self._service, self._edge, self._place, self._settings = service, edge, place, settings
        self._callers, self._once, self._files = callers, once, Files(objects)
        self._tokens = ReportTokens(key_bytes(settings.ilkim_tracking_key))
        self._reader = Reader(place, LinkSettings().hosts)
        self._view = PublicView(place, settings.ilkim_open311_descriptions)
        self._alarms = place.alarms
        self._jurisdictions = {place.code, settings.ilkim_open311_jurisdiction.lower() or place.code}

    def mount(self, web: FastAPI) -> None:
        """An application of its own, so that every answer below the base is in the standard's form."""
        routes = [
            *_both("/discovery", self._asked(self.discovery, SERVICES_FRESH_SECONDS)),
            *_both("/v2/discovery", self._asked(self.discovery, SERVICES_FRESH_SECONDS)),
            *_both("/v2/services", self._asked(self.services, SERVICES_FRESH_SECONDS)),
            *_both("/v2/services/{code}", self._asked(self.definition, SERVICES_FRESH_SECONDS)),
            *_both("/v2/requests", self._asked(self.requests, 0, self.post)),
            *_both("/v2/requests/{number}", self._asked(self.request, 0)),
            *_both("/v2/tokens/{token}", self._asked(self.token, 0)),
        ]
        inner = Starlette(routes=routes, exception_handlers={HTTPException: _not_here})
        inner.router.redirect_slashes = False
        mount = Mount(BASE, inner)
        # A line feed in an address is below the base, too.
        mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
        web.router.routes.append(mount)
        self._service.on_stop(self._close)

    async def discovery(self, request: Request, _: Language) -> Document:
        """Where this interface is, and what it speaks."""
        base = (self._settings.ilkim_public_url or str(request.base_url)).rstrip("/")
        url = f"{base}/v2" if base.endswith(BASE) else f"{base}{BASE}/v2"
        contact = self._settings.ilkim_open311_contact or self._place.centre_name
        endpoint: Row = {
            "specification": SPECIFICATION,
            "url": url,
            "changeset": CHANGESET,
            "type": self._settings.ilkim_open311_endpoint,
            "formats": ["text/xml", "application/json"],
        }
        content = {"changeset": CHANGESET, "contact": contact, "key_service": contact, "endpoints": [endpoint]}
        return Document("discovery", content)

    async def services(self, _: Request, language: Language) -> Document:
        """What can be reported."""
        return service_list(self._place, language)

    async def definition(self, request: Request, language: Language) -> Document:
        """What is asked for one service."""
        code = request.path_params["code"]
        topic = next((topic for topic in self._place.topics if topic.code == code), None)
        if topic is None:
            raise refused("unknown_service", 404, code=code)
        return service_definition(topic, language)

    async def requests(self, request: Request, language: Language) -> Document:
        """What became of public requests, or of those whose numbers are given."""
        query = read_query(Parameters(request.query_params.multi_items()), datetime.now(UTC))
        if query.numbers is not None:
            cases = await store.cases_by_number(self._service.pool, query.numbers) if query.numbers else []
        else:
            topics = self._view.public_topics
            asked = topics if query.services is None else topics & query.services
            cases = await store.listed(self._service.pool, query.listing, asked)
        return await self._shown(cases, language, with_notes=query.with_notes)

    async def request(self, request: Request, language: Language) -> Document:
        """What became of one request."""
        number = request.path_params["number"]
        cases = await store.cases_by_number(self._service.pool, find_numbers(number)[:1])
        if not cases:
            raise refused("unknown_request", 404, code=number)
        return await self._shown(cases, language, with_notes=request.query_params.get("extensions") == "true")

    async def token(self, request: Request, _: Language) -> Document:
        """The number of a posted report; empty while it is on its way, which takes moments."""
        token = request.path_params["token"]
        report_id = self._tokens.report_id(token)
        if report_id is None:
            raise refused("unknown_token", 404)
        numbers = await store.numbers_of_message(self._service.pool, Channel.MOBILE, ACCOUNT, str(report_id))
        rows: list[Row] = [{"service_request_id": number, "token": token} for number in numbers or (None,)]
        return Document("service_requests", rows)

    async def post(self, request: Request, language: Language) -> Document:
        """Take a report: 200 with its token when it is safe."""
        form = await read_form(request)
        fields = Fields(form.pairs)
        language = language_of(fields.get("lang"), language)
        self._check_jurisdiction(fields.get("jurisdiction_id"))
        caller = await self._caller(request, fields)
        key = idempotency_key(request.headers.get("idempotency-key"))
        report = self._reader.read(fields, caller.space, language)
        fingerprint = form.fingerprint()
        report_id = self._tokens.new_id(caller.space, key, fingerprint)
        work = partial(self._take, report, form, report_id)
        receipt = await self._once.answer(caller, f"open311:{key}" if key else None, fingerprint, work)
        # The database keeps a receipt's parts, not their order.
        row = {name: receipt[name] for name in ("token", "service_notice", "account_id")}
        return Document("service_requests", [row])

    async def _caller(self, request: Request, fields: Fields) -> Caller:
        key = fields.get("api_key") or request.query_params.get("api_key") or request.headers.get("x-api-key")
        if key:
            return await self._callers.who(key, Scope.OPEN311, datetime.now(UTC))
        if self._settings.ilkim_open311_endpoint == "test":
            return ANYBODY
        raise refused("403", 403)

    async def _take(self, report: Report, form: Form, report_id: UUID) -> Row:
        """Make a report safe; what it answers holds nothing personal. The same report again is the same contact."""
        now = datetime.now(UTC)
        kept = await self._keep(form.files, report_id)
        lane, emergency_number = lane_of(report.text, self._alarms)
        message = MessageReceived(
            id=derived_id(now, "message", Channel.MOBILE, report_id),
            occurred_at=now,
            trace_id=report_id.hex,
            channel=Channel.MOBILE,
            provider=PROVIDER,
            account=ACCOUNT,
            provider_id=str(report_id),
            sender=report.sender,
            text=report.text,
            place=_placed(report.place, kept),
            language=report.language,
            topic=report.topic.code,
            attachments=_attachments(report, kept),
        )
        await self._edge.accept(message, lane)
        notice = say("notice.taken", report.language, target=target_words(report.topic, report.language))
        if emergency_number:
            notice = f"{say('notice.emergency', report.language, number=emergency_number)} {notice}"
        return {"token": self._tokens.token(report_id), "service_notice": notice, "account_id": None}

    async def _keep(self, sent: tuple[SentFile, ...], report_id: UUID) -> list[StoredFile]:
        kept: list[StoredFile] = []
        try:
            for position, file in enumerate(sent):
                kept.append(await self._files.keep(uuid5(report_id, str(position)), file.body, file.name))
        except keeping.Refused as error:
            await self._files.forget([file.id for file in kept])
            raise refused("bad_file", reason=error.refusal) from error
        return kept

    async def _shown(self, cases: list[store.CaseFile], language: Language, *, with_notes: bool) -> Document:
        ids = [case.id for case in cases]
        steps = await store.steps_of_all(self._service.pool, ids, None if with_notes else ("closed",)) if ids else {}

        def rows() -> list[Row]:
            return [self._view.row(case, steps.get(case.id, ()), language, with_notes=with_notes) for case in cases]

        return Document("service_requests", await asyncio.to_thread(rows) if len(cases) > ROWS_AT_ONCE_MAX else rows())

    def _check_jurisdiction(self, code: str | None) -> None:
        """One municipality answers here: the parameter may be left out, but not name another."""
        if code and code.strip().lower() not in self._jurisdictions:
            raise refused("unknown_jurisdiction", 404, code=code)

    def _asked(
        self, get: Answer, fresh_seconds: int, post: Answer | None = None
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            if request.method == "OPTIONS":
                return options(can_post=post is not None)
            if request.method == "POST" and post is None:
                raise HTTPException(405, headers={"Allow": "GET, HEAD, OPTIONS"})
            language = language_of(request.query_params.get("lang"), request.headers.get("accept-language", ""))
            try:
                self._check_jurisdiction(request.query_params.get("jurisdiction_id"))
                document = await (post or get if request.method == "POST" else get)(request, language)
            except Refused as error:
                return failed(request, error.faults, language, error.headers)
            except Problem as error:
                return failed(request, (Fault(str(error.status), status=error.status),), language, error.headers or {})
            except Exception as error:
                if isinstance(error, BothAway) or is_away(error):
                    return failed(request, (Fault("503", status=503),), language, {})
                raise
            say_it = partial(answered, request, document, fresh_seconds)
            return await asyncio.to_thread(say_it) if len(document.content) > ROWS_AT_ONCE_MAX else say_it()

        return answer

    async def _close(self) -> None:
        self._files.close()


def _attachments(report: Report, kept: list[StoredFile]) -> tuple[Attachment, ...]:
    """The files that came, and the one that is still to be fetched."""
    sent = [
        Attachment(id=file.id, provider_id=str(file.id), media_type=file.media_type, name=file.name) for file in kept
    ]
    if report.media_url:
        name = hashlib.sha256(report.media_url.encode("utf-8", "replace")).hexdigest()
        sent.append(Attachment(provider_id=name, url=report.media_url))
    return tuple(sent)


def _placed(place: Place, kept: list[StoredFile]) -> Place:
    """Where the report says, else where a photo was taken."""
    if place.latitude is not None:
        return place
    taken = next((file for file in kept if file.latitude is not None), None)
    return place.model_copy(update={"latitude": taken.latitude, "longitude": taken.longitude}) if taken else place


def _both(path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> list[Route]:
    """With the format in the address, and without."""
    methods = ["GET", "POST", "OPTIONS"]
    suffixed = [Route(f"{path}.{form}", partial(_as, form, endpoint), methods=methods) for form in ("xml", "json")]
    return [*suffixed, Route(path, endpoint, methods=methods)]


async def _as(form: str, endpoint: Callable[[Request], Awaitable[Response]], request: Request) -> Response:
    request.state.format = form
    return await endpoint(request)


async def _not_here(request: Request, error: Exception) -> Response:
    """The framework's own refusals: no such resource, no such method."""
    if not isinstance(error, HTTPException):
        raise error
    language = language_of(request.query_params.get("lang"), request.headers.get("accept-language", ""))
    key = str(error.status_code) if error.status_code in (404, 405) else "400"
    headers: Mapping[str, str] = error.headers or {}
    return failed(request, (Fault(key, status=error.status_code),), language, headers)
