"""What is believed of an ID token, with values alone; the way there and back: tests/directory."""

import hmac
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from services.desk.domain.directory import Claims, NotBelieved, challenge, read_id_token

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
ISSUER, CLIENT, NONCE = "https://dizin.example.org", "desk", "n-1"
KEY, OTHER = (RSAKey.generate_key(2048, {"kid": kid, "use": "sig"}) for kid in ("one", "two"))


def claims(**changed: Any) -> dict[str, Any]:
    at = int(NOW.timestamp())
    usual = {"iss": ISSUER, "aud": CLIENT, "sub": "7", "nonce": NONCE, "iat": at, "exp": at + 300, "name": "Ayşe Örnek"}
    return {name: value for name, value in (usual | {"groups": ["a"]} | changed).items() if value is not None}


def signed(said: dict[str, Any], key: Any = KEY, algorithm: str = "RS256", kid: str = "one") -> str:
    return jwt.encode({"alg": algorithm, "kid": kid}, said, key, algorithms=[algorithm])


def with_the_public_key(said: dict[str, Any]) -> str:
    """Signed as by somebody who takes what everybody can read for a secret that both sides share."""
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "kid": "one"}, said)]
    text = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    seal = hmac.digest(KEY.as_pem(private=False), text, "sha256")
    return f"{text.decode()}.{urlsafe_b64encode(seal).rstrip(b'=').decode()}"


def read(token: str, now: datetime = NOW) -> Claims:
    keys = KeySet([KEY])
    return read_id_token(token, keys, issuer=ISSUER, client=CLIENT, nonce=NONCE, claim="groups", now=now)


def test_a_token_tells_who_it_is_and_in_which_groups() -> None:
    assert read(signed(claims())) == Claims(ISSUER, "7", "Ayşe Örnek", frozenset({"a"}))
    assert read(signed(claims(groups=None))).groups is None


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://baska.example.org"},
        {"aud": "another"},
        {"aud": ["desk", "another"]},
        {"aud": ["desk", "another"], "azp": "another"},
        {"nonce": "n-2"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"exp": None},
        {"iat": None},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_this_question_is_not_believed(changed: dict[str, Any]) -> None:
    with pytest.raises(NotBelieved):
        read(signed(claims(**changed)))


@pytest.mark.parametrize(
    ("late_seconds", "believed"), [(0, True), (355, True), (365, False), (-55, True), (-65, False)]
)
def test_clocks_may_be_a_minute_apart(late_seconds: int, believed: bool) -> None:
    token, now = signed(claims()), NOW + timedelta(seconds=late_seconds)

    if believed:
        assert read(token, now).subject == "7"
    else:
        with pytest.raises(NotBelieved):
            read(token, now)


def test_a_key_the_directory_does_not_show_is_asked_for_again() -> None:
    with pytest.raises(KeyError):
        read(signed(claims(), OTHER, kid="two"))


@pytest.mark.parametrize(
    "token",
    [
        signed(claims(), OTHER, kid="one"),
        with_the_public_key(claims()),
        "eyJhbGciOiJub25lIn0.e30.",
        "no token",
    ],
    ids=["another key by this name", "the public key as a shared secret", "none", "no token"],
)
def test_a_forged_token_is_not_believed(token: str) -> None:
    with pytest.raises((NotBelieved, KeyError)):
        read(token)


def test_the_challenge_is_that_of_the_standard() -> None:
    # RFC 7636, appendix B.
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
