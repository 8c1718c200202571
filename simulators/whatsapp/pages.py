"""The page "Gönderilen mesajlar": one phone-like conversation a citizen, rendered on the server."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from itertools import islice
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from simulators.whatsapp.citizens import CitizenTextError
from simulators.whatsapp.memory import Entry, Memory, Thread
from simulators.whatsapp.payloads import CitizenMessage, Location
from simulators.whatsapp.protocol import USER_ID, digits_of

STATIC = Path(__file__).parent / "static"
THREADS_LISTED_MAX = 60
TURKIYE = timezone(timedelta(hours=3))  # all year since 2016
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; form-action 'self'; frame-ancestors 'none'",
}
FIELD_ERRORS = {
    "from": "Telefon numarasını 0555 111 22 33 gibi yazın.",
    "text": "Bir mesaj yazın (en çok 4.096 harf).",
}
CENTRE_STATES = {
    "accepted": ("◷", "WhatsApp aldı"),
    "sent": ("✓", "gönderildi"),
    "delivered": ("✓✓", "telefona ulaştı"),
    "read": ("✓✓", "okundu"),
    "failed": ("!", "ulaşmadı"),
    "refused": ("!", "WhatsApp kabul etmedi"),
}
CITIZEN_STATES = {
    "sent": ("✓", "yolda"),
    "delivered": ("✓✓", "merkez aldı"),
    "failed": ("!", "merkeze ulaşmadı"),
}
EMPTY_WORDS = {
    "image": "Fotoğraf",
    "video": "Video",
    "audio": "Ses",
    "document": "Belge",
    "sticker": "Çıkartma",
    "contacts": "Kişi kartı",
    "interactive": "Seçim",
    "button": "Seçim",
    "reaction": "Tepki geri alındı",
    "order": "Sipariş",
    "system": "Sistem bildirimi",
    "edit": "Düzenlenen mesaj",
    "revoke": "Silinen mesaj",
    "unsupported": "Desteklenmeyen mesaj",
}
FILE_KINDS = frozenset({"image", "video", "audio", "document", "sticker"})


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed into the form; `field` names the one that `error` is about."""

    number: str = ""
    name: str = ""
    text: str = ""
    field: str = ""
    error: str = ""

    def refused(self, wrong: CitizenTextError) -> "Form":
        return replace(self, field=wrong.field, error=FIELD_ERRORS.get(wrong.field, str(wrong)))


def render(memory: Memory, number: str, search: str, form: Form | None) -> str:
    """The whole page; `number` empty shows the list alone on a phone."""
    thread = memory.threads.get(number) if number else None
    matching = [thread for thread in memory.newest_threads() if _matches(thread, search)]
    return _template.render(
        threads=list(islice(matching, THREADS_LISTED_MAX)),
        threads_total=len(matching),
        open_number=number,
        thread=thread,
        is_new=bool(number) and thread is None,
        search=search,
        form=form or Form(),
        now=datetime.now(TURKIYE),
    )


def international(written: str) -> str:
    """Digits with country code; a Turkish number may be written with or without its first 0."""
    if USER_ID.fullmatch(written):
        return written
    digits = digits_of(written)
    if digits.startswith("00"):
        return digits[2:]
    if digits.startswith("0"):
        return "90" + digits[1:]
    return "90" + digits if len(digits) == 10 and digits.startswith("5") else digits


def readable_number(number: str) -> str:
    """+90 555 111 22 33; other countries' numbers stay together after the plus, ids of hidden ones as they are."""
    if USER_ID.fullmatch(number):
        return number
    if len(number) != 12 or not number.startswith("90"):
        return f"+{number}"
    return f"+90 {number[2:5]} {number[5:8]} {number[8:10]} {number[10:]}"


def place_words(location: Location) -> str:
    named = ", ".join(filter(None, (location.name, location.address)))
    return f"{named or 'Konum'} ({location.latitude:.5f}, {location.longitude:.5f})"


def citizen_words(message: CitizenMessage) -> str:
    """What a citizen's message shows in the conversation; files show themselves."""
    if message.location is not None:
        return place_words(message.location)
    content = message.content if isinstance(message.content, dict) else {}
    return message.text or str(content.get("caption") or content.get("body") or content.get("emoji") or "")


def file_of(entry: Entry) -> str:
    """The id of the citizen's file in a message; empty: none."""
    is_file = entry.from_citizen and entry.type in FILE_KINDS and isinstance(entry.content, dict)
    return str(entry.content.get("id", "")) if is_file else ""


def shown_text(entry: Entry) -> str:
    return entry.text or EMPTY_WORDS.get(entry.type, "—")


def state(entry: Entry) -> tuple[str, str]:
    """The sign and the words of how far a message got."""
    sign, words = (CITIZEN_STATES if entry.from_citizen else CENTRE_STATES)[entry.status]
    reason = entry.error_code or (entry.http_status if sign == "!" else None)
    return sign, f"{words} ({reason})" if reason else words


def clock(seconds: float, now: datetime) -> str:
    """14.05 today, 23.11. this year's other days with the year when it is another one."""
    moment = datetime.fromtimestamp(seconds, TURKIYE)
    if moment.date() == now.date():
        return f"{moment:%H.%M}"
    return f"{moment:%d.%m.%Y}"


def hour(entry: Entry) -> str:
    return f"{datetime.fromtimestamp(entry.time, TURKIYE):%H.%M}"


def day(entry: Entry, now: datetime) -> str:
    moment = datetime.fromtimestamp(entry.time, TURKIYE)
    return "Bugün" if moment.date() == now.date() else f"{moment:%d.%m.%Y}"


def turkish_count(count: int) -> str:
    return f"{count:,}".replace(",", ".")


def _matches(thread: Thread, search: str) -> bool:
    if not search:
        return True
    digits = digits_of(search).removeprefix("0")
    return (digits.isdigit() and digits in thread.number) or _folded(search) in _folded(thread.name)


def _folded(text: str) -> str:
    """Upper and lower case alike, in Turkish."""
    return text.replace("İ", "i").replace("I", "ı").lower()


_environment = Environment(loader=FileSystemLoader(STATIC), autoescape=True, trim_blocks=True, lstrip_blocks=True)
_environment.filters.update(
    clock=clock,
    hour=hour,
    day=day,
    number=readable_number,
    shown=shown_text,
    file=file_of,
    state=state,
    counted=turkish_count,
)
_template = _environment.get_template("messages.html")
