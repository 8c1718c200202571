"""Calls on the operator's screen: folded in any order, shown at the telephone that rings, every look kept."""

import random
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

from services.desk.domain import begun, fold
from shared.contracts import CallReported, CallState, Channel, EarlierCase
from shared.messaging.topology import DESK
from tests.builders import AT, PHONE, a_call, an_id
from tests.desk.conftest import USER, Desk
from tests.harness import until

SHOWN_PHONE = "0532 111 22 33"
RINGING, ANSWERED, ENDED, MISSED = CallState.RINGING, CallState.ANSWERED, CallState.ENDED, CallState.MISSED


def steps(*states: CallState, call_id: str = "call-1", **changed: Any) -> list[CallReported]:
    """What an exchange tells of one call, a second apart."""
    return [
        a_call(call_id=call_id, state=state, **{"occurred_at": AT + timedelta(seconds=second), **changed})
        for second, state in enumerate(states)
    ]


def folded(reports: list[CallReported]) -> Any:
    call = begun(reports[0])
    for report in reports:
        call = fold(call, report)
    return call


def an_earlier_case(**changed: Any) -> EarlierCase:
    case = {"case_id": "00000000-0000-7000-8000-000000000001", "number": "482-715-936", "channel": Channel.WHATSAPP}
    return EarlierCase.model_validate({**case, "opened_at": AT, "is_open": True, **changed})


def test_a_call_is_the_same_in_whatever_order_it_is_told() -> None:
    reports = steps(RINGING, RINGING, ANSWERED, ENDED)
    reports[0] = reports[0].model_copy(update={"extension": "1001"})
    reports[2] = reports[2].model_copy(update={"extension": "1002", "history": (an_earlier_case(),)})

    for order in permutations(reports):
        call = folded(list(order))
        assert (call.state, call.extension, call.began_at, call.answered_at) == (
            ENDED,
            "1002",
            AT,
            AT + timedelta(seconds=2),
        )
        assert call.history == (an_earlier_case(),)


def test_what_was_answered_was_not_missed() -> None:
    for order in permutations(steps(RINGING, ANSWERED, MISSED)):
        assert folded(list(order)).state is ENDED


def test_the_next_telephone_that_rings_takes_the_call_over() -> None:
    first, second = steps(RINGING, RINGING)

    call = folded([first.model_copy(update={"extension": "1001"}), second.model_copy(update={"extension": "1002"})])

    assert call.extension == "1002"


async def tell(at_desk: Desk, *reports: CallReported) -> None:
    """Tell what intake tells of calls, and wait until it is seen."""
    await at_desk.system.tell(DESK, "tasks", *reports)
    ids = [report.id for report in reports]

    async def is_seen() -> bool:
        seen = await at_desk.system.value("SELECT count(*) FROM inbox WHERE event_id = ANY($1)", ids)
        return bool(seen == len(ids))

    await until(is_seen)


def now(*states: CallState, **changed: Any) -> list[CallReported]:
    return steps(*states, **{"occurred_at": datetime.now(UTC), "extension": "1001", **changed})


async def test_a_ringing_telephone_opens_the_caller_s_history(at_desk: Desk) -> None:
    await tell(at_desk, *now(RINGING, name="Ayşe Yılmaz", history=(an_earlier_case(),)))

    page = (await at_desk.get("/calls")).text

    for told in (SHOWN_PHONE, "Ayşe Yılmaz", "482-715-936", "Açık", "WhatsApp", "Çalıyor", "dahili 1001"):
        assert told in page


async def test_a_call_shows_at_its_own_telephone_only_one_in_a_queue_at_all(at_desk: Desk) -> None:
    await tell(at_desk, *now(RINGING, call_id="own"), *now(RINGING, call_id="queue", extension=None))

    for extension, cards in (("1001", 2), ("1002", 1)):
        screen = (await at_desk.get("/calls/screen", {"Cookie": f"dahili={extension}"})).text
        assert screen.count("<article") == cards
    assert "<article" not in (await at_desk.get("/calls/screen")).text


async def test_every_page_of_an_operator_with_a_telephone_shows_the_call(at_desk: Desk) -> None:
    assert 'data-live="/calls/screen"' in (await at_desk.get("/", {"Cookie": "dahili=1001"})).text
    assert 'data-live="/calls/screen"' not in (await at_desk.get("/")).text


async def test_the_extension_is_remembered_and_forgotten(at_desk: Desk) -> None:
    kept = await at_desk.send("/calls/extension", extension=" 1001 ")
    assert "dahili=1001" in kept.headers["Set-Cookie"]

    assert "Set-Cookie" not in (await at_desk.send("/calls/extension", extension="<b>")).headers
    gone = await at_desk.send("/calls/extension", extension="")
    assert 'dahili=""' in gone.headers["Set-Cookie"]


async def test_a_page_that_renews_itself_is_one_look(at_desk: Desk) -> None:
    await tell(at_desk, *now(RINGING))
    assert PHONE.encode() not in await at_desk.system.value("SELECT address_sealed FROM call")

    for _ in range(3):
        await at_desk.get("/calls/list")

    assert await at_desk.system.rows("SELECT by_whom, what FROM look") == [{"by_whom": USER, "what": "call"}]


async def test_a_missed_call_leaves_the_screen_and_stays_in_the_list_without_its_number(at_desk: Desk) -> None:
    await tell(at_desk, *now(RINGING, MISSED))

    page = (await at_desk.get("/calls")).text

    assert "Yanıtlanmadı" in page and "Hatta kimse yok" in page
    assert SHOWN_PHONE not in page
    assert await at_desk.system.value("SELECT count(*) FROM look") == 0


async def test_a_call_whose_end_nobody_told_does_not_ring_for_ever(at_desk: Desk) -> None:
    await tell(at_desk, *now(RINGING, occurred_at=datetime.now(UTC) - timedelta(minutes=11)))

    assert "<article" not in (await at_desk.get("/calls")).text


async def test_who_hides_the_number_is_shown_as_such(at_desk: Desk) -> None:
    await tell(at_desk, *now(RINGING, address=None))

    assert "Numara gizli" in (await at_desk.get("/calls")).text
    assert await at_desk.system.value("SELECT count(*) FROM look") == 0


async def test_an_entry_begins_with_who_calls(at_desk: Desk) -> None:
    await tell(at_desk, *now(RINGING, name="Ayşe Yılmaz", history=(an_earlier_case(),)))
    call = await at_desk.system.value("SELECT id FROM call")

    page = (await at_desk.get(f"/entry?call={call}")).text

    assert f'value="{SHOWN_PHONE}"' in page and 'value="Ayşe Yılmaz"' in page
    assert "482-715-936" in page
    again = (await at_desk.send("/entry", id=str(an_id()), channel="phone", text="", call=str(call))).text
    assert "482-715-936" in again and f'name="call" value="{call}"' in again


async def test_reports_of_many_calls_come_mixed_in_one_batch(at_desk: Desk) -> None:
    reports = [report for n in range(20) for report in now(RINGING, ANSWERED, ENDED, call_id=f"call-{n}")]
    random.Random(5).shuffle(reports)

    await tell(at_desk, *reports)

    states = await at_desk.system.rows("SELECT state, count(*) FROM call GROUP BY state")
    assert states == [{"state": "ended", "count": 20}]
