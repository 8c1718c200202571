"""The search: words in any form and letters, only what one may see, and quick, on a real database."""

from functools import partial
from typing import Any

import pytest

from bench.desk.filling import fill, owners_of
from services.desk.domain.identity import Identity, Permission
from services.desk.domain.searching import asked_words, entry_words, query_of, stem
from services.desk.handlers import Search
from services.desk.pages.searching import marked
from services.desk.store import searching as search_store
from shared.contracts import CaseState, Place
from shared.messaging.topology import EVENTS
from tests.builders import a_case_assigned, a_case_closed, a_citizen_added, an_id
from tests.desk.conftest import OWN, PLACE, Desk
from tests.harness import until

KALE = next(row for row in PLACE.neighbourhoods if row.name == "Kale")
EVERYBODY = Identity("ayse", "Ayşe", None, frozenset(Permission))
BACKLOG = 5_000


@pytest.mark.parametrize(
    ("form", "others"),
    [
        ("sokak", ["sokagi", "sokaginda", "sokaklar", "sokakta", "sokagimizdan"]),
        ("kaldirim", ["kaldirimlarda", "kaldirimi", "kaldirimimiz"]),
        ("cukur", ["cukuru", "cukurlar", "cukurdan", "cukurun"]),
        ("cop", ["copu", "copler", "coplerin", "copten"]),
        ("mahalle", ["mahallesi", "mahallemizde", "mahalleden"]),
        ("kopek", ["kopegi", "kopekler", "kopeklerin"]),
        ("lamba", ["lambasi", "lambalar", "lambanin"]),
        ("park", ["parki", "parkta", "parklarda", "parka"]),
    ],
)
def test_forms_of_one_word_have_one_stem(form: str, others: list[str]) -> None:
    assert {stem(other) for other in others} == {stem(form)}


def test_words_that_are_others_have_other_stems() -> None:
    assert len({stem(word) for word in ("kale", "kalin", "yol", "park", "cop", "sokak", "kaldirim")}) == 7


def test_a_tracking_number_is_one_word_however_it_is_written() -> None:
    assert asked_words("517-204-886") == asked_words("517 204 886") == asked_words("517204886") == ["517204886"]
    assert {"517204886", "517"} <= set(entry_words(["517-204-886"]).split())


def test_what_somebody_types_is_no_query_of_their_own() -> None:
    assert query_of(asked_words("çöp' | !x:* & (")) == "('cop':* | '=cop')"
    assert asked_words(" !& a ' ") == []


def test_words_that_were_asked_for_are_marked_and_a_text_is_cut_around_the_first() -> None:
    text = "Merhaba <b>, " + "çok uzun bir giriş " * 20 + "sonra KALDIRIMLARIN taşları söküldü."

    shown = marked(text, asked_words("kaldirim tas"))

    assert "<mark>KALDIRIMLARIN</mark> <mark>taşları</mark>" in shown
    assert shown.startswith("… ") and "<b>" not in marked(text, ["merhaba"])


async def read(at_desk: Desk) -> None:
    """Wait until what happened can be found."""
    for table in ("work_item", "known_case"):
        await until(partial(nothing, at_desk, f"SELECT count(*) FROM {table} WHERE NOT is_indexed"))


async def nothing(at_desk: Desk, count: str) -> bool:
    return bool(await at_desk.system.value(count) == 0)


async def numbers(at_desk: Desk, text: str, **more: Any) -> list[str]:
    search = Search(at_desk.service, PLACE)
    asked = {"by": EVERYBODY, "is_open": None, "limit": 10} | more
    return [entry.number for entry in await search.find(asked.pop("by"), text, **asked)]


@pytest.mark.parametrize(
    "text",
    [
        "111-111-111",
        "111 111 111",
        "kaldırımlar",
        "KALDIRIM",
        "kaldirimimizin",
        "kald",
        "kırık kaldırım",
        "Lise Caddesi",
        "lise caddesinde",
        KALE.name,
        "özel kalem",
        "gürültü",
    ],
)
async def test_an_item_is_found_by_number_words_place_topic_and_department(at_desk: Desk, text: str) -> None:
    place = Place(street="Lise Caddesi")
    told = {"text": "Kaldırımların hepsi kırık.", "place": place, "neighbourhood": KALE.code, "topic": "gurultu"}
    await at_desk.offer(number="111-111-111", **told)
    await at_desk.triage(number="222-222-222", text="Park çok karanlık.")
    await read(at_desk)

    assert await numbers(at_desk, text) == ["111-111-111"]


