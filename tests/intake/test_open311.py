"""GeoReport v2, asked by a plain client: every example of the standard with values of our own, and what is promised."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any
from xml.etree.ElementTree import Element

import aiohttp
import pytest
from PIL import Image

from services.intake.app import edge, worker
from services.intake.channels import links
from shared.contracts import Attachment, MessageReceived, Place, unpack
from tests.harness import AWAY_AMQP, AWAY_DATABASE, System, built, running, serving, until
from tests.intake.open311 import A_REPORT, Answer, Client, a_case, a_key, close

SERVICE = {"service_code", "service_name", "description", "metadata", "type", "keywords", "group"}
ATTRIBUTE = {"variable", "code", "datatype", "required", "datatype_description", "order", "description"}
REQUEST = {
    "service_request_id",
    "status",
    "status_notes",
    "service_name",
    "service_code",
    "description",
    "agency_responsible",
    "service_notice",
    "requested_datetime",
    "updated_datetime",
    "expected_datetime",
    "address",
    "address_id",
    "zipcode",
    "lat",
    "long",
    "media_url",
}


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as opened:
        yield opened


@pytest.fixture
async def client(system: System, edge_url: str, session: aiohttp.ClientSession) -> Client:
    return Client(session, edge_url, await a_key(system))


def names(element: Element) -> set[str]:
    return {child.tag for child in element}


def is_errors(answer: Answer, status: int) -> bool:
    [error, *_] = answer.xml
    return answer.status == status and answer.xml.tag == "errors" and names(error) == {"code", "description"}


async def sent(system: System) -> MessageReceived:
    [part] = unpack((await system.take_all("intake.routine"))[0])
    return MessageReceived.model_validate(part)


# The examples of the standard


async def test_the_service_list_has_the_elements_of_the_standard(client: Client) -> None:
    answer = await client.get("/services", jurisdiction_id="ilkadim")

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert (answer.xml.tag, {row.tag for row in answer.xml}) == ("services", {"service"})
    assert all(names(row) == SERVICE for row in answer.xml)
    assert set(answer.texts("type")) == {"batch"}
    assert set(answer.texts("metadata")) == {"true", "false"}


async def test_the_service_list_in_json_is_a_bare_list_of_the_same(client: Client) -> None:
    answer, xml = await client.get("/services", ".json"), await client.get("/services")

    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert [row["service_code"] for row in answer.json] == xml.texts("service_code")
    assert all(set(row) == SERVICE and isinstance(row["metadata"], bool) for row in answer.json)


async def test_a_service_definition_has_the_elements_of_the_standard(client: Client) -> None:
    answer = await client.get("/services/sokak-aydinlatma", lang="en")

    assert names(answer.xml) == {"service_code", "attributes"}
    string, choice = answer.xml.find("attributes")
    assert names(string) == ATTRIBUTE
    assert names(choice) == ATTRIBUTE | {"values"}
    assert {value.tag for value in choice.find("values")} == {"value"}
    assert all(names(value) == {"key", "name"} for value in choice.find("values"))
    assert [row.find("order").text for row in (string, choice)] == ["1", "2"]


async def test_a_service_definition_in_json_has_typed_values(client: Client) -> None:
    definition = (await client.get("/services/sokak-aydinlatma", ".json")).json
    first, second = definition["attributes"]

    assert (first["variable"], first["required"], first["order"]) == (True, False, 1)
    assert second["values"][0] == {"key": "sonuk", "name": "Hiç yanmıyor"}


async def test_the_example_post_with_every_field_is_taken_with_a_token(system: System, client: Client) -> None:
    fields = {
        "jurisdiction_id": "ilkadim",
        "service_code": "sokak-aydinlatma",
        "lat": "41.28674078",
        "long": "36.3300043",
        "address_string": "Cumhuriyet Caddesi no 12",
        "email": "ornek@example.org",
        "device_id": "tt000111",
        "account_id": "000456",
        "first_name": "Deneme",
        "last_name": "Vatandaş",
        "phone": "05000000000",
        "description": "Lamba üç gündür yanmıyor\nkarşıdaki de",
        "media_url": "http://photos.example.org/2000/1_5e.jpg",
        "attribute[direk]": "A-17",
        "attribute[ariza]": "sonuk",
    }
    answer = await client.post(fields)

    assert answer.status == 200
    assert (answer.xml.tag, names(answer.xml[0])) == ("service_requests", {"token", "service_notice", "account_id"})
    message = await sent(system)
    assert (message.channel, message.provider, message.topic) == ("mobile", "open311", "sokak-aydinlatma")
    assert message.text == (
        "Lamba üç gündür yanmıyor\nkarşıdaki de\nDireğin üstündeki numara: A-17\nLambanın durumu: Hiç yanmıyor\n"
        "Fotoğraf bağlantısı: http://photos.example.org/2000/1_5e.jpg"
    )
    assert message.place == Place(latitude=41.28674078, longitude=36.3300043, street="Cumhuriyet Caddesi no 12")
    assert message.sender.name == "Deneme Vatandaş"
    assert message.sender.address
    assert message.sender.address.endswith(":000456")
    assert [point.address for point in message.sender.answers] == ["ornek@example.org", "+905000000000"]


async def test_a_token_becomes_the_number_of_the_request(system: System, client: Client) -> None:
    token = (await client.post(A_REPORT)).texts("token")[0]
    before = await client.get(f"/tokens/{token}")
    async with running(built(worker, system)):
        number = await client.number_of(token)
    after = await client.get(f"/tokens/{token}")

    assert (before.status, before.texts("service_request_id")) == (200, [""])
    assert names(after.xml[0]) == {"service_request_id", "token"}
    assert number == await system.value("SELECT number FROM case_file")
    assert (await client.get(f"/requests/{number}")).texts("service_request_id") == [number]


async def test_one_request_has_the_elements_of_the_standard(system: System, client: Client) -> None:
    async with running(built(worker, system)):
        case = await a_case(system)
        await close(system, case)
    answer = await client.get(f"/requests/{case.number}")

    assert (answer.xml.tag, [row.tag for row in answer.xml]) == ("service_requests", ["request"])
    assert names(answer.xml[0]) == REQUEST
    [row] = (await client.get(f"/requests/{case.number}", ".json")).json
    assert set(row) == REQUEST
    assert (row["status"], row["status_notes"]) == ("closed", "Lamba değiştirildi.")
    assert (row["lat"], row["long"]) == (41.287, 36.33)
    assert (row["service_code"], row["service_name"]) == ("sokak-aydinlatma", "Sokak aydınlatması")
    assert row["requested_datetime"].endswith("+03:00")
    assert row["description"] is None


async def test_several_requests_are_asked_by_their_numbers(system: System, client: Client) -> None:
    async with running(built(worker, system)):
        first, second = await a_case(system), await a_case(system)
    ids = f"{second.number},{first.number.replace('-', '')},000-000-000,nonsense"
    answer = await client.get("/requests", service_request_id=ids, status="closed")

    assert answer.texts("service_request_id") == [second.number, first.number]


async def test_requests_are_listed_by_the_filters_of_the_standard(system: System, client: Client) -> None:
    async with running(built(worker, system)):
        lamp, hole = await a_case(system), await a_case(system, "yol-bakim")
        await close(system, hole)

    async def listed(**asked: str) -> list[str]:
        return (await client.get("/requests", **asked)).texts("service_request_id")

    assert set(await listed()) == {lamp.number, hole.number}
    assert await listed(service_code="yol-bakim,no-such-service") == [hole.number]
    assert await listed(status="open") == [lamp.number]
    assert await listed(status="closed") == [hole.number]
    assert len(await listed(status="open,closed")) == 2
    assert await listed(start_date="2010-05-24T00:00:00Z", end_date="2010-06-24T00:00:00Z") == []
    assert await listed(end_date="2010-06-24T00:00:00+03:00") == []
    assert await listed(page="2", page_size="1") != await listed(page="1", page_size="1")
    assert await listed(page="3", page_size="1") == []


async def test_an_empty_list_is_an_empty_element(client: Client) -> None:
    answer = await client.get("/requests")

    assert (answer.xml.tag, list(answer.xml)) == ("service_requests", [])
    assert (await client.get("/requests", ".json")).json == []


async def test_a_wrong_key_is_answered_as_in_the_example(client: Client) -> None:
    stranger = Client(client.session, client.url, "xyz")
    answer = await stranger.post(A_REPORT)

    assert is_errors(answer, 403)
    assert answer.texts("code") == ["403"]
    [error] = (await stranger.post(A_REPORT, ".json")).json
    assert set(error) == {"code", "description"}


async def test_discovery_tells_where_the_server_is(client: Client) -> None:
    answer = await client.get("/discovery")

    assert names(answer.xml) == {"changeset", "contact", "key_service", "endpoints"}
    [endpoint] = answer.xml.find("endpoints")
    assert names(endpoint) == {"specification", "url", "changeset", "type", "formats"}
    assert endpoint.find("url").text == f"{client.url}/open311/v2"
    assert answer.texts("format") == ["text/xml", "application/json"]
    assert (await client.get("/discovery", ".json")).json["endpoints"][0]["type"] == "production"


# What is shown, and what not


async def test_nobody_sees_more_of_a_case_than_the_street_and_how_it_stands(system: System, client: Client) -> None:
    place = Place(latitude=41.286741, longitude=36.330056, street="Cumhuriyet Caddesi no 12 daire 3 Ayşe Hanım")
    async with running(built(worker, system)):
        case = await a_case(system, place=place, text="Ben Ayşe Yılmaz, 0532 111 22 33, lamba yanmıyor")
    answer = await client.get("/requests", ".json", extensions="true")
    shown = answer.body.decode()

    assert case.number in shown
    assert answer.json[0]["address"] == "Cumhuriyet Cadde, 19 Mayıs Mah., İlkadım/Samsun"
    for hidden in ("Ayşe", "daire", "no 12", "0532", "41.2867", "lamba yan"):
        assert hidden not in shown


async def test_a_topic_that_tells_of_a_household_is_not_listed_and_shown_without_its_place(
    system: System, client: Client
) -> None:
    async with running(built(worker, system)):
        case = await a_case(system, "sosyal-yardim")
        await close(system, case, "Ayşe Hanıma gıda kolisi verildi.")

    assert (await client.get("/requests")).texts("service_request_id") == []
    [row] = (await client.get(f"/requests/{case.number}", ".json")).json
    assert (row["status"], row["address"], row["lat"]) == ("closed", None, None)
    assert "Ayşe" not in row["status_notes"]


async def test_a_closing_answer_that_holds_a_phone_number_is_not_shown(system: System, client: Client) -> None:
    async with running(built(worker, system)):
        case = await a_case(system)
        await close(system, case, "Sizi 0532 111 22 33 numarasından aradık.")
    [notes] = (await client.get(f"/requests/{case.number}")).texts("status_notes")

    assert notes
    assert "aradık" not in notes


async def test_a_case_without_a_topic_is_not_listed_but_can_be_asked(system: System, client: Client) -> None:
    async with running(built(worker, system)):
        case = await a_case(system, topic=None)

    assert (await client.get("/requests")).texts("service_request_id") == []
    assert (await client.get(f"/requests/{case.number}")).texts("status") == ["open"]


async def test_with_the_setting_the_masked_descriptions_are_shown(
    system: System, session: aiohttp.ClientSession
) -> None:
    async with running(built(worker, system)), serving(built(edge, system, ILKIM_OPEN311_DESCRIPTIONS="true")) as url:
        case = await a_case(system, text="Lamba yanmıyor, 0532 111 22 33")
        [row] = (await Client(session, url).get(f"/requests/{case.number}", ".json")).json

    assert row["description"] == "Lamba yanmıyor, [telefon]"


# Formats and languages


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("text/xml", "text/xml"),
        ("*/*", "text/xml"),
        ("", "text/xml"),
        ("text/html, application/json;q=0.9, text/xml;q=0.1", "application/json"),
        ("application/json;q=0, application/xml", "text/xml"),
        ("application/json;q=nonsense", "text/xml"),
    ],
)
async def test_without_an_extension_the_accept_header_decides(client: Client, accept: str, kind: str) -> None:
    answer = await client.get("/services", "", headers={"Accept": accept})

    assert answer.headers["Content-Type"].startswith(kind)


@pytest.mark.parametrize(
    ("headers", "asked", "name"),
    [
        ({}, {}, "Sokak aydınlatması"),
        ({"Accept-Language": "en-GB,en;q=0.8"}, {}, "Street lighting"),
        ({"Accept-Language": "en"}, {"lang": "tr"}, "Sokak aydınlatması"),
        ({"Accept-Language": "de"}, {}, "Sokak aydınlatması"),
    ],
)
async def test_services_are_named_in_the_language_asked_for(
    client: Client, headers: dict[str, str], asked: dict[str, str], name: str
) -> None:
    assert name in (await client.get("/services", headers=headers, **asked)).texts("service_name")


async def test_who_has_a_list_already_is_not_sent_it_again(client: Client) -> None:
    first = await client.get("/services")
    again = await client.get("/services", headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status, again.body) == (304, b"")
    assert first.headers["Cache-Control"] == "public, max-age=300"
    assert first.headers["Content-Encoding"] == "gzip"
    assert first.headers["Access-Control-Allow-Origin"] == "*"


# Following


async def test_all_changes_are_read_page_by_page_while_cases_go_on(system: System, client: Client) -> None:
    async with running(built(worker, system)):
        cases = [await a_case(system) for _ in range(5)]
        first = await client.get("/requests", ".json", updated_after="2020-01-01T00:00:00Z", page_size=3)
        await close(system, cases[0])
        after = first.json[-1]["updated_datetime"]
        second = await client.get("/requests", ".json", updated_after=after, page_size=100)
    seen = {row["service_request_id"]: row["status"] for row in [*first.json, *second.json]}

    assert [row["service_request_id"] for row in first.json] == [case.number for case in cases[:3]]
    assert seen == {case.number: "open" for case in cases} | {cases[0].number: "closed"}


async def test_notes_tell_each_step_when_extensions_are_wished(system: System, client: Client) -> None:
    async with running(built(worker, system)):
        case = await a_case(system)
        await close(system, case)
    answer = await client.get(f"/requests/{case.number}", extensions="true")

    assert answer.texts("type") == ["assigned", "closed"]
    assert all(names(note) == {"datetime", "description", "type"} for note in answer.xml.iter("note"))


# Posting


async def test_a_photo_is_kept_and_its_place_taken_when_none_was_sent(system: System, client: Client) -> None:
    form = aiohttp.FormData({"api_key": client.key, "service_code": "yol-bakim", "address_string": "Gazi Caddesi"})
    form.add_field("media", a_photo(), filename="cukur.jpg", content_type="text/html")
    answer = await client.ask("POST", "/requests.xml", form)

    assert answer.status == 200
    [attachment] = (await sent(system)).attachments
    assert attachment.media_type == "image/jpeg"
    assert attachment.id


async def test_a_link_to_a_photo_is_left_to_be_fetched_when_its_host_is_trusted(
    system: System, session: aiohttp.ClientSession
) -> None:
    hosts = {"ILKIM_OPEN311_MEDIA_HOSTS": "photos.example.org", "ILKIM_OPEN311_ENDPOINT": "test"}
    async with serving(built(edge, system, **hosts)) as url:
        await until(lambda: _is_taken(Client(session, url)))
        await system.take_all("intake.routine")
        await Client(session, url).post(A_REPORT | {"media_url": "https://photos.example.org/1.jpg"})
    message = await sent(system)

    assert [attachment.url for attachment in message.attachments] == ["https://photos.example.org/1.jpg"]
    assert "photos.example.org" not in message.text


@pytest.mark.parametrize(
    "url",
    [
        "http://photos.example.org/1.jpg",
        "https://photos.example.org:8443/1.jpg",
        "https://photos.example.org.evil.example/1.jpg",
        "https://photos.example.org@127.0.0.1/1.jpg",
        "https://127.0.0.1/photos.example.org",
        "https://[::1/1.jpg",
        "https://photos.example.org:x/",
        "",
    ],
)
async def test_a_link_anywhere_else_is_words_and_never_called(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ILKIM_OPEN311_MEDIA_HOSTS", "photos.example.org, .cdn.example.org")
    source = links.media()

    assert source
    assert not links.is_trusted(url, links.LinkSettings().hosts)
    with pytest.raises(ValueError, match="address"):
        await source.fetch(Attachment(provider_id="1", url=url), "main", 1_000)


def a_photo() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "grey").save(file, "JPEG")
    return file.getvalue()


async def test_an_address_of_the_registry_is_a_place(system: System, client: Client) -> None:
    await client.post({"service_code": "yol-bakim", "address_id": "195010"})

    assert (await sent(system)).place == Place(street="Cumhuriyet Cadde", neighbourhood="19 Mayıs")


async def test_a_report_that_tells_of_danger_is_urgent_and_says_whom_to_call(system: System, client: Client) -> None:
    answer = await client.post(A_REPORT | {"description": "Yangın var, yardım edin", "lang": "en"})

    assert "112" in answer.texts("service_notice")[0]
    assert len(await system.take_all("intake.urgent")) == 1


async def test_the_key_may_stand_in_a_header_and_never_in_the_contact(system: System, client: Client) -> None:
    bare = Client(client.session, client.url)
    answer = await bare.post(A_REPORT, **{"X-Api-Key": client.key})

    assert answer.status == 200
    assert client.key.encode() not in (await system.take_all("intake.routine"))[0]


async def test_posting_needs_a_key_unless_the_endpoint_is_for_tests(
    system: System, client: Client, session: aiohttp.ClientSession
) -> None:
    assert is_errors(await Client(session, client.url).post(A_REPORT), 403)
    async with serving(built(edge, system, ILKIM_OPEN311_ENDPOINT="test")) as url:
        assert (await Client(session, url).post(A_REPORT)).status == 200


async def test_who_posts_too_often_is_told_when_to_come_again(system: System, client: Client) -> None:
    busy = Client(client.session, client.url, await a_key(system, requests_per_minute=2))
    answers = [await busy.post(A_REPORT) for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) > 0
    assert is_errors(answers[2], 429)


async def test_thirty_two_equal_posts_at_once_make_one_contact(system: System, client: Client) -> None:
    answers = await asyncio.gather(*(client.post(A_REPORT, **{"Idempotency-Key": '"k-1"'}) for _ in range(32)))
    other = await client.post(A_REPORT | {"lat": "41.3"}, **{"Idempotency-Key": '"k-1"'})
    async with running(built(worker, system)):
        await client.number_of(answers[0].texts("token")[0])

    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert is_errors(other, 422)
    assert await system.value("SELECT count(*) FROM contact") == 1


async def test_the_same_key_in_the_other_format_has_the_same_token(client: Client) -> None:
    xml = await client.post(A_REPORT, **{"Idempotency-Key": "k-2"})
    other = await client.post(A_REPORT, ".json", **{"Idempotency-Key": "k-2"})

    assert other.json[0]["token"] == xml.texts("token")[0]


async def test_with_the_broker_away_a_report_is_taken_all_the_same(
    system: System, session: aiohttp.ClientSession
) -> None:
    key = await a_key(system)
    async with serving(built(edge, system, RABBITMQ_URL=AWAY_AMQP)) as url:
        answer = await Client(session, url, key).post(A_REPORT)

    assert answer.status == 200
    assert await system.value("SELECT count(*) FROM outbox WHERE published_at IS NULL") == 1


async def test_with_the_database_away_services_are_told_and_requests_are_not(
    system: System, session: aiohttp.ClientSession
) -> None:
    settings: dict[str, Any] = {"DATABASE_URL": AWAY_DATABASE, "ILKIM_OPEN311_ENDPOINT": "test"}
    async with serving(built(edge, system, **settings)) as url:
        away = Client(session, url)
        await until(lambda: _is_taken(away))
        answer = await away.get("/requests")

        assert (await away.get("/services")).status == 200
        assert is_errors(answer, 503)
        assert int(answer.headers["Retry-After"]) > 0


async def _is_taken(client: Client) -> bool:
    return (await client.post(A_REPORT, **{"Idempotency-Key": "k"})).status == 200
