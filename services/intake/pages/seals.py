"""What a page hands to the browser and gets back: sealed, so that only what we handed out is taken."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.contracts import Attachment
from shared.keeping import StoredFile

SEAL_BYTES: Final = 16
TOKEN_LETTERS_MAX: Final = 1_000


class KeptPhoto(BaseModel):
    """A file of a form that is not sent yet: kept already, and bound to the page it was added on."""

    model_config = ConfigDict(frozen=True)

    page_id: UUID
    file_id: UUID
    media_type: str
    name: str
    latitude: float | None = None
    longitude: float | None = None

    @classmethod
    def of(cls, page_id: UUID, file: StoredFile) -> "KeptPhoto":
        """A file just kept."""
        return cls(
            page_id=page_id,
            file_id=file.id,
            media_type=file.media_type,
            name=file.name,
            latitude=file.latitude,
            longitude=file.longitude,
        )

    @property
    def point(self) -> tuple[float, float] | None:
        """Where it was taken: latitude and longitude."""
        if self.latitude is None or self.longitude is None:
            return None
        return self.latitude, self.longitude

    @property
    def attachment(self) -> Attachment:
        """The file as it goes with the message."""
        return Attachment(id=self.file_id, provider_id=str(self.file_id), media_type=self.media_type, name=self.name)


@dataclass(frozen=True, slots=True)
class Seals:
    """Made and opened with one 32-byte key; nothing is stored."""

    key: bytes

    def photo(self, photo: KeptPhoto) -> str:
        """The photo as a token of letters, digits, `-`, `_` and one dot."""
        return self._sealed("photo", photo.model_dump_json(exclude_none=True).encode())

    def open_photo(self, token: str, page_id: UUID | None = None) -> KeptPhoto | None:
        """The photo in a token; None for one that is not ours, or belongs to another page than `page_id`."""
        body = self._opened("photo", token)
        try:
            photo = KeptPhoto.model_validate_json(body) if body else None
        except ValidationError:
            return None
        return photo if photo and page_id in (None, photo.page_id) else None

    def case(self, page_id: UUID, case_id: UUID) -> str:
        """The leave to join a case that this page showed."""
        return self._sealed("case", page_id.bytes + case_id.bytes)

    def open_case(self, page_id: UUID, token: str) -> UUID | None:
        """The case that a page may join; None for any other text."""
        body = self._opened("case", token)
        return UUID(bytes=body[16:]) if body and len(body) == 32 and body[:16] == page_id.bytes else None

    def _sealed(self, purpose: str, body: bytes) -> str:
        return f"{_letters(body)}.{_letters(self._seal(purpose, body))}"

    def _opened(self, purpose: str, token: str) -> bytes | None:
        if len(token) > TOKEN_LETTERS_MAX or token.count(".") != 1 or not token.isascii():
            return None
        body, seal = map(_bytes, token.split("."))
        return body if hmac.compare_digest(seal, self._seal(purpose, body)) else None

    def _seal(self, purpose: str, body: bytes) -> bytes:
        return hmac.digest(self.key, f"page {purpose}\x1f".encode() + body, hashlib.sha256)[:SEAL_BYTES]


def _letters(body: bytes) -> str:
    return base64.urlsafe_b64encode(body).decode().rstrip("=")


def _bytes(letters: str) -> bytes:
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return b""
