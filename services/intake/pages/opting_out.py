"""The end of notices, by the link in every mail: a page with one button, and the one-click of RFC 8058."""

from datetime import UTC, datetime
from typing import Final, Literal

from fastapi import FastAPI, Request, Response

from services.intake.channels import BothAway
from services.intake.edge import Edge
from services.intake.pages.status import not_found
from shared.contracts import OptOutRecorded
from shared.ids import derived_id
from shared.messaging import envelopes
from shared.messaging.topology import NOTIFIER
from shared.pages import Pages
from shared.problems import RETRY_AFTER_SECONDS
from shared.tokens import OptOutTokens

HEADERS: Final = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}


class OptOutPages:
    """Looking changes nothing, since mail programs open links by themselves; only the button, or one-click, does."""

    def __init__(self, edge: Edge, pages: Pages, tokens: OptOutTokens) -> None:
        self._edge = edge
        self._pages = pages
        self._tokens = tokens

    def mount(self, web: FastAPI) -> None:
        """Add the page."""
        web.add_route("/abonelik/{token}", self.show, methods=["GET"], include_in_schema=False)
        web.add_route("/abonelik/{token}", self.act, methods=["POST"], include_in_schema=False)

    async def show(self, request: Request) -> Response:
        """What the button would end."""
        found = self._tokens.read(request.path_params["token"])
        return self._page(request, channel=found[1]) if found else not_found(self._pages, request)

    async def act(self, request: Request) -> Response:
        """Tell the notifier, and say so once that is safe; safe to call twice. `geri=1` takes notices up again,
        `anket=1` is about surveys alone."""
        found = self._tokens.read(request.path_params["token"])
        if found is None:
            return not_found(self._pages, request)
        person_id, channel = found
        now, ends = datetime.now(UTC), "geri" not in request.query_params
        of: Literal["notices", "surveys"] = "surveys" if "anket" in request.query_params else "notices"
        event = OptOutRecorded(
            id=derived_id(now, "opt_out", person_id, channel, ends, of),
            occurred_at=now,
            person_id=person_id,
            channel=channel,
            opted_out=ends,
            of=of,
        )
        try:
            await self._edge.tell(envelopes(NOTIFIER, "receipts", [event]))
        except BothAway:
            headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            return self._page(request, channel=channel, is_away=True, status=503, headers=headers)
        return self._page(request, channel=channel, ended=ends, of=of)

    def _page(
        self,
        request: Request,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        channel: str,
        ended: bool | None = None,
        of: str = "notices",
        is_away: bool = False,
    ) -> Response:
        return self._pages.render(
            request,
            "opt_out.html",
            status=status,
            headers=HEADERS | (headers or {}),
            channel=channel,
            ended=ended,
            of=of,
            is_away=is_away,
        )
