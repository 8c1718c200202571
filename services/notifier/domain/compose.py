"""The words of a notice in the form each way of sending wants: long or short, with a link or without, approved."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from shared.contracts import Channel
from shared.municipality import Municipality, ReplyEvent
from shared.municipality.delivery import PARAMETER_CHARACTERS_MAX
from shared.municipality.replies import LINK_CHANNELS, SLOTS, Rendered, neutralise
from shared.sms import plain
from shared.tokens import CaseTokens, OptOutTokens

TRACKING_PAGE: Final = "/takip"
OPT_OUT_PAGE: Final = "/abonelik"
SURVEY_PAGE: Final = "/anket"
_SURVEY_ANSWERS: Final = {"yes_link": "cevap=evet", "no_link": "cevap=hayir"}
# WhatsApp refuses an empty parameter.
NOTHING: Final = "-"


@dataclass(frozen=True, slots=True)
class ApprovedForm:
    """A text approved at the provider, with its parameters in order."""

    name: str
    language: str
    parameters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Composer:
    """Renders notices. `public_url` is where citizens reach us; empty: nothing is linked to."""

    place: Municipality
    cases: CaseTokens
    opt_outs: OptOutTokens
    public_url: str = ""

    def form(self, event: ReplyEvent, language: str, channel: Channel, words: Mapping[str, str | None]) -> Rendered:
        """The notice as this channel says it."""
        rendered = self.place.render(event, language, channel, **self._with_tracking(event, channel, words))
        if channel is Channel.SMS and self.place.delivery.sms_plain:
            return Rendered(plain(rendered.text), rendered.template, rendered.version, rendered.subject)
        return rendered

    def approved(self, event: ReplyEvent, language: str, words: Mapping[str, str | None]) -> ApprovedForm | None:
        """The notice as its approved text; None: none is approved for it."""
        found = self.place.delivery.approved_text(event, language)
        if found is None:
            return None
        values = self._with_tracking(event, Channel.WHATSAPP, words)
        if values.get("outcome"):
            named = next(words for words in self.place.outcomes if words.code == values["outcome"])
            values["outcome"] = named.name_en if found.language == "en" else named.name
        parameters = tuple(_parameter(values.get(name)) for name in found.parameters)
        return ApprovedForm(found.name, found.provider_language, parameters)

    def opt_out_url(self, person_id: UUID, channel: Channel) -> str | None:
        """Where this person ends notices on this channel."""
        return f"{self.public_url}{OPT_OUT_PAGE}/{self.opt_outs.token(person_id, channel)}" if self.public_url else None

    def reply_token(self, number: str | None) -> str | None:
        """What makes an answer to this mail join the case."""
        return self.cases.reply_token(number) if number and "," not in number else None

    def _with_tracking(
        self, event: ReplyEvent, channel: Channel, words: Mapping[str, str | None]
    ) -> dict[str, str | None]:
        values, number = dict(words), words.get("number")
        known = SLOTS[event].allowed
        codes = [self.cases.code(one) for one in number.split(", ")] if number else []
        if "code" in known:
            values["code"] = ", ".join(codes)
        if self.public_url and channel in LINK_CHANNELS:
            values |= self._links(known, number, codes)
        return values

    def _links(self, known: Collection[str], number: str | None, codes: Sequence[str]) -> dict[str, str]:
        """The addresses a template may say: of the case itself where it may say its code too."""
        page = f"{self.public_url}{TRACKING_PAGE}"
        case = f"{page}/{number}/{codes[0]}" if len(codes) == 1 else None
        links = {"link": case if case and "code" in known else page}
        if case:
            links |= {name: f"{case}{SURVEY_PAGE}?{answer}" for name, answer in _SURVEY_ANSWERS.items()}
        return {name: link for name, link in links.items() if name in known}


def _parameter(value: str | None) -> str:
    """One line, bounded, never empty: what WhatsApp takes for a parameter."""
    line = " ".join(neutralise(value or "").split())
    return (line if len(line) <= PARAMETER_CHARACTERS_MAX else line[: PARAMETER_CHARACTERS_MAX - 1] + "…") or NOTHING
