"""Reads the data sets, and the municipality every row is measured with."""

import csv
from pathlib import Path
from typing import Final

from ops.route import FOLDER
from shared.municipality import load

PLACE: Final = load(FOLDER)


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file. Raises FileNotFoundError, which names the file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
