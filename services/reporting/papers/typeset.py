"""Sets a paper as PDF or as pictures of its pages, in this process and with the fonts the typesetter brings."""

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import typst

TEMPLATES: Final = Path(__file__).parent
Form = Literal["pdf", "png"]
PAPERS_AT_ONCE_MAX: Final = 2  # each holds a processor while it is set
PIXELS_PER_INCH: Final = 96
_room = asyncio.Semaphore(PAPERS_AT_ONCE_MAX)


async def as_pdf(template: str, values: Mapping[str, Any], drawn_at: datetime) -> bytes:
    """The PDF (tagged, so that it can be read aloud) of a template in this folder with these values."""
    async with _room:
        return await asyncio.to_thread(_set, template, values, "pdf", timestamp=int(drawn_at.timestamp()))


async def as_pictures(template: str, values: Mapping[str, Any]) -> list[bytes]:
    """The same pages as PNG."""
    async with _room:
        pages = await asyncio.to_thread(_set, template, values, "png", ppi=PIXELS_PER_INCH)
    return pages if isinstance(pages, list) else [pages]


def _set(template: str, values: Mapping[str, Any], form: Form, **more: Any) -> Any:
    return typst.compile(
        TEMPLATES / template,
        root=TEMPLATES,
        format=form,
        sys_inputs={"values": json.dumps(values, ensure_ascii=False)},
        ignore_system_fonts=True,  # or a page would differ from one machine to the next
        **more,
    )
