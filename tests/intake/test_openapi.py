"""The OpenAPI document tells the truth: nothing the edge answers is missing from it, and nothing breaks the edge."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
from jsonschema import Draft202012Validator

from services.intake.openapi import document
from tests.harness import System
from tests.intake.open311 import a_key

ROOT: Final = Path(__file__).parent.parent.parent
SCHEMATHESIS: Final = Path(sys.executable).parent / "schemathesis"
# What has to hold of every answer, whatever was sent.
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "missing_required_header",
    "unsupported_method",
)
# With the cases that go through each parameter, three an operation make 1,400; `make api` makes ten thousand.
EXAMPLES_EACH: Final = int(os.environ.get("ILKIM_API_EXAMPLES", "3"))
SECONDS_MAX: Final = 60 + 10 * EXAMPLES_EACH


def test_the_document_in_docs_is_the_one_that_is_served() -> None:
    kept = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))

    assert kept == document(), "run python -m services.intake.openapi > docs/openapi.json"


async def test_the_edge_serves_it(edge_url: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{edge_url}/openapi.json") as answer:
        assert await answer.json() == document()


def test_each_schema_is_one() -> None:
    for schema in document()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_answer_has_words_and_every_operation_a_name_of_its_own() -> None:
    operations: list[dict[str, Any]] = [row for path in document()["paths"].values() for row in path.values()]

    assert len({row["operationId"] for row in operations}) == len(operations)
    assert all(answer["description"] for row in operations for answer in row["responses"].values())


@pytest.mark.timeout(SECONDS_MAX + 60)
async def test_no_request_breaks_the_edge_or_is_answered_otherwise_than_documented(
    system: System, edge_url: str, tmp_path: Path
) -> None:
    key = await a_key(system, requests_per_minute=100_000)
    process = await asyncio.create_subprocess_exec(
        SCHEMATHESIS,
        "run",
        f"{edge_url}/openapi.json",
        f"--checks={','.join(CHECKS)}",
        f"--max-examples={EXAMPLES_EACH}",
        "--phases=examples,coverage,fuzzing",
        "--continue-on-failure",
        "--generation-deterministic",
        "--warnings=off",
        f"--header=X-Api-Key: {key}",
        "--no-color",
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(SECONDS_MAX):
        told = (await process.communicate())[0].decode()
    print(told)
    cases = re.search(r"([\d,]+) generated", told)

    assert process.returncode == 0, told[-6000:]
    assert cases
    assert int(cases[1].replace(",", "")) > 25 * EXAMPLES_EACH
