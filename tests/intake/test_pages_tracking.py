"""The tracking page and the end of notices over bare HTTP: who may look, what is added, what is told to whom."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator

import aiohttp
import pytest

from services.intake.app import edge
from shared.contracts import Channel
from shared.ids import new_id
from shared.messaging.topology import EVENTS
from shared.tokens import CaseTokens, OptOutTokens
from shared.tries import TRIES_MAX
from tests.builders import a_case_closed
from tests.harness import AWAY_AMQP, AWAY_DATABASE, System, built, serving, until

KEY = bytes(range(32))
TOKENS = CaseTokens(KEY)
OPT_OUTS = OptOutTokens(KEY)
NOBODYS = "482-715-936"


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def site(system: System) -> AsyncIterator[str]:
    """An edge of its own: wrong tries are counted from none."""
    service = built(edge, system)
    async with serving(service) as url:
        await until(service.broker_is_there)
        yield url


async def a_case(system: System, site: str, browser: aiohttp.ClientSession) -> str:
    """The number of a case sent by the form."""
    given = {"submission_id": str(uuid.uuid4()), "text": "Sokak lambası yanmıyor", "step": "send"}
    async with browser.post(f"{site}/basvuru", data=given) as answer:
        found = re.search(r"\d{3}-\d{3}-\d{3}", await answer.text())
    assert found
    return found[0]


def address(number: str) -> str:
    return f"/takip/{number}/{TOKENS.code(number)}"


async def test_number_and_code_lead_to_the_case_however_they_are_typed(
    at_work: System, site: str, browser: aiohttp.ClientSession
) -> None:
    number = await a_case(at_work, site, browser)
    typed = {"number": number.replace("-", ""), "code": TOKENS.code(number).lower().replace("-", " ")}

    async with browser.post(f"{site}/takip", data=typed, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, address(number))


async def test_the_page_is_kept_by_nobody_and_tells_its_address_to_nobody(
    at_work: System, site: str, browser: aiohttp.ClientSession
) -> None:
    number = await a_case(at_work, site, browser)
    async with browser.get(site + address(number)) as answer:
        html, headers = await answer.text(), answer.headers

    assert "Başvurunuz alındı" in html
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in headers["X-Robots-Tag"]


async def test_every_refusal_reads_the_same(at_work: System, site: str, browser: aiohttp.ClientSession) -> None:
    number = await a_case(at_work, site, browser)
    wrong = (f"/takip/{number}/AAAA-AAAA", f"/takip/{NOBODYS}/AAAA-AAAA", address(NOBODYS), "/takip/12/x")

    told = []
    for path in wrong:
        async with browser.get(site + path) as answer:
            told.append((answer.status, re.sub(r'href="[^"]*dil=en"', "", await answer.text())))

    assert {status for status, _ in told} == {404}
    assert len({html for _, html in told}) == 1


async def test_after_ten_wrong_codes_even_the_right_one_waits(
    at_work: System, site: str, browser: aiohttp.ClientSession
) -> None:
    number = await a_case(at_work, site, browser)
    for _ in range(TRIES_MAX):
        async with browser.post(f"{site}/takip", data={"number": number, "code": "AAAA-AAAA"}) as answer:
            assert answer.status == 404

    async with browser.get(site + address(number)) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "60")


async def test_looking_often_is_no_wrong_try(at_work: System, site: str, browser: aiohttp.ClientSession) -> None:
    number = await a_case(at_work, site, browser)

    for _ in range(TRIES_MAX + 2):
        async with browser.get(site + address(number)) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("closed", [True, False])
async def test_not_solved_is_said_of_a_closed_case_only(
    at_work: System, site: str, browser: aiohttp.ClientSession, closed: bool
) -> None:
    number = await a_case(at_work, site, browser)
    if closed:
        case_id = await at_work.value("SELECT id FROM case_file WHERE number = $1", number)
        await at_work.tell(EVENTS, "router.told.routine", a_case_closed(case_id=case_id, number=number, version=2))

        async def is_closed() -> bool:
            return bool(await at_work.value("SELECT state FROM case_file") == "closed")

        await until(is_closed)
    given = {"submission_id": str(uuid.uuid4()), "wish": "not_solved"}

    async with browser.post(site + address(number), data=given, allow_redirects=False) as answer:
        assert answer.status == (303 if closed else 422)


async def test_a_question_without_words_is_told_beside_its_field(
    at_work: System, site: str, browser: aiohttp.ClientSession
) -> None:
    number = await a_case(at_work, site, browser)

    async with browser.post(site + address(number), data={"text": " "}) as answer:
        assert answer.status == 422
        assert 'id="text-error"' in await answer.text()


async def test_whoever_lacks_the_code_adds_nothing(at_work: System, site: str, browser: aiohttp.ClientSession) -> None:
    number = await a_case(at_work, site, browser)

    async with browser.post(f"{site}/takip/{number}/AAAA-AAAA", data={"text": "Merhaba"}) as answer:
        assert answer.status == 404


async def test_looking_ends_no_notices_and_one_click_does(
    system: System, site: str, browser: aiohttp.ClientSession
) -> None:
    person = new_id()
    page = f"{site}/abonelik/{OPT_OUTS.token(person, Channel.EMAIL)}"
    async with browser.get(page) as answer:
        assert "E-posta" in await answer.text()
    assert await system.depth("notifier.receipts") == 0
    one_click = {"List-Unsubscribe": "One-Click"}
    async with browser.post(page, data=one_click) as answer:
        assert answer.status == 200
    async with browser.post(f"{page}?geri=1") as answer:
        assert answer.status == 200

    told = [await system.take("notifier.receipts") for _ in range(2)]

    assert [str(person).encode() in body for body in told] == [True, True]
    assert [b'"opted_out":true' in body for body in told] == [True, False]


async def test_surveys_alone_are_ended_by_a_button_of_their_own(
    system: System, site: str, browser: aiohttp.ClientSession
) -> None:
    page = f"{site}/abonelik/{OPT_OUTS.token(new_id(), Channel.EMAIL)}"
    async with browser.post(f"{page}?anket=1") as answer:
        assert "anket göndermeyeceğiz" in await answer.text()
    async with browser.post(f"{page}?anket=1&geri=1") as answer:
        assert answer.status == 200

    told = [await system.take("notifier.receipts") for _ in range(2)]

    assert [b'"of":"surveys"' in body for body in told] == [True, True]
    assert [b'"opted_out":true' in body for body in told] == [True, False]


async def test_a_forged_link_ends_nothing(system: System, site: str, browser: aiohttp.ClientSession) -> None:
    token = OPT_OUTS.token(new_id(), Channel.EMAIL).replace("email", "sms")
    for send in (browser.get, browser.post):
        async with send(f"{site}/abonelik/{token}") as answer:
            assert answer.status == 404

    assert await system.depth("notifier.receipts") == 0


async def test_with_both_away_nobody_is_told_that_notices_ended(system: System, browser: aiohttp.ClientSession) -> None:
    service = built(edge, system, RABBITMQ_URL=AWAY_AMQP, DATABASE_URL=AWAY_DATABASE)
    async with (
        serving(service) as url,
        browser.post(f"{url}/abonelik/{OPT_OUTS.token(new_id(), Channel.SMS)}") as answer,
    ):
        assert (answer.status, "Retry-After" in answer.headers) == (503, True)


async def test_what_is_added_joins_the_case_once(at_work: System, site: str, browser: aiohttp.ClientSession) -> None:
    number = await a_case(at_work, site, browser)
    given = {"submission_id": str(uuid.uuid4()), "text": "Direğin numarası 14"}

    async def send() -> int:
        async with browser.post(site + address(number), data=given, allow_redirects=False) as answer:
            return answer.status

    assert await asyncio.gather(send(), send()) == [303, 303]

    async def has_joined() -> bool:
        return bool(await at_work.value("SELECT count(*) FROM joined_case") == 1)

    await until(has_joined)
    assert await at_work.value("SELECT count(*) FROM case_file") == 1
    async with browser.get(site + address(number)) as answer:
        assert "Mesajınız eklendi" in await answer.text()


async def test_photos_are_shown_to_whoever_has_the_code(
    at_work: System, site: str, browser: aiohttp.ClientSession
) -> None:
    number = await a_case(at_work, site, browser)
    form = aiohttp.FormData({"submission_id": str(uuid.uuid4()), "text": "Fotoğrafı da ekliyorum"})
    form.add_field("photo_file", b"%PDF-1.4 rapor", filename="rapor.pdf", content_type="application/pdf")
    async with browser.post(site + address(number), data=form) as answer:
        assert answer.status == 200

    async def is_kept() -> bool:
        return bool(await at_work.value("SELECT count(*) FROM file WHERE state = 'kept'"))

    await until(is_kept)
    async with browser.get(site + address(number)) as answer:
        found = re.search(r'href="(/takip/[^"]*/dosya/[^"]*)"', await answer.text())
    assert found
    async with browser.get(site + found[1]) as answer:
        assert (answer.status, answer.content_type) == (200, "application/pdf")
        assert answer.headers["Content-Disposition"].startswith("attachment")
    async with browser.get(site + found[1].replace(TOKENS.code(number), "AAAA-AAAA")) as answer:
        assert answer.status == 404
    async with browser.get(f"{site}{address(number)}/dosya/{uuid.uuid4()}") as answer:
        assert answer.status == 410


async def test_danger_in_an_addition_is_answered_with_the_number_to_call(
    at_work: System, site: str, browser: aiohttp.ClientSession
) -> None:
    number = await a_case(at_work, site, browser)

    async with browser.post(site + address(number), data={"text": "Şimdi de gaz kokusu var"}) as answer:
        assert "tel:187" in await answer.text()
    async with browser.get(f"{site}{address(number)}?acil=0900") as answer:
        assert "tel:" not in await answer.text()
