"""The bulletin as plain text: for a mail, a newsroom's system, or a reader that speaks it aloud."""

from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import Final

from services.reporting.papers.bulletin import Line, Paper, Part

WIDTH: Final = 78
NUMBER_WIDTH: Final = 11
INDENT: Final = "    "


def plain_text(paper: Paper) -> str:
    """Lines of at most 78 letters, numbers in columns, every line followed by what it opens into."""
    return "\n".join(_lines(paper)) + "\n"


def _lines(paper: Paper) -> Iterator[str]:
    yield from (paper.municipality, paper.centre, "", paper.title, "=" * len(paper.title))
    yield from (paper.days, paper.drawn_at, "")
    if paper.is_empty:
        yield paper.words["empty"]
        return
    yield from _heading(paper.words["groups"], paper.words["groups_words"])
    yield _row("", paper.words["cases"], paper.words["resolved"])
    for line in (*paper.groups, paper.total):
        yield _row(line.label, line.cases, line.resolved)
    yield ""
    yield from (wrapped for sums in paper.group_sums for wrapped in wrap(sums, WIDTH))
    yield paper.words["not_close" if paper.faults else "all_close"]
    yield from (f"- {fault}" for fault in paper.faults)
    yield from ("", *_heading(paper.words["lines"], paper.words["lines_words"]))
    for line in paper.lines:
        yield _row(line.label, line.cases, "")
    if paper.published_words:
        yield from ("", *_heading(paper.words["published"], paper.published_words))
        for line in (*paper.groups, *paper.lines):
            yield from _wrapped(f"- {line.label}: {line.published}", "  ") if line.published else ()
    yield from ("", *_heading(paper.words["parts"], paper.words["parts_words"]))
    for line in (*paper.groups, *paper.lines):
        yield from _opened(line)
    yield from _heading(paper.words["notes_heading"], paper.source)
    yield from (piece for note in paper.notes for piece in _wrapped(f"- {note}", "  "))


def _opened(line: Line) -> Iterator[str]:
    yield _row(line.label, line.cases, line.resolved)
    yield from _wrapped(line.note, INDENT, INDENT)
    yield from (_part(part) for part in line.parts)
    for sentence in line.sums:
        yield from _wrapped(sentence, INDENT, INDENT)
    yield ""


def _part(part: Part) -> str:
    return _row(f"{INDENT}{part.label}", part.cases, part.resolved)


def _row(label: str, *numbers: str) -> str:
    room = WIDTH - NUMBER_WIDTH * 2
    *above, last = wrap(label, room - 1, subsequent_indent=INDENT, drop_whitespace=False) or [""]
    return "\n".join([*above, f"{last:<{room}}{''.join(f'{number:>{NUMBER_WIDTH}}' for number in numbers)}".rstrip()])


def _heading(title: str, words: str) -> Iterable[str]:
    return (title, "-" * len(title), *wrap(words, WIDTH), "")


def _wrapped(text: str, after: str, first: str = "") -> list[str]:
    return wrap(text, WIDTH, initial_indent=first, subsequent_indent=after, break_long_words=False)
