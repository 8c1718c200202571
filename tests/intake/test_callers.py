"""API keys and idempotency keys, on a real database: who may call, how often, and the same receipt for the same."""

import asyncio
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from pydantic import SecretStr

from ops import api_keys
from services.intake.callers import ANYBODY, Callers, Once, Scope, idempotency_key, keys, once, store
from shared.contracts import unpack
from shared.database import connect_pool
from shared.ids import new_id
from shared.messaging import Service
from shared.problems import Problem
from tests.harness import AWAY_DATABASE, System
from tests.intake.open311 import a_key
from tests.servers import with_path

NOW = datetime.now(UTC)


@pytest.fixture
def service(system: System) -> Service:
    made = system.service()
    made.pool = system.pool
    return made


async def refused(callers: Callers, key: str, scope: Scope = Scope.OPEN311, now: datetime = NOW) -> int:
    with pytest.raises(Problem) as caught:
        await callers.who(key, scope, now)
    return caught.value.status


async def test_a_key_tells_whose_it_is(system: System, service: Service) -> None:
    key = await a_key(system, name="samsun-mobil")

    assert (await Callers(service).who(key, Scope.OPEN311, NOW)).name == "samsun-mobil"


async def test_a_key_stands_nowhere_in_the_table(system: System) -> None:
    key = await a_key(system)

    assert key not in str(await system.rows("SELECT * FROM api_key"))


@pytest.mark.parametrize("key", ["", "guessed", "x" * 10_000, "ilkim_\0", "\ud800", "' OR 1=1 --"])
async def test_an_unknown_key_is_refused(service: Service, key: str) -> None:
    assert await refused(Callers(service), key) == 403


async def test_a_key_is_good_for_its_scopes_alone(system: System, service: Service) -> None:
    key = await a_key(system, scopes=[Scope.CONTACTS])

    assert await refused(Callers(service), key) == 403
    assert await Callers(service).who(key, Scope.CONTACTS, NOW)


async def test_an_expired_key_is_refused(system: System, service: Service) -> None:
    key = await a_key(system, expires_at=NOW + timedelta(days=1))

    assert await Callers(service).who(key, Scope.OPEN311, NOW)
    assert await refused(Callers(service), key, now=NOW + timedelta(days=2)) == 403


