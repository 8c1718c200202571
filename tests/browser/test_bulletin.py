"""The bulletin in a real browser: every line opens into its sum, and what was published stands beside ours."""

from collections.abc import AsyncIterator
from datetime import date

import pytest
from playwright.async_api import Browser, expect

from services.reporting.app import reporting
from services.reporting.domain.bulletin import Printed, draw_up
from services.reporting.figures import Figures
from tests.browser.conftest import BOTH_WAYS
from tests.browser.visitor import DESKTOP, Look, a_visit
from tests.harness import a_system, built, serving
from tests.reporting.papers import ILKADIM, a_count

PUBLISHED = "?from=2020-01-01&to=2020-09-30"
COUNTED = [
    a_count(3850),
    a_count(140, state="routed", outcome=None),
    *(a_count(40 + place, channel="phone", neighbourhood=row.code) for place, row in enumerate(ILKADIM.neighbourhoods)),
    *(a_count(9, channel="web", owner=row.code) for row in ILKADIM.departments),
    a_count(661, channel="web", owner="saski", owner_kind="institution", state="routed", outcome="forwarded"),
]


class Given(Figures):
    """Figures whose bulletin is given."""

    counted = COUNTED

    async def bulletin(self, first: date | None, last: date | None) -> Printed:
        return draw_up(self.counted, self.place)


@pytest.fixture(scope="module")
async def site(amqp_url: str, database_url: str) -> AsyncIterator[str]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("services.reporting.app.Figures", Given)
        async with a_system(amqp_url, database_url, "reporting") as system, serving(built(reporting, system)) as url:
            yield url


async def test_it_is_whole_and_usable_by_everybody(chromium: Browser, site: str, look: Look) -> None:
    async with a_visit(chromium, look) as visitor:
        for name, path in [
            ("bulletin", PUBLISHED),
            ("bulletin-en", f"{PUBLISHED}&dil=en"),
            ("bulletin-all", "?dil=tr"),
        ]:
            await visitor.page.goto(f"{site}/bulten{path}")
            await visitor.page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true; })")

            assert await visitor.violations() == [], path
            assert not await visitor.is_wider_than_the_screen(), path
            await visitor.picture(name)


@BOTH_WAYS
async def test_a_line_opens_into_its_sum(chromium: Browser, site: str, look: Look, scripts: bool) -> None:
    async with a_visit(chromium, look, scripts=scripts) as visitor:
        await visitor.page.goto(f"{site}/bulten")
        box = visitor.page.locator("details").first
        await expect(box.locator("table")).to_be_hidden()
        await box.locator("summary").click()

        await expect(box.locator("table")).to_be_visible()
        await expect(box).to_contain_text("3.990 = 3.990 ✓")


async def test_what_was_published_is_shown_for_its_days_alone(chromium: Browser, site: str) -> None:
    async with a_visit(chromium, Look(DESKTOP, "light")) as visitor:
        await visitor.page.goto(f"{site}/bulten")
        await expect(visitor.page.locator(".published")).to_have_count(0)
        await visitor.page.get_by_role("link", name="Yayımlanan dönem").click()

        published = visitor.page.locator(".published")
        await expect(published).to_have_count(len(ILKADIM.bulletin.groups) + len(ILKADIM.bulletin.lines))
        await expect(published.first).to_contain_text("3.991 talep, 3.850 çözülen. Bizde talep 3.990 (1 az).")


async def test_it_can_be_taken_away_as_pdf_and_text(chromium: Browser, site: str) -> None:
    async with a_visit(chromium, Look(DESKTOP, "light")) as visitor:
        for path, kind, start in [("pdf", "application/pdf", b"%PDF"), ("txt", "text/plain", "İlkadım".encode())]:
            answer = await visitor.page.request.get(f"{site}/bulten.{path}{PUBLISHED}")
            assert answer.headers["content-type"].startswith(kind)
            assert (await answer.body()).startswith(start)
            assert 'filename="bulten-2020-01-01-2020-09-30.' in answer.headers["content-disposition"]
