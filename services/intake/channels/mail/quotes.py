"""Cuts from an answer what it quotes and the lines a telephone adds; the whole mail is kept elsewhere.

All matching is done on folded text, so that "şunu yazdı", "sunu yazdi" and "ŞUNU YAZDI" are one.
"""

import re
from collections.abc import Sequence
from typing import Final

from services.intake.channels.mail.phrases import alternatives, phrases
from shared.text import fold

LINES_MAX: Final = 5_000
ATTRIBUTION_LINES_MAX: Final = 4
ATTRIBUTION_LETTERS_MAX: Final = 400
HEADER_LINES_MAX: Final = 8
SIGNATURE_LINES_MAX: Final = 15

# "3 Mar 2026 Sal, 12:30 tarihinde Ali Veli <ali@example.org> şunu yazdı:" and its sisters.
_WROTE: Final = phrases(
    r"""
    yazdi(?:lar)? | yazmis | wrote | writes | schrieb | ecrit | escribio | escribiu | scritto | scrisse
    schreef | escreveu | napisala? | napisał | napisal\(a\) | napisał\(a\) | skrev | kirjoitti | написала?
    пишет | пише | έγραψε | εγραψε
""",
    before=r"\b",
    after=r"\b",
)
_SAYS_WHEN_OR_WHO: Final = re.compile(
    r"@|(?:\b\d{1,2}[:.]\d{2}\b|\b(?:19|20)\d\d\b).*(?:\b\d{1,2}[:.]\d{2}\b|\b(?:19|20)\d\d\b)"
    r"|\b\d{1,4}[./-]\d{1,2}[./-]\d{2,4}\b"
)
_BEGINS_ATTRIBUTION: Final = re.compile(
    r"^(?:on|am|le|el|il|op|em|den|dne|dnia|w dniu|vào|пн|вт|ср|чт|пт|сб|вс|tarih|\d{4}[-/.]\d{1,2}"
    r"|\d{1,2}[ ./-](?:\d{1,2}[ ./-]|[a-zа-яşçğıöü]{3,9}\.? )\d{2,4})\b"
)
# "30.09.2017, 18.30, "Ali" <ali@example.org>:" as Yandex and Mail.ru write it.
_BARE_ATTRIBUTION: Final = re.compile(
    r"^\S.{0,60}\b(?:19|20)\d\d\b.{0,40}\d{1,2}[:.]\d{2}.{0,200}<[^<>\s]{3,100}@[^<>\s]+>\s*:$"
)
_SENDER_NAMES: Final = alternatives(r"""
    from | gonderen | kimden | von | de | da | van | fra | fran | od | от | от кого | message du | expediteur
    remetente | mittente | lahettaja | afzender | 发件人 | 差出人
""")
_OTHER_NAMES: Final = alternatives(r"""
    sent | date | to | cc | bcc | subject | reply-to | gonderildi | gonderilme | gonderilme tarihi
    gonderme tarihi | gonderim tarihi | tarih | kime | alici | bilgi | konu | gesendet | datum | an | betreff
    envoye | a | objet | enviado | enviado el | enviada em | fecha | para | asunto | assunto | inviato | oggetto
    verzonden | aan | onderwerp | skickat | till | amne | sendt | til | emne | wyslano | wysłano | do | temat
    data | отправлено | кому | тема | дата | lahetetty | vastaanottaja | aihe | copie a | sujet | 收件人 | 主题 | 件名
    宛先
""")
_SENDER_LINE: Final = re.compile(rf"^[>\s*]*(?:{_SENDER_NAMES})\s*\*?\s*[:：]\*?\s*\S")
_OTHER_LINE: Final = re.compile(rf"^[>\s*]*(?:{_OTHER_NAMES})\s*\*?\s*[:：]")
_OTHER_WITHIN: Final = re.compile(rf"(?:^|[\s*])(?:{_OTHER_NAMES})\s*\*?[:：]")
_SEPARATOR: Final = phrases(
    r"""
    original message | original appointment | orijinal (?:mesaj|ileti|posta|e-?posta) | ozgun (?:ileti|mesaj)
    asil (?:ileti|mesaj) | yanitlanan (?:ileti|mesaj) | ursprungliche nachricht | originalnachricht
    message (?:d'|d )origine | mensaje original | mensagem original | messaggio originale
    oorspronkelijk bericht | ursprungligt meddelande | original meddelelse | oprindelig meddelelse
    opprinnelig melding | oprindelig besked | alkuperainen viesti | wiadomosc oryginalna | исходное сообщение
""",
    before=r"^[\s>]*[-_=*~—]{2,}\s*",
    after=r"\s*[-_=*~—]*",
)
_REPLY_ABOVE: Final = re.compile(
    r"(?:reply|answer|write|type your reply).{0,30}above (?:this|the) line"
    r"|yanitinizi.{0,20}bu satirin (?:ustune|uzerine)|bu satirin (?:ustune|uzerine).{0,30}yaz"
)
_FORWARDED: Final = phrases(r"""
    forwarded message | forwarded by | original message forwarded | yonlendirilmis (?:ileti|mesaj)
    yonlendirilen (?:ileti|mesaj) | ile[td]il(?:en|mis) (?:ileti|mesaj) | weitergeleitete nachricht
    weitergeleiteten nachricht | message transfere | mensaje reenviado | mensagem encaminhada
    messaggio inoltrato | doorgestuurd bericht | vidarebefordrat meddelande
""")
_FORWARD_SUBJECT: Final = re.compile(r"^(?:fwd?|ilt|ilet|iletim|tr|wg|rv|i|enc|doorst|vb|vs)\s*:")
_DEVICES: Final = alternatives(r"""
    iphone | ipad | android | samsung | galaxy | huawei | xiaomi | redmi | oppo | vivo | realme | telefon | mobil
    blackberry | outlook | yahoo | windows | posta | mynet | gmail | yandex | mail\.ru
""")
_DEVICE_SENT: Final = re.compile(
    rf"^[\s>*_-]*.{{0,40}}\b{_DEVICES}\S{{0,20}}\b.{{0,40}}\b(?:gonderildi|gonderilmistir|edinin)[.!]?$"
)
_TELEPHONE: Final = phrases(
    r"""
    sent (?:from|with|via) (?:my|a|an|mail|yahoo|outlook|samsung|proton|the)\b.{0,60} | get outlook for .{0,60}
    (?:android|ios) icin outlook.{0,60} | (?:von|vom) mein\w+ .{0,30}gesendet | gesendet (?:von|mit) .{0,40}
    envoye (?:de|depuis) mon .{0,40} | enviado (?:desde|do|de) (?:mi|meu) .{0,40} | inviato d\w+ .{0,40}
    verstuurd vanaf .{0,40} | verzonden vanaf .{0,40} | skickat fran min .{0,40} | sendt fra min .{0,40}
    wyslane z .{0,40} | wysłane z .{0,40} | отправлено с .{0,40}
    lahetetty .{0,10}(?:iphone|android|puhelim).{0,30}
    sent from .{0,20}(?:iphone|ipad|android|blackberry|phone).{0,40}
""",
    before=r"^[\s>*_-]*",
    after=r"$",
)
_SIGNATURE: Final = re.compile(r"^(?:-- ?|__ ?|—)$")
_QUOTED: Final = re.compile(r"^\s{0,3}(?:>|\|\s)")


