"""Calling servers outside over HTTP: bounded in time, connections and bytes; no cookie is kept."""

import aiohttp


class Connections:
    """The connections of one caller. Made with the first request, so that a caller can be built without a loop."""

    def __init__(self, timeout_seconds: float, at_most: int) -> None:
        self._timeout_seconds, self._at_most = timeout_seconds, at_most
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The one session."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._timeout_seconds),
                connector=aiohttp.TCPConnector(limit=self._at_most),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()


async def bounded(response: aiohttp.ClientResponse, bytes_max: int) -> bytes:
    """The answer, which may come in pieces; what goes beyond the bound is left unread."""
    body = b""
    async for piece in response.content.iter_any():
        body += piece
        if len(body) >= bytes_max:
            break
    return body[:bytes_max]
