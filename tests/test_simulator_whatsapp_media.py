"""The WhatsApp simulator's files, kinds, hidden users, approved texts and the window by its own clock."""

import hashlib
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from simulators.whatsapp.media import FAULTS
from tests.test_simulator_whatsapp import BEARER, Client, Edge, a_request, a_simulator, edge, kept, send

__all__ = ["edge"]

PHOTO = b"\xff\xd8\xff\xe0 no real photo"
USER = "TR.8123456789012345678"
CITIZEN = "/_simulator/citizens/messages"


async def post(client: Client, path: str, value: Any) -> tuple[int, Any]:
    async with client.post(path, json=value) as response:
        return response.status, await response.json() if response.content_type == "application/json" else None


async def uploaded(client: Client, body: bytes = PHOTO, kind: str = "image/jpeg", **query: str) -> str:
    async with client.post("/_simulator/media", data=body, headers={"Content-Type": kind}, params=query) as response:
        return str((await response.json())["id"])


async def looked_up(client: Client, media_id: str) -> tuple[int, dict[str, Any]]:
    async with client.get(f"/v24.0/{media_id}", headers=BEARER) as response:
        return response.status, await response.json()


async def downloaded(url: str, **headers: str) -> tuple[int, bytes]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers, allow_redirects=False) as answer:
        return answer.status, await answer.read()


async def test_a_file_has_an_address_and_the_address_gives_the_file() -> None:
    async with a_simulator() as client:
        media_id = await uploaded(client)
        status, told = await looked_up(client, media_id)

        assert (status, told["id"], told["file_size"]) == (200, media_id, len(PHOTO))
        assert told["sha256"] == hashlib.sha256(PHOTO).hexdigest()
        assert await downloaded(told["url"], **BEARER) == (200, PHOTO)


async def test_a_file_is_given_to_nobody_without_the_token() -> None:
    async with a_simulator(access_token="secret") as client:
        media_id = await uploaded(client)
        assert (await looked_up(client, media_id))[1]["error"]["code"] == 190
        async with client.get(f"/v24.0/{media_id}", headers={"Authorization": "Bearer secret"}) as response:
            url = (await response.json())["url"]

        assert (await downloaded(url))[0] == 401
        assert (await downloaded(url, **BEARER))[0] == 401
        assert (await downloaded(url, Authorization="Bearer secret"))[0] == 200


async def test_an_address_expires_and_a_new_one_is_given() -> None:
    async with a_simulator(media_seconds=0.0) as client:
        media_id = await uploaded(client)
        _, told = await looked_up(client, media_id)
        assert (await downloaded(told["url"], **BEARER))[0] == 404

        await post(client, "/_simulator/media_seconds", {"seconds": 60})
        _, told = await looked_up(client, media_id)
        assert (await downloaded(told["url"], **BEARER))[0] == 200


async def test_an_id_nobody_knows_is_refused_as_graph_does() -> None:
    async with a_simulator() as client:
        status, told = await looked_up(client, "123")

        assert (status, told["error"]["code"], told["error"]["error_subcode"]) == (400, 100, 33)


@pytest.mark.parametrize(("fault", "status"), [("gone", 410), ("not_found", 404), ("http_500", 500), ("redirect", 302)])
async def test_a_file_meets_the_fault_it_was_given_as_often_as_asked(fault: str, status: int) -> None:
    async with a_simulator() as client:
        media_id = await uploaded(client)
        assert (await post(client, f"/_simulator/media/{media_id}", {"fault": fault, "count": 1}))[0] == 204
        _, told = await looked_up(client, media_id)

        assert (await downloaded(told["url"], **BEARER))[0] == status
        assert (await downloaded(told["url"], **BEARER))[0] == 200


async def test_a_fault_nobody_knows_is_refused() -> None:
    async with a_simulator() as client:
        status, told = await post(client, f"/_simulator/media/{await uploaded(client)}", {"fault": "tired"})

        assert status == 400
        assert all(fault in told["error"] for fault in FAULTS)


@pytest.mark.parametrize(
    ("mime_type", "kind", "extra"),
    [
        ("image/jpeg", "image", {"caption": "çukur"}),
        ("video/mp4", "video", {"caption": "çukur"}),
        ("audio/ogg", "audio", {"voice": True}),
        ("application/pdf", "document", {"caption": "çukur", "filename": "dilekçe.pdf"}),
        ("image/webp", "sticker", {}),
    ],
)
async def test_a_citizen_sends_an_uploaded_file(edge: Edge, mime_type: str, kind: str, extra: dict[str, Any]) -> None:
    async with a_simulator(edge) as client:
        media_id = await uploaded(client, kind=mime_type, filename="dilekçe.pdf")
        asked = {"from": "905000000000", "media": media_id, "caption": "çukur", "voice": True}
        assert (await post(client, CITIZEN, asked))[0] == 200

        [message] = edge.values("messages")
        assert message["type"] == kind
        assert message[kind] == {
            "id": media_id,
            "mime_type": mime_type,
            "sha256": hashlib.sha256(PHOTO).hexdigest(),
            **extra,
        }


