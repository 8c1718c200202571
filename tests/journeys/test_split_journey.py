"""One message for two departments: a person agrees, the citizen gets a second number, both departments have theirs."""

import re

from tests.journeys.conftest import Installation, eventually
from tests.journeys.person import Person
from tests.journeys.test_main_journey import Broker, a_number, work_of

BOTH = (
    "Kale Mahallesi'nde çöp konteyneri taştı, çöpler üç gündür toplanmıyor. Bir de sokak lambası haftalardır yanmıyor."
)
ONE = "Pazar Mahallesi'nde çöp konteyneri taştı, çöpler toplanmıyor. Bir de sokak lambası yanmıyor."


async def test_two_departments_get_a_case_each_and_the_citizen_two_numbers(
    installation: Installation, broker: Broker
) -> None:
    person, citizen = Person(installation), a_number()
    await installation.citizen_writes(citizen, BOTH)
    (receipt,) = await installation.replies_to(citizen, 1)
    task = await person.finds_task("split", "haftalardır yanmıyor")
    assert task["number"] in receipt

    page = await person.sees(f"/tasks/{task['id']}")
    ticked = re.findall(r'name="(chosen-\d)" value="([^"]+)"[^>]* checked', page)
    assert [value.split("|")[0] for _, value in ticked]
    await person.sends(f"/tasks/{task['id']}/settle", decision="done", **dict(ticked))

    first = await work_of(broker, task["detail"], "haftalardır yanmıyor")
    second = await work_of(broker, ticked[0][1].split("|")[0], "haftalardır yanmıyor")
    assert {first.owner, second.owner} == {"temizlik-isleri", "yedas"}
    assert (first.number, first.text) == (task["number"], second.text)
    told = (await installation.replies_to(citizen, 2))[1]
    assert second.number in told and second.number != first.number
    assert "Çözüm merkezinde" in second.reasons[0] or "belirledi" in second.reasons[0]


async def test_one_department_being_enough_opens_nothing(installation: Installation, broker: Broker) -> None:
    person, citizen = Person(installation), a_number()
    await installation.citizen_writes(citizen, ONE)
    task = await person.finds_task("split", "Pazar Mahallesi'nde")

    await person.sends(f"/tasks/{task['id']}/settle", decision="discard", note="")

    async def is_settled() -> bool:
        tasks = (await person.reads("/api/tasks?kind=split&limit=200"))["tasks"]
        return all(row["id"] != task["id"] for row in tasks)

    assert await eventually(is_settled, "the task is settled")
    assert (await work_of(broker, task["detail"], "Pazar Mahallesi'nde")).number == task["number"]
    assert len(await installation.replies_to(citizen, 1)) == 1
