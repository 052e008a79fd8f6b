"""Access keys in memory for `KNOWN_SECONDS`, so that not every request reads its key from the file.

A process believes a key that it has read for `KNOWN_SECONDS`. A command that changes a key returns only after these
seconds. So the change holds from the next request on in every process, and no process has to tell the others.
"""

import time
from collections.abc import Callable
from typing import Final

from domain.log.log import StoredKey

KNOWN_SECONDS: Final = 0.02


class KnownKeys:
    """The access keys that a process has read within `KNOWN_SECONDS`. `ask` reads a key by its hash."""

    def __init__(self, ask: Callable[[bytes], StoredKey | None]) -> None:
        self._ask = ask
        self._known: dict[bytes, StoredKey] = {}
        self._until = 0.0

    def get(self, key_hash: bytes) -> StoredKey | None:
        """A key as it was within the last `KNOWN_SECONDS`. A key that is not there is looked up each time."""
        now = time.monotonic()
        if now >= self._until:
            self._known, self._until = {}, now + KNOWN_SECONDS
        known = self._known  # held here: another thread may begin a new dictionary while `ask` reads
        found = known.get(key_hash)
        if found is None and (found := self._ask(key_hash)) is not None:
            known[key_hash] = found
        return found
