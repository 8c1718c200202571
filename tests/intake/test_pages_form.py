"""The form's two steps over bare HTTP: what was understood is shown, corrected and sent; nothing is smuggled in."""

import io
import re
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from PIL import Image

from services.intake.app import edge
from services.intake.pages import photos
from services.intake.pages.photos import Photos
from shared.keeping import Files
from shared.messaging.topology import EVENTS
from shared.objects import Folder
from shared.pages.posted import BODY_BYTES_MAX
from tests.builders import a_case_assigned
from tests.harness import AWAY_DATABASE, System, built, running, serving, until

TEXT = "Çöp konteyneri taştı"
KALE = "61858"


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def a_photo(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "JPEG")
    return out.getvalue()


async def step(
    browser: aiohttp.ClientSession, url: str, *files: tuple[str, bytes], **given: str | list[str]
) -> tuple[int, str]:
    """One step of the form, by default the first: the answer's status, and its page or where it leads."""
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in {"submission_id": str(uuid.uuid4()), "text": TEXT, "step": "check", **given}.items():
        for one in value if isinstance(value, list) else [value]:
            form.add_field(name, one)
    for name, body in files:
        form.add_field("photo_file", body, filename=name, content_type="image/jpeg")
    async with browser.post(f"{url}/basvuru", data=form, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location") or await answer.text()


def hidden(html: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]*)"', html)


def chosen(html: str) -> str:
    found = re.search(r'<option value="([^"]*)" selected', html)
    return found[1] if found else ""


@pytest.mark.parametrize(
    ("given", "neighbourhood"),
    [
        ({"latitude": "41.291514", "longitude": "36.334778"}, "Kale"),
        ({"street": "Kale Mahallesi, pazar yeri"}, "Kale"),
        ({"text": "Kılıçdede Mahallesi'nde çöp konteyneri taştı"}, "Kılıçdede"),
        ({}, ""),
    ],
)
async def test_the_neighbourhood_is_found_and_shown_before_sending(
    system: System, edge_url: str, browser: aiohttp.ClientSession, given: dict[str, str], neighbourhood: str
) -> None:
    status, html = await step(browser, edge_url, **given)

    assert (status, chosen(html)) == (200, neighbourhood)


async def test_a_point_outside_the_district_is_told_and_can_be_sent(
    system: System, edge_url: str, browser: aiohttp.ClientSession
) -> None:
    _, html = await step(browser, edge_url, latitude="41.325", longitude="36.20")

    assert "Atakum" in html
    assert 'value="send"' in html


async def test_nothing_is_sent_by_looking_it_over(
    at_work: System, edge_url: str, browser: aiohttp.ClientSession
) -> None:
    await step(browser, edge_url)

    assert await at_work.value("SELECT count(*) FROM inbound_message") == 0


async def test_a_photo_is_kept_at_once_and_goes_with_the_message(
    at_work: System, edge_url: str, browser: aiohttp.ClientSession
) -> None:
    page = str(uuid.uuid4())
    _, html = await step(browser, edge_url, ("konteyner.jpg", a_photo()), submission_id=page)
    (token,) = hidden(html, "photo")
    async with browser.get(f"{edge_url}/basvuru/foto/{token}") as shown:
        assert (shown.status, shown.content_type) == (200, "image/jpeg")
    _, location = await step(browser, edge_url, submission_id=page, step="send", photo=token)
    async with browser.get(edge_url + location) as answer:
        assert answer.status == 200

    assert await at_work.value("SELECT state FROM file") == "kept"


async def test_a_refused_file_is_told_by_its_name_and_the_others_stay(
    system: System, edge_url: str, browser: aiohttp.ClientSession
) -> None:
    status, html = await step(browser, edge_url, ("program.exe", b"MZ" + bytes(100)), ("konteyner.jpg", a_photo()))

    assert status == 422
    assert "program.exe: Bu tür dosyaları" in html
    assert len(hidden(html, "photo")) == 1


async def test_a_sixth_photo_is_refused_and_a_dropped_one_makes_room(
    system: System, edge_url: str, browser: aiohttp.ClientSession
) -> None:
    page, colours = str(uuid.uuid4()), ("red", "green", "blue", "white", "black", "grey")
    files = [(f"{colour}.jpg", a_photo(colour)) for colour in colours]
    status, html = await step(browser, edge_url, *files, submission_id=page)
    kept = hidden(html, "photo")
    assert (status, len(kept)) == (422, 5)
    assert "En çok 5 fotoğraf" in html

    status, html = await step(browser, edge_url, files[5], submission_id=page, photo=kept, drop=kept[0])

    assert (status, len(hidden(html, "photo"))) == (200, 5)


