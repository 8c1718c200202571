"""A new channel takes fewer than 100 lines of code, and both suites take it as it is."""

import subprocess
import sys
from pathlib import Path

import pytest

from ops.servers import Addresses

ROOT = Path(__file__).parent.parent
STEPS = [ROOT / "examples" / "new_channel" / name for name in ("channel.py", "sender.py")]


def test_the_new_channel_of_the_walk_through_is_short() -> None:
    lines = sum(file.read_text(encoding="utf-8").count("\n") for file in STEPS)

    assert lines < 100


def test_the_walk_through_tells_both_files_as_they_are() -> None:
    told = (ROOT / "docs" / "new-channel.md").read_text(encoding="utf-8")

    for file in STEPS:
        assert str(file.relative_to(ROOT)) in told


def test_the_new_channel_passes_the_suites_over_all_channels_and_senders(
    servers: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RABBITMQ_URL", servers.amqp_url)
    monkeypatch.setenv("RABBITMQ_MANAGEMENT_URL", str(servers.management_url))
    monkeypatch.setenv("DATABASE_URL", servers.database_url)
    suites = ["tests/intake/test_every_channel.py", "tests/notifier/test_every_sender.py"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.walkthrough", "-k", "postaci or every_row", *suites],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-4000:]
    assert "postaci" not in done.stdout
    passed = int(done.stdout.split(" passed")[0].split()[-1])
    assert passed > 80, done.stdout[-500:]
