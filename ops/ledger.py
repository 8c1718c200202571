"""The ledger: counts every contact, case, assignment and reply across all services, and says what does not balance.

A system in motion has messages under way: the sums close when it is at rest (`limbo` is all zero).
"""

import asyncio
import json
import urllib.request
from base64 import b64encode
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import asyncpg

from ops.deploy import SCHEMAS
from ops.servers import Addresses
from services.router import replayed

ROWS_NAMED_MAX: Final = 20
# RabbitMQ counts what is in a quorum queue every five seconds.
BROKER_COUNTS_SECONDS: Final = 6.0

COUNTS: Final = {
    "accepted": "SELECT count(*) FROM intake.raw_message",
    "messages": "SELECT count(*) FROM intake.inbound_message",
    "contacts": "SELECT count(*) FROM intake.contact",
    "parked": "SELECT count(DISTINCT raw_id) FROM intake.parked_message",
    "held": "SELECT count(*) FROM intake.held_contact WHERE settled_at IS NULL",
    "cases": "SELECT count(*) FROM intake.case_file",
    "routed_cases": "SELECT count(*) FROM router.case_record",
    "assignments": "SELECT count(*) FROM router.case_history WHERE type = 'case.assigned.v1'",
    # Sums kept for years (grain 3) by source (axes 1024), and what is not rolled up into them yet.
    "counted_cases": """
        SELECT coalesce(sum(cases), 0)
        FROM (SELECT cases FROM reporting.case_rollup WHERE axes = 1024 AND grain = 3 AND a = ''
              UNION ALL SELECT cases FROM reporting.case_move WHERE source = '') AS counted""",
    "imported_cases": "SELECT count(*) FROM reporting.case_fact WHERE source <> ''",
    "counted_contacts": "SELECT coalesce(sum(contacts), 0) FROM reporting.contact_cell",
    "notices": "SELECT count(*) FROM notifier.notice",
}

