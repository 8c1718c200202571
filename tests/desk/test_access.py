"""Who may do and see what: every route of the desk, pages and API, against permissions and departments."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import pytest

from services.desk.domain.identity import Identity, Permission, identity_of
from services.desk.handlers.door import Door
from services.desk.web.rules import guarded, is_public, rule_of
from shared.contracts import Attachment, CaseKind, TaskKind
from shared.municipality import Role
from tests.builders import a_case_assigned, a_task, an_id
from tests.desk.conftest import CENTRE, OWN, PLACE, USER, Desk, Reply
from tests.harness import until

ALL = frozenset(Permission)
P = Permission
SEE, DO = frozenset({P.WORK, P.OVERSEE}), frozenset({P.WORK})
ANYBODY: frozenset[Permission] = frozenset()
# What each route wants, one of these; a route that is not here fails the test below.
WANTED: dict[str, frozenset[Permission]] = {
    "GET /": SEE,
    "GET /field": SEE,
    "GET /search": SEE,
    "GET /work-changes": SEE,
    "GET /case/{case_id}": SEE,
    "GET /work/mentions": SEE,
    "GET /work/{assignment_id}": SEE,
    "GET /work/{assignment_id}/export.{form}": SEE,
    "POST /work/{assignment_id}/finished-photo": DO,
    **{f"POST /work/{{assignment_id}}/{word}": DO for word in ("people", "note", "split")},
    "POST /work/{assignment_id}/{word}": DO,
    "GET /files/{file_id}": frozenset({P.WORK, P.OVERSEE, P.TRIAGE}),
    "GET /api/work": SEE,
    "GET /api/work/{assignment_id}": SEE,
    **{
        f"POST /api/work/{{assignment_id}}/{word}": DO
        for word in ("take", "release", "return", "ask", "close", "gather", "separate")
    },
    "GET /triage": frozenset({P.TRIAGE}),
    "GET /api/triage": frozenset({P.TRIAGE}),
    "POST /api/triage/{assignment_id}/decide": frozenset({P.TRIAGE}),
    **{f"GET /entry{rest}": frozenset({P.ENTER}) for rest in ("", "/streets", "/{entry_id}", "/{entry_id}/number")},
    **{f"POST /entry{rest}": frozenset({P.ENTER}) for rest in ("", "/hints")},
    **{f"GET /calls{rest}": frozenset({P.ENTER}) for rest in ("", "/screen", "/list")},
    "POST /calls/extension": frozenset({P.ENTER}),
    **{f"GET {start}": frozenset({P.TASKS}) for start in ("/tasks", "/tasks/{task_id}")},
    **{f"GET /api{start}": frozenset({P.TASKS}) for start in ("/tasks", "/tasks/{task_id}")},
    **{f"POST {start}/tasks/{{task_id}}/settle": frozenset({P.TASKS}) for start in ("", "/api")},
    **{f"GET {start}": frozenset({P.ALERTS}) for start in ("/alerts", "/alerts/banner", "/alerts/{alert_id}")},
    **{f"GET /api{start}": frozenset({P.ALERTS}) for start in ("/alerts", "/alerts/{alert_id}")},
    **{f"POST {start}/alerts/{{alert_id}}/acknowledge": frozenset({P.ALERTS}) for start in ("", "/api")},
    "GET /looks": frozenset({P.OVERSEE}),
    **{f"GET /accounts{rest}": frozenset({P.ACCOUNTS}) for rest in ("", "/{account_id}")},
    **{
        f"POST /accounts{rest}": frozenset({P.ACCOUNTS})
        for rest in ("", "/{account_id}", "/{account_id}/invite", "/{account_id}/{word}")
    },
    **{f"GET /account{rest}": ANYBODY for rest in ("", "/second-factor")},
    **{
        f"POST /account{rest}": ANYBODY
        for rest in (
            *("/password", "/second-factor", "/second-factor/offer", "/second-factor/drop", "/sessions/end"),
            *("/tokens", "/tokens/{token_id}/end"),
        )
    },
    "POST /sign-out": ANYBODY,
}


@pytest.fixture
def sits(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    yield monkeypatch


def sit_down(
    patch: pytest.MonkeyPatch, permissions: frozenset[Permission], departments: frozenset[str] | None = None
) -> None:
    identity = Identity(USER, USER, departments, permissions)
    patch.setattr(Door, "identity", lambda self, account: identity)


def routes(desk: Desk) -> list[str]:
    """Every route that is not public, as "METHOD path"."""
    return [
        f"{method} {route.path}"
        for route in guarded(desk.service.web)
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]


async def ask(desk: Desk, route: str, headers: dict[str, str] | None = None, **named: object) -> Reply:
    """The route with these ids, and with ids of nothing for the others."""
    method, _, path = route.partition(" ")
    values = {"word": "take", "form": "json"} | {name: str(value) for name, value in named.items()}
    for part in [part for part in path.replace(".", "/").split("/") if part.startswith("{")]:
        path = path.replace(part, values.get(part.strip("{}"), str(uuid4())))
    async with desk.http.request(method, path, headers=headers, allow_redirects=False) as reply:
        return Reply(reply.status, reply.headers, await reply.text())


async def test_every_route_has_its_permission_written_down_here(at_desk: Desk) -> None:
    assert sorted(routes(at_desk)) == sorted(WANTED)


async def test_nobody_comes_in_without_signing_in(at_desk: Desk) -> None:
    answers = {route: (await ask(at_desk, route, {"Authorization": ""})).status for route in routes(at_desk)}

    assert {route: status for route, status in answers.items() if status != 401} == {}


async def test_without_its_permission_no_route_does_anything(at_desk: Desk, sits: pytest.MonkeyPatch) -> None:
    open_to_all = {}
    for route, wanted in WANTED.items():
        sit_down(sits, ALL - wanted)
        answer = await ask(at_desk, route)
        # The start page leads to the first page somebody may see.
        refused = answer.status == 403 or (route == "GET /" and answer.status == 303)
        if wanted and not refused:
            open_to_all[route] = answer.status

    assert open_to_all == {}


async def test_with_its_permission_every_route_answers(at_desk: Desk, sits: pytest.MonkeyPatch) -> None:
    closed = {}
    for route, wanted in WANTED.items():
        for permission in wanted:
            # Taking data out takes a permission beside.
            sit_down(sits, frozenset({permission, P.EXPORT, P.CONTACT_DETAILS}))
            status = (await ask(at_desk, route)).status
            if status in (401, 403) or status >= 500:
                closed[route, permission] = status

    assert closed == {}


async def test_who_only_oversees_changes_nothing(at_desk: Desk, sits: pytest.MonkeyPatch) -> None:
    offer = await at_desk.offer()
    sit_down(sits, frozenset({P.OVERSEE}))

    assert (await at_desk.get(f"/work/{offer.assignment_id}")).status == 200
    for route in [route for route in routes(at_desk) if route.startswith("POST") and "{assignment_id}" in route]:
        assert (await ask(at_desk, route, assignment_id=offer.assignment_id)).status == 403, route


async def test_what_belongs_to_other_departments_is_not_there_for_anybody_else(
    at_desk: Desk, sits: pytest.MonkeyPatch
) -> None:
    file = Attachment(id=an_id(), provider_id="1", media_type="image/jpeg")
    offer = await at_desk.offer(attachments=(file,), number="313-131-313", text="Komşu parkta bank kırık.")
    named = {"assignment_id": offer.assignment_id, "case_id": offer.case_id, "file_id": file.id}
    theirs = [route for route in routes(at_desk) if any(f"{{{name}}}" in route for name in named)]
    assert len(theirs) >= 14

    sit_down(sits, ALL, frozenset({"zabita"}))
    answers = {route: (await ask(at_desk, route, **named)).status for route in theirs}
    assert {route: status for route, status in answers.items() if status != 404} == {}
    for path in (
        "/",
        "/?owner=" + OWN,
        "/field",
        "/search?q=313-131-313",
        "/search?q=bank",
        "/api/work",
        f"/api/work?owner={OWN}",
    ):
        listed = await at_desk.get(path)
        assert str(offer.assignment_id) not in listed.text, path
        assert "Komşu parkta" not in listed.text, path

    sit_down(sits, ALL, frozenset({OWN}))
    assert (await at_desk.get(f"/work/{offer.assignment_id}")).status == 200
    assert (await at_desk.get(f"/files/{file.id}")).status == 202
    assert offer.number in (await at_desk.get("/api/work")).text


async def test_what_is_hidden_looks_as_what_is_not_there(at_desk: Desk, sits: pytest.MonkeyPatch) -> None:
    offer = await at_desk.offer()
    sit_down(sits, ALL, frozenset({"zabita"}))

    for path in ("/work/{}", "/api/work/{}", "/files/{}"):
        hidden = await at_desk.get(path.format(offer.assignment_id))
        nothing = await at_desk.get(path.format(an_id()))
        assert (hidden.status, hidden.text) == (nothing.status, nothing.text)


async def test_an_address_takes_a_permission_and_who_told_a_tip_one_more(
    at_desk: Desk, sits: pytest.MonkeyPatch
) -> None:
    tip = a_case_assigned(kind=CaseKind.TIP)
    await at_desk.system.tell("ilkim.events", "router.told", tip)
    await until(lambda: at_desk.system.value("SELECT count(*) = 1 FROM known_case WHERE is_tip"))
    ordinary = a_task(kind=TaskKind.CALL, address="+905000000001")
    about_tip = a_task(kind=TaskKind.CALL, case_id=tip.case_id, address="+905000000002")
    await at_desk.system.tell("ilkim.desk", "tasks", ordinary, about_tip)
    await until(lambda: at_desk.system.value("SELECT count(*) = 2 FROM task"))

    async def shown(*permissions: Permission) -> list[bool]:
        sit_down(sits, frozenset({P.TASKS, *permissions}))
        pages = await asyncio.gather(*(at_desk.get(f"/tasks/{task.id}") for task in (ordinary, about_tip)))
        told = [(await at_desk.get(f"/api/tasks/{task.id}")).json()["address"] for task in (ordinary, about_tip)]
        seen = ["+9050000000" in page.text.replace(" ", "") or "tel:" in page.text for page in pages]
        assert seen == [address is not None for address in told]
        return seen

    assert await shown() == [False, False]
    assert await at_desk.system.value("SELECT count(*) FROM look") == 0
    assert await shown(P.CONTACT_DETAILS) == [True, False]
    assert await at_desk.system.rows("SELECT DISTINCT subject FROM look") == [{"subject": ordinary.id}]
    assert await shown(P.CONTACT_DETAILS, P.TIP_IDENTITY) == [True, True]


async def test_who_oversees_reads_the_looks_of_their_departments_people(
    at_desk: Desk, sits: pytest.MonkeyPatch
) -> None:
    await at_desk.get("/api/work")  # makes the first account
    await at_desk.system.pool.execute("UPDATE account SET departments = $1", [OWN])
    await at_desk.system.pool.execute(
        "INSERT INTO look (by_whom, what, subject) VALUES ($1, 'task', $2)", USER, an_id()
    )

    for departments, sees in ((None, True), (frozenset({OWN}), True), (frozenset({"zabita"}), False)):
        sit_down(sits, frozenset({P.OVERSEE}), departments)
        assert (f"who={USER}" in (await at_desk.get("/looks")).text) is sees


def test_no_address_is_public_by_accident() -> None:
    assert [
        path for path in ("/", "/work", "/statics", "/sign-out", "/invitations", "/healthy") if is_public(path)
    ] == []
    assert rule_of("/nothing/of/the/kind") is None


@pytest.mark.parametrize("role", PLACE.access.role, ids=lambda role: str(role.code))
def test_a_role_sees_its_departments_or_everything(role: Role) -> None:
    identity = identity_of("a", "A", (role.code,), (OWN,), PLACE.access, CENTRE)

    assert identity.permissions == role.permissions
    assert identity.sees(OWN)
    assert identity.sees("zabita") is role.everywhere
    assert identity.sees(CENTRE) is (role.everywhere or P.TRIAGE in role.permissions)


def test_a_role_that_is_gone_gives_nothing() -> None:
    assert identity_of("a", "A", ("gone",), (), PLACE.access, CENTRE).permissions == frozenset()