def answer_in(text: str, subject: str = "") -> str:
    """What the sender wrote this time; the whole text when nothing would be left, or when it was forwarded to us."""
    lines = text.split("\n")[:LINES_MAX]
    folded = [fold(line[:1_000]) for line in lines]
    forwarded = _forwarded_at(folded, subject)
    own = _own_lines(lines[:forwarded], folded[:forwarded])
    own = _without_signature(own)
    rest = lines[forwarded:] if forwarded is not None else []
    kept = "\n".join([*own, *rest]).strip()
    return re.sub(r"\n{3,}", "\n\n", kept) if re.search(r"\w", kept) else text.strip()


def begins_forwarded(text: str) -> bool:
    """Whether a quote is one that was forwarded: the sender wants us to read it."""
    return bool(_FORWARDED.search(fold(text[:300])[:200]))


def _forwarded_at(folded: Sequence[str], subject: str) -> int | None:
    """The line from which on everything is kept; None: nothing was forwarded."""
    for index, line in enumerate(folded):
        if len(line) < 100 and _FORWARDED.search(line):
            return None if _replied_before(folded, index) else index
        if _is_attribution_end(folded, index) is not None:
            return None
    if _FORWARD_SUBJECT.match(fold(subject)):
        return next((index for index in range(len(folded)) if _is_header_block(folded, index)), None)
    return None


