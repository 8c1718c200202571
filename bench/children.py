"""Helper processes of a measurement: started with a module name, spoken to line by line, ended by their stdin."""

import os
import selectors
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final

END_GRACE_SECONDS: Final = 10.0


class Child:
    """A `python -m MODULE ARGUMENTS` whose output lines are waited for."""

    def __init__(self, module: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self.name = " ".join((module, *arguments[:1]))
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._unread = b""

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, line: str = "") -> None:
        """Send a line; the child decides what it means."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def wait_for(self, start: str, timeout_seconds: float) -> str:
        """The rest of the next line that begins with `start`; others are passed over.

        Raises RuntimeError when the child ended, TimeoutError when the line did not come in time.
        """
        deadline = time.monotonic() + timeout_seconds
        while True:
            line = self._line(deadline, start)
            if line.startswith(start):
                return line[len(start) :].strip()

    def end(self) -> None:
        """Close its stdin, on which it ends by itself; kill it when it does not. Safe to call twice."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(END_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _line(self, deadline: float, awaited: str) -> str:
        output = self._process.stdout
        assert output is not None
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            while b"\n" not in self._unread:
                if not selector.select(max(deadline - time.monotonic(), 0)):
                    raise TimeoutError(f"{self.name} did not say {awaited!r} in time")
                chunk = os.read(output.fileno(), 65_536)
                if not chunk:
                    raise RuntimeError(f"{self.name} ended before it said {awaited!r}")
                self._unread += chunk
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode()
