"""A file that its owner alone can read and write; whose it is where root makes it."""

import os
from contextlib import suppress
from pathlib import Path


def open_own(path: Path, flags: int) -> int:
    """Opens a file, made where it is missing. What root makes is given to the owner of its folder, as SQLite does with
    what stands beside a database: else a service of another user, whose folder it is, could not read it."""
    descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    found = os.fstat(descriptor)
    if os.geteuid() == 0 and not found.st_size and found.st_nlink == 1:
        of = path.parent.stat()
        with suppress(OSError):  # a container's root may not
            os.fchown(descriptor, of.st_uid, of.st_gid)
    return descriptor
