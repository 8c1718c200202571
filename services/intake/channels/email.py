"""E-mail: the raw bytes of a mail (RFC 5322) as a contact, with what bounces and receipts tell about our own mails.

`details` of a payload hold the envelope and who we are: `mail_from`, `rcpt_to` (one a line), `addresses` (ours, one a
line), `domain` (of our message ids), `trouble` (why not all of it is here).
"""

import hashlib
import re
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.intake.channels.base import FailedAddress, Reading
from services.intake.channels.mail.body import files_of, text_of
from services.intake.channels.mail.entity import Entity, parse
from services.intake.channels.mail.headers import addresses_in, moment_in
from services.intake.channels.mail.kinds import Envelope, Kind, Ours, Verdict, kind_of
from services.intake.channels.mail.quotes import answer_in
from services.intake.channels.mail.reports import Report, delivery_reports, is_displayed, original_id
from services.intake.channels.payloads import reference, short
from shared.contracts import (
    Attachment,
    Channel,
    ContactPoint,
    DeliveryReported,
    MessageReceived,
    NoticeStatus,
    Purpose,
    Sender,
    WebhookReceived,
)
from shared.ids import derived_id
from shared.text import clean

ATTACHMENTS_MAX: Final = 30
# Of such a mail we have the headers only; it lies in the mailbox it came to.
TOO_LARGE: Final = "too_large"
REFERENCES_MAX: Final = 20
LATE_MAX: Final = timedelta(days=31)
CLOCK_ERROR_MAX: Final = timedelta(days=1)
ADDRESS_LETTERS_MAX: Final = 200
# What a bounce says beside its code holds addresses and texts; the code alone is told further.
NO_CODE: Final = "bounced"

# Of a case, or of a hand-over to an institution (`k.`).
_TOKEN: Final = re.compile(r"^[^@+]{1,64}\+(\d{9}-[0-9a-z]{8}|k\.[0-9a-f]{48})@(.+)$")
_HANDED_OVER: Final = "k."
_RETURN_PATH: Final = re.compile(r"^bounce\+([0-9a-f-]{36})@(.+)$")
_OWN_ID: Final = re.compile(r"^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@(.+)$")
_RECIPIENT_HEADERS: Final = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to", "cc")
_WRITTEN_HEADERS: Final = (
    *("from", "sender", "reply-to", "to", "cc", "date", "subject", "in-reply-to", "references"),
    *("auto-submitted", "content-type", "resent-date", "resent-from", "resent-to"),
)
_ACTIONS: Final = {
    "failed": NoticeStatus.FAILED,
    "delayed": NoticeStatus.SENT,  # their server tries on
    "relayed": NoticeStatus.SENT,
    "expanded": NoticeStatus.SENT,
    "delivered": NoticeStatus.DELIVERED,
}
_NO_REPLY: Final = re.compile(r"^(?:no|do-?not|donot)[-_.]?reply|^(?:cevaplama|yanitlama)", re.IGNORECASE)


def read(payload: WebhookReceived) -> Reading:
    """One message, and of reports what they tell. Raises ValueError for a mail without a single letter."""
    if not payload.body.strip():
        raise ValueError("an empty mail, or one its mailbox did not give")
    mail = parse(payload.body)
    envelope, ours = _envelope(payload), _ours(payload)
    text = text_of(mail)
    verdict = kind_of(mail, text, envelope, ours)
    message = _message(payload, mail, text, verdict, ours)
    if verdict.kind is Kind.BOUNCE:
        reports = delivery_reports(mail, _not_theirs(mail, ours))
        receipts = _bounce_receipts(payload, mail, reports, message.occurred_at, ours)
        # Anybody can write a bounce about anybody: only one that names a mail of ours says something of an address.
        is_ours = any(receipt.reference for receipt in receipts)
        return Reading((message,), receipts, failed_addresses=_failed(reports) if is_ours else ())
    if verdict.kind is Kind.READ_RECEIPT and is_displayed(mail):
        return Reading((message,), _receipts(payload, mail, NoticeStatus.READ, None, message.occurred_at, ours))
    return Reading((message,))


def carried(raw: bytes, attachment: Attachment) -> bytes:
    """The content of an attachment as `read` named it. Raises ValueError when the mail has no such part."""
    number = attachment.provider_id.removeprefix("part-")
    for entity in parse(raw).walk():
        if number.isascii() and number.isdigit() and entity.index == int(number):
            return _whole(entity) if entity.media_type.startswith("message/") else entity.content()
    raise ValueError("no such part in this mail")


