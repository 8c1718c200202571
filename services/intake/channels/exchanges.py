"""What the readers of telephone exchanges share: a call at one of our lines as the desk is told of it."""

import json
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from services.intake.channels.payloads import JSON, json_object, short
from shared.contracts import CallReported, CallState, WebhookReceived
from shared.ids import derived_id
from shared.phone import e164

FIELDS_MAX: Final = 100


def fields_of(body: bytes) -> JSON:
    """The fields of an event, sent as a form or as JSON. Raises ValueError for anything else."""
    text = body.strip()
    if not text:
        return {}
    if text.startswith((b"{", b"[")):
        return json_object(body)
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    # Through JSON, since that is where what cannot be stored is cleaned away.
    return json_object(json.dumps(dict(pairs)).encode())


def call(
    webhook: WebhookReceived,
    call_id: str,
    state: CallState,
    at: datetime,
    caller: object,
    extension: object = None,
    name: object = None,
) -> CallReported:
    """One step of a call; the same step read again has the same id."""
    provider, account = webhook.provider, webhook.account
    line = _word(extension)
    return CallReported(
        id=derived_id(at, "call", provider, account, call_id, state, line),
        occurred_at=at,
        trace_id=derived_id(at, "trace", provider, account, call_id).hex,
        call_id=call_id[:200],
        provider=provider,
        account=account,
        state=state,
        extension=line,
        address=_number(_word(caller) or ""),
        name=_word(name),
    )


def _number(written: str) -> str | None:
    """In E.164; as it was shown where it is another kind of number; None for a withheld one."""
    is_number = written.isascii() and written.removeprefix("+").isdigit()
    return e164(written) or (written if is_number else None)


def _word(value: object) -> str | None:
    """A number or name, whichever type it was written as."""
    return short(str(value).strip()) if isinstance(value, str | int) and not isinstance(value, bool) else None
