"""A municipality as a whole, with its look-ups and its replies."""

from functools import cached_property

from shared.contracts import Channel, Outcome, OwnerKind
from shared.municipality.about import About, Account
from shared.municipality.answers import StandardAnswer
from shared.municipality.bulletin import Bulletin
from shared.municipality.calendar import Calendar
from shared.municipality.conversation import Conversation
from shared.municipality.delivery import DeliveryRules
from shared.municipality.duty import Duty
from shared.municipality.escalation import Escalation
from shared.municipality.incidents import Incidents
from shared.municipality.kinds import Kinds
from shared.municipality.opendata import OpenData
from shared.municipality.owners import Department, Institution, Owner
from shared.municipality.places import Area, CoastPoint, Landmark, Neighbour, Neighbourhood, Street
from shared.municipality.replies import OutcomeWords, Rendered, ReplyEvent, Template, render
from shared.municipality.reports import ScheduledReport
from shared.municipality.roles import Access
from shared.municipality.rules import RoadKeeper, Rule
from shared.municipality.standard_texts import StandardText
from shared.municipality.topics import Level, Target, Topic, TopicGroup
from shared.urgency import AlarmRules, Alarms, Emergency


class Municipality(About):
    """All that is a municipality's own, read by `load` and never changed. Look-ups raise KeyError."""

    departments: tuple[Department, ...]
    institutions: tuple[Institution, ...]
    topic_groups: tuple[TopicGroup, ...]
    kinds: Kinds
    levels: tuple[Level, ...]
    emergencies: tuple[Emergency, ...]
    alarm: AlarmRules
    neighbourhoods: tuple[Neighbourhood, ...]
    streets: tuple[Street, ...]
    areas: tuple[Area, ...]
    neighbours: tuple[Neighbour, ...]
    landmarks: tuple[Landmark, ...] = ()
    coast: tuple[CoastPoint, ...] = ()
    without_ground: str = ""  # why there are no streets and polygons; "" when there are
    calendar: Calendar
    templates: tuple[Template, ...]
    outcomes: tuple[OutcomeWords, ...]
    bulletin: Bulletin
    open_data: OpenData
    conversation: Conversation
    delivery: DeliveryRules
    incidents: Incidents
    escalation: Escalation
    duty: Duty
    standard_answers: tuple[StandardAnswer, ...]
    standard_texts: tuple[StandardText, ...]
    rules: tuple[Rule, ...]
    road_keepers: tuple[RoadKeeper, ...]
    access: Access
    reports: tuple[ScheduledReport, ...] = ()

    def account(self, code: str) -> Account:
        """The account of that code."""
        return self._accounts[code]

    def owner(self, code: str) -> Owner:
        """The department, institution or solution centre of that code."""
        return self._owners[code]

    def calendar_of(self, owner: str) -> Calendar:
        """When that owner works: a department by its own hours, whoever is outside by the municipality's."""
        return self._calendars.get(owner, self.calendar)

    def topic(self, code: str) -> Topic:
        """The topic of that code."""
        return self._topics[code]

    def target_of(self, level: str | None) -> Target | None:
        """By when a case of that level is due at the latest; None: the level says nothing, or nobody knows it."""
        return next((row.target for row in self.levels if row.code == level), None)

    @cached_property
    def alarms(self) -> Alarms:
        """Finds danger to life and limb in texts: the one detector of all services."""
        routine = {level.code for level in self.levels if level.lane == "routine"}
        ordinary = (phrase for topic in self.topics if topic.urgency in routine for phrase in topic.phrases)
        return Alarms.of(self.emergencies, self.alarm, (phrase for phrase in ordinary if " " in phrase))

    def neighbourhood(self, code: str) -> Neighbourhood:
        """The neighbourhood of that official id."""
        return self._neighbourhoods[code]

    def institution_of(self, district: str) -> Institution | None:
        """The municipality of a neighbouring district; None: not among the institutions."""
        return next((body for body in self.institutions if body.district == district), None)

    @cached_property
    def topics(self) -> tuple[Topic, ...]:
        """All topics, group by group."""
        return tuple(topic for group in self.topic_groups for topic in group.topic)

    @cached_property
    def owners(self) -> tuple[Owner, ...]:
        """Everybody who can have a case: the departments with the solution centre, then the institutions."""
        return (*self.departments, *self.institutions)

    @cached_property
    def topics_of_group(self) -> dict[str, frozenset[str]]:
        """Codes of topics by the code of their group."""
        return {group.code: frozenset(topic.code for topic in group.topic) for group in self.topic_groups}

    @cached_property
    def solution_centre(self) -> Department:
        """The owner of the cases nobody knows."""
        return next(department for department in self.departments if department.kind is OwnerKind.CENTRE)

    def render(
        self, event: ReplyEvent | str, language: str, channel: Channel | None = None, **values: str | None
    ) -> Rendered:
        """The reply to `event`, in the default language where ours has not `language`.

        The words are those of `channel` where it has its own. Values are plain text and never templates;
        `neutralise` makes them safe (`link`, our own page, aside). `outcome` takes an outcome's code. A template
        line whose value is empty or None is left out. Raises ValueError when a required value is missing or a name
        is unknown to the event.
        """
        event = ReplyEvent(event)
        template = self._template(event, language, channel)
        own = {"municipality": self._name_in(template.language), "centre": self.centre}
        return render(template, own, self._outcomes, values)

    def _template(self, event: ReplyEvent, language: str, channel: Channel | None) -> Template:
        """In the reader's language before in the words of the channel."""
        choices = ((event, tongue, on) for tongue in (language, self.default_language) for on in (channel, None))
        return next(self._templates[choice] for choice in choices if choice in self._templates)

    def _name_in(self, language: str) -> str:
        return self.name_en if language == "en" else self.name

    @cached_property
    def _accounts(self) -> dict[str, Account]:
        return {account.code: account for account in self.accounts}

    @cached_property
    def _owners(self) -> dict[str, Owner]:
        return {owner.code: owner for owner in self.owners}

    @cached_property
    def _calendars(self) -> dict[str, Calendar]:
        return {
            department.code: self.calendar.with_hours(department.office, always_open=department.always_open)
            for department in self.departments
            if department.office or department.always_open
        }

    @cached_property
    def _topics(self) -> dict[str, Topic]:
        return {topic.code: topic for topic in self.topics}

    @cached_property
    def _neighbourhoods(self) -> dict[str, Neighbourhood]:
        return {neighbourhood.code: neighbourhood for neighbourhood in self.neighbourhoods}

    @cached_property
    def _templates(self) -> dict[tuple[ReplyEvent, str, Channel | None], Template]:
        return {(template.event, template.language, template.channel): template for template in self.templates}

    @cached_property
    def _outcomes(self) -> dict[Outcome, OutcomeWords]:
        return {words.code: words for words in self.outcomes}
