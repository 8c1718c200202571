"""Open cases like the one being entered, told without a word of the citizens who reported them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.intake import store
from services.intake.pages.entry import Entry
from services.intake.pages.places import Found, Places
from shared.database import is_away
from shared.messaging import Service
from shared.municipality import Municipality, Topic
from shared.names import Names
from shared.text import fold, words
from shared.topic_words import TopicWords

SHOWN_MAX: Final = 3
TOPICS_MAX: Final = 3  # a full container is a matter of refuse as well
METRES: Final = 150.0
TEXT_LETTERS_MAX: Final = 2_000  # the subject is told in the first sentences


@dataclass(frozen=True, slots=True)
class Similar:
    """An open case as strangers may see it. `people`: how many contacts told of it so far."""

    case_id: UUID
    topic: Topic
    neighbourhood: str
    street: str
    opened_at: datetime
    people: int
    metres: int | None


class SimilarCases:
    """Asked before sending; a database that is away hides none of the form."""

    def __init__(self, service: Service, place: Municipality, places: Places) -> None:
        self._service = service
        self._place = place
        self._places = places
        self._topics = TopicWords(place.topics)

    async def like(self, entry: Entry, found: Found) -> list[Similar]:
        """The nearest open cases of the same topics, when both topic and place are known."""
        evidence = self._topics.find(words(fold(entry.text[:TEXT_LETTERS_MAX])))[:TOPICS_MAX]
        if not evidence or found.is_outside or not (entry.point or found.code):
            return []
        try:
            near = [row for found_of in evidence for row in await self._near(entry, found, found_of.topic)]
            nearest = sorted(near, key=_distance)[:SHOWN_MAX]
            people = await store.people_of(self._service.pool, [row.case.id for row in nearest])
        except Exception as error:
            if not is_away(error):
                raise
            return []
        return [self._told(row, people) for row in nearest]

    async def _near(self, entry: Entry, found: Found, topic: Topic) -> list[store.NearCase]:
        latitude, longitude = entry.point or (None, None)
        return await store.open_cases_near(
            self._service.pool, latitude, longitude, METRES, topic.code, found.code or None
        )

    def _told(self, row: store.NearCase, people: dict[UUID, int]) -> Similar:
        case, topic = row.case, self._place.topic(row.case.topic or "")
        name = Names(self._place).neighbourhood(case.neighbourhood) or ""
        street = self._places.street_named(case.place.street or "")
        metres = None if row.metres is None else max(10, int(round(row.metres, -1)))
        return Similar(case.id, topic, name, street, case.opened_at, people.get(case.id, 1), metres)


def _distance(row: store.NearCase) -> tuple[float, float]:
    """The nearest first, those without a point after them, of equals the newest first."""
    metres = float("inf") if row.metres is None else row.metres
    return metres, -row.case.opened_at.timestamp()
