"""Opens a file that only its owner can read and write. Where root makes the file, its folder's owner gets it."""

import os
from contextlib import suppress
from pathlib import Path


def open_own(path: Path, flags: int) -> int:
    """Opens a file, made where it is missing; returns its descriptor. A file that root makes is given to the owner of
    its folder, as SQLite does with the files beside a database: else the owner's service could not read it."""
    descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    found = os.fstat(descriptor)
    if os.geteuid() == 0 and not found.st_size and found.st_nlink == 1:
        of = path.parent.stat()
        with suppress(OSError):  # a container's root may lack the right
            os.fchown(descriptor, of.st_uid, of.st_gid)
    return descriptor
