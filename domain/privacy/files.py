"""Kept files that name people: sealed when they are kept, and opened for those who may read them.

A sealed file is a line with the id of its key, and then blocks. The file is deflated as a whole and cut into blocks.
Each block is sealed by AES-256-GCM and bound to the plain file's SHA-256 and the block's number. The log keeps the
sealed file under the SHA-256 of the sealed bytes, so the bytes can be checked for ever, also after the key is
destroyed. The opened content is checked against the plain file's SHA-256.
"""

import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from eventsourcing.persistence import OperationalError

from domain.log.log import Log, Transaction
from domain.privacy.keyring import DataKey, DataOwner, Keyring, KeyUnknown
from domain.privacy.masters import MasterUnknown
from domain.refusals import FileErased

_LABEL: Final = b"order-ledger sealed file 1\0"
_READ_BYTES: Final = 64 * 1024
_KEY_ID_BYTES_MAX: Final = 64
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_BLOCK_BYTES: Final = 64 * 1024
_TEXT_BYTES: Final = _BLOCK_BYTES - _NONCE_BYTES - _TAG_BYTES


class KeptFiles:
    """The files that a log keeps. Without keys they are kept in plain."""

    def __init__(self, log: Log, keys: Keyring | None) -> None:
        self._log = log
        self._keys = keys

    def keep(  # noqa: PLR0917  (a file has so much about it)
        self, t: Transaction, sha256: str, file: BinaryIO, owner: DataOwner, part: str, now: datetime
    ) -> str:
        """Keeps a file inside the ledger's transaction, sealed by the owner's key for this part. Returns the SHA-256 of
        the sealed bytes, or an empty text where the file is kept in plain. Raises MasterUnknown, KeyUnknown."""
        if self._keys is None:
            t.keep_file(sha256, file)
            return ""
        key, found = self._keys.sealing_key(owner, part, now), hashlib.sha256()
        with TemporaryFile() as sealed:
            for piece in _sealed(key, bytes.fromhex(sha256), file):
                found.update(piece)
                sealed.write(piece)
            t.keep_file(found.hexdigest(), sealed)
        return found.hexdigest()

    def pieces(self, sha256: str, sealed_sha256: str) -> Iterator[bytes]:
        """A file's content, piece by piece. `sealed_sha256` is the answer of `keep`.

        Raises FileErased where the file's key is destroyed, and OperationalError where the kept bytes are altered or
        cannot be opened.
        """
        if not sealed_sha256:
            return self._log.kept_file(sha256)
        return self._opened(sha256, sealed_sha256)

    def _opened(self, sha256: str, sealed_sha256: str) -> Iterator[bytes]:
        content = self._log.kept_file(sealed_sha256)
        key_id, _, first = next(content, b"").partition(b"\n")
        key = self._key(key_id[:_KEY_ID_BYTES_MAX].decode(errors="replace"))
        inflating, found = zlib.decompressobj(), hashlib.sha256()
        try:
            for number, block in enumerate(_cut(chain([first], content), _BLOCK_BYTES)):
                bound = _bound(bytes.fromhex(sha256), number)
                text = inflating.decompress(key.aead.decrypt(block[:_NONCE_BYTES], block[_NONCE_BYTES:], bound))
                found.update(text)
                yield text
        except (InvalidTag, ValueError, zlib.error):
            raise OperationalError(f"the file kept as {sealed_sha256} does not open") from None
        if found.hexdigest() != sha256:
            raise OperationalError(f"the file kept as {sealed_sha256} is not {sha256}, which was sealed in it")

    def _key(self, key_id: str) -> DataKey:
        try:
            if self._keys is None:
                raise KeyUnknown("the file is sealed, and no keys are at hand")
            key = self._keys.open(key_id)
        except (KeyUnknown, MasterUnknown) as error:
            raise OperationalError(str(error)) from error
        if key is None:
            raise FileErased
        return key


def _sealed(key: DataKey, sha256: bytes, file: BinaryIO) -> Iterator[bytes]:
    yield f"{key.id}\n".encode()
    for number, text in enumerate(_cut(_deflated(file), _TEXT_BYTES)):
        nonce = os.urandom(_NONCE_BYTES)
        yield nonce + key.aead.encrypt(nonce, text, _bound(sha256, number))


def _deflated(file: BinaryIO) -> Iterator[bytes]:
    deflating = zlib.compressobj()
    file.seek(0)
    for piece in iter(lambda: file.read(_READ_BYTES), b""):
        yield deflating.compress(piece)
    yield deflating.flush()


def _cut(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in pieces of `size` bytes; the last piece may be shorter."""
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)


def _bound(sha256: bytes, number: int) -> bytes:
    return _LABEL + sha256 + number.to_bytes(4, "big")
