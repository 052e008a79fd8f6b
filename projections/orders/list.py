"""Which orders are there? A page of a list with the count of the whole list, and one order's document."""

from collections.abc import Callable
from contextlib import closing
from functools import cache, lru_cache
from itertools import accumulate
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

import msgspec

from domain.log.sqlite import as_json, sqlite3
from projections.orders.search import contains_sql
from projections.orders.table import GUEST, LARGE

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
# Columns, each with whether it descends.
Ordering: TypeAlias = tuple[tuple[str, bool], ...]
NEWEST_FIRST: Final[Ordering] = (("created_at", True),)
# The most bytes of a page's rows, with the commas between them.
ROWS_BYTES_MAX: Final = 15 * 1024 * 1024


class _Document(NamedTuple):
    """A document as SQL, for the orders of `part`: its expression, its size in bytes, and the tables to join."""

    sql: str
    size: str
    joined: str
    # The condition that some order's document is large, so that a page could be too large.
    any_large: str


def _any_large(*tables: str) -> str:
    return " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {LARGE[table]})" for table in tables)


# The staff's document is the shop's object with more fields at its end.
_DOCUMENTS: Final = {
    "shop": _Document(
        "d.document",
        "octet_length(d.document)",
        "JOIN shop_documents AS d ON d.id = part.id",
        _any_large("shop_documents"),
    ),
    "storefront": _Document(
        "d.document",
        "octet_length(d.document)",
        "JOIN storefront_documents AS d ON d.id = part.id",
        _any_large("storefront_documents"),
    ),
    "staff": _Document(
        "CAST(substr(d.document, 1, length(d.document) - 1) || ',' || substr(m.more, 2) AS BLOB)",
        "octet_length(d.document) + octet_length(m.more)",
        "JOIN shop_documents AS d ON d.id = part.id CROSS JOIN staff_documents AS m ON m.id = part.id",
        _any_large("shop_documents", "staff_documents"),
    ),
}


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """The conditions of a list.

    None sets no condition; times are microseconds, both ends inclusive. Words are normalised (`search.py`). `words` are
    searched in the fields that the shop contract names, `staff_words` also in the customer and the payments.
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
    staff_words: tuple[str, ...] = ()
    key: str | None = None
    currency: str | None = None
    is_paid: bool | None = None
    is_payable: bool | None = None
    is_guests: bool | None = None
    # Kinds, names and values (`labels.py`); the order must have all of them.
    labels: tuple[tuple[str, str, str], ...] = ()


def _conditions(wanted: Filter, *, of_customer: bool, with_deleted: bool = False) -> tuple[list[str], list[Any], bool]:
    """The terms of the WHERE clause; the values of their parameters, without the customer's id; and whether the terms
    are of statuses alone. Without named statuses, all but `deleted` are wanted, or all of them `with_deleted`.

    The parameters are numbered from ?3 on, the customer's id first; a statement's first two are limit and offset.
    """
    terms = ["customer_id = ?3"] if of_customer else []
    values: list[Any] = []

    def place(value: Any) -> int:
        values.append(value)
        return len(values) + 2 + of_customer

    def add(term: str, value: Any) -> None:
        terms.append(term.replace("?", f"?{place(value)}"))

    if wanted.storefront_status is not None:
        add("storefront_status = ?", wanted.storefront_status)
    if wanted.statuses is None and not with_deleted:
        terms.append("status <> 'deleted'")
    elif wanted.statuses is not None:
        add("status IN (SELECT value FROM json_each(?))", msgspec.json.encode(wanted.statuses).decode())
    of_statuses = len(terms)
    for column in ("key", "currency", "is_paid", "is_payable", "has_notes"):
        if (value := getattr(wanted, column)) is not None:
            add(f"{column} = ?", value)
    for column, ids in wanted.ids:
        add(f"{column} IN (SELECT value FROM json_each(?))", as_json(ids))
    ranges = [("id", (wanted.id_min, wanted.id_max))]
    ranges += [("created_at", ends) for ends in wanted.created] + [("updated_at", ends) for ends in wanted.updated]
    for column, ends in ranges:
        for comparison, end in zip((">=", "<="), ends, strict=True):
            if end is not None:
                add(f"{column} {comparison} ?", end)
    terms += _of_staff(wanted, place)
    terms += [contains_sql("search", word, place) for word in wanted.words]
    if wanted.staff_words:
        looked_for = [contains_sql("text", word, place) for word in wanted.staff_words]
        found = f"SELECT 1 FROM staff_searches WHERE staff_searches.id = orders.id AND {' AND '.join(looked_for)}"
        terms.append(f"EXISTS ({found})")
    return terms, values, of_statuses == len(terms)


def _of_staff(wanted: Filter, place: Callable[[Any], int]) -> list[str]:
    """The terms for guests' orders, for ids of other systems and for metadata; `place` returns a value's parameter
    number."""
    terms = []
    if wanted.is_guests is not None:
        terms.append(f"customer_id {'=' if wanted.is_guests else '<>'} {GUEST}")
    for label in wanted.labels:
        kind, name, text = map(place, label)
        terms.append(
            f"id IN (SELECT order_id FROM order_labels WHERE kind = ?{kind} AND name = ?{name} AND value = ?{text})"
        )
    return terms


# Storefronts ask the same few queries for many customers.
@lru_cache(maxsize=512)
def _statement(wanted: Filter, ordering: Ordering, document: str, of_customer: bool) -> tuple[str, tuple[Any, ...]]:
    """The statement for position, count, the page's documents and, for a customer, their currencies; and the filter's
    values.

    Where some documents are large, so that a page may not fit, it selects the orders' ids and sizes instead, `7 81920,6
    1024`.
    """
    terms, values, of_statuses_alone = _conditions(wanted, of_customer=of_customer)
    sql, size, joined, any_large = _DOCUMENTS[document]
    found = f"CASE WHEN {any_large} THEN part.id || ' ' || ({size}) ELSE {sql} END"
    shown = (
        f"{any_large}, CAST(group_concat({found}, ',') AS BLOB), group_concat(DISTINCT d.currency)"
        f" FROM part CROSS {joined}"
    )
    if ordering == NEWEST_FIRST and of_statuses_alone:
        statement = _counted(" AND ".join(terms), shown)
    elif ordering == NEWEST_FIRST and of_customer:
        statement = _walked(" AND ".join(terms), shown)
    else:
        statement = _scanned(" AND ".join(terms), ordering, shown)
    return statement, tuple(values)


# In all three statements the documents are joined to one value: each fetched row releases the interpreter's lock and
# waits for it again, which costs more than the query. `LIMIT +?` is planned for any value. For `LIMIT ?` SQLite would
# prepare the statement anew for each bound value, at three times the query's cost.


def _counted(terms: str, shown: str) -> str:
    """Orders of some statuses, newest first.

    Walks to the page's end: a customer's orders lie in that order in the table, all orders in the index
    `orders_newest`. Their count stands in `order_counts`.
    """
    return f"""
        WITH part AS NOT MATERIALIZED (
          SELECT id, created_at FROM orders WHERE {terms}
          ORDER BY created_at DESC, id DESC LIMIT +?1 OFFSET +?2)
        SELECT
          (SELECT position FROM positions),
          (SELECT sum(orders) FROM order_counts WHERE {terms}),
          {shown}
        """


def _walked(terms: str, shown: str) -> str:
    """A customer's orders under any terms, newest first.

    Walks the table, which lies in that order, to the page's end. Orders passed on the way are counted with the page, so
    that only those behind it are read for the count.
    """
    return f"""
        WITH hit AS NOT MATERIALIZED (
          SELECT id, created_at FROM orders WHERE {terms}),
        part AS MATERIALIZED (
          SELECT id, created_at FROM hit ORDER BY created_at DESC, id DESC LIMIT +?1 OFFSET +?2)
        SELECT
          (SELECT position FROM positions),
          CASE
            WHEN EXISTS (SELECT 1 FROM part) THEN
              ?2 + (SELECT count(*) FROM part) + (SELECT count(*) FROM hit WHERE
                (created_at, id) < (SELECT created_at, id FROM part ORDER BY created_at, id LIMIT 1))
            WHEN ?2 = 0 THEN 0
            ELSE (SELECT count(*) FROM hit)
          END,
          {shown}
        """


def _scanned(terms: str, ordering: Ordering, shown: str) -> str:
    """Orders in any order.

    Reads every candidate once, in the order of the rows in the file, and sorts those that match.
    """
    sorted_by = [f"{column} {'DESC' if down else 'ASC'}" for column, down in ordering]
    if all(column != "id" for column, _ in ordering):
        sorted_by.append("id DESC")
    columns = ", ".join(dict.fromkeys(["id", *(column for column, _ in ordering)]))
    return f"""
        WITH hit AS MATERIALIZED (
          SELECT {columns} FROM orders WHERE {terms}),
        part AS NOT MATERIALIZED (
          SELECT {columns} FROM hit ORDER BY {", ".join(sorted_by)} LIMIT +?1 OFFSET +?2)
        SELECT
          (SELECT position FROM positions),
          (SELECT count(*) FROM hit),
          {shown}
        """


class Page(msgspec.Struct, frozen=True):
    """A page of a list, all of it as of one position of the log. `rows` is JSON, with commas between the rows.

    `end` is the offset behind the page. A page has fewer rows than requested where they would be too large together.
    `currencies` are the currencies of a customer's page, with commas between.
    """

    position: int
    count: int
    rows: bytes
    end: int
    currencies: str = ""


def page(
    connection: sqlite3.Connection,
    wanted: Filter,
    *,
    document: str,
    customer_id: int | None = None,
    ordering: Ordering = NEWEST_FIRST,
    limit: int,
    offset: int,
) -> Page:
    """The orders from `offset` on, at most `limit`, as their `document` (shop, storefront or staff).

    With `customer_id`, only that customer's. `ordering` is columns, each with whether it descends; ties are ordered by
    id, descending. Position, count and rows are of one moment.
    """
    statement, values = _statement(wanted, ordering, document, customer_id is not None)
    of_customer = () if customer_id is None else (customer_id,)
    while True:
        position, count, may_not_fit, rows, currencies = connection.execute(
            statement, (limit, offset, *of_customer, *values)
        ).fetchone()
        if not may_not_fit or rows is None:
            return Page(position, count or 0, rows or b"", offset + limit, currencies or "")
        ids = _fitting(rows)
        then, fitting, currencies = connection.execute(_of_ids(document), (as_json(ids),)).fetchone()
        if then == position:
            return Page(position, count, fitting or b"", offset + len(ids), currencies or "")


def _fitting(sizes: bytes) -> list[int]:
    """The ids of the first orders, as many as have documents that fit on a page together; at least one."""
    found = [tuple(map(int, pair.split(b" "))) for pair in sizes.split(b",")]
    ends = accumulate(size + 1 for _, size in found)
    return [order_id for (order_id, _), end in zip(found, ends, strict=True) if end <= ROWS_BYTES_MAX] or [found[0][0]]


@cache
def _of_ids(document: str) -> str:
    """The statement for position, the documents of orders by their ids, and their currencies."""
    sql, _, joined, _ = _DOCUMENTS[document]
    return (
        f"SELECT (SELECT position FROM positions), CAST(group_concat({sql}, ',') AS BLOB),"
        " group_concat(DISTINCT d.currency)"
        f" FROM json_each(?) AS wanted CROSS JOIN orders AS part ON part.id = wanted.value CROSS {joined}"
    )


class ChangedOrders(msgspec.Struct, frozen=True):
    """Some orders, ordered by their last events, as of a position of the log. `rows` is JSON, with commas between the
    rows.

    `reached` is the position of the last one's last event; None where no order comes behind it.
    """

    position: int
    rows: bytes
    reached: int | None


def changed_since(
    connection: sqlite3.Connection, wanted: Filter, *, after: int, customer_id: int | None = None, limit: int
) -> ChangedOrders:
    """The staff's documents of the first orders with a last event behind the position `after`, at most `limit`, ordered
    by these events. Deleted orders are included, unless the filter names statuses.

    An order that changes again comes again, at its new place. So a reader that continues from `reached`, or from
    `position` where `reached` is None, misses no change and repeats none, whatever is written meanwhile.
    """
    terms, values, _ = _conditions(wanted, of_customer=customer_id is not None, with_deleted=True)
    sql, _, joined, _ = _DOCUMENTS["staff"]
    statement = f"""
        WITH part AS MATERIALIZED (
          SELECT id, position FROM orders WHERE {" AND ".join(["position > ?2", *terms])} ORDER BY position LIMIT +?1)
        SELECT p.position, found.position, found.document FROM positions AS p
        LEFT JOIN (SELECT part.position, {sql} AS document FROM part CROSS {joined}) AS found
        """
    of_customer = () if customer_id is None else (customer_id,)
    rows: list[bytes] = []
    size, reached = 0, after
    with closing(connection.execute(statement, (limit + 1, after, *of_customer, *values))) as found:
        for position, place, document in found:
            if document is None:
                break
            size += len(document) + 1
            if len(rows) == limit or (rows and size > ROWS_BYTES_MAX):
                return ChangedOrders(position, b",".join(rows), reached)
            rows.append(document)
            reached = place
    return ChangedOrders(position, b",".join(rows), None)


def owner_and_status(connection: sqlite3.Connection, uuid: str) -> tuple[int, str] | None:
    """The id of the order's customer, a negative one for a guest's order, and the order's status; None where the views
    have no such order. The owner changes once at most, when a guest's order is given to a customer."""
    row = connection.execute("SELECT customer_id, status FROM orders WHERE uuid = ?", (uuid,)).fetchone()
    return None if row is None else (row[0], row[1])


def uuid_of(connection: sqlite3.Connection, order_id: int) -> str | None:
    """The UUID of the order with an integer id; None where the views have no such order."""
    row = connection.execute("SELECT uuid FROM orders WHERE id = ?", (order_id,)).fetchone()
    return None if row is None else str(row[0])


def changed_uuids(connection: sqlite3.Connection, customer_id: int, after: int) -> list[str]:
    """The UUIDs of a customer's orders with events behind a position, deleted ones included."""
    rows = connection.execute("SELECT uuid FROM orders WHERE customer_id = ? AND position > ?", (customer_id, after))
    return [uuid for (uuid,) in rows]


class FoundOrder(msgspec.Struct, frozen=True):
    """One order's document, as of a position of the log; empty where there is no such order."""

    position: int
    document: bytes
    version: int
    currency: str


def one(
    connection: sqlite3.Connection,
    *,
    document: str,
    order_id: int | None = None,
    uuid: UUID | str | None = None,
    customer_id: int | None = None,
) -> FoundOrder:
    """An order by its id or its UUID. With `customer_id`, only that customer's, and only where it is not deleted."""
    column, value = ("id", order_id) if order_id is not None else ("uuid", str(uuid))
    owner = "" if customer_id is None else " AND part.customer_id = ? AND part.status <> 'deleted'"
    what, _, where, _ = _DOCUMENTS[document]
    row = connection.execute(
        f"SELECT p.position, found.document, found.version, found.currency FROM positions AS p LEFT JOIN"
        f" (SELECT {what} AS document, s.version, part.currency FROM orders AS part {where}"
        f" JOIN states AS s ON s.id = part.id WHERE part.{column} = ?{owner}) AS found",
        (value,) if customer_id is None else (value, customer_id),
    ).fetchone()
    return FoundOrder(row[0], row[1] or b"", row[2] or 0, row[3] or "")
