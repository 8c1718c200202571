"""Whose incidents a newly opened case may join by itself, and where it is said to be."""

from dataclasses import replace
from datetime import UTC, datetime

from services.router.domain.decision import Decision
from services.router.domain.gathering import joining, may_join, spot_of
from services.router.domain.life import Case
from shared.addresses import AddressSpan
from shared.contracts import CaseState, Channel, Evidence, EvidenceKind, OwnerKind, Place, Proposal, Why
from shared.gazetteer import ClueCode, PlaceFound, StreetFound
from shared.ids import new_id
from tests.builders import a_case_opened

CENTRE, WATER, ROADS = "cozum-merkezi", "saski", "fen-isleri"
DECIDED = Decision(
    owner=WATER,
    owner_kind=OwnerKind.INSTITUTION,
    likeliest=WATER,
    topic="su-patlagi",
    level="urgent",
    lane="urgent",
    neighbourhood="61858",
    confidence=0.97,
    automatic=True,
    proposals=(Proposal(owner=WATER, topic="su-patlagi", confidence=0.97),),
    why=Why(),
)
UNDECIDED = replace(DECIDED, owner=CENTRE, owner_kind=OwnerKind.CENTRE, topic=None, automatic=False)


def a_case(decision: Decision) -> Case:
    return Case(
        id=new_id(),
        number="482-715-936",
        version=2,
        state=CaseState.ROUTED,
        owner=decision.owner,
        owner_kind=decision.owner_kind,
        assignment_id=new_id(),
        opened_at=datetime(2026, 11, 23, 12, tzinfo=UTC),
        lane="urgent",
        contact_id=new_id(),
        person_id=None,
        channel=Channel.WHATSAPP,
        account="main",
        language="tr",
        trace_id="",
        topic=decision.topic,
        neighbourhood=decision.neighbourhood,
    )


def test_a_case_joins_those_of_its_own_owner() -> None:
    assert may_join(a_case(DECIDED), DECIDED, WATER)
    assert not may_join(a_case(DECIDED), DECIDED, ROADS)


def test_what_the_router_was_unsure_of_joins_a_case_of_an_owner_it_thought_of() -> None:
    assert may_join(a_case(UNDECIDED), UNDECIDED, WATER)
    assert not may_join(a_case(UNDECIDED), UNDECIDED, ROADS)


def test_what_a_person_has_yet_to_decide_is_not_gathered_with_its_like() -> None:
    assert not may_join(a_case(UNDECIDED), UNDECIDED, CENTRE)


def test_what_a_person_decided_is_never_overruled() -> None:
    by_hand = replace(UNDECIDED, decided_by="desk:ayse")

    assert not may_join(a_case(by_hand), by_hand, WATER)


def test_while_something_is_missing_nothing_unsure_is_joined() -> None:
    trouble = Why(evidence=(Evidence(kind=EvidenceKind.TROUBLE, code="model"),))

    assert not may_join(a_case(UNDECIDED), replace(UNDECIDED, why=trouble), WATER)


def test_the_grounds_name_the_case_it_went_with() -> None:
    head = a_case(DECIDED)

    joined = joining(UNDECIDED, replace(a_case(UNDECIDED), owner=WATER, topic="su-patlagi"), head, 0.91)

    assert joined.why.evidence[0] == Evidence(kind=EvidenceKind.INCIDENT, code=head.number, share=0.91)
    assert (joined.owner, joined.automatic, joined.confidence) == (WATER, True, 0.91)


def test_a_point_that_was_refused_is_no_place() -> None:
    event = a_case_opened(place=Place(latitude=0, longitude=0))

    assert spot_of(event, a_case(DECIDED), PlaceFound(refused=ClueCode.REFUSED_ZERO)).point is None
    assert spot_of(event, a_case(DECIDED), PlaceFound()).point == (0, 0)


def test_the_street_is_the_one_that_was_found_with_its_number() -> None:
    found = PlaceFound(
        streets=(StreetFound("gazi", "cadde", {"61858": 1.0}),),
        address=AddressSpan(0, 20, street="Gazi", number="12 A"),
    )

    spot = spot_of(a_case_opened(), a_case(DECIDED), found)

    assert (spot.street, spot.door, spot.neighbourhood) == ("gazi cadde", "12 a", "61858")
