"""When was each access key last used? Noted in a file beside the views, at most once a minute for each key.

The file is no part of the truth. It can be deleted, and then lists only later uses. Each node has a file of its own.
"""

import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from threading import Lock, Timer
from typing import Final

from domain.log.sqlite import Busy, connect, sqlite3, transaction
from domain.moments import instant, utc_now

EVERY_SECONDS: Final = 60
# Uses within this time are written in one transaction.
_TOGETHER_SECONDS: Final = 0.5
# The number of keys that a process remembers as noted. Then it forgets all of them, and notes each again.
_NAMES_MAX: Final = 100_000
_TABLE: Final = "CREATE TABLE IF NOT EXISTS key_uses (name TEXT PRIMARY KEY, used_at TEXT NOT NULL) STRICT"
_KEEP: Final = (
    "INSERT INTO key_uses VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET used_at = excluded.used_at"
    " WHERE used_at < excluded.used_at"
)


class Uses:
    """The uses of a ledger's keys, in a file that several processes share."""

    def __init__(self, path: Path, clock: Callable[[], datetime] = utc_now) -> None:
        self._path = path
        self._clock = clock
        self._changing = Lock()
        self._noted: dict[str, float] = {}
        self._waiting: dict[str, str] = {}

    def note(self, name: str) -> None:
        """Notes that a key is used now. The caller does not wait for the file: another thread writes it."""
        now = time.monotonic()
        if now - self._noted.get(name, -EVERY_SECONDS) < EVERY_SECONDS:
            return
        with self._changing:
            if len(self._noted) >= _NAMES_MAX:
                self._noted.clear()
            self._noted[name] = now
            is_first = not self._waiting
            self._waiting[name] = instant(self._clock())
        if is_first:
            timer = Timer(_TOGETHER_SECONDS, self._keep)
            timer.daemon = True
            timer.start()

    def _keep(self) -> None:
        with self._changing:
            waiting, self._waiting = self._waiting, {}
        # A use that cannot be written leaves an older one in the file: no reason to refuse the request.
        with suppress(sqlite3.Error, Busy, OSError), closing(connect(self._path, "NORMAL")) as file, transaction(file):
            file.execute(_TABLE)
            file.executemany(_KEEP, waiting.items())

    def all(self) -> dict[str, str]:
        """The instant of each key's last use, by the key's name; unused keys are left out."""
        with suppress(sqlite3.Error, Busy), closing(connect(self._path, "NORMAL", must_exist=True)) as file:
            return dict(file.execute("SELECT name, used_at FROM key_uses").fetchall())
        return {}
