"""The parts of a message: a second matter is found where it is told, and none where there is one."""

from pathlib import Path

import pytest

from services.router.domain.subjects import PARTS_MAX, Subject, further_owners, subjects
from shared.municipality import load
from shared.municipality.sentences import load_sentences, owner_of
from shared.text import fold, words
from shared.topic_words import TopicWords

ILKADIM = Path(__file__).parent.parent / "municipality" / "ilkadim"
PLACE = load(ILKADIM)
TOPICS = TopicWords(PLACE.topics)
NOBODY = {PLACE.solution_centre.code}
WRONG_SHARE_MAX = 0.03


def parts_of(text: str) -> tuple[Subject, ...]:
    return subjects(text, TOPICS, TOPICS.find(words(fold(text))))


def further(text: str, owner: str) -> set[str]:
    return {proposal.owner for proposal in further_owners(parts_of(text), owner, NOBODY)}


@pytest.mark.parametrize(
    ("text", "first", "others"),
    [
        ("Çöpler alınmıyor, ayrıca sokak lambası yanmıyor", "temizlik-isleri", {"yedas"}),
        ("Çöpler alınmıyor, ayrıca sokak lambası yanmıyor", "yedas", {"temizlik-isleri"}),
        ("Parkta hamam böceği var, banklar da kırık", "zabita", {"park-bahceler"}),
        ("Sular kesik. Elektrikler de gitti.", "saski", {"yedas"}),
        ("Rögar kapağı kırık ve sokak lambaları yanmıyor", "yedas", {"saski"}),
        ("Çöp kamyonu gelmiyor. İkinci konu: trafik ışıkları çalışmıyor.", "temizlik-isleri", {"samsun-buyuksehir"}),
        ("kanalizasyon taştı ayrıca sivrisinek ilaçlaması yapılsın", "saski", {"zabita"}),
        (
            "emlak vergisi borcumu öğrenmek istiyorum bir de nikah günü almak istiyorum",
            "mali-hizmetler",
            {"yazi-isleri"},
        ),
    ],
)
def test_a_second_matter_has_its_owner(text: str, first: str, others: set[str]) -> None:
    for spelling in (text, fold(text), text.upper()):
        assert further(spelling, first) == others


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("Çöp kamyonu köpeğe çarptı", "temizlik-isleri"),
        ("Parkta su boşa akıyor, fıskiyeler bozuk", "park-bahceler"),
        ("Otobüste köpek vardı, şoför bir şey demedi", "samsun-buyuksehir"),
        ("Çöpler alınmıyor, ayrıca konteyner de kırık", "temizlik-isleri"),
        ("Muhtara da söyledik, başkanım sokak lambaları yanmıyor", "yedas"),
        ("İnşaatın gürültüsünden uyuyamıyoruz", "zabita"),
        ("Ayrıca teşekkür ederim", "zabita"),
    ],
)
def test_one_matter_stays_one(text: str, owner: str) -> None:
    assert further(text, owner) == set()


def test_messages_of_one_matter_seldom_get_a_second_owner() -> None:
    held = [row for row in load_sentences(ILKADIM, PLACE) if row.held and not row.owner]

    wrong = [row.text for row in held if further(row.text, owner_of(row, PLACE))]

    assert len(wrong) / len(held) < WRONG_SHARE_MAX


def test_each_part_tells_where_it_stands_and_what_it_is_about() -> None:
    text = "Merhaba. Çöpler alınmıyor, sokak lambası yanmıyor."

    found = parts_of(text)

    assert [(text[part.start : part.end].strip(), part.owner) for part in found] == [
        ("Çöpler alınmıyor", "temizlik-isleri"),
        ("sokak lambası yanmıyor", "yedas"),
    ]
    assert all(0 < part.share <= 1 for part in found)


@pytest.mark.parametrize("text", ["", ",.;" * 6_000, "ayrıca " * 3_000, "çöp," * 5_000, "\x00ve و ", "a" * 20_000])
def test_any_text_has_few_parts(text: str) -> None:
    assert len(parts_of(text)) <= PARTS_MAX + len(words(fold(text[:5_000])))
