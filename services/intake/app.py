"""Intake's wiring: the only place that names concrete things together."""

from datetime import timedelta
from typing import Final

from pydantic import Field

from services.intake import openapi
from services.intake.callers import Callers, Once
from services.intake.collector import Collectors, configured_collectors
from services.intake.contacts import ContactsApi
from services.intake.domain import Numbers
from services.intake.domain.judging import WordJudge
from services.intake.edge import Edge
from services.intake.handlers import (
    Bursts,
    Intake,
    Registrar,
    Sweeper,
    Tasks,
    follow_cases,
    keep_replies,
    note_notices,
)
from services.intake.inside import add_inside_routes
from services.intake.media import MediaFetcher, configured_media
from services.intake.open311 import Open311, Open311Settings
from services.intake.pages import CitizenPages
from services.intake.web import Form
from services.intake.webhooks import Webhooks, configured_endpoints
from shared import municipality
from shared.contracts import (
    CaseAccepted,
    CaseAsked,
    CaseAssigned,
    CaseClosed,
    CaseForwarded,
    CaseGathered,
    CaseProgressed,
    CaseReopened,
    CaseReturned,
    CaseSeparated,
    Channel,
    DeliveryReported,
    Message,
    MessageReceived,
    NoticeRecorded,
    ReplyRequested,
    TaskSettled,
    WebhookReceived,
)
from shared.keeping import Files
from shared.messaging import Consumer, Service
from shared.messaging.topology import LANES, reply_queue
from shared.objects import ObjectSettings, ObjectStore, open_store
from shared.settings import Key, Settings, key_bytes, read
from shared.tokens import CaseTokens, HandOverTokens
from shared.vault import Vault

SCHEMA = "intake"
STEPS: Final[list[type[Message]]] = [
    CaseAssigned,
    CaseAccepted,
    CaseForwarded,
    CaseGathered,
    CaseProgressed,
    CaseReopened,
    CaseReturned,
    CaseSeparated,
    CaseAsked,
    CaseClosed,
]
# Larger batches; a citizen's next message, and the answer to a reply, come later than that.
LINGER_SECONDS: Final = 0.2
NOTICES_LINGER_SECONDS: Final = 1.0


class IntakeSettings(Settings):
    """What intake needs beside the common settings."""

    ilkim_vault_key: Key
    ilkim_blind_index_key: Key
    ilkim_number_key: Key
    ilkim_tracking_key: Key
    ilkim_inside_key: Key
    ilkim_gather_seconds: float = Field(
        4.0, ge=0, le=30, description="messages of one sender so close together are one contact; 0: each is its own"
    )


class EdgeSettings(Settings):
    """What the HTTP edge needs beside the common settings; each provider reads its own."""

    ilkim_tracking_key: Key
    ilkim_public_url: str = Field(
        "", description="where citizens and providers reach the edge, e.g. https://ilkim.bel.tr"
    )


def worker() -> Service:
    """The process that registers contacts from the intake queues."""
    settings = read(IntakeSettings)
    place = municipality.load_for_service(settings.ilkim_municipality)
    service = Service("intake-worker", SCHEMA, settings)
    objects = _objects(service)
    vault = Vault(key_bytes(settings.ilkim_vault_key), key_bytes(settings.ilkim_blind_index_key))
    numbers = Numbers(key_bytes(settings.ilkim_number_key))
    judge = WordJudge.of(place)
    registrar = Registrar(vault, numbers, CaseTokens(key_bytes(settings.ilkim_tracking_key)), place, judge.judge)
    bursts = Bursts(registrar, timedelta(seconds=settings.ilkim_gather_seconds))
    handovers = HandOverTokens(key_bytes(settings.ilkim_tracking_key))
    intake = Intake(registrar, bursts, objects, handovers)
    service.background(MediaFetcher(service, objects, Files(objects), vault, configured_media(), registrar.is_ours).run)
    queues = [f"intake.{lane}" for lane in LANES]
    kinds: list[type[Message]] = [WebhookReceived, MessageReceived, DeliveryReported]
    service.consume(Consumer("intake", queues, kinds, intake.take_in, outsiders_write=True))
    tasks = Tasks(intake, place.conversation.block.days)
    service.consume(Consumer("settled-tasks", ["intake.settled"], [TaskSettled], tasks.settle))
    service.consume(Consumer("steps", ["intake.steps"], STEPS, follow_cases, linger_seconds=LINGER_SECONDS))
    service.consume(
        Consumer("notices", ["intake.notices"], [NoticeRecorded], note_notices, linger_seconds=NOTICES_LINGER_SECONDS)
    )
    service.consume(Consumer("web-replies", [reply_queue(Channel.WEB)], [ReplyRequested], keep_replies))
    service.background(Sweeper(service, bursts).run)
    add_inside_routes(service.web, service, vault, key_bytes(settings.ilkim_inside_key))
    return service


def edge() -> Service:
    """The process that answers webhooks and the citizen's form."""
    settings = read(EdgeSettings)
    place = municipality.load_for_service(settings.ilkim_municipality)
    service = Service("intake-edge", SCHEMA, settings)
    objects = _objects(service)
    safe = Edge(service, objects)
    alarms = place.alarms
    Webhooks(safe, alarms, configured_endpoints(), settings.ilkim_public_url).mount(service.web)
    form = Form(safe, service, alarms)
    callers, once = Callers(service), Once(service)
    ContactsApi(form, callers, once).mount(service.web)
    CitizenPages(service, safe, form, place, objects, key_bytes(settings.ilkim_tracking_key)).mount(service.web)
    Open311(service, safe, place, objects, callers, once, read(Open311Settings)).mount(service.web)
    service.background(once.sweep_forever)
    openapi.serve(service.web)
    return service


def collector() -> Service:
    """The process that fetches and listens where providers do not call us: mailboxes, polled inboxes, exchanges."""
    settings = read(Settings)
    place = municipality.load_for_service(settings.ilkim_municipality)
    service = Service("intake-collector", SCHEMA, settings)
    collectors = Collectors(
        service,
        Edge(service, _objects(service)),
        place.alarms,
        configured_collectors(),
        settings.database_url.get_secret_value(),
        SCHEMA,
    )
    service.background(collectors.run)
    service.tell("collectors", collectors.told)
    return service


def _objects(service: Service) -> ObjectStore:
    """The object store of this process, let go of when it ends."""
    objects = open_store(read(ObjectSettings))
    service.on_stop(objects.close)
    return objects
