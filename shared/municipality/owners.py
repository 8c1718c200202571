"""Who answers for a case: the municipality's departments and the institutions outside."""

from typing import Literal, TypeAlias

from pydantic import Field

from shared.contracts import OwnerKind
from shared.municipality.base import Named, PhoneNumber, Text


class Department(Named):
    """A directorate (birim müdürlüğü), or the solution centre itself when `kind` is centre."""

    kind: Literal[OwnerKind.DEPARTMENT, OwnerKind.CENTRE] = OwnerKind.DEPARTMENT
    desk: bool = Field(False, description="works in the browser desk, having no software of its own")
    always_open: bool = Field(False, description="works at night, at weekends and on holidays too")
    source: Text


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
