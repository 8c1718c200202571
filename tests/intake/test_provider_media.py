"""Files of Twilio, Telegram, Messenger and Instagram, fetched from their simulators with the right credentials."""

from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp.test_utils import TestServer

from services.intake.channels import ADAPTERS
from services.intake.channels.base import Media, TooLarge
from shared.contracts import Attachment
from simulators.outside.app import Outside
from simulators.outside.pictures import PICTURE
from simulators.outside.settings import Settings
from tests.outside import CREDENTIALS, url_variables

FILES: dict[str, Callable[[str], Attachment]] = {
    "twilio": lambda url: Attachment(
        provider_id="MM1/0",
        url=f"{url}/twilio/2010-04-01/Accounts/{CREDENTIALS['TWILIO_ACCOUNT_SID']}/Messages/MM1/Media/ME1",
    ),
    "telegram": lambda _: Attachment(provider_id="AgAD1"),
    "messenger": lambda url: Attachment(provider_id="1", url=f"{url}/graph/files/messenger/1.png"),
    "x": lambda url: Attachment(provider_id="1", url=f"{url}/x/files/1.png"),
    "instagram": lambda url: Attachment(provider_id="1", url=f"{url}/graph/files/instagram/1.png"),
}
every_source = pytest.mark.parametrize("name", FILES)


@pytest.fixture
async def url(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    async with TestServer(Outside(Settings(secrets=CREDENTIALS)).application()) as server:
        base = str(server.make_url("")).rstrip("/")
        for name, value in (CREDENTIALS | url_variables(base)).items():
            monkeypatch.setenv(name, value)
        yield base


def the_source(name: str) -> Media:
    found = ADAPTERS[name].media()
    assert found is not None
    return found


@every_source
async def test_a_file_is_fetched_as_it_was_sent(name: str, url: str) -> None:
    assert await the_source(name).fetch(FILES[name](url), "main", 1_000_000) == PICTURE


@every_source
async def test_a_file_beyond_the_bound_is_refused(name: str, url: str) -> None:
    with pytest.raises(TooLarge):
        await the_source(name).fetch(FILES[name](url), "main", 100)


@pytest.mark.parametrize("name", ["twilio", "messenger", "instagram", "x"])
@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:9/x", "https://example.org/x", "https://api.twilio.com.example.org/x", "file:///x", None],
)
@pytest.mark.usefixtures("url")
async def test_an_address_of_another_host_is_never_called(name: str, address: str | None) -> None:
    with pytest.raises(ValueError):
        await the_source(name).fetch(Attachment(provider_id="1", url=address), "main", 1_000)


@pytest.mark.parametrize("name", ["twilio", "telegram"])
async def test_wrong_credentials_are_an_error(name: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "another")
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "another")
    with pytest.raises((OSError, ValueError)):
        await the_source(name).fetch(FILES[name](url), "main", 1_000_000)
