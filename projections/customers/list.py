"""How much did customers order, pay and get back? The list of customers by currency, and one customer in all
currencies."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from domain.log.sqlite import sqlite3
from domain.moments import moment_of
from domain.money import two_digit_text
from projections.customers.table import AMOUNTS, DETAILS, DIGITS_MAX, SPLIT
from projections.orders.search import contains_sql
from projections.views.reading import with_position

# The fields of the list, and the SQL that each sorts by.
ORDERING: Final = {
    "id": "sums.customer_id",
    **{detail: f"customers.{detail}" for detail in DETAILS},
    **{field: f"sums.{field}" for field in ("currency", "orders", "first_order_at", "last_order_at")},
    # The sum of the low parts can exceed SPLIT.
    **{
        amount: f"sums.{amount}_high + sums.{amount}_low / {SPLIT} %s, sums.{amount}_low % {SPLIT}"
        for amount in AMOUNTS
    },
}
BY_ID: Final = (("id", False),)
_SUMS: Final = ", ".join(
    f"sums.{column}"
    for column in (
        *("currency", "digits", "orders", "first_order_at", "last_order_at"),
        *(f"{amount}_{part}" for amount in AMOUNTS for part in ("high", "low")),
    )
)
_CUSTOMER: Final = ", ".join(f"customers.{column}" for column in ("customer_id", *DETAILS))


class Sums(msgspec.Struct, frozen=True):
    """The sums of a customer's orders in one currency; amounts as the storefront contract writes them."""

    currency: str
    orders: int
    first_order_at: datetime | None
    last_order_at: datetime | None
    ordered: str
    received: str
    refunded: str
    outstanding: str


class Customer(msgspec.Struct, frozen=True):
    """A customer, with the details of the customer's latest order."""

    id: int
    username: str | None
    email: str | None
    first_name: str | None
    last_name: str | None
    phone: str | None


class Page(msgspec.Struct, frozen=True):
    """A part of the list and the total number of its rows, as of one position of the log."""

    position: int
    count: int
    found: list[tuple[Customer, Sums]]


def page(
    connection: sqlite3.Connection,
    *,
    words: Sequence[str],
    currency: str | None,
    ordering: Sequence[tuple[str, bool]],
    limit: int,
    offset: int,
) -> Page:
    """A row for each customer and currency, from `offset` on, at most `limit`.

    `ordering` is fields, each with whether it descends; ties are ordered by id, then by currency. Words are normalised
    (`orders/search.py`).
    """
    terms = ["true"]
    values: list[Any] = []
    if currency is not None:
        terms.append("sums.currency = ?")
        values.append(currency)
    if words:
        named = " AND ".join(contains_sql("search", word, values.append) for word in words)
        terms.append(f"sums.customer_id IN (SELECT customer_id FROM customers WHERE {named})")
    wanted, order_by = " AND ".join(terms), ", ".join([*map(_sorted_by, ordering), "sums.customer_id", "sums.currency"])
    rows = connection.execute(
        f"""
        SELECT p.position, (SELECT count(*) FROM customer_sums AS sums WHERE {wanted}), found.*
        FROM positions AS p LEFT JOIN (
          SELECT {_CUSTOMER}, {_SUMS} FROM customer_sums AS sums JOIN customers USING (customer_id)
          WHERE {wanted} ORDER BY {order_by}, sums.digits LIMIT +? OFFSET +?) AS found
        """,
        (*values, *values, limit, offset),
    ).fetchall()
    found = [(Customer(*row[2:8]), _sums(row[8:])) for row in rows if row[2] is not None]
    return Page(rows[0][0], rows[0][1], found)


def _sorted_by(term: tuple[str, bool]) -> str:
    field, is_down = term
    direction = "DESC" if is_down else "ASC"
    return f"{ORDERING[field].replace('%s', direction)} {direction}"


class FoundCustomer(msgspec.Struct, frozen=True):
    """One customer with the sums of each currency, as of a position of the log; `customer` is None where there is
    none."""

    position: int
    customer: Customer | None
    sums: list[Sums]


def one(connection: sqlite3.Connection, customer_id: int) -> FoundCustomer:
    """A customer by the integer id. The sums are ordered by currency."""
    position, rows = with_position(
        connection,
        f"SELECT {_CUSTOMER}, {_SUMS} FROM customers JOIN customer_sums AS sums USING (customer_id)"
        " WHERE customer_id = ? ORDER BY sums.currency, sums.digits",
        (customer_id,),
    )
    return FoundCustomer(position, Customer(*rows[0][:6]) if rows else None, [_sums(row[6:]) for row in rows])


def _sums(row: Sequence[Any]) -> Sums:
    currency, digits, orders, first, last, *parts = row
    amounts = [high * SPLIT + low for high, low in zip(parts[::2], parts[1::2], strict=True)]
    return Sums(
        currency,
        orders,
        None if first is None else moment_of(first),
        None if last is None else moment_of(last),
        *(two_digit_text(amount // 10 ** (DIGITS_MAX - digits), digits) for amount in amounts),
    )
