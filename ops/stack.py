"""The processes of İLKİM, with the environment each of them reads."""

import base64
import dataclasses
import http.client
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from ops import servers, supervisor
from ops.ports import keep_ports
from ops.processes import write_atomically
from ops.providers import addresses as provider_addresses
from ops.providers import new_accounts
from ops.servers import CHECKOUT, Addresses
from ops.supervisor import Process

HOST = "127.0.0.1"
READY_TIMEOUT_SECONDS = 90
POLL_SECONDS = 0.1
CRASHES_MAX = 5  # One that ends so often while starting will not start.
DEPLOY_TIMEOUT_SECONDS = 120


@dataclasses.dataclass(frozen=True)
class Part:
    """One kind of process: `replicas` of it run, each with an HTTP server on a port of its own."""

    name: str
    command: tuple[str, ...]
    shows: str = ""
    replicas: int = 1


PARTS = (
    Part("whatsapp", ("simulators.whatsapp",), "the citizens' WhatsApp: sent messages"),
    Part("outside", ("simulators.outside",), "SMS providers and social networks; every message sent"),
    Part("mail", ("simulators.mail",), "the citizens' mailboxes: mails sent and written"),
    Part("exchange", ("simulators.exchange",), "a telephone exchange: call the centre"),
    Part("edge", ("services.intake", "edge"), "web form, webhooks"),
    Part("intake", ("services.intake", "worker")),
    Part("collector", ("services.intake", "collector")),
    Part("router", ("services.router",)),
    Part("notifier", ("services.notifier",)),
    Part("reporting", ("services.reporting",), "figures and bulletin"),
    Part("desk", ("services.desk",), "work list of operators and clerks"),
    Part("handover", ("services.handover",), "institutions' answers by link"),
)
# Beside the HTTP ports: where mails are sent to and calls are heard, and whose process listens there.
OTHER_PORTS = {"smtp-citizens": "mail", "smtp-centre": "collector", "ami": "exchange"}


def up(state: Path, *, scale: Mapping[str, int] | None = None, say: Callable[[str], None] = print) -> list[Process]:
    """Servers, migrations, topology and processes; returns once each process says that it is ready. Idempotent.

    Raises RuntimeError with the lines that tell why when the deployment fails or a process does not become ready.
    """
    if supervisor.read_table(state) and not supervisor.is_running(state):
        supervisor.start(state)  # as they ran last time: they wait for their servers, which takes longer
    addresses = servers.start(state, say)
    table = build(state, addresses, scale or {})
    _deploy(table, say)
    if not supervisor.is_running(state) or table != supervisor.read_table(state):
        supervisor.stop(state)
        supervisor.write_table(state, table)
        say(f"services: starting {len(table)} processes")
        supervisor.start(state)
    _wait_until_ready(state, table)
    say("services: ready")
    return table


def down(state: Path) -> None:
    """End the processes, then the private servers: nothing of this folder runs afterwards. Safe to call twice."""
    supervisor.stop(state)
    servers.stop(state)


def build(state: Path, addresses: Addresses, scale: Mapping[str, int]) -> list[Process]:
    """The table: one row for each replica, named `router` or, from the second on, `router-2`."""
    unknown = scale.keys() - {part.name for part in PARTS}
    if unknown:
        raise ValueError(f"no such process: {', '.join(sorted(unknown))}")
    instances = [(name, part) for part in PARTS for name in _names(part.name, scale.get(part.name, part.replicas))]
    running = {name for name, record in supervisor.records(state).items() if record.state != "stopped"}
    other = {port for port, process in OTHER_PORTS.items() if process in running}
    ports = keep_ports(state, [*(name for name, _ in instances), *OTHER_PORTS], in_use=running | other)
    shared = _shared_environment(state, addresses, ports)
    return [
        Process(
            name=name,
            command=(sys.executable, "-m", *part.command),
            environment={**shared, "ILKIM_HTTP_PORT": str(ports[name])},
            url=f"http://{HOST}:{ports[name]}",
        )
        for name, part in instances
    ]


def secrets_of(state: Path) -> dict[str, str]:
    """Keys and demo credentials, made once and kept for the owner's eyes only."""
    file = state / "secrets.json"
    kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    complete = {**_new_secrets(), **kept}  # a later version may know more of them
    if complete != kept:
        write_atomically(file, json.dumps(complete, indent=1))
    return complete


