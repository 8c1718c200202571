"""Where the running system is reached, and with which secrets: from the folder of this checkout's processes."""

import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from ops import supervisor


class NotRunning(Exception):
    """Raised when the processes a replay needs are not there."""


@dataclass(frozen=True)
class Installation:
    """Addresses without a slash at their end; credentials as the processes themselves have them."""

    state: Path
    edges: tuple[str, ...]
    reporting: str
    desk: str | None
    amqp_url: str
    database_url: str
    whatsapp_app_secret: str
    whatsapp_account: str
    desk_token: str


def find(state: Path) -> Installation:
    """The installation of this folder. Raises NotRunning."""
    table = {process.name: process for process in supervisor.read_table(state)}
    if not table or not supervisor.is_running(state):
        raise NotRunning("nothing runs here: start it with `ilkim up`")
    environment = next(iter(table.values())).environment
    edges = tuple(process.url for name, process in table.items() if name.partition("-")[0] == "edge")
    if not edges or "reporting" not in table:
        raise NotRunning("a replay needs an edge and reporting: `ilkim up` starts them")
    return Installation(
        state=state,
        edges=edges,
        reporting=table["reporting"].url,
        desk=table["desk"].url if "desk" in table else None,
        amqp_url=environment["RABBITMQ_URL"],
        database_url=environment["DATABASE_URL"],
        whatsapp_app_secret=environment["WHATSAPP_APP_SECRET"],
        whatsapp_account=environment["WHATSAPP_PHONE_NUMBER_ID"],
        desk_token=environment["DESK_TOKEN"],
    )


def without_password(url: str) -> str:
    """The address as it may be printed."""
    parts = urllib.parse.urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
