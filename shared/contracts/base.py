"""What every message between services has in common, and the envelope in which events travel together."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import from_json

ENVELOPE_EVENTS_MAX = 200
# Beyond, adding a due time or moving to a time zone would fail somewhere on the way.
YEARS = (1990, 2100)


def _with_zone(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("needs a time zone, e.g. 2026-11-23T14:05:00Z")
    if not YEARS[0] <= moment.year <= YEARS[1]:
        raise ValueError(f"needs a year from {YEARS[0]} to {YEARS[1]}")
    return moment


Moment = Annotated[datetime, AfterValidator(_with_zone)]
Lane = Literal["urgent", "routine"]


class Part(BaseModel):
    """A value inside a message. Readers are tolerant: fields they do not know are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64")


class Message(Part):
    """Anything that crosses a service boundary.

    `id` is the same on every redelivery and every replay of the decision that caused it: whoever consumes a
    message applies each id once. `type` is the name with its version; a change that old readers cannot bear
    gets a new version beside the old one.
    """

    registry: ClassVar[dict[str, type["Message"]]] = {}

    type: str
    id: UUID
    occurred_at: Moment
    trace_id: str = Field("", max_length=64, description="the same from the citizen's message to the reply")

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        name = cls.model_fields["type"].default
        if isinstance(name, str):
            if name in cls.registry and cls.registry[name].__qualname__ != cls.__qualname__:
                raise TypeError(f"two messages are called {name}")
            cls.registry[name] = cls

    @classmethod
    def type_name(cls) -> str:
        """The name on the wire, e.g. `case.opened.v1`."""
        return str(cls.model_fields["type"].default)

    @classmethod
    def read(cls, body: bytes) -> Self:
        """One message of this kind from its JSON. Raises pydantic.ValidationError."""
        return cls.model_validate_json(body)


def pack(events: Iterable[Message]) -> list[bytes]:
    """Envelopes of at most `ENVELOPE_EVENTS_MAX` events each, as JSON: `{"events": [...]}`."""
    texts = [event.model_dump_json(exclude_none=True).encode() for event in events]
    return [
        b'{"events":[' + b",".join(texts[at : at + ENVELOPE_EVENTS_MAX]) + b"]}"
        for at in range(0, len(texts), ENVELOPE_EVENTS_MAX)
    ]


def unpack(body: bytes) -> list[dict[str, Any]]:
    """The events of an envelope, or the one message of a bare body, not yet checked against their contracts.

    Raises ValueError when the body is no JSON object of either shape.
    """
    value = _tolerant(body)
    if not isinstance(value, dict):
        raise ValueError("the body is not a JSON object")
    events = value.get("events", [value])
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise ValueError("`events` is not a list of objects")
    return events


def _tolerant(body: bytes) -> Any:
    """JSON with lone surrogates, NUL or broken UTF-8 in it is read too: a citizen's message is worth it."""
    try:
        value = from_json(body)
    except ValueError:
        loose = json.loads(body.decode("utf-8", "replace"))
        value = from_json(json.dumps(loose, ensure_ascii=False).encode("utf-8", "replace"))
    return _without_nul(value) if b"\\u0000" in body else value


def _without_nul(value: Any) -> Any:
    """PostgreSQL stores every letter but this one."""
    match value:
        case str():
            return value.replace("\0", "\ufffd")
        case list():
            return [_without_nul(item) for item in value]
        case dict():
            return {_without_nul(name): _without_nul(item) for name, item in value.items()}
        case _:
            return value
