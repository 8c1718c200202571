"""The words and limits of a municipality that intake decides by, compiled once."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from services.intake.domain.followups import FollowUpWords
from services.intake.domain.holding import LoopLimit
from services.intake.domain.surveys import SurveyWords
from services.intake.domain.wishes import Wishes
from shared.contracts import Channel, MessageReceived
from shared.municipality import Municipality
from shared.text import fold, words
from shared.urgency import Alarms

# Where a citizen ends notices by a word; mail and pages have links for it.
_BY_WORD: Final = frozenset({Channel.SMS, Channel.WHATSAPP})


@dataclass(frozen=True, slots=True)
class NoticeWords:
    """Whole texts, folded, that stop notices on a channel and start them again."""

    stop: Collection[str]
    start: Collection[str]

    def wish(self, message: MessageReceived) -> bool | None:
        """True: no more notices; False: notices again; None: it says something else."""
        if message.channel not in _BY_WORD or message.attachments or len(message.text) > 60:
            return None
        said = " ".join(words(fold(message.text)))
        return True if said in self.stop else False if said in self.start else None


@dataclass(frozen=True)
class Rules:
    """All that `register` goes by beside the message and what is around it."""

    alarms: Alarms
    follow_ups: FollowUpWords
    wishes: Wishes
    surveys: SurveyWords
    notices: NoticeWords
    loop: LoopLimit

    @classmethod
    def of(cls, place: Municipality) -> "Rules":
        """As a municipality's data has them."""
        said = place.conversation
        return cls(
            place.alarms,
            FollowUpWords.of(said.follow_up, place.topics),
            Wishes.of(said.reopening, said.withdrawal, said.follow_up.thanks),
            SurveyWords.of(said.survey),
            NoticeWords(frozenset(said.notices.stop), frozenset(said.notices.start)),
            LoopLimit(said.loop.contacts_max, timedelta(minutes=said.loop.minutes)),
        )
