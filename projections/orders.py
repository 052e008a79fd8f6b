"""Which orders are there, and what do they look like? The read model behind every list and every single order.

`orders` has a narrow row an order: what can be filtered, sorted or searched. `documents` has the order's renderings
and its folded state, wide and read only for the rows that a page shows. A list is one index range and a join of
bytes.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlite_utils import Database

from domain.money import decimal_text, digits_of
from domain.order import Order, is_payable, storefront_status
from domain.sqlite import sqlite3
from projections.documents import render
from projections.search import BETWEEN, normal

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
_COLUMNS: Final[dict[str, Any]] = {
    "id": int,
    "uuid": str,
    "key": str,
    "customer_id": int,
    "status": str,
    "storefront_status": str,
    "currency": str,
    "is_paid": int,
    "is_payable": int,
    "created_at": int,
    "updated_at": int,
    "shipping_cost": str,
    "payment_method_id": int,
    "payment_method_name": str,
    "shipping_method_id": int,
    "shipping_method_name": str,
    "billing_country_id": int,
    "billing_country_name": str,
    "billing_state_id": int,
    "billing_state_name": str,
    "billing_city_id": int,
    "billing_city_name": str,
    "has_notes": int,
    "search": str,
}
_INDEXES: Final = {
    "orders_key": ("key",),
    "orders_customer": ("customer_id",),
    # Both contracts' default list, and its count, without a look at the table.
    "orders_customer_newest": ("customer_id", "created_at", "id", "status", "storefront_status"),
    "orders_newest": ("created_at", "id", "status"),
}
_DOCUMENT_COLUMNS: Final[dict[str, Any]] = {
    "id": int,
    "version": int,
    "shop": bytes,
    "storefront": bytes,
    "more": bytes,
    "state": bytes,
}
# A document by its name, as SQL: what staff see is the shop's object and what is more, as one object.
_DOCUMENTS: Final = {
    "shop": "d.shop",
    "storefront": "d.storefront",
    "staff": "CAST(substr(d.shop, 1, length(d.shop) - 1) || ',' || substr(d.more, 2) AS BLOB)",
}
_PUT_ORDER: Final = f"INSERT OR REPLACE INTO orders VALUES ({', '.join('?' * len(_COLUMNS))})"
_PUT_DOCUMENT: Final = f"INSERT OR REPLACE INTO documents VALUES ({', '.join('?' * len(_DOCUMENT_COLUMNS))})"

_encode_state = msgspec.msgpack.Encoder().encode
_decode_state = msgspec.msgpack.Decoder(Order).decode


def create(database: Database) -> None:
    """Makes the tables in an empty file."""
    database.table("orders").create(_COLUMNS, pk="id", not_null={"uuid", "key", "status"}, strict=True)
    database.table("orders").create_index(("uuid",), unique=True)
    database.table("documents").create(_DOCUMENT_COLUMNS, pk="id", strict=True)


def index(database: Database) -> None:
    """Makes the indexes that queries want; a rebuild does it last, when the rows are there to be sorted at once."""
    for name, columns in _INDEXES.items():
        database.table("orders").create_index(columns, index_name=name)


def state(connection: sqlite3.Connection, uuid: UUID) -> Order | None:
    """The order as the views have it, to fold the next events onto; None where they have none."""
    row = connection.execute(
        "SELECT state FROM documents WHERE id = (SELECT id FROM orders WHERE uuid = ?)", (str(uuid),)
    ).fetchone()
    return _decode_state(row[0]) if row else None


def put(connection: sqlite3.Connection, orders: Iterable[Order]) -> None:
    """Writes each order's rows, over those that were there."""
    narrow, wide = [], []
    for order in orders:
        row, document = rows(order)
        narrow.append(row)
        wide.append(document)
    connection.executemany(_PUT_ORDER, narrow)
    connection.executemany(_PUT_DOCUMENT, wide)


class Shown(msgspec.Struct, frozen=True):
    """What the views have of an order: the version, and its rows as `rows` makes them."""

    version: int
    rows: tuple[tuple[Any, ...], tuple[Any, ...]]


def rows_of(connection: sqlite3.Connection, uuid: str) -> Shown | None:
    narrow = connection.execute("SELECT * FROM orders WHERE uuid = ?", (uuid,)).fetchone()
    if narrow is None:
        return None
    wide = connection.execute("SELECT * FROM documents WHERE id = ?", (narrow[0],)).fetchone()
    return Shown(wide[1] if wide else 0, (narrow, wide))


def remove(connection: sqlite3.Connection, uuid: str) -> None:
    """Takes an order out, whose history cannot be read any more."""
    for table in ("documents", "orders"):
        connection.execute(f"DELETE FROM {table} WHERE id = (SELECT id FROM orders WHERE uuid = ?)", (uuid,))


def microseconds(moment: datetime) -> int:
    """A time as the views keep it: whole microseconds since 1970, so that comparing is exact."""
    seconds = int(moment.replace(microsecond=0).timestamp())
    return seconds * 1_000_000 + moment.microsecond


def _sortable(order: Order, minor: int) -> str:
    """An amount as text that sorts as it does, also among currencies of different digits."""
    whole, _, fraction = decimal_text(minor, digits_of(order.currency)).partition(".")
    return f"{whole.rjust(20, '0')}.{fraction.ljust(4, '0')}"


