"""Who is at the desk, and what they may do and see."""

from dataclasses import dataclass

from shared.municipality import Access, Permission

__all__ = ["Identity", "Permission", "identity_of"]


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

    def may_see_whom(self, *, is_tip: bool) -> bool:
        """Whether names and addresses are theirs to see; who told a tip only with a permission of its own."""
        wanted = {Permission.CONTACT_DETAILS} | ({Permission.TIP_IDENTITY} if is_tip else set())
        return wanted <= self.permissions


def identity_of(
    name: str, shown_as: str, roles: tuple[str, ...], departments: tuple[str, ...], access: Access, centre: str
) -> Identity:
    """What these roles and departments make of somebody. Who decides whose a case is sees the centre's work too."""
    permissions = access.permissions(roles)
    seen = frozenset(departments) | ({centre} if Permission.TRIAGE in permissions else set())
    return Identity(name, shown_as, None if access.is_everywhere(roles) else seen, permissions)
