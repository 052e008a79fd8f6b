"""Which orders are there, and what do they look like? The read model behind every list and every single order.

`orders` has a narrow row an order: what can be filtered, sorted or searched. Its renderings stand apart, each in a
table of its own, so that a page reads of no order more than it shows; so does its folded state. A list is one index
range and a join of bytes.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec

from domain.log.sqlite import sqlite3
from domain.moments import microseconds
from domain.money import decimal_text, digits_of
from domain.order.state import Order, is_payable, storefront_status
from projections.orders.documents import render
from projections.orders.search import BETWEEN, normal

if TYPE_CHECKING:
    from sqlite_utils import Database

# The shop contract's ten fields (seed 000), and the column that each sorts by.
ORDERING: Final = {
    "id": "id",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "status": "status",
    "shipping_cost": "shipping_cost",
    "billing_country__name": "billing_country_name",
    "billing_state__name": "billing_state_name",
    "billing_city__name": "billing_city_name",
    "payment_method__name": "payment_method_name",
    "shipping_method__name": "shipping_method_name",
}
NEWEST_FIRST: Final = (("created_at", True),)
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
    "search": "TEXT NOT NULL",
}
# A customer's orders lie side by side, so that whatever is asked of them reads few pages of the file.
_CLUSTERED_BY: Final = ("customer_id", "created_at", "id")
# How many orders each customer has: a list's count, without counting.
_COUNTS: Final = """
CREATE TABLE order_counts (
  customer_id       INTEGER NOT NULL,
  status            TEXT NOT NULL,
  storefront_status TEXT NOT NULL,
  orders            INTEGER NOT NULL,
  PRIMARY KEY (customer_id, status, storefront_status)
) STRICT, WITHOUT ROWID
"""
_COUNT_ALL: Final = """
INSERT INTO order_counts
SELECT customer_id, status, storefront_status, count(*) FROM orders GROUP BY customer_id, status, storefront_status
"""
_COUNT_ON: Final = (
    """
CREATE TRIGGER order_counts_up AFTER INSERT ON orders BEGIN
  INSERT INTO order_counts VALUES (NEW.customer_id, NEW.status, NEW.storefront_status, 1)
  ON CONFLICT DO UPDATE SET orders = orders + 1;
END
""",
    """
CREATE TRIGGER order_counts_down AFTER DELETE ON orders BEGIN
  UPDATE order_counts SET orders = orders - 1
  WHERE customer_id = OLD.customer_id AND status = OLD.status AND storefront_status = OLD.storefront_status;
  DELETE FROM order_counts
  WHERE customer_id = OLD.customer_id AND status = OLD.status AND storefront_status = OLD.storefront_status
    AND orders = 0;
