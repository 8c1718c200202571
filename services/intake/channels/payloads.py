"""Reading of JSON that a provider wrote: whatever its shape, nothing here raises but for what is no object at all."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from shared.text import clean

JSON = dict[str, Any]
TEXT_LETTERS_MAX: Final = 200
_UNSTORABLE: Final = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_FIRST_YEAR: Final = 2009  # no provider's clock is older
_CLOCK_ERROR_MAX: Final = timedelta(days=1)


def json_object(body: bytes) -> JSON:
    """The object, with NUL and half surrogate pairs cleaned away where it holds any: neither can be stored.

    Raises ValueError or RecursionError for anything else.
    """
    value = json.loads(body.decode("utf-8", "replace"))
    if not isinstance(value, dict):
        raise ValueError("the payload is not a JSON object")
    cleaned: JSON = _cleaned(value) if _UNSTORABLE.search(body) else value
    return cleaned


def json_list(body: bytes) -> list[JSON]:
    """The objects of a list, cleaned likewise; what is no object in it is passed over.

    Raises ValueError or RecursionError for anything but a list.
    """
    value = json.loads(body.decode("utf-8", "replace"))
    if not isinstance(value, list):
        raise ValueError("the payload is not a JSON list")
    cleaned = _cleaned(value) if _UNSTORABLE.search(body) else value
    return [item for item in cleaned if isinstance(item, dict)]


def part(value: object, name: str) -> JSON:
    """The object called `name`; an empty one where there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def parts(value: object, name: str) -> list[JSON]:
    """The objects in the list called `name`."""
    found = value.get(name) if isinstance(value, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def short(value: object) -> str | None:
    """A text, cut to what a short field takes; None for anything else, and for an empty one."""
    return value[:TEXT_LETTERS_MAX] if isinstance(value, str) and value else None


def number(value: object) -> int | None:
    """A whole number, written as one or as digits."""
    try:
        return None if isinstance(value, bool) else int(str(value))
    except ValueError:
        return None


def degrees(value: object, limit: int) -> float | None:
    """Degrees from -limit to limit; None for anything else."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and -limit <= value <= limit else None  # type: ignore[operator, arg-type]


def moment(value: object, received_at: datetime) -> datetime:
    """Unix seconds as a moment; when it was received, if that cannot be."""
    try:
        at = datetime.fromtimestamp(float(str(value)), UTC)
    except (ValueError, OverflowError, OSError):
        return received_at
    return at if at.year >= _FIRST_YEAR and at <= received_at + _CLOCK_ERROR_MAX else received_at


def reference(value: object) -> UUID | None:
    """Our own id that a provider carried for us."""
    try:
        return UUID(str(value))
    except ValueError:
        return None


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return clean(value)
        case list():
            return [_cleaned(item) for item in value]
        case dict():
            return {clean(name): _cleaned(item) for name, item in value.items()}
        case _:
            return value
