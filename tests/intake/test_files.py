"""Files as they come in: known by their bytes, made safe, sealed; photos upright and without a trace of metadata."""

import io
import zipfile
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi import Request, Response
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, ImageCms, TiffImagePlugin

from shared.files import answer_with_file, get_file, safe_name
from shared.ids import new_id
from shared.keeping import BYTES_MAX, Files, Refusal, Refused
from shared.keeping.keep import examine
from shared.keeping.kinds import DOCX, ODT
from shared.keeping.pictures import EDGE_PIXELS_MAX, moment_of, place_of
from shared.objects import Folder, ObjectStore, Sealed
from shared.pages import Catalogue
from tests.builders import an_id

WORDS = Path(__file__).parents[2] / "services" / "intake" / "templates" / "messages.toml"
GPS = {1: "N", 2: (41.0, 17.0, 12.12), 3: "E", 4: (36.0, 19.0, 48.0)}
MARK = "Ayse's phone 0532 111 22 33"


def a_photo(
    size: tuple[int, int] = (80, 40),
    form: str = "JPEG",
    *,
    mode: str = "RGB",
    orientation: int = 1,
    gps: dict[int, Any] | None = None,
    taken: str = "2026:03:02 12:30:00",
    **saved: Any,
) -> bytes:
    """Left half red, right half blue, with a phone's metadata."""
    image = Image.new(mode, size, "blue" if mode.startswith("RGB") else 0)
    if mode.startswith("RGB"):
        image.paste("red", (0, 0, size[0] // 2, size[1]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = MARK
    exif.get_ifd(0x8769)[0x9003] = taken
    if gps:
        exif.get_ifd(0x8825).update(gps)
    out = io.BytesIO()
    image.save(out, form, **({"exif": exif} if mode != "P" else {}), **saved)
    return out.getvalue()


def a_zip(*names: str, **changed: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, changed.get(name, "words " * 10))
    return out.getvalue()


A_DOCX = a_zip("[Content_Types].xml", "word/document.xml")
AN_ODT = a_zip("mimetype", "content.xml", mimetype=ODT.media_type)


def kept(body: bytes, name: str | None = None) -> tuple[Any, Any]:
    return examine(new_id(), body, name)


def refusal(body: bytes) -> Refusal:
    with pytest.raises(Refused) as refused:
        kept(body)
    return refused.value.refusal


def opened(body: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(body))
    image.load()
    return image


# Kinds


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3 words", "application/pdf"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42", "video/mp4"),
        (b"\0\0\0\x18ftyp3gp4\0\0\0\0", "video/3gpp"),
        (b"\0\0\0\x18ftypqt  \0\0\0\0", "video/quicktime"),
        (b"\0\0\0\x18ftypM4A \0\0\0\0", "audio/mp4"),
        (b"OggS\0\x02\0\0OpusHead", "audio/ogg"),
        (b"#!AMR\n\x3c\x91", "audio/amr"),
        (b"ID3\x04\0\0", "audio/mpeg"),
        (b"\xff\xfb\x90\x64\0\0", "audio/mpeg"),
        (b"\xff\xf1\x50\x80\0\0", "audio/aac"),
        (A_DOCX, DOCX.media_type),
        (AN_ODT, ODT.media_type),
        ("Çöp alınmadı\r\n\tşikâyet".encode(), "text/plain"),
        ("Çöp alınmadı, ığüşöç".encode("cp1254"), "text/plain"),
    ],
)
def test_a_file_is_what_its_bytes_say_and_is_kept_as_it_came(body: bytes, media_type: str) -> None:
    stored, file = kept(body, "photo.jpg")

    assert stored.media_type == file.media_type == media_type
    assert media_type == "text/plain" or file.body == body


