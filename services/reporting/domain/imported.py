"""A case of an old system becomes a fact as it stands, marked with the import it came with.

Its day is the day of its own calendar, and its target was met as the old system says, which is then believed.
"""

from dataclasses import replace
from datetime import tzinfo

from services.reporting.domain.known import CaseFact
from shared.contracts import CaseImported, Outcome


def fold_imported(fact: CaseFact, event: CaseImported, zone: tzinfo) -> CaseFact:
    """The fact after an import; a later one of a higher version replaces it as a whole."""
    if event.version <= fact.version:
        return fact
    imported = replace(
        CaseFact(event.case_id),
        number=event.number,
        source=event.source,
        version=event.version,
        assigned_version=event.version,
        channel=event.channel,
        lane=event.lane,
        owner=event.owner,
        owner_kind=event.owner_kind,
        neighbourhood=event.neighbourhood or "",
        topic=event.topic or "",
        kind=event.kind or "",
        urgency=event.urgency or "",
        state=event.state,
        outcome=event.outcome or "",
        due_at=event.due_at,
        legal_due_at=event.legal_due_at,
        answered_at=event.answered_at,
        closed_at=event.closed_at,
        on_time_told=event.on_time,
        returns=event.returns,
        reopened=event.reopened,
        duplicate=event.outcome is Outcome.DUPLICATE,
    )
    return imported.opened(event.opened_at, zone, event.day)
