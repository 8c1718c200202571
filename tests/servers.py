"""Helpers round the real servers of a test session."""

import asyncio
import threading
import urllib.parse
from collections.abc import Coroutine
from typing import Any

from ops import access


class Management(access.Management):
    """The broker's HTTP API, and vhosts for tests."""

    def create_vhost(self, name: str) -> None:
        quoted = access.quoted(name)
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        self.call("PUT", f"vhosts/{quoted}", {})
        self.call("PUT", f"permissions/{quoted}/{access.quoted(self.user)}", everything)

    def delete_vhost(self, name: str) -> None:
        self.call("DELETE", f"vhosts/{access.quoted(name)}")


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