def test_a_text_is_kept_in_utf_8_whatever_it_was_written_in() -> None:
    text = "Kaldırım çöktü, İlkadım"
    for written in (text.encode(), b"\xef\xbb\xbf" + text.encode(), text.encode("cp1254")):
        assert kept(written)[1].body.decode() == text


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", Refusal.EMPTY),
        (b"MZ\x90\0\x03", Refusal.NOT_ALLOWED),
        (b"\x7fELF\x02", Refusal.NOT_ALLOWED),
        (b"#!/bin/sh\nrm", Refusal.NOT_ALLOWED),
        (b"<!DOCTYPE html><script>alert(1)</script>", Refusal.NOT_ALLOWED),
        (b"  \n<svg xmlns='http://www.w3.org/2000/svg' onload='x()'>", Refusal.NOT_ALLOWED),
        (b"GIF89a=1;<script>alert(1)</script>", Refusal.DAMAGED),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Refusal.NOT_ALLOWED),
        (b"Rar!\x1a\x07", Refusal.NOT_ALLOWED),
        (b"\x00\x01\x02\x03binary", Refusal.UNKNOWN_KIND),
        (b"PK\x03\x04 but no archive", Refusal.DAMAGED),
        (a_zip("setup.exe"), Refusal.NOT_ALLOWED),
        (a_zip("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), Refusal.NOT_ALLOWED),
        (b"PK\x03\x04" + b"x" * 50 + A_DOCX, Refusal.DAMAGED),
        (
            a_zip("[Content_Types].xml", "word/document.xml", **{"word/document.xml": "0" * 5_000_000}),
            Refusal.NOT_ALLOWED,
        ),
        (b"\0\0\0\x18ftypevil\0\0\0\0", Refusal.UNKNOWN_KIND),
        (b"x" * (BYTES_MAX + 1), Refusal.TOO_LARGE),
    ],
)
def test_what_is_not_on_the_list_is_refused_with_a_reason(body: bytes, reason: Refusal) -> None:
    assert refusal(body) is reason


@pytest.mark.parametrize("reason", [*Refusal, "lost"])
def test_every_reason_has_words_for_the_citizen(reason: str) -> None:
    words = Catalogue(WORDS)

    assert words.say("tr", f"file.{reason}") != words.say("en", f"file.{reason}")


@example(b"\xff\xd8\xff\xe0")
@given(
    st.binary(max_size=300)
    | st.sampled_from([a_photo(), A_DOCX, AN_ODT]).flatmap(
        lambda b: st.builds(
            lambda at, junk: b[:at] + junk + b[at + len(junk) :], st.integers(0, len(b)), st.binary(max_size=40)
        )
    )
)
def test_no_bytes_whatever_do_anything_but_pass_or_be_refused(body: bytes) -> None:
    try:
        stored, file = kept(body)
    except Refused:
        return
    assert stored.size_bytes == len(file.body)


# Photos


@pytest.mark.parametrize(
    ("form", "saved"),
    [("JPEG", {}), ("PNG", {}), ("WEBP", {"lossless": True}), ("HEIF", {"quality": 100}), ("GIF", {})],
)
def test_every_kind_of_photo_becomes_a_jpeg_that_shows_the_same(form: str, saved: dict[str, Any]) -> None:
    stored, file = kept(a_photo(form=form, **saved), "IMG_1.HEIC")

    image = opened(file.body)
    assert (image.format, image.size, stored.media_type, file.name) == ("JPEG", (80, 40), "image/jpeg", "IMG_1.jpg")
    assert (stored.width, stored.height) == (80, 40)
    red, blue = image.getpixel((10, 20)), image.getpixel((70, 20))
    assert red[0] > 200 > 60 > red[2]
    assert blue[2] > 200 > 60 > blue[0]


@pytest.mark.parametrize(
    ("orientation", "size", "red_at"),
    [
        (1, (80, 40), (10, 20)),
        (2, (80, 40), (70, 20)),
        (3, (80, 40), (70, 20)),
        (4, (80, 40), (10, 20)),
        (5, (40, 80), (20, 10)),
        (6, (40, 80), (20, 10)),
        (7, (40, 80), (20, 70)),
        (8, (40, 80), (20, 70)),
    ],
)
def test_a_photo_is_turned_upright(orientation: int, size: tuple[int, int], red_at: tuple[int, int]) -> None:
    stored, file = kept(a_photo(orientation=orientation))

    image = opened(file.body)
    assert image.size == (stored.width, stored.height) == size
    assert image.getpixel(red_at)[0] > 200


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_place_and_time_are_read_and_then_nothing_of_them_is_left(form: str) -> None:
    stored, file = kept(a_photo(form=form, gps=GPS))

    assert stored.latitude == pytest.approx(41.2867, abs=1e-4)
    assert stored.longitude == pytest.approx(36.33, abs=1e-4)
    assert stored.taken_at == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    image = opened(file.body)
    assert not image.getexif()
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert MARK.encode() not in file.body


