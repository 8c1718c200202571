"""A person before a real browser: looks at a page in one size and scheme, and notices whatever goes wrong behind it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, Page, Route

PHONE: Final = 390
DESKTOP: Final = 1280
HEIGHTS: Final = {PHONE: 844, DESKTOP: 900}
PATIENCE_MS: Final = 15_000
# WCAG 2.2 A and AA, and what axe's authors advise beside.
RULES: Final = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}


@dataclass(frozen=True, slots=True)
class Look:
    """How the page is looked at."""

    width: int
    scheme: Literal["light", "dark"]

    def __str__(self) -> str:
        return f"{self.width}-{self.scheme}"


@dataclass
class Visitor:
    """A page of a browser that knows nobody, and every trouble so far: console errors, refused or foreign requests."""

    page: Page
    look: Look
    troubles: list[str] = field(default_factory=list)

    async def press(self, *keys: str) -> None:
        """Press keys one after the other, e.g. "Tab", "Enter"."""
        for key in keys:
            await self.page.keyboard.press(key)

    async def tab_to(self, selector: str, presses_max: int = 80) -> None:
        """Go to an element as one does without a mouse. Raises AssertionError when Tab does not lead there."""
        wanted = await self.page.query_selector(selector)
        assert wanted is not None, f"there is no {selector}"
        for _ in range(presses_max):
            if await wanted.evaluate("element => element === document.activeElement"):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"the Tab key never reached {selector}")

    async def violations(self) -> list[str]:
        """What axe finds wrong on the page as it stands."""
        return await violations_of(self.page)

    async def is_wider_than_the_screen(self) -> bool:
        """Whether the reader would have to scroll sideways."""
        return bool(await self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))

    async def picture(self, name: str) -> None:
        """The whole page as a PNG in the folder that BROWSER_PICTURES names; nothing where it names none."""
        if folder := os.environ.get("BROWSER_PICTURES"):
            await self.page.screenshot(path=Path(folder) / f"{name}-{self.look}.png", full_page=True)


async def violations_of(page: Page) -> list[str]:
    """What axe-core (in the pinned axe-playwright-python) finds, one line a finding with the elements it is about."""
    found = await Axe().run(page, options=RULES)
    return [
        f"{row['id']}: {row['help']} at {', '.join(str(node['target'][0]) for node in row['nodes'])}"
        for row in found.response["violations"]
    ]


async def assert_accessible(page: Page) -> None:
    """Everybody can use the page as it stands, and nobody scrolls sideways."""
    assert await violations_of(page) == []
    assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth"), "wider than the screen"


@asynccontextmanager
async def a_visit(
    chromium: Browser, look: Look, *, scripts: bool = True, refusals: tuple[int, ...] = (), **more: Any
) -> AsyncIterator[Visitor]:
    """A visitor in a fresh context; ends with an AssertionError when there was any trouble.

    `scripts` False: JavaScript is switched off. `refusals`: answers such as 422 that the test provokes, which the
    browser would otherwise report. `more`: what a Playwright context takes, e.g. `locale`, `geolocation`.
    """
    context = await chromium.new_context(
        viewport={"width": look.width, "height": HEIGHTS[look.width]},
        color_scheme=look.scheme,
        reduced_motion="reduce",
        java_script_enabled=scripts,
        locale=more.pop("locale", "tr-TR"),
        timezone_id="Europe/Istanbul",
        **more,
    )
    context.set_default_timeout(PATIENCE_MS)
    visitor = Visitor(await context.new_page(), look)
    await context.route("**/*", lambda route: _at_home_only(route, visitor))
    visitor.page.on("console", lambda message: _note(message, visitor, refusals))
    visitor.page.on("pageerror", lambda error: visitor.troubles.append(f"script: {error}"))
    try:
        yield visitor
        assert not visitor.troubles, "; ".join(visitor.troubles)
    finally:
        await context.close()


async def _at_home_only(route: Route, visitor: Visitor) -> None:
    """Pages ask no outside host: such a request is refused and noted."""
    address = urlsplit(route.request.url)
    if address.hostname in ("127.0.0.1", "localhost") or address.scheme in ("data", "blob"):
        await route.continue_()
    else:
        visitor.troubles.append(f"foreign request: {route.request.url}")
        await route.abort()


def _note(message: ConsoleMessage, visitor: Visitor, refusals: tuple[int, ...]) -> None:
    """Breaches of the content security policy come as console errors too."""
    expected = any(f"status of {status} " in message.text for status in refusals)
    if message.type in ("error", "warning") and not expected:
        visitor.troubles.append(f"console: {message.text} ({message.location.get('url', '')})")
