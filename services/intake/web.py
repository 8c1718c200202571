"""The citizen's form, behind its pages and its API: answered only when what was sent is safe."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.intake import store
from services.intake.domain import lane_of
from services.intake.edge import Edge
from shared.contracts import Attachment, Channel, ContactPoint, MessageReceived, Place, Purpose, Sender
from shared.contracts.channel import TEXT_MAX
from shared.ids import derived_id
from shared.messaging import Service
from shared.problems import Problem
from shared.urgency import Alarms

FORM_BYTES_MAX: Final = 256 * 1024


class FormMessage(BaseModel):
    """A citizen's message from the form or an app. The same `submission_id` makes one contact, however often sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    submission_id: UUID = Field(description="made by the sender when the form is opened; also the key to its page")
    text: Annotated[str, StringConstraints(min_length=3, max_length=TEXT_MAX)]
    name: Annotated[str, StringConstraints(max_length=200)] | None = None
    place: Place = Place()
    language: Literal["tr", "en"] = "tr"


@dataclass(frozen=True, slots=True)
class Beside:
    """What may go with a message from our own pages and never from outside: they have checked it.

    `about_case`: the case it adds to; `kind`: `text`, or `not_solved` when the citizen says so of a closed case;
    `is_anonymous`: nobody waits for an answer on the page of this very submission.
    """

    answers: tuple[ContactPoint, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    about_case: UUID | None = None
    kind: str = "text"
    is_anonymous: bool = False


class Accepted(BaseModel):
    """The message is safe; its number comes within moments at `status_url`."""

    submission_id: UUID
    status_url: str


class Status(BaseModel):
    """What became of a submission: the cases it is about, and those of them that it opened.

    `is_held`: a person looks at it first.
    """

    numbers: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()
    is_held: bool = False


async def read_body(request: Request, bytes_max: int) -> bytes:
    """The body, refused with 413 as soon as it is too large."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > bytes_max:
            raise Problem(413, "Too large", f"At most {bytes_max} bytes are taken.")
        chunks.append(chunk)
    return b"".join(chunks)


NOTHING_BESIDE: Final = Beside()


class Form:
    """The citizen's form as an API; the pages are built on it."""

    def __init__(self, edge: Edge, service: Service, alarms: Alarms) -> None:
        self._edge = edge
        self._service = service
        self._alarms = alarms

    async def submit(self, form: FormMessage, beside: Beside = NOTHING_BESIDE) -> str | None:
        """Make a form safe; the number to call at once when life is at risk. Raises BothAway."""
        lane, emergency_number = lane_of(form.text, self._alarms)
        now, submission_id = datetime.now(UTC), str(form.submission_id)
        message = MessageReceived(
            id=derived_id(now, "message", Channel.WEB, submission_id),
            occurred_at=now,
            trace_id=form.submission_id.hex,
            channel=Channel.WEB,
            provider_id=submission_id,
            sender=_sender(form, beside),
            text=form.text,
            place=form.place,
            purpose=Purpose.REQUEST,
            language=form.language,
            kind=beside.kind,
            about_case=beside.about_case,
            attachments=beside.attachments,
        )
        await self._edge.accept(message, lane)
        return emergency_number

    async def status(self, submission_id: UUID) -> Status | None:
        """The numbers and replies of a submission, None while it is on its way."""
        found = await store.submission(self._service.pool, str(submission_id))
        if found is None:
            return None
        return Status(numbers=found.numbers, opened=found.opened, replies=found.replies, is_held=found.is_held)


def _sender(form: FormMessage, beside: Beside) -> Sender:
    address = None if beside.is_anonymous else str(form.submission_id)
    return Sender(address=address, name=form.name, answers=beside.answers)