async def test_a_revoked_key_is_refused_when_it_is_looked_up_again(
    system: System, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    callers, key = Callers(service), await a_key(system, name="lost")
    await callers.who(key, Scope.OPEN311, NOW)
    async with system.pool.acquire() as connection:
        assert await store.revoke_key(connection, "lost")
        assert not await store.revoke_key(connection, "lost")
    monkeypatch.setattr(keys, "FRESH_SECONDS", 0.0)

    assert await refused(callers, key) == 403


async def test_a_key_that_calls_too_often_is_told_when_to_come_again(system: System, service: Service) -> None:
    callers, key = Callers(service), await a_key(system, requests_per_minute=3)
    for _ in range(3):
        await callers.who(key, Scope.OPEN311, NOW)

    with pytest.raises(Problem) as caught:
        await callers.who(key, Scope.OPEN311, NOW)
    assert caught.value.status == 429
    assert caught.value.headers
    assert 1 <= int(caught.value.headers["Retry-After"]) <= 20


def test_a_bucket_fills_again_with_time_and_never_beyond_a_minute() -> None:
    bucket = keys.Bucket(per_minute=60, tokens=0, at=100.0)

    assert bucket.take(100.5) == pytest.approx(0.5)
    assert bucket.take(101.0) == 0.0
    assert [bucket.take(10_000.0) for _ in range(61)].count(0.0) == 60


async def test_a_key_seen_lately_is_good_while_the_database_is_away(
    system: System, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    callers, key = Callers(service), await a_key(system)
    await callers.who(key, Scope.OPEN311, NOW)
    monkeypatch.setattr(keys, "FRESH_SECONDS", 0.0)

    async def away(*_: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(store, "find_key", away)

    assert await callers.who(key, Scope.OPEN311, NOW)


def test_the_command_makes_lists_and_ends_a_key(
    system: System, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Here:
        database_url = system.database_url

    monkeypatch.setattr(api_keys, "addresses", lambda: Here)
    api_keys.create("app", scope=None, per_minute=60, days=30)
    key = capsys.readouterr().out.strip()
    api_keys.list_(as_json=True)
    listed = capsys.readouterr().out
    api_keys.revoke("app")

    assert key.startswith("ilkim_")
    assert '"name": "app"' in listed
    assert key not in listed
    with pytest.raises(api_keys.typer.Exit):
        api_keys.revoke("app")


def test_the_command_says_what_to_do_before_anything_is_deployed(
    system: System, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Elsewhere:
        database_url = with_path(system.database_url, "postgres")

    monkeypatch.setattr(api_keys, "addresses", lambda: Elsewhere)
    with pytest.raises(api_keys.typer.Exit):
        api_keys.list_()

    assert "ops.deploy" in capsys.readouterr().out


# Idempotency-Key


class Work:
    """Counts how often it is done, slowly enough that others come meanwhile."""

    def __init__(self, seconds: float = 0.05, error: Exception | None = None) -> None:
        self.done, self._seconds, self._error = 0, seconds, error

    async def __call__(self) -> dict[str, int]:
        self.done += 1
        await asyncio.sleep(self._seconds)
        if self._error:
            raise self._error
        return {"receipt": self.done}


async def test_thirty_two_at_once_are_worked_on_once_and_get_the_same_receipt(service: Service) -> None:
    work = Work()
    answers = await asyncio.gather(*(Once(service).answer(ANYBODY, "k", b"body", work) for _ in range(32)))

    assert work.done == 1
    assert answers == [{"receipt": 1}] * 32


async def test_another_body_under_the_same_key_is_refused(service: Service) -> None:
    await Once(service).answer(ANYBODY, "k", b"body", Work())
    with pytest.raises(Problem) as caught:
        await Once(service).answer(ANYBODY, "k", b"other", Work())

    assert caught.value.status == 422


async def test_two_callers_may_use_the_same_key(service: Service) -> None:
    work = Work(0)
    await Once(service).answer(ANYBODY, "k", b"a", work)
    await Once(service).answer(keys.Caller(new_id(), "app"), "k", b"b", work)

    assert work.done == 2


async def test_who_waits_too_long_for_the_first_is_told_so(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "WAIT_STEPS_SECONDS", (0.01,))
    first = asyncio.create_task(Once(service).answer(ANYBODY, "k", b"body", Work(1.0)))
    await asyncio.sleep(0.2)
    with pytest.raises(Problem) as caught:
        await Once(service).answer(ANYBODY, "k", b"body", Work())

    assert caught.value.status == 409
    assert await first == {"receipt": 1}


async def test_what_failed_may_come_again_at_once(service: Service) -> None:
    with pytest.raises(LookupError):
        await Once(service).answer(ANYBODY, "k", b"body", Work(0, LookupError()))

    assert await Once(service).answer(ANYBODY, "k", b"body", Work(0)) == {"receipt": 1}


async def test_what_a_dead_process_left_is_taken_over_after_its_lease(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await store.claim(service.pool, "", "k", b"body", lease_seconds=0.0, keep_seconds=60.0)

    assert await Once(service).answer(ANYBODY, "k", b"body", Work(0)) == {"receipt": 1}


async def test_an_expired_key_may_carry_another_body_and_is_swept_away(service: Service) -> None:
    await store.claim(service.pool, "", "old", b"body", lease_seconds=0.0, keep_seconds=-1.0)
    await store.claim(service.pool, "", "older", b"body", lease_seconds=0.0, keep_seconds=-1.0)

    assert await Once(service).answer(ANYBODY, "old", b"other", Work(0)) == {"receipt": 1}
    assert await store.forget_expired(service.pool, 10) == 1


async def test_with_the_database_away_the_work_is_done_unchecked(system: System) -> None:
    away = Service("away", "intake", system.settings.model_copy(update={"database_url": SecretStr(AWAY_DATABASE)}))

    away.pool = await connect_pool(away._settings, "intake")
    work = Work(0)

    assert await Once(away).answer(ANYBODY, "k", b"body", work) == {"receipt": 1}


@pytest.mark.parametrize(
    ("given", "key"), [(None, None), ('"a b"', "a b"), ("8e03978e-40d5", "8e03978e-40d5"), (' "x" ', "x")]
)
def test_a_key_is_read_in_quotes_or_bare(given: str | None, key: str | None) -> None:
    assert idempotency_key(given) == key


@pytest.mark.parametrize("given", ["", '""', '"', "a b", "ş", "x" * 256, '"a"b"', "a\nb", '"\\"'])
def test_a_malformed_key_is_refused(given: str) -> None:
    with pytest.raises(Problem) as caught:
        idempotency_key(given)

    assert caught.value.status == 400


# Both, at the form's API


async def test_thirty_two_equal_forms_at_once_are_one_message_on_the_queue(system: System, edge_url: str) -> None:
    form = {"submission_id": str(new_id()), "text": "Sokak lambası yanmıyor"}
    headers = {"Idempotency-Key": '"k"', "X-Api-Key": await a_key(system)}
    async with aiohttp.ClientSession() as session:
        answers = await asyncio.gather(*(_send(session, edge_url, form, headers) for _ in range(32)))
        other = await _send(session, edge_url, form | {"text": "Başka bir şey"}, headers)
        stranger = await _send(session, edge_url, form, {"X-Api-Key": "guessed"})
        malformed = await _send(session, edge_url, form, {"Idempotency-Key": '"'})

    assert {status for status, _ in answers} == {202}
    assert len({str(receipt) for _, receipt in answers}) == 1
    assert [status for status, _ in (other, stranger, malformed)] == [422, 403, 400]
    bodies = await system.take_all("intake.routine")
    assert sum(len(unpack(body)) for body in bodies) == 1


async def _send(
    session: aiohttp.ClientSession, url: str, form: dict[str, str], headers: dict[str, str]
) -> tuple[int, object]:
    async with session.post(f"{url}/api/contacts", json=form, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)
