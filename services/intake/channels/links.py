"""Photos that an app's report only points to: fetched from hosts the municipality trusts, from no others."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from pydantic import Field

from services.intake.channels.download import Downloads
from shared.contracts import Attachment
from shared.settings import ProviderSettings

PROVIDER: Final = "open311"  # in whose name such attachments travel


class LinkSettings(ProviderSettings):
    """Without hosts nothing is fetched, and an address stays words."""

    ilkim_open311_media_hosts: str = Field("", description="e.g. photos.example.org, .cdn.example.org")

    @property
    def hosts(self) -> tuple[str, ...]:
        """A leading dot means any name below it."""
        return tuple(host.strip().lower() for host in self.ilkim_open311_media_hosts.split(",") if host.strip())


class Links:
    """Fetches by the attachment's own address; see `download.py` for what is never called."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self._downloads = Downloads(hosts)

    async def fetch(self, attachment: Attachment, account: str, bytes_max: int) -> bytes:
        """The file. Raises TooLarge, ValueError for an address that is not of these hosts, OSError for not now."""
        return await self._downloads.get(attachment.url or "", {}, bytes_max)


def media() -> Links | None:
    """None: no host is trusted."""
    hosts = LinkSettings().hosts
    return Links(hosts) if hosts else None


def is_trusted(url: str, hosts: Sequence[str]) -> bool:
    """Whether this address will be fetched: https, its own port, a host of the list."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    known = any(host == name or (name.startswith(".") and host.endswith(name)) for name in hosts)
    return parts.scheme == "https" and port in (None, 443) and known
