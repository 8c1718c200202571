"""Checks what no file can tell alone: that codes, owners, places and words agree across a municipality's files."""

from collections import Counter
from collections.abc import Iterator, Mapping

from shared.contracts import CaseState, Channel, Outcome, OwnerKind
from shared.municipality.base import Named
from shared.municipality.bulletin import Bulletin, FactField, Group
from shared.municipality.mistakes import Problem
from shared.municipality.municipality import Municipality
from shared.municipality.places import Area, Neighbourhood
from shared.municipality.replies import LINK_CHANNELS, LINKS, SLOTS, ReplyEvent, Template
from shared.municipality.report_checks import check_reports
from shared.municipality.role_checks import check_roles
from shared.municipality.rule_checks import check_road_keepers, check_rules
from shared.municipality.standard_texts import FILE, mistakes_of
from shared.text import fold


def mistakes_across_files(municipality: Municipality) -> Iterator[Problem]:
    """Every mistake that shows only when the files are read together; none for a sound municipality."""
    for check in _CHECKS:
        yield from check(municipality)


def _check_codes(municipality: Municipality) -> Iterator[Problem]:
    owners = [*municipality.departments, *municipality.institutions]
    for file, codes in (
        ("municipality.toml", [account.code for account in municipality.accounts]),
        ("departments.toml and institutions.toml", [owner.code for owner in owners]),
        ("topics", [topic.code for topic in municipality.topics]),
        ("topics", [group.code for group in municipality.topic_groups]),
        ("urgency.toml", [level.code for level in municipality.levels]),
        ("urgency.toml", [emergency.code for emergency in municipality.emergencies]),
        ("neighbourhoods.csv", [neighbourhood.code for neighbourhood in municipality.neighbourhoods]),
        ("neighbourhoods.geojson", [area.code for area in municipality.areas]),
        ("landmarks.csv", [landmark.code for landmark in municipality.landmarks]),
        ("streets.csv", [street.code for street in municipality.streets]),
        ("calendar.toml", [str(holiday.date) for holiday in municipality.calendar.holidays]),
        ("calendar.toml", [f"weekday {hours.weekday}" for hours in municipality.calendar.office_hours]),
        ("templates.toml", [template.name for template in municipality.templates]),
        ("templates.toml", [words.code for words in municipality.outcomes]),
        ("delivery.toml", [ladder.channel for ladder in municipality.delivery.ladders]),
        ("delivery.toml", [rule.event for rule in municipality.delivery.events]),
        ("delivery.toml", [provider.name for provider in municipality.delivery.providers]),
        ("delivery.toml", [f"{text.event}.{text.language}" for text in municipality.delivery.approved]),
        ("incidents.toml", [group.code for group in municipality.incidents.groups]),
        ("escalation.toml", [step.code for step in municipality.escalation.steps]),
        ("bulletin.toml", [row.code for row in (*municipality.bulletin.groups, *municipality.bulletin.lines)]),
        ("roles.toml", [role.code for role in municipality.access.role]),
        ("roles.toml", [group.value for group in municipality.access.directory.group]),
        ("reports.toml", [report.code for report in municipality.reports]),
        ("rules.toml", [rule.id for rule in municipality.rules]),
        ("answers.toml and standard_texts.toml", [text.code for text in _said_again(municipality)]),
    ):
        for code, times in Counter(codes).items():
            if times > 1:
                yield Problem(file, code, f"stands there {times} times", "Keep one, or give each its own code")


def _said_again(municipality: Municipality) -> Iterator[Named]:
    yield from municipality.standard_answers
    yield from municipality.standard_texts


def _check_standard_texts(municipality: Municipality) -> Iterator[Problem]:
    topics = [topic.code for topic in municipality.topics]
    groups = [group.code for group in municipality.topic_groups]
    for text in municipality.standard_texts:
        for trouble, remedy in mistakes_of(text, topics, groups):
            yield Problem(FILE, text.code, trouble, remedy)


def _check_languages(municipality: Municipality) -> Iterator[Problem]:
    if municipality.default_language not in municipality.languages:
        trouble = f"{municipality.default_language} is not among languages"
        yield Problem("municipality.toml", "default_language", trouble, "Add it to languages")


def _check_centre(municipality: Municipality) -> Iterator[Problem]:
    centres = [department.code for department in municipality.departments if department.kind is OwnerKind.CENTRE]
    if len(centres) != 1:
        trouble = f"has {len(centres)} departments of kind centre"
        yield Problem("departments.toml", ", ".join(centres) or "the file", trouble, "Give exactly one `kind = centre`")


