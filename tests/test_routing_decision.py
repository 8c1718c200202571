"""The router's decision: owner, topic, urgency and reasons, with the real municipality and the real model."""

import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from services.router.domain.decision import Decision, Report, decide, decide_many
from services.router.domain.evidence import OTHER, Weighing, weigh
from services.router.domain.knowledge import Knowledge, load_knowledge
from services.router.domain.model import CARD_FILE, WEIGHTS_FILE, load_model
from shared.contracts import Evidence, EvidenceKind, OwnerKind
from shared.municipality import load
from shared.places.found import NOWHERE
from shared.text import fold, words

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "services/router/model"
MUNICIPALITY = load(ROOT / "municipality/ilkadim")


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge(MUNICIPALITY, MODEL)


def evidence_of(decision: Decision, kind: EvidenceKind) -> list[Evidence]:
    return [evidence for evidence in decision.why.evidence if evidence.kind is kind]


def doubt_of(decision: Decision) -> str | None:
    return next((evidence.code for evidence in evidence_of(decision, EvidenceKind.DOUBT)), None)


@pytest.mark.parametrize(
    ("text", "owner", "topic"),
    [
        ("Sokağımızdaki çöpler üç gündür alınmadı", "temizlik-isleri", "cop-toplama"),
        ("Parktaki salıncak kırık, çocuklar düşüyor", "park-bahceler", "park-bakim"),
        ("Başıboş köpekler okulun önünde toplanıyor", "veteriner-isleri", "basibos-hayvan"),
        ("Sular kesik, ne zaman gelecek?", "saski", "su-kesintisi"),
        ("Otobüs şoförü durakta durmadı, sefer saatine uymuyor", "samsun-buyuksehir", "toplu-tasima"),
        ("Gıda yardımı almak istiyorum, işsizim", "sosyal-destek", "sosyal-yardim"),
        ("SOKAGIMIZDA COP KONTEYNERI YOK", "temizlik-isleri", "cop-konteyneri"),
    ],
)
def test_a_clear_request_goes_to_its_owner_at_once(knowledge: Knowledge, text: str, owner: str, topic: str) -> None:
    decision = decide(Report(text), knowledge)

    assert (decision.owner, decision.topic, decision.automatic) == (owner, topic, True)
    assert decision.owner_kind is MUNICIPALITY.owner(owner).kind
    assert evidence_of(decision, EvidenceKind.TOPIC)
    assert evidence_of(decision, EvidenceKind.MODEL)


def test_what_the_citizen_chose_decides_where_the_words_say_little(knowledge: Knowledge) -> None:
    decision = decide(Report("Merhaba, lütfen ilgilenin", topic="park-bakim"), knowledge)

    assert (decision.owner, decision.topic, decision.automatic) == ("park-bahceler", "park-bakim", True)
    assert [evidence.code for evidence in evidence_of(decision, EvidenceKind.CHOSEN)] == ["park-bakim"]


def test_words_that_speak_clearly_for_another_owner_bring_the_choice_before_a_person(knowledge: Knowledge) -> None:
    decision = decide(Report("Sular kesik, ne zaman gelecek?", topic="park-bakim"), knowledge)

    assert (decision.owner, decision.automatic) == ("cozum-merkezi", False)
    assert [proposal.owner for proposal in decision.proposals[:2]] == ["park-bahceler", "saski"]
    assert doubt_of(decision) == "words_contradict"


def test_a_choice_nobody_knows_counts_as_none(knowledge: Knowledge) -> None:
    text = "Parktaki salıncak kırık"

    assert decide(Report(text, topic="no-such-topic"), knowledge) == decide(Report(text), knowledge)


@pytest.mark.parametrize("text", ["", "   ", "Merhaba, iyi çalışmalar", "?????", "\0\ud800", "asdf qwer", "😀"])
def test_a_case_nothing_is_known_of_stays_with_the_solution_centre(knowledge: Knowledge, text: str) -> None:
    decision = decide(Report(text), knowledge)

    assert (decision.owner, decision.owner_kind) == ("cozum-merkezi", OwnerKind.CENTRE)
    assert not decision.automatic
    assert decision.topic is None
    assert doubt_of(decision)


