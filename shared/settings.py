"""Settings every service reads from its environment; a missing or wrong one stops the start with a clear line."""

import os
import sys
from base64 import b64decode
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


def _is_key(value: SecretStr) -> SecretStr:
    if len(b64decode(value.get_secret_value())) != 32:
        raise ValueError("needs 32 bytes in base64: head -c 32 /dev/urandom | base64")
    return value


Key = Annotated[SecretStr, AfterValidator(_is_key)]
S = TypeVar("S", bound=BaseSettings)


class Settings(BaseSettings):
    """What all services share. A service adds its own in its `app.py`; names are upper-case in the environment."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    rabbitmq_url: SecretStr
    database_url: SecretStr
    ilkim_http_host: str = "127.0.0.1"
    ilkim_http_port: int = Field(0, ge=0, le=65535)
    ilkim_municipality: Path = Path(__file__).parent.parent / "municipality" / "ilkadim"
    ilkim_log_level: str = Field("info", pattern="^(debug|info|warning|error)$")
    ilkim_log_format: str = Field("json", pattern="^(json|console)$")
    ilkim_pool_max: int = Field(4, ge=1, le=50, description="connections to PostgreSQL of one process")


def read(kind: type[S]) -> S:
    """The settings of `kind` from the environment, or the end of the process naming each wrong variable."""
    try:
        return kind()
    except ValidationError as error:
        wrong = "; ".join(f"{str(e['loc'][0]).upper()}: {e['msg'].lower()}" for e in error.errors())
        stop(f"set these environment variables: {wrong}")


class ProviderSettings(BaseSettings):
    """What one outside party needs from the environment; each field is an upper-case variable of its own.

    An empty variable is one that is not set.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)


P = TypeVar("P", bound=ProviderSettings)


def given(kind: type[P]) -> P | None:
    """The settings of a provider; None when none of its variables is set. Some but not all end the process."""
    names = [str(field.alias or name).upper() for name, field in kind.model_fields.items() if field.is_required()]
    return read(kind) if any(os.environ.get(name) for name in names) else None


def key_bytes(key: SecretStr) -> bytes:
    """The 32 bytes of a key."""
    return b64decode(key.get_secret_value())


def stop(reason: str) -> NoReturn:
    """End the process with one line that says what to do."""
    sys.stderr.write(f"cannot start: {reason}\n")
    raise SystemExit(2)
