"""The data keys in a SQLite file of their own beside the ledger: rows can be deleted from it, and its backups are kept
only for a short time. `secure_delete` overwrites deleted content with zeros, and the WAL is cut after each deletion."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from secrets import token_hex
from threading import RLock
from typing import Any, Final

from eventsourcing.persistence import OperationalError

from domain.log.sqlite import Readers, as_json, connect, cut_wal, library_errors, sqlite3, transaction
from domain.privacy.keyring import KEYS_AT_ONCE, DataOwner, Hold, KeyStore, StoredDataKey

_SCHEMA: Final = (
    # `changes` counts the changes after which other processes must forget their keys.
    "CREATE TABLE keyring (id TEXT NOT NULL, changes INTEGER NOT NULL) STRICT",
    """
CREATE TABLE data_keys (
  id           TEXT PRIMARY KEY,
  subject      TEXT NOT NULL,
  part         TEXT NOT NULL,
  year         INTEGER NOT NULL,
  master       TEXT NOT NULL,
  wrapped      BLOB,
  made_at      TEXT NOT NULL,
  retired_at   TEXT,
  destroyed_at TEXT,
  erasure      TEXT
) STRICT, WITHOUT ROWID
""",
    "CREATE INDEX data_keys_of_subject ON data_keys (subject, year, part)",
    "CREATE UNIQUE INDEX data_keys_in_use ON data_keys (subject, part, year) WHERE retired_at IS NULL",
    """
CREATE TABLE holds (
  subject   TEXT PRIMARY KEY,
  reference TEXT NOT NULL,
  since     TEXT NOT NULL
) STRICT, WITHOUT ROWID
""",
    "CREATE TABLE aside (erasure TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
    """
CREATE TRIGGER data_keys_stay BEFORE DELETE ON data_keys
BEGIN SELECT RAISE(ABORT, 'a destroyed key leaves its row'); END
""",
    """
