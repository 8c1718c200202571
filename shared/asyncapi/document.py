"""Builds the AsyncAPI 3.0 document from the topology, the contracts and the golden samples."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from pydantic.json_schema import models_json_schema

from shared.asyncapi import words
from shared.asyncapi.journeys import JOURNEYS, Journey, Party, arriving, consumer, template
from shared.contracts import Message
from shared.contracts.base import ENVELOPE_EVENTS_MAX
from shared.messaging import topology
from shared.messaging.topology import LANES, Exchange, Queue
from shared.municipality import load

Json: TypeAlias = dict[str, Any]

CHECKOUT: Final = Path(__file__).resolve().parents[2]
SAMPLES: Final = CHECKOUT / "tests" / "contracts" / "samples"
MUNICIPALITY: Final = CHECKOUT / "municipality" / "ilkadim"
ANSWER_WORDS: Final = ("accepted", "progressed", "returned", "asked", "closed", "decided")
AMQP_BINDING: Final = "0.3.0"
EXCHANGES: Final = {exchange.name: exchange for exchange in topology.EXCHANGES}


def asyncapi(municipality: Path = MUNICIPALITY) -> None:
    """Print the document of a municipality, as it is committed in `docs/asyncapi.json`."""
    everyone = load(municipality)
    owners = [owner.code for owner in (*everyone.departments, *everyone.institutions)]
    sys.stdout.write(text(build(owners)))


def text(document: Json) -> str:
    """The document as it stands in a file."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def build(owners: Iterable[str], samples: Mapping[str, Json] | None = None) -> Json:
    """The document of an installation with these owners. `samples` by message type; None: those of this checkout."""
    samples = golden_samples() if samples is None else samples
    declared = topology.queues(sorted(owners))
    queues = _by_template(declared)
    return {
        "asyncapi": "3.0.0",
        "id": "urn:ilkim:messages",
        "info": _info(),
        "defaultContentType": "application/json",
        "servers": {"broker": _server()},
        "channels": _addresses() | {_slug("queue", name): _queue(name, queue) for name, queue in queues.items()},
        "operations": _sends() | _receives(queues),
        "components": {
            "messages": _messages(samples) | _envelopes(samples),
            "schemas": _schemas(),
            "parameters": _parameters(declared),
            "messageTraits": {"stored": _stored()},
            "operationTraits": {"confirmed": _confirmed(), "acknowledged": _acknowledged()},
            "correlationIds": {"trace": _trace()},
            "securitySchemes": {"user": {"type": "userPassword", "description": "One user for each program."}},
        },
    }


