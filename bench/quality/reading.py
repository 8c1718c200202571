"""Whether typing errors are read as what was meant, whether languages are told apart, and what both cost."""

import csv
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from time import process_time_ns
from typing import Final, TypeVar

from bench.quality.figure import SEED, Better, Figure, share
from bench.quality.rows import PLACE, read
from ops.nine_months import plan
from shared.languages import detect
from shared.spelling import Speller
from shared.text import fold, words
from shared.topic_words import TopicWords

MISTYPED_SHARE: Final = 1 / 8  # of the words
WORD_LETTERS_MIN: Final = 4
CUT_LETTERS: Final = 30
SAMPLES: Final = Path(__file__).with_name("languages.csv")
_Row = TypeVar("_Row")
_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def measure(data: Path) -> list[Figure]:
    """Errors seeded into the nine months' texts, our own samples of languages, and ordinary complaints."""
    topics, speller = TopicWords(PLACE.topics), Speller.of(PLACE)
    complaints = [row["text"] for row in read(data / "tr_belediye_birim/train.csv")]
    return [
        *_of_errors(topics, speller),
        _harm(complaints, topics, speller),
        *_of_languages(complaints),
        *_costs(complaints, speller),
    ]


def _of_errors(topics: TopicWords, speller: Speller) -> list[Figure]:
    """The best topic against the truth, as the texts are and with errors; read as typed and as meant."""
    chance = random.Random(SEED)
    told = [(words(fold(contact.text)), contact.topic) for contact in plan(PLACE) if contact.topic]
    worse = [([_mistyped(word, chance) for word in said], topic) for said, topic in told]
    return [
        Figure(f"best topic right, {how_typed}, {how_read}", *share(sum(map(right, rows)), len(rows)), how=how)
        for how_typed, rows, how in (
            ("own texts", told, f"{len(told)} texts of the nine months, which have errors of their own"),
            ("one word in eight mistyped", worse, f"the same with errors, seed {SEED}"),
        )
        for how_read, right in (
            ("as typed", lambda row: _best(row[0], topics) == row[1]),
            ("as meant", lambda row: _best(speller.correct(row[0])[0], topics) == row[1]),
        )
    ]


def _best(said: Sequence[str], topics: TopicWords) -> str | None:
    found = topics.find(said)
    return found[0].topic.code if found else None


def _mistyped(word: str, chance: random.Random) -> str:
    """A letter left out, one beside it hit, one too many, or two swapped."""
    if len(word) < WORD_LETTERS_MIN or not word.isalpha() or chance.random() >= MISTYPED_SHARE:
        return word
    at = chance.randrange(len(word) - 1)
    beside = next((row[max(place - 1, 0)] for row in _ROWS if (place := row.find(word[at])) > 0), "s")
    return chance.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + beside + word[at + 1 :],
            word[:at] + beside + word[at:],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        )
    )


def _harm(complaints: Sequence[str], topics: TopicWords, speller: Speller) -> Figure:
    said = [words(fold(text)) for text in complaints]
    changed = sum(_best(row, topics) != _best(speller.correct(row)[0], topics) for row in said)
    how = f"{len(said)} ordinary complaints, read as meant instead of as typed"
    return Figure("best topic changed by reading", *share(changed, len(said)), better=Better.LOWER, how=how)


def _of_languages(complaints: Sequence[str]) -> list[Figure]:
    with SAMPLES.open(encoding="utf-8", newline="") as file:
        samples = list(csv.DictReader(file))
    foreign = [row for row in samples if row["language"] != "tr"]
    told = sum(detect(row["text"]).language == row["language"] for row in foreign)
    taken = sum(detect(form).is_foreign for text in complaints for form in (text, fold(text), fold(text[:CUT_LETTERS])))
    how = f"{len(complaints)} complaints, whole, without Turkish letters, and the first {CUT_LETTERS} letters of them"
    return [
        Figure("other languages told", *share(told, len(foreign)), how=f"{len(foreign)} texts of our own"),
        Figure("Turkish taken for another", *share(taken, 3 * len(complaints)), better=Better.LOWER, how=how),
    ]


def _costs(complaints: Sequence[str], speller: Speller) -> list[Figure]:
    how = f"{len(complaints)} complaints, mean {fmean(map(len, complaints)):.0f} letters, second pass, CPU time"
    said = [words(fold(text)) for text in complaints]
    return [
        Figure("putting errors right, a text", _microseconds(speller.correct, said), how=how, unit="µs"),
        Figure("telling the language, a text", _microseconds(detect, complaints), how=how, unit="µs"),
    ]


def _microseconds(work: Callable[[_Row], object], rows: Sequence[_Row]) -> float:
    for row in rows:
        work(row)
    began = process_time_ns()
    for row in rows:
        work(row)
    return (process_time_ns() - began) / 1000 / len(rows)
