"""Opening SQLite files the one way this project opens them.

Always by `pysqlite3`, which brings a SQLite of its own: releases 3.7.0 to 3.51.2 can corrupt a WAL that several
processes write, and Python's own is older. sqlite-utils picks the same module up by itself, so a process never
holds two.
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

from domain.log.log import LogBusy, LogForbidden, LogFull
from domain.own_file import open_own
from domain.wanted import Interrupted, is_over, limits

if TYPE_CHECKING:
    import sqlite3
else:
    import pysqlite3 as sqlite3

__all__ = [
    "Busy",
    "Readers",
    "as_json",
    "begin",
    "connect",
    "copy",
    "cut_wal",
    "is_full",
    "is_of_the_disk",
    "library_errors",
    "sqlite3",
    "time_limit",
    "transaction",
]

LOCK_WAIT_SECONDS_MAX = 3.0
# SQLite's own busy handler backs off to 100 ms, which starves whoever waits longest; this asks at an even pace.
_LOCK_ASK_SECONDS = 0.0003
_SAFE_SINCE = (3, 51, 3)
# The driver tries to adapt (PEP 246) every parameter that is not int, float, str or bytearray: 2.4 us each. A
# registered adapter is found first; these return the value itself.
sqlite3.register_adapter(bytes, bytes)
sqlite3.register_adapter(bool, int)
sqlite3.register_adapter(type(None), {None: None}.get)
# How many steps of SQLite's machine pass between two looks at the clock: a tenth of a millisecond, about.
_LOOK_EVERY_STEPS = 5_000


class Busy(Exception):
    """Somebody else kept the file's write lock for longer than `LOCK_WAIT_SECONDS_MAX`."""


class time_limit:  # noqa: N801  (used like a function; one made of a generator would take three times as long)
    """This thread's queries raise Interrupted when so many seconds are over. What it writes is written all the same."""

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

    `synchronous` is FULL for the truth, NORMAL for what can be made again. Where the file `must_exist` and does not,
    this raises OperationalError instead of making it. One that `writes` waits for its turn in `begin` alone.
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
        connection.set_progress_handler(is_over, _LOOK_EVERY_STEPS)
    return connection


def _make(path: Path) -> None:
    """Makes an empty file that its owner alone reads, where there is none; SQLite gives its mode to the WAL's files."""
    # Only a new file is opened here: closing one that SQLite has open would give up this process's locks on it. Where
    # none can be made, SQLite says so.
    with suppress(OSError):
        os.close(open_own(path, os.O_WRONLY | os.O_EXCL))


def _is_lock(error: Exception) -> bool:
    return "locked" in str(error) or "busy" in str(error)


def _when_unlocked(connection: "sqlite3.Connection", statement: str) -> None:
    """Runs a statement that must wait its turn. Raises Busy."""
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
    """Takes the file's write lock before anything is read, so that nothing read can be stale. Raises Busy."""
    _when_unlocked(connection, "BEGIN IMMEDIATE")


@contextmanager
def transaction(connection: "sqlite3.Connection") -> Iterator["sqlite3.Connection"]:
    """One write transaction: all of it or, on any exception, nothing. Raises Busy."""
    begin(connection)
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def cut_wal(connection: "sqlite3.Connection", wait_seconds_max: float = LOCK_WAIT_SECONDS_MAX) -> bool:
    """Writes the WAL into the file and cuts it, so that nothing that was overwritten is left in it. Whether it could:
    who reads or writes at this moment is waited for so long."""
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
    """Copies a file into a new one, as of one moment, whoever writes meanwhile; nobody waits for it."""
    with closing(connect(path, "FULL", must_exist=True)) as source, closing(connect(target, "FULL")) as copied:
        source.backup(copied)
        if not cut_wal(copied):
            raise Busy(f"{target} cannot be written whole")


def as_json(values: Iterable[object]) -> str:
    """Values as a query takes them all at once, by `json_each`."""
    return msgspec.json.encode(list(values)).decode()


def schema_of(connection: "sqlite3.Connection") -> dict[tuple[str, str], tuple[str, str | None]]:
    """Tables, indexes, triggers and views of a file, by kind and name, but for SQLite's own statistics."""
    rows = connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_stat%' ESCAPE '\\'"
    )
    return {(kind, name): (table, sql) for kind, name, table, sql in rows}


def is_full(error: Exception) -> bool:
    """Whether the driver says that there is no room on the disk."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL


def is_of_the_disk(error: Exception) -> bool:
    """Whether the disk has not taken what was written: it has no room, or a quota is used up, or it fails."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return is_full(error) or getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_IOERR


class library_errors:  # noqa: N801  (as above)
    """Raises the driver's errors as the library's, which eventsourcing is; LogForbidden where the file may not be
    written, LogFull where the disk takes no more of who `writes`."""

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
    """The connection that one thread has open for reading; no thread uses another's.

    A connection does not live through a fork: whoever forks opens nothing before.
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
            # Each thread has one, and what it reads it seldom reads again; the kernel keeps it for all.
            self._own.execute("PRAGMA cache_size = -2000")
        return self._own

    def close(self) -> None:
        """Closes this thread's connection."""
        if self._own is not None:
            self._own.close()
        self._own = None
