"""The citizen's pages, on a real edge, broker and database: no script, no loss, nothing twice."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Mapping

import aiohttp
import pytest

from services.intake.app import edge
from tests.harness import AWAY_AMQP, AWAY_DATABASE, System, built, serving

TEXT = "Sokağın başındaki lamba <b>üç</b> gündür yanmıyor"


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def page(browser: aiohttp.ClientSession, url: str) -> tuple[int, str, Mapping[str, str]]:
    async with browser.get(url) as answer:
        return answer.status, await answer.text(), answer.headers


async def page_id(browser: aiohttp.ClientSession, url: str) -> str:
    _, html, _ = await page(browser, url)
    found = re.search(r'name="submission_id" value="([^"]+)"', html)
    assert found
    return found[1]


async def send(browser: aiohttp.ClientSession, url: str, **given: str) -> tuple[int, str, str]:
    async with browser.post(f"{url}/basvuru", data={"step": "send", **given}, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", ""), await answer.text()


async def test_a_double_press_is_one_contact_and_its_number_stands_on_the_page(
    at_work: System, edge_url: str, browser: aiohttp.ClientSession
) -> None:
    given = {"submission_id": await page_id(browser, edge_url), "text": TEXT, "neighbourhood": "Kadıköy"}
    (status, location, _), again = await asyncio.gather(*(send(browser, edge_url, **given) for _ in range(2)))
    assert (status, again[:2]) == (303, (303, location))

    shown, html, headers = await page(browser, edge_url + location)

    assert shown == 200
    assert re.search(r"\d{3}-\d{3}-\d{3}", html)
    assert "unsafe" not in str(headers)
    assert await at_work.value("SELECT count(*) FROM contact") == 1


async def test_a_second_text_from_the_same_page_is_not_lost(
    at_work: System, edge_url: str, browser: aiohttp.ClientSession
) -> None:
    opened = await page_id(browser, edge_url)
    locations = [(await send(browser, edge_url, submission_id=opened, text=text))[1] for text in (TEXT, TEXT + "!")]
    for location in locations:
        assert (await page(browser, edge_url + location))[0] == 200

    assert await at_work.value("SELECT count(*) FROM case_file") == 2


async def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    system: System, edge_url: str, browser: aiohttp.ClientSession
) -> None:
    status, _, html = await send(browser, edge_url, text="a", street="İstiklal <Caddesi>")

    assert status == 422
    assert 'aria-describedby="text-hint text-error" aria-invalid="true"' in html
    assert "İstiklal &lt;Caddesi&gt;" in html


async def test_danger_is_answered_with_the_number_to_call_before_and_after_sending(
    system: System, edge_url: str, browser: aiohttp.ClientSession
) -> None:
    async with browser.post(f"{edge_url}/basvuru/acil", data=b"Apartmanda gaz kokusu var") as answer:
        assert "tel:187" in await answer.text()
    async with browser.post(f"{edge_url}/basvuru/acil", data=TEXT.encode()) as answer:
        assert answer.status == 204
    _, location, _ = await send(browser, edge_url, text="Apartmanda gaz kokusu var")

    assert "tel:187" in (await page(browser, edge_url + location))[1]
    assert "tel:" not in (await page(browser, edge_url + location.replace("187", "0900")))[1]


async def test_while_the_number_is_on_its_way_the_page_says_so_and_renews_itself(
    system: System, edge_url: str, browser: aiohttp.ClientSession
) -> None:
    _, location, _ = await send(browser, edge_url, text=TEXT)

    status, html, headers = await page(browser, edge_url + location)

    assert status == 202
    assert "Mesajınız güvende" in html
    assert re.fullmatch(r"2;url=/basvuru/.+deneme=1", headers["Refresh"])


async def test_a_page_nobody_sent_is_not_called_safe(
    system: System, edge_url: str, browser: aiohttp.ClientSession
) -> None:
    assert "güvende" not in (await page(browser, f"{edge_url}/basvuru/{uuid.uuid4()}"))[1]
    assert (await page(browser, f"{edge_url}/basvuru/123"))[0] == 404


async def test_with_both_away_the_text_stays_in_the_form(system: System, browser: aiohttp.ClientSession) -> None:
    service = built(edge, system, RABBITMQ_URL=AWAY_AMQP, DATABASE_URL=AWAY_DATABASE)
    async with serving(service) as url:
        opened = await page_id(browser, url)
        async with browser.post(
            f"{url}/basvuru", data={"submission_id": opened, "text": TEXT, "step": "send"}
        ) as answer:
            html = await answer.text()

            assert (answer.status, "Retry-After" in answer.headers) == (503, True)
            assert "Sokağın başındaki lamba &lt;b&gt;" in html
            assert opened in html
