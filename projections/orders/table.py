"""The rows of an order, behind every list of orders and every single order.

`orders` has a narrow row for each order, with the columns to filter, sort and search by. The documents stand in tables
of their own, so that a page reads only what it shows; so does the folded state. A list is one index range and a join of
bytes.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import accumulate, pairwise, starmap
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple
from uuid import UUID

import msgspec

from domain.log.sqlite import as_json, sqlite3
from domain.moments import microseconds
from domain.money import decimal_text
from domain.order.state import ORDER, Order, Totals, is_payable, storefront_status
from projections.orders.documents import render
from projections.orders.search import search_text, staff_search_text
from projections.views.view import History, StateView

if TYPE_CHECKING:
    from sqlite_utils import Database

_COLUMNS: Final = {
    "customer_id": "INTEGER NOT NULL",
    "created_at": "INTEGER NOT NULL",
    "id": "INTEGER NOT NULL",
    "uuid": "TEXT NOT NULL",
    "key": "TEXT NOT NULL",
    "status": "TEXT NOT NULL",
    "storefront_status": "TEXT NOT NULL",
    "currency": "TEXT NOT NULL",
    "is_paid": "INTEGER NOT NULL",
    "is_payable": "INTEGER NOT NULL",
    "updated_at": "INTEGER NOT NULL",
    "shipping_cost": "TEXT NOT NULL",
    "payment_method_id": "INTEGER",
    "payment_method_name": "TEXT",
    "shipping_method_id": "INTEGER",
    "shipping_method_name": "TEXT",
    "billing_country_id": "INTEGER",
    "billing_country_name": "TEXT",
    "billing_state_id": "INTEGER",
    "billing_state_name": "TEXT",
    "billing_city_id": "INTEGER",
    "billing_city_name": "TEXT",
    "has_notes": "INTEGER NOT NULL",
    # The position of the last event: a reader finds changed orders behind an earlier position.
    "position": "INTEGER NOT NULL",
    "search": "TEXT NOT NULL",
}
# A customer's orders lie side by side, so that every query of one customer reads few pages of the file.
_CLUSTERED_BY: Final = ("customer_id", "created_at", "id")
# The number of each customer's orders by status: a list's count without counting.
_COUNTS: Final = """
CREATE TABLE order_counts (
  customer_id       INTEGER NOT NULL,
  status            TEXT NOT NULL,
  storefront_status TEXT NOT NULL,
  orders            INTEGER NOT NULL,
  PRIMARY KEY (customer_id, status, storefront_status)
) STRICT, WITHOUT ROWID
"""
_COUNT_ALL: Final = (
    "SELECT customer_id, status, storefront_status, count(*) FROM orders"
    " GROUP BY customer_id, status, storefront_status"
)
_COUNT_UP: Final = """
  INSERT INTO order_counts VALUES (NEW.customer_id, NEW.status, NEW.storefront_status, 1)
  ON CONFLICT DO UPDATE SET orders = orders + 1;
"""
_COUNT_DOWN: Final = """
  UPDATE order_counts SET orders = orders - 1
  WHERE customer_id = OLD.customer_id AND status = OLD.status AND storefront_status = OLD.storefront_status;
  DELETE FROM order_counts
  WHERE customer_id = OLD.customer_id AND status = OLD.status AND storefront_status = OLD.storefront_status
    AND orders = 0;
"""
_COUNT_ON: Final = (
    f"CREATE TRIGGER order_counts_up AFTER INSERT ON orders BEGIN {_COUNT_UP} END",
    f"CREATE TRIGGER order_counts_down AFTER DELETE ON orders BEGIN {_COUNT_DOWN} END",
    f"""
