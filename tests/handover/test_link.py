"""The page behind the link: looking changes nothing, answering ends it once, and it is shown to nobody else."""

import asyncio

from shared.tokens import HandOverTokens
from tests.handover.conftest import Office


async def test_looking_shows_the_case_and_changes_nothing(office: Office) -> None:
    offer, _, link = await office.sent()
    pages = [await office.get(link) for _ in range(3)]

    assert all(page.status == 200 for page in pages)
    assert offer.text in pages[0].text
    assert await office.state(offer) == "sent"
    await office.no_answer(0.3)


async def test_an_answer_closes_the_case_with_their_words_and_is_shown_from_then_on(office: Office) -> None:
    offer, _, link = await office.sent()
    taken = await office.post(link, choice="solved", text="Lamba değiştirildi.")
    answer = await office.answer()

    assert "Yanıtınız alındı" in taken.text
    assert (answer["type"], answer["outcome"]) == ("assignment.closed.v1", "solved")
    assert answer["answer"] == "Lamba değiştirildi."
    page = (await office.get(link)).text
    assert "Lamba değiştirildi." in page
    assert "<form" not in page
    assert await office.state(offer) == "answered_by_link"


async def test_ten_clicks_at_once_are_one_answer(office: Office) -> None:
    _, _, link = await office.sent()
    pages = await asyncio.gather(*(office.post(link, choice="solved", text="Onarıldı.") for _ in range(10)))
    await office.answer()

    assert sum("Yanıtınız alındı" in page.text for page in pages) == 1
    await office.no_answer(0.5)


async def test_work_in_progress_leaves_the_link_good(office: Office) -> None:
    _, _, link = await office.sent()
    await office.post(link, choice="working", text="Ekip yönlendirildi.")
    assert (await office.answer())["type"] == "assignment.progressed.v1"
    await office.post(link, choice="solved", text="Onarıldı.", seen="1")

    assert (await office.answer())["type"] == "assignment.closed.v1"


async def test_not_ours_goes_back_with_whose_it_is(office: Office) -> None:
    _, _, link = await office.sent()
    await office.post(link, choice="not_ours", text="Direk belediyeye ait.", whose="fen-isleri")
    answer = await office.answer()

    assert (answer["because"], answer["proposal"]) == ("not_ours", "fen-isleri")


async def test_two_people_of_theirs_at_once_are_told_of_each_other(office: Office) -> None:
    _, _, link = await office.sent()
    await office.post(link, choice="working", text="Ekip yönlendirildi.")
    page = await office.post(link, choice="not_ours", text="Bizim değil.")

    assert page.status == 409
    assert "bir yanıt daha geldi" in page.text
    assert "Bizim değil." in page.text


async def test_what_is_missing_is_said_beside_the_field_and_what_was_typed_stays(office: Office) -> None:
    offer, _, link = await office.sent()
    page = await office.post(link, choice="solved", text="")
    other = await office.post(link, choice="", text="Onarıldı & kapandı.")

    assert (page.status, other.status) == (422, 422)
    assert "Bu alanı doldurun" in page.text
    assert "Onarıldı &amp; kapandı." in other.text
    assert await office.state(offer) == "sent"


async def test_what_is_typed_never_becomes_markup(office: Office) -> None:
    _, _, link = await office.sent(text="<script>alert(1)</script>")
    page = await office.get(link)

    assert "<script>alert" not in page.text


async def test_nobody_else_finds_it(office: Office) -> None:
    _, _, link = await office.sent()
    page = await office.get(link)

    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


async def test_a_forged_link_is_nobodys_and_guessing_is_slowed(office: Office) -> None:
    _, _, link = await office.sent()
    forged = link[:-1] + ("0" if link[-1] != "0" else "1")
    statuses = [(await office.get(forged)).status for _ in range(12)]

    assert statuses[0] == 404
    assert statuses[-1] == 429
    assert (await office.get(link)).status == 200


async def test_another_key_makes_another_link(office: Office) -> None:
    offer, _, link = await office.sent()
    other = HandOverTokens(bytes(32)).link(offer.assignment_id)

    assert (await office.get(f"/kurum/{other}")).status in (404, 429)
    assert link.removeprefix("/kurum/") != other


async def test_the_page_is_english_one_click_away(office: Office) -> None:
    _, _, link = await office.sent()
    page = await office.get(f"{link}?dil=en")

    assert "Your answer" in page.text


async def test_a_file_of_another_case_is_not_shown(office: Office) -> None:
    _, _, link = await office.sent()

    assert (await office.get(f"{link}/ek/00000000-0000-0000-0000-000000000000")).status == 404
