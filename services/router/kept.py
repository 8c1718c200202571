"""Where versions of the router's knowledge are kept: each file once, packed, and who decided by which version when."""

import asyncio
import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.router.domain.versions import Files
from shared.database import Connection

VERSIONS_KEPT_MAX: Final = 200
LEVEL: Final = 6


@dataclass(frozen=True, slots=True)
class KeptVersion:
    """A version as it is listed, with the names and hashes of its files; `loaded_by` is a host and process."""

    version: str
    kept_at: datetime
    loaded_at: datetime
    loaded_by: str
    files: dict[str, str]


async def keep(connection: Connection, version: str, files: Files, loaded_by: str) -> None:
    """Keep a version that a router decides by from now on; again and from several routers does no harm."""
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    by_hash = {digest: files[name] for name, digest in hashes.items()}
    async with connection.transaction():
        # One at a time, so that nobody forgets the files that another version is about to need.
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('ilkim-knowledge'))")
        rows = await connection.fetch(
            "SELECT encode(sha256, 'hex') AS digest FROM knowledge_file WHERE sha256 = ANY($1)",
            [bytes.fromhex(digest) for digest in by_hash],
        )
        missing = sorted(by_hash.keys() - {row["digest"] for row in rows})
        packed = await asyncio.to_thread(lambda: [zlib.compress(by_hash[digest], LEVEL) for digest in missing])
        await connection.execute(
            "INSERT INTO knowledge_file (sha256, packed) SELECT * FROM unnest($1::bytea[], $2::bytea[])",
            [bytes.fromhex(digest) for digest in missing],
            packed,
        )
        await connection.execute(
            "INSERT INTO knowledge_version (version, files) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            version,
            json.dumps(hashes),
        )
        await connection.execute("INSERT INTO knowledge_load (version, loaded_by) VALUES ($1, $2)", version, loaded_by)
        await _forget_old(connection)


async def last_version(connection: Connection) -> str | None:
    """The version a router decided by last; None: none was ever kept."""
    version: str | None = await connection.fetchval(
        "SELECT version FROM knowledge_load ORDER BY loaded_at DESC LIMIT 1"
    )
    return version


async def files_of(connection: Connection, version: str) -> Files:
    """The files of a version, unpacked. Raises KeyError for one that is not kept."""
    rows = await connection.fetch(
        """
        SELECT file.key AS name, knowledge_file.packed
        FROM knowledge_version
        CROSS JOIN jsonb_each_text(knowledge_version.files) AS file
        JOIN knowledge_file ON knowledge_file.sha256 = decode(file.value, 'hex')
        WHERE knowledge_version.version = $1
        """,
        version,
    )
    if not rows:
        raise KeyError(version)
    return {row["name"]: zlib.decompress(row["packed"]) for row in rows}


async def versions(connection: Connection, at_most: int) -> Sequence[KeptVersion]:
    """The versions that were decided by, the latest first."""
    rows = await connection.fetch(
        """
        SELECT version, kept_at, files, loaded_at, loaded_by
        FROM knowledge_version
        JOIN LATERAL (
            SELECT loaded_at, loaded_by
            FROM knowledge_load
            WHERE knowledge_load.version = knowledge_version.version
            ORDER BY loaded_at DESC
            LIMIT 1
        ) AS last ON true
        ORDER BY loaded_at DESC
        LIMIT $1
        """,
        at_most,
    )
    return [KeptVersion(**{**dict(row), "files": json.loads(row["files"])}) for row in rows]


async def _forget_old(connection: Connection) -> None:
    """So that a table nobody looks at does not grow for ever; the versions used last stay."""
    gone = await connection.execute(
        """
        DELETE FROM knowledge_version
        WHERE version NOT IN (
            SELECT version FROM knowledge_load GROUP BY version ORDER BY max(loaded_at) DESC LIMIT $1
        )
        """,
        VERSIONS_KEPT_MAX,
    )
    if gone != "DELETE 0":
        await connection.execute(
            """
            DELETE FROM knowledge_file
            WHERE encode(sha256, 'hex') NOT IN (
                SELECT file.value FROM knowledge_version CROSS JOIN jsonb_each_text(files) AS file
            )
            """
        )