END
""",
)
# Stands for a customer where there is none; ids of customers are not negative.
_GUEST: Final = -1
_INDEXES: Final = {
    "orders_key": ("key",),
    # The staff's default list, and its count, without a look at the table.
    "orders_newest": ("created_at", "id", "status"),
}
# Each in a table of its own, by the order's id: a row then fits a page of the file, which a long one does not.
_WIDE: Final[dict[str, dict[str, Any]]] = {
    "shop_documents": {"id": int, "document": bytes},
    "storefront_documents": {"id": int, "document": bytes},
    "staff_documents": {"id": int, "more": bytes},
    "states": {"id": int, "version": int, "state": bytes},
}
# A document by its name: as SQL, and where it stands, for the orders of `part`. What staff see is the shop's object
# and what is more, as one object.
_DOCUMENTS: Final = {
    "shop": ("d.document", "JOIN shop_documents AS d ON d.id = part.id"),
    "storefront": ("d.document", "JOIN storefront_documents AS d ON d.id = part.id"),
    "staff": (
        "CAST(substr(d.document, 1, length(d.document) - 1) || ',' || substr(m.more, 2) AS BLOB)",
        "JOIN shop_documents AS d ON d.id = part.id CROSS JOIN staff_documents AS m ON m.id = part.id",
    ),
}
_PUT: Final = tuple(
    f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * len(columns))})"
    for table, columns in {"orders": _COLUMNS, **_WIDE}.items()
)
_ID: Final = [*_COLUMNS].index("id")
_JOINED: Final = (
    f"SELECT orders.*, {', '.join(f'{table}.*' for table in _WIDE)} FROM json_each(?) AS wanted"
    f" CROSS JOIN orders ON orders.id = wanted.value"
    f" {' '.join(f'JOIN {table} ON {table}.id = orders.id' for table in _WIDE)}"
)

_encode_state = msgspec.msgpack.Encoder().encode
_decode_state = msgspec.msgpack.Decoder(Order).decode


def create(database: "Database") -> None:
    """Makes the tables in an empty file."""
    narrow = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
    database.conn.execute(
        f"CREATE TABLE orders ({narrow}, PRIMARY KEY ({', '.join(_CLUSTERED_BY)})) STRICT, WITHOUT ROWID"
    )
    database.conn.execute(_COUNTS)
    for table, columns in _WIDE.items():
        database.table(table).create(columns, pk="id", strict=True)


def index(database: "Database") -> None:
    """Makes the indexes and counts that queries want; a rebuild does it last, when the rows are there to be sorted at
    once."""
    for unique in ("id", "uuid"):
        database.table("orders").create_index((unique,), unique=True)
    for name, columns in _INDEXES.items():
        database.table("orders").create_index(columns, index_name=name)
    for statement in (_COUNT_ALL, *_COUNT_ON):
        database.conn.execute(statement)


def state(connection: sqlite3.Connection, uuid: str) -> Order | None:
    """The order as the views have it, to fold the next events onto; None where they have none."""
    row = connection.execute(
        "SELECT state FROM states WHERE id = (SELECT id FROM orders WHERE uuid = ?)", (uuid,)
    ).fetchone()
    return _decode_state(row[0]) if row else None


# An order's rows, one in each table: `orders` first, then the wide ones.
Rows = tuple[tuple[Any, ...], ...]


def put(connection: sqlite3.Connection, orders: Sequence[Rows]) -> None:
    """Writes each order's rows, over those that were there."""
    # Replacing a row would not set off the trigger that counts it out.
    connection.executemany("DELETE FROM orders WHERE id = ?", [(narrow[_ID],) for narrow, *_ in orders])
    insert(connection, orders)


def insert(connection: sqlite3.Connection, orders: Sequence[Rows]) -> None:
    """Writes the rows of orders that have none yet."""
    for statement, rows in zip(_PUT, zip(*orders, strict=True), strict=False):
        connection.executemany(statement, rows)


class Shown(msgspec.Struct, frozen=True):
    """What the views have of an order: the version, and its rows as `rows` makes them."""

    version: int
    rows: Rows


def rows_of(connection: sqlite3.Connection, uuid: str) -> Shown | None:
    narrow = connection.execute("SELECT * FROM orders WHERE uuid = ?", (uuid,)).fetchone()
    if narrow is None:
        return None
    wide = [connection.execute(f"SELECT * FROM {table} WHERE id = ?", (narrow[_ID],)).fetchone() for table in _WIDE]
    return Shown(wide[-1][1] if wide[-1] else 0, (narrow, *wide))