def _replied_before(folded: Sequence[str], index: int) -> bool:
    return any(_is_header_block(folded, before) or _SEPARATOR.match(folded[before]) for before in range(index))


def _own_lines(lines: Sequence[str], folded: Sequence[str]) -> list[str]:
    own: list[str] = []
    at = 0
    while at < len(lines):
        if _REPLY_ABOVE.search(folded[at]) and len(folded[at]) < 200:
            break
        if _SEPARATOR.match(folded[at]) or _is_header_block(folded, at):
            break
        if _is_rule(folded[at]) and _header_block_follows(folded, at + 1):
            break
        end = _is_attribution_end(folded, at)
        if end is not None:
            following = next((index for index in range(end + 1, len(lines)) if lines[index].strip()), None)
            if following is None or not _QUOTED.match(lines[following]):
                break
            at = following
            continue
        if not (_QUOTED.match(lines[at]) or _added_by_device(folded[at])):
            own.append(lines[at])
        at += 1
    return own


def _added_by_device(line: str) -> bool:
    return bool(_DEVICE_SENT.match(line) or _TELEPHONE.match(line))


def _header_block_follows(folded: Sequence[str], start: int) -> bool:
    filled = next((index for index in range(start, min(start + 4, len(folded))) if folded[index]), None)
    return filled is not None and _is_header_block(folded, filled)


def _is_rule(line: str) -> bool:
    return len(line) >= 5 and not line.strip("_-=*— ")


def _is_attribution_end(folded: Sequence[str], start: int) -> int | None:
    """The last line of an attribution that begins at `start`; None when none does."""
    first = folded[start].lstrip("> ")
    if not first or not (_BEGINS_ATTRIBUTION.match(first) or _SAYS_WHEN_OR_WHO.search(first) or _WROTE.search(first)):
        return None
    joined = ""
    for index in range(start, min(start + ATTRIBUTION_LINES_MAX, len(folded))):
        line = folded[index].lstrip("> ")
        if not line or folded[index].startswith(">") != folded[start].startswith(">"):
            return None
        joined = f"{joined} {line}".strip()
        if len(joined) > ATTRIBUTION_LETTERS_MAX:
            return None
        if _BARE_ATTRIBUTION.search(joined):
            return index
        is_ended = joined.endswith((":", "：", ": *", ":*", " wrote", " yazdi")) and _WROTE.search(joined)
        if is_ended:
            return index if _SAYS_WHEN_OR_WHO.search(joined) and _is_one_sentence(joined) else None
    return None


def _is_one_sentence(joined: str) -> bool:
    """An attribution is no paragraph that happens to end in a colon."""
    return not re.search(r"[a-z]{3,}[.!?] [a-z]{3,} [a-z]{2,} [a-z]{2,}", joined)


def _is_header_block(folded: Sequence[str], start: int) -> bool:
    """The lines that Outlook, Samsung and others put over what they quote."""
    line = folded[start]
    if not (_SENDER_LINE.match(line) or _OTHER_LINE.match(line)):
        return False
    block = [text for text in folded[start : start + HEADER_LINES_MAX] if text][:6]
    others = sum(bool(_OTHER_LINE.match(text)) for text in block)
    if _SENDER_LINE.match(line):
        return others >= 2 or len(_OTHER_WITHIN.findall(line)) >= 2
    return others >= 3 and any(_SENDER_LINE.match(text) for text in block[:3])


def _without_signature(own: list[str]) -> list[str]:
    for index, line in enumerate(own):
        if _SIGNATURE.match(line) and index and any(text.strip() for text in own[:index]):
            below = [text for text in own[index + 1 :] if text.strip()]
            if len(below) <= SIGNATURE_LINES_MAX:
                return own[:index]
    return own
