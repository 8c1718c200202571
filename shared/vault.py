"""Sealing of addresses and names, and the pseudonym that stands for a person everywhere else."""

import hashlib
import hmac
import secrets
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.contracts import Channel

_NONCE_BYTES: Final = 12


class Vault:
    """Seals with AES-256-GCM; names people by a keyed hash, so that the same address is the same pseudonym.

    Both keys are 32 bytes. Without the index key a pseudonym cannot be computed from a phone number.
    """

    def __init__(self, sealing_key: bytes, index_key: bytes) -> None:
        self._cipher = AESGCM(sealing_key)
        self._index_key = index_key

    def pseudonym(self, channel: Channel, account: str, address: str) -> UUID:
        """Who writes from this address on this channel's account (UUID version 8)."""
        return self._hashed(f"{channel}\x1f{account}\x1f{address}")

    def number_id(self, channel: Channel, address: str) -> UUID:
        """What stands for the bare phone number or mail address, whatever channel and account it was used on."""
        network = "phone" if address.startswith("+") else channel
        return self._hashed(f"bare\x1f{network}\x1f{address.lower()}")

    def _hashed(self, text: str) -> UUID:
        digest = hmac.digest(self._index_key, text.encode("utf-8", "replace"), hashlib.sha256)
        value = int.from_bytes(digest[:16], "big") & ~((0xF << 76) | (0x3 << 62))
        return UUID(int=value | (0x8 << 76) | (0x2 << 62))

    def seal(self, plain: bytes, bound_to: UUID) -> bytes:
        """Encrypted; only opens for the same row it was sealed for."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, bound_to.bytes)

    def open(self, sealed: bytes, bound_to: UUID) -> bytes:
        """What was sealed. Raises cryptography.exceptions.InvalidTag when tampered with or moved."""
        return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to.bytes)
