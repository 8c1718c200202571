"""`ilkim holidays`: compares a year of calendar.toml with what the library `holidays` knows of Türkiye."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from shared.municipality import Calendar, load
from shared.settings import Settings

FOLDER: Path = Settings.model_fields["ilkim_municipality"].default


def holidays(
    year: Annotated[int, typer.Argument(min=2000, max=2100, help="the year to look at")],
    municipality: Annotated[Path, typer.Option(help="the municipality's folder")] = FOLDER,
) -> None:
    """Say which holidays of a year are missing in calendar.toml, or stand there and are none; exit 1 if any."""
    try:
        whole, half = known(year)
    except ImportError as error:
        typer.echo("The library is not installed: pip install -e '.[dev]'", err=True)
        raise typer.Exit(2) from error
    differences = compare(load(municipality).calendar, year, whole, half)
    for line in differences:
        typer.echo(line)
    if differences:
        raise typer.Exit(1)
    typer.echo(f"{year}: calendar.toml agrees with the library")


def known(year: int) -> tuple[dict[date, str], dict[date, str]]:
    """The whole and the half days off of a year, as the library has them. Raises ImportError where it is missing."""
    import holidays as library

    whole = library.country_holidays("TR", years=(year,), categories=(library.PUBLIC,), language="tr")
    half = library.country_holidays("TR", years=(year,), categories=(library.HALF_DAY,), language="tr")
    return dict(whole), {day: name for day, name in half.items() if day not in whole}


def compare(calendar: Calendar, year: int, whole: dict[date, str], half: dict[date, str]) -> list[str]:
    """Each day on which they differ, as a line for a person."""
    ours = {row.date: row.half_day for row in calendar.holidays if row.date.year == year}
    theirs = dict.fromkeys(whole, False) | dict.fromkeys(half, True)
    lines = [] if year in calendar.years else [f"{year} is not among the `years` of calendar.toml"]
    for day in sorted(ours.keys() | theirs.keys()):
        name = (whole | half).get(day, "")
        if day not in ours:
            lines.append(f"{day} is missing: {name}{' (half a day)' if theirs[day] else ''}")
        elif day not in theirs:
            lines.append(f"{day} stands in calendar.toml and is no holiday the library knows")
        elif ours[day] is not theirs[day]:
            lines.append(f"{day} is {'half a day' if theirs[day] else 'a whole day'} off: {name}")
    return lines
