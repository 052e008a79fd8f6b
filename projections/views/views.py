"""The mechanism that feeds the views: from the log, exactly once, all of them to the same position.

The views are one SQLite file that can be deleted at any time. `views.db` is a symbolic link to the generation in force
(`views.db.<hex>`); a rebuild makes a new generation beside it and then turns the link, so readers never see one half
made. The turn happens under the write lock of the old generation, and whoever has waited for that lock looks at the
link again, so nobody feeds a generation that is no longer read.
"""

import hashlib
import os
import re
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, flock
from functools import cache, partial
from itertools import starmap
from pathlib import Path
from typing import Final

import domain
import projections
from domain.ledger import LOG, OrderLedger
from domain.log.recorder import SQLiteRecorder
from domain.log.sqlite import Busy, begin, connect, in_haste, interrupt_when_late, sqlite3, transaction
from projections import tree
from projections.orders import table as orders
from projections.payments import table as payments
from projections.reconciliations import table as reconciliations
from projections.views.fold import Part, fold, orphans, part, processes, put, put_new, read_part, rows

BATCH_EVENTS_MAX: Final = 2_000
# A rebuild takes the log in parts of so many positions, in several processes where there are enough of them to be worth
# starting these.
PART_POSITIONS: Final = 4_096
PROCESSES_PARTS_MIN: Final = 5
PARTS_AHEAD_MAX: Final = 8
_GENERATION: Final = re.compile(r"\.[0-9a-f]{8}")
_WAIT_STEP_SECONDS: Final = 0.01

Progress = Callable[[int, int], None]


class ViewsUnavailable(Exception):
    """There are no views to read now: they are missing or of another version, and being made anew."""


@cache
def fingerprint() -> str:
    """Names the code that makes the views: a change of any of it may change a row, so it asks for new ones."""
    sources = sorted(
        path for package in (domain, projections) for folder in package.__path__ for path in Path(folder).rglob("*.py")
    )
    return hashlib.sha256(b"\0".join(path.name.encode() + b"\0" + path.read_bytes() for path in sources)).hexdigest()


