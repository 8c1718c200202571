"""Writes documents as HTTP answers: format, language, freshness, CORS for public reading, compression."""

import gzip
import hashlib
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from services.intake.open311.documents import Document, Format, wanted
from services.intake.open311.words import Fault, Language, errors
from shared import metrics
from shared.problems import RETRY_AFTER_SECONDS

GZIP_BYTES_MIN: Final = 1_024
# What is read here is public, so a page of anybody's may read it.
_COMMON: Final = {
    "Vary": "Accept, Accept-Language, Accept-Encoding",
    "Access-Control-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
}


def answered(request: Request, document: Document, fresh_seconds: int) -> Response:
    """The document; of a question also with its ETag, 304 when the asker has it already."""
    form = _form(request)
    body = document.write(form)
    headers = {"Content-Type": form.media_type, **_COMMON}
    if request.method == "POST":
        return Response(body, 200, headers | {"Cache-Control": "no-store"})
    tag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers |= {"ETag": tag, "Cache-Control": f"public, max-age={fresh_seconds}" if fresh_seconds else "no-cache"}
    if tag in (word.strip() for word in request.headers.get("if-none-match", "").split(",")):
        del headers["Content-Type"]
        return Response(status_code=304, headers=headers)
    if len(body) >= GZIP_BYTES_MIN and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(gzip.compress(body, 5), 200, headers | {"Content-Encoding": "gzip"})
    return Response(body, 200, headers)


def failed(request: Request, faults: tuple[Fault, ...], language: Language, headers: Mapping[str, str]) -> Response:
    """The errors; the first one's status is the answer's, 503 says when to come again."""
    status, form = faults[0].status, _form(request)
    metrics.REFUSED.labels(status=str(status)).inc()
    retry = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else {}
    given = {"Content-Type": form.media_type, "Cache-Control": "no-store", **_COMMON, **retry, **headers}
    return Response(errors(faults, language).write(form), status, given)


def options(*, can_post: bool) -> Response:
    """A browser asks before it asks: pages of anybody may read; posting is for apps, which hold a key."""
    methods = "GET, HEAD, POST, OPTIONS" if can_post else "GET, HEAD, OPTIONS"
    headers = {"Allow": methods, "Access-Control-Allow-Methods": "GET, HEAD", "Access-Control-Max-Age": "3600"}
    return Response(status_code=204, headers={**_COMMON, **headers})


def _form(request: Request) -> Format:
    return wanted(getattr(request.state, "format", None), request.headers.get("accept", ""))
