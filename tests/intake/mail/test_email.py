"""The mail reader: who wrote, when, in which thread, with which files; and whatever the bytes, it ends soon."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.channels import email
from services.intake.channels.mail.entity import DEPTH_MAX, PARTS_MAX
from tests.builders import AT
from tests.intake.mail.samples import (
    CENTRE,
    DOMAIN,
    TEXT,
    a_mail,
    a_multipart,
    a_part,
    in_base64,
    message,
    text_of,
)

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 100
SECONDS_MAX = 2.0


def test_a_mail_is_a_message() -> None:
    found = message(a_mail())

    assert (found.sender.address, found.sender.name) == ("ayse.yilmaz@example.org", "Ayşe Yılmaz")
    assert found.text == f"Çöp şikâyeti\n{TEXT}"
    assert found.occurred_at == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    assert found.provider_id.startswith("first-mail@example.org ")
    assert found.account == "main"


def test_the_same_mail_by_another_way_is_the_same_message() -> None:
    first, again = message(a_mail()), message(b"Received: by a; Mon, 02 Mar 2026 12:31:00 +0300\r\n" + a_mail())

    assert first.provider_id == again.provider_id


def test_two_mails_with_one_message_id_are_two() -> None:
    assert message(a_mail("bir")).provider_id != message(a_mail("iki")).provider_id


def test_a_mail_without_a_message_id_is_known_by_its_bytes() -> None:
    raw = a_mail(Message_ID=None)

    assert message(raw).provider_id == message(raw).provider_id
    assert message(raw).provider_id.startswith("sha256 ")


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Mon, 02 Mar 2026 10:00:00 +0300", datetime(2026, 3, 2, 7, tzinfo=UTC)),
        ("Thu, 01 Jan 1970 00:00:00 +0000", AT),
        ("Fri, 01 Jan 2100 00:00:00 +0000", AT),
        ("dün akşam", AT),
        (None, AT),
    ],
)
def test_a_date_that_cannot_be_is_replaced_by_when_it_came(date: str | None, expected: datetime) -> None:
    assert message(a_mail(Date=date)).occurred_at == expected


def test_without_a_date_the_first_server_of_ours_knows() -> None:
    at = AT - timedelta(hours=2)
    raw = f"Received: from a by b; {at:%a, %d %b %Y %H:%M:%S +0000}\r\n".encode() + a_mail(Date=None)

    assert message(raw).occurred_at == at


def test_the_thread_is_told_nearest_first() -> None:
    found = message(a_mail(In_Reply_To="<b@x>", References="<a@x>\r\n <b@x> <c@x>"))

    assert (found.in_reply_to, found.references) == ("b@x", ("c@x", "a@x"))


@pytest.mark.parametrize("header", ["To", "Cc", "Delivered_To", "X_Original_To"])
def test_the_token_of_our_reply_address_is_found(header: str) -> None:
    assert (
        message(a_mail(**{header: f"Merkez <CEVAP+482715936-7k2m9qxd@{DOMAIN}>"})).reply_token == "482715936-7k2m9qxd"
    )


def test_the_token_is_found_in_the_envelope() -> None:
    assert message(a_mail(), rcpt_to=f"{CENTRE}\ncevap+482715936-7k2m9qxd@{DOMAIN}").reply_token == "482715936-7k2m9qxd"


def test_a_token_for_another_domain_is_none_of_ours() -> None:
    assert message(a_mail(Cc="cevap+482715936-7k2m9qxd@elsewhere.example")).reply_token is None


def test_who_asks_for_answers_elsewhere_is_told() -> None:
    found = message(a_mail(Reply_To="ev@example.org")).sender

    assert found.address == "ayse.yilmaz@example.org"
    assert [point.address for point in found.answers] == ["ev@example.org"]


def test_a_form_that_takes_no_answers_is_answered_where_it_says() -> None:
    assert (
        message(a_mail(From="noreply@form.example", Reply_To="ayse@example.org")).sender.address == "ayse@example.org"
    )


def test_who_takes_no_answers_is_given_none() -> None:
    found = message(a_mail(From="Form <noreply@form.example>")).sender

    assert (found.address, found.name) == (None, "Form")


def test_a_mail_without_a_sender_has_the_envelopes() -> None:
    assert message(a_mail(From=None), mail_from="zarf@example.org").sender.address == "zarf@example.org"
    assert message(a_mail(From=None)).sender.address is None


def test_files_are_attachments_and_their_bytes_are_found_again() -> None:
    name = "=?utf-8?B?Zm90b8SfcmFmLnBuZw==?="
    parts = [
        a_part(TEXT),
        a_part(
            in_base64(PICTURE),
            "image/png",
            f'Content-Disposition: attachment; filename="{name}"',
            "Content-Transfer-Encoding: base64",
        ),
    ]
    raw = a_multipart(*parts)

    [file] = message(raw).attachments
    assert (file.media_type, file.name) == ("image/png", "fotoğraf.png")
    assert email.carried(raw, file) == PICTURE


def test_a_file_name_in_pieces_with_a_charset_is_put_together() -> None:
    disposition = "Content-Disposition: attachment; filename*0*=utf-8''dilek%C3%A7e; filename*1=\".pdf\""

    [file] = message(a_multipart(a_part(TEXT), a_part("x", "application/pdf", disposition))).attachments
    assert file.name == "dilekçe.pdf"


def test_a_logo_in_the_signature_is_no_file_and_a_photo_in_the_text_is() -> None:
    html = a_part(f"<p>{TEXT}</p><img src='cid:a'><img src='cid:b'>", "text/html; charset=utf-8")
    logo = a_part(
        in_base64(b"GIF89a" + bytes(500)), "image/gif", "Content-ID: <a>", "Content-Transfer-Encoding: base64"
    )
    photo = a_part(in_base64(PICTURE), "image/png", "Content-ID: <b>", "Content-Transfer-Encoding: base64")

    assert [file.media_type for file in message(a_multipart(html, logo, photo, kind="related")).attachments] == [
        "image/png"
    ]


def test_what_outlook_and_signed_mail_add_is_kept_as_a_file() -> None:
    parts = [
        a_part(TEXT),
        a_part(b"\x78\x9f\x3e\x22", "application/ms-tnef; name=winmail.dat"),
        a_part("x", "application/pkcs7-mime; name=smime.p7m"),
    ]

    assert [file.name for file in message(a_multipart(*parts)).attachments] == ["winmail.dat", "smime.p7m"]


def test_a_file_uuencoded_within_the_text_is_taken_out() -> None:
    raw = a_mail(f"{TEXT}\r\nbegin 644 not.txt\r\n#0V%T\r\n`\r\nend\r\n")

    found = message(raw)
    assert text_of(raw) == TEXT
    assert [file.name for file in found.attachments] == ["not.txt"]
    assert email.carried(raw, found.attachments[0]) == b"Cat"


def test_a_blank_line_lost_between_headers_and_text_loses_no_text() -> None:
    raw = a_mail().replace(b"\r\n\r\n", b"\r\n", 1)

    assert message(raw).sender.address == "ayse.yilmaz@example.org"
    assert text_of(raw) == TEXT


def test_a_header_folded_over_an_empty_looking_line_goes_on() -> None:
    found = message(a_mail(Subject="Çöp\r\n \r\n\tşikâyeti", Reply_To="ev@example.org"))

    assert found.text.startswith("Çöp şikâyeti\n")
    assert [point.address for point in found.sender.answers] == ["ev@example.org"]


def test_a_line_among_the_headers_that_is_none_is_passed_over() -> None:
    raw = b"Received: by a\r\nquite\r\n" + a_mail()

    assert text_of(raw) == TEXT


def test_broken_base64_gives_what_can_be_read() -> None:
    body = in_base64(TEXT.encode()).replace(b"\n", b"\r\n!!\r\n").rstrip(b"=\r\n")

    assert text_of(a_mail(body, Content_Transfer_Encoding="base64"))[:40] == TEXT[:40]


def nested(depth: int) -> bytes:
    raw = a_part(TEXT)
    for level in range(depth):
        edge = f"e{level}".encode()
        raw = (
            b"Content-Type: multipart/mixed; boundary="
            + edge
            + b"\r\n\r\n--"
            + edge
            + b"\r\n"
            + raw
            + b"\r\n--"
            + edge
            + b"--"
        )
    return b"From: a@example.org\r\nSubject: x\r\n" + raw


HOSTILE = {
    "nested 5,000 deep": nested(5_000),
    "mails within mails": b"From: a@example.org\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 20_000 + TEXT.encode(),
    "50,000 parts": a_multipart(*[a_part("x")] * 50_000),
    "100,000 recipients": a_mail(To=", ".join(f"a{number}@example.org" for number in range(100_000))),
    "a header of 5 MB": a_mail(Subject="ş" * 2_500_000),
    "500,000 headers": b"X: y\r\n" * 500_000 + a_mail(),
    "NULs": a_mail(b"\0" * 1_000_000),
    "one line of 5 MB": a_mail("a" * 5_000_000),
    "a million lines": a_mail("> a\n" * 1_000_000),
    "a million attributions": a_mail("On 2 Mar 2026 at 12:30, a@example.org\n" * 100_000),
    "HTML 10,000 deep": a_mail("<div>" * 100_000 + TEXT, Content_Type="text/html"),
    "HTML of tables": a_mail("<table><tr><td>" * 20_000, Content_Type="text/html"),
    "open tags": a_mail("<" * 1_000_000, Content_Type="text/html"),
    "open words": a_mail(Subject="=?utf-8?q?" * 100_000),
    "open brackets": a_mail(References="<" * 1_000_000, From="<" * 1_000_000),
    "parameters": a_mail(Content_Type="text/plain" + '; a="b' * 100_000),
    "base64 of 25 MB": a_mail(
        in_base64(bytes(18 * 1024 * 1024)), Content_Type="image/png", Content_Transfer_Encoding="base64"
    ),
    "20 MB of broken letters": a_mail("şğ\n".encode() * 4_000_000 + b"\xff"),
    "uuencode without end": a_mail("begin 644 a\r\n" * 100_000),
    "only a sign": b"\r\n.",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_whatever_the_bytes_the_reader_ends_soon(raw: bytes) -> None:
    began = time.process_time()
    found = message(raw)

    assert time.process_time() - began < SECONDS_MAX
    assert "\0" not in found.text


def test_depth_and_parts_are_bounded() -> None:
    parts = list(email.parse(HOSTILE["50,000 parts"]).walk())
    deep = list(email.parse(HOSTILE["nested 5,000 deep"]).walk())

    assert len(parts) <= PARTS_MAX + 1
    assert len(deep) <= DEPTH_MAX + 1


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_mail_or_nothing_at_all(raw: bytes) -> None:
    if raw.strip():
        message(raw)
    else:
        with pytest.raises(ValueError, match="empty"):
            message(raw)


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                b"Content-Type: ",
                b"multipart/mixed;",
                b"boundary=a",
                b"\r\n",
                b"--a",
                b"--",
                b"From: ",
                b"<",
                b"@",
                b"=?utf-8?B?",
                b"?=",
                b'"',
                b"\xff",
                b"message/rfc822",
                b"\n\n",
                b"text/html",
                b"<p>",
                b"begin 644 a",
            ]
        ),
        max_size=60,
    )
)
def test_any_pieces_of_mail_are_a_mail(pieces: list[bytes]) -> None:
    message(b"x" + b"".join(pieces))