# Each statement finds rows that must not be there once nothing is under way.
BREACHES: Final = {
    "a contact without the raw message it came in": """
        SELECT contact.id FROM intake.contact
        LEFT JOIN intake.raw_message ON raw_message.id = contact.raw_id
        WHERE raw_message.id IS NULL""",
    "an accepted message without its contact": """
        SELECT inbound_message.contact_id FROM intake.inbound_message
        LEFT JOIN intake.contact ON contact.id = inbound_message.contact_id
        LEFT JOIN intake.burst_message ON burst_message.id = inbound_message.contact_id
        WHERE contact.id IS NULL AND burst_message.id IS NULL""",
    "a contact without a message": """
        SELECT contact.id FROM intake.contact
        LEFT JOIN intake.inbound_message ON inbound_message.contact_id = contact.id
        WHERE inbound_message.contact_id IS NULL""",
    "a contact that opened cases without a case": """
        SELECT contact.id FROM intake.contact
        LEFT JOIN intake.case_file ON case_file.contact_id = contact.id
        LEFT JOIN intake.joined_case ON joined_case.contact_id = contact.id
        WHERE contact.effect = 'opened' AND case_file.id IS NULL
           OR contact.effect = 'joined' AND joined_case.case_id IS NULL""",
    "a case that never reached the router": """
        SELECT case_file.id FROM intake.case_file
        LEFT JOIN router.case_record ON case_record.id = case_file.id
        WHERE case_record.id IS NULL""",
    "a case at the router that intake never opened": """
        SELECT case_record.id FROM router.case_record
        LEFT JOIN intake.case_file ON case_file.id = case_record.id
        WHERE case_file.id IS NULL""",
    "a case whose history has a gap or does not end where it stands": """
        SELECT case_record.id FROM router.case_record
        LEFT JOIN (SELECT case_id, count(*) AS steps, max(version) AS last FROM router.case_history GROUP BY 1)
               AS history ON history.case_id = case_record.id
        WHERE history.steps IS DISTINCT FROM case_record.version
           OR history.last IS DISTINCT FROM case_record.version""",
    "a case that follows one that does not lead": """
        SELECT follower.id FROM router.case_record AS follower
        JOIN router.case_record AS head ON head.id = follower.head_id
        WHERE head.head_id IS NOT NULL""",
    "an open case whose incident is closed": """
        SELECT follower.id FROM router.case_record AS follower
        JOIN router.case_record AS head ON head.id = follower.head_id
        WHERE head.state = 'closed' AND follower.state <> 'closed'""",
    "a case that follows another whose owner is not its own": """
        SELECT follower.id FROM router.case_record AS follower
        JOIN router.case_record AS head ON head.id = follower.head_id
        WHERE follower.state <> 'closed' AND head.state <> 'closed' AND follower.owner <> head.owner""",
    "a case that intake sees otherwise than the router": """
        SELECT case_record.id FROM router.case_record
        JOIN intake.case_file ON case_file.id = case_record.id
        WHERE (case_record.state, coalesce(case_record.outcome, ''), case_record.owner, case_record.version,
               coalesce(case_record.topic, ''), coalesce(case_record.neighbourhood, ''))
           IS DISTINCT FROM (case_file.state, coalesce(case_file.outcome, ''), case_file.owner, case_file.version,
                             coalesce(case_file.topic, ''), coalesce(case_file.neighbourhood, ''))""",
    "a case reporting never saw": """
        SELECT case_record.id FROM router.case_record
        LEFT JOIN reporting.case_fact ON case_fact.case_id = case_record.id
        WHERE case_fact.case_id IS NULL""",
    "a case that reporting sees otherwise than the router": """
        SELECT case_record.id FROM router.case_record
        JOIN reporting.case_fact ON case_fact.case_id = case_record.id
        WHERE (case_record.state, coalesce(case_record.outcome, ''), case_record.owner, case_record.version,
               coalesce(case_record.topic, ''), coalesce(case_record.neighbourhood, ''))
           IS DISTINCT FROM (case_fact.state, case_fact.outcome, case_fact.owner, case_fact.version,
                             case_fact.topic, case_fact.neighbourhood)""",
    "a count that is not the recount of its cases": """
        SELECT coalesce(cell.channel, fact.channel) || '/' || coalesce(cell.owner, fact.owner) || '/'
               || coalesce(cell.state, fact.state)
        FROM (SELECT channel, owner, state, outcome, sum(cases) AS cases
              FROM (SELECT channel, owner, state, outcome, cases FROM reporting.case_cell WHERE grain = 3
                    UNION ALL SELECT channel, owner, state, outcome, cases FROM reporting.case_move) AS counted
              GROUP BY 1, 2, 3, 4 HAVING sum(cases) <> 0) AS cell
        FULL JOIN (SELECT channel, owner, state, outcome, count(*) AS cases FROM reporting.case_fact
                   WHERE day IS NOT NULL GROUP BY 1, 2, 3, 4) AS fact USING (channel, owner, state, outcome)
        WHERE cell.cases IS DISTINCT FROM fact.cases""",
    "a contact that was never counted, or twice": """
        SELECT 'contacts ' || registered.count || ', counted ' || counted.count
        FROM (SELECT count(*) FROM intake.contact) AS registered,
             (SELECT coalesce(sum(contacts), 0) AS count FROM reporting.contact_cell) AS counted
        WHERE registered.count <> counted.count""",
    "a contact with a case and no receipt, or two": """
        SELECT contact.id FROM intake.contact
        LEFT JOIN notifier.notice ON notice.contact_id = contact.id
              AND notice.event IN ('receipt', 'joined', 'not_solved', 'emergency')
        WHERE contact.effect IN ('opened', 'joined')
        GROUP BY contact.id
        HAVING count(notice.id) <> 1""",
    "a closed case whose citizen was not told": """
        SELECT case_record.id FROM router.case_record
        WHERE state = 'closed' AND NOT EXISTS (
            SELECT FROM notifier.notice WHERE notice.case_id = case_record.id
            AND notice.event IN ('closed', 'rejected'))""",
    "a forwarded case whose citizen was not told": """
        SELECT case_record.id FROM router.case_record
        WHERE state = 'waiting_institution' AND NOT EXISTS (
            SELECT FROM notifier.notice WHERE notice.case_id = case_record.id AND notice.event = 'forwarded')""",
    "a reply that arrived and does not know it": """
        SELECT notice.id FROM notifier.delivery JOIN notifier.notice ON notice.id = delivery.notice_id
        WHERE delivery.status IN ('delivered', 'read') AND notice.status NOT IN ('delivered', 'read')""",
    "a reply said to be with a provider, and no delivery says so": """
        SELECT id FROM notifier.notice
        WHERE status IN ('accepted', 'sent') AND NOT EXISTS (
            SELECT FROM notifier.delivery WHERE delivery.notice_id = notice.id AND delivery.status = notice.status)""",
    "a reply handed over to a person whom no task tells so": """
        SELECT id FROM notifier.notice
        WHERE status = 'handed_over' AND NOT EXISTS (SELECT FROM desk.task WHERE task.id = notice.task_id)""",
}


@dataclass(frozen=True)
class Breach:
    """An invariant that does not hold, with some of the rows that break it."""

    name: str
    rows: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Ledger:
    """What was counted. `balances` when no invariant is broken and nothing is in limbo."""

    counts: dict[str, int]
    notices: dict[str, int]
    limbo: dict[str, int]
    shelved: dict[str, int]
    breaches: tuple[Breach, ...]

    @property
    def is_at_rest(self) -> bool:
        """Nothing is under way."""
        return not any(self.limbo.values())

    @property
    def balances(self) -> bool:
        """Everything is accounted for."""
        return self.is_at_rest and not self.breaches


