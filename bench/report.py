"""The table a person reads, and the file a program reads."""

import asyncio
import dataclasses
import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import aio_pika
import asyncpg

from bench.installation import Servers
from bench.rounds import OUTSIDE, SERVERS, Measurement, Round, Spread, product_ms, spread

RESULTS: Final = Path(__file__).parent / "results"
LIBRARIES: Final = (
    "aio-pika",
    "aiormq",
    "asyncpg",
    "faststream",
    "pydantic",
    "fastapi",
    "uvicorn",
    "uvloop",
    "aiohttp",
)


def table(measured: Measurement) -> str:
    """Medians of the rounds, extremes behind them."""
    sections = (
        ("the floor: nine bare messages", measured.floor, ()),
        ("the system: the opening leg", measured.system, OUTSIDE),
        ("the system, every reply's `sent` and `delivered` reported too", measured.with_statuses, OUTSIDE),
    )
    return "\n\n".join([*(_section(*section) for section in sections), _ratios(measured)])


def write(measured: Measurement, servers: Servers, chosen: dict[str, Any]) -> Path:
    """All figures, with what they were measured on, in `results/latest.json`."""
    figures = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "options": chosen,
        "machine": _machine(),
        "versions": _versions() | asyncio.run(_server_versions(servers)),
        "floor": _figures(measured.floor, ()),
        "system": _figures(measured.system, OUTSIDE),
        "system_with_statuses": _figures(measured.with_statuses, OUTSIDE),
        "ratio": dataclasses.asdict(measured.ratio),
        "ratio_with_statuses": dataclasses.asdict(measured.ratio_with_statuses),
        "ratio_alike": dataclasses.asdict(measured.ratio_alike),
        "idle_cpu_ms_per_second": measured.idle_ms_per_second,
    }
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / "latest.json"
    file.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    return file


def _section(title: str, rounds: Sequence[Round], outside: Sequence[str]) -> str:
    names = list(rounds[0].cpu_ms)
    own = [name for name in names if name not in outside]
    rate = spread([one.cases_per_second for one in rounds])
    lines = [
        f"{title}",
        f"  {'cases a second, end to end':<34}{rate.median:8.0f}  ({rate.least:.0f} to {rate.most:.0f})",
        *(_line(name, rounds, [name]) for name in own if name not in SERVERS),
        *(_line(name, rounds, [name]) for name in own if name in SERVERS),
        _line("sum", rounds, own),
    ]
    return "\n".join(lines + [_line(f"(outside) {name}", rounds, [name]) for name in names if name in outside])


def _line(title: str, rounds: Sequence[Round], names: Sequence[str]) -> str:
    return f"  {title:<27}CPU ms{_words(spread([one.per_case_ms(names) for one in rounds]))}"


def _ratios(measured: Measurement) -> str:
    return "\n".join(
        (
            "a case beside the floor, round by round",
            f"  {'whole floor':<34}{_words(measured.ratio)}",
            f"  {'whole floor, statuses reported':<34}{_words(measured.ratio_with_statuses)}",
            f"  {'floor without its outside':<34}{_words(measured.ratio_alike)}",
            f"while nothing happens: {sum(measured.idle_ms_per_second.values()):.1f} CPU ms a second, all together",
        )
    )


def _words(figure: Spread) -> str:
    return f"{figure.median:8.3f}  ({figure.least:.3f} to {figure.most:.3f})"


def _figures(rounds: Sequence[Round], outside: Sequence[str]) -> dict[str, Any]:
    return {
        "cases_per_second": dataclasses.asdict(spread([one.cases_per_second for one in rounds])),
        "cpu_ms_per_case": {
            name: dataclasses.asdict(spread([one.per_case_ms([name]) for one in rounds])) for name in rounds[0].cpu_ms
        },
        "sum_cpu_ms_per_case": dataclasses.asdict(
            spread([product_ms(one) if outside else _all(one) for one in rounds])
        ),
        "outside": list(outside),
        "rounds": [dataclasses.asdict(one) for one in rounds],
    }


def _all(measured: Round) -> float:
    return measured.per_case_ms(list(measured.cpu_ms))


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "processor": _first_after(Path("/proc/cpuinfo"), "model name"),
        "memory": _first_after(Path("/proc/meminfo"), "MemTotal"),
        "system": platform.platform(),
        "load_average": os.getloadavg(),
    }


def _first_after(file: Path, name: str) -> str:
    lines = (line.partition(":") for line in file.read_text().splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == name), "")


def _versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in LIBRARIES}


async def _server_versions(servers: Servers) -> dict[str, str]:
    database = await asyncpg.connect(servers.database_url)
    async with await aio_pika.connect(servers.amqp_url) as broker:
        properties: Any = broker.transport.connection.server_properties if broker.transport else {}
        postgresql = str(await database.fetchval("SHOW server_version"))
    await database.close()
    return {"rabbitmq": _text(properties.get("version")), "erlang": _text(properties.get("platform"))} | {
        "postgresql": postgresql
    }


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _commit() -> str:
    """Empty outside a git checkout."""
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=RESULTS.parent, capture_output=True, text=True, check=False)
    return done.stdout.strip()
