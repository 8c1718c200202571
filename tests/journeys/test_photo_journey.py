"""A photo's way: sent in WhatsApp, fetched, made safe, and seen by who decides about the case."""

import re
import secrets
from datetime import UTC, datetime

from PIL import Image

from tests.desk.conftest import bearer
from tests.intake.test_files import GPS, MARK, a_photo, opened
from tests.journeys.conftest import Installation, eventually

PLACE = "41.28"


async def test_a_citizen_s_photo_is_seen_at_the_desk_upright_and_without_its_metadata(
    installation: Installation,
) -> None:
    now, token = datetime.now(UTC), f"qx{secrets.token_hex(4)}"
    photo = a_photo((800, 400), orientation=6, gps=GPS, taken=f"{now:%Y:%m:%d %H:%M:%S}")
    headers = {"Content-Type": "image/jpeg"}
    async with installation.http.post(
        f"{installation.urls['whatsapp']}/_simulator/media", data=photo, headers=headers
    ) as answer:
        media_id = (await answer.json())["id"]
    await installation.citizen_writes(f"+9055{secrets.randbelow(10**8):08d}", "", media=media_id, caption=token)

    desk = bearer(installation.environment["DESK_TOKEN"])
    seen = await eventually(lambda: _seen(installation, desk, token), "the photo and its place at the desk", 40)

    assert seen.size == (400, 800)
    assert not seen.getexif()


async def _seen(installation: Installation, desk: dict[str, str], token: str) -> Image.Image | None:
    """The photo of the case with these words, once it is there, and the page of the case says where it was taken.

    Fetched while the burst is gathered it places the case from the start; later its place is told as an addition.
    """
    url = installation.urls["desk"]
    async with installation.http.get(f"{url}/api/triage", params={"limit": 100}, headers=desk) as answer:
        items = [item for item in (await answer.json())["items"] if token in item["text"]]
    if not items:
        return None
    async with installation.http.get(f"{url}/work/{items[0]['assignment_id']}", headers=desk) as answer:
        page = await answer.text()
    found = re.search(r'<img src="(/files/[^"]+)"', page)
    assert found
    async with installation.http.get(url + found[1], headers=desk) as answer:
        assert answer.status in (200, 202)
        if answer.status == 202 or PLACE not in page:
            return None
        body = await answer.read()
    assert MARK.encode() not in body
    return opened(body)
