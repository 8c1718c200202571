"""`python -m bench.reporting`: what counting, asking and exporting cost with few cases and with many, as ratios.

Servers named by DATABASE_URL are used, else private ones of this checkout. Ten million cases take about 10 GB of disk
and a quarter of an hour to make.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from bench.reporting import asking, counting
from bench.reporting.database import a_database
from bench.reporting.filling import fill
from ops import servers

STATE: Final = servers.CHECKOUT / ".ilkim" / "bench-reporting"
QUERY_RATIO_MAX: Final = 1.5
QUERY_MS_MAX: Final = 50
INGEST_RATIO_MAX: Final = 1.2
EXPORT_MB_MAX: Final = 150
EXPORT_ROWS: Final = 1_000_000


def main() -> None:
    chosen = _arguments()
    address = servers.start(STATE).database_url
    try:
        sizes = [asyncio.run(_size(address, cases, chosen)) for cases in chosen.sizes]
    finally:
        servers.discard(STATE)
    _print(sizes)
    if chosen.json:
        chosen.json.write_text(json.dumps(sizes, indent=1), encoding="utf-8")


async def _size(address: str, cases: int, chosen: argparse.Namespace) -> dict[str, Any]:
    async with a_database(address) as (pool, figures):
        began = time.perf_counter()
        await fill(os.environ["DATABASE_URL"], figures.place, cases)
        filled = time.perf_counter() - began
        print(f"{cases:,} cases made in {filled:.0f} s", flush=True)
        found: dict[str, Any] = {"cases": cases, "filled_s": filled}
        found["queries"] = await asking.measure(figures, pool, chosen.rounds)
        found["sums"] = await pool.fetchval("SELECT count(*) FROM case_rollup")
        found["bytes"] = await pool.fetchval("SELECT pg_database_size(current_database())")
        found["exports"] = {form: _export(form) for form in chosen.formats} if cases == chosen.export_at else {}
        found["ingest"] = await counting.measure(pool, figures.place, chosen.new_cases)
        return found


def _export(form: str) -> dict[str, float]:
    """In a fresh process, whose memory is its own."""
    command = [sys.executable, "-m", "bench.reporting.exporting", form]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=servers.CHECKOUT)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def _print(sizes: list[dict[str, Any]]) -> None:
    least = sizes[0]
    heads = "".join(f"{size['cases']:>14,}" for size in sizes)
    print(f"\n{'ms at the client, median (slowest)':<34}{heads}{'ratio':>8}{'recount, ms':>14}{'times':>8}")
    for name, first in least["queries"].items():
        rows = [size["queries"][name] for size in sizes]
        cells = "".join(f"{row['median_ms']:>7.1f} ({row['max_ms']:>4.0f})" for row in rows)
        ratio, plain = rows[-1]["median_ms"] / first["median_ms"], rows[-1]["recount_ms"]
        over = "" if ratio <= QUERY_RATIO_MAX and rows[-1]["median_ms"] <= QUERY_MS_MAX else "  over"
        print(f"{name:<34}{cells}{ratio:>8.2f}{plain:>14.1f}{plain / rows[-1]['median_ms']:>8.1f}{over}")
    whole = [sum(row["median_ms"] for row in size["queries"].values()) for size in sizes]
    print(_line("all of them", whole, ".1f", whole[-1] / whole[0]))
    rates = [size["ingest"]["events_a_second"] for size in sizes]
    over = "" if rates[0] / rates[-1] <= INGEST_RATIO_MAX else "  over"
    print(_line("events a second into the sums", rates, ",.0f", rates[0] / rates[-1]) + over)
    print(_line("sums kept", [size["sums"] for size in sizes], ",.0f"))
    print(_line("megabytes on disk", [size["bytes"] / 1e6 for size in sizes], ",.0f"))
    for size in sizes:
        for form, told in size["exports"].items():
            over = "" if told["rss_max_mb"] <= EXPORT_MB_MAX else "  over"
            print(
                f"export of {told['rows']:,} cases as {form}: {told['rss_max_mb']:.0f} MB of memory at most"
                f" ({told['rss_before_mb']:.0f} before the first row), {told['seconds']:.0f} s{over}"
            )


def _line(name: str, figures: list[float], form: str, ratio: float | None = None) -> str:
    cells = "".join(f"{figure:>14{form}}" for figure in figures)
    return f"{name:<34}{cells}" + (f"{ratio:>8.2f}" if ratio is not None else "")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.reporting", description=__doc__)
    parser.add_argument("--sizes", type=_numbers, default=[10_000, 1_000_000, 10_000_000], help="cases, ascending")
    parser.add_argument("--rounds", type=int, default=20, help="answers measured for each question")
    parser.add_argument("--new-cases", type=int, default=2_000, help="whose events are counted")
    parser.add_argument("--formats", type=lambda text: text.split(","), default=["csv", "parquet", "xlsx"])
    parser.add_argument("--export-at", type=int, default=EXPORT_ROWS, help="the size whose cases are exported")
    parser.add_argument("--json", type=Path, help="a file for all of it")
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    return sorted(int(number) for number in text.replace("_", "").split(","))


if __name__ == "__main__":
    main()
