"""What a bounce or receipt tells: which mail of ours, which address, for how long, and by what words."""

import re
from dataclasses import dataclass
from typing import Final

from services.intake.channels.mail.entity import Entity
from services.intake.channels.mail.headers import addresses_in, ids_in
from services.intake.channels.mail.phrases import phrases
from shared.text import clean, fold

RECIPIENTS_MAX: Final = 20
TEXT_LETTERS_MAX: Final = 20_000

_STATUS: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY_CODE: Final = re.compile(r"(?<![\d.@-])([45][0-7]\d)(?=[ -](?!\d{3}))")
_FIELD: Final = re.compile(r"^([A-Za-z-]{3,40}):[ \t]*(.*(?:\n[ \t]+.*)*)", re.MULTILINE)
_ORIGINAL_ID: Final = re.compile(r"^[>\s|]*message-id:\s*(<[^<>\s]{3,250}>)", re.IGNORECASE | re.MULTILINE)
_ORIGINAL_STARTS: Final = re.compile(
    r"^[\s>|*_-]*(?:-{3,}.{0,60}(?:original|copy of|message|headers|returned|unsent|below)|original message"
    r"|return-path:"
    r"|received:|this is a copy of|the header of|----- )",
    re.IGNORECASE | re.MULTILINE,
)
# Permanent by the code, and yet it may work again next week.
_FULL: Final = phrases(r"""
    mailbox (?:is )?(?:full|exceeded) | mailbox .{0,30}(?:full|quota) | over ?quota | quota (?:exceed|full)
    exceeded .{0,30}quota | out of storage | posta kutusu dolu | kota(?:si)? (?:asildi|dolu)
    insufficient (?:disk|storage|system) | storage (?:allocation|limit|quota)
""")
_LATER: Final = phrases(r"""
    greylist | try again later | temporar(?:y|ily) | timed? ?out | connection refused
    will (?:keep|continue|be retried|retry) | still (?:being|trying) | not yet been | delayed
    (?:no need to|do not need to|not necessary to) resend | too many connections
""")
_FAILED: Final = phrases(r"""
    \bfinal\b | giving up | gave up | permanent | unknown | does not exist | no such | undeliver | not found
    rejected | could not be delivered
""")
_SYSTEM: Final = re.compile(r"(?:postmaster|mailer-daemon|post_master|abuse|root|support|info)@|\S{40,}@")
_TEMPORARY_CODES: Final = frozenset({"5.2.2", "5.3.4", "5.7.509"})


@dataclass(frozen=True, slots=True)
class Report:
    """About one recipient; `action` is failed, delayed, delivered, relayed, expanded or displayed."""

    action: str
    address: str | None = None
    status: str | None = None
    reason: str = ""

    @property
    def is_permanent(self) -> bool:
        """The address will not take mail for long: not so when it is only full, or the code says "now"."""
        if self.status in _TEMPORARY_CODES or _FULL.search(fold(self.reason)):
            return False
        if self.status:
            return self.status.startswith("5")
        return self.action == "failed" and not _LATER.search(fold(self.reason))


def original_id(mail: Entity) -> str | None:
    """The id of the mail a report is about."""
    for entity in list(mail.walk())[1:]:
        if entity.media_type == "text/rfc822-headers" or entity.media_type.startswith("message/"):
            found = _ORIGINAL_ID.search(entity.text()[:TEXT_LETTERS_MAX]) if not entity.parts else None
            ids = [found[1].strip("<>")] if found else entity.headers.ids("message-id")
            if ids and "original-message-id" not in entity.headers:
                return ids[0]
            told = re.search(r"^original-message-id:\s*(\S.*)$", entity.text()[:TEXT_LETTERS_MAX], re.I | re.M)
            if told and ids_in(told[1]):
                return ids_in(told[1])[0]
        elif entity.headers.ids("message-id") and entity.index:
            return entity.headers.ids("message-id")[0]
    found = _ORIGINAL_ID.search(_text(mail))
    if found:
        return found[1].strip("<>")
    answered = mail.headers.ids("in-reply-to") or mail.headers.ids("references")[-1:]
    return answered[0] if answered else None


