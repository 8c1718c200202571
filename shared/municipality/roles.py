"""Who may do what at the desk: permissions by role, how long a sign-in lasts, and what a directory's groups give."""

from collections.abc import Collection
from enum import StrEnum
from functools import cached_property
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.contracts.channel import Code
from shared.municipality.base import Named, Record, Text


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
    OVERSEE = "oversee"  # read the work of its departments, and who of them looked at whose address


class Role(Named):
    """What a kind of person at the desk may do.

    `everywhere`: the work of all departments, whichever the account names. `second_factor`: nobody of this role works
    without one.
    """

    permissions: frozenset[Permission] = Field(min_length=1)
    everywhere: bool = False
    second_factor: bool = False


class Sessions(Record):
    """When a sign-in ends: after so long without a person's act, and in any case after so many hours."""

    idle_minutes: int = Field(ge=5, le=24 * 60)
    hours_max: int = Field(ge=1, le=24 * 7)


class FirstAccount(Record):
    """The roles of the account that `DESK_USER` and `DESK_PASSWORD` make where there is none of that name."""

    roles: tuple[Code, ...] = Field(min_length=1)


class DirectoryGroup(Record):
    """What it gives to be in a group of the municipality's directory. `value`: as the claim has it."""

    value: Text
    roles: tuple[Code, ...] = Field(min_length=1)
    departments: tuple[Code, ...] = ()


class Directory(Record):
    """How what the directory says of a person (OpenID Connect) becomes roles.

    `claim`: the one that lists groups, in the ID token or at userinfo. `scope`: what we ask for.
    """

    claim: Text
    scope: Annotated[str, StringConstraints(pattern=r"^openid( [\w.:/-]+)*$", max_length=200)] = "openid profile"
    group: tuple[DirectoryGroup, ...] = ()

    def given(self, values: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Roles and departments of somebody in these groups, each once and in order; no roles: not for the desk."""
        of = [group for group in self.group if group.value in values]
        roles = sorted({role for group in of for role in group.roles})
        return tuple(roles), tuple(sorted({code for group in of for code in group.departments}))


class Access(Record):
    """What stands in roles.toml."""

    sessions: Sessions
    first_account: FirstAccount
    directory: Directory
    role: tuple[Role, ...] = Field(min_length=1)

    @cached_property
    def roles(self) -> dict[str, Role]:
        """Roles by code."""
        return {role.code: role for role in self.role}

    def permissions(self, roles: Collection[str]) -> frozenset[Permission]:
        """What these roles may do together; a code that is no role any more gives nothing."""
        held = [self.roles[code].permissions for code in roles if code in self.roles]
        return frozenset[Permission]().union(*held)

    def is_everywhere(self, roles: Collection[str]) -> bool:
        """Whether one of these roles has the work of all departments."""
        return any(self.roles[code].everywhere for code in roles if code in self.roles)

    def wants_second_factor(self, roles: Collection[str]) -> bool:
        """Whether one of these roles may not be without a second factor."""
        return any(self.roles[code].second_factor for code in roles if code in self.roles)
