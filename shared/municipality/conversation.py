"""How citizens go on about a case, stop notices, and how much of one sender is taken at once."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, PositiveInt, StringConstraints, model_validator

from shared.contracts import Channel
from shared.municipality.answers import AnswerText
from shared.municipality.base import Record
from shared.municipality.topics import Phrase
from shared.text import fold


def _folded(text: str) -> str:
    if text != fold(text):
        raise ValueError(f'"{text}" is not folded, write "{fold(text)}"')
    return text


WholeText = Annotated[str, StringConstraints(min_length=2, max_length=40), AfterValidator(_folded)]
Answer = Annotated[str, StringConstraints(min_length=1, max_length=40), AfterValidator(_folded)]


class FollowUpRules(Record):
    """When the same sender goes on about an open case; see `services/intake/domain/followups.py`."""

    recent_minutes: PositiveInt
    remembered_days: PositiveInt
    words_max: PositiveInt
    phrases: tuple[Phrase, ...] = Field(min_length=1)
    thanks: tuple[Phrase, ...] = Field(min_length=1)


class SurveyRules(Record):
    """Whether citizens are asked if a closed case is solved: once for a case, and one case of a person at a time.

    `yes` and `no` are whole answers, folded; `stop` are whole texts of who wants to be asked no more.
    """

    enabled: bool
    delay_hours: float = Field(ge=0, le=24 * 14, description="after the closing; quiet hours apply besides")
    valid_days: int = Field(ge=1, le=60, description="so long an answer counts, and nobody is asked again")
    share: float = Field(1.0, ge=0, le=1, description="of the cases, whose citizens are asked")
    channels: tuple[Channel, ...] = Field(description="of those who came by these; the tracking page asks everybody")
    yes: tuple[Answer, ...] = Field(min_length=1)
    no: tuple[Answer, ...] = Field(min_length=1)
    stop: tuple[WholeText, ...] = ()


class NoticeWords(Record):
    """Whole texts, folded, that stop notices on a channel and start them again."""

    stop: tuple[WholeText, ...] = Field(min_length=1)
    start: tuple[WholeText, ...] = Field(min_length=1)


class ReopeningRules(Record):
    """When a closed case is worked on again at its citizen's word; see `services/intake/domain/wishes.py`."""

    days: int = Field(ge=1, le=366, description="so long after the closing; later it is a new case that follows it")
    soon_hours: int = Field(ge=1, le=24 * 31, description="so long words of the sender alone are about it")
    words_max: PositiveInt
    phrases: tuple[Phrase, ...] = Field(min_length=1)
    content: tuple[Phrase, ...] = ()


class WithdrawalRules(Record):
    """How a citizen says that an open case needs no more work; `against`: words that leave a doubt."""

    words_max: PositiveInt
    phrases: tuple[Phrase, ...] = Field(min_length=1)
    against: tuple[Phrase, ...] = ()


class LoopLimit(Record):
    """How many contacts of one sender in how long are believed to be a person's."""

    contacts_max: PositiveInt
    minutes: PositiveInt


class FailedAddress(Record):
    """For how long an address that failed is left alone."""

    permanent_days: PositiveInt
    temporary_days: PositiveInt


class Block(Record):
    """For how long a sender stays blocked."""

    days: PositiveInt


class CallBack(Record):
    """For how long one call-back stands for all missed calls of a caller."""

    minutes: PositiveInt


class Abuse(Record):
    """Words that insult, as folded phrases."""

    phrases: tuple[Phrase, ...] = Field(min_length=1)


class Question(Record):
    """For how long a citizen's answer is waited for: when they are reminded, and when the case goes on without it."""

    remind_days: PositiveInt
    silent_days: PositiveInt

    @model_validator(mode="after")
    def _reminds_first(self) -> Self:
        if self.remind_days >= self.silent_days:
            raise ValueError("remind_days must be less than silent_days, or nobody is reminded")
        return self


class Withdrawn(Record):
    """What stands as the answer of a case that its citizen wanted no more of."""

    text: AnswerText
    text_en: AnswerText

    def text_in(self, language: str) -> str:
        """For a citizen who speaks `language`; Turkish for every language but English."""
        return self.text_en if language == "en" else self.text


class Conversation(Record):
    """What stands in conversation.toml."""

    follow_up: FollowUpRules
    reopening: ReopeningRules
    withdrawal: WithdrawalRules
    survey: SurveyRules
    notices: NoticeWords
    loop: LoopLimit
    failed_address: FailedAddress
    block: Block
    call_back: CallBack
    abuse: Abuse
    question: Question
    withdrawn: Withdrawn
