"""The lines of docs/open311.md are run as they stand: what a newcomer copies works."""

import asyncio
import json
import os
import re
import shutil
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest

from services.intake.open311.tokens import ReportTokens
from tests.harness import System
from tests.intake.open311 import a_key

ROOT: Final = Path(__file__).parent.parent.parent
PAGE: Final = (ROOT / "docs" / "open311.md").read_text(encoding="utf-8")
BLOCKS: Final = [block for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) if block.startswith("curl")]
LINES: Final = [line for block in BLOCKS for line in re.findall(r"curl (?:.|\\\n)*", block)]
UNKNOWN_NUMBER: Final = "482-715-936"


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not here")
@pytest.mark.parametrize("line", LINES)
async def test_a_line_of_the_page_works_as_it_stands(system: System, edge_url: str, line: str) -> None:
    token = ReportTokens(bytes(range(32))).token(UUID(int=7))
    given = {"EDGE": edge_url, "KEY": await a_key(system), "TOKEN": token}
    process = await asyncio.create_subprocess_shell(
        line, cwd=ROOT, env=os.environ | given, stdout=asyncio.subprocess.PIPE
    )
    answer = json.loads((await process.communicate())[0])

    errors = isinstance(answer, list) and any("code" in row for row in answer)
    assert errors == (UNKNOWN_NUMBER in line), answer
