"""How does this program open a SQLite file, lock it, and wait for the lock?

Always by the module `pysqlite3`, which brings its own SQLite: releases 3.7.0 to 3.51.2 can corrupt a WAL that several
processes write, and Python's SQLite is older. sqlite-utils picks the same module by itself, so a process never loads
two SQLites.
"""

import errno
import math
import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from eventsourcing.persistence import IntegrityError, OperationalError

from domain.interrupting import Interrupted, is_interrupted, limits
from domain.log.log import LogBusy, LogForbidden, LogFull
from domain.own_file import open_own

if TYPE_CHECKING:
    import sqlite3
else:
    import pysqlite3 as sqlite3

__all__ = ["sqlite3"]  # of what is imported here; the rest of this is found without

LOCK_WAIT_SECONDS_MAX = 3.0
# SQLite's own busy handler backs off to 100 ms, which starves the longest waiter; this program asks at an even pace.
_LOCK_ASK_SECONDS = 0.0003
_SAFE_SINCE = (3, 51, 3)
# The driver tries to adapt (PEP 246) every parameter that is not int, float, str or bytearray: 2.4 us each. It finds
# a registered adapter first; these adapters return the value itself.
sqlite3.register_adapter(bytes, bytes)
sqlite3.register_adapter(bool, int)
sqlite3.register_adapter(type(None), {None: None}.get)
# The steps of SQLite's virtual machine between two looks at the clock: about a tenth of a millisecond.
_LOOK_EVERY_STEPS = 5_000


class Busy(Exception):
    """Another writer kept the file's write lock for longer than `LOCK_WAIT_SECONDS_MAX`."""


class time_limit:  # noqa: N801  (used like a function; one made of a generator would take three times as long)
    """A time limit for the calling thread's reads: they raise Interrupted once `seconds` are over. Writes go on."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        limits.until = time.monotonic() + self._seconds

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        limits.until = math.inf
        if isinstance(error, sqlite3.OperationalError) and "interrupted" in str(error):
            raise Interrupted from None


def connect(path: Path, synchronous: str, *, must_exist: bool = False, writes: bool = False) -> "sqlite3.Connection":
    """A connection in autocommit, in WAL mode.

    `synchronous` is FULL for the log and its keys, NORMAL for files that can be made again. Raises OperationalError
    where the file is missing but `must_exist`; else makes the file. A connection that `writes` has no busy timeout and
    no time limit: it waits for the write lock in `begin`.
    """
    if sqlite3.sqlite_version_info < _SAFE_SINCE:
        raise RuntimeError(f"SQLite {sqlite3.sqlite_version} can corrupt its WAL; 3.51.3 or newer is needed.")
    if not must_exist:
        _make(path)
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=0 if writes else LOCK_WAIT_SECONDS_MAX,
        isolation_level=None,
        check_same_thread=False,
    )
    for statement in (
        "PRAGMA journal_mode = WAL",
        f"PRAGMA synchronous = {synchronous}",
        "PRAGMA foreign_keys = ON",
        "PRAGMA trusted_schema = OFF",
        "PRAGMA temp_store = MEMORY",
        "PRAGMA cache_size = -8000",
    ):
        _when_unlocked(connection, statement)
    if not writes:
        connection.set_progress_handler(is_interrupted, _LOOK_EVERY_STEPS)
    return connection


def _make(path: Path) -> None:
    """Makes a missing file, empty and readable for its owner alone. SQLite gives the file's mode to the WAL's files."""
    # Opens only a new file: closing a file that SQLite has open would give up this process's locks on it. Where the
    # file cannot be made, SQLite's own error follows.
    with suppress(OSError):
        os.close(open_own(path, os.O_WRONLY | os.O_EXCL))


def _is_lock(error: Exception) -> bool:
    return "locked" in str(error) or "busy" in str(error)


def _when_unlocked(connection: "sqlite3.Connection", statement: str) -> None:
    """Executes a statement, waiting while the file is locked. Raises Busy after `LOCK_WAIT_SECONDS_MAX`."""
    deadline = time.monotonic() + LOCK_WAIT_SECONDS_MAX
    while True:
        try:
            connection.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if not _is_lock(error):
                raise
            if time.monotonic() > deadline:
                raise Busy(f"another writer kept its lock for {LOCK_WAIT_SECONDS_MAX:.0f} s") from None
            time.sleep(_LOCK_ASK_SECONDS)


def begin(connection: "sqlite3.Connection") -> None:
    """Takes the file's write lock before the transaction reads, so that no read can be stale. Raises Busy."""
    _when_unlocked(connection, "BEGIN IMMEDIATE")


