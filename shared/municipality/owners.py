"""Who answers for a case: the municipality's departments and the institutions outside."""

from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Final, Literal, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, model_validator

from shared.contracts import OwnerKind
from shared.contracts.channel import Code
from shared.municipality.base import Named, PhoneNumber, Record, Text
from shared.municipality.calendar import OfficeHours

MailAddress = Annotated[str, StringConstraints(pattern=r"^[^@\s<>,;\"]{1,64}@[a-z0-9.-]{1,120}\.[a-z]{2,20}$")]
WebAddress = Annotated[
    str, StringConstraints(pattern=r"^(?:https://|http://(?:127\.0\.0\.1|localhost)(?::\d+)?(?:/|$))[^\s?#@\\]{0,300}$")
]
WORKING_DAYS_MAX: Final = 60
# RFC 2606: nobody's. An address there stands for one that still has to be found out.
PLACEHOLDER: Final = "example.org"


class Department(Named):
    """A directorate (birim müdürlüğü), or the solution centre itself when `kind` is centre."""

    kind: Literal[OwnerKind.DEPARTMENT, OwnerKind.CENTRE] = OwnerKind.DEPARTMENT
    desk: bool = Field(False, description="works in the browser desk, having no software of its own")
    always_open: bool = Field(False, description="works at night, at weekends and on holidays too")
    office: tuple[OfficeHours, ...] = Field((), description="its own hours; none: the municipality's")
    source: Text

    @model_validator(mode="after")
    def _hours_agree(self) -> Self:
        if self.always_open and self.office:
            raise ValueError("is always open and has office hours: keep one of them")
        if len({hours.weekday for hours in self.office}) < len(self.office):
            raise ValueError("has two lines of office hours for one weekday")
        return self


class SenderKind(StrEnum):
    """How an institution gets its cases."""

    NONE = "none"  # it has a program of its own at the broker, or a person tells it
    EMAIL = "email"
    API = "api"  # ours, see docs/institutions.md
    OPEN311 = "open311"  # a neighbour's GeoReport v2 server


class TheirServices(Record):
    """What our topics are called at an Open311 server; topics that are not named go in as `otherwise`."""

    jurisdiction: Text | None = None
    otherwise: Text
    topics: dict[Code, Text] = Field(default_factory=dict)

    def of(self, topic: str | None) -> str:
        """The service code to post under."""
        return self.topics.get(topic or "", self.otherwise)


class Institution(Named):
    """An outside body (kurum) that cases are handed over to.

    It has `answer_days` working days to answer and is reminded after each of `chase_days`; then a person decides.
    """

    phone: PhoneNumber | None = Field(None, description="None: no number from a source that can be named")
    remit: Text
    district: Text | None = Field(None, description="the neighbouring district it is the municipality of")
    source: Text
    certainty: Literal["high", "medium", "low"]
    sender: SenderKind = SenderKind.NONE
    email: MailAddress | None = None
    url: WebAddress | None = Field(None, description="of its API, or of its Open311 server up to `/v2`")
    open311: TheirServices | None = None
    answer_days: int = Field(15, ge=1, le=WORKING_DAYS_MAX, description="working days")
    chase_days: tuple[Annotated[int, Field(ge=1, le=WORKING_DAYS_MAX)], ...] = Field((3, 7), max_length=5)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        wanted = {SenderKind.EMAIL: "email", SenderKind.API: "url", SenderKind.OPEN311: "url"}.get(self.sender)
        if wanted and getattr(self, wanted) is None:
            raise ValueError(f'sender = "{self.sender}" needs `{wanted}`')
        if self.sender is SenderKind.OPEN311 and self.open311 is None:
            raise ValueError('sender = "open311" needs `open311.otherwise`: the service code of what is not listed')
        if self.sender is SenderKind.OPEN311 and self.chase_days:
            raise ValueError('sender = "open311" cannot remind: write `chase_days = []`')
        days = (*self.chase_days, self.answer_days)
        if any(later <= earlier for earlier, later in pairwise(days)):
            raise ValueError("`chase_days` must rise and end before `answer_days`")
        return self

    @property
    def address(self) -> str | None:
        """Where its sender sends to; None: nowhere."""
        return {SenderKind.EMAIL: self.email, SenderKind.NONE: None}.get(self.sender, self.url)

    @property
    def is_reachable(self) -> bool:
        """Whether it has a sender with a true address: one at example.org still has to be found out."""
        address = self.address
        if address is None:
            return False
        host = address.rpartition("@")[2] if self.sender is SenderKind.EMAIL else urlsplit(address).hostname or ""
        return host != PLACEHOLDER and not host.endswith(f".{PLACEHOLDER}")

    @property
    def kind(self) -> Literal[OwnerKind.INSTITUTION]:
        """So that departments and institutions can be asked alike."""
        return OwnerKind.INSTITUTION


Owner: TypeAlias = Department | Institution
