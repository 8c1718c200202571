"""How replies reach citizens: ladders of ways to try, quiet hours, expiry, limits and providers, as data."""

from datetime import datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, model_validator

from shared.contracts import Channel
from shared.contracts.channel import Code
from shared.municipality.base import Language, Record
from shared.municipality.replies import SLOTS, ReplyEvent

# An approved text of WhatsApp takes 1,024 letters with everything in it.
PARAMETER_CHARACTERS_MAX = 700


class Rung(StrEnum):
    """One way to try (basamak). All but three are channels; a person takes over at the last two."""

    WHATSAPP = "whatsapp"
    WHATSAPP_TEMPLATE = "whatsapp_template"  # a text approved beforehand, which may go at any time
    SMS = "sms"
    EMAIL = "email"
    SOCIAL = "social"
    WEB = "web"  # the tracking page
    CALL = "call"  # the desk is asked to call
    LETTER = "letter"  # the desk is asked to write, on paper or in another authority's system

    @property
    def channel(self) -> Channel:
        """The channel it goes out by."""
        return _CHANNELS[self]

    @property
    def is_a_person(self) -> bool:
        """Whether the desk does it."""
        return self in (Rung.CALL, Rung.LETTER)


_CHANNELS = {
    Rung.WHATSAPP: Channel.WHATSAPP,
    Rung.WHATSAPP_TEMPLATE: Channel.WHATSAPP,
    Rung.SMS: Channel.SMS,
    Rung.EMAIL: Channel.EMAIL,
    Rung.SOCIAL: Channel.SOCIAL,
    Rung.WEB: Channel.WEB,
    Rung.CALL: Channel.PHONE,
    Rung.LETTER: Channel.PETITION,
}


class OnUnknown(StrEnum):
    """What to do when a provider's answer stays unknown. Never: give it to the same provider again."""

    NEXT = "next"  # try the next rung: better told twice than not
    PERSON = "person"  # a person decides
    SETTLE = "settle"  # leave it so


class Ladder(Record):
    """The ways to answer who came by `channel`, in order; the channel's own program, where it has one, comes first."""

    channel: Channel
    rungs: tuple[Rung, ...] = Field(min_length=1)


class Quiet(Record):
    """The hours in which these rungs wait, in the municipality's time; they may pass midnight."""

    start: time
    end: time
    rungs: tuple[Rung, ...]
    except_events: tuple[ReplyEvent, ...] = Field((), description="told at any hour; urgent cases are anyway")
    at_once: tuple[ReplyEvent, ...] = Field((), description="told at any hour while the citizen is still waiting")
    at_once_minutes: int = Field(ge=0, le=120)

    def ends(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """When the quiet hours around this moment end; None: they are not now."""
        local = moment.astimezone(zone)
        clock = local.time()
        if self.start <= self.end:
            is_quiet, days = self.start <= clock < self.end, 0
        else:
            is_quiet, days = clock >= self.start or clock < self.end, int(clock >= self.start)
        if not is_quiet:
            return None
        return datetime.combine(local.date() + timedelta(days=days), self.end, zone)


class EventRule(Record):
    """How one event is told."""

    event: ReplyEvent
    expires_hours: float = Field(gt=0, le=24 * 60, description="not told any more so long after it happened")
    by_a_person: bool = Field(description="whether a person is asked when nothing else reaches the citizen")
    in_spite_of_opt_out: bool = Field(False, description="the law makes us tell it")
    on_unknown: OnUnknown
    news: bool = Field(False, description="who is answered on the tracking page also hears that there is news")


class Provider(Record):
    """What one provider allows, and its share of its channel."""

    name: Code
    channel: Channel
    weight: int = Field(100, ge=1, le=100)
    per_second: float = Field(10, gt=0, le=5000, description="messages of one of our lines")
    pair_seconds: float = Field(0, ge=0, le=3600, description="between two messages to one recipient")
    window_hours: float | None = Field(None, gt=0, description="how long after the citizen's message we may write")
    unknown_wait_seconds: float = Field(120, gt=0, le=86_400, description="for a receipt, after an unknown outcome")


class Approved(Record):
    """A text that WhatsApp approved beforehand, by event and language; `parameters` in its order."""

    event: ReplyEvent
    language: Language
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,512}$")]
    provider_language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")]
    parameters: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _known_parameters(self) -> Self:
        allowed = SLOTS[self.event].allowed
        if unknown := [name for name in self.parameters if name not in allowed]:
            raise ValueError(f"the event knows no {', '.join(unknown)}; it knows {', '.join(sorted(allowed))}")
        return self


class Loop(Record):
    """Where a machine may be answering us: so many receipts to one sender in so many minutes are enough."""

    channels: tuple[Channel, ...]
    receipts_max: int = Field(ge=1)
    minutes: int = Field(ge=1, le=24 * 60)


class DeliveryRules(Record):
    """Everything in delivery.toml."""

    patience_minutes: float = Field(gt=0, description="how long a way that is down is tried before the next")
    patience_minutes_urgent: float = Field(gt=0)
    failed_address_days: float = Field(gt=0, description="how long an address that proved dead is left alone")
    sms_plain: bool = Field(description="whether SMS go out in plain letters (ş as s): fewer parts, less nice to read")
    quiet: Quiet
    loop: Loop
    ladders: tuple[Ladder, ...]
    events: tuple[EventRule, ...]
    providers: tuple[Provider, ...]
    approved: tuple[Approved, ...] = ()

    def ladder(self, channel: Channel) -> tuple[Rung, ...]:
        """The ways to answer who came by this channel."""
        return self._ladders[channel]

    def rule(self, event: str) -> EventRule:
        """How this event is told."""
        return self._rules[ReplyEvent(event)]

    def provider(self, name: str, channel: Channel) -> Provider:
        """What this provider allows; the defaults where nothing is written of it."""
        return self._providers.get(name) or Provider(name=name, channel=channel)

    def approved_text(self, event: str, language: str) -> Approved | None:
        """The text approved for this event, in the citizen's language if there is one; None: there is none."""
        found = [text for text in self.approved if text.event == event]
        return next((text for text in found if text.language == language), found[0] if found else None)

    @cached_property
    def _ladders(self) -> dict[Channel, tuple[Rung, ...]]:
        return {ladder.channel: ladder.rungs for ladder in self.ladders}

    @cached_property
    def _rules(self) -> dict[ReplyEvent, EventRule]:
        return {rule.event: rule for rule in self.events}

    @cached_property
    def _providers(self) -> dict[str, Provider]:
        return {provider.name: provider for provider in self.providers}
