"""Addresses and names as they lie in the tables: sealed, each bound to its row."""

from uuid import UUID

from shared.vault import Vault


def seal(vault: Vault, text: str | None, bound_to: UUID) -> bytes | None:
    """None stays None."""
    return None if text is None else vault.seal(text.encode("utf-8", "replace"), bound_to)


def unseal(vault: Vault, sealed: bytes | None, bound_to: UUID) -> str | None:
    """What was sealed. Raises cryptography.exceptions.InvalidTag for another row's or another key's."""
    return None if sealed is None else vault.open(sealed, bound_to).decode()
