"""Whether a person wrote a mail, or a machine: bounces, receipts, out-of-office answers, list mail, our own mail.

Each answer carries its reason. Sources: RFC 3464 (delivery status), 3798 (read receipts), 3834 (automatic answers),
5965 (complaints), 2369 and 2919 (lists), and what mail systems without any standard write.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.intake.channels.mail.entity import Entity
from services.intake.channels.mail.phrases import phrases
from shared.text import fold

# Our sender puts it into every mail; whatever carries it comes back to us.
LOOP_HEADER: Final = "X-ILKIM-Loop"
BODY_LETTERS_LOOKED_AT: Final = 6_000


class Kind(StrEnum):
    """What a mail is; all but `text` are automatic."""

    TEXT = "text"
    OWN = "own"
    COMPLAINT = "complaint"
    READ_RECEIPT = "read_receipt"
    BOUNCE = "bounce"
    AUTO_REPLY = "auto_reply"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a mail is, and by which sign."""

    kind: Kind
    reason: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """What was said before the mail itself; `mail_from` None: nobody told us (a mailbox), empty: the null sender."""

    mail_from: str | None = None
    rcpt_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ours:
    """The addresses we write from and are written to, and the domain of our message ids; lower case."""

    addresses: frozenset[str] = frozenset()
    domain: str = ""


_OWN_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}@(.+)")
_DAEMON: Final = re.compile(
    r"(?:^|[<\"\s])(?:mailer-?daemon|mail-?daemon|postmaster|mail-?deamon|mmdf|post_master|maildelivery|mail-?delivery"
    r"|no-reply-mail-?daemon|bounce[sd]?|mailsystem|system-administrator|internet\.mail|mailadmin)\S{0,30}@"
    r"|mail delivery (?:system|subsystem|service)|mail administrator|system administrator|sistem yoneticisi"
    r"|postmaster|mailer-daemon|mail delivery|microsoft outlook|sistemyonetici|teslim sistemi"
)
_BOUNCE_SUBJECT: Final = phrases(r"""
    undeliver | nondeliver | non-deliver | undelivrable
    delivery (?:status|failure|failed|problem|report|notification|error|delay) | delayed mail
    mail (?:delivery )?(?:failed|failure|error|system error) | mail delivery | returned mail
    returned to sender | failure notice | failed mail
    message (?:delivery|status|you sent blocked|not delivered) | could not (?:be delivered|send) | not delivered
    unable to deliver | delivery to the following | error sending | mail could not be | rejected:
    message rejected | warning: (?:could not|message) | mailbox (?:is )?full | user unknown | unzustellbar
    unzustellbarkeit | fehler bei der zustellung | zustellung | non remis | echec | non distribuible
    mancata consegna | impossibile recapitare | no se (?:pudo|puede|ha podido) | devuelto | devolvido
    nao entregue | onbestelbaar | kan niet worden | inte levereras | niedostarcz | недоставлен | не доставлен
    teslim edilemedi | iletilemedi | gonderilemedi | ulastirilamadi | teslim basarisiz | geri dondu | 配信 | エラー
    bounce
""")
_BOUNCE_WORDS: Final = phrases(r"""
    \b5\.\d{1,3}\.\d{1,3}\b | \b4\.\d\.\d{1,2}\b | \b(?:550|551|552|553|554|450|451|452)[ -]
    user (?:unknown|not found) | unknown (?:user|address|recipient) | no such (?:user|recipient|mailbox)
    mailbox (?:is full|full|unavailable|not found)
    (?:message|mail|e-mail) (?:could not|can not|cannot|was not|has not been) (?:be )?(?:delivered|sent)
    (?:following|these) (?:address|recipient|message) | permanent(?:ly)? (?:error|fatal|fail)
    delivery (?:failed|to the) | undeliver | returned (?:mail|to sender|message) | not be delivered
    unable to deliver | recipient(?:'s)? (?:address|mailbox) | over quota | quota exceeded
    host (?:unknown|not found) | was rejected | has been rejected | did not reach | unrouteable | 送信できません
    配信できません | teslim edilemedi | iletilemedi | ulasmadi | alici bulunamadi | posta kutusu dolu
    could not be reached | not listed in
""")
_AUTO_SUBJECT: Final = phrases(
    r"""
    auto(?:matic|mated|matische|matica|matika|maticka)?[ -]?(?:reply|response|re\b|respond|answer|generated)
    auto(?:matische|matisk|maticka)?[ -]?(?:antwort|svar|odpoved)
    autoreply | auto:  | autosvar | otomatik (?:yanit|cevap|mesaj|ileti|bilgilendirme) | oto(?:matik)? ?yanit
    (?:yillik )?izindeyim | tatildeyim | ofis(?:te)? disinda | isyeri disinda | is yeri disinda | ofis disi
    out of (?:the )?office | away from (?:my|the) (?:office|mail|desk)
    vacation (?:reply|message|notice|response) | on vacation
    i am (?:away|out of|on (?:leave|vacation|holiday)) | automatische antwort | abwesenheit
    reponse automatique | absence du bureau | message d.absence | respuesta automatica
    fuera de (?:la )?oficina | ausente de la oficina | risposta automatica | fuori (?:sede|ufficio)
    automatisch(?:e)? (?:antwoord|bericht) | afwezig | niet aanwezig | automatiskt svar | automatisk svar
    franvaro | ikke til stede | fravaer | automaattinen vastaus | poissa | autom(?:atyczna|\.) odpowiedz
    nieobecnosc | resposta automatica | ausencia | автоматическии ответ | автоответ | автовідповідь | 自動返信
    自动回复 | رد تلقائي | تلقائي | αυτοματη απαντηση | otsutnost | automaticka odpoved
""",
    before=r"^(?:\[?\s*)(?:re: |ynt: |aw: )?",
)
_AUTO_HEADERS: Final = (
    "x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-autoreply-from", "x-autogenerated",
    "x-auto-generated", "x-mail-autoreply", "x-vacation", "x-fc-machinegenerated", "x-opt-out-autoreply",
)  # fmt: skip
_COMPLAINT_SUBJECT: Final = re.compile(
    r"complaint about message from|abuse report|spam complaint|email feedback report"
)
_COPIES: Final = frozenset({"message/rfc822", "text/rfc822-headers", "message/rfc822-headers"})
_FORWARD: Final = re.compile(r"(?:fwd?|ilt|wg|tr|rv|enc)\s*:")
_NO_REPLY: Final = re.compile(r"no-?reply|do-?not-?reply|system|daemon|admin")
_LIST_HEADERS: Final = (
    "list-id",
    "list-post",
    "list-unsubscribe",
    "list-help",
    "mailing-list",
    "x-mailing-list",
    "list-owner",
    "x-mlserver",
    "x-ml-name",
)


