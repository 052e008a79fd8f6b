"""The views of a ledger: reading them, feeding them to the log's head, and making them anew.

Each record is fed exactly once, to all views at the same time. The link to the generation in force is turned under the
write lock of the old generation. A feeder that has waited for that lock reads the link again. So no generation is fed
that is no longer read.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Final
from uuid import UUID

from eventsourcing.persistence import MapperDeserialisationError

from domain.ledger import OrderLedger
from domain.log.records import RawRecord
from domain.log.sqlite import begin, connect, cut_wal, sqlite3, transaction
from domain.own_file import open_own
from projections.views import generation, rebuilding
from projections.views.agreeing import TooFarAhead, last_agreed, roll_back
from projections.views.all import STATE_VIEW, VIEWS
from projections.views.feeding import Fed, feed
from projections.views.generation import Generations, ViewsUnavailable
from projections.views.rebuilding import Progress

__all__ = ["Views", "ViewsUnavailable"]

# The number of pages that wait in the WAL of the views (16 MiB) before they are written to the file: four times
# SQLite's default, since the same few pages change with each order. Feeding the records of one create takes a fifth
# less time.
_CHECKPOINT_PAGES: Final = 4_000
# For how long a feeding waits for readers when it cuts the WAL.
_CUT_SECONDS_MAX: Final = 0.05
_log = logging.getLogger("order_ledger")


class Views:
    """The views of one ledger. `path` is the link to the generation in force."""

    def __init__(self, ledger: OrderLedger, path: Path) -> None:
        self._ledger = ledger
        self.path = path
        self._generations = Generations(path)
        self._local = threading.local()
        # The one connection that feeds, with the inode of its generation; used under the lock.
        self._writer: tuple[int, sqlite3.Connection] | None = None
        self._lock = threading.Lock()
        # The log's count of times out of reach, as of the views' last comparison with the log.
        self._agreed_after = 0
        # Whether the WAL may hold erased data, from this process or from before its start.
        self._must_cut = True
        # Whether the next record could not be read when this process tried to feed it.
        self.is_at_unreadable = False

    # --- the generation in force ---

    @property
    def reader(self) -> sqlite3.Connection:
        """This thread's connection for queries of the generation in force. Raises ViewsUnavailable."""
        # An open file keeps its inode, so a new file cannot be taken for it.
        if getattr(self._local, "generation", None) != self._generations.in_force():
            self._close_reader()
            self._local.generation, self._local.reader = self._generations.opened()
        return self._local.reader  # type: ignore[no-any-return]

    def in_force(self) -> Path | None:
        """The link to the generation in force; None where there is none that this program can read."""
        try:
            _ = self.reader
            return self.path
        except ViewsUnavailable:
            return None

    def close(self) -> None:
        """Closes this thread's connection for queries, and the connection for feeding."""
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
        """The position of the log that the views have reached. Raises ViewsUnavailable."""
        return generation.position(self.reader)

    def version_of(self, uuid: UUID) -> int:
        """A history's version in the views; 0 where they do not have it, cannot be read, or may be ahead of the log."""
        if self._ledger.log_of_events.connection_losses != self._agreed_after:
            return 0
        try:
            reader, text = self.reader, str(uuid)
            return next(filter(None, (keeper.version(reader, text) for keeper in STATE_VIEW.values())), 0)
        except (ViewsUnavailable, sqlite3.DatabaseError):
            return 0

    def catch_up(self, written: Sequence[RawRecord] = ()) -> int:
        """Feeds the views to the log's head, or to the last of `written`. Returns the position reached.

        `written` are records that this process has just appended. Where they follow on from the views' position, they
        are not read again from the log.

        Raises ViewsUnavailable, Busy, and the log's errors for an event that cannot be read.
        """
        target = written[-1].position if written else self._ledger.head()
        self._agree()
        # Mostly there is nothing new, and then no thread needs to wait for the lock.
        if (position := self.position()) >= target and not self._must_cut:
            return position
        while True:
            with self._lock:
                before = position = self.position()
                if position < target:  # else another thread fed them while this one waited
                    with self._writing() as writer:
                        position, erased = self._fed(writer, written)
                    self._must_cut |= erased
                if self._must_cut:
                    self._cut()
            if position >= target or position == before:  # or the log is shorter by now
                return position

    def _fed(self, writer: sqlite3.Connection, written: Sequence[RawRecord]) -> Fed:
        """Feeds one batch. Notes whether the next record cannot be read."""
        try:
            fed = feed(self._ledger, writer, written)
        except MapperDeserialisationError:
            self.is_at_unreadable = True
            raise
        self.is_at_unreadable = False
        return fed

    def _cut(self) -> None:
        """Cuts the WAL, so that no erased data are left in it; under the lock. Where a reader prevents it, the next
        feeding tries again."""
        self._must_cut = not cut_wal(self._writer_in_force(), _CUT_SECONDS_MAX)

    def _agree(self) -> None:
        """Takes records that the log lacks, or has replaced, out of the views: at the first use, and after the log was
        out of reach. Raises ViewsUnavailable."""
        losses = self._ledger.log_of_events.connection_losses
        if losses == self._agreed_after:
            return
        position = self.position()  # read first: the views may be further once the log is read
        if last_agreed(self._ledger, self.reader) < position:
            with self._lock:
                try:
                    with self._writing() as writer:
                        roll_back(self._ledger, writer, last_agreed(self._ledger, writer))
                except TooFarAhead as error:
                    self._generations.retire()
                    _log.error("the views have %s that the log has not, or has otherwise: they are made anew", error)
                    raise ViewsUnavailable(f"the views are ahead of the log by {error}") from None
        self._agreed_after = losses

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A write transaction on the generation in force, even where that changed during the wait for the lock of its
        file; under the lock."""
        while True:
            in_force = self._generations.in_force()
            writer = self._writer_in_force()
            begin(writer)
            if self._generations.in_force() == in_force:
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
        _ = self.reader  # finds the generation in force
        if self._writer is None or self._writer[0] != self._local.generation:
            if self._writer is not None:
                self._writer[1].close()
            writer = connect(self._generations.file(), "NORMAL", must_exist=True, writes=True)
            writer.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
            writer.execute("PRAGMA secure_delete = ON")
            self._writer = (self._local.generation, writer)
        return self._writer[1]

    def stopped_count(self) -> int:
        """The number of histories that cannot be read to their end."""
        (count,) = self.reader.execute("SELECT count(*) FROM stopped").fetchone()
        return int(count)

    def stopped(self) -> dict[str, tuple[int, str]]:
        """The histories that cannot be read to their end: by UUID, the position where they stop, and the reason."""
        rows = self.reader.execute("SELECT uuid, position, reason FROM stopped ORDER BY position")
        return {uuid: (position, reason) for uuid, position, reason in rows}

    # --- making anew ---

    def ensure(self, progress: Progress | None = None) -> None:
        """Makes views anew that are missing, damaged, made by other code or too far ahead of the log, and feeds all
        views to the head."""
        try:
            _ = self.reader
            self._agree()
        except ViewsUnavailable:
            with self._rebuilding():
                self._mend(progress)
        self.catch_up()
        self.renew()

    def rebuild(self, progress: Progress | None = None) -> int:
        """Makes a new generation from the whole log and puts it in force. Returns its position.

        `progress` is called with the position reached and the head. One process rebuilds at a time.
        """
        with self._rebuilding():
            return self._put_in_force(lambda file: rebuilding.make(self._ledger, file, progress))

    def renew(self) -> None:
        """Puts a copy of the rows in force where data were erased since the generation was made, so that no byte of
        them is left. Feeding and reading go on meanwhile. Raises ViewsUnavailable."""
        if not generation.may_hold_erased(self.reader):
            return
        with self._rebuilding():
            if generation.may_hold_erased(self.reader):  # else another process did it while this one waited
                old = self._generations.file()
                self._put_in_force(lambda file: rebuilding.renew(self._ledger, file, old))

    @contextmanager
    def _rebuilding(self) -> Iterator[None]:
        self.path.parent.mkdir(0o700, parents=True, exist_ok=True)
        with os.fdopen(open_own(Path(f"{self.path}.lock"), os.O_RDWR), "r+b") as lock:
            flock(lock, LOCK_EX)
            yield

    def _mend(self, progress: Progress | None) -> None:
        with suppress(ViewsUnavailable):  # another process made them while this one waited
            _ = self.reader
            return
        old = self._generations.file()
        stale = generation.stale(old)
        if len(stale) < len(VIEWS):
            with suppress(sqlite3.DatabaseError):  # raised where the old file is damaged, too
                self._put_in_force(lambda file: rebuilding.remake(self._ledger, file, old, stale, progress))
                return
        self._put_in_force(lambda file: rebuilding.make(self._ledger, file, progress))

    def _put_in_force(self, make: Callable[[Path], sqlite3.Connection]) -> int:
        """Makes a new generation and turns the link to it. Returns its position."""
        file = self._generations.new_file()
        try:
            new = make(file)
            position = self._turn_to(file, new)
            new.close()
        except BaseException:
            generation.remove(file)
            raise
        self._generations.sweep(file)
        _give_memory_back()
        return position

    def _turn_to(self, file: Path, new: sqlite3.Connection) -> int:
        """Turns the link under the old generation's write lock, once the new generation has all records of the log."""
        with self._lock, self._nobody_feeding():
            position, head = generation.position(new), self._ledger.head()
            while position < head:
                with transaction(new):
                    position, _ = feed(self._ledger, new)
            self._generations.put_in_force(file)
            self._must_cut = True
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


def _give_memory_back() -> None:
    """Returns freed memory to the system: otherwise this process, and all that it forks, would keep the memory that
    making views took."""
    from ctypes import CDLL  # noqa: PLC0415  (few processes make views)

    with suppress(AttributeError):  # only glibc has it
        CDLL(None).malloc_trim(0)
