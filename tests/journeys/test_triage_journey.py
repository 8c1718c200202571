"""What the router is not sure of: a person sees three proposals with their reasons, decides, and the owner has it."""

import json
from uuid import UUID

from shared.contracts import IncidentGrew
from shared.messaging.topology import owner_queue
from tests.journeys.conftest import Installation, eventually
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


async def test_what_a_person_finds_to_be_the_same_problem_goes_along_with_it(
    installation: Installation, broker: Broker
) -> None:
    person = Person(installation)
    await installation.citizen_writes(a_number(), "Kale Mahallesi'nde çöp konteyneri taştı, çöpler alınmıyor")
    first = await work_of(broker, "temizlik-isleri", "konteyneri taştı")
    await installation.citizen_writes(a_number(), "Köşedeki eczanenin önü yine aynı halde, bir bakar mısınız")
    item = await person.finds_to_decide("Köşedeki eczanenin")

    after = await person.sends(f"/work/{item['assignment_id']}/gather?from=triage", into=str(first.case_id))

    assert f"{item['number']} artık {first.number} ile birlikte yürüyor." in after
    queue = await broker.get_queue(owner_queue("temizlik-isleri", "routine"), ensure=False)

    async def grown() -> IncidentGrew | None:
        message = await queue.get(fail=False)
        if message is None:
            return None
        await message.ack()
        told = json.loads(message.body)
        return IncidentGrew.read(message.body) if told["type"] == IncidentGrew.type_name() else None

    grew = await eventually(grown, "one more report of what the department works on")
    assert (grew.case_id, grew.joined_number, grew.reports) == (first.case_id, item["number"], 2)
