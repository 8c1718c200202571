"""Tasks for people: asked for over the queue, looked at, settled once, told to who asked."""

import asyncio
import json
import time
from datetime import timedelta
from typing import Any

import pytest

from services.desk.domain import WAYS, Chosen, Settle, TaskVerdict, judge_settling, settled, task_of
from services.desk.pages import TEMPLATES
from services.desk.store import entries as entry_store
from services.desk.store import tasks as task_store
from services.desk.store.entries import Like
from shared import municipality
from shared.contracts import Proposal, TaskDecision, TaskKind, TaskRequested
from shared.messaging.topology import DESK
from shared.pages import Pages
from shared.settings import Settings
from tests.builders import AT, PHONE, a_task, an_id
from tests.desk.conftest import USER, Desk
from tests.harness import until

PLACE = municipality.load(Settings.model_fields["ilkim_municipality"].default)
MASKED_PHONE = "0532 111 22 33"


async def ask(at_desk: Desk, **changed: Any) -> TaskRequested:
    """Ask for a task as a service does, and wait until it is in the list."""
    asked = a_task(**changed)
    await at_desk.system.tell(DESK, "tasks", asked)
    await until(lambda: is_here(at_desk, asked))
    return asked


async def is_here(at_desk: Desk, asked: TaskRequested) -> bool:
    return bool(await at_desk.system.value("SELECT count(*) FROM task WHERE id = $1", asked.id))


async def told(at_desk: Desk, source: str = "notifier") -> dict[str, Any]:
    return dict(json.loads(await at_desk.system.take(f"{source}.settled")))


def test_a_task_is_settled_only_as_its_kind_allows() -> None:
    for kind in TaskKind:
        task, _ = task_of(a_task(kind=kind))
        for decision in TaskDecision:
            chosen = (Chosen(owner="saski"),) if kind is TaskKind.SPLIT and decision is TaskDecision.DONE else ()
            verdict = judge_settling(task, Settle(decision=decision, note="Neden.", chosen=chosen), "ayse")
            assert verdict == (None if decision in WAYS[kind] else TaskVerdict.NOT_A_WAY)


@pytest.mark.parametrize("decision", [TaskDecision.DISCARD, TaskDecision.BLOCK])
def test_what_ends_without_effect_wants_a_reason(decision: TaskDecision) -> None:
    task, _ = task_of(a_task(kind=TaskKind.HELD))

    assert judge_settling(task, Settle(decision=decision, note="  "), "ayse") is TaskVerdict.NO_REASON


def test_the_first_settlement_counts_and_the_same_again_is_no_news() -> None:
    task, _ = task_of(a_task())
    done = Settle(decision=TaskDecision.DONE, note="Konuştum.")
    after, _ = settled(task, done, "ayse", AT)

    assert judge_settling(after, done, "ayse") is TaskVerdict.REPEATED
    assert judge_settling(after, done, "mehmet") is TaskVerdict.SETTLED
    assert judge_settling(after, Settle(decision=TaskDecision.DISCARD, note="Yok."), "ayse") is TaskVerdict.SETTLED


def test_whoever_settles_a_task_it_is_told_under_one_id() -> None:
    task, _ = task_of(a_task())

    ids = {
        settled(task, Settle(decision=decision, note="x"), by, AT + timedelta(seconds=1))[1].id
        for decision in (TaskDecision.DONE, TaskDecision.DISCARD)
        for by in ("ayse", "mehmet")
    }

    assert len(ids) == 1


async def test_tasks_stand_in_the_list_urgent_first_then_oldest(at_desk: Desk) -> None:
    young = await ask(at_desk, occurred_at=AT)
    old = await ask(at_desk, occurred_at=AT - timedelta(hours=1), kind=TaskKind.HELD, source="intake", reason="spam")
    urgent = await ask(at_desk, occurred_at=AT, lane="urgent")

    listed = (await at_desk.get("/api/tasks")).json()
    assert [row["id"] for row in listed["tasks"]] == [str(task.id) for task in (urgent, old, young)]
    first = (await at_desk.get("/api/tasks?limit=1")).json()
    rest = (await at_desk.get(f"/api/tasks?limit=5&after={first['next']}")).json()
    assert [row["id"] for row in rest["tasks"]] == [str(old.id), str(young.id)]
    held = (await at_desk.get("/api/tasks?kind=held")).json()
    assert [row["id"] for row in held["tasks"]] == [str(old.id)]


