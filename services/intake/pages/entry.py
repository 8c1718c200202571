"""What a citizen entered in the form: read, judged, and turned into a message."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final, Literal
from uuid import UUID, uuid4, uuid5

import phonenumbers

from services.intake.pages.photos import PHOTOS_MAX
from services.intake.pages.seals import KeptPhoto, Seals
from services.intake.web import Beside, FormMessage
from shared.contracts import Channel, ContactPoint, Place
from shared.contracts.channel import TEXT_MAX
from shared.pages.posted import Posted

TEXT_MIN: Final = 3
SHORT_MAX: Final = 200
SHORT_FIELDS: Final = ("neighbourhood", "street", "name", "email", "phone")
COUNTRY: Final = "TR"  # of phone numbers without a country in front
TURKIYE: Final = 90
MOBILE: Final = re.compile(r"5\d{9}")
_MAIL_ADDRESS: Final = re.compile(r"[^\s@<>\"(),:;\[\]\\]{1,64}@(?:[^\s@.<>\"]{1,63}\.){1,8}[^\s@.<>\"\d]{2,63}")


@dataclass(frozen=True, slots=True)
class Entry:
    """As it came; shown again when something is wrong. `about`: the open case of others that this adds to.

    `found` is the neighbourhood that the page itself found, so that a person's correction can be told from it.
    """

    page_id: UUID
    text: str = ""
    neighbourhood: str = ""
    street: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    latitude: float | None = None
    longitude: float | None = None
    found: str = ""
    photos: tuple[KeptPhoto, ...] = ()
    about: UUID | None = None
    photo_place: bool = False

    @property
    def submission_id(self) -> UUID:
        """A double press of one page is one contact; another text sent from the same page (back, then again) is not.

        Derived from the page's own id of 122 random bits, so that nobody guesses it.
        """
        words = (self.text, self.neighbourhood, self.street, self.name, str(self.latitude), str(self.longitude))
        more = (self.email, self.phone, *(str(photo.file_id) for photo in self.photos), str(self.about or ""))
        return uuid5(self.page_id, "\0".join((*words, *more)))

    @property
    def point(self) -> tuple[float, float] | None:
        """Latitude and longitude."""
        if self.latitude is None or self.longitude is None:
            return None
        return self.latitude, self.longitude

    def settled(self) -> "Entry":
        """With one place: a photo's that was chosen, or the point, unless the person corrected what it led to."""
        place = next((photo.point for photo in self.photos if photo.point), None) if self.photo_place else None
        if place:
            return replace(self, latitude=place[0], longitude=place[1])
        corrected = bool(self.found) and self.neighbourhood != self.found
        return replace(self, latitude=None, longitude=None) if corrected else self

    def message(self, language: Literal["tr", "en"]) -> FormMessage:
        """The contact this entry becomes, once `faults` finds none."""
        place = Place(
            latitude=self.latitude,
            longitude=self.longitude,
            neighbourhood=self.neighbourhood or None,
            street=self.street or None,
        )
        return FormMessage(
            submission_id=self.submission_id, text=self.text, name=self.name or None, place=place, language=language
        )

    def beside(self) -> Beside:
        """What goes with the message that only a page can vouch for."""
        answers = (
            ContactPoint(channel=Channel.EMAIL, address=self.email) if self.email else None,
            ContactPoint(channel=Channel.SMS, address=phone) if (phone := phone_number(self.phone)) else None,
        )
        return Beside(
            answers=tuple(answer for answer in answers if answer),
            attachments=tuple(photo.attachment for photo in self.photos),
            about_case=self.about,
        )


def read_entry(posted: Posted, seals: Seals) -> Entry:
    """The entry in a posted form; what was sealed elsewhere counts as not sent."""
    page_id = page_id_of(posted.first("submission_id"))
    dropped = frozenset(posted.all("drop"))
    photos = [seals.open_photo(token, page_id) for token in posted.all("photo") if token not in dropped]
    entry = Entry(
        page_id,
        text=posted.first("text"),
        neighbourhood=posted.first("neighbourhood"),
        street=posted.first("street"),
        name=posted.first("name"),
        email=posted.first("email"),
        phone=posted.first("phone"),
        found=posted.first("found"),
        photos=tuple(photo for photo in photos if photo)[:PHOTOS_MAX],
        about=seals.open_case(page_id, posted.first("about")),
        photo_place=posted.first("photo_place") == "yes",
    )
    latitude, longitude = degrees(posted.first("latitude"), 90), degrees(posted.first("longitude"), 180)
    known = latitude is not None and longitude is not None
    return replace(entry, latitude=latitude, longitude=longitude) if known else entry


def faults(entry: Entry, neighbourhoods: Collection[str] = ()) -> dict[str, str]:
    """What is wrong, as the message to show beside each field."""
    short: dict[str, str] = {name: getattr(entry, name) for name in SHORT_FIELDS}
    found = {field: "form.too_long" for field, value in short.items() if len(value) > SHORT_MAX}
    if entry.neighbourhood and neighbourhoods and entry.neighbourhood not in neighbourhoods:
        found["neighbourhood"] = "form.neighbourhood_unknown"
    if entry.email and not _MAIL_ADDRESS.fullmatch(entry.email):
        found["email"] = "form.email_wrong"
    if entry.phone and not phone_number(entry.phone):
        found["phone"] = "form.phone_wrong"
    return text_faults(entry.text) | found


def text_faults(text: str) -> dict[str, str]:
    """What is wrong with the text itself."""
    if len(text) < TEXT_MIN:
        return {"text": "form.text_missing"}
    return {"text": "form.text_too_long"} if len(text) > TEXT_MAX else {}


def phone_number(written: str) -> str | None:
    """A number that takes an SMS, in E.164, however it is written; None when it is none."""
    try:
        number = phonenumbers.parse(written, COUNTRY)
    except phonenumbers.NumberParseException:
        return None
    is_ours = number.country_code == TURKIYE
    takes_sms = MOBILE.fullmatch(str(number.national_number)) if is_ours else phonenumbers.is_valid_number(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if takes_sms else None


def degrees(written: str, most: float) -> float | None:
    """Degrees as the browser wrote them; anything else counts as not told."""
    try:
        value = float(written)
    except ValueError:
        return None
    return value if -most <= value <= most else None


def page_id_of(given: str) -> UUID:
    """The id a page was opened with; a new one for any other text."""
    try:
        return UUID(given)
    except ValueError:
        return uuid4()
