"""Programs from Debian's or Ubuntu's own packages, unpacked into the project's folder: no root, nothing installed."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

APT_TIMEOUT_SECONDS = 300
LISTS = Path("/var/lib/apt/lists")
COMMON_OPTIONS = ("-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User=root")
DEPENDS_ONLY = tuple(
    f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
)


class PackagesUnavailable(RuntimeError):
    """Raised when apt cannot give what is needed; the text says what a person can do."""


def unpacked(target: Path, package: str, *, family: str, also: Iterable[str] = (), say: Callable[[str], None]) -> Path:
    """The folder that holds `package`, its dependencies that match `family`, and the libraries missing here.

    Idempotent; a half-done folder is never taken for a whole one.
    """
    if target.exists():
        return target
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise PackagesUnavailable(f"{package} is not on this machine and neither is apt to fetch it")
    target.parent.mkdir(parents=True, exist_ok=True)
    for options_of in (_with_the_machines_lists, _with_private_lists):
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as name:
            try:
                _unpack(Path(name), options_of(Path(name), say), package, family, also, say).rename(target)
            except PackagesUnavailable:
                if options_of is _with_private_lists:
                    raise
            else:
                break
    return target


def _unpack(
    work: Path,
    options: list[str],
    package: str,
    family: str,
    also: Iterable[str],
    say: Callable[[str], None],
) -> Path:
    packages = _family(options, package, family)
    packages += _missing_libraries(options, packages, also)
    say(f"{package}: fetching {len(packages)} packages (once)")
    _run(["apt-get", *options, "download", "-q", *packages], folder=work)
    root = work / "root"
    for archive in sorted(work.glob("*.deb")):
        _run(["dpkg-deb", "-x", str(archive), str(root)], folder=work)
    root.chmod(0o755)
    return root


def library_path(root: Path) -> str:
    """LD_LIBRARY_PATH for programs of an unpacked folder."""
    folders = [folder for pattern in ("usr/lib/*-linux-gnu*", "lib/*-linux-gnu*") for folder in root.glob(pattern)]
    return os.pathsep.join(str(folder) for folder in folders)


def _with_the_machines_lists(work: Path, say: Callable[[str], None]) -> list[str]:
    if not any(LISTS.glob("*_Packages*")):
        raise PackagesUnavailable("this machine has no lists of packages, as in a fresh container")
    return list(COMMON_OPTIONS)


def _with_private_lists(work: Path, say: Callable[[str], None]) -> list[str]:
    """For a machine without lists, or with lists so old that their packages have gone."""
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (work / folder).mkdir(parents=True)
    (work / "status").touch()
    options = [
        *COMMON_OPTIONS,
        *("-o", f"Dir::State={work}/state"),
        *("-o", f"Dir::State::status={work}/status"),
        *("-o", f"Dir::Cache={work}/cache"),
    ]
    say("packages: fetching the list of packages (once)")
    _run(["apt-get", *options, "update", "-q"], folder=work)
    return options


def _family(options: list[str], package: str, family: str) -> list[str]:
    names = _depends(options, [package], recurse=True)
    return sorted({package, *(name for name in names if re.fullmatch(family, name))})


def _missing_libraries(options: list[str], packages: list[str], also: Iterable[str]) -> list[str]:
    needed = {name for name in _depends(options, packages, recurse=False) if name.startswith("lib")}
    return sorted(name for name in {*needed, *also} if name not in packages and not _is_installed(name))


def _is_installed(package: str) -> bool:
    answer = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status}", package], capture_output=True, text=True, check=False
    )
    return answer.stdout.startswith("installed")


def _depends(options: list[str], packages: list[str], *, recurse: bool) -> list[str]:
    """Names only: apt indents a dependency, and puts a virtual package in angle brackets."""
    how = ["--recurse"] if recurse else []
    answer = _run(["apt-cache", *options, "depends", *how, *DEPENDS_ONLY, *packages], folder=Path("/"))
    return re.findall(r"^(?: +\|?Depends: |)([a-z0-9][a-z0-9.+-]+)$", answer, flags=re.MULTILINE)


def _run(command: list[str], *, folder: Path) -> str:
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=APT_TIMEOUT_SECONDS,
        umask=0o022,  # A server that runs as another user than root must be able to read them.
        check=False,
    )
    if done.returncode != 0:
        raise PackagesUnavailable(f"{' '.join(command[:1])} failed: {done.stderr.strip()[-600:]}")
    return done.stdout
