"""Twilio, SMS and MMS: messages and receipts are posted as forms, signed over the address and the fields.

Sources: twilio.com/docs/messaging/guides/webhook-request, …/guides/track-outbound-message-status,
twilio.com/docs/usage/security (X-Twilio-Signature).
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from services.intake.channels import sms
from services.intake.channels.base import Answered, FailedAddress, Knock, Reading
from services.intake.channels.doors import is_same, only_header, payload
from services.intake.channels.download import Downloads, Gone
from services.intake.channels.payloads import number, reference, short
from shared.contracts import (
    Attachment,
    Channel,
    DeliveryReported,
    MessageReceived,
    NoticeStatus,
    Sender,
    WebhookReceived,
)
from shared.ids import derived_id
from shared.problems import Problem
from shared.settings import ProviderSettings, given
from shared.text import clean

# `MessageStatus` of our own; queued, accepted, scheduled and sending are nothing new.
STATUSES: Final[Mapping[str, NoticeStatus]] = {
    "sent": NoticeStatus.SENT,
    "delivered": NoticeStatus.DELIVERED,
    "read": NoticeStatus.READ,
    "undelivered": NoticeStatus.FAILED,
    "failed": NoticeStatus.FAILED,
    "canceled": NoticeStatus.FAILED,
}
# Errors that say the number takes no SMS at all: unknown handset, landline.
DEAD_NUMBERS: Final = frozenset({"30005", "30006", "21614"})
NO_ANSWER: Final = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'  # TwiML: say nothing now
MEDIA_HOSTS: Final = ("api.twilio.com", ".twiliocdn.com", ".twilio.com")
FIELDS_MAX: Final = 200
MEDIA_MAX: Final = 10
REFERENCE: Final = "reference"


class TwilioHookSettings(ProviderSettings):
    """The token that signs; two while one is being changed."""

    twilio_auth_token: SecretStr
    twilio_auth_token_before: SecretStr | None = None


class TwilioMediaSettings(ProviderSettings):
    """The account, its token, and where the API answers."""

    twilio_account_sid: str
    twilio_auth_token: SecretStr
    twilio_api_url: str = "https://api.twilio.com"


def endpoint() -> "TwilioEndpoint | None":
    """The webhook of this environment's account; None: not configured."""
    settings = given(TwilioHookSettings)
    if settings is None:
        return None
    tokens = (settings.twilio_auth_token, settings.twilio_auth_token_before)
    return TwilioEndpoint(tuple(token.get_secret_value() for token in tokens if token))


def media() -> "TwilioMedia | None":
    """The source of files of this environment's account; None: not configured."""
    settings = given(TwilioMediaSettings)
    return TwilioMedia(settings) if settings else None


def signature(url: str, fields: Mapping[str, str], token: str) -> str:
    """The `X-Twilio-Signature` of these fields posted to this address."""
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode("utf-8", "replace"), hashlib.sha1)).decode()


def read(posted: WebhookReceived) -> Reading:
    """The one message or receipt of a form. Raises ValueError when it is neither."""
    form = _form(posted.body)
    sid = short(form.get("MessageSid") or form.get("SmsSid"))
    if sid is None:
        raise ValueError("a form without MessageSid")
    status = form.get("MessageStatus") or form.get("SmsStatus") or "received"
    if status in STATUSES:
        return _receipt(form, sid, status, posted)
    is_inbound = status in ("received", "receiving")
    return Reading(messages=(_message(form, sid, posted),)) if is_inbound else Reading()


def _form(body: bytes) -> dict[str, str]:
    text = body.decode("utf-8", "replace")
    return {name: clean(value) for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX)}


def _message(form: Mapping[str, str], sid: str, posted: WebhookReceived) -> MessageReceived:
    account, at = sms.line_of(form.get("To")), posted.received_at
    return MessageReceived(
        # Without a time of Twilio's own the id leaves the time out: a repeated post is the same message.
        id=derived_id(at.replace(hour=0, minute=0, second=0, microsecond=0), "message", "twilio", account, sid),
        occurred_at=at,
        trace_id=posted.trace_id,
        channel=Channel.SMS,
        provider="twilio",
        account=account,
        provider_id=sid,
        sender=Sender(address=sms.number_of(form.get("From"))),
        text=form.get("Body", ""),
        attachments=_files(form, sid),
    )


