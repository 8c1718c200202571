"""`python -m ops.train_addresses ENTITIES.jsonl --plain TEXTS.csv …`: trains what finds addresses in free text.

Each line of the first has `id`, `text` and `entities` with `start`, `end` and `label`; those labelled ADDR are learned.
The others are ordinary messages with nothing marked: only what is an address beyond doubt counts as one there. Nothing
of the texts is kept, the weights belong to hashed features. `python -m bench.quality` measures on texts it never saw.
"""

import csv
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import numpy.typing as npt
import typer

from shared.addresses.finding import certain
from shared.addresses.lexicon import WordKind
from shared.addresses.tagger import BEGIN, BUCKETS, INSIDE, OUT, WEIGHTS, Tagger, buckets, signs
from shared.addresses.tokens import read, windows

LABELS: Final = 3
SEED: Final = 20260101
PLAIN_MAX: Final = 100  # of each file: more make it timid, fewer make it see addresses everywhere
MARKED_TIMES: Final = 3  # a text that a person marked counts so often
PLAIN_LETTERS_MAX: Final = 600
# Of the squared weights, against the sum of losses of all windows.
REGULARISATION: Final = 0.3
STEPS_MAX: Final = 80
# A missed address costs more than a word too many: so much less is an outside word worth.
OUTSIDE_DISCOUNT: Final = 1.0

Floats: Any = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """A text and where its addresses stand, as (start, end) letters."""

    text: str
    spans: tuple[tuple[int, int], ...]


def main(
    entities: Annotated[Path, typer.Argument(exists=True)],
    plain: Annotated[list[Path], typer.Option(exists=True, help="CSV files with a column text, nothing marked")],
) -> None:
    """Train on all of the files and write the weights beside the code that reads them."""
    ordinary = [example for path in plain for example in plain_examples(path)]
    values, steps = fit(examples(entities), ordinary)
    np.savez_compressed(WEIGHTS, values=values.astype(np.float16), steps=steps.astype(np.float32))
    typer.echo(f"{WEIGHTS}: {WEIGHTS.stat().st_size} bytes")


