"""What each program outside may do at the broker, as data, and the command that gives it a user of its own."""

import base64
import json
import re
import secrets
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from shared import municipality
from shared.contracts import Channel
from shared.messaging.topology import ANSWERS, INTAKE, LANES, owner_queue, reply_queue

PASSWORD_BYTES: Final = 24
TIMEOUT_SECONDS: Final = 30
commands = typer.Typer(no_args_is_help=True, help="Users at the broker for programs outside, with their rights alone.")


@dataclass(frozen=True, slots=True)
class Rights:
    """Regular expressions of what a user may do. `keys`: with which routing keys it may write to `exchange`."""

    read: str
    exchange: str
    keys: str

    @property
    def permissions(self) -> dict[str, str]:
        """As the broker's HTTP API takes them. Nobody outside declares anything."""
        return {"configure": "^$", "write": f"^{re.escape(self.exchange)}$", "read": self.read}

    @property
    def topic_permissions(self) -> dict[str, str]:
        """As the broker's HTTP API takes them."""
        return {"exchange": self.exchange, "write": self.keys, "read": "^$"}


def of_owner(code: str) -> Rights:
    """A department or institution: its own two queues, its own answers, nothing else."""
    queues = "|".join(re.escape(owner_queue(code, lane)) for lane in LANES)
    return Rights(read=f"^({queues})$", exchange=ANSWERS, keys=rf"^answer\.{re.escape(code)}\.")


def of_channel(channel: Channel) -> Rights:
    """A channel's program: citizens' messages in, its own replies out."""
    return Rights(read=f"^{re.escape(reply_queue(channel))}$", exchange=INTAKE, keys=".*")


class Management:
    """RabbitMQ's HTTP API with the credentials of its address. Raises HTTPError for any refusal."""

    def __init__(self, url: str) -> None:
        parts = urllib.parse.urlsplit(url)
        self._base = f"{parts.scheme}://{parts.hostname}:{parts.port}/api"
        self.user = urllib.parse.unquote(parts.username or "")
        password = urllib.parse.unquote(parts.password or "")
        self._token = base64.b64encode(f"{self.user}:{password}".encode()).decode()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """`path` is relative to /api, each part of it quoted by the caller."""
        request = urllib.request.Request(  # noqa: S310 - whoever runs the command names the broker
            f"{self._base}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Basic {self._token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - see above
            content = answer.read()
        return json.loads(content) if content else None


def give(management: Management, vhost: str, user: str, password: str, rights: Rights) -> None:
    """Make the user, or give an old one this password and exactly these rights."""
    name, place = quoted(user), quoted(vhost)
    management.call("PUT", f"users/{name}", {"password": password, "tags": ""})
    management.call("PUT", f"permissions/{place}/{name}", rights.permissions)
    management.call("PUT", f"topic-permissions/{place}/{name}", rights.topic_permissions)


def quoted(name: str) -> str:
    """A name as a part of a path."""
    return urllib.parse.quote(name, safe="")


@commands.command()
def owner(
    code: Annotated[str, typer.Argument(help="the department's or institution's code, e.g. temizlik-isleri")],
    url: Annotated[str, typer.Option(envvar="RABBITMQ_URL", help="amqp://…/vhost as the services have it")],
    management_url: Annotated[
        str, typer.Option(envvar="RABBITMQ_MANAGEMENT_URL", help="http://user:password@host:15672")
    ],
    folder: Annotated[Path, typer.Option(envvar="ILKIM_MUNICIPALITY")] = Path("municipality/ilkadim"),
) -> None:
    """Print the address for a department's or institution's own program; a new password ends the old one."""
    place = municipality.load(folder)
    known = sorted([row.code for row in place.departments] + [row.code for row in place.institutions])
    if code not in known:
        raise SystemExit(f"no owner is called {code}; known are {', '.join(known)}")
    _give_and_print(url, management_url, f"owner-{code}", of_owner(code))


@commands.command()
def channel(
    channel: Annotated[Channel, typer.Argument(help="which channel's program it is")],
    url: Annotated[str, typer.Option(envvar="RABBITMQ_URL", help="amqp://…/vhost as the services have it")],
    management_url: Annotated[
        str, typer.Option(envvar="RABBITMQ_MANAGEMENT_URL", help="http://user:password@host:15672")
    ],
) -> None:
    """Print the address for a channel's own program; a new password ends the old one."""
    _give_and_print(url, management_url, f"channel-{channel}", of_channel(channel))


def _give_and_print(url: str, management_url: str, user: str, rights: Rights) -> None:
    parts = urllib.parse.urlsplit(url)
    vhost = urllib.parse.unquote(parts.path.removeprefix("/"))
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    try:
        give(Management(management_url), vhost, user, password, rights)
    except (urllib.error.URLError, OSError) as error:
        raise SystemExit(f"the broker's management API does not take it: {error}") from error
    host = parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
    print(f"{parts.scheme}://{quoted(user)}:{password}@{host}{parts.path}")
