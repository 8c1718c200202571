"""Credentials of the providers in `simulators.outside`, invented, and the variables that point our services at it."""

from collections.abc import Mapping

CREDENTIALS: Mapping[str, str] = {
    "NETGSM_USERCODE": "8503020000",
    "NETGSM_PASSWORD": "netgsm-password",
    "NETGSM_HEADER": "ILKADIM",
    "VERIMOR_USERNAME": "908500000000",
    "VERIMOR_PASSWORD": "verimor-password",
    "VERIMOR_HEADER": "ILKADIM",
    "VERIMOR_WEBHOOK_KEY": "verimor-key",
    "TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000000",
    "TWILIO_AUTH_TOKEN": "twilio-token",
    "TELEGRAM_BOT_TOKEN": "7700000001:telegram-token",
    "TELEGRAM_WEBHOOK_SECRET": "telegram-secret",
    "MESSENGER_APP_SECRET": "app-secret",
    "MESSENGER_VERIFY_TOKEN": "verify-me",
    "MESSENGER_ACCESS_TOKEN": "messenger-token",
    "INSTAGRAM_APP_SECRET": "app-secret",
    "INSTAGRAM_VERIFY_TOKEN": "verify-me",
    "INSTAGRAM_ACCESS_TOKEN": "instagram-token",
    "X_API_KEY": "x-key",
    "X_API_SECRET": "x-secret",
    "X_ACCESS_TOKEN": "2000000001-token",
    "X_ACCESS_SECRET": "x-access-secret",
    "TWILIO_FROM": "+903620000000",
}


def url_variables(url: str) -> dict[str, str]:
    """Where each provider's API answers."""
    names = ("netgsm", "verimor", "twilio", "telegram", "x")
    return {"META_GRAPH_URL": f"{url}/graph"} | {f"{name.upper()}_API_URL": f"{url}/{name}" for name in names}
