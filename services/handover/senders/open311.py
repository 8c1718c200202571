"""Open311 GeoReport v2 as a client: a neighbouring municipality's server takes our case and is asked how it stands.

The standard knows no second message about a request: reminders and additions do not go this way. JSON is asked for.
Source: wiki.open311.org/GeoReport_v2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote, urlencode

from services.handover.domain import HandOver, LetterKind, Parcel, Sent
from services.handover.senders.http import Asked, Caller, Lost, Said, refused
from shared.mailing import Outcome
from shared.municipality import Institution
from shared.text import clean

DESCRIPTION_LETTERS_MAX: Final = 4_000
REFERENCE_LETTERS_MAX: Final = 200
NOTES_LETTERS_MAX: Final = 4_000
# A letter is tried for less. Over 90 days servers may leave out the newest (GET service requests, start_date).
LOOK_BACK: Final = timedelta(days=3)


class Status(StrEnum):
    """What their server says of a request."""

    OPEN = "open"
    CLOSED = "closed"
    UNTOLD = "untold"  # no number yet, no answer, or one we cannot read


@dataclass(frozen=True, slots=True)
class Standing:
    """How a request stands there. `reference` is its number, once they gave it one."""

    status: Status
    notes: str = ""
    reference: str | None = None


class Open311:
    """Posts to the servers of neighbours, each with the key it gave us."""

    def __init__(self, keys: Mapping[str, str], caller: Caller | None = None) -> None:
        self._keys = keys
        self._caller = caller or Caller()

    async def send(self, parcel: Parcel) -> Sent:
        """One POST. When the last one's outcome is unknown, their server is asked for it first.

        It carries an Idempotency-Key too: a server that knows it answers a second POST like the first.
        """
        if parcel.letter.kind is not LetterKind.OFFER:
            return Sent(Outcome.NEVER, "the standard knows no such message")
        try:
            if parcel.letter.is_doubted and (found := await self._find(parcel)):
                return Sent(Outcome.ACCEPTED, reference=found)
            return _taken(await self._post(parcel))
        except Lost as lost:
            return lost.sent

    async def ask(self, institution: Institution, handover: HandOver) -> Standing:
        """How our request stands there. Never raises."""
        try:
            reference = handover.reference
            if reference and handover.is_receipt:
                reference = await self._number(institution, reference)
            return await self._standing(institution, reference) if reference else Standing(Status.UNTOLD)
        except Lost:
            return Standing(Status.UNTOLD)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._caller.close()

    async def _post(self, parcel: Parcel) -> Said:
        institution = parcel.institution
        fields = {**_common(institution), "api_key": self._keys[institution.code], **self.fields(parcel)}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "Idempotency-Key": f'"{parcel.letter.id}"',
        }
        return await self._caller.ask(Asked("POST", _url(institution, "requests"), urlencode(fields).encode(), headers))

    def fields(self, parcel: Parcel) -> dict[str, str]:
        """The report: nothing of who told it, our number so that it can be found again."""
        offer = parcel.offer
        place, services = offer.place, parcel.institution.open311
        address = ", ".join(part for part in (offer.neighbourhood_name or place.neighbourhood, place.street) if part)
        words = clean(offer.text).strip()[: DESCRIPTION_LETTERS_MAX - 100]
        given: dict[str, Any] = {
            "service_code": services.of(offer.topic) if services else None,
            "lat": place.latitude,
            "long": place.longitude,
            "address_string": address[:200],
            "description": f"{words}\n({_mark(parcel)})",
        }
        return {name: str(value) for name, value in given.items() if value not in (None, "")}

    async def _find(self, parcel: Parcel) -> str | None:
        """The number of a request that carries our mark; None: it is certainly not there, or they hide descriptions."""
        institution = parcel.institution
        since = (datetime.now(UTC) - LOOK_BACK).isoformat(timespec="seconds")
        service = {"service_code": institution.open311.of(parcel.offer.topic)} if institution.open311 else {}
        query = urlencode({**_common(institution), **service, "start_date": since})
        said = await self._caller.ask(Asked("GET", f"{_url(institution, 'requests')}?{query}"))
        rows = said.rows() if said.status == 200 else []
        found = next((row for row in rows if _mark(parcel) in str(row.get("description", ""))), None)
        return _word(found, "service_request_id") if found else None

    async def _number(self, institution: Institution, token: str) -> str | None:
        said = await self._get(institution, f"tokens/{quote(token, safe='')}")
        rows = said.rows() if said.status == 200 else []
        return _word(rows[0], "service_request_id") if rows else None

    async def _standing(self, institution: Institution, number: str) -> Standing:
        said = await self._get(institution, f"requests/{quote(number, safe='')}")
        rows = said.rows() if said.status == 200 else []
        if not rows or rows[0].get("status") not in (Status.OPEN, Status.CLOSED):
            return Standing(Status.UNTOLD, reference=number)
        notes = clean(_word(rows[0], "status_notes") or "").strip()[:NOTES_LETTERS_MAX]
        return Standing(Status(rows[0]["status"]), notes, number)

    async def _get(self, institution: Institution, path: str) -> Said:
        query = urlencode(_common(institution))
        return await self._caller.ask(Asked("GET", _url(institution, path) + (f"?{query}" if query else "")))


def _url(institution: Institution, path: str) -> str:
    return f"{(institution.url or '').rstrip('/')}/{path}.json"


def _common(institution: Institution) -> dict[str, str]:
    jurisdiction = institution.open311.jurisdiction if institution.open311 else None
    return {"jurisdiction_id": jurisdiction} if jurisdiction else {}


def _mark(parcel: Parcel) -> str:
    return f"İLKİM {parcel.offer.number}"


def _taken(said: Said) -> Sent:
    """A number at once, or a token that becomes one later."""
    if not 200 <= said.status < 300:
        return refused(said)
    rows = said.rows()
    number = _word(rows[0], "service_request_id") if rows else None
    token = _word(rows[0], "token") if rows else None
    if number or token:
        return Sent(Outcome.ACCEPTED, reference=number or token, is_receipt=number is None)
    return Sent(Outcome.UNKNOWN, f"HTTP {said.status} without a number")


def _word(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    text = str(value)[:NOTES_LETTERS_MAX] if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text or None
