"""The files that a log on SQLite keeps: each under its SHA-256, in compressed pieces, so never whole in memory."""

import hashlib
import zlib
from collections.abc import Callable, Iterator
from itertools import count
from typing import BinaryIO, Final

from eventsourcing.persistence import OperationalError

from domain.log.sqlite import sqlite3

FILE_PIECE_BYTES: Final = 1024 * 1024


def keep(writer: sqlite3.Connection, sha256: str, file: BinaryIO) -> None:
    """Keeps a file's content under its SHA-256. A file that is already kept stays as it is."""
    if writer.execute("SELECT 1 FROM kept_files WHERE sha256 = ?", (sha256,)).fetchone():
        return
    file.seek(0)
    pieces = iter(lambda: file.read(FILE_PIECE_BYTES), b"")
    writer.executemany(
        "INSERT INTO kept_files VALUES (?, ?, ?)",
        ((sha256, number, zlib.compress(piece)) for number, piece in enumerate(pieces)),
    )


def pieces(reader: sqlite3.Connection, sha256: str) -> Iterator[bytes]:
    """The content of a kept file, piece by piece. Raises OperationalError where a piece is missing or altered."""

    def stored(number: int) -> bytes | None:
        asked = "SELECT content FROM kept_files WHERE sha256 = ? AND piece = ?"
        row = reader.execute(asked, (sha256, number)).fetchone()
        return row[0] if row else None

    return whole(sha256, stored)


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
