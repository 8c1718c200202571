"""Calls: the operator's screen gets the caller's history while it rings; who was missed is called back, once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from services.intake import store
from shared.contracts import CallReported, CallState, Channel, TaskKind, TaskRequested
from shared.ids import derived_id
from shared.messaging import Unit, envelopes
from shared.messaging.topology import DESK
from shared.phone import bare
from shared.vault import Vault


async def report_calls(unit: Unit, calls: Sequence[CallReported], vault: Vault, again: timedelta) -> None:
    """Tell the desk of calls with who calls and what they asked before; `again`: a caller waits on its list once."""
    if not calls:
        return
    numbers = {call.id: vault.number_id(Channel.PHONE, bare(call.address)) for call in calls if call.address}
    histories = await store.histories(unit.connection, set(numbers.values())) if numbers else {}
    known = [
        call.model_copy(
            update={
                "address": bare(call.address),
                "person_id": vault.pseudonym(Channel.PHONE, call.account, bare(call.address)),
                "history": tuple(histories.get(numbers[call.id], ())),
            }
        )
        if call.address
        else call
        for call in calls
    ]
    missed = {call.id: call for call in known if call.state is CallState.MISSED}
    tasks = [_task(missed[id_]) for id_ in await _to_call_back(unit, list(missed.values()), numbers, again)]
    unit.publish(*envelopes(DESK, "tasks", [*known, *tasks]))


async def _to_call_back(
    unit: Unit, missed: Sequence[CallReported], numbers: dict[UUID, UUID], again: timedelta
) -> list[UUID]:
    """The first missed call of each caller who is not on the list yet. Who hides the number cannot be called."""
    first: dict[UUID, tuple[UUID, datetime]] = {}
    for call in missed:
        if call.id in numbers and numbers[call.id] not in {number for number, _ in first.values()}:
            first[call.id] = (numbers[call.id], call.occurred_at)
    if not first:
        return []
    by_task = {_task_id(call): first[call.id] for call in missed if call.id in first}
    fresh = await store.ask_call_back(unit.connection, by_task, again)
    return [call.id for call in missed if call.id in first and _task_id(call) in fresh]


def _task_id(call: CallReported) -> UUID:
    return derived_id(call.occurred_at, "call_back", call.provider, call.account, call.call_id)


def _task(call: CallReported) -> TaskRequested:
    return TaskRequested(
        id=_task_id(call),
        occurred_at=call.occurred_at,
        trace_id=call.trace_id,
        kind=TaskKind.CALL_BACK,
        source="intake",
        channel=Channel.PHONE,
        account=call.account,
        case_id=next((case.case_id for case in call.history if case.is_open), None),
        person_id=call.person_id,
        number=next((case.number for case in call.history if case.is_open), None),
        address=call.address,
        name=call.name,
        reason="missed_call",
    )
