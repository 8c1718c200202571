"""Who may come in, and from which page."""

import hashlib
import hmac
from base64 import b64decode
from binascii import Error as NotBase64
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request

from services.desk.domain.identity import Identity, Permission
from shared.problems import Problem

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class SignIn:
    """HTTP Basic with one user. As a dependency it gives who asks."""

    def __init__(self, user: str, password: str) -> None:
        self._identity = Identity(user, user, None, frozenset(Permission))
        self._known = _digest(f"{user}:{password}".encode())

    def __call__(self, request: Request) -> Identity:
        """Raises Problem 401. Takes the same time for every wrong answer."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic" or not hmac.compare_digest(_digest(_decoded(given)), self._known):
            raise Problem(
                401,
                "Sign in",
                "The desk wants your user name and password.",
                {"WWW-Authenticate": 'Basic realm="desk", charset="UTF-8"', "Cache-Control": "no-store"},
            )
        request.state.identity = self._identity
        return self._identity


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


def _decoded(given: str) -> bytes:
    try:
        return b64decode(given, validate=True)
    except (NotBase64, ValueError):
        return b""


def same_origin(request: Request) -> None:
    """Refuse what another site's page makes a signed-in browser send. Programs send neither header and pass."""
    if request.method in SAFE_METHODS:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    # Browsers leave out Sec-Fetch-Site on plain http; they send Origin with every POST.
    is_own = site == "same-origin" if site else origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not is_own:
        raise Problem(403, "Sent from another site", "Actions are only taken from the desk's own pages.")
