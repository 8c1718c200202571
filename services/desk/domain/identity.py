"""Who is at the desk, and what they may do and see."""

from dataclasses import dataclass
from enum import StrEnum


class Permission(StrEnum):
    """One thing an account may do."""

    WORK = "work"  # see and answer the work of its departments
    TRIAGE = "triage"  # decide whose a case is
    ENTER = "enter"  # enter what somebody says, and see who calls
    TASKS = "tasks"  # see and settle what services ask of people
    ALERTS = "alerts"  # see and acknowledge danger to life and limb
    CONTACT_DETAILS = "contact_details"  # see names and addresses; each look is kept
    TIP_IDENTITY = "tip_identity"  # see who told a tip as well
    EXPORT = "export"  # take data out
    ACCOUNTS = "accounts"  # say who may come in, and as what
    OVERSEE = "oversee"  # read who looked at what


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in person or program. `name` is what is stored as `by_whom`; `departments` None: all."""

    name: str
    shown_as: str
    departments: frozenset[str] | None
    permissions: frozenset[Permission]

    def may(self, permission: Permission) -> bool:
        """Whether this is theirs to do."""
        return permission in self.permissions

    def sees(self, owner: str) -> bool:
        """Whether the work of this owner (a department's or institution's code) is theirs to see."""
        return self.departments is None or owner in self.departments