async def test_what_the_citizen_added_is_found_and_what_is_done_too(at_desk: Desk) -> None:
    offer = await at_desk.offer(number="111-111-111", text="Yol bozuk.")
    await at_desk.tell(offer, a_citizen_added(assignment_id=offer.assignment_id, text="Salıncak da kopmuş."))
    await until(lambda: at_desk.system.value("SELECT count(*) = 1 FROM work_step WHERE kind = 'added'"))
    await at_desk.send(f"/work/{offer.assignment_id}/close", outcome="solved", answer="Onarıldı.")
    await read(at_desk)

    assert await numbers(at_desk, "salıncak") == ["111-111-111"]
    assert await numbers(at_desk, "salıncak", is_open=True) == []
    assert await numbers(at_desk, "onarıldı", is_open=False) == ["111-111-111"]


async def test_nobody_finds_what_is_not_theirs_to_see(at_desk: Desk) -> None:
    await at_desk.offer(number="111-111-111", text="Kaldırım kırık.")
    await read(at_desk)

    for departments, found in (({OWN}, ["111-111-111"]), ({"zabita"}, []), (set(), [])):
        clerk = Identity("ayse", "Ayşe", frozenset(departments), frozenset({Permission.WORK}))
        assert await numbers(at_desk, "kaldırım", by=clerk) == found


async def test_a_case_that_others_have_is_found_by_number_topic_and_place_and_an_item_of_ours_once(
    at_desk: Desk,
) -> None:
    case, ours = an_id(), an_id()
    theirs = {"owner": "fen-isleri", "topic": "gurultu", "neighbourhood": KALE.code}
    facts = [
        a_case_assigned().model_copy(update=theirs | {"case_id": case, "number": "333-333-333"}),
        a_case_assigned().model_copy(update=theirs | {"case_id": ours, "number": "111-111-111", "owner": OWN}),
    ]
    await at_desk.system.tell(EVENTS, "router.kept.routine", *facts)
    await until(lambda: at_desk.system.value("SELECT count(*) = 2 FROM known_case"))
    await at_desk.offer(case_id=ours, number="111-111-111", topic="gurultu", neighbourhood=KALE.code)
    await read(at_desk)

    assert sorted(await numbers(at_desk, "gürültü kale")) == ["111-111-111", "333-333-333"]
    assert await numbers(at_desk, "333-333-333", is_open=True) == ["333-333-333"]
    closed = a_case_closed().model_copy(
        update={"case_id": case, "number": "333-333-333", "version": 9, "state": CaseState.CLOSED}
    )
    await at_desk.system.tell(EVENTS, "router.kept.routine", closed)
    await until(lambda: at_desk.system.value("SELECT count(*) = 1 FROM known_case WHERE NOT is_open"))
    await read(at_desk)
    assert await numbers(at_desk, "333-333-333", is_open=False) == ["333-333-333"]


async def test_the_page_shows_the_newest_first_with_the_words_marked(at_desk: Desk) -> None:
    offer = await at_desk.offer(number="111-111-111", text="Kaldırımlar <b>kırık</b>.")
    await read(at_desk)

    page = (await at_desk.get("/search?q=kaldirim")).text

    assert "<mark>Kaldırımlar</mark> &lt;b&gt;" in page and f"/work/{offer.assignment_id}" in page
    assert "Bir şey bulunamadı" in (await at_desk.get("/search?q=olmayan")).text
    assert "Açık ve kapanmış kayıtlarda arar" in (await at_desk.get("/search?q=")).text


async def test_many_entries_are_searched_by_index_for_rare_words_and_for_words_that_stand_everywhere(
    at_desk: Desk,
) -> None:
    await at_desk.offer(number="111-111-111", text="Hipodrom yanında kaldırım kırık.")
    pool = at_desk.system.pool
    async with pool.acquire() as connection:
        await fill(connection, PLACE, owners_of(PLACE), BACKLOG)
    await read(at_desk)
    await pool.execute("VACUUM ANALYZE search_entry")

    for text, index in (("hipodrom", "search_entry_words"), ("sokak", "search_entry_newest")):
        values = (query_of(asked_words(text)), None, None, search_store._LAST, search_store._GREATEST, 51)
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
            rows = await connection.fetch(f"EXPLAIN {search_store.SEARCH}", *values)
        plan = "\n".join(row["QUERY PLAN"] for row in rows)
        assert index in plan and "Seq Scan" not in plan, plan
    assert await numbers(at_desk, "hipodrom kaldırımı") == ["111-111-111"]
    first = await Search(at_desk.service, PLACE).find(EVERYBODY, "sokak", is_open=None, limit=10)
    behind = await Search(at_desk.service, PLACE).find(EVERYBODY, "sokak", is_open=None, limit=10, after=first[-1].id)
    assert first[-1].opened_at >= behind[0].opened_at and not {row.id for row in first} & {row.id for row in behind}
