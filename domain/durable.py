"""Writing that survives a loss of power: a file, a folder, and lines appended to a file."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import BinaryIO

from domain.own_file import open_own


def sync(path: Path) -> None:
    """Makes a file's content durable, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def open_to_append(path: Path) -> Iterator[BinaryIO]:
    """A file open for reading and for appending; made where it is missing, readable for its owner alone. No other
    process appends during the block. The appended bytes are durable at its end."""
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    with os.fdopen(open_own(path, os.O_RDWR | os.O_APPEND), "r+b") as file:
        flock(file, LOCK_EX)
        yield file
        file.flush()
        os.fsync(file.fileno())
