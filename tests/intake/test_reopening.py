"""What a citizen wants of a case: reopened within the window, followed after it, dropped; thanks ask for nothing."""

from datetime import timedelta
from typing import Any, Final

import pytest

from services.intake.domain import Around, KnownCase, Registration
from shared.contracts import (
    Attachment,
    CaseOpened,
    CaseState,
    Channel,
    ContactJoined,
    Effect,
    MessageReceived,
    Purpose,
    ReopenedBy,
    ReopeningAsked,
    WithdrawalAsked,
)
from shared.messaging.topology import EVENTS, INTAKE
from tests.builders import AT, a_case_closed, a_case_reopened, a_message
from tests.harness import System, until
from tests.intake.deciding import registered, rules
from tests.intake.test_followups import ME, STRANGER, a_case, a_line
from tests.intake.test_worker import count, has, told

PHOTO: Final = Attachment(provider_id="1", media_type="image/jpeg")
DAYS: Final = rules().wishes.window.days


def a_closed_case(closed_before: timedelta = timedelta(days=2), **changed: Any) -> KnownCase:
    """A case of mine that was closed so long before `AT`."""
    return a_case(state=CaseState.CLOSED, closed_at=AT - closed_before, **changed)


def said(message: MessageReceived, **around: Any) -> Registration:
    return registered(message, Around(**{"people": frozenset({ME})} | around))


# The decision


@pytest.mark.parametrize("way", ["by_token", "referred", "quoted"])
def test_who_points_to_a_closed_case_within_the_window_wants_it_reopened(way: str) -> None:
    case = a_closed_case(timedelta(days=DAYS))
    row = said(a_line("Kapı no 7, çukur duruyor"), **{way: case if way == "by_token" else (case,)})

    assert (row.effect, row.joins, row.reopens) == (Effect.JOINED, (case.id,), {case.id})


@pytest.mark.parametrize("way", ["by_token", "referred", "quoted"])
def test_later_than_the_window_a_new_case_follows_the_old_one(way: str) -> None:
    case = a_closed_case(timedelta(days=DAYS, seconds=1))
    row = said(a_line("Çukur yine açıldı"), **{way: case if way == "by_token" else (case,)})

    assert (row.effect, row.joins, row.reopens) == (Effect.OPENED, (), frozenset())
    assert [opened.follows for opened in row.opens] == [case.id]


@pytest.mark.parametrize(
    "words", ["Teşekkürler", "tamam", "Çok sağ olun, düzeldi", "Evet çözüldü, teşekkür ederim", "ok thanks", ""]
)
@pytest.mark.parametrize("age", [timedelta(days=1), timedelta(days=400)])
def test_thanks_and_content_ask_nothing_of_a_closed_case(words: str, age: timedelta) -> None:
    case = a_closed_case(age)
    row = said(a_line(words), referred=(case,))

    assert (row.effect, row.purpose, row.links) == (Effect.NONE, Purpose.THANKS, (case.id,))
    assert (row.joins, row.opens) == ((), ())


@pytest.mark.parametrize("words", ["Tamam mı?", "Düzeldi ama kaldırım kırık kaldı", "Teşekkürler, yine akıyor"])
def test_thanks_with_more_to_say_reopen(words: str) -> None:
    case = a_closed_case()

    assert said(a_line(words), referred=(case,)).reopens == {case.id}


def test_a_photo_as_an_answer_to_the_closing_reopens() -> None:
    case = a_closed_case()

    assert said(a_line("", attachments=(PHOTO,)), referred=(case,)).reopens == {case.id}


def test_what_a_machine_writes_never_reopens() -> None:
    case = a_closed_case()
    mail = a_line("Ofiste değilim", channel=Channel.EMAIL, purpose=Purpose.AUTOMATIC, kind="auto_reply")
    row = said(mail, by_token=case)

    assert (row.effect, row.reopens, row.links) == (Effect.NONE, frozenset(), (case.id,))


def test_a_stranger_who_quotes_the_number_reopens_nothing() -> None:
    case = a_closed_case(parties=frozenset({STRANGER}))
    row = said(a_line("Çukur duruyor"), quoted=(case,))

    assert (row.effect, row.opens[0].follows) == (Effect.OPENED, None)