CREATE TRIGGER order_counts_over AFTER UPDATE ON orders
WHEN (OLD.status, OLD.storefront_status) IS NOT (NEW.status, NEW.storefront_status)
BEGIN {_COUNT_UP} {_COUNT_DOWN} END
""",
)
# The customer_id of a guest's order; customers' ids are not negative.
GUEST: Final = -1
_INDEXES: Final = {
    "orders_key": ("key",),
    # For the staff's default list and its count, without reading the table.
    "orders_newest": ("created_at", "id", "status"),
    "orders_touched": ("position",),
}
# Wide columns, each in a table of its own by the order's id: a narrow row then fits a page of the file, which a wide
# one does not. Neither contract has a field for the currency. It stands beside the document, and is read for the shown
# rows only.
_WIDE: Final[dict[str, dict[str, Any]]] = {
    "shop_documents": {"id": int, "currency": str, "document": bytes},
    "storefront_documents": {"id": int, "currency": str, "document": bytes},
    "staff_documents": {"id": int, "more": bytes},
    "staff_searches": {"id": int, "text": str},
    "states": {"id": int, "version": int, "state": bytes, "digest": bytes, "seal": bytes},
}
# A full page of orders can be too large for an answer only where one of these tables has a document above this size.
_LARGE_BYTES: Final = 75 * 1024
_LARGE: Final = {"shop_documents": "document", "storefront_documents": "document", "staff_documents": "more"}
LARGE: Final = {table: f"octet_length({column}) > {_LARGE_BYTES}" for table, column in _LARGE.items()}
# The columns that never change in an order's row, except when a guest's order is given to a customer.
_FIXED: Final = frozenset({*_CLUSTERED_BY, "uuid", "key", "currency"})


def _put(table: str, columns: Iterable[str], key: Iterable[str], fixed: Collection[str]) -> str:
    """The SQL that inserts a row or updates the one with the same key. It writes no fixed column, and so no index on
    one."""
    changed = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in fixed)
    return (
        f"INSERT INTO {table} VALUES ({', '.join('?' for _ in columns)})"
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changed}"
    )


_PUT: Final = (
    _put("orders", _COLUMNS, _CLUSTERED_BY, _FIXED),
    *(_put(table, columns, ("id",), ("id", "currency")) for table, columns in _WIDE.items()),
)
_DELETE_ELSEWHERE: Final = "DELETE FROM orders WHERE (customer_id, created_at) IS NOT (?, ?) AND id = ?"
_ID: Final = [*_COLUMNS].index("id")
# All of an order's rows, side by side; and the slice of each table's columns.
_JOINED: Final = (
    f"SELECT orders.*, {', '.join(f'{table}.*' for table in _WIDE)} FROM json_each(?) AS wanted"
    f" CROSS JOIN orders ON orders.id = wanted.value"
    f" {' '.join(f'JOIN {table} ON {table}.id = orders.id' for table in _WIDE)}"
)
_PLACES: Final = tuple(starmap(slice, pairwise(accumulate((len(_COLUMNS), *map(len, _WIDE.values())), initial=0))))

_encode_state = msgspec.msgpack.Encoder().encode
_decode_state = msgspec.msgpack.Decoder(Order).decode


# An order's rows, one for each table: `orders` first, then the wide ones.
Rows = Sequence[Sequence[Any]]


class Orders(StateView):
    """The orders as lists and single requests show them, and their states."""

    name = "orders"
    tables = ("orders", "order_counts", *_WIDE)
    made_of: ClassVar = {"order_counts": _COUNT_ALL}
    beside_orders: ClassVar = {table: f"orders.id = {table}.id" for table in _WIDE}
    kind = ORDER

    def create(self, database: "Database") -> None:
        narrow = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
        database.conn.execute(
            f"CREATE TABLE orders ({narrow}, PRIMARY KEY ({', '.join(_CLUSTERED_BY)})) STRICT, WITHOUT ROWID"
        )
        database.conn.execute(_COUNTS)
        for table, columns in _WIDE.items():
            database.table(table).create(columns, pk="id", strict=True)

    def index(self, database: "Database") -> None:
        for unique in ("id", "uuid"):
            database.table("orders").create_index((unique,), unique=True)
        for name, columns in _INDEXES.items():
            database.table("orders").create_index(columns, index_name=name)
        for table, is_large in LARGE.items():
            database.conn.execute(f"CREATE INDEX {table}_large ON {table} (id) WHERE {is_large}")
        for statement in (f"INSERT INTO order_counts {_COUNT_ALL}", *_COUNT_ON):
            database.conn.execute(statement)

    def of_history(self, history: History) -> list[Rows]:
        return [rows(history.state, history.digest, history.last)]

    def put(self, connection: sqlite3.Connection, rows: Sequence[Rows]) -> None:
        connection.executemany(_DELETE_ELSEWHERE, [narrow[: len(_CLUSTERED_BY)] for narrow, *_ in rows])
        self.insert(connection, rows)

    def insert(self, connection: sqlite3.Connection, rows: Sequence[Rows]) -> None:
        for statement, of_table in zip(_PUT, zip(*rows, strict=True), strict=False):
            connection.executemany(statement, of_table)

    def remove(self, connection: sqlite3.Connection, state: Order) -> None:
        for table in ("orders", *_WIDE):
            connection.execute(f"DELETE FROM {table} WHERE id = ?", (state.id,))

    def shown(self, connection: sqlite3.Connection, states: Sequence[Order]) -> dict[UUID, list[Rows]]:
        """The rows of those orders that have one in each table."""
        uuids = {order.id: order.uuid for order in states}
        found = connection.execute(_JOINED, (as_json(uuids),))
        return {uuids[row[_ID]]: [tuple(row[of_table] for of_table in _PLACES)] for row in found}

    def state(self, connection: sqlite3.Connection, uuid: str) -> Order | None:
        found = kept_state(connection, uuid)
        return found and found.order(found.digest)

    def version(self, connection: sqlite3.Connection, uuid: str) -> int | None:
        """The version; 0 where the order's state is missing."""
        row = connection.execute(
            "SELECT coalesce(version, 0) FROM orders LEFT JOIN states ON states.id = orders.id WHERE uuid = ?", (uuid,)
        ).fetchone()
        return int(row[0]) if row else None

    def uuids(self, connection: sqlite3.Connection) -> Iterator[str]:
        return (uuid for (uuid,) in connection.execute("SELECT uuid FROM orders"))


