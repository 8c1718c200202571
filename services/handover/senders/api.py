"""Our own small contract: one signed POST for each letter, `docs/institutions.md` for who answers it.

| they answer    | it means                                                                    |
|----------------|-----------------------------------------------------------------------------|
| 2xx            | they have it; `{"reference": "…"}` tells what they call it                  |
| 409            | they had it already                                                         |
| 429, 501, 503 … | not now                                                                    |
| 408, 500, 502, 504, no answer | nobody knows: the same POST with the same Idempotency-Key comes again |
| 3xx, 401, 403, 405 | our settings are wrong: tried again until the attempts are over         |
| any other 4xx  | never                                                                       |
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from services.handover.domain import LetterKind, Parcel, Sent
from services.handover.domain.wording import file_ids
from services.handover.senders.http import Asked, Caller, Lost, Said, refused
from services.handover.signing import HEADER, signature
from shared.contracts import AssignmentWarned, CitizenAdded, IncidentGrew, Place
from shared.mailing import Outcome

REFERENCE_LETTERS_MAX: Final = 200
EVENTS: Final[Mapping[LetterKind, str]] = {
    LetterKind.OFFER: "case.handed_over",
    LetterKind.REMINDER: "case.reminded",
    LetterKind.ADDITION: "citizen.added",
    LetterKind.SILENCE: "citizen.silent",
    LetterKind.WARNING: "case.due",
    LetterKind.GROWTH: "reports.grew",
    LetterKind.ENDING: "case.ended",
}


class Api:
    """Posts to the addresses of institutions, each with its own secret."""

    def __init__(
        self, secrets: Mapping[str, str], callback_url: Callable[[str], str], caller: Caller | None = None
    ) -> None:
        self._secrets = secrets
        self._callback_url = callback_url
        self._caller = caller or Caller()

    async def send(self, parcel: Parcel) -> Sent:
        """One POST; the same Idempotency-Key on every attempt."""
        institution = parcel.institution
        body = json.dumps(self.letter(parcel), ensure_ascii=False).encode("utf-8", "replace")
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": f'"{parcel.letter.id}"',
            HEADER: signature(self._secrets[institution.code], body, time.time()),
        }
        try:
            said = await self._caller.ask(Asked("POST", institution.url or "", body, headers))
        except Lost as lost:
            return lost.sent
        if 200 <= said.status < 300 or said.status == 409:
            return Sent(Outcome.ACCEPTED, reference=_reference(said))
        return refused(said)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._caller.close()

    def letter(self, parcel: Parcel) -> dict[str, Any]:
        """The body: the case as it is handed over, and what is new in this letter. Nothing of who told it."""
        offer, content = parcel.offer, parcel.content
        news: dict[str, Any] = {}
        match content:
            case CitizenAdded():
                news = {"text": content.text, "place": _place(content.place)}
            case IncidentGrew():
                news = {"reports": content.reports, "text": content.text}
            case AssignmentWarned():
                news = {"due_at": content.due_at.isoformat()}
        return {
            "event": EVENTS[parcel.letter.kind],
            "id": str(parcel.letter.id),
            "hand_over": str(parcel.handover.id),
            "number": offer.number,
            "topic": {"code": offer.topic, "name": offer.topic_name},
            "text": offer.text,
            "urgent": offer.lane == "urgent",
            "opened_at": offer.opened_at.isoformat(),
            "answer_by": parcel.answer_by.isoformat(),
            "place": _place(offer.place) | {"neighbourhood": offer.neighbourhood_name or offer.place.neighbourhood},
            "files": [
                f"{parcel.link}/ek/{file}"
                for told in {offer.id: offer, content.id: content}.values()
                for file in file_ids(told)
            ],
            "news": news,
            "answer_url": self._callback_url(parcel.institution.code),
            "page_url": parcel.link,
        }


def _place(place: Place) -> dict[str, Any]:
    return {
        "latitude": place.latitude,
        "longitude": place.longitude,
        "neighbourhood": place.neighbourhood,
        "street": place.street,
    }


def _reference(said: Said) -> str | None:
    rows = said.rows()
    found = rows[0].get("reference") if rows else None
    return str(found)[:REFERENCE_LETTERS_MAX] if isinstance(found, str | int) else None
