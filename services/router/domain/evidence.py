"""How the text model and the topics are weighed together into one confidence an owner."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp

OTHER = "other"  # the label of texts that belong to none of the owners; never assigned to
# An owner the model was never taught (Fen İşleri, YEDAŞ …) has what it gives to "other", and always
# a little, so that clear words in the text can still bring it up.
_UNTAUGHT_PART_OF_OTHER = 1.0
_UNTAUGHT_LEAST = 0.1
_PROBABILITY_LEAST = 1e-6
# Without a model "other" stands for "nobody knows" and weighs as much as one word of a topic.
_UNKNOWN_STRENGTH = 1.0


# In a message of few words a phrase says nearly all, while the model has little to go by: there the topics weigh up to
# so many times as much, falling to once at `SHORT_WORDS`. Chosen on our own taught sentences, see docs/topics.md.
SHORT_WORDS = 16
_SHORT_TIMES_MORE = 8.0


@dataclass(frozen=True, slots=True)
class Weighing:
    """Figures chosen by cross-validation, see `services/router/model/README.md`."""

    topic_weight: float
    temperature: float
    automatic_from: float


WITHOUT_MODEL = Weighing(topic_weight=1.0, temperature=1.0, automatic_from=0.85)


def stressed(strengths: Mapping[str, float], word_count: int) -> dict[str, float]:
    """The topics' strengths as they count in a message of so many words, where model and topics disagree."""
    times = 1 + _SHORT_TIMES_MORE * max(0, SHORT_WORDS - word_count) / SHORT_WORDS
    return {owner: strength * times for owner, strength in strengths.items()}


def weigh(
    strengths: Mapping[str, float], probabilities: Mapping[str, float] | None, weighing: Weighing
) -> list[tuple[str, float]]:
    """(owner, confidence) of every owner the evidence allows, the surest first; "other" takes its share unseen.

    `strengths` are those of the owners' topics, `probabilities` the model's; None: there is no model.
    """
    heat = 1 / weighing.temperature
    if probabilities is None:
        nobody = max(strengths.get(OTHER, 0.0), _UNKNOWN_STRENGTH)
        odds, strengths = dict.fromkeys((*strengths, OTHER), 1.0), {**strengths, OTHER: nobody}
    else:
        odds = {owner: max(known, _PROBABILITY_LEAST) ** heat for owner, known in probabilities.items()}
        untaught = _UNTAUGHT_PART_OF_OTHER * probabilities.get(OTHER, 0.0) + _UNTAUGHT_LEAST
        odds |= {owner: untaught**heat for owner in strengths if owner not in odds}
    for owner, strength in strengths.items():
        odds[owner] *= exp(weighing.topic_weight * strength * heat)
    total = sum(odds.values())
    shares = [(owner, odd / total) for owner, odd in odds.items() if owner != OTHER]
    return sorted(shares, key=lambda share: (-share[1], share[0]))
