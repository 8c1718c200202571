"""Intake's wiring: the only place that names concrete things together."""

from pydantic import SecretStr

from services.intake.domain import Numbers
from services.intake.edge import Edge
from services.intake.handlers import Intake
from services.intake.pages import FormPages
from services.intake.web import Form, Webhooks, add_routes
from shared import municipality
from shared.contracts import Channel, DeliveryReported, Message, MessageReceived, ReplyRequested, WebhookReceived
from shared.messaging import Consumer, Service
from shared.messaging.topology import LANES, reply_queue
from shared.settings import Key, Settings, key_bytes, read
from shared.urgency import EmergencyWords
from shared.vault import Vault

SCHEMA = "intake"


class IntakeSettings(Settings):
    """What intake needs beside the common settings."""

    ilkim_vault_key: Key
    ilkim_blind_index_key: Key
    ilkim_number_key: Key


class EdgeSettings(Settings):
    """What the HTTP edge needs beside the common settings; two app secrets while one is being changed."""

    whatsapp_app_secret: SecretStr
    whatsapp_app_secret_before: SecretStr | None = None
    whatsapp_verify_token: SecretStr


def worker() -> Service:
    """The process that registers contacts from the intake queues."""
    settings = read(IntakeSettings)
    place = municipality.load(settings.ilkim_municipality)
    intake = Intake(
        Vault(key_bytes(settings.ilkim_vault_key), key_bytes(settings.ilkim_blind_index_key)),
        Numbers(key_bytes(settings.ilkim_number_key)),
        EmergencyWords(place.emergencies),
    )
    service = Service("intake-worker", SCHEMA, settings)
    queues = [f"intake.{lane}" for lane in LANES]
    kinds: list[type[Message]] = [WebhookReceived, MessageReceived, DeliveryReported]
    service.consume(Consumer("intake", queues, kinds, intake.take_in, outsiders_write=True))
    service.consume(Consumer("web-replies", [reply_queue(Channel.WEB)], [ReplyRequested], intake.keep_replies))
    return service


def edge() -> Service:
    """The process that answers webhooks and the citizen's form."""
    settings = read(EdgeSettings)
    place = municipality.load(settings.ilkim_municipality)
    service = Service("intake-edge", SCHEMA, settings)
    safe = Edge(service)
    secrets = [settings.whatsapp_app_secret, settings.whatsapp_app_secret_before]
    app_secrets = tuple(secret.get_secret_value().encode() for secret in secrets if secret)
    emergencies = EmergencyWords(place.emergencies)
    webhooks = Webhooks(safe, emergencies, app_secrets, settings.whatsapp_verify_token.get_secret_value())
    form = Form(safe, service, emergencies)
    add_routes(service.web, webhooks, form)
    FormPages(form, place).mount(service.web)
    return service
