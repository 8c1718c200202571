"""The second factor: codes of an authenticator (TOTP, RFC 6238), and recovery codes for when it is lost."""

import secrets
from base64 import b32encode
from datetime import datetime
from typing import Final

import pyotp

STEP_SECONDS: Final = 30
# A clock may be one step off either way.
STEPS_OFF_MAX: Final = 1
CODE_DIGITS: Final = 6
RECOVERY_CODES: Final = 10
_RECOVERY_BYTES: Final = 10  # 80 bits: sixteen letters, and a plain hash is enough


def new_key() -> str:
    """The secret that an authenticator keeps, in base 32."""
    return pyotp.random_base32()


def link(key: str, name: str, issuer: str) -> str:
    """What a QR code tells an authenticator (otpauth)."""
    return pyotp.TOTP(key).provisioning_uri(name=name, issuer_name=issuer)


def step_of(key: str, code: str, now: datetime, last_step: int) -> int | None:
    """The step whose code this is; None: it is wrong, too old, or not newer than the last one that was taken.

    Whoever stores the step it gives takes no code twice (RFC 6238, 5.2).
    """
    typed = "".join(code.split())
    if len(typed) != CODE_DIGITS or not typed.isascii() or not typed.isdigit():
        return None
    totp, current = pyotp.TOTP(key, interval=STEP_SECONDS), int(now.timestamp()) // STEP_SECONDS
    steps = range(current - STEPS_OFF_MAX, current + STEPS_OFF_MAX + 1)
    # Every step is compared, so that the time tells nothing.
    right = [step for step in steps if secrets.compare_digest(totp.generate_otp(step), typed)]
    return next((step for step in right if step > last_step), None)


def new_recovery_codes() -> list[str]:
    """Codes to print and lock away, e.g. `a2b3-c4d5-e6f7-g2h3`, each good once."""
    return [_grouped(b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()) for _ in range(RECOVERY_CODES)]


def plain(code: str) -> str:
    """A recovery code however it is typed."""
    return "".join(letter for letter in code.lower() if letter.isalnum())


def _grouped(letters: str) -> str:
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))