@contextmanager
def transaction(connection: "sqlite3.Connection") -> Iterator["sqlite3.Connection"]:
    """A write transaction: all of it is committed or, on any exception, nothing. Raises Busy."""
    begin(connection)
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def cut_wal(connection: "sqlite3.Connection", wait_seconds_max: float = LOCK_WAIT_SECONDS_MAX) -> bool:
    """Writes the WAL into the file and truncates it, so that no overwritten bytes are left in the WAL. Waits up to
    `wait_seconds_max` for readers and writers; returns whether the WAL was truncated."""
    deadline = time.monotonic() + wait_seconds_max
    while True:
        try:
            (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError as error:
            if not _is_lock(error):
                raise
            busy = 1
        if not busy or time.monotonic() >= deadline:
            return not busy
        time.sleep(_LOCK_ASK_SECONDS)


def copy(path: Path, target: Path) -> None:
    """Copies a file, as of one moment, into a new one. Other processes may write meanwhile, and wait for nothing.
    Raises Busy where the copy's WAL cannot be written into it."""
    with closing(connect(path, "FULL", must_exist=True)) as source, closing(connect(target, "FULL")) as copied:
        source.backup(copied)
        if not cut_wal(copied):
            raise Busy(f"{target} cannot be written whole")


def as_json(values: Iterable[object]) -> str:
    """Values as one JSON array, which a query reads by `json_each`."""
    return msgspec.json.encode(list(values)).decode()


def schema_of(connection: "sqlite3.Connection") -> dict[tuple[str, str], tuple[str, str | None]]:
    """The tables, indexes, triggers and views of a file by kind and name, each with its table and its SQL; without
    SQLite's own statistics."""
    rows = connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_stat%' ESCAPE '\\'"
    )
    return {(kind, name): (table, sql) for kind, name, table, sql in rows}


def is_full(error: Exception) -> bool:
    """Whether the driver's error means that the disk is full."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL


def is_of_the_disk(error: Exception) -> bool:
    """Whether an error means that the disk did not take a write: it is full, a quota is used up, or it failed."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return is_full(error) or getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_IOERR


class library_errors:  # noqa: N801  (as above)
    """Turns the driver's errors into those of the eventsourcing library.

    LogBusy for a lock, LogForbidden for a file that may not be written, LogFull for a full disk. For a block that
    `writes`, any failure of the disk is LogFull, too.
    """

    def __init__(self, *, writes: bool = False) -> None:
        self._is_full = is_of_the_disk if writes else is_full

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, sqlite3.IntegrityError):
            raise IntegrityError(str(error)) from error
        if isinstance(error, Busy):
            raise LogBusy(str(error)) from error
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_READONLY:
            raise LogForbidden(str(error)) from error
        if isinstance(error, sqlite3.DatabaseError):
            raise (LogFull if self._is_full(error) else OperationalError)(str(error)) from error


class Readers(threading.local):
    """Each thread's own connection for reading.

    A connection does not survive a fork, so a process must not use it before it forks.
    """

    def __init__(self, path: Path, synchronous: str) -> None:
        self._path = path
        self._synchronous = synchronous
        self._own: sqlite3.Connection | None = None

    @property
    def own(self) -> "sqlite3.Connection":
        if self._own is None:
            self._own = connect(self._path, self._synchronous)
            self._own.execute("PRAGMA query_only = ON")
            # A small cache: each thread has a connection and seldom reads a page twice; the kernel caches for all.
            self._own.execute("PRAGMA cache_size = -2000")
        return self._own

    def close(self) -> None:
        """Closes the calling thread's connection."""
        if self._own is not None:
            self._own.close()
        self._own = None
