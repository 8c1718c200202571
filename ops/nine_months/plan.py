"""The plan: every contact of the nine months with its text, its moment, and what is to become of it. Pure."""

import bisect
import random
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import accumulate
from typing import Final, NamedTuple

from ops.nine_months import arrival, table, words
from ops.nine_months.people import Person, people
from ops.nine_months.phrases import Sayings, book, say
from ops.nine_months.places import NOWHERE, Places, Way, Where
from ops.nine_months.table import Group
from shared.contracts import Channel, OwnerKind, Place, Purpose, Sender
from shared.ids import derived_id
from shared.municipality import Municipality
from simulators.offices import Course

SEED: Final = 2020
WHATSAPP_ACCOUNT: Final = "106540352242922"
# One in three writes again in the nine months.
PEOPLE_PER_CONTACT: Final = 0.7
# Nobody asks for anything again within this time, or ever after being asked: it could be more of the same matter.
SILENCE: Final = timedelta(days=31)
DRAWS_MAX: Final = 60
INFORMATION_TOPICS: Final = ("bilgi", "bilgi", "bilgi", "bilgi", "tesekkur")


@dataclass(frozen=True, slots=True)
class PlannedContact:
    """One contact to be sent, and the truth about it.

    `group` and `course` are None for a contact that makes no case; `owner` then too. `neighbourhood` is what the
    text, the fields or the point tell.
    """

    channel: Channel
    account: str
    provider_id: str
    sender: Sender
    text: str
    place: Place
    occurred_at: datetime
    purpose: Purpose
    group: Group | None = None
    course: Course | None = None
    owner: str | None = None
    owner_kind: OwnerKind | None = None
    topic: str | None = None
    neighbourhood: str | None = None


class _Kind(NamedTuple):
    group: Group
    course: Course
    owner: str


class _Arrived(NamedTuple):
    at: datetime
    channel: Channel
    kind: _Kind | None


def plan(
    municipality: Municipality,
    seed: int = SEED,
    share: float = 1.0,
    *,
    count: int | None = None,
    information: bool = False,
    run: str = "",
    whatsapp_account: str = WHATSAPP_ACCOUNT,
) -> list[PlannedContact]:
    """The first `share` (or the first `count`) of the nine months' contacts, in order of time.

    Deterministic: the same arguments give the same plan, and a shorter one is the beginning of a longer one.
    `run` goes into the providers' ids and the citizens' addresses alone: another run sends the same words as new
    contacts, of other people.
    """
    planner = _Planner(municipality, seed)
    arrived = planner.arrivals(information=information)
    wanted = round(len(arrived) * share) if count is None else count
    return list(planner.contacts(arrived[: max(0, wanted)], run, whatsapp_account))