def _check_topics(municipality: Municipality) -> Iterator[Problem]:
    known = {owner.code for owner in (*municipality.departments, *municipality.institutions)}
    for topic in municipality.topics:
        file = f"topics/{topic.group}.toml"
        also = [concerned.owner for concerned in topic.also]
        for owner in sorted({topic.owner, *also} - known):
            remedy = "Add it to departments.toml or institutions.toml, or correct the code"
            yield Problem(file, topic.code, f"the owner {owner} is unknown", remedy)
        for owner in sorted({owner for owner in also if owner == topic.owner or also.count(owner) > 1}):
            yield Problem(file, topic.code, f"names {owner} twice among its owners", "Keep it once")


def _check_institutions(municipality: Municipality) -> Iterator[Problem]:
    known = {topic.code for topic in municipality.topics}
    for institution in municipality.institutions:
        for topic in sorted(set(institution.open311.topics if institution.open311 else ()) - known):
            trouble = f"open311 names the unknown topic {topic}"
            yield Problem("institutions.toml", institution.code, trouble, "Correct the code, or leave the topic out")


def _check_incidents(municipality: Municipality) -> Iterator[Problem]:
    known = {topic.code for topic in municipality.topics}
    groups: dict[str, str] = {}
    for group in municipality.incidents.groups:
        for topic in group.topics:
            if topic not in known:
                yield Problem("incidents.toml", group.code, f"no topic is called {topic}", "Correct or remove it")
            elif topic in groups:
                trouble = f"the topic {topic} stands in {groups[topic]} too"
                yield Problem("incidents.toml", group.code, trouble, "Leave it in one of them")
            groups.setdefault(topic, group.code)


def _check_urgency(municipality: Municipality) -> Iterator[Problem]:
    phones = {institution.phone for institution in municipality.institutions}
    first, *_, last = municipality.levels
    if first.lane != "urgent" or last.lane != "routine":
        trouble = (
            f"the first level, {first.code}, is not of the urgent lane or the last, {last.code}, not of the routine"
        )
        yield Problem("urgency.toml", first.code, trouble, "Order the levels, the most urgent first")
    codes = {level.code for level in municipality.levels}
    for topic in municipality.topics:
        if topic.urgency not in codes:
            trouble = f"no level of urgency is called {topic.urgency}"
            yield Problem(
                f"topics/{topic.group}.toml", topic.code, trouble, "Add it to urgency.toml or correct the code"
            )
    if municipality.alarm.by_model not in {emergency.code for emergency in municipality.emergencies}:
        trouble = f"no emergency is called {municipality.alarm.by_model}"
        yield Problem("urgency.toml", "alarm", trouble, "Add the emergency, or correct `by_model`")
    for emergency in municipality.emergencies:
        if emergency.number not in phones:
            trouble = f"no institution has the advice number {emergency.number}"
            yield Problem("urgency.toml", emergency.code, trouble, "Add the phone to institutions.toml or correct it")


def _check_places(municipality: Municipality) -> Iterator[Problem]:
    if municipality.without_ground:
        return
    known = {neighbourhood.code: neighbourhood for neighbourhood in municipality.neighbourhoods}
    for street in municipality.streets:
        if street.neighbourhood not in known:
            trouble = f"{street.name} lies in the unknown neighbourhood {street.neighbourhood}"
            yield Problem("streets.csv", street.code, trouble, "Add it to neighbourhoods.csv, or correct the code")
    for area in municipality.areas:
        if area.code not in known:
            remedy = "Add it to neighbourhoods.csv, or remove the polygon"
            yield Problem("neighbourhoods.geojson", area.code, "is no known neighbourhood", remedy)
        elif not _surrounds(area, known[area.code]):
            trouble = f"does not surround the point of {known[area.code].name} in neighbourhoods.csv"
            remedy = "Correct the one that is wrong; GeoJSON wants [longitude, latitude]"
            yield Problem("neighbourhoods.geojson", area.code, trouble, remedy)
    for code in sorted(known.keys() - {area.code for area in municipality.areas}):
        trouble = f"{known[code].name} has no polygon"
        yield Problem("neighbourhoods.csv", code, trouble, "Add it to neighbourhoods.geojson")


