"""What a citizen wants of a case they write about: that it be added to, worked on again, dropped, or nothing more."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.intake.domain.followups import SAME_SENDER, Around, FollowUp, KnownCase, Why
from shared.contracts import CaseState, Channel, Lane, MessageReceived
from shared.municipality.conversation import ReopeningRules, WithdrawalRules
from shared.phrases import PhraseBook
from shared.text import fold, words

# What the buttons of the tracking page say, as the kind of the message they send.
NOT_SOLVED: Final = "not_solved"
WITHDRAWN: Final = "withdrawn"

# Providers tell the minute of an SMS, by a clock of their own.
CLOCKS_DIFFER: Final = timedelta(minutes=2)


class Wish(StrEnum):
    """What a contact asks of a case it belongs to."""

    ADD = "add"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"
    FOLLOW = "follow"  # closed too long ago: a new case that goes on about it
    NOTHING = "nothing"  # thanks, or word that all is well


@dataclass(frozen=True)
class Wishes:
    """How citizens say that a closed case is not solved, that it is, and that they want no more of an open one.

    `window`: for how long after its closing a case is reopened; `soon`: for how long the same sender's words are
    believed to be about it though they do not say so. Longer texts than these tell a matter of their own.
    """

    window: timedelta
    soon: timedelta
    unsolved: Sequence[str]
    content: Sequence[str]
    unsolved_words_max: int
    withdrawing: Sequence[str]
    against: Sequence[str]
    withdrawing_words_max: int
    _unsolved: PhraseBook[None] = field(init=False)
    _content: PhraseBook[None] = field(init=False)
    _withdrawing: PhraseBook[None] = field(init=False)
    _against: PhraseBook[None] = field(init=False)

    def __post_init__(self) -> None:
        for name in ("unsolved", "content", "withdrawing", "against"):
            object.__setattr__(self, f"_{name}", PhraseBook((phrase, None) for phrase in getattr(self, name)))

    @classmethod
    def of(cls, reopening: ReopeningRules, withdrawal: WithdrawalRules, thanks: Sequence[str]) -> "Wishes":
        """As a municipality's data has them; who thanks is content."""
        return cls(
            window=timedelta(days=reopening.days),
            soon=timedelta(hours=reopening.soon_hours),
            unsolved=reopening.phrases,
            content=(*reopening.content, *thanks),
            unsolved_words_max=reopening.words_max,
            withdrawing=withdrawal.phrases,
            against=withdrawal.against,
            withdrawing_words_max=withdrawal.words_max,
        )

    def says_unsolved(self, text: str) -> bool:
        """Whether the words complain that something is not done, and are short enough to tell nothing else."""
        said = words(fold(text))
        return 0 < len(said) <= self.unsolved_words_max and bool(self._unsolved.find(said))

    def is_content(self, text: str) -> bool:
        """Whether the words are thanks, or say that all is well, and nothing more."""
        said = words(fold(text))
        if not 0 < len(said) <= self.unsolved_words_max or "?" in text:
            return False
        hits = self._content.find(said)
        covered = {hit.position + step for hit in hits for step in range(len(hit.phrase.split()))}
        return len(covered) == len(said)

    def withdraws(self, text: str) -> bool:
        """Whether the words drop a request, and leave no doubt about it."""
        said = words(fold(text))
        if not 0 < len(said) <= self.withdrawing_words_max or "?" in text:
            return False
        return bool(self._withdrawing.find(said)) and not self._against.find(said)


def wish_about(message: MessageReceived, lane: Lane, case: KnownCase, why: Why, is_party: bool, rules: Wishes) -> Wish:
    """What the message asks of a case that it belongs to by the rule `why`."""
    if case.state is not CaseState.CLOSED:
        return _of_an_open(message, lane, is_party, rules)
    says_so = message.kind == NOT_SOLVED
    if why is Why.CHOSEN and message.channel is Channel.WEB and not says_so:
        return Wish.ADD  # the page asks which of both is meant
    if not says_so and not message.attachments and _is_content(message.text, rules):
        return Wish.NOTHING
    # Danger is a case of its own: nobody waits for an owner to look at an old one.
    is_late = case.closed_at is not None and message.occurred_at - case.closed_at > rules.window
    return Wish.FOLLOW if is_late or lane == "urgent" else Wish.REOPEN


def gone_on_about(message: MessageReceived, lane: Lane, around: Around, rules: Wishes) -> FollowUp:
    """The sender's case that words alone are about, though nothing points to it: the only open one that they drop, or
    the one that was closed last, when they say soon after that it is solved or not."""
    if message.channel not in SAME_SENDER or lane == "urgent":
        return FollowUp()
    mine = [case for case in around.open if case.is_open and around.may_join(case)]
    if len(mine) == 1 and rules.withdraws(message.text) and not message.attachments:
        return FollowUp((mine[0],), Why.WORDS)
    closed = [case for case in around.closed if around.may_join(case)]
    soon = [(case.closed_at, case) for case in closed if case.closed_at and _is_soon(case.closed_at, message, rules)]
    if not soon or not (rules.says_unsolved(message.text) or rules.is_content(message.text)):
        return FollowUp()
    return FollowUp((max(soon, key=lambda pair: pair[0])[1],), Why.WORDS)


def _is_soon(closed_at: datetime, message: MessageReceived, rules: Wishes) -> bool:
    return -CLOCKS_DIFFER <= message.occurred_at - closed_at <= rules.soon


def _of_an_open(message: MessageReceived, lane: Lane, is_party: bool, rules: Wishes) -> Wish:
    if message.kind == WITHDRAWN:
        return Wish.WITHDRAW
    is_plain = is_party and lane != "urgent" and not message.attachments
    return Wish.WITHDRAW if is_plain and rules.withdraws(message.text) else Wish.ADD


def _is_content(text: str, rules: Wishes) -> bool:
    return not text.strip() or rules.is_content(text)
