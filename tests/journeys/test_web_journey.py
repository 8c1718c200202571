"""The web, whole: the form in two steps, then the tracking page tells the question and the outcome, and takes words."""

import re
import uuid

from shared.contracts import Outcome
from shared.contracts.departments import AssignmentAccepted, AssignmentClosed, CitizenAsked
from tests.journeys.conftest import Installation, eventually
from tests.journeys.test_main_journey import Broker, answer, of, work_of


async def test_the_tracking_page_tells_the_whole_story_and_takes_the_answer(
    installation: Installation, broker: Broker
) -> None:
    edge, page = installation.urls["edge"], str(uuid.uuid4())
    given = {"submission_id": page, "text": "Parktaki tahterevalli yerinden çıkmış", "neighbourhood": "Kadıköy"}
    async with installation.http.post(f"{edge}/basvuru", data=given | {"step": "check"}) as looked:
        assert "Doğru anladık mı?" in await looked.text()
    async with installation.http.post(f"{edge}/basvuru", data=given | {"step": "send"}) as sent:
        status = await sent.text()
    found = re.search(r'href="(/takip/[^"]+)"', status)
    assert found
    tracking = f"{edge}{found[1]}"

    async def page_says(words: str) -> bool:
        async with installation.http.get(tracking) as shown:
            return words in await shown.text()

    offer = await work_of(broker, "park-bahceler", "tahterevalli")
    await answer(broker, "accepted", AssignmentAccepted(**of(offer)))
    await answer(broker, "asked", CitizenAsked(**of(offer), question="Hangi girişin yanında?"))
    await eventually(lambda: page_says("Hangi girişin yanında?"), "the question on the tracking page")

    told = {"submission_id": str(uuid.uuid4()), "text": "Okul tarafındaki girişin"}
    async with installation.http.post(tracking, data=told) as added:
        assert "Mesajınız ulaştı" in await added.text()
    await eventually(lambda: page_says("Mesajınız eklendi"), "the answer in the story")

    closing = AssignmentClosed(**of(offer), outcome=Outcome.SOLVED, answer="Tahterevalli yerine takıldı.")
    await answer(broker, "closed", closing)
    await eventually(lambda: page_says("Tahterevalli yerine takıldı."), "the outcome on the tracking page")
