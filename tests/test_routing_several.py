"""Messages that tell of matters of several owners, and those that only sound so."""

import pytest

from services.router.app import MODEL
from services.router.domain.decision import Report, decide
from services.router.domain.knowledge import load_knowledge
from shared import municipality
from shared.settings import Settings

KNOWLEDGE = load_knowledge(municipality.load(Settings.model_fields["ilkim_municipality"].default), MODEL)


@pytest.mark.parametrize(
    ("text", "owners"),
    [
        ("Çöpler üç gündür alınmıyor, ayrıca sokak lambası yanmıyor.", {"temizlik-isleri", "yedas"}),
        ("Parktaki salıncak kırık. Bir de caddemizde başıboş köpekler var.", {"park-bahceler", "veteriner-isleri"}),
        ("Su borusu patladı üstelik çöp konteyneri de taştı haftalardır", {"saski", "temizlik-isleri"}),
    ],
)
def test_two_matters_joined_by_a_word_concern_two_owners(text: str, owners: set[str]) -> None:
    decision = decide(Report(text), KNOWLEDGE)

    assert decision.asks_split
    assert {decision.proposals[0].owner, decision.secondary[0].owner} == owners


@pytest.mark.parametrize(
    "text",
    [
        "Çöpler üç gündür alınmıyor, ayrıca konteyner de kırık.",
        "Çöp konteynerinin yanındaki sokak lambası yanmıyor.",
        "Ayrıca teşekkür ederim.",
        "",
        "ayrıca " * 5_000,
    ],
)
def test_one_matter_is_not_asked_about_however_it_is_told(text: str) -> None:
    assert not decide(Report(text), KNOWLEDGE).asks_split
