"""What the mail server is told by its environment."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """`smtp_port` 0: any free one. `centre_port` 0: citizens cannot write."""

    host: str = "127.0.0.1"
    port: int = 8800
    smtp_port: int = 0
    centre_address: str = "cozum@ilkim.example"
    centre_host: str = "127.0.0.1"
    centre_port: int = 0
    answer_after_seconds: float = 0.5


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Reads the variables, the centre's own where there is one. Raises ValueError for a port that is none."""
    return Settings(
        host=environment.get("ILKIM_HTTP_HOST", "127.0.0.1"),
        port=int(environment.get("ILKIM_HTTP_PORT", "8800")),
        smtp_port=int(environment.get("SMTP_PORT", "0")),
        centre_address=environment.get("EMAIL_ADDRESS", "cozum@ilkim.example"),
        centre_host=environment.get("MAIL_CENTRE_HOST", "127.0.0.1"),
        centre_port=int(environment.get("EMAIL_LISTEN_PORT", "0")),
    )
