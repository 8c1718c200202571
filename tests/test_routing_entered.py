"""A person's decision from the entry form, and the question the form asks before there is a case."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from services.router.domain.decision import Decision, Report, decide
from services.router.domain.entered import honour
from services.router.domain.knowledge import Knowledge, load_knowledge
from services.router.web import BODY_BYTES_MAX, add_routes
from shared.contracts import Decided, Evidence, EvidenceKind, OwnerKind
from shared.messaging import Service
from shared.municipality import load
from shared.settings import Settings
from tests.harness import AWAY_AMQP, AWAY_DATABASE, serving

ROOT = Path(__file__).parent.parent
PLACE = load(ROOT / "municipality/ilkadim")
KNOWLEDGE = load_knowledge(PLACE, ROOT / "services/router/model")
TOPICS = {topic.code for topic in PLACE.topics}
NEIGHBOURHOODS = {neighbourhood.code for neighbourhood in PLACE.neighbourhoods}
RUBBISH = "Sokağımızdaki çöpler üç gündür alınmadı"


def honoured(decided: Decided | None, text: str = RUBBISH, knowledge: Knowledge = KNOWLEDGE) -> Decision:
    return honour(decided, decide(Report(text), knowledge), knowledge, TOPICS, NEIGHBOURHOODS)


def test_what_a_person_decided_is_taken_as_it_is() -> None:
    place = PLACE.neighbourhoods[0].code

    decision = honoured(Decided(owner="zabita", topic="gurultu", neighbourhood=place, by="ayse"))

    assert (decision.owner, decision.owner_kind, decision.topic) == ("zabita", OwnerKind.DEPARTMENT, "gurultu")
    assert (decision.neighbourhood, decision.automatic, decision.confidence) == (place, False, 1.0)
    assert (decision.decided_by, decision.proposals) == ("desk:ayse", ())
    assert decision.why.evidence[0] == Evidence(kind=EvidenceKind.PERSON, code="entered", detail="ayse")


def test_without_a_decision_the_router_s_own_stands() -> None:
    assert honoured(None) == decide(Report(RUBBISH), KNOWLEDGE)


def test_an_owner_nobody_knows_leaves_the_router_s_decision_and_says_so() -> None:
    own = decide(Report(RUBBISH), KNOWLEDGE)

    decision = honoured(Decided(owner="nobody", by="ayse"))

    assert replace(decision, why=own.why) == own
    assert decision.why.evidence[-1] == Evidence(kind=EvidenceKind.TROUBLE, code="unknown_owner", detail="nobody")


def test_an_unknown_topic_or_neighbourhood_is_left_out_and_said() -> None:
    decision = honoured(Decided(owner="temizlik-isleri", topic="nothing", neighbourhood="0", by="ayse"))

    assert (decision.owner, decision.topic) == ("temizlik-isleri", "cop-toplama")
    assert [evidence.code for evidence in decision.why.evidence[-2:]] == ["unknown_topic", "unknown_neighbourhood"]


def test_an_urgent_topic_makes_the_case_urgent() -> None:
    urgent = next(topic for topic in PLACE.topics if topic.urgency == "urgent")

    decision = honoured(Decided(owner=urgent.owner, topic=urgent.code, by="ayse"), text="merhaba")

    assert (decision.level, decision.lane) == ("urgent", "urgent")


def test_what_is_left_to_the_centre_keeps_its_proposals() -> None:
    assert honoured(Decided(owner=KNOWLEDGE.centre, by="ayse")).proposals


@pytest.fixture(scope="module")
async def asked() -> AsyncIterator[aiohttp.ClientSession]:
    settings = Settings(rabbitmq_url=SecretStr(AWAY_AMQP), database_url=SecretStr(AWAY_DATABASE))
    service = Service("router", "router", settings)
    add_routes(service.web, lambda: KNOWLEDGE)
    async with serving(service) as url, aiohttp.ClientSession(url) as http:
        yield http


async def test_proposals_come_with_their_reasons_while_servers_are_away(asked: aiohttp.ClientSession) -> None:
    place = {"neighbourhood": PLACE.neighbourhoods[0].name}

    async with asked.post("/api/proposals", json={"text": RUBBISH, "place": place}) as reply:
        answer = await reply.json()

    assert reply.status == 200
    assert (answer["proposals"][0]["owner"], answer["proposals"][0]["topic"]) == ("temizlik-isleri", "cop-toplama")
    assert answer["neighbourhood"] == PLACE.neighbourhoods[0].code
    assert (answer["urgency"], answer["emergency_number"]) == ("routine", None)
    assert "cop-toplama" in {evidence["code"] for evidence in answer["why"]["evidence"]}


async def test_words_of_danger_bring_the_number_to_call(asked: aiohttp.ClientSession) -> None:
    async with asked.post("/api/proposals", json={"text": "Evimiz yanıyor, yangın var!"}) as reply:
        answer = await reply.json()

    assert (answer["urgency"], answer["emergency_number"]) == ("emergency", "112")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[]", 422),
        (b"{", 422),
        (b'{"text": 5}', 422),
        (b'{"text": "' + b"a" * 4001 + b'"}', 422),
        (b" " * (BODY_BYTES_MAX + 1), 413),
    ],
)
async def test_what_is_no_question_is_refused(asked: aiohttp.ClientSession, body: bytes, status: int) -> None:
    async with asked.post("/api/proposals", data=body) as reply:
        assert reply.status == status
        assert reply.content_type == "application/problem+json"
