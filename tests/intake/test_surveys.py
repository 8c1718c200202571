"""What citizens answer when asked whether a case is solved: read only then, counted once, a no seen by a person."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from services.intake.domain import Around, KnownCase, Registration, Survey
from services.intake.domain.surveys import Read
from shared.contracts import (
    CaseOpened,
    CaseState,
    Channel,
    Effect,
    NoticeStatus,
    OptOutRecorded,
    Purpose,
    ReopenedBy,
    ReopeningAsked,
    Sender,
    SurveyAnswered,
)
from shared.messaging.topology import EVENTS, INTAKE
from tests.builders import AT, PHONE, a_message, a_notice_recorded
from tests.harness import System
from tests.intake.deciding import registered, rules
from tests.intake.test_followups import ME, STRANGER, a_case, a_line
from tests.intake.test_reopening import DAYS, a_case_of_mine, a_closed_case, answers, close
from tests.intake.test_worker import count, has, told

VALID: Final = rules().surveys.valid
ASKED: Final = AT - timedelta(hours=1)


def asked_about(case: KnownCase, at: datetime = ASKED, solved: bool | None = None) -> dict[str, Any]:
    return {"survey": Survey(case.id, at, solved), "surveyed": case}


def said(text: str, *, case: KnownCase | None = None, **around: Any) -> Registration:
    """By SMS, from who was asked about the case an hour ago unless the test says otherwise."""
    known = asked_about(case or a_closed_case())
    return registered(a_line(text, channel=Channel.SMS), Around(**{"people": frozenset({ME})} | known | around))


# What the words mean


@pytest.mark.parametrize(
    "text", ["1", " 1 ", "1.", "EVET", "Evet, çözüldü", "evet teşekkürler", "1 sağ olun", "👍", "👍🏽", "Yes"]
)
def test_a_yes_is_read(text: str) -> None:
    assert rules().surveys.read(text, rules().wishes) == Read(solved=True)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("2", ""),
        ("HAYIR", ""),
        ("Hayır, çözülmedi", ""),
        ("👎", ""),
        ("No", ""),
        ("2, hâlâ akıyor", "hâlâ akıyor"),
        ("2\nkaldırım kırık", "kaldırım kırık"),
        ("hayır hâlâ yapılmadı", "hâlâ yapılmadı"),
        ("2 kimse gelmedi", "kimse gelmedi"),
    ],
)
def test_a_no_is_read_with_the_words_behind_it(text: str, rest: str) -> None:
    assert rules().surveys.read(text, rules().wishes) == Read(solved=False, rest=rest)


@pytest.mark.parametrize(
    "text",
    [
        "2 gündür su yok",
        "1 numaralı sokakta çukur var",
        "Hayır işleri için kime başvurabilirim",
        "evet ama kaldırım kırık",
        "12",
        "3",
        "",
        "Sokağımızda çukur var",
        "👍👎",
    ],
)
def test_what_may_be_a_matter_of_its_own_is_no_answer(text: str) -> None:
    assert rules().surveys.read(text, rules().wishes) is None


# What an answer does


def test_a_yes_counts_and_changes_nothing() -> None:
    case = a_closed_case()
    row = said("1", case=case)

    assert (row.effect, row.purpose, row.links, row.joins, row.opens) == (
        Effect.NONE,
        Purpose.SURVEY,
        (case.id,),
        (),
        (),
    )
    assert row.answer and row.answer.counts and row.answer.solved


def test_a_no_counts_and_asks_that_somebody_looks_again_with_the_words_behind_it() -> None:
    case = a_closed_case()
    row = said("2, hâlâ akıyor", case=case)

    assert (row.effect, row.purpose, row.reopens, row.text) == (
        Effect.JOINED,
        Purpose.SURVEY,
        {case.id},
        "hâlâ akıyor",
    )
    assert row.answer and row.answer.counts and not row.answer.solved


def test_without_a_survey_that_waits_a_digit_is_a_message_like_any_other() -> None:
    assert said("2", survey=None, surveyed=None).effect is Effect.OPENED


@pytest.mark.parametrize(
    ("solved", "text", "asks_again"), [(True, "1", False), (True, "2", True), (False, "2", False), (False, "1", False)]
)
def test_a_second_answer_is_not_counted_but_a_change_of_mind_is_heard(
    solved: bool, text: str, asks_again: bool
) -> None:
    case = a_closed_case()
    row = said(text, **asked_about(case, solved=solved))

    assert row.answer and not row.answer.counts
    assert (row.reason, bool(row.reopens), row.opens) == ("survey_again", asks_again, ())


@pytest.mark.parametrize("text", ["1", "2"])
def test_a_late_answer_is_not_counted_and_opens_nothing(text: str) -> None:
    case = a_closed_case(timedelta(days=20))
    row = said(text, **asked_about(case, AT - VALID - timedelta(seconds=1)))

    assert (row.effect, row.reason, row.links) == (Effect.NONE, "survey_late", (case.id,))


@pytest.mark.parametrize(("age", "reopens"), [(DAYS - 1, True), (DAYS + 1, False)])
def test_a_late_no_with_words_is_heard_as_what_it_says(age: int, reopens: bool) -> None:
    case = a_closed_case(timedelta(days=age))
    row = said("2, hâlâ akıyor", **asked_about(case, AT - VALID - timedelta(days=1)))

    assert (row.answer, row.reopens == {case.id}) == (None, reopens)
    assert [opened.follows for opened in row.opens] == ([] if reopens else [case.id])


def test_an_answer_about_a_case_that_is_open_again_counts_and_reopens_nothing() -> None:
    case = a_case()
    row = said("2, hâlâ akıyor", case=case)

    assert (row.joins, row.reopens) == ((case.id,), frozenset())
    assert row.answer and row.answer.counts


def test_what_points_to_another_case_or_may_answer_a_question_is_no_answer_to_a_survey() -> None:
    other = a_case(state=CaseState.WAITING_CITIZEN)

    assert said("2", referred=(a_closed_case(),)).answer is None
    assert (said("2", open=(other,)).answer, said("2", open=(other,)).joins) == (None, (other.id,))


def test_danger_behind_a_no_is_a_case_of_its_own() -> None:
    row = said("2, yangın var")

    assert (row.lane, row.effect, row.answer) == ("urgent", Effect.OPENED, None)


def test_the_button_of_the_page_answers_for_its_case() -> None:
    case = a_closed_case(parties=frozenset({STRANGER}))
    row = registered(a_message(channel=Channel.WEB, kind="survey_no", text="Çukur duruyor"), Around(chosen=case))

    assert (row.reopens, row.text) == ({case.id}, "Çukur duruyor")
    assert row.answer and row.answer.counts


@pytest.mark.parametrize("text", ["Anket istemiyorum", "anket istemiyorum!", "no surveys"])
def test_who_wants_no_surveys_is_heard_at_any_time(text: str) -> None:
    row = said(text, survey=None, surveyed=None)

    assert (row.effect, row.purpose, row.reason, row.people) == (Effect.NONE, Purpose.SURVEY, "no_surveys", {ME})


# With a worker


async def is_asked(system: System, case: dict[str, Any], status: NoticeStatus = NoticeStatus.SENT) -> None:
    """Two days after `AT`."""
    contact = await system.value("SELECT contact_id FROM case_file WHERE id = $1", case["id"])
    asked = a_notice_recorded(
        event="survey",
        case_id=case["id"],
        contact_id=contact,
        channel=Channel.SMS,
        status=status,
        occurred_at=AT + timedelta(days=2),
    )
    await system.tell(EVENTS, "notifier.recorded", asked, asked)
    await has(system, "survey", 1)


AFTER: Final = timedelta(days=2, hours=1)


async def a_survey(system: System, **changed: Any) -> UUID:
    """The case of one who was asked."""
    case = await a_case_of_mine(system, **changed)
    await close(system, case)
    await is_asked(system, case)
    case_id: UUID = case["id"]
    return case_id


async def test_a_no_by_sms_is_counted_once_and_a_person_is_asked(at_work: System) -> None:
    case_id = await a_survey(at_work)
    await answers(at_work, "2, hâlâ akıyor", AFTER)
    await answers(at_work, "2", AFTER + timedelta(hours=1))

    [answer] = await told(at_work, SurveyAnswered.type_name())
    [asked] = await told(at_work, ReopeningAsked.type_name())
    assert (answer["case_id"], answer["solved"]) == (str(case_id), False)
    assert (asked["case_id"], asked["by"], asked["text"]) == (str(case_id), ReopenedBy.SURVEY, "hâlâ akıyor")
    assert len(await told(at_work, CaseOpened.type_name())) == 1


async def test_a_yes_is_counted_and_asks_nothing(at_work: System) -> None:
    await a_survey(at_work)
    await answers(at_work, "Evet çözüldü", AFTER)

    [answer] = await told(at_work, SurveyAnswered.type_name())
    assert answer["solved"] is True
    assert not await told(at_work, ReopeningAsked.type_name())
    assert await at_work.value("SELECT purpose FROM contact ORDER BY occurred_at DESC LIMIT 1") == "survey"


async def test_who_called_answers_by_sms_from_the_same_number(at_work: System) -> None:
    await at_work.tell(INTAKE, "routine", a_message(channel=Channel.PHONE, sender=Sender(address=PHONE)))
    await has(at_work, "contact", 1)
    case = (await at_work.rows("SELECT id, number FROM case_file"))[0]
    await close(at_work, case)
    await is_asked(at_work, case)
    await answers(at_work, "1", AFTER, sender=Sender(address=PHONE))

    assert [event["solved"] for event in await told(at_work, SurveyAnswered.type_name())] == [True]


@pytest.mark.parametrize("status", [NoticeStatus.FAILED, NoticeStatus.OPTED_OUT, NoticeStatus.EXPIRED])
async def test_a_survey_that_never_went_out_waits_for_no_answer(at_work: System, status: NoticeStatus) -> None:
    case = await a_case_of_mine(at_work)
    await close(at_work, case)
    asked = a_notice_recorded(event="survey", case_id=case["id"], channel=Channel.SMS, status=status)
    sent = a_notice_recorded(case_id=case["id"], channel=Channel.SMS, provider_id="1")
    await at_work.tell(EVENTS, "notifier.recorded", asked, sent)
    await has(at_work, "sent_message", 1)

    assert await count(at_work, "survey") == 0


async def test_no_more_surveys_are_wished_for_by_word(at_work: System) -> None:
    await a_survey(at_work)
    await answers(at_work, "Anket istemiyorum", AFTER)

    [wish] = await told(at_work, OptOutRecorded.type_name())
    assert (wish["of"], wish["opted_out"]) == ("surveys", True)