def examples(path: Path) -> list[Example]:
    """The labelled texts of a file."""
    return [of_row(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def plain_examples(path: Path, column: str = "text") -> list[Example]:
    """Texts that nobody marked, a sample of those whose addresses are beyond doubt: most of their words are in none."""
    with path.open(encoding="utf-8", newline="") as file:
        texts = [row[column][:PLAIN_LETTERS_MAX] for row in csv.DictReader(file)]
    found = [example for text in random.Random(SEED).sample(texts, len(texts)) if (example := _plain_example(text))]
    return found[:PLAIN_MAX]


def _plain_example(text: str) -> Example | None:
    """None: it has no word of an address, or one that might belong to a name in small letters."""
    tokens = read(text)
    spans = certain(tokens)
    inside = {at for first, last in spans for at in range(first, last + 1)}
    unsure = any(
        kind in (WordKind.STREET, WordKind.NEIGHBOURHOOD, WordKind.VILLAGE)
        and at not in inside
        and at > 0
        and tokens.kinds[at - 1] is WordKind.OTHER
        and tokens.gaps[at] == "_"
        for at, kind in enumerate(tokens.kinds)
    )
    if unsure or not windows(tokens):
        return None
    return Example(text, tuple((tokens.starts[first], tokens.ends[last]) for first, last in spans))


def of_row(row: Any) -> Example:
    """One labelled text."""
    found = [(entity["start"], entity["end"]) for entity in row["entities"] if entity["label"] == "ADDR"]
    return Example(row["text"], tuple(sorted(found)))


def trained(marked: Sequence[Example], plain: Sequence[Example] = ()) -> Tagger:
    """A tagger that learned from these texts alone."""
    return Tagger(*fit(marked, plain))


def fit(marked: Sequence[Example], plain: Sequence[Example] = ()) -> tuple[Floats, Floats]:
    """Weights of a conditional random field: BUCKETS x labels, and steps from label to label."""
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    data = _Data.of([*list(marked) * MARKED_TIMES, *plain])
    start = np.zeros(BUCKETS * LABELS + LABELS * LABELS)
    found = minimize(data.loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS_MAX})
    values = found.x[: BUCKETS * LABELS].reshape(BUCKETS, LABELS)
    steps = found.x[BUCKETS * LABELS :].reshape(LABELS, LABELS)
    steps[:, OUT] -= OUTSIDE_DISCOUNT
    return values, steps


@dataclass(frozen=True, slots=True)
class _Data:
    """All windows padded to one length: features by word, labels, and which words are real."""

    features: Any  # sparse, (windows * words) x BUCKETS
    labels: npt.NDArray[np.intp]  # windows x words, padded with -1

    @classmethod
    def of(cls, rows: Sequence[Example]) -> "_Data":
        from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

        found: list[tuple[list[list[int]], list[int]]] = []
        for row in rows:
            tokens = read(row.text)
            gold = _labels(tokens.starts, tokens.ends, row.spans)
            for start, end in windows(tokens):
                hashed = [[bucket for sign in word for bucket in buckets(sign)] for word in signs(tokens, start, end)]
                found.append((hashed, gold[start:end]))
        longest = max(len(labels) for _, labels in found)
        labels = np.full((len(found), longest), -1)
        pointers, columns = [0], []
        for at, (hashed, gold) in enumerate(found):
            labels[at, : len(gold)] = gold
            for place in range(longest):
                columns.extend(hashed[place] if place < len(hashed) else [])
                pointers.append(len(columns))
        matrix = csr_matrix((np.ones(len(columns)), columns, pointers), shape=(len(pointers) - 1, BUCKETS))
        return cls(matrix, labels)

    def loss(self, weights: Floats) -> tuple[float, Floats]:
        """Minus the log-likelihood with its gradient, by forward and backward sums."""
        values, free = weights[: BUCKETS * LABELS].reshape(BUCKETS, LABELS), weights[BUCKETS * LABELS :]
        steps = free.reshape(LABELS, LABELS) + _FORBIDDEN
        scores = (self.features @ values).reshape(*self.labels.shape, LABELS)
        forward, backward = self._forward(scores, steps), self._backward(scores, steps)
        total = _log_sum(forward[:, -1], 1)
        told, taken = self._told(scores, forward, backward, total)
        step_path, step_gradient = self._steps(scores, steps, forward, backward, total)
        gradient = np.concatenate([(self.features.T @ told.reshape(-1, LABELS)).ravel(), step_gradient.ravel()])
        penalty = REGULARISATION * float(weights @ weights)
        return float(total.sum() - taken - step_path) + penalty, gradient + 2 * REGULARISATION * weights

    def _forward(self, scores: Floats, steps: Floats) -> Floats:
        sums, real = np.empty_like(scores), self.labels >= 0
        sums[:, 0] = scores[:, 0] + _FORBIDDEN_FIRST
        for at in range(1, scores.shape[1]):
            moved = _log_sum(sums[:, at - 1, :, None] + steps[None], 1) + scores[:, at]
            sums[:, at] = np.where(real[:, at, None], moved, sums[:, at - 1])
        return sums

    def _backward(self, scores: Floats, steps: Floats) -> Floats:
        sums, real = np.zeros_like(scores), self.labels >= 0
        for at in range(scores.shape[1] - 2, -1, -1):
            moved = _log_sum(steps[None] + (scores[:, at + 1] + sums[:, at + 1])[:, None, :], 2)
            sums[:, at] = np.where(real[:, at + 1, None], moved, 0.0)
        return sums

    def _told(self, scores: Floats, forward: Floats, backward: Floats, total: Floats) -> tuple[Floats, float]:
        """Each label's chance less what is true, and the score of what is true."""
        real = self.labels >= 0
        chances = np.exp(forward + backward - total[:, None, None]) * real[:, :, None]
        rows, words = np.nonzero(real)
        chances[rows, words, self.labels[rows, words]] -= 1
        return chances, float(scores[rows, words, self.labels[rows, words]].sum())

    def _steps(
        self, scores: Floats, steps: Floats, forward: Floats, backward: Floats, total: Floats
    ) -> tuple[float, Floats]:
        """The score of the true steps, and each step's expected count less the true one."""
        path, gradient = 0.0, np.zeros((LABELS, LABELS))
        for at in range(1, scores.shape[1]):
            live = self.labels[:, at] >= 0
            after = scores[live, at] + backward[live, at]
            pair = forward[live, at - 1, :, None] + steps[None] + after[:, None, :] - total[live, None, None]
            gradient += np.exp(pair).sum(axis=0)
            taken = (self.labels[live, at - 1], self.labels[live, at])
            path += float(steps[taken].sum())
            np.subtract.at(gradient, taken, 1)
        return path, gradient


_FORBIDDEN: Final = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, -1e4, 0.0]])  # INSIDE after OUT
_FORBIDDEN_FIRST: Final = np.array([0.0, -1e4, 0.0])


def _log_sum(values: Floats, axis: int) -> Floats:
    most = values.max(axis=axis, keepdims=True)
    return np.log(np.exp(values - most).sum(axis=axis)) + most.squeeze(axis)


def _labels(starts: Sequence[int], ends: Sequence[int], spans: Iterable[tuple[int, int]]) -> list[int]:
    labels = [OUT] * len(starts)
    for begin, end in spans:
        label = BEGIN
        for at, (start, stop) in enumerate(zip(starts, ends, strict=True)):
            overlap = min(end, stop) - max(begin, start)
            if overlap > (stop - start) / 2 and labels[at] == OUT:
                labels[at], label = label, INSIDE
    return labels


if __name__ == "__main__":
    typer.run(main)
