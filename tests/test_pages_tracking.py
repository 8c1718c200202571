"""A case's story as its citizen reads it, and how often somebody may be wrong."""

from datetime import timedelta

from services.intake.pages.timeline import timeline
from services.intake.store import CaseContact, CaseFile, CaseStep
from shared.contracts import CaseState, Channel, Effect, Outcome, OwnerKind, Place, Purpose
from shared.ids import new_id
from shared.tries import KEYS_MAX, TRIES_MAX, WINDOW_SECONDS, Tries, household
from tests.builders import AT, DEPARTMENT, NUMBER

CASE = CaseFile(
    id=new_id(),
    number=NUMBER,
    contact_id=new_id(),
    person_id=new_id(),
    channel=Channel.WEB,
    account="main",
    text="Çöp konteyneri dolu",
    place=Place(),
    latitude=None,
    longitude=None,
    version=5,
    state=CaseState.CLOSED,
    outcome=Outcome.SOLVED,
    owner=DEPARTMENT,
    owner_kind=OwnerKind.DEPARTMENT,
    topic="cop-konteyneri",
    neighbourhood=None,
    opened_at=AT,
    due_at=None,
    closed_at=None,
    updated_at=AT,
)


def a_step(version: int, kind: str, text: str = "", **changed: object) -> CaseStep:
    usual: dict[str, object] = {"owner": DEPARTMENT, "owner_kind": OwnerKind.DEPARTMENT, "outcome": None}
    at, state = AT + timedelta(hours=version), CaseState.ROUTED
    return CaseStep(version=version, at=at, kind=kind, state=state, text=text, **(usual | changed))  # type: ignore[arg-type]


def kinds(*steps: CaseStep, added: list[CaseContact] | None = None) -> list[str]:
    return [line.kind for line in timeline(CASE, steps, added or [])]


def test_the_story_begins_with_the_citizens_own_message() -> None:
    assert kinds() == ["received"]


def test_question_and_answer_are_told_and_what_a_department_notes_for_itself_is_not() -> None:
    steps = [
        a_step(2, "assigned"),
        a_step(3, "progressed", "Ekip Ahmet'te"),
        a_step(4, "asked", "Kapı numarası kaç?"),
        a_step(5, "closed", "Konteyner boşaltıldı.", outcome=Outcome.SOLVED),
    ]

    lines = timeline(CASE, steps, [])

    assert [line.text for line in lines] == ["", "", "", "Kapı numarası kaç?", "Konteyner boşaltıldı."]
    assert lines[-1].outcome is Outcome.SOLVED


def test_a_return_is_our_own_affair() -> None:
    back = a_step(3, "returned", "Bizim işimiz değil")

    assert kinds(a_step(2, "assigned"), back, a_step(4, "assigned", owner="fen-isleri")) == [
        "received",
        "assigned",
        "assigned",
    ]


def test_what_repeats_the_line_before_is_left_out() -> None:
    assert kinds(a_step(2, "assigned"), a_step(3, "progressed"), a_step(4, "progressed")) == [
        "received",
        "assigned",
        "progressed",
    ]


def test_at_the_solution_centre_a_person_looks_at_it() -> None:
    assert kinds(a_step(2, "assigned", owner="cozum-merkezi", owner_kind=OwnerKind.CENTRE)) == ["received", "centre"]


def test_what_the_citizen_added_stands_at_its_time() -> None:
    added = CaseContact(new_id(), Channel.WEB, AT + timedelta(hours=2.5), Purpose.REQUEST, Effect.JOINED)

    assert kinds(a_step(2, "assigned"), a_step(3, "accepted"), added=[added]) == [
        "received",
        "assigned",
        "added",
        "accepted",
    ]


def test_ten_wrong_tries_a_minute_are_borne_for_each_number_and_each_client() -> None:
    tries = Tries()
    for second in range(TRIES_MAX):
        assert not tries.are_spent(("number a",), second)
        tries.count(("number a", "client b"), second)

    assert tries.are_spent(("number a", "client c"), TRIES_MAX)
    assert tries.are_spent(("number d", "client b"), TRIES_MAX)
    assert not tries.are_spent(("number d", "client c"), TRIES_MAX)
    assert not tries.are_spent(("number a",), WINDOW_SECONDS)


def test_the_memory_of_tries_is_bounded() -> None:
    tries = Tries()
    for key in range(KEYS_MAX + 5):
        tries.count((str(key),), 0.0)

    assert len(tries._tried) == KEYS_MAX


def test_one_household_is_one_client() -> None:
    assert household("2001:db8::1") == household("2001:db8::ffff")
    assert household("2001:db8:0:1::1") != household("2001:db8::1")
    assert household("192.0.2.1") != household("192.0.2.2")
    assert household("unix") == "unix"
