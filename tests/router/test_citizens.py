"""What citizens say of their cases at the router: reopened, withdrawn, answered late or never."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.router import store
from services.router.app import router
from shared.contracts import (
    AssignmentEnded,
    AssignmentOffered,
    Attachment,
    CitizenAdded,
    CitizenSilent,
    Message,
    ReopenedBy,
    TaskDecision,
    TaskKind,
    TaskRequested,
    unpack,
)
from shared.messaging import envelopes
from shared.messaging.topology import DESK, ROUTING, owner_queue
from tests.builders import (
    a_closing,
    a_contact_joined,
    a_question,
    a_reopening_asked,
    a_return,
    a_settled_task,
    a_withdrawal_asked,
    an_acceptance,
)
from tests.harness import System, built, running, until
from tests.router.test_router import (
    RUBBISH,
    a_numbered_case,
    answer,
    has_rows,
    history,
    is_at,
    open_and_close,
    open_case,
    record,
    shelf,
    the_offer,
)


async def closed_case(system: System, number: int = 0, **changed: Any) -> AssignmentOffered:
    """A case its department has closed, at version 3."""
    offer = await open_case(system, a_numbered_case(number, **changed))
    await answer(system, a_closing, offer)
    await until(partial(is_at, system, offer.case_id, 3))
    return offer


async def tell(system: System, event: Message) -> None:
    await system.tell(ROUTING, "routine", event)


async def next_for(system: System, owner: str) -> Message:
    body = await system.take(owner_queue(owner, "routine"))
    return Message.registry[str(unpack(body)[0]["type"])].read(body)


async def steps(system: System, case_id: UUID) -> list[str]:
    return [step.type.split(".")[1] for step in await history(system, case_id)]


async def test_a_reopened_case_goes_back_at_once_to_the_owner_it_had(system: System) -> None:
    first = await closed_case(system)
    await tell(system, a_reopening_asked(case_id=first.case_id, text="Çöpler yine duruyor"))
    again = await the_offer(system, first.case_id, 5)

    assert (again.owner, again.reopened, again.reopened_because) == (first.owner, 1, "Çöpler yine duruyor")
    assert (again.text, again.version) == (RUBBISH, 5)
    assert again.assignment_id != first.assignment_id
    assert await steps(system, first.case_id) == ["opened", "assigned", "closed", "reopened", "assigned"]
    row = await record(system, first.case_id)
    assert (row["state"], row["outcome"], row["reopened"], row["returns"]) == ("routed", None, 1, 0)
    assert again.reasons == ("Kapatılmıştı; sorunun çözülmediği bildirildi ve yeniden açıldı.",)


async def test_what_a_reopening_shows_follows_the_offer(system: System) -> None:
    first = await closed_case(system)
    photo = Attachment(provider_id="photo-2", kind="image")
    await tell(system, a_reopening_asked(case_id=first.case_id, text="Bakın", attachments=(photo,)))
    again = await the_offer(system, first.case_id, 5)

    added = await next_for(system, first.owner)
    assert isinstance(added, CitizenAdded)
    assert (added.assignment_id, added.attachments) == (again.assignment_id, (photo,))


async def test_a_case_reopened_a_second_time_goes_to_a_person_with_proposals(system: System) -> None:
    first = await closed_case(system)
    await tell(system, a_reopening_asked(case_id=first.case_id))
    second = await the_offer(system, first.case_id, 5)
    await answer(system, a_closing, second)
    await until(partial(is_at, system, first.case_id, 6))
    await tell(system, a_reopening_asked(case_id=first.case_id, text="Üçüncü kez yazıyorum"))
    third = await the_offer(system, first.case_id, 8)

    assert (third.owner, third.reopened, third.reopened_because) == ("cozum-merkezi", 2, "Üçüncü kez yazıyorum")
    assert first.owner in {row.owner for row in third.proposals}
    assert third.reasons[0] == "Emin değil: birden çok kez yeniden açıldı; bu yüzden bir kişi karar verecek."


async def test_a_return_after_a_reopening_still_says_why_it_was_reopened(system: System) -> None:
    first = await closed_case(system)
    await tell(system, a_reopening_asked(case_id=first.case_id, text="Yine duruyor"))
    second = await the_offer(system, first.case_id, 5)
    await answer(system, a_return, second, proposal="fen-isleri")
    third = await the_offer(system, first.case_id, 7)

    assert (third.owner, third.reopened, third.reopened_because) == ("fen-isleri", 1, "Yine duruyor")


async def test_why_a_citizen_wants_it_reopened_is_told_to_its_owner_alone(system: System) -> None:
    first = await closed_case(system)
    await tell(system, a_reopening_asked(case_id=first.case_id, text="Çöpler yine duruyor"))
    await the_offer(system, first.case_id, 5)
    await until(lambda: has_rows(system, "outbox", 3))

    told = [event for body in await system.take_all("notifier.cases.routine") for event in unpack(body)]
    [reopened] = [event for event in told if event["type"] == "case.reopened.v1"]
    assert (reopened["times"], reopened["by"], reopened["reason"]) == (1, "citizen", "")


async def test_who_wants_an_open_case_reopened_adds_to_it(system: System) -> None:
    offer = await open_case(system, a_numbered_case())
    await tell(system, a_reopening_asked(case_id=offer.case_id, text="Hâlâ duruyor"))
    added = await next_for(system, offer.owner)

    assert isinstance(added, CitizenAdded)
    assert (added.assignment_id, added.text) == (offer.assignment_id, "Hâlâ duruyor")
    assert (await record(system, offer.case_id))["version"] == 2


@pytest.mark.parametrize("make", [a_reopening_asked, a_withdrawal_asked])
async def test_a_wish_for_a_case_that_is_not_here_yet_waits_for_it(system: System, make: Any) -> None:
    case = a_numbered_case()
    await tell(system, make(case_id=case.case_id))
    await until(lambda: has_rows(system, "retry", 1))
    offer = await open_case(system, case)

    assert type(await next_for(system, offer.owner)) in (CitizenAdded, AssignmentEnded)


async def test_nothing_joins_a_closed_case_and_a_reopened_one_is_open_again_for_its_like(system: System) -> None:
    first = await closed_case(system, text=RUBBISH, occurred_at=datetime.now(UTC))
    seen = "SELECT closed_at IS NOT NULL FROM case_sighting WHERE case_id = $1"
    was_closed = await system.value(seen, first.case_id)
    await tell(system, a_reopening_asked(case_id=first.case_id))
    await until(partial(is_at, system, first.case_id, 5))

    assert was_closed in (True, None)
    assert await system.value(seen, first.case_id) in (False, None)


async def test_a_survey_asks_a_person_who_may_reopen_the_case(system: System) -> None:
    first = await closed_case(system)
    wish = a_reopening_asked(case_id=first.case_id, by=ReopenedBy.SURVEY, text="2")
    await tell(system, wish)
    task = TaskRequested.model_validate(unpack(await system.take("desk.tasks"))[0])
    assert (task.kind, task.source, task.reason, task.number) == ("reopen", "router", "not_solved", first.number)
    assert (await record(system, first.case_id))["state"] == "closed"
    await settle(system, task, TaskDecision.RELEASE)
    again = await the_offer(system, first.case_id, 5)

    assert (again.owner, again.reopened, again.reopened_because) == (first.owner, 1, "2")
    reopened = (await history(system, first.case_id))[3]
    assert getattr(reopened, "by", None) is ReopenedBy.PERSON


async def test_a_survey_that_a_person_does_not_follow_leaves_the_case_closed(system: System) -> None:
    first = await closed_case(system)
    await tell(system, a_reopening_asked(case_id=first.case_id, by=ReopenedBy.SURVEY))
    task = TaskRequested.model_validate(unpack(await system.take("desk.tasks"))[0])
    await settle(system, task, TaskDecision.DISCARD)
    await settle(system, task, TaskDecision.RELEASE)
    await until(lambda: is_forgotten(system))
    await open_and_close(system, 1)

    assert (await record(system, first.case_id))["version"] == 3


async def settle(system: System, task: TaskRequested, decision: TaskDecision) -> None:
    settled = a_settled_task(
        task_id=task.id, source="router", kind=TaskKind.REOPEN, decision=decision, case_id=task.case_id
    )
    [message] = envelopes(DESK, "settled.router", [settled])
    await system.send(DESK, "settled.router", message.body)


async def is_forgotten(system: System) -> bool:
    return bool(await system.value("SELECT count(*) = 0 FROM reopening_request"))


@pytest.mark.parametrize(("language", "word"), [("tr", "geri çektik"), ("en", "withdrawn")])
async def test_a_withdrawn_case_is_closed_in_its_citizen_s_words_and_its_owner_hears_it(
    system: System, language: str, word: str
) -> None:
    offer = await open_case(system, a_numbered_case(language=language))
    await answer(system, an_acceptance, offer)
    await until(partial(is_at, system, offer.case_id, 3))
    await tell(system, a_withdrawal_asked(case_id=offer.case_id, text="Kendim hallettim"))
    ended = await next_for(system, offer.owner)

    assert isinstance(ended, AssignmentEnded)
    assert (ended.assignment_id, ended.because, ended.text) == (offer.assignment_id, "withdrawn", "Kendim hallettim")
    closing = (await history(system, offer.case_id))[-1]
    assert (getattr(closing, "state", ""), getattr(closing, "outcome", "")) == ("closed", "withdrawn")
    assert word in getattr(closing, "answer", "")


async def test_a_closed_case_cannot_be_withdrawn(system: System) -> None:
    first = await closed_case(system)
    await tell(system, a_withdrawal_asked(case_id=first.case_id))
    await open_case(system, a_numbered_case(1))

    assert (await record(system, first.case_id))["version"] == 3


async def test_what_an_owner_answers_to_a_withdrawn_case_is_shelved_and_changes_nothing(system: System) -> None:
    offer = await open_case(system, a_numbered_case())
    await tell(system, a_withdrawal_asked(case_id=offer.case_id))
    await until(partial(is_at, system, offer.case_id, 3))
    await answer(system, a_closing, offer)
    await until(lambda: has_rows(system, "dead_letter", 1))

    assert (await record(system, offer.case_id))["outcome"] == "withdrawn"


async def test_of_two_answers_given_in_view_of_the_same_step_the_second_is_shelved(system: System) -> None:
    offer = await open_case(system, a_numbered_case())
    await answer(system, a_question, offer, seen_version=offer.version, by="deniz")
    await answer(system, a_closing, offer, seen_version=offer.version, by="ali")
    await until(lambda: has_rows(system, "dead_letter", 1))

    assert await shelf(system) == ["answer not allowed: overtaken"]
    assert (await record(system, offer.case_id))["state"] == "waiting_citizen"


async def test_what_was_waited_for_the_citizen_is_added_to_the_due_time_and_the_owner_hears_it(system: System) -> None:
    now = datetime.now(UTC)
    offer = await open_case(system, a_numbered_case(occurred_at=now - timedelta(days=15)))
    await answer(system, a_question, offer, occurred_at=now - timedelta(days=14))
    await until(partial(is_at, system, offer.case_id, 3))
    await tell(system, a_contact_joined(case_id=offer.case_id, occurred_at=now))
    added = await next_for(system, offer.owner)

    assert isinstance(added, CitizenAdded)
    assert offer.due_at is not None and added.due_at is not None
    assert offer.due_at + timedelta(days=9) < added.due_at, "two weeks hold at least nine days that were worked"
    assert (await record(system, offer.case_id))["due_at"] == added.due_at
    assert getattr((await history(system, offer.case_id))[-1], "due_at", None) == added.due_at


async def test_what_a_citizen_adds_to_a_case_that_did_not_wait_moves_nothing(system: System) -> None:
    offer = await open_case(system, a_numbered_case())
    await tell(system, a_contact_joined(case_id=offer.case_id))
    added = await next_for(system, offer.owner)

    assert isinstance(added, CitizenAdded)
    assert added.due_at is None
    assert (await record(system, offer.case_id))["due_at"] == offer.due_at


async def test_a_citizen_who_is_silent_holds_up_nothing(system: System) -> None:
    offer = await open_case(system, a_numbered_case())
    await answer(system, a_question, offer)
    await until(partial(is_at, system, offer.case_id, 3))
    await system.pool.execute("UPDATE case_record SET waits_since = waits_since - interval '8 days'")
    async with running(built(router, system, ROUTER_SILENCE_SECONDS="0.05")):
        await until(partial(is_at, system, offer.case_id, 4))
        silent = await next_for(system, offer.owner)

    assert isinstance(silent, CitizenSilent)
    assert silent.assignment_id == offer.assignment_id
    going_on = (await history(system, offer.case_id))[-1]
    assert (going_on.type, getattr(going_on, "because", "")) == ("case.progressed.v1", "citizen_silent")


async def test_a_citizen_who_has_time_left_is_waited_for(system: System) -> None:
    offer = await open_case(system, a_numbered_case())
    await answer(system, a_question, offer, occurred_at=datetime.now(UTC))
    await until(partial(is_at, system, offer.case_id, 3))
    async with running(built(router, system, ROUTER_SILENCE_SECONDS="0.05")):
        await open_and_close(system, 1)

    assert (await record(system, offer.case_id))["state"] == "waiting_citizen"


async def test_a_question_of_long_ago_that_arrives_today_is_waited_for_from_today(system: System) -> None:
    offer = await open_case(system, a_numbered_case())
    await answer(system, a_question, offer, occurred_at=datetime.now(UTC) - timedelta(days=2000))
    await until(partial(is_at, system, offer.case_id, 3))
    async with running(built(router, system, ROUTER_SILENCE_SECONDS="0.05")):
        await open_and_close(system, 1)

    assert (await record(system, offer.case_id))["state"] == "waiting_citizen"


async def test_two_routers_never_take_up_the_same_silence(system: System) -> None:
    offer = await open_case(system, a_numbered_case())
    await answer(system, a_question, offer)
    await until(partial(is_at, system, offer.case_id, 3))
    later = datetime.now(UTC) + timedelta(days=8)
    async with system.pool.acquire() as one, system.pool.acquire() as other, one.transaction(), other.transaction():
        first = await store.lock_silent(one, later, 10)
        second = await store.lock_silent(other, later, 10)

    assert (first, second) == ([offer.case_id], [])


async def test_looking_for_silence_uses_its_index(system: System) -> None:
    waiting = "SELECT id FROM case_record WHERE waits_since <= now() ORDER BY waits_since"
    question = f"{waiting} LIMIT 200 FOR UPDATE SKIP LOCKED"
    async with system.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        plan = await connection.fetch(f"EXPLAIN {question}")

    told = " ".join(row["QUERY PLAN"] for row in plan)
    assert "case_record_waits" in told
    assert "Sort" not in told


@pytest.mark.parametrize("rewriting", ["UPDATE case_history SET type = 'x'", "DELETE FROM case_history"])
async def test_the_history_of_cases_is_never_rewritten(system: System, rewriting: str) -> None:
    with pytest.raises(asyncpg.PostgresError, match="never rewritten"):
        await system.pool.execute(rewriting)
