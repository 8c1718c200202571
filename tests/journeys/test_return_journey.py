"""Not ours: the case goes to the proposal; after a second return a person decides, and sees by whom and why."""

from shared.contracts.departments import AssignmentReturned
from tests.journeys.conftest import Installation
from tests.journeys.person import Person
from tests.journeys.test_main_journey import Broker, a_number, answer, of, work_of

TEXT = "Derebahçe Mahallesi'ndeki çocuk parkında salıncak kırık, parkın oyun grubu bakımsız."


async def test_a_second_return_brings_the_case_before_a_person(installation: Installation, broker: Broker) -> None:
    person = Person(installation)
    await installation.citizen_writes(a_number(), TEXT)

    first = await work_of(broker, "park-bahceler", "oyun grubu bakımsız")
    await answer(
        broker, "returned", AssignmentReturned(**of(first), reason="Okulun bahçesi, park değil.", proposal="fen-isleri")
    )
    second = await work_of(broker, "fen-isleri", "oyun grubu bakımsız")
    assert (second.returns, second.returned_by) == (1, "park-bahceler")
    assert second.reasons == ("Park ve Bahçeler Müdürlüğü iade etti ve bu birimi önerdi.",)
    await answer(broker, "returned", AssignmentReturned(**of(second), reason="Oyun grubu bizde değil."))

    item = await person.finds_to_decide("oyun grubu bakımsız", returns=2)
    page = await person.sees(f"/triage?at={item['assignment_id']}")
    assert "Fen İşleri Müdürlüğü iade etti" in page and "Oyun grubu bizde değil." in page
    assert "iki kez iade edildi" in page and "2 kez iade edildi" in page
    assert [row["owner"] for row in item["proposals"]][:1] == ["park-bahceler"]

    await person.sends(f"/work/{item['assignment_id']}/decide?from=triage", owner="park-bahceler")
    third = await work_of(broker, "park-bahceler", "oyun grubu bakımsız")
    assert (third.case_id, third.returns) == (first.case_id, 2)
