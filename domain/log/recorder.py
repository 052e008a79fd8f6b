"""The log in one SQLite file: a recorder of the eventsourcing library's interface, with all that an auditor needs.

A position is never given twice. SQL cannot update or delete a record. Every record has a digest. Values that must be
unique across orders are claimed in the transaction that writes the events.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, NamedTuple

from eventsourcing.persistence import IntegrityError, StoredEvent

from domain.log import files
from domain.log.beside import FileBeside
from domain.log.checking import faults
from domain.log.known_keys import KNOWN_SECONDS, KnownKeys
from domain.log.library import LibraryRecorder, must_follow
from domain.log.log import ClockReading, FormerKey, KeptCheckpoint, KeptKeyring, ReadHints, StoredKey
from domain.log.reading import SQLiteReading
from domain.log.records import Fault, NewClaim, Provenance, RawRecord, digest_of
from domain.log.schema import make_tables, must_be_own
from domain.log.sqlite import Readers, connect, library_errors, sqlite3, transaction
from domain.moments import instant
from domain.privacy.keyring import KeyStore
from domain.privacy.sqlite_keys import SQLiteKeyStore


class SQLiteRecorder(SQLiteReading, LibraryRecorder):
    """Implements `log.Log`, and the library's ApplicationRecorder."""

    is_local = True
    connection_losses = 1  # an older copy of the file can have been restored before this process began

    def __init__(self, path: Path) -> None:
        self.path = path
        self._readers = Readers(path, "FULL")
        # One connection for all threads, since only one can write at a time: its page cache stays warm for the next.
        self._writer: sqlite3.Connection | None = None
        self._writing = Lock()
        self._known_keys = KnownKeys(self.access_key)

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def create(self) -> None:
        """Makes the missing tables in one transaction, so that several processes may call this at once.

        Raises OperationalError where the file is something else, or of a newer version of this program.
        """
        with library_errors(), self._writing:
            must_be_own(self.path)
            with transaction(self.writer) as writer:
                make_tables(writer)

    @property
    def reader(self) -> sqlite3.Connection:
        """The calling thread's connection for reading."""
        return self._readers.own

    connection = reader

    @property
    def writer(self) -> sqlite3.Connection:
        """The process's connection for writing."""
        if self._writer is None:
            self._writer = connect(self.path, "FULL", writes=True)
        return self._writer

    @contextmanager
    def transaction(self, _wants: ReadHints = ReadHints()) -> Iterator["SQLiteTransaction"]:  # noqa: B008  (it is immutable)
        """A transaction, with the file's write lock. All of the block's writes are committed together, or none."""
        with self._writing, library_errors(writes=True), transaction(self.writer) as writer:
            t = SQLiteTransaction(writer)
            yield t
            t.must_be_under_way()
        if t.has_changed_keys:
            time.sleep(KNOWN_SECONDS)  # after this no process believes the old key any more

    locked = transaction

    def access_key_nowait(self, key_hash: bytes) -> StoredKey | None:
        return self._known_keys.get(key_hash)

    @staticmethod
    def wait_for_news(_seconds: object, /) -> bool:
        """False at once: SQLite notifies no reader of a commit."""
        return False

    def key_store(self, file: Path) -> KeyStore:
        return SQLiteKeyStore(file)

    def beside(self, file: Path, tables: Sequence[str]) -> FileBeside:
        return FileBeside(file, tables)

    def faults(self) -> Iterator[Fault]:
        with library_errors():
            yield from faults(self.reader)

    def warnings(self, workers: int = 0) -> list[str]:  # noqa: ARG002  (for a log in a database)
        return []

    def mend_indexes(self) -> None:
        with self.transaction() as t:
            t.connection.execute("REINDEX")

    def close(self) -> None:
        """Closes the calling thread's connection for reading, and the process's connection for writing."""
        self._readers.close()
        with self._writing:
            if self._writer is not None:
                self._writer.close()
            self._writer = None


