"""Mistakes in a municipality's data, each with its place and its remedy, all told at once."""

from collections.abc import Iterable
from typing import NamedTuple

PROBLEMS_SHOWN_MAX = 20


class Problem(NamedTuple):
    """One mistake in the data: where it is, what is wrong, and what to do. `line` is None where none can be told.

    `field` is the way to the field within its entry, so that its line can be found.
    """

    file: str
    entry: str
    trouble: str
    remedy: str
    line: int | None = None
    field: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}, line {self.line}"
        return f"{place}: {self.entry}: {self.trouble}. {self.remedy}"


class MunicipalityError(ValueError):
    """Raised when a municipality's data cannot be used; holds every problem found, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [f"- {problem}" for problem in self.problems[:PROBLEMS_SHOWN_MAX]]
        if len(self.problems) > PROBLEMS_SHOWN_MAX:
            lines.append(f"- … and {len(self.problems) - PROBLEMS_SHOWN_MAX} more")
        super().__init__("\n".join(["the municipality's data has mistakes:", *lines]))
