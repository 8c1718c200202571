"""`/kurum/<token>`: an institution reads its case and answers. GET shows, POST acts, the ending acts once."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from fastapi import FastAPI, Request, Response

from services.handover.domain import Choice, HandOver, Said, State, Way
from services.handover.domain.answering import WORDS_LETTERS_MAX
from services.handover.domain.wording import Content, file_ids, map_url
from services.handover.handlers import Answers, Heard
from services.handover.store import additions, handovers
from shared.database import is_away
from shared.files import answer_with_file
from shared.objects import ObjectStore
from shared.pages import Pages
from shared.problems import RETRY_AFTER_SECONDS
from shared.tokens import HandOverTokens
from shared.tries import Tries, client_of

TEMPLATES: Final = Path(__file__).parent.parent / "templates"
# Nobody guesses 128 bits; this keeps a broken or hostile program from burdening us.
WRONG_MAX: Final = 10
ANSWERS_MAX: Final = 20
FIELDS_MAX: Final = 10
BODY_BYTES_MAX: Final = 64 * 1024
HEADERS: Final = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
CHOICES: Final = (
    Choice.SOLVED,
    Choice.ANSWERED,
    Choice.REJECTED,
    Choice.WORKING,
    Choice.ASKING,
    Choice.NOT_OURS,
)
WHOSE_UNKNOWN: Final = ""


class LinkPages:
    """Whoever has the link may answer: it is a secret of one hand-over, known to one mailbox."""

    def __init__(self, answers: Answers, pages: Pages, tokens: HandOverTokens, objects: ObjectStore) -> None:
        self._answers = answers
        self._pages = pages
        self._tokens = tokens
        self._objects = objects
        self._wrong = Tries(WRONG_MAX)
        self._answered = Tries(ANSWERS_MAX)

    def mount(self, web: FastAPI) -> None:
        """Add the page, its files and its stylesheets."""
        web.add_route("/kurum/{token}", self.show, methods=["GET", "HEAD"], include_in_schema=False)
        web.add_route("/kurum/{token}", self.act, methods=["POST"], include_in_schema=False)
        web.add_route("/kurum/{token}/ek/{file_id}", self.file, methods=["GET"], include_in_schema=False)
        self._pages.mount(web)

    async def show(self, request: Request) -> Response:
        """The case, and the form as long as an answer counts. Changes nothing: mail programs open links."""
        handover_id = self._handover_id(request)
        if isinstance(handover_id, Response):
            return handover_id
        try:
            return await self._case(request, handover_id)
        except Exception as error:
            if not is_away(error):
                raise
            return self._away(request)

    async def act(self, request: Request) -> Response:
        """Take an answer once. What is wrong with it stands beside the field; what was typed stays."""
        handover_id = self._handover_id(request)
        if isinstance(handover_id, Response):
            return handover_id
        if self._is_too_often(self._answered, request, handover_id.hex):
            return self._too_often(request)
        typed = await _typed(request)
        choice, faults = _checked(typed)
        try:
            if choice is None or faults:
                return await self._case(request, handover_id, status=422, typed=typed, faults=faults)
            said = Said(choice, typed["text"], Way.LINK, typed["whose"] if choice is Choice.NOT_OURS else None)
            heard, _ = await self._answers.hear(handover_id, said, seen=int(typed["seen"]))
            status = 409 if heard is Heard.CHANGED else 200
            kept = typed if heard is Heard.CHANGED else None
            return await self._case(request, handover_id, status=status, typed=kept, heard=heard, choice=choice)
        except Exception as error:
            if not is_away(error):
                raise
            return self._away(request)

    async def file(self, request: Request) -> Response:
        """A file of the case: 202 on its way, 404 none of this case, 410 it never came or was refused."""
        handover_id = self._handover_id(request)
        if isinstance(handover_id, Response):
            return handover_id
        try:
            file_id = UUID(request.path_params["file_id"])
            if file_id not in await self._files(handover_id):
                return self._not_found(request)
            return await answer_with_file(self._objects, file_id, request, is_expected=True)
        except ValueError:
            return self._not_found(request)
        except Exception as error:
            if not is_away(error):
                raise
            return self._away(request)

    def _handover_id(self, request: Request) -> UUID | Response:
        """Whose token it is, or the page that says that it is nobody's."""
        found = self._tokens.of_link(request.path_params["token"])
        if found is not None:
            return found
        if self._is_too_often(self._wrong, request):
            return self._too_often(request)
        return self._not_found(request)

    def _is_too_often(self, tries: Tries, request: Request, *keys: str) -> bool:
        now = time.monotonic()
        counted = keys or (client_of(request),)
        if tries.are_spent(counted, now):
            return True
        tries.count(counted, now)
        return False

    async def _files(self, handover_id: UUID) -> list[UUID]:
        pool, vault = self._answers.service.pool, self._answers.ground.vault
        offers = await handovers.offers(pool, [handover_id], vault)
        added = await additions.of(pool, handover_id, vault)
        return _file_ids([*offers.values(), *added])

    async def _case(
        self,
        request: Request,
        handover_id: UUID,
        *,
        status: int = 200,
        typed: dict[str, str] | None = None,
        faults: dict[str, str] | None = None,
        heard: Heard | None = None,
        choice: Choice | None = None,
    ) -> Response:
        pool, ground = self._answers.service.pool, self._answers.ground
        handover = await handovers.found(pool, handover_id)
        institution = ground.institutions.get(handover.institution) if handover else None
        if handover is None or institution is None:
            return self._not_found(request)
        offer = (await handovers.offers(pool, [handover_id], ground.vault))[handover_id]
        added = await additions.of(pool, handover_id, ground.vault)
        language = self._pages.language(request)
        values: dict[str, Any] = {
            "handover": handover,
            "institution": institution.name_in(language),
            "offer": offer,
            "added": added,
            "files": _file_ids([offer, *added]),
            "map_url": map_url(offer.place),
            "answer_by": ground.schedule.answer_by(institution, handover.counted_from or handover.opened_at),
            "steps": [step for step in await handovers.history(pool, handover_id, ground.vault) if step.choice],
            "choices": CHOICES,
            "whose": self._whose(handover, language),
            "typed": typed or {"choice": "", "text": "", "whose": WHOSE_UNKNOWN},
            "faults": faults or {},
            "heard": heard,
            "said": choice,
            "is_withdrawn": handover.state is State.ENDED,
            "limit": WORDS_LETTERS_MAX,
        }
        return self._pages.render(request, "link.html", status=status, headers=HEADERS, **values)

    def _whose(self, handover: HandOver, language: str) -> list[tuple[str, str]]:
        """Whom they may name instead: everybody but themselves."""
        place = self._pages.place
        unknown = (WHOSE_UNKNOWN, self._pages.catalogue.say(language, "link.whose_unknown"))
        return [
            unknown,
            *((owner.code, owner.name_in(language)) for owner in place.owners if owner.code != handover.institution),
        ]

    def _not_found(self, request: Request) -> Response:
        return self._message(request, 404, "link.not_found", "link.not_found_words")

    def _too_often(self, request: Request) -> Response:
        return self._message(request, 429, "link.too_often", "link.too_often_words", {"Retry-After": "60"})

    def _away(self, request: Request) -> Response:
        retry = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return self._message(request, 503, "page.away", "page.away_words", retry)

    def _message(
        self, request: Request, status: int, title: str, words: str, headers: dict[str, str] | None = None
    ) -> Response:
        said = {"title": self._pages.say(request, title), "words": self._pages.say(request, words)}
        return self._pages.render(request, "told.html", status=status, headers=HEADERS | (headers or {}), **said)


def _file_ids(told: Sequence[Content]) -> list[UUID]:
    return [file for one in told for file in file_ids(one)]


async def _typed(request: Request) -> dict[str, str]:
    """What the form brought; a field that is missing is empty."""
    form = await request.form(max_files=0, max_fields=FIELDS_MAX)
    names = ("choice", "text", "whose", "seen")
    given = {name: value for name in names if isinstance(value := form.get(name), str)}
    return {name: given.get(name, "").strip() for name in names}


def _checked(typed: dict[str, str]) -> tuple[Choice | None, dict[str, str]]:
    """What they say, and a message for each wrong field."""
    faults: dict[str, str] = {}
    choice = next((choice for choice in CHOICES if choice == typed["choice"]), None)
    if choice is None:
        faults["choice"] = "link.choose"
    if not typed["text"] and choice is not Choice.WORKING:
        faults["text"] = "link.write"
    elif len(typed["text"]) > WORDS_LETTERS_MAX:
        faults["text"] = "link.too_long"
    if not (typed["seen"].isascii() and typed["seen"].isdigit() and len(typed["seen"]) < 6):
        faults["choice"] = "link.choose"
    return choice, faults
