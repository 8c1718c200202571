"""The case page on the whole system: what was said and told, who it was by a press, a case for others too."""

import re
import secrets

from tests.journeys.conftest import Installation, eventually
from tests.journeys.person import Person
from tests.journeys.test_main_journey import a_number

NAME = "Nermin Uydurma"


async def test_a_case_is_told_whole_and_split_by_hand(installation: Installation) -> None:
    person, citizen, mark = Person(installation), a_number(), f"qx{secrets.token_hex(4)}"
    await installation.citizen_writes(citizen, mark, name=NAME)
    (receipt,) = await installation.replies_to(citizen, 1)
    item = await person.finds_to_decide(mark)
    address = f"/work/{item['assignment_id']}"
    assert item["number"] in receipt

    async def story() -> str | None:
        page = await person.sees(address)
        return page if "başvurunuz alındı" in page and "WhatsApp" in page else None

    page = await eventually(story, "the contact and the receipt in the story")
    assert "temasları şu an okunamıyor" not in page
    assert NAME not in page and citizen not in page

    looked = await person.sends(f"{address}/people")
    assert NAME in looked and f"tel:{citizen}" in looked

    await person.sends(f"{address}/split", split_owner="fen-isleri", split_topic="", about=f"Kaldırım çökmüş {mark}")
    told = (await installation.replies_to(citizen, 2))[1]
    further = re.findall(r"\d{3}-\d{3}-\d{3}", told)
    assert further and item["number"] not in further

    async def named() -> bool:
        return further[0] in await person.sees(address)

    assert await eventually(named, "the further case is named on the page of the first")
