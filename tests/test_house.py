"""The house stands: walls between rooms, style, and nothing personal or foreign in it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BESIDE_PYTHON = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command", [("lint-imports",), ("ruff", "check", "."), ("ruff", "format", "--check", ".")], ids=" ".join
)
def test_the_house_keeps_its_rules(command: tuple[str, ...]) -> None:
    done = subprocess.run(
        [BESIDE_PYTHON / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_no_file_is_larger_than_a_room_can_hold() -> None:
    heavy = {
        str(file.relative_to(ROOT)): lines
        for room in ("services", "shared", "ops", "simulators")
        for file in (ROOT / room).rglob("*.py")
        if (lines := file.read_text(encoding="utf-8").count("\n")) > 500
    }

    assert heavy == {}
