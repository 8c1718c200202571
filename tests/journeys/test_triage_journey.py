"""What the router is not sure of: a person sees three proposals with their reasons, decides, and the owner has it."""

from uuid import UUID

from tests.journeys.conftest import Installation
from tests.journeys.person import Person
from tests.journeys.test_main_journey import Broker, a_number, work_of

UNCLEAR = (
    "100. Yıl Bulvarı'nda eczanenin önünde her akşam arabalar yolun iki yanına duruyor, çöp arabası geçemiyor, "
    "kaldırımdan yürünmüyor. Kim ilgileniyorsa lütfen baksın."
)


async def test_an_unclear_message_is_decided_by_a_person_who_sees_why(
    installation: Installation, broker: Broker
) -> None:
    person = Person(installation)
    await installation.citizen_writes(a_number(), UNCLEAR)
    item = await person.finds_to_decide("eczanenin önünde")

    page = await person.sees(f"/triage?at={item['assignment_id']}")

    assert len(item["proposals"]) == 3
    assert page.count("data-key=") >= 3
    assert "bu yüzden bir kişi karar verecek" in page
    assert "konusunu gösteriyor" in page and "<mark>" in page

    chosen = item["proposals"][1]
    path = f"/work/{item['assignment_id']}/decide?from=triage"
    topic = {"topic": chosen["topic"]} if chosen["topic"] else {}
    after = await person.sends(path, owner=chosen["owner"], **topic)

    assert f"{item['number']} gönderildi" in after
    offer = await work_of(broker, chosen["owner"], "eczanenin önünde")
    assert (offer.case_id, offer.topic) == (UUID(item["case_id"]), chosen["topic"])
    assert offer.reasons == ("Çözüm merkezinde bir kişi karar verdi.",)
    assert chosen["owner_name"] in await person.sees(f"/work/{item['assignment_id']}")
