"""The citizen's form and the page of its number, in a real browser."""

import io
from collections.abc import AsyncIterator

import pytest
from PIL import Image
from playwright.async_api import Browser, expect

from services.intake.app import edge, worker
from shared.contracts import CaseAssigned
from shared.messaging.topology import EVENTS
from tests.browser.conftest import BOTH_WAYS
from tests.browser.visitor import DESKTOP, Look, Visitor, a_visit
from tests.builders import a_case_assigned
from tests.harness import System, a_system, built, running, serving, until

TEXT = "Parktaki salıncağın zinciri kopmuş, çocuklar düşüyor"
LIGHT = Look(DESKTOP, "light")
# In the middle of the neighbourhood Kale.
KALE = {"latitude": 41.291514, "longitude": 36.334778}


@pytest.fixture(scope="module")
async def system(amqp_url: str, database_url: str) -> AsyncIterator[System]:
    async with a_system(amqp_url, database_url, "intake") as deployed, running(built(worker, deployed)):
        yield deployed


@pytest.fixture(scope="module")
async def site(system: System) -> AsyncIterator[str]:
    """Where the citizen's pages are served."""
    service = built(edge, system)
    async with serving(service) as url:
        await until(service.broker_is_there)
        yield url


def a_photo(place: tuple[float, float] | None = None) -> dict[str, object]:
    """A picture as a phone would send it."""
    image, out = Image.linear_gradient("L").convert("RGB").resize((1600, 1200)), io.BytesIO()
    exif = Image.Exif()
    if place:
        north, east = ((degrees, (degrees % 1) * 60, 0.0) for degrees in place)
        exif[0x8825] = {1: "N", 2: (int(north[0]), north[1], 0.0), 3: "E", 4: (int(east[0]), east[1], 0.0)}
    image.save(out, "JPEG", exif=exif)
    return {"name": "salıncak.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


async def usable(visitor: Visitor) -> None:
    """Everybody can use the page as it stands, on this screen."""
    assert await visitor.violations() == []
    assert not await visitor.is_wider_than_the_screen()


async def sent(visitor: Visitor) -> str:
    """The number that the page of the submission shows."""
    await visitor.page.wait_for_selector(".tracking")
    return await visitor.page.locator(".tracking").inner_text()


async def test_the_form_is_open_to_everybody(chromium: Browser, site: str, look: Look) -> None:
    async with a_visit(chromium, look) as visitor:
        await visitor.page.goto(site)
        await visitor.picture("form")

        await usable(visitor)


@BOTH_WAYS
async def test_a_message_is_sent_by_keyboard_alone(chromium: Browser, site: str, look: Look, scripts: bool) -> None:
    async with a_visit(chromium, look, scripts=scripts) as visitor:
        await visitor.page.goto(site)
        await visitor.tab_to("#text")
        await visitor.page.keyboard.type(TEXT)
        await visitor.tab_to("#street")
        await visitor.page.keyboard.type("İstiklal Caddesi")
        await visitor.tab_to("#email")
        await visitor.page.keyboard.type("ayse@example.org")
        await visitor.tab_to("button[value=check]")
        await visitor.press("Enter")
        await visitor.page.wait_for_selector("button[value=send]")
        await visitor.picture("check")
        if scripts:
            await usable(visitor)
        await visitor.tab_to("button[value=send]")
        await visitor.press("Enter")

        assert len(await sent(visitor)) == len("482-715-936")
        await visitor.picture("status")
        if scripts:
            await usable(visitor)


async def test_a_click_on_the_map_finds_the_neighbourhood(chromium: Browser, site: str, look: Look) -> None:
    async with a_visit(chromium, look) as visitor:
        await visitor.page.goto(site)
        await visitor.page.fill("#text", TEXT)
        await visitor.page.click("#open-map")
        await visitor.page.wait_for_selector("#map svg .pin", state="attached")
        await visitor.page.click("#map")
        await expect(visitor.page.locator("#neighbourhood")).not_to_have_value("")
        await visitor.picture("map")

        await usable(visitor)
        assert await visitor.page.input_value("[name=latitude]")
        assert "Mahallesi" in await visitor.page.inner_text("#place-said")


async def test_the_map_is_walked_with_the_arrow_keys(chromium: Browser, site: str) -> None:
    async with a_visit(chromium, LIGHT) as visitor:
        await visitor.page.goto(site)
        await visitor.tab_to("#open-map")
        await visitor.press("Enter")
        await visitor.page.wait_for_selector("#map svg .pin", state="attached")
        await visitor.tab_to("#map")
        await visitor.press("Enter")
        first = await visitor.page.input_value("[name=longitude]")
        await visitor.press("ArrowRight", "+", "ArrowRight")

        assert float(await visitor.page.input_value("[name=longitude]")) > float(first)


async def test_ones_own_place_is_found_and_a_correction_outweighs_it(chromium: Browser, site: str) -> None:
    async with a_visit(chromium, LIGHT, geolocation=KALE, permissions=["geolocation"]) as visitor:
        await visitor.page.goto(site)
        await visitor.page.click("#use-my-place")
        await expect(visitor.page.locator("#neighbourhood")).to_have_value("Kale")
        await visitor.page.select_option("#neighbourhood", "Kadıköy")

        assert await visitor.page.input_value("[name=latitude]") == ""


async def test_streets_are_suggested_while_one_types(chromium: Browser, site: str) -> None:
    async with a_visit(chromium, LIGHT) as visitor:
        await visitor.page.goto(site)
        await visitor.page.locator("#street").press_sequentially("istikl")
        await visitor.page.wait_for_selector("#streets option", state="attached")

        first = await visitor.page.locator("#streets option").first.get_attribute("value")
        assert first and first.startswith("İstiklal")


@BOTH_WAYS
async def test_a_photo_offers_the_place_where_it_was_taken(
    chromium: Browser, site: str, look: Look, scripts: bool
) -> None:
    async with a_visit(chromium, look, scripts=scripts) as visitor:
        await visitor.page.goto(site)
        await visitor.page.fill("#text", "Bu çukur kaç haftadır duruyor")
        await visitor.page.set_input_files("#photo", a_photo((KALE["latitude"], KALE["longitude"])))
        await visitor.page.click("button[value=check]")

        assert await visitor.page.is_checked("[name=photo_place]")
        assert await visitor.page.input_value("#neighbourhood") == "Kale"
        await visitor.picture("photo")
        await visitor.page.click("button[value=send]")
        await sent(visitor)


async def test_what_is_wrong_is_told_beside_its_field(chromium: Browser, site: str, look: Look) -> None:
    async with a_visit(chromium, look, refusals=(422,)) as visitor:
        await visitor.page.goto(site)
        await visitor.page.fill("#email", "ayse")
        program = {"name": "program.exe", "mimeType": "image/jpeg", "buffer": b"MZ" + bytes(100)}
        await visitor.page.set_input_files("#photo", [program, a_photo()])
        await visitor.page.click("button[value=check]")
        await visitor.page.wait_for_selector("#text-error")
        await visitor.picture("wrong")

        await usable(visitor)
        assert "program.exe" in await visitor.page.inner_text("#photo-error")
        assert await visitor.page.locator(".photos li").count() == 1
        assert await visitor.page.input_value("#email") == "ayse"


async def test_danger_is_answered_while_it_is_typed(chromium: Browser, site: str, look: Look) -> None:
    async with a_visit(chromium, look) as visitor:
        await visitor.page.goto(site)
        await visitor.page.locator("#text").press_sequentially("Apartmanda gaz kokusu var")
        await visitor.page.wait_for_selector("#alarm-place a[href='tel:187']")
        await visitor.picture("danger")

        await usable(visitor)


@BOTH_WAYS
async def test_who_tells_of_the_same_joins_the_case_that_is_there(
    chromium: Browser, site: str, system: System, look: Look, scripts: bool
) -> None:
    await an_open_case(chromium, site, system)
    async with a_visit(chromium, look, scripts=scripts) as visitor:
        await visitor.page.goto(site)
        await visitor.page.fill("#text", "Çöp konteyneri taşmış, koku yapıyor")
        await visitor.page.select_option("#neighbourhood", "Kale")
        await visitor.page.click("button[value=check]")
        await visitor.page.wait_for_selector("#similar")
        await visitor.picture("similar")
        if scripts:
            await usable(visitor)
        assert "günlerdir" not in await visitor.page.inner_text("#similar")
        await visitor.page.locator("#similar input").first.check()
        await visitor.page.click("button[value=send]")
        await visitor.page.wait_for_selector("text=Bildiriminiz eklendi")
        await visitor.picture("joined")


async def an_open_case(chromium: Browser, site: str, system: System) -> None:
    """Somebody reported a full container in Kale, and the router knows whose it is."""
    async with a_visit(chromium, LIGHT) as visitor:
        await visitor.page.goto(site)
        await visitor.page.fill("#text", "Çöp konteyneri günlerdir dolu")
        await visitor.page.click("button[value=check]")
        await visitor.page.click("button[value=send]")
        number = await sent(visitor)
    case_id = await system.value("SELECT id FROM case_file WHERE number = $1", number)
    assigned: CaseAssigned = a_case_assigned(
        case_id=case_id, number=number, version=2, topic="cop-konteyneri", neighbourhood="61858"
    )
    await system.tell(EVENTS, "router.told.routine", assigned)
    await until(lambda: _has_topic(system, number))


async def _has_topic(system: System, number: str) -> bool:
    return await system.value("SELECT topic FROM case_file WHERE number = $1", number) is not None


async def test_who_reads_english_is_served_as_well(chromium: Browser, site: str, look: Look) -> None:
    async with a_visit(chromium, look, locale="en-GB") as visitor:
        await visitor.page.goto(site)
        await visitor.page.click("text=English")
        await visitor.page.fill("#text", "The chain of a swing in the park is broken")
        await visitor.page.click("button[value=check]")
        await visitor.page.wait_for_selector("text=Did we get it right?")
        await usable(visitor)
        await visitor.page.click("button[value=send]")
        await sent(visitor)

        assert "We have your request" in await visitor.page.inner_text("h1")
        await usable(visitor)
