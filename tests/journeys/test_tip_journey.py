"""Whoever tells a tip (ihbar) stays hidden from its department: in the queue, on the pages, in logs and figures."""

import json
import secrets

import aio_pika

from ops.supervisor import log_of
from shared.contracts import AssignmentOffered, CaseKind
from shared.messaging.topology import LANES, owner_queue
from tests.journeys.conftest import Installation, eventually
from tests.journeys.person import Person
from tests.journeys.test_main_journey import Broker, a_number


async def raw_work(broker: Broker, owner: str, about: str) -> aio_pika.abc.AbstractIncomingMessage:
    """The message itself, headers and all."""
    queues = [await broker.get_queue(owner_queue(owner, lane), ensure=False) for lane in LANES]

    async def take() -> aio_pika.abc.AbstractIncomingMessage | None:
        for queue in queues:
            message = await queue.get(fail=False)
            if message is not None:
                await message.ack()
                if about in json.loads(message.body).get("text", ""):
                    return message
        return None

    message: aio_pika.abc.AbstractIncomingMessage = await eventually(take, f"work about {about}")
    return message


def digits(number: str) -> tuple[str, ...]:
    """How a number may be written."""
    return number, number.removeprefix("+90"), number.removeprefix("+")


async def test_the_department_never_learns_who_told_a_tip(installation: Installation, broker: Broker) -> None:
    teller, mark, name = a_number(), secrets.token_hex(4), f"Gizli {secrets.token_hex(4)}"
    text = f"İhbar ediyorum, kimliğim gizli kalsın: pazarda seyyar satıcılar kaldırımı kapatıyor, zabıta gelsin {mark}"
    await installation.citizen_writes(teller, text, name=name)

    message = await raw_work(broker, "zabita", mark)

    offer = AssignmentOffered.read(message.body)
    assert (offer.kind, offer.hides_identity) == (CaseKind.TIP, True)
    sent = message.body.decode() + json.dumps(message.headers, default=str)
    assert not [secret for secret in (*digits(teller), name) if secret in sent]
    assert "person_id" not in json.loads(message.body)


async def test_no_log_and_no_figure_says_who_told_a_tip(installation: Installation, broker: Broker) -> None:
    teller, mark, name = a_number(), secrets.token_hex(4), f"Gizli {secrets.token_hex(4)}"
    text = f"İhbar ediyorum, adım gizli kalsın: seyyar satıcılar kaldırımı kapatıyor, zabıta gelsin {mark}"
    await installation.citizen_writes(teller, text, name=name)
    await raw_work(broker, "zabita", mark)
    await installation.replies_to(teller, 1)

    reporting = installation.urls["reporting"]
    for path in ("/api/cases", "/api/bulletin"):
        async with installation.http.get(reporting + path) as answer:
            said = await answer.text()
        assert not [secret for secret in (*digits(teller), name) if secret in said]
    installation.must_be_awake()
    assert installation.state is not None
    ours = [process for process in installation.urls if process not in ("whatsapp", "mail", "outside")]
    for process in ours:
        log = log_of(installation.state, process)
        said = log.read_text(errors="replace") if log.exists() else ""
        assert not [secret for secret in (*digits(teller), name, mark) if secret in said], process


async def test_a_tip_in_triage_shows_nobody_s_name(installation: Installation) -> None:
    person, teller, mark = Person(installation), a_number(), secrets.token_hex(4)
    name = f"Gizli {secrets.token_hex(4)}"
    await installation.citizen_writes(teller, f"Bir ihbarda bulunmak istiyorum, adım gizli kalsın {mark}", name=name)

    item = await person.finds_to_decide(mark)

    assert item["hides_identity"]
    for path in (f"/work/{item['assignment_id']}", f"/triage?at={item['assignment_id']}", "/"):
        page = await person.sees(path)
        assert not [secret for secret in (*digits(teller), name) if secret in page]
