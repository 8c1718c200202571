"""Who answers for a case: the municipality's departments and the institutions outside."""

from typing import Literal, Self, TypeAlias

from pydantic import Field, model_validator

from shared.contracts import OwnerKind
from shared.municipality.base import Named, PhoneNumber, Text
from shared.municipality.calendar import OfficeHours


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


class Institution(Named):
    """An outside body (kurum) that cases are handed over to."""

    phone: PhoneNumber | None = Field(None, description="None: no number from a source that can be named")
    remit: Text
    district: Text | None = Field(None, description="the neighbouring district it is the municipality of")
    source: Text
    certainty: Literal["high", "medium", "low"]

    @property
    def kind(self) -> Literal[OwnerKind.INSTITUTION]:
        """So that departments and institutions can be asked alike."""
        return OwnerKind.INSTITUTION


Owner: TypeAlias = Department | Institution