def _check_landmarks(municipality: Municipality) -> Iterator[Problem]:
    neighbourhoods = {row.code for row in municipality.neighbourhoods}
    streets = {f"{row.name} {row.type}" for row in municipality.streets}
    districts = {row.district for row in municipality.neighbours}
    for landmark in municipality.landmarks:
        for code in landmark.neighbourhoods:
            if code not in neighbourhoods:
                remedy = "Add it to neighbourhoods.csv, or correct the code"
                yield Problem("landmarks.csv", landmark.code, f"the neighbourhood {code} is unknown", remedy)
        if landmark.street and landmark.street not in streets:
            trouble = f"no street is called {landmark.street}"
            yield Problem("landmarks.csv", landmark.code, trouble, "Write name and type as streets.csv has them")
        if landmark.district and landmark.district not in districts:
            trouble = f"no neighbour lies in {landmark.district}"
            yield Problem("landmarks.csv", landmark.code, trouble, "Write the district as neighbours.csv has it")


def _check_coast(municipality: Municipality) -> Iterator[Problem]:
    longitudes = [point.longitude for point in municipality.coast]
    if longitudes != sorted(set(longitudes)):
        yield Problem("coast.csv", "the file", "does not run from west to east", "Order it by longitude, each once")


def _surrounds(area: Area, neighbourhood: Neighbourhood) -> bool:
    """Whether the point lies in the bounding box: enough to tell swapped axes, quick enough for every start."""
    longitudes = [longitude for polygon in area.polygons for longitude, _ in polygon[0]]
    latitudes = [latitude for polygon in area.polygons for _, latitude in polygon[0]]
    return min(longitudes) <= neighbourhood.longitude <= max(longitudes) and min(
        latitudes
    ) <= neighbourhood.latitude <= max(latitudes)


def _check_place_names(municipality: Municipality) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for neighbourhood in municipality.neighbourhoods:
        for name in {fold(name) for name in (neighbourhood.name, *neighbourhood.aliases)}:
            if name in owners:
                trouble = f'the name or alias "{name}" belongs to {owners[name]} as well'
                yield Problem("neighbourhoods.csv", neighbourhood.code, trouble, "Keep it with one of them")
            owners[name] = neighbourhood.name


def _check_neighbours(municipality: Municipality) -> Iterator[Problem]:
    known = {institution.district for institution in municipality.institutions}
    for district in sorted({neighbour.district for neighbour in municipality.neighbours} - known):
        remedy = f'Add the municipality with district = "{district}" to institutions.toml'
        yield Problem("neighbours.csv", district, "no institution stands for this district", remedy)


def _check_duty(municipality: Municipality) -> Iterator[Problem]:
    known = {department.code: department for department in municipality.departments}
    for shift in municipality.duty.shifts:
        if shift.department not in known:
            yield Problem("duty.toml", shift.name, f"no department is called {shift.department}", "Correct the code")
        elif known[shift.department].always_open:
            trouble = f"{shift.department} is always open, so that nobody is ever called"
            yield Problem("duty.toml", shift.name, trouble, "Take the shift out, or give the department office hours")


def _check_calendar(municipality: Municipality) -> Iterator[Problem]:
    calendar = municipality.calendar
    for holiday in calendar.holidays:
        if holiday.date.year not in calendar.years:
            remedy = "Add the year to `years` once all its holidays stand there"
            yield Problem("calendar.toml", str(holiday.date), "is outside `years`", remedy)
    for year in sorted(set(calendar.years) - {holiday.date.year for holiday in calendar.holidays}):
        yield Problem("calendar.toml", str(year), "has no holiday", "Add its holidays, or take it from `years`")
    for hours in calendar.office_hours:
        if any(before.end > after.start for before, after in zip(hours.spans, hours.spans[1:], strict=False)):
            remedy = "Write the spans in order, each starting after the one before ends"
            yield Problem("calendar.toml", f"weekday {hours.weekday}", "the spans overlap", remedy)


def _check_templates(municipality: Municipality) -> Iterator[Problem]:
    present = {(template.event, template.language) for template in municipality.templates if not template.channel}
    for event in ReplyEvent:
        for language in municipality.languages:
            if (event, language) not in present:
                trouble = f"the language {language} is missing"
                remedy = f'Add a [[template]] with event = "{event}", language = "{language}"'
                yield Problem("templates.toml", event, trouble, remedy)
    for template in municipality.templates:
        yield from _check_template(template)
    for outcome in sorted(set(Outcome) - {words.code for words in municipality.outcomes}):
        remedy = f'Add an [[outcome]] with code = "{outcome}"'
        yield Problem("templates.toml", outcome, "has no words for citizens", remedy)