async def test_the_same_request_again_is_the_same_task(at_desk: Desk) -> None:
    asked = await ask(at_desk)

    await at_desk.system.tell(DESK, "tasks", asked.model_copy(update={"text": "Başka."}))
    await ask(at_desk)

    assert await at_desk.system.value("SELECT count(*) FROM task") == 2
    assert await at_desk.system.value("SELECT text FROM task WHERE id = $1", asked.id) == asked.text


async def test_an_address_is_sealed_and_every_look_at_it_is_kept(at_desk: Desk) -> None:
    asked = await ask(at_desk, name="Ayşe Yılmaz")

    assert PHONE.encode() not in await at_desk.system.value("SELECT address_sealed FROM task")
    assert PHONE not in (await at_desk.get("/api/tasks")).text
    listed = (await at_desk.get("/tasks")).text
    assert PHONE not in listed and MASKED_PHONE not in listed
    assert await at_desk.system.value("SELECT count(*) FROM look") == 0

    seen = (await at_desk.get(f"/api/tasks/{asked.id}")).json()
    page = (await at_desk.get(f"/tasks/{asked.id}")).text

    assert (seen["address"], seen["name"]) == (PHONE, "Ayşe Yılmaz")
    assert MASKED_PHONE in page and "Ayşe Yılmaz" in page
    looks = await at_desk.system.rows("SELECT by_whom, what, subject FROM look")
    assert looks == [{"by_whom": USER, "what": "task", "subject": asked.id}] * 2


async def test_a_task_without_an_address_is_no_look(at_desk: Desk) -> None:
    asked = await ask(at_desk, address=None)

    assert "Adres bilinmiyor" in (await at_desk.get(f"/tasks/{asked.id}")).text
    assert await at_desk.system.value("SELECT count(*) FROM look") == 0


async def test_who_asked_is_told_once_however_often_it_is_settled(at_desk: Desk) -> None:
    asked = await ask(at_desk)
    settling = {"decision": "done", "note": "Kendisiyle konuştum."}

    answers = [await at_desk.post(f"/api/tasks/{asked.id}/settle", settling) for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 200]
    message = await told(at_desk)
    assert (message["task_id"], message["decision"], message["note"]) == (str(asked.id), "done", settling["note"])
    assert message["by"] == f"desk:{USER}"
    assert await at_desk.system.value("SELECT count(*) FROM outbox") == 1


async def test_of_two_clerks_who_settle_at_once_one_has_effect(at_desk: Desk) -> None:
    asked = await ask(at_desk, kind=TaskKind.HELD, source="intake", reason="spam")
    ways = [{"decision": "release", "note": ""}, {"decision": "discard", "note": "Reklam."}] * 8

    answers = await asyncio.gather(*(at_desk.post(f"/api/tasks/{asked.id}/settle", way) for way in ways))

    assert sorted({answer.status for answer in answers}) == [200, 409]
    kept = await at_desk.system.value("SELECT decision FROM task")
    assert (await told(at_desk, "intake"))["decision"] == kept
    assert await at_desk.system.value("SELECT count(*) FROM outbox") == 1


@pytest.mark.parametrize(
    ("settling", "status"),
    [
        ({"decision": "release"}, 422),
        ({"decision": "discard"}, 422),
        ({"decision": "shred"}, 422),
        ({"decision": "done", "more": 1}, 422),
        ({"decision": "done", "note": "a" * 4001}, 422),
    ],
)
async def test_a_task_is_not_settled_anyhow(at_desk: Desk, settling: dict[str, Any], status: int) -> None:
    asked = await ask(at_desk)

    refused = await at_desk.post(f"/api/tasks/{asked.id}/settle", settling)

    assert (refused.status, refused.headers["content-type"]) == (status, "application/problem+json")
    assert await at_desk.system.value("SELECT count(*) FROM outbox") == 0


async def test_an_unknown_task_is_not_found(at_desk: Desk) -> None:
    assert (await at_desk.get(f"/api/tasks/{an_id()}")).status == 404
    assert (await at_desk.post(f"/api/tasks/{an_id()}/settle", {"decision": "done"})).status == 404
    assert "Sayfa bulunamadı" in (await at_desk.get(f"/tasks/{an_id()}")).text


