"""The ladder (basamaklar): which way a notice goes next, decided by what was tried and what is known. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from services.notifier.domain.notices import NEWS_CHANNEL, Notice
from services.notifier.domain.status import ARRIVED
from shared.contracts import Channel, NoticeStatus, TaskKind
from shared.municipality import ReplyEvent
from shared.municipality.delivery import DeliveryRules, OnUnknown, Rung
from shared.phone import takes_sms

_NUMBER: Final = re.compile(r"\+[1-9][0-9]{7,14}")
# Whoever wrote or called from such an address can be reached there by SMS and by a call too.
_BY_PHONE: Final = (Channel.SMS, Channel.PHONE, Channel.WHATSAPP, Channel.MUHTAR, Channel.FACE_TO_FACE)
_BY_MAIL: Final = (Channel.EMAIL, Channel.FACE_TO_FACE)
PAIR_RATE: Final = "pair_rate"
_NEWS_RUNGS: Final = (Rung.EMAIL, Rung.SMS)


@dataclass(frozen=True, slots=True)
class Address:
    """One way to reach a person. `proven`: they wrote from it. `heard_at`: when they last did, by its provider."""

    channel: Channel
    provider: str | None
    account: str
    address: str
    name: str | None
    proven: bool
    heard_at: datetime | None = None
    paced_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of a person: addresses, channels they want no notices on, and those that proved dead (until)."""

    id: UUID
    addresses: tuple[Address, ...]
    opted_out: frozenset[Channel] = frozenset()
    failed_until: Mapping[Channel, datetime] = field(default_factory=dict)

    def at(self, channel: Channel) -> Address | None:
        """The address of this very channel."""
        return next((address for address in self.addresses if address.channel is channel), None)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One try: on one rung, with one provider. `is_called`: its provider was asked, or may have been."""

    id: UUID
    rung: Rung | None
    channel: Channel
    provider: str | None
    status: NoticeStatus
    attempts: int
    begun_at: datetime
    is_called: bool = True


@dataclass(frozen=True, slots=True)
class Ways:
    """What this installation can do: the names of its providers by channel, and which of them have no room now."""

    providers: Mapping[Channel, frozenset[str]]
    full: frozenset[Channel] = frozenset()


@dataclass(frozen=True, slots=True)
class Send:
    """Give it to one of these providers now; none: to the channel's own program. `again`: the delivery goes on."""

    rung: Rung | None  # None: the program of the channel the citizen came by
    channel: Channel
    providers: frozenset[str]
    address: Address
    news_only: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again at that time."""

    until: datetime
    reason: str
    channel: Channel


@dataclass(frozen=True, slots=True)
class Doubt:
    """The sender died after it had asked the provider: nobody knows; wait for a receipt."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Settle:
    """Nothing more is done."""

    status: NoticeStatus
    reason: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """A person takes over."""

    kind: TaskKind
    reason: str
    address: Address | None


Step = Send | Wait | Doubt | Settle | HandOver


@dataclass(frozen=True, slots=True)
class Decision:
    """The next step, and why the ways before it were not taken, e.g. `whatsapp: outside_window`."""

    step: Step
    reasons: tuple[str, ...] = ()


def next_step(
    notice: Notice,
    tried: Sequence[Delivery],
    person: Person | None,
    ways: Ways,
    rules: DeliveryRules,
    zone: ZoneInfo,
    now: datetime,
    has_turn: bool = False,
) -> Decision:
    """What to do about this notice. `tried` in order; the last is open only when its lease has run out.

    `has_turn`: it waited for its turn with this recipient, and the turns after it are given to others.
    """
    rule = rules.rule(notice.event)
    last = tried[-1] if tried else None
    if any(delivery.status in ARRIVED for delivery in tried):
        return Decision(Settle(NoticeStatus.DELIVERED, "arrived"))
    if last and last.status is NoticeStatus.SENDING and last.is_called:
        return Decision(Doubt(last))
    is_unknown = last is not None and last.status is NoticeStatus.UNKNOWN
    if is_unknown and rule.on_unknown is OnUnknown.SETTLE:
        return Decision(Settle(NoticeStatus.UNKNOWN, "outcome_unknown"))
    if is_unknown and rule.on_unknown is OnUnknown.PERSON:
        return Decision(HandOver(TaskKind.UNDELIVERED, "outcome_unknown", _by_phone(person)))
    if now >= notice.expires_at:
        if rule.by_a_person:
            return Decision(HandOver(TaskKind.UNDELIVERED, "expired", _by_phone(person)), ("expired",))
        return Decision(Settle(NoticeStatus.EXPIRED, "expired"))
    return _Climb(notice, tried, person, ways, rules, zone, now, has_turn).decide()


