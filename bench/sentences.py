"""What the bench's citizens write: sentences of the nine months' phrase book, every topic by its weight."""

import random

from ops.nine_months.phrases import Sayings, book, say
from ops.nine_months.places import NOWHERE, Places, Way, Where
from ops.nine_months.words import write
from shared import municipality
from shared.contracts import Channel
from shared.settings import Settings

# How the nine months' citizens tell a place on WhatsApp, in parts of a hundred.
_WAYS = {Way.NAME: 80, Way.STREET: 20}


class Complaints:
    """Reading streets and areas takes a moment: make one and keep it."""

    def __init__(self) -> None:
        self._municipality = municipality.load(Settings.model_fields["ilkim_municipality"].default)
        self._places = Places(self._municipality)
        self._sayings = list(book().values())
        self._weights = [sayings.weight for sayings in self._sayings]

    def one(self, chance: random.Random) -> str:
        """A message, the same for the same state of `chance`."""
        sayings = chance.choices(self._sayings, self._weights)[0]
        sentence = say(chance.choice(sayings.patterns), chance, district=self._municipality.name)
        return write(Channel.WHATSAPP, [sentence], self._where(sayings, chance), "", chance)

    def _where(self, sayings: Sayings, chance: random.Random) -> Where:
        if sayings.place == "never" or chance.random() < (0.15 if sayings.place == "always" else 0.6):
            return NOWHERE
        return self._places.draw(chance.choices(list(_WAYS), list(_WAYS.values()))[0], chance)
