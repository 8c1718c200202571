"""The parts of a replay: what the offices answer, how files are read, and how truth and bulletin are compared."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from ops.nine_months import Figure, PlannedContact, Truth, plan
from ops.replaying.compare import Figures, compare
from ops.replaying.conduct import players, scripts_of
from ops.replaying.csv_file import CsvMessages
from ops.replaying.send import message_of
from ops.spreadsheet import UnreadableFile
from services.intake.channels import whatsapp
from shared.contracts import (
    AssignmentAccepted,
    AssignmentClosed,
    AssignmentDecided,
    AssignmentOffered,
    AssignmentReturned,
    Channel,
    CitizenAsked,
    Outcome,
    OwnerKind,
)
from shared.ids import new_id
from shared.municipality import Municipality, load
from simulators.offices import Course, Script, answers, is_last_word, separated
from simulators.whatsapp.payloads import Account, CitizenMessage, message_webhook
from tests.builders import a_webhook, an_incident_grew
from tests.intake.deciding import registered

ILKADIM = Path(__file__).parent.parent / "municipality" / "ilkadim"
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def ilkadim() -> Municipality:
    return load(ILKADIM)


# --- offices ---------------------------------------------------------------------------------------------------


def test_the_true_owner_accepts_and_does_what_its_script_says() -> None:
    said = {course: [type(a) for _, a in answers(an_offer(), Script("zabita", course), NOW)] for course in Course}

    assert said[Course.SILENT] == []
    assert said[Course.ACCEPT] == [AssignmentAccepted]
    assert said[Course.ASK] == [AssignmentAccepted, CitizenAsked]
    assert said[Course.SOLVE] == said[Course.ANSWER] == [AssignmentAccepted, AssignmentClosed]


def test_solved_and_answered_are_told_apart() -> None:
    outcomes = [answers(an_offer(), Script("zabita", course), NOW)[-1][1] for course in (Course.SOLVE, Course.ANSWER)]

    assert [answer.outcome for answer in outcomes if isinstance(answer, AssignmentClosed)] == [
        Outcome.SOLVED,
        Outcome.ANSWERED,
    ]


def test_the_wrong_owner_returns_the_case_with_the_true_one() -> None:
    ((word, answer),) = answers(an_offer(owner="fen-isleri"), Script("zabita", Course.SOLVE), NOW)

    assert word == "returned"
    assert isinstance(answer, AssignmentReturned)
    assert answer.proposal == "zabita"
    assert answer.owner == "fen-isleri"


def test_a_case_nobody_can_route_is_returned_without_a_proposal_and_rests_with_the_centre() -> None:
    script = Script("cozum-merkezi", Course.TRIAGE)
    at_centre = an_offer(owner="cozum-merkezi", owner_kind=OwnerKind.CENTRE)
    ((_, returned),) = answers(an_offer(), script, NOW)

    assert isinstance(returned, AssignmentReturned)
    assert returned.proposal is None
    assert not is_last_word(an_offer(), script)
    assert answers(at_centre, script, NOW) == []
    assert is_last_word(at_centre, script)


def test_the_clerk_decides_what_came_to_the_centre() -> None:
    at_centre = an_offer(owner="cozum-merkezi", owner_kind=OwnerKind.CENTRE)
    ((word, answer),) = answers(at_centre, Script("saski", Course.ACCEPT, "su-kesintisi"), NOW)

    assert word == "decided"
    assert isinstance(answer, AssignmentDecided)
    assert (answer.decided_owner, answer.topic) == ("saski", "su-kesintisi")
    assert not is_last_word(at_centre, Script("saski", Course.ACCEPT))


def test_the_same_assignment_is_answered_with_the_same_messages_whenever_it_comes() -> None:
    offer, script = an_offer(), Script("zabita", Course.SOLVE)

    assert answers(offer, script, NOW) == answers(offer, script, NOW + timedelta(days=1))


def test_no_answer_is_given_before_its_case_or_in_the_future() -> None:
    offer = an_offer(opened_at=NOW - timedelta(minutes=1))

    assert all(
        offer.opened_at <= answer.occurred_at <= NOW for _, answer in answers(offer, Script("zabita", Course.ASK), NOW)
    )


# --- scripts ---------------------------------------------------------------------------------------------------


def test_a_case_that_was_joined_to_another_is_taken_out_again_since_each_script_is_a_problem_of_its_own() -> None:
    grew = an_incident_grew()

    word, answer = separated(grew, "department.saski.urgent", NOW)

    assert (word, answer.owner, answer.assignment_id) == ("separated", "saski", grew.assignment_id)
    assert answer.model_dump()["separate"] == grew.joined_case_id
    assert answer == separated(grew, "department.saski.urgent", NOW)[1]


def test_the_scripts_know_each_case_as_intake_will_call_it(ilkadim: Municipality) -> None:
    contacts = plan(ilkadim, count=400)
    scripts = scripts_of(contacts)

    assert len(scripts) == 400
    assert all(scripts.find(*filed(contact, ilkadim)) == script_of(contact) for contact in contacts)


def test_a_stranger_s_case_has_no_script(ilkadim: Municipality) -> None:
    assert scripts_of(plan(ilkadim, count=20)).find(uuid4(), "Sokak lambası yanmıyor.") is None


def test_all_is_settled_once_every_case_had_its_last_word(ilkadim: Municipality) -> None:
    contacts = plan(ilkadim, count=30)
    scripts = scripts_of(contacts)
    for contact in contacts[:-1]:
        scripts.settle(*filed(contact, ilkadim))

    assert not scripts.all_settled.is_set()
    scripts.settle(*filed(contacts[-1], ilkadim))
    assert scripts.all_settled.is_set()


def test_a_plan_without_cases_is_settled_from_the_start() -> None:
    assert scripts_of([]).all_settled.is_set()


def test_the_cast_leaves_the_desk_its_departments(ilkadim: Municipality) -> None:
    cast = players(ilkadim, scripts_of([]))

    assert "zabita" in cast.owners
    assert "saski" in cast.owners
    assert not {"cozum-merkezi", "teftis-kurulu"} & set(cast.owners)
    assert "teftis-kurulu" in cast.desk_departments
    assert "cozum-merkezi" not in cast.desk_departments


# --- files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1254", "utf-16"])
def test_any_delimiter_and_turkish_encoding_is_read(
    tmp_path: Path, ilkadim: Municipality, delimiter: str, encoding: str
) -> None:
    text = f'Çöpler "üç" gündür{delimiter} alınmıyor;\nşikâyetçiyiz, gelin'
    file = a_file(tmp_path, [["text", "Neighbourhood"], [text, "Kılıçdede"]], delimiter, encoding)

    (contact,) = a_reader(file, ilkadim).contacts()

    assert contact.text == text
    assert contact.place.neighbourhood == "Kılıçdede"
    assert contact.channel is Channel.WEB


def test_every_documented_column_is_taken(tmp_path: Path, ilkadim: Municipality) -> None:
    head = ["text", "channel", "time", "name", "address", "latitude", "longitude", "neighbourhood", "street"]
    row = [
        "Yol çok bozuk",
        "phone",
        "11.03.2020 14:30",
        "Ayşe Yılmaz",
        "+905010001234",
        "41,28",
        "36.33",
        "Kale",
        "70.",
    ]
    file = a_file(tmp_path, [[*head, "provider_id"], [*row, "cc-17"]])

    (contact,) = a_reader(file, ilkadim).contacts()

    assert contact.channel is Channel.PHONE
    assert contact.account == "phone-main"
    assert contact.occurred_at.isoformat() == "2020-03-11T14:30:00+03:00"
    assert (contact.sender.name, contact.sender.address) == ("Ayşe Yılmaz", "+905010001234")
    assert (contact.place.latitude, contact.place.longitude) == (41.28, 36.33)
    assert (contact.place.neighbourhood, contact.place.street) == ("Kale", "70.")
    assert contact.provider_id == "cc-17"


def test_the_text_may_stand_in_a_column_of_another_name(tmp_path: Path, ilkadim: Municipality) -> None:
    file = a_file(tmp_path, [["id", "ŞİKAYET"], ["1", "Sokak lambası yanmıyor"]])

    (contact,) = a_reader(file, ilkadim, text_column="şikayet").contacts()

    assert contact.text == "Sokak lambası yanmıyor"


def test_a_file_without_the_text_column_says_what_it_has(tmp_path: Path, ilkadim: Municipality) -> None:
    file = a_file(tmp_path, [["complaint", "label"], ["a", "b"]])

    with pytest.raises(UnreadableFile, match=r"it has complaint, label.*--text-column"):
        a_reader(file, ilkadim)


def test_a_missing_and_an_empty_file_are_refused_by_name(tmp_path: Path, ilkadim: Municipality) -> None:
    (tmp_path / "empty.csv").touch()

    with pytest.raises(UnreadableFile, match="there is no file"):
        a_reader(tmp_path / "none.csv", ilkadim)
    with pytest.raises(UnreadableFile, match="no column called 'text'"):
        a_reader(tmp_path / "empty.csv", ilkadim)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (["", "phone", "", ""], "0 letters"),
        (["a" * 20_001, "", "", ""], "20001 letters"),
        (["Yol bozuk", "telegraph", "", ""], "no channel is called 'telegraph'"),
        (["Yol bozuk", "", "yesterday", ""], "'yesterday' is no time"),
        (["Yol bozuk", "", "", "north"], "'north' is no number"),
        (["Yol bozuk", "", "", "412"], "latitude: not degrees"),
        (["Yol bozuk", "", "", "nan"], "latitude: not degrees"),
    ],
)
def test_a_row_that_cannot_be_sent_is_left_out_with_its_reason(
    tmp_path: Path, ilkadim: Municipality, row: list[str], reason: str
) -> None:
    file = a_file(tmp_path, [["text", "channel", "time", "latitude"], row, ["Çöp konteyneri dolu"]])
    reader = a_reader(file, ilkadim)

    assert [contact.text for contact in reader.contacts()] == ["Çöp konteyneri dolu"]
    assert reader.left_out == 1
    assert "line 2" in reader.faults[0]
    assert reason in reader.faults[0]


def test_the_same_run_gives_the_same_ids_and_another_run_others(tmp_path: Path, ilkadim: Municipality) -> None:
    file = a_file(tmp_path, [["text", "channel"], *(["Aynı metin", channel] for channel in ("web", "sms", "sms"))])
    ids = {run: [c.provider_id for c in a_reader(file, ilkadim, run=run).contacts()] for run in ("a", "b")}

    assert ids["a"] == [c.provider_id for c in a_reader(file, ilkadim, run="a").contacts()]
    assert len({*ids["a"], *ids["b"]}) == 6


def test_a_whatsapp_row_without_a_number_gets_one_that_cannot_be_real(tmp_path: Path, ilkadim: Municipality) -> None:
    file = a_file(tmp_path, [["text"], ["Yol çok bozuk"]])

    (contact,) = a_reader(file, ilkadim, channel=Channel.WHATSAPP).contacts()

    assert (contact.sender.address or "").startswith("+90501000")


# --- truth beside the bulletin ---------------------------------------------------------------------------------


def test_what_was_counted_before_is_no_part_of_the_comparison() -> None:
    truth = Truth(5, {"departments": Figure(3, 2, {"zabita": 3}), "total": Figure(3)})

    lines = compare(truth, some_figures(10, 7, {"zabita": 10}), some_figures(13, 9, {"zabita": 13}, contacts=5))

    assert all(line.matches for line in lines)
    assert [line.code for line in lines] == ["departments", "total", "contacts"]


def test_one_case_in_the_wrong_part_is_told() -> None:
    truth = Truth(0, {"departments": Figure(3, 2, {"zabita": 3})})

    line, *_ = compare(truth, some_figures(0, 0, {}), some_figures(3, 2, {"zabita": 2, "fen-isleri": 1}))

    assert not line.matches
    assert line.parts == {"fen-isleri": (0, 1), "zabita": (3, 2)}


# --- builders --------------------------------------------------------------------------------------------------


def an_offer(
    owner: str = "zabita",
    owner_kind: OwnerKind = OwnerKind.DEPARTMENT,
    opened_at: datetime = datetime(2020, 3, 11, 9, tzinfo=UTC),
) -> AssignmentOffered:
    return AssignmentOffered(
        id=new_id(),
        occurred_at=opened_at,
        assignment_id=new_id(),
        case_id=new_id(),
        number="100-000-001",
        owner=owner,
        owner_kind=owner_kind,
        lane="routine",
        text="Gürültüden uyuyamıyoruz.",
        opened_at=opened_at,
    )


def script_of(contact: PlannedContact) -> Script:
    assert contact.owner is not None
    assert contact.course is not None
    return Script(contact.owner, contact.course, contact.topic)


def filed(contact: PlannedContact, municipality: Municipality) -> tuple[UUID, str]:
    """The case's id and text as intake makes them from what the channel sends."""
    message = message_of(contact)
    if contact.channel is Channel.WHATSAPP:
        number = (contact.sender.address or "").removeprefix("+")
        at = int(contact.occurred_at.timestamp())
        body = message_webhook(
            Account(phone_number_id=contact.account), [CitizenMessage(number, contact.provider_id, at, contact.text)]
        )
        (message,) = whatsapp.read(a_webhook(body, received_at=NOW)).messages
    if contact.channel is Channel.WEB:
        message = message.model_copy(update={"occurred_at": NOW})
    (case,) = registered(message).opens
    return case.id, case.text


def a_file(folder: Path, rows: list[list[str]], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    path = folder / "messages.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def a_reader(
    path: Path,
    municipality: Municipality,
    run: str = "test",
    channel: Channel = Channel.WEB,
    text_column: str = "text",
) -> CsvMessages:
    return CsvMessages(path, municipality, run, NOW, channel, text_column)


def some_figures(cases: int, resolved: int, parts: dict[str, int], contacts: int = 0) -> Figures:
    bulletin = {
        "groups": [
            {
                "code": "departments",
                "label": "Birimler",
                "cases": cases,
                "resolved": resolved,
                "parts": [{"code": code, "cases": count} for code, count in parts.items()],
            }
        ],
        "lines": [{"code": "total", "label": "Toplam", "cases": cases, "resolved": None}],
    }
    return Figures(json.loads(json.dumps(bulletin)), contacts)
