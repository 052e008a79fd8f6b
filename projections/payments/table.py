"""Which money came and went, and when did we know? The payment journal: a row for each payment and each refund.

A row stands under the position of the event that recorded it and never changes, so who reads on from a position neither
misses a row nor meets one again. It goes only with its order, where that order's history cannot be read any more.

An amount can have 15 digits before the point and four behind it, which no SQLite integer holds. So it is kept in two,
`amount_high * 10**9 + amount_low`, and the two are added up apart: that stays exact for nine hundred million rows, and
of more SQLite's `sum` raises an error rather than a wrong figure. Sums of text would have to be made row by row in
Python.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from domain.log.mapper import DamagedEvent
from domain.log.records import RawRecord
from domain.log.sqlite import sqlite3
from domain.moments import day_of, microseconds, moment_of
from domain.order import events as e
from domain.order.state import Order, Payment, Refund

if TYPE_CHECKING:
    from sqlite_utils import Database

# The events that make a row.
MOVEMENTS: Final = (e.PaymentReceived, e.PaymentRefunded)
KINDS: Final = ("payment", "refund")
GROUPINGS: Final = ("day", "provider", "method", "currency")
CHUNK_ROWS: Final = 1_000
_SPLIT: Final = 10**9
_COLUMNS: Final[dict[str, Any]] = {
    "position": int,
    "kind": str,
    "order_id": int,
    "uuid": str,
    "key": str,
    "provider": str,
    "method": str,
    "reference": str,
    "payment_reference": str,
    "amount_high": int,
    "amount_low": int,
    "currency": str,
    "received_at": int,
    "recorded_at": int,
    "forced": int,
}
_INDEXES: Final = {
    "payments_order": ("uuid",),
    "payments_provider": ("provider",),
    "payments_received": ("received_at",),
}
_PUT: Final = f"INSERT INTO payments VALUES ({', '.join('?' * len(_COLUMNS))})"
_UUID: Final = [*_COLUMNS].index("uuid")
_SHOWN: Final = ", ".join(column for column in _COLUMNS if column != "uuid")

Row = tuple[Any, ...]


def create(database: "Database") -> None:
    """Makes the table in an empty file."""
    nullable = {"method", "payment_reference"}
    database.table("payments").create(_COLUMNS, pk="position", not_null=_COLUMNS.keys() - nullable, strict=True)


def index(database: "Database") -> None:
    """Makes the indexes that queries want."""
    for name, columns in _INDEXES.items():
        database.table("payments").create_index(columns, index_name=name)


def row(raw: RawRecord, order: Order) -> Row:
    """The row of an order's last payment or refund, which this record of the log brought. Raises DamagedEvent."""
    try:
        recorded_at = microseconds(datetime.fromisoformat(raw.recorded_at.decode()))
    except ValueError as error:
        raise DamagedEvent(raw.position, order.uuid, order.version, f"recorded_at: {error}") from None
    movement = order.payments[-1]
    head = (raw.position, KINDS[isinstance(movement, Refund)], order.id, raw.order, order.key, movement.provider)
    amount = (*divmod(movement.amount, _SPLIT), order.currency)
    if isinstance(movement, Payment):
        received_at = microseconds(movement.received_at)
        return (*head, movement.method, movement.reference, None, *amount, received_at, recorded_at, movement.forced)
    named, refunded_at = movement.payment_reference, microseconds(movement.refunded_at)
    method = _method_refunded(order, movement)
    return (*head, method, movement.reference, named, *amount, refunded_at, recorded_at, False)


def whose(row: Row) -> str:
    """The UUID of a row's order."""
    uuid: str = row[_UUID]
    return uuid


def _method_refunded(order: Order, refund: Refund) -> str | None:
    """The method of the payment that a refund names."""
    named = (refund.provider, refund.payment_reference)
    for known in order.payments:
        if isinstance(known, Payment) and (known.provider, known.reference) == named:
            return known.method
    return None


