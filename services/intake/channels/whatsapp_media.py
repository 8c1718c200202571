"""WhatsApp's files: an id gives an address for five minutes, the address gives the file; both want our token.

Source: developers.facebook.com/docs/whatsapp/cloud-api/reference/media. Meta keeps a file for some days.
"""

import hashlib
import json
from typing import Any, Final
from urllib.parse import quote

from pydantic import Field, SecretStr

from services.intake.channels.base import TooLarge
from services.intake.channels.download import Downloads, Gone
from services.intake.channels.payloads import number, part
from shared.contracts import Attachment
from shared.settings import ProviderSettings, given

VERSION: Final = "v24.0"
HOSTS: Final = ("lookaside.fbsbx.com", ".fbcdn.net", ".whatsapp.net")
UNKNOWN_OBJECT: Final = 100  # of Graph's codes; a token that expired has 190, on the same HTTP status
ANSWER_BYTES_MAX: Final = 64 * 1024


class WhatsAppMediaSettings(ProviderSettings):
    """Where Meta's Graph API answers, and our access token."""

    whatsapp_api_url: str
    whatsapp_access_token: SecretStr
    whatsapp_media_hosts: str = Field("", description="further hosts that files may come from, divided by commas")


def media() -> "WhatsAppMedia | None":
    """The source of this environment; None: WhatsApp is not configured."""
    settings = given(WhatsAppMediaSettings)
    if settings is None:
        return None
    further = tuple(host.strip() for host in settings.whatsapp_media_hosts.split(",") if host.strip())
    return WhatsAppMedia(settings.whatsapp_api_url, settings.whatsapp_access_token.get_secret_value(), further)


class WhatsAppMedia:
    """Asks for a fresh address each time, since the last one may have expired."""

    def __init__(self, base_url: str, access_token: str, further_hosts: tuple[str, ...] = ()) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {access_token}"}
        self._downloads = Downloads((*HOSTS, *further_hosts), own=base_url)

    async def fetch(self, attachment: Attachment, account: str, bytes_max: int) -> bytes:
        """The file, checked against the SHA-256 that Meta tells."""
        told = await self._look_up(attachment.provider_id, account)
        if (number(told.get("file_size")) or 0) > bytes_max:
            raise TooLarge
        url = told.get("url")
        if not isinstance(url, str):
            raise OSError("WhatsApp told no address")
        body = await self._downloads.get(url, self._headers, bytes_max)
        expected = told.get("sha256")
        if isinstance(expected, str) and expected.lower() != hashlib.sha256(body).hexdigest():
            raise OSError("the file is not the one that WhatsApp told of")
        return body

    async def _look_up(self, media_id: str, account: str) -> dict[str, Any]:
        url = f"{self._base_url}/{VERSION}/{quote(media_id, safe='')}?phone_number_id={quote(account, safe='')}"
        try:
            answer = await self._downloads.get(url, self._headers, ANSWER_BYTES_MAX)
            value = json.loads(answer)
        except Gone as error:
            if _code(error.told) == UNKNOWN_OBJECT:
                raise ValueError("WhatsApp has the file no more") from error
            raise OSError(f"WhatsApp answered {error.status}: our token or our rights") from error
        except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
            raise OSError("WhatsApp's answer cannot be read") from error
        return value if isinstance(value, dict) else {}


def _code(told: bytes) -> int | None:
    """Graph's code of an error."""
    try:
        value = json.loads(told)
    except (ValueError, RecursionError):
        return None
    return number(part(value, "error").get("code"))
