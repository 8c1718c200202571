"""Turkish letters survive every encoding mail comes in, also those declared wrongly or not at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.channels.mail.charsets import decoded
from tests.intake.mail.samples import (
    TEXT,
    a_mail,
    a_multipart,
    a_part,
    in_base64,
    in_quoted_printable,
    message,
    text_of,
)

HTML = f"<html><head><style>p {{color: red}}</style></head><body><p>{TEXT}</p><script>alert(1)</script></body></html>"


def declared(charset: str | None, body: bytes, encoding: str = "8bit") -> bytes:
    kind = "text/plain" if charset is None else f'text/plain; charset="{charset}"'
    return a_mail(body, Content_Type=kind, Content_Transfer_Encoding=encoding)


SHAPES = {
    "utf-8 quoted-printable": declared("utf-8", in_quoted_printable(TEXT.encode()), "quoted-printable"),
    "utf-8 base64": declared("UTF-8", in_base64(TEXT.encode()), "base64"),
    "utf-8 as it is": declared("utf-8", TEXT.encode()),
    "iso-8859-9 quoted-printable": declared(
        "iso-8859-9", in_quoted_printable(TEXT.encode("iso-8859-9")), "quoted-printable"
    ),
    "iso-8859-9 as it is": declared("ISO-8859-9", TEXT.encode("iso-8859-9")),
    "windows-1254 quoted-printable": declared(
        "windows-1254", in_quoted_printable(TEXT.encode("cp1254")), "quoted-printable"
    ),
    "windows-1254 base64": declared("windows-1254", in_base64(TEXT.encode("cp1254")), "base64"),
    "windows-1254 declared latin-1": declared("iso-8859-1", TEXT.encode("cp1254")),
    "windows-1254 declared windows-1252": declared("windows-1252", TEXT.encode("cp1254")),
    "windows-1254 declared us-ascii": declared("us-ascii", TEXT.encode("cp1254")),
    "windows-1254 declared utf-8": declared("utf-8", TEXT.encode("cp1254")),
    "windows-1254 not declared": declared(None, TEXT.encode("cp1254")),
    "utf-8 declared iso-8859-9": declared("iso-8859-9", TEXT.encode()),
    "utf-8 declared latin-1": declared("iso-8859-1", TEXT.encode()),
    "utf-8 not declared": declared(None, TEXT.encode()),
    "a misspelt label": declared("uft-8", TEXT.encode()),
    "an unknown label": declared("x-unknown", TEXT.encode("cp1254")),
    "a label that is a codec of Python": declared("punycode", TEXT.encode()),
    "utf-16": declared("utf-16", in_base64(TEXT.encode("utf-16")), "base64"),
    "utf-7": declared("unicode-1-1-utf-7", TEXT.encode("utf-7"), "7bit"),
    "only HTML": a_mail(
        in_base64(HTML.encode()), Content_Type="text/html; charset=utf-8", Content_Transfer_Encoding="base64"
    ),
    "HTML in windows-1254": a_mail(HTML.encode("cp1254"), Content_Type="text/html"),
    "alternatives": a_multipart(a_part(TEXT), a_part(HTML, "text/html; charset=utf-8"), kind="alternative"),
    "an empty plain alternative": a_multipart(
        a_part(" \r\n"), a_part(HTML, "text/html; charset=utf-8"), kind="alternative"
    ),
    "flowed lines": a_mail(TEXT.replace(" ", " \r\n"), Content_Type="text/plain; charset=utf-8; format=flowed"),
}


@pytest.mark.parametrize("raw", SHAPES.values(), ids=SHAPES.keys())
def test_turkish_letters_are_read_whatever_they_came_in(raw: bytes) -> None:
    assert text_of(raw) == TEXT


def test_a_stray_byte_in_utf_8_costs_one_letter_only() -> None:
    broken = TEXT.encode()[:-4] + b"\xff" + TEXT.encode()[-4:]

    assert decoded(broken, "utf-8").replace("\ufffd", "") == TEXT


def test_western_letters_declared_rightly_stay_western() -> None:
    for text in ("Café à la crème, déjà vu", "Señor Peña vive aquí", "Það er æði að búa hér í bænum"):
        assert decoded(text.encode("cp1252"), "windows-1252") == text


def test_western_letters_nobody_declared_are_known_as_such() -> None:
    assert decoded("Formação em São João, até à noite".encode("cp1252")) == "Formação em São João, até à noite"


def test_other_scripts_declared_rightly_are_read() -> None:
    for text, charset in (
        ("Привет, мир", "koi8-r"),
        ("日本語のメール", "iso-2022-jp"),
        ("안녕하세요", "ks_c_5601-1987"),
    ):
        assert decoded(text.encode("cp949" if charset.startswith("ks") else charset), charset) == text


@settings(deadline=None)
@given(
    st.binary(max_size=200),
    st.one_of(st.none(), st.text(max_size=20), st.sampled_from(["utf-16", "hz", "idna", "zip"])),
)
def test_any_bytes_under_any_label_are_some_text(body: bytes, label: str | None) -> None:
    assert isinstance(decoded(body, label), str)


def test_a_subject_is_read_from_encoded_words_that_cut_a_letter_in_two() -> None:
    cut = "=?utf-8?B?w4c=?= =?utf-8?Q?=C3=B6p_=C5?=\r\n =?utf-8?Q?=9Fikayeti?="

    assert message(a_mail(Subject=cut)).text.startswith("Çöp şikayeti\n")


def test_a_subject_in_bare_windows_1254_is_read() -> None:
    raw = a_mail(Subject="XX").replace(b"XX", "Işık yanmıyor".encode("cp1254"))

    assert message(raw).text.startswith("Işık yanmıyor\n")