@dataclass(frozen=True)
class _Climb:
    """One look up the ladder, from the rung of the last try."""

    notice: Notice
    tried: Sequence[Delivery]
    person: Person | None
    ways: Ways
    rules: DeliveryRules
    zone: ZoneInfo
    now: datetime
    has_turn: bool

    def decide(self) -> Decision:
        if self.person is None and not self._is_on_paper():
            return Decision(Settle(NoticeStatus.NO_ADDRESS, "anonymous"))
        reasons: list[str] = []
        for rung in self._rungs():
            step = self._on(rung)
            if not isinstance(step, str):
                return Decision(step, tuple(reasons))
            reasons.append(f"{rung or self.notice.channel}: {step}")
        return Decision(self._at_the_end(reasons), tuple(reasons))

    def _rungs(self) -> Iterator[Rung | None]:
        """The rungs that are left; None stands for the program of the channel the citizen came by."""
        rungs = [*([None] if self._has_program() else []), *_ladder(self.notice, self.rules)]
        last = self.tried[-1] if self.tried else None
        if last is not None and last.rung in rungs:
            rungs = rungs[rungs.index(last.rung) + (not self._goes_on(last)) :]
        yield from rungs

    def _is_on_paper(self) -> bool:
        """Whether an operator entered it from a paper, on which the address stands."""
        return self.notice.provider is not None and Rung.LETTER in _ladder(self.notice, self.rules)

    def _has_program(self) -> bool:
        """Whether it came by a program of the channel's own, which takes the replies too. WhatsApp has none."""
        is_told_there = self.notice.event is not ReplyEvent.NEWS and self.notice.channel is not Channel.WHATSAPP
        return is_told_there and self.notice.provider is None

    def _goes_on(self, last: Delivery) -> bool:
        """Whether the way of the last try is taken again: certainly nothing went out, and it is not down for long."""
        if last.status not in (NoticeStatus.WAITING, NoticeStatus.SENDING):
            return False
        patience = self.rules.patience_minutes_urgent if self.notice.is_urgent else self.rules.patience_minutes
        begun = min(delivery.begun_at for delivery in self.tried if delivery.rung is last.rung)
        return self.now - begun < timedelta(minutes=patience) or not self._has_further(last.rung)

    def _has_further(self, rung: Rung | None) -> bool:
        rungs = _ladder(self.notice, self.rules)
        further = rungs[rungs.index(rung) + 1 :] if rung in rungs else rungs
        return any(not isinstance(self._on(other), str) for other in further)

    def _on(self, rung: Rung | None) -> Step | str:
        """The step this rung allows, or why it allows none."""
        if rung is None or rung is Rung.WEB:
            return self._to_program(rung)
        if rung.is_a_person:
            return self._to_a_person(rung)
        address = self._address(rung)
        if address is None:
            return "no_address"
        if self.person is not None and rung.channel in self.person.opted_out and not self._must_be_told():
            return "opted_out"
        if self.person is not None and self.person.failed_until.get(rung.channel, self.now) > self.now:
            return "address_failed"
        return self._by_provider(rung, address)

    def _by_provider(self, rung: Rung, address: Address) -> Step | str:
        providers = self._providers(rung, address)
        if not providers:
            return "no_provider"
        if rung is Rung.WHATSAPP_TEMPLATE:
            if self.rules.approved_text(self.notice.event, self.notice.language) is None:
                return "nothing_approved"
        else:
            providers = frozenset(name for name in providers if self._in_window(name, rung, address))
            if not providers:
                return "outside_window"
        if until := self._quiet_until(rung):
            return Wait(until, "quiet_hours", rung.channel)
        if until := self._paced_until(rung, address):
            return Wait(until, PAIR_RATE, rung.channel)
        if rung.channel in self.ways.full:
            return Wait(self.now, "queue_full", rung.channel)
        return self._send(rung, providers, address)

    def _send(self, rung: Rung, providers: frozenset[str], address: Address) -> Send:
        """To another provider than the one that just could not, where there is one; with the same one it goes on."""
        last = self.tried[-1] if self.tried else None
        news_only = not address.proven and self.notice.event is not ReplyEvent.NEWS
        if last is None or last.rung is not rung:
            return Send(rung, rung.channel, providers, address, news_only)
        if last.status is NoticeStatus.SENDING:
            return Send(rung, rung.channel, frozenset({last.provider or ""}), address, news_only, again=True)
        others = providers - {last.provider}
        if others:
            return Send(rung, rung.channel, others, address, news_only)
        return Send(rung, rung.channel, providers, address, news_only, again=True)

    def _providers(self, rung: Rung, address: Address) -> frozenset[str]:
        """Social networks are answered by the one the citizen wrote from; elsewhere any provider will do."""
        there = self.ways.providers.get(rung.channel, frozenset())
        return there & {address.provider} if rung is Rung.SOCIAL else there

    def _in_window(self, provider: str, rung: Rung, address: Address) -> bool:
        hours = self.rules.provider(provider, rung.channel).window_hours
        if hours is None:
            return True
        return address.heard_at is not None and self.now - address.heard_at <= timedelta(hours=hours)

    def _quiet_until(self, rung: Rung) -> datetime | None:
        quiet, notice = self.rules.quiet, self.notice
        at_once = notice.event in quiet.at_once and self._is_at_once()
        if rung not in quiet.rungs or notice.is_urgent or notice.event in quiet.except_events or at_once:
            return None
        return quiet.ends(self.now, self.zone)

    def _is_at_once(self) -> bool:
        """Whether the citizen still holds the phone: counted from when we began, whatever a provider's clock says."""
        begun = self.notice.expires_at - timedelta(hours=self.rules.rule(self.notice.event).expires_hours)
        return self.now - begun <= timedelta(minutes=self.rules.quiet.at_once_minutes)

    def _paced_until(self, rung: Rung, address: Address) -> datetime | None:
        if self.has_turn or not pair_seconds(self.rules, self.ways, rung.channel):
            return None
        return address.paced_until if address.paced_until and address.paced_until > self.now else None

    def _to_program(self, rung: Rung | None) -> Step | str:
        address = self.person.at(self.notice.channel) if self.person else None
        if address is None:
            return "no_address"
        return Send(rung, rung.channel if rung else self.notice.channel, frozenset(), address)

    def _to_a_person(self, rung: Rung) -> Step | str:
        if not self.rules.rule(self.notice.event).by_a_person:
            return "not_worth_a_person"
        if rung is Rung.LETTER:
            return HandOver(TaskKind.LETTER, "by_letter", self.person.at(self.notice.channel) if self.person else None)
        address = _by_phone(self.person)
        if address is None:
            return "no_address"
        if until := self._quiet_until(rung):
            return Wait(until, "quiet_hours", rung.channel)
        return HandOver(TaskKind.CALL, "no_other_way", address)

    def _at_the_end(self, reasons: Sequence[str]) -> Step:
        last = self.tried[-1] if self.tried else None
        if last and last.status is NoticeStatus.UNKNOWN:
            return Settle(NoticeStatus.UNKNOWN, "outcome_unknown")
        if self.rules.rule(self.notice.event).by_a_person:
            return HandOver(TaskKind.UNDELIVERED, "no_way_left", _by_phone(self.person))
        if any(reason.endswith("opted_out") for reason in reasons):
            return Settle(NoticeStatus.OPTED_OUT, "opted_out")
        has_tried = bool(self.tried) or any(not reason.endswith("no_address") for reason in reasons)
        return Settle(NoticeStatus.FAILED if has_tried else NoticeStatus.NO_ADDRESS, "no_way_left")

    def _must_be_told(self) -> bool:
        return self.rules.rule(self.notice.event).in_spite_of_opt_out

    def _address(self, rung: Rung) -> Address | None:
        if self.person is None:
            return None
        if rung is Rung.SMS:
            return _by_phone(self.person, takes_sms)  # a fixed line is called
        if rung is Rung.EMAIL:
            return _first(self.person, _BY_MAIL, lambda address: "@" in address)
        return self.person.at(rung.channel)


def pair_seconds(rules: DeliveryRules, ways: Ways, channel: Channel) -> float:
    """How long one recipient is spared between two messages of this channel."""
    names = ways.providers.get(channel, frozenset())
    return max((rules.provider(name, channel).pair_seconds for name in names), default=0)


def _ladder(notice: Notice, rules: DeliveryRules) -> tuple[Rung, ...]:
    if notice.event is ReplyEvent.NEWS and notice.channel is NEWS_CHANNEL:
        return _NEWS_RUNGS
    return rules.ladder(notice.channel)


def _by_phone(person: Person | None, fits: Callable[[str], bool] = lambda number: True) -> Address | None:
    is_number = _NUMBER.fullmatch
    return _first(person, _BY_PHONE, lambda address: bool(is_number(address)) and fits(address)) if person else None


def _first(person: Person, channels: Sequence[Channel], fits: Callable[[str], bool]) -> Address | None:
    """A proven address before one that was only told; then in the order of the channels."""
    found = [a for channel in channels for a in person.addresses if a.channel is channel and fits(a.address)]
    return min(found, key=lambda address: not address.proven, default=None)