@pytest.mark.parametrize(
    ("channel", "kind", "reopens"),
    [(Channel.WEB, "not_solved", True), (Channel.WEB, "text", False), (Channel.PHONE, "text", True)],
)
def test_a_chosen_case_is_reopened_by_the_button_or_at_the_desk(channel: Channel, kind: str, reopens: bool) -> None:
    case = a_closed_case()
    row = said(a_message(channel=channel, kind=kind, text="Çukur duruyor"), chosen=case)

    assert (row.joins, bool(row.reopens)) == ((case.id,), reopens)


@pytest.mark.parametrize("words", ["Hâlâ yapılmadı", "çözülmedi", "kimse gelmedi ki", "still not fixed"])
def test_words_alone_reopen_the_case_that_was_closed_lately(words: str) -> None:
    older, last = a_closed_case(timedelta(days=2)), a_closed_case(timedelta(hours=5))
    row = said(a_line(words), closed=(older, last))

    assert (row.joins, row.reopens, row.reason) == ((last.id,), {last.id}, "follow_up_words")


@pytest.mark.parametrize(
    ("words", "age", "channel"),
    [
        ("Hâlâ yapılmadı", timedelta(hours=73), Channel.SMS),
        ("Hâlâ yapılmadı", timedelta(hours=-1), Channel.SMS),
        ("Hâlâ yapılmadı", timedelta(hours=1), Channel.PHONE),
        ("Parkta banklar kırık", timedelta(hours=1), Channel.SMS),
    ],
)
def test_words_alone_are_not_stretched(words: str, age: timedelta, channel: Channel) -> None:
    row = said(a_line(words, channel=channel), closed=(a_closed_case(age),))

    assert (row.effect, row.opens[0].follows) == (Effect.OPENED, None)


def test_an_sms_whose_minute_began_before_the_closing_comes_after_it() -> None:
    case = a_closed_case(timedelta(seconds=-59))

    assert said(a_line("Hâlâ yapılmadı"), closed=(case,)).reopens == {case.id}


def test_content_soon_after_the_closing_opens_no_case() -> None:
    case = a_closed_case(timedelta(hours=3))
    row = said(a_line("Düzeldi, elinize sağlık"), closed=(case,))

    assert (row.effect, row.purpose, row.links) == (Effect.NONE, Purpose.THANKS, (case.id,))


def test_an_open_case_is_gone_on_about_before_a_closed_one() -> None:
    case = a_case()

    assert said(a_line("Hâlâ gelen olmadı"), open=(case,), closed=(a_closed_case(),)).joins == (case.id,)


def test_danger_is_a_new_case_that_follows_the_closed_one() -> None:
    case = a_closed_case()
    row = said(a_line("Binada yangın var"), referred=(case,))

    assert (row.lane, row.effect, row.opens[0].follows) == ("urgent", Effect.OPENED, case.id)


WITHDRAWING: Final = [
    "Vazgeçtim",
    "İptal ediyorum, kendimiz hallettik",
    "Şikayetimi geri çekiyorum teşekkürler",
    "Artık gerek kalmadı, sağ olun",
    "Please cancel my request",
]


@pytest.mark.parametrize("words", WITHDRAWING)
def test_who_drops_an_open_case_in_an_answer_withdraws_it(words: str) -> None:
    case = a_case()
    row = said(a_line(words), referred=(case,))

    assert (row.joins, row.withdraws, row.reopens) == ((case.id,), {case.id}, frozenset())


@pytest.mark.parametrize("words", WITHDRAWING)
def test_the_only_open_case_of_a_sender_is_withdrawn_by_words_alone(words: str) -> None:
    case = a_case(last_contact_at=AT - timedelta(days=3))

    assert said(a_line(words), open=(case,)).withdraws == {case.id}
    assert not said(a_line(words), open=(case, a_case(last_contact_at=AT - timedelta(days=5)))).withdraws


@pytest.mark.parametrize(
    "words",
    [
        "Vazgeçtim mi sandınız, hâlâ bekliyorum",
        "İptal ediyorum ama çukur duruyor",
        "İptal etmeyin lütfen",
        "Vazgeçmedim",
        "Nasıl iptal edebilirsiniz?",
        "Gerek kalmadı değil",
        "Komşumuz vazgeçtim dedi o yüzden size ben yazıyorum bu sokakta oturan herkes aynı dertten şikayetçi",
    ],
)
def test_ambiguous_words_are_an_addition_like_any_other(words: str) -> None:
    case = a_case()
    row = said(a_line(words), referred=(case,))

    assert (row.joins, row.withdraws) == ((case.id,), frozenset())


