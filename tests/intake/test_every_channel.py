"""What every channel must do, whoever its provider is. A new one joins with a kit in `tests/intake/kits`."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from urllib.parse import parse_qsl

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.app import edge, worker
from services.intake.channels import ADAPTERS, Knock, Reading
from services.intake.webhooks import lane_of_payload
from shared import municipality
from shared.contracts import Channel, DeliveryReported, Lane, MessageReceived
from shared.ids import new_id
from shared.messaging.topology import INTAKE
from shared.municipality import Municipality
from shared.problems import Problem
from shared.settings import Settings
from tests.builders import AT
from tests.harness import System, built, running, serving, until
from tests.intake.deciding import registered
from tests.intake.kits import KITS
from tests.intake.kits.base import EDGE, ChannelKit, Posted

TEXT = "Sokağımızdaki çöp konteyneri üç gündür boşaltılmadı"
AT_ONCE = 32
every_channel = pytest.mark.parametrize("kit", KITS.values(), ids=list(KITS))


def those(fits: Callable[[ChannelKit], bool]) -> pytest.MarkDecorator:
    found = {name: kit for name, kit in KITS.items() if fits(kit)}
    return pytest.mark.parametrize("kit", found.values(), ids=list(found))


every_channel_with_files = those(lambda kit: kit.photo is not None)
every_channel_with_receipts = those(lambda kit: kit.status is not None)
every_endpoint = those(lambda kit: kit.signed is not None)


def read(kit: ChannelKit, body: bytes) -> Reading:
    return ADAPTERS[kit.provider].read(kit.payload(body))


def knock(kit: ChannelKit, body: bytes, posted: Posted) -> Knock:
    url = f"{EDGE}/webhooks/{kit.provider}{posted.query}"
    headers = {name.lower(): value for name, value in posted.headers.items()}
    return Knock("POST", url, dict(parse_qsl(posted.query.removeprefix("?"))), headers, body, AT)


def test_every_row_of_the_table_has_a_kit() -> None:
    # Exchanges tell of calls and bring no messages: see test_exchanges.py.
    assert set(KITS) == {name for name, adapter in ADAPTERS.items() if adapter.channel is not Channel.PHONE}


@every_channel
def test_a_text_is_one_message_with_its_sender_and_words(kit: ChannelKit) -> None:
    reading = read(kit, kit.text(TEXT, "a"))

    [message] = reading.messages
    assert (message.channel, message.provider, message.text) == (kit.channel, kit.provider, TEXT)
    assert message.sender.address == kit.address
    assert registered(message).opens
    assert reading.receipts == ()


@every_channel
def test_the_same_payload_read_twice_has_the_same_ids(kit: ChannelKit) -> None:
    body = kit.text(TEXT, "a")
    first, again = read(kit, body), read(kit, body)

    assert [message.id for message in first.messages] == [message.id for message in again.messages]
    assert first.messages[0].provider_id == again.messages[0].provider_id


@every_channel
def test_two_messages_have_two_ids(kit: ChannelKit) -> None:
    [first], [second] = read(kit, kit.text(TEXT, "a")).messages, read(kit, kit.text(TEXT + "!", "b")).messages

    assert first.provider_id != second.provider_id
    assert first.id != second.id


@every_channel
def test_ids_and_texts_are_bounded_and_can_be_stored(kit: ChannelKit) -> None:
    for message in read(kit, kit.text("x" * 30_000, "i" * 3_000)).messages:
        assert 0 < len(message.provider_id) <= 256
        again = MessageReceived.read(message.model_dump_json().encode())
        assert again == message
        assert "\0" not in again.model_dump_json()


@every_channel_with_files
def test_a_photo_is_an_attachment(kit: ChannelKit) -> None:
    assert kit.photo is not None
    [message] = read(kit, kit.photo("a")).messages

    [attachment] = message.attachments
    assert attachment.id is None
    assert attachment.provider_id
    assert message.sender.address == kit.address


@every_channel_with_receipts
def test_a_receipt_opens_nothing(kit: ChannelKit) -> None:
    payload = kit.receipt()
    assert payload is not None
    reading = ADAPTERS[kit.provider].read(payload)

    assert reading.messages == ()
    [receipt] = reading.receipts
    assert DeliveryReported.read(receipt.model_dump_json().encode()) == receipt


@pytest.mark.parametrize(
    "body",
    [b"", b"garbage", b"{", b"[", b"null", b"7", b"\x00" * 50, b"\xff\xfe\xfd", b"<xml>", b"[" * 100_000],
    ids=len,
)
@those(lambda kit: not kit.reads_any_bytes)
def test_garbage_is_a_value_error_and_nothing_else(kit: ChannelKit, body: bytes) -> None:
    payload = kit.payload(body)
    try:
        reading = ADAPTERS[kit.provider].read(payload)
    except (ValueError, RecursionError):
        return
    assert reading == Reading()


@every_channel
@settings(max_examples=150, deadline=None)
@given(cut=st.integers(0, 400), put=st.binary(max_size=12), at=st.integers(0, 400))
def test_a_damaged_payload_is_read_or_refused_but_never_breaks_the_reader(
    kit: ChannelKit, cut: int, put: bytes, at: int
) -> None:
    body = kit.text(TEXT, "a")
    for damaged in (body[:cut], body[:at] + put + body[at + len(put) :]):
        try:
            reading = ADAPTERS[kit.provider].read(kit.payload(damaged))
        except (ValueError, RecursionError):
            continue
        for message in reading.messages:
            MessageReceived.read(message.model_dump_json().encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)


@every_channel
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_value_in_any_place_is_read_or_refused_but_never_breaks_the_reader(
    kit: ChannelKit, data: st.DataObject
) -> None:
    bodies = [kit.text(TEXT, "a"), *([kit.photo("a")] if kit.photo else []), *([kit.status] if kit.status else [])]
    body = data.draw(st.sampled_from(bodies))
    try:
        value = json.loads(body)
    except ValueError:
        return
    places = list(_places(value))
    holder, name = data.draw(st.sampled_from(places))
    holder[name] = data.draw(JSON)
    for payload in (kit.payload(json.dumps(value).encode()), kit.receipt()):
        if payload is None:
            continue
        try:
            reading = ADAPTERS[kit.provider].read(payload)
        except (ValueError, RecursionError):
            continue
        for message in (*reading.messages, *reading.receipts):
            type(message).read(message.model_dump_json().encode())


def _places(value: object) -> list[tuple[object, object]]:
    inner = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    return [(value, name) for name, _ in inner] + [place for _, part in inner for place in _places(part)]


@pytest.fixture(scope="module")
def place(module_system: System) -> Municipality:
    return municipality.load(Settings.model_fields["ilkim_municipality"].default)


@every_channel
@pytest.mark.parametrize(("text", "lane"), [("Yangın var, yardım edin", "urgent"), ("Çöp alınmadı", "routine")])
def test_words_of_danger_take_the_urgent_lane(kit: ChannelKit, place: Municipality, text: str, lane: Lane) -> None:
    assert lane_of_payload(kit.payload(kit.text(text, "a")), place.alarms) == lane


@pytest.fixture
def endpoint_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for kit in KITS.values():
        for name, value in kit.environment.items():
            monkeypatch.setenv(name, value)


@every_endpoint
@pytest.mark.usefixtures("endpoint_environment")
def test_what_is_signed_is_taken_untouched(kit: ChannelKit) -> None:
    endpoint = ADAPTERS[kit.provider].endpoint()
    assert endpoint is not None
    assert kit.signed is not None
    body = kit.text(TEXT, "a")
    payload, answered = endpoint.admit(knock(kit, body, kit.signed(body, f"{EDGE}/webhooks/{kit.provider}")))

    assert (payload.body, payload.provider, payload.channel) == (body, kit.provider, kit.channel)
    assert answered.status == 200
    assert [message.text for message in ADAPTERS[kit.provider].read(payload).messages] == [TEXT]


@every_endpoint
@pytest.mark.usefixtures("endpoint_environment")
def test_what_is_not_or_wrongly_signed_is_refused(kit: ChannelKit) -> None:
    endpoint = ADAPTERS[kit.provider].endpoint()
    assert endpoint is not None
    assert kit.forged is not None
    body = kit.text(TEXT, "a")
    for posted in kit.forged(body, f"{EDGE}/webhooks/{kit.provider}").values():
        with pytest.raises(Problem) as refused:
            endpoint.admit(knock(kit, body, posted))
        assert refused.value.status == 401


@every_endpoint
async def test_what_is_signed_but_cannot_be_read_is_refused_or_kept_for_a_person(
    system: System, edge_url: str, kit: ChannelKit
) -> None:
    async with running(built(worker, system)), aiohttp.ClientSession() as client:
        statuses = [await post(client, edge_url, kit, body) for body in (b"garbage", b"{", b"\x00")]
        await until(lambda: _parked(system, statuses.count(200)))

    assert set(statuses) <= {200, 400}
    assert await system.value("SELECT count(*) FROM case_file") == 0


async def _parked(system: System, count: int) -> bool:
    return bool(await system.value("SELECT count(*) FROM parked_message") >= count)


@every_endpoint
def test_an_endpoint_without_settings_is_not_there(kit: ChannelKit, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in kit.environment:
        monkeypatch.delenv(name, raising=False)

    assert ADAPTERS[kit.provider].endpoint() is None


@pytest.fixture(scope="module")
async def module_edge(module_system: System) -> AsyncIterator[str]:
    """An edge with every endpoint configured."""
    environment = {name: value for kit in KITS.values() for name, value in kit.environment.items()}
    service = built(edge, module_system, **environment)
    async with serving(service) as url:
        await until(service.broker_is_there)
        yield url


async def post(client: aiohttp.ClientSession, url: str, kit: ChannelKit, body: bytes) -> int:
    assert kit.signed is not None
    address = f"{url}/webhooks/{kit.provider}"
    posted = kit.signed(body, address)
    async with client.post(address + posted.query, data=body, headers=posted.headers) as answer:
        await answer.read()
        return answer.status


@every_endpoint
async def test_a_message_posted_32_times_at_once_is_one_contact(system: System, edge_url: str, kit: ChannelKit) -> None:
    body = kit.text(TEXT, "a")
    async with running(built(worker, system)), aiohttp.ClientSession() as client:
        statuses = await asyncio.gather(*(post(client, edge_url, kit, body) for _ in range(AT_ONCE)))
        await until(lambda: _raws(system, AT_ONCE))

    assert set(statuses) == {200}
    assert await system.value("SELECT count(*) FROM contact") == 1


@those(lambda kit: kit.signed is None)
async def test_a_message_collected_32_times_is_one_contact(system: System, kit: ChannelKit) -> None:
    body = kit.text(TEXT, "a")
    payloads = [kit.payload(body).model_copy(update={"id": new_id()}) for _ in range(AT_ONCE)]
    async with running(built(worker, system)):
        await asyncio.gather(*(system.tell(INTAKE, "routine", payload) for payload in payloads))
        await until(lambda: _raws(system, AT_ONCE))

    assert await system.value("SELECT count(*) FROM contact") == 1


async def _raws(system: System, count: int) -> bool:
    return bool(await system.value("SELECT count(*) FROM raw_message") >= count)


@every_endpoint
async def test_what_is_not_signed_leaves_nothing_behind(system: System, edge_url: str, kit: ChannelKit) -> None:
    assert kit.forged is not None
    body, address = kit.text(TEXT, "a"), f"{edge_url}/webhooks/{kit.provider}"
    async with aiohttp.ClientSession() as client:
        for posted in kit.forged(body, address).values():
            async with client.post(address + posted.query, data=body, headers=posted.headers) as answer:
                assert answer.status == 401
                assert (await answer.json())["status"] == 401

    assert await system.depth("intake.routine") == 0
