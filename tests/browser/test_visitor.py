"""The equipment itself: what goes wrong behind a page fails its test, and a missing browser is never missed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.async_api import Browser

from ops import chromium as chromium_of
from tests.browser.visitor import DESKTOP, Look, a_visit

LIGHT = Look(DESKTOP, "light")
ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    ("page", "trouble"),
    [
        ("<script>console.error('broken')</script>", "broken"),
        ("<script>throw new Error('thrown')</script>", "thrown"),
        ("<img src='https://example.org/pixel.png'>", "foreign request"),
        (
            "<meta http-equiv='Content-Security-Policy' content=\"script-src 'none'\"><script>1</script>",
            "Content Security Policy",
        ),
    ],
)
async def test_trouble_behind_a_page_fails_its_test(chromium: Browser, page: str, trouble: str) -> None:
    with pytest.raises(AssertionError, match=trouble):
        async with a_visit(chromium, LIGHT) as visitor:
            await visitor.page.set_content(page)


async def test_a_page_that_not_everybody_can_use_is_found_out(chromium: Browser) -> None:
    async with a_visit(chromium, LIGHT) as visitor:
        await visitor.page.set_content("<html lang=tr><title>a</title><main><h1>a</h1><input></main>")

        assert [finding.split(":")[0] for finding in await visitor.violations()] == ["label"]


def test_without_a_browser_the_summary_says_that_its_tests_were_left_out() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "CHROMIUM"} | {"PATH": "/nonexistent"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"{__file__}::{_ANY.__name__}"]

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "BROWSER TESTS LEFT OUT" in done.stdout
    assert chromium_of.MISSING in done.stdout


_ANY = test_a_page_that_not_everybody_can_use_is_found_out