def put(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    if rows:
        connection.executemany(_PUT, rows)


def rows_of(connection: sqlite3.Connection, uuids: Sequence[str]) -> dict[str, list[Row]]:
    """The rows of orders, in the order of the log; those of the orders that have any, by UUIDs."""
    found: defaultdict[str, list[Row]] = defaultdict(list)
    wanted = msgspec.json.encode(uuids).decode()
    for one in connection.execute(
        "SELECT * FROM payments WHERE uuid IN (SELECT value FROM json_each(?)) ORDER BY position", (wanted,)
    ):
        found[whose(one)].append(one)
    return found


def remove(connection: sqlite3.Connection, uuid: str) -> None:
    """Takes the rows of an order out, whose history cannot be read any more."""
    connection.execute("DELETE FROM payments WHERE uuid = ?", (uuid,))


# --- what is asked ---


class Movement(msgspec.Struct, frozen=True):
    """A payment or a refund; its fields are the contract's. `amount` is in minor units, and positive in both."""

    position: int
    kind: str
    order_id: int
    key: str
    provider: str
    method: str | None
    reference: str
    payment_reference: str | None
    amount: int
    currency: str
    received_at: datetime
    recorded_at: datetime
    forced: bool


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal is narrowed to: None narrows nothing, `since` and `until` are microseconds, both inclusive."""

    since: int | None = None
    until: int | None = None
    provider: str | None = None
    method: str | None = None
    currency: str | None = None
    kind: str | None = None
    order: int | UUID | None = None


def _conditions(wanted: Filter) -> tuple[str, list[str | int]]:
    """The WHERE clause, and its values."""
    order = "uuid = ?" if isinstance(wanted.order, UUID) else "uuid = (SELECT uuid FROM orders WHERE id = ?)"
    asked = {
        "received_at >= ?": wanted.since,
        "received_at <= ?": wanted.until,
        "provider = ?": wanted.provider,
        "method = ?": wanted.method,
        "currency = ?": wanted.currency,
        "kind = ?": wanted.kind,
        order: str(wanted.order) if isinstance(wanted.order, UUID) else wanted.order,
    }
    given = {term: value for term, value in asked.items() if value is not None}
    return " AND ".join(given) or "true", list(given.values())


class Page(msgspec.Struct, frozen=True):
    """A part of the journal as of one position of the log; `is_last` where nothing that is wanted comes behind it."""

    position: int
    movements: list[Movement]
    is_last: bool


def page(connection: sqlite3.Connection, wanted: Filter, *, after: int, limit: int) -> Page:
    """What stands behind the position `after`, in the order of positions, at most so much of it."""
    select, values = _in_order(wanted, after=after, until=None, limit=limit + 1)
    rows = connection.execute(
        f"SELECT p.position, found.* FROM positions AS p LEFT JOIN ({select}) AS found", values
    ).fetchall()
    found = [_movement(row[1:]) for row in rows if row[1] is not None]
    return Page(rows[0][0], found[:limit], len(found) <= limit)


def walk(
    connect: Callable[[], sqlite3.Connection], wanted: Filter, *, after: int, until: int
) -> Iterator[list[Movement]]:
    """All that stands behind `after` up to `until`, some at a time.

    Asks for its connection each time: the views may be made anew meanwhile, and no reading lasts from part to part.
    """
    while True:
        select, values = _in_order(wanted, after=after, until=until, limit=CHUNK_ROWS)
        found = [_movement(row) for row in connect().execute(select, values).fetchall()]
        if found:
            yield found
            after = found[-1].position
        if len(found) < CHUNK_ROWS:
            return


def _in_order(wanted: Filter, *, after: int, until: int | None, limit: int) -> tuple[str, list[str | int]]:
    terms, values = _conditions(wanted)
    # By the plus the index on received_at is left alone: it would have all that is wanted sorted for each part of it.
    terms = terms.replace("received_at", "+received_at")
    return (
        f"SELECT {_SHOWN} FROM payments WHERE position > ? AND position <= ? AND {terms} ORDER BY position LIMIT +?",
        [after, 2**62 if until is None else until, *values, limit],
    )


def _movement(row: Row) -> Movement:
    *before, high, low, currency, received_at, recorded_at, forced = row
    amount = high * _SPLIT + low
    return Movement(*(*before, amount, currency, moment_of(received_at), moment_of(recorded_at), bool(forced)))


# --- added up ---


class Sum(msgspec.Struct):
    """What some payments and refunds of one currency come to. `labels` says which, by the groupings asked for."""

    labels: dict[str, str | None]
    currency: str
    count: int = 0
    received: int = 0
    refunded: int = 0

    @property
    def net(self) -> int:
        return self.received - self.refunded

    def add(self, kind: str, count: int, amount: int) -> None:
        self.count += count
        if kind == "payment":
            self.received += amount
        else:
            self.refunded += amount


class Summary(msgspec.Struct, frozen=True):
    """The sums by group, and of each currency in all, as of one position of the log."""

    position: int
    rows: list[Sum]
    totals: list[Sum]


def summary(connection: sqlite3.Connection, wanted: Filter, *, group_by: Sequence[str], zone: ZoneInfo) -> Summary:
    """Adds up by any of GROUPINGS, and by currency always: money of two currencies has no sum. Days are the zone's."""
    connection.create_function("day_of", 1, lambda received_at: day_of(received_at, zone), deterministic=True)
    names = list(dict.fromkeys([*group_by, "currency"]))
    columns = ", ".join("day_of(received_at) AS day" if name == "day" else name for name in names)
    alike = ", ".join(names)
    terms, values = _conditions(wanted)
    groups = connection.execute(
        f"SELECT p.position, found.* FROM positions AS p LEFT JOIN (SELECT count(*), kind, sum(amount_high),"
        f" sum(amount_low), {columns} FROM payments WHERE {terms} GROUP BY {alike}, kind ORDER BY {alike}) AS found",
        values,
    ).fetchall()
    rows: dict[Row, Sum] = {}
    totals: dict[str, Sum] = {}
    for _, count, kind, high, low, *label in groups:
        if count is None:
            break  # nothing is wanted: the position stands alone
        labels = dict(zip(names, label, strict=True))
        currency = labels["currency"]
        for of_group in (
            rows.setdefault(tuple(label), Sum(labels, currency)),
            totals.setdefault(currency, Sum({}, currency)),
        ):
            of_group.add(kind, count, high * _SPLIT + low)
    return Summary(groups[0][0], list(rows.values()), [totals[currency] for currency in sorted(totals)])
