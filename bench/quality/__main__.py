"""`python -m bench.quality --data FOLDER`: measures every row on the data sets in FOLDER and prints the table.

The data belong to others and are not part of the project: without the folder there is nothing to measure.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from time import perf_counter

from bench.quality.figure import Figure

# Each has `measure(data: Path) -> list[Figure]`, in the order of the table.
ROWS = ("units", "topics", "emergencies", "masking", "reading", "addresses", "duplicates", "places", "cost")
RESULTS = Path(__file__).parent.parent / "results" / "quality.json"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with the data sets")
    parser.add_argument("--only", choices=ROWS, nargs="+", default=list(ROWS), help="these rows alone")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the figures go as JSON")
    chosen = parser.parse_args()
    if not chosen.data.is_dir():
        sys.exit(f"no data in {chosen.data}: nothing can be measured without it. Give the folder with --data FOLDER")
    figures = [figure for row in chosen.only for figure in _measured(row, chosen.data)]
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps([asdict(figure) for figure in figures], indent=2, ensure_ascii=False) + "\n")
    print(f"\n{table(figures)}\n\n{chosen.out}")


def table(figures: Sequence[Figure]) -> str:
    """The figures as a table in Markdown."""
    lines = ["| what | measured | 95 % interval | aim | reached | how |", "|---|---|---|---|---|---|"]
    return "\n".join([*lines, *map(_line, figures)])


def _measured(row: str, data: Path) -> list[Figure]:
    began = perf_counter()
    print(f"{row} …", file=sys.stderr, flush=True)
    figures: list[Figure] = importlib.import_module(f"bench.quality.{row}").measure(data)
    print(f"{row}: {perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    return figures


def _line(figure: Figure) -> str:
    interval = "" if figure.interval is None else f"{figure.interval[0]:.3f} – {figure.interval[1]:.3f}"
    aim = "" if figure.aim is None else f"{figure.better} {figure.aim:g}"
    reached = {True: "yes", False: "**no**", None: ""}[figure.holds]
    return f"| {figure.what} | {figure.value:.3f} {figure.unit} | {interval} | {aim} | {reached} | {figure.how} |"


if __name__ == "__main__":
    main()