def _whole(entity: Entity) -> bytes:
    """A mail within the mail: what of its text can be read."""
    if not entity.parts:
        return entity.content()
    inner = entity.parts[0]
    head = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in inner.headers.fields)
    return head + b"\r\n" + (inner.body or text_of(inner).encode())


def _message(payload: WebhookReceived, mail: Entity, text: str, verdict: Verdict, ours: Ours) -> MessageReceived:
    at = _moment(mail, payload.received_at)
    subject = mail.headers.text("subject")[:1_000]
    is_automatic = verdict.kind is not Kind.TEXT
    provider_id = _provider_id(mail, payload.body)
    answered, references = _thread(mail, verdict)
    token = _reply_token(payload, mail, ours)
    words = text if is_automatic else answer_in(text, subject)
    return MessageReceived(
        id=derived_id(at, "message", Channel.EMAIL, payload.account, provider_id),
        occurred_at=at,
        trace_id=payload.trace_id,
        channel=Channel.EMAIL,
        provider=payload.provider,
        account=payload.account,
        provider_id=provider_id,
        sender=Sender() if verdict.kind in (Kind.BOUNCE, Kind.COMPLAINT, Kind.OWN) else _sender(payload, mail),
        text=words if token and token.startswith(_HANDED_OVER) else _with_subject(subject, words),
        purpose=Purpose.AUTOMATIC if is_automatic else Purpose.REQUEST,
        in_reply_to=answered,
        references=references,
        reply_token=token,
        kind=TOO_LARGE if payload.details.get("trouble") and not is_automatic else verdict.kind.value,
        attachments=() if verdict.kind is Kind.BOUNCE else _attachments(mail),
    )


def _envelope(payload: WebhookReceived) -> Envelope:
    mail_from = payload.details.get("mail_from")
    return Envelope(mail_from.strip("<>").lower() if mail_from is not None else None, _lines(payload, "rcpt_to"))


def _ours(payload: WebhookReceived) -> Ours:
    return Ours(frozenset(_lines(payload, "addresses")), payload.details.get("domain", "").lower())


def _lines(payload: WebhookReceived, name: str) -> tuple[str, ...]:
    return tuple(line.strip().lower() for line in payload.details.get(name, "").split("\n") if line.strip())


def _provider_id(mail: Entity, raw: bytes) -> str:
    """The message id with a digest of what was written: programs exist that give all their mails one id.

    The way a mail took (Received, Delivered-To …) is not in the digest, so that the same mail again is the same.
    """
    headers = mail.headers
    digest = hashlib.sha256()
    for name in _WRITTEN_HEADERS:
        digest.update("\x1f".join([name, *headers.every(name)]).encode("utf-8", "surrogatepass"))
    for entity in mail.walk():
        inner = b"\x1f".join(value for _, value in entity.headers.fields) if entity.index else b""
        digest.update(b"\x1f" + inner + b"\x1f" + entity.body.replace(b"\r\n", b"\n").rstrip())
    ids = [found for found in headers.ids("message-id") if len(found) <= 200]
    return f"{clean(ids[0])} {digest.hexdigest()[:12]}" if ids else f"sha256 {digest.hexdigest()}"


def _moment(mail: Entity, received_at: datetime) -> datetime:
    """When it was written, as far as that can be: else when the first server of ours had it."""
    came = mail.headers.first("received").rpartition(";")[2]
    for at in (mail.headers.moment("date"), moment_in(came)):
        if at is not None and received_at - LATE_MAX <= at <= received_at + CLOCK_ERROR_MAX:
            return at
    return received_at


def _sender(payload: WebhookReceived, mail: Entity) -> Sender:
    """Who wrote; where that address takes no answers, the one the mail asks to answer to."""
    address, name = mail.headers.mailbox("from")
    wished, _ = mail.headers.mailbox("reply-to")
    if address is None or len(address) > ADDRESS_LETTERS_MAX:
        found = (wished, mail.headers.mailbox("sender")[0], *addresses_in(payload.details.get("mail_from", "")))
        address = next((other for other in found if other and len(other) <= ADDRESS_LETTERS_MAX), None)
    elif _NO_REPLY.match(address):
        name, address = name or address, wished  # None: there is nobody to answer
    answers: tuple[ContactPoint, ...] = ()
    if wished and wished != address and len(wished) <= ADDRESS_LETTERS_MAX:
        answers = (ContactPoint(channel=Channel.EMAIL, address=wished),)
    return Sender(address=address, name=name if name != address else None, answers=answers)


