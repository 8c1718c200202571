"""What a citizen answers when asked whether a closed case is solved; read so only while such a question waits."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from services.intake.domain.followups import Around, KnownCase, Survey
from services.intake.domain.wishes import Wishes
from shared.contracts import CaseState, Channel, Lane, MessageReceived
from shared.municipality.conversation import SurveyRules
from shared.text import fold, words

# What the buttons of the pages say, as the kind of the message they send.
SURVEY_YES: Final = "survey_yes"
SURVEY_NO: Final = "survey_no"
# A first word, what stands behind it, and the rest: "2, hâlâ akıyor".
_LEADING: Final = re.compile(r"\s*(\w+)([^\w]*)(.*)", re.DOTALL)
_THUMBS: Final = {"👍": True, "👎": False}
# Who comes by these is asked on a page, or answers on paper.
_BY_PAGE: Final = frozenset({Channel.WEB})


@dataclass(frozen=True, slots=True)
class Read:
    """An answer in words: solved or not, and what was said besides."""

    solved: bool
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer does. `counts`: it is the first, and in time; `asks_again`: it asks that a person looks at it.

    `reason`: survey, survey_late or survey_again.
    """

    case: KnownCase
    solved: bool
    counts: bool
    asks_again: bool
    rest: str
    reason: str


@dataclass(frozen=True, slots=True)
class SurveyWords:
    """How citizens answer, as whole folded texts, for how long that counts, and how they ask not to be asked."""

    valid: timedelta
    yes: Collection[str]
    no: Collection[str]
    stop: Collection[str]

    @classmethod
    def of(cls, rules: SurveyRules) -> "SurveyWords":
        """As a municipality's data has them."""
        return cls(timedelta(days=rules.valid_days), frozenset(rules.yes), frozenset(rules.no), frozenset(rules.stop))

    def read(self, text: str, wishes: Wishes) -> Read | None:
        """The answer a text is; None: it is none, or one cannot be sure.

        After a no there may be words, set off by a mark ("2, hâlâ akıyor") or complaining themselves ("2 hâlâ
        akıyor"): "2 gündür su yok" is no answer.
        """
        if (thumb := _thumb(text)) is not None:
            return Read(thumb)
        said = " ".join(words(fold(text)))
        if said in self.yes or said in self.no:
            return Read(said in self.yes)
        found = _LEADING.fullmatch(text)
        if found is None or not found[3].strip():
            return None
        first, rest = fold(found[1]), found[3].strip()
        if first in self.yes and wishes.is_content(rest):
            return Read(True)
        is_set_off = bool(found[2].strip()) or "\n" in found[2]
        if first in self.no and (is_set_off or wishes.says_unsolved(rest)):
            return Read(False, rest)
        return None

    def wants_none(self, text: str) -> bool:
        """Whether the whole text asks for no more surveys."""
        return len(text) <= 60 and " ".join(words(fold(text))) in self.stop


def answered(
    message: MessageReceived, lane: Lane, around: Around, rules: SurveyWords, wishes: Wishes
) -> Answered | None:
    """What the message answers to a survey; None: it is no answer, or late and with words of its own."""
    if message.kind in (SURVEY_YES, SURVEY_NO) and around.chosen is not None:
        pressed = Read(message.kind == SURVEY_YES, message.text.strip())
        asked = around.survey or Survey(around.chosen.id, message.occurred_at)
        return _outcome(message, around.chosen, asked, pressed, rules)
    survey, case = around.survey, around.surveyed
    if survey is None or case is None or lane == "urgent" or message.channel in _BY_PAGE:
        return None
    read = rules.read(message.text, wishes)
    if read is None or _is_about_another(case, around):
        return None
    return _outcome(message, case, survey, read, rules)


def _outcome(
    message: MessageReceived, case: KnownCase, survey: Survey, read: Read, rules: SurveyWords
) -> Answered | None:
    is_late = message.occurred_at - survey.asked_at > rules.valid
    if is_late and read.rest and not read.solved:
        return None
    is_first = survey.solved is None
    counts = is_first and not is_late
    # Who said yes before may have looked again; who said no before is heard already.
    asks_again = not read.solved and not is_late and survey.solved is not False
    reason = "survey_late" if is_late else "survey" if is_first else "survey_again"
    return Answered(case, read.solved, counts, asks_again, read.rest, reason)


def _is_about_another(case: KnownCase, around: Around) -> bool:
    """Whether the message points to other cases, or may as well answer a question about one."""
    pointed = [*([around.by_token] if around.by_token else []), *around.referred, *around.quoted]
    if pointed:
        return all(other.id != case.id for other in pointed)
    return any(other.state is CaseState.WAITING_CITIZEN for other in around.open)


def _thumb(text: str) -> bool | None:
    """A thumb up or down and nothing else, whatever its colour."""
    marks = [letter for letter in text if not letter.isspace() and not "\U0001f3fb" <= letter <= "\U0001f3ff"]
    marks = [letter for letter in marks if letter != "\ufe0f"]
    return _THUMBS.get(marks[0]) if len(marks) == 1 else None