class SQLiteTransaction(SQLiteReading):
    """Implements `log.Transaction`, on the connection that has the file's write lock."""

    may_grow = True

    def __init__(self, writer: sqlite3.Connection) -> None:
        self._writer = writer
        self._appended: list[_Appended] = []
        self._last_recorded_at = super().last_recorded_at()
        self.clock_holds = False
        # Whether the transaction has changed a stored access key; a new key alone counts as no change.
        self.has_changed_keys = False

    @property
    def connection(self) -> sqlite3.Connection:
        return self._writer

    def prefetch(self, wants: ReadHints) -> None:
        """Does nothing: every read of a file is at hand."""

    @property
    def written(self) -> list[RawRecord]:
        return [raw for appended in self._appended for raw in appended.raws()]

    def last_recorded_at(self) -> str | None:
        return self._last_recorded_at

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        self.must_be_under_way()
        before, last_recorded_at, clock_holds = len(self._appended), self._last_recorded_at, self.clock_holds
        self._writer.execute("SAVEPOINT inner")
        try:
            with library_errors(writes=True):
                yield
        except BaseException:
            del self._appended[before:]
            self._last_recorded_at, self.clock_holds = last_recorded_at, clock_holds
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK TO inner")
                self._writer.execute("RELEASE inner")
            raise
        self._writer.execute("RELEASE inner")

    def must_be_under_way(self) -> None:
        """Raises IntegrityError where SQLite has rolled the transaction back by itself, as it does when the disk fails:
        later writes would be committed without the earlier ones."""
        if not self._writer.in_transaction:
            raise IntegrityError("what was written before is taken back")

    def append(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        provenance: Provenance,
        now: datetime,
        claims: Sequence[NewClaim] = (),
    ) -> Sequence[int]:
        recorded_at = max(instant(now), self.last_recorded_at() or "")
        alike = (recorded_at, provenance.actor, provenance.request_id, provenance.idempotency_key)
        rows = list(self._rows_of(stored_events, alike))
        with library_errors(writes=True):
            self._writer.executemany(
                "INSERT INTO events (originator_id, version, topic, payload, recorded_at, actor, request_id,"
                " idempotency_key, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            self._take(claims)
            # A claim has no row id (WITHOUT ROWID), so this is still the last event's.
            (end,) = self._writer.execute("SELECT last_insert_rowid()").fetchone()
        positions = range(end - len(rows) + 1, end + 1)
        self._appended.append(_Appended(positions, stored_events, rows))
        self._last_recorded_at = recorded_at if rows else self._last_recorded_at
        return positions

    def take_over(self, raws: Sequence[RawRecord], claims: Sequence[NewClaim] = ()) -> None:
        if raws and raws[0].position != (self.max_notification_id() or 0) + 1:
            raise IntegrityError(f"position {raws[0].position} does not follow on the log's head")
        rows = [[of.decode() if isinstance(of, bytes) else of for of in raw[:-1]] + [raw.digest] for raw in raws]
        with library_errors(writes=True):
            self._writer.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        self._take(claims)

    def _take(self, claims: Sequence[NewClaim]) -> None:
        with library_errors(writes=True):
            self._writer.executemany(
                "INSERT INTO claims VALUES (?, ?, ?, ?, ?)",
                [(c.kind, c.value, str(c.originator_id), c.version, c.fingerprint) for c in claims],
            )

    def _rows_of(
        self, stored_events: Sequence[StoredEvent], alike: tuple[str | None, ...]
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of the table for these events. Raises IntegrityError where a version does not follow on its order's
        last one. The table's UNIQUE constraint is not enough: with a damaged index it would take a version twice."""
        last_versions: dict[str, int] = {}
        originator_id, order = None, ""
        for stored in stored_events:
            version, topic, payload = stored.originator_version, stored.topic, stored.state
            if stored.originator_id is not originator_id:  # neighbouring events are mostly of one order
                originator_id, order = stored.originator_id, str(stored.originator_id)
                if order not in last_versions:
                    last_versions[order] = self.version_of(order)
            must_follow(version, last_versions[order], order)
            last_versions[order] = version
            yield order, version, topic, payload.decode(), *alike, digest_of(order, version, topic, payload, *alike)

    def keep_checkpoint(self, size: int, note: bytes, now: datetime) -> None:
        if not self._row("SELECT 1 FROM checkpoints WHERE size = ?", (size,)):
            self._rows("INSERT INTO checkpoints VALUES (?, ?, ?)", (size, note.decode(), instant(now)))

    def keep_handover(self, handed: KeptCheckpoint) -> None:
        values = (handed.size, handed.note.decode(), handed.made_at)
        self._rows("INSERT INTO handovers (size, note, made_at) VALUES (?, ?, ?)", values)

    def keep_file(self, sha256: str, file: BinaryIO) -> None:
        if self._row("SELECT 1 FROM kept_files WHERE sha256 = ?", (sha256,)):
            return
        with library_errors(writes=True):
            self._writer.executemany(
                "INSERT INTO kept_files VALUES (?, ?, ?)", ((sha256, *piece) for piece in files.pieces(file))
            )

    def keep_keyring(self, keyring: KeptKeyring) -> None:
        self._rows("INSERT INTO keyrings VALUES (1, ?, ?, ?)", keyring)

    def put_access_key(self, key: StoredKey) -> None:
        is_new = self._row("SELECT 1 FROM access_keys WHERE name = ?", (key.name,)) is None
        self.has_changed_keys = self.has_changed_keys or not is_new
        self._rows(
            "INSERT INTO access_keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
            " prefix = excluded.prefix, hash = excluded.hash, scopes = excluded.scopes,"
            " revoked_at = excluded.revoked_at, expires_at = excluded.expires_at, origins = excluded.origins",
            key,
        )

    def put_former_key(self, key: FormerKey) -> None:
        self._rows(
            "INSERT INTO former_keys VALUES (?, ?, ?, ?) ON CONFLICT (hash) DO UPDATE SET"
            " expires_at = excluded.expires_at",
            key,
        )

    def keep_clock(self, shown: ClockReading) -> None:
        self._rows("INSERT INTO clocks (boot, uptime, moment, why) VALUES (?, ?, ?, ?)", shown)

    def touch(self) -> None:
        (version,) = self._row("PRAGMA user_version") or (0,)
        self._rows(f"PRAGMA user_version = {version}")


class _Appended(NamedTuple):
    """The writes of one `append`: the positions, the events, and the rows of the table without their positions."""

    positions: Sequence[int]
    stored_events: Sequence[StoredEvent]
    rows: Sequence[tuple[Any, ...]]

    def raws(self) -> Iterator[RawRecord]:
        for position, stored, row in zip(self.positions, self.stored_events, self.rows, strict=True):
            order, version, topic, _, *alike, digest = row
            texts = [None if text is None else text.encode() for text in alike]
            yield RawRecord._make((position, order.encode(), version, topic.encode(), stored.state, *texts, digest))
