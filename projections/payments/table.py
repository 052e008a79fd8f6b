"""Which money came and went, and when was it recorded? The payment journal: a row for each movement of an order's
money.

A row has the position of the event that recorded it, and never changes. So a reader that continues from a position
neither misses a row nor reads one twice. A row is removed only with its order, where the order's history cannot be read
any more.

An amount can have 15 digits before the point and four behind it, more than a SQLite integer holds. So each amount is
kept in two parts, `amount_high * 10**9 + amount_low`, which are summed separately. The sums are exact for nine hundred
million rows; beyond that SQLite's `sum` raises an error rather than return a wrong figure. Sums of text would have to
be made row by row in Python.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final
from uuid import UUID

import msgspec

from domain.log.records import RawRecord
from domain.log.sqlite import sqlite3
from domain.moments import microseconds
from domain.order.movements import EFFECTS, KIND_OF, Movement
from domain.order.state import ORDER, Order
from projections.views.view import EventView, Row

if TYPE_CHECKING:
    from sqlite_utils import Database

KINDS: Final = tuple(EFFECTS)
SPLIT: Final = 10**9
COLUMNS: Final[dict[str, Any]] = {
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
    "digits": int,  # after the point of the amount
    "received_at": int,
    "recorded_at": int,
    "forced": int,
}
_INDEXES: Final = {
    "payments_order": ("uuid",),
    "payments_provider": ("provider",),
    "payments_received": ("received_at",),
}
_PUT: Final = f"INSERT INTO payments VALUES ({', '.join('?' * len(COLUMNS))})"
_UUID: Final = [*COLUMNS].index("uuid")


class Payments(EventView):
    """The payment journal."""

    name = "payments"
    tables = ("payments",)
    beside_orders: ClassVar = {"payments": "orders.uuid = payments.uuid"}
    kind = ORDER
    events = tuple(KIND_OF)
    differs = "its payments in the views are not what its events make"

    def create(self, database: "Database") -> None:
        nullable = {"method", "payment_reference"}
        database.table("payments").create(COLUMNS, pk="position", not_null=COLUMNS.keys() - nullable, strict=True)

    def index(self, database: "Database") -> None:
        for name, columns in _INDEXES.items():
            database.table("payments").create_index(columns, index_name=name)

    def of_event(self, raw: RawRecord, state: Order) -> Row:
        return row(raw, state)

    def put(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        connection.executemany(_PUT, rows)

    def remove(self, connection: sqlite3.Connection, state: Order) -> None:
        connection.execute("DELETE FROM payments WHERE uuid = ?", (str(state.uuid),))

    def shown(self, connection: sqlite3.Connection, states: Sequence[Order]) -> dict[UUID, list[Row]]:
        found: defaultdict[UUID, list[Row]] = defaultdict(list)
        wanted = msgspec.json.encode([order.uuid for order in states]).decode()
        for one in connection.execute(
            "SELECT * FROM payments WHERE uuid IN (SELECT value FROM json_each(?)) ORDER BY position", (wanted,)
        ):
            found[UUID(one[_UUID])].append(one)
        return found


def row(raw: RawRecord, order: Order) -> Row:
    """The row of an order's last movement, which this record of the log added.

    Raises ValueError where the record has no time.
    """
    return tuple(columns(raw, order).values())


def columns(raw: RawRecord, order: Order) -> dict[str, Any]:
    """The row as `row` makes it, by the names of the columns and in their order. Raises the same ValueError."""
    try:
        recorded_at = microseconds(datetime.fromisoformat(raw.recorded_at.decode()))
    except ValueError as error:
        raise ValueError(f"recorded_at: {error}") from None
    *before, movement = order.payments
    high, low = divmod(movement.amount, SPLIT)
    return {
        "position": raw.position,
        "kind": movement.kind,
        "order_id": order.id,
        "uuid": raw.order,
        "key": order.key,
        "provider": movement.provider,
        "method": _method(movement, before),
        "reference": movement.reference,
        "payment_reference": None if movement.kind == "payment" else movement.payment,
        "amount_high": high,
        "amount_low": low,
        "currency": order.currency,
        "digits": order.digits,
        "received_at": microseconds(movement.at),
        "recorded_at": recorded_at,
        "forced": movement.forced,
    }


def _method(movement: Movement, before: Sequence[Movement]) -> str | None:
    """The method of the payment that a movement is, or is about."""
    if movement.kind == "payment" or movement.payment is None:
        return movement.method
    of = (movement.provider, movement.payment)
    found = (known for known in before if known.kind == "payment" and (known.provider, known.reference) == of)
    return next((known.method for known in found), None)