def is_ready(url: str) -> bool:
    """The process itself says that it can work: it has its servers, its queues and its settings."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _names(name: str, replicas: int) -> list[str]:
    return [name if number == 1 else f"{name}-{number}" for number in range(1, replicas + 1)]


def _shared_environment(state: Path, addresses: Addresses, ports: Mapping[str, int]) -> dict[str, str]:
    return {
        **secrets_of(state),
        "PYTHONUNBUFFERED": "1",
        "RABBITMQ_URL": addresses.amqp_url,
        "DATABASE_URL": addresses.database_url,
        "ILKIM_HTTP_HOST": HOST,
        "WHATSAPP_SIMULATOR_TEMPLATES": str(CHECKOUT / "municipality" / "ilkadim" / "delivery.toml"),
        "ILKIM_OBJECTS": str(state.absolute() / "objects"),
        "ROUTER_URL": f"http://{HOST}:{ports['router']}",
        "INTAKE_URL": f"http://{HOST}:{ports['intake']}",
        # The simulator's number is an upgraded one; ordinary ones may send 80 a second (delivery.toml).
        "NOTIFIER_PER_SECOND": "whatsapp=1000",
        "DESK_PUBLIC_URL": f"http://{HOST}:{ports['desk']}",
        "HANDOVER_PUBLIC_URL": f"http://{HOST}:{ports['handover']}",
        "EMAIL_ADDRESS": "cozum@ilkim.example",
        "EMAIL_LISTEN_PORT": str(ports["smtp-centre"]),
        "SMTP_HOST": HOST,
        "SMTP_PORT": str(ports["smtp-citizens"]),
        "ASTERISK_AMI_HOST": HOST,
        "ASTERISK_AMI_PORT": str(ports["ami"]),
        "EXCHANGE_EDGE_URL": f"http://{HOST}:{ports['edge']}",
        "OUTSIDE_MAIL_URL": f"http://{HOST}:{ports['mail']}",
        "WHATSAPP_API_URL": f"http://{HOST}:{ports['whatsapp']}",
        "WHATSAPP_WEBHOOK_URL": f"http://{HOST}:{ports['edge']}/webhooks/whatsapp",
        **provider_addresses(f"http://{HOST}:{ports['outside']}", f"http://{HOST}:{ports['edge']}"),
    }


def _new_secrets() -> dict[str, str]:
    keys = (
        "ILKIM_VAULT_KEY",
        "ILKIM_NUMBER_KEY",
        "ILKIM_BLIND_INDEX_KEY",
        "ILKIM_TRACKING_KEY",
        "ILKIM_OBJECT_KEY",
        "ILKIM_INSIDE_KEY",
    )
    tokens = ("WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN", "WHATSAPP_ACCESS_TOKEN")
    return {
        **{key: base64.b64encode(secrets.token_bytes(32)).decode() for key in keys},
        **{token: secrets.token_urlsafe(24) for token in tokens},
        **new_accounts(),
        "WHATSAPP_PHONE_NUMBER_ID": "".join(secrets.choice("123456789") for _ in range(15)),
        "DESK_USER": "demo",
        "DESK_PASSWORD": secrets.token_urlsafe(12),
        "DESK_TOKEN": secrets.token_urlsafe(32),
    }


def _deploy(table: list[Process], say: Callable[[str], None]) -> None:
    """Migrate the database and declare the topology, in a process of its own with the services' environment."""
    say("deploy: database and topology")
    done = subprocess.run(
        [sys.executable, "-m", "ops.deploy"],
        env=_with_own(table[0].environment),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=DEPLOY_TIMEOUT_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"deploy failed:\n{(done.stdout + done.stderr).strip()[-3000:]}")


def _with_own(environment: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, **environment}


def _wait_until_ready(state: Path, table: list[Process]) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_SECONDS
    missing = list(table)
    while missing:
        missing = [process for process in missing if not is_ready(process.url)]
        if missing and (time.monotonic() > deadline or _crashes(state) >= CRASHES_MAX):
            raise RuntimeError("\n".join(_last_words(state, process.name) for process in missing))
        time.sleep(POLL_SECONDS if missing else 0)


def _crashes(state: Path) -> int:
    """The most restarts of any one process since its start."""
    return max((record.restarts for record in supervisor.records(state).values()), default=0)


def _last_words(state: Path, name: str) -> str:
    log = supervisor.log_of(state, name)
    lines = log.read_text(errors="replace").splitlines()[-5:] if log.exists() else []
    return f"{name} did not become ready; its last lines:\n  " + "\n  ".join(lines)
