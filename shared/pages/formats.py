"""Numbers, dates and times as a Turkish or an English reader writes them."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final
from zoneinfo import ZoneInfo

MINUTE_SECONDS: Final = 60
HOUR_SECONDS: Final = 60 * MINUTE_SECONDS
DAY_SECONDS: Final = 24 * HOUR_SECONDS
MONTHS_EN: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
UNITS: Final = {
    "tr": {DAY_SECONDS: ("gün", "gün"), HOUR_SECONDS: ("saat", "saat"), MINUTE_SECONDS: ("dakika", "dakika")},
    "en": {DAY_SECONDS: ("day", "days"), HOUR_SECONDS: ("hour", "hours"), MINUTE_SECONDS: ("minute", "minutes")},
}
PAUSED: Final = {"tr": "duraklatıldı", "en": "paused"}
MOMENTS_AGO: Final = {"tr": "az önce", "en": "just now"}


@dataclass(frozen=True, slots=True)
class Formats:
    """How one language writes; times are told in `zone`."""

    language: str
    zone: ZoneInfo

    def number(self, value: int) -> str:
        """9.637 or 9,637; a minus is a real minus."""
        grouped = f"{abs(value):,}"
        sign = "\N{MINUS SIGN}" if value < 0 else ""
        return sign + (grouped if self.language == "en" else grouped.replace(",", "."))

    def percent(self, share: float, digits: int = 1) -> str:
        """%92,3 or 92.3%, of a share of 1. Halves go up."""
        step = Decimal(1).scaleb(-digits)
        rounded = str((Decimal(str(share)) * 100).quantize(step, ROUND_HALF_UP))
        return f"{rounded}%" if self.language == "en" else f"%{rounded.replace('.', ',')}"

    def about(self, value: float) -> str:
        """A mean: whole from ten on, one digit below it (0,4)."""
        if value >= 10 or value == int(value):
            return self.number(round(value))
        return f"{value:.1f}" if self.language == "en" else f"{value:.1f}".replace(".", ",")

    def day(self, value: date) -> str:
        """23.11.2026, in English 23 Nov 2026."""
        value = self._here(value)
        if self.language == "en":
            return f"{value.day} {MONTHS_EN[value.month - 1]} {value.year}"
        return f"{value:%d.%m.%Y}"

    def clock(self, value: datetime, *, seconds: bool = False) -> str:
        """14.05, with seconds 14.05.10; in English with colons."""
        mark = ":" if self.language == "en" else "."
        return self._here(value).strftime(mark.join(["%H", "%M", "%S"] if seconds else ["%H", "%M"]))

    def moment(self, value: datetime) -> str:
        """23.11.2026 14.05."""
        return f"{self.day(value)} {self.clock(value)}"

    def span(self, seconds: float) -> str:
        """A length of time by its largest unit, rounded down: "2 saat", "3 gün"; under a minute as one minute."""
        seconds = abs(seconds)
        unit = next((unit for unit in (DAY_SECONDS, HOUR_SECONDS) if seconds >= unit), MINUTE_SECONDS)
        count = max(1, int(seconds // unit))
        return f"{self.number(count)} {UNITS[self.language][unit][count != 1]}"

    def until(self, due: datetime, now: datetime) -> str:
        """How long is left or late: "2 saat kaldı", "3 gün gecikti"."""
        left = (due - now).total_seconds()
        span = self.span(left)
        if self.language == "en":
            return f"{span} left" if left >= 0 else f"{span} late"
        return f"{span} kaldı" if left >= 0 else f"{span} gecikti"

    def standing(self, due: datetime, now: datetime, *, is_paused: bool) -> str:
        """How a clock stands: as `until`, or that it is paused: "duraklatıldı"."""
        return PAUSED[self.language] if is_paused else self.until(due, now)

    def ago(self, value: datetime, now: datetime) -> str:
        """How long ago: "5 dakika önce"; under a minute "az önce"."""
        seconds = (now - value).total_seconds()
        if seconds < MINUTE_SECONDS:
            return MOMENTS_AGO[self.language]
        return f"{self.span(seconds)} {'ago' if self.language == 'en' else 'önce'}"

    def lower_first(self, words: str) -> str:
        """A name as it stands within a sentence: Turkish I and İ become ı and i; abbreviations stay."""
        if len(words) > 1 and words[1].isupper():
            return words
        first = {"I": "ı", "İ": "i"}.get(words[:1]) if self.language == "tr" else None
        return (first or words[:1].lower()) + words[1:]

    def phone(self, value: str) -> str:
        """A Turkish number in E.164 as it is dialled and read out, 0532 111 22 33; anything else as it is."""
        digits = value.removeprefix("+90")
        if value == digits or len(digits) != 10 or not digits.isdigit():
            return value
        return f"0{digits[:3]} {digits[3:6]} {digits[6:8]} {digits[8:]}"

    def machine(self, value: date) -> str:
        """The value of a `<time datetime>`."""
        here = self._here(value)
        return here.isoformat(timespec="seconds") if isinstance(here, datetime) else here.isoformat()

    def _here(self, value: date) -> date:
        return value.astimezone(self.zone) if isinstance(value, datetime) else value
