"""The customers' list, its counts and sums: does it agree with a plain sum over the orders?"""

from collections.abc import Iterator
from contextlib import closing
from functools import cmp_to_key
from pathlib import Path
from random import Random
from typing import Any

import pytest

from domain.ledger import OrderLedger
from domain.log.sqlite import sqlite3
from domain.money import Amount, two_digit_text
from domain.order import commands as c
from domain.order.state import Order
from projections.customers import list as customers
from projections.customers.list import Customer, Sums
from projections.customers.table import Customers
from projections.views.views import Views
from tests.conftest import ME, Clock, do, new_order
from tests.projections.histories import play
from tests.projections.rows import rows
from tests.tampering import tamper

LARGEST = "9" * 15


# From docs/money.md: the sign of each kind of movement in the received and in the refunded amount.
RECEIVED = {"payment": 1, "payment_failure": -1, "void": -1}
REFUNDED = {"refund": 1, "refund_failure": -1, "chargeback": 1, "chargeback_reversal": -1}


def orders_of(ledger: OrderLedger) -> list[Order]:
    """Every order with a customer, read from the log."""
    last = ledger.log_of_events.claim_max("order-id")
    found = (ledger.order(ledger.uuid_of(order_id)) for order_id in range(1, last + 1))
    return [order for order in found if order.customer is not None]


def summed(orders: list[Order]) -> tuple[Customer, Sums]:
    """The customer and the sums of orders of one customer and one currency."""
    latest = max(orders, key=lambda order: (order.created_at, order.id))
    there = [order for order in orders if order.status != "deleted"]
    owing = [order for order in orders if order.status not in ("cancelled", "refunded", "deleted")]
    moved = [movement for order in orders for movement in order.payments]

    def amount(minor: int) -> str:
        return two_digit_text(minor, latest.digits)

    assert latest.customer is not None
    assert latest.customer.id is not None
    sums = Sums(
        latest.currency,
        len(there),
        min((order.created_at for order in there), default=None),
        max((order.created_at for order in there), default=None),
        amount(sum(order.totals.total for order in owing)),
        amount(sum(movement.amount * RECEIVED.get(movement.kind, 0) for movement in moved)),
        amount(sum(movement.amount * REFUNDED.get(movement.kind, 0) for movement in moved)),
        amount(sum(order.totals.outstanding for order in owing)),
    )
    details = latest.customer.details
    names = (details.username, details.email, details.first_name, details.last_name, details.phone)
    return Customer(latest.customer.id, *names), sums


def expected(ledger: OrderLedger) -> list[tuple[Customer, Sums]]:
    """The whole list, sorted by id and currency."""
    orders = orders_of(ledger)
    named = {ids: summed([o for o in orders if o.customer and o.customer.id == ids])[0] for ids in _ids(orders)}
    keys = sorted({(of, order.currency) for order in orders if (of := _id(order)) is not None})
    return [
        (named[ids], summed([o for o in orders if o.customer and (o.customer.id, o.currency) == (ids, currency)])[1])
        for ids, currency in keys
    ]


def _ids(orders: list[Order]) -> set[int]:
    return {of for order in orders if (of := _id(order)) is not None}


def _id(order: Order) -> int | None:
    return order.customer.id if order.customer else None


def page(views: Views, **asked: Any) -> customers.Page:
    wanted: dict[str, Any] = {"words": (), "currency": None, "ordering": customers.BY_ID, "limit": 1000, "offset": 0}
    return customers.page(views.reader, **(wanted | asked))


@pytest.mark.parametrize("seed", range(4))
def test_the_list_is_what_the_orders_come_to(seed: int, ledger: OrderLedger, views: Views, clock: Clock) -> None:
    random = Random(seed)
    play(ledger, clock, random, 150, then=lambda: random.random() < 0.3 and views.catch_up())
    views.catch_up()
    found = page(views)
    whole = expected(ledger)
    assert (found.position, found.count, found.found) == (ledger.head(), len(whole), whole)
    for customer_id in _ids(orders_of(ledger)):
        one = customers.one(views.reader, customer_id)
        assert one.customer == next(customer for customer, _ in whole if customer.id == customer_id)
        assert one.sums == [sums for customer, sums in whole if customer.id == customer_id]


def test_a_customer_without_an_order_is_not_found(ledger: OrderLedger, views: Views) -> None:
    do(ledger.create, new_order(), ME)
    views.catch_up()
    assert customers.one(views.reader, 1) == customers.FoundCustomer(1, None, [])
    assert page(views) == customers.Page(1, 0, [])


def test_the_latest_order_says_what_a_customer_is_called_whatever_becomes_of_it(
    ledger: OrderLedger, views: Views, clock: Clock
) -> None:
    for name in ("ada", "countess", None):
        clock.tick()
        order = do(ledger.create, new_order(customer={"id": 1, "username": name}), ME).order
    do(ledger.change, order.uuid, c.ChangeStatus(status="deleted"), ME)
    views.catch_up()
    found = customers.one(views.reader, 1)
    assert found.customer == Customer(1, None, None, None, None, None)
    assert (found.sums[0].orders, found.sums[0].last_order_at) == (2, clock.now.replace(second=2))