async def test_a_citizen_sends_any_kind_as_it_is_documented(edge: Edge) -> None:
    async with a_simulator(edge) as client:
        content = {"original_message_id": "wamid.A"}
        asked = {"from": "905000000000", "type": "revoke", "content": content, "context": {"forwarded": True}}
        assert (await post(client, CITIZEN, asked))[0] == 200
        assert (await post(client, CITIZEN, asked | {"type": "hologram"}))[0] == 400
        assert (await post(client, CITIZEN, asked | {"content": 7}))[0] == 400

        [message] = edge.values("messages")
        assert (message["type"], message["revoke"], message["context"]) == ("revoke", content, {"forwarded": True})


async def test_a_citizen_who_hides_the_number_is_told_and_answered_by_the_user_id(edge: Edge) -> None:
    async with a_simulator(edge) as client:
        await post(client, CITIZEN, {"user_id": USER, "name": "Ayşe", "text": "Merhaba"})
        request = a_request() | {"recipient": USER}
        del request["to"]
        status, told = await send(client, request)

        [message], [contact] = edge.values("messages"), edge.values("contacts")
        assert (message["from_user_id"], contact["user_id"]) == (USER, USER)
        assert "from" not in message
        assert status == 200
        assert told["contacts"] == [{"input": USER, "user_id": USER}]
        assert [one["to"] for one in await kept(client)] == [USER]
        assert (await send(client, request | {"recipient": "nobody"}))[1]["error"]["code"] == 131009
        async with client.get(f"/t/{USER}") as page:
            assert "Merhaba" in await page.text()


async def test_a_photo_chosen_on_the_page_is_sent_and_shown(edge: Edge) -> None:
    async with a_simulator(edge) as client:
        form = aiohttp.FormData({"number": "0500 000 00 00", "text": "çukur"})
        form.add_field("file", PHOTO, filename="çukur.jpg", content_type="image/jpeg")
        async with client.post("/write", data=form) as page:
            html = await page.text()

        [message] = edge.values("messages")
        assert (message["type"], message["image"]["caption"]) == ("image", "çukur")
        path = f"/_simulator/media/{message['image']['id']}"
        assert path in html
        async with client.get(path) as shown:
            assert await shown.read() == PHOTO


async def test_the_window_shuts_by_the_simulator_s_own_clock() -> None:
    async with a_simulator() as client:
        await post(client, "/_simulator/window", {"seconds": 86_400})
        await post(client, CITIZEN, {"from": "905321112233", "text": "Merhaba"})
        for ahead, status in ((86_340, 200), (86_460, 400)):
            await post(client, "/_simulator/window", {"clock_ahead_seconds": ahead})
            answered, told = await send(client, a_request())
            assert answered == status, told
        assert told["error"]["code"] == 131047


def a_template(name: str = "ilkim_alindi", language: str = "tr", *parameters: str) -> dict[str, Any]:
    components = [{"type": "body", "parameters": [{"type": "text", "text": text} for text in parameters]}]
    content = {"name": name, "language": {"code": language}, "components": components}
    return a_request() | {"type": "template", "template": content}


async def test_only_approved_texts_are_taken_with_exactly_their_parameters() -> None:
    async with a_simulator() as client:
        assert (await send(client, a_template("any")))[0] == 200  # while none is known
        await post(client, "/_simulator/templates", {"name": "ilkim_alindi", "language": "tr", "parameters": 1})

        assert (await send(client, a_template("ilkim_alindi", "tr", "482-715-936")))[0] == 200
        assert (await send(client, a_template("any", "tr")))[1]["error"]["code"] == 132001
        assert (await send(client, a_template("ilkim_alindi", "en", "x")))[1]["error"]["code"] == 132001
        assert (await send(client, a_template("ilkim_alindi", "tr", "x", "y")))[1]["error"]["code"] == 132000


async def test_approved_texts_are_read_from_the_municipality_s_file() -> None:
    path = Path(__file__).parent.parent / "municipality" / "ilkadim" / "delivery.toml"
    async with a_simulator(templates_path=str(path)) as client:
        assert (await send(client, a_template("ilkim_basvuru_alindi", "tr", "1", "2")))[0] == 200
        assert (await send(client, a_template("ilkim_basvuru_alindi", "tr", "1")))[1]["error"]["code"] == 132000
