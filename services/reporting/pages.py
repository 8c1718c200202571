"""The pages of reporting: the dashboard and the bulletin, from one set of templates."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from services.reporting.board import BoardPages
from services.reporting.bulletin_pages import BulletinPages
from services.reporting.figures import Figures
from shared.municipality import Municipality
from shared.pages import Pages

TEMPLATES: Final = Path(__file__).parent / "templates"


class FigurePages:
    """Built on `Figures`."""

    def __init__(
        self,
        figures: Figures,
        place: Municipality,
        desk_url: str = "",
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """`desk_url`: where browsers reach the desk; "": cases are not linked. `is_stopping`: streams end then."""
        self._pages = Pages(TEMPLATES, place)
        self._board = BoardPages(figures, place, self._pages, desk_url, is_stopping)
        self._bulletin = BulletinPages(figures, place, self._pages)

    def mount(self, web: FastAPI) -> None:
        """Add the pages and their static files."""
        self._pages.mount(web)
        self._board.mount(web)
        self._bulletin.mount(web)

    async def close(self) -> None:
        """Let go of what draws charts."""
        await self._board.close()
