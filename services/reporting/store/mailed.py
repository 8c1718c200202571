"""Which reports were mailed: claimed before they are sent, so that none goes out twice."""

import hashlib
from typing import Final

from services.reporting.domain.schedule import Period
from shared.database import Connection
from shared.mailing import Outcome

ATTEMPTS_MAX: Final = 6
AGAIN_MINUTES: Final = 10
# A claim older than this is one whose process died, perhaps with the mail just handed over.
CLAIM_MINUTES_MAX: Final = 15
STATES: Final = {
    Outcome.ACCEPTED: "sent",
    Outcome.LATER: "waiting",
    Outcome.NEVER: "refused",
    Outcome.UNKNOWN: "unknown",
}


def digest(address: str) -> str:
    """What stands for an address in the table."""
    return hashlib.sha256(address.encode()).hexdigest()[:32]


async def claim(connection: Connection, report: str, period: Period, address: str) -> bool:
    """Whether we are to write to this address now; said once, to one caller alone.

    Said again only when a send was certainly none, some minutes later and a few times.
    """
    claimed = await connection.fetchval(
        """
        INSERT INTO mailed_report AS mailed
               (report, first_day, last_day, address_digest, state, attempts, claimed_at)
        VALUES ($1, $2, $3, $4, 'claimed', 1, now())
        ON CONFLICT (report, first_day, last_day, address_digest) DO UPDATE
        SET state = 'claimed', attempts = mailed.attempts + 1, claimed_at = now(), again_at = NULL
        WHERE mailed.state = 'waiting' AND mailed.again_at <= now() AND mailed.attempts < $5
        RETURNING true
        """,
        report,
        period.first,
        period.last,
        digest(address),
        ATTEMPTS_MAX,
    )
    return bool(claimed)


async def record(
    connection: Connection, report: str, period: Period, address: str, outcome: Outcome, error: str | None
) -> None:
    """Write what became of a claimed one."""
    await connection.execute(
        """
        UPDATE mailed_report
        SET state = $5, error = $6,
            again_at = CASE WHEN $5 = 'waiting' THEN now() + make_interval(mins => $7) END,
            ended_at = CASE WHEN $5 <> 'waiting' THEN now() END
        WHERE report = $1 AND first_day = $2 AND last_day = $3 AND address_digest = $4 AND state = 'claimed'
        """,
        report,
        period.first,
        period.last,
        digest(address),
        STATES[outcome],
        error,
        AGAIN_MINUTES,
    )


async def doubt_lost(connection: Connection) -> int:
    """Let go of claims whose process died: whether they were sent nobody knows, so that they are not sent again."""
    done = await connection.execute(
        """
        UPDATE mailed_report
        SET state = 'unknown', ended_at = now(), error = 'lost'
        WHERE state = 'claimed' AND claimed_at < now() - make_interval(mins => $1)
        """,
        CLAIM_MINUTES_MAX,
    )
    return int(done.split()[-1])
