"""Twilio: forms of messages, pictures and receipts, and its signature as its documents compute it."""

from urllib.parse import parse_qsl

import pytest

from services.intake.channels import Reading, twilio
from services.intake.channels.base import FailedAddress, Knock
from services.intake.channels.twilio import TwilioEndpoint, signature
from shared.contracts import Channel, NoticeStatus
from shared.problems import Problem
from tests.builders import AT, a_webhook, an_id
from tests.intake.kits.twilio import inbound, status


def read(body: bytes, reference: str = "") -> Reading:
    details = {"reference": reference} if reference else {}
    return twilio.read(a_webhook(body, channel=Channel.SMS, provider="twilio", details=details))


def test_the_signature_is_the_one_of_the_documents() -> None:
    """The example of twilio.com/docs/usage/security."""
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }

    given = signature("https://mycompany.com/myapp.php?foo=1&bar=2", fields, "12345")

    assert given == "GvWf1cFY/Q7PnoempGyD5oXAezc="


@pytest.mark.parametrize("port", ["", ":443"])
def test_an_address_with_its_port_is_the_same_address(port: str) -> None:
    body = inbound("Alo", "a")
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
    given = {"x-twilio-signature": signature(f"https://ilkim.example.org{port}/webhooks/twilio", fields, "t")}
    knock = Knock("POST", "https://ilkim.example.org/webhooks/twilio", {}, given, body, AT)

    assert TwilioEndpoint(("t",)).admit(knock)[0].body == body


def test_two_tokens_are_valid_while_one_is_changed() -> None:
    body = inbound("Alo", "a")
    given = {
        "x-twilio-signature": signature(
            "https://x.example.org/", dict(parse_qsl(body.decode(), keep_blank_values=True)), "old"
        )
    }
    knock = Knock("POST", "https://x.example.org/", {}, given, body, AT)

    assert TwilioEndpoint(("new", "old")).admit(knock)
    with pytest.raises(Problem):
        TwilioEndpoint(("new",)).admit(knock)


def test_pictures_are_attachments_with_their_address() -> None:
    many = {f"MediaUrl{at}": f"https://api.twilio.com/{at}" for at in range(3)}
    types = {f"MediaContentType{at}": kind for at, kind in enumerate(["image/jpeg", "video/3gpp"])}
    [message] = read(inbound("", "a", NumMedia="3", **many, **types)).messages

    assert [file.url for file in message.attachments] == [f"https://api.twilio.com/{at}" for at in range(3)]
    assert [file.media_type for file in message.attachments] == ["image/jpeg", "video/3gpp", "application/octet-stream"]
    assert len({file.provider_id for file in message.attachments}) == 3


@pytest.mark.parametrize("count", ["-1", "x", "9" * 30, "", "1e9"])
def test_a_count_of_pictures_that_cannot_be_costs_no_message(count: str) -> None:
    [message] = read(inbound("Alo", "a", NumMedia=count)).messages

    assert message.attachments == ()


def test_lines_and_senders_without_a_number() -> None:
    [message] = read(inbound("Kampanya", "a", From="BANKAM", To="12345")).messages

    assert (message.sender.address, message.account) == (None, "12345")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("queued", None),
        ("accepted", None),
        ("sending", None),
        ("sent", "sent"),
        ("delivered", "delivered"),
        ("read", "read"),
        ("undelivered", "failed"),
        ("failed", "failed"),
    ],
)
def test_each_status_is_read_with_the_reference_of_its_address(word: str, expected: str | None) -> None:
    ours = an_id()
    reading = read(status(word, ErrorCode="30003"), str(ours))

    assert reading.messages == ()
    assert [receipt.status for receipt in reading.receipts] == ([expected] if expected else [])
    for receipt in reading.receipts:
        assert (receipt.reference, receipt.provider_id) == (ours, "SMours")
        assert receipt.error == ("30003" if receipt.status is NoticeStatus.FAILED else None)


def test_a_handset_that_nobody_knows_is_told() -> None:
    dead = (FailedAddress("+905321112233", "30005", is_permanent=True),)

    assert read(status("undelivered", ErrorCode="30005")).failed_addresses == dead
    assert read(status("undelivered", ErrorCode="30003")).failed_addresses == ()


@pytest.mark.parametrize("body", [b"", b"a=b", b"MessageStatus=sent", b"%00", b"&".join([b"a=b"] * 300)], ids=len)
def test_a_form_that_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"MessageSid|fields"):
        read(body)