def test_a_doubtful_case_comes_with_at_most_three_proposals_the_best_first(knowledge: Knowledge) -> None:
    decision = decide(Report("Yolun hali ortada"), knowledge)

    confidences = [proposal.confidence for proposal in decision.proposals]
    assert decision.owner == "cozum-merkezi"
    assert 1 <= len(confidences) <= 3
    assert confidences == sorted(confidences, reverse=True)
    assert "fen-isleri" in [proposal.owner for proposal in decision.proposals]
    assert OTHER not in [proposal.owner for proposal in decision.proposals]


def test_an_emergency_makes_the_case_urgent_and_names_the_number_but_never_the_owner(knowledge: Knowledge) -> None:
    calm = decide(Report("Çöpler günlerdir alınmadı, konteyner dolu"), knowledge)
    alarming = decide(Report("Çöpler günlerdir alınmadı, konteyner dolu. Yangın çıktı!"), knowledge)

    assert (calm.level, calm.lane) == ("routine", "routine")
    assert (alarming.level, alarming.lane) == ("emergency", "urgent")
    assert alarming.proposals[0].owner == calm.owner
    [fire] = evidence_of(alarming, EvidenceKind.EMERGENCY)
    assert (fire.code, fire.words, fire.detail) == ("fire", ("yangin cikti",), "112")


def test_an_urgent_topic_makes_the_case_urgent(knowledge: Knowledge) -> None:
    decision = decide(Report("Kaldırımda yaralı kedi var, yaralı hayvan için ekip gelsin"), knowledge)

    assert decision.lane == "urgent"
    assert decision.automatic


def test_what_lies_in_a_neighbouring_district_goes_to_its_municipality(knowledge: Knowledge) -> None:
    decision = decide(Report("Çöpler üç gündür alınmadı", latitude=41.3324, longitude=36.2690), knowledge)

    assert (decision.owner, decision.neighbourhood) == ("atakum-belediyesi", None)
    assert "ilce-disi" in [evidence.code for evidence in evidence_of(decision, EvidenceKind.RULE)]


def test_where_nobody_knows_which_district_it_is_a_person_decides(knowledge: Knowledge) -> None:
    decision = decide(Report("Çöpler üç gündür alınmadı", latitude=39.92, longitude=32.85), knowledge)

    assert (decision.owner, doubt_of(decision)) == ("cozum-merkezi", "outside")


@pytest.mark.parametrize(
    ("hour", "owner"), [(22, "zabita"), (11, "iklim-sifir-atik")], ids=["at night", "in office hours"]
)
def test_the_hour_decides_whose_noise_it_is(knowledge: Knowledge, hour: int, owner: str) -> None:
    at = datetime(2026, 3, 3, hour, tzinfo=MUNICIPALITY.zone)

    decision = decide(Report("Sokakta çok gürültü var, uyuyamıyoruz", occurred_at=at), knowledge)

    assert decision.proposals[0].owner == owner
    assert evidence_of(decision, EvidenceKind.RULE)


def test_a_rule_that_is_certain_needs_no_person(knowledge: Knowledge) -> None:
    decision = decide(Report("Sokak lambası yanmıyor"), knowledge)

    assert (decision.owner, decision.automatic) == ("yedas", True)
    assert "aydinlatma-yedas" in [evidence.code for evidence in evidence_of(decision, EvidenceKind.RULE)]


def test_who_else_it_concerns_is_told(knowledge: Knowledge) -> None:
    decision = decide(Report("Komşumuz ruhsatsız kat çıkıyor, kaçak inşaat var"), knowledge)

    assert decision.likeliest == "yapi-kontrol"
    assert [other.owner for other in decision.secondary] == ["imar-sehircilik"]


def test_water_is_saskis_in_the_neighbouring_district_too(knowledge: Knowledge) -> None:
    decision = decide(Report("Sular kesik", latitude=41.3324, longitude=36.2690), knowledge)

    assert decision.proposals[0].owner == "saski"


def test_writing_without_turkish_letters_changes_nothing(knowledge: Knowledge) -> None:
    text = "Çiftlik Mahallesi'nde köpekler çöpleri dağıtıyor, ışıklar yanmıyor"

    written, typed = (replace(decide(Report(told), knowledge), place=NOWHERE) for told in (text, fold(text)))

    assert written == typed


def test_the_same_report_gives_the_same_decision_alone_and_in_a_batch(knowledge: Knowledge) -> None:
    reports = [Report("Sular kesik"), Report(""), Report("Sular kesik"), Report("Yol bozuk")]

    decisions = decide_many(reports, knowledge)

    assert decisions == [decide(report, load_knowledge(MUNICIPALITY, MODEL)) for report in reports]
    assert decisions[0] == decisions[2]


