"""In which words a citizen is told: reply templates, what each must say, and how values are put in safely."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

from pydantic import PositiveInt, StringConstraints

from shared.contracts import Channel, Outcome
from shared.municipality.base import Language, Record, Text
from shared.text import clean

TEMPLATE_CHARACTERS_MAX = 600
SUBJECT_CHARACTERS_MAX = 120
INSERTED_CHARACTERS_MAX = 3000


class ReplyEvent(StrEnum):
    """What a citizen is told."""

    RECEIPT = "receipt"
    JOINED = "joined"
    SPLIT = "split"  # it concerns several owners: the numbers of the further cases
    FORWARDED = "forwarded"
    CLOSED = "closed"
    REJECTED = "rejected"
    QUESTION = "question"
    QUESTION_REMINDER = "question_reminder"  # nobody answered the question yet
    EMERGENCY = "emergency"
    INFORMATION_ANSWERED = "information_answered"
    DUTY = "duty"  # not to a citizen: to whoever is on duty, that an urgent case waits
    REOPENED = "reopened"
    SURVEY = "survey"  # whether a closed case is solved
    NOT_SOLVED = "not_solved"  # thanks for the answer that it is not: somebody looks at it
    NEWS = "news"  # there is news on the tracking page; says nothing of the case


@dataclass(frozen=True, slots=True)
class Slots:
    """What a template of an event must say (`required`: with a value, `expected`: value may be empty) and may say."""

    required: frozenset[str]
    expected: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()

    @property
    def allowed(self) -> frozenset[str]:
        """Every placeholder the event knows, with those of the municipality itself."""
        return self.required | self.expected | self.optional | COMMON_PLACEHOLDERS


COMMON_PLACEHOLDERS = frozenset({"municipality", "centre"})
# The tracking code, and the address of the tracking page: for its citizen alone.
_TRACKING = frozenset({"code", "link"})
# By which a mail's reader answers a survey.
_ANSWERS: Final = frozenset({"yes_link", "no_link"})
LINKS: Final = frozenset({"link"}) | _ANSWERS
# Where an address to click on belongs; elsewhere it looks like fraud, and costs room.
LINK_CHANNELS = frozenset({Channel.EMAIL, Channel.WEB})
SLOTS: Mapping[ReplyEvent, Slots] = {
    ReplyEvent.RECEIPT: Slots(required=frozenset({"number"}), optional=_TRACKING),
    ReplyEvent.JOINED: Slots(required=frozenset({"number"}), optional=_TRACKING),
    ReplyEvent.SPLIT: Slots(required=frozenset({"number"}), optional=_TRACKING),
    # Law 3071, article 5: who hands a petition on must tell the citizen to whom.
    ReplyEvent.FORWARDED: Slots(
        required=frozenset({"number", "institution"}), expected=frozenset({"institution_phone"}), optional=_TRACKING
    ),
    ReplyEvent.CLOSED: Slots(
        required=frozenset({"number", "outcome"}), expected=frozenset({"text"}), optional=_TRACKING
    ),
    ReplyEvent.REJECTED: Slots(required=frozenset({"number"}), expected=frozenset({"text"}), optional=_TRACKING),
    ReplyEvent.QUESTION: Slots(required=frozenset({"number", "text"}), optional=_TRACKING | {"department"}),
    ReplyEvent.QUESTION_REMINDER: Slots(required=frozenset({"number", "text"}), optional=_TRACKING),
    ReplyEvent.EMERGENCY: Slots(required=frozenset({"advice_number"}), optional=frozenset({"number"})),
    ReplyEvent.INFORMATION_ANSWERED: Slots(required=frozenset({"text"}), optional=frozenset({"number"})),
    ReplyEvent.DUTY: Slots(
        required=frozenset({"number", "department"}), expected=frozenset({"topic", "neighbourhood"})
    ),
    ReplyEvent.REOPENED: Slots(required=frozenset({"number"}), optional=_TRACKING),
    ReplyEvent.SURVEY: Slots(required=frozenset({"number"}), optional=_TRACKING | _ANSWERS),
    ReplyEvent.NOT_SOLVED: Slots(required=frozenset({"number"}), optional=_TRACKING),
    ReplyEvent.NEWS: Slots(required=frozenset({"number"}), optional=frozenset({"link"})),
}
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


class Template(Record):
    """The words of one event in one language; raise `version` whenever the text changes.

    One with a `channel` takes the place of the default there, e.g. a short form for SMS.
    """

    event: ReplyEvent
    language: Language
    channel: Channel | None = None
    version: PositiveInt
    subject: Annotated[str, StringConstraints(max_length=SUBJECT_CHARACTERS_MAX)] = ""
    text: Annotated[str, StringConstraints(min_length=1, max_length=TEMPLATE_CHARACTERS_MAX)]

    @property
    def name(self) -> str:
        """How logs and notices call it, e.g. `receipt.tr` or `receipt.tr.sms`."""
        return f"{self.event}.{self.language}{'.' + self.channel if self.channel else ''}"

    @property
    def placeholders(self) -> frozenset[str]:
        """The names in braces."""
        return frozenset(_PLACEHOLDER.findall(self.text))

    @property
    def subject_placeholders(self) -> frozenset[str]:
        """Those of the subject line."""
        return frozenset(_PLACEHOLDER.findall(self.subject))

    @property
    def has_stray_brace(self) -> bool:
        """Whether a brace stands outside the placeholders."""
        return re.search(r"[{}]", _PLACEHOLDER.sub("", self.text + self.subject)) is not None


class OutcomeWords(Record):
    """How an outcome is told to a citizen."""

    code: Outcome
    name: Text
    name_en: Text


@dataclass(frozen=True, slots=True)
class Rendered:
    """A reply ready to send, and the template it came from."""

    text: str
    template: str
    version: int
    subject: str = ""


def render(
    template: Template,
    own: Mapping[str, str],
    outcomes: Mapping[Outcome, OutcomeWords],
    values: Mapping[str, str | None],
) -> Rendered:
    """The template with its values, and with `own`, what the municipality says of itself.

    Raises ValueError when a required value is missing or a name is unknown to the event.
    """
    filled = _filled(template, own, outcomes, values)
    lines = (_fill(line, filled) for line in template.text.strip().split("\n"))
    text = "\n".join(line for line in lines if line is not None)
    subject = " ".join((_fill(template.subject, filled) or "").split())
    return Rendered(re.sub(r"\n{3,}", "\n\n", text).strip(), template.name, template.version, subject)


def _filled(
    template: Template,
    own: Mapping[str, str],
    outcomes: Mapping[Outcome, OutcomeWords],
    values: Mapping[str, str | None],
) -> dict[str, str]:
    slots = SLOTS[template.event]
    if unknown := values.keys() - slots.allowed:
        raise ValueError(f"{template.name} knows no {', '.join(sorted(unknown))}")
    filled = {**own, **{name: _safe(name, value) for name, value in values.items() if value is not None}}
    if missing := [name for name in sorted(slots.required) if not filled.get(name)]:
        raise ValueError(f"{template.name} needs a value for {', '.join(missing)}")
    if "outcome" in filled:
        words = outcomes[Outcome(filled["outcome"])]
        filled["outcome"] = words.name_en if template.language == "en" else words.name
    return filled


def _fill(line: str, values: Mapping[str, str]) -> str | None:
    """The line with its values, in one pass so that a value is never read as a template; None: a value is empty."""
    names = _PLACEHOLDER.findall(line)
    if any(not values.get(name) for name in names):
        return None
    return _PLACEHOLDER.sub(lambda found: values[found[1]], line)


def _safe(name: str, value: str) -> str:
    """Only our own tracking page may be clicked on."""
    return value if name in LINKS else neutralise(value)


def neutralise(text: str) -> str:
    """The text made safe to stand inside our reply: no clickable link, no control characters, bounded length.

    `https://a.com/x` becomes `https[:]//a[.]com/x`. Mail addresses and phone numbers stay. Idempotent.
    """
    text = clean(text).strip()
    if len(text) > INSERTED_CHARACTERS_MAX:
        text = text[: INSERTED_CHARACTERS_MAX - 1] + "…"
    return _MAIL_OR_LINK.sub(_unlinked, text)


def _unlinked(found: re.Match[str]) -> str:
    if found["scheme"]:
        return "[:]//"
    host = found["host"]
    if host and (found["path"] or host.lower().startswith("www.") or _ending(host) in _LINK_ENDINGS):
        return host.replace(".", "[.]") + found["path"]
    return found[0]


def _ending(host: str) -> str:
    return host.rpartition(".")[2].lower()


_MAIL_OR_LINK = re.compile(
    r"(?P<mail>(?<![\w.+-])[\w.+-]{1,64}@[\w.-]{1,253})"
    r"|(?P<scheme>://)"
    r"|(?<![\w@])(?P<host>(?:[\w-]{1,63}\.){1,8}[a-z]{2,24})(?P<path>/?)",
    re.IGNORECASE,
)
# Endings that phones make clickable even without https:// or www.
_LINK_ENDINGS = frozenset(
    [
        *("app", "biz", "cf", "click", "club", "cn", "co", "com", "de", "dev", "edu", "eu", "fr", "ga", "gg", "gl"),
        *("gov", "in", "info", "io", "link", "live", "ly", "me", "ml", "net", "nl", "online", "org", "page", "ru"),
        *("shop", "site", "store", "tk", "to", "top", "tr", "ua", "uk", "us", "xyz"),
    ]
)
