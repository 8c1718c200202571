"""The survey and the withdrawal by page: a look changes nothing, a button acts once, and both end when they must."""

from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from shared.contracts import Outcome, ReopenedBy, ReopeningAsked, SurveyAnswered, WithdrawalAsked
from shared.messaging.topology import EVENTS
from tests.builders import a_case_closed
from tests.harness import System, until
from tests.intake.test_pages_tracking import a_case, address, browser, site
from tests.intake.test_worker import count, has, told

__all__ = ["browser", "site"]


async def closed(system: System, number: str, **changed: Any) -> None:
    """The case of this number was closed an hour ago, as solved unless the test says otherwise."""
    case_id = await system.value("SELECT id FROM case_file WHERE number = $1", number)
    at = datetime.now(UTC) - timedelta(hours=1)
    step = {"case_id": case_id, "number": number, "occurred_at": at} | changed
    await system.tell(EVENTS, "router.told.routine", a_case_closed(**step))

    async def is_closed() -> bool:
        return bool(await system.value("SELECT state = 'closed' FROM case_file WHERE number = $1", number))

    await until(is_closed)


async def press(browser: aiohttp.ClientSession, url: str, **fields: str) -> tuple[int, str]:
    async with browser.post(url, data=fields, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", "")


async def test_a_look_at_the_links_of_the_survey_answers_nothing(
    at_work: System, site: str, browser: aiohttp.ClientSession
) -> None:
    number = await a_case(at_work, site, browser)
    await closed(at_work, number)
    for answer in ("evet", "hayir"):
        async with browser.get(f"{site}{address(number)}/anket?cevap={answer}") as page:
            assert "Sorununuz çözüldü mü?" in await page.text()

    assert await count(at_work, "contact") == 1
    assert await count(at_work, "survey") == 0


async def test_the_button_answers_once_however_often_it_is_pressed(
    at_work: System, site: str, browser: aiohttp.ClientSession
) -> None:
    number = await a_case(at_work, site, browser)
    await closed(at_work, number)
    survey = f"{site}{address(number)}/anket"
    status, to = await press(browser, survey, cevap="hayir", text="Direk hâlâ yanmıyor")
    await press(browser, survey, cevap="hayir", text="Direk hâlâ yanmıyor")
    await has(at_work, "survey", 1)

    assert (status, to) == (303, f"{address(number)}?tamam=survey")
    [answer] = await told(at_work, SurveyAnswered.type_name())
    [asked] = await told(at_work, ReopeningAsked.type_name())
    assert (answer["solved"], asked["by"], asked["text"]) == (False, ReopenedBy.SURVEY, "Direk hâlâ yanmıyor")
    async with browser.get(survey) as page:
        assert "Bu soru kapandı" in await page.text()


@pytest.mark.parametrize("changed", [{"outcome": Outcome.REJECTED}, {"occurred_at": datetime(2026, 1, 1, tzinfo=UTC)}])
async def test_who_was_refused_or_comes_late_is_not_asked(
    at_work: System, site: str, browser: aiohttp.ClientSession, changed: dict[str, Any]
) -> None:
    number = await a_case(at_work, site, browser)
    await closed(at_work, number, **changed)
    status, _ = await press(browser, f"{site}{address(number)}/anket", cevap="evet")

    assert status == 422
    async with browser.get(f"{site}{address(number)}") as page:
        assert "/anket" not in await page.text()


async def test_a_case_is_withdrawn_by_the_second_step_alone(
    at_work: System, site: str, browser: aiohttp.ClientSession
) -> None:
    number = await a_case(at_work, site, browser)
    async with browser.get(f"{site}{address(number)}") as page:
        assert f"{address(number)}/vazgec" in await page.text()
    async with browser.get(f"{site}{address(number)}/vazgec") as page:
        assert "geri çekmek istiyor musunuz" in await page.text()
    assert await count(at_work, "contact") == 1

    status, to = await press(browser, f"{site}{address(number)}/vazgec")
    await has(at_work, "contact", 2)
    assert (status, to) == (303, f"{address(number)}?tamam=withdraw")
    [asked] = await told(at_work, WithdrawalAsked.type_name())
    assert asked["text"] == "Başvurumu geri çekiyorum."


async def test_a_closed_case_is_not_withdrawn(at_work: System, site: str, browser: aiohttp.ClientSession) -> None:
    number = await a_case(at_work, site, browser)
    await closed(at_work, number)
    status, _ = await press(browser, f"{site}{address(number)}/vazgec")

    assert status == 422
    assert await count(at_work, "contact") == 1


@pytest.mark.parametrize("page", ["anket", "vazgec"])
async def test_both_are_behind_the_code(at_work: System, site: str, browser: aiohttp.ClientSession, page: str) -> None:
    number = await a_case(at_work, site, browser)
    async with browser.get(f"{site}/takip/{number}/AAAA-AAAA/{page}") as answer:
        assert answer.status == 404
    assert (await press(browser, f"{site}/takip/{number}/AAAA-AAAA/{page}", cevap="evet"))[0] == 404


async def test_not_solved_after_the_window_leads_to_the_case_that_follows(
    at_work: System, site: str, browser: aiohttp.ClientSession
) -> None:
    number = await a_case(at_work, site, browser)
    await closed(at_work, number, occurred_at=datetime.now(UTC) - timedelta(days=60))
    given = {"submission_id": "0b3f8c8e-6a52-4a59-9a1c-2f0d3c7a2b10", "text": "Yine yanmıyor", "wish": "not_solved"}
    async with browser.post(f"{site}{address(number)}", data=given) as answer:
        assert answer.status == 200
    await has(at_work, "case_file", 2)

    follower = await at_work.value("SELECT number FROM case_file WHERE follows IS NOT NULL")
    async with browser.get(f"{site}{address(number)}") as page:
        assert address(follower) in await page.text()
