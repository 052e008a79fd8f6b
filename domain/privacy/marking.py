"""The mark of a command: its fingerprint, keyed where the command has personal data. A keyed mark confirms no guess at
an address, and belongs to nobody once its key is destroyed."""

import hmac
from collections.abc import Collection
from datetime import datetime
from typing import Final

from domain.order.personal import PARTS
from domain.privacy.keyring import DataKey, DataOwner, Keyring

_BYTES: Final = 16
_PLAIN_BYTES: Final = 32


class Marks:
    """Makes and compares marks. Without keys a mark is the fingerprint itself."""

    def __init__(self, keys: Keyring | None) -> None:
        self._keys = keys

    def make(self, fingerprint: bytes, of: DataOwner, parts: Collection[str], now: datetime) -> bytes:
        """The mark of a command with these parts of personal data: the key's id, and an HMAC under the key. Where the
        command has none, the mark is the fingerprint itself. Raises KeyUnknown, MasterUnknown."""
        part = next((part for part in PARTS if part in parts), None)
        if self._keys is None or part is None:
            return fingerprint
        key = self._keys.sealing_key(of, part, now)
        return key.id.encode() + _keyed(key, fingerprint)

    def matches(self, mark: bytes | None, fingerprint: bytes) -> bool:
        """Whether a mark is that of the fingerprint; also true where its key is destroyed, since nothing can prove
        otherwise. Raises KeyUnknown, MasterUnknown."""
        return self.matches_or_unknown(mark, fingerprint) is not False

    def matches_or_unknown(self, mark: bytes | None, fingerprint: bytes) -> bool | None:
        """Whether a mark is that of the fingerprint; None where its key is destroyed. Raises KeyUnknown,
        MasterUnknown."""
        if mark is None or not is_keyed(mark) or self._keys is None:
            return mark == fingerprint
        key = self._keys.open(mark[:-_BYTES].decode())
        return None if key is None else hmac.compare_digest(_keyed(key, fingerprint), mark[-_BYTES:])


def is_keyed(mark: bytes) -> bool:
    """Whether a mark was made by a key; an unkeyed mark is the fingerprint itself."""
    return len(mark) != _PLAIN_BYTES


def _keyed(key: DataKey, fingerprint: bytes) -> bytes:
    return hmac.digest(key.marking, fingerprint, "sha256")[:_BYTES]
