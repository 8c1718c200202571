"""Invented citizens: names put together by chance, phone numbers that no operator can have given out."""

import random
import zlib
from dataclasses import dataclass, replace
from typing import Final

from shared.contracts import Channel, Sender
from shared.text import fold

FIRST_NAMES: Final = (
    *("Ahmet", "Mehmet", "Mustafa", "Ali", "Hüseyin", "Hasan", "İbrahim", "İsmail", "Osman", "Yusuf", "Murat", "Ömer"),
    *("Emre", "Burak", "Serkan", "Kemal", "Cengiz", "Volkan", "Fatma", "Ayşe", "Emine", "Hatice", "Zeynep", "Elif"),
    *("Meryem", "Şerife", "Zehra", "Sultan", "Hanife", "Merve", "Özlem", "Esra", "Büşra", "Gülsüm", "Sevgi", "Nuray"),
    *("Derya", "Pınar", "Tuğba", "Selin"),
)
LAST_NAMES: Final = (
    *("Yılmaz", "Kaya", "Demir", "Çelik", "Şahin", "Yıldız", "Yıldırım", "Öztürk", "Aydın", "Özdemir", "Arslan"),
    *("Doğan", "Kılıç", "Aslan", "Çetin", "Kara", "Koç", "Kurt", "Özkan", "Şimşek", "Polat", "Korkmaz", "Çakır"),
    *("Erdoğdu", "Uysal", "Karataş", "Güneş", "Bulut", "Turan", "Avcı", "Işık", "Tekin", "Ünal", "Sezer", "Güler"),
)
# Subscriber numbers do not begin with 000; 555 is left to the WhatsApp simulator's bad days.
_OPERATORS: Final = tuple(code for code in range(501, 560) if code != 555)
NUMBERS: Final = len(_OPERATORS) * 10_000
_BY_PHONE: Final = frozenset({Channel.WHATSAPP, Channel.PHONE, Channel.SMS, Channel.MUHTAR, Channel.FACE_TO_FACE})


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist."""

    name: str
    number: int

    def at(self, channel: Channel) -> Sender:
        """How that channel knows the person; petitions and CİMER know the name alone, the form no address."""
        if channel in _BY_PHONE:
            return Sender(address=self.phone, name=self.name)
        if channel is Channel.EMAIL:
            return Sender(address=f"{fold(self.name).replace(' ', '.')}{self.number}@example.com", name=self.name)
        if channel in (Channel.SOCIAL, Channel.MOBILE):
            return Sender(address=f"{channel}-{10_000_000 + self.number}", name=self.name)
        return Sender(name=self.name)

    def in_run(self, run: str) -> "Person":
        """Their namesake of another run, at another number; the run without a name is the person."""
        shift = zlib.crc32(run.encode()) if run else 0
        return replace(self, number=(self.number + shift) % NUMBERS)

    @property
    def phone(self) -> str:
        """+90 5xx 000 xx xx."""
        return f"+90{_OPERATORS[self.number % len(_OPERATORS)]}000{self.number // len(_OPERATORS):04}"


def people(count: int, chance: random.Random) -> list[Person]:
    """That many different persons."""
    return [
        Person(f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}", number)
        for number in chance.sample(range(NUMBERS), count)
    ]