class _Planner:
    """Draws everything from generators of its own, one a purpose, so that a slice does not change what it holds."""

    def __init__(self, municipality: Municipality, seed: int) -> None:
        self._municipality = municipality
        self._seed = seed
        self._places = Places(municipality)

    def arrivals(self, *, information: bool) -> list[_Arrived]:
        """Every contact's moment, channel and kind, ordered by time."""
        chance = self._chance("arrivals")
        contacts = arrival.contacts_by_day(chance)
        kinds = self._kinds(chance)
        days = _draw_days(contacts, len(kinds), chance)
        arrived = [self._arrive(day, kind, chance) for day, kind in zip(days, kinds, strict=True)]
        if information:
            calls = self._chance("information")
            spare = [day for day, number in contacts.items() for _ in range(number - days.count(day))]
            arrived += [self._arrive(day, None, calls) for day in spare]
        return sorted(arrived, key=lambda row: row.at)

    def contacts(self, arrived: Sequence[_Arrived], run: str, whatsapp_account: str) -> Iterator[PlannedContact]:
        """The arrivals with their words; no two texts are the same."""
        texts: set[str] = set()
        quiet_until: dict[int, datetime] = {}
        for number, row in enumerate(arrived):
            chance = self._chance(f"contact {row.at.isoformat()} {number}")
            person = self._who_may_write(row.at, quiet_until, chance) if row.kind else chance.choice(self._people)
            if row.kind:
                quiet_until[person.number] = _NEVER if row.kind.course is Course.ASK else row.at + SILENCE
            contact = self._write_anew(row, person, chance, texts)
            texts.add(contact.text)
            account = whatsapp_account if row.channel is Channel.WHATSAPP else self._accounts.get(row.channel, "main")
            yield _identified(contact, account, person.in_run(run), f"{self._seed} {run} {number}")

    def _who_may_write(self, at: datetime, quiet_until: Mapping[int, datetime], chance: random.Random) -> Person:
        while True:
            person = chance.choice(self._people)
            if quiet_until.get(person.number, at) <= at:
                return person

    def _kinds(self, chance: random.Random) -> list[_Kind]:
        """The published table, case by case, in no order."""
        kinds = [kind for group in table.TABLE for kind in self._kinds_of(group, chance)]
        chance.shuffle(kinds)
        return kinds

    def _kinds_of(self, group: Group, chance: random.Random) -> list[_Kind]:
        share = table.TABLE[group]
        owners = self._owners_of(group, chance)
        courses = [course for course, number in share.courses.items() for _ in range(number)]
        chance.shuffle(courses)
        if group is Group.WHATSAPP:
            # An institution's case is answered; only departments leave one open.
            owners.sort(key=self._is_institution)
            courses.sort(key=lambda course: course in (Course.SOLVE, Course.ANSWER))
        return [_Kind(group, course, owner) for course, owner in zip(courses, owners, strict=True)]

    def _owners_of(self, group: Group, chance: random.Random) -> list[str]:
        if group is Group.REST:
            return [self._municipality.solution_centre.code] * table.TABLE[group].cases
        weights = table.OWNER_WEIGHTS[group]
        fixed = table.MUNICIPAL_POLICE_CASES if group is Group.DEPARTMENTS else 0
        drawn = chance.choices(list(weights), list(weights.values()), k=table.TABLE[group].cases - fixed)
        owners = [table.MUNICIPAL_POLICE] * fixed + drawn
        chance.shuffle(owners)
        return owners

    def _is_institution(self, owner: str) -> bool:
        return self._municipality.owner(owner).kind is OwnerKind.INSTITUTION

    def _arrive(self, day: date, kind: _Kind | None, chance: random.Random) -> _Arrived:
        if kind is None:
            channel = Channel.PHONE
        elif kind.group is Group.WHATSAPP:
            channel = Channel.WHATSAPP
        else:
            channel = chance.choices(list(table.CHANNEL_WEIGHTS), list(table.CHANNEL_WEIGHTS.values()))[0]
        return _Arrived(arrival.moment(day, channel, self._municipality.zone, chance), channel, kind)

    def _write_anew(self, row: _Arrived, person: Person, chance: random.Random, texts: set[str]) -> PlannedContact:
        for _ in range(DRAWS_MAX):
            contact = self._write(row, person, chance)
            if contact.text not in texts or row.kind is None:
                return contact
        raise RuntimeError(f"phrases.toml says too little about {row.kind}: {DRAWS_MAX} drawn texts were there already")

    def _write(self, row: _Arrived, person: Person, chance: random.Random) -> PlannedContact:
        sayings = self._sayings(row, chance)
        where = self._places.draw(_way(row, chance), chance) if _has_place(row, sayings, chance) else NOWHERE
        count = 2 if row.channel in _WORDY and len(sayings.patterns) > 1 and chance.random() < 0.4 else 1
        given = {"district": self._district(row.kind.owner)} if row.kind else {}
        sentences = [say(pattern, chance, **given) for pattern in chance.sample(sayings.patterns, count)]
        text = words.write(row.channel, sentences, where, person.name, chance)
        return self._contact(row, sayings, where, text)

    def _contact(self, row: _Arrived, sayings: Sayings, where: Where, text: str) -> PlannedContact:
        kind = row.kind
        if kind is None:
            purpose = Purpose.THANKS if sayings.code == "tesekkur" else Purpose.INFORMATION
            return PlannedContact(row.channel, "", "", Sender(), text, Place(), row.at, purpose)
        known = sayings.code in self._topics
        return PlannedContact(
            channel=row.channel,
            account="",
            provider_id="",
            sender=Sender(),
            text=text,
            place=where.place,
            occurred_at=row.at,
            purpose=Purpose.REQUEST,
            group=kind.group,
            course=kind.course,
            owner=kind.owner,
            owner_kind=self._municipality.owner(kind.owner).kind,
            topic=sayings.code if known else None,
            neighbourhood=where.neighbourhood,
        )

    def _sayings(self, row: _Arrived, chance: random.Random) -> Sayings:
        if row.kind is None:
            return book()[chance.choice(INFORMATION_TOPICS)]
        unfit = {Group.NEIGHBOURHOODS: "never", Group.DEPARTMENTS: "always"}.get(row.kind.group)
        fitting = [
            topic for topic in self._by_owner[row.kind.owner] if topic.place != unfit and row.at.month in topic.months
        ]
        return chance.choices(fitting, [topic.weight for topic in fitting])[0]

    def _district(self, owner: str) -> str:
        return getattr(self._municipality.owner(owner), "district", None) or ""

    @cached_property
    def _by_owner(self) -> dict[str, list[Sayings]]:
        by_owner: dict[str, list[Sayings]] = {self._municipality.solution_centre.code: [book()["belirsiz"]]}
        for topic in self._municipality.topics:
            if topic.code in book():
                by_owner.setdefault(topic.owner, []).append(book()[topic.code])
        for institution in self._municipality.institutions:
            if institution.district:
                by_owner.setdefault(institution.code, []).append(book()["komsu-ilce"])
        return by_owner

    @cached_property
    def _topics(self) -> frozenset[str]:
        return frozenset(topic.code for topic in self._municipality.topics)

    @cached_property
    def _accounts(self) -> dict[Channel, str]:
        return {account.channel: account.code for account in reversed(self._municipality.accounts)}

    @cached_property
    def _people(self) -> list[Person]:
        cases = sum(share.cases for share in table.TABLE.values())
        return people(round(cases * PEOPLE_PER_CONTACT), self._chance("people"))

    def _chance(self, purpose: str) -> random.Random:
        return random.Random(f"{self._seed} {purpose}")


