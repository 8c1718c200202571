"""Refusals over HTTP as problem documents (RFC 9457), the same from every service."""

from http import HTTPStatus
from typing import Final

import asyncpg
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from shared import metrics
from shared.database import is_away

RETRY_AFTER_SECONDS: Final = 5


class Problem(Exception):
    """Raised to answer with a problem document; `headers` go with it."""

    def __init__(self, status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(title)
        self.status, self.title, self.detail, self.headers = status, title, detail, headers


def problem(status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> Response:
    """A problem document; 503 says when to come again."""
    metrics.REFUSED.labels(status=str(status)).inc()
    retry = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else {}
    return JSONResponse(
        {"type": "about:blank", "title": title, "status": status, "detail": detail},
        status,
        headers={**retry, **(headers or {})},
        media_type="application/problem+json",
    )


def answer_with_problems(web: FastAPI) -> None:
    """Let an app answer with problem documents: a raised `Problem`, input not as described, no such page or method,
    the database away."""
    web.add_exception_handler(Problem, _raised)
    web.add_exception_handler(RequestValidationError, invalid)
    web.add_exception_handler(HTTPException, _refused)
    for kind in (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        web.add_exception_handler(kind, _away)


async def invalid(_: Request, error: Exception) -> Response:
    """Answer input that is not as described: which field, and what is wrong with it."""
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    told = "; ".join(f"{'.'.join(map(str, fault['loc'][1:])) or 'body'}: {fault['msg']}" for fault in faults)
    if any(fault["type"] == "json_invalid" for fault in faults):
        return problem(400, "Malformed JSON", told)
    return problem(422, "Not as described", told)


async def _refused(_: Request, error: Exception) -> Response:
    """The framework's own refusals: no such page, no such method, a body that cannot be parsed."""
    if not isinstance(error, HTTPException):
        raise error
    return problem(
        error.status_code, HTTPStatus(error.status_code).phrase, str(error.detail), dict(error.headers or {})
    )


async def _raised(_: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise error
    return problem(error.status, error.title, error.detail, error.headers)


async def _away(_: Request, error: Exception) -> Response:
    if not is_away(error):
        raise error
    return problem(503, "Not now", "The database is away; nothing was changed.")
