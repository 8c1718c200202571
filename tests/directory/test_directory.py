"""Sign-in by a directory: a certified provider that runs here, and a browser between it and the desk."""

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import aiohttp
import pytest
import uvicorn

from ops import node
from services.desk.app import desk
from services.desk.domain.accounts import hashed
from tests.desk.browsing import HTML, Browser
from tests.desk.conftest import OWNERS, PASSWORD, USER
from tests.harness import System, a_system, built, until

HERE = Path(__file__).parent
SESSION = "ilkim_session"


def a_free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@asynccontextmanager
async def a_provider(desk_url: str, **environment: str) -> AsyncIterator[str]:
    command = [str(node.find()), "provider.mjs", f"{desk_url}/sign-in/directory/return", f"{desk_url}/sign-in?out=1"]
    quiet = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.DEVNULL}
    process = await asyncio.create_subprocess_exec(*command, cwd=HERE, env=os.environ | environment, **quiet)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            while not (line := (await process.stdout.readline()).decode().strip()).startswith("http"):
                assert process.returncode is None
        yield line
    finally:
        process.terminate()
        await process.wait()


@dataclass
class Town:
    """The desk, the provider, and hands for both."""

    system: System
    url: str
    issuer: str

    async def rotate(self) -> None:
        async with aiohttp.ClientSession() as http, http.post(f"{self.issuer}/test/rotate") as done:
            assert done.status == 204


@asynccontextmanager
async def a_town(amqp_url: str, database_url: str, **environment: str) -> AsyncIterator[Town]:
    port = a_free_port()
    url = f"http://127.0.0.1:{port}"
    async with a_system(amqp_url, database_url, "desk", OWNERS) as system, a_provider(url, **environment) as issuer:
        service = built(
            desk,
            system,
            DESK_USER=USER,
            DESK_PASSWORD=PASSWORD,
            DESK_PUBLIC_URL=url,
            OIDC_ISSUER=issuer,
            OIDC_CLIENT_ID="desk",
            OIDC_CLIENT_SECRET="a-secret-of-the-tests",
        )
        server = uvicorn.Server(
            uvicorn.Config(service.web, host="127.0.0.1", port=port, log_config=None, lifespan="on")
        )
        task = asyncio.create_task(server._serve())
        await until(lambda: server.started or task.done())
        try:
            yield Town(system, url, issuer)
        finally:
            server.should_exit = True
            await task


@pytest.fixture(scope="module", params=["no", "yes"], ids=["groups in the token", "groups at userinfo"])
async def started(request: pytest.FixtureRequest, amqp_url: str, database_url: str) -> AsyncIterator[Town]:
    if not node.has(HERE, "oidc-provider"):
        pytest.skip("SKIPPED ALOUD: no certified provider was run; needs node and `npm install` in tests/directory/")
    async with a_town(amqp_url, database_url, GROUPS_AT_USERINFO=request.param) as town:
        yield town


@pytest.fixture
async def town(started: Town) -> AsyncIterator[Town]:
    yield started
    await started.system.forget()


@pytest.fixture
async def browser(town: Town) -> AsyncIterator[Browser]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), headers=HTML) as http:
        yield Browser(http)


async def at_the_provider(browser: Browser, address: str, person: str, desk_url: str) -> str:
    """Sign in there, agree, and go on; the address that leads back to the desk."""
    for _ in range(12):
        if address.startswith(desk_url):
            return address
        reply = await browser.opens(address)
        while reply.status == 200:
            form = re.search(r'<form[^>]*action="([^"]+)"', reply.text)
            assert form is not None, reply.text[:500]
            fields = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', reply.text))
            reply = await browser.posts(
                urljoin(address, unescape(form[1])), {**fields, "login": person, "password": "x"}
            )
        assert reply.status in (302, 303), reply.text[:500]
        address = urljoin(address, reply.headers["Location"])
    raise AssertionError("the provider never led back")


async def leaves(browser: Browser, town: Town, onward: str = "") -> str:
    """The provider's address, from the desk's page."""
    door = await browser.opens(f"{town.url}/sign-in")
    assert door.status == 303 or "/sign-in/directory" in door.text
    reply = await browser.opens(f"{town.url}/sign-in/directory{onward}")
    assert reply.status == 303
    return reply.headers["Location"]


async def comes_in(browser: Browser, town: Town, person: str, onward: str = "") -> tuple[int, str, str]:
    back = await at_the_provider(browser, await leaves(browser, town, onward), person, town.url)
    reply = await browser.opens(back)
    return reply.status, reply.headers.get("Location", ""), reply.text


async def is_in(browser: Browser, town: Town) -> bool:
    return (await browser.opens(f"{town.url}/account")).status == 200


