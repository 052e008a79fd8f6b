"""Is a recorded order read whole by its own events alone, whatever list of currencies is installed?"""

import json
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.ledger import OrderLedger
from domain.money import Amount, decimal_text, digits_in, minor_units
from domain.order import commands as c
from domain.refusals import InvalidField
from projections.exports.beancount import export_beancount
from projections.orders import list as orders
from projections.payments import sums
from projections.payments.list import Filter
from projections.proof.verification import verify
from projections.views.views import Views
from tests.conftest import ME, Clock, do, new_order
from tests.first_version import recorded_in_the_first_version
from tests.projections.rows import rows
from tests.projections.test_views import EVERYTHING

# A currency, its digits, and an amount in it. BGN was withdrawn; ZZQ was never in any list.
OLD = pytest.mark.parametrize(("currency", "price"), [("BGN", "7.55"), ("ZZQ", "7.555")])


def shown(views: Views) -> dict[str, dict[str, Any]]:
    """The staff's documents of all orders, by UUID."""
    views.catch_up()
    found = orders.page(views.reader, EVERYTHING, document="staff", limit=10, offset=0)
    return {document["uuid"]: document for document in json.loads(b"[" + found.rows + b"]")}


@OLD
def test_an_order_of_the_first_version_is_read_listed_rebuilt_and_verified_beside_one_of_the_second(
    ledger: OrderLedger, views: Views, clock: Clock, tmp_path: Path, currency: str, price: str
) -> None:
    old = recorded_in_the_first_version(ledger, clock, currency, price)
    new = do(ledger.create, new_order(currency="JPY", items=[{"unit_price": "500"}]), ME).order
    order = ledger.order(old)
    assert (order.currency, order.digits, order.totals.total) == (currency, digits_in(price), 2 * minor_units(price))
    documents = shown(views)
    assert documents[str(old)]["items"][0]["unit_price"] == price
    assert documents[str(new.uuid)]["items"][0]["unit_price"] == "500.00"
    again = Views(ledger, tmp_path / "again.db")
    again.rebuild()
    assert rows(again) == rows(views)
    again.close()
    found = verify(ledger.location, views.path.resolve(), checkpoints=[], key=None, progress=lambda _done, _head: None)
    assert (found.events, found.orders, found.problems) == (4, 2, [])


@OLD
def test_an_order_of_the_first_version_takes_commands_by_its_own_digits(
    ledger: OrderLedger, views: Views, clock: Clock, currency: str, price: str
) -> None:
    old = recorded_in_the_first_version(ledger, clock, currency, price)
    paid = c.ReceivePayment(amount=Amount(price), provider="acme", reference="pi_1")
    assert do(ledger.change, old, paid, ME).order.received == minor_units(price)
    added = do(ledger.change, old, c.AddItem(unit_price=Amount(price)), ME).order.items[1]
    assert added.unit_price == minor_units(price)
    with pytest.raises(InvalidField, match=f"{currency} has {digits_in(price)} digits"):
        do(ledger.change, old, c.AddItem(unit_price=Amount(price + "1")), ME)
    document = shown(views)[str(old)]
    assert document["payments"][0]["amount"] == price
    assert [item["unit_price"] for item in document["items"]] == [price, price]
    summary = sums.summary(views.reader, Filter(), group_by=["currency"], zone=ZoneInfo("UTC"))
    assert [(row.currency, row.digits, row.received) for row in summary.totals] == [
        (currency, digits_in(price), minor_units(price))
    ]


@OLD
def test_an_order_of_the_first_version_is_booked_by_its_own_digits(
    ledger: OrderLedger, clock: Clock, currency: str, price: str
) -> None:
    recorded_in_the_first_version(ledger, clock, currency, price)
    books = BytesIO()
    export_beancount(
        ledger,
        books,
        head=ledger.head(),
        zone=ZoneInfo("UTC"),
        progress=lambda _done, _head: None,
    )
    total = decimal_text(2 * minor_units(price), digits_in(price))
    assert f"Income:Sales  -{total} {currency}" in books.getvalue().decode()
