"""What providers call our replies."""

from collections.abc import Sequence

from shared.contracts import NoticeRecorded
from shared.database import Connection


async def add_sent_messages(connection: Connection, notices: Sequence[NoticeRecorded]) -> None:
    """Note which case or contact a reply was about, by the provider's id of it; safe to call twice."""
    rows = {(notice.channel, (notice.provider_id or "").strip("<>")): notice for notice in notices}
    await connection.execute(
        """
        INSERT INTO sent_message (channel, provider_id, case_id, contact_id)
        SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[])
        ON CONFLICT DO NOTHING
        """,
        [channel for channel, _ in sorted(rows)],
        [provider_id for _, provider_id in sorted(rows)],
        [rows[key].case_id for key in sorted(rows)],
        [rows[key].contact_id for key in sorted(rows)],
    )
