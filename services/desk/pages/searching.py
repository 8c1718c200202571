"""The search: one field, what was found with the words marked, the newest first."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from markupsafe import Markup, escape

from services.desk.domain.identity import Identity
from services.desk.domain.searching import QUERY_LETTERS_MAX, asked_words, spans
from services.desk.handlers import Search
from services.desk.pages.frame import Frame
from services.desk.web import SignIn

PAGE_ENTRIES: Final = 50
SHOWN_LETTERS: Final = 280
BEFORE_LETTERS: Final = 90  # what stands before the first word that was found
STATES: Final = {"open": True, "closed": False}


def add_search_pages(routes: APIRouter, frame: Frame, search: Search, sign_in: SignIn) -> None:
    """`/search`."""

    @routes.get("/search")
    async def found(
        request: Request,
        by: Annotated[Identity, Depends(sign_in)],
        q: str = "",
        state: str = "",
        after: UUID | None = None,
    ) -> Response:
        text = q.strip()[:QUERY_LETTERS_MAX]
        asked = asked_words(text)
        entries = await search.find(by, text, is_open=STATES.get(state), limit=PAGE_ENTRIES + 1, after=after)
        return await frame.render(
            request,
            "search.html",
            asked=text,
            has_words=bool(asked),
            state=state if state in STATES else "",
            entries=entries[:PAGE_ENTRIES],
            next=entries[PAGE_ENTRIES - 1].id if len(entries) > PAGE_ENTRIES else None,
            marked=lambda words: marked(words, asked),
        )


def marked(text: str, asked: list[str]) -> Markup:
    """A part of the text around the first word that was asked for, safe to show, with those words marked."""
    found = sorted(spans(text, asked))
    begin = _beginning(text, found[0][0]) if found else 0
    shown, read_to, end = Markup("… ") if begin else Markup(), begin, min(len(text), begin + SHOWN_LETTERS)
    for start, stop in found:
        if read_to <= start and stop <= end:
            shown += escape(text[read_to:start]) + Markup("<mark>{}</mark>").format(text[start:stop])
            read_to = stop
    return shown + escape(text[read_to:end]) + (" …" if end < len(text) else "")


def _beginning(text: str, first: int) -> int:
    """Where the part begins: at the text's beginning, or at a word not far before the first one found."""
    if first <= SHOWN_LETTERS // 2:
        return 0
    return text.find(" ", first - BEFORE_LETTERS, first) + 1 or first
