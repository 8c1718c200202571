"""Writes deploy/.env with fresh secrets for docker-compose.yml; refuses to replace one that is there."""

import base64
import os
import secrets
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from ops.providers import new_accounts

FILE = Path(__file__).parent / ".env"


def fresh() -> dict[str, str]:
    """Every secret the compose file asks for."""
    keys = (
        "ILKIM_VAULT_KEY",
        "ILKIM_NUMBER_KEY",
        "ILKIM_BLIND_INDEX_KEY",
        "ILKIM_TRACKING_KEY",
        "ILKIM_OBJECT_KEY",
        "ILKIM_INSIDE_KEY",
    )
    words = ("POSTGRES_PASSWORD", "RABBITMQ_PASSWORD", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN")
    return {
        **{key: base64.b64encode(secrets.token_bytes(32)).decode() for key in keys},
        **{word: secrets.token_hex(16) for word in (*words, "WHATSAPP_ACCESS_TOKEN", "DESK_PASSWORD", "DESK_TOKEN")},
        "WHATSAPP_PHONE_NUMBER_ID": "".join(secrets.choice("123456789") for _ in range(15)),
        "DESK_USER": "demo",
        **new_accounts(),
    }


def main() -> None:
    """Create the file, readable by its owner alone."""
    try:
        handle = os.open(FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        sys.exit(f"{FILE} is there already: its keys open what is stored, so it is not replaced")
    with os.fdopen(handle, "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in fresh().items())


if __name__ == "__main__":
    main()
