"""Makes a model: cross-validates, chooses the weighing, fits all texts, writes weights and card."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ops.training.fitting import Families, count, fit
from ops.training.measuring import choose, figures_of, judge, profile_of
from ops.training.samples import Sample
from services.router.domain.evidence import Weighing
from services.router.domain.model import CARD_FILE, FORMAT, WEIGHTS_FILE, TextModel, Weights
from shared.municipality import Municipality


def make(samples: Sequence[Sample], families: Families, municipality: Municipality, out: Path) -> Iterator[str]:
    """Writes the model to the folder `out` and yields the measured table, line by line."""
    counted = count(samples)
    judged = judge(counted, families, municipality)
    weighing = choose([one for one in judged if one.sample.measured])
    figures = figures_of(judged, weighing)
    model = fit(counted, families, weighing)
    _write(out, model, weighing, figures, profile_of(judged, weighing).written())
    yield "| what | measured |"
    yield "|---|---|"
    yield from (f"| {name.replace('_', ' ')} | {figure} |" for name, figure in figures.items())
    yield f"| decides alone from | {weighing.automatic_from} |"
    yield f"written to {out}"


def _write(
    folder: Path, model: TextModel, weighing: Weighing, figures: Mapping[str, Any], profile: Mapping[str, Any]
) -> None:
    """Each file beside its old one first, so that a reader never meets half of it."""
    folder.mkdir(parents=True, exist_ok=True)
    card = {
        "format": FORMAT,
        "families": model.card.families,
        "weighing": {name: getattr(weighing, name) for name in Weighing.__slots__},
        "measured": figures,
        "profile": profile,
    }
    temporary = folder / f".{WEIGHTS_FILE}"
    np.savez_compressed(temporary, **{name: getattr(model.weights, name) for name in Weights.__slots__})
    temporary.replace(folder / WEIGHTS_FILE)
    written = folder / f".{CARD_FILE}"
    written.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    written.replace(folder / CARD_FILE)
