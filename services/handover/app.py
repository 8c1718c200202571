"""The hand-over's wiring: the only place that names concrete things together."""

from collections.abc import Mapping
from datetime import timedelta

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import SettingsConfigDict

from services.handover.domain import Schedule, Wording
from services.handover.ground import Ground
from services.handover.handlers import Answers, Mails, Work
from services.handover.office import Asker, Clerk
from services.handover.pages import TEMPLATES, LinkPages
from services.handover.senders import Api, Attached, Email, Open311, Sender
from services.handover.web import Callback
from shared import municipality
from shared.contracts import (
    AssignmentEnded,
    AssignmentOffered,
    AssignmentWarned,
    CitizenAdded,
    CitizenSilent,
    IncidentGrew,
    InstitutionWrote,
    Message,
)
from shared.mailing import LetterheadSettings, MailServer, SmtpSettings
from shared.messaging import Consumer, Service
from shared.messaging.topology import LANES, owner_queue
from shared.municipality import Institution, Municipality, SenderKind
from shared.objects import ObjectSettings, open_store
from shared.pages import Pages
from shared.settings import Key, Settings, given, key_bytes, read, stop
from shared.tokens import HandOverTokens
from shared.vault import Vault

SCHEMA = "handover"
WORK: list[type[Message]] = [
    AssignmentOffered,
    CitizenAdded,
    CitizenSilent,
    AssignmentWarned,
    IncidentGrew,
    AssignmentEnded,
]


class HandOverSettings(Settings):
    """What the hand-over service needs beside the common settings; an empty variable is one that is not set."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    ilkim_vault_key: Key
    ilkim_blind_index_key: Key
    ilkim_tracking_key: Key
    ilkim_public_url: str = Field("", description="where institutions reach `/kurum/…`, e.g. https://ilkim.bel.tr")
    handover_public_url: str = Field("", description="the same, where it is not ILKIM_PUBLIC_URL")
    handover_addresses: str = Field(
        "", description="true addresses beyond institutions.toml, e.g. `yedas=ariza@yedas.example,x=https://…`"
    )
    handover_secrets: SecretStr = Field(
        SecretStr(""), description="of APIs the secret we share, of Open311 servers our key: `code=…,code=…`"
    )
    handover_ask_seconds: float = Field(900.0, gt=0, description="how often an Open311 server is asked about a case")
    handover_day_seconds: float | None = Field(
        None, gt=0, description="for trials: how long a working day is; empty: as the calendar says"
    )


def handover() -> Service:
    """The process that hands cases over to institutions without a program of their own."""
    settings = read(HandOverSettings)
    place = municipality.load_for_service(settings.ilkim_municipality)
    service = Service("handover", SCHEMA, settings)
    vault = Vault(key_bytes(settings.ilkim_vault_key), key_bytes(settings.ilkim_blind_index_key))
    schedule = Schedule(place.calendar, place.zone, settings.handover_day_seconds)
    ground = Ground(served(place, settings.handover_addresses), schedule, vault)
    tokens = HandOverTokens(key_bytes(settings.ilkim_tracking_key))
    objects = open_store(read(ObjectSettings))
    service.on_stop(objects.close)
    pages = Pages(TEMPLATES, place, under="/kurum")
    wording = Wording(place, pages.catalogue, schedule)
    public_url = (settings.handover_public_url or settings.ilkim_public_url).rstrip("/")
    secrets = _secrets(ground, settings.handover_secrets.get_secret_value())
    senders = _senders(ground, wording, Attached(objects), secrets, public_url)
    clerk = Clerk(service, ground, senders, tokens, public_url)
    answers = Answers(service, ground, clerk.look_soon)
    work = Work(ground, clerk.look_soon)
    if queues := [owner_queue(code, lane) for lane in LANES for code in ground.institutions]:
        service.consume(Consumer("handover", queues, WORK, work.take_in))
    service.consume(Consumer("handover-mails", ["handover.mails"], [InstitutionWrote], Mails(answers).take_in))
    service.background(clerk.run)
    service.on_stop(clerk.close)
    if isinstance(open311 := senders.get(SenderKind.OPEN311), Open311):
        service.background(Asker(service, ground, open311, timedelta(seconds=settings.handover_ask_seconds)).run)
    LinkPages(answers, pages, tokens, objects).mount(service.web)
    Callback(answers, secrets).mount(service.web)
    service.tell("institutions", lambda: sorted(ground.institutions))
    return service


def served(place: Municipality, addresses: str) -> Mapping[str, Institution]:
    """The institutions that have a sender with a true address; the others' queues are left to their own programs."""
    given_addresses = _pairs("HANDOVER_ADDRESSES", addresses)
    known = {institution.code for institution in place.institutions}
    for code in given_addresses:
        if code not in known:
            stop(f"HANDOVER_ADDRESSES: institutions.toml has no {code}")
    all_of_them = [_addressed(one, given_addresses.get(one.code)) for one in place.institutions]
    return {one.code: one for one in all_of_them if one.is_reachable}


def _addressed(institution: Institution, address: str | None) -> Institution:
    """The institution with the address of this installation; an address says which way, a mailbox or a server."""
    if address is None:
        return institution
    by_mail = "@" in address
    changed: dict[str, object] = {"email" if by_mail else "url": address}
    if by_mail:
        changed["sender"] = SenderKind.EMAIL
    elif institution.sender is not SenderKind.OPEN311:
        changed["sender"] = SenderKind.API
    try:
        return Institution.model_validate(institution.model_dump() | changed)
    except ValidationError as error:
        stop(f"HANDOVER_ADDRESSES: {institution.code}: {error.errors()[0]['msg']}")


def _secrets(ground: Ground, given_secrets: str) -> Mapping[str, str]:
    """The secrets of the institutions that are called over HTTP; each of them needs one."""
    secrets = _pairs("HANDOVER_SECRETS", given_secrets)
    called = (SenderKind.API, SenderKind.OPEN311)
    lacking = [one.code for one in ground.institutions.values() if one.sender in called and one.code not in secrets]
    if lacking:
        stop(f"HANDOVER_SECRETS: no secret for {', '.join(lacking)}")
    return secrets


def _senders(
    ground: Ground, wording: Wording, files: Attached, secrets: Mapping[str, str], public_url: str
) -> dict[SenderKind, Sender]:
    """A sender for each way that an institution here needs."""
    ways = {institution.sender for institution in ground.institutions.values()}
    senders: dict[SenderKind, Sender] = {}
    if ways and not public_url:
        stop("set HANDOVER_PUBLIC_URL or ILKIM_PUBLIC_URL: institutions answer by a link")
    if SenderKind.EMAIL in ways:
        server = given(SmtpSettings) or stop("set SMTP_HOST: institutions are to be written to by mail")
        head = read(LetterheadSettings)
        senders[SenderKind.EMAIL] = Email(MailServer(server, head.domain), head, wording, files)
    if SenderKind.API in ways:
        senders[SenderKind.API] = Api(secrets, lambda code: f"{public_url}/api/institutions/{code}/answers")
    if SenderKind.OPEN311 in ways:
        senders[SenderKind.OPEN311] = Open311(secrets)
    return senders


def _pairs(name: str, given_pairs: str) -> Mapping[str, str]:
    pairs = [pair.partition("=") for pair in given_pairs.split(",") if pair.strip()]
    if any(not code.strip() or not value.strip() for code, _, value in pairs):
        stop(f"{name}: write code=value,code=value")
    return {code.strip(): value.strip() for code, _, value in pairs}
