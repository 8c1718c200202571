"""Which file of ours an attachment is: its id follows from the message, so that everyone knows it at once."""

from uuid import UUID

from shared.contracts import Attachment, MessageReceived
from shared.ids import derived_id


def file_id(message: MessageReceived, position: int, attachment: Attachment) -> UUID:
    """The id of a file that still has to be fetched."""
    whose = (message.channel, message.account, message.provider_id)
    return derived_id(message.occurred_at, "file", *whose, position, attachment.provider_id)


def with_file_ids(message: MessageReceived) -> MessageReceived:
    """The same message with an id for each of its files; one that has an id, since we keep it already, keeps it."""
    if all(attachment.id for attachment in message.attachments):
        return message
    named = tuple(
        attachment if attachment.id else attachment.model_copy(update={"id": file_id(message, position, attachment)})
        for position, attachment in enumerate(message.attachments)
    )
    return message.model_copy(update={"attachments": named})


def is_kept(message: MessageReceived, position: int) -> bool:
    """Whether we keep a file already, since whoever brought it handed it over before telling of it."""
    attachment = message.attachments[position]
    return attachment.id is not None and attachment.id != file_id(message, position, attachment)


def without_addresses(message: MessageReceived) -> MessageReceived:
    """The same message as others may see it: a provider's address of a file can hold a key to it."""
    if not any(attachment.url for attachment in message.attachments):
        return message
    bare = tuple(attachment.model_copy(update={"url": None}) for attachment in message.attachments)
    return message.model_copy(update={"attachments": bare})
