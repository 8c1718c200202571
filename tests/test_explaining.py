"""The grounds of a decision in plain sentences, in both languages, whatever a newer router says."""

import json
import time
from typing import Any

import pytest

from shared import municipality
from shared.contracts import CaseKind, Evidence, EvidenceKind, OwnerScore, Why
from shared.explaining import explained, sentences
from shared.quoting import Quoted
from shared.settings import Settings

PLACE = municipality.load(Settings.model_fields["ilkim_municipality"].default)
KALE = next(row.code for row in PLACE.neighbourhoods if row.name == "Kale")
TEXT = "Merhaba, 70. Sokak'ta çöpler üç gündür alınmadı; gaz kokusu da var!"
K = EvidenceKind


def told(found: Evidence, language: str = "tr", text: str = TEXT, **why: Any) -> str:
    (sentence,) = sentences(Why(evidence=(found,), **why), PLACE, language, text)
    return sentence


def scored(confidence: float, threshold: float = 0.95, owner: str = "saski") -> dict[str, Any]:
    return {"threshold": threshold, "scores": (OwnerScore(owner=owner, confidence=confidence),)}


def test_words_are_quoted_as_the_citizen_wrote_them() -> None:
    topic = Evidence(kind=K.TOPIC, code="cop-toplama", words=("cop alinm",))

    assert told(topic) == "“çöpler … alınmadı” sözü Çöp toplama konusunu gösteriyor."
    assert told(topic, "en") == "The words “çöpler … alınmadı” point to Refuse collection."


def test_an_emergency_names_the_danger_and_the_number_that_was_told() -> None:
    assert told(Evidence(kind=K.EMERGENCY, code="gas", words=("gaz koku",), detail="187")).startswith(
        "Acil: “gaz kokusu” ("
    )
    assert told(Evidence(kind=K.EMERGENCY, code="gas", detail="187", share=0.9)).endswith("vatandaşa 187 söylendi.")


def test_doubt_says_how_sure_the_best_is_and_how_sure_it_had_to_be() -> None:
    doubt = Evidence(kind=K.DOUBT, code="unsure", share=0.61)

    assert told(doubt, **scored(0.61)) == (
        "Emin değil: en olası birim SASKİ Genel Müdürlüğü %61, eşik %95; bu yüzden bir kişi karar verecek."
    )


def test_two_shares_that_would_look_the_same_have_a_digit_more() -> None:
    assert "%94,8, eşik %95,0" in told(Evidence(kind=K.DOUBT, code="unsure", share=0.948), **scored(0.948))


def test_the_model_says_its_share_and_what_came_of_it() -> None:
    found = Evidence(kind=K.MODEL, code="saski", share=0.93)

    assert told(found, **scored(0.97)) == (
        "Metin modeli SASKİ Genel Müdürlüğü için %93 diyor; sözlerle birlikte %97, eşik %95."
    )
    assert "belediyenin işi saymıyor (%80)" in told(Evidence(kind=K.MODEL, code="other", share=0.8))


def test_a_street_through_several_neighbourhoods_says_how_likely_each_is() -> None:
    found = Evidence(kind=K.PLACE, code="street_likely", words=("100. Yıl Bulvarı",), detail=KALE, share=0.34)

    assert told(found) == "Yer: 100. Yıl Bulvarı; Kale Mahallesi olasılığı %34."


def test_neighbourhoods_that_come_into_question_are_told_together() -> None:
    codes = [row.code for row in PLACE.neighbourhoods if row.name in ("Kale", "Zafer")]
    rows = tuple(Evidence(kind=K.PLACE, code="candidate", detail=code, share=0.34) for code in codes)

    (sentence,) = sentences(Why(evidence=rows), PLACE, "tr")

    assert "Kale %34" in sentence and "Zafer %34" in sentence


def test_the_weightiest_comes_first_and_nothing_is_said_twice() -> None:
    kind = Evidence(kind=K.KIND, code=CaseKind.TIP)
    evidence = (kind, Evidence(kind=K.MODEL, code="saski", share=0.5), kind, Evidence(kind=K.EMERGENCY, code="gas"))

    found = explained(Why(evidence=evidence), PLACE, "tr")

    assert [row.evidence.kind for row in found] == [K.EMERGENCY, K.MODEL, K.KIND]


def test_what_was_in_doubt_is_so_no_more_once_a_person_decided() -> None:
    doubt, person = Evidence(kind=K.DOUBT, code="nothing_known"), Evidence(kind=K.PERSON, code="entered")

    assert sentences(Why(evidence=(doubt, person)), PLACE, "tr") == ("Kaydı giren kişi birimi belirledi.",)


def test_a_sentence_knows_for_which_proposal_it_speaks() -> None:
    why = Why(evidence=(Evidence(kind=K.MODEL, code="saski", share=0.5), Evidence(kind=K.TOPIC, code="cop-toplama")))

    model, topic = sorted(explained(why, PLACE, "tr"), key=lambda row: row.evidence.kind)

    assert model.speaks_for("saski", None) and not model.speaks_for("temizlik-isleri", "cop-toplama")
    assert topic.speaks_for("temizlik-isleri", "cop-toplama") and not topic.speaks_for("saski", None)


@pytest.mark.parametrize("language", ["tr", "en"])
@pytest.mark.parametrize("kind", list(EvidenceKind))
def test_a_code_nobody_knows_is_told_in_a_plain_sentence(kind: EvidenceKind, language: str) -> None:
    for words in ((), ("{0}",), ("yangin var", "(.*")):
        sentence = told(Evidence(kind=kind, code="köd {x}", words=words, detail="{y}"), language)

        assert sentence.endswith(".")


def test_a_sort_of_evidence_only_a_newer_router_knows_is_read() -> None:
    written = json.dumps({"evidence": [{"kind": "weather", "code": "rain", "words": ["kar"]}]})

    assert sentences(Why.model_validate_json(written), PLACE, "tr") == (
        "Yönlendirici başka bir nedene de baktı (rain).",
    )


@pytest.mark.parametrize(
    "text", ["", "\0\u202e", "ş" * 20_000, "cop " * 5_000 + "alinm", "مرحبا", "<b>çöp</b> alınmadı"]
)
def test_no_text_is_too_strange_to_quote(text: str) -> None:
    began = time.perf_counter()

    assert told(Evidence(kind=K.TOPIC, code="cop-toplama", words=("cop alinm",)), text=text)

    assert time.perf_counter() - began < 0.2


def test_marks_lie_side_by_side_and_never_one_over_the_other() -> None:
    text = "Çöp konteyneri taştı, çöp kokuyor"

    marks = Quoted(text).marks(["cop konteyner", "konteyner", "cop koku"])

    assert [text[start:end] for start, end in marks] == ["Çöp konteyneri", "çöp kokuyor"]