def golden_samples(folder: Path = SAMPLES) -> dict[str, Json]:
    """One realistic example of each message; none outside a checkout."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def contracts() -> list[type[Message]]:
    """Every published message, by name."""
    return [kind for _, kind in sorted(Message.registry.items()) if kind.__module__.startswith("shared.contracts")]


# --- head -----------------------------------------------------------------------------------------------------


def _info() -> Json:
    return {
        "title": words.TITLE,
        "version": words.VERSION,
        "description": words.DESCRIPTION,
        "license": {"name": "MIT"},
        "tags": [
            {"name": "outside", "description": "Programs that anybody may write: channels and owners."},
            {"name": "ours", "description": "İLKİM's own services."},
        ],
    }


def _server() -> Json:
    return {
        "host": "{host}:{port}",
        "pathname": "/{vhost}",
        "protocol": "amqp",
        "protocolVersion": "0-9-1",
        "title": "RabbitMQ",
        "description": "RabbitMQ 3.10 or later; every queue is a quorum queue, every exchange durable.",
        "security": [{"$ref": "#/components/securitySchemes/user"}],
        "variables": {
            "host": {"default": "127.0.0.1", "description": "Told by whoever runs the installation."},
            "port": {"default": "5672", "description": "The broker's AMQP port."},
            "vhost": {"default": "ilkim", "description": "The broker's virtual host."},
        },
    }


# --- channels -------------------------------------------------------------------------------------------------


def _addresses() -> Json:
    """What is published to: an exchange with a key."""
    found: dict[tuple[str, str], list[Journey]] = {}
    for journey in JOURNEYS:
        found.setdefault((journey.exchange, journey.address), []).append(journey)
    return {
        _address_name(journeys[0]): _address(EXCHANGES[exchange], address, journeys)
        for (exchange, address), journeys in found.items()
    }


def _address(exchange: Exchange, address: str, journeys: Sequence[Journey]) -> Json:
    return {
        "address": address,
        "title": f"{exchange.name} ← {address}",
        "description": _sentence(exchange.purpose),
        "messages": _message_references(journeys),
        **_parameter_references(address),
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {
                    "name": exchange.name,
                    "type": exchange.kind.value,
                    "durable": True,
                    "autoDelete": False,
                    "vhost": "ilkim",
                },
                "bindingVersion": AMQP_BINDING,
                "x-arguments": exchange.arguments,
            }
        },
    }


def _queue(name: str, queue: Queue) -> Json:
    """What is consumed from: a quorum queue with its binding."""
    journeys = arriving(queue)
    return {
        "address": name,
        "title": f"queue {name}",
        "description": _sentence(_purpose(name, queue)),
        **({"messages": _message_references(journeys)} if journeys else {}),
        **_parameter_references(name),
        "bindings": {
            "amqp": {
                "is": "queue",
                "queue": {"name": name, "durable": True, "exclusive": False, "autoDelete": False, "vhost": "ilkim"},
                "bindingVersion": AMQP_BINDING,
                "x-arguments": _arguments(name, queue),
                "x-bound-to": {"exchange": queue.exchange, "routingKey": template(queue.key)},
            }
        },
    }


def _by_template(queues: Iterable[Queue]) -> dict[str, Queue]:
    """Queues that differ only by lane, owner or channel stand for each other."""
    found: dict[str, Queue] = {}
    for queue in queues:
        found.setdefault(template(queue.name), queue)
    return found


def _purpose(name: str, queue: Queue) -> str:
    if "{code}" in name:
        return "work (görevlendirme) of one owner, in one lane"
    if "{channel}" in name:
        return "replies (bildirim) to go out by one channel"
    return queue.purpose


def _arguments(name: str, queue: Queue) -> Json:
    return {key: name if value == queue.name else value for key, value in queue.arguments.items()}


def _message_references(journeys: Iterable[Journey]) -> Json:
    """The messages of an address as references into the components, by their names there."""
    return {name: {"$ref": f"#/components/messages/{name}"} for journey in journeys for name in _message_names(journey)}


def _message_names(journey: Journey) -> list[str]:
    return [_envelope_name(journey)] if journey.enveloped else [kind.type_name() for kind in journey.messages]


def _parameter_references(address: str) -> Json:
    names = [name for name in words.PARAMETERS if f"{{{name}}}" in address]
    return {"parameters": {name: {"$ref": f"#/components/parameters/{name}"} for name in names}} if names else {}


def _parameters(queues: Iterable[Queue]) -> Json:
    """The parameters of addresses, each with the values that are in use."""
    values: dict[str, list[str]] = {"lane": list(LANES), "word": list(ANSWER_WORDS), "code": [], "channel": []}
    for queue in queues:
        for part, value in zip(template(queue.name).split("."), queue.name.split("."), strict=True):
            if part in ("{code}", "{channel}") and value not in values[part.strip("{}")]:
                values[part.strip("{}")].append(value)
    return {
        name: {"description": description} | ({"enum": values[name]} if values[name] else {})
        for name, description in words.PARAMETERS.items()
    }


# --- operations -----------------------------------------------------------------------------------------------


def _sends() -> Json:
    return {f"{journey.sender.code}-sends-{journey.code}": _send(journey) for journey in JOURNEYS}


def _send(journey: Journey) -> Json:
    channel = _address_name(journey)
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel}"},
        "title": f"{journey.sender.code} sends {journey.code.replace('-', ' ')}",
        "summary": journey.summary,
        "description": _whose(journey.sender),
        "tags": [_tag(journey.sender)],
        "messages": _channel_messages(channel, [journey]),
        "traits": [{"$ref": "#/components/operationTraits/confirmed"}],
    }


def _receives(queues: Mapping[str, Queue]) -> Json:
    operations = {}
    for name, queue in queues.items():
        if journeys := arriving(queue):
            party = consumer(queue)
            operations[f"{party.code}-receives-{_slug(name)}"] = _receive(name, party, journeys)
    return operations


def _receive(name: str, party: Party, journeys: Sequence[Journey]) -> Json:
    channel = _slug("queue", name)
    return {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{channel}"},
        "title": f"{party.code} receives from {name}",
        "summary": " ".join(journey.summary for journey in journeys),
        "description": _whose(party),
        "tags": [_tag(party)],
        "messages": _channel_messages(channel, journeys),
        "traits": [{"$ref": "#/components/operationTraits/acknowledged"}],
    }


def _channel_messages(channel: str, journeys: Iterable[Journey]) -> list[Json]:
    names = dict.fromkeys(name for journey in journeys for name in _message_names(journey))
    return [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in names]


def _whose(party: Party) -> str:
    guide = words.EXTERNAL_GUIDES.get(party.code)
    return _sentence(f"done by {party.name}") + (f" {guide}." if guide else "")


def _tag(party: Party) -> Json:
    return {"name": "outside" if party.outside else "ours"}


def _confirmed() -> Json:
    return {
        "description": "Persistent, mandatory, and only a confirm counts.",
        "bindings": {"amqp": {"deliveryMode": 2, "mandatory": True, "bindingVersion": AMQP_BINDING}},
    }


def _acknowledged() -> Json:
    return {
        "description": "Acknowledged by hand, after the receiver's own commit.",
        "bindings": {"amqp": {"ack": True, "bindingVersion": AMQP_BINDING}},
    }


# --- messages and schemas -------------------------------------------------------------------------------------


def _messages(samples: Mapping[str, Json]) -> Json:
    return {kind.type_name(): _message(kind, samples) for kind in contracts()}


def _message(kind: type[Message], samples: Mapping[str, Json]) -> Json:
    name = kind.type_name()
    first, _, rest = (kind.__doc__ or "").partition("\n")
    return {
        "name": name,
        "title": kind.__name__,
        "summary": first,
        **({"description": _unindented(rest)} if rest.strip() else {}),
        "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
        "correlationId": {"$ref": "#/components/correlationIds/trace"},
        "traits": [{"$ref": "#/components/messageTraits/stored"}],
        **({"examples": [{"name": "golden", "payload": samples[name]}]} if name in samples else {}),
    }


def _envelopes(samples: Mapping[str, Json]) -> Json:
    return {_envelope_name(journey): _envelope(journey, samples) for journey in JOURNEYS if journey.enveloped}


def _envelope(journey: Journey, samples: Mapping[str, Json]) -> Json:
    examples = [samples[kind.type_name()] for kind in journey.messages if kind.type_name() in samples]
    references = [{"$ref": f"#/components/schemas/{kind.__name__}"} for kind in journey.messages]
    return {
        "name": _envelope_name(journey),
        "title": f"Envelope of {journey.code.replace('-', ' ')}",
        "summary": "Events that travel together (zarf); each is applied once, by its own id.",
        "payload": {
            "type": "object",
            "required": ["events"],
            "properties": {
                "events": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": ENVELOPE_EVENTS_MAX,
                    "items": {"oneOf": references},
                }
            },
        },
        "traits": [{"$ref": "#/components/messageTraits/stored"}],
        **({"examples": [{"name": "golden", "payload": {"events": examples}}]} if examples else {}),
    }


def _stored() -> Json:
    return {
        "contentType": "application/json",
        "description": "A persistent AMQP message of UTF-8 JSON.",
        "x-amqp-properties": {
            "content_type": "application/json",
            "delivery_mode": 2,
            "message_id": "the `id` of a bare message; an envelope has one of its own. The same on every repeat",
            "app_id": "optional, the program's name",
            "user_id": "optional, must be the user that is logged in",
        },
    }


def _trace() -> Json:
    return {
        "description": "The same from the citizen's message to the reply; pass it on in your answers.",
        "location": "$message.payload#/trace_id",
    }


def _schemas() -> Json:
    """The contracts' JSON schemas. Every message must name its `type`, and every field says what it means."""
    kinds = contracts()
    _, definitions = models_json_schema(
        [(kind, "validation") for kind in kinds], ref_template="#/components/schemas/{model}"
    )
    names = {kind.__name__ for kind in kinds}
    schemas = {name: _described(schema) for name, schema in definitions["$defs"].items()}
    return {
        name: schema | {"required": ["type", *schema["required"]]} if name in names else schema
        for name, schema in schemas.items()
    }


