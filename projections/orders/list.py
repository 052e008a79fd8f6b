"""Which orders are there? A page of a list with the count of it all, and one order's document."""

from functools import lru_cache
from typing import Any, Final, TypeAlias
from uuid import UUID

import msgspec

from domain.log.sqlite import sqlite3
from projections.orders.search import HAS, having

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
# Columns, and whether each goes down.
Ordering: TypeAlias = tuple[tuple[str, bool], ...]
NEWEST_FIRST: Final[Ordering] = (("created_at", True),)
# The SQL of each document, and the tables that it stands in, for the orders of `part`. The staff's is the shop's
# object with more fields at its end.
_DOCUMENTS: Final = {
    "shop": ("d.document", "JOIN shop_documents AS d ON d.id = part.id"),
    "storefront": ("d.document", "JOIN storefront_documents AS d ON d.id = part.id"),
    "staff": (
        "CAST(substr(d.document, 1, length(d.document) - 1) || ',' || substr(m.more, 2) AS BLOB)",
        "JOIN shop_documents AS d ON d.id = part.id CROSS JOIN staff_documents AS m ON m.id = part.id",
    ),
}


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """The conditions of a list.

    None narrows nothing; times are microseconds, both ends inclusive. Words are normal (`search.py`); `words` are
    looked for where the shop contract says, `staff_words` in the customer and the payments, too.
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


def _conditions(wanted: Filter, *, of_customer: bool) -> tuple[list[str], list[Any], bool]:
    """The terms of the WHERE clause; the values of their parameters, but for the customer's id; and whether the terms
    are of statuses alone.

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
        add(f"search {HAS}", having(word))
    if wanted.staff_words:
        looked_for = [f"text {HAS.replace('?', f'?{place(having(word))}')}" for word in wanted.staff_words]
        found = f"SELECT 1 FROM staff_searches WHERE staff_searches.id = orders.id AND {' AND '.join(looked_for)}"
        terms.append(f"EXISTS ({found})")
    return terms, values, of_statuses == len(terms)


# Storefronts ask the same few questions of many customers.
@lru_cache(maxsize=512)
def _statement(wanted: Filter, ordering: Ordering, document: str, of_customer: bool) -> tuple[str, tuple[Any, ...]]:
    """The statement that gives position, count and the page's documents, and the filter's values in it."""
    terms, values, of_statuses_alone = _conditions(wanted, of_customer=of_customer)
    shown = _DOCUMENTS[document]
    if ordering == NEWEST_FIRST and of_statuses_alone:
        statement = _counted(" AND ".join(terms), *shown)
    elif ordering == NEWEST_FIRST and of_customer:
        statement = _walked(" AND ".join(terms), *shown)
    else:
        statement = _scanned(" AND ".join(terms), ordering, *shown)
    return statement, tuple(values)


# In all three, the documents are joined to one value: each row that is fetched gives the interpreter's lock away and
# waits to have it back, which costs more than the query does. And `LIMIT +?` is planned for any value: SQLite would
# plan `LIMIT ?` for the value that is bound, so prepare the statement anew for each, at three times the query's cost.


def _counted(terms: str, document: str, tables: str) -> str:
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
          (SELECT CAST(group_concat({document}, ',') AS BLOB) FROM part CROSS {tables})
        """


def _walked(terms: str, document: str, tables: str) -> str:
    """A customer's orders that any terms choose, newest first.

    Walks the table, which lies in that order, to the page's end. The orders that this has passed are counted with the
    page, so that only those behind it are looked at for the count.
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
          (SELECT CAST(group_concat({document}, ',') AS BLOB) FROM part CROSS {tables})
        """


def _scanned(terms: str, ordering: Ordering, document: str, tables: str) -> str:
    """Orders in any order.

    Looks at every candidate once, in the order in which the rows lie in the file, and sorts those that it keeps.
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
          (SELECT CAST(group_concat({document}, ',') AS BLOB) FROM part CROSS {tables})
        """


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
    ordering: Ordering = NEWEST_FIRST,
    limit: int,
    offset: int,
) -> Page:
    """The orders from `offset` on, at most `limit`, as their `document` (shop, storefront or staff).

    With `customer_id`, that customer's alone. `ordering` is columns and whether each goes down; ties go by id, down.
    It is one statement, so position, count and rows are of one moment.
    """
    statement, values = _statement(wanted, ordering, document, customer_id is not None)
    of_customer = () if customer_id is None else (customer_id,)
    position, count, rows = connection.execute(statement, (limit, offset, *of_customer, *values)).fetchone()
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