def test_the_evidence_is_short_whatever_the_text(knowledge: Knowledge) -> None:
    decision = decide(Report("çöp su yol park " * 5000), knowledge)

    assert len(decision.why.evidence) < 12
    assert all(len(word) <= 120 for evidence in decision.why.evidence for word in evidence.words)


def test_without_a_model_everything_goes_to_a_person_and_says_so(tmp_path: Path) -> None:
    knowledge = load_knowledge(MUNICIPALITY, tmp_path)

    decision = decide(Report("Çöpler alınmadı, çöp konteyneri dolu, çöp kokusu var", topic="cop-toplama"), knowledge)

    assert (decision.owner, decision.automatic) == ("cozum-merkezi", False)
    assert decision.proposals[0].owner == "temizlik-isleri"
    assert [evidence.code for evidence in evidence_of(decision, EvidenceKind.TROUBLE)] == ["model"]
    assert doubt_of(decision) == "trouble"


@pytest.mark.parametrize("file", [CARD_FILE, WEIGHTS_FILE])
@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff\xfe", b"PK\x03\x04broken"])
def test_a_broken_model_never_stops_the_router(tmp_path: Path, file: str, content: bytes) -> None:
    for name in (CARD_FILE, WEIGHTS_FILE):
        shutil.copy(MODEL / name, tmp_path)
    (tmp_path / file).write_bytes(content)

    knowledge = load_knowledge(MUNICIPALITY, tmp_path)

    assert knowledge.model is None
    assert decide(Report("Merhaba"), knowledge).owner == "cozum-merkezi"


def test_the_models_owners_are_all_owners_of_the_municipality() -> None:
    labels = load_model(MODEL).card.labels

    assert {MUNICIPALITY.owner(label).code for label in labels if label != OTHER} == set(labels) - {OTHER}


def test_the_model_answers_the_same_for_a_word_it_remembers() -> None:
    model = load_model(MODEL)
    text_words = words(fold("Çöp konteyneri boşaltılmıyor, çöp kokuyor"))

    first, again = model.probabilities(text_words), model.probabilities(text_words)

    assert first == again
    assert sum(first.values()) == pytest.approx(1)
    assert max(first, key=lambda label: first[label]) == "temizlik-isleri"


def test_the_model_holds_numbers_only() -> None:
    with np.load(MODEL / WEIGHTS_FILE, allow_pickle=False) as file:
        assert {file[name].dtype.kind for name in file.files} <= {"i", "u", "f"}
    assert (MODEL / WEIGHTS_FILE).stat().st_size < 4_000_000


def test_a_topic_adds_to_the_model_and_an_untaught_owner_can_win() -> None:
    weighing = Weighing(topic_weight=1.0, temperature=1.0, automatic_from=0.9)
    chances = {"saski": 0.5, "zabita": 0.3, OTHER: 0.2}

    assert weigh({}, chances, weighing)[0][0] == "saski"
    assert weigh({"zabita": 2.0}, chances, weighing)[0][0] == "zabita"
    assert weigh({"yedas": 3.0}, chances, weighing)[0][0] == "yedas"


def test_an_owner_that_a_rule_names_has_what_spoke_for_the_subject_and_for_itself(knowledge: Knowledge) -> None:
    decision = decide(Report("Lise Caddesi üzerinde yolda büyük çukur var"), knowledge)
    before = {score.owner: score.confidence for score in decision.why.scores}

    assert [found.code for found in evidence_of(decision, EvidenceKind.RULE)] == ["ana-yol-olasi"]
    assert decision.likeliest == "samsun-buyuksehir"
    assert decision.confidence == pytest.approx(before["fen-isleri"] + before.get("samsun-buyuksehir", 0.0), abs=0.011)


def test_whom_a_topic_concerns_besides_is_proposed_too_and_never_first(knowledge: Knowledge) -> None:
    decision = decide(Report("Boş arsaya moloz döküyorlar"), knowledge)

    first, *others = [proposal.owner for proposal in decision.proposals]
    assert first == "iklim-sifir-atik"
    assert "zabita" in others
    assert decision.proposals[0].confidence >= decision.proposals[1].confidence


def test_in_a_short_message_its_phrases_put_their_owner_first_but_a_person_decides(knowledge: Knowledge) -> None:
    decision = decide(Report("Evde temizlik ve bakım"), knowledge)

    assert decision.proposals[0].owner == "sosyal-destek"
    assert not decision.automatic