def _with_subject(subject: str, text: str) -> str:
    said = subject.strip()
    return text if not said or text.startswith(said) else f"{said}\n{text}".strip()


def _thread(mail: Entity, verdict: Verdict) -> tuple[str | None, tuple[str, ...]]:
    """What it answers, and the further mails of its thread, the nearest first."""
    answered = list(mail.headers.ids("in-reply-to"))
    if verdict.kind in (Kind.BOUNCE, Kind.READ_RECEIPT, Kind.COMPLAINT):
        original = original_id(mail)
        answered = [original, *answered] if original else answered
    thread = [*answered, *reversed(mail.headers.ids("references"))]
    ids = list(dict.fromkeys(clean(found) for found in thread if len(found) <= 256))
    return (ids[0] if answered and ids else None), tuple(ids[1 if answered else 0 :][:REFERENCES_MAX])


def _recipients(payload: WebhookReceived, mail: Entity) -> list[str]:
    return [*_lines(payload, "rcpt_to"), *mail.headers.addresses(*_RECIPIENT_HEADERS)]


def _reply_token(payload: WebhookReceived, mail: Entity, ours: Ours) -> str | None:
    for address in _recipients(payload, mail):
        found = _TOKEN.match(address)
        if found and (not ours.domain or found[2] == ours.domain):
            return found[1]
    return None


def _attachments(mail: Entity) -> tuple[Attachment, ...]:
    return tuple(
        Attachment(
            provider_id=f"part-{entity.index}",
            media_type=short(clean(entity.media_type)) or "application/octet-stream",
            name=short(clean(entity.file_name)) if entity.file_name else None,
        )
        for entity in files_of(mail)[:ATTACHMENTS_MAX]
    )


def _not_theirs(mail: Entity, ours: Ours) -> frozenset[str]:
    return ours.addresses | frozenset(mail.headers.addresses("from", "to", "sender", "reply-to", "delivered-to"))


def _failed(reports: list[Report]) -> tuple[FailedAddress, ...]:
    """Addresses that did not take our mail; a delay is no failure."""
    return tuple(
        FailedAddress(report.address, report.status or NO_CODE, report.is_permanent)
        for report in reports
        if report.action == "failed" and report.address and len(report.address) <= ADDRESS_LETTERS_MAX
    )


def _bounce_receipts(
    payload: WebhookReceived, mail: Entity, reports: list[Report], at: datetime, ours: Ours
) -> tuple[DeliveryReported, ...]:
    """One, since a mail of ours goes to one citizen: the worst that any of the reports says."""
    order = [NoticeStatus.FAILED, NoticeStatus.SENT, NoticeStatus.DELIVERED]
    told = [(_ACTIONS[report.action], report) for report in reports if report.action in _ACTIONS]
    if not told:
        return ()
    status, report = min(told, key=lambda pair: order.index(pair[0]))
    error = (report.status or NO_CODE) if status is not NoticeStatus.DELIVERED else None
    return _receipts(payload, mail, status, error, at, ours)


def _receipts(
    payload: WebhookReceived, mail: Entity, status: NoticeStatus, error: str | None, at: datetime, ours: Ours
) -> tuple[DeliveryReported, ...]:
    """For the mail of ours that is meant; none when it cannot be told which."""
    original = original_id(mail) or ""
    about = _delivery(payload, mail, original, ours)
    if about is None and not original:
        return ()
    receipt = DeliveryReported(
        id=derived_id(at, "receipt", Channel.EMAIL, about or original, status),
        occurred_at=at,
        trace_id=payload.trace_id,
        channel=Channel.EMAIL,
        provider="smtp",
        account=payload.account,
        provider_id=clean(original)[:256],
        reference=about,
        status=status,
        error=error,
    )
    return (receipt,)


def _delivery(payload: WebhookReceived, mail: Entity, original: str, ours: Ours) -> UUID | None:
    """Our own id of the send: from the address it was returned to, or from the original's message id.

    Of a hand-over its own id: its letters are no replies to citizens.
    """
    token = _reply_token(payload, mail, ours) or ""
    if token.startswith(_HANDED_OVER):
        return UUID(token[len(_HANDED_OVER) :][:32])
    for address in _recipients(payload, mail):
        found = _RETURN_PATH.match(address)
        if found and (not ours.domain or found[2] == ours.domain):
            return reference(found[1])
    found = _OWN_ID.match(original.lower())
    return reference(found[1]) if found and (not ours.domain or found[2] == ours.domain) else None
