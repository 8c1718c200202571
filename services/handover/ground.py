"""What every handler works with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.handover.domain import Schedule
from shared.contracts import Answer
from shared.messaging import Outgoing, single
from shared.messaging.topology import ANSWERS
from shared.municipality import Institution
from shared.vault import Vault


@dataclass(frozen=True)
class Ground:
    """The institutions this service sends to, their time, and the key that seals what citizens wrote."""

    institutions: Mapping[str, Institution]
    schedule: Schedule
    vault: Vault


def answered(answers: Iterable[tuple[str, Answer]]) -> list[Outgoing]:
    """Answers as any owner's program publishes them."""
    return [single(ANSWERS, f"answer.{answer.owner}.{word}", answer) for word, answer in answers]
