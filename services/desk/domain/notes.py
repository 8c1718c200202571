"""Notes between colleagues: who is meant by what stands behind an @, and which of them are meant for somebody."""

import re
from collections.abc import Iterable
from typing import Final

from services.desk.domain.identity import Identity
from shared.text import fold

NOTE_LETTERS_MAX: Final = 4_000
MENTIONS_MAX: Final = 20  # in one note
# A colleague's user name, or the code of an owner; an @ within a word is a mail address.
_MENTION: Final = re.compile(r"(?<![\w@.])@([\w][\w.-]{0,59})")


def mentions(text: str) -> list[str]:
    """Who is meant, folded, each once, in the order they stand: `@Zabıta, @ayse.k` is zabita and ayse.k."""
    found = (fold(name.rstrip(".-")).replace(" ", "-") for name in _MENTION.findall(text))
    return list(dict.fromkeys(name for name in found if name))[:MENTIONS_MAX]


def names_of(identity: Identity, centre: str) -> set[str]:
    """What has to stand behind an @ for a note to be meant for somebody.

    Who sees all departments belongs to the solution centre (its code is `centre`), not to each of them.
    """
    departments: Iterable[str] = {centre} if identity.departments is None else identity.departments
    return {fold(identity.name).replace(" ", "-"), *departments}
