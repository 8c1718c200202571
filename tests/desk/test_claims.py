"""Who holds an item, with a real broker and database: one wins, nothing is overwritten, nothing stays held for good."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.desk.domain import Take
from services.desk.domain.identity import Identity, Permission
from services.desk.handlers import NoSuchItem, Refused, Work
from tests.desk.conftest import OWN, PLACE, Desk

TRIES = 50


def a_clerk(name: str, department: str = OWN, *more: Permission) -> Identity:
    return Identity(name, name, frozenset({department}), frozenset({Permission.WORK, *more}))


@pytest.fixture
def work(at_desk: Desk) -> Work:
    """What a replica of the desk does, beside the one that serves the pages."""
    return Work(at_desk.service, PLACE)


async def take(work: Work, assignment_id: object, name: str) -> str | None:
    """The name of who took it; None: it was refused."""
    try:
        await work.act(assignment_id, Take(), a_clerk(name))  # type: ignore[arg-type]
    except Refused:
        return None
    return name


@pytest.mark.parametrize("clerks", [2, 20])
async def test_of_clerks_who_take_one_item_at_once_one_wins_each_time(at_desk: Desk, work: Work, clerks: int) -> None:
    for _ in range(TRIES):
        offer = await at_desk.offer()

        won = await asyncio.gather(*(take(work, offer.assignment_id, f"clerk-{clerk}") for clerk in range(clerks)))

        (winner,) = [name for name in won if name]
        row = await at_desk.system.pool.fetchrow(
            "SELECT taken_by, revision FROM work_item WHERE assignment_id = $1", offer.assignment_id
        )
        assert tuple(row) == (winner, 1)
        await at_desk.system.pool.execute("TRUNCATE work_item CASCADE")


async def test_a_claim_that_ran_out_comes_back_by_itself_and_the_story_says_so(at_desk: Desk, work: Work) -> None:
    offer = await at_desk.offer()
    await work.act(offer.assignment_id, Take(), a_clerk("mehmet"))

    await work.sweep(datetime.now(UTC) + work.lease - timedelta(minutes=1))
    assert await at_desk.system.value("SELECT taken_by FROM work_item") == "mehmet"
    await work.sweep(datetime.now(UTC) + work.lease)

    assert await at_desk.system.value("SELECT state || coalesce(taken_by, '') FROM work_item") == "waiting"
    assert "Süresi dolduğu için bırakıldı" in (await at_desk.get(f"/work/{offer.assignment_id}")).text


async def test_a_claim_that_ran_out_is_free_before_any_sweep_saw_it(at_desk: Desk, work: Work) -> None:
    offer = await at_desk.offer()
    await work.act(offer.assignment_id, Take(), a_clerk("mehmet"))
    await at_desk.system.pool.execute("UPDATE work_item SET held_until = now() - interval '1 minute'")

    taken = await work.act(offer.assignment_id, Take(), a_clerk("ayse"))

    assert taken.taken_by == "ayse"
    lapsed = await at_desk.system.rows("SELECT by_whom FROM work_step WHERE kind = 'lapsed'")
    assert [row["by_whom"] for row in lapsed] == ["mehmet"]


async def test_a_colleagues_claim_is_taken_over_with_permission_alone(at_desk: Desk, work: Work) -> None:
    offer = await at_desk.offer()
    await work.act(offer.assignment_id, Take(), a_clerk("mehmet"))

    with pytest.raises(Refused, match="not_over"):
        await work.act(offer.assignment_id, Take(over=True), a_clerk("ayse"))
    chief = a_clerk("fatma", OWN, Permission.OVERSEE)
    assert (await work.act(offer.assignment_id, Take(over=True), chief)).taken_by == "fatma"


async def test_what_belongs_to_another_department_is_not_there(at_desk: Desk, work: Work) -> None:
    offer = await at_desk.offer()

    with pytest.raises(NoSuchItem):
        await work.act(offer.assignment_id, Take(), a_clerk("ayse", "zabita"))


async def test_a_stale_page_overwrites_nothing_and_keeps_what_was_typed(at_desk: Desk) -> None:
    offer = await at_desk.offer()
    assert 'name="revision" value="0"' in (await at_desk.get(f"/work/{offer.assignment_id}")).text
    await at_desk.send(f"/work/{offer.assignment_id}/ask", question="Kapı numarası kaç?", revision="0")

    closing = {"outcome": "solved", "answer": "Konteyner boşaltıldı."}
    refused = await at_desk.send(f"/work/{offer.assignment_id}/close", **closing, revision="0")

    assert refused.status == 409
    assert "Siz bakarken kayıt değişti" in refused.text and closing["answer"] in refused.text
    assert 'name="revision" value="1"' in refused.text
    assert (await at_desk.send(f"/work/{offer.assignment_id}/close", **closing, revision="1")).status == 303


async def test_a_program_names_the_revision_too(at_desk: Desk) -> None:
    offer = await at_desk.offer()
    await at_desk.post(f"/api/work/{offer.assignment_id}/take")

    refused = await at_desk.post(f"/api/work/{offer.assignment_id}/ask?revision=0", {"question": "Nerede?"})

    assert refused.status == 409
    assert (await at_desk.post(f"/api/work/{offer.assignment_id}/release")).json()["state"] == "waiting"
