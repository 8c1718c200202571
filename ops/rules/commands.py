"""The commands of `ilkim rules`; each lives in the module that knows its subject."""

import typer

from ops.rules import folders
from ops.rules.decisions import decisions
from ops.rules.drifting import drift
from ops.rules.returns import returns
from ops.rules.trying import try_

commands = typer.Typer(no_args_is_help=True, help="Rules: check, try, apply; versions, returns, decisions, drift.")
commands.command()(folders.check)
commands.command("try")(try_)
commands.command()(folders.apply)
commands.command()(folders.versions)
commands.command()(returns)
commands.command()(decisions)
commands.command()(drift)
