"""Replies from before deliveries existed keep their status, their provider's id and their lease."""

import asyncpg

from services.notifier.store import lock_deliveries, lock_overdue
from shared.contracts import Channel, NoticeStatus
from tests.builders import ACCOUNT, an_id
from tests.harness import ROOT

MIGRATIONS = ROOT / "services" / "notifier" / "migrations"


async def test_a_reply_of_before_becomes_a_notice_with_one_delivery(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("CREATE SCHEMA before; SET search_path = before")
        await connection.execute((MIGRATIONS / "0001_notifier.sql").read_text())
        ids = {status: an_id() for status in ("delivered", "waiting", "no_address")}
        for status, notice_id in ids.items():
            await connection.execute(
                """
                INSERT INTO notice (id, event, person_id, contact_id, channel, account, language, number, text,
                                    template, template_version, trace_id, occurred_at, status, attempts, provider_id,
                                    look_again_at)
                VALUES ($1, 'receipt', $1, $1, 'whatsapp', $2, 'tr', '482-715-936', 'Başvurunuz alındı.',
                        'receipt.tr', 1, '', now(), $3, 1, 'wamid.1',
                        CASE $3 WHEN 'waiting' THEN now() - interval '1 second' END)
                """,
                notice_id,
                ACCOUNT,
                status,
            )
        await connection.execute((MIGRATIONS / "0002_deliveries.sql").read_text())

        filed = await lock_deliveries(connection, set(ids.values()))
        [overdue] = await lock_overdue(connection, [Channel.WHATSAPP], 10)
    finally:
        await connection.close()

    assert {row.standing.status for row in filed.values()} == {NoticeStatus.DELIVERED, NoticeStatus.WAITING}
    assert all(row.standing.is_last and row.provider == "whatsapp" for row in filed.values())
    assert ids["no_address"] not in filed
    assert overdue.notice.id == ids["waiting"]
    assert overdue.notice.words == {"number": "482-715-936"}
    assert [delivery.provider for delivery in overdue.tried] == ["whatsapp"]
