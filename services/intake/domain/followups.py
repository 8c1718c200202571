"""Whether a contact belongs to a case that is there: by what the sender chose, answered, quoted, or just goes on about.

A case is joined only by who is a party of it: whoever knows a tracking number could otherwise read along.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.contracts import CaseState, Channel, Lane, MessageReceived
from shared.municipality import Topic
from shared.municipality.conversation import FollowUpRules
from shared.phrases import PhraseBook
from shared.text import fold, words
from shared.topic_words import TopicWords

# Channels on which the same sender may go on about a case without saying which.
SAME_SENDER: Final = frozenset({Channel.WHATSAPP, Channel.SMS, Channel.SOCIAL, Channel.EMAIL})
# On these people go on talking; a new mail within minutes is another matter.
_TALKING: Final = SAME_SENDER - {Channel.EMAIL}


class Why(StrEnum):
    """By which rule a contact joined a case."""

    CHOSEN = "chosen"
    TOKEN = "reply_token"  # noqa: S105
    REFERENCE = "reference"
    QUOTED = "quoted"
    ASKED = "asked"
    RECENT = "recent"
    WORDS = "follow_up_words"
    WORDLESS = "no_words"


@dataclass(frozen=True, slots=True)
class KnownCase:
    """A case that a contact may belong to. `parties` are the people who opened it or were added to it; `text` its
    words as far as kept, `topic` what the router or a person made of them."""

    id: UUID
    number: str
    state: CaseState
    lane: Lane
    last_contact_at: datetime
    parties: frozenset[UUID]
    text: str = ""
    topic: str | None = None
    closed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is still worked on."""
        return self.state is not CaseState.CLOSED


@dataclass(frozen=True, slots=True)
class Survey:
    """The question whether a case is solved, as it was sent; `solved` is the first answer, None: there is none yet."""

    case_id: UUID
    asked_at: datetime
    solved: bool | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """What is known around a message: the cases it points to, by way of pointing, the sender's own open ones, and those
    of the sender that were closed lately.

    `people` are the sender, and who else is known by the same number; `told` are the cases whose party told us this
    address as theirs; `survey` is the last one sent to them, about the case `surveyed`.
    """

    people: frozenset[UUID] = frozenset()
    chosen: KnownCase | None = None
    by_token: KnownCase | None = None
    referred: tuple[KnownCase, ...] = ()
    quoted: tuple[KnownCase, ...] = ()
    open: tuple[KnownCase, ...] = ()
    closed: tuple[KnownCase, ...] = ()
    survey: Survey | None = None
    surveyed: KnownCase | None = None
    told: frozenset[UUID] = frozenset()

    def may_join(self, case: KnownCase) -> bool:
        """Whether the sender is a party of the case."""
        return bool(self.people & case.parties)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """The cases a contact joins, and why; no case: it stands for itself."""

    cases: tuple[KnownCase, ...] = ()
    why: Why | None = None


@dataclass(frozen=True)
class FollowUpWords:
    """How citizens go on about a case, as folded phrases, and for how long they are taken at their word.

    `words_max`: a longer text may tell a matter of its own; by `topics` it is another one than a case's.
    """

    phrases: Sequence[str]
    thanks: Sequence[str]
    recent: timedelta
    remembered: timedelta
    words_max: int
    topics: Sequence[Topic] = ()
    _book: PhraseBook[None] = field(init=False)
    _thanks: PhraseBook[None] = field(init=False)
    _matters: TopicWords = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_book", PhraseBook((phrase, None) for phrase in self.phrases))
        object.__setattr__(self, "_thanks", PhraseBook((phrase, None) for phrase in self.thanks))
        object.__setattr__(self, "_matters", TopicWords(self.topics))

    @classmethod
    def of(cls, rules: FollowUpRules, topics: Sequence[Topic] = ()) -> "FollowUpWords":
        """As a municipality's data has them."""
        recent, remembered = timedelta(minutes=rules.recent_minutes), timedelta(days=rules.remembered_days)
        return cls(rules.phrases, rules.thanks, recent, remembered, rules.words_max, topics)

    def go_on(self, text: str) -> bool:
        """Whether the words ask on, add or thank, and are short enough to tell nothing else."""
        said = words(fold(text))
        return 0 < len(said) <= self.words_max and (bool(self._book.find(said)) or self.only_thank(text))

    def tell_another_matter(self, text: str, case: KnownCase) -> bool:
        """Whether a text of some length points to topics, and to none of the case's; unknown ones are no difference."""
        said = words(fold(text))
        if len(said) <= self.words_max:
            return False
        its = self._topics_of(words(fold(case.text))) | ({case.topic} if case.topic else set())
        own = self._topics_of(said)
        return bool(own and its) and not own & its

    def _topics_of(self, said: Sequence[str]) -> set[str]:
        return {found.topic.code for found in self._matters.find(said)}

    def only_thank(self, text: str) -> bool:
        """Whether the words are thanks and nothing more."""
        said = words(fold(text))
        if not 0 < len(said) <= self.words_max:
            return False
        thanked = {hit.position + step for hit in self._thanks.find(said) for step in range(len(hit.phrase.split()))}
        return len(thanked) == len(said)


def follow_up(message: MessageReceived, lane: Lane, around: Around, rules: FollowUpWords) -> FollowUp:
    """The cases this message joins, by the first rule that finds one."""
    if around.chosen is not None:
        return FollowUp((around.chosen,), Why.CHOSEN)
    if around.by_token is not None and (around.may_join(around.by_token) or around.by_token.id in around.told):
        return FollowUp((around.by_token,), Why.TOKEN)
    for pointed, why in ((around.referred, Why.REFERENCE), (around.quoted, Why.QUOTED)):
        if cases := tuple(case for case in pointed if around.may_join(case)):
            return FollowUp(cases, why)
    return _same_sender(message, lane, around, rules)


def _same_sender(message: MessageReceived, lane: Lane, around: Around, rules: FollowUpWords) -> FollowUp:
    """The sender's last open case, when something says that this is about it. Danger is a case of its own."""
    mine = sorted((case for case in around.open if case.is_open and around.may_join(case)), key=_last_contact)
    if lane == "urgent":
        mine = [case for case in mine if case.lane == "urgent"]
    if message.channel not in SAME_SENDER or not mine:
        return FollowUp()
    last = mine[-1]
    age = abs(message.occurred_at - last.last_contact_at)
    asked = [
        case
        for case in mine
        if case.state is CaseState.WAITING_CITIZEN and message.occurred_at >= case.last_contact_at - rules.recent
    ]
    if asked and not rules.tell_another_matter(message.text, asked[-1]):
        return FollowUp((asked[-1],), Why.ASKED)
    if message.channel in _TALKING and age <= rules.recent and not rules.tell_another_matter(message.text, last):
        return FollowUp((last,), Why.RECENT)
    if age <= rules.remembered and rules.go_on(message.text):
        return FollowUp((last,), Why.WORDS)
    if age <= rules.remembered and not message.text.strip():
        return FollowUp((last,), Why.WORDLESS)
    return FollowUp()


def _last_contact(case: KnownCase) -> datetime:
    return case.last_contact_at
