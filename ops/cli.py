"""The `ilkim` command: everything a person does with a running İLKİM from a terminal."""

import typer

from ops import access, api_keys, control, figures
from ops.demo import demo
from ops.export import export
from ops.holidays import holidays
from ops.imports import import_cases
from ops.rebuild import rebuild
from ops.reconcile import reconcile
from ops.replay import replay
from ops.report import report
from ops.route import route
from ops.rules import commands as rules
from ops.train import train
from shared.asyncapi import asyncapi

app = typer.Typer(name="ilkim", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

# One line a command; each lives in the module that knows its subject.
app.command()(control.setup)
app.command()(control.up)
app.command()(demo)
app.command()(control.stop)
app.command()(control.status)
app.command()(control.logs)
app.command()(figures.bulletin)
app.command()(figures.ledger)
app.command()(report)
app.command()(export)
app.command()(rebuild)
app.command()(reconcile)
app.command()(replay)
app.command("import")(import_cases)
app.command()(route)
app.command()(train)
app.command()(holidays)
app.command()(asyncapi)
app.add_typer(rules.commands, name="rules")
app.add_typer(access.commands, name="access")
app.add_typer(api_keys.commands, name="api-key")


def main() -> None:
    app()


if __name__ == "__main__":
    main()
