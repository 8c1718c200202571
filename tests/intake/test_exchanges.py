"""Telephone exchanges: each step of a call is told as it is, from who may tell, in whatever order it comes."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from services.intake.channels import ADAPTERS, BothAway, Knock, Reading, asterisk
from services.intake.channels import asterisk as asterisk_reader
from services.intake.channels.asterisk import AsteriskSettings, Manager
from services.intake.channels.bulutfon import BulutfonEndpoint
from services.intake.channels.verimor_santral import VerimorExchangeEndpoint
from shared.contracts import CallReported, CallState, Channel, WebhookReceived
from shared.problems import Problem
from simulators.exchange import calls
from simulators.exchange.ami import AmiServer
from simulators.exchange.calls import Call, Step
from tests.builders import AT, a_webhook
from tests.harness import until

CALLER, E164 = "05000000000", "+905000000000"
PROVIDERS = ("verimor-santral", "bulutfon", "asterisk")
every_exchange = pytest.mark.parametrize("provider", PROVIDERS)


def verimor(call: Call, step: Step) -> list[WebhookReceived]:
    body = urlencode(calls.verimor(call, step)).encode()
    return [a_webhook(body, channel=Channel.PHONE, provider="verimor-santral")]


def bulutfon(call: Call, step: Step) -> list[WebhookReceived]:
    event = calls.bulutfon(call, step)
    body = json.dumps(event).encode()
    return [a_webhook(body, channel=Channel.PHONE, provider="bulutfon")] if event else []


def heard(call: Call, step: Step) -> list[WebhookReceived]:
    details = {"answered": "yes" if step is Step.ENDED else "no", "caller": call.caller}
    return [
        a_webhook(json.dumps(event).encode(), channel=Channel.PHONE, provider="asterisk", details=details)
        for event in calls.asterisk(call, step)
    ]


PAYLOADS: dict[str, Callable[[Call, Step], list[WebhookReceived]]] = {
    "verimor-santral": verimor,
    "bulutfon": bulutfon,
    "asterisk": heard,
}


def read(provider: str, *steps: Step, caller: str = CALLER) -> list[CallReported]:
    """What the exchange tells of a call that takes these steps."""
    call = Call(caller, "1001")
    payloads = [payload for step in steps for payload in PAYLOADS[provider](call, step)]
    return [told for payload in payloads for told in ADAPTERS[provider].read(payload).calls]


def states(told: Sequence[CallReported]) -> list[CallState]:
    """Each state once, in order."""
    return list(dict.fromkeys(call.state for call in told))


def test_every_exchange_of_the_table_is_tried_here() -> None:
    assert {name for name, adapter in ADAPTERS.items() if adapter.channel is Channel.PHONE} == set(PROVIDERS)


@every_exchange
def test_a_ringing_telephone_is_told_with_who_calls(provider: str) -> None:
    told = read(provider, Step.BEGINS, Step.RINGS)

    assert states(told) == [CallState.RINGING]
    assert {call.address for call in told} == {E164}
    assert told[-1].extension == "1001"
    assert len({call.call_id for call in told}) == 1
    assert told[0].provider == provider


@every_exchange
def test_a_call_somebody_answered_ends(provider: str) -> None:
    told = read(provider, Step.BEGINS, Step.RINGS, Step.ANSWERED, Step.ENDED)

    expected = [CallState.RINGING, CallState.ANSWERED, CallState.ENDED]
    assert states(told) == [state for state in expected if provider != "bulutfon" or state != CallState.ANSWERED]


@every_exchange
def test_a_call_nobody_answered_was_missed(provider: str) -> None:
    told = read(provider, Step.BEGINS, Step.RINGS, Step.MISSED)

    assert states(told) == [CallState.RINGING, CallState.MISSED]
    assert told[-1].address == E164


@every_exchange
def test_the_same_payload_read_twice_has_the_same_ids(provider: str) -> None:
    payloads = PAYLOADS[provider](Call(CALLER), Step.RINGS)

    first, again = ([ADAPTERS[provider].read(payload) for payload in payloads] for _ in range(2))

    assert first == again and any(reading.calls for reading in first)


@every_exchange
@pytest.mark.parametrize(
    "body", [b"", b"{}", b"garbage", b"[" * 100_000, b"{", b"null", b"\x00\xff" * 9, b"a=b&" * 500], ids=len
)
def test_garbage_tells_of_no_call(provider: str, body: bytes) -> None:
    try:
        reading = ADAPTERS[provider].read(a_webhook(body, channel=Channel.PHONE, provider=provider))
    except (ValueError, RecursionError):
        return
    assert reading == Reading()


@every_exchange
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_any_value_in_any_field_is_read_or_refused_but_never_breaks_the_reader(
    provider: str, data: st.DataObject
) -> None:
    event = {
        "verimor-santral": calls.verimor(Call(CALLER), Step.ENDED),
        "bulutfon": calls.bulutfon(Call(CALLER), Step.ENDED),
        "asterisk": calls.asterisk(Call(CALLER), Step.RINGS)[0],
    }[provider]
    name = data.draw(st.sampled_from(sorted(event or {})))
    value = data.draw(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300) | st.just([]))
    body = json.dumps({**(event or {}), name: value}).encode()
    try:
        reading = ADAPTERS[provider].read(a_webhook(body, channel=Channel.PHONE, provider=provider))
    except (ValueError, RecursionError):
        return
    for call in reading.calls:
        assert CallReported.read(call.model_dump_json().encode()) == call


def test_who_hides_the_number_is_nobody_we_know() -> None:
    event = calls.verimor(Call(CALLER), Step.RINGS) | {"caller_id_number": "anonymous"}
    payload = a_webhook(urlencode(event).encode(), channel=Channel.PHONE, provider="verimor-santral")

    assert ADAPTERS["verimor-santral"].read(payload).calls[0].address is None


def test_a_number_that_is_not_e164_is_shown_as_it_came() -> None:
    event = calls.verimor(Call(CALLER), Step.RINGS) | {"caller_id_number": "153"}
    payload = a_webhook(urlencode(event).encode(), channel=Channel.PHONE, provider="verimor-santral")

    assert ADAPTERS["verimor-santral"].read(payload).calls[0].address == "153"


@pytest.mark.parametrize("direction", ["outbound", "internal"])
def test_calls_of_our_own_are_not_told(direction: str) -> None:
    event = calls.verimor(Call(CALLER), Step.RINGS) | {"direction": direction}
    payload = a_webhook(urlencode(event).encode(), channel=Channel.PHONE, provider="verimor-santral")

    assert ADAPTERS["verimor-santral"].read(payload) == Reading()


def test_one_of_several_telephones_that_stops_ringing_ends_nothing() -> None:
    event = calls.verimor(Call(CALLER), Step.MISSED) | {"event_type": "user_hangup"}
    payload = a_webhook(urlencode(event).encode(), channel=Channel.PHONE, provider="verimor-santral")

    assert ADAPTERS["verimor-santral"].read(payload) == Reading()


def test_a_menu_that_spoke_is_no_answer() -> None:
    event = dict(calls.bulutfon(Call(CALLER), Step.MISSED) or {}) | {"talk_duration": 90}
    payload = a_webhook(json.dumps(event).encode(), channel=Channel.PHONE, provider="bulutfon")

    assert ADAPTERS["bulutfon"].read(payload).calls[0].state is CallState.MISSED


@pytest.mark.parametrize("stamp", [1_772_443_800_000_000, 1_772_443_800_000, 1_772_443_800])
def test_bulutfon_s_clock_is_read_in_any_unit(stamp: int) -> None:
    event = dict(calls.bulutfon(Call(CALLER), Step.BEGINS) or {}) | {"timestamp": stamp}
    payload = a_webhook(json.dumps(event).encode(), channel=Channel.PHONE, provider="bulutfon")

    assert ADAPTERS["bulutfon"].read(payload).calls[0].occurred_at == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


# --- who may tell


def knock(body: bytes, query: dict[str, str] | None = None, **headers: str) -> Knock:
    return Knock("POST", "https://edge.example.org/webhooks/x", query or {}, headers, body, AT)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_verimor_is_known_by_the_key_in_its_address() -> None:
    endpoint = VerimorExchangeEndpoint("the-key")

    payload, answered = endpoint.admit(knock(b"{}", {"key": "the-key"}))

    assert (payload.provider, payload.channel, answered.status) == ("verimor-santral", Channel.PHONE, 200)
    assert endpoint.admit(knock(b"\xff{", {"key": "the-key"}))[0].body == b"\xff{"  # kept for a person, never refused
    for query in ({}, {"key": ""}, {"key": "other"}):
        with pytest.raises(Problem) as refused:
            endpoint.admit(knock(b"{}", query))
        assert refused.value.status == 401


def test_bulutfon_is_known_by_its_password() -> None:
    endpoint = BulutfonEndpoint("santral", "uzun şifre")

    payload, _ = endpoint.admit(knock(b'{"event_type": "x"}', authorization=basic("santral", "uzun şifre")))

    assert payload.provider == "bulutfon"
    for header in ("", "Basic", "Basic ü", "Bearer x", basic("santral", "x"), basic("", "uzun şifre")):
        with pytest.raises(Problem) as refused:
            endpoint.admit(knock(b"{}", authorization=header))
        assert refused.value.status == 401


# --- Asterisk's manager interface


@dataclass
class Desk:
    """Takes what the collector brings; can be away."""

    taken: list[WebhookReceived] = field(default_factory=list)
    away: int = 0
    marks: dict[str, str] = field(default_factory=dict)

    async def accept(self, payload: WebhookReceived) -> None:
        if self.away:
            self.away -= 1
            raise BothAway
        self.taken.append(payload)

    async def get(self, name: str) -> str | None:
        return self.marks.get(name)

    async def set(self, name: str, value: str) -> None:
        self.marks[name] = value

    @property
    def calls(self) -> list[CallReported]:
        return [call for payload in self.taken for call in asterisk.read(payload).calls]


@pytest.fixture
async def ami() -> AsyncIterator[AmiServer]:
    async with AmiServer("ilkim", "manager-secret").serving() as server:
        yield server


@pytest.fixture
async def desk(ami: AmiServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """A collector that listens to the exchange."""
    monkeypatch.setattr(asterisk_reader, "BACK_OFF_SECONDS", (0.02, 0.02, 0.02, 0.02, 0.02))
    monkeypatch.setattr(asterisk_reader, "PING_SECONDS", 0.1)
    monkeypatch.setattr(asterisk_reader, "SILENCE_SECONDS_MAX", 0.4)
    settings = AsteriskSettings(
        asterisk_ami_host=ami.host,
        asterisk_ami_port=ami.port,
        asterisk_ami_user=ami.user,
        asterisk_ami_secret=SecretStr("manager-secret"),
    )
    bench = Desk()
    running = asyncio.create_task(Manager(settings).run(bench.accept, bench))
    try:
        await until(lambda: ami.is_heard and "connected" in bench.marks)
        yield bench
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_call_is_told_from_ringing_to_its_end(ami: AmiServer, desk: Desk) -> None:
    call = Call(CALLER, "1001", "Ayşe Yılmaz")

    for step in (Step.BEGINS, Step.RINGS, Step.ANSWERED, Step.ENDED):
        ami.tell(calls.asterisk(call, step))

    await until(lambda: CallState.ENDED in states(desk.calls))
    assert states(desk.calls) == [CallState.RINGING, CallState.ANSWERED, CallState.ENDED]
    assert {told.address for told in desk.calls} == {E164}
    assert {told.extension for told in desk.calls} == {None, "1001"}
    assert desk.calls[0].name == "Ayşe Yılmaz"


async def test_an_abandoned_call_was_missed(ami: AmiServer, desk: Desk) -> None:
    call = Call(CALLER)

    for step in (Step.BEGINS, Step.RINGS, Step.MISSED):
        ami.tell(calls.asterisk(call, step))

    await until(lambda: CallState.MISSED in states(desk.calls))
    assert CallState.ENDED not in states(desk.calls)


async def test_what_is_no_citizen_s_call_is_passed_over(ami: AmiServer, desk: Desk) -> None:
    own = [event | {"Context": "from-internal"} for event in calls.asterisk(Call("1002"), Step.BEGINS)]

    ami.tell(own)
    ami.tell(calls.asterisk(Call(CALLER), Step.BEGINS))

    await until(lambda: bool(desk.taken))
    assert {told.address for told in desk.calls} == {E164}


async def test_a_lost_connection_is_made_again_and_a_call_that_stands_is_still_known(
    ami: AmiServer, desk: Desk
) -> None:
    call = Call(CALLER, "1001")
    stands = calls.asterisk(call, Step.BEGINS)[0] | {"BridgeId": call.id}
    ami.channels = [stands, stands | {"Uniqueid": f"{call.unique_id}1", "Channel": "PJSIP/1001-00000002"}]

    ami.drop()
    await until(lambda: ami.logins == 2)
    before = ami.pings
    await until(lambda: ami.pings > before)
    ami.tell(calls.asterisk(call, Step.ENDED))

    await until(lambda: states(desk.calls) == [CallState.ENDED])


async def test_a_frozen_exchange_is_noticed(ami: AmiServer, desk: Desk) -> None:
    ami.is_silent = True
    await until(lambda: not ami.is_heard)
    ami.is_silent = False

    await until(lambda: ami.logins == 2)
    await until(lambda: "heard" in desk.marks)


async def test_with_both_servers_away_a_call_is_tried_again(ami: AmiServer, desk: Desk) -> None:
    desk.away = 2

    ami.tell(calls.asterisk(Call(CALLER), Step.BEGINS))

    await until(lambda: len(desk.taken) == 1)


async def test_a_wrong_secret_is_tried_again_and_never_sent_in_the_clear(ami: AmiServer) -> None:
    settings = AsteriskSettings(
        asterisk_ami_host=ami.host,
        asterisk_ami_port=ami.port,
        asterisk_ami_user=ami.user,
        asterisk_ami_secret=SecretStr("wrong"),
    )
    bench = Desk()
    running = asyncio.create_task(Manager(settings).run(bench.accept, bench))
    await asyncio.sleep(0.2)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert ami.logins == 0 and bench.marks == {}
