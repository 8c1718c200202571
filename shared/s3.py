"""Objects in a bucket of any server that speaks Amazon's S3 (MinIO, Ceph, Garage …)."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Final

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from shared.objects import Missing, checked

CONNECT_SECONDS: Final = 5
SILENCE_SECONDS: Final = 20  # between two pieces of an answer
CALL_SECONDS: Final = 60.0  # a whole object, its repetitions included
ATTEMPTS_MAX: Final = 3
CONNECTIONS_MAX: Final = 16
_NOT_THERE: Final = frozenset({"NoSuchKey", "404", "NotFound"})


class Away(OSError):
    """Raised when the server does not answer, or answers with anything but the object: try again later."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where it is and who may write there."""

    name: str
    endpoint: str
    region: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)


class S3:
    """Addresses by path, the way every such server understands; connects with the first object."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._stack = AsyncExitStack()
        self._client: Any = None
        self._connecting = asyncio.Lock()

    async def put(self, key: str, body: bytes) -> None:
        await self._call("put_object", key, Body=body, ContentType="application/octet-stream")

    async def get(self, key: str) -> bytes:
        return await self._call("get_object", key)

    async def delete(self, key: str) -> None:
        await self._call("delete_object", key)

    async def close(self) -> None:
        self._client = None
        await self._stack.aclose()

    async def _call(self, operation: str, key: str, **values: Any) -> bytes:
        where = {"Bucket": self._bucket.name, "Key": checked(key)}
        try:
            async with asyncio.timeout(CALL_SECONDS):
                answer = await getattr(await self._connected(), operation)(**where, **values)
                if "Body" not in answer:
                    return b""
                async with answer["Body"] as stream:
                    return bytes(await stream.read())
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code"))
            if code in _NOT_THERE:
                raise Missing(key) from error
            raise Away(f"the object store refused {operation} in bucket {self._bucket.name}: {code}") from error
        except (BotoCoreError, TimeoutError, OSError) as error:
            raise Away(f"the object store did not answer {operation}: {type(error).__name__}") from error

    async def _connected(self) -> Any:
        async with self._connecting:
            if self._client is None:
                self._client = await self._stack.enter_async_context(_client(self._bucket))
            return self._client


def _client(bucket: Bucket) -> Any:
    return get_session().create_client(
        "s3",
        endpoint_url=bucket.endpoint,
        region_name=bucket.region,
        aws_access_key_id=bucket.access_key,
        aws_secret_access_key=bucket.secret_key,
        config=AioConfig(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=SILENCE_SECONDS,
            max_pool_connections=CONNECTIONS_MAX,
            retries={"total_max_attempts": ATTEMPTS_MAX, "mode": "standard"},
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            # Servers other than Amazon's do not all know its newer trailing checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