_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_WORDY: Final = frozenset({Channel.EMAIL, Channel.PETITION, Channel.CIMER, Channel.WEB})


def _draw_days(contacts: dict[date, int], count: int, chance: random.Random) -> list[date]:
    """A day for each case, the more the busier it is, and never more cases than contacts."""
    days, ends = list(contacts), list(accumulate(contacts.values()))
    return [days[bisect.bisect_right(ends, seat)] for seat in chance.sample(range(ends[-1]), count)]


def _has_place(row: _Arrived, sayings: Sayings, chance: random.Random) -> bool:
    """Whether the contact tells where: the groups by neighbourhood and by department depend on it."""
    if row.kind is None or row.kind.group in (Group.DEPARTMENTS, Group.REST) or sayings.place == "never":
        return False
    return row.kind.group is Group.NEIGHBOURHOODS or chance.random() < (0.85 if sayings.place == "always" else 0.4)


def _way(row: _Arrived, chance: random.Random) -> Way:
    """WhatsApp tells words alone; forms and operators have fields and maps."""
    if row.channel is Channel.WHATSAPP:
        return chance.choices((Way.NAME, Way.STREET), (80, 20))[0]
    return chance.choices((Way.NAME, Way.STREET, Way.FIELDS, Way.POINT), (60, 14, 12, 14))[0]


def _identified(contact: PlannedContact, account: str, person: Person, cause: str) -> PlannedContact:
    """The contact with its account, sender and the id its provider would give."""
    unique = derived_id(contact.occurred_at, "nine months", cause)
    match contact.channel:
        case Channel.WHATSAPP:
            provider_id = "wamid." + b64encode(b"\x1c\x18\x0c" + person.phone[1:].encode() + unique.bytes).decode()
        case Channel.WEB:
            provider_id, account = str(unique), "main"
        case _:
            provider_id = f"{contact.channel}-{unique.hex}"
    return replace(contact, account=account, provider_id=provider_id, sender=person.at(contact.channel))