def _files(form: Mapping[str, str], sid: str) -> tuple[Attachment, ...]:
    count = min(number(form.get("NumMedia")) or 0, MEDIA_MAX)
    return tuple(
        Attachment(
            provider_id=f"{sid}/{at}"[:200],
            url=url,
            media_type=short(form.get(f"MediaContentType{at}")) or "application/octet-stream",
        )
        for at in range(count)
        if (url := form.get(f"MediaUrl{at}", ""))[:4_000] and len(url) <= 4_000
    )


def _receipt(form: Mapping[str, str], sid: str, status: str, posted: WebhookReceived) -> Reading:
    error = short(form.get("ErrorCode"))
    receipt = DeliveryReported(
        id=derived_id(posted.received_at, "receipt", "twilio", sid, status),
        occurred_at=posted.received_at,
        trace_id=posted.trace_id,
        channel=Channel.SMS,
        provider="twilio",
        account=sms.line_of(form.get("From")),
        provider_id=sid,
        reference=reference(posted.details.get(REFERENCE)),
        status=STATUSES[status],
        error=(error or status) if STATUSES[status] is NoticeStatus.FAILED else None,
    )
    address = sms.number_of(form.get("To")) if error in DEAD_NUMBERS else None
    failed = (FailedAddress(address, str(error), is_permanent=True),) if address else ()
    return Reading(receipts=(receipt,), failed_addresses=failed)


class TwilioEndpoint:
    """Checks the signature over the very address Twilio was given, `ILKIM_PUBLIC_URL` before it."""

    def __init__(self, tokens: tuple[str, ...]) -> None:
        self._tokens = tokens

    def challenge(self, knock: Knock) -> Answered:
        """They do not try the address first."""
        raise Problem(405, "Nothing to see", "Twilio posts to this address.")

    def admit(self, knock: Knock) -> tuple[WebhookReceived, Answered]:
        """Signed; answered with an empty TwiML, so that Twilio sends nothing itself."""
        given_signature = only_header(knock, "X-Twilio-Signature")
        try:
            form = dict(
                parse_qsl(knock.body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=FIELDS_MAX)
            )
        except ValueError as error:
            raise Problem(400, "Malformed form", f"At most {FIELDS_MAX} fields are taken.") from error
        urls = _spellings(knock.url)
        if not any(is_same(given_signature, signature(url, form, token)) for url in urls for token in self._tokens):
            raise Problem(401, "Wrong signature", "X-Twilio-Signature does not match this address and these fields.")
        ours = knock.query.get(REFERENCE, "")[:64]
        details = {REFERENCE: ours} if ours else {}
        taken = payload("twilio", Channel.SMS, knock.body, knock.received_at, details=details)
        return taken, Answered(NO_ANSWER, "text/xml")


def _spellings(url: str) -> tuple[str, ...]:
    """Twilio signs with or without the port, by kind of call: both are the same address."""
    parts = urlsplit(url)
    if parts.port is None:
        port = 443 if parts.scheme == "https" else 80
        return url, parts._replace(netloc=f"{parts.netloc}:{port}").geturl()
    return url, parts._replace(netloc=parts.hostname or "").geturl()


class TwilioMedia:
    """Files lie behind the account's login, which sends on to Twilio's store."""

    def __init__(self, settings: TwilioMediaSettings) -> None:
        user = f"{settings.twilio_account_sid}:{settings.twilio_auth_token.get_secret_value()}"
        self._headers = {"Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"}
        self._downloads = Downloads(MEDIA_HOSTS, own=settings.twilio_api_url, redirects_max=2)

    async def fetch(self, attachment: Attachment, account: str, bytes_max: int) -> bytes:
        """The file. Raises TooLarge, ValueError when it never will come, OSError for not now."""
        if attachment.url is None:
            raise ValueError("Twilio told no address")
        try:
            return await self._downloads.get(attachment.url, self._headers, bytes_max)
        except Gone as error:
            if error.status == 404:
                raise ValueError("Twilio has the file no more") from error
            raise
