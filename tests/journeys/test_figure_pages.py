"""The pages of the figures on a running installation: they show what was counted, and every table can be taken away."""

import csv
import io
from collections.abc import Mapping

from tests.journeys.conftest import Installation, eventually


async def fetched(installation: Installation, path: str, **headers: str) -> tuple[int, str, Mapping[str, str]]:
    async with installation.http.get(installation.urls["reporting"] + path, headers=headers) as answer:
        return answer.status, await answer.text(), answer.headers


async def test_the_pages_show_what_was_counted_and_their_tables_close(installation: Installation) -> None:
    await installation.citizen_writes("905550009911", "Çöp konteyneri taşmış, iki gündür alınmıyor")

    async def counted() -> list[dict[str, str]] | None:
        _, text, _ = await fetched(installation, "/figures.csv?by=channel")
        rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
        return rows if any(row["channel"] == "whatsapp" for row in rows) else None

    by_channel = await eventually(counted, "a counted case")
    _, text, _ = await fetched(installation, "/bulten.csv")
    bulletin = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))

    total = sum(int(row["cases"]) for row in by_channel)
    assert sum(int(row["cases"]) for row in bulletin if row["kind"] == "group") == total
    for path in (
        "/",
        "/?donem=bugun",
        "/?donem=son30",
        "/?from=2026-01-01",
        "/?dil=en",
        "/bulten",
        "/bulten?from=&to=",
    ):
        status, _, headers = await fetched(installation, path)
        assert (status, headers["Cache-Control"]) == (200, "no-store"), path
    assert "WhatsApp" in (await fetched(installation, "/"))[1]
    assert "9.637" not in (await fetched(installation, "/"))[1]


async def test_a_page_that_looks_again_is_told_when_nothing_changed(installation: Installation) -> None:
    _, _, headers = await fetched(installation, "/rakamlar")

    async def unchanged() -> bool:
        nonlocal headers
        status, _, headers = await fetched(installation, "/rakamlar", **{"If-None-Match": headers["ETag"]})
        return status == 304

    assert await eventually(unchanged, "a fragment that rests")


async def test_an_unknown_axis_is_refused(installation: Installation) -> None:
    assert (await fetched(installation, "/figures.csv?by=password"))[0] == 422
