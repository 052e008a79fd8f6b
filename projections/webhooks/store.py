"""The webhooks: in a file of its own beside the ledger or, where the log is on PostgreSQL, in its database, for all
nodes. The store is no view. No event is lost with it, but the subscriptions and their cursors are: back it up.

A webhook has a cursor. Every event up to it is settled: delivered, or noted in `deliveries` as waiting. After a crash,
an event that is neither is sent again.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from domain.log.log import Beside, BesideTransaction, Holds, Log, Row

DELIVERIES_MAX: Final = 10_000
# The tables of a file; `domain/log/postgres/schema.py` has those of a database.
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
    """A subscription to events of these types, of all types where there are none. Times are in the log's form, but the
    old secret ends in seconds since 1970. `revision` changes with every field that delivery depends on."""

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
    """The delivery of one event to one webhook, with the answer to its last attempt. `status` is `delivered`, or
    `waiting` for an earlier event or for `next_at`, in seconds since 1970."""

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
    """The store of a log's webhooks: in this file, unless the log is in a database."""
    return Store(log.beside(file, _TABLES))


class Store:
    """Keeps the webhooks and their deliveries. Raises Busy, LogAway, and the drivers' errors."""

    def __init__(self, beside: Beside) -> None:
        self._beside = beside
        self._rows = beside.rows

    def turn(self) -> AbstractContextManager[Holds | None]:
        """The turn to deliver; None where another process has it, on any node."""
        return self._beside.turn()

    def _do(self, sql: str, values: Sequence[Any]) -> list[Row]:
        """Runs one statement in a transaction of its own."""
        with self._beside.transaction() as changing:
            return changing.execute(sql, values)

    # --- webhooks ---

    def all(self) -> list[Webhook]:
        return [_webhook(row) for row in self._rows(f"SELECT {_WEBHOOK} FROM webhooks ORDER BY created_at, id")]

    def one(self, webhook_id: str) -> Webhook | None:
        rows = self._rows(f"SELECT {_WEBHOOK} FROM webhooks WHERE id = ?", (webhook_id,))
        return _webhook(rows[0]) if rows else None

    def add(self, webhook: Webhook, *, count_max: int) -> bool:
        """Adds a webhook, unless there are `count_max` already. Returns whether it was added."""
        with self._beside.transaction() as changing:
            ((count,),) = changing.execute("SELECT count(*) FROM webhooks")
            if count >= count_max:
                return False
            values = _values(webhook)
            changing.execute(f"INSERT INTO webhooks ({_WEBHOOK}) VALUES ({_marks(values)})", values)
        return True

    def change(self, webhook_id: str, url: str | None, event_types: Sequence[str] | None) -> None:
        """Changes a webhook; a field that is None stays as it is."""
        self._do(
            "UPDATE webhooks SET url = coalesce(?, url), event_types = coalesce(?, event_types),"
            " revision = revision + 1 WHERE id = ?",
            (url, None if event_types is None else " ".join(event_types), webhook_id),
        )

    def rotate(self, webhook_id: str, secret: bytes, old_until: int) -> None:
        """Sets a new secret; the former one is valid until `old_until`. Where the webhook has this secret already, it
        stays as it is: a request that is repeated must not take the former secret away."""
        self._do(
            "UPDATE webhooks SET old_secret = secret, old_secret_until = ?, secret = ?, revision = revision + 1"
            " WHERE id = ? AND secret <> ?",
            (old_until, secret, webhook_id, secret),
        )

    def remove(self, webhook_id: str) -> bool:
        """Removes a webhook. Returns whether it was there."""
        return bool(self._do("DELETE FROM webhooks WHERE id = ? RETURNING id", (webhook_id,)))

    def enable(self, webhook_id: str) -> None:
        """Enables a webhook. Waiting events are tried again at once, for three days from now."""
        with self._beside.transaction() as changing:
            changing.execute(
                "UPDATE webhooks SET disabled_at = NULL, disabled_because = NULL, revision = revision + 1 WHERE id = ?",
                (webhook_id,),
            )
            changing.execute(
                "UPDATE deliveries SET attempts = 0, next_at = 0 WHERE webhook = ? AND status = 'waiting'",
                (webhook_id,),
            )

    def disable(self, webhook_id: str, now: str, because: str, *, revision: int | None = None) -> bool:
        """Disables a webhook; with `revision` only one that was not changed since. Returns whether it did."""
        disabled = self._do(
            "UPDATE webhooks SET disabled_at = ?, disabled_because = ?, revision = revision + 1"
            " WHERE id = ? AND disabled_at IS NULL AND revision = coalesce(?, revision) RETURNING id",
            (now, because, webhook_id, revision),
        )
        return bool(disabled)

    # --- deliveries ---

    def deliveries(self, webhook_id: str, *, status: str | None, before: int, limit: int) -> list[Delivery]:
        """The latest deliveries before a position, the last first."""
        term, values = ("", []) if status is None else (" AND status = ?", [status])
        term = f"AND position < ?{term} ORDER BY position DESC LIMIT +?"
        return self._deliveries(term, webhook_id, before, *values, limit)

    def waiting(self, webhook_id: str) -> list[Delivery]:
        """All waiting deliveries, ordered by position."""
        return self._deliveries("AND status = 'waiting' ORDER BY position", webhook_id)

    def _deliveries(self, terms: str, *values: Any) -> list[Delivery]:
        rows = self._rows(f"SELECT {_DELIVERY} FROM deliveries WHERE webhook = ? {terms}", values)
        return list(map(Delivery._make, rows))

    def waiting_count(self, webhook_id: str) -> int:
        rows = self._rows("SELECT count(*) FROM deliveries WHERE webhook = ? AND status = 'waiting'", (webhook_id,))
        return int(rows[0][0]) if rows else 0

    def known_behind(self, webhook_id: str, position: int) -> set[int]:
        """The positions behind a position that have a noted delivery."""
        rows = self._rows("SELECT position FROM deliveries WHERE webhook = ? AND position > ?", (webhook_id, position))
        return {position for (position,) in rows}

    def note(
        self, webhook_id: str, position: int, deliveries: Iterable[Delivery], *, revision: int | None = None
    ) -> None:
        """Moves a webhook's cursor on, and notes deliveries, in one transaction. Where the webhook was changed since
        `revision`, a delivery that is noted already stays as it is: it may have been asked for again."""
        with self._beside.transaction() as changing:
            found = changing.execute(
                "UPDATE webhooks SET position = CASE WHEN position < ? THEN ? ELSE position END WHERE id = ?"
                " RETURNING revision",
                (position, position, webhook_id),
            )
            if found:  # else the webhook was removed meanwhile
                _put(changing, webhook_id, deliveries, anew=revision in (None, found[0][0]))

    def replay(self, webhook_id: str, delivery: Delivery) -> bool:
        """Has an event sent again. Returns whether the webhook was there."""
        with self._beside.transaction() as changing:
            found = changing.execute(
                "UPDATE webhooks SET revision = revision + 1 WHERE id = ? RETURNING id", (webhook_id,)
            )
            if found:
                _put(changing, webhook_id, [delivery])
        return bool(found)

    def every_delivery(self, webhook_id: str) -> list[Delivery]:
        return self._deliveries("ORDER BY position", webhook_id)

    def take_over(self, webhooks: Iterable[tuple[Webhook, Sequence[Delivery]]]) -> None:
        """Adds other webhooks with their deliveries; a webhook that is here already stays as it is."""
        with self._beside.transaction() as changing:
            for webhook, deliveries in webhooks:
                values = _values(webhook)
                inserted = f"INSERT INTO webhooks ({_WEBHOOK}) VALUES ({_marks(values)})"
                if changing.execute(f"{inserted} ON CONFLICT (id) DO NOTHING RETURNING id", values):
                    _put(changing, webhook.id, deliveries)

    def prune(self, webhook_id: str) -> None:
        """Deletes the oldest deliveries that are done, where there are many."""
        self._do(
            "DELETE FROM deliveries WHERE webhook = ? AND status = 'delivered' AND position <= (SELECT position"
            " FROM deliveries WHERE webhook = ? ORDER BY position DESC LIMIT 1 OFFSET ?)",
            (webhook_id, webhook_id, DELIVERIES_MAX),
        )


def _put(changing: BesideTransaction, webhook_id: str, deliveries: Iterable[Delivery], *, anew: bool = True) -> None:
    """Puts deliveries; one that is there is replaced where they are put `anew`, else left."""
    values = ", ".join(f"{name} = excluded.{name}" for name in Delivery._fields[1:])
    where_there = f"UPDATE SET {values}" if anew else "NOTHING"
    changing.executemany(
        f"INSERT INTO deliveries (webhook, {_DELIVERY}) VALUES (?, {_marks(Delivery._fields)})"
        f" ON CONFLICT (webhook, position) DO {where_there}",
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
    """Copies all webhooks with their deliveries into a store that has none of them."""
    target.take_over([(webhook, source.every_delivery(webhook.id)) for webhook in source.all()])
