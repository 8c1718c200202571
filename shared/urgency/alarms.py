"""The one detector of emergencies: whether a text tells of danger to life and limb, and what told it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from shared.metrics import DANGER_MODEL_MISSING
from shared.phrases import PhraseBook
from shared.text import fold, words
from shared.urgency.danger import DangerError, DangerModel, shipped_danger_model
from shared.urgency.emergencies import Emergency, EmergencyWords

LETTERS_MAX: Final = 8_000
WORDS_MAX: Final = 1_000  # danger is told in the first sentences
ALONE_WORDS_MIN: Final = 4  # of fewer the model has seen too little to be believed alone
# So sure the model has to be beside words of an ordinary subject; 19 of 20 calls for help without a phrase are surer.
BESIDE_ORDINARY_FROM: Final = 0.6

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Alarm:
    """An emergency found in a text: the phrase that told it, "" when only the model did, and how likely it says.

    `score` None: there is no model.
    """

    emergency: Emergency
    phrase: str
    score: float | None


@dataclass(frozen=True, slots=True)
class AlarmRules:
    """What a municipality decides of its alarms.

    `by_model` is the emergency of a text that only sounds like one; `calm` are folded phrases of what is over, played
    or asked ("geçen yıl", "tatbikat"): beside one the text has to sound like danger too. Nobody acknowledged an alert
    for `remind_minutes`: it is given again.
    """

    by_model: str
    remind_minutes: int
    calm: tuple[str, ...] = ()


class Alarms:
    """Finds emergencies. Compiled once, safe to share; finding changes nothing and costs some 50 µs a text."""

    def __init__(
        self,
        emergencies: Iterable[Emergency],
        rules: AlarmRules,
        model: DangerModel | None,
        trouble: str = "",
        ordinary: Iterable[str] = (),
    ) -> None:
        """Without a `model` words decide alone; `trouble` says why there is none.

        `ordinary` are folded phrases of what cities are written to about every day ("cop alinm").
        """
        rows = tuple(emergencies)
        self.trouble = trouble
        self._words = EmergencyWords(rows)
        self._calm = PhraseBook((phrase, None) for phrase in rules.calm)
        self._by_model = next(row for row in rows if row.code == rules.by_model)
        self._ordinary = PhraseBook((phrase, None) for phrase in ordinary)
        self._model = model

    @classmethod
    def of(cls, emergencies: Iterable[Emergency], rules: AlarmRules, ordinary: Iterable[str] = ()) -> "Alarms":
        """With the model that comes with the project. Never raises for it: without it words decide alone, loudly."""
        try:
            model, trouble = shipped_danger_model(), ""
        except DangerError as error:
            model, trouble = None, str(error)
            log.error("danger_model_missing", trouble=trouble)
        DANGER_MODEL_MISSING.set(model is None)
        return cls(emergencies, rules, model, trouble, ordinary)

    def in_text(self, text: str) -> Alarm | None:
        """The gravest emergency the beginning of a text tells of, or None."""
        return self.find(words(fold(text[:LETTERS_MAX])))

    def find(self, text_words: Sequence[str]) -> Alarm | None:
        """The gravest emergency the words of a folded text tell of, or None."""
        read = text_words[:WORDS_MAX]
        told = self._words.find(read)
        score = round(self._model.chance(read), 4) if self._model and read else None
        certain = [row for row in told if row.is_certain]
        if certain and not self._calm.find(read):
            return Alarm(certain[0].emergency, certain[0].phrase, score)
        if told and (self._model is None or score is None or score >= self._model.card.with_words_from):
            return Alarm(told[0].emergency, told[0].phrase, score)
        if self._model and score is not None and self._sounds_like_a_call(read, score, self._model.card.alone_from):
            return Alarm(self._by_model, "", score)
        return None

    def _sounds_like_a_call(self, read: Sequence[str], score: float, alone_from: float) -> bool:
        """Without any phrase: an address with a number to call sounds like one too, so the subject has its say."""
        if score < alone_from or len(set(read)) < ALONE_WORDS_MIN:
            return False
        return score >= BESIDE_ORDINARY_FROM or not self._ordinary.find(read)
