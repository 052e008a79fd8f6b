"""The webhooks: a file of its own beside the ledger, which is no view. It can be lost without any event being lost, and
with it goes who subscribed and how far they had been told: back it up.

A webhook has a cursor. All up to it is settled: delivered, or noted in `deliveries` as waiting. So whatever ends in the
middle of something, what is neither is sent again.
"""

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from domain.log.sqlite import Readers, connect, sqlite3, transaction

DELIVERIES_MAX: Final = 10_000
_TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS webhooks (
      id               TEXT PRIMARY KEY,
      url              TEXT NOT NULL,
      event_types      TEXT NOT NULL,
      secret           BLOB NOT NULL,
      old_secret       BLOB,
      old_secret_until INTEGER,
      private_key      BLOB NOT NULL,
      position         INTEGER NOT NULL,
      created_at       TEXT NOT NULL,
      created_by       TEXT NOT NULL,
      disabled_at      TEXT,
      disabled_because TEXT,
      revision         INTEGER NOT NULL DEFAULT 1
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS deliveries (
      webhook       TEXT NOT NULL REFERENCES webhooks ON DELETE CASCADE,
      position      INTEGER NOT NULL,
      originator    TEXT NOT NULL,
      type          TEXT NOT NULL,
      status        TEXT NOT NULL,
      attempts      INTEGER NOT NULL,
      next_at       INTEGER NOT NULL,
      attempted_at  TEXT,
      answer_status INTEGER,
      answer        TEXT,
      error         TEXT,
      milliseconds  INTEGER,
      PRIMARY KEY (webhook, position)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS deliveries_waiting ON deliveries (webhook, position) WHERE status = 'waiting'",
)


class Webhook(msgspec.Struct, frozen=True):
    """A subscription. It wants events of these types, of all where there are none; times are as the log writes them,
    but for the end of the old secret in seconds since 1970. Its revision changes with what a delivery depends on."""

    id: str
    url: str
    event_types: tuple[str, ...]
    secret: bytes
    old_secret: bytes | None
    old_secret_until: int | None
    private_key: bytes
    position: int
    created_at: str
    created_by: str
    disabled_at: str | None = None
    disabled_because: str | None = None
    revision: int = 1


class Delivery(NamedTuple):
    """What became of one event for one webhook: `delivered`, or `waiting` for its turn or for `next_at`, in seconds
    since 1970; and how its last attempt was answered."""

    position: int
    originator: str
    type: str
    status: str
    attempts: int = 0
    next_at: int = 0
    attempted_at: str | None = None
    answer_status: int | None = None
    answer: str | None = None
    error: str | None = None
    milliseconds: int | None = None


_WEBHOOK: Final = ", ".join(Webhook.__struct_fields__)
_DELIVERY: Final = ", ".join(Delivery._fields)


class Store:
    """The file is made with the first webhook. Raises Busy, and the driver's errors."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._readers = Readers(path, "FULL")
        self._writer: sqlite3.Connection | None = None
        self._writing = threading.Lock()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._writing:
            if self._writer is None:
                self.path.parent.mkdir(0o700, parents=True, exist_ok=True)
                self._writer = connect(self.path, "FULL", writes=True)
                with transaction(self._writer):
                    for statement in _TABLES:
                        self._writer.execute(statement)
            with transaction(self._writer) as writer:
                yield writer

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        if not self.path.exists():
            return []
        try:
            return self._readers.own.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):  # another process has just made the file
                return []
            raise

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Whether this process is the one that delivers; others' turn comes when it ends, however it ends."""
        if not self.path.exists():
            yield False
            return
        descriptor = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "r+b") as lock:
            try:
                flock(lock, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    # --- webhooks ---

    def all(self) -> list[Webhook]:
        return [_webhook(row) for row in self._rows(f"SELECT {_WEBHOOK} FROM webhooks ORDER BY created_at, id")]

    def one(self, webhook_id: str) -> Webhook | None:
        rows = self._rows(f"SELECT {_WEBHOOK} FROM webhooks WHERE id = ?", (webhook_id,))
        return _webhook(rows[0]) if rows else None

    def add(self, webhook: Webhook, *, count_max: int) -> bool:
        """Whether there was room for one more."""
        with self._transaction() as writer:
            ((count,),) = writer.execute("SELECT count(*) FROM webhooks").fetchall()
            if count >= count_max:
                return False
            values = _values(webhook)
            writer.execute(f"INSERT INTO webhooks ({_WEBHOOK}) VALUES ({_marks(values)})", values)
        return True

    def change(self, webhook_id: str, url: str, event_types: Sequence[str]) -> None:
        with self._transaction() as writer:
            writer.execute(
                "UPDATE webhooks SET url = ?, event_types = ?, revision = revision + 1 WHERE id = ?",
                (url, " ".join(event_types), webhook_id),
            )

    def rotate(self, webhook_id: str, secret: bytes, old_until: int) -> None:
        """Gives a new secret; the one before it is good until then."""
        with self._transaction() as writer:
            writer.execute(
                "UPDATE webhooks SET old_secret = secret, old_secret_until = ?, secret = ?, revision = revision + 1"
                " WHERE id = ?",
                (old_until, secret, webhook_id),
            )

    def remove(self, webhook_id: str) -> bool:
        """Whether it was there."""
        with self._transaction() as writer:
            return bool(writer.execute("DELETE FROM webhooks WHERE id = ?", (webhook_id,)).rowcount)

    def enable(self, webhook_id: str) -> None:
        """Takes the mark off; what waits is tried again at once, and has three days anew."""
        with self._transaction() as writer:
            writer.execute(
                "UPDATE webhooks SET disabled_at = NULL, disabled_because = NULL, revision = revision + 1 WHERE id = ?",
                (webhook_id,),
            )
            writer.execute(
                "UPDATE deliveries SET attempts = 0, next_at = 0 WHERE webhook = ? AND status = 'waiting'",
                (webhook_id,),
            )

    def disable(self, webhook_id: str, now: str, because: str) -> None:
        with self._transaction() as writer:
            writer.execute(
                "UPDATE webhooks SET disabled_at = ?, disabled_because = ?, revision = revision + 1"
                " WHERE id = ? AND disabled_at IS NULL",
                (now, because, webhook_id),
            )

    # --- deliveries ---

    def deliveries(self, webhook_id: str, *, status: str | None, before: int, limit: int) -> list[Delivery]:
        """The latest before a position, the last first."""
        term, values = ("", []) if status is None else (" AND status = ?", [status])
        rows = self._rows(
            f"SELECT {_DELIVERY} FROM deliveries WHERE webhook = ? AND position < ?{term}"
            " ORDER BY position DESC LIMIT +?",
            (webhook_id, before, *values, limit),
        )
        return list(map(Delivery._make, rows))

    def waiting(self, webhook_id: str) -> list[Delivery]:
        """All that waits, by positions."""
        rows = self._rows(
            f"SELECT {_DELIVERY} FROM deliveries WHERE webhook = ? AND status = 'waiting' ORDER BY position",
            (webhook_id,),
        )
        return list(map(Delivery._make, rows))

    def waiting_count(self, webhook_id: str) -> int:
        rows = self._rows("SELECT count(*) FROM deliveries WHERE webhook = ? AND status = 'waiting'", (webhook_id,))
        return int(rows[0][0]) if rows else 0

    def known_behind(self, webhook_id: str, position: int) -> set[int]:
        """The positions behind one of which is noted already what became of them."""
        rows = self._rows("SELECT position FROM deliveries WHERE webhook = ? AND position > ?", (webhook_id, position))
        return {position for (position,) in rows}

    def note(self, webhook_id: str, position: int, deliveries: Iterable[Delivery]) -> None:
        """Moves a webhook's cursor on, and notes what became of events; all at once."""
        with self._transaction() as writer:
            found = writer.execute(
                "UPDATE webhooks SET position = max(position, ?) WHERE id = ?", (position, webhook_id)
            ).rowcount
            if found:  # else it was removed meanwhile
                _put(writer, webhook_id, deliveries)

    def replay(self, webhook_id: str, delivery: Delivery) -> None:
        """Has an event sent again."""
        with self._transaction() as writer:
            writer.execute("UPDATE webhooks SET revision = revision + 1 WHERE id = ?", (webhook_id,))
            _put(writer, webhook_id, [delivery])

    def prune(self, webhook_id: str) -> None:
        """Forgets the oldest deliveries that are done, where there are many."""
        with self._transaction() as writer:
            writer.execute(
                "DELETE FROM deliveries WHERE webhook = ?1 AND status = 'delivered' AND position <= (SELECT position"
                " FROM deliveries WHERE webhook = ?1 ORDER BY position DESC LIMIT 1 OFFSET ?2)",
                (webhook_id, DELIVERIES_MAX),
            )


def _put(writer: sqlite3.Connection, webhook_id: str, deliveries: Iterable[Delivery]) -> None:
    marks = _marks(Delivery._fields)
    writer.executemany(
        f"INSERT OR REPLACE INTO deliveries (webhook, {_DELIVERY}) VALUES (?, {marks})",
        [(webhook_id, *delivery) for delivery in deliveries],
    )


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


def _values(webhook: Webhook) -> list[Any]:
    named = msgspec.structs.asdict(webhook) | {"event_types": " ".join(webhook.event_types)}
    return list(named.values())


def _webhook(row: tuple[Any, ...]) -> Webhook:
    webhook = Webhook(*row)
    return msgspec.structs.replace(webhook, event_types=tuple(str(row[2]).split()))