async def draw_up(addresses: Addresses) -> Ledger:
    """Read every store and queue; changes nothing."""
    connection = await asyncpg.connect(addresses.database_url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            counts = {name: int(await connection.fetchval(statement)) for name, statement in COUNTS.items()}
            rows = await connection.fetch("SELECT status, count(*)::int AS notices FROM notifier.notice GROUP BY 1")
            notices = {row["status"]: row["notices"] for row in rows}
            limbo = await _waiting(connection)
            shelved = {
                schema: await connection.fetchval(f'SELECT count(*) FROM "{schema}".dead_letter')  # noqa: S608
                for schema in SCHEMAS
            }
            breaches = [await _breach(connection, name, statement) for name, statement in BREACHES.items()]
            breaches.append(await unlike_their_histories(connection))
    finally:
        await connection.close()
    queued = await asyncio.to_thread(queue_depths, addresses)
    limbo["service_queues"] = sum(depth for name, depth in queued.items() if not _is_of_others(name))
    return Ledger(counts, notices, limbo, shelved, tuple(breach for breach in breaches if breach))


async def rest(addresses: Addresses) -> tuple[bool, datetime]:
    """Whether no message is under way between services (a reply that waits for its hour is none), and when that was.

    By the database's clock, so that what changes later can be told apart. A message is in a queue or in an outbox at
    any moment, and the broker's counts are some seconds old: so outboxes must be empty, nothing may be added to them
    until the broker has counted anew, and then its queues must be empty.
    """
    connection = await asyncpg.connect(addresses.database_url)
    try:
        looked_at: datetime = await connection.fetchval("SELECT now()")
        limbo, parcels = await _waiting(connection), await _parcels(connection)
        under_way = sum(count for name, count in limbo.items() if name != "notices_under_way")
        if under_way or addresses.management_url is None:
            return False, looked_at
        await asyncio.sleep(BROKER_COUNTS_SECONDS)
        queued = await asyncio.to_thread(queue_depths, addresses)
        is_still = await _parcels(connection) == parcels
    finally:
        await connection.close()
    return is_still and not any(depth for name, depth in queued.items() if not _is_of_others(name)), looked_at


async def _parcels(connection: asyncpg.Connection) -> list[int]:
    """How many parcels each service ever put into its outbox, as far as they are kept."""
    return [await connection.fetchval(f'SELECT count(*) FROM "{schema}".outbox') for schema in SCHEMAS]  # noqa: S608


async def _waiting(connection: asyncpg.Connection) -> dict[str, int]:
    limbo = {}
    for schema in SCHEMAS:
        limbo[f"{schema}_outbox"] = await connection.fetchval(
            f'SELECT count(*) FROM "{schema}".outbox WHERE published_at IS NULL'  # noqa: S608
        )
        limbo[f"{schema}_retry"] = await connection.fetchval(f'SELECT count(*) FROM "{schema}".retry')  # noqa: S608
    limbo["messages_gathered"] = await connection.fetchval("SELECT count(*) FROM intake.burst_message")
    limbo["notices_under_way"] = await connection.fetchval(
        "SELECT count(*) FROM notifier.notice WHERE look_again_at IS NOT NULL"
    )
    return limbo


async def _breach(connection: asyncpg.Connection, name: str, statement: str) -> Breach | None:
    rows = await connection.fetch(statement)
    return Breach(name, len(rows), tuple(str(row[0]) for row in rows[:ROWS_NAMED_MAX])) if rows else None


async def unlike_their_histories(connection: asyncpg.Connection) -> Breach | None:
    """Replays every case: what stands in the table follows from the history alone."""
    await connection.execute("SET LOCAL search_path TO router")
    found = [str(case_id) async for case_id in replayed.unlike_their_histories(connection)]
    return (
        Breach("a case that is not what its history tells", len(found), tuple(found[:ROWS_NAMED_MAX]))
        if found
        else None
    )


def _is_of_others(queue: str) -> bool:
    """Queues whose consumers are not ours: what waits there is delivered as far as we are concerned."""
    return queue.startswith(("department.", "reply."))


def queue_depths(addresses: Addresses) -> dict[str, int]:
    """Messages in each queue, ready or unacknowledged, by the broker's own interface."""
    where = urlsplit(str(addresses.management_url))
    virtual_host = urlsplit(addresses.amqp_url).path.removeprefix("/") or "%2F"
    credentials = ":".join((unquote(where.username or "guest"), unquote(where.password or "guest")))
    asked = "disable_stats=true&enable_queue_totals=true"
    request = urllib.request.Request(
        f"http://{where.hostname}:{where.port}/api/queues/{virtual_host}?{asked}",
        headers={"Authorization": "Basic " + b64encode(credentials.encode()).decode()},
    )
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
        queues: list[dict[str, Any]] = json.load(response)
    return {queue["name"]: queue.get("messages", 0) for queue in queues}


def as_json(ledger: Ledger) -> str:
    """The ledger for machines."""
    return json.dumps({**asdict(ledger), "is_at_rest": ledger.is_at_rest, "balances": ledger.balances}, indent=1)