class Views:
    """The views of one ledger: their file, and what keeps it at the log's head."""

    def __init__(self, ledger: OrderLedger, path: Path) -> None:
        self._ledger = ledger
        self.path = path
        self._link = os.fspath(path)  # looked at for every request, which a Path makes twice as dear
        self._local = threading.local()
        # One for all threads, under the lock, with the generation that it writes: one feeds for all who wait.
        self._writer: tuple[int, sqlite3.Connection] | None = None
        self._lock = threading.Lock()

    # --- the generation in force ---

    def _generation(self) -> int:
        """What tells the file that the link names from any other: its inode. Raises ViewsUnavailable."""
        try:
            return os.stat(self._link).st_ino
        except OSError:
            raise ViewsUnavailable("the views are being made anew") from None

    @property
    def reader(self) -> sqlite3.Connection:
        """This thread's connection for queries of the generation in force. Raises ViewsUnavailable."""
        while True:
            generation = self._generation()
            # A file that is open here keeps its inode, so a new one cannot be taken for it.
            if getattr(self._local, "generation", None) == generation:
                return self._local.reader  # type: ignore[no-any-return]
            self._close_reader()
            reader = self._open()
            if self._generation() == generation:
                if reader is None:
                    raise ViewsUnavailable("the views are of another version of the program")
                self._local.generation, self._local.reader = generation, reader
                return reader
            # The link was turned meanwhile, so there is another generation to look at.
            if reader is not None:
                reader.close()

    def _open(self) -> sqlite3.Connection | None:
        """A connection for queries; None where the file is none that this program made."""
        with suppress(sqlite3.DatabaseError):
            reader = connect(self.path.resolve(), "NORMAL", must_exist=True)
            if reader.execute("SELECT fingerprint FROM made_by").fetchone() == (fingerprint(),):
                reader.execute("PRAGMA query_only = ON")
                if in_haste():  # a thread that is once is always; for the others it would only cost
                    interrupt_when_late(reader)
                return reader
            reader.close()
        return None

    def in_force(self) -> Path | None:
        """The file of the generation in force; None where there is none that this program can read."""
        try:
            _ = self.reader
            return self.path.resolve()
        except ViewsUnavailable:
            return None

    def close(self) -> None:
        """Closes this thread's connection for queries, and the one for feeding."""
        self._close_reader()
        with self._lock:
            if self._writer is not None:
                self._writer[1].close()
            self._writer = None

    def _close_reader(self) -> None:
        if reader := getattr(self._local, "reader", None):
            reader.close()
        self._local.generation = self._local.reader = None

    # --- feeding ---

    def position(self) -> int:
        """How far in the log the views are. Raises ViewsUnavailable."""
        return _position(self.reader)

    def catch_up(self, target: int | None = None) -> int:
        """Feeds the views to the log's head, or until they have reached `target`; returns where they are.

        Raises ViewsUnavailable, Busy, or what the log's reader raises on an event that it cannot read.
        """
        if target is None:
            target = self._ledger.head()
            # Who looks for news mostly finds none, and need not wait for whoever is feeding.
            if (position := self.position()) >= target:
                return position
        while True:
            with self._lock:
                position = self.position()
                if position < target:  # else somebody has fed them while this thread waited
                    with self._writing() as writer:
                        position = _feed(self._ledger, writer, BATCH_EVENTS_MAX)
            if position >= target:
                return position

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A write transaction on the generation in force, also where that has changed while waiting for it; under the
        lock."""
        while True:
            generation = self._generation()
            writer = self._writer_in_force()
            begin(writer)
            if self._generation() == generation:
                break
            writer.execute("ROLLBACK")
        try:
            yield writer
            writer.execute("COMMIT")
        except BaseException:
            if writer.in_transaction:
                writer.execute("ROLLBACK")
            raise

    def _writer_in_force(self) -> sqlite3.Connection:
        """The connection for feeding the generation in force; under the lock. Raises ViewsUnavailable."""
        _ = self.reader  # looks which generation that is
        if self._writer is None or self._writer[0] != self._local.generation:
            if self._writer is not None:
                self._writer[1].close()
            self._writer = (
                self._local.generation,
                connect(self.path.resolve(), "NORMAL", must_exist=True, writes=True),
            )
        return self._writer[1]

    def wait_for(self, position: int, timeout_seconds: float) -> bool:
        """Whether the views reach a position in time."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            if self.position() >= position:
                return True
            if self._ledger.head() >= position:
                with suppress(Busy):
                    self.catch_up(position)
                    return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(_WAIT_STEP_SECONDS)

    def stopped(self) -> dict[str, tuple[int, str]]:
        """The orders whose history cannot be read: by UUID, the position where they stop and why."""
        rows = self.reader.execute("SELECT uuid, position, reason FROM stopped ORDER BY position")
        return {uuid: (position, reason) for uuid, position, reason in rows}

    # --- making anew ---

    def ensure(self, progress: Progress | None = None) -> None:
        """Makes the views anew where they are missing, damaged or of another version, and feeds them to the head."""
        try:
            _ = self.reader
        except ViewsUnavailable:
            self.rebuild(progress, only_if_unavailable=True)
        self.catch_up()

    def rebuild(self, progress: Progress | None = None, *, only_if_unavailable: bool = False) -> int:
        """Makes a new generation from the whole log, then puts it in force; returns its position.

        `progress` is called with the position reached and the head. One process rebuilds at a time.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(f"{self.path}.lock", "wb") as lock:
            flock(lock, LOCK_EX)
            if only_if_unavailable:
                with suppress(ViewsUnavailable):  # somebody else has made them while this one waited
                    return _position(self.reader)
            file = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}")
            try:
                writer = self._make(file, progress)
                position = self._put_in_force(file, writer)
                writer.close()
            except BaseException:
                _remove(file)
                raise
            self._sweep(file)
            return position

    def _make(self, file: Path, progress: Progress | None) -> sqlite3.Connection:
        """A generation, fed to where the head was a moment ago. Nobody reads it yet, so it need not survive a crash."""
        from sqlite_utils import Database  # noqa: PLC0415  (takes a while, and few processes make views)

        connection = connect(file, "OFF", writes=True)
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA cache_size = -64000")
        database = Database(connection)
        database.table("made_by").create({"fingerprint": str})
        database.table("positions").create({"log": str, "position": int}, pk="log", strict=True)
        database.table("stopped").create({"uuid": str, "position": int, "reason": str}, pk="uuid", strict=True)
        orders.create(database)
        payments.create(database)
        reconciliations.create(database)
        tree.create(database)
        with transaction(connection):
            connection.execute("INSERT INTO made_by VALUES (?)", (fingerprint(),))
            connection.execute("INSERT INTO positions VALUES (?, 0)", (LOG,))
        position, head = 0, self._ledger.head()
        for made in _parts(self._ledger.log_of_events, head):
            with transaction(connection):
                put_new(connection, made.rows)
                position = min(made.until, head)
                _reach(connection, position, made.digests)
            if progress:
                progress(position, head)
        orders.index(database)
        payments.index(database)
        with transaction(connection):
            put(connection, orphans(self._ledger.log_of_events.path, head))
        connection.execute("PRAGMA journal_mode = WAL")
        # What was appended meanwhile; the rest of it will be fed while nobody else can feed.
        while position < self._ledger.head():
            with transaction(connection):
                position = _feed(self._ledger, connection, BATCH_EVENTS_MAX)
        connection.execute("PRAGMA synchronous = NORMAL")
        with file.open("rb") as whole:  # once it is read, it must survive a loss of power too
            os.fsync(whole.fileno())
        return connection

    def _put_in_force(self, file: Path, new: sqlite3.Connection) -> int:
        """Turns the link, while nobody can feed the old generation; the new one has all that the old one had."""
        with self._lock, self._nobody_feeding():
            position, head = _position(new), self._ledger.head()
            while position < head:
                with transaction(new):
                    position = _feed(self._ledger, new, BATCH_EVENTS_MAX)
            link = self.path.with_name(f"{self.path.name}.link")
            link.unlink(missing_ok=True)
            link.symlink_to(file.name)
            os.replace(link, self.path)
        return position

    @contextmanager
    def _nobody_feeding(self) -> Iterator[None]:
        """The write lock of the generation in force, where there is one; under the lock."""
        try:
            old = self._writer_in_force()
        except ViewsUnavailable:
            yield
            return
        begin(old)
        try:
            yield
        finally:
            old.execute("ROLLBACK")

    def _sweep(self, in_force: Path) -> None:
        """Removes the generations that are no longer in force; who still reads one keeps its open file."""
        for file in self.path.parent.glob(f"{self.path.name}.*"):
            if file != in_force and _GENERATION.fullmatch(file.suffix):
                _remove(file)


def _remove(file: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)


def _position(connection: sqlite3.Connection) -> int:
    (position,) = connection.execute("SELECT position FROM positions").fetchone()
    return int(position)


def _feed(ledger: OrderLedger, connection: sqlite3.Connection, limit: int) -> int:
    """Folds the next events in, inside the caller's transaction; returns the position that this reaches."""
    before = _position(connection)
    raws = list(ledger.log_of_events.raw_records(after=before, limit=limit))
    if not raws:
        return before
    folded = fold(
        raws,
        partial(orders.state, connection),
        partial(reconciliations.state, connection),
        [uuid for (uuid,) in connection.execute("SELECT uuid FROM stopped")],
    )
    put(connection, rows(folded))
    _reach(connection, raws[-1].position, [raw.digest for raw in raws])
    return raws[-1].position


def _reach(connection: sqlite3.Connection, position: int, digests: Sequence[bytes]) -> None:
    """Notes how far the views are, and what the log's tree has grown by."""
    tree.append(connection, digests)
    connection.execute("UPDATE positions SET position = ? WHERE log = ?", (position, LOG))


def _parts(log: SQLiteRecorder, head: int) -> Iterator[Part]:
    """The log up to `head`, part by part, each made by another process where there is enough for more than one."""
    starts = [number * PART_POSITIONS for number in log.parts(PART_POSITIONS) if number * PART_POSITIONS < head]
    ends = [(log.path, after, after + PART_POSITIONS, head) for after in starts]
    if len(ends) < PROCESSES_PARTS_MIN:
        yield from map(read_part, starmap(part, ends))
        return
    with processes() as pool:
        coming: deque[Future[bytes]] = deque()
        for arguments in ends:
            coming.append(pool.submit(part, *arguments))
            # No more ahead than is soon written, or what waits would fill the memory.
            if len(coming) > PARTS_AHEAD_MAX:
                yield read_part(coming.popleft().result())
        while coming:
            yield read_part(coming.popleft().result())
