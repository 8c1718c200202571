"""Tables as CSV files (RFC 4180) that a spreadsheet opens without running anything."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from fastapi import Response

# What begins like this is a formula to a spreadsheet; behind an apostrophe it is text (OWASP, CSV injection).
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
BYTE_ORDER_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"  # or Excel reads Turkish letters wrongly
SEPARATORS: Final = (",", ";")


def csv_response(name: str, head: Sequence[str], rows: Iterable[Sequence[object]], separator: str = ",") -> Response:
    """A download; `separator` ";" for a Turkish Excel, anything unknown counts as a comma. Numbers stay bare."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=separator if separator in SEPARATORS else ",")
    writer.writerow(head)
    writer.writerows([harmless(value) for value in row] for row in rows)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response((BYTE_ORDER_MARK + written.getvalue()).encode(), media_type="text/csv", headers=headers)


def harmless(value: object) -> object:
    """The value as a spreadsheet takes it for text; numbers are no text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
