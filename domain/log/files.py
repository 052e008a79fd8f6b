"""The files that a log keeps: each under its SHA-256, in compressed pieces, so never whole in memory."""

import hashlib
import zlib
from collections.abc import Callable, Iterator
from itertools import count
from typing import BinaryIO, Final

from eventsourcing.persistence import OperationalError

FILE_PIECE_BYTES: Final = 1024 * 1024


def pieces(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """A file's content as an engine stores it: the compressed pieces, each with its number."""
    file.seek(0)
    for number, piece in enumerate(iter(lambda: file.read(FILE_PIECE_BYTES), b"")):
        yield number, zlib.compress(piece)


def whole(sha256: str, stored: Callable[[int], bytes | None]) -> Iterator[bytes]:
    """A kept file's content, decompressed piece by piece.

    `stored` gives the engine's compressed piece of a number from 0; None behind the last. Raises OperationalError after
    the last good piece where the content does not have the SHA-256.
    """
    found = hashlib.sha256()
    for number in count():
        if (content := stored(number)) is None:
            break
        try:
            piece = zlib.decompress(content)
        except zlib.error:
            break
        found.update(piece)
        yield piece
    if found.hexdigest() != sha256:
        raise OperationalError(f"the file kept as {sha256} is missing, or not what was kept")
