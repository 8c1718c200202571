"""What every message gets on its way in, whoever told it: one way of writing addresses, and its language."""

from typing import Final

from shared.contracts import Channel, MessageReceived
from shared.languages import answer_language
from shared.phone import bare

_BY_PHONE: Final = frozenset(
    {Channel.PHONE, Channel.WHATSAPP, Channel.SMS, Channel.FACE_TO_FACE, Channel.MUHTAR, Channel.PETITION}
)
# Where nobody chose a language, the words tell it.
_UNTOLD: Final = frozenset({Channel.WHATSAPP, Channel.SMS, Channel.SOCIAL, Channel.EMAIL})


def normalised(message: MessageReceived) -> MessageReceived:
    """The message with its sender's number in E.164 and the language it is to be answered in."""
    changed: dict[str, object] = {}
    address = message.sender.address
    if address is not None and (written := as_one(message.channel, address)) != address:
        changed["sender"] = message.sender.model_copy(update={"address": written})
    if message.channel in _UNTOLD and (language := answer_language(message.text)) != message.language:
        changed["language"] = language
    return message.model_copy(update=changed) if changed else message


def as_one(channel: Channel, address: str) -> str:
    """The one way an address of this channel is written; a social network's ids may look like phone numbers."""
    if channel in _BY_PHONE:
        return bare(address)
    return address.strip().lower() if channel is Channel.EMAIL else address
