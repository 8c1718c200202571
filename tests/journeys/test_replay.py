"""A slice of the nine months through the channels and the departments' queues, with services dying meanwhile."""

import uuid
from pathlib import Path

import pytest

from ops.nine_months import plan, truth_of
from ops.replaying.compare import compare, read
from ops.replaying.conduct import conduct, players, scripts_of
from ops.replaying.installation import Installation, find
from shared.municipality import Municipality, load
from tests.journeys.conftest import Where

ILKADIM = Path(__file__).parent.parent.parent / "municipality" / "ilkadim"
CONTACTS = 60
STILL_SECONDS = 20.0


@pytest.fixture(scope="module")
def ilkadim() -> Municipality:
    return load(ILKADIM)


@pytest.fixture
def system(running: Where) -> Installation:
    if running.state is None:
        pytest.skip("the replay reads an installation's own state folder")
    return find(running.state)


@pytest.mark.parametrize("kill_every", [None, 2.0], ids=["undisturbed", "a service killed every two seconds"])
async def test_the_bulletin_grows_by_the_truth_to_the_unit(
    system: Installation, ilkadim: Municipality, kill_every: float | None
) -> None:
    contacts = plan(ilkadim, count=CONTACTS, run=uuid.uuid4().hex, whatsapp_account=system.whatsapp_account)
    cast, before = players(ilkadim, scripts_of(contacts)), await read(system.reporting)

    conducted = await conduct(system, contacts, cast, kill_every, still_seconds_max=STILL_SECONDS)

    assert (conducted.sent, conducted.unsettled) == (CONTACTS, 0)
    lines = compare(truth_of(contacts), before, await read(system.reporting))
    assert [line for line in lines if not line.matches] == []


async def test_the_same_run_sent_again_changes_nothing(system: Installation, ilkadim: Municipality) -> None:
    contacts = plan(ilkadim, count=20, run=uuid.uuid4().hex, whatsapp_account=system.whatsapp_account)
    await conduct(system, contacts, players(ilkadim, scripts_of(contacts)), None, still_seconds_max=STILL_SECONDS)
    before = await read(system.reporting)

    await conduct(system, contacts, None, None, still_seconds_max=STILL_SECONDS)

    assert await read(system.reporting) == before
