"""Versions of what the router decides by: the files of the municipality and the model, named by their content."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias

from services.router.domain.knowledge import Knowledge, load_knowledge
from shared.municipality import Municipality, load, load_for_service

MUNICIPALITY: Final = "municipality"
MODEL: Final = "model"
VERSION_LETTERS: Final = 12
FILES_MAX: Final = 1_000
# What is read of the folders; what explains them to people is not.
SUFFIXES: Final = frozenset({".toml", ".csv", ".geojson", ".json", ".npz", ".txt"})

Files: TypeAlias = Mapping[str, bytes]
Look: TypeAlias = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Known:
    """Everything the router knows at a time: `files` are what place and knowledge were read from."""

    place: Municipality = field(repr=False)
    knowledge: Knowledge = field(repr=False)
    files: Files = field(repr=False)

    @property
    def version(self) -> str:
        """Its name, which every decision by it carries."""
        return self.knowledge.version


def load_known(folder: Path, model: Path, *, or_without_ground: bool = False) -> Known:
    """What the two folders hold. Raises MunicipalityError; a broken model is told in `knowledge.trouble`.

    `or_without_ground`: broken places are told there too instead of raising, and then a person decides everything.
    """
    files = {name: path.read_bytes() for name, path in _named(folder, model)}
    place = load_for_service(folder) if or_without_ground else load(folder)
    knowledge = replace(load_knowledge(place, model), version=version_of(files))
    return Known(place, knowledge, files)


def load_kept(files: Files, work: Path) -> Known:
    """What was kept of a version, by way of the empty folder `work`. Raises MunicipalityError."""
    for name, content in files.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return load_known(work / MUNICIPALITY, work / MODEL)


def version_of(files: Files) -> str:
    """A short name: the same for the same files, another for any other byte or name."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode())
        digest.update(files[name])
    return digest.hexdigest()[:VERSION_LETTERS]


def look(folder: Path, model: Path) -> Look:
    """What tells a changed folder without reading it: name, size and time of every file."""
    found = []
    for name, path in _named(folder, model):
        state = path.stat()
        found.append((name, state.st_size, state.st_mtime_ns))
    return tuple(found)


def _named(folder: Path, model: Path) -> Iterator[tuple[str, Path]]:
    """The files of both folders with the names they are kept by, in order."""
    for part, root in ((MUNICIPALITY, folder), (MODEL, model)):
        paths = sorted(path for path in root.rglob("*") if path.suffix in SUFFIXES and path.is_file())
        for path in paths[:FILES_MAX]:
            yield f"{part}/{path.relative_to(root).as_posix()}", path
