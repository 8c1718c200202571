"""Who owns this: every owner reached by messages in different words, and what place and hour change."""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from shared.contracts import AssignmentOffered, Channel, EvidenceKind, MessageReceived, OwnerKind, Place
from shared.ids import new_id
from shared.messaging.topology import INTAKE
from shared.municipality import load
from shared.municipality.sentences import load_sentences, owner_of
from tests.desk.conftest import bearer
from tests.journeys.conftest import Installation, eventually
from tests.journeys.test_main_journey import Broker, publish, work_of

FOLDER = Path(__file__).parent.parent.parent / "municipality/ilkadim"
PLACE = load(FOLDER)
WORDINGS = 3
MESSAGES_MAX = 12
ISTANBUL = ZoneInfo("Europe/Istanbul")
PATIENCE_SECONDS = 90
NOWHERE = Place()


@dataclass(frozen=True)
class Told:
    """A message of our own, never seen in training, and whose it is."""

    text: str
    owner: str
    place: Place = NOWHERE


def messages_for_every_owner() -> list[Told]:
    """Sentences of `sentences.csv` that no model learns from, at most `MESSAGES_MAX` for each owner."""
    told: dict[str, list[Told]] = defaultdict(list)
    for row in load_sentences(FOLDER, PLACE):
        owner = owner_of(row, PLACE)
        if row.held and owner != PLACE.solution_centre.code:
            told[owner].append(Told(row.text, owner))
    return [row for rows in told.values() for row in rows[:: max(1, len(rows) // MESSAGES_MAX)][:MESSAGES_MAX]]


def message(text: str, place: Place = NOWHERE, at: datetime | None = None) -> MessageReceived:
    return MessageReceived(
        id=new_id(),
        occurred_at=at or datetime.now(UTC),
        channel=Channel.FACE_TO_FACE,
        provider_id=uuid.uuid4().hex,
        text=text,
        place=place,
    )


async def tell(broker: Broker, messages: Iterable[MessageReceived]) -> None:
    exchange = await broker.get_exchange(INTAKE, ensure=False)
    await asyncio.gather(*(publish(exchange, "routine", told) for told in messages))


@dataclass(frozen=True)
class Filed:
    """A message's case by the router's own record."""

    case_id: uuid.UUID
    owner: str


async def filed(installation: Installation, messages: Sequence[MessageReceived]) -> dict[uuid.UUID, Filed]:
    """The case of each message by its contact, once all of them have an owner."""
    connection = await asyncpg.connect(installation.database_url())
    try:

        async def read() -> dict[uuid.UUID, Filed] | None:
            rows = await connection.fetch(
                "SELECT contact_id, id, owner FROM router.case_record WHERE contact_id = ANY($1)",
                [told.contact_id for told in messages],
            )
            found = {row["contact_id"]: Filed(row["id"], row["owner"]) for row in rows}
            return found if len(found) == len(messages) else None

        return dict(await eventually(read, "an owner for every message", PATIENCE_SECONDS))
    finally:
        await connection.close()


def _person(installation: Installation) -> dict[str, str]:
    return bearer(installation.environment["DESK_TOKEN"])


async def triage(installation: Installation) -> list[dict[str, Any]]:
    """What waits for a person, page by page."""
    items: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        url, query = f"{installation.urls['desk']}/api/triage", {"limit": "100", **after}
        async with installation.http.get(url, headers=_person(installation), params=query) as found:
            page = await found.json()
        items += page["items"]
        if page["next"] is None:
            return items
        after = {"after": page["next"]}


async def decide_as_proposed(installation: Installation, owner_of_case: Mapping[uuid.UUID, str]) -> set[uuid.UUID]:
    """A person at triage takes the right one of the proposals where it is among them; the cases that went on so."""
    decided: set[uuid.UUID] = set()
    for item in await triage(installation):
        case_id, proposed = uuid.UUID(item["case_id"]), {proposal["owner"] for proposal in item["proposals"]}
        owner = owner_of_case.get(case_id)
        if owner in proposed:
            where = f"{installation.urls['desk']}/api/triage/{item['assignment_id']}/decide"
            async with installation.http.post(where, headers=_person(installation), json={"owner": owner}) as taken:
                assert taken.status < 300, await taken.text()
            decided.add(case_id)
    return decided


def rules_of(offer: AssignmentOffered) -> list[str]:
    """The ids of the rules that spoke for it."""
    assert offer.why
    return [found.code for found in offer.why.evidence if found.kind is EvidenceKind.RULE]


async def test_every_department_and_institution_is_reached_by_three_wordings(
    installation: Installation, broker: Broker
) -> None:
    told = messages_for_every_owner()
    messages = [message(row.text) for row in told]
    await tell(broker, messages)
    first = await filed(installation, messages)
    meant = {first[sent.contact_id].case_id: row.owner for row, sent in zip(told, messages, strict=True)}

    async def all_at_the_desk() -> bool:
        waiting = {uuid.UUID(item["case_id"]) for item in await triage(installation)}
        return waiting >= {found.case_id for found in first.values() if found.owner == PLACE.solution_centre.code}

    await eventually(all_at_the_desk, "what nobody knows in triage", PATIENCE_SECONDS)
    decided = await decide_as_proposed(installation, meant)

    async def all_with_their_owner() -> dict[uuid.UUID, Filed] | None:
        now = await filed(installation, messages)
        moved = {found.case_id for found in now.values() if found.owner != PLACE.solution_centre.code}
        return now if decided <= moved else None

    last = await eventually(all_with_their_owner, "what a person decided with its owner", PATIENCE_SECONDS)
    reached: dict[str, set[str]] = defaultdict(set)
    for row, sent in zip(told, messages, strict=True):
        if last[sent.contact_id].owner == row.owner:
            reached[row.owner].add(row.text)
    everybody = {owner.code for owner in PLACE.owners if owner.kind is not OwnerKind.CENTRE}
    assert {owner: len(reached[owner]) for owner in everybody if len(reached[owner]) < WORDINGS} == {}


@pytest.mark.parametrize(("hour", "owner"), [(23, "zabita"), (10, "iklim-sifir-atik")], ids=["night", "office hours"])
async def test_noise_goes_by_the_clock(installation: Installation, broker: Broker, hour: int, owner: str) -> None:
    monday = datetime(2026, 3, 2, hour, tzinfo=ISTANBUL)
    sign = uuid.uuid4().hex[:8]
    await tell(broker, [message(f"İş yerinin makinelerinden gelen gürültü rahatsız ediyor {sign}", at=monday)])

    offer = await work_of(broker, owner, sign)

    assert any(rule.startswith("gurultu") for rule in rules_of(offer))


async def test_a_main_road_is_the_metropolitan_citys_and_a_side_street_is_ours(
    installation: Installation, broker: Broker
) -> None:
    main, side = uuid.uuid4().hex[:8], uuid.uuid4().hex[:8]
    await tell(
        broker,
        [
            message(f"Atatürk Bulvarı'nda asfalt bozuk, yolda çukur var {main}"),
            message(f"Kılıçdede Mahallesi ara sokakta asfalt bozuk, yolda çukur var {side}"),
        ],
    )

    assert "ana-yol" in rules_of(await work_of(broker, "samsun-buyuksehir", main))
    assert (await work_of(broker, "fen-isleri", side)).neighbourhood_name == "Kılıçdede"


async def test_what_lies_next_door_is_told_to_the_municipality_there(
    installation: Installation, broker: Broker
) -> None:
    sign = uuid.uuid4().hex[:8]
    atakum = Place(latitude=41.3324, longitude=36.2690)
    await tell(broker, [message(f"Çöpler üç gündür alınmadı, konteyner taştı {sign}", atakum)])

    offer = await work_of(broker, "atakum-belediyesi", sign)

    assert offer.neighbourhood is None
    assert "ilce-disi" in rules_of(offer)