def rows(order: Order) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """An order's row in each of the two tables."""
    totals = order.totals
    documents = render(order, totals)
    billing, paying, shipping = order.billing, order.payment_method, order.shipping_method
    country, region, city = billing.country, billing.state, billing.city
    row = (
        order.id,
        str(order.uuid),
        order.key,
        order.customer.id if order.customer else None,
        order.status,
        storefront_status(order, totals),
        order.currency,
        totals.is_paid,
        is_payable(order, totals),
        microseconds(order.created_at),
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
    return row, (
        order.id,
        order.version,
        documents.shop,
        documents.storefront,
        documents.more,
        _encode_state(order),
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

    None narrows nothing; times are microseconds, both ends inclusive; words are normal (`projections/search.py`).
    """

    customer_id: int | None = None
    statuses: Sequence[str] | None = None
    storefront_status: str | None = None
    ids: Sequence[tuple[str, Sequence[int]]] = ()
    id_min: int | None = None
    id_max: int | None = None
    has_notes: bool | None = None
    created: Sequence[tuple[int | None, int | None]] = ()
    updated: Sequence[tuple[int | None, int | None]] = ()
    words: Sequence[str] = ()
    key: str | None = None
    currency: str | None = None
    is_paid: bool | None = None
    is_payable: bool | None = None


def _conditions(wanted: Filter) -> tuple[tuple[str, ...], list[Any], bool]:
    """The terms of the WHERE clause, their values, and whether the indexes for newest first hold all the columns."""
    terms: list[str] = []
    values: list[Any] = []
    covered = True
    if wanted.customer_id is not None:
        terms.append("customer_id = ?")
        values.append(wanted.customer_id)
    if wanted.storefront_status is not None:
        terms.append("storefront_status = ?")
        values.append(wanted.storefront_status)
        covered = wanted.customer_id is not None
    if wanted.statuses is None:
        terms.append("status <> 'deleted'")
    else:
        terms.append("status IN (SELECT value FROM json_each(?))")
        values.append(msgspec.json.encode(wanted.statuses).decode())
    further = len(terms)
    for column in ("key", "currency", "is_paid", "is_payable", "has_notes"):
        if (value := getattr(wanted, column)) is not None:
            terms.append(f"{column} = ?")
            values.append(value)
    for column, ids in wanted.ids:
        terms.append(f"{column} IN (SELECT value FROM json_each(?))")
        values.append(msgspec.json.encode(ids).decode())
    ranges = [("id", (wanted.id_min, wanted.id_max))]
    ranges += [("created_at", ends) for ends in wanted.created] + [("updated_at", ends) for ends in wanted.updated]
    for column, ends in ranges:
        for comparison, end in zip((">=", "<="), ends, strict=True):
            if end is not None:
                terms.append(f"{column} {comparison} ?")
                values.append(end)
    for word in wanted.words:
        terms.append("instr(search, ?) > 0")
        values.append(word)
    return tuple(terms), values, covered and further == len(terms)


@lru_cache(maxsize=512)
def _page_statement(
    terms: tuple[str, ...], ordering: tuple[tuple[str, bool], ...], document: str, is_covered: bool
) -> str:
    """The one statement that gives position, count and the page's documents.

    All in one row, with commas between the documents: each row that is fetched gives the interpreter's lock away and
    waits to have it back, which costs more among a worker's threads than the query does.
    """
    order_by = [f"{column} {'DESC' if down else 'ASC'}" for column, down in ordering]
    if all(column != "id" for column, _ in ordering):
        order_by.append("id DESC")
    if is_covered and ordering == NEWEST_FIRST:
        # Counted and walked in an index, which has the order already.
        found, index = "NOT MATERIALIZED", ""
    else:
        # Every candidate's row is looked at, once, in the order in which rows lie in the file.
        found, index = "MATERIALIZED", " INDEXED BY orders_customer" if "customer_id = ?" in terms else ""
    # The plus keeps SQLite from planning for the very limit that is bound, and so from preparing the statement anew
    # each time, which would cost three times what the query does.
    columns = ", ".join(dict.fromkeys(["id", *(column for column, _ in ordering)]))
    return (
        f"WITH hit AS {found} (SELECT {columns} FROM orders{index} WHERE {' AND '.join(terms)})"
        f" SELECT (SELECT position FROM positions), (SELECT count(*) FROM hit),"
        f" (SELECT CAST(group_concat({_DOCUMENTS[document]}, ',') AS BLOB)"
        f" FROM (SELECT id FROM hit ORDER BY {', '.join(order_by)} LIMIT +? OFFSET +?) AS part"
        f" CROSS JOIN documents AS d ON d.id = part.id)"
    )


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
    ordering: Sequence[tuple[str, bool]] = NEWEST_FIRST,
    limit: int,
    offset: int,
) -> Page:
    """The orders from `offset` on, at most `limit`, as their `document` (shop, storefront or staff).

    `ordering` is columns and whether each goes down; ties go by id, down. It is one statement, so position, count and
    rows are of one moment.
    """
    terms, values, is_covered = _conditions(wanted)
    statement = _page_statement(terms, tuple(ordering), document, is_covered)
    position, count, rows = connection.execute(statement, (*values, limit, offset)).fetchone()
    return Page(position, count, rows or b"")


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
    owner = "" if customer_id is None else " AND o.customer_id = ? AND o.status <> 'deleted'"
    row = connection.execute(
        f"SELECT p.position, found.document, found.version FROM positions AS p LEFT JOIN"
        f" (SELECT {_DOCUMENTS[document]} AS document, d.version FROM orders AS o JOIN documents AS d ON d.id = o.id"
        f" WHERE o.{column} = ?{owner}) AS found",
        (value,) if customer_id is None else (value, customer_id),
    ).fetchone()
    return Found(row[0], row[1] or b"", row[2] or 0)
