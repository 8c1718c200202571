"""What the simulator is told by its environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulators.whatsapp.payloads import Account

STATUSES = ("sent", "delivered", "read")
DEFAULT_DELAYS_SECONDS = {"sent": 0.05, "delivered": 0.4, "read": 3.0}


@dataclass(frozen=True, slots=True)
class Settings:
    """One field a variable; see `settings_from` for their names."""

    host: str = "127.0.0.1"
    port: int = 8600
    account: Account = field(default_factory=Account)
    any_phone_number_id: bool = True
    access_token: str = ""
    webhook_url: str = ""
    app_secret: str = ""
    verify_token: str = ""
    ledger_path: str = ""
    kept_max: int = 10_000
    statuses: tuple[str, ...] = ("sent", "delivered")
    delays_seconds: Mapping[str, float] = field(default_factory=lambda: DEFAULT_DELAYS_SECONDS)
    window_seconds: float = 0.0
    fault_prefix: str = "90555000"
    media_seconds: float = 300.0
    templates_path: str = ""


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Reads the variables; raises ValueError naming the one that cannot be understood."""
    default = Account()
    phone_number_id = environment.get("WHATSAPP_PHONE_NUMBER_ID", "")
    account = Account(
        environment.get("WHATSAPP_BUSINESS_ACCOUNT_ID") or default.business_account_id,
        phone_number_id or default.phone_number_id,
        environment.get("WHATSAPP_DISPLAY_PHONE_NUMBER") or default.display_phone_number,
    )
    return Settings(
        host=environment.get("ILKIM_HTTP_HOST", "127.0.0.1"),
        port=int(environment.get("ILKIM_HTTP_PORT", "8600")),
        account=account,
        any_phone_number_id=not phone_number_id,
        access_token=environment.get("WHATSAPP_ACCESS_TOKEN", ""),
        webhook_url=environment.get("WHATSAPP_WEBHOOK_URL", ""),
        app_secret=environment.get("WHATSAPP_APP_SECRET", ""),
        verify_token=environment.get("WHATSAPP_VERIFY_TOKEN", ""),
        ledger_path=environment.get("WHATSAPP_SIMULATOR_LEDGER", ""),
        kept_max=int(environment.get("WHATSAPP_SIMULATOR_KEPT", "10000")),
        statuses=parse_statuses(environment.get("WHATSAPP_SIMULATOR_STATUSES", "sent,delivered")),
        delays_seconds=parse_delays(environment.get("WHATSAPP_SIMULATOR_STATUS_DELAYS", "")),
        window_seconds=float(environment.get("WHATSAPP_SIMULATOR_WINDOW_SECONDS", "0")),
        fault_prefix=environment.get("WHATSAPP_SIMULATOR_FAULT_PREFIX", "90555000"),
        media_seconds=float(environment.get("WHATSAPP_SIMULATOR_MEDIA_SECONDS", "300")),
        templates_path=environment.get("WHATSAPP_SIMULATOR_TEMPLATES", ""),
    )


def parse_statuses(written: str) -> tuple[str, ...]:
    """`sent,delivered` in the order of life; empty means none."""
    asked = {word.strip() for word in written.split(",") if word.strip()}
    if unknown := asked.difference(STATUSES):
        raise ValueError(f"WHATSAPP_SIMULATOR_STATUSES knows {STATUSES}, not {sorted(unknown)}")
    return tuple(status for status in STATUSES if status in asked)


def parse_delays(written: str) -> dict[str, float]:
    """`sent=0.05,delivered=0.4` in seconds after acceptance; what is not named keeps its default."""
    delays = dict(DEFAULT_DELAYS_SECONDS)
    for part in filter(None, written.split(",")):
        status, _, seconds = part.partition("=")
        if status.strip() not in STATUSES:
            raise ValueError(f"WHATSAPP_SIMULATOR_STATUS_DELAYS knows {STATUSES}, not {status!r}")
        delays[status.strip()] = float(seconds)
    return delays
