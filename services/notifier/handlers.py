"""One short function per message: read it, ask the domain, tell the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from services.notifier import domain, store
from services.notifier.domain import Notice, Party
from services.notifier.office import FACTS_KEY, LEASE, PostOffice, receipt_change
from services.notifier.senders import Letter
from services.notifier.store import Address, Change, Standing
from shared.contracts import (
    AddressRecorded,
    CaseEvent,
    Channel,
    ContactRegistered,
    DeliveryReported,
    Message,
    NoticeRecorded,
    NoticeStatus,
    ReplyRequested,
)
from shared.ids import derived_id
from shared.messaging import Outgoing, Unit, envelopes, single
from shared.messaging.topology import EVENTS, REPLIES, reply_queue
from shared.municipality import Municipality
from shared.vault import Vault


@dataclass(frozen=True)
class Notifier:
    """What the handlers work with; built once in `app.py`."""

    place: Municipality
    vault: Vault
    office: PostOffice

    async def tell(self, unit: Unit, events: Sequence[Message]) -> None:
        """Write addresses and the replies these facts call for; send them, postpone facts that came too early."""
        found = [event for event in events if isinstance(event, AddressRecorded)]
        if found:
            await store.add_addresses(unit.connection, found, self.vault)
        contacts = [event for event in events if isinstance(event, ContactRegistered)]
        await store.add_parties(unit.connection, [party for event in contacts for party in domain.parties(event)])
        notices: list[tuple[Message, Notice | None]] = [
            (event, domain.tell_of_contact(event, self.place)) for event in contacts
        ]
        notices += await self._of_cases(unit, [event for event in events if isinstance(event, CaseEvent)])
        await self._send(unit, [(event, notice) for event, notice in notices if notice])

    async def note(self, unit: Unit, events: Sequence[Message]) -> None:
        """Note what providers say of our replies."""
        receipts = [event for event in events if isinstance(event, DeliveryReported)]
        standing = await store.lock_notices(unit.connection, {row.reference for row in receipts if row.reference})
        changes: dict[UUID, Change] = {}
        for receipt in receipts:
            notice = standing.get(receipt.reference) if receipt.reference else None
            if notice is not None:
                before = changes.get(notice.id)
                change = receipt_change(_as_of(notice, before), receipt.status, receipt.provider_id, receipt.error)
                if change:
                    changes[notice.id] = change
        unit.publish(*await self.office.save(unit.connection, list(changes.values()), standing))

    async def _of_cases(self, unit: Unit, events: Sequence[CaseEvent]) -> list[tuple[Message, Notice | None]]:
        if not events:
            return []
        parties = await store.parties(unit.connection, {event.case_id for event in events})
        notices: list[tuple[Message, Notice | None]] = []
        for event in events:
            if event.case_id not in parties:
                unit.postpone(event, "nobody is known yet who asked")
            notices += [(event, self._tell(event, party)) for party in parties.get(event.case_id, [])]
        return notices

    def _tell(self, event: CaseEvent, party: Party) -> Notice | None:
        return domain.tell_of_case(event, party, self.place)

    async def _send(self, unit: Unit, notices: Sequence[tuple[Message, Notice]]) -> None:
        people = {notice.person_id for _, notice in notices if notice.person_id}
        known = await store.addresses(unit.connection, people, self.vault) if people else {}
        rows: list[tuple[Notice, NoticeStatus]] = []
        for event, notice in notices:
            if notice.person_id is None:
                rows.append((notice, NoticeStatus.NO_ADDRESS))
            elif notice.person_id not in known:
                unit.postpone(event, "the address is not here yet")
            elif self.office.sends_for(notice.channel):
                rows.append((notice, NoticeStatus.SENDING))
            else:
                rows.append((notice, NoticeStatus.ACCEPTED))
        fresh = await store.add_notices(unit.connection, rows, LEASE) if rows else set()
        new = [(notice, status) for notice, status in rows if notice.id in fresh]
        self._give_away(unit, new, known)
        settled = [notice for notice, status in new if status is not NoticeStatus.SENDING]
        unit.publish(*envelopes(EVENTS, FACTS_KEY, [_settled(notice) for notice in settled]))

    def _give_away(
        self, unit: Unit, notices: Sequence[tuple[Notice, NoticeStatus]], known: Mapping[UUID, Address]
    ) -> None:
        """To the post office after the commit, or with the commit to the channel's own program."""
        for notice, status in notices:
            if notice.person_id is None:
                continue
            address = known[notice.person_id]
            if status is NoticeStatus.SENDING:
                letter = Letter(notice.id, notice.account, address.address, notice.text, attempts=1)
                unit.after_commit.append(partial(self.office.hand_in, letter, notice.channel))
            else:
                unit.publish(_reply(notice, address))


def _as_of(notice: Standing, change: Change | None) -> Standing:
    return notice if change is None else replace(notice, status=change.status)


def _reply(notice: Notice, address: Address) -> Outgoing:
    message = ReplyRequested(
        id=notice.id,
        occurred_at=notice.occurred_at,
        trace_id=notice.trace_id,
        channel=notice.channel,
        account=notice.account,
        address=address.address,
        name=address.name,
        language="en" if notice.language == "en" else "tr",
        event=notice.event,
        number=notice.number,
        text=notice.text,
    )
    return single(REPLIES, reply_queue(Channel(notice.channel)), message)


def _settled(notice: Notice) -> NoticeRecorded:
    status = NoticeStatus.ACCEPTED if notice.person_id else NoticeStatus.NO_ADDRESS
    return NoticeRecorded(
        id=derived_id(notice.occurred_at, "notice.recorded", notice.id, status),
        occurred_at=notice.occurred_at,
        trace_id=notice.trace_id,
        notice_id=notice.id,
        event=notice.event,
        channel=notice.channel,
        status=status,
        attempts=1 if notice.person_id else 0,
        case_id=notice.case_id,
        contact_id=notice.contact_id,
    )
