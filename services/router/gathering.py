"""Looks for the incidents that newly opened cases belong to: in the database, and among themselves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.router import sightings, store
from services.router.domain.decision import Decision
from services.router.domain.gathering import REPORTS_MAX, group_of, may_join, sighting_of
from services.router.domain.incidents import Gathering, Index, Match, Matcher, Sighting, keys
from services.router.domain.life import Case
from services.router.sightings import Known, Wanted
from shared.contracts import CaseOpened, SimilarCase
from shared.database import Connection, Raced
from shared.municipality import Incidents


@dataclass(frozen=True, slots=True)
class Opening:
    """A case that is being opened, as the router decided it."""

    event: CaseOpened
    case: Case
    decision: Decision


@dataclass(frozen=True, slots=True)
class Found:
    """The case it goes with, how sure that is, who told of it with this one (a case each); or the cases like it."""

    head: UUID | None = None
    confidence: float = 0.0
    tellers: tuple[UUID, ...] = ()
    similar: tuple[SimilarCase, ...] = ()


ALONE: Final = Found()


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found for each case, in their order; the heads that were there before, locked; what to remember."""

    found: tuple[Found, ...]
    heads: dict[UUID, Case]
    seen: tuple[Wanted, ...]


async def look(
    connection: Connection,
    openings: Sequence[Opening],
    incidents: Incidents,
    matcher: Matcher | None,
    now: datetime,
) -> Looked:
    """Find what each case goes with. Without a matcher none goes with any.

    Raises Raced when a head moved meanwhile: the batch done again sees it as it stands.
    """
    wanted = [_wanted(opening, incidents, now) if matcher else None for opening in openings]
    reports = [report for report in wanted if report is not None]
    if matcher is None or not reports:
        return Looked((ALONE,) * len(openings), {}, ())
    await sightings.lock_groups(connection, {report.sighting.group for report in reports})
    index, known = await sightings.near(connection, reports)
    before = frozenset(known)
    tellers = await sightings.tellers(connection, {case.head_id or case_id for case_id, case in known.items()})
    search = _Search(matcher, index, known, tellers)
    found = tuple(
        search.find(opening, report) if report else ALONE for opening, report in zip(openings, wanted, strict=True)
    )
    joined = {row.head for row in found if row.head in before}
    heads = await store.lock_cases(connection, {head for head in joined if head})
    for head in heads.values():
        if head.head_id or head.state == "closed" or head.owner != known[head.id].owner:
            raise Raced("an incident moved while a report was to join it")
    return Looked(found, heads, tuple(reports))


@dataclass
class _Search:
    """Goes through the cases of a batch in their order, each known to those after it."""

    matcher: Matcher
    index: Index
    known: dict[UUID, Known]
    tellers: dict[UUID, list[UUID]]

    def find(self, opening: Opening, wanted: Wanted) -> Found:
        report, reach = wanted.sighting, wanted.reach
        gathering = self.matcher.gather(
            report, self._candidates(wanted), reach, lambda first: self._leads(opening, first)
        )
        owner, head, teller = opening.case.owner, None, opening.case.person_id or opening.case.id
        if gathering.joined:
            head = self._id(gathering.joined.other.first)
            owner = self.known[head].owner
            report = replace(report, head=gathering.joined.other.first)
            self.tellers[head].append(teller)
        self.known[opening.case.id] = Known(report, opening.case.number, owner, head, None)
        self.tellers.setdefault(opening.case.id, [teller])
        self.index.add(report, reach)
        return self._found(gathering, head)

    def _candidates(self, wanted: Wanted) -> list[Sighting]:
        """What is open, or was closed a short while ago: that is mentioned, not joined."""
        near = self.index.near(wanted.sighting, wanted.reach)
        return [other for other in near if self._is_recent(self.known[self._id(other)], wanted)]

    def _is_recent(self, other: Known, wanted: Wanted) -> bool:
        a_while = timedelta(hours=wanted.reach.after_close_hours)
        return other.closed_at is None or wanted.sighting.at - other.closed_at <= a_while

    def _leads(self, opening: Opening, first: Sighting) -> bool:
        """Whether the case may join the incident by itself."""
        head = self.known.get(self._id(first))
        if head is None or head.head_id or head.closed_at:
            return False
        return len(self.tellers[self._id(first)]) < REPORTS_MAX and may_join(opening.case, opening.decision, head.owner)

    def _found(self, gathering: Gathering, head: UUID | None) -> Found:
        if gathering.joined and head:
            return Found(head, gathering.joined.confidence, tuple(self.tellers[head]))
        return Found(similar=tuple(self._similar(match) for match in gathering.proposed))

    def _similar(self, match: Match) -> SimilarCase:
        other = self.known[self._id(match.other)]
        first = self.known.get(other.head_id, other) if other.head_id else other
        return SimilarCase(
            case_id=self._id(first.sighting),
            number=first.number,
            owner=first.owner,
            opened_at=first.sighting.at,
            is_open=first.closed_at is None,
            metres=round(match.metres, 1),
            confidence=round(match.confidence, 4),
        )

    @staticmethod
    def _id(report: Sighting) -> UUID:
        assert isinstance(report.id, UUID)
        return report.id


def _wanted(opening: Opening, incidents: Incidents, now: datetime) -> Wanted | None:
    """What to look for; None: it is about what is never told by many, nobody knows where, or it is old.

    What comes in later than its window is no news of today: an import of past cases, each with an end of its own.
    """
    group = group_of(opening.case, opening.decision, incidents)
    if group is None or now - opening.case.opened_at > timedelta(hours=group.window_hours):
        return None
    report = sighting_of(opening.event, opening.case, opening.decision, group)
    return Wanted(report, group) if keys(report, group) else None
