"""What is to survive a loss of power: a file or a folder, and lines that are added to a file."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import BinaryIO

from domain.own_file import open_own


def sync(path: Path) -> None:
    """Makes a file durable, or of a folder the names in it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def appending(path: Path) -> Iterator[BinaryIO]:
    """A file that its owner alone can read, made where it is missing: to be read, and written at its end. Nobody else
    adds to it meanwhile; what was added is durable behind this."""
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    with os.fdopen(open_own(path, os.O_RDWR | os.O_APPEND), "r+b") as file:
        flock(file, LOCK_EX)
        yield file
        file.flush()
        os.fsync(file.fileno())
