"""What others tell intake of cases and replies, for follow-ups and for the pages of citizens."""

from collections.abc import Sequence
from typing import Final

from services.intake import store
from shared.contracts import CaseEvent, Message, NoticeRecorded, NoticeStatus, ReplyRequested
from shared.messaging import Unit
from shared.municipality import ReplyEvent

# The citizen may have it before them: an answer of theirs is one.
_GONE_OUT: Final = frozenset(
    {NoticeStatus.UNKNOWN, NoticeStatus.ACCEPTED, NoticeStatus.SENT, NoticeStatus.DELIVERED, NoticeStatus.READ}
)


async def follow_cases(unit: Unit, events: Sequence[Message]) -> None:
    """Fold what the router tells of cases into intake's own picture of them."""
    steps = [event for event in events if isinstance(event, CaseEvent)]
    if steps:
        await store.add_steps(unit.connection, steps)


async def note_notices(unit: Unit, events: Sequence[Message]) -> None:
    """Remember what providers call our replies, so that an answer to one finds its case; and who was asked whether a
    case is solved."""
    notices = [event for event in events if isinstance(event, NoticeRecorded) and event.provider_id]
    if notices:
        await store.add_sent_messages(unit.connection, notices)
    surveys = [event for event in events if isinstance(event, NoticeRecorded) and _was_asked(event)]
    if surveys:
        await store.note_surveys(unit.connection, surveys)


def _was_asked(event: NoticeRecorded) -> bool:
    return event.event == ReplyEvent.SURVEY and event.status in _GONE_OUT


async def keep_replies(unit: Unit, events: Sequence[Message]) -> None:
    """Replies to citizens who used the form wait on the page of their submission."""
    replies = [event for event in events if isinstance(event, ReplyRequested)]
    await store.keep_web_replies(
        unit.connection, [(reply.id, reply.address, reply.text, reply.number) for reply in replies]
    )
