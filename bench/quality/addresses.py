"""Addresses in calls for help: those that people marked, found by what was learned from other texts.

Each text falls into one of two parts by a hash of its id. The grammar's words and rules were made while looking at the
first part alone; what is measured here learned from the first part and reads the second. The weights that are shipped
learned from both.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeAlias

from bench.quality.figure import Better, Figure, share
from bench.quality.rows import read
from ops.train_addresses import Example, of_row, plain_examples, trained
from shared.addresses import find
from shared.addresses.tagger import Tagger

FILE: Final = "tr_deprem_acil/ner.jsonl"
ORDINARY: Final = ("tr_belediye_birim/train.csv", "tr_banka_sikayet/banka.csv", "tr_ibb_kurum/train.csv")
OVERLAP: Final = 0.8
AIM: Final = 0.85

Span: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Counts:
    marked: int = 0
    found: int = 0
    covered: int = 0
    shown: int = 0
    true: int = 0
    letters: int = 0
    true_letters: int = 0

    def and_(self, other: "_Counts") -> "_Counts":
        return _Counts(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


def measure(data: Path) -> list[Figure]:
    """Addresses found and how many of those shown are none, on the second part."""
    rows = [json.loads(line) for line in (data / FILE).read_text(encoding="utf-8").splitlines() if line.strip()]
    learned = [of_row(row) for row in rows if _is_first_part(row)]
    kept = [of_row(row) for row in rows if not _is_first_part(row)]
    ordinary = [plain_examples(data / file) for file in ORDINARY]
    tagger = trained(learned, [example for examples in ordinary for example in examples])
    total = _Counts()
    for example in kept:
        total = total.and_(_count(example, tagger))
    how = f"{len(learned)} texts learned from, {len(kept)} others read (by sha256 of the id); {total.marked} addresses"
    found, found_range = share(total.found, total.marked)
    covered, covered_range = share(total.covered, total.marked)
    true, true_range = share(total.true, total.shown)
    letters, letters_range = share(total.true_letters, total.letters)
    return [
        Figure("address found, letters in common of letters in either ≥ 0.8", found, found_range, AIM, how=how),
        Figure("address found, letters found of letters marked ≥ 0.8", covered, covered_range, AIM, how=how),
        Figure("of what is shown as an address, lies in one", true, true_range, how=f"{total.shown} shown"),
        Figure("of the letters shown as an address, marked as one", letters, letters_range, how=f"{total.letters}"),
        _in_ordinary(data, tagger),
    ]


def _in_ordinary(data: Path, tagger: Tagger) -> Figure:
    """Bank complaints have hardly an address: what is shown there is mostly none."""
    texts = [row["text"] for row in read(data / ORDINARY[1])]
    shown = sum(span.end - span.start for text in texts for span in find(text, tagger))
    letters = sum(map(len, texts))
    how = f"{len(texts)} complaints about banks, a fifth of which it learned from as having none"
    return Figure(
        "letters shown as an address where there is hardly one", shown / letters, better=Better.LOWER, how=how
    )


def _is_first_part(row: Any) -> bool:
    return int(sha256(row["id"].encode()).hexdigest(), 16) % 2 == 0


def _count(example: Example, tagger: Tagger) -> _Counts:
    shown = [(span.start, span.end) for span in find(example.text, tagger)]
    marked = example.spans
    return _Counts(
        marked=len(marked),
        found=sum(any(_common(span, other) >= OVERLAP * _either(span, other) for other in shown) for span in marked),
        covered=sum(_inside(span, shown) >= OVERLAP * (span[1] - span[0]) for span in marked),
        shown=len(shown),
        true=sum(_inside(span, marked) > 0 for span in shown),
        letters=sum(end - start for start, end in shown),
        true_letters=sum(_inside(span, marked) for span in shown),
    )


def _common(left: Span, right: Span) -> int:
    return max(0, min(left[1], right[1]) - max(left[0], right[0]))


def _either(left: Span, right: Span) -> int:
    return max(left[1], right[1]) - min(left[0], right[0])


def _inside(span: Span, others: Sequence[Span]) -> int:
    return sum(_common(span, other) for other in others)
