"""Checks what reports.toml cannot tell alone: whose cases a report is about, and that somebody real gets it."""

from collections import Counter
from collections.abc import Iterator

from shared.municipality.mistakes import Problem
from shared.municipality.municipality import Municipality
from shared.municipality.reports import Attached

FILE = "reports.toml"


def check_reports(municipality: Municipality) -> Iterator[Problem]:
    """Every mistake; none for sound reports."""
    owners = {owner.code for owner in municipality.owners}
    for report in municipality.reports:
        if report.scope is not None and report.scope not in owners:
            remedy = "Use a code of departments.toml or institutions.toml, or leave it out for the whole centre"
            yield Problem(FILE, report.code, f"the scope {report.scope} is no department or institution", remedy)
        if report.scope is not None and Attached.BULLETIN in report.formats:
            trouble = "is about one owner and wants the bulletin, which is about all cases"
            yield Problem(FILE, report.code, trouble, "Take bulletin out of formats, or leave scope out")
        if report.on and report.placeholders:
            trouble = f"is on, and {report.placeholders[0]} is nobody's address"
            yield Problem(FILE, report.code, trouble, "Write the true address, or set on = false")
        for address, times in Counter(report.to).items():
            if times > 1:
                yield Problem(FILE, report.code, f"writes to {address} {times} times", "Keep it once")