def _check_template(template: Template) -> Iterator[Problem]:
    slots = SLOTS[template.event]
    for name in sorted((template.placeholders | template.subject_placeholders) - slots.allowed):
        trouble = f"the placeholder {{{name}}} is unknown to this event"
        yield Problem("templates.toml", template.name, trouble, f"Use one of: {', '.join(sorted(slots.allowed))}")
    for name in sorted((slots.required | slots.expected) - template.placeholders):
        trouble = f"does not say {{{name}}}"
        yield Problem("templates.toml", template.name, trouble, "The citizen must be told: put it in")
    for name in sorted(template.placeholders & LINKS) if template.channel not in LINK_CHANNELS else ():
        trouble = f"says {{{name}}} where no link belongs"
        yield Problem("templates.toml", template.name, trouble, f"Use it for: {', '.join(sorted(LINK_CHANNELS))}")
    if template.has_stray_brace:
        remedy = "Write placeholders as {name}: small letters, both braces"
        yield Problem("templates.toml", template.name, "has a stray brace", remedy)


def _check_delivery(municipality: Municipality) -> Iterator[Problem]:
    rules = municipality.delivery
    for channel in sorted(set(Channel) - {ladder.channel for ladder in rules.ladders}):
        remedy = f'Add a [[ladder]] with channel = "{channel}"'
        yield Problem("delivery.toml", channel, "has no ladder: who comes by it would never be answered", remedy)
    for ladder in rules.ladders:
        for rung in ladder.rungs[:-1]:
            if rung.is_a_person:
                trouble = f"the rung {rung} is taken by a person, so those after it are never tried"
                yield Problem("delivery.toml", ladder.channel, trouble, "Put it last")
        for rung, times in Counter(ladder.rungs).items():
            if times > 1:
                yield Problem("delivery.toml", ladder.channel, f"the rung {rung} stands there twice", "Keep one")
    for event in sorted(set(ReplyEvent) - {rule.event for rule in rules.events}):
        yield Problem("delivery.toml", event, "nothing says how it is told", f'Add an [[event]] with event = "{event}"')
    if rules.quiet.start == rules.quiet.end:
        yield Problem("delivery.toml", "quiet", "starts when it ends", "Write e.g. start = 21:30:00, end = 08:00:00")


def _check_bulletin(municipality: Municipality) -> Iterator[Problem]:
    *first, last = municipality.bulletin.groups
    if last.when:
        trouble = "is the last group and has conditions, so some cases would be counted nowhere"
        yield Problem("bulletin.toml", last.code, trouble, "End with a group without `when`")
    for group in first:
        if not group.when:
            trouble = "takes every case, so the groups after it stay empty"
            yield Problem("bulletin.toml", group.code, trouble, "Give it a `when`, or move it to the end")
    yield from _check_published(municipality.bulletin)
    known = _known_values(municipality)
    for row in (*municipality.bulletin.groups, *municipality.bulletin.lines):
        resolved = row.resolved if isinstance(row, Group) else ()
        for condition in (*row.when, *resolved):
            for value in sorted(set(condition.one_of or ()) - known[condition.field]):
                trouble = f"no {condition.field} is called {value}"
                yield Problem("bulletin.toml", row.code, trouble, _choices(known[condition.field]))


def _check_published(bulletin: Bulletin) -> Iterator[Problem]:
    first, last = bulletin.published_from, bulletin.published_to
    published = [row.code for row in (*bulletin.groups, *bulletin.lines) if row.published]
    if (first is None or last is None) and published:
        remedy = "Write published_from and published_to at the top of the file, e.g. 2020-01-01 and 2020-09-30"
        yield Problem("bulletin.toml", published[0], "says what was published, but the file not for which days", remedy)
    if first and last and first > last:
        yield Problem("bulletin.toml", "published_from", f"{first} lies after {last}", "Swap it with published_to")


def _known_values(municipality: Municipality) -> Mapping[FactField, set[str]]:
    return {
        FactField.CHANNEL: set(Channel),
        FactField.OWNER: {owner.code for owner in (*municipality.departments, *municipality.institutions)},
        FactField.OWNER_KIND: set(OwnerKind),
        FactField.NEIGHBOURHOOD: {neighbourhood.code for neighbourhood in municipality.neighbourhoods},
        FactField.STATE: set(CaseState),
        FactField.OUTCOME: set(Outcome),
    }


def _choices(values: set[str]) -> str:
    few = sorted(values)[:12]
    return f"Use one of: {', '.join(few)}{' …' if len(values) > len(few) else ''}"


_CHECKS = (
    _check_codes,
    _check_languages,
    _check_centre,
    _check_topics,
    _check_institutions,
    _check_incidents,
    _check_urgency,
    _check_places,
    _check_landmarks,
    _check_coast,
    _check_place_names,
    _check_neighbours,
    _check_calendar,
    _check_duty,
    _check_templates,
    _check_delivery,
    _check_bulletin,
    _check_standard_texts,
    check_road_keepers,
    check_rules,
    check_roles,
    check_reports,
)