class KeptState(NamedTuple):
    """An order's kept state, with the digest of the last record folded into it.

    The seal binds the two, so that damage of either is detected. A forged state can be sealed, too; a verification
    detects it, since it makes every row anew.
    """

    version: int
    state: bytes
    digest: bytes
    seal: bytes

    def order(self, digest: bytes) -> Order | None:
        """The state; None where it is damaged, or where the record with this digest did not make it."""
        return _decode_state(self.state) if _seal(digest, self.state) == self.seal else None


def kept_state(connection: sqlite3.Connection, uuid: str) -> KeptState | None:
    """An order's kept state; None where the views have none."""
    row = connection.execute(
        "SELECT version, state, digest, seal FROM states WHERE id = (SELECT id FROM orders WHERE uuid = ?)", (uuid,)
    ).fetchone()
    return KeptState._make(row) if row else None


def _seal(digest: bytes, state: bytes) -> bytes:
    return hashlib.sha256(digest + state).digest()


def _sortable(order: Order, minor: int) -> str:
    """An amount as text that sorts as the amount does, also across currencies of different digits."""
    whole, _, fraction = decimal_text(minor, order.digits).partition(".")
    return f"{whole.rjust(20, '0')}.{fraction.ljust(4, '0')}"


def rows(order: Order, digest: bytes, position: int) -> Rows:
    """An order's row in each table. `digest` and `position` are those of the order's last record."""
    state = _encode_state(order)
    totals = order.totals
    documents = render(order, totals)
    row = columns(order, totals, position)
    return (
        tuple(row.values()),
        (order.id, order.currency, documents.shop),
        (order.id, order.currency, documents.storefront),
        (order.id, documents.more),
        (order.id, staff_search_text(order)),
        (order.id, order.version, state, digest, _seal(digest, state)),
    )


def columns(order: Order, totals: Totals, position: int) -> dict[str, Any]:
    """An order's row in the table `orders`, in the order of its columns."""
    billing, paying, shipping = order.billing, order.payment_method, order.shipping_method
    country, region, city = billing.country, billing.state, billing.city
    return {
        "customer_id": GUEST if order.customer_id is None else order.customer_id,
        "created_at": microseconds(order.created_at),
        "id": order.id,
        "uuid": str(order.uuid),
        "key": order.key,
        "status": order.status,
        "storefront_status": storefront_status(order, totals),
        "currency": order.currency,
        "is_paid": totals.is_paid,
        "is_payable": is_payable(order, totals),
        "updated_at": microseconds(order.updated_at),
        "shipping_cost": _sortable(order, totals.shipping),
        "payment_method_id": paying.id if paying else None,
        "payment_method_name": paying.name if paying else None,
        "shipping_method_id": shipping.id if shipping else None,
        "shipping_method_name": shipping.name if shipping else None,
        "billing_country_id": country.id if country else None,
        "billing_country_name": country.name if country else None,
        "billing_state_id": region.id if region else None,
        "billing_state_name": region.name if region else None,
        "billing_city_id": city.id if city else None,
        "billing_city_name": city.name if city else None,
        "has_notes": bool(order.notes),
        "position": position,
        "search": search_text(order),
    }
