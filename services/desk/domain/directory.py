"""What the municipality's directory says of a person: an ID token (OpenID Connect), believed only when all is right."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

# Never "none", nor a key that both sides share.
ALGORITHMS: Final = ["RS256", "PS256", "ES256", "Ed25519", "EdDSA"]
CLOCKS_APART_MAX: Final = timedelta(seconds=60)
TRY_GOOD_FOR: Final = timedelta(minutes=10)
GROUPS_MAX: Final = 1000


class NotBelieved(Exception):
    """Raised when what comes from the directory is not what was asked for; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Somebody the directory knows: by issuer and subject alone, whatever else they are called there."""

    issuer: str
    subject: str
    shown_as: str
    groups: frozenset[str] | None  # None: the token says nothing of groups


def challenge(verifier: str) -> str:
    """What is sent ahead of the verifier (PKCE, RFC 7636, S256)."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def read_id_token(
    token: str, keys: KeySet, *, issuer: str, client: str, nonce: str, claim: str, now: datetime
) -> Claims:
    """What the token says. Raises NotBelieved; KeyError when it is signed with a key that is not among these."""
    try:
        decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=int(CLOCKS_APART_MAX.total_seconds()),
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": client},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        registry.validate(decoded.claims)
    except InvalidKeyIdError as error:
        raise KeyError(str(error)) from error
    except (JoseError, ValueError) as error:
        raise NotBelieved(f"{type(error).__name__}: {error}") from error
    return _claims(decoded.claims, issuer, client, claim)


def _claims(said: Mapping[str, Any], issuer: str, client: str, claim: str) -> Claims:
    audience = said["aud"]
    if isinstance(audience, list) and len(audience) > 1 and said.get("azp") != client:
        raise NotBelieved("the token is for several, and not made out to us")
    subject = said["sub"]
    if not isinstance(subject, str) or not subject:
        raise NotBelieved("the token names nobody")
    return Claims(issuer, subject, name_in(said) or subject, groups_in(said, claim))


def name_in(said: Mapping[str, Any]) -> str:
    """What a person is called; empty: the claims do not say."""
    told = (said[name].strip() for name in ("name", "preferred_username") if isinstance(said.get(name), str))
    return next((name for name in told if name), "")


def groups_in(said: Mapping[str, Any], claim: str) -> frozenset[str] | None:
    """The groups in claims, by a list or one word; None: they say nothing of groups."""
    told = said.get(claim)
    if told is None:
        return None
    rows = told if isinstance(told, list) else [told]
    return frozenset(row for row in rows[:GROUPS_MAX] if isinstance(row, str))
