"""A municipality as checked data: who answers for what, where, until when, and in which words.

Everything a municipality can change stands in its own folder, see `municipality/ilkadim/README.md`.
"""

from shared.municipality.answers import StandardAnswer
from shared.municipality.bulletin import Bulletin, Fact, Group, Labelled, Line
from shared.municipality.calendar import Calendar
from shared.municipality.incidents import IncidentGroup, Incidents, Reach
from shared.municipality.loading import load, load_for_service
from shared.municipality.mistakes import MunicipalityError
from shared.municipality.municipality import Municipality
from shared.municipality.owners import Institution, SenderKind
from shared.municipality.places import (
    Area,
    Certainty,
    CoastPoint,
    Landmark,
    Neighbour,
    Neighbourhood,
    Street,
    street_key,
)
from shared.municipality.replies import SLOTS, ReplyEvent, neutralise
from shared.municipality.reports import Attached, Every, ScheduledReport
from shared.municipality.roles import Access, Directory, Permission, Role, Sessions
from shared.municipality.rules import Days, Office, OwnerOf, RoadKeeper, Rule, When
from shared.municipality.topics import Target, TargetUnit, Topic, TopicGroup

__all__ = [
    "SLOTS",
    "Access",
    "Area",
    "Attached",
    "Bulletin",
    "Calendar",
    "Certainty",
    "CoastPoint",
    "Days",
    "Directory",
    "Every",
    "Fact",
    "Group",
    "IncidentGroup",
    "Incidents",
    "Institution",
    "Labelled",
    "Landmark",
    "Line",
    "Municipality",
    "MunicipalityError",
    "Neighbour",
    "Neighbourhood",
    "Office",
    "OwnerOf",
    "Permission",
    "Reach",
    "ReplyEvent",
    "RoadKeeper",
    "Role",
    "Rule",
    "ScheduledReport",
    "SenderKind",
    "Sessions",
    "StandardAnswer",
    "Street",
    "Target",
    "TargetUnit",
    "Topic",
    "TopicGroup",
    "When",
    "load",
    "load_for_service",
    "neutralise",
    "street_key",
]
