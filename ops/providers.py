"""The accounts İLKİM has with its providers in the demo: invented once, known to the services and the simulators."""

import secrets
from collections.abc import Mapping
from typing import Final

# Lines of ours that the simulators answer under; none of them is anybody's.
NETGSM_LINE: Final = "8503020000"
VERIMOR_LINE: Final = "908500000000"
TWILIO_LINE: Final = "+903620000000"
SENDER_NAME: Final = "ILKADIM"
BOT: Final = "7700000001"
SECRETS: Final = (
    "NETGSM_PASSWORD",
    "VERIMOR_PASSWORD",
    "VERIMOR_WEBHOOK_KEY",
    "VERIMOR_SANTRAL_KEY",
    "BULUTFON_HOOK_PASSWORD",
    "ASTERISK_AMI_SECRET",
    "TWILIO_AUTH_TOKEN",
    "TELEGRAM_WEBHOOK_SECRET",
    "MESSENGER_APP_SECRET",
    "MESSENGER_VERIFY_TOKEN",
    "MESSENGER_ACCESS_TOKEN",
    "X_API_KEY",
    "X_API_SECRET",
    "X_ACCESS_TOKEN",
    "X_ACCESS_SECRET",
    "INSTAGRAM_APP_SECRET",
    "INSTAGRAM_VERIFY_TOKEN",
    "INSTAGRAM_ACCESS_TOKEN",
)


def new_accounts() -> dict[str, str]:
    """Fresh credentials of every provider."""
    return {
        **{name: secrets.token_hex(16) for name in SECRETS},
        "NETGSM_USERCODE": NETGSM_LINE,
        "NETGSM_HEADER": SENDER_NAME,
        "VERIMOR_USERNAME": VERIMOR_LINE,
        "VERIMOR_HEADER": SENDER_NAME,
        "TWILIO_ACCOUNT_SID": f"AC{secrets.token_hex(16)}",
        "TWILIO_FROM": TWILIO_LINE,
        "BULUTFON_HOOK_USER": "bulutfon",
        "ASTERISK_AMI_USER": "ilkim",
        "TELEGRAM_BOT_TOKEN": f"{BOT}:{secrets.token_hex(17)}",
    }


def addresses(outside_url: str, edge_url: str) -> Mapping[str, str]:
    """Where the services find their providers, and these the services."""
    return {
        "NETGSM_API_URL": f"{outside_url}/netgsm",
        "VERIMOR_API_URL": f"{outside_url}/verimor",
        "TWILIO_API_URL": f"{outside_url}/twilio",
        "TELEGRAM_API_URL": f"{outside_url}/telegram",
        "X_API_URL": f"{outside_url}/x",
        "META_GRAPH_URL": f"{outside_url}/graph",
        "NETGSM_POLL_SECONDS": "2",  # a citizen of the demo does not wait for 20
        "NETGSM_REPORT_SECONDS": "5",
        "OUTSIDE_EDGE_URL": edge_url,
        "ILKIM_PUBLIC_URL": edge_url,
    }
