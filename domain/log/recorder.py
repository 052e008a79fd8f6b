"""The log on SQLite: a recorder of the eventsourcing library's interface that keeps what an auditor needs.

Positions are never given twice, records cannot be updated or deleted by SQL, every record has a digest, and what
must be unique across orders is claimed in the transaction that writes the events.
"""

import hashlib
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from threading import RLock, get_ident
from typing import Any, BinaryIO, Final, Generic, TypeVar
from uuid import UUID

import msgspec
from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    OperationalError,
    StoredEvent,
    Subscription,
)
from greenlet import getcurrent, greenlet

from domain.log.records import Claim, LogEntry, NewClaim, Provenance, RawRecord, digest_of, entry_of
from domain.log.sqlite import LOCK_WAIT_SECONDS_MAX, Busy, Readers, connect, sqlite3, transaction
from domain.moments import instant

_T = TypeVar("_T")
APPLICATION_ID: Final = 0x4F4C4731  # "OLG1", in the file's header
SCHEMA_VERSION: Final = 1

_SCHEMA: Final = """
CREATE TABLE events (
  position        INTEGER PRIMARY KEY AUTOINCREMENT,
  originator_id   TEXT NOT NULL,
  version         INTEGER NOT NULL,
  topic           TEXT NOT NULL,
  payload         TEXT NOT NULL,
  recorded_at     TEXT NOT NULL,
  actor           TEXT NOT NULL,
  request_id      TEXT,
  idempotency_key TEXT,
  digest          BLOB NOT NULL,
  UNIQUE (originator_id, version)
) STRICT;
CREATE TABLE claims (
  kind          TEXT NOT NULL,
  value         ANY NOT NULL,
  originator_id TEXT NOT NULL,
  version       INTEGER NOT NULL,
  fingerprint   BLOB,
  PRIMARY KEY (kind, value)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoints (
  size    INTEGER PRIMARY KEY,
  note    TEXT NOT NULL,
  made_at TEXT NOT NULL
) STRICT;
CREATE TABLE access_keys (
  name        TEXT PRIMARY KEY,
  prefix      TEXT NOT NULL,
  hash        BLOB NOT NULL UNIQUE,
  customer_id INTEGER,
  scopes      TEXT NOT NULL,
  created_at  TEXT NOT NULL,
  revoked_at  TEXT
) STRICT;
CREATE TRIGGER events_are_not_updated BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'the log is append-only: an event is never updated'); END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'the log is append-only: an event is never deleted'); END;
CREATE TRIGGER events_are_not_replaced BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE position = NEW.position)
  OR EXISTS (SELECT 1 FROM events WHERE originator_id = NEW.originator_id AND version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'the log is append-only: this position or version is taken'); END;
CREATE TRIGGER claims_are_not_updated BEFORE UPDATE ON claims
BEGIN SELECT RAISE(ABORT, 'a claim is never updated'); END;
CREATE TRIGGER claims_are_not_deleted BEFORE DELETE ON claims
BEGIN SELECT RAISE(ABORT, 'a claim is never given back'); END;
CREATE TRIGGER claims_are_not_replaced BEFORE INSERT ON claims
WHEN EXISTS (SELECT 1 FROM claims WHERE kind = NEW.kind AND value = NEW.value)
BEGIN SELECT RAISE(ABORT, 'this is claimed already'); END;
CREATE TRIGGER checkpoints_are_not_replaced BEFORE INSERT ON checkpoints
WHEN EXISTS (SELECT 1 FROM checkpoints WHERE size = NEW.size)
BEGIN SELECT RAISE(ABORT, 'there is a checkpoint of this size already'); END;
CREATE TRIGGER checkpoints_are_not_updated BEFORE UPDATE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'a checkpoint is never updated'); END;
CREATE TRIGGER checkpoints_are_not_deleted BEFORE DELETE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'a checkpoint is never deleted'); END;
"""
# Of a later day than the rest, so a ledger may not have it yet. In pieces, so that no file is ever whole in memory.
_KEPT_FILES: Final = """
CREATE TABLE kept_files (
  sha256  TEXT NOT NULL,
  piece   INTEGER NOT NULL,
  content BLOB NOT NULL,
  PRIMARY KEY (sha256, piece)
) STRICT;
CREATE TRIGGER kept_files_are_not_updated BEFORE UPDATE ON kept_files
BEGIN SELECT RAISE(ABORT, 'a kept file is never updated'); END;
CREATE TRIGGER kept_files_are_not_deleted BEFORE DELETE ON kept_files
BEGIN SELECT RAISE(ABORT, 'a kept file is never deleted'); END;
CREATE TRIGGER kept_files_are_not_replaced BEFORE INSERT ON kept_files
WHEN EXISTS (SELECT 1 FROM kept_files WHERE sha256 = NEW.sha256 AND piece = NEW.piece)
BEGIN SELECT RAISE(ABORT, 'this file is kept already'); END;
"""
FILE_PIECE_BYTES: Final = 1024 * 1024
_OWN_TABLES: Final = {"events", "claims", "checkpoints", "access_keys"}

