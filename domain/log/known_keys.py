"""Access keys as they were read a moment ago, so that not every request asks the file for its key.

A process believes what it has read for a moment alone, and what changes a key is over after that moment: so the change
holds from the next request on in every process, and nobody has to tell the others.
"""

import time
from collections.abc import Callable
from typing import Final

from domain.log.log import StoredKey

KNOWN_SECONDS: Final = 0.02


class KnownKeys:
    """`ask` reads a key by its hash."""

    def __init__(self, ask: Callable[[bytes], StoredKey | None]) -> None:
        self._ask = ask
        self._known: dict[bytes, StoredKey] = {}
        self._until = 0.0

    def get(self, key_hash: bytes) -> StoredKey | None:
        """A key, as it was within the last `KNOWN_SECONDS`; one that is not there is asked for each time."""
        now = time.monotonic()
        if now >= self._until:
            self._known, self._until = {}, now + KNOWN_SECONDS
        known = self._known  # another takes its place when what is read from here on may be believed no more
        found = known.get(key_hash)
        if found is None and (found := self._ask(key_hash)) is not None:
            known[key_hash] = found
        return found
