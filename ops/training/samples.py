"""The texts a model learns from: read from CSV files, each with whom it may belong to and how much it counts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ops.spreadsheet import Sheet, open_sheet
from services.router.domain.evidence import OTHER
from shared.municipality import Municipality
from shared.municipality.sentences import load_sentences, owner_of
from shared.text import clean, fold, words

LETTERS_MAX: Final = 20_000
TEXTS_MIN: Final = 50
PROBLEMS_TOLD_MAX: Final = 20
ALL_OTHERS: Final = "*"  # instead of an owner: whoever no other label names


class UnfitTexts(ValueError):
    """Raised when a file cannot be learned from: each line of the message names the place, trouble and remedy."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A text as its folded words. `owners`: whose it is; several where its label does not tell them apart.

    `weight` is what it counts beside a text of the municipality's own (1); `measured`: it is one of these.
    """

    text_words: tuple[str, ...]
    owners: frozenset[str]
    weight: float = 1.0
    measured: bool = True

    @property
    def owner(self) -> str | None:
        """Whose it is, where that is told exactly."""
        return next(iter(self.owners)) if len(self.owners) == 1 else None


@dataclass(frozen=True, slots=True)
class Labels:
    """What the labels of a file mean: whose each is. A label without an owner of its own is an owner's or topic's."""

    given: Mapping[str, frozenset[str]]
    owners: frozenset[str]
    owner_of_topic: Mapping[str, str]

    def owners_of(self, label: str) -> frozenset[str] | None:
        """None: nobody knows the label."""
        if label in self.given:
            return self.given[label]
        if label in self.owners:
            return frozenset((label,))
        return frozenset((self.owner_of_topic[label],)) if label in self.owner_of_topic else None


def labels_of(municipality: Municipality, pairs: Sequence[str]) -> Labels:
    """From `LABEL=OWNER`, `LABEL=OWNER|OWNER` or `LABEL=*`. Raises UnfitTexts."""
    centre = municipality.solution_centre.code
    owners = {owner.code for owner in (*municipality.departments, *municipality.institutions)} - {centre} | {OTHER}
    named = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    told = {owner for owner_list in named.values() for owner in owner_list.split("|")}
    elsewhere = {
        owner
        for owners_of in named.values()
        if ALL_OTHERS not in owners_of.split("|")
        for owner in owners_of.split("|")
    }
    problems = [f"--owner {pair}: write LABEL=OWNER" for pair in pairs if "=" not in pair]
    problems += [f"--owner: nobody is called {owner}; see departments.toml" for owner in told - owners - {ALL_OTHERS}]
    if problems:
        raise UnfitTexts("\n".join(sorted(problems)))
    given = {
        label: frozenset(
            found
            for owner in owner_list.split("|")
            for found in (owners - elsewhere if owner == ALL_OTHERS else {owner})
        )
        for label, owner_list in named.items()
    }
    topics = {topic.code: OTHER if topic.owner == centre else topic.owner for topic in municipality.topics}
    return Labels(given, frozenset(owners), topics)


def read_samples(path: Path, column: str, labels: Labels, weight: float, *, measured: bool = True) -> list[Sample]:
    """The texts of a file with columns `text` and `column`. Raises UnfitTexts, or UnreadableFile from the reader."""
    sheet = open_sheet(path, "text")
    label_column = _label_column(sheet, column)
    problems: list[str] = []
    samples = list(_samples(sheet, label_column, labels, weight, measured, problems))
    if problems:
        more = len(problems) - PROBLEMS_TOLD_MAX
        told = [f"{path}: {problem}" for problem in problems[:PROBLEMS_TOLD_MAX]]
        raise UnfitTexts("\n".join([*told, *([f"… and {more} more"] if more > 0 else [])]))
    if measured and len(samples) < TEXTS_MIN:
        raise UnfitTexts(f"{path}: {len(samples)} texts are too few to learn from, give at least {TEXTS_MIN}")
    return samples


def own_samples(folder: Path, municipality: Municipality, weight: float, *, held: bool = False) -> list[Sample]:
    """The municipality's own example messages; `held`: those kept for tests instead."""
    centre = municipality.solution_centre.code
    return [
        Sample(_words(sentence.text), frozenset((OTHER if owner == centre else owner,)), weight, measured=False)
        for sentence in load_sentences(folder, municipality)
        if sentence.held is held
        for owner in [owner_of(sentence, municipality)]
    ]


def families(samples: Sequence[Sample], owners: frozenset[str]) -> tuple[tuple[str, ...], ...]:
    """Owners that a label does not tell apart together, every other by itself. Raises UnfitTexts.

    Only owners that some text names take part, and `OTHER`.
    """
    together = {sample.owners for sample in samples if len(sample.owners) > 1}
    taught = {OTHER, *(owner for sample in samples for owner in sample.owners if len(sample.owners) == 1)}
    grouped = [owner for group in together for owner in group]
    if len(grouped) > len(set(grouped)):
        twice = sorted({owner for owner in grouped if grouped.count(owner) > 1})
        raise UnfitTexts(f"--owner: {', '.join(twice)} stands in two labels beside others; name it in one")
    groups = [tuple(sorted(group & taught)) for group in together]
    alone = [(owner,) for owner in taught & owners - set(grouped)]
    return tuple(sorted(group for group in [*groups, *alone] if group))


def _label_column(sheet: Sheet, column: str) -> str:
    """The column asked for; else `owner`, `topic` or `label`, whichever the file has first."""
    if column:
        return sheet.column(column, "--label-column")
    found = next((name for name in ("owner", "topic", "label") if name in sheet.columns), None)
    if found is None:
        raise UnfitTexts(f"no column owner, topic or label among {', '.join(sheet.columns)}; name it: --label-column")
    return found


def _samples(
    sheet: Sheet, column: str, labels: Labels, weight: float, measured: bool, problems: list[str]
) -> Iterator[Sample]:
    for line, row in sheet.rows():
        label, text_words = row[column].strip(), _words(row["text"])
        owners = labels.owners_of(label)
        if owners is None:
            problems.append(f"line {line}: nobody is called {label!r}; correct it, or say --owner '{label}=OWNER'")
        elif not text_words:
            problems.append(f"line {line}: there is no text; fill it or take the line out")
        else:
            yield Sample(text_words, owners, weight, measured)


def _words(text: str) -> tuple[str, ...]:
    return tuple(words(fold(clean(text[:LETTERS_MAX]))))
