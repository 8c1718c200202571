"""The page "Gönderilen mesajlar": every message to every citizen, one phone-like conversation each."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader

from simulators.outside.conversations import BY_SMS, SMS, Conversation, Line, way_of
from simulators.outside.web_form import WEB
from simulators.whatsapp.pages import international, readable_number

STATIC = Path(__file__).parent / "static"
COMMON = Path(__file__).parent.parent / "whatsapp" / "static"
LISTED_MAX = 80
TURKIYE = timezone(timedelta(hours=3))  # all year since 2016
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; form-action 'self'; frame-ancestors 'none'",
}
# What ways and providers are called.
NAMES = {
    "sms": "SMS",
    "whatsapp": "WhatsApp",
    "netgsm": "Netgsm",
    "verimor": "Verimor",
    "twilio": "Twilio",
    "telegram": "Telegram",
    "messenger": "Messenger",
    "instagram": "Instagram",
    "x": "X",
    "email": "E-posta",
    WEB: "Web formu",
}
WRITABLE = ("whatsapp", *BY_SMS, "telegram", "messenger", "instagram", "x", WEB)
BY_PHONE = frozenset({"whatsapp", SMS, *BY_SMS})
CENTRE_STATES = {
    "accepted": ("◷", "sağlayıcı aldı"),
    "sent": ("✓", "gönderildi"),
    "delivered": ("✓✓", "ulaştı"),
    "read": ("✓✓", "okundu"),
    "failed": ("!", "ulaşmadı"),
    "refused": ("!", "sağlayıcı kabul etmedi"),
}
CITIZEN_STATES = {
    "sent": ("◷", "merkez henüz almadı"),
    "delivered": ("✓✓", "merkez aldı"),
    "failed": ("!", "merkeze ulaşmadı"),
}
EMPTY_WORDS = {"image": "Fotoğraf", "location": "Konum", "video": "Video", "audio": "Ses", "document": "Belge"}
ADDRESS_DIGITS_MIN, TEXT_LETTERS_MAX = 4, 2_000


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed; `field` names the one that `error` is about."""

    provider: str = "netgsm"
    address: str = ""
    name: str = ""
    text: str = ""
    field: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """What the reader looks at: the open conversation, and what the list is narrowed to."""

    way: str = ""
    citizen: str = ""
    only: str = ""
    search: str = ""


def render(found: Sequence[Conversation], view: View, form: Form) -> str:
    """The whole page; without an open conversation a phone shows the list alone."""
    listed = [each for each in found if _matches(each, view)]
    is_open = [each for each in found if (each.way, each.citizen) == (view.way, view.citizen)]
    return _template.render(
        listed=listed[:LISTED_MAX],
        total=len(listed),
        thread=is_open[0] if is_open else None,
        is_missing=bool(view.citizen) and not is_open,
        view=view,
        ways=sorted({each.way for each in found}, key=lambda way: NAMES[way]),
        form=form,
        writable=WRITABLE,
        answerable=[name for name in WRITABLE if name != WEB],
        now=datetime.now(TURKIYE),
    )


def checked(form: Form) -> Form:
    """The form with its address in the provider's own shape, or with what is wrong with it."""
    digits = "".join(letter for letter in form.address if letter.isdigit())
    if form.provider not in WRITABLE:
        return _wrong(form, "provider", "Listeden bir yol seçin.")
    if form.provider == WEB:
        digits = str(uuid.uuid4())  # a new submission each time: the form knows no sender
    elif len(digits) < ADDRESS_DIGITS_MIN:
        return _wrong(form, "address", "Telefon numarası (0500 000 00 00 gibi) ya da kullanıcı numarası yazın.")
    if not form.text or len(form.text) > TEXT_LETTERS_MAX:
        return _wrong(form, "text", "Bir mesaj yazın (en çok 2.000 harf).")
    address = f"+{international(form.address)}" if form.provider in BY_PHONE else digits
    return Form(form.provider, address, form.name, form.text)


def path_of(way: str, citizen: str) -> str:
    """Where a conversation is shown."""
    return f"/t/{way}/{quote(citizen, safe='')}"


def shown_address(conversation: Conversation) -> str:
    is_phone = conversation.way in BY_PHONE
    if conversation.way == WEB:
        return "Web formu"
    return readable_number(conversation.citizen.removeprefix("+")) if is_phone else conversation.citizen


def state(line: Line) -> tuple[str, str]:
    """The sign and the words of how far a message got."""
    sign, words = (CITIZEN_STATES if line.from_citizen else CENTRE_STATES).get(line.status, ("", line.status))
    told = f"{words} ({line.error})" if line.error else words
    return sign, f"{told} · {NAMES[line.provider]}" if line.provider in BY_SMS else told


def _wrong(form: Form, field: str, error: str) -> Form:
    return Form(form.provider, form.address, form.name, form.text, field, error)


def _matches(conversation: Conversation, view: View) -> bool:
    if view.only and conversation.way != view.only:
        return False
    digits = view.search.replace(" ", "").removeprefix("0")
    if digits.isdigit() and digits in conversation.citizen:
        return True
    return _folded(view.search) in _folded(f"{conversation.name} {conversation.citizen}")


def _folded(text: str) -> str:
    """Upper and lower case alike, in Turkish."""
    return text.replace("İ", "i").replace("I", "ı").lower()


def _clock(seconds: float, now: datetime) -> str:
    moment = datetime.fromtimestamp(seconds, TURKIYE)
    return f"{moment:%H.%M}" if moment.date() == now.date() else f"{moment:%d.%m.%Y}"


def _hour(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, TURKIYE):%H.%M}"


def _day(seconds: float, now: datetime) -> str:
    moment = datetime.fromtimestamp(seconds, TURKIYE)
    return "Bugün" if moment.date() == now.date() else f"{moment:%d.%m.%Y}"


_environment = Environment(loader=FileSystemLoader(STATIC), autoescape=True, trim_blocks=True, lstrip_blocks=True)
_environment.filters.update(
    clock=_clock,
    hour=_hour,
    day=_day,
    state=state,
    address=shown_address,
    shown=lambda line: line.text or EMPTY_WORDS.get(line.kind, "—"),
    named=lambda name: NAMES[name],
    way=way_of,
    counted=lambda count: f"{count:,}".replace(",", "."),
)
_environment.globals["path_of"] = path_of
_template = _environment.get_template("sent.html")
