"""A report as plain text: what a mail holds for who reads no HTML."""

from collections.abc import Iterator
from textwrap import shorten, wrap
from typing import Final

from services.reporting.scheduled.paper import ReportPaper

WIDTH: Final = 78
NUMBER_WIDTH: Final = 10


def plain_text(paper: ReportPaper) -> str:
    """Lines of at most 78 letters, numbers in columns."""
    return "\n".join(_lines(paper)) + "\n"


def _lines(paper: ReportPaper) -> Iterator[str]:
    yield from (paper.municipality, paper.centre, "", *wrap(paper.title, WIDTH), paper.days, paper.drawn_at, "")
    for tile in paper.tiles:
        beside = f" ({tile.beside})" if tile.beside else ""
        yield from wrap(f"{tile.label}: {tile.figure}{beside}", WIDTH, subsequent_indent="    ")
    for table in paper.tables:
        yield from ("", _row(table.title, table.head), "-" * WIDTH)
        yield from (_row(label, numbers) for label, *numbers in table.rows)
        yield _row(table.total[0], table.total[1:])
    yield from ("", *wrap(paper.words["footer"], WIDTH))


def _row(label: str, numbers: tuple[str, ...] | list[str]) -> str:
    room = WIDTH - NUMBER_WIDTH * len(numbers)
    return f"{shorten(label, room - 1, placeholder='…'):<{room}}{''.join(f'{one:>{NUMBER_WIDTH}}' for one in numbers)}"