def test_what_hides_behind_a_photo_or_in_its_comments_is_gone() -> None:
    secret = b"<script>alert('polyglot')</script>"
    body = a_photo(comment=secret) + A_DOCX + secret
    _, file = kept(body)

    assert b"script" not in file.body
    assert b"word/document.xml" not in file.body


def test_a_large_photo_is_made_smaller_and_keeps_its_shape() -> None:
    stored, file = kept(a_photo((6000, 3000)))

    assert (stored.width, stored.height) == (EDGE_PIXELS_MAX, EDGE_PIXELS_MAX // 2)
    assert opened(file.body).size == (EDGE_PIXELS_MAX, EDGE_PIXELS_MAX // 2)


def test_a_small_photo_is_not_made_larger() -> None:
    assert kept(a_photo((20, 10)))[0].width == 20


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_mode_of_pixels_becomes_a_jpeg(mode: str) -> None:
    stored, _ = kept(a_photo(form="PNG", mode=mode))

    assert stored.media_type == "image/jpeg"


def test_what_is_transparent_becomes_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(out, "PNG")

    assert opened(kept(out.getvalue())[1].body).getpixel((20, 20)) == (255, 255, 255)


def test_a_photo_for_print_becomes_one_for_the_screen() -> None:
    assert opened(kept(a_photo(mode="CMYK"))[1].body).mode == "RGB"


def test_a_profile_of_colours_is_applied_and_a_broken_one_is_passed_over() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (srgb, b"broken"):
        assert opened(kept(a_photo(icc_profile=profile))[1].body).getpixel((10, 20))[0] > 200


@pytest.mark.parametrize("cut", [3, 20, 200, 700])
def test_a_photo_that_was_cut_off_is_damaged(cut: int) -> None:
    assert refusal(a_photo((300, 200))[:cut]) in (Refusal.DAMAGED, Refusal.UNKNOWN_KIND)


def test_a_photo_of_a_thousand_million_pixels_is_refused_before_it_is_unpacked() -> None:
    body = bytearray(a_photo(form="PNG"))
    body[16:24] = (31_623).to_bytes(4, "big") * 2

    body[29:33] = zlib.crc32(bytes(body[12:29])).to_bytes(4, "big")

    assert refusal(bytes(body)) is Refusal.TOO_MANY_PIXELS


def test_a_progressive_photo_may_not_be_as_large_as_another() -> None:
    small = a_photo((64, 64), progressive=True)
    at = small.index(b"\xff\xc2") + 5
    large = small[:at] + (9_000).to_bytes(2, "big") * 2 + small[at + 4 :]

    assert refusal(large) is Refusal.TOO_MANY_PIXELS


# Place and time


@pytest.mark.parametrize(
    "wrong",
    [
        {2: (0.0, 0.0, 0.0), 4: (0.0, 0.0, 0.0)},
        {2: (91.0, 0.0, 0.0)},
        {2: (41.0, 75.0, 0.0)},
        {2: (float("nan"), 0.0, 0.0)},
        {2: (41.0,)},
        {2: None},
        {2: "41"},
        {4: (181.0, 0.0, 0.0)},
        {9: "V"},
        {2: (TiffImagePlugin.IFDRational(41, 0), 0.0, 0.0)},
    ],
)
def test_a_place_where_nobody_can_have_stood_is_none(wrong: dict[int, Any]) -> None:
    assert place_of(GPS | wrong) == (None, None)


def test_south_and_west_are_negative() -> None:
    latitude, longitude = place_of(GPS | {1: "S", 3: "W\0"})

    assert latitude is not None and latitude < 0
    assert longitude is not None and longitude < 0


@pytest.mark.parametrize(
    ("tags", "at"),
    [
        ({0x9003: "2026:03:02 12:30:00"}, datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
        ({0x9003: "2026:03:02 12:30:00", 0x9011: "+01:00"}, datetime(2026, 3, 2, 11, 30, tzinfo=UTC)),
        ({0x9003: "0000:00:00 00:00:00"}, None),
        ({0x9003: "1970:01:01 00:00:00"}, None),
        ({0x9003: 7}, None),
        ({}, None),
    ],
)
def test_the_time_of_a_photo_is_turkish_unless_it_says_another(tags: dict[int, Any], at: datetime | None) -> None:
    assert moment_of(tags) == at


# Keeping and serving


@pytest.fixture
def store(tmp_path: Path) -> Sealed:
    return Sealed(Folder(tmp_path), bytes(32))


async def test_a_kept_file_lies_sealed_and_says_what_it_is(store: Sealed, tmp_path: Path) -> None:
    file_id = an_id()
    await Files(store).keep(file_id, b"%PDF-1.7 Ayse", "../../Dilekçe.pdf")

    file = await get_file(store, file_id)
    assert (file.media_type, file.name, file.body) == ("application/pdf", "Dilekçe.pdf", b"%PDF-1.7 Ayse")
    assert b"Ayse" not in (tmp_path / "files" / str(file_id)).read_bytes()


async def test_the_same_file_twice_is_the_same_file(store: Sealed) -> None:
    file_id, photo = an_id(), a_photo()
    files = Files(store)

    assert await files.keep(file_id, photo) == await files.keep(file_id, photo)


async def test_a_refused_file_is_not_kept(store: Sealed, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        await Files(store).keep(an_id(), b"MZ")

    assert not (tmp_path / "files").exists()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("C:\\Users\\x\\photo.exe", "photo.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("a\r\nSet-Cookie: b.pdf", "a Set-Cookie b.pdf"),
        ("", "dosya.pdf"),
        (None, "dosya.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("Dilekçe (son).docx", "Dilekçe (son).pdf"),
        ("x" * 500, "x" * 100 + ".pdf"),
    ],
)
def test_a_name_is_made_safe(name: str | None, safe: str) -> None:
    assert safe_name(name, "pdf") == safe


async def asked(store: ObjectStore, file_id: UUID, **headers: str) -> Response:
    names = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return await answer_with_file(store, file_id, Request({"type": "http", "headers": names}))


async def test_a_photo_is_shown_and_any_other_file_is_saved(store: Sealed) -> None:
    photo, paper, text = an_id(), an_id(), an_id()
    await Files(store).keep(photo, a_photo())
    await Files(store).keep(paper, b"%PDF-1.7", "Dilekçe.pdf")
    await Files(store).keep(text, "ığüşöç".encode())

    shown, saved, words = [await asked(store, file_id) for file_id in (photo, paper, text)]
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["content-disposition"].startswith("inline")
    assert saved.headers["content-disposition"] == "attachment; filename*=UTF-8''Dilek%C3%A7e.pdf"
    assert words.headers["content-type"] == "text/plain; charset=utf-8"
    for answer in (shown, saved, words):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]


async def test_a_file_that_is_known_is_not_sent_again(store: Sealed) -> None:
    file_id = an_id()
    await Files(store).keep(file_id, b"%PDF-1.7")
    etag = (await asked(store, file_id)).headers["etag"]

    assert (await asked(store, file_id, if_none_match=f'"other", {etag}')).status_code == 304
    assert (await asked(store, file_id, if_none_match='"other"')).status_code == 200


async def test_a_range_is_not_given_in_pieces(store: Sealed) -> None:
    file_id = an_id()
    await Files(store).keep(file_id, b"%PDF-1.7")

    answer = await asked(store, file_id, range="bytes=0-1")
    assert (answer.status_code, answer.body) == (200, b"%PDF-1.7")


async def test_a_file_that_is_not_there_is_not_found(store: Sealed) -> None:
    assert (await asked(store, an_id())).status_code == 404
