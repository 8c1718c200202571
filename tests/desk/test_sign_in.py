"""Coming in and going out: passwords, second factor, sessions, forms, tokens, one-time links, wrong tries."""

import asyncio
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from services.desk.domain.accounts import hashed
from tests.desk.browsing import Browser, a_browser
from tests.desk.conftest import OWN, PASSWORD, USER, Desk, bearer
from tests.harness import DESK_TOKEN

NEW = "yeni parolam uzun olsun"
SESSION = "ilkim_session"


@pytest.fixture
async def browser(at_desk: Desk) -> AsyncIterator[Browser]:
    async with a_browser(at_desk.url) as browser:
        yield browser


async def in_after(browser: Browser) -> bool:
    """Whether the browser is signed in."""
    return (await browser.opens("/account")).status == 200


async def a_new_account(admin: Browser, name: str = "mehmet", roles: str = "memur", departments: str = OWN) -> str:
    """The path of its one-time link."""
    await admin.opens("/accounts")
    made = await admin.sends("/accounts", name=name, shown_as="Mehmet Örnek", roles=roles, departments=departments)
    assert made.status == 200, made.text
    found = re.search(r"/invitation/[\w-]+", made.text)
    assert found is not None
    return found[0]


# By password


async def test_who_knows_the_password_comes_in_and_goes_on_where_they_wanted(browser: Browser) -> None:
    stranger = await browser.opens("/tasks?kind=call")
    assert (stranger.status, stranger.headers["Location"]) == (303, "/sign-in?next=%2Ftasks%3Fkind%3Dcall")

    entered = await browser.signs_in(USER, PASSWORD, "?next=%2Ftasks%3Fkind%3Dcall")

    assert (entered.status, entered.headers["Location"]) == (303, "/tasks?kind=call")
    assert (await browser.opens("/tasks?kind=call")).status == 200


@pytest.mark.parametrize("way", ["//evil.example", "https://evil.example", "/\\evil.example", "/%09/evil.example"])
async def test_sign_in_leads_to_no_other_host(browser: Browser, way: str) -> None:
    entered = await browser.signs_in(USER, PASSWORD, f"?next={way}")

    assert entered.headers["Location"] == "/"


async def test_a_wrong_password_and_an_unknown_name_are_told_the_same(browser: Browser) -> None:
    wrong = await browser.signs_in(USER, "falsche parola 1")
    unknown = await browser.signs_in("kimse", "falsche parola 1")

    assert (wrong.status, unknown.status) == (422, 422)
    token = re.compile(r'value="[0-9a-f]{64}"')
    assert token.sub("", wrong.text) == token.sub("", unknown.text)
    assert "ya da parola doğru değil" in wrong.text


async def test_the_cookie_is_for_the_browser_alone_and_the_table_holds_only_its_hash(
    at_desk: Desk, browser: Browser
) -> None:
    entered = await browser.signs_in(USER, PASSWORD)

    (given,) = [cookie for cookie in entered.headers.getall("Set-Cookie") if cookie.startswith(SESSION)]  # type: ignore[attr-defined]
    assert "HttpOnly" in given and "SameSite=lax" in given and "Path=/" in given
    secret = browser.cookies[SESSION]
    assert await at_desk.system.value("SELECT id_hash FROM session") == hashed(secret)
    assert len(secret) >= 43


async def test_signing_in_gives_a_new_id_and_ends_the_one_before(at_desk: Desk, browser: Browser) -> None:
    await browser.signs_in(USER, PASSWORD)
    before = browser.cookies[SESSION]
    browser.keeps(SESSION, "planted-by-somebody-else")

    await browser.signs_in(USER, PASSWORD)

    assert browser.cookies[SESSION] not in (before, "planted-by-somebody-else")
    async with a_browser(at_desk.url) as thief:
        thief.keeps(SESSION, "planted-by-somebody-else")
        assert not await in_after(thief)


# Wrong tries


async def test_wrong_tries_lock_the_next_ones_for_a_while_whoever_is_named(browser: Browser) -> None:
    for name in (USER, "kimse"):
        answers = [(await browser.signs_in(name, f"wrong password {n}")).status for n in range(7)]
        assert answers == [422] * 5 + [429] * 2
        assert "Çok fazla yanlış deneme" in browser.page

    assert (await browser.signs_in(USER, PASSWORD)).status == 429


async def test_many_tries_at_once_are_no_way_round_the_limit(at_desk: Desk) -> None:
    async def tries(n: int) -> int:
        async with a_browser(at_desk.url) as browser:
            return (await browser.signs_in(USER, f"wrong password {n}")).status

    answers = await asyncio.gather(*(tries(n) for n in range(20)))

    assert answers.count(422) == 5


