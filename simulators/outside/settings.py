"""What the providers are told by their environment: the credentials their clients must show, and where we answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

DEFAULT_DELAYS_SECONDS = {"sent": 0.05, "delivered": 0.4, "read": 3.0}


@dataclass(frozen=True, slots=True)
class Settings:
    """`secrets` holds the variables the services read too; `edge_url` is where webhooks are posted (empty: nowhere)."""

    host: str = "127.0.0.1"
    port: int = 8700
    edge_url: str = ""
    whatsapp_url: str = ""
    mail_url: str = ""
    receipts: tuple[str, ...] = ("sent", "delivered")
    delays_seconds: Mapping[str, float] = field(default_factory=lambda: DEFAULT_DELAYS_SECONDS)
    secrets: Mapping[str, str] = field(default_factory=dict)

    def secret(self, name: str) -> str:
        """The value of a variable; empty when it is not set."""
        return self.secrets.get(name, "")


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Reads the variables. Raises ValueError for a port that is none."""
    receipts = environment.get("OUTSIDE_RECEIPTS", "sent,delivered")
    return Settings(
        host=environment.get("ILKIM_HTTP_HOST", "127.0.0.1"),
        port=int(environment.get("ILKIM_HTTP_PORT", "8700")),
        edge_url=environment.get("OUTSIDE_EDGE_URL", "").rstrip("/"),
        whatsapp_url=environment.get("WHATSAPP_API_URL", "").rstrip("/"),
        mail_url=environment.get("OUTSIDE_MAIL_URL", "").rstrip("/"),
        receipts=tuple(word.strip() for word in receipts.split(",") if word.strip()),
        secrets=dict(environment),
    )
