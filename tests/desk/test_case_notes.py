"""Notes between colleagues, further cases by hand, and a case to take along."""

import csv
import io
import json
from typing import Any

import pytest

from services.desk.domain.identity import Identity, Permission
from services.desk.domain.notes import mentions, names_of
from shared.contracts import AssignmentOffered, CaseKind
from shared.contracts.inside import ToldEarlier
from tests.builders import AT, an_id
from tests.desk.conftest import OWN, USER
from tests.desk.test_case_pages import NAME, PHONE, Room, a_contact, only, room, sit_down, started
from tests.harness import until

__all__ = ["only", "room", "started"]  # fixtures


@pytest.fixture
def signed_in(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Somebody else sits at the desk from now on."""

    def sit(name: str, *departments: str, permissions: frozenset[Permission] = frozenset(Permission)) -> None:
        sit_down(monkeypatch, Identity(name, name, frozenset(departments) or None, permissions))

    return sit


async def write(room: Room, offer: AssignmentOffered, text: str) -> None:
    assert (await room.desk.send(f"/work/{offer.assignment_id}/note", note=text)).status == 303


# Who is meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("@zabita bakar mısınız?", ["zabita"]),
        ("@Zabıta ve @ayse.k, lütfen. @zabita!", ["zabita", "ayse.k"]),
        ("bilgi@example.org adresine yazın", []),
        ("@fen-isleri.", ["fen-isleri"]),
        ("@ boş", []),
    ],
)
def test_who_is_meant_stands_behind_an_at_sign(text: str, meant: list[str]) -> None:
    assert mentions(text) == meant


def test_who_sees_all_departments_is_not_meant_by_each_of_them() -> None:
    operator = Identity("Ayşe", "Ayşe", None, frozenset())
    clerk = Identity("mehmet", "Mehmet", frozenset({"zabita"}), frozenset())

    assert names_of(operator, "cozum-merkezi") == {"ayse", "cozum-merkezi"}
    assert names_of(clerk, "cozum-merkezi") == {"mehmet", "zabita"}


# Notes


async def test_a_note_stands_in_the_story_and_is_told_to_nobody_outside(room: Room) -> None:
    offer = await room.offer()
    await room.desk.answer()
    await write(room, offer, "Anahtar güvenlikte.")

    assert "Anahtar güvenlikte." in await room.page(offer)
    assert [event["type"] for event in await room.desk.system.told()] == ["assignment.accepted.v1"]


async def test_a_note_travels_with_the_case_to_the_next_department(room: Room, signed_in: Any) -> None:
    first = await room.offer()
    await write(room, first, "Sahibi yurt dışında.")
    again = await room.offer(case_id=first.case_id, owner="teftis-kurulu")
    signed_in("fatma", "teftis-kurulu")

    assert "Sahibi yurt dışında." in await room.page(again)


async def test_who_is_meant_finds_it_counted_once_until_seen(room: Room, signed_in: Any) -> None:
    offer = await room.offer()
    await write(room, offer, "@teftis-kurulu bunu biliyor mu?")
    signed_in("fatma", "teftis-kurulu")

    before = (await room.desk.get("/work/mentions")).text
    after = (await room.desk.get("/work/mentions")).text

    assert "bunu biliyor mu?" in before and "Yeni</span>" in before
    assert "bunu biliyor mu?" in after and "Yeni</span>" not in after


async def test_who_may_not_open_the_case_reads_the_note_and_finds_no_link(room: Room, signed_in: Any) -> None:
    offer = await room.offer()
    await write(room, offer, "@fatma bunu biliyor mu?")

    signed_in("fatma", "teftis-kurulu")
    assert f"/work/{offer.assignment_id}" not in (await room.desk.get("/work/mentions")).text

    signed_in("fatma", OWN)
    assert f"/work/{offer.assignment_id}" in (await room.desk.get("/work/mentions")).text


async def test_ones_own_note_is_no_news(room: Room) -> None:
    offer = await room.offer()
    await write(room, offer, f"@{USER} unutma")

    assert "unutma" not in (await room.desk.get("/work/mentions")).text


@pytest.mark.parametrize(("text", "told"), [(" ", "Bu alanı doldurun."), ("a" * 4001, "En çok 4.000 harf")])
async def test_a_note_without_words_or_with_too_many_is_refused(room: Room, text: str, told: str) -> None:
    offer = await room.offer()

    refused = await room.desk.send(f"/work/{offer.assignment_id}/note", note=text)

    assert refused.status == 422 and told in refused.text
    assert await room.desk.system.value("SELECT count(*) FROM case_note") == 0


# A further case


async def split(room: Room, offer: AssignmentOffered, **fields: str) -> int:
    sent = await room.desk.send(f"/work/{offer.assignment_id}/split", **fields)
    return sent.status


async def test_a_further_case_is_asked_of_intake_as_a_settled_split(room: Room) -> None:
    offer = await room.offer(text="Boru patladı, kaldırım çöktü.")

    assert await split(room, offer, split_owner="fen-isleri", split_topic="kaldirim", about="Kaldırım çöktü.") == 303

    told = json.loads(await room.desk.system.take("intake.settled"))
    assert (told["kind"], told["source"], told["decision"]) == ("split", "intake", "done")
    assert told["case_id"] == str(offer.case_id)
    assert told["chosen"] == [{"owner": "fen-isleri", "topic": "kaldirim", "by": USER}]
    assert told["text"] == "Kaldırım çöktü."
    assert "Ek kayıt açıldı" in await room.page(offer)


async def test_without_words_of_ones_own_the_citizens_go_along(room: Room) -> None:
    offer = await room.offer(text="Boru patladı, kaldırım çöktü.")

    await split(room, offer, split_owner="fen-isleri", about="")

    assert json.loads(await room.desk.system.take("intake.settled"))["text"] == "Boru patladı, kaldırım çöktü."


async def test_the_same_owner_twice_is_one_further_case(room: Room) -> None:
    offer = await room.offer()
    for _ in range(2):
        await split(room, offer, split_owner="fen-isleri")

    told = [event for event in await room.desk.system.told() if event["type"] == "task.settled.v1"]
    assert len({event["id"] for event in told}) == len({event["task_id"] for event in told}) == 1
    steps = await room.desk.system.rows("SELECT detail FROM work_step WHERE kind = 'split'")
    assert [step["detail"] for step in steps] == ["fen-isleri"]


@pytest.mark.parametrize("owner", ["", "nobody", OWN, "cozum-merkezi"])
async def test_whom_it_cannot_concern_too_is_refused_beside_the_field(room: Room, owner: str) -> None:
    assert await split(room, await room.offer(), split_owner=owner) == 422


async def test_a_case_that_is_done_is_not_split(room: Room) -> None:
    offer = await room.offer()
    await room.desk.send(f"/work/{offer.assignment_id}/close", outcome="solved", answer="Yapıldı.")

    assert await split(room, offer, split_owner="fen-isleri") == 409


# To take along


async def exported(room: Room, offer: AssignmentOffered, form: str) -> str:
    reply = await room.desk.get(f"/work/{offer.assignment_id}/export.{form}")
    assert reply.status == 200
    assert reply.headers["Content-Disposition"] == f'attachment; filename="{offer.number}.{form}"'
    return reply.text


async def test_a_case_is_taken_along_with_its_story_and_without_notes_or_contact_details(room: Room) -> None:
    offer = await room.offer()
    room.knows(offer, contacts=(a_contact(text="Hâlâ bekliyorum."),))
    await write(room, offer, "Aramızda kalsın.")

    as_json, as_csv = await exported(room, offer, "json"), await exported(room, offer, "csv")

    assert [row["what"] for row in json.loads(as_json)["story"]].count("wrote") == 1
    rows = list(csv.reader(io.StringIO(as_csv.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}")), delimiter=";"))
    assert rows[0][0] == "at" and any("Hâlâ bekliyorum." in row for row in rows)
    for secret in ("Aramızda kalsın.", NAME, PHONE):
        assert secret not in as_json and secret not in as_csv


async def test_without_the_permission_nothing_is_taken_along(room: Room, signed_in: Any) -> None:
    offer = await room.offer()
    signed_in("fatma", OWN, permissions=frozenset({Permission.WORK}))

    assert (await room.desk.get(f"/work/{offer.assignment_id}/export.json")).status == 403
    assert "export.json" not in await room.page(offer)


async def test_who_told_a_tip_is_found_nowhere_by_the_department(
    room: Room, signed_in: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """Page, API, files to take along and logs, for somebody with every permission but the one."""
    offer = await room.offer(kind=CaseKind.TIP, hides_identity=True)
    earlier = ToldEarlier(case_id=an_id(), number="222-222-222", opened_at=AT, is_open=True)
    room.knows(offer, contacts=(a_contact(),), of_person=(earlier,))
    signed_in("fatma", OWN, permissions=frozenset(Permission) - {Permission.TIP_IDENTITY})
    item = f"/work/{offer.assignment_id}"

    told = [
        (await room.desk.get(item)).text,
        (await room.desk.send(f"{item}/people")).text,
        (await room.desk.get(f"/api{item}")).text,
        (await room.desk.get("/api/work")).text,
        await exported(room, offer, "json"),
        await exported(room, offer, "csv"),
        "".join(capfd.readouterr()),
    ]

    assert "İhbar" in told[0] or "Kimliği gizli" in told[0]
    for secret in (NAME, PHONE, "222-222-222"):
        assert [secret in text for text in told] == [False] * len(told)
    assert str(offer.case_id) not in room.intake.asked
    await until(lambda: room.desk.system.value("SELECT count(*) = 0 FROM look"))