async def test_the_directory_s_people_come_in_with_what_their_groups_give(browser: Browser, town: Town) -> None:
    status, where, _ = await comes_in(browser, town, "ayse", "?next=%2Ftasks")

    assert (status, where) == (303, "/tasks")
    assert (await browser.opens(f"{town.url}/tasks")).status == 200
    (account,) = await town.system.rows("SELECT shown_as, roles, departments, password_hash FROM account")
    assert account == {
        "shown_as": "Ayşe Örnek",
        "roles": ["operator"],
        "departments": ["cozum-merkezi"],
        "password_hash": None,
    }
    assert await town.system.rows("SELECT issuer, subject FROM directory_subject") == [
        {"issuer": town.issuer, "subject": "ayse"}
    ]


async def test_the_same_person_is_the_same_account_and_its_roles_follow_the_groups(
    browser: Browser, town: Town
) -> None:
    await comes_in(browser, town, "veli")
    await town.system.pool.execute("UPDATE account SET roles = '{yonetici}', departments = '{}'")

    await comes_in(browser, town, "veli")

    assert await town.system.rows("SELECT roles, departments FROM account") == [
        {"roles": ["memur"], "departments": ["temizlik-isleri"]}
    ]


async def test_a_local_account_of_the_same_name_is_somebody_else(browser: Browser, town: Town) -> None:
    await browser.opens(f"{town.url}/sign-in")
    await browser.sends(f"{town.url}/sign-in", name=USER, password=PASSWORD)
    assert await is_in(browser, town)

    await comes_in(browser, town, USER)

    assert await town.system.value("SELECT count(*) FROM account") == 2
    assert (await browser.opens(f"{town.url}/accounts")).status == 403


async def test_who_has_no_role_here_is_told_so_and_gets_no_account(browser: Browser, town: Town) -> None:
    status, _, text = await comes_in(browser, town, "misafir")

    assert status == 403 and "Burada bir rolünüz yok" in text
    assert SESSION not in browser.cookies
    assert await town.system.value("SELECT count(*) FROM account") == 0


async def test_an_answer_this_browser_did_not_ask_for_is_not_taken(browser: Browser, town: Town) -> None:
    back = await at_the_provider(browser, await leaves(browser, town), "ayse", town.url)
    told = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    wrong = f"{town.url}/sign-in/directory/return?{urlencode(told | {'state': 'x' * 43})}"
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), headers=HTML) as http:
        victim = Browser(http)
        await victim.opens(f"{town.url}/sign-in")

        for who, address in ((browser, wrong), (victim, back)):
            assert (await who.opens(address)).status == 403
            assert not await is_in(who, town)
    assert (await browser.opens(back)).status == 303


async def test_an_answer_is_taken_once_and_not_too_late(browser: Browser, town: Town) -> None:
    back = await at_the_provider(browser, await leaves(browser, town), "ayse", town.url)
    assert [(await browser.opens(back)).status for _ in range(2)] == [303, 403]

    late = await at_the_provider(browser, await leaves(browser, town), "ayse", town.url)
    await town.system.pool.execute("UPDATE directory_try SET expires_at = $1", datetime.now(UTC) - timedelta(seconds=1))
    assert (await browser.opens(late)).status == 403


async def test_a_token_for_another_question_is_not_believed(browser: Browser, town: Town) -> None:
    back = await at_the_provider(browser, await leaves(browser, town), "ayse", town.url)
    await town.system.pool.execute("UPDATE directory_try SET nonce = 'another'")

    assert (await browser.opens(back)).status == 403
    assert not await is_in(browser, town)


async def test_without_the_verifier_a_code_that_was_caught_is_worth_nothing(browser: Browser, town: Town) -> None:
    back = await at_the_provider(browser, await leaves(browser, town), "ayse", town.url)
    await town.system.pool.execute("UPDATE directory_try SET verifier = $1", "x" * 43)

    assert (await browser.opens(back)).status == 403


async def test_new_keys_of_the_directory_are_fetched(browser: Browser, town: Town) -> None:
    await comes_in(browser, town, "ayse")
    await town.rotate()

    status, _, _ = await comes_in(browser, town, "ayse")

    assert status == 303


async def test_a_locked_account_stays_out_whatever_the_directory_says(browser: Browser, town: Town) -> None:
    await comes_in(browser, town, "ayse")
    await town.system.pool.execute("UPDATE account SET locked_at = now()")

    assert (await comes_in(browser, town, "ayse"))[0] == 403
    assert not await is_in(browser, town)


async def test_signing_out_shows_the_way_out_of_the_directory_too(browser: Browser, town: Town) -> None:
    await comes_in(browser, town, "ayse")
    secret = browser.cookies[SESSION]
    await browser.opens(f"{town.url}/account")

    out = await browser.sends(f"{town.url}/sign-out")

    assert out.status == 200 and f'href="{town.issuer}/session/end?id_token_hint=' in out.text
    assert not await is_in(browser, town)
    assert await town.system.value("SELECT count(*) FROM session WHERE id_hash = $1", hashed(secret)) == 0
