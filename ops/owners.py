"""What reporting counted beside what the services hold that own it: each contact, case, step, reply and survey.

The last of the checks of `ilkim reconcile`. It may read every schema, within the one snapshot the others are made in.
"""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Final

from services.reporting.domain.differences import Check, Difference
from services.reporting.proof.comparing import Beside, differences
from shared.database import Connection

_LOGGED: Final = """
    SELECT type, position, written_at, told
    FROM reporting.event_log CROSS JOIN LATERAL (SELECT convert_from(event, 'UTF8')::jsonb AS told OFFSET 0) AS read
    """
_NEWEST: Final = "greatest(expected.changed_at, found.changed_at)"

# A case as the router has it. A case that came from an old system is nobody's but reporting's.
CASES: Final = Beside(
    Check.OWNERS,
    "reporting.case_fact",
    ("case_id",),
    ("number", "channel", "state", "outcome", "owner", "owner_kind", "version", "topic", "neighbourhood", "opened_at"),
    expected="""
        SELECT record.id AS case_id, number, channel, state, coalesce(outcome, '') AS outcome, owner, owner_kind,
               record.version, coalesce(topic, '') AS topic, coalesce(neighbourhood, '') AS neighbourhood, opened_at,
               written_at AS changed_at
        FROM router.case_record AS record
        LEFT JOIN router.case_history AS step ON step.case_id = record.id AND step.version = record.version
        """,
    found="SELECT * FROM reporting.case_fact WHERE source = ''",
    changed="expected.changed_at",
)

# The same case as intake shows it to its citizen.
CASE_FILES: Final = Beside(
    Check.OWNERS,
    "intake.case_file",
    ("case_id",),
    ("number", "state", "outcome", "owner", "version", "topic", "neighbourhood"),
    expected=CASES.expected,
    found="""
        SELECT id AS case_id, number, state, coalesce(outcome, '') AS outcome, owner, version,
               coalesce(topic, '') AS topic, coalesce(neighbourhood, '') AS neighbourhood, updated_at AS changed_at
        FROM intake.case_file
        """,
    changed=_NEWEST,
)

STEPS: Final = Beside(
    Check.OWNERS,
    "reporting.event_log",
    ("case_id", "version"),
    ("type", "told"),
    expected="""
        SELECT case_id, version, type, 1 AS told, written_at AS changed_at FROM router.case_history WHERE version > 1
        """,
    found=f"""
        SELECT (told ->> 'case_id')::uuid AS case_id, (told ->> 'version')::int AS version, min(type) AS type,
               count(*)::int AS told, max(written_at) AS changed_at
        FROM ({_LOGGED}) AS logged
        WHERE type LIKE 'case.%' AND type <> 'case.imported.v1'
        GROUP BY 1, 2
        """,  # noqa: S608 - a query of our own
    changed=_NEWEST,
)

# A contact that was split later is told of a second time, to the notifier alone.
CONTACTS: Final = Beside(
    Check.OWNERS,
    "reporting.event_log",
    ("contact_id",),
    ("channel", "occurred_at", "told"),
    expected="""
        SELECT id AS contact_id, channel, occurred_at, 1 AS told, registered_at AS changed_at FROM intake.contact
        """,
    found=f"""
        SELECT (told ->> 'contact_id')::uuid AS contact_id, min(told ->> 'channel') AS channel,
               min((told ->> 'occurred_at')::timestamptz) AS occurred_at, count(*)::int AS told,
               max(written_at) AS changed_at
        FROM ({_LOGGED}) AS logged
        WHERE type = 'contact.registered.v1'
        GROUP BY 1
        """,  # noqa: S608 - a query of our own
    changed=_NEWEST,
)

# What waits to be told is left out: a reply that is to be sent, or is being sent, is no news to anybody.
NOTICES: Final = Beside(
    Check.OWNERS,
    "reporting.event_log",
    ("notice_id", "status"),
    (),
    expected="""
        SELECT id AS notice_id, status, updated_at AS changed_at
        FROM notifier.notice
        WHERE event <> 'duty' AND status NOT IN ('waiting', 'sending')
        UNION
        SELECT notice_id, delivery.status, delivery.updated_at
        FROM notifier.delivery JOIN notifier.notice ON notice.id = notice_id
        WHERE event <> 'duty' AND delivery.status NOT IN ('waiting', 'sending')
        """,
    found=f"""
        SELECT DISTINCT (told ->> 'notice_id')::uuid AS notice_id, told ->> 'status' AS status
        FROM ({_LOGGED}) AS logged
        WHERE type = 'notice.recorded.v1'
        """,  # noqa: S608 - a query of our own
    join="LEFT",
    changed="expected.changed_at",
)
UNKNOWN_NOTICES: Final = Beside(
    Check.OWNERS,
    "reporting.event_log",
    ("notice_id",),
    (),
    expected="SELECT id AS notice_id FROM notifier.notice",
    found=f"SELECT DISTINCT notice_id FROM ({NOTICES.found}) AS told",  # noqa: S608 - a query of our own
    join="RIGHT",
)

SURVEYS: Final = Beside(
    Check.OWNERS,
    "reporting.event_log",
    ("case_id",),
    ("solved", "told"),
    expected="""
        SELECT case_id, solved, 1 AS told, registered_at AS changed_at
        FROM intake.survey LEFT JOIN intake.contact ON contact.id = survey.contact_id
        WHERE answered_at IS NOT NULL
        """,
    found=f"""
        SELECT (told ->> 'case_id')::uuid AS case_id, bool_and((told ->> 'solved')::bool) AS solved,
               count(*)::int AS told, max(written_at) AS changed_at
        FROM ({_LOGGED}) AS logged
        WHERE type = 'survey.answered.v1'
        GROUP BY 1
        """,  # noqa: S608 - a query of our own
    changed=_NEWEST,
)


def counted_contacts(zone: str) -> Beside:
    """Contacts of a day on a channel, as they are counted. A day on which one came just now is left out."""
    return Beside(
        Check.OWNERS,
        "reporting.contact_cell",
        ("day", "channel"),
        ("contacts",),
        expected=f"""
            SELECT (occurred_at AT TIME ZONE '{zone}')::date AS day, channel, count(*)::int AS contacts,
                   max(registered_at) AS changed_at
            FROM intake.contact
            GROUP BY 1, 2
            """,  # noqa: S608 - the name of a time zone, from our own settings
        found="""
            SELECT day, channel, sum(contacts)::int AS contacts
            FROM reporting.contact_cell
            GROUP BY 1, 2
            HAVING sum(contacts) <> 0
            """,
        changed="expected.changed_at",
    )


def owners(zone: str) -> Callable[[Connection, datetime | None], AsyncIterator[Difference]]:
    """The check, for days in this time zone."""

    async def unlike(connection: Connection, settled_before: datetime | None) -> AsyncIterator[Difference]:
        besides = (CASES, CASE_FILES, STEPS, CONTACTS, counted_contacts(zone), NOTICES, UNKNOWN_NOTICES, SURVEYS)
        for beside in besides:
            async for difference in differences(connection, beside, settled_before):
                yield difference

    return unlike
