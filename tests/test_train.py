"""`ilkim train`: what it learns, what it refuses, and what it leaves behind."""

import builtins
import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ops.cli import app
from ops.training.fitting import count, fit
from ops.training.samples import Sample, UnfitTexts, families, labels_of, read_samples
from services.router.domain.evidence import OTHER
from services.router.domain.model import CARD_FILE, WEIGHTS_FILE, load_model
from shared.municipality import load
from shared.text import fold, words

FOLDER = Path(__file__).parent.parent / "municipality/ilkadim"
MUNICIPALITY = load(FOLDER)
LABELS = labels_of(MUNICIPALITY, [])
WATER = ("Sular kesik", "Musluktan su akmıyor", "Su faturası yüksek", "Boru patladı, su akıyor")
REFUSE = ("Çöpler alınmadı", "Konteyner doldu taştı", "Çöp kamyonu gelmedi", "Çöp kokuyor")


def a_file(folder: Path, rows: Iterable[tuple[str, str]], columns: tuple[str, str] = ("text", "owner")) -> Path:
    path = folder / "cases.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


def cases(times: int = 10) -> list[tuple[str, str]]:
    labelled = [(text, "saski") for text in WATER] + [(text, "temizlik-isleri") for text in REFUSE]
    return [(f"{text} {number}. gündür", owner) for number in range(times) for text, owner in labelled]


def test_a_model_is_made_from_the_municipalitys_cases_and_told_in_a_table(tmp_path: Path) -> None:
    file, out = a_file(tmp_path, cases()), tmp_path / "model"

    done = CliRunner().invoke(app, ["train", str(file), "--out", str(out)])

    assert done.exit_code == 0, done.output
    assert "| texts | 80 |" in done.output
    model = load_model(out)
    chances = model.probabilities(words(fold("Sular kesik, su akmıyor")))
    assert max(chances, key=lambda owner: chances[owner]) == "saski"
    assert model.card.profile is not None
    assert {"yedas", "fen-isleri", OTHER} <= set(model.card.labels)
    assert not any(word in (out / CARD_FILE).read_text(encoding="utf-8") for word in ("musluk", "kamyon", "gündür"))


def test_the_same_cases_give_the_same_weights(tmp_path: Path) -> None:
    samples = read_samples(a_file(tmp_path, cases()), "", LABELS, 1.0)
    groups = families(samples, LABELS.owners)

    one, other = fit(count(samples), groups), fit(count(samples), groups)

    assert (one.weights.table == other.weights.table).all()
    assert (one.weights.hashes == other.weights.hashes).all()


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([*cases(), ("Bir yazı", "nobody-we-know")], ("line 82", "nobody-we-know", "--owner")),
        ([*cases(), ("  ", "saski")], ("line 82", "no text")),
        (cases(2), ("16 texts are too few", "at least 50")),
    ],
)
def test_what_cannot_be_learned_from_is_refused_with_line_trouble_and_remedy(
    tmp_path: Path, rows: list[tuple[str, str]], told: tuple[str, ...]
) -> None:
    with pytest.raises(UnfitTexts) as refused:
        read_samples(a_file(tmp_path, rows), "", LABELS, 1.0)

    assert all(part in str(refused.value) for part in told)


def test_a_file_without_a_label_column_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["train", str(a_file(tmp_path, cases(), ("text", "kime")))])

    assert done.exit_code == 2
    assert "--label-column" in done.output


def test_topics_and_given_labels_name_owners_too(tmp_path: Path) -> None:
    labels = labels_of(MUNICIPALITY, ["su=saski", "yol=samsun-buyuksehir|fen-isleri", "rest=*"])

    assert labels.owners_of("cop-toplama") == {"temizlik-isleri"}
    assert labels.owners_of("yol") == {"samsun-buyuksehir", "fen-isleri"}
    rest = labels.owners_of("rest")
    assert rest is not None
    assert OTHER in rest
    assert not rest & {"saski", "fen-isleri"}
    with pytest.raises(UnfitTexts, match="nobody is called saksi"):
        labels_of(MUNICIPALITY, ["su=saksi"])


def test_owners_a_label_does_not_tell_apart_make_a_family() -> None:
    taught = [Sample((), frozenset((owner,))) for owner in ("fen-isleri", "samsun-buyuksehir", "saski")]
    roughly = Sample((), frozenset(("fen-isleri", "samsun-buyuksehir")))

    assert families([*taught, roughly], LABELS.owners) == (
        ("fen-isleri", "samsun-buyuksehir"),
        (OTHER,),
        ("saski",),
    )


def test_a_missing_library_is_named_with_the_command_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without_making(name: str, *rest: Any) -> Any:
        if name == "ops.training.making":
            raise ModuleNotFoundError("no scikit-learn", name="sklearn")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_making)

    done = CliRunner().invoke(app, ["train", str(a_file(tmp_path, cases())), "--out", str(tmp_path / "model")])

    assert done.exit_code == 1
    assert "sklearn" in done.output
    assert "pip install -e '.[train]'" in done.output
    assert not (tmp_path / "model").exists()


def test_the_card_that_is_shipped_says_how_it_was_measured() -> None:
    folder = FOLDER.parent.parent / "services/router/model"
    card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))

    assert card["measured"]["texts"] > 0
    assert card["measured"]["automatic_precision"] >= 0.98
    assert (folder / WEIGHTS_FILE).stat().st_size < 3_000_000
