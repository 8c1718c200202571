"""Files of a case for who works on it: shown, on their way, gone, or none of ours."""

from uuid import UUID

from shared.contracts import Attachment
from shared.keeping import Files
from shared.objects import Folder, Sealed
from tests.builders import a_citizen_added, an_id
from tests.desk.conftest import Desk
from tests.harness import until
from tests.intake.test_files import a_photo


def files_of(desk: Desk) -> Files:
    return Files(Sealed(Folder(desk.system.objects), bytes(range(32))))


def a_picture(file_id: UUID) -> Attachment:
    return Attachment(id=file_id, provider_id="1", media_type="image/jpeg")


async def test_a_case_s_photo_stands_in_its_page_and_is_shown(at_desk: Desk) -> None:
    file_id = an_id()
    await files_of(at_desk).keep(file_id, a_photo())
    offer = await at_desk.offer(attachments=(a_picture(file_id),))

    assert f'<img src="/files/{file_id}"' in (await at_desk.get(f"/work/{offer.assignment_id}")).text
    async with at_desk.http.get(f"/files/{file_id}") as shown:
        assert (shown.status, shown.content_type) == (200, "image/jpeg")
        assert shown.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in shown.headers["Content-Security-Policy"]


async def test_a_paper_is_saved_and_never_opened_in_the_page(at_desk: Desk) -> None:
    file_id = an_id()
    await files_of(at_desk).keep(file_id, b"%PDF-1.7", "dilekçe.pdf")
    paper = Attachment(id=file_id, provider_id="1", media_type="application/pdf")
    offer = await at_desk.triage(attachments=(paper,))

    page = (await at_desk.get("/triage")).text
    assert f'href="/files/{file_id}"' in page
    assert f'<img src="/files/{file_id}"' not in page
    assert offer.number in page
    reply = await at_desk.get(f"/files/{file_id}")
    assert reply.headers["Content-Disposition"].startswith("attachment")


async def test_a_file_on_its_way_is_accepted_and_one_that_was_given_up_is_gone(at_desk: Desk) -> None:
    coming, lost = an_id(), an_id()
    await files_of(at_desk).give_up(lost, "never_came")
    await at_desk.offer(attachments=(a_picture(coming), a_picture(lost)))

    reply = await at_desk.get(f"/files/{coming}")
    assert (reply.status, reply.headers["Retry-After"]) == (202, "5")
    assert (await at_desk.get(f"/files/{lost}")).status == 410


async def test_a_file_that_came_with_no_case_here_is_not_given_out(at_desk: Desk) -> None:
    file_id = an_id()
    await files_of(at_desk).keep(file_id, a_photo())

    assert (await at_desk.get(f"/files/{file_id}")).status == 404


async def test_files_are_for_those_who_signed_in(at_desk: Desk) -> None:
    file_id = an_id()
    await files_of(at_desk).keep(file_id, a_photo())
    await at_desk.offer(attachments=(a_picture(file_id),))

    assert (await at_desk.get(f"/files/{file_id}", {"Authorization": ""})).status == 401


async def test_a_photo_that_was_added_later_stands_there_too(at_desk: Desk) -> None:
    first, second = an_id(), an_id()
    offer = await at_desk.offer(attachments=(a_picture(first),))
    added = a_citizen_added(
        assignment_id=offer.assignment_id, case_id=offer.case_id, attachments=(a_picture(second), a_picture(first))
    )
    await at_desk.tell(offer, added)

    async def is_there() -> bool:
        return f"/files/{second}" in (await at_desk.get(f"/work/{offer.assignment_id}")).text

    await until(is_there)
    page = (await at_desk.get(f"/work/{offer.assignment_id}")).text
    assert page.index(f"/files/{first}") < page.index(f"/files/{second}")
    assert page.count(f'<img src="/files/{first}"') == 1
