"""Helpers round the real servers of a test session."""

import asyncio
import base64
import json
import threading
import urllib.parse
import urllib.request
from collections.abc import Coroutine
from typing import Any


class Management:
    """RabbitMQ's HTTP API with the credentials of its address. Raises HTTPError for any refusal."""

    def __init__(self, url: str) -> None:
        parts = urllib.parse.urlsplit(url)
        self._base = f"{parts.scheme}://{parts.hostname}:{parts.port}/api"
        self._user = urllib.parse.unquote(parts.username or "")
        password = urllib.parse.unquote(parts.password or "")
        self._token = base64.b64encode(f"{self._user}:{password}".encode()).decode()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """`path` is relative to /api, each part of it quoted by the caller."""
        request = urllib.request.Request(
            f"{self._base}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Basic {self._token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def create_vhost(self, name: str) -> None:
        quoted = urllib.parse.quote(name, safe="")
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        self.call("PUT", f"vhosts/{quoted}", {})
        self.call("PUT", f"permissions/{quoted}/{urllib.parse.quote(self._user, safe='')}", everything)

    def delete_vhost(self, name: str) -> None:
        self.call("DELETE", f"vhosts/{urllib.parse.quote(name, safe='')}")


def with_path(url: str, path: str) -> str:
    """The same server and credentials, another database or vhost."""
    return urllib.parse.urlsplit(url)._replace(path=f"/{urllib.parse.quote(path, safe='')}").geturl()


def in_a_new_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end from a plain fixture, whether or not the session's own loop is running."""
    failure: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(work)
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
