"""The webhooks: in a file of its own beside the ledger or, where that is on PostgreSQL, beside the log there, for all
nodes. It is no view. It can be lost without any event being lost, and with it goes who subscribed and how far they had
been told: back it up.

A webhook has a cursor. All up to it is settled: delivered, or noted in `deliveries` as waiting. So whatever ends in the
middle of something, what is neither is sent again.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from domain.log.log import Beside, Changing, Holds, Log, Row

DELIVERIES_MAX: Final = 10_000
# In a file; `domain/log/postgres/schema.py` has those of a database.
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


def store_of(log: Log, file: Path) -> "Store":
    """The webhooks of a log: in this file, where they are in one."""
    return Store(log.beside(file, _TABLES))


class Store:
    """Raises Busy, LogAway, and the drivers' errors."""

    def __init__(self, beside: Beside) -> None:
        self._beside = beside
        self._rows = beside.rows

    def turn(self) -> AbstractContextManager[Holds | None]:
        """The turn to deliver; None where it is another process's, of whatever node."""
        return self._beside.turn()

    def _do(self, sql: str, values: Sequence[Any]) -> list[Row]:
        """One statement in a transaction of its own."""
        with self._beside.transaction() as changing:
            return changing.do(sql, values)

    # --- webhooks ---

    def all(self) -> list[Webhook]:
        return [_webhook(row) for row in self._rows(f"SELECT {_WEBHOOK} FROM webhooks ORDER BY created_at, id")]

    def one(self, webhook_id: str) -> Webhook | None:
        rows = self._rows(f"SELECT {_WEBHOOK} FROM webhooks WHERE id = ?", (webhook_id,))
        return _webhook(rows[0]) if rows else None

    def add(self, webhook: Webhook, *, count_max: int) -> bool:
        """Whether there was room for one more."""
        with self._beside.transaction() as changing:
            ((count,),) = changing.do("SELECT count(*) FROM webhooks")
            if count >= count_max:
                return False
            values = _values(webhook)
            changing.do(f"INSERT INTO webhooks ({_WEBHOOK}) VALUES ({_marks(values)})", values)
        return True

    def change(self, webhook_id: str, url: str | None, event_types: Sequence[str] | None) -> None:
        """What is None stays as it is."""
        self._do(
            "UPDATE webhooks SET url = coalesce(?, url), event_types = coalesce(?, event_types),"
            " revision = revision + 1 WHERE id = ?",
            (url, None if event_types is None else " ".join(event_types), webhook_id),
        )

    def rotate(self, webhook_id: str, secret: bytes, old_until: int) -> None:
        """Gives a new secret; the one before it is good until then."""
        self._do(
            "UPDATE webhooks SET old_secret = secret, old_secret_until = ?, secret = ?, revision = revision + 1"
            " WHERE id = ?",
            (old_until, secret, webhook_id),
        )

    def remove(self, webhook_id: str) -> bool:
        """Whether it was there."""
        return bool(self._do("DELETE FROM webhooks WHERE id = ? RETURNING id", (webhook_id,)))

    def enable(self, webhook_id: str) -> None:
        """Takes the mark off; what waits is tried again at once, and has three days anew."""
        with self._beside.transaction() as changing:
            changing.do(
                "UPDATE webhooks SET disabled_at = NULL, disabled_because = NULL, revision = revision + 1 WHERE id = ?",
                (webhook_id,),
            )
            changing.do(
                "UPDATE deliveries SET attempts = 0, next_at = 0 WHERE webhook = ? AND status = 'waiting'",
                (webhook_id,),
            )

    def disable(self, webhook_id: str, now: str, because: str) -> None:
        self._do(
            "UPDATE webhooks SET disabled_at = ?, disabled_because = ?, revision = revision + 1"
            " WHERE id = ? AND disabled_at IS NULL",
            (now, because, webhook_id),
        )

    # --- deliveries ---

    def deliveries(self, webhook_id: str, *, status: str | None, before: int, limit: int) -> list[Delivery]:
        """The latest before a position, the last first."""
        term, values = ("", []) if status is None else (" AND status = ?", [status])
        term = f"AND position < ?{term} ORDER BY position DESC LIMIT +?"
        return self._deliveries(term, webhook_id, before, *values, limit)

    def waiting(self, webhook_id: str) -> list[Delivery]:
        """All that waits, by positions."""
        return self._deliveries("AND status = 'waiting' ORDER BY position", webhook_id)

    def _deliveries(self, terms: str, *values: Any) -> list[Delivery]:
        rows = self._rows(f"SELECT {_DELIVERY} FROM deliveries WHERE webhook = ? {terms}", values)
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
        with self._beside.transaction() as changing:
            found = changing.do(
                "UPDATE webhooks SET position = CASE WHEN position < ? THEN ? ELSE position END WHERE id = ?"
                " RETURNING id",
                (position, position, webhook_id),
            )
            if found:  # else it was removed meanwhile
                _put(changing, webhook_id, deliveries)

    def replay(self, webhook_id: str, delivery: Delivery) -> bool:
        """Has an event sent again. Whether the webhook was there."""
        with self._beside.transaction() as changing:
            found = changing.do("UPDATE webhooks SET revision = revision + 1 WHERE id = ? RETURNING id", (webhook_id,))
            if found:
                _put(changing, webhook_id, [delivery])
        return bool(found)

    def every_delivery(self, webhook_id: str) -> list[Delivery]:
        return self._deliveries("ORDER BY position", webhook_id)

    def take_over(self, webhooks: Iterable[tuple[Webhook, Sequence[Delivery]]]) -> None:
        """Takes other webhooks as they are, with their deliveries; those that are here already stay."""
        with self._beside.transaction() as changing:
            for webhook, deliveries in webhooks:
                values = _values(webhook)
                inserted = f"INSERT INTO webhooks ({_WEBHOOK}) VALUES ({_marks(values)})"
                if changing.do(f"{inserted} ON CONFLICT (id) DO NOTHING RETURNING id", values):
                    _put(changing, webhook.id, deliveries)

    def prune(self, webhook_id: str) -> None:
        """Forgets the oldest deliveries that are done, where there are many."""
        self._do(
            "DELETE FROM deliveries WHERE webhook = ? AND status = 'delivered' AND position <= (SELECT position"
            " FROM deliveries WHERE webhook = ? ORDER BY position DESC LIMIT 1 OFFSET ?)",
            (webhook_id, webhook_id, DELIVERIES_MAX),
        )


def _put(changing: Changing, webhook_id: str, deliveries: Iterable[Delivery]) -> None:
    anew = ", ".join(f"{name} = excluded.{name}" for name in Delivery._fields[1:])
    changing.do_each(
        f"INSERT INTO deliveries (webhook, {_DELIVERY}) VALUES (?, {_marks(Delivery._fields)})"
        f" ON CONFLICT (webhook, position) DO UPDATE SET {anew}",
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


def copy(source: Store, target: Store) -> None:
    """Copies all webhooks, with what became of their events, to where there are none of them."""
    target.take_over([(webhook, source.every_delivery(webhook.id)) for webhook in source.all()])
