"""What colleagues wrote to the reader, over all cases."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from services.desk.domain.identity import Identity
from services.desk.handlers import Notes
from services.desk.pages.frame import Frame
from services.desk.store.notes import Mention
from services.desk.web import SignIn


@dataclass(frozen=True, slots=True)
class Shown:
    """A note with whether the reader may open its case."""

    mention: Mention
    is_open_to_reader: bool


def add_note_pages(routes: APIRouter, frame: Frame, notes: Notes, sign_in: SignIn) -> None:
    """`/work/mentions`; before the pages of single items, whose address it resembles."""

    @routes.get("/work/mentions")
    async def mentions(request: Request, by: Annotated[Identity, Depends(sign_in)]) -> Response:
        found = [Shown(row, _may_open(row, by)) for row in await notes.meant_for(by)]
        return await frame.render(request, "mentions.html", found=found)


def _may_open(mention: Mention, by: Identity) -> bool:
    return mention.page_owner is not None and by.sees(mention.page_owner)