def kind_of(mail: Entity, text: str, envelope: Envelope, ours: Ours) -> Verdict:
    """The strongest sign wins; without one a person wrote it."""
    return (
        _own(mail, ours)
        or _report(mail)
        or _bounce_without_standard(mail, text, envelope)
        or _auto_reply(mail, envelope)
        or _list(mail, ours)
        or Verdict(Kind.TEXT, "no sign of a machine")
    )


def _own(mail: Entity, ours: Ours) -> Verdict | None:
    if LOOP_HEADER.lower() in mail.headers:
        return Verdict(Kind.OWN, "our loop header")
    sender, _ = mail.headers.mailbox("from")
    if sender and (sender in ours.addresses or _without_plus(sender) in ours.addresses):
        return Verdict(Kind.OWN, "from an address of ours")
    own_id = next(iter(mail.headers.ids("message-id")), "").lower()
    found = _OWN_ID.fullmatch(own_id)
    if found and ours.domain and found[1] == ours.domain:
        return Verdict(Kind.OWN, "a message id of ours")
    return None


def _without_plus(address: str) -> str:
    local, _, domain = address.partition("@")
    return f"{local.split('+')[0]}@{domain}"


def _report(mail: Entity) -> Verdict | None:
    """By the types that the standards gave reports."""
    if _holds_copy(mail) and _COMPLAINT_SUBJECT.match(fold(mail.headers.text("subject"))):
        return Verdict(Kind.COMPLAINT, "subject, with the mail complained about")
    if mail.media_type == "multipart/mixed" and not _is_from_daemon(mail):
        return None  # somebody forwards a report they got
    types = {part.media_type for part in _outer_parts(mail)}
    report = mail.type_parameters.get("report-type", "").lower() if mail.media_type == "multipart/report" else ""
    if report == "feedback-report" or "message/feedback-report" in types:
        return Verdict(Kind.COMPLAINT, "feedback report")
    if report == "disposition-notification" or "message/disposition-notification" in types:
        return Verdict(Kind.READ_RECEIPT, "disposition notification")
    if report in ("delivery-status", "delivery-status-notification") or types & {
        "message/delivery-status",
        "message/global-delivery-status",
    }:
        return Verdict(Kind.BOUNCE, "delivery status")
    if mail.media_type == "multipart/report":
        return Verdict(Kind.BOUNCE, "report")
    return None


