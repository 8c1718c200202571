"""Which way a notice goes: every branch of the ladder, by values alone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain import (
    Address,
    Decision,
    Delivery,
    Doubt,
    HandOver,
    Notice,
    Person,
    Send,
    Settle,
    Step,
    Wait,
    Ways,
    heard_at,
    next_step,
)
from shared.contracts import Channel, NoticeStatus, TaskKind
from shared.municipality import ReplyEvent, load
from shared.municipality.delivery import OnUnknown, Rung
from tests.builders import ACCOUNT, PHONE, an_id
from tests.notifier.conftest import ILKADIM

PLACE = load(ILKADIM)
RULES = PLACE.delivery
NOON = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # 12:00 in Istanbul
NIGHT = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)  # 23:00
MORNING = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)  # 08:00
EVERYTHING = Ways(
    {
        Channel.WHATSAPP: frozenset({"whatsapp"}),
        Channel.SMS: frozenset({"netgsm", "verimor"}),
        Channel.EMAIL: frozenset({"smtp"}),
        Channel.SOCIAL: frozenset({"messenger", "telegram"}),
    }
)
S = NoticeStatus


def a_notice(event: ReplyEvent = ReplyEvent.CLOSED, begun: datetime = NOON, **changed: Any) -> Notice:
    values: dict[str, Any] = {
        "id": an_id(),
        "event": event,
        "person_id": an_id(),
        "contact_id": an_id(),
        "case_id": an_id(),
        "channel": Channel.WHATSAPP,
        "provider": "whatsapp",
        "account": ACCOUNT,
        "language": "tr",
        "number": "482-715-936",
        "words": {"number": "482-715-936", "outcome": "solved", "text": "Bitti."},
        "text": "Bitti.",
        "template": "closed.tr",
        "template_version": 1,
        "is_urgent": False,
        "thread_id": None,
        "trace_id": "",
        "occurred_at": begun,
        "expires_at": begun + timedelta(hours=RULES.rule(event).expires_hours),
    }
    return Notice(**(values | changed))


def an_address(channel: Channel = Channel.WHATSAPP, address: str = PHONE, **changed: Any) -> Address:
    values: dict[str, Any] = {
        "channel": channel,
        "provider": None,
        "account": ACCOUNT,
        "address": address,
        "name": None,
        "proven": True,
        "heard_at": NOON,
    }
    return Address(**(values | changed))


def a_person(*addresses: Address, **changed: Any) -> Person:
    return Person(an_id(), addresses or (an_address(),), **changed)


def a_try(rung: Rung | None, status: NoticeStatus, provider: str | None = "whatsapp", **changed: Any) -> Delivery:
    values: dict[str, Any] = {"attempts": 1, "begun_at": NOON, "is_called": True}
    channel = rung.channel if rung else Channel.PHONE
    return Delivery(an_id(), rung, channel, provider, status, **(values | changed))


def decided(
    notice: Notice,
    *tried: Delivery,
    person: Person | None = None,
    ways: Ways = EVERYTHING,
    now: datetime = NOON,
    has_turn: bool = False,
) -> Decision:
    return next_step(notice, tried, person or a_person(), ways, RULES, PLACE.zone, now, has_turn)


def step(*rest: Any, **named: Any) -> Step:
    return decided(*rest, **named).step


def rung_of(found: Step) -> Rung | None:
    assert isinstance(found, Send)
    return found.rung


# The window


@pytest.mark.parametrize(
    ("hours", "rung"),
    [
        (timedelta(hours=23, minutes=59), Rung.WHATSAPP),
        (timedelta(hours=24), Rung.WHATSAPP),
        (timedelta(hours=24, seconds=1), Rung.WHATSAPP_TEMPLATE),
        (timedelta(days=30), Rung.WHATSAPP_TEMPLATE),
    ],
)
def test_after_24_hours_only_an_approved_text_goes(hours: timedelta, rung: Rung) -> None:
    person = a_person(an_address(heard_at=NOON - hours))

    found = decided(a_notice(), person=person)

    assert rung_of(found.step) is rung
    assert found.reasons == (() if rung is Rung.WHATSAPP else ("whatsapp: outside_window",))


def test_without_an_approved_text_the_number_gets_an_sms() -> None:
    person = a_person(an_address(heard_at=NOON - timedelta(days=2)))

    found = decided(a_notice(ReplyEvent.INFORMATION_ANSWERED), person=person)

    assert rung_of(found.step) is Rung.SMS
    assert found.reasons == ("whatsapp: outside_window", "whatsapp_template: nothing_approved")


@pytest.mark.parametrize(
    ("provider", "days", "is_written_to"),
    [("messenger", 6.99, True), ("messenger", 7.01, False), ("instagram", 7.01, False), ("telegram", 25, True)],
)
def test_a_social_network_has_a_window_of_its_own(provider: str, days: float, is_written_to: bool) -> None:
    person = a_person(an_address(Channel.SOCIAL, "7007", provider=provider, heard_at=NOON - timedelta(days=days)))
    found = step(a_notice(channel=Channel.SOCIAL, provider=provider), person=person)

    assert isinstance(found, HandOver) is not is_written_to
    if is_written_to:
        assert rung_of(found) is Rung.SOCIAL


def test_who_wrote_is_answered_by_the_network_they_wrote_from() -> None:
    telegram = an_address(Channel.SOCIAL, "8008", provider="telegram")

    found = step(a_notice(channel=Channel.SOCIAL, provider="telegram"), person=a_person(telegram))

    assert isinstance(found, Send)
    assert found.providers == {"telegram"}


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (timedelta(hours=23), timedelta(hours=23)),
        (timedelta(days=6), timedelta(days=6)),
        (timedelta(days=2000), timedelta()),
        (-timedelta(minutes=5), timedelta()),
    ],
)
def test_the_window_counts_by_the_provider_s_clock_unless_that_is_a_replay_s(said: timedelta, heard: timedelta) -> None:
    assert heard_at(NOON - said, NOON) == NOON - heard


# One way after the other


def test_a_refused_text_goes_as_an_approved_one_then_by_sms_then_by_mail_then_by_a_call() -> None:
    person = a_person(an_address(), an_address(Channel.EMAIL, "ayse@example.org"))
    tried: list[Delivery] = []
    rungs = []
    for rung in (Rung.WHATSAPP, Rung.WHATSAPP_TEMPLATE, Rung.SMS, Rung.EMAIL):
        rungs.append(rung_of(step(a_notice(), *tried, person=person)))
        tried.append(a_try(rung, S.FAILED))
    last = step(a_notice(), *tried, person=person)

    assert rungs == [Rung.WHATSAPP, Rung.WHATSAPP_TEMPLATE, Rung.SMS, Rung.EMAIL]
    assert last == HandOver(TaskKind.CALL, "no_other_way", person.addresses[0])


def test_a_receipt_that_reaches_nobody_is_no_task_for_a_person() -> None:
    tried = [a_try(rung, S.FAILED) for rung in (Rung.WHATSAPP, Rung.WHATSAPP_TEMPLATE, Rung.SMS)]

    assert step(a_notice(ReplyEvent.RECEIPT), *tried) == Settle(S.FAILED, "no_way_left")


def test_an_outcome_that_reaches_nobody_and_nowhere_comes_back_to_a_person() -> None:
    person = a_person(an_address(Channel.SOCIAL, "7007", provider="x"))

    found = step(a_notice(channel=Channel.SOCIAL, provider="x"), person=person)

    assert isinstance(found, HandOver)
    assert (found.kind, found.address) == (TaskKind.UNDELIVERED, None)


def test_a_dead_address_is_passed_over_until_it_is_forgotten() -> None:
    person = a_person(failed_until={Channel.WHATSAPP: NOON + timedelta(days=1)})

    assert rung_of(step(a_notice(), person=person)) is Rung.SMS
    assert rung_of(step(a_notice(), person=a_person(failed_until={Channel.WHATSAPP: NOON}))) is Rung.WHATSAPP


def test_who_wants_no_notices_gets_those_the_law_wants_told() -> None:
    person = a_person(opted_out=frozenset({Channel.WHATSAPP, Channel.SMS}))

    assert rung_of(step(a_notice(ReplyEvent.CLOSED), person=person)) is Rung.WHATSAPP
    assert rung_of(step(a_notice(ReplyEvent.FORWARDED), person=person)) is Rung.WHATSAPP
    assert step(a_notice(ReplyEvent.RECEIPT), person=person) == Settle(S.OPTED_OUT, "opted_out")


def test_an_anonymous_citizen_is_told_nothing() -> None:
    found = next_step(a_notice(person_id=None), (), None, EVERYTHING, RULES, PLACE.zone, NOON)

    assert found.step == Settle(S.NO_ADDRESS, "anonymous")


def test_a_petition_typed_in_at_the_desk_is_answered_by_letter() -> None:
    notice = a_notice(channel=Channel.PETITION, provider="desk", person_id=None)

    assert next_step(notice, (), None, EVERYTHING, RULES, PLACE.zone, NOON).step == HandOver(
        TaskKind.LETTER, "by_letter", None
    )


def test_a_caller_entered_at_the_desk_gets_an_sms() -> None:
    person = a_person(an_address(Channel.PHONE))

    assert rung_of(step(a_notice(channel=Channel.PHONE, provider="desk"), person=person)) is Rung.SMS


def test_a_caller_with_a_fixed_line_is_called() -> None:
    person = a_person(an_address(Channel.PHONE, "+903624310000"))

    found = step(a_notice(channel=Channel.PHONE, provider="desk"), person=person)

    assert isinstance(found, HandOver)
    assert found.kind is TaskKind.CALL


def test_a_channel_with_a_program_of_its_own_is_answered_by_it_before_all_else() -> None:
    person = a_person(an_address(Channel.PHONE))
    notice = a_notice(channel=Channel.PHONE, provider=None)

    found = step(notice, person=person)
    after = step(notice, a_try(None, S.FAILED, None), person=person)

    assert isinstance(found, Send)
    assert (found.rung, found.channel, found.providers) == (None, Channel.PHONE, frozenset())
    assert rung_of(after) is Rung.SMS


def test_an_address_nobody_proved_hears_only_that_there_is_news() -> None:
    told = an_address(Channel.EMAIL, "biri@example.org", proven=False)
    proven = an_address(Channel.EMAIL, "ayse@example.org")
    notice = a_notice(channel=Channel.EMAIL, provider="smtp")

    found = [step(notice, person=a_person(address)) for address in (told, proven)]

    assert [isinstance(one, Send) and one.news_only for one in found] == [True, False]


def test_a_proven_number_is_taken_before_one_that_was_only_told() -> None:
    told = an_address(Channel.SMS, "+905000000001", proven=False)
    person = a_person(told, an_address(Channel.WHATSAPP, "+905000000002"))

    found = step(a_notice(), a_try(Rung.WHATSAPP_TEMPLATE, S.FAILED), person=person)

    assert isinstance(found, Send)
    assert found.address.address == "+905000000002"


@pytest.mark.parametrize("address", ["wa:TR.123", "+0", "05321112233", "biri@example.org"])
def test_what_is_no_number_gets_no_sms_and_no_call(address: str) -> None:
    found = step(a_notice(), a_try(Rung.WHATSAPP_TEMPLATE, S.FAILED), person=a_person(an_address(address=address)))

    assert isinstance(found, HandOver)
    assert found.kind is TaskKind.UNDELIVERED


def test_news_go_by_mail_or_else_by_sms() -> None:
    news = a_notice(ReplyEvent.NEWS, channel=Channel.EMAIL, provider=None)
    form, phone = an_address(Channel.WEB, "f-1"), an_address(Channel.SMS, proven=False)
    mail = an_address(Channel.EMAIL, "biri@example.org", proven=False)

    assert rung_of(step(news, person=a_person(form, phone, mail))) is Rung.EMAIL
    assert rung_of(step(news, person=a_person(form, phone))) is Rung.SMS
    assert isinstance(step(news, person=a_person(form)), Settle)


# Waiting


def test_nobody_is_woken_by_an_sms() -> None:
    person = a_person(an_address(Channel.SMS))
    notice = a_notice(channel=Channel.SMS, provider="netgsm", begun=NIGHT)

    assert step(notice, person=person, now=NIGHT) == Wait(MORNING, "quiet_hours", Channel.SMS)
    assert rung_of(step(notice, person=person, now=MORNING)) is Rung.SMS


@pytest.mark.parametrize(
    ("event", "urgent", "age"),
    [
        (ReplyEvent.CLOSED, True, timedelta()),
        (ReplyEvent.EMERGENCY, False, timedelta()),
        (ReplyEvent.RECEIPT, False, timedelta()),
        (ReplyEvent.RECEIPT, False, timedelta(minutes=15)),
    ],
)
def test_what_cannot_wait_goes_at_night_too(event: ReplyEvent, urgent: bool, age: timedelta) -> None:
    notice = a_notice(event, NIGHT - age, channel=Channel.SMS, provider="netgsm", is_urgent=urgent)

    assert rung_of(step(notice, person=a_person(an_address(Channel.SMS)), now=NIGHT)) is Rung.SMS


def test_a_receipt_that_comes_late_waits_for_the_morning() -> None:
    notice = a_notice(ReplyEvent.RECEIPT, NIGHT - timedelta(minutes=16), channel=Channel.SMS, provider="netgsm")

    assert isinstance(step(notice, person=a_person(an_address(Channel.SMS)), now=NIGHT), Wait)


def test_whatsapp_and_mail_have_no_quiet_hours() -> None:
    person = a_person(an_address(heard_at=NIGHT))

    assert rung_of(step(a_notice(begun=NIGHT), person=person, now=NIGHT)) is Rung.WHATSAPP


def test_a_call_waits_for_the_morning() -> None:
    tried = a_try(Rung.SMS, S.FAILED, "netgsm")
    notice = a_notice(channel=Channel.SMS, provider="netgsm")

    assert step(notice, tried, person=a_person(an_address(Channel.SMS)), now=NIGHT) == Wait(
        MORNING, "quiet_hours", Channel.PHONE
    )


def test_one_recipient_is_spared_and_the_others_are_not() -> None:
    turn = NOON + timedelta(seconds=4)
    spared = a_person(an_address(paced_until=turn))

    assert step(a_notice(), person=spared) == Wait(turn, "pair_rate", Channel.WHATSAPP)
    assert rung_of(step(a_notice(), person=a_person())) is Rung.WHATSAPP
    assert rung_of(step(a_notice(), person=spared, has_turn=True)) is Rung.WHATSAPP


def test_a_full_lane_keeps_its_letters_in_the_database() -> None:
    full = Ways(EVERYTHING.providers, frozenset({Channel.WHATSAPP}))

    assert step(a_notice(), ways=full) == Wait(NOON, "queue_full", Channel.WHATSAPP)


# Trouble


def test_another_provider_takes_what_the_first_could_not() -> None:
    notice, person = a_notice(channel=Channel.SMS, provider="netgsm"), a_person(an_address(Channel.SMS))

    found = step(notice, a_try(Rung.SMS, S.WAITING, "netgsm"), person=person)

    assert isinstance(found, Send)
    assert (found.providers, found.again) == ({"verimor"}, False)


def test_a_provider_without_a_stand_in_is_tried_again() -> None:
    found = step(a_notice(), a_try(Rung.WHATSAPP, S.WAITING))

    assert isinstance(found, Send)
    assert (found.rung, found.again) == (Rung.WHATSAPP, True)


@pytest.mark.parametrize(("urgent", "minutes"), [(False, 60), (True, 3)])
def test_a_way_that_stays_down_gives_way_to_the_next(urgent: bool, minutes: float) -> None:
    notice, down = a_notice(is_urgent=urgent), a_try(Rung.WHATSAPP, S.WAITING)
    person = a_person(an_address(heard_at=NOON))

    before, after = (step(notice, down, person=person, now=NOON + timedelta(minutes=minutes) + delta) for delta in (
        -timedelta(seconds=1), timedelta()
    ))  # fmt: skip

    assert rung_of(before) is Rung.WHATSAPP
    assert rung_of(after) is Rung.WHATSAPP_TEMPLATE


def test_what_is_the_last_way_is_tried_until_it_expires() -> None:
    web_only = a_person(an_address(Channel.EMAIL, "ayse@example.org"))
    notice = a_notice(ReplyEvent.RECEIPT, channel=Channel.EMAIL, provider="smtp")

    found = step(notice, a_try(Rung.EMAIL, S.WAITING, "smtp"), person=web_only, now=NOON + timedelta(hours=5))

    assert rung_of(found) is Rung.EMAIL


def test_who_died_before_asking_the_provider_has_sent_nothing() -> None:
    found = step(a_notice(), a_try(Rung.WHATSAPP, S.SENDING, is_called=False))

    assert isinstance(found, Send)
    assert found.again


def test_who_died_after_asking_the_provider_may_have_sent_it() -> None:
    died = a_try(Rung.WHATSAPP, S.SENDING)

    assert step(a_notice(), died) == Doubt(died)


@pytest.mark.parametrize(
    ("event", "found"),
    [
        (ReplyEvent.RECEIPT, Settle(S.UNKNOWN, "outcome_unknown")),
        (ReplyEvent.CLOSED, HandOver(TaskKind.UNDELIVERED, "outcome_unknown", an_address())),
    ],
)
def test_what_stays_unknown_is_left_or_given_to_a_person(event: ReplyEvent, found: Step) -> None:
    assert step(a_notice(event), a_try(Rung.WHATSAPP, S.UNKNOWN)) == found


def test_an_emergency_rather_comes_twice_than_not() -> None:
    found = step(a_notice(ReplyEvent.EMERGENCY), a_try(Rung.WHATSAPP, S.UNKNOWN))

    assert rung_of(found) is Rung.WHATSAPP_TEMPLATE


def test_a_stale_receipt_is_not_told_any_more_and_a_stale_outcome_comes_back_to_a_person() -> None:
    late = NOON + timedelta(days=15)

    assert step(a_notice(ReplyEvent.RECEIPT), now=late) == Settle(S.EXPIRED, "expired")
    assert step(a_notice(), now=late) == HandOver(TaskKind.UNDELIVERED, "expired", an_address())


def test_what_arrived_by_an_earlier_way_is_not_sent_by_another() -> None:
    assert step(a_notice(), a_try(Rung.WHATSAPP, S.READ), a_try(Rung.SMS, S.FAILED)) == Settle(S.DELIVERED, "arrived")


_STATUSES = st.sampled_from([S.WAITING, S.SENDING, S.UNKNOWN, S.FAILED])
_RUNGS = st.sampled_from([Rung.WHATSAPP, Rung.WHATSAPP_TEMPLATE, Rung.SMS, Rung.EMAIL])


@given(
    event=st.sampled_from(list(ReplyEvent)),
    channel=st.sampled_from(list(Channel)),
    tried=st.lists(st.builds(a_try, _RUNGS, _STATUSES), max_size=4),
    hours=st.integers(0, 400),
    program=st.booleans(),
)
def test_something_is_decided_whatever_happened_and_an_unknown_outcome_never_goes_to_the_same_way_again(
    event: ReplyEvent, channel: Channel, tried: Sequence[Delivery], hours: int, program: bool
) -> None:
    person = a_person(an_address(channel))
    notice = a_notice(event, channel=channel, provider=None if program else "whatsapp")
    now = NOON + timedelta(hours=hours)

    found = step(notice, *tried, person=person, now=now)

    if tried and tried[-1].status is S.UNKNOWN and isinstance(found, Send):
        assert found.rung is not tried[-1].rung
        assert RULES.rule(event).on_unknown is OnUnknown.NEXT
    if isinstance(found, Send):
        assert now < notice.expires_at
    if isinstance(found, Wait):
        assert found.until >= now
