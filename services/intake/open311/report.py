"""Reads a posted report: every field of GeoReport v2, each fault told, nothing fetched, unknown fields passed over."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Final

from services.intake.channels.links import is_trusted
from services.intake.open311.query import moment
from services.intake.open311.words import Fault, Language, Refused, say
from shared.contracts import Channel, ContactPoint, Place, Sender
from shared.contracts.channel import TEXT_MAX
from shared.municipality import Municipality
from shared.municipality.topics import AnswerKind, Question, Topic
from shared.phone import e164
from shared.text import clean

DESCRIPTION_LETTERS_MAX: Final = 4_000  # the standard's own limit
ADDRESS_LETTERS_MAX: Final = 1_000
ANSWER_LETTERS_MAX: Final = 2_000
SHORT_LETTERS_MAX: Final = 200
URL_LETTERS_MAX: Final = 2_000
# South, north, west, east of Türkiye in degrees, with a little sea.
TURKIYE: Final = (35.7, 42.3, 25.5, 45.0)
# Round the municipality's own ground: what lies there once lat and long change places was swapped.
NEAR_DEGREES: Final = 0.5
_NOTHING: Final = " \t\n\ufffd"  # the last stands where letters were that nobody can read
_ATTRIBUTE: Final = re.compile(r"^attribute\[([^\]]{1,100})\](?:\[\d*\])?$")
_MAIL: Final = re.compile(r"^[^\s@<>,;]{1,64}@[^\s@<>,;]{1,100}\.[^\s@<>,;.]{2,20}$")
_NUMBER: Final = re.compile(r"^[+-]?\d{1,12}(?:[.,]\d{1,12})?$")


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it was sent, checked. `media_url` is set when it will be fetched; other addresses are words."""

    topic: Topic
    text: str
    place: Place
    sender: Sender
    language: Language
    media_url: str | None = None


class Fields:
    """The fields of a form by name; an empty one counts as not sent, as the standard says."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            if tidied := clean(value).strip(_NOTHING):
                self._values.setdefault(name, []).append(tidied)

    def get(self, name: str) -> str | None:
        """The last value of that name."""
        return self._values[name][-1] if name in self._values else None

    def attributes(self) -> Mapping[str, Sequence[str]]:
        """The answers by the code of their question."""
        found: dict[str, list[str]] = {}
        for name, values in self._values.items():
            if match := _ATTRIBUTE.match(name):
                found.setdefault(match[1], []).extend(values)
        return found


@dataclass(frozen=True)
class Reader:
    """Checks reports against a municipality's services and ground."""

    place: Municipality
    media_hosts: Sequence[str] = ()

    def read(self, fields: Fields, space: str, language: Language) -> Report:
        """The report; `space` keeps the users of one app apart from another's. Raises Refused with every fault."""
        faults: list[Fault] = []
        topic = self._topic(fields, faults)
        place = self._place(fields, faults)
        text = self._text(fields, topic, language, faults)
        if faults or topic is None:
            raise Refused(*faults)
        return Report(topic, text, place, _sender(fields, space), language, self._trusted_url(fields))

    def _trusted_url(self, fields: Fields) -> str | None:
        url = fields.get("media_url")
        return url if url and is_trusted(url, self.media_hosts) else None

    def _topic(self, fields: Fields, faults: list[Fault]) -> Topic | None:
        code = fields.get("service_code")
        if code is None:
            faults.append(Fault("no_service_code"))
            return None
        topic = next((topic for topic in self.place.topics if topic.code == code), None)
        if topic is None:
            faults.append(Fault("unknown_service", {"code": code}, 404))
        return topic

    def _place(self, fields: Fields, faults: list[Fault]) -> Place:
        point = self._point(fields, faults)
        address, code = fields.get("address_string"), fields.get("address_id")
        if address and len(address) > ADDRESS_LETTERS_MAX:
            faults.append(Fault("too_long", {"name": "address_string", "most": ADDRESS_LETTERS_MAX}))
        street, neighbourhood = self._registered(code)
        if code and not neighbourhood and not point and not address:
            faults.append(Fault("unknown_address", {"code": code}))
        if not (fields.get("lat") or fields.get("long") or address or code):
            faults.append(Fault("no_place"))
        return Place(
            latitude=point[0] if point else None,
            longitude=point[1] if point else None,
            street=_short(address or street),
            neighbourhood=neighbourhood,
        )

    def _registered(self, code: str | None) -> tuple[str | None, str | None]:
        """(street, neighbourhood) of an address_id: a code of the address registry."""
        if code is None:
            return None, None
        street = next((street for street in self.place.streets if street.code == code), None)
        home = street.neighbourhood if street else code
        neighbourhood = next((row.name for row in self.place.neighbourhoods if row.code == home), None)
        return (f"{street.name} {street.type}" if street else None), neighbourhood

    def _point(self, fields: Fields, faults: list[Fault]) -> tuple[float, float] | None:
        given = {name: fields.get(name) for name in ("lat", "long")}
        if not any(given.values()):
            return None
        if not all(given.values()):
            faults.append(Fault("half_a_point"))
            return None
        degrees = {name: _degrees(value or "") for name, value in given.items()}
        wrong = [name for name, value in degrees.items() if value is None]
        faults += [Fault("no_degrees", {"name": name}) for name in wrong]
        latitude, longitude = degrees["lat"], degrees["long"]
        if latitude is None or longitude is None:
            return None
        if trouble := self._trouble(latitude, longitude):
            faults.append(Fault(trouble))
            return None
        return latitude, longitude

    def _trouble(self, latitude: float, longitude: float) -> str:
        if latitude == 0 and longitude == 0:
            return "no_point"
        if self._is_near(longitude, latitude) and not self._is_near(latitude, longitude):
            return "swapped"
        south, north, west, east = TURKIYE
        return "" if south <= latitude <= north and west <= longitude <= east else "far_away"

    def _is_near(self, latitude: float, longitude: float) -> bool:
        home = self.place.neighbourhoods[0]
        return abs(latitude - home.latitude) < NEAR_DEGREES and abs(longitude - home.longitude) < NEAR_DEGREES

    def _text(self, fields: Fields, topic: Topic | None, language: Language, faults: list[Fault]) -> str:
        """The description, then what was asked, then what has no field of its own in a contact."""
        description, address, url = (fields.get(name) for name in ("description", "address_string", "media_url"))
        if description and len(description) > DESCRIPTION_LETTERS_MAX:
            faults.append(Fault("too_long", {"name": "description", "most": DESCRIPTION_LETTERS_MAX}))
        if url and not (url.lower().startswith(("http://", "https://")) and len(url) <= URL_LETTERS_MAX):
            faults.append(Fault("no_media_url"))
        if topic is None:
            return ""
        lines = [description or topic.name_in(language)]
        lines += _answers(topic.question, fields.attributes(), language, faults)
        if address and len(address) > SHORT_LETTERS_MAX:
            lines.append(f"{say('notice.address', language)}: {address}")
        if url and not self._trusted_url(fields):
            lines.append(f"{say('notice.media', language)}: {url}")
        return "\n".join(lines)[:TEXT_MAX]


