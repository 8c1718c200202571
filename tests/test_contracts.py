"""Every message ever published can be read for ever: one golden sample of each type and version stands guard."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.asyncapi.document import contracts
from shared.contracts import Message, pack, unpack
from shared.contracts.base import ENVELOPE_EVENTS_MAX

CONTRACTS = Path(__file__).parent / "contracts"
SAMPLES = {path.stem: path for path in sorted((CONTRACTS / "samples").glob("*.json"))}
PUBLISHED = (CONTRACTS / "published.txt").read_text().split()
FROM_THE_FUTURE = {"added_next_year": {"deep": [1, None, "ş"]}}


def sample(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(SAMPLES[name].read_text())
    return content


def written(message: Message) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(message.model_dump_json(exclude_none=True))
    return content


def test_every_message_has_exactly_one_sample_and_none_was_ever_taken_away() -> None:
    assert {kind.type_name() for kind in contracts()} == set(PUBLISHED), (
        "a new message goes into published.txt; an old one stays in code"
    )
    assert set(SAMPLES) == set(PUBLISHED), "each line of published.txt has samples/<type>.json"
    assert sorted(set(PUBLISHED)) == PUBLISHED


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_sample_is_read_by_its_class_and_by_no_other(name: str) -> None:
    body = SAMPLES[name].read_bytes()

    assert Message.registry[name].read(body).type == name
    for other in set(PUBLISHED) - {name}:
        with pytest.raises(ValidationError):
            Message.registry[other].read(body)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_sample_survives_the_round_trip_with_every_value(name: str) -> None:
    kind = Message.registry[name]
    message = kind.read(SAMPLES[name].read_bytes())

    again = kind.read(message.model_dump_json(exclude_none=True).encode())

    assert again == message
    assert lost(sample(name), written(message)) == []


@pytest.mark.parametrize("name", PUBLISHED)
def test_fields_of_a_later_version_are_passed_over_at_every_depth(name: str) -> None:
    kind = Message.registry[name]

    assert kind.model_validate_json(json.dumps(with_unknown_fields(sample(name)))) == kind.model_validate(sample(name))


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_message_needs_its_id_and_a_moment_with_a_zone(name: str) -> None:
    kind = Message.registry[name]
    for broken in ({"id": None}, {"id": "17"}, {"occurred_at": None}, {"occurred_at": "2026-04-20T06:12:42"}):
        with pytest.raises(ValidationError):
            kind.model_validate(sample(name) | broken)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_sample_travels_alone_or_in_an_envelope_alike(name: str) -> None:
    message = Message.registry[name].read(SAMPLES[name].read_bytes())
    [envelope] = pack([message, message])

    assert unpack(SAMPLES[name].read_bytes()) == [sample(name)]
    assert unpack(envelope) == [written(message)] * 2


def test_an_envelope_is_split_at_its_limit() -> None:
    message = Message.registry[PUBLISHED[0]].read(SAMPLES[PUBLISHED[0]].read_bytes())

    sizes = [len(unpack(envelope)) for envelope in pack([message] * (2 * ENVELOPE_EVENTS_MAX + 1))]

    assert sizes == [ENVELOPE_EVENTS_MAX, ENVELOPE_EVENTS_MAX, 1]


def test_the_samples_hold_nobody_s_address() -> None:
    for path in SAMPLES.values():
        text = path.read_text()
        assert "@" not in text
        assert "+905" not in text.replace("+905000000000", "")


def lost(before: Any, after: Any, at: str = "") -> list[str]:
    """The places in `before` whose value `after` does not hold (a field that was renamed or dropped)."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            place
            for name, value in before.items()
            for place in (lost(value, after[name], f"{at}.{name}") if name in after else [f"{at}.{name}"])
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [place for number, (old, new) in pairs for place in lost(old, new, f"{at}[{number}]")]
    return [] if before == after else [f"{at}: {before!r} became {after!r}"]


def with_unknown_fields(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: with_unknown_fields(part) for name, part in value.items()} | FROM_THE_FUTURE
    if isinstance(value, list):
        return [with_unknown_fields(part) for part in value]
    return value