def _outer_parts(mail: Entity) -> list[Entity]:
    """Parts of this mail, not of mails within it."""
    found, waiting = [], [mail]
    while waiting:
        entity = waiting.pop()
        found.append(entity)
        if not entity.media_type.startswith("message/"):
            waiting += entity.parts
    return found


def _is_from_daemon(mail: Entity) -> bool:
    sender = fold(f"{mail.headers.text('from')} {mail.headers.first('sender')}")
    return bool(_DAEMON.search(sender))


def _bounce_without_standard(mail: Entity, text: str, envelope: Envelope) -> Verdict | None:
    """Where no standard is kept, two signs are asked for: who it is from, what it says, what it carries."""
    headers, subject = mail.headers, fold(mail.headers.text("subject"))
    sender = headers.mailbox("from")[0] or ""
    if "x-failed-recipients" in headers:
        return Verdict(Kind.BOUNCE, "failed recipients")
    if sender.startswith(("mailer-daemon@", "mailerdaemon@")):
        return Verdict(Kind.BOUNCE, "from a mail system")
    is_subject = bool(_BOUNCE_SUBJECT.search(subject))
    is_text = bool(_BOUNCE_WORDS.search(fold(text[:BODY_LETTERS_LOOKED_AT])))
    if (is_subject or is_text) and _is_from_daemon(mail):
        return Verdict(Kind.BOUNCE, "from a mail system, about a delivery")
    if (is_subject or is_text) and _has_null_sender(mail, envelope) and not _AUTO_SUBJECT.search(subject):
        return Verdict(Kind.BOUNCE, "null sender, about a delivery")
    if not is_subject or _FORWARD.match(subject):
        return None
    if is_text and headers.first("auto-submitted").lower().startswith("auto-replied"):
        return Verdict(Kind.BOUNCE, "automatic, about a delivery")
    if (is_text or _NO_REPLY.search(sender)) and _holds_copy(mail):
        return Verdict(Kind.BOUNCE, "about a delivery, with the mail")
    return None


def _has_null_sender(mail: Entity, envelope: Envelope) -> bool:
    return envelope.mail_from == "" or mail.headers.first("return-path").strip() == "<>"


def _holds_copy(mail: Entity) -> bool:
    return any(part.media_type in _COPIES for part in _outer_parts(mail))


def _auto_reply(mail: Entity, envelope: Envelope) -> Verdict | None:
    headers = mail.headers
    submitted = headers.first("auto-submitted").strip().lower()
    if submitted and not submitted.startswith("no"):
        return Verdict(Kind.AUTO_REPLY, "Auto-Submitted")
    for name in _AUTO_HEADERS:
        if name in headers and headers.first(name).strip().lower() not in ("no", "false", "0"):
            return Verdict(Kind.AUTO_REPLY, name)
    if re.search(r"\b(?:all|oof|autoreply)\b", headers.first("x-auto-response-suppress").lower()):
        return Verdict(Kind.AUTO_REPLY, "X-Auto-Response-Suppress")
    precedence = headers.first("precedence").strip().lower()
    if precedence in ("auto_reply", "auto-reply", "autoreply"):
        return Verdict(Kind.AUTO_REPLY, "Precedence")
    if _AUTO_SUBJECT.search(fold(headers.text("subject"))):
        return Verdict(Kind.AUTO_REPLY, "subject")
    if _has_null_sender(mail, envelope):
        return Verdict(Kind.AUTO_REPLY, "null sender")
    return None


def _list(mail: Entity, ours: Ours) -> Verdict | None:
    """A mailbox of ours may itself be a group: what comes through it is no list mail."""
    headers = mail.headers
    if _is_our_group(mail, ours):
        return None
    for name in _LIST_HEADERS:
        if name in headers:
            return Verdict(Kind.LIST, name)
    if headers.first("precedence").strip().lower() in ("list", "bulk", "junk"):
        return Verdict(Kind.LIST, "Precedence")
    return None


def _is_our_group(mail: Entity, ours: Ours) -> bool:
    if set(mail.headers.addresses("list-post", "list-id")) & ours.addresses:
        return True
    group = re.sub(r"^.*<|>.*$", "", mail.headers.first("list-id")).strip().lower()
    return bool(group) and group in {address.replace("@", ".") for address in ours.addresses}
