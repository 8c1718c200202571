"""Credentials of the providers in `simulators.outside`, invented, and the variables that point our services at it."""

from collections.abc import Mapping

CREDENTIALS: Mapping[str, str] = {
    "NETGSM_USERCODE": "8503020000",
    "NETGSM_PASSWORD": "netgsm-password",
    "NETGSM_HEADER": "ILKADIM",
}


def url_variables(url: str) -> dict[str, str]:
    """Where each provider's API answers."""
    return {"NETGSM_API_URL": f"{url}/netgsm"}
