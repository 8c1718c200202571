"""Whoever is on duty hears of an urgent case at any hour: by SMS, and by a call where that fails."""

from collections.abc import AsyncIterator
from datetime import time
from functools import partial

import pytest

from shared.contracts import DutyCalled, TaskKind
from shared.messaging.topology import NOTIFIER
from shared.municipality.delivery import Quiet, Rung
from tests.builders import a_duty_call, new_id
from tests.harness import System, until
from tests.notifier.conftest import Provider, deliveries, notices, quick, rule_with, statuses
from tests.notifier.test_ways import Sms, are, at_work, task
from tests.notifier.test_ways import sms as sms

PHONE = "+905000000001"
ALWAYS_QUIET = Quiet(
    start=time(0, 0),
    end=time(23, 59, 59),
    rungs=(Rung.SMS, Rung.CALL),
    except_events=quick().delivery.quiet.except_events,
    at_once=(),
    at_once_minutes=0,
)


@pytest.fixture
async def night(system: System, provider: Provider, sms: Sms, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[System]:
    """The notifier at an hour in which nobody is written to."""
    rule_with(monkeypatch, quiet=ALWAYS_QUIET)
    async with at_work(system, provider, sms):
        yield system


async def call(system: System, **changed: object) -> DutyCalled:
    called = a_duty_call(**changed)
    await system.tell(NOTIFIER, "duty", called)
    return called


async def test_they_hear_of_it_at_night(night: System, sms: Sms) -> None:
    called = await call(night)
    await until(partial(are, night, "accepted"))

    [sent] = sms.sent()
    assert called.number in sent.text
    assert "Fen İşleri Müdürlüğü" in sent.text and "Yol çökmesi" in sent.text and "Kale" in sent.text
    [notice] = await notices(night)
    assert (notice["event"], notice["case_id"], notice["contact_id"]) == ("duty", called.case_id, None)
    assert await night.value("SELECT count(*) FROM address_book WHERE address_sealed = $1", PHONE.encode()) == 0


async def test_told_twice_they_hear_of_it_once(night: System, sms: Sms) -> None:
    called = await call(night)
    await until(partial(are, night, "accepted"))
    await night.tell(NOTIFIER, "duty", called)
    await call(night, id=new_id(), place=2, address="+905000000002")
    await until(partial(are, night, "accepted", "accepted"))

    assert len(sms.sent()) == 2


async def test_where_the_sms_fails_somebody_calls(night: System, sms: Sms) -> None:
    sms.fault("netgsm", "code_70")
    sms.fault("verimor", "code_INVALID_DESTINATION_ADDRESS")

    called = await call(night)
    asked = await task(night)

    assert (asked.kind, asked.address, asked.lane) == (TaskKind.CALL, PHONE, "urgent")
    assert (asked.number, asked.case_id, asked.name) == (called.number, called.case_id, "nöbetçi şef")
    assert called.number in asked.text
    assert list(await statuses(night)) == ["handed_over"]
    assert all(row["status"] == "failed" for row in await deliveries(night))
