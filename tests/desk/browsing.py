"""A browser without scripts at the desk: keeps cookies, sends forms with what their page holds, follows nothing."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape

import aiohttp
from yarl import URL

from tests.desk.conftest import Reply

HTML = {"Accept": "text/html,application/xhtml+xml"}
_TOKEN = re.compile(r'name="form_token" value="([^"]*)"')


@dataclass
class Browser:
    """One person's browser. `page` is the last page it showed."""

    http: aiohttp.ClientSession
    page: str = ""

    async def opens(self, path: str) -> Reply:
        """A page; its redirects are told and not followed."""
        async with self.http.get(path, allow_redirects=False) as reply:
            return await self._shown(reply)

    async def sends(self, path: str, **fields: str | list[str]) -> Reply:
        """A form of the page that is shown."""
        return await self.posts(path, {"form_token": self.form_token, **fields})

    async def posts(self, path: str, fields: Mapping[str, str | list[str]]) -> Reply:
        """Whatever fields, as they are."""
        pairs = [
            (name, one) for name, value in fields.items() for one in ([value] if isinstance(value, str) else value)
        ]
        async with self.http.post(path, data=aiohttp.FormData(pairs), allow_redirects=False) as reply:
            return await self._shown(reply)

    async def signs_in(self, name: str, password: str, onward: str = "") -> Reply:
        """By the page for it."""
        way = f"/sign-in{onward}"
        await self.opens(way)
        return await self.sends(way, name=name, password=password)

    @property
    def form_token(self) -> str:
        """The hidden field of the page that is shown."""
        found = _TOKEN.search(self.page)
        return unescape(found[1]) if found else ""

    def keeps(self, name: str, secret: str) -> None:
        """A cookie that somebody put there."""
        self.http.cookie_jar.update_cookies({name: secret}, self.http._base_url or URL())

    @property
    def cookies(self) -> dict[str, str]:
        """What it keeps."""
        return {cookie.key: cookie.value for cookie in self.http.cookie_jar}

    async def _shown(self, reply: aiohttp.ClientResponse) -> Reply:
        text = await reply.text()
        self.page = text if reply.content_type == "text/html" else self.page
        return Reply(reply.status, reply.headers, text)


@asynccontextmanager
async def a_browser(url: str) -> AsyncIterator[Browser]:
    """Knows nobody yet."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(url, cookie_jar=jar, headers=HTML) as http:
        yield Browser(http)