def test_sums_are_exact_where_64_bits_do_not_hold_them(ledger: OrderLedger, views: Views, clock: Clock) -> None:
    for currency in ("CLF", "KWD", "JPY"):
        for _ in range(3):
            clock.tick()
            digits = {"CLF": ".9999", "KWD": ".999", "JPY": ""}[currency]
            item = {"unit_price": LARGEST + digits}
            order = do(ledger.create, new_order(customer={"id": 1}, currency=currency, items=[item]), ME).order
            paid = c.ReceivePayment(amount=Amount("1" + digits), reference=f"{order.id}", provider="p")
            do(ledger.change, order.uuid, paid, ME)
    views.catch_up()
    sums = {of.currency: of for of in customers.one(views.reader, 1).sums}
    assert (sums["CLF"].ordered, sums["CLF"].received) == ("2999999999999999.9997", "5.9997")
    assert (sums["KWD"].ordered, sums["KWD"].received) == ("2999999999999999.997", "5.997")
    assert (sums["JPY"].ordered, sums["JPY"].received) == ("2999999999999997.00", "3.00")
    assert sums["CLF"].outstanding == "2999999999999994.0000"


def test_an_order_that_cannot_be_read_any_more_is_taken_out_of_the_sums(
    ledger: OrderLedger, views: Views, clock: Clock, tmp_path: Path
) -> None:
    for name in ("ada", "countess"):
        clock.tick()
        order = do(ledger.create, new_order(customer={"id": 1, "username": name}), ME).order
    views.catch_up()
    do(ledger.change, order.uuid, c.ChangeOrder(notes="damaged"), ME)
    tamper(tmp_path / "ledger.db", "UPDATE events SET payload = payload || ' ' WHERE version = 2")
    views.catch_up()
    found = customers.one(views.reader, 1)
    assert found.customer is not None
    assert (found.customer.username, found.sums[0].orders) == ("ada", 1)
    live = rows(views)
    views.rebuild()
    assert rows(views) == live


# --- the list, narrowed, sorted and page by page ---


@pytest.fixture
def told(ledger: OrderLedger, views: Views, clock: Clock) -> list[tuple[Customer, Sums]]:
    """The whole list, after customers with various names have ordered."""
    names = ("Ada", "ada", "O'Brien", "پدرام", "100%", "a_b", None)
    random = Random(3)
    for step in range(120):
        clock.tick(seconds=random.choice((0, 1, 60)))
        name = random.choice(names)
        customer = {
            "id": random.randint(1, 20),
            "username": name,
            "first_name": name,
            "last_name": random.choice(names),
        }
        customer["email"] = f"{step % 7}@shop.test"
        item = {"unit_price": str(random.choice((1, 99, 10**14)))}
        order = new_order(customer=customer, currency=random.choice(("USD", "JPY", "KWD")), items=[item])
        do(ledger.create, order, ME)
    views.catch_up()
    return expected(ledger)


def value(row: tuple[Customer, Sums], field: str) -> Any:
    found = getattr(row[0], field) if hasattr(row[0], field) else getattr(row[1], field)
    return float(found) if field in ("ordered", "received", "refunded", "outstanding") else found


def compared(a: Any, b: Any) -> int:
    """Compares two values as SQLite does, nulls first: below, equal to or above zero."""
    if a is None or b is None:
        return (a is not None) - (b is not None)
    a, b = (x.encode() if isinstance(x, str) else x for x in (a, b))
    return (a > b) - (a < b)


@pytest.mark.parametrize("field", customers.ORDERING)
@pytest.mark.parametrize("is_down", [False, True])
def test_each_field_sorts_the_list_and_ties_go_by_id_and_currency(
    field: str, *, is_down: bool, told: list[tuple[Customer, Sums]], views: Views
) -> None:
    sign = -1 if is_down else 1
    wanted = sorted(told, key=cmp_to_key(lambda a, b: sign * compared(value(a, field), value(b, field))))
    assert page(views, ordering=((field, is_down),)).found == wanted


def test_pages_are_slices_of_the_list(told: list[tuple[Customer, Sums]], views: Views) -> None:
    ordering = (("currency", True), ("ordered", False))
    whole = page(views, ordering=ordering)
    assert whole.count == len(told)
    for offset in (0, 7, len(told) - 3, len(told), len(told) + 5):
        found = page(views, ordering=ordering, limit=7, offset=offset)
        assert (found.count, found.found) == (len(told), whole.found[offset : offset + 7])


@pytest.mark.parametrize(
    "words", [("ada",), ("@shop",), ("3@shop.test",), ("پدرام",), ("%",), ("_",), ("ada o'brien",), ("17",), ("a", "b")]
)
def test_search_finds_every_word_in_id_username_email_or_full_name(
    words: tuple[str, ...], told: list[tuple[Customer, Sums]], views: Views
) -> None:
    def fields(customer: Customer) -> Iterator[str]:
        full = " ".join(filter(None, (customer.first_name, customer.last_name)))
        yield from (str(customer.id), customer.username or "", customer.email or "", full)

    wanted = [row for row in told if all(any(word in field.lower() for field in fields(row[0])) for word in words)]
    found = page(views, words=words)
    assert (found.count, found.found) == (len(wanted), wanted)
    assert wanted
    assert page(views, words=words, currency="JPY").found == [row for row in wanted if row[1].currency == "JPY"]


def test_an_order_of_which_a_customers_row_says_the_same_as_before_changes_no_sum(
    told: list[tuple[Customer, Sums]], views: Views
) -> None:
    with closing(sqlite3.connect(views.path)) as connection:
        known = connection.execute("SELECT * FROM customer_orders").fetchall()
        before = connection.total_changes
        Customers().put(connection, known)
        assert (len(known) >= len(told), connection.total_changes) == (True, before)
        Customers().put(connection, [(*known[0][:-1], "another text")])
        assert connection.total_changes > before
