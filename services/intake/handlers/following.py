"""What others tell intake of cases and replies, for follow-ups and for the pages of citizens."""

from collections.abc import Sequence

from services.intake import store
from shared.contracts import CaseEvent, Message, NoticeRecorded, ReplyRequested
from shared.messaging import Unit


async def follow_cases(unit: Unit, events: Sequence[Message]) -> None:
    """Fold what the router tells of cases into intake's own picture of them."""
    steps = [event for event in events if isinstance(event, CaseEvent)]
    if steps:
        await store.add_steps(unit.connection, steps)


async def note_notices(unit: Unit, events: Sequence[Message]) -> None:
    """Remember what providers call our replies, so that an answer to one finds its case."""
    notices = [event for event in events if isinstance(event, NoticeRecorded) and event.provider_id]
    if notices:
        await store.add_sent_messages(unit.connection, notices)


async def keep_replies(unit: Unit, events: Sequence[Message]) -> None:
    """Replies to citizens who used the form wait on the page of their submission."""
    replies = [event for event in events if isinstance(event, ReplyRequested)]
    await store.keep_web_replies(
        unit.connection, [(reply.id, reply.address, reply.text, reply.number) for reply in replies]
    )
