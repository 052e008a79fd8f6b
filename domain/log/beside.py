"""Tables beside a log, in a SQLite file that only the processes of one machine share."""

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Any, Final

from domain.log.log import BesideTransaction, Holds, Row
from domain.log.sqlite import Readers, connect, sqlite3, transaction
from domain.own_file import open_own


class FileBeside:
    """Implements `log.Beside`. The first transaction makes the file."""

    def __init__(self, path: Path, tables: Sequence[str]) -> None:
        self.path = path
        self._tables: Final = tables
        self._readers = Readers(path, "FULL")
        self._writer: sqlite3.Connection | None = None
        self._writing = threading.Lock()

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        if not self.path.exists():
            return []
        try:
            return self._readers.own.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):  # another process has just made the file, and not yet the tables
                return []
            raise

    @contextmanager
    def transaction(self) -> Iterator[BesideTransaction]:
        with self._writing:
            if self._writer is None:
                self.path.parent.mkdir(0o700, parents=True, exist_ok=True)
                writer = connect(self.path, "FULL", writes=True)
                with transaction(writer):
                    for statement in self._tables:
                        writer.execute(statement)
                self._writer = writer  # only now: a connection whose tables failed is not kept
            with transaction(self._writer) as writer:
                yield _OfFile(writer)

    @contextmanager
    def turn(self) -> Iterator[Holds | None]:
        if not self.path.exists():
            yield None
            return
        with os.fdopen(open_own(Path(f"{self.path}.lock"), os.O_RDWR), "r+b") as lock:
            try:
                flock(lock, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                yield None
            else:
                yield lambda: True


class _OfFile:
    """Implements `log.BesideTransaction`."""

    def __init__(self, writer: sqlite3.Connection) -> None:
        self._writer = writer

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return self._writer.execute(sql, values).fetchall()

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        self._writer.executemany(sql, rows)
