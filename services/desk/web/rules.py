"""Which permission each address of the desk wants: one table for pages and API, checked at start against all routes."""

from collections.abc import Iterator
from typing import Final, NamedTuple
from uuid import UUID

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts

from services.desk.domain.identity import Identity, Permission

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Rule(NamedTuple):
    """One of these permissions is wanted to read, one of those to act. None: it is enough to be signed in."""

    read: frozenset[Permission] | None
    act: frozenset[Permission] | None


def _rule(act: Permission, *read: Permission) -> Rule:
    return Rule(frozenset({act, *read}), frozenset({act}))


_WORK: Final = _rule(Permission.WORK, Permission.OVERSEE)
_ANYBODY: Final = Rule(None, None)

# By the beginning of the path, the longest that fits; "/" is the start page alone.
RULES: Final = {
    "/": _WORK,
    "/work": _WORK,
    "/case": _WORK,
    "/work-changes": _WORK,
    "/search": _WORK,
    "/field": _WORK,
    "/api/work": _WORK,
    "/files": Rule(frozenset({Permission.WORK, Permission.OVERSEE, Permission.TRIAGE}), frozenset()),
    "/triage": _rule(Permission.TRIAGE),
    "/api/triage": _rule(Permission.TRIAGE),
    "/entry": _rule(Permission.ENTER),
    "/calls": _rule(Permission.ENTER),
    "/tasks": _rule(Permission.TASKS),
    "/api/tasks": _rule(Permission.TASKS),
    "/alerts": _rule(Permission.ALERTS),
    "/api/alerts": _rule(Permission.ALERTS),
    "/looks": _rule(Permission.OVERSEE),
    "/accounts": _rule(Permission.ACCOUNTS),
    "/account": _ANYBODY,
    "/sign-out": _ANYBODY,
}
# Reached without signing in.
PUBLIC: Final = ("/health", "/metrics", "/static", "/openapi.json", "/sign-in", "/invitation")
# What a path names by an id, and whether it belongs to a department (services/desk/web/scopes.py).
OF_A_DEPARTMENT: Final = frozenset({"assignment_id", "case_id", "file_id"})
OF_NOBODY: Final = frozenset({"alert_id", "task_id", "entry_id", "account_id", "token_id"})
# Where somebody goes who may not see the start page.
_HOMES: Final = ("/tasks", "/triage", "/entry", "/alerts", "/accounts", "/looks")


def rule_of(path: str) -> Rule | None:
    """The rule for a path; None: there is none, so nobody comes in."""
    if path == "/":
        return RULES["/"]
    parts = path.split("/")
    beginnings = ("/".join(parts[:count]) for count in range(len(parts), 1, -1))
    return next((RULES[beginning] for beginning in beginnings if beginning in RULES), None)


def is_public(path: str) -> bool:
    """Whether it is reached without signing in."""
    return any(path == beginning or path.startswith(f"{beginning}/") for beginning in PUBLIC)


def is_allowed(identity: Identity, method: str, path: str) -> bool:
    """Whether this is theirs to read or to do."""
    rule = rule_of(path)
    if rule is None:
        return False
    wanted = rule.read if method in SAFE_METHODS else rule.act
    return wanted is None or bool(wanted & identity.permissions)


def home_of(identity: Identity) -> str:
    """The first page that somebody may see."""
    return next((path for path in ("/", *_HOMES) if is_allowed(identity, "GET", path)), "/account")


def guarded(web: FastAPI) -> list[RouteContext]:
    """Every route that is not public."""
    return [route for route in iter_route_contexts(web.routes) if not is_public(route.path or "")]


def check_routes(web: FastAPI, sign_in: object) -> None:
    """Each of them asks who comes and has a rule. Raises RuntimeError for one that does not."""
    for route in guarded(web):
        path, dependant = route.path or "", getattr(route, "dependant", None)
        if dependant is None or sign_in not in _calls(dependant):
            raise RuntimeError(f"{path} does not ask who comes: give its router Depends(sign_in)")
        if rule_of(path) is None:
            raise RuntimeError(f"{path} has no rule: add its beginning to RULES in services/desk/web/rules.py")
        named = {part.name for part in dependant.path_params if part.field_info.annotation is UUID}
        if unknown := named - OF_A_DEPARTMENT - OF_NOBODY:
            raise RuntimeError(f"{path}: say in services/desk/web/rules.py whose {', '.join(sorted(unknown))} is")


def _calls(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from _calls(inner)
