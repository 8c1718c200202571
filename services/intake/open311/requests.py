"""A case as everybody may see it: nothing of the person, the place only roughly, words only where they are harmless."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from services.intake.open311.documents import Row
from services.intake.open311.services import target_words
from services.intake.open311.words import Language, say
from services.intake.store import CaseFile, CaseStep
from shared.contracts import CaseState
from shared.municipality import Municipality, Neighbourhood, Topic
from shared.personal import mask
from shared.text import fold, words

# About a hundred metres: the street's corner, not the door.
DEGREES_DECIMALS: Final = 3
DESCRIPTION_LETTERS_MAX: Final = 4_000


@dataclass(frozen=True)
class PublicView:
    """Turns cases into rows of the standard. `with_descriptions`: the masked words of citizens are shown, too."""

    place: Municipality
    with_descriptions: bool = False

    @cached_property
    def public_topics(self) -> frozenset[str]:
        """What open data may list."""
        return frozenset(topic.code for topic in self.place.topics if topic.public)

    def row(self, case: CaseFile, steps: Sequence[CaseStep], language: Language, *, with_notes: bool = False) -> Row:
        """One service request; of a case that is not public only how it stands."""
        topic = self._topics.get(case.topic or "")
        is_public = topic is not None and topic.public
        row: dict[str, Any] = {
            "service_request_id": case.number,
            "status": "open" if case.is_open else "closed",
            "status_notes": self._notes(case, steps, language, is_public=is_public),
            "service_name": topic.name_in(language) if topic else None,
            "service_code": case.topic,
            "description": case.text[:DESCRIPTION_LETTERS_MAX] if is_public and self.with_descriptions else None,
            "agency_responsible": self._owner(case.owner, language),
            "service_notice": target_words(topic, language) if topic else None,
            "requested_datetime": self._time(case.opened_at),
            "updated_datetime": self._time(case.updated_at),
            "expected_datetime": self._time(case.due_at),
            **self._where(case, language, is_public=is_public),
            "media_url": None,
        }
        if with_notes:
            row["notes"] = [self._note(step, language) for step in steps]
        return row

    def _notes(self, case: CaseFile, steps: Sequence[CaseStep], language: Language, *, is_public: bool) -> str:
        """The closing answer when it holds nothing that has to be masked, else where the case stands."""
        if case.state is not CaseState.CLOSED:
            return say(f"step.{case.state}", language)
        answer = next((step.text for step in reversed(steps) if step.kind == "closed"), "")
        if is_public and answer and mask(answer) == answer:
            return answer
        told = next((row for row in self.place.outcomes if row.code == case.outcome), None)
        if told is None:
            return say("step.closed", language)
        name = told.name_en if language == "en" else told.name
        return f"{name}."

    def _note(self, step: CaseStep, language: Language) -> Row:
        return {"datetime": self._time(step.at), "description": say(f"step.{step.state}", language), "type": step.kind}

    def _owner(self, code: str | None, language: Language) -> str | None:
        try:
            return self.place.owner(code).name_in(language) if code else None
        except KeyError:
            return None

    def _where(self, case: CaseFile, language: Language, *, is_public: bool) -> Mapping[str, object]:
        if not is_public:
            return dict.fromkeys(("address", "address_id", "zipcode", "lat", "long"))
        neighbourhood = self._neighbourhoods.get(case.neighbourhood or "")
        parts = (
            [self._street(case), say("notice.neighbourhood", language, name=neighbourhood.name)]
            if neighbourhood
            else []
        )
        known = case.latitude is not None and case.longitude is not None
        return {
            "address": ", ".join([part for part in parts if part] + [f"{self.place.district}/{self.place.province}"]),
            "address_id": case.neighbourhood,
            "zipcode": None,
            "lat": round(case.latitude or 0.0, DEGREES_DECIMALS) if known else None,
            "long": round(case.longitude or 0.0, DEGREES_DECIMALS) if known else None,
        }

    def _street(self, case: CaseFile) -> str | None:
        """The street's name in the registry; what else the citizen wrote (door, names) stays with us."""
        if not case.place.street:
            return None
        said = words(fold(case.place.street))
        named = [
            (name, shown)
            for name, shown in self._streets.get(case.neighbourhood or "", ())
            if any(tuple(said[at : at + len(name)]) == name for at in range(len(said)))
        ]
        return max(named, key=lambda street: len(street[0]))[1] if named else None

    @cached_property
    def _topics(self) -> Mapping[str, Topic]:
        return {topic.code: topic for topic in self.place.topics}

    @cached_property
    def _neighbourhoods(self) -> Mapping[str, Neighbourhood]:
        return {neighbourhood.code: neighbourhood for neighbourhood in self.place.neighbourhoods}

    @cached_property
    def _streets(self) -> Mapping[str, Sequence[tuple[tuple[str, ...], str]]]:
        streets: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for street in self.place.streets:
            name = tuple(words(fold(street.name)))
            if name:
                streets.setdefault(street.neighbourhood, []).append((name, f"{street.name} {street.type}"))
        return streets

    def _time(self, at: datetime | None) -> str | None:
        """The municipality's own time with its offset."""
        return at.astimezone(self.place.zone).isoformat(timespec="seconds") if at else None