async def test_a_page_settles_and_says_what_was_done(at_desk: Desk) -> None:
    asked = await ask(at_desk, lane="urgent")
    assert "Telefonla bildirilecek" in (await at_desk.get("/tasks")).text

    sent = await at_desk.send(f"/tasks/{asked.id}/settle", decision="done", note="Görüştük.")

    assert sent.status == 303
    assert "Arandı, bildirildi" in (await at_desk.get(sent.headers["Location"])).text
    again = await at_desk.send(f"/tasks/{asked.id}/settle", decision="discard", note="Açmadı.")
    assert again.status == 409
    assert "ilk sonuç geçerlidir" in again.text


async def test_a_reason_that_is_wanted_is_asked_for_beside_its_field(at_desk: Desk) -> None:
    asked = await ask(at_desk, kind=TaskKind.UNDELIVERED)

    refused = await at_desk.send(f"/tasks/{asked.id}/settle", decision="discard", note=" ")

    assert refused.status == 422
    assert "Nedenini yazın." in refused.text


async def test_a_task_leads_to_the_item_of_its_case(at_desk: Desk) -> None:
    offer = await at_desk.offer()
    asked = await ask(at_desk, case_id=offer.case_id)

    assert f'href="/work/{offer.assignment_id}"' in (await at_desk.get("/tasks")).text
    assert f'href="/work/{offer.assignment_id}"' in (await at_desk.get(f"/tasks/{asked.id}")).text


async def test_every_page_counts_the_tasks_that_wait(at_desk: Desk) -> None:
    await ask(at_desk)
    await ask(at_desk, lane="urgent")

    for path in ("/", "/triage", "/tasks"):
        assert 'Görevler&nbsp;<span class="tag danger">2</span>' in (await at_desk.get(path)).text


def test_every_way_to_settle_has_words_before_and_after() -> None:
    keys = Pages(TEMPLATES, PLACE).catalogue.keys

    for kind, ways in WAYS.items():
        assert f"task_kind.{kind}" in keys and f"tasks.text_{kind}" in keys
        for way in ways:
            assert {f"settle_{kind}.{way}", f"settled_{kind}.{way}"} <= keys


def test_each_owner_of_a_split_gets_one_case() -> None:
    task, _ = task_of(a_task(kind=TaskKind.SPLIT, source="intake", text="Su patladı, yol çöktü."))
    twice = [Chosen(owner="saski", topic="su-arizasi"), Chosen(owner="fen-isleri"), Chosen(owner="saski")]

    after, told = settled(task, Settle(decision=TaskDecision.DONE, chosen=tuple(twice)), "ayse", AT)

    assert [(row.owner, row.topic, row.by) for row in told.chosen] == [
        ("saski", "su-arizasi", "ayse"),
        ("fen-isleri", None, "ayse"),
    ]
    assert (told.kind, told.text, after.chosen) == (TaskKind.SPLIT, task.text, told.chosen)


def test_only_a_split_chooses_owners() -> None:
    task, _ = task_of(a_task(kind=TaskKind.CALL))

    settling = Settle(decision=TaskDecision.DONE, chosen=(Chosen(owner="saski"),))

    assert judge_settling(task, settling, "ayse") is TaskVerdict.NOT_A_WAY


def test_a_split_names_somebody_or_is_none() -> None:
    task, _ = task_of(a_task(kind=TaskKind.SPLIT, source="intake"))
    somebody = (Chosen(owner="saski"),)

    for decision, chosen in ((TaskDecision.DONE, ()), (TaskDecision.DISCARD, somebody)):
        assert judge_settling(task, Settle(decision=decision, chosen=chosen), "ayse") is TaskVerdict.NOBODY_CHOSEN
    assert judge_settling(task, Settle(decision=TaskDecision.DISCARD), "ayse") is None


async def ask_a_split(at_desk: Desk, **changed: Any) -> TaskRequested:
    return await ask(
        at_desk,
        **{
            "kind": TaskKind.SPLIT,
            "source": "intake",
            "reason": "several_owners",
            "detail": "fen-isleri",
            "address": None,
            "case_id": an_id(),
            "contact_id": an_id(),
            "text": "Su borusu patladı, kaldırım da çöktü.",
            "proposals": (
                Proposal(owner="saski", confidence=0.4),
                Proposal(owner="zabita", topic="gurultu", confidence=0.1),
            ),
            **changed,
        },
    )


