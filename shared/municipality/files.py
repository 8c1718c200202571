"""Reads TOML, CSV and GeoJSON files into records, and words every mistake for who keeps the file."""

import csv
import json
import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from shared.municipality.base import Record
from shared.municipality.mistakes import MunicipalityError, Problem
from shared.municipality.places import Area, Ring
from shared.municipality.toml_lines import TomlLines

Model = TypeVar("Model", bound=Record)

# What an entry of a file is called by, the best first.
_NAMES = ("code", "id", "event", "channel", "name", "date", "weekday")


def read_toml(path: Path, model: type[Model], name: str = "") -> Model:
    """The whole file as one record. Raises MunicipalityError, as its sisters do; `name` is the file's there."""
    name, text = name or path.name, _text(path)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        trouble = f"is no TOML: {error}"
        raise _mistake(name, "the file", trouble, "Correct that line", _line_told(text, error)) from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        lines = TomlLines(text)
        raise MunicipalityError(
            _problem(name, content, detail)._replace(line=lines.line_of(detail["loc"])) for detail in error.errors()
        ) from error


def with_line(folder: Path, problem: Problem) -> Problem:
    """A mistake that was found across files, with the line of its entry where that stands in a TOML or CSV file."""
    path = folder / problem.file
    if problem.line is not None or not path.is_file():
        return problem
    match path.suffix:
        case ".toml":
            return problem._replace(line=_line_in_toml(path.read_text(encoding="utf-8"), problem))
        case ".csv":
            return problem._replace(line=_line_in_table(path.read_text(encoding="utf-8"), problem.entry))
        case _:
            return problem


def _line_in_toml(text: str, problem: Problem) -> int | None:
    content = tomllib.loads(text)
    entries = ((kind, place) for kind, rows in content.items() if isinstance(rows, list) for place in range(len(rows)))
    entry = next((entry for entry in entries if _is_called(content[entry[0]][entry[1]], problem.entry)), None)
    return None if entry is None else TomlLines(text).line_of((*entry, *problem.field))


def _line_in_table(text: str, entry: str) -> int | None:
    """An entry is called by its first column, or by its first two ("Gazi Cadde")."""
    reader = csv.reader(text.splitlines())
    return next((reader.line_num for row in reader if entry in {"".join(row[:1]), " ".join(row[:2])}), None)


def read_folder(folder: Path, model: type[Model]) -> tuple[Model, ...]:
    """The TOML files of a folder, a record each, in the order of their names; all their mistakes together."""
    records: list[Model] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            records.append(read_toml(path, model, f"{folder.name}/{path.name}"))
        except MunicipalityError as error:
            problems += error.problems
    if not records and not problems:
        raise _mistake(folder.name, "the folder", f"has no file in {folder.parent}", "Add one; see README.md there")
    if problems:
        raise MunicipalityError(problems)
    return tuple(records)


def read_table(path: Path, model: type[Model]) -> tuple[Model, ...]:
    """The rows of a CSV file whose columns are the fields of `model`, in their order."""
    reader = csv.DictReader(_text(path).splitlines(), strict=True)
    if reader.fieldnames != list(model.model_fields):
        raise _mistake(
            path.name,
            "line 1",
            f"the columns are {', '.join(reader.fieldnames or ['none'])}",
            f"Make them {', '.join(model.model_fields)}",
        )
    rows, lines = [], []
    try:
        for row in reader:
            rows.append(row)
            lines.append(reader.line_num)
        return TypeAdapter(tuple[model, ...]).validate_python(rows)  # type: ignore[valid-type]
    except csv.Error as error:
        raise _mistake(path.name, f"line {reader.line_num}", f"is no CSV: {error}", "Correct that line") from error
    except ValidationError as error:
        raise MunicipalityError(
            _problem(path.name, rows, detail)._replace(line=lines[int(detail["loc"][0])]) for detail in error.errors()
        ) from error


