"""The published AsyncAPI document is valid, up to date, and says everything that the wiring does."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aio_pika import ExchangeType
from jsonschema import Draft7Validator

from services.router.domain.life import ALLOWED
from shared.asyncapi import asyncapi, build
from shared.asyncapi.document import MUNICIPALITY, contracts, golden_samples
from shared.asyncapi.journeys import JOURNEYS, arriving, consumer
from shared.contracts import (
    Answer,
    AssignmentAccepted,
    AssignmentClosed,
    AssignmentProgressed,
    AssignmentReturned,
    CaseState,
    CitizenAsked,
    Message,
)
from shared.messaging import topology
from shared.municipality import load

ROOT = Path(__file__).parent.parent
OFFICIAL = ROOT / "tests" / "contracts" / "asyncapi-specs" / "3.0.0.json"
COMMITTED = ROOT / "docs" / "asyncapi.json"
OWNERS = ("cozum-merkezi", "temizlik-isleri", "yedas")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return build(OWNERS)


def test_the_committed_document_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    asyncapi()

    current = capsys.readouterr().out == COMMITTED.read_text()
    assert current, "run: python -m shared.asyncapi > docs/asyncapi.json"


def test_the_committed_document_names_every_owner_of_the_municipality() -> None:
    everyone = load(MUNICIPALITY)

    codes = json.loads(COMMITTED.read_text())["components"]["parameters"]["code"]["enum"]

    assert codes == sorted(owner.code for owner in (*everyone.departments, *everyone.institutions))


def test_the_document_obeys_the_official_schema(document: dict[str, Any]) -> None:
    assert [error.message for error in official().iter_errors(document)] == []


@pytest.mark.parametrize(
    "break_it",
    [
        lambda it: it.pop("info"),
        lambda it: it["operations"]["channel-sends-citizen-messages"].update(action="shout"),
        lambda it: it["channels"]["intake-key-lane"]["bindings"]["amqp"].update(queue={"name": "both"}),
    ],
)
def test_the_official_schema_finds_mistakes(break_it: Any) -> None:
    broken = build(OWNERS)
    break_it(broken)

    assert not official().is_valid(broken)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in references(document):
        target: Any = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in target, reference
            target = target[step]


def test_every_message_travels_and_every_queue_has_a_consumer() -> None:
    travelling = {kind for journey in JOURNEYS for kind in journey.messages}
    assert travelling == set(contracts()), "say in shared/asyncapi/journeys.py where the message travels"

    for queue in topology.queues(OWNERS):
        assert consumer(queue).name
        assert arriving(queue) or queue.name in ("dead", "unrouted"), queue.name


def test_every_journey_ends_in_a_queue() -> None:
    reached = {journey.code for queue in topology.queues(OWNERS) for journey in arriving(queue)}

    assert reached == {journey.code for journey in JOURNEYS}


def test_queues_and_exchanges_stand_there_with_their_arguments(document: dict[str, Any]) -> None:
    bindings = [channel["bindings"]["amqp"] for channel in document["channels"].values()]
    exchanges = {binding["exchange"]["name"]: binding for binding in bindings if binding["is"] == "routingKey"}
    queues = {binding["queue"]["name"]: binding for binding in bindings if binding["is"] == "queue"}

    for exchange in topology.EXCHANGES:
        if exchange.name not in (topology.DEAD, topology.UNROUTED):
            assert exchanges[exchange.name]["exchange"]["type"] == ExchangeType(exchange.kind).value
            assert exchanges[exchange.name]["x-arguments"] == exchange.arguments
    assert queues["department.{code}.{lane}"]["x-arguments"] == {
        "x-queue-type": "quorum",
        "x-delivery-limit": topology.DELIVERY_LIMIT,
        "x-overflow": "reject-publish",
        "x-dead-letter-exchange": topology.DEAD,
        "x-dead-letter-routing-key": "department.{code}.{lane}",
        "x-dead-letter-strategy": "at-least-once",
    }
    assert queues["department.{code}.{lane}"]["x-bound-to"] == {
        "exchange": topology.DEPARTMENTS,
        "routingKey": "department.{code}.{lane}",
    }


def test_every_example_fits_its_schema(document: dict[str, Any]) -> None:
    checked = 0
    for message in document["components"]["messages"].values():
        schema = message["payload"] | {"components": document["components"]}
        for example in message["examples"]:
            Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER).validate(example["payload"])
            checked += 1

    assert checked == len(golden_samples()) + sum(journey.enveloped for journey in JOURNEYS)


def test_the_schema_asks_for_the_type_though_our_classes_fill_it_in(document: dict[str, Any]) -> None:
    for kind in contracts():
        assert document["components"]["schemas"][kind.__name__]["required"][:2] == ["type", "id"]


def test_every_field_and_message_says_what_it_means(document: dict[str, Any]) -> None:
    silent = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, content in schema.get("properties", {}).items()
        if not content.get("description")
    ]
    assert silent == [], "describe it in the contract, or in shared/asyncapi/words.py"
    assert all(message["summary"] for message in document["components"]["messages"].values())


def test_outside_programs_find_their_operations(document: dict[str, Any]) -> None:
    outside = {name for name, it in document["operations"].items() if it["tags"] == [{"name": "outside"}]}

    assert outside == {
        "channel-sends-citizen-messages",
        "channel-sends-delivery-reports",
        "channel-receives-reply-channel",
        "department-receives-department-code-lane",
        "department-sends-answers",
    }


def test_another_municipality_s_document_is_valid_too() -> None:
    assert official().is_valid(build(()))
    assert official().is_valid(build(["parks"], samples={}))


@pytest.mark.parametrize("guide", ["channel.md", "department.md"])
def test_the_messages_in_the_guides_can_be_read(guide: str) -> None:
    shown = re.findall(r"```json\n(.+?)```", (ROOT / "docs" / guide).read_text(), re.DOTALL)

    assert shown
    for body in map(json.loads, shown):
        assert Message.registry[body["type"]].model_validate(body)


@pytest.mark.parametrize("guide", ["channel.md", "department.md"])
def test_the_guides_name_every_message_of_their_reader(guide: str, document: dict[str, Any]) -> None:
    text = (ROOT / "docs" / guide).read_text()
    reader = f"{guide.removesuffix('.md')}-"
    theirs = [it for name, it in document["operations"].items() if name.startswith(reader)]

    for operation in theirs:
        for reference in operation["messages"]:
            assert f"`{reference['$ref'].rsplit('/')[-1]}`" in text


def test_the_department_guide_says_which_answers_the_router_takes() -> None:
    rows = {
        "offered to you": {CaseState.ROUTED},
        "accepted, in progress, waiting for the institution": {
            CaseState.ACCEPTED,
            CaseState.IN_PROGRESS,
            CaseState.WAITING_INSTITUTION,
        },
        "waiting for the citizen": {CaseState.WAITING_CITIZEN},
    }
    kinds: tuple[type[Answer], ...] = (
        AssignmentAccepted,
        AssignmentProgressed,
        CitizenAsked,
        AssignmentReturned,
        AssignmentClosed,
    )
    table = (ROOT / "docs" / "department.md").read_text()
    for row, states in rows.items():
        cells = [cell.strip() for cell in re.findall(rf"^\| {row} \|(.+)\|$", table, re.MULTILINE)[0].split("|")]
        for kind, cell in zip(kinds, cells, strict=True):
            assert all((state in ALLOWED[kind]) == (cell == "yes") for state in states), (row, kind)


def official() -> Draft7Validator:
    return Draft7Validator(json.loads(OFFICIAL.read_text()))


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)
