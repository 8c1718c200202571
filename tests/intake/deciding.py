"""What intake decides of a message, with the words of İlkadım and nothing known around it unless a test says so."""

from functools import cache
from typing import Any

from services.intake.domain import Around, Arrival, Doubt, Registration, Rules, register
from shared import municipality
from shared.contracts import MessageReceived
from shared.ids import new_id
from shared.municipality import Municipality
from shared.settings import Settings


@cache
def ilkadim() -> Municipality:
    """The municipality's data, read once."""
    return municipality.load(Settings.model_fields["ilkim_municipality"].default)


@cache
def rules() -> Rules:
    """The words and limits of İlkadım."""
    return Rules.of(ilkadim())


def an_arrival(message: MessageReceived, **changed: Any) -> Arrival:
    """One message of somebody."""
    default: dict[str, Any] = {
        "message": message,
        "raw_id": message.id,
        "person_id": new_id(),
        "number_id": None,
        "message_ids": (message.provider_id,),
        "last_message_at": message.occurred_at,
    }
    return Arrival(**default | changed)


def registered(message: MessageReceived, around: Around | None = None, doubt: Doubt | None = None) -> Registration:
    """What becomes of the message."""
    return register(an_arrival(message), around or Around(), doubt or Doubt(), rules())