async def test_the_lock_grows_and_ends(at_desk: Desk, browser: Browser) -> None:
    waits = []
    for n in range(7):
        await browser.signs_in(USER, f"wrong password {n}")
        wait = await at_desk.system.value("SELECT max(locked_until - last_at) FROM sign_in_try")
        waits.append(wait)
        await at_desk.system.pool.execute("UPDATE sign_in_try SET locked_until = now() - interval '1 second'")

    assert waits[:4] == [None] * 4
    assert [wait.total_seconds() for wait in waits[4:]] == [30, 60, 120]
    assert (await browser.signs_in(USER, PASSWORD)).status == 303


async def test_names_that_were_tried_are_not_kept_as_they_were_typed(at_desk: Desk, browser: Browser) -> None:
    await browser.signs_in("parolam-yanlislikla", "wrong password 1")

    rows = await at_desk.system.rows("SELECT sign_in_try::text AS row FROM sign_in_try")
    assert rows and not any("parolam" in str(row) for row in rows)


# Sessions


@pytest.mark.parametrize(("column", "age"), [("seen_at", timedelta(minutes=61)), ("created_at", timedelta(hours=13))])
async def test_a_session_ends_when_nobody_acts_and_in_any_case_after_a_day_s_work(
    at_desk: Desk, browser: Browser, column: str, age: timedelta
) -> None:
    await browser.signs_in(USER, PASSWORD)
    assert await in_after(browser)

    await at_desk.system.pool.execute(f"UPDATE session SET {column} = $1", datetime.now(UTC) - age)

    assert not await in_after(browser)


async def test_a_page_that_renews_itself_is_no_act(at_desk: Desk, browser: Browser) -> None:
    await browser.signs_in(USER, PASSWORD)
    before = datetime.now(UTC) - timedelta(minutes=30)
    await at_desk.system.pool.execute("UPDATE session SET seen_at = $1", before)

    async with browser.http.get("/alerts/banner", headers={"Accept": "*/*"}) as renewed:
        assert renewed.status == 200
    assert await at_desk.system.value("SELECT seen_at FROM session") == before

    assert await in_after(browser)
    assert await at_desk.system.value("SELECT seen_at FROM session") > before


async def test_signing_out_ends_the_session_here_and_everywhere(at_desk: Desk, browser: Browser) -> None:
    async with a_browser(at_desk.url) as other:
        for each in (browser, other):
            await each.signs_in(USER, PASSWORD)
        secret = browser.cookies[SESSION]

        await browser.opens("/account")
        assert (await browser.sends("/sign-out")).headers["Location"] == "/sign-in?out=1"
        browser.keeps(SESSION, secret)
        assert not await in_after(browser)
        assert await in_after(other)

        await browser.signs_in(USER, PASSWORD)
        await browser.opens("/account")
        await browser.sends("/account/sessions/end", where="everywhere")
        assert not await in_after(other)


# Forms


async def test_a_form_without_the_token_of_its_session_changes_nothing(at_desk: Desk, browser: Browser) -> None:
    offer = await at_desk.offer()
    await browser.signs_in(USER, PASSWORD)
    take = f"/work/{offer.assignment_id}/take"

    for token in ({}, {"form_token": ""}, {"form_token": "0" * 64}):
        assert (await browser.posts(take, token)).status == 403
    assert await at_desk.system.value("SELECT state FROM work_item") == "waiting"

    await browser.opens(f"/work/{offer.assignment_id}")
    assert (await browser.sends(take)).status == 303


async def test_the_token_of_another_session_is_none(at_desk: Desk, browser: Browser) -> None:
    await browser.signs_in(USER, PASSWORD)
    await browser.opens("/account")
    foreign = browser.form_token
    async with a_browser(at_desk.url) as other:
        await other.signs_in(USER, PASSWORD)

        assert (
            await other.posts("/account/sessions/end", {"form_token": foreign, "where": "everywhere"})
        ).status == 403


async def test_signing_in_takes_a_form_of_the_same_browser(browser: Browser) -> None:
    fields = {"name": USER, "password": PASSWORD}

    assert (await browser.posts("/sign-in", fields)).status == 403
    assert SESSION not in browser.cookies


