"""Fetching a file from where a provider says it lies: only from its known hosts, never from inside our own network.

An address in a message is told by whoever wrote it, so it is checked before it is called (OWASP, server-side request
forgery): https, a host on the list, no address of a private network behind that name, each redirect anew.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

from services.intake.channels.base import TooLarge

SECONDS_MAX: Final = 60.0  # a whole file
CONNECT_SECONDS: Final = 5.0
SILENCE_SECONDS: Final = 15.0
PIECE_BYTES: Final = 64 * 1024
REASONS_BYTES_MAX: Final = 16 * 1024
_GONE: Final = frozenset({400, 401, 403, 404, 410})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class Forbidden(ValueError):
    """Raised for an address that is not its provider's: it is not called."""


class Gone(OSError):
    """Raised when the provider does not give the file under this address; a new one may do. `told`: its reasons."""

    def __init__(self, status: int, told: bytes) -> None:
        super().__init__(f"the provider answered {status}")
        self.status, self.told = status, told


class Downloads:
    """Gets files from `hosts` (a leading dot means any name below it).

    `own` is the provider's base address as an operator set it: trusted as it is, also within our network or on http.
    """

    def __init__(self, hosts: Sequence[str], own: str = "", redirects_max: int = 0) -> None:
        self._hosts = tuple(hosts)
        self._own = _origin(own) if own else None
        self._redirects_max = redirects_max

    async def get(self, url: str, headers: Mapping[str, str], bytes_max: int) -> bytes:
        """The file. Raises Forbidden, TooLarge, Gone, or OSError for not now."""
        try:
            async with asyncio.timeout(SECONDS_MAX), self._session() as session:
                return await self._follow(session, url, headers, bytes_max)
        except aiohttp.ClientError as error:
            raise OSError(f"the provider did not answer: {type(error).__name__}") from error

    async def _follow(
        self, session: aiohttp.ClientSession, url: str, headers: Mapping[str, str], bytes_max: int
    ) -> bytes:
        first = _origin(url)
        for _ in range(self._redirects_max + 1):
            self._check(url)
            known = headers if _origin(url) == first else {}  # a token is for the host it was meant for
            async with session.get(url, headers=known, allow_redirects=False) as answer:
                if answer.status not in _REDIRECTS:
                    return await _body(answer, bytes_max)
                url = urljoin(url, answer.headers.get("Location", ""))
        raise Forbidden("the provider sends us on to another address")

    def _check(self, url: str) -> None:
        origin = _origin(url)
        if origin == self._own:
            return
        scheme, host, port = origin
        is_listed = any(host == name or (name[0] == "." and host.endswith(name)) for name in self._hosts)
        if scheme != "https" or port != 443 or not is_listed:
            raise Forbidden("the address is not one of its provider's")

    def _session(self) -> aiohttp.ClientSession:
        trusted = self._own[1] if self._own else None
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=_OutsideOnly(trusted)),
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # a small answer must not become a large one
            headers={"Accept-Encoding": "identity", "User-Agent": "ilkim"},
        )


class _OutsideOnly(AbstractResolver):
    """Names as usual, but none that leads to our own network, at the very moment of the call."""

    def __init__(self, trusted: str | None) -> None:
        self._trusted = trusted
        self._inner = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if host != self._trusted and not all(ipaddress.ip_address(each["host"]).is_global for each in found):
            raise Forbidden("the provider's name leads into our own network")
        return found

    async def close(self) -> None:
        await self._inner.close()


async def _body(answer: aiohttp.ClientResponse, bytes_max: int) -> bytes:
    if answer.status in _GONE:
        raise Gone(answer.status, await answer.content.read(REASONS_BYTES_MAX))
    if answer.status != 200:
        raise OSError(f"the provider answered {answer.status}")
    if (answer.content_length or 0) > bytes_max:
        raise TooLarge
    body = bytearray()
    async for piece in answer.content.iter_chunked(PIECE_BYTES):
        body += piece
        if len(body) > bytes_max:
            raise TooLarge
    return bytes(body)


def _origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port. Raises Forbidden for what has none of them."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError as error:
        raise Forbidden("the address cannot be read") from error
    if not host or not port or parts.username is not None:
        raise Forbidden("the address cannot be read")
    return parts.scheme, host.lower().rstrip("."), port