# Text is read as bytes, so that a damaged byte is a damaged record and not an exception out of the driver. A plain
# `LIMIT ?` would be planned for the value that is bound, so prepared anew for each; `+?` is not.
_RAW: Final = (
    "SELECT position, CAST(originator_id AS BLOB), version, CAST(topic AS BLOB), CAST(payload AS BLOB),"
    " CAST(recorded_at AS BLOB), CAST(actor AS BLOB), CAST(request_id AS BLOB), CAST(idempotency_key AS BLOB),"
    " digest FROM events"
)


class SQLiteRecorder(ApplicationRecorder):
    """The log in one SQLite file. Raises the library's IntegrityError and OperationalError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._readers = Readers(path, "FULL")
        # One for all threads, since only one can write at a time: what it has read of the file is at hand then.
        self._writer: sqlite3.Connection | None = None
        self._writing = RLock()
        self._writing_thread: int | None = None
        self._waiting: deque[_Turn[Any]] = deque()

    def create(self) -> None:
        """Makes the tables where there are none, in one step, whoever else is doing the same.

        Raises OperationalError where the file is something else, or of a newer version of this program.
        """
        with _errors():
            self._refuse_strangers()
            with self._writing, transaction(self.writer) as writer:
                tables = _tables(writer)
                for missing, script in (("events", _SCHEMA), ("kept_files", _KEPT_FILES)):
                    if missing not in tables:
                        for statement in _statements(script):
                            writer.execute(statement)
                if writer.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
                    # A new file, or one restored from a dump, which does not carry these two.
                    writer.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                    writer.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _refuse_strangers(self) -> None:
        """Looks at a file that is there before anything in it changes, be it only its journal mode."""
        if not self.path.exists() or not self.path.stat().st_size:
            return
        stranger = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, timeout=LOCK_WAIT_SECONDS_MAX)
        try:
            (application,) = stranger.execute("PRAGMA application_id").fetchone()
            (version,) = stranger.execute("PRAGMA user_version").fetchone()
            tables = _tables(stranger)
        finally:
            stranger.close()
        if application == APPLICATION_ID and version > SCHEMA_VERSION:
            raise OperationalError(f"{self.path} was written by a newer version of this program.")
        if tables and not tables >= _OWN_TABLES:
            raise OperationalError(f"{self.path} is a database of something else, not a ledger.")

    @property
    def reader(self) -> sqlite3.Connection:
        """This thread's connection for reading; inside its own transaction, the one that sees what it wrote."""
        return self.writer if self._is_writing else self._readers.own

    @property
    def writer(self) -> sqlite3.Connection:
        """The connection for writing; inside `exclusive`."""
        if self._writer is None:
            self._writer = connect(self.path, "FULL", writes=True)
        return self._writer

    @property
    def _is_writing(self) -> bool:
        """Whether this thread is inside `exclusive`."""
        return self._writing_thread == get_ident()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Nobody else writes meanwhile; all that this thread inserts inside is committed together, or nothing of it."""
        with self._writing, _errors(), transaction(self.writer):
            self._writing_thread = get_ident()
            try:
                yield
            finally:
                self._writing_thread = None

    def together(self, work: Callable[[], _T]) -> _T:
        """What `work` returns, once all that it inserted is durable; where it raises, nothing of it is there.

        Who writes at the same time shares one commit, in threads and in jobs that go `side_by_side`: whoever is first
        does the work of all who wait.
        """
        turn = _Turn(work)
        self._waiting.append(turn)
        if (others := getcurrent().parent) is not None:
            others.switch()
        with self._writing:
            if turn.is_waiting:
                self._take_turns()
        return turn.outcome()

    def _take_turns(self) -> None:
        turns = self._take_waiting()
        try:
            with self.exclusive():
                for turn in turns:
                    turn.take(self.writer)
                    turns += self._take_waiting()  # while this waited for the file, or is at work
        except BaseException as error:  # nothing of all this is there
            for turn in turns:
                turn.fail(error if isinstance(error, Exception) else OperationalError("the write was broken off"))
            if not isinstance(error, Exception):
                raise

    def _take_waiting(self) -> "list[_Turn[Any]]":
        """The turns that nobody has begun to take."""
        return [self._waiting.popleft() for _ in range(len(self._waiting))]

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """Appends the events and takes the claims, all or nothing; returns the positions.

        Keywords: `provenance`, `now` (a datetime), `claims` (NewClaims). Raises IntegrityError where another write was
        first to a version or a claim.
        """
        if self._is_writing:
            with _errors():
                return self._insert(stored_events, **kwargs)
        with self.exclusive():
            return self._insert(stored_events, **kwargs)

    def _insert(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        provenance: Provenance,
        now: datetime,
        claims: Sequence[NewClaim] = (),
        **_: Any,
    ) -> Sequence[int]:
        writer = self.writer
        last = writer.execute("SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1").fetchone()
        recorded_at = instant(now) if last is None else max(instant(now), last[1])
        alike = (recorded_at, provenance.actor, provenance.request_id, provenance.idempotency_key)
        rows = []
        for stored in stored_events:
            order, version, topic = _text_of_uuid(stored.originator_id), stored.originator_version, stored.topic
            digest = digest_of(order, version, topic, stored.state, *alike)
            rows.append((order, version, topic, stored.state.decode(), *alike, digest))
        writer.executemany(
            "INSERT INTO events (originator_id, version, topic, payload, recorded_at, actor, request_id,"
            " idempotency_key, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        writer.executemany(
            "INSERT INTO claims VALUES (?, ?, ?, ?, ?)",
            [(c.kind, c.value, _text_of_uuid(c.originator_id), c.version, c.fingerprint) for c in claims],
        )
        # Claims have no row ids.
        (end,) = writer.execute("SELECT last_insert_rowid()").fetchone()
        return range(end - len(rows) + 1, end + 1)

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[LogEntry]:
        """An order's events, each with its position."""
        rows = self.reader.execute(
            f"{_RAW} WHERE originator_id = ? AND version > ? AND version <= ?"
            f" ORDER BY version {'DESC' if desc else 'ASC'} LIMIT +?",
            (
                str(originator_id),
                0 if gt is None else gt,
                2**62 if lte is None else lte,
                -1 if limit is None else limit,
            ),
        )
        return [entry_of(row) for row in rows]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[LogEntry]:
        """The log in the order of its positions."""
        first = 1 if start is None else start if inclusive_of_start else start + 1
        chosen = f" AND topic IN ({', '.join('?' * len(topics))})" if topics else ""
        rows = self.reader.execute(
            f"{_RAW} WHERE position >= ? AND position <= ?{chosen} ORDER BY position LIMIT +?",
            (first, 2**62 if stop is None else stop, *topics, limit),
        )
        return [entry_of(row) for row in rows]

    def max_notification_id(self) -> int | None:
        """The head of the log; None while it is empty."""
        (head,) = self.reader.execute("SELECT max(position) FROM events").fetchone()
        return None if head is None else int(head)

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        # SQLite tells nobody of news; the views ask for it (`projections/views/views.py`).
        raise NotImplementedError("SQLite has no subscriptions; read select_notifications from where you stand.")

    def raw_records(
        self,
        *,
        after: int = 0,
        until: int | None = None,
        limit: int | None = None,
        originator_id: UUID | None = None,
        topics: Sequence[str] = (),
        actor: str | None = None,
        since: str | None = None,
        before: str | None = None,
    ) -> Iterator[RawRecord]:
        """The records between two positions, the first left out, as they are stored; `since` and `before` are instants
        as the log writes them, both inclusive."""
        terms = ["position > ?", "position <= ?"]
        values: list[str | int] = [after, 2**62 if until is None else until]
        for term, value in (
            ("originator_id = ?", None if originator_id is None else str(originator_id)),
            ("actor = ?", actor),
            ("recorded_at >= ?", since),
            ("recorded_at <= ?", before),
        ):
            if value is not None:
                terms.append(term)
                values.append(value)
        if topics:
            terms.append(f"topic IN ({', '.join('?' * len(topics))})")
            values += topics
        rows = self.reader.execute(
            f"{_RAW} WHERE {' AND '.join(terms)} ORDER BY position LIMIT +?", (*values, -1 if limit is None else limit)
        )
        return map(RawRecord._make, rows)

    def raw_records_by_order(self, low: str, high: str) -> Iterator[RawRecord]:
        """The records of the orders whose UUIDs stand from `low` to before `high`, each order's by their versions."""
        rows = self.reader.execute(
            f"{_RAW} WHERE originator_id >= ? AND originator_id < ? ORDER BY originator_id, version", (low, high)
        )
        return map(RawRecord._make, rows)

    def raw_records_elsewhere(self, orders: Iterable[str], first: int, last: int, head: int) -> Iterator[RawRecord]:
        """These orders' records up to `head` that do not stand from `first` to `last`, in the order of positions."""
        # The index alone tells the positions, so that what is sorted is small.
        rows = self.reader.execute(
            f"WITH theirs AS MATERIALIZED (SELECT position AS place FROM events WHERE originator_id IN"
            f" (SELECT value FROM json_each(?)) AND (position < ? OR position > ?) AND position <= ?)"
            f" {_RAW} JOIN theirs ON position = place ORDER BY place",
            (msgspec.json.encode(list(orders)).decode(), first, last, head),
        )
        return map(RawRecord._make, rows)

    def raw_records_of(self, originator_id: str) -> Iterator[RawRecord]:
        """An order's records, by their versions."""
        rows = self.reader.execute(f"{_RAW} WHERE originator_id = ? ORDER BY version", (originator_id,))
        return map(RawRecord._make, rows)

    def raw_records_without_beginning(self, head: int) -> Iterator[RawRecord]:
        """What is there, up to `head`, of orders that have no first version; in the order of positions."""
        rows = self.reader.execute(
            f"{_RAW} WHERE originator_id IN (SELECT originator_id FROM events GROUP BY originator_id"
            f" HAVING total(version = 1) = 0) AND position <= ? ORDER BY position",
            (head,),
        )
        return map(RawRecord._make, rows)

    def parts(self, size: int) -> list[int]:
        """Which parts of the log have records, each part so many positions long, the first being 0."""
        found: list[int] = []
        after = -(2**63)
        while True:
            (position,) = self.reader.execute(
                "SELECT min(position) FROM events WHERE position > ?", (after,)
            ).fetchone()
            if position is None:
                return found
            found.append((position - 1) // size)
            after = (found[-1] + 1) * size

    def raw_record(self, position: int) -> RawRecord | None:
        return next(self.raw_records(after=position - 1, until=position), None)

    def keep_checkpoint(self, size: int, note: bytes, now: datetime) -> None:
        """Keeps a signed head; one that is kept for its size already stays."""
        with self.exclusive():
            if not self.writer.execute("SELECT 1 FROM checkpoints WHERE size = ?", (size,)).fetchone():
                self.writer.execute("INSERT INTO checkpoints VALUES (?, ?, ?)", (size, note.decode(), instant(now)))

    def checkpoints(self, last: int | None = None) -> list[bytes]:
        """Every signed head that was kept, or so many of the last, the smallest first."""
        rows = self.reader.execute(
            "SELECT CAST(note AS BLOB) FROM checkpoints ORDER BY size DESC LIMIT +?", (-1 if last is None else last,)
        )
        return [note for (note,) in rows][::-1]

    def last_checkpoint(self) -> tuple[int, bytes, str] | None:
        """The largest size that was signed, its note, and the instant when it was made."""
        row = self.reader.execute(
            "SELECT size, CAST(note AS BLOB), made_at FROM checkpoints ORDER BY size DESC LIMIT 1"
        ).fetchone()
        return (row[0], row[1], row[2]) if row else None

    def keep_file(self, sha256: str, file: BinaryIO) -> None:
        """Keeps a file's content under its SHA-256; one that is kept already stays. Inside `exclusive`."""
        if self.writer.execute("SELECT 1 FROM kept_files WHERE sha256 = ?", (sha256,)).fetchone():
            return
        file.seek(0)
        pieces = iter(lambda: file.read(FILE_PIECE_BYTES), b"")
        self.writer.executemany(
            "INSERT INTO kept_files VALUES (?, ?, ?)",
            ((sha256, number, zlib.compress(piece)) for number, piece in enumerate(pieces)),
        )

    def kept_file(self, sha256: str) -> Iterator[bytes]:
        """The content of a kept file, piece by piece. Raises OperationalError where it is not what was kept."""
        found = hashlib.sha256()
        number = 0
        while row := self.reader.execute(
            "SELECT content FROM kept_files WHERE sha256 = ? AND piece = ?", (sha256, number)
        ).fetchone():
            try:
                piece = zlib.decompress(row[0])
            except zlib.error:
                break
            found.update(piece)
            number += 1
            yield piece
        if found.hexdigest() != sha256:
            raise OperationalError(f"the file kept as {sha256} is missing, or not what was kept")

    def kept_files(self) -> list[str]:
        """The SHA-256 of every file that is kept."""
        return [sha256 for (sha256,) in self.reader.execute("SELECT DISTINCT sha256 FROM kept_files ORDER BY sha256")]

    def last_given(self) -> int:
        """The last position that was ever given, whether or not its record is still there."""
        row = self.reader.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
        return int(row[0]) if row else 0

    def claim(self, kind: str, value: str | int) -> Claim | None:
        """Who holds what is unique: the order, and the version that the claiming write brought it to."""
        row = self.reader.execute(
            "SELECT originator_id, version, fingerprint FROM claims WHERE kind = ? AND value = ?",
            (kind, value),
        ).fetchone()
        return Claim(UUID(row[0]), row[1], row[2]) if row else None

    def claimed(self, wanted: Iterable[tuple[str, str | int]]) -> list[tuple[str, str | int]]:
        """Which of these somebody holds; each is a claim's kind and value."""
        return self.reader.execute(
            "WITH wanted AS MATERIALIZED (SELECT value ->> 0 AS kind, value ->> 1 AS value FROM json_each(?))"
            " SELECT kind, value FROM wanted CROSS JOIN claims USING (kind, value)",
            (msgspec.json.encode(list(wanted)).decode(),),
        ).fetchall()

    def claim_max(self, kind: str) -> int:
        """The largest integer claimed; 0 where none is."""
        row = self.reader.execute(
            "SELECT value FROM claims WHERE kind = ? ORDER BY value DESC LIMIT 1", (kind,)
        ).fetchone()
        return int(row[0]) if row else 0

    def begun(self, orders: Iterable[str]) -> list[str]:
        """Which of these UUIDs have a first event."""
        rows = self.reader.execute(
            "SELECT wanted.value FROM json_each(?) AS wanted"
            " WHERE EXISTS (SELECT 1 FROM events WHERE originator_id = wanted.value AND version = 1)",
            (msgspec.json.encode(list(orders)).decode(),),
        )
        return [uuid for (uuid,) in rows]

    def position_of(self, originator_id: UUID, version: int) -> int:
        """Where in the log an order reached a version; 0 where it did not."""
        row = self.reader.execute(
            "SELECT position FROM events WHERE originator_id = ? AND version = ?",
            (str(originator_id), version),
        ).fetchone()
        return int(row[0]) if row else 0

    def actor_at(self, position: int) -> str | None:
        """Who wrote what stands at a position."""
        row = self.reader.execute("SELECT actor FROM events WHERE position = ?", (position,)).fetchone()
        return row[0] if row else None

    def is_writable(self) -> bool:
        """Whether an append would be taken now."""
        with self.exclusive():
            (read_only,) = self.writer.execute("PRAGMA query_only").fetchone()
            return not read_only

    def close(self) -> None:
        """Closes this thread's connection for reading, and the one for writing."""
        self._readers.close()
        with self._writing:
            if self._writer is not None:
                self._writer.close()
            self._writer = None


def side_by_side(jobs: Iterable[Callable[[], None]]) -> None:
    """Does the jobs in this thread, each until it is to write, and then on, so that what they write shares one commit.

    In threads of their own they would share it too, but spend a fifth of their time on taking the interpreter from each
    other. Each job is asked for when the one before it has come as far. No job may raise.
    """
    under_way = []
    for job in jobs:
        under_way.append(greenlet(job))
        under_way[-1].switch()
    while under_way := [job for job in under_way if not job.dead]:
        for job in under_way:
            job.switch()


class _Turn(Generic[_T]):
    """A piece of writing that waits to be done, and what came of it."""

    def __init__(self, work: Callable[[], _T]) -> None:
        self._work = work
        self._result: _T
        self._error: Exception | None = None
        self.is_waiting = True

    def take(self, writer: sqlite3.Connection) -> None:
        self.is_waiting = False
        writer.execute("SAVEPOINT turn")
        try:
            with _errors():
                self._result = self._work()
        except Exception as error:  # for whoever waits for it; the others' turns go on
            self._error = error
            writer.execute("ROLLBACK TO turn")
        writer.execute("RELEASE turn")

    def fail(self, error: Exception) -> None:
        """Also where it was refused: what it was refused for may have been part of what is not there."""
        self.is_waiting = False
        self._error = error

    def outcome(self) -> _T:
        if self._error is not None:
            raise self._error
        return self._result


# Neighbours in the log are mostly of the same order, and writing its UUID costs more than the rest of a record.
@lru_cache(maxsize=1024)
def _text_of_uuid(originator_id: UUID | str) -> str:
    return str(originator_id)


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def _statements(script: str) -> Iterator[str]:
    """The script's statements one by one: `executescript` would commit between them."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


@contextmanager
def _errors() -> Iterator[None]:
    """The driver's errors as the library's."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise IntegrityError(str(error)) from error
    except (sqlite3.OperationalError, sqlite3.DatabaseError, Busy) as error:
        raise OperationalError(str(error)) from error
