"""The operator's entry: who calls and about what, what the words point to while they are typed, and the number."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import ValidationError

from services.desk.adviser import Advice
from services.desk.domain import (
    CHANNELS,
    Entry,
    Reached,
    Wish,
    petition_lacks,
    split_street,
)
from services.desk.domain.identity import Identity, Permission
from services.desk.handlers import Caller, Desk, NoSuchCall, NoSuchEntry, NoSuchTask, WrongEntry
from services.desk.pages.frame import Frame, Option, Sent, faults_of, options, typed_fields
from services.desk.pages.why import proposed
from services.desk.web import SignIn
from shared.contracts import Channel, EvidenceKind
from shared.explaining import explained
from shared.ids import new_id
from shared.municipality import Street
from shared.municipality.answers import StandardAnswer
from shared.municipality.standard_texts import StandardText, TextUse

NUMBER_WAIT_SECONDS: Final = 1.5
OTHER: Final = "other"
# A street's type as it is said behind a name: "Gazi Caddesi", but "70. Sokak".
_TYPES: Final = {"Cadde": "Caddesi", "Bulvar": "Bulvarı", "Meydan": "Meydanı"}
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Danger is shown above with the number to call, the kind and the urgency as tags.
_SHOWN_BESIDE: Final = frozenset({EvidenceKind.EMERGENCY, EvidenceKind.KIND, EvidenceKind.URGENCY})
_FAULTS: Final = {"phone": "wrong.phone", "email": "wrong.email", "received_on": "wrong.date"}


@dataclass(frozen=True, slots=True)
class Likely:
    """A possible owner and topic, with the reasons that speak for it; `value` is what the form sends."""

    value: str
    owner: str
    topic: str | None
    confidence: float
    reasons: tuple[str, ...]


def add_entry_pages(routes: APIRouter, frame: Frame, desk: Desk, sign_in: SignIn) -> None:
    """`/entry` and `/entry/…`."""
    pages = EntryPages(frame, desk)
    Person = Annotated[Identity, Depends(sign_in)]

    @routes.get("/entry")
    async def form(request: Request, by: Person, task: UUID | None = None, call: UUID | None = None) -> Response:
        caller = await pages.caller(by, call)
        return await pages.form(request, Sent(await pages.prefilled(by, task, caller)), caller)

    @routes.post("/entry")
    async def enter(request: Request, by: Person) -> Response:
        return await pages.enter(request, by, await typed_fields(request))

    @routes.post("/entry/hints")
    async def hints(request: Request) -> Response:
        return await pages.hints(request, await typed_fields(request))

    @routes.get("/entry/streets")
    async def streets(q: str = "") -> Response:
        return pages.streets(q)

    @routes.get("/entry/{entry_id}")
    async def entered(request: Request, entry_id: UUID) -> Response:
        return await pages.entered(request, entry_id)

    @routes.get("/entry/{entry_id}/number")
    async def number(request: Request, entry_id: UUID) -> Response:
        return await pages.number(request, entry_id)


class EntryPages:
    """Reads what a page shows and renders it."""

    def __init__(self, frame: Frame, desk: Desk) -> None:
        self._frame = frame
        self._calls = desk.calls
        self._entries = desk.entries
        self._tasks = desk.tasks
        self._place = desk.entries.place

    async def caller(self, by: Identity, call_id: UUID | None) -> Caller | None:
        """Who called, with their cases; that somebody looked is kept."""
        try:
            return await self._calls.look(call_id, by) if call_id else None
        except NoSuchCall:
            return None

    async def prefilled(self, by: Identity, task_id: UUID | None, caller: Caller | None) -> dict[str, str]:
        """What is known of who called, or of whom a call-back is about; that somebody looked is kept."""
        if caller is not None:
            return _known(caller.reached) | {"call": str(caller.call.id)}
        if task_id is None or not by.may(Permission.TASKS):
            return {}
        try:
            _, reached = await self._tasks.look(task_id, by)
        except NoSuchTask:
            return {}
        return _known(reached) | {"task": str(task_id)}

    async def form(self, request: Request, sent: Sent, caller: Caller | None = None) -> Response:
        """The form with what was typed so far."""
        typed = {"id": str(new_id()), "channel": Channel.PHONE, "wish": Wish.SMS, **sent.typed}
        language = self._frame.language(request)
        place = self._place
        return await self._frame.render(
            request,
            "entry.html",
            status=sent.status,
            typed=typed,
            wrong=sent.wrong,
            refused=sent.refused,
            caller=caller,
            channels=CHANNELS,
            wishes=[Option(wish, self._frame.name(request, "wish", wish)) for wish in Wish],
            neighbourhoods=options((row.code, row.name) for row in place.neighbourhoods),
            answers=[
                (row.code, row.name_in(language), row.text_in(typed.get("language", "tr")))
                for row in self._told_at_once
            ],
            today=datetime.now(UTC).astimezone(place.zone).date().isoformat(),
            **await self._hints(request, typed),
        )

    async def hints(self, request: Request, typed: Mapping[str, str]) -> Response:
        """The piece of the form that changes while somebody types."""
        return self._frame.render_part(
            request, "entry_hints.html", typed=typed, wrong={}, **await self._hints(request, typed)
        )

    async def enter(self, request: Request, by: Identity, typed: Mapping[str, str]) -> Response:
        """Save and show the number; what is wrong is said beside its field, and what was typed stays."""
        if "show" in typed:
            return await self._again(request, by, Sent(typed))
        if typed.get("proposal") == OTHER and not typed.get("owner"):
            return await self._again(request, by, Sent(typed, {"owner": "wrong.missing"}, status=422))
        try:
            entry = Entry.model_validate(self._values(typed))
            entered = await self._entries.enter(entry, by.name)
        except ValidationError as error:
            wrong = {field: _FAULTS.get(field, words) for field, words in faults_of(error).items()}
            return await self._again(request, by, Sent(typed, wrong, status=422))
        except WrongEntry as error:
            return await self._again(request, by, Sent(typed, error.faults, status=422))
        again = {"again": "yes"} if entered.id != entry.id else {}
        return RedirectResponse(f"/entry/{entered.id}" + (f"?{urlencode(again)}" if again else ""), 303)

    async def _again(self, request: Request, by: Identity, sent: Sent) -> Response:
        """The form once more, with whoever is on the line."""
        call = sent.typed.get("call", "")
        return await self.form(request, sent, await self.caller(by, UUID(call)) if _UUID.fullmatch(call) else None)

    async def entered(self, request: Request, entry_id: UUID) -> Response:
        """The tracking number, large, as soon as it is there; a moment is waited for it."""
        try:
            entered = await self._entries.find(entry_id, NUMBER_WAIT_SECONDS)
        except NoSuchEntry:
            return self._frame.not_found(request, "entry.not_found_words")
        again = "again" in request.query_params
        return await self._frame.render(request, "entered.html", entered=entered, again=again)

    async def number(self, request: Request, entry_id: UUID) -> Response:
        """The piece of the page that waits for the number."""
        try:
            entered = await self._entries.find(entry_id)
        except NoSuchEntry:
            return self._frame.not_found(request, "entry.not_found_words")
        return self._frame.render_part(request, "entered_number.html", entered=entered)

    def streets(self, written: str) -> Response:
        """Street names for what is written so far, each with its neighbourhood."""
        names = {row.code: row.name for row in self._place.neighbourhoods}
        found = [f"{_said(street)}, {names[street.neighbourhood]}" for street in self._entries.streets(written)]
        return JSONResponse(found, headers={"Cache-Control": "no-store"})

    @cached_property
    def _told_at_once(self) -> list[StandardAnswer | StandardText]:
        """What can be told with no case: the standard answers, and the standard texts that inform."""
        texts = [row for row in self._place.standard_texts if row.use is TextUse.INFORMATION]
        return [*self._place.standard_answers, *texts]

    def _values(self, typed: Mapping[str, str]) -> dict[str, Any]:
        """What was typed as an entry reads it: the choice taken apart, the street without its neighbourhood."""
        street, code = split_street(typed.get("street", "").strip() or None, self._codes)
        owner, topic = _chosen(typed)
        standard = next((row for row in self._told_at_once if row.code == typed.get("standard")), None)
        answer = typed.get("answer", "").strip() or (standard.text_in(typed.get("language", "tr")) if standard else "")
        return {
            **{name: value for name, value in typed.items() if name not in ("owner", "topic")},
            "street": street,
            "neighbourhood": typed.get("neighbourhood") or code,
            "owner": owner,
            "topic": topic,
            "answer": answer,
        }

    async def _hints(self, request: Request, typed: Mapping[str, str]) -> dict[str, Any]:
        """What the words point to: danger, what a petition lacks, owners with reasons, what like it came in lately."""
        text, values = typed.get("text", ""), self._values(typed)
        street, neighbourhood = values["street"], values["neighbourhood"]
        advice = await self._entries.advise(text, street, neighbourhood)
        found = neighbourhood or (advice.neighbourhood if advice else None)
        owner, topic = values["owner"], values["topic"]
        likeliest = topic or next((row.topic for row in advice.proposals if row.topic), None) if advice else topic
        alarm = self._entries.alarm(text)
        language = self._frame.language(request)
        similar, similar_count = await self._entries.similar(likeliest, found, street)
        return {
            "alarm": alarm.emergency if alarm else None,
            "lacks": self._lacks(values),
            "likely": self._likely(request, advice, text),
            "told": self._told(request, advice, text),
            "kind": advice.kind if advice else None,
            "level": advice.urgency if advice else None,
            "secondary": advice.secondary if advice else (),
            "chosen": _value(owner, topic) if typed.get("proposal") != OTHER else OTHER,
            "is_silent": advice is None and bool(text.strip()),
            "found": found if found != neighbourhood else None,
            "similar": similar,
            "similar_count": similar_count,
            "about": likeliest,
            "owners": options((row.code, row.name_in(language)) for row in self._everybody),
            "topics": options((row.code, row.name_in(language)) for row in self._place.topics),
        }

    def _lacks(self, values: Mapping[str, Any]) -> list[str]:
        try:
            entry = Entry.model_validate({**values, "text": values.get("text") or "-"})
        except ValidationError:
            return []
        return list(petition_lacks(entry))

    def _likely(self, request: Request, advice: Advice | None, text: str) -> list[Likely]:
        if advice is None:
            return []
        rows = proposed(advice.why, advice.proposals, text, self._place, self._frame.language(request))
        return [
            Likely(
                _value(row.proposal.owner, row.proposal.topic),
                row.proposal.owner,
                row.proposal.topic,
                row.proposal.confidence,
                tuple(row.reasons),
            )
            for row in rows
        ]

    def _told(self, request: Request, advice: Advice | None, text: str) -> tuple[str, ...]:
        """What the words say of the whole: its kind, how urgent it is, where it lies, and what is in doubt."""
        if advice is None or advice.why is None:
            return ()
        found = explained(advice.why, self._place, self._frame.language(request), text)
        rows = [row for row in found if not any(row.speaks_for(one.owner, one.topic) for one in advice.proposals)]
        return tuple(row.words for row in rows if row.evidence.kind not in _SHOWN_BESIDE)

    @cached_property
    def _codes(self) -> dict[str, str]:
        return {row.name: row.code for row in self._place.neighbourhoods}

    @cached_property
    def _everybody(self) -> list[Any]:
        return [*self._place.departments, *self._place.institutions]


def _known(reached: Reached) -> dict[str, str]:
    fields = {"phone": reached.address, "name": reached.name}
    return {field: value for field, value in fields.items() if value}


def _chosen(typed: Mapping[str, str]) -> tuple[str | None, str | None]:
    """(owner, topic) the operator chose; nothing: the router decides."""
    choice = typed.get("proposal", "")
    if choice == OTHER:
        return typed.get("owner") or None, typed.get("topic") or None
    owner, _, topic = choice.partition("|")
    return owner or None, topic or None


def _value(owner: str | None, topic: str | None) -> str:
    return f"{owner}|{topic or ''}" if owner else ""


def _said(street: Street) -> str:
    """A street as people write it; a number has no ending."""
    kind = street.type if street.name[:1].isdigit() else _TYPES.get(street.type, street.type)
    return f"{street.name} {kind}"
