"""The object store: one behaviour over every kind of it, bare and sealed."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
from moto.server import ThreadedMotoServer
from pydantic import SecretStr

from shared import s3
from shared.objects import Folder, Missing, ObjectSettings, ObjectStore, Sealed, Tampered, open_store
from shared.s3 import S3, Away, Bucket
from tests.harness import KEY

SEALING_KEY = bytes(range(32))


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    """A real HTTP server that speaks S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
async def bucket(s3_url: str) -> Bucket:
    async with aiohttp.ClientSession() as client, client.put(f"{s3_url}/citizens") as answer:
        assert answer.status == 200
    return Bucket("citizens", s3_url, "us-east-1", "access", "secret")


@pytest.fixture(params=["folder", "s3", "sealed folder", "sealed s3"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, bucket: Bucket) -> AsyncIterator[ObjectStore]:
    bare: ObjectStore = S3(bucket) if "s3" in request.param else Folder(tmp_path)
    store = Sealed(bare, SEALING_KEY) if "sealed" in request.param else bare
    yield store
    await store.close()


async def test_what_is_put_is_got(store: ObjectStore) -> None:
    body = bytes(range(256)) * 4_000
    await store.put("files/one", body)

    assert await store.get("files/one") == body


async def test_an_empty_object_is_an_object(store: ObjectStore) -> None:
    await store.put("files/empty", b"")

    assert await store.get("files/empty") == b""


async def test_the_same_key_again_replaces(store: ObjectStore) -> None:
    await store.put("files/two", b"first, and longer")
    await store.put("files/two", b"second")

    assert await store.get("files/two") == b"second"


async def test_what_is_not_there_is_missing(store: ObjectStore) -> None:
    with pytest.raises(Missing):
        await store.get("files/nothing")


async def test_what_is_deleted_is_missing_and_deleting_twice_is_harmless(store: ObjectStore) -> None:
    await store.put("raw/three", b"x")
    await store.delete("raw/three")
    await store.delete("raw/three")

    with pytest.raises(Missing):
        await store.get("raw/three")


async def test_twenty_at_once_are_all_safe(store: ObjectStore) -> None:
    await asyncio.gather(*(store.put(f"files/n{number}", str(number).encode()) for number in range(20)))

    got = await asyncio.gather(*(store.get(f"files/n{number}") for number in range(20)))
    assert got == [str(number).encode() for number in range(20)]


@pytest.mark.parametrize("key", ["", "../up", "/etc/passwd", "a//b", "a/.b", "Upper", "a\0b", "x" * 201])
async def test_a_key_that_could_leave_its_place_is_refused(store: ObjectStore, key: str) -> None:
    with pytest.raises(ValueError, match="an object's key"):
        await store.put(key, b"")
    with pytest.raises(ValueError, match="an object's key"):
        await store.get(key)


async def test_a_closed_store_may_be_closed_again(store: ObjectStore) -> None:
    await store.put("files/four", b"x")

    await store.close()
    await store.close()


async def test_nothing_of_a_sealed_object_can_be_read_in_the_folder(tmp_path: Path) -> None:
    await Sealed(Folder(tmp_path), SEALING_KEY).put("files/five", b"Ayse Yilmaz" * 100)

    assert b"Ayse" not in (tmp_path / "files" / "five").read_bytes()


async def test_an_object_moved_to_another_key_does_not_open(tmp_path: Path) -> None:
    store = Sealed(Folder(tmp_path), SEALING_KEY)
    await store.put("files/six", b"x")
    (tmp_path / "files" / "six").rename(tmp_path / "files" / "seven")

    with pytest.raises(Tampered):
        await store.get("files/seven")


@pytest.mark.parametrize("cut", [0, 5, 12, 20])
async def test_a_cut_object_does_not_open(tmp_path: Path, cut: int) -> None:
    store = Sealed(Folder(tmp_path), SEALING_KEY)
    await store.put("files/eight", b"much to say")
    file = tmp_path / "files" / "eight"
    file.write_bytes(file.read_bytes()[:cut])

    with pytest.raises(Tampered):
        await store.get("files/eight")


async def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "files" / "nine").mkdir(parents=True)

    with pytest.raises(OSError, match="director"):
        await Folder(tmp_path).put("files/nine", b"x")
    assert [file.name for file in (tmp_path / "files").iterdir()] == ["nine"]


async def test_a_server_that_is_gone_is_away() -> None:
    store = S3(Bucket("citizens", "http://127.0.0.1:9", "us-east-1", "access", "secret"))

    with pytest.raises(Away, match="did not answer put_object"):
        await store.put("files/ten", b"x")
    await store.close()


async def test_a_server_that_says_nothing_is_away_in_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "CALL_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = S3(Bucket("citizens", f"http://127.0.0.1:{silent.getsockname()[1]}", "us-east-1", "a", "s"))
        with pytest.raises(Away):
            await store.get("files/eleven")
        await store.close()


async def test_a_bucket_that_is_not_there_is_no_missing_object(s3_url: str) -> None:
    store = S3(Bucket("nowhere", s3_url, "us-east-1", "access", "secret"))

    with pytest.raises(Away, match="NoSuchBucket"):
        await store.get("files/twelve")
    await store.close()


async def test_the_setting_chooses_the_folder(tmp_path: Path) -> None:
    store = open_store(ObjectSettings(ilkim_objects=str(tmp_path / "deep"), ilkim_object_key=SecretStr(KEY)))
    await store.put("files/a", b"x")

    assert (tmp_path / "deep" / "files" / "a").exists()


async def test_the_setting_chooses_the_bucket(bucket: Bucket) -> None:
    store = open_store(
        ObjectSettings(
            ilkim_objects=f"s3://citizens?endpoint={bucket.endpoint}",
            ilkim_object_key=SecretStr(KEY),
            ilkim_objects_access_key=SecretStr("access"),
            ilkim_objects_secret_key=SecretStr("secret"),
        )
    )
    await store.put("files/thirteen", b"x")

    assert await store.get("files/thirteen") == b"x"
    bare = S3(bucket)
    assert await bare.get("files/thirteen") != b"x"
    await bare.close()
    await store.close()


def test_a_bucket_without_keys_stops_the_start(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        open_store(ObjectSettings(ilkim_objects="s3://b?endpoint=http://x", ilkim_object_key=SecretStr(KEY)))

    assert "ILKIM_OBJECTS_ACCESS_KEY" in capsys.readouterr().err
