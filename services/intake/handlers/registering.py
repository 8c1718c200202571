"""Registers contacts: looks around, asks the domain, stores them with their cases, tells who must know."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final
from uuid import UUID

from services.intake import store
from services.intake.domain import (
    NO_DOUBT,
    Around,
    Arrival,
    Doubt,
    KnownCase,
    Numbers,
    Registration,
    Rules,
    Survey,
    find_numbers,
    register,
    with_photo_place,
)
from services.intake.domain.followups import SAME_SENDER
from services.intake.domain.surveys import SURVEY_NO, SURVEY_YES
from services.intake.handlers.alerting import alerts
from services.intake.handlers.holding import Judge, doubts_of, hold
from services.intake.handlers.telling import proven_address, tell, tell_answers, tell_wishes, told_address
from services.intake.store import Reference, Surroundings
from shared.contracts import AddressRecorded, CaseState, Effect, MessageReceived
from shared.gazetteer import Gazetteer
from shared.messaging import Unit
from shared.municipality import Municipality
from shared.phone import bare
from shared.tokens import CaseTokens
from shared.vault import Vault

# An answer to a survey that comes later is read as any other message.
SURVEYS_READ_FOR: Final = timedelta(days=60)


@dataclass(frozen=True)
class Registrar:
    """Turns arrivals into contacts, whichever way they came: at once, as a burst, or let go by a person."""

    vault: Vault
    numbers: Numbers
    tokens: CaseTokens
    place: Municipality
    judge: Judge

    @cached_property
    def rules(self) -> Rules:
        """The words and limits it decides by."""
        return Rules.of(self.place)

    @cached_property
    def gazetteer(self) -> Gazetteer:
        """The municipality's ground."""
        return Gazetteer.or_empty(self.place)

    async def register(self, unit: Unit, arrivals: Sequence[Arrival], *, was_held: bool = False) -> list[Registration]:
        """Register contacts whose messages are new, in their order; each counts once for all that it causes.

        `was_held`: they are there already, and a person let them go on.
        """
        if not arrivals:
            return []
        arrivals = await self._placed(unit, arrivals)
        addresses = await self._meet(unit, arrivals)
        around = await self._look_around(unit, arrivals)
        if was_held:
            rows = self._decide(arrivals, around, [NO_DOUBT] * len(arrivals))
            rows = [replace(row, was_held=True) for row in rows]
            await store.change_effects(unit.connection, rows)
        else:
            doubts = await doubts_of(unit, arrivals, self.rules, self.judge)
            rows = self._decide(arrivals, around, doubts)
            await store.move_messages(unit.connection, arrivals)
            await store.add_contacts(unit.connection, rows)
            await hold(unit, rows, self.vault)
        opened = await store.open_cases(unit.connection, rows, self.numbers)
        counted = await store.answer_surveys(unit.connection, _counting(rows))
        numbers = {case.id: case.number for case in around.cases.values()} | opened
        unit.publish(*alerts(rows, numbers))
        unit.publish(*tell(rows, numbers, addresses, counted=not was_held), *tell_wishes(rows))
        unit.publish(*tell_answers([row for row in rows if row.contact_id in counted]))
        return rows

    def number_id(self, message: MessageReceived) -> UUID | None:
        """What stands for the bare number or address behind a message."""
        address = message.sender.address
        return self.vault.number_id(message.channel, address) if address else None

    def person_id(self, message: MessageReceived) -> UUID | None:
        """Who wrote; None: anonymous."""
        address = message.sender.address
        return self.vault.pseudonym(message.channel, message.account, address) if address else None

    async def _placed(self, unit: Unit, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
        """Those that tell no place, at the place where a photo of theirs was taken."""
        ids = {file.id for row in arrivals for file in row.message.attachments if file.id}
        photos = await store.photo_places(unit.connection, ids)
        if not photos:
            return arrivals
        return [replace(row, message=with_photo_place(row.message, photos, self.is_ours)) for row in arrivals]

    def is_ours(self, latitude: float, longitude: float) -> bool:
        """Whether a point lies within the municipality."""
        return self.gazetteer.locate((), latitude=latitude, longitude=longitude).neighbourhood is not None

    async def _meet(self, unit: Unit, arrivals: Sequence[Arrival]) -> Mapping[UUID, Sequence[AddressRecorded]]:
        """Know the senders from here on, locked till the end; the addresses that are news to the notifier."""
        fresh = await store.add_people(unit.connection, arrivals, self.vault)
        news: dict[UUID, list[AddressRecorded]] = {}
        for row in arrivals:
            if row.person_id in fresh and row.person_id not in news:
                news[row.person_id] = [proven_address(row, row.person_id)]
        points = {
            (row.person_id, point.channel, self.vault.number_id(point.channel, bare(point.address))): (row, point)
            for row in arrivals
            if row.person_id
            for point in row.message.sender.answers
        }
        told = {key: bare(point.address) for key, (_, point) in points.items()}
        for key in await store.add_told_points(unit.connection, told, self.vault):
            row, point = points[key]
            news.setdefault(key[0], []).append(told_address(row, key[0], point.channel, bare(point.address)))
        return news

    async def _look_around(self, unit: Unit, arrivals: Sequence[Arrival]) -> Surroundings:
        pointing = [row for row in arrivals if _points(row.message)]
        of_surveys = [row for row in arrivals if self._may_be_about_a_survey(row.message)]
        chosen = {row.message.about_case for row in pointing if row.message.about_case}
        since = min(row.message.occurred_at for row in arrivals)
        survey_of, survey_about = await self._surveys(unit, of_surveys, chosen, since)
        known = await store.surroundings(
            unit.connection,
            numbers={number for row in arrivals for number in self._quoted(row.message)},
            ids=chosen | {survey.case_id for survey in survey_of.values()},
            people={row.person_id for row in arrivals if row.person_id and row.message.channel in SAME_SENDER},
            references={reference for row in pointing for reference in _references(row.message)},
            number_ids={row.number_id for row in arrivals if row.number_id and self._quoted(row.message)}
            | {row.number_id for row in (*pointing, *of_surveys) if row.number_id},
            closed_since=since - self.rules.wishes.soon,
        )
        return replace(known, survey_of=survey_of, survey_about=survey_about)

    async def _surveys(
        self, unit: Unit, arrivals: Sequence[Arrival], chosen: Collection[UUID], since: datetime
    ) -> tuple[Mapping[UUID, Survey], Mapping[UUID, Survey]]:
        """What these senders were asked, and what was asked about those cases."""
        if not arrivals:
            return {}, {}
        return await store.surveys_of(
            unit.connection,
            {row.person_id for row in arrivals if row.person_id},
            {row.number_id for row in arrivals if row.number_id},
            chosen,
            since - SURVEYS_READ_FOR,
        )

    def _may_be_about_a_survey(self, message: MessageReceived) -> bool:
        surveys = self.rules.surveys
        return (
            message.kind in (SURVEY_YES, SURVEY_NO)
            or surveys.wants_none(message.text)
            or surveys.read(message.text, self.rules.wishes) is not None
        )

    def _decide(self, arrivals: Sequence[Arrival], known: Surroundings, doubts: Sequence[Doubt]) -> list[Registration]:
        """One after the other: what an earlier one of a sender opened, a later one may join."""
        rows: list[Registration] = []
        open_of = {person: {case.id: case for case in cases} for person, cases in known.open_of.items()}
        for arrival, doubt in zip(arrivals, doubts, strict=True):
            mine = open_of.setdefault(arrival.person_id, {}) if arrival.person_id else {}
            around = self._around(arrival, known, tuple(mine.values()))
            row = register(arrival, around, doubt, self.rules)
            rows.append(row)
            if row.effect in (Effect.OPENED, Effect.JOINED):
                mine.update(_as_it_stands_after(row, mine))
        return rows

    def _around(self, arrival: Arrival, known: Surroundings, mine: tuple[KnownCase, ...]) -> Around:
        message, person = arrival.message, arrival.person_id
        token = self._token(message)
        by_token = known.by_number.get(token) if token else None
        tellers = known.told_to.get(arrival.number_id, frozenset()) if arrival.number_id else frozenset()
        same = known.people_at.get(arrival.number_id, frozenset()) if arrival.number_id else frozenset()
        survey = self._survey(arrival, known)
        return Around(
            people=frozenset({person, *same}) if person else frozenset(),
            chosen=known.cases.get(message.about_case) if message.about_case else None,
            by_token=by_token,
            referred=tuple(
                {case.id: case for ref in _references(message) for case in known.by_reference.get(ref, ())}.values()
            ),
            quoted=tuple(known.by_number[number] for number in find_numbers(message.text) if number in known.by_number),
            open=mine,
            closed=tuple(known.closed_of.get(person, ())) if person else (),
            survey=survey,
            surveyed=known.cases.get(survey.case_id) if survey else None,
            told=frozenset({by_token.id}) if by_token and by_token.parties & frozenset(tellers) else frozenset(),
        )

    def _survey(self, arrival: Arrival, known: Surroundings) -> Survey | None:
        """What was asked about the case they chose, else what the sender was asked last."""
        if arrival.message.about_case:
            return known.survey_about.get(arrival.message.about_case)
        asked = [known.survey_of.get(key) for key in (arrival.person_id, arrival.number_id) if key]
        return max((survey for survey in asked if survey), key=lambda survey: survey.asked_at, default=None)

    def _quoted(self, message: MessageReceived) -> list[str]:
        token = self._token(message)
        return [*find_numbers(message.text), *([token] if token else [])]

    def _token(self, message: MessageReceived) -> str | None:
        return self.tokens.number_of(message.reply_token) if message.reply_token else None


def _counting(rows: Sequence[Registration]) -> list[tuple[UUID, UUID, bool, datetime]]:
    """Answers to surveys that count when nobody was quicker: case, contact, solved, when."""
    return [
        (row.answer.case.id, row.contact_id, row.answer.solved, row.message.occurred_at)
        for row in rows
        if row.answer and row.answer.counts
    ]


def _points(message: MessageReceived) -> bool:
    return bool(
        message.about_case or message.in_reply_to or message.references or message.concerns or message.reply_token
    )


def _references(message: MessageReceived) -> list[Reference]:
    """What the message names, the nearest first; mail programs put angle brackets round an id or not."""
    named = [message.concerns, message.in_reply_to, *message.references]
    return [
        (message.channel, message.account, form)
        for name in named
        if name
        for form in dict.fromkeys((name, name.strip("<>")))
    ]


def _as_it_stands_after(row: Registration, mine: Mapping[UUID, KnownCase]) -> dict[UUID, KnownCase]:
    """The sender's cases that a contact opened or touched, for what comes next in the same batch."""
    at = row.arrival.last_message_at
    people = frozenset({row.person_id} if row.person_id else ())
    opened = {
        case.id: KnownCase(case.id, "", CaseState.RECEIVED, row.lane, at, people, case.text) for case in row.opens
    }
    touched = {
        case: replace(mine[case], last_contact_at=max(mine[case].last_contact_at, at))
        for case in row.joins
        if case in mine
    }
    return opened | touched