def _described(schema: Json) -> Json:
    if "properties" not in schema:
        return schema
    return schema | {"properties": {name: _field(name, field) for name, field in schema["properties"].items()}}


def _field(name: str, field: Json) -> Json:
    """Draft 7 passes over what stands beside a `$ref`, so that goes into an `allOf`; pydantic's titles say nothing."""
    field = {key: value for key, value in field.items() if key not in ("title", "$ref")} | (
        {"allOf": [{"$ref": field["$ref"]}]} if "$ref" in field else {}
    )
    description = field.get("description") or words.FIELDS.get(name)
    return field | ({"description": _sentence(description)} if description else {})


# --- small words ----------------------------------------------------------------------------------------------


def _address_name(journey: Journey) -> str:
    return _slug(journey.exchange.removeprefix("ilkim."), "key", journey.address)


def _envelope_name(journey: Journey) -> str:
    return f"envelope.{journey.code}"


def _slug(*parts: str) -> str:
    """A name that tools accept as a key: letters, digits and hyphens."""
    return "-".join(parts).replace("{", "").replace("}", "").replace(".", "-")


def _sentence(words_: str) -> str:
    return words_[:1].upper() + words_[1:].rstrip(".") + "."


def _unindented(paragraphs: str) -> str:
    return "\n".join(line.strip() for line in paragraphs.strip().splitlines())