def joined(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
    """The rows of those orders that have all of theirs, each order's one behind the other, by ids."""
    found = connection.execute(_JOINED, (msgspec.json.encode(ids).decode(),))
    return {row[_ID]: row for row in found}


def remove(connection: sqlite3.Connection, uuid: str) -> None:
    """Takes an order out, whose history cannot be read any more."""
    for table in (*_WIDE, "orders"):
        connection.execute(f"DELETE FROM {table} WHERE id = (SELECT id FROM orders WHERE uuid = ?)", (uuid,))


def _sortable(order: Order, minor: int) -> str:
    """An amount as text that sorts as it does, also among currencies of different digits."""
    whole, _, fraction = decimal_text(minor, digits_of(order.currency)).partition(".")
    return f"{whole.rjust(20, '0')}.{fraction.ljust(4, '0')}"


def rows(order: Order) -> Rows:
    """An order's row in each table."""
    totals = order.totals
    documents = render(order, totals)
    billing, paying, shipping = order.billing, order.payment_method, order.shipping_method
    country, region, city = billing.country, billing.state, billing.city
    row = (
        order.customer.id if order.customer else _GUEST,
        microseconds(order.created_at),
        order.id,
        str(order.uuid),
        order.key,
        order.status,
        storefront_status(order, totals),
        order.currency,
        totals.is_paid,
        is_payable(order, totals),
        microseconds(order.updated_at),
        _sortable(order, totals.shipping),
        paying.id if paying else None,
        paying.name if paying else None,
        shipping.id if shipping else None,
        shipping.name if shipping else None,
        country.id if country else None,
        country.name if country else None,
        region.id if region else None,
        region.name if region else None,
        city.id if city else None,
        city.name if city else None,
        bool(order.notes),
        _search_text(order),
    )
    return (
        row,
        (order.id, documents.shop),
        (order.id, documents.storefront),
        (order.id, documents.more),
        (order.id, order.version, _encode_state(order)),
    )


def _search_text(order: Order) -> str:
    """The nine fields that the shop contract's `search` looks in."""
    billing = order.billing
    nine = (
        str(order.id),
        order.key,
        order.notes,
        billing.country.name if billing.country else None,
        billing.state.name if billing.state else None,
        billing.city.name if billing.city else None,
        billing.first_name,
        billing.last_name,
        billing.mobile_number,
    )
    return normal(BETWEEN.join(filter(None, nine)))


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list is narrowed to.

    None narrows nothing; times are microseconds, both ends inclusive; words are normal (`search.py`).
    """

    statuses: tuple[str, ...] | None = None
    storefront_status: str | None = None
    ids: tuple[tuple[str, tuple[int, ...]], ...] = ()
    id_min: int | None = None
    id_max: int | None = None
    has_notes: bool | None = None
    created: tuple[tuple[int | None, int | None], ...] = ()
    updated: tuple[tuple[int | None, int | None], ...] = ()
    words: tuple[str, ...] = ()
    key: str | None = None
    currency: str | None = None
    is_paid: bool | None = None
    is_payable: bool | None = None


def _conditions(wanted: Filter, *, of_customer: bool) -> tuple[list[str], list[Any], bool]:
    """The terms of the WHERE clause, with numbered parameters; their values, but for the customer's id, which is the
    first; and whether they are of statuses alone."""
    terms = ["customer_id = ?1"] if of_customer else []
    values: list[Any] = []

    def add(term: str, value: Any) -> None:
        values.append(value)
        terms.append(term.replace("?", f"?{len(values) + of_customer}"))

    if wanted.storefront_status is not None:
        add("storefront_status = ?", wanted.storefront_status)
    if wanted.statuses is None:
        terms.append("status <> 'deleted'")
    else:
        add("status IN (SELECT value FROM json_each(?))", msgspec.json.encode(wanted.statuses).decode())
    of_statuses = len(terms)
    for column in ("key", "currency", "is_paid", "is_payable", "has_notes"):
        if (value := getattr(wanted, column)) is not None:
            add(f"{column} = ?", value)
    for column, ids in wanted.ids:
        add(f"{column} IN (SELECT value FROM json_each(?))", msgspec.json.encode(ids).decode())
    ranges = [("id", (wanted.id_min, wanted.id_max))]
    ranges += [("created_at", ends) for ends in wanted.created] + [("updated_at", ends) for ends in wanted.updated]
    for column, ends in ranges:
        for comparison, end in zip((">=", "<="), ends, strict=True):
            if end is not None:
                add(f"{column} {comparison} ?", end)
    for word in wanted.words:
        add("instr(search, ?) > 0", word)
    return terms, values, of_statuses == len(terms)


# Storefronts ask the same few things of many customers.
@lru_cache(maxsize=512)
def _page_statement(
    wanted: Filter, ordering: tuple[tuple[str, bool], ...], document: str, of_customer: bool
) -> tuple[str, tuple[Any, ...]]:
    """The one statement that gives position, count and the page's documents, and the filter's values in it.

    All in one row, with commas between the documents: each row that is fetched gives the interpreter's lock away and
    waits to have it back, which costs more among a worker's threads than the query does.
    """
    terms, values, by_status_alone = _conditions(wanted, of_customer=of_customer)
    order_by = [f"{column} {'DESC' if down else 'ASC'}" for column, down in ordering]
    if all(column != "id" for column, _ in ordering):
        order_by.append("id DESC")
    limit, offset = len(values) + of_customer + 1, len(values) + of_customer + 2
    # Either walked in an order that is there already, and no further than the page goes; or every candidate looked at,
    # once, in the order in which rows lie in the file.
    walked = ordering == NEWEST_FIRST and (of_customer or by_status_alone)
    part = "NOT MATERIALIZED"
    if of_customer and by_status_alone:
        count = f"(SELECT sum(orders) FROM order_counts WHERE {' AND '.join(terms)})"
    elif walked and of_customer:
        # What the page's walk has passed is counted; so only what lies behind its last order is left to be looked at.
        part = "MATERIALIZED"
        behind = "(created_at, id) < (SELECT created_at, id FROM part ORDER BY created_at, id LIMIT 1)"
        count = (
            f"CASE WHEN EXISTS (SELECT 1 FROM part)"
            f" THEN ?{offset} + (SELECT count(*) FROM part) + (SELECT count(*) FROM hit WHERE {behind})"
            f" WHEN ?{offset} = 0 THEN 0 ELSE (SELECT count(*) FROM hit) END"
        )
    else:
        count = "(SELECT count(*) FROM hit)"
    columns = ", ".join(dict.fromkeys(["id", *(column for column, _ in ordering)]))
    what, where = _DOCUMENTS[document]
    # The plus keeps SQLite from planning for the very limit that is bound, and so from preparing the statement anew
    # each time, which would cost three times what the query does.
    statement = (
        f"WITH hit AS {'NOT MATERIALIZED' if walked else 'MATERIALIZED'}"
        f" (SELECT {columns} FROM orders WHERE {' AND '.join(terms)}),"
        f" part AS {part} (SELECT {columns} FROM hit ORDER BY {', '.join(order_by)} LIMIT +?{limit} OFFSET +?{offset})"
        f" SELECT (SELECT position FROM positions), {count},"
        f" (SELECT CAST(group_concat({what}, ',') AS BLOB) FROM part CROSS {where})"
    )
    return statement, tuple(values)


class Page(msgspec.Struct, frozen=True):
    """A page of a list, all of it as of one position of the log. `rows` is JSON, with commas between the rows."""

    position: int
    count: int
    rows: bytes


def page(
    connection: sqlite3.Connection,
    wanted: Filter,
    *,
    document: str,
    customer_id: int | None = None,
    ordering: tuple[tuple[str, bool], ...] = NEWEST_FIRST,
    limit: int,
    offset: int,
) -> Page:
    """The orders from `offset` on, at most `limit`, as their `document` (shop, storefront or staff).

    With `customer_id`, that customer's alone. `ordering` is columns and whether each goes down; ties go by id, down.
    It is one statement, so position, count and rows are of one moment.
    """
    statement, values = _page_statement(wanted, ordering, document, customer_id is not None)
    of_customer = () if customer_id is None else (customer_id,)
    position, count, rows = connection.execute(statement, (*of_customer, *values, limit, offset)).fetchone()
    return Page(position, count or 0, rows or b"")


class Found(msgspec.Struct, frozen=True):
    """One order's document, as of a position of the log; empty where the filter finds none."""

    position: int
    document: bytes
    version: int


def one(
    connection: sqlite3.Connection,
    *,
    document: str,
    order_id: int | None = None,
    uuid: UUID | str | None = None,
    customer_id: int | None = None,
) -> Found:
    """An order by its id or its UUID. With `customer_id`, only that customer's, and only where it is not deleted."""
    column, value = ("id", order_id) if order_id is not None else ("uuid", str(uuid))
    owner = "" if customer_id is None else " AND part.customer_id = ? AND part.status <> 'deleted'"
    what, where = _DOCUMENTS[document]
    row = connection.execute(
        f"SELECT p.position, found.document, found.version FROM positions AS p LEFT JOIN"
        f" (SELECT {what} AS document, s.version FROM orders AS part {where} JOIN states AS s ON s.id = part.id"
        f" WHERE part.{column} = ?{owner}) AS found",
        (value,) if customer_id is None else (value, customer_id),
    ).fetchone()
    return Found(row[0], row[1] or b"", row[2] or 0)
