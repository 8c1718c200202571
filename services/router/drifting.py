"""Looks whether what people write lately still resembles what the text model was measured on, and says so loudly."""

from datetime import datetime
from typing import Final

import structlog

from services.router import store
from services.router.domain.drift import Drift, Level, Observed, drift, profile
from services.router.domain.evidence import OTHER
from services.router.domain.knowledge import Knowledge
from services.router.domain.model import TextModel
from shared import metrics
from shared.contracts import CaseAssigned, CaseOpened
from shared.database import Connection
from shared.text import fold, words

log = structlog.get_logger()

WEEKS: Final = 4
# Enough for a steady picture; the newest count.
TEXTS_MAX: Final = 5_000


async def find_drift(connection: Connection, knowledge: Knowledge, since: datetime) -> Drift | None:
    """How far the cases opened since lie from the model's own. None: there is no model, or it was measured on none."""
    model = knowledge.model
    if model is None or model.card.profile is None:
        return None
    pairs = await store.first_decisions(connection, since, TEXTS_MAX)
    return drift(model.card.profile, profile(_observed(opened, assigned, model) for opened, assigned in pairs))


def tell(found: Drift) -> None:
    """As a metric, and as an error in the log where it is over the limit."""
    for axis in found.axes:
        metrics.DRIFT.labels(axis=axis.axis.value).set(axis.index)
    told = {axis.axis.value: round(axis.index, 3) for axis in found.axes}
    if found.level is Level.DRIFTED:
        moved = [{"bin": name, "then": round(then, 3), "now": round(now, 3)} for name, then, now in found.axes[0].moved]
        log.error("texts_drifted", axis=found.axes[0].axis.value, moved=moved, texts=found.texts, **told)
    else:
        log.info("drift_measured", level=found.level.value, texts=found.texts, **told)


def _observed(opened: CaseOpened, assigned: CaseAssigned, model: TextModel) -> Observed:
    """What words and model thought, before any rule and any person.

    As in the model's profile it is nobody's where the rest outweighs the best owner; the rest holds the few owners
    that a decision does not keep, too.
    """
    scores = assigned.why.scores if assigned.why else ()
    best = scores[0] if scores else None
    rest = 1 - sum(score.confidence for score in scores)
    return Observed(
        confidence=best.confidence if best else 0.0,
        owner=best.owner if best and best.confidence >= rest else OTHER,
        unknown_share=model.unknown_share(words(fold(opened.text))),
    )