def delivery_reports(mail: Entity, not_theirs: frozenset[str]) -> list[Report]:
    """One for each recipient the mail names; one without an address where it names none.

    `not_theirs` are addresses that cannot be the recipient: ours, and the mail system's.
    """
    found: list[Report] = []
    for part in mail.walk():
        if part.media_type in ("message/delivery-status", "message/global-delivery-status"):
            found += _of_status(part)
    known = [report for report in found if report.address not in not_theirs]
    return (known or _of_words(mail, not_theirs))[:RECIPIENTS_MAX]


def is_displayed(mail: Entity) -> bool:
    """Whether a read receipt says that it was shown to a person."""
    for part in mail.walk():
        if part.media_type == "message/disposition-notification":
            return bool(re.search(r"^disposition:.*;\s*(?:displayed|dispatched|processed)", _body(part), re.I | re.M))
    return False


def _body(part: Entity) -> str:
    if part.parts:
        return "\n\n".join(inner.text() for inner in part.parts)[:TEXT_LETTERS_MAX]
    return part.text()[:TEXT_LETTERS_MAX]


def _of_status(part: Entity) -> list[Report]:
    """RFC 3464: a group of fields for the mail, then one for each recipient."""
    found: list[Report] = []
    for group in re.split(r"\n[ \t]*\n", _body(part)):
        fields = {name.lower(): " ".join(value.split()) for name, value in _FIELD.findall(group)}
        recipient = (
            fields.get("final-recipient") or fields.get("original-recipient") or fields.get("x-actual-recipient")
        )
        if not recipient and "action" not in fields and "status" not in fields:
            continue
        original = addresses_in(fields.get("original-recipient", ""))
        addresses = original or addresses_in(recipient or "")
        reason = fields.get("diagnostic-code", "")
        status = _status_in(fields.get("status", "")) or _status_in(reason)
        told = re.match(r"[a-z]+", fields.get("action", "").lower())
        action = told[0] if told else ("delayed" if status and status.startswith("4") else "failed")
        specific = _status_in(reason)
        if status and status.endswith(".0.0") and specific and specific[0] == status[0]:
            status = specific
        found.append(Report(action, addresses[0] if addresses else None, status, _short(reason)))
    return found


def _of_words(mail: Entity, not_theirs: frozenset[str]) -> list[Report]:
    """A bounce in free words: the addresses above the copy of our mail, the first code, and what it says."""
    failed = mail.headers.addresses("x-failed-recipients")
    text = _text(mail)
    starts = _ORIGINAL_STARTS.search(text, 1)
    own_words = text[: starts.start()] if starts and starts.start() > 80 else text[:4_000]
    addresses = failed or [address for address in addresses_in(own_words) if _may_be(address, not_theirs)]
    status = _status_in(own_words) or _status_in(text) or _from_reply_code(own_words)
    folded = fold(own_words[:4_000])
    is_delay = (status or "").startswith("4") or (not status and bool(_LATER.search(folded)))
    action = "delayed" if is_delay and not _FAILED.search(folded) else "failed"
    line = next((line for line in own_words.split("\n") if _STATUS.search(line) or _REPLY_CODE.search(line)), own_words)
    full = _FULL.search(folded)
    reason = _short(f"{full[0]}: {line}" if full else line)
    unique = list(dict.fromkeys(addresses))[:RECIPIENTS_MAX]
    return [Report(action, address, status, reason) for address in unique] or [Report(action, None, status, reason)]


def _may_be(address: str, not_theirs: frozenset[str]) -> bool:
    return address not in not_theirs and not _SYSTEM.match(address)


def _status_in(text: str) -> str | None:
    found = _STATUS.search(text)
    return found[0] if found else None


def _from_reply_code(text: str) -> str | None:
    found = _REPLY_CODE.search(text)
    if found is None:
        return None
    return {"552": "5.2.2", "452": "4.2.2"}.get(found[1], f"{found[1][0]}.0.0")


def _short(text: str) -> str:
    return " ".join(clean(text[:1_000]).split())[:200]


def _text(mail: Entity) -> str:
    """The words of the report itself, without the mails within it."""
    pieces, waiting = [], [mail]
    while waiting:
        entity = waiting.pop(0)
        if not entity.parts and entity.media_type.startswith("text/"):
            text = entity.text()[:TEXT_LETTERS_MAX]
            pieces.append(re.sub(r"<[a-zA-Z/!][^<>@]{0,500}>", " ", text) if entity.media_type == "text/html" else text)
        elif not entity.media_type.startswith("message/"):
            waiting += entity.parts
    return "\n".join(pieces)[:TEXT_LETTERS_MAX]