async def test_the_same_photo_twice_is_one(system: System, edge_url: str, browser: aiohttp.ClientSession) -> None:
    _, html = await step(browser, edge_url, ("a.jpg", a_photo()), ("a.jpg", a_photo()))

    assert len(hidden(html, "photo")) == 1


async def test_a_photo_of_another_page_is_not_taken(
    system: System, edge_url: str, browser: aiohttp.ClientSession
) -> None:
    _, html = await step(browser, edge_url, ("a.jpg", a_photo()))

    _, other = await step(browser, edge_url, photo=hidden(html, "photo"))

    assert hidden(other, "photo") == []
    async with browser.get(f"{edge_url}/basvuru/foto/{hidden(html, 'photo')[0]}x") as answer:
        assert answer.status == 404


@pytest.mark.parametrize("told", [True, False], ids=["told beforehand", "streamed"])
async def test_a_form_that_is_too_large_is_refused_in_words(
    system: System, edge_url: str, browser: aiohttp.ClientSession, told: bool
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="photo_file"; filename="a.jpg"\r\n\r\n'
        for _ in range(BODY_BYTES_MAX // 1_000_000 + 2):
            yield bytes(1_000_000)

    data: Any = bytes(BODY_BYTES_MAX + 1) if told else chunks()
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    async with browser.post(f"{edge_url}/basvuru", data=data, headers=headers) as answer:
        assert answer.status == 413
        assert "30 MB" in await answer.text()


@pytest.mark.parametrize("body", [b"--b\r\nbroken", b"", b"x" * 100])
async def test_what_is_no_form_is_refused_in_words(
    system: System, edge_url: str, browser: aiohttp.ClientSession, body: bytes
) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    async with browser.post(f"{edge_url}/basvuru", data=body, headers=headers) as answer:
        assert answer.status in (400, 422)
        assert "Henüz gönderilmedi" in await answer.text()


async def test_change_leads_back_with_everything_typed(
    system: System, edge_url: str, browser: aiohttp.ClientSession
) -> None:
    status, html = await step(browser, edge_url, step="edit", street="<Pazar>", email="a@example.org")

    assert status == 200
    assert "&lt;Pazar&gt;" in html
    assert 'value="a@example.org"' in html
    assert 'value="check"' in html


async def an_open_case(system: System, edge_url: str, browser: aiohttp.ClientSession) -> None:
    """A full container in Kale that somebody told of, and that has its topic."""
    _, location = await step(browser, edge_url, step="send", neighbourhood="Kale", text="Çöp konteyneri dolu, yetişin")
    async with browser.get(edge_url + location) as answer:
        assert answer.status == 200
    row = (await system.rows("SELECT id, number FROM case_file"))[0]
    step_told = a_case_assigned(
        case_id=row["id"], number=row["number"], version=2, topic="cop-konteyneri", neighbourhood=KALE
    )
    await system.tell(EVENTS, "router.told.routine", step_told)

    async def has_topic() -> bool:
        return await system.value("SELECT topic FROM case_file") is not None

    await until(has_topic)


async def test_an_open_case_like_it_is_shown_without_the_others_words(
    at_work: System, edge_url: str, browser: aiohttp.ClientSession
) -> None:
    await an_open_case(at_work, edge_url, browser)

    _, html = await step(browser, edge_url, neighbourhood="Kale")

    assert "Beni buna ekleyin" in html
    assert "1 kişi bildirdi" in html
    assert "yetişin" not in html


@pytest.mark.parametrize("given", [{"neighbourhood": "Kadıköy"}, {"neighbourhood": "Kale", "text": "Lamba yanmıyor"}])
async def test_a_case_elsewhere_or_of_another_topic_is_not_shown(
    at_work: System, edge_url: str, browser: aiohttp.ClientSession, given: dict[str, str]
) -> None:
    await an_open_case(at_work, edge_url, browser)

    assert "Beni buna ekleyin" not in (await step(browser, edge_url, **given))[1]


async def test_places_and_streets_are_told_to_the_script(
    system: System, edge_url: str, browser: aiohttp.ClientSession
) -> None:
    async with browser.get(f"{edge_url}/basvuru/yer", params={"enlem": "41.291514", "boylam": "36.334778"}) as answer:
        assert (await answer.json())["neighbourhood"] == "Kale"
    async with browser.get(f"{edge_url}/basvuru/yer", params={"enlem": "nan", "boylam": "0"}) as answer:
        assert (await answer.json())["neighbourhood"] == ""
    async with browser.get(f"{edge_url}/basvuru/yer", params={"sokak": "Kale Mahallesi"}) as answer:
        assert (await answer.json())["neighbourhood"] == "Kale"
    async with browser.get(f"{edge_url}/basvuru/sokaklar", params={"ara": "istikl"}) as answer:
        assert "İstiklal Caddesi, Kale Mahallesi" in await answer.json()
    async with browser.get(f"{edge_url}/basvuru/sokaklar", params={"ara": "i"}) as answer:
        assert await answer.json() == []


async def test_the_map_is_our_own_and_fetched_once(
    system: System, edge_url: str, browser: aiohttp.ClientSession
) -> None:
    async with browser.get(f"{edge_url}/basvuru/harita.svg") as answer:
        drawing, tag = await answer.text(), answer.headers["ETag"]
    async with browser.get(f"{edge_url}/basvuru/harita.svg", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304

    assert 'data-name="Kale"' in drawing
    assert len(drawing) < 60_000


async def test_the_privacy_notice_is_there_in_both_languages(
    system: System, edge_url: str, browser: aiohttp.ClientSession
) -> None:
    async with browser.get(f"{edge_url}/aydinlatma") as answer:
        assert "6698" in await answer.text()
    async with browser.get(f"{edge_url}/aydinlatma?dil=en") as answer:
        assert "Your rights" in await answer.text()


async def test_who_joins_adds_to_the_case_and_opens_none(
    at_work: System, edge_url: str, browser: aiohttp.ClientSession
) -> None:
    await an_open_case(at_work, edge_url, browser)
    page = str(uuid.uuid4())
    _, html = await step(browser, edge_url, neighbourhood="Kale", submission_id=page)
    joining = hidden(html, "about")[0]

    _, location = await step(browser, edge_url, neighbourhood="Kale", submission_id=page, step="send", about=joining)
    async with browser.get(edge_url + location) as answer:
        shown = await answer.text()

    assert "Bildiriminiz eklendi" in shown
    assert "takip kodunuz" not in shown.lower()
    assert await at_work.value("SELECT count(*) FROM case_file") == 1
    assert await at_work.value("SELECT count(*) FROM joined_case") == 1


async def test_photos_of_a_form_that_is_never_sent_are_forgotten(
    at_work: System, edge_url: str, browser: aiohttp.ClientSession
) -> None:
    sent, unsent = (str(uuid.uuid4()) for _ in range(2))
    tokens = {}
    for page in (sent, unsent):
        _, html = await step(browser, edge_url, ("a.jpg", a_photo()), submission_id=page)
        (tokens[page],) = hidden(html, "photo")
    await step(browser, edge_url, submission_id=sent, step="send", photo=tokens[sent])
    service = at_work.service()

    async with running(service):
        forgotten = await Photos(service, Files(Folder(at_work.objects))).sweep(timedelta(0))

    assert forgotten == 1
    for page, status in ((sent, 200), (unsent, 404)):
        async with browser.get(f"{edge_url}/basvuru/foto/{tokens[page]}") as answer:
            assert answer.status == status


async def test_a_message_that_a_person_must_see_first_says_so(
    at_work: System, edge_url: str, browser: aiohttp.ClientSession
) -> None:
    _, location = await step(browser, edge_url, step="send")
    async with browser.get(edge_url + location) as answer:
        assert answer.status == 200
    await at_work.pool.execute("DELETE FROM case_file")
    await at_work.pool.execute("UPDATE contact SET effect = 'held'")

    async with browser.get(edge_url + location) as answer:
        assert "Bir çalışanımız baktıktan sonra" in await answer.text()


async def test_more_uploads_of_one_client_than_are_borne_are_refused_in_words(
    system: System, browser: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photos, "UPLOADS_MAX", 1)
    async with serving(built(edge, system)) as url:
        status, html = await step(browser, url, ("a.jpg", a_photo()), ("b.jpg", a_photo("blue")))

    assert (status, len(hidden(html, "photo"))) == (422, 1)
    assert "b.jpg: Kısa sürede çok fazla fotoğraf" in html


async def test_while_photos_cannot_be_kept_the_text_stays_in_the_form(
    system: System, browser: aiohttp.ClientSession
) -> None:
    async with serving(built(edge, system, ILKIM_OBJECTS="/proc/nowhere")) as url:
        status, html = await step(browser, url, ("a.jpg", a_photo()))

    assert status == 503
    assert TEXT in html


async def test_with_the_database_away_the_form_is_looked_over_and_sent_all_the_same(
    system: System, browser: aiohttp.ClientSession
) -> None:
    service = built(edge, system, DATABASE_URL=AWAY_DATABASE)
    async with serving(service) as url:
        await until(service.broker_is_there)
        page = str(uuid.uuid4())
        looked, html = await step(browser, url, ("a.jpg", a_photo()), submission_id=page, neighbourhood="Kale")
        kept = hidden(html, "photo")
        sent, location = await step(browser, url, submission_id=page, neighbourhood="Kale", step="send", photo=kept)

    assert (looked, len(kept), sent) == (200, 1, 303)
    assert location.startswith("/basvuru/")
