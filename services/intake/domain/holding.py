"""What a person should see before it makes work: spam, abuse without a request, blocked senders, loops."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a contact may wait for a person. `holds`: whatever it is; `holds_new`: unless it joins a case.

    `flags` hold nothing; they tell the reader beforehand.
    """

    holds: bool = False
    holds_new: bool = False
    reason: str = ""
    flags: tuple[str, ...] = ()
