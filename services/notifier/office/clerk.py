"""The clerk: turns decisions about notices into rows, letters, replies, tasks and facts; writes them in one go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from services.notifier import store
from services.notifier.domain import (
    Composer,
    Decision,
    Doubt,
    HandOver,
    Notice,
    Person,
    Send,
    Settle,
    Step,
    Wait,
    next_step,
)
from services.notifier.domain.ladder import PAIR_RATE, pair_seconds
from services.notifier.office.lanes import Held, Lanes
from services.notifier.senders import ApprovedTemplate, Letter
from services.notifier.store import Begun, Decided, Open
from shared.contracts import Channel, Message, NoticeRecorded, NoticeStatus, ReplyRequested, TaskRequested
from shared.database import Connection
from shared.ids import derived_id, new_id
from shared.messaging import Outgoing, envelopes, single
from shared.messaging.topology import DESK, EVENTS, REPLIES, reply_queue
from shared.municipality import ReplyEvent
from shared.municipality.delivery import DeliveryRules, Rung

log = structlog.get_logger()

# No lane: these facts are counted, nobody replies to them.
FACTS_KEY: Final = "notifier.recorded"
TASKS_KEY: Final = "tasks"
TASK_TEXT_MAX: Final = 4000
UNDECIDED_AGAIN: Final = timedelta(minutes=10)


@dataclass
class Written:
    """What the decisions about a batch come to; `held` are handed in once the transaction is committed."""

    decided: list[tuple[Notice, Decided]] = field(default_factory=list)
    begun: list[Begun] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    outgoing: list[tuple[UUID, Outgoing]] = field(default_factory=list)
    facts: list[tuple[UUID, Message]] = field(default_factory=list)
    paced: dict[tuple[UUID, Channel], datetime] = field(default_factory=dict)

    def only(self, notices: set[UUID]) -> "Written":
        """What is left when only these notices turn out to be new."""
        return Written(
            [row for row in self.decided if row[0].id in notices],
            [row for row in self.begun if row.notice_id in notices],
            [row for row in self.held if row.notice_id in notices],
            [row for row in self.outgoing if row[0] in notices],
            [row for row in self.facts if row[0] in notices],
            self.paced,
        )

    def add(self, other: "Written") -> None:
        """What follows from other decisions, behind ours."""
        self.decided += other.decided
        self.begun += other.begun
        self.held += other.held
        self.outgoing += other.outgoing
        self.facts += other.facts
        self.paced |= other.paced

    def messages(self) -> list[Outgoing]:
        """What is published with the commit."""
        facts = envelopes(EVENTS, FACTS_KEY, [fact for _, fact in self.facts])
        return [*(message for _, message in self.outgoing), *facts]


@dataclass(frozen=True)
class Clerk:
    """Decides by the ladder, and writes down what follows."""

    rules: DeliveryRules
    zone: ZoneInfo
    composer: Composer
    lanes: Lanes
    lease: timedelta

    def decide(self, notices: Sequence[Open], people: Mapping[UUID, Person], now: datetime) -> Written:
        """The next step of each notice, in order: a recipient who must be spared gets one at a time."""
        written, known = Written(), dict(people)
        ways = self.lanes.ways()
        for row in notices:
            person = known.get(row.notice.person_id) if row.notice.person_id else None
            decision = next_step(row.notice, row.tried, person, ways, self.rules, self.zone, now, row.has_turn)
            self.write(written, row, decision, now)
            if person is not None and not row.has_turn:
                known[person.id] = self._spared(written, person, decision.step, now)
        return written

    def decide_each(self, notices: Sequence[Open], people: Mapping[UUID, Person], now: datetime) -> Written:
        """The same, where one that cannot be decided (its words were lost, say) must not stop the others."""
        try:
            return self.decide(notices, people, now)
        except Exception as error:
            if len(notices) == 1:
                log.error("undecided", notice=str(notices[0].notice.id), error=type(error).__name__)
                notice = notices[0].notice
                stuck = Decided(notice.id, NoticeStatus.WAITING, ("undecided",), look_again=UNDECIDED_AGAIN)
                return Written(decided=[(notice, stuck)])
        whole = Written()
        for row in notices:
            whole.add(self.decide_each([row], people, now))
        return whole

    async def save(self, connection: Connection, written: Written) -> None:
        """Write down what was decided about notices that are there already."""
        await store.save_decisions(connection, [decided for _, decided in written.decided])
        await self.save_deliveries(connection, written)

    async def save_deliveries(self, connection: Connection, written: Written) -> None:
        """Write the deliveries that begin, and whom to spare for how long."""
        if written.begun:
            await store.begin_deliveries(connection, written.begun)
        if written.paced:
            await store.note_paced(connection, written.paced)

    def write(self, written: Written, row: Open, decision: Decision, now: datetime) -> None:
        """Add what follows from this decision."""
        notice, reasons = row.notice, decision.reasons
        match decision.step:
            case Send() as send:
                self._send(written, row, send, reasons, now)
            case Wait(until, reason, channel):
                wait = max(until - now, timedelta())
                status, why = NoticeStatus.WAITING, (*reasons, f"{channel}: {reason}")
                written.decided.append((notice, Decided(notice.id, status, why, channel, wait)))
            case Doubt(delivery):
                # Told as a change of the delivery by the post office: see `PostOffice.sweep`.
                raise AssertionError(f"delivery {delivery.id} must be doubted before anything is decided")
            case Settle(status, reason):
                written.decided.append((notice, Decided(notice.id, status, (*reasons, reason))))
                if not (row.tried and status in (NoticeStatus.FAILED, NoticeStatus.UNKNOWN)):  # told already
                    written.facts.append((notice.id, _fact(notice, notice.channel, None, status, len(row.tried), now)))
            case HandOver() as hand_over:
                self._hand_over(written, row, hand_over, reasons, now)

    def _send(self, written: Written, row: Open, send: Send, reasons: tuple[str, ...], now: datetime) -> None:
        notice = row.notice
        delivery_id = row.tried[-1].id if send.again else _delivery_id(row)
        attempts = row.tried[-1].attempts + 1 if send.again else 1
        provider = self.lanes.pick(send.providers) if send.providers else None
        account = notice.account if send.channel is notice.channel else _account(send)
        status = NoticeStatus.SENDING if provider else NoticeStatus.ACCEPTED
        lease = self.lease if provider else None
        decided = Decided(notice.id, status, reasons, send.channel, lease, delivery_id, send.again)
        written.decided.append((notice, decided))
        letter = self._letter(notice, send, delivery_id, account, attempts)
        if not send.again:
            template = None if letter.text == notice.text else _template(letter, send)
            written.begun.append(
                Begun(delivery_id, notice.id, row.round, send.rung, send.channel, provider, account, send.news_only,
                      template, status)
            )  # fmt: skip
        if provider:
            written.held.append(Held(letter, notice.id, send.channel, provider, notice.is_urgent))
        else:
            reply = _reply(notice, letter, send.channel)
            written.outgoing.append((notice.id, single(REPLIES, reply_queue(send.channel), reply)))
            written.facts.append((notice.id, _fact(notice, send.channel, None, status, attempts, now)))

    def _letter(self, notice: Notice, send: Send, delivery_id: UUID, account: str, attempts: int) -> Letter:
        """The notice as this way wants it."""
        event = ReplyEvent.NEWS if send.news_only else notice.event
        words = {"number": notice.number} if send.news_only else notice.words
        text, subject, approved = notice.text, "", None
        if send.rung is Rung.WHATSAPP_TEMPLATE:
            found = self.composer.approved(event, notice.language, words)
            approved = ApprovedTemplate(found.name, found.language, found.parameters) if found else None
        if send.news_only or send.channel is not notice.channel or send.channel is Channel.EMAIL:
            form = self.composer.form(event, notice.language, send.channel, words)
            text, subject = form.text, form.subject
        is_mail = send.channel is Channel.EMAIL
        unsubscribe_url = self.composer.opt_out_url(notice.person_id, send.channel) if notice.person_id else None
        return Letter(
            id=delivery_id,
            account=account,
            address=send.address.address,
            text=text,
            attempts=attempts,
            language=notice.language,
            event=event,
            number=notice.number,
            name=send.address.name,
            subject=subject,
            thread_id=notice.thread_id if send.channel is notice.channel else None,
            reply_token=self.composer.reply_token(notice.number) if is_mail else None,
            unsubscribe_url=unsubscribe_url if is_mail else None,
            template=approved,
        )

    def _spared(self, written: Written, person: Person, step: Step, now: datetime) -> Person:
        """The person, whose next turn comes later where a provider wants it: this step took the one before."""
        match step:
            case Send(channel=channel, address=address, providers=providers) if providers:
                turn, spared = now, address.channel
            case Wait(until, reason, channel) if reason == PAIR_RATE:
                turn, spared = until, channel
            case _:
                return person
        next_turn = turn + timedelta(seconds=pair_seconds(self.rules, self.lanes.ways(), channel))
        if next_turn == now:
            return person
        written.paced[person.id, spared] = next_turn
        addresses = (replace(a, paced_until=next_turn) if a.channel is spared else a for a in person.addresses)
        return replace(person, addresses=tuple(addresses))

    def _hand_over(
        self, written: Written, row: Open, hand_over: HandOver, reasons: tuple[str, ...], now: datetime
    ) -> None:
        notice, address = row.notice, hand_over.address
        task = TaskRequested(
            id=derived_id(notice.occurred_at, "task", notice.id, row.round),
            occurred_at=now,
            trace_id=notice.trace_id,
            kind=hand_over.kind,
            source="notifier",
            lane="urgent" if notice.is_urgent or notice.event is ReplyEvent.EMERGENCY else "routine",
            channel=notice.channel,
            account=notice.account,
            case_id=notice.case_id,
            contact_id=notice.contact_id,
            person_id=notice.person_id,
            number=notice.number,
            address=address.address if address else None,
            name=address.name if address else None,
            reason=hand_over.reason,
            detail="; ".join(reasons)[:500],
            text=notice.text[:TASK_TEXT_MAX],
        )
        status = NoticeStatus.HANDED_OVER
        why = (*reasons, hand_over.reason)
        written.decided.append((notice, Decided(notice.id, status, why, task_id=task.id)))
        written.outgoing.append((notice.id, single(DESK, TASKS_KEY, task)))
        written.facts.append((notice.id, _fact(notice, notice.channel, None, status, len(row.tried), now)))


def _delivery_id(row: Open) -> UUID:
    """The first delivery has the notice's own id, which a channel's program was promised."""
    notice = row.notice
    return derived_id(notice.occurred_at, "delivery", notice.id, row.deliveries) if row.deliveries else notice.id


def _account(send: Send) -> str:
    return send.address.account if send.address.channel is send.channel else "main"


def _template(letter: Letter, send: Send) -> str:
    return letter.template.name if letter.template else f"{letter.event}.{letter.language}.{send.channel}"


def _reply(notice: Notice, letter: Letter, channel: Channel) -> ReplyRequested:
    return ReplyRequested(
        id=letter.id,
        occurred_at=notice.occurred_at,
        trace_id=notice.trace_id,
        channel=channel,
        account=notice.account,
        address=letter.address,
        name=letter.name,
        language="en" if notice.language == "en" else "tr",
        event=letter.event,
        number=notice.number,
        text=letter.text,
    )


def _fact(
    notice: Notice, channel: Channel, provider: str | None, status: NoticeStatus, attempts: int, now: datetime
) -> NoticeRecorded:
    return NoticeRecorded(
        id=new_id(),
        occurred_at=now,
        trace_id=notice.trace_id,
        notice_id=notice.id,
        event=notice.event,
        channel=channel,
        status=status,
        attempts=attempts,
        case_id=notice.case_id,
        contact_id=notice.contact_id,
        provider=provider,
    )
