"""`ilkim train`: makes the router's text model from cases the municipality owns, and measures it before writing it.

Nothing of the texts is kept: the weights belong to hashed pieces of words, the card beside them holds figures.
Needs the extra `train` (scikit-learn).
"""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from ops.spreadsheet import UnreadableFile
from ops.training.samples import Labels, Sample, UnfitTexts, families, labels_of, own_samples, read_samples
from shared import municipality
from shared.municipality import Municipality, MunicipalityError

FOLDER: Final = Path("municipality/ilkadim")
MODEL: Final = Path("services/router/model")
INSTALL: Final = "pip install -e '.[train]'"


def train(
    file: Annotated[list[Path], typer.Argument(help="CSV with text and owner (or topic): what the router must know")],
    label_column: Annotated[str, typer.Option(help="the column with owner or topic; without: it is found")] = "",
    owner: Annotated[
        list[str], typer.Option(help="LABEL=OWNER, LABEL=OWNER|OWNER or LABEL=* for a label that is no owner or topic")
    ] = [],  # noqa: B006
    helping: Annotated[list[Path], typer.Option(help="CSV of a source that only helps, with the same columns")] = [],  # noqa: B006
    helping_weight: Annotated[float, typer.Option(help="what a helping text counts", min=0.0, max=1.0)] = 0.1,
    own_weight: Annotated[float, typer.Option(help="what an example message counts", min=0.0, max=1.0)] = 0.1,
    folder: Annotated[Path, typer.Option("--municipality", help="the municipality's folder")] = FOLDER,
    out: Annotated[Path, typer.Option(help="the folder to write the model to")] = MODEL,
) -> None:
    """Learn, cross-validate, choose from which confidence the router decides alone, and write the model."""
    try:
        place = municipality.load(folder)
        labels = labels_of(place, owner)
        samples = _samples(file, helping, label_column, labels, helping_weight)
        samples += own_samples(folder, place, own_weight)
        groups = families(samples, labels.owners)
    except (UnreadableFile, UnfitTexts, MunicipalityError) as error:
        raise typer.BadParameter(str(error)) from error
    _make(samples, groups, place, out)


def _samples(
    files: list[Path], helping: list[Path], column: str, labels: Labels, helping_weight: float
) -> list[Sample]:
    measured = [sample for path in files for sample in read_samples(path, column, labels, 1.0)]
    helpers = [
        sample for path in helping for sample in read_samples(path, column, labels, helping_weight, measured=False)
    ]
    return measured + helpers


def _make(samples: list[Sample], groups: tuple[tuple[str, ...], ...], place: Municipality, out: Path) -> None:
    try:
        from ops.training.making import make
    except ModuleNotFoundError as missing:
        sys.exit(f"training needs {missing.name}, which is not installed. Run: {INSTALL}")
    for line in make(samples, groups, place, out):
        typer.echo(line)
