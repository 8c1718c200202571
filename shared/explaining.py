"""A decision's grounds in plain sentences, for departments' own software and for people at the desk.

What a piece of evidence says beside its code:
emergency: `words` or, found by the model, none; `detail` the number to call
urgency: `words`, or `detail` the topic
rule: `detail` what it is called, where the municipality has it no more
place: `detail` the neighbourhood (id) or the district, `words` the street or landmark, `share` how likely
doubt: `detail` the owner or district it is about, `share` the best confidence
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from shared.contracts import Evidence, EvidenceKind, Why
from shared.municipality import Municipality
from shared.names import Names
from shared.pages.catalogue import Catalogue
from shared.pages.formats import Formats
from shared.quoting import Quoted

_K = EvidenceKind
# What a reader wants to know first.
ORDER: Final = (
    *(_K.EMERGENCY, _K.DOUBT, _K.PERSON, _K.INCIDENT, _K.RULE, _K.CHOSEN, _K.TOPIC, _K.MODEL, _K.PLACE),
    *(_K.URGENCY, _K.KIND, _K.SPELLING, _K.LANGUAGE, _K.TROUBLE, _K.OTHER),
)
QUOTES_MAX: Final = 3
FOREIGN: Final = "other"  # the model's label of texts that are no owner's
_RANK: Final = {kind: place for place, kind in enumerate(ORDER)}


@dataclass(frozen=True, slots=True)
class Sentence:
    """What one piece of evidence says."""

    evidence: Evidence
    words: str

    def speaks_for(self, owner: str, topic: str | None) -> bool:
        """Whether it is about this owner or topic rather than about the whole case."""
        match self.evidence.kind:
            case EvidenceKind.MODEL:
                return self.evidence.code == owner
            case EvidenceKind.TOPIC | EvidenceKind.CHOSEN:
                return topic is not None and self.evidence.code == topic
            case _:
                return False


def sentences(why: Why, municipality: Municipality, language: str, text: str = "") -> tuple[str, ...]:
    """One plain sentence for each piece of evidence, the most important first; never raises for codes it cannot read.

    With the citizen's `text` the words that matched are quoted as they were written.
    """
    return tuple(sentence.words for sentence in explained(why, municipality, language, text))


def explained(why: Why, municipality: Municipality, language: str, text: str = "") -> list[Sentence]:
    """The sentences with the evidence behind each; the same sentence stands once."""
    reader = _Reader(why, municipality, language, Quoted(text))
    # What was in doubt is so no more once a person decided.
    is_decided = any(found.kind is _K.PERSON for found in why.evidence)
    told_of = [found for found in why.evidence if not (is_decided and found.kind is _K.DOUBT)]
    ordered = sorted(told_of, key=lambda found: _RANK.get(found.kind, len(ORDER)))
    told = {words: Sentence(found, words) for found in reversed(ordered) if (words := reader.sentence(found))}
    return list(reversed(told.values()))


@lru_cache(maxsize=1)
def _catalogue() -> Catalogue:
    house = Path(__file__).parent
    return Catalogue(house / "pages" / "messages.toml", house / "explaining.toml")


class _Reader:
    """Whoever reads the grounds of one decision, in one language."""

    def __init__(self, why: Why, municipality: Municipality, language: str, quoted: Quoted) -> None:
        self._why = why
        self._language = language
        self._names = Names(municipality, language)
        self._formats = Formats(language, municipality.zone)
        self._quoted = quoted
        self._words = _catalogue()
        self._candidates = [found for found in why.evidence if found.kind is _K.PLACE and found.code == "candidate"]

    def sentence(self, found: Evidence) -> str:
        """What it says."""
        match found.kind:
            case EvidenceKind.EMERGENCY:
                code = "words" if found.words else "model"
                danger = self._formats.lower_first(self._names.danger(found.code))
                return self._say(f"emergency.{code}", danger=danger, number=found.detail or "112", **self._quote(found))
            case EvidenceKind.URGENCY:
                return self._urgency(found)
            case EvidenceKind.RULE:
                rule = (self._names.rule(found.code) or found.detail).rstrip(" .")
                return self._say("rule.named" if rule else "rule.other", rule=rule, code=found.code)
            case EvidenceKind.PERSON:
                return self._coded(found, owner=self._owner(found.detail))
            case EvidenceKind.CHOSEN:
                return self._say("chosen.other", topic=self._names.topic(found.code))
            case EvidenceKind.TOPIC:
                count = ("other", "one", "several")[min(len(found.words), 2)]
                return self._say(f"topic.{count}", topic=self._names.topic(found.code), **self._quote(found))
            case EvidenceKind.MODEL:
                return self._model(found)
            case EvidenceKind.PLACE:
                return self._place(found)
            case EvidenceKind.KIND:
                kind = self._formats.lower_first(self._words.name(self._language, "case_kind", found.code))
                return self._say("kind.words" if found.words else "kind.other", kind=kind, **self._quote(found))
            case EvidenceKind.INCIDENT:
                share = self._formats.percent(found.share, 0) if found.share else ""
                return self._say("incident.sure" if share else "incident.other", number=found.code, share=share)
            case EvidenceKind.DOUBT:
                return self._say("doubt.so", because=self._doubt(found))
            case EvidenceKind.SPELLING:
                return self._say("spelling.other", typed=found.code, read=found.detail)
            case EvidenceKind.LANGUAGE | EvidenceKind.TROUBLE:
                return self._coded(found, code=found.code, detail=found.detail)
            case _:
                return self._say("unknown.other", code=found.code)

    def _urgency(self, found: Evidence) -> str:
        level = self._names.level(found.code)
        if found.words:
            return self._say("urgency.words", level=level, **self._quote(found))
        code = "topic" if found.detail else "other"
        return self._say(f"urgency.{code}", level=level, topic=self._names.topic(found.detail))

    def _model(self, found: Evidence) -> str:
        best = self._why.scores[0] if self._why.scores else None
        share = self._formats.percent(found.share or 0, 0)
        if found.code == FOREIGN:
            return self._say("model.foreign", share=share)
        if best is None or best.owner != found.code:
            return self._say("model.owner", owner=self._owner(found.code), share=share)
        sum_, threshold = self._apart(best.confidence, self._why.threshold)
        owner = self._owner(found.code)
        return self._say("model.weighed", owner=owner, share=share, sum=sum_, threshold=threshold)

    def _place(self, found: Evidence) -> str:
        if found.code == "candidate" and len(self._candidates) > 1:
            # Told together, by the first of them.
            return self._say("place.candidates", candidates=self._listed()) if found == self._candidates[0] else ""
        return self._coded(
            found,
            neighbourhood=self._names.neighbourhood(found.detail) or found.detail,
            district=found.detail,
            street=self._quoted.quote(found.words[0]) if found.words else found.detail,
            share=self._formats.percent(found.share or 0, 0),
            **self._quote(found),
        )

    def _listed(self) -> str:
        rows = [
            f"{self._names.neighbourhood(found.detail) or found.detail} {self._formats.percent(found.share or 0, 0)}"
            for found in self._candidates
        ]
        return ", ".join(rows)

    def _owner(self, code: str) -> str:
        """Without what stands in brackets behind it."""
        return self._names.owner(code).partition(" (")[0]

    def _doubt(self, found: Evidence) -> str:
        best = self._why.scores[0].owner if self._why.scores else ""
        code = f"{found.code}_in" if found.detail and self._words.knows(f"doubt.{found.code}_in") else found.code
        if code == "unsure" and not best:
            code = "other"
        rule = self._names.rule(found.detail).rstrip(" .")
        if code == "rule" and not rule:
            code = "other"
        share, threshold = self._apart(found.share or 0, self._why.threshold)
        return self._say(
            self._known("doubt", code),
            rule=self._formats.lower_first(rule),
            owner=self._owner(found.detail or best),
            district=found.detail,
            share=share,
            threshold=threshold,
        )

    def _apart(self, share: float, threshold: float) -> tuple[str, str]:
        """Both as percentages, with a digit more where they would look the same."""
        whole = (self._formats.percent(share, 0), self._formats.percent(threshold, 0))
        if share == threshold or whole[0] != whole[1]:
            return whole
        return self._formats.percent(share, 1), self._formats.percent(threshold, 1)

    def _coded(self, found: Evidence, **values: object) -> str:
        return self._say(self._known(found.kind, found.code), **values)

    def _known(self, family: str, code: str) -> str:
        key = f"{family}.{code}"
        return key if self._words.knows(key) else f"{family}.other"

    def _say(self, key: str, **values: object) -> str:
        return self._words.say(self._language, key, **values)

    def _quote(self, found: Evidence) -> Mapping[str, str]:
        said = dict.fromkeys(self._quoted.quote(phrase) for phrase in found.words)
        return {"quoted": ", ".join(f"“{words}”" for words in list(said)[:QUOTES_MAX])}
