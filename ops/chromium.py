"""Debian's Chromium for the browser tests: found, or installed where this is root; elsewhere said loudly.

`python -m ops.chromium` is called by the test command and never makes it fail: without a browser its tests are skipped.
"""

import os
import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
# The font carries every Turkish letter; without one a container draws empty boxes.
PACKAGES = ("chromium", "fonts-dejavu-core")
APT_TIMEOUT_SECONDS = 600
MISSING = "no Chromium: apt install chromium fonts-dejavu-core, or name one with CHROMIUM=/path/to/chromium"


def find() -> Path | None:
    """The browser that CHROMIUM names, else the first on the PATH; None when there is none."""
    named = os.environ.get("CHROMIUM")
    found = named if named and Path(named).is_file() else next(filter(None, map(shutil.which, NAMES)), None)
    return Path(found) if found else None


def main() -> None:
    """Install what is missing where that is possible, and say what came of it."""
    if find() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"chromium: installing {' and '.join(PACKAGES)} for the browser tests (once)")
        _install()
    if find() is None:
        print(f"chromium: THE BROWSER TESTS WILL BE LEFT OUT ({MISSING})")


def _install() -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-qq", "--no-install-recommends", *PACKAGES]):
        done = subprocess.run(
            ["apt-get", *command], env=environment, timeout=APT_TIMEOUT_SECONDS, capture_output=True, check=False
        )
        if done.returncode:
            print(f"chromium: apt-get {command[0]} failed: {done.stderr.decode(errors='replace')[-300:].strip()}")


if __name__ == "__main__":
    main()
