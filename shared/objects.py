"""The object store: large bodies and citizens' files, sealed, by key; a folder by default."""

import asyncio
import os
import secrets
from pathlib import Path
from typing import Final, Protocol

KEY_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_/.")
KEY_LETTERS_MAX: Final = 200


class Missing(Exception):
    """Raised when nothing lies under a key."""


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


class Folder:
    """Objects as files of one folder, written whole or not at all."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, key: str, body: bytes) -> None:
        await asyncio.to_thread(self._write, self._path(key), body)

    async def get(self, key: str) -> bytes:
        try:
            return await asyncio.to_thread(self._path(key).read_bytes)
        except FileNotFoundError as error:
            raise Missing(key) from error

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._path(key).unlink, missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._root / checked(key)

    def _write(self, path: Path, body: bytes) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        with draft.open("xb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)


def checked(key: str) -> str:
    """The key itself. Raises ValueError for one that could leave its place."""
    parts = key.split("/")
    if not key or len(key) > KEY_LETTERS_MAX or not set(key) <= KEY_LETTERS or any(not p or p[0] == "." for p in parts):
        raise ValueError("an object's key is lower-case letters, digits, - _ . in parts divided by /")
    return key
