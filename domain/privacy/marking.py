"""The fingerprint of a command, as it is kept: keyed where the command has anything personal, so that it confirms no
guess at an address, and is nobody's once the key is destroyed."""

import hmac
from collections.abc import Collection
from datetime import datetime
from typing import Final

from domain.order.personal import PARTS
from domain.privacy.keyring import DataKey, Keyring, Whose

_BYTES: Final = 16
_PLAIN_BYTES: Final = 32


class Marks:
    """Makes and compares marks. Without keys a mark is the fingerprint itself."""

    def __init__(self, keys: Keyring | None) -> None:
        self._keys = keys

    def make(self, fingerprint: bytes, of: Whose, parts: Collection[str], now: datetime) -> bytes:
        """The mark of a command that has these parts of what is personal: the key's id, and an HMAC under the key."""
        part = next((part for part in PARTS if part in parts), None)
        if self._keys is None or part is None:
            return fingerprint
        key = self._keys.of(of, part, now)
        return key.id.encode() + _keyed(key, fingerprint)

    def holds(self, mark: bytes | None, fingerprint: bytes) -> bool:
        """Whether a mark is that of the fingerprint. Where its key is destroyed, nothing can say otherwise."""
        return self.tells(mark, fingerprint) is not False

    def tells(self, mark: bytes | None, fingerprint: bytes) -> bool | None:
        """Whether a mark is that of the fingerprint; None where its key is destroyed, and nobody can tell."""
        if mark is None or not is_keyed(mark) or self._keys is None:
            return mark == fingerprint
        key = self._keys.open(mark[:-_BYTES].decode())
        return None if key is None else hmac.compare_digest(_keyed(key, fingerprint), mark[-_BYTES:])


def is_keyed(mark: bytes) -> bool:
    """Whether a mark was made by a key; else it is the fingerprint itself."""
    return len(mark) != _PLAIN_BYTES


def _keyed(key: DataKey, fingerprint: bytes) -> bytes:
    return hmac.digest(key.marking, fingerprint, "sha256")[:_BYTES]
