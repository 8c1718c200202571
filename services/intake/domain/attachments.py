"""Which file of ours an attachment is: its id follows from the message, so that everyone knows it at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.contracts import Attachment, MessageReceived
from shared.ids import derived_id

PHOTO_AGE_MAX: Final = timedelta(days=30)  # an older photo shows where somebody was, not where the problem is


@dataclass(frozen=True, slots=True)
class PhotoPlace:
    """Where a photo was taken, in degrees, and when, if it said so."""

    latitude: float
    longitude: float
    taken_at: datetime | None

    def is_recent(self, sent_at: datetime) -> bool:
        """Whether it shows the problem of a message sent then; one that does not say when is taken at its word."""
        return self.taken_at is None or sent_at - self.taken_at <= PHOTO_AGE_MAX


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


def with_photo_place(
    message: MessageReceived, photos: Mapping[UUID, PhotoPlace], is_ours: Callable[[float, float], bool]
) -> MessageReceived:
    """The same message, placed where its first recent photo within the municipality was taken.

    Whatever the citizen told of the place goes first: then nothing is changed.
    """
    told = message.place
    if told.latitude is not None or told.neighbourhood or told.street:
        return message
    for attachment in message.attachments:
        photo = photos.get(attachment.id) if attachment.id else None
        if photo and photo.is_recent(message.occurred_at) and is_ours(photo.latitude, photo.longitude):
            place = told.model_copy(update={"latitude": photo.latitude, "longitude": photo.longitude})
            return message.model_copy(update={"place": place})
    return message
