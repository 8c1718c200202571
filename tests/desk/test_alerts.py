"""Alerts at the desk: one a sender, above every page, kept who looked and called, given again when nobody did."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.desk.domain import Acknowledge, How, alerts_of, settled_by
from shared.contracts import Place, TaskKind, TaskRequested
from shared.messaging.topology import DESK
from tests.builders import AT, PHONE, a_task, an_alert, an_id
from tests.desk.conftest import USER, Desk
from tests.harness import until

SHOWN_PHONE = "0532 111 22 33"
A_SENDER = an_id()


async def tell(at_desk: Desk, *alerts: TaskRequested) -> None:
    await at_desk.system.tell(DESK, "alerts", *alerts)
    ids = [alert.id for alert in alerts]
    seen = "SELECT count(*) = $2 FROM inbox WHERE consumer = 'desk-alerts' AND event_id = ANY($1)"
    await until(lambda: at_desk.system.value(seen, ids, len(ids)))


async def acts_of(at_desk: Desk, alert: UUID) -> Sequence[Any]:
    return await at_desk.system.rows("SELECT by_whom, how, note FROM alert_act WHERE alert_id = $1 ORDER BY id", alert)


def test_what_one_sender_tells_in_a_batch_is_one_alert_that_counts() -> None:
    first = an_alert(person_id=A_SENDER)
    again = an_alert(person_id=A_SENDER, text="Koku artıyor", place=Place(), occurred_at=AT + timedelta(minutes=2))
    other = an_alert()

    [(one, _), (two, _)] = alerts_of([first, again, other])

    assert (one.id, one.calls, one.texts) == (first.id, 2, (first.text, "Koku artıyor"))
    assert one.place == first.place
    assert (one.requested_at, one.last_at) == (AT, AT + timedelta(minutes=2))
    assert (two.id, two.calls) == (other.id, 1)


def test_nameless_senders_are_never_one() -> None:
    assert len(alerts_of([an_alert(person_id=None), an_alert(person_id=None)])) == 2


def test_other_tasks_are_no_alerts() -> None:
    assert alerts_of([a_task()]) == []


def test_who_asked_is_told_once_that_somebody_looks() -> None:
    [(alert, _)] = alerts_of([an_alert()])

    told = settled_by(alert, Acknowledge(how=How.CALLED, note="İtfaiye yolda"), USER, AT)

    assert (told.task_id, told.kind, told.by) == (alert.id, TaskKind.ALERT, f"desk:{USER}")
    assert told.id == settled_by(alert, Acknowledge(how=How.SEEN), "ali", AT).id


async def test_an_open_alert_stands_above_every_page(at_desk: Desk) -> None:
    alert = an_alert()
    await tell(at_desk, alert)

    for page in ("/", "/triage", "/tasks", "/entry", "/calls", "/alerts"):
        shown = (await at_desk.get(page)).text
        assert f"/alerts/{alert.id}" in shown, page
        assert "Gaz kokusu, gaz kaçağı" in shown, page
        assert SHOWN_PHONE not in shown, page
    assert str(alert.id) in (await at_desk.get("/alerts/banner")).text


async def test_without_alerts_no_banner_is_shown(at_desk: Desk) -> None:
    assert 'class="alarm' not in (await at_desk.get("/")).text
    assert "Bekleyen uyarı yok" in (await at_desk.get("/alerts")).text


async def test_the_number_is_shown_on_its_own_page_alone_and_the_look_is_kept(at_desk: Desk) -> None:
    alert = an_alert()
    await tell(at_desk, alert)

    shown = (await at_desk.get(f"/alerts/{alert.id}")).text

    assert SHOWN_PHONE in shown
    assert "187" in shown
    assert "70. Sokak, Kale" in shown
    [look] = await at_desk.system.rows("SELECT by_whom, what FROM look WHERE subject = $1", alert.id)
    assert tuple(look.values()) == (USER, "alert")
    sealed = await at_desk.system.value("SELECT address_sealed FROM alert WHERE id = $1", alert.id)
    assert PHONE.encode() not in sealed


async def test_acknowledging_keeps_who_did_what_and_ends_the_banner(at_desk: Desk) -> None:
    alert = an_alert()
    await tell(at_desk, alert)

    answer = await at_desk.send(f"/alerts/{alert.id}/acknowledge", how="seen", note="")
    await at_desk.send(f"/alerts/{alert.id}/acknowledge", how="called", note="187'ye haber verildi")

    assert answer.status == 303
    assert 'class="alarm' not in (await at_desk.get("/")).text
    assert [tuple(row.values()) for row in await acts_of(at_desk, alert.id)] == [
        (USER, "seen", ""),
        (USER, "called", "187'ye haber verildi"),
    ]
    shown = (await at_desk.get("/alerts")).text
    assert f"Arandı: {USER}" in shown
    settled = await at_desk.system.take("intake.settled")
    assert str(alert.id) in settled.decode()
    assert await at_desk.system.take_all("intake.settled") == []


async def test_programs_list_look_at_and_acknowledge_alerts(at_desk: Desk) -> None:
    alert = an_alert()
    await tell(at_desk, alert)

    [listed] = (await at_desk.get("/api/alerts")).json()["alerts"]
    looked = (await at_desk.get(f"/api/alerts/{alert.id}")).json()
    after = (await at_desk.post(f"/api/alerts/{alert.id}/acknowledge", {"how": "called", "note": "Yoldalar"})).json()

    assert (listed["id"], listed["emergency"], listed["emergency_number"]) == (str(alert.id), "gas", "187")
    assert "address" not in listed
    assert looked["address"] == PHONE
    assert [(act["by"], act["how"], act["note"]) for act in after["acts"]] == [(USER, "called", "Yoldalar")]
    assert after["acknowledged_at"]
    assert (await at_desk.get("/api/alerts")).json()["alerts"] == []
    assert (await at_desk.get(f"/api/alerts/{an_id()}")).status == 404


async def test_what_nobody_did_is_refused_and_the_note_stays(at_desk: Desk) -> None:
    alert = an_alert()
    await tell(at_desk, alert)

    answer = await at_desk.send(f"/alerts/{alert.id}/acknowledge", how="ignored", note="Bakıyorum")

    assert answer.status == 422
    assert "Bakıyorum" in answer.text
    assert not await acts_of(at_desk, alert.id)


async def test_an_alert_nobody_knows_is_not_found(at_desk: Desk) -> None:
    assert (await at_desk.get(f"/alerts/{an_id()}")).status == 404
    assert (await at_desk.send(f"/alerts/{an_id()}/acknowledge", how="seen")).status == 404


async def test_a_hundred_calls_of_one_sender_are_one_alert(at_desk: Desk) -> None:
    sender = an_id()
    alerts = [an_alert(person_id=sender, text=f"Gaz kokusu var {turn}") for turn in range(100)]
    await tell(at_desk, *alerts[:40])
    await tell(at_desk, *alerts[40:])
    await tell(at_desk, alerts[7])

    [row] = await at_desk.system.rows("SELECT id, calls, texts FROM alert")
    assert (row["calls"], len(row["texts"]), row["texts"][-1]) == (100, 20, "Gaz kokusu var 99")
    assert "100 kez yazdı" in (await at_desk.get("/")).text


async def test_a_call_after_the_acknowledgement_is_a_new_alert(at_desk: Desk) -> None:
    first, second = an_alert(person_id=A_SENDER), an_alert(person_id=A_SENDER)
    await tell(at_desk, first)
    await at_desk.send(f"/alerts/{first.id}/acknowledge", how="seen")

    await tell(at_desk, second)

    assert f"/alerts/{second.id}" in (await at_desk.get("/alerts/banner")).text


async def test_an_alert_nobody_looks_at_is_given_again_and_measured(at_desk: Desk) -> None:
    alert = an_alert(occurred_at=datetime.now(UTC) - timedelta(minutes=6))
    await tell(at_desk, alert)
    await at_desk.system.value("UPDATE alert SET due_at = now() RETURNING true")

    await until(lambda: at_desk.system.value("SELECT reminded = 1 FROM alert WHERE id = $1", alert.id), 15)

    assert "2. kez uyarılıyor" in (await at_desk.get("/")).text
    metrics = (await at_desk.get("/metrics")).text
    assert "ilkim_alerts_open 1.0" in metrics
    assert "ilkim_alerts_overdue_total" in metrics
    due_at = await at_desk.system.value("SELECT due_at FROM alert WHERE id = $1", alert.id)
    assert due_at > datetime.now(UTC) + timedelta(minutes=4)


async def test_a_flood_of_tasks_does_not_delay_an_alert(at_desk: Desk) -> None:
    await at_desk.system.tell(DESK, "tasks", *[a_task() for _ in range(2_000)])
    alert = an_alert()

    await tell(at_desk, alert)

    assert await at_desk.system.value("SELECT count(*) FROM alert WHERE id = $1", alert.id) == 1
