"""`GET /api/export.<format>`: cases, or counts by up to two axes, as a file; described in `/openapi.json`."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from services.reporting.domain.asking import Question
from services.reporting.exports import MEDIA_TYPES, Format, Table, TooLong, as_csv, cases_of, counts_of, write
from services.reporting.exports.csv_file import Separator
from services.reporting.figures import Figures
from services.reporting.labels import Labels, catalogue
from services.reporting.report import First, Last, Where, question_of
from shared.problems import Problem

EXPORTS_AT_ONCE_MAX: Final = 2  # each holds a connection of the pool to its end
# Of a file that is made before its first byte is sent: what a browser and the proxies before us wait for.
FILE_ROWS_MAX: Final = 100_000
PIECE_BYTES: Final = 256 * 1024

By = Annotated[str, Query(description="up to two axes with a comma between: counts; none: the cases themselves")]
Language = Annotated[Literal["tr", "en"], Query(alias="dil", description="of labels and headings")]
Between = Annotated[Separator, Query(alias="ayrac", description="what stands between the fields of CSV")]
Mark = Annotated[bool, Query(alias="bom", description="whether CSV begins with the mark Excel needs for Turkish")]


class Exports:
    """Makes tables; as many at once as the database has room for."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self.labels = Labels(figures.place, catalogue())
        self._room = asyncio.Semaphore(EXPORTS_AT_ONCE_MAX)

    async def table(self, question: Question, language: str) -> Table:
        """Counts when the question has axes, cases when it has none."""
        make = counts_of if question.by else cases_of
        return await make(self._figures, question, self.labels, language, self._figures.place.zone)

    async def pieces(self, table: Table, separator: Separator, *, with_mark: bool) -> AsyncIterator[bytes]:
        """The table as CSV, as it is read."""
        async with self._room:
            async for piece in as_csv(table, separator, with_mark=with_mark):
                yield piece

    async def file(self, table: Table, form: Format) -> AsyncIterator[bytes]:
        """The table as a file that is whole before it is sent; the file is gone when it was. Raises Problem 413."""
        with TemporaryDirectory(prefix="ilkim-export-") as folder:
            path = Path(folder) / f"export.{form}"
            async with self._room:
                await write(table, form, path, self._figures.place, self.labels, datetime.now(UTC))
            yield b""  # from here on it is sent
            with path.open("rb") as file:
                while piece := file.read(PIECE_BYTES):
                    yield piece

    def refuse_when_full(self) -> None:
        """Raises Problem 503 while as many are made as there may be."""
        if self._room.locked():
            raise Problem(503, "Too many exports at once", "Please try again shortly.")


def export_api(figures: Figures) -> APIRouter:
    """The routes, to be added to the service's web."""
    routes = APIRouter(prefix="/api", tags=["figures"])
    exports = Exports(figures)

    @routes.get(
        "/export.{form}",
        summary="Cases, or counts by up to two axes, as CSV, XLSX, Parquet or PDF",
        response_class=Response,
        responses={
            200: {"content": {kind: {} for kind in MEDIA_TYPES.values()}},
            413: {"description": "more rows than the format takes over HTTP; CSV is streamed whatever its size"},
            422: {"description": "a question that cannot be asked; the answer says which can"},
        },
    )
    async def export(
        form: Format,
        by: By = "",
        first: First = None,
        last: Last = None,
        where: Where = None,
        language: Language = "tr",
        separator: Between = ",",
        with_mark: Mark = True,
    ) -> Response:
        question = question_of(by, first, last, where or ())
        exports.refuse_when_full()
        table = await exports.table(question, language)
        name = "-".join(["ilkim", *question.by, *(str(day) for day in (first, last) if day)])
        headers = {
            "Content-Disposition": f'attachment; filename="{name}.{form}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "X-Rows-Counted": str(table.rows),
        }
        if form is Format.CSV:
            pieces = exports.pieces(table, separator, with_mark=with_mark)
        else:
            pieces = await _begun(exports, table, form)
        return StreamingResponse(pieces, media_type=MEDIA_TYPES[form], headers=headers)

    return routes


async def _begun(exports: Exports, table: Table, form: Format) -> AsyncIterator[bytes]:
    """A file whose making is done, so that what goes wrong is told in place of it. Raises Problem 413."""
    if table.rows > FILE_ROWS_MAX:
        detail = f"{table.rows} rows, {FILE_ROWS_MAX} at most for {form}: take csv, or `ilkim export` for any number"
        raise Problem(413, "Too many rows", detail)
    pieces = exports.file(table, form)
    try:
        await anext(pieces)
    except TooLong as error:
        raise Problem(413, "Too many rows", str(error)) from error
    return pieces
