"""A real Chromium for the pages' tests. Where there is none they are left out, and the summary says so in capitals.

Short, in `make test`: a phone in light, a desktop in dark. Long, `make browser` (BROWSER_LOOKS=all): all four.
"""

import os
from collections.abc import AsyncIterator
from typing import Final

import pytest
from playwright.async_api import Browser, async_playwright

from ops.chromium import MISSING, find
from tests.browser.visitor import DESKTOP, PHONE, Look

FLAGS: Final = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
EVERY_LOOK: Final = [Look(width, scheme) for width in (PHONE, DESKTOP) for scheme in ("light", "dark")]
SHORT: Final = [Look(PHONE, "light"), Look(DESKTOP, "dark")]
IS_LONG: Final = os.environ.get("BROWSER_LOOKS") == "all"
LOOKS: Final = EVERY_LOOK if IS_LONG else SHORT
# With scripts in every look; without them the pages look alike, so that in the short form one look is enough.
WAYS: Final = [(look, True) for look in LOOKS] + [(look, False) for look in (LOOKS if IS_LONG else LOOKS[:1])]
BOTH_WAYS: Final = pytest.mark.parametrize(
    ("look", "scripts"), WAYS, ids=[f"{look}-{'with' if scripts else 'without'} scripts" for look, scripts in WAYS]
)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for the session with a new user folder; each visit has a context of its own."""
    path = find()
    if path is None:
        pytest.skip(MISSING)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        await browser.close()


@pytest.fixture(params=LOOKS, ids=str)
def look(request: pytest.FixtureRequest) -> Look:
    """A size and a colour scheme; a test that asks for it runs once for each."""
    assert isinstance(request.param, Look)
    return request.param


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A skip is easily overlooked; this is not."""
    if find() is None:
        terminalreporter.section("BROWSER TESTS LEFT OUT", sep="!", red=True, bold=True)
        terminalreporter.line(MISSING)
