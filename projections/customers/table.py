"""Which customers are there, and how much did each order, pay and get back?

The table has a row for each order of a customer. Triggers on it keep two more: a row for each customer and currency
with the sums, and a row for each customer with the details of the latest order. Guests' orders have no row.

docs/decisions.md says what counts ("Customers"). A deleted order does not count. An order that takes no payment
(cancelled, refunded, deleted) has amounts of zero, as in the books. A payment or refund counts whatever its order's
status, so that the sums are those of the payment journal.

Amounts are in ten-thousandths of the currency's unit, since no currency has more than four digits. So amounts of all
currencies sort among each other. As in the payment journal, each amount is kept in two parts, `high * 10**9 + low`,
which are summed separately.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Final
from uuid import UUID

from domain.log.sqlite import as_json, sqlite3
from domain.moments import microseconds
from domain.order.events import CustomerDetails
from domain.order.movements import received_and_refunded
from domain.order.state import ORDER, Order
from domain.order.statuses import UNPAYABLE
from projections.orders.search import full_name, searchable
from projections.views.view import History, HistoryView, Row

if TYPE_CHECKING:
    from sqlite_utils import Database

DIGITS_MAX: Final = 4
SPLIT: Final = 10**9
AMOUNTS: Final = ("ordered", "received", "refunded", "outstanding")
_PARTS: Final = tuple(f"{amount}_{part}" for amount in AMOUNTS for part in ("high", "low"))
DETAILS: Final = ("username", "email", "first_name", "last_name", "phone")
_COLUMNS: Final = {
    "customer_id": "INTEGER NOT NULL",
    "created_at": "INTEGER NOT NULL",
    "id": "INTEGER NOT NULL",
    "currency": "TEXT NOT NULL",
    "digits": "INTEGER NOT NULL",
    "orders": "INTEGER NOT NULL",  # 0 where the order is deleted, else 1
    **dict.fromkeys(_PARTS, "INTEGER NOT NULL"),
    **dict.fromkeys(DETAILS, "TEXT"),
    "search": "TEXT NOT NULL",
}
# A row's key: a customer's orders lie side by side, ordered by time. The key never changes: an order that is given to a
# customer was a guest's, and had no row.
_PLACE: Final = ("customer_id", "created_at", "id")
_CREATE: Final = (
    f"""
