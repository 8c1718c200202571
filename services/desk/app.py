"""The desk's wiring: the only place that names concrete things together."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from pydantic import Field, SecretStr

from services.desk.adviser import Adviser
from services.desk.domain.accounts import NAME, hashed, password_fault
from services.desk.handlers import (
    Alerts,
    Calls,
    Cases,
    Desk,
    Entries,
    FinishedPhotos,
    Notes,
    Search,
    Splits,
    Tasks,
    Work,
    take_in,
)
from services.desk.handlers.accounts import Accounts
from services.desk.handlers.directory import Client, Directory
from services.desk.handlers.door import Door, FirstAccount
from services.desk.pages import add_pages
from services.desk.records import Records
from services.desk.web import (
    Cookies,
    SecurityHeaders,
    SignIn,
    add_alert_routes,
    add_file_routes,
    add_routes,
    add_task_routes,
    check_routes,
)
from shared import municipality
from shared.contracts import (
    AssignmentEnded,
    AssignmentOffered,
    AssignmentWarned,
    CallReported,
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
    CitizenAdded,
    CitizenSilent,
    ContactRegistered,
    IncidentGrew,
    Message,
    NoticeRecorded,
    TaskRequested,
)
from shared.keeping import Files
from shared.messaging import Consumer, Service, Unit
from shared.messaging.topology import LANES, owner_queue
from shared.objects import ObjectSettings, open_store
from shared.settings import Key, Settings, key_bytes, read, stop
from shared.vault import Vault

SCHEMA = "desk"
OFFERS: Final[list[type[Message]]] = [
    AssignmentOffered,
    CitizenAdded,
    IncidentGrew,
    AssignmentWarned,
    CitizenSilent,
    AssignmentEnded,
]
FACTS: Final[list[type[Message]]] = [
    CaseAssigned,
    CaseAccepted,
    CaseForwarded,
    CaseProgressed,
    CaseAsked,
    CaseReturned,
    CaseReopened,
    CaseGathered,
    CaseSeparated,
    CaseClosed,
]
TOKEN_LETTERS_MIN: Final = 32
FACTS_LINGER_SECONDS = 0.5  # what is known of a place need not be fresher, and larger batches cost less


class DeskSettings(Settings):
    """What the desk needs beside the common settings."""

    ilkim_vault_key: Key
    ilkim_blind_index_key: Key
    ilkim_inside_key: Key
    intake_url: str = Field("", description="intake's worker inside, e.g. http://intake:8000; empty: no contacts")
    router_url: str = Field("", description="the router inside, e.g. http://router:8000; empty: no proposals")
    desk_user: str = Field("", pattern=f"^({NAME.pattern})?$", description="name of the first account; empty: none")
    desk_password: SecretStr = Field(SecretStr(""), description="its password, at least 12 letters")
    desk_token: SecretStr = Field(SecretStr(""), description="a bearer token of the first account; empty: none")
    desk_public_url: str = Field("", description="where browsers reach the desk; https makes its cookies secure")
    oidc_issuer: str = Field("", description="the municipality's directory (OpenID Connect); empty: none")
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    desk_lease_minutes: int = Field(240, ge=1, le=10_080, description="how long a claim stands without any action")


def desk() -> Service:
    """The process that keeps the work list and answers for those who work in it."""
    settings = read(DeskSettings)
    place = municipality.load_for_service(settings.ilkim_municipality)
    service = Service("desk", SCHEMA, settings)
    work = Work(service, place, timedelta(minutes=settings.desk_lease_minutes))
    service.background(work.watch)
    search = Search(service, place)
    service.background(search.watch)
    vault = Vault(key_bytes(settings.ilkim_vault_key), key_bytes(settings.ilkim_blind_index_key))
    tasks, calls = Tasks(service, vault, place), Calls(service, vault)
    alerts = Alerts(service, vault, timedelta(minutes=place.alarm.remind_minutes))

    async def take_tasks(unit: Unit, events: Sequence[Message]) -> None:
        await tasks.take_in(unit, events)
        await calls.take_in(unit, events)

    levels = {level.code: level.lane for level in place.levels}
    queues = [owner_queue(owner, lane) for lane in LANES for owner in work.owners]
    service.consume(Consumer("desk", queues, OFFERS, partial(take_in, levels=levels, lease=work.lease)))
    service.consume(Consumer("desk-alerts", ["desk.alerts"], [TaskRequested], alerts.take_in))
    service.background(alerts.watch)
    service.consume(Consumer("desk-tasks", ["desk.tasks"], [TaskRequested, CallReported], take_tasks))
    entries = Entries(service, place, Adviser(settings.router_url))
    service.consume(Consumer("desk-contacts", ["desk.contacts"], [ContactRegistered], entries.take_contacts))
    cases = Cases(service, Records(settings.intake_url, key_bytes(settings.ilkim_inside_key)))

    async def take_facts(unit: Unit, events: Sequence[Message]) -> None:
        await entries.take_facts(unit, events)
        await cases.take_facts(unit, events)

    service.consume(Consumer("desk-cases", ["desk.cases"], FACTS, take_facts, linger_seconds=FACTS_LINGER_SECONDS))
    service.consume(
        Consumer(
            "desk-notices",
            ["desk.notices"],
            [NoticeRecorded],
            cases.take_notices,
            linger_seconds=FACTS_LINGER_SECONDS,
        )
    )
    service.on_stop(entries.adviser.close)
    service.on_stop(cases.records.close)
    door = Door(service, vault, place, key_bytes(settings.ilkim_blind_index_key), _first_account(settings))
    service.background(door.sweep_forever)
    sign_in = SignIn(door, Cookies(is_secure=settings.desk_public_url.startswith("https://")))
    add_routes(service.web, work, sign_in)
    objects = open_store(read(ObjectSettings))
    service.on_stop(objects.close)
    add_file_routes(service.web, service, objects, sign_in)
    add_task_routes(service.web, tasks, sign_in)
    add_alert_routes(service.web, alerts, sign_in)
    photos = FinishedPhotos(service, Files(objects))
    service.on_stop(photos.close)
    notes, splits = Notes(service, place), Splits(service, place)
    at_desk = Desk(work, tasks, entries, calls, alerts, cases, photos, notes, splits, search)
    directory = _directory(settings, door)
    if directory:
        service.on_stop(directory.close)
    add_pages(service.web, at_desk, Accounts(door), sign_in, settings.desk_public_url.rstrip("/"), directory)
    service.web.add_middleware(SecurityHeaders)
    check_routes(service.web, sign_in)
    return service


def _directory(settings: DeskSettings, door: Door) -> Directory | None:
    """The way to the municipality's directory, where one is set."""
    if not settings.oidc_issuer:
        return None
    if not (settings.oidc_client_id and settings.desk_public_url):
        stop("OIDC_ISSUER wants OIDC_CLIENT_ID and DESK_PUBLIC_URL beside it: the directory sends browsers back there")
    secret, desk_url = settings.oidc_client_secret.get_secret_value(), settings.desk_public_url.rstrip("/")
    return Directory(door, Client(settings.oidc_issuer, settings.oidc_client_id, secret, desk_url))


def _first_account(settings: DeskSettings) -> FirstAccount | None:
    """The account of the environment; its password is held to the rules of all others."""
    name, password, token = settings.desk_user, settings.desk_password, settings.desk_token
    if not name:
        return None
    if fault := password_fault(password.get_secret_value(), name, ""):
        stop(f"DESK_PASSWORD is no good password ({fault}): take twelve letters or more, not a common word or the name")
    if token and len(token) < TOKEN_LETTERS_MIN:
        stop(f"DESK_TOKEN needs {TOKEN_LETTERS_MIN} letters: openssl rand -hex 32")
    return FirstAccount(name, password.get_secret_value(), hashed(token.get_secret_value()) if token else None)