def read_areas(path: Path) -> tuple[Area, ...]:
    """The polygons of a GeoJSON file, one feature a neighbourhood."""
    try:
        content = json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise _mistake(path.name, "the file", f"is no JSON: {error}", "Correct that line") from error
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list):
        raise _mistake(path.name, "the file", "has no `features`", "Save it as a GeoJSON FeatureCollection")
    areas: list[Area] = []
    problems: list[Problem] = []
    for number, feature in enumerate(features, 1):
        try:
            areas.append(_area(feature))
        except (KeyError, TypeError, ValueError) as error:
            problems.append(_area_problem(path.name, number, feature, error))
    if problems:
        raise MunicipalityError(problems)
    return tuple(areas)


def _area(feature: Any) -> Area:
    geometry = feature["geometry"]
    if geometry["type"] not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"is a {geometry['type']}, not a Polygon or MultiPolygon")
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    if not all(polygons):
        raise ValueError("has a polygon without a ring")
    return Area(str(feature["properties"]["code"]), tuple(tuple(map(_ring, polygon)) for polygon in polygons))


def _ring(points: Any) -> Ring:
    ring = tuple((float(longitude), float(latitude)) for longitude, latitude, *_ in points)
    if len(ring) < 4:
        raise ValueError(f"has a ring of {len(ring)} points, at least four are needed")
    if ring[0] != ring[-1]:
        raise ValueError(f"has an unclosed ring: it starts at {ring[0]} and ends at {ring[-1]}")
    if not all(-180 <= longitude <= 180 and -90 <= latitude <= 90 for longitude, latitude in ring):
        raise ValueError("has points off the globe")
    return ring


def _area_problem(file: str, number: int, feature: Any, error: Exception) -> Problem:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    entry = f"feature {number}{_called(properties)}"
    trouble = f"has no {error}" if isinstance(error, KeyError) else str(error)
    return Problem(file, entry, trouble, "Export the polygon again: closed rings of [longitude, latitude]")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        remedy = "Add it; municipality/ilkadim/README.md says what goes in"
        raise _mistake(path.name, "the file", f"is missing in {path.parent}", remedy) from error
    except UnicodeDecodeError as error:
        raise _mistake(path.name, "the file", f"is not UTF-8: {error}", "Save it as UTF-8") from error


def _mistake(file: str, entry: str, trouble: str, remedy: str, line: int | None = None) -> MunicipalityError:
    return MunicipalityError([Problem(file, entry, trouble, remedy, line)])


def _line_told(text: str, error: tomllib.TOMLDecodeError) -> int:
    """The parser tells the line in its words alone; at the end of the file it tells none."""
    told = re.search(r"at line (\d+)", str(error))
    return int(told[1]) if told else text.rstrip().count("\n") + 1


def _problem(file: str, content: object, detail: Any) -> Problem:
    """A pydantic error in the words of who keeps the file."""
    entry, field = _entry(content, detail["loc"])
    if detail["type"] == "extra_forbidden":
        return Problem(file, entry, f"field `{field}` is unknown", "Remove it or correct its spelling")
    if detail["type"] == "missing":
        return Problem(file, entry, f"field `{field}` is missing", "Add it")
    trouble = detail["msg"].removeprefix("Value error, ")
    return Problem(file, entry, f"{field}: {trouble}" if field else trouble, f"Correct it (it is {_shown(detail)})")


def _shown(detail: Any) -> str:
    text = repr(detail["input"])
    return text if len(text) <= 60 else text[:59] + "…"


def _entry(content: object, location: tuple[int | str, ...]) -> tuple[str, str]:
    """(the entry by its number and code, the field within it) of a pydantic error's location."""
    at = next((place for place, step in enumerate(location) if isinstance(step, int)), None)
    if at is None:
        return "the file", ".".join(map(str, location))
    for step in location[: at + 1]:
        content = content[step]  # type: ignore[index]
    kind = location[at - 1] if at else "row"
    return f"{kind} {int(location[at]) + 1}{_called(content)}", ".".join(map(str, location[at + 1 :]))


def _called(entry: object) -> str:
    if not isinstance(entry, dict):
        return ""
    name = next((entry[key] for key in _NAMES if key in entry), None)
    return f" ({name})" if name is not None else ""


def _is_called(entry: object, name: str) -> bool:
    return isinstance(entry, dict) and name in {str(entry.get(key)) for key in _NAMES}
