"""The router's reasons, written for programs, in the words of people."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

# Which message tells a reason; what the pattern catches goes into it. See `services/router/domain/decision.py`.
_PATTERNS: Final = tuple(
    (re.compile(pattern), message)
    for pattern, message in (
        (r"desk:decided while entering", "reason.entered"),
        (r"desk:no (?:owner|topic|neighbourhood) is called (?P<code>.+)", "reason.unknown_code"),
        (r"topic:(?P<topic>[a-z0-9_-]+) matched (?P<phrases>.+)", "reason.topic"),
        (r"model:missing.*", "reason.model_missing"),
        (r"model:other (?P<share>[0-9.]+)", "reason.model_other"),
        (r"model:(?P<owner>[a-z0-9_-]+) (?P<share>[0-9.]+)", "reason.model"),
        (r"emergency:.+ matched (?P<phrases>.+), call (?P<number>.+)", "reason.emergency"),
        (r"urgent:matched (?P<phrases>.+)", "reason.urgent"),
        (r"urgent:topic (?P<topic>.+)", "reason.urgent_topic"),
        (r"(?:centre:outside|place:coordinates outside|place:text names).*", "reason.outside"),
        (r"place:coordinates refused.*", "reason.refused"),
        (r"place:coordinates", "reason.coordinates"),
        (r"place:street (?P<street>[^,]+).*", "reason.street"),
        (r"place:neighbourhood field", "reason.given"),
        (r"place:(?:text|neighbourhood field, read as) (?P<place>.+)", "reason.neighbourhood"),
        (r"centre:nothing known.*", "reason.nothing"),
        (r"centre:confidence (?P<share>[0-9.]+) below.*", "reason.unsure"),
    )
)


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason as a message with what goes into it; an unknown one has no message and is told as it is."""

    message: str | None
    values: Mapping[str, str]
    told: str

    def speaks_for(self, owner: str, topic: str | None) -> bool:
        """Whether it is about this proposal rather than about the whole case."""
        return self.message in _OF_PROPOSALS and (self.values.get("owner") == owner or self._names(topic))

    def _names(self, topic: str | None) -> bool:
        return topic is not None and self.values.get("topic") == topic


_OF_PROPOSALS: Final = frozenset({"reason.topic", "reason.model", "reason.model_other"})


def read_reasons(reasons: Iterable[str]) -> list[Reason]:
    """The reasons in order, the same told twice only once."""
    known = dict.fromkeys(reasons)
    return list({(reason.message, *reason.values.values()): reason for reason in map(_read, known)}.values())


def in_words(
    reason: Reason,
    say: Callable[..., str],
    name: Mapping[str, Callable[[str], str | None]],
) -> str:
    """The reason for a reader; `name` turns the caught values into words where they are codes or shares."""
    if reason.message is None:
        return reason.told
    values = {key: name[key](value) or value if key in name else value for key, value in reason.values.items()}
    return say(reason.message, **values)


def _read(told: str) -> Reason:
    for pattern, message in _PATTERNS:
        if found := pattern.fullmatch(told):
            return Reason(message, found.groupdict(), told)
    return Reason(None, {"told": told}, told)