@pytest.mark.parametrize("words", ["iptal", "dur"])
def test_the_words_that_stop_notices_withdraw_nothing(words: str) -> None:
    row = said(a_line(words, channel=Channel.SMS), referred=(a_case(),), open=(a_case(),))

    assert (row.effect, row.reason, row.withdraws) == (Effect.NONE, "opt_out", frozenset())


def test_the_button_withdraws_whatever_stands_beside_it() -> None:
    case = a_case(parties=frozenset({STRANGER}))
    row = said(a_message(channel=Channel.WEB, kind="withdrawn", text="Ama yine de sağ olun"), chosen=case)

    assert row.withdraws == {case.id}


def test_a_stranger_s_words_on_the_form_withdraw_nobody_s_case() -> None:
    case = a_case(parties=frozenset({STRANGER}))
    row = said(a_message(channel=Channel.WEB, text="Vazgeçtim"), chosen=case)

    assert (row.joins, row.withdraws) == ((case.id,), frozenset())


# With a worker


async def a_case_of_mine(system: System, **changed: Any) -> dict[str, Any]:
    """One that was registered by SMS; its id and number."""
    await system.tell(INTAKE, "routine", a_line("Sokağımızda çukur var", channel=Channel.SMS, **changed))
    await has(system, "contact", 1)
    return (await system.rows("SELECT id, number FROM case_file"))[0]


async def close(system: System, case: dict[str, Any]) -> None:
    """Solved, a day after `AT`."""
    step = {"case_id": case["id"], "number": case["number"], "occurred_at": AT + timedelta(days=1)}
    await system.tell(EVENTS, "router.told.routine", a_case_closed(**step))
    await is_in(system, "closed")


async def is_in(system: System, state: str) -> None:
    async def holds() -> bool:
        return bool(await system.value("SELECT true FROM case_file WHERE state = $1", state))

    await until(holds)


async def answers(system: System, text: str, after: timedelta = timedelta(days=2), **changed: Any) -> None:
    """The same sender writes again, so long after `AT`."""
    before = await count(system, "contact")
    line = a_line(text, channel=Channel.SMS, **{"occurred_at": AT + after} | changed)
    await system.tell(INTAKE, "routine", line)
    await has(system, "contact", before + 1)


async def test_an_sms_soon_after_the_closing_asks_the_router_to_reopen(at_work: System) -> None:
    case = await a_case_of_mine(at_work)
    await close(at_work, case)
    await answers(at_work, "Hâlâ yapılmadı, çukur duruyor")

    [asked] = await told(at_work, ReopeningAsked.type_name())
    assert (asked["case_id"], asked["by"], asked["text"]) == (
        str(case["id"]),
        ReopenedBy.CITIZEN,
        "Hâlâ yapılmadı, çukur duruyor",
    )
    assert not await told(at_work, ContactJoined.type_name())


async def test_a_number_quoted_after_the_window_opens_a_case_that_follows(at_work: System) -> None:
    case = await a_case_of_mine(at_work)
    await close(at_work, case)
    await answers(at_work, f"{case['number']} numaralı çukur yine açıldı", timedelta(days=DAYS + 2))

    opened = await told(at_work, CaseOpened.type_name())
    follows = [event["follows"] for event in opened if "follows" in event]
    assert follows == [{"case_id": str(case["id"]), "number": case["number"]}]
    assert await at_work.value("SELECT count(*) FROM case_file WHERE follows = $1", case["id"]) == 1


async def test_a_reopened_case_is_open_again_and_gone_on_about(at_work: System) -> None:
    case = await a_case_of_mine(at_work)
    await close(at_work, case)
    step = {"case_id": case["id"], "number": case["number"], "occurred_at": AT + timedelta(days=2)}
    await at_work.tell(EVENTS, "router.told.routine", a_case_reopened(**step))
    await is_in(at_work, "received")
    await answers(at_work, "Hâlâ gelen olmadı", timedelta(days=3))

    assert await at_work.value("SELECT closed_at FROM case_file") is None
    assert len(await told(at_work, ContactJoined.type_name())) == 1


async def test_who_drops_the_case_asks_the_router_to_withdraw_it(at_work: System) -> None:
    case = await a_case_of_mine(at_work)
    await answers(at_work, "Vazgeçtim, kendimiz hallettik")

    [asked] = await told(at_work, WithdrawalAsked.type_name())
    assert (asked["case_id"], asked["text"]) == (str(case["id"]), "Vazgeçtim, kendimiz hallettik")
    assert not await told(at_work, ContactJoined.type_name())
