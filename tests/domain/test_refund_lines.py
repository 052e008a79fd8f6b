"""Do a refund's lines add up to its amount, and is nothing refunded that was not sold or was refunded before?"""

from typing import Any

import msgspec
import pytest

from domain.aggregate import Event
from domain.order import events as e
from domain.refusals import InvalidField, RefundExceedsSold, Refusal
from projections.orders.documents import staff_document
from tests.domain.test_decide import BEGUN, NOW, created, given, item, received, refund, refunded
from tests.domain.test_money_movements import taken_back

# An order of 50.00: two items, shipping and two charges. More than 50.00 was paid.
SOLD: tuple[Event, ...] = (
    created(shipping_cost="3.00"),
    item(1, "9.00", 3, shipping="2.00", discount_amount="1.00"),
    item(2, "10.00", 1),
    e.ChargesChanged(
        occurred_at=BEGUN,
        charges=(
            e.Charge(kind="tax", amount="2.00", item=1),
            e.Charge(kind="tip", amount="7.00"),
            e.Charge(kind="tax", amount="1.00", included=True),
        ),
    ),
    received("500.00"),
)


def lines(*given: dict[str, Any], of: str) -> Any:
    return refund(of, lines=list(given))


def recorded(*made: e.RefundedLine, of: str) -> e.PaymentRefunded:
    return refunded(of, occurred_at=NOW, refunded_at=NOW, lines=made)


def test_a_refund_says_what_it_was_for_and_the_document_shows_it() -> None:
    command = lines(
        {"item": 1, "quantity": 1, "amount": "9.00", "restock": True},
        {"shipping": "5"},
        {"charge": 0, "amount": "0.64"},
        {"item": 2, "amount": "1"},
        of="15.64",
    )
    order = (
        given(*SOLD)
        .when(command)
        .then(
            recorded(
                e.RefundedLine(item=1, amount="9.00", quantity=1, restock=True),
                e.RefundedLine(shipping="5.00"),
                e.RefundedLine(charge=0, amount="0.64"),
                e.RefundedLine(item=2, amount="1.00"),
                of="15.64",
            )
        )
    )
    document = msgspec.json.decode(staff_document(order))
    assert document["payments"][1]["lines"] == [
        {"item": 1, "quantity": 1, "amount": "9.00", "restock": True},
        {"shipping": "5.00"},
        {"charge": 0, "amount": "0.64"},
        {"item": 2, "quantity": None, "amount": "1.00", "restock": False},
    ]


@pytest.mark.parametrize(
    ("line", "saying"),
    [
        ({}, "lines[0]: needs one of item, charge and shipping"),
        ({"amount": "1"}, "lines[0]: needs one of"),
        ({"item": 1, "charge": 0, "amount": "1"}, "not two of them"),
        ({"item": 1}, "lines[0].amount: is missing"),
        ({"charge": 0}, "lines[0].amount: is missing"),
        ({"item": 3, "amount": "1"}, "lines[0].item: the order has no item 3"),
        ({"charge": 3, "amount": "1"}, "lines[0].charge: the order has no charge 3"),
        ({"charge": -1, "amount": "1"}, "lines[0].charge: the order has no charge -1"),
        ({"shipping": "1", "amount": "1"}, "lines[0].amount: the shipping is the amount"),
        ({"shipping": "1", "quantity": 1}, "lines[0].quantity: only an item has this"),
        ({"charge": 0, "amount": "1", "restock": True}, "lines[0].restock: only an item has this"),
        ({"item": 1, "amount": "1", "restock": True}, "lines[0].quantity: is missing"),
        ({"item": 1, "amount": "0"}, "lines[0].amount: must be more than nothing"),
        ({"item": 1, "amount": "0.001"}, "lines[0].amount: USD has 2 digits"),
        ({"shipping": "0"}, "lines[0].shipping: must be more than nothing"),
        ({"item": 1, "amount": "2"}, "lines: they come to 2.00 USD, and the refund is of 1.00 USD"),
    ],
)
def test_a_line_that_is_none_of_the_orders_is_named(line: dict[str, Any], saying: str) -> None:
    given(*SOLD).when(lines(line, of="1")).then(InvalidField, saying=saying)


MOST = [
    ({"item": 1, "quantity": 3, "amount": "1"}, {"item": 1, "quantity": 4, "amount": "1"}, "3 were sold"),
    ({"item": 1, "amount": "30"}, {"item": 1, "amount": "30.01"}, "30.00 USD of item 1"),
    ({"item": 2, "amount": "10"}, {"item": 2, "amount": "10.01"}, "10.00 USD of item 2"),
    ({"shipping": "5"}, {"shipping": "5.01"}, "5.00 USD of shipping"),
    ({"charge": 1, "amount": "7"}, {"charge": 1, "amount": "7.01"}, "7.00 USD of charge 1"),
    ({"charge": 2, "amount": "1"}, {"charge": 2, "amount": "1.01"}, "1.00 USD of charge 2"),
]


def amount(line: dict[str, Any]) -> str:
    return str(line.get("shipping") or line["amount"])


@pytest.mark.parametrize(("most", "more", "saying"), MOST)
def test_a_line_is_given_back_no_further_than_it_was_sold(
    most: dict[str, Any], more: dict[str, Any], saying: str
) -> None:
    given(*SOLD).when(lines(more, of=amount(more))).then(RefundExceedsSold, saying=saying)
    answer = given(*SOLD).when(lines(most, of=amount(most)))
    assert (answer.refusal, len(answer.events)) == (None, 1)


@pytest.mark.parametrize(("most", "more", "saying"), MOST)
def test_refunds_of_a_line_add_up_over_several_refunds_and_within_one(
    most: dict[str, Any], more: dict[str, Any], saying: str
) -> None:
    first = given(*SOLD).when(lines(most, of=amount(most))).events
    again = refund(amount(most), "re_2", lines=[most])
    answer = given(*SOLD, *first).when(again)
    assert isinstance(answer.refusal, RefundExceedsSold)
    twice = str(2 * float(amount(most)))
    assert isinstance(given(*SOLD).when(lines(most, most, of=twice)).refusal, Refusal)
    failed = taken_back("refund_failure", f"{float(amount(most)):.2f}", refund_reference="re_1")
    assert given(*SOLD, *first, failed).when(again).refusal is None


def test_the_same_refund_again_records_nothing_whatever_its_lines() -> None:
    line = {"item": 2, "amount": "10"}
    first = given(*SOLD).when(lines(line, of="10")).events
    given(*SOLD, *first).when(lines(line, of="10")).then()
