"""Alerts: taken in by the batch on a lane of their own, given again until somebody acknowledges them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from services.desk.domain import Acknowledge, Act, Alert, Reached, alerts_of, settled_by
from services.desk.domain.identity import Identity
from services.desk.store import alerts as alert_store
from services.desk.store import looks, scopes
from shared.contracts import Message, TaskRequested
from shared.database import is_away
from shared.messaging import Service, Unit, single
from shared.messaging.topology import DESK
from shared.metrics import ALERT_OLDEST, ALERTS_OPEN, ALERTS_OVERDUE
from shared.vault import Vault

ACKNOWLEDGED_MAX: Final = 50
SWEEP_SECONDS: Final = 5.0

log = structlog.get_logger()


class NoSuchAlert(Exception):
    """Raised when there is no alert of that id."""


@dataclass(frozen=True)
class Alerts:
    """Danger to life and limb that citizens told of. `remind_after`: how long nobody may leave an alert alone."""

    service: Service
    vault: Vault
    remind_after: timedelta

    async def take_in(self, unit: Unit, events: Sequence[Message]) -> None:
        """Show what is told; what one sender tells while their alert is open counts it up."""
        found = alerts_of(event for event in events if isinstance(event, TaskRequested))
        if found:
            await alert_store.add(unit.connection, found, datetime.now(UTC) + self.remind_after, self.vault)

    async def waiting(self) -> list[Alert]:
        """What nobody acknowledged, the longest waiting first."""
        return await alert_store.open_alerts(self.service.pool)

    async def acknowledged(self) -> list[Alert]:
        """What was acknowledged last."""
        return await alert_store.acknowledged(self.service.pool, ACKNOWLEDGED_MAX)

    async def look(self, alert_id: UUID, by: Identity) -> tuple[Alert, Reached]:
        """An alert, with where its sender is reached if that is theirs to see; the look is kept. Raises NoSuchAlert."""
        async with self.service.pool.acquire() as connection, connection.transaction():
            alert = await alert_store.find(connection, alert_id)
            if alert is None:
                raise NoSuchAlert(alert_id)
            if not alert.has_address:
                return alert, Reached()
            tips = await scopes.tips_among(connection, alert.case_ids)
            if not by.may_see_whom(is_tip=bool(tips)):
                return alert, Reached(withheld=True)
            await looks.record(connection, by.name, "alert", alert_id)
            return alert, await alert_store.reached(connection, alert_id, self.vault)

    async def acknowledge(self, alert_id: UUID, acknowledge: Acknowledge, by: str) -> Alert:
        """Keep what somebody did about it; the first act ends the reminders. The alert after it. Raises NoSuchAlert."""
        now = datetime.now(UTC)
        async with self.service.pool.acquire() as connection, connection.transaction():
            alert = await alert_store.find(connection, alert_id)
            if alert is None:
                raise NoSuchAlert(alert_id)
            done = Act(now, by, acknowledge.how, acknowledge.note)
            is_first = await alert_store.act(connection, alert_id, done)
            told = [single(DESK, "settled.intake", settled_by(alert, acknowledge, by, now))] if is_first else []
            parcel = await self.service.outbox.add(connection, told)
        waited = (now - alert.requested_at).total_seconds()
        log.info("alert_acknowledged", alert_id=str(alert_id), how=acknowledge.how, waited_seconds=round(waited))
        self.service.outbox.publish_soon(parcel)
        return replace(alert, acknowledged_at=alert.acknowledged_at or now, acts=(*alert.acts, done))

    async def watch(self) -> None:
        """For ever: alerts nobody acknowledged are given again, and counted."""
        while True:
            try:
                await self.sweep(datetime.now(UTC))
            except Exception as error:
                if not is_away(error):
                    raise
                log.warning("alerts_wait", reason=repr(error))
            await asyncio.sleep(SWEEP_SECONDS)

    async def sweep(self, now: datetime) -> None:
        """Give again what is due, and measure what is open."""
        for alert in await alert_store.remind(self.service.pool, now, self.remind_after):
            ALERTS_OVERDUE.inc()
            waited = (now - alert.requested_at).total_seconds()
            log.error("alert_overdue", alert_id=str(alert.id), waited_seconds=round(waited), reminded=alert.reminded)
        now_open = await alert_store.how_many_open(self.service.pool)
        ALERTS_OPEN.set(now_open.count)
        ALERT_OLDEST.set((now - now_open.oldest_at).total_seconds() if now_open.oldest_at else 0)