def _answers(
    questions: Sequence[Question], given: Mapping[str, Sequence[str]], language: Language, faults: list[Fault]
) -> list[str]:
    """The answers as lines; attributes nobody asked for are passed over."""
    lines = []
    for question in questions:
        values = given.get(question.code, ())
        if not values:
            faults += [Fault("no_answer", {"code": question.code})] if question.required else []
            continue
        words = [_answer(question, value, language) for value in values]
        if None in words or (len(words) > 1 and question.answer is not AnswerKind.SOME_OF):
            kind = say(f"service.kind_{question.answer}", language)
            faults.append(Fault("wrong_answer", {"code": question.code, "kind": kind}))
            continue
        lines.append(f"{question.name_in(language)}: {', '.join(word for word in words if word)}")
    return lines


def _answer(question: Question, value: str, language: Language) -> str | None:
    """The answer in words, None when it is not of the question's kind."""
    if len(value) > ANSWER_LETTERS_MAX:
        return None
    match question.answer:
        case AnswerKind.ONE_OF | AnswerKind.SOME_OF:
            return next((row.name_in(language) for row in question.choices if row.code == value), None)
        case AnswerKind.NUMBER:
            return value if _NUMBER.match(value) else None
        case AnswerKind.DATETIME:
            return value if _is_moment(value) else None
        case AnswerKind.STRING:
            return value if "\n" not in value else None
        case AnswerKind.TEXT:
            return value


def _is_moment(value: str) -> bool:
    try:
        return isinstance(moment(value), datetime)
    except ValueError:
        return False


def _sender(fields: Fields, space: str) -> Sender:
    """Who wrote. A device or account is only known to its own app, so its address begins with the app's."""
    names = (fields.get("first_name"), fields.get("last_name"))
    mail, phone = fields.get("email"), e164(fields.get("phone") or "")
    mail = mail if mail and _MAIL.match(mail) else None
    answers = [ContactPoint(channel=Channel.EMAIL, address=mail)] if mail else []
    answers += [ContactPoint(channel=Channel.SMS, address=phone)] if phone else []
    own = fields.get("account_id") or fields.get("device_id")
    address = f"{space}:{own}" if own else mail or phone
    return Sender(address=_short(address), name=_short(" ".join(filter(None, names))), answers=tuple(answers))


def _short(text: str | None) -> str | None:
    return text[:SHORT_LETTERS_MAX] if text else None


def _degrees(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) and abs(value) <= 180 else None
