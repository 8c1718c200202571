"""Whom the service sends to: institutions with a sender and a true address; and which settings end the start."""

import pytest

from services.handover.app import handover, served
from shared.municipality import SenderKind
from tests.handover.conftest import PLACE, YEDAS
from tests.harness import AWAY_AMQP, AWAY_DATABASE, System, built


def test_nothing_is_sent_to_an_invented_address() -> None:
    assert dict(served(PLACE, "")) == {}


@pytest.mark.parametrize(
    ("address", "way"),
    [("ariza@yedas.example", SenderKind.EMAIL), ("https://yedas.example/cases", SenderKind.API)],
)
def test_a_true_address_says_which_way(address: str, way: SenderKind) -> None:
    found = served(PLACE, f"{YEDAS}={address}")

    assert {code: (one.sender, one.address) for code, one in found.items()} == {YEDAS: (way, address)}


def test_a_neighbours_server_stays_an_open311_one() -> None:
    found = served(PLACE, "canik-belediyesi=https://canik.example/open311/v2")

    assert found["canik-belediyesi"].sender is SenderKind.OPEN311


@pytest.mark.parametrize(
    ("addresses", "said"),
    [
        ("nobody=a@b.example", "institutions.toml has no nobody"),
        (f"{YEDAS}=http://yedas.example/cases", YEDAS),
        (f"{YEDAS}=https://yedas.example/cases?a=b", YEDAS),
        (f"{YEDAS}=", "write code=value"),
    ],
)
def test_a_wrong_address_ends_the_start(addresses: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        served(PLACE, addresses)

    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"HANDOVER_ADDRESSES": f"{YEDAS}=https://yedas.example/c"}, "HANDOVER_SECRETS"),
        ({"HANDOVER_ADDRESSES": f"{YEDAS}=a@b.example", "HANDOVER_PUBLIC_URL": ""}, "HANDOVER_PUBLIC_URL"),
    ],
)
def test_what_is_missing_is_named(given: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    away = System(AWAY_AMQP, AWAY_DATABASE, "handover", None, None)  # type: ignore[arg-type]
    with pytest.raises(SystemExit):
        built(handover, away, **({"HANDOVER_PUBLIC_URL": "https://ilkim.example"} | given))

    assert said in capsys.readouterr().err
