"""What all pages share: formats, words, static files, headers, tables as files."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fastapi import Request

from shared import municipality
from shared.municipality import Municipality
from shared.pages import Formats, Pages
from shared.pages.catalogue import Catalogue
from shared.pages.sheets import csv_response

ZONE = ZoneInfo("Europe/Istanbul")
TR, EN = Formats("tr", ZONE), Formats("en", ZONE)
NOON = datetime(2026, 11, 23, 11, 5, 10, tzinfo=UTC)
ROOT = Path(__file__).parent.parent
TEMPLATES = [ROOT / "services" / service / "templates" for service in ("intake", "reporting")]


@pytest.fixture(scope="module")
def place() -> Municipality:
    return municipality.load(ROOT / "municipality" / "ilkadim")


def a_request(query: str = "", cookie: str = "", method: str = "GET") -> Request:
    headers = [(b"host", b"localhost"), (b"cookie", cookie.encode())]
    return Request(
        {"type": "http", "method": method, "path": "/", "query_string": query.encode(), "headers": headers},
    )


def shown(pages: Pages, request: Request) -> str:
    return bytes(pages.render(request, "message.html", title="Başlık", words="<b>").body).decode()


def test_numbers_and_shares_are_written_as_the_reader_writes_them() -> None:
    assert (TR.number(9637), EN.number(9637), TR.number(-12)) == ("9.637", "9,637", "−12")
    assert (TR.percent(8892 / 9637), EN.percent(0.923), TR.percent(0)) == ("%92,3", "92.3%", "%0,0")
    assert TR.percent(0.0005) == "%0,1"


def test_times_are_told_in_the_municipalitys_own_zone() -> None:
    assert TR.moment(NOON) == "23.11.2026 14.05"
    assert TR.clock(NOON, seconds=True) == "14.05.10"
    assert EN.moment(NOON) == "23 Nov 2026 14:05"
    assert TR.day(date(2026, 1, 2)) == "02.01.2026"
    assert TR.machine(NOON) == "2026-11-23T14:05:10+03:00"
    assert TR.machine(date(2026, 1, 2)) == "2026-01-02"


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(hours=2, minutes=59), "2 saat kaldı"),
        (timedelta(seconds=5), "1 dakika kaldı"),
        (timedelta(days=-3), "3 gün gecikti"),
    ],
)
def test_what_is_due_is_said_in_words(left: timedelta, words: str) -> None:
    assert TR.until(NOON + left, NOON) == words


def test_a_name_within_a_sentence_begins_small_in_turkish() -> None:
    assert [TR.lower_first(name) for name in ("İade", "Ilık", "CİMER", "")] == ["iade", "ılık", "CİMER", ""]


def test_a_message_without_one_of_the_languages_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "words.toml").write_text('[a]\nb = { tr = "x" }\n')

    with pytest.raises(ValueError, match=r"a\.b"):
        Catalogue(tmp_path / "words.toml")


@pytest.mark.parametrize("templates", TEMPLATES, ids=lambda path: path.parent.name)
def test_every_word_a_template_asks_for_is_in_the_catalogue(templates: Path, place: Municipality) -> None:
    pages = Pages(templates, place)
    text = "".join(file.read_text() for file in (*templates.glob("*.html"), *(ROOT / "shared/pages").rglob("*.html")))

    asked = set(re.findall(r"""\bt\(["']([a-z_.]+)["']\s*[,)]""", text))

    assert asked - pages.catalogue.keys == set()


@pytest.mark.parametrize("templates", TEMPLATES, ids=lambda path: path.parent.name)
def test_no_page_asks_an_outside_host_or_runs_what_stands_in_it(templates: Path) -> None:
    for file in (
        *templates.rglob("*.*"),
        *(ROOT / "shared/pages").rglob("*.*ml"),
        *(ROOT / "shared/pages").rglob("*s"),
    ):
        if file.suffix not in (".html", ".css", ".js"):
            continue
        text = file.read_text()
        assert not re.search(r"""(src|href|url)\s*[=(]\s*["']?(https?:)?//""", text), file
        assert not re.search(r"""<script>|\son[a-z]+=|\sstyle=|<style""", text), file


def test_a_page_says_its_language_and_remembers_the_choice(place: Municipality, tmp_path: Path) -> None:
    pages = Pages(tmp_path, place)

    assert '<html lang="tr">' in shown(pages, a_request())
    assert '<html lang="en">' in shown(pages, a_request(cookie="dil=en"))
    assert '<html lang="tr">' in shown(pages, a_request("dil=xx"))
    assert "dil=en" in pages.render(a_request("dil=en"), "message.html", title="", words="").headers["set-cookie"]


def test_what_is_shown_is_escaped_and_the_policy_lets_nothing_in(place: Municipality, tmp_path: Path) -> None:
    response = Pages(tmp_path, place).render(a_request(), "message.html", title="<script>", words="")

    assert b"<script>" not in bytes(response.body)
    assert "script-src 'self';" in response.headers["content-security-policy"]
    assert "unsafe" not in response.headers["content-security-policy"]


def test_the_address_of_a_file_changes_with_its_content(place: Municipality, tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "a.css").write_text("a {}")
    before = Pages(tmp_path, place).assets.url("a.css")
    (tmp_path / "static" / "a.css").write_text("b {}")

    assert Pages(tmp_path, place).assets.url("a.css") != before


async def test_a_file_is_kept_for_ever_only_under_its_own_hash(place: Municipality, tmp_path: Path) -> None:
    assets = Pages(tmp_path, place).assets
    digest = assets.url("pages.css").split("/")[2]

    async def cached(digest: str, name: str = "pages.css") -> tuple[int, str]:
        request = a_request()
        request.scope["path_params"] = {"digest": digest, "name": name}
        answer = await assets.serve(request)
        return answer.status_code, answer.headers.get("cache-control", "")

    assert "immutable" in (await cached(digest))[1]
    assert await cached("older") == (200, "no-cache")
    assert (await cached(digest, "../rendering.py"))[0] == 404


def test_a_formula_in_a_table_is_text_to_a_spreadsheet() -> None:
    response = csv_response("a.csv", ("name", "cases"), [("=HYPERLINK(1)", 3), ("@x", -2), ("Çöp; koku", 0)], ";")

    lines = bytes(response.body).decode("utf-8-sig").splitlines()

    assert lines == ["name;cases", "'=HYPERLINK(1);3", "'@x;-2", '"Çöp; koku";0']
