"""The object store: large bodies and citizens' files, sealed, by key; a folder by default, or any S3."""

import asyncio
import os
import secrets
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import Key, key_bytes, stop

KEY_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_/.")
KEY_LETTERS_MAX: Final = 200
_NONCE_BYTES: Final = 12


class Missing(Exception):
    """Raised when nothing lies under a key."""


class Tampered(Exception):
    """Raised when what lies under a key is not what was put there, or was sealed with another key."""


class ObjectSettings(BaseSettings):
    """Where objects lie and what seals them; every process that puts or gets one reads these."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    ilkim_objects: str = Field(
        min_length=1, description="a folder, or `s3://bucket?endpoint=https://…&region=…` with the two keys below"
    )
    ilkim_object_key: Key
    ilkim_objects_access_key: SecretStr = SecretStr("")
    ilkim_objects_secret_key: SecretStr = SecretStr("")


class ObjectStore(Protocol):
    """Whole objects by key (`files/<id>`, `raw/<id>`); the same key again replaces. Raises OSError while away."""

    async def put(self, key: str, body: bytes) -> None:
        """Return when the object is safe."""
        ...

    async def get(self, key: str) -> bytes:
        """The object. Raises Missing."""
        ...

    async def delete(self, key: str) -> None:
        """Forget the object; safe to call twice."""
        ...

    async def close(self) -> None:
        """Let its connections go; safe to call twice."""
        ...


def open_store(settings: ObjectSettings) -> ObjectStore:
    """The store of this installation, which seals whatever it is given. Connects with the first object."""
    return Sealed(_open_bare(settings), key_bytes(settings.ilkim_object_key))


class Sealed:
    """Seals objects with AES-256-GCM, each bound to its key: one that was moved or changed does not open."""

    def __init__(self, inner: ObjectStore, key: bytes) -> None:
        self._inner = inner
        self._cipher = AESGCM(key)

    async def put(self, key: str, body: bytes) -> None:
        await self._inner.put(key, await asyncio.to_thread(self._seal, key, body))

    async def get(self, key: str) -> bytes:
        """The object. Raises Missing, or Tampered."""
        sealed = await self._inner.get(key)
        try:
            return await asyncio.to_thread(self._open, key, sealed)
        except InvalidTag as error:
            raise Tampered(key) from error

    async def delete(self, key: str) -> None:
        await self._inner.delete(key)

    async def close(self) -> None:
        await self._inner.close()

    def _seal(self, key: str, body: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, body, key.encode())

    def _open(self, key: str, sealed: bytes) -> bytes:
        if len(sealed) <= _NONCE_BYTES:
            raise InvalidTag
        return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], key.encode())


class Folder:
    """Objects as files of one folder, written whole or not at all."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, key: str, body: bytes) -> None:
        await asyncio.to_thread(self._write, self._path(key), body)

    async def get(self, key: str) -> bytes:
        try:
            return await asyncio.to_thread(self._path(key).read_bytes)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise Missing(key) from error

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._path(key).unlink, missing_ok=True)

    async def close(self) -> None:
        return

    def _path(self, key: str) -> Path:
        return self._root / checked(key)

    def _write(self, path: Path, body: bytes) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        try:
            with draft.open("xb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        _make_name_safe(path.parent)


def checked(key: str) -> str:
    """The key itself. Raises ValueError for one that could leave its place."""
    parts = key.split("/")
    if not key or len(key) > KEY_LETTERS_MAX or not set(key) <= KEY_LETTERS or any(not p or p[0] == "." for p in parts):
        raise ValueError("an object's key is lower-case letters, digits, - _ . in parts divided by /")
    return key


def _make_name_safe(folder: Path) -> None:
    """A file's name is safe only when its folder is written too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _open_bare(settings: ObjectSettings) -> ObjectStore:
    if not settings.ilkim_objects.startswith("s3:"):
        return Folder(Path(settings.ilkim_objects))
    from shared.s3 import S3, Bucket  # botocore takes half a second to load, which a folder does not need

    address = urlsplit(settings.ilkim_objects)
    asked = {name: values[-1] for name, values in parse_qs(address.query).items()}
    access, secret = settings.ilkim_objects_access_key, settings.ilkim_objects_secret_key
    if not (address.netloc and asked.get("endpoint") and access.get_secret_value() and secret.get_secret_value()):
        stop(
            "ILKIM_OBJECTS: write s3://bucket?endpoint=https://…, and set ILKIM_OBJECTS_ACCESS_KEY and"
            " ILKIM_OBJECTS_SECRET_KEY"
        )
    return S3(
        Bucket(
            address.netloc,
            asked["endpoint"],
            asked.get("region", "us-east-1"),
            access.get_secret_value(),
            secret.get_secret_value(),
        )
    )