CREATE TRIGGER data_keys_stay_destroyed BEFORE UPDATE ON data_keys
WHEN OLD.destroyed_at IS NOT NULL AND (NEW.destroyed_at IS NULL OR NEW.wrapped IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'a destroyed key never comes back'); END
""",
)
_INSERT: Final = f"INSERT INTO data_keys VALUES ({', '.join('?' * len(StoredDataKey._fields))})"
_TAKE_OVER: Final = (
    f"{_INSERT} ON CONFLICT (id) DO UPDATE SET"
    " master = excluded.master, wrapped = excluded.wrapped, retired_at = excluded.retired_at,"
    " destroyed_at = excluded.destroyed_at, erasure = excluded.erasure WHERE data_keys.destroyed_at IS NULL"
)
_PUT_HOLD: Final = "INSERT OR REPLACE INTO holds VALUES (?, ?, ?)"
_PUT_ASIDE: Final = "INSERT OR IGNORE INTO aside VALUES (?)"
_KEYS: Final = f"SELECT {', '.join(StoredDataKey._fields)} FROM data_keys"


class SQLiteKeyStore:
    """Implements `keyring.KeyStore`."""

    def __init__(self, path: Path) -> None:
        self.path = self.file = path
        self.shown = str(path)
        self._readers = Readers(path, "FULL")
        self._writer: sqlite3.Connection | None = None
        self._lock = RLock()
        self._id: str | None = None
        self._seen: tuple[int, int] | None = None
        # New keys that the next commit stores, by owner and part.
        self._new: dict[tuple[DataOwner, str], StoredDataKey] = {}
        # The owner asked for last, with the owner's keys in use: the other part is asked for next.
        self._asked: tuple[DataOwner, dict[str, StoredDataKey]] | None = None

    def exists(self) -> bool:
        return self.path.exists()

    def create(self, keyring: str | None = None) -> None:
        with self._lock, library_errors(writes=True), transaction(self.writer) as writer:
            if not writer.execute("SELECT 1 FROM sqlite_schema WHERE name = 'keyring'").fetchone():
                for statement in _SCHEMA:
                    writer.execute(statement)
                writer.execute("INSERT INTO keyring VALUES (?, 0)", (keyring or token_hex(8),))

    @property
    def writer(self) -> sqlite3.Connection:
        if self._writer is None:
            self._writer = connect(self.path, "FULL", must_exist=self._id is not None, writes=True)
            self._writer.execute("PRAGMA secure_delete = ON")
        return self._writer

    @property
    def id(self) -> str:
        if self._id is None:
            ids = self._rows("SELECT id FROM keyring")
            if len(ids) != 1:
                raise OperationalError(f"{self.path} is damaged: it has the ids of {len(ids)} keyrings, and not of one")
            self._id = str(ids[0][0])
        return self._id

    def _rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with library_errors():
            return self._readers.own.execute(statement, values).fetchall()

    # --- reading ---

    def has_changed(self) -> bool:
        # Asked on the writer's connection, whose data_version does not count this process's own writes.
        with self._lock, library_errors():
            (version,) = self.writer.execute("PRAGMA data_version").fetchone()
            if self._seen is not None and self._seen[0] == version:
                return False
            (changes,) = self.writer.execute("SELECT changes FROM keyring").fetchone()
            before, self._seen = self._seen, (version, changes)
        return before is None or before[1] != changes

    def get(self, key_id: str) -> StoredDataKey | None:
        rows = self._rows(f"{_KEYS} WHERE id = ?", (key_id,))
        return StoredDataKey._make(rows[0]) if rows else None

    def get_all(self, key_ids: Collection[str]) -> list[StoredDataKey]:
        rows = self._rows(f"{_KEYS} WHERE id IN (SELECT value FROM json_each(?))", (as_json(key_ids),))
        return list(map(StoredDataKey._make, rows))

    def in_use(self, owner: DataOwner, part: str) -> StoredDataKey | None:
        if (new := self._new.get((owner, part))) is not None:
            return new
        if self._asked is None or self._asked[0] != owner:
            with self._lock, library_errors():
                rows = self.writer.execute(f"{_KEYS} WHERE subject = ? AND year = ? AND retired_at IS NULL", owner)
                self._asked = owner, {key.part: key for key in map(StoredDataKey._make, rows)}
        return self._asked[1].get(part)

    def any_alive(self) -> StoredDataKey | None:
        rows = self._rows(f"{_KEYS} WHERE wrapped IS NOT NULL LIMIT 1")
        return StoredDataKey._make(rows[0]) if rows else None

    def of_subject(self, subject: str) -> list[StoredDataKey]:
        rows = self._rows(f"{_KEYS} WHERE subject = ? ORDER BY year, part, made_at", (subject,))
        return list(map(StoredDataKey._make, rows))

    def alive(self, key_ids: Collection[str]) -> list[str]:
        rows = self._rows(
            "SELECT data_keys.id FROM json_each(?) AS wanted JOIN data_keys ON data_keys.id = wanted.value"
            " WHERE destroyed_at IS NULL",
            (as_json(key_ids),),
        )
        return [key_id for (key_id,) in rows]

    def each(self) -> Iterator[StoredDataKey]:
        last = ""
        while rows := self._rows(f"{_KEYS} WHERE id > ? ORDER BY id LIMIT ?", (last, KEYS_AT_ONCE)):
            yield from (found := list(map(StoredDataKey._make, rows)))
            last = found[-1].id

    # --- writing ---

    def put(self, key: StoredDataKey) -> None:
        self._new[DataOwner(key.subject, key.year), key.part] = key

    def commit(self) -> None:
        if self._new:
            with self._lock, library_errors(writes=True), transaction(self.writer) as writer:
                writer.executemany(_INSERT, self._new.values())
        self.rollback()

    def rollback(self) -> None:
        self._new, self._asked = {}, None

    def retire(self, key_ids: Iterable[str], at: str) -> None:
        # Together with the keys that were put before, which are then durable too.
        with self._lock, library_errors(writes=True), transaction(self.writer) as writer:
            writer.executemany(_INSERT, self._new.values())
            writer.executemany(
                "UPDATE data_keys SET retired_at = ? WHERE id = ? AND retired_at IS NULL",
                [(at, key_id) for key_id in key_ids],
            )
            writer.execute("UPDATE keyring SET changes = changes + 1")
        self.rollback()

    def destroy(self, key_ids: Iterable[str], erasure: str, at: str) -> list[str]:
        gone = []
        with self._apart() as writer:
            for key_id in key_ids:
                changed = writer.execute(
                    "UPDATE data_keys SET wrapped = NULL, destroyed_at = ?1, erasure = ?2,"
                    " retired_at = coalesce(retired_at, ?1) WHERE id = ?3 AND destroyed_at IS NULL",
                    (at, erasure, key_id),
                )
                if changed.rowcount:
                    gone.append(key_id)
        return gone

    def hold_on(self, subjects: Collection[str]) -> Hold | None:
        rows = self._rows(
            "SELECT * FROM holds WHERE subject IN (SELECT value FROM json_each(?)) ORDER BY subject LIMIT 1",
            (as_json(subjects),),
        )
        return Hold._make(rows[0]) if rows else None

    def holds(self) -> list[Hold]:
        return list(map(Hold._make, self._rows("SELECT * FROM holds ORDER BY subject")))

    def put_hold(self, hold: Hold) -> None:
        with self._apart() as writer:
            writer.execute(_PUT_HOLD, hold)

    def release(self, subject: str) -> bool:
        with self._apart() as writer:
            return bool(writer.execute("DELETE FROM holds WHERE subject = ?", (subject,)).rowcount)

    def put_aside(self, erasure: str) -> None:
        with self._apart() as writer:
            writer.execute(_PUT_ASIDE, (erasure,))

    def aside(self) -> set[str]:
        return {erasure for (erasure,) in self._rows("SELECT erasure FROM aside")}

    def wrapped_anew(self, keys: Sequence[StoredDataKey]) -> None:
        with self._apart() as writer:
            writer.executemany(
                "UPDATE data_keys SET master = ?, wrapped = ? WHERE id = ? AND destroyed_at IS NULL",
                [(key.master, key.wrapped, key.id) for key in keys],
            )

    def take_over(self, other: KeyStore) -> None:
        self.create(other.id)
        keys = other.each()
        with self._apart() as writer:
            writer.executemany(_TAKE_OVER, keys)
            writer.executemany(_PUT_HOLD, other.holds())
            writer.executemany(_PUT_ASIDE, [(erasure,) for erasure in other.aside()])

    @contextmanager
    def _apart(self) -> Iterator[sqlite3.Connection]:
        """A transaction on a connection of its own, apart from other threads' transactions. At its end the deleted
        content is gone from the file and its WAL."""
        with library_errors(writes=True), closing(connect(self.path, "FULL", must_exist=True, writes=True)) as writer:
            writer.execute("PRAGMA secure_delete = ON")
            with transaction(writer):
                yield writer
                writer.execute("UPDATE keyring SET changes = changes + 1")
            cut_wal(writer)

    def close(self) -> None:
        self._readers.close()
        with self._lock:
            if self._writer is not None:
                self._writer.close()
            self._writer = self._seen = None
