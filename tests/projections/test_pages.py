"""A page of a list: are its orders, their order and the count right, whichever plan SQLite chooses?"""

import json
from contextlib import suppress
from itertools import product
from random import Random
from typing import Any

import pytest

from domain.ledger import OrderLedger
from domain.order import commands as c
from domain.refusals import Refusal
from projections.orders import list as orders
from projections.views.views import Views
from tests.conftest import ME, Clock, do, new_order

ORDERS = 60
NOTES = ("blue", "blue and green", "green", None)
STATUSES = ("hold", "processing", "deleted", None)
FILTERS = (
    orders.Filter(),
    orders.Filter(statuses=("hold", "new")),
    orders.Filter(words=("blue",)),
    orders.Filter(words=("blue", "green"), statuses=("processing", "new", "hold")),
    orders.Filter(words=("red",)),
    orders.Filter(has_notes=False),
)
ORDERINGS = (orders.NEWEST_FIRST, (("created_at", False),), (("status", True), ("created_at", False)))


def recorded(ledger: OrderLedger, clock: Clock) -> list[dict[str, Any]]:
    """Records orders of two customers, many at the same moment.

    Returns each order's values of the fields that filters read.
    """
    random, known = Random(11), []
    for _ in range(ORDERS):
        if random.random() < 0.5:
            clock.tick()
        customer, notes, status = random.choice((1, 2)), random.choice(NOTES), random.choice(STATUSES)
        order = do(ledger.create, new_order(customer={"id": customer}, notes=notes), ME).order
        if status:
            order = do(ledger.change, order.uuid, c.ChangeStatus(status=status), ME).order
        known.append(
            {"id": order.id, "customer": customer, "notes": notes or "", "status": order.status, "at": clock.now}
        )
    return known


def test_counts_are_kept_of_orders_that_change_and_of_a_guests_order_that_is_given_to_a_customer(
    ledger: OrderLedger, views: Views, clock: Clock
) -> None:
    guest = do(ledger.create, new_order(), ME).order
    views.catch_up()
    do(ledger.change, guest.uuid, c.GiveToCustomer(id=1), ME)
    views.catch_up()
    recorded(ledger, clock)
    views.catch_up()
    for order_id in (1, 3, 5, 7):
        with suppress(Refusal):
            do(ledger.change, ledger.uuid_of(order_id), c.ChangeStatus(status="hold"), ME)
        views.catch_up()
    columns = "customer_id, status, storefront_status"
    kept = views.reader.execute("SELECT * FROM order_counts ORDER BY 1, 2, 3").fetchall()
    counted = f"SELECT {columns}, count(*) FROM orders GROUP BY {columns} ORDER BY {columns}"
    assert kept == views.reader.execute(counted).fetchall()
    assert sum(orders for *_, orders in kept) == ORDERS + 1


def expected(
    known: list[dict[str, Any]], wanted: orders.Filter, customer: int | None, ordering: tuple[tuple[str, bool], ...]
) -> list[int]:
    found = [
        order
        for order in known
        if customer in (None, order["customer"])
        and (order["status"] != "deleted" if wanted.statuses is None else order["status"] in wanted.statuses)
        and all(word in order["notes"] for word in wanted.words)
        and wanted.has_notes in (None, bool(order["notes"]))
    ]
    found.sort(key=lambda order: order["id"], reverse=True)  # the order of equal ones
    for column, down in reversed(ordering):
        found.sort(key=lambda order: order["at" if column == "created_at" else column], reverse=down)
    return [order["id"] for order in found]


def test_every_page_has_its_orders_and_the_count_of_them_all(ledger: OrderLedger, views: Views, clock: Clock) -> None:
    known = recorded(ledger, clock)
    views.catch_up()
    for wanted, customer, ordering in product(FILTERS, (1, None), ORDERINGS):
        ids = expected(known, wanted, customer, ordering)
        for limit, offset in ((1, 0), (5, 0), (5, 3), (5, len(ids) - 5), (5, len(ids)), (7, len(ids) + 40), (100, 0)):
            if offset < 0:
                continue
            page = orders.page(
                views.reader,
                wanted,
                document="shop",
                customer_id=customer,
                ordering=ordering,
                limit=limit,
                offset=offset,
            )
            shown = [row["id"] for row in json.loads(b"[" + page.rows + b"]")]
            assert (shown, page.count) == (ids[offset : offset + limit], len(ids)), (wanted, customer, ordering, offset)


def plan(views: Views, wanted: orders.Filter, customer: int | None, ordering: orders.Ordering) -> list[str]:
    """The steps of SQLite's plan for a page."""
    asked: list[str] = []
    views.reader.set_trace_callback(asked.append)
    orders.page(views.reader, wanted, document="shop", customer_id=customer, ordering=ordering, limit=20, offset=40)
    views.reader.set_trace_callback(None)
    return [step for *_, step in views.reader.execute(f"EXPLAIN QUERY PLAN {asked[0]}")]


OF_CUSTOMER = "SEARCH orders USING PRIMARY KEY (customer_id=?)"
SORTED = "USE TEMP B-TREE FOR ORDER BY"


@pytest.mark.parametrize("wanted", [orders.Filter(), orders.Filter(statuses=("hold", "new"))])
def test_a_customers_orders_by_status_are_walked_as_they_lie_and_never_counted(
    views: Views, wanted: orders.Filter
) -> None:
    steps = plan(views, wanted, 1, orders.NEWEST_FIRST)
    assert steps.count(OF_CUSTOMER) == 1
    assert SORTED not in steps
    assert any(step.startswith("SEARCH order_counts USING PRIMARY KEY (customer_id=?") for step in steps)


def test_all_customers_orders_by_status_are_walked_in_their_index_and_never_counted(views: Views) -> None:
    steps = plan(views, orders.Filter(), None, orders.NEWEST_FIRST)
    assert any("orders USING COVERING INDEX orders_newest" in step for step in steps)
    assert SORTED not in steps
    assert "SCAN order_counts" in steps


def test_a_customers_orders_by_anything_else_are_walked_to_the_page_and_counted_behind_it(views: Views) -> None:
    steps = plan(views, orders.Filter(words=("blue",)), 1, orders.NEWEST_FIRST)
    assert steps[steps.index("MATERIALIZE part") + 1] == OF_CUSTOMER
    assert "SEARCH orders USING PRIMARY KEY (customer_id=? AND created_at<?)" in steps
    assert SORTED not in steps


@pytest.mark.parametrize("customer", [1, None])
def test_orders_in_any_other_order_are_looked_at_once(views: Views, customer: int | None) -> None:
    steps = plan(views, orders.Filter(words=("blue",)), customer, (("status", True),))
    assert "MATERIALIZE hit" in steps
    assert sum(" orders" in step for step in steps) == 1
