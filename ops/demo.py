"""The demo: everything starts, a first slice of the nine months goes through it, and the pages to look at are named."""

import time
from typing import Annotated, Final
from urllib.parse import urlsplit

import typer
from rich.console import Console

from ops import control, servers
from ops.figures import read_bulletin, total_of
from ops.replay import NINE_MONTHS, replay

CONTACTS: Final = 300
console = Console(highlight=False, soft_wrap=True)


def demo(
    count: Annotated[int, typer.Option(min=0, help="contacts of the nine months to replay")] = CONTACTS,
) -> None:
    """Start everything, replay a first slice of the nine months, and say where to look; it all goes on running."""
    began = time.monotonic()
    control.up()
    held = total_of(read_bulletin())
    outcome = 0
    if held:
        console.print(f"\n{held} cases are here from before; `make replay` sends more")
    else:
        outcome = _replay(count)
    _say_where_to_look()
    console.print(f"ready after {time.monotonic() - began:.0f} s; it runs until [bold]make stop[/bold]", markup=True)
    if outcome:
        raise typer.Exit(outcome)


def _replay(count: int) -> int:
    console.print(f"\nsending the first {count} contacts of the nine months through the channels:")
    try:
        replay(NINE_MONTHS, count=count)
    except typer.Exit as stopped:
        return stopped.exit_code
    return 0


def _say_where_to_look() -> None:
    found = control.read_status(servers.home())
    urls = {row["name"]: row["url"] for row in found["processes"]}
    desk, broker = found["credentials"]["desk"], urlsplit(found["addresses"]["broker_management"] or "")
    console.print("\n[bold]Where to look[/bold]", markup=True)
    for what, url in (
        ("write as a citizen, on the form", f"{urls['edge']}/"),
        ("write as a citizen by WhatsApp", f"{urls['whatsapp']}/"),
        ("write as a citizen by e-mail, read what was sent", f"{urls['mail']}/"),
        ("every message sent, and write by SMS, Telegram …", f"{urls['outside']}/"),
        ("call the centre by telephone", f"{urls['exchange']}/"),
        ("the figures, as they move", f"{urls['reporting']}/"),
        ("the bulletin", f"{urls['reporting']}/bulten"),
        (f"the desk, as {desk['user']} with {desk['password']}", f"{urls['desk']}/"),
        (f"the broker, as {broker.username} with {broker.password}", f"http://{broker.hostname}:{broker.port}/"),
    ):
        console.print(f"  {what:60} {url}")
    console.print()
