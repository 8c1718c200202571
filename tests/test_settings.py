"""A provider's settings: all there, or none; half of them stop the start with a line that says which are missing."""

import pytest
from pydantic import SecretStr

from shared.settings import ProviderSettings, given


class Postaci(ProviderSettings):
    postaci_user: str
    postaci_secret: SecretStr
    postaci_url: str = "https://postaci.example"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("POSTACI_USER", "POSTACI_SECRET", "POSTACI_URL"):
        monkeypatch.delenv(name, raising=False)


def test_a_provider_without_settings_is_off() -> None:
    assert given(Postaci) is None


def test_an_address_alone_is_no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTACI_URL", "http://127.0.0.1:1")

    assert given(Postaci) is None


@pytest.mark.parametrize("secret", [None, ""])
def test_half_an_account_stops_the_start(
    secret: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POSTACI_USER", "ilkim")
    if secret is not None:
        monkeypatch.setenv("POSTACI_SECRET", secret)

    with pytest.raises(SystemExit):
        given(Postaci)

    assert "POSTACI_SECRET" in capsys.readouterr().err


def test_an_empty_variable_leaves_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("POSTACI_USER", "ilkim"), ("POSTACI_SECRET", "s"), ("POSTACI_URL", "")):
        monkeypatch.setenv(name, value)

    settings = given(Postaci)

    assert settings is not None
    assert settings.postaci_url == "https://postaci.example"