async def test_a_split_shows_who_has_it_and_opens_a_case_for_each_one_ticked(at_desk: Desk) -> None:
    asked = await ask_a_split(at_desk)
    page = (await at_desk.get(f"/tasks/{asked.id}")).text
    assert "Fen İşleri Müdürlüğü" in page and "SASKİ" in page and "Zabıta Müdürlüğü" in page

    ticked = {"chosen-1": "saski|", "decision": "done", "note": ""}
    assert (await at_desk.send(f"/tasks/{asked.id}/settle", **ticked)).status == 303

    message = await told(at_desk, "intake")
    assert [row["owner"] for row in message["chosen"]] == ["saski"]
    assert (message["kind"], message["case_id"]) == ("split", str(asked.case_id))
    assert message["text"] == asked.text
    assert "Ek kayıt açıldı" in (await at_desk.get(f"/tasks/{asked.id}")).text


async def test_nobody_else_is_an_answer_too_whatever_is_ticked(at_desk: Desk) -> None:
    asked = await ask_a_split(at_desk)

    await at_desk.send(f"/tasks/{asked.id}/settle", **{"chosen-1": "saski|", "decision": "discard"})

    assert (await told(at_desk, "intake"))["chosen"] == []
    assert "Tek kayıt yeterli" in (await at_desk.get(f"/tasks/{asked.id}")).text


@pytest.mark.parametrize("owner", ["nobody-knows", "fen-isleri", "cozum-merkezi"])
async def test_a_split_goes_to_nobody_unknown_and_not_to_who_has_it(at_desk: Desk, owner: str) -> None:
    asked = await ask_a_split(at_desk)
    settling = {"decision": "done", "chosen": [{"owner": owner}]}

    assert (await at_desk.post(f"/api/tasks/{asked.id}/settle", settling)).status == 422
    assert (await at_desk.send(f"/tasks/{asked.id}/settle", decision="done", owner=owner)).status == 422
    assert await at_desk.system.value("SELECT count(*) FROM outbox") == 0


REASONS = (
    "several_owners",
    *("spam", "abuse", "blocked", "too_many", "unreadable", "too_large", "missed_call"),
    *("no_other_way", "by_letter", "no_way_left", "outcome_unknown", "expired"),
)


def test_every_reason_a_service_gives_has_words() -> None:
    keys = Pages(TEMPLATES, PLACE).catalogue.keys

    assert {f"task_reason.{reason}" for reason in REASONS} <= keys


async def test_lists_stay_quick_with_a_long_backlog(at_desk: Desk) -> None:
    await ask(at_desk)
    await at_desk.system.pool.execute(
        """
        INSERT INTO task
        SELECT (jsonb_populate_record(task, jsonb_build_object(
                   'id', gen_random_uuid(), 'requested_at', requested_at + n * interval '1 second'))).*
        FROM task, generate_series(1, 20000) AS n
        """
    )
    await at_desk.system.pool.execute(
        """
        INSERT INTO known_case
        SELECT gen_random_uuid(), '111-111-111', 2, true, 2, 'zabita', 'topic-' || n % 200, n % 60, now()
        FROM generate_series(1, 20000) AS n
        """
    )
    await at_desk.system.pool.execute("ANALYZE task, known_case")
    middle = await task_store.find(
        at_desk.system.pool,
        await at_desk.system.value("SELECT id FROM task ORDER BY requested_at OFFSET 10000 LIMIT 1"),
    )
    like = Like("topic-7", ["topic-7"], "7", "70. Sokak")

    for question in (
        task_store.waiting(at_desk.system.pool, None, 100, middle),
        entry_store.similar(at_desk.system.pool, like, timedelta(days=28), 5),
    ):
        began = time.perf_counter()
        assert await question
        assert time.perf_counter() - began < 0.1


@pytest.mark.parametrize("path", ["/tasks", "/entry", "/calls"])
async def test_every_page_speaks_english_too(at_desk: Desk, path: str) -> None:
    await ask(at_desk)

    page = await at_desk.get(f"{path}?dil=en")

    assert (page.status, '<html lang="en">' in page.text, "New entry" in page.text) == (200, True, True)