CREATE TABLE customer_orders (
  {", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())},
  PRIMARY KEY ({", ".join(_PLACE)})
) STRICT, WITHOUT ROWID
""",
    f"""
CREATE TABLE customer_sums (
  customer_id    INTEGER NOT NULL,
  currency       TEXT NOT NULL,
  digits         INTEGER NOT NULL,
  rows           INTEGER NOT NULL,
  orders         INTEGER NOT NULL,
  first_order_at INTEGER,
  last_order_at  INTEGER,
  {", ".join(f"{part} INTEGER NOT NULL" for part in _PARTS)},
  PRIMARY KEY (customer_id, currency, digits)
) STRICT, WITHOUT ROWID
""",
    f"""
CREATE TABLE customers (
  customer_id INTEGER PRIMARY KEY,
  {", ".join(f"{detail} TEXT" for detail in DETAILS)},
  search      TEXT NOT NULL
) STRICT
""",
)


def _nearest(direction: str) -> str:
    """The SQL for the time of the first or last order, of the customer and currency of the row that goes."""
    return (
        "(SELECT created_at FROM customer_orders WHERE customer_id = OLD.customer_id AND currency = OLD.currency"
        f" AND digits = OLD.digits AND orders ORDER BY created_at {direction} LIMIT 1)"
    )


def _named(row: str) -> str:
    """The SQL that updates the customer of a row to the details of the customer's latest order, where these differ."""
    return (
        f"INSERT INTO customers SELECT customer_id, {', '.join(DETAILS)}, search FROM customer_orders"
        f" WHERE customer_id = {row}.customer_id ORDER BY created_at DESC, id DESC LIMIT 1"
        f" ON CONFLICT DO UPDATE SET {', '.join(f'{column} = excluded.{column}' for column in (*DETAILS, 'search'))}"
        f" WHERE {' OR '.join(f'{detail} IS NOT excluded.{detail}' for detail in DETAILS)}"
    )


_SUM_ALL: Final = {
    "customer_sums": f"""
SELECT customer_id, currency, digits, count(*), sum(orders),
       min(iif(orders, created_at, NULL)), max(iif(orders, created_at, NULL)), {", ".join(f"sum({p})" for p in _PARTS)}
FROM customer_orders GROUP BY customer_id, currency, digits
""",
    "customers": f"""
SELECT customer_id, {", ".join(DETAILS)}, search
FROM (SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY created_at DESC, id DESC) AS place
      FROM customer_orders)
WHERE place = 1
""",
}
_SUM_ON: Final = (
    f"""
CREATE TRIGGER customer_orders_up AFTER INSERT ON customer_orders BEGIN
  INSERT INTO customer_sums
  VALUES (NEW.customer_id, NEW.currency, NEW.digits, 1, NEW.orders,
          iif(NEW.orders, NEW.created_at, NULL), iif(NEW.orders, NEW.created_at, NULL),
          {", ".join(f"NEW.{part}" for part in _PARTS)})
  ON CONFLICT DO UPDATE SET rows = rows + 1, orders = orders + NEW.orders,
    first_order_at = min(ifnull(first_order_at, excluded.first_order_at),
                         ifnull(excluded.first_order_at, first_order_at)),
    last_order_at = max(ifnull(last_order_at, excluded.last_order_at), ifnull(excluded.last_order_at, last_order_at)),
    {", ".join(f"{part} = {part} + NEW.{part}" for part in _PARTS)};
  {_named("NEW")};
END
""",
    f"""
CREATE TRIGGER customer_orders_down AFTER DELETE ON customer_orders BEGIN
  UPDATE customer_sums SET rows = rows - 1, orders = orders - OLD.orders,
    first_order_at = {_nearest("ASC")}, last_order_at = {_nearest("DESC")},
    {", ".join(f"{part} = {part} - OLD.{part}" for part in _PARTS)}
  WHERE customer_id = OLD.customer_id AND currency = OLD.currency AND digits = OLD.digits;
  DELETE FROM customer_sums
  WHERE customer_id = OLD.customer_id AND currency = OLD.currency AND digits = OLD.digits AND rows = 0;
  DELETE FROM customers WHERE customer_id = OLD.customer_id
    AND NOT EXISTS (SELECT 1 FROM customer_orders WHERE customer_id = OLD.customer_id);
  {_named("OLD")};
END
""",
)
_PUT: Final = f"INSERT INTO customer_orders VALUES ({', '.join('?' * len(_COLUMNS))}) ON CONFLICT DO NOTHING"
_DELETE: Final = f"DELETE FROM customer_orders WHERE {' AND '.join(f'{column} = ?' for column in _PLACE)}"
_REST: Final = [*_COLUMNS][len(_PLACE) :]
_DELETE_OTHER: Final = f"{_DELETE} AND ({', '.join(_REST)}) IS NOT ({', '.join('?' for _ in _REST)})"
_SHOWN: Final = (
    "SELECT customer_orders.* FROM json_each(?) AS wanted CROSS JOIN customer_orders ON"
    f" {' AND '.join(f'customer_orders.{column} = wanted.value ->> {i}' for i, column in enumerate(_PLACE))}"
)


class Customers(HistoryView):
    """The customers' orders, and their sums."""

    name = "customers"
    tables = ("customer_orders", "customer_sums", "customers")
    made_of: ClassVar = _SUM_ALL
    beside_orders: ClassVar = {
        "customer_orders": " AND ".join(f"orders.{column} = customer_orders.{column}" for column in _PLACE)
    }
    kind = ORDER
    differs = "its customer's row in the views is not what its events make"

    def create(self, database: "Database") -> None:
        for statement in _CREATE:
            database.conn.execute(statement)

    def index(self, database: "Database") -> None:
        sums = (f"INSERT INTO {table} {query}" for table, query in _SUM_ALL.items())
        for statement in (*sums, *_SUM_ON):
            database.conn.execute(statement)

    def of_history(self, history: History) -> list[Row]:
        order: Order = history.state
        return [] if (customer := _customer(order)) is None else [_row(order, customer)]

    def put(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        # Replacing a row would not fire the trigger that takes it out of the sums, so a changed row is deleted first.
        # Many events leave the row unchanged.
        connection.executemany(_DELETE_OTHER, rows)
        self.insert(connection, rows)

    def insert(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        connection.executemany(_PUT, rows)

    def remove(self, connection: sqlite3.Connection, state: Order) -> None:
        if (customer := _customer(state)) is not None:
            connection.execute(_DELETE, _place(state, customer))

    def shown(self, connection: sqlite3.Connection, states: Sequence[Order]) -> dict[UUID, list[Row]]:
        uuids = {_place(order, customer): order.uuid for order in states if (customer := _customer(order))}
        found = connection.execute(_SHOWN, (as_json(uuids),))
        return {uuids[row[: len(_PLACE)]]: [row] for row in found}


def _customer(order: Order) -> tuple[int, CustomerDetails] | None:
    """The id and the details of the order's customer; None for a guest's order."""
    customer = order.customer
    return None if customer is None or customer.id is None else (customer.id, customer.details)


def _place(order: Order, customer: tuple[int, CustomerDetails]) -> tuple[int, int, int]:
    return customer[0], microseconds(order.created_at), order.id


def _row(order: Order, customer: tuple[int, CustomerDetails]) -> Row:
    totals, (customer_id, details) = order.totals, customer
    received, refunded = received_and_refunded(order.payments)
    ordered, outstanding = (0, 0) if order.status in UNPAYABLE else (totals.total, totals.outstanding)
    parts: list[int] = []
    for minor in (ordered, received, refunded, outstanding):
        parts += divmod(minor * 10 ** (DIGITS_MAX - order.digits), SPLIT)
    return (
        *_place(order, customer),
        order.currency,
        order.digits,
        order.status != "deleted",
        *parts,
        *(getattr(details, detail) for detail in DETAILS),
        search_text(customer_id, details),
    )


@lru_cache(maxsize=1024)
def search_text(customer_id: int, details: CustomerDetails) -> str:
    """The text that the list's `search` looks in: id, username, e-mail, full name (and so each name), phone."""
    texts = (str(customer_id), details.username, details.email, full_name(details), details.phone)
    return searchable(texts, phones=[details.phone])
