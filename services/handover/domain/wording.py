"""What an institution reads: the case without anything of who told it, our deadline, the law, and how to answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter

from services.handover.domain.letters import Letter, LetterKind
from services.handover.domain.machine import HandOver
from services.handover.domain.schedule import Schedule
from shared.contracts import (
    AssignmentEnded,
    AssignmentOffered,
    AssignmentWarned,
    CitizenAdded,
    CitizenSilent,
    IncidentGrew,
    Place,
)
from shared.municipality import Institution, Municipality
from shared.pages.catalogue import Catalogue
from shared.pages.formats import Formats
from shared.text import clean

# What a letter tells, as it came to us.
Content = AssignmentOffered | CitizenAdded | CitizenSilent | AssignmentWarned | IncidentGrew | AssignmentEnded
CONTENT: Final[TypeAdapter[Content]] = TypeAdapter(Content)
LANGUAGE: Final = "tr"
TEXT_LETTERS_MAX: Final = 20_000


@dataclass(frozen=True, slots=True)
class Parcel:
    """A letter ready to go: to whom, about what, what is new, and how it is answered. Lives in memory only."""

    letter: Letter
    handover: HandOver
    institution: Institution
    offer: AssignmentOffered
    content: Content
    link: str
    mail_token: str
    answer_by: datetime


@dataclass(frozen=True, slots=True)
class Correspondence:
    """The words of a letter."""

    subject: str
    text: str


class Wording:
    """Writes letters in Turkish; every word stands in `templates/messages.toml`."""

    def __init__(self, place: Municipality, catalogue: Catalogue, schedule: Schedule) -> None:
        self._place = place
        self._catalogue = catalogue
        self._formats = Formats(LANGUAGE, place.zone)
        self.schedule = schedule

    def write(self, parcel: Parcel) -> Correspondence:
        """The letter; its paragraphs stand apart by an empty line."""
        offer, kind = parcel.offer, parcel.letter.kind
        subject = self._say(
            f"letter.{kind}_subject",
            municipality=self._place.name,
            number=offer.number,
            topic=offer.topic_name or self._say("letter.no_topic"),
        )
        body = [
            self._say("letter.salutation", institution=parcel.institution.name),
            self._opening(parcel),
            *self._news(parcel),
        ]
        if kind is LetterKind.OFFER:
            body += [self.facts(parcel), *self._words_of(offer.text), *self._files(offer)]
        elif kind is not LetterKind.ENDING:
            body.append(self.facts(parcel))
        if kind is not LetterKind.ENDING:
            body.append(self._how_to_answer(parcel))
        body.append(self._say("letter.signed", centre=self._place.centre_name, municipality=self._place.name))
        return Correspondence(subject, "\n\n".join(part for part in body if part))

    def facts(self, parcel: Parcel) -> str:
        """Number, topic, date and place, a line each."""
        offer = parcel.offer
        lines = [
            self._say("letter.number", number=offer.number),
            self._say("letter.topic", topic=offer.topic_name or self._say("letter.no_topic")),
            self._say("letter.opened", day=self._formats.day(offer.opened_at)),
            self._say("letter.urgent") if offer.lane == "urgent" else "",
            *where(offer.place, offer.neighbourhood_name, self._catalogue),
        ]
        return "\n".join(line for line in lines if line)

    def files_left(self, count: int) -> str:
        """So many files are not with the letter."""
        return self._say("letter.files_left", count=count)

    def _opening(self, parcel: Parcel) -> str:
        kind, handover = parcel.letter.kind, parcel.handover
        sent = self._formats.day(handover.sent_at) if handover.sent_at else ""
        return self._say(f"letter.{kind}", sent=sent, number=handover.number)

    def _news(self, parcel: Parcel) -> list[str]:
        match parcel.content:
            case CitizenAdded(text=text, place=place):
                lines = where(place, None, self._catalogue)
                return [*self._words_of(text), "\n".join(lines), *self._files(parcel.content)]
            case IncidentGrew(reports=reports, text=text):
                return [self._say("letter.reports", count=reports), *self._words_of(text)]
            case AssignmentWarned(due_at=due_at):
                return [self._say("letter.due", moment=self._formats.moment(due_at))]
            case _:
                return []

    def _words_of(self, text: str) -> list[str]:
        words = clean(text).strip()[:TEXT_LETTERS_MAX]
        return [f"{self._say('letter.words')}\n{words}"] if words else []

    def _files(self, told: AssignmentOffered | CitizenAdded) -> list[str]:
        count = sum(1 for attachment in told.attachments if attachment.id)
        return [self._say("letter.files", count=count)] if count else []

    def _how_to_answer(self, parcel: Parcel) -> str:
        return self._say("letter.answer", day=self._formats.day(parcel.answer_by), link=parcel.link)

    def _say(self, key: str, **values: object) -> str:
        return self._catalogue.say(LANGUAGE, key, **values)


def where(place: Place, neighbourhood_name: str | None, catalogue: Catalogue, language: str = LANGUAGE) -> list[str]:
    """Address and point as lines; none where nothing is known."""
    neighbourhood = neighbourhood_name or place.neighbourhood
    address = ", ".join(part for part in (neighbourhood, place.street) if part)
    lines = [catalogue.say(language, "letter.address", address=address)] if address else []
    if url := map_url(place):
        point = f"{place.latitude:.6f}, {place.longitude:.6f}"
        lines.append(catalogue.say(language, "letter.point", point=point, url=url))
    return lines


def map_url(place: Place) -> str | None:
    """The point on a map that anybody can open."""
    if place.latitude is None or place.longitude is None:
        return None
    point = f"{place.latitude:.6f}/{place.longitude:.6f}"
    return f"https://www.openstreetmap.org/?mlat={place.latitude:.6f}&mlon={place.longitude:.6f}#map=18/{point}"


def file_ids(told: Content) -> tuple[UUID, ...]:
    """The files that came with it."""
    if isinstance(told, AssignmentOffered | CitizenAdded | IncidentGrew):
        return tuple(attachment.id for attachment in told.attachments if attachment.id)
    return ()
