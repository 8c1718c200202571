"""What is known around messages that arrive: the cases they may belong to, and what else their senders did."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from services.intake.domain import KnownCase, Survey
from shared.contracts import CaseState, Channel
from shared.database import Connection

Reference = tuple[str, str, str]  # channel, account, provider's id


@dataclass(frozen=True)
class Surroundings:
    """All look-ups of one batch, by what was asked."""

    cases: Mapping[UUID, KnownCase] = field(default_factory=dict)
    by_number: Mapping[str, KnownCase] = field(default_factory=dict)
    open_of: Mapping[UUID, Sequence[KnownCase]] = field(default_factory=dict)
    closed_of: Mapping[UUID, Sequence[KnownCase]] = field(default_factory=dict)
    by_reference: Mapping[Reference, Sequence[KnownCase]] = field(default_factory=dict)
    told_to: Mapping[UUID, Collection[UUID]] = field(default_factory=dict)  # people who told us this number
    people_at: Mapping[UUID, Collection[UUID]] = field(default_factory=dict)  # people who wrote or called from it
    survey_of: Mapping[UUID, Survey] = field(default_factory=dict)  # the last one, by person and by number
    survey_about: Mapping[UUID, Survey] = field(default_factory=dict)  # by case


async def surroundings(
    connection: Connection,
    numbers: Collection[str],
    ids: Collection[UUID],
    people: Collection[UUID],
    references: Collection[Reference],
    number_ids: Collection[UUID],
    closed_since: datetime,
) -> Surroundings:
    """The cases with these tracking numbers or ids, those of these people that are open or were closed since then, and
    those references lead to."""
    referred = await _referred(connection, references) if references else {}
    ids = {*ids, *(case for cases in referred.values() for case in cases)}
    cases = await _cases(connection, numbers, ids, people, closed_since) if numbers or ids or people else {}
    known = {number: case for case in cases.values() for number in [case.number]}
    open_of: dict[UUID, list[KnownCase]] = {}
    closed_of: dict[UUID, list[KnownCase]] = {}
    for case in cases.values():
        for person in case.parties:
            (open_of if case.is_open else closed_of).setdefault(person, []).append(case)
    return Surroundings(
        cases,
        known,
        open_of,
        closed_of,
        {reference: [cases[case] for case in found if case in cases] for reference, found in referred.items()},
        await _people_by_number(connection, "told_point", number_ids) if number_ids else {},
        await _people_by_number(connection, "contact_point", number_ids) if number_ids else {},
    )


async def contacts_before(
    connection: Connection, arrivals: Sequence[tuple[UUID, datetime]], span: timedelta
) -> list[int]:
    """How many contacts of each person there were within `span` before each moment."""
    rows = await connection.fetch(
        """
        SELECT asked.place, count(*)::int AS contacts
        FROM unnest($1::uuid[], $2::timestamptz[]) WITH ORDINALITY AS asked (person_id, at, place)
        JOIN contact ON contact.person_id = asked.person_id
                    AND contact.occurred_at > asked.at - $3::interval AND contact.occurred_at <= asked.at
        GROUP BY 1
        """,
        [person for person, _ in arrivals],
        [at for _, at in arrivals],
        span,
    )
    counts = {row["place"] - 1: row["contacts"] for row in rows}
    return [counts.get(place, 0) for place in range(len(arrivals))]


async def people_at(
    connection: Connection, channel: Channel, number_ids: Collection[UUID]
) -> Mapping[UUID, list[UUID]]:
    """The people known to be reached on this channel at each of these numbers or addresses."""
    rows = await connection.fetch(
        """
        SELECT number_id, person_id FROM contact_point WHERE number_id = ANY($1) AND channel = $2
        UNION
        SELECT number_id, person_id FROM told_point WHERE number_id = ANY($1) AND channel = $2
        """,
        list(number_ids),
        channel,
    )
    people: dict[UUID, list[UUID]] = {}
    for row in rows:
        people.setdefault(row["number_id"], []).append(row["person_id"])
    return people


async def _cases(
    connection: Connection,
    numbers: Collection[str],
    ids: Collection[UUID],
    people: Collection[UUID],
    closed_since: datetime,
) -> dict[UUID, KnownCase]:
    rows = await connection.fetch(
        """
        SELECT id, number, state, lane, last_contact_at, text, topic, closed_at,
               array(SELECT contact.person_id FROM joined_case JOIN contact ON contact.id = joined_case.contact_id
                     WHERE joined_case.case_id = case_file.id AND contact.person_id IS NOT NULL)
               || case_file.person_id AS parties
        FROM case_file
        WHERE number = ANY($1) OR id = ANY($2) OR (person_id = ANY($3) AND (state <> 'closed' OR closed_at >= $4))
        """,
        list(numbers),
        list(ids),
        list(people),
        closed_since,
    )
    return {
        row["id"]: KnownCase(
            row["id"],
            row["number"],
            CaseState(row["state"]),
            row["lane"],
            row["last_contact_at"],
            frozenset(person for person in row["parties"] if person),
            row["text"],
            row["topic"],
            row["closed_at"],
        )
        for row in rows
    }


async def _referred(connection: Connection, references: Collection[Reference]) -> dict[Reference, list[UUID]]:
    """By our own replies, and by the sender's earlier messages."""
    asked = [list(column) for column in zip(*sorted(references), strict=True)]
    rows = await connection.fetch(
        """
        WITH asked AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS t (channel, account, provider_id)),
        contacts AS (
            SELECT asked.*, contact_id FROM asked JOIN inbound_message USING (channel, account, provider_id)
            UNION ALL
            SELECT asked.*, contact_id FROM asked JOIN sent_message USING (channel, provider_id)
            WHERE case_id IS NULL)
        SELECT asked.*, case_id FROM asked JOIN sent_message USING (channel, provider_id) WHERE case_id IS NOT NULL
        UNION
        SELECT channel, account, provider_id, id FROM contacts JOIN (SELECT id, contact_id FROM case_file) AS opened
               USING (contact_id)
        UNION
        SELECT channel, account, provider_id, case_id FROM contacts JOIN joined_case USING (contact_id)
        """,
        *asked,
    )
    found: dict[Reference, list[UUID]] = {}
    for row in rows:
        found.setdefault((row["channel"], row["account"], row["provider_id"]), []).append(row["case_id"])
    return found


async def _people_by_number(connection: Connection, table: str, number_ids: Collection[UUID]) -> dict[UUID, set[UUID]]:
    rows = await connection.fetch(
        f"SELECT number_id, person_id FROM {table} WHERE number_id = ANY($1)",  # noqa: S608
        list(number_ids),
    )
    people: dict[UUID, set[UUID]] = {}
    for row in rows:
        people.setdefault(row["number_id"], set()).add(row["person_id"])
    return people
