"""`python -m bench.reporting.exporting FORMAT`: exports all cases in a process of its own, and says its memory."""

import asyncio
import json
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.reporting.database import figures_of
from services.reporting.domain.asking import Question
from services.reporting.exports import Format, cases_of, write
from services.reporting.labels import Labels, catalogue
from shared.database import connect_pool
from shared.settings import Settings

KILOBYTES_A_MEGABYTE = 1024


async def main(form: Format) -> None:
    settings = Settings()
    figures = figures_of(settings, await connect_pool(settings, "reporting"))
    labels, began = Labels(figures.place, catalogue()), time.perf_counter()
    with TemporaryDirectory(prefix="bench-export-") as folder:
        path = Path(folder) / f"cases.{form}"
        table = await cases_of(figures, Question(), labels, "tr", figures.place.zone)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await write(table, form, path, figures.place, labels, datetime.now(UTC))
        told = {
            "rows": table.rows,
            "seconds": time.perf_counter() - began,
            "megabytes_written": path.stat().st_size / 1e6,
            "rss_before_mb": before / KILOBYTES_A_MEGABYTE,
            "rss_max_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KILOBYTES_A_MEGABYTE,
        }
    print(json.dumps(told))


if __name__ == "__main__":
    asyncio.run(main(Format(sys.argv[1])))