async def test_every_answer_keeps_to_itself(at_desk: Desk, browser: Browser) -> None:
    await browser.signs_in(USER, PASSWORD)
    for path in ("/", "/sign-in", "/account", "/api/work", "/nothing-here", "/sign-in/code"):
        answer = await browser.opens(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"


async def test_no_page_has_scripts_or_styles_within(at_desk: Desk, browser: Browser) -> None:
    await browser.signs_in(USER, PASSWORD)
    for path in ("/", "/triage", "/tasks", "/entry", "/calls", "/alerts", "/account", "/accounts", "/looks"):
        page = (await browser.opens(path)).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", page), path


# Second factor


async def with_second_factor(browser: Browser) -> tuple[pyotp.TOTP, list[str]]:
    """Sign in, set it up; the authenticator and the recovery codes."""
    await browser.signs_in(USER, PASSWORD)
    await browser.opens("/account/second-factor")
    await browser.sends("/account/second-factor/offer")
    page = (await browser.opens("/account/second-factor")).text
    key = re.search(r"secret=([A-Z2-7]+)", page)
    assert key is not None and "<svg" in page
    totp = pyotp.TOTP(key[1])
    done = await browser.sends("/account/second-factor", code=totp.now())
    codes = re.findall(r"[a-z2-7]{4}(?:-[a-z2-7]{4}){3}", done.text)
    assert len(codes) == 10
    return totp, codes


def later(totp: pyotp.TOTP, steps: int = 1) -> str:
    """A code of a step that is still to come, which a clock may be ahead."""
    return totp.generate_otp(int(datetime.now(UTC).timestamp()) // 30 + steps)


async def test_with_a_second_factor_the_password_alone_opens_nothing(at_desk: Desk, browser: Browser) -> None:
    totp, _ = await with_second_factor(browser)
    async with a_browser(at_desk.url) as other:
        half = await other.signs_in(USER, PASSWORD, "?next=%2Ftasks")
        assert half.headers["Location"] == "/sign-in/code?next=%2Ftasks"
        assert not await in_after(other)
        before = other.cookies[SESSION]

        await other.opens("/sign-in/code?next=%2Ftasks")
        whole = await other.sends("/sign-in/code?next=%2Ftasks", code=later(totp))

        assert whole.headers["Location"] == "/tasks"
        assert await in_after(other)
        assert other.cookies[SESSION] != before


async def test_no_code_is_taken_twice(at_desk: Desk, browser: Browser) -> None:
    totp, _ = await with_second_factor(browser)
    code = later(totp)
    answers = []
    for _ in range(2):
        async with a_browser(at_desk.url) as other:
            await other.signs_in(USER, PASSWORD)
            await other.opens("/sign-in/code")
            answers.append((await other.sends("/sign-in/code", code=code)).status)

    assert answers == [303, 422]


async def test_a_recovery_code_is_good_once(at_desk: Desk, browser: Browser) -> None:
    _, codes = await with_second_factor(browser)
    answers = []
    for _ in range(2):
        async with a_browser(at_desk.url) as other:
            await other.signs_in(USER, PASSWORD)
            await other.opens("/sign-in/code")
            answers.append((await other.sends("/sign-in/code", code=codes[0].upper().replace("-", " "))).status)

    assert answers == [303, 422]
    assert "9 kurtarma kodunuz kaldı" in (await browser.opens("/account")).text


async def test_codes_are_not_guessed_for_ever(at_desk: Desk, browser: Browser) -> None:
    await with_second_factor(browser)
    async with a_browser(at_desk.url) as other:
        await other.signs_in(USER, PASSWORD)
        await other.opens("/sign-in/code")
        answers = [(await other.sends("/sign-in/code", code=f"{n:06}")).status for n in range(6)]

        assert answers[-1] == 429
        # Signing in again gives no fresh tries.
        await other.signs_in(USER, PASSWORD)
        await other.opens("/sign-in/code")
        assert (await other.sends("/sign-in/code", code="000000")).status == 429


async def test_the_key_of_an_authenticator_lies_sealed_and_recovery_codes_hashed(
    at_desk: Desk, browser: Browser
) -> None:
    totp, codes = await with_second_factor(browser)

    tables = await at_desk.system.rows(
        "SELECT account::text AS row FROM account UNION ALL SELECT recovery_code::text FROM recovery_code"
    )
    said = " ".join(str(row["row"]) for row in tables)
    assert totp.secret not in said and totp.secret.encode().hex() not in said
    assert not any(code in said or code.replace("-", "").encode().hex() in said for code in codes)


# One-time links and the own account


async def test_a_new_account_sets_its_own_password_by_a_link_that_works_once(at_desk: Desk, browser: Browser) -> None:
    await browser.signs_in(USER, PASSWORD)
    link = await a_new_account(browser)
    async with a_browser(at_desk.url) as newcomer:
        for _ in range(2):  # looking uses nothing up
            assert (await newcomer.opens(link)).status == 200
        assert (await newcomer.sends(link, new="kısa")).status == 422
        assert (await newcomer.sends(link, new=NEW)).headers["Location"] == "/sign-in?set=1"
        assert (await newcomer.opens(link)).status == 404

        assert (await newcomer.signs_in("mehmet", NEW)).status == 303
        assert await in_after(newcomer)


async def test_changing_the_password_ends_the_other_sign_ins(at_desk: Desk, browser: Browser) -> None:
    await browser.signs_in(USER, PASSWORD)
    link = await a_new_account(browser)
    async with a_browser(at_desk.url) as one, a_browser(at_desk.url) as two:
        await one.opens(link)
        await one.sends(link, new=NEW)
        for each in (one, two):
            await each.signs_in("mehmet", NEW)
        await one.opens("/account")
        assert (await one.sends("/account/password", current="yanlış parola", new=NEW + "2")).status == 422

        assert (await one.sends("/account/password", current=NEW, new=NEW + "2")).status == 303

        assert await in_after(one)
        assert not await in_after(two)
        assert (await two.signs_in("mehmet", NEW)).status == 422


async def test_a_locked_account_is_out_from_this_moment_with_its_tokens(at_desk: Desk, browser: Browser) -> None:
    await browser.signs_in(USER, PASSWORD)
    link = await a_new_account(browser)
    async with a_browser(at_desk.url) as clerk:
        await clerk.opens(link)
        await clerk.sends(link, new=NEW)
        await clerk.signs_in("mehmet", NEW)
        token = await a_token(clerk)
        assert (await at_desk.get("/api/work", bearer(token))).status == 200
        account = await at_desk.system.value("SELECT id FROM account WHERE name = 'mehmet'")

        await browser.opens(f"/accounts/{account}")
        assert (await browser.sends(f"/accounts/{account}/lock")).status == 303

        assert not await in_after(clerk)
        assert (await at_desk.get("/api/work", bearer(token))).status == 401
        assert (await clerk.signs_in("mehmet", NEW)).status == 422


async def test_the_last_administrator_stays(at_desk: Desk, browser: Browser) -> None:
    await browser.signs_in(USER, PASSWORD)
    account = await at_desk.system.value("SELECT id FROM account")
    await browser.opens(f"/accounts/{account}")

    assert (await browser.sends(f"/accounts/{account}/lock")).status == 422
    changed = await browser.sends(f"/accounts/{account}", shown_as="Ayşe", roles=["memur"], departments=[OWN])
    assert changed.status == 422 and "son hesap" in changed.text


# Tokens for programs


async def a_token(browser: Browser, days: str = "30") -> str:
    await browser.opens("/account")
    made = await browser.sends("/account/tokens", token_name="Pano", days=days)
    found = re.search(r"ilkim_[\w-]{43}", made.text)
    assert found is not None, made.text
    return found[0]


async def test_a_token_is_shown_once_kept_as_a_hash_and_ends(at_desk: Desk, browser: Browser) -> None:
    await browser.signs_in(USER, PASSWORD)
    token = await a_token(browser)

    assert (await at_desk.get("/api/work", bearer(token))).status == 200
    assert token not in (await browser.opens("/account")).text
    assert await at_desk.system.value("SELECT token_hash FROM bearer_token") == hashed(token)

    await at_desk.system.pool.execute("UPDATE bearer_token SET expires_at = now() - interval '1 second'")
    assert (await at_desk.get("/api/work", bearer(token))).status == 401


async def test_an_ended_token_opens_nothing(at_desk: Desk, browser: Browser) -> None:
    await browser.signs_in(USER, PASSWORD)
    token, token_id = await a_token(browser), await at_desk.system.value("SELECT id FROM bearer_token")

    await browser.sends(f"/account/tokens/{token_id}/end")

    assert (await at_desk.get("/api/work", bearer(token))).status == 401


async def test_a_program_s_request_hashes_no_password(at_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await at_desk.get("/api/work", bearer(DESK_TOKEN))).status == 200  # makes the first account

    async def never(*_: object) -> bool:
        raise AssertionError("a password was hashed")

    monkeypatch.setattr("services.desk.handlers.passwords.Passwords.is_right", never)
    monkeypatch.setattr("services.desk.handlers.passwords.Passwords.hash", never)
    assert (await at_desk.get("/api/work", bearer(DESK_TOKEN))).status == 200


async def test_basic_authentication_is_gone(at_desk: Desk) -> None:
    given = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    assert (await at_desk.get("/api/work", {"Authorization": f"Basic {given}"})).status == 401
