"""What institutions write by mail, on its way from intake to the hand-over service."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import Message
from shared.contracts.channel import TEXT_MAX, Code, Short


class InstitutionWrote(Message):
    """A mail to the reply address of a hand-over (kuruma iletme), whose seal intake has checked. Makes no contact.

    `text` is what was written this time, without quotes and signature.
    """

    type: Literal["institution.wrote.v1"] = "institution.wrote.v1"
    handover_id: UUID = Field(description="the hand-over, which is the assignment that was handed over")
    kind: Code = Field("text", description="text, or what a machine wrote: bounce, auto_reply, read_receipt …")
    text: str = Field("", max_length=TEXT_MAX)
    attachments: int = Field(0, ge=0)
    is_automatic: bool = Field(False, description="a machine wrote it: no answer")
    is_bounce: bool = Field(False, description="our mail did not arrive, and their server gave it up")
    error: Short = Field("", description="the code of a bounce")
