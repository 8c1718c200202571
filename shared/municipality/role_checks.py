"""Checks of roles.toml against itself and the departments: that the roles it names are there, and somebody rules."""

from collections.abc import Iterator

from shared.municipality.mistakes import Problem
from shared.municipality.municipality import Municipality
from shared.municipality.roles import Permission

FILE = "roles.toml"


def check_roles(municipality: Municipality) -> Iterator[Problem]:
    """Every mistake in who may do what."""
    access = municipality.access
    named = [("first_account", access.first_account.roles)]
    named += [(f"directory.group {group.value}", group.roles) for group in access.directory.group]
    for entry, roles in named:
        for code in sorted(set(roles) - access.roles.keys()):
            yield Problem(FILE, entry, f"the role {code} is unknown", "Add it as a [[role]], or correct the code")
    if Permission.ACCOUNTS not in access.permissions(access.first_account.roles):
        trouble = "may not add accounts, so that nobody could be let in"
        yield Problem(FILE, "first_account", trouble, 'Add a role that has the permission "accounts"')
    known = {department.code for department in municipality.departments}
    for group in access.directory.group:
        for code in sorted(set(group.departments) - known):
            trouble = f"the department {code} is unknown"
            remedy = "Write the code as departments.toml has it"
            yield Problem(FILE, f"directory.group {group.value}", trouble, remedy)
