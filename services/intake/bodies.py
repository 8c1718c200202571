"""Large payloads: their bytes lie in the object store under `raw/<id>`, and only the place of them travels."""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from shared.contracts import Message, WebhookReceived
from shared.messaging import Never, Unit
from shared.objects import Missing, ObjectStore, Tampered

INLINE_BYTES_MAX: Final = 256 * 1024  # a broker is no file server
BODY_BYTES_MAX: Final = 25 * 1024 * 1024
# In one batch; the others wait for their next attempt, so that a flood of them does not fill the memory.
LOADED_MAX: Final = 8
LOAD_SECONDS: Final = 15.0  # while a transaction is open


def body_key(payload_id: UUID) -> str:
    """Where a payload's bytes lie."""
    return f"raw/{payload_id}"


async def put_away(store: ObjectStore, message: Message) -> Message:
    """The message as it travels: a large body stays behind. Raises OSError, and ValueError beyond BODY_BYTES_MAX."""
    if not isinstance(message, WebhookReceived) or len(message.body) <= INLINE_BYTES_MAX:
        return message
    if len(message.body) > BODY_BYTES_MAX:
        raise ValueError(f"a payload has at most {BODY_BYTES_MAX} bytes")
    key = body_key(message.id)
    await store.put(key, message.body)
    return message.model_copy(update={"body": b"", "body_key": key})


async def fetched(store: ObjectStore, unit: Unit, events: Sequence[Message]) -> list[Message]:
    """The events with the bodies that lie elsewhere; those that cannot be had now are left out and wait.

    Raises Never for one whose body is not there, or is somebody else's.
    """
    whole: list[Message] = []
    loaded = 0
    for event in events:
        if not isinstance(event, WebhookReceived) or event.body_key is None:
            whole.append(event)
        elif loaded >= LOADED_MAX:
            unit.postpone(event, "too many large bodies at once")
        else:
            loaded += 1
            whole += await _loaded(store, unit, event)
    return whole


async def _loaded(store: ObjectStore, unit: Unit, event: WebhookReceived) -> list[Message]:
    if event.body_key != body_key(event.id):
        raise Never("a payload may only name its own body")
    try:
        async with asyncio.timeout(LOAD_SECONDS):
            body = await store.get(event.body_key)
    except (Missing, Tampered) as error:
        raise Never(f"the body of the payload is not in the object store: {type(error).__name__}") from error
    except OSError as error:
        unit.postpone(event, f"the object store is away: {type(error).__name__}")
        return []
    return [event.model_copy(update={"body": body})]
