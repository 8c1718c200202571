"""Addresses in free Turkish text of any city: where they stand, and what each part of them says."""

from shared.addresses.fields import AddressSpan
from shared.addresses.finding import find

__all__ = ["AddressSpan", "find"]
