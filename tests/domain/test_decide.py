"""Does every command give the events, or the refusal, of the contract's rules?

Each rule is told as given(events).when(command).then(events or a refusal), the tables typed again from the contract.
"""

import json
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from domain.aggregate import Event, Record, fold
from domain.order import commands as c
from domain.order import events as e
from domain.order.commands import ITEMS_MAX
from domain.order.decide import EVENTS_MAX, create, decide, to_records
from domain.order.state import ORDER as HISTORY
from domain.order.state import Order, is_payable, storefront_status
from domain.refusals import (
    AmountTooLarge,
    DiscountExceedsItem,
    InvalidField,
    ItemNotFound,
    OrderNotChangeable,
    OrderNotPayable,
    OrderTooLong,
    PaymentExceedsOutstanding,
    PaymentNotFound,
    PaymentReferenceTaken,
    RefundExceedsReceived,
    RefundReferenceTaken,
    Refusal,
    StatusChangeNotAllowed,
    TotalNegative,
)
from domain.strict_json import convert
from projections.orders.documents import render, staff_document

ORDER = UUID("a3d5c8e7-9b4f-4a2e-8c7d-1f3e5a6b9c0d")
BEGUN = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 11, 45, tzinfo=UTC)

# From the contract, section "One order, two contracts": the statuses that each status may change to.
ALLOWED = {
    "new": {"hold", "processing", "failed", "cancelled", "deleted"},
    "hold": {"new", "processing", "failed", "cancelled", "deleted"},
    "processing": {"hold", "shipped", "completed", "failed", "cancelled", "refunded"},
    "shipped": {"completed", "failed", "refunded"},
    "completed": {"refunded"},
    "failed": {"new", "hold", "processing", "cancelled", "deleted"},
    "cancelled": {"refunded", "deleted"},
    "refunded": set(),
    "deleted": set(),
}
EVERY_STATUS = tuple(ALLOWED)


def order_of(events: Sequence[Event]) -> Order:
    records = [Record(ORDER, version, event) for version, event in enumerate(events, 1)]
    order = fold(HISTORY, None, records)
    assert order is not None
    return order


class Answer(NamedTuple):
    """The outcome of a command: its events, or its refusal."""

    given: Sequence[Event]
    events: list[Event]
    refusal: Refusal | None

    def then(self, *expected: Event | type[Refusal], saying: str = "") -> Order:
        """Asserts the outcome. Returns the order after the events, or unchanged after a refusal."""
        if self.refusal:
            assert [type(self.refusal)] == list(expected), self.refusal
            assert saying in self.refusal.detail
            return order_of(self.given)
        assert self.events == list(expected)
        return order_of([*self.given, *self.events])


class Given(NamedTuple):
    events: Sequence[Event]

    def when(self, command: c.Command) -> Answer:
        try:
            decided = decide(order_of(self.events), command, NOW)
            to_records(order_of(self.events), ORDER, decided)
        except Refusal as refusal:
            return Answer(self.events, [], refusal)
        return Answer(self.events, decided, None)


def given(*events: Event) -> Given:
    return Given(events)


def created(**fields: Any) -> e.OrderCreated:
    barest: dict[str, Any] = {"id": 1, "key": "k", "currency": "USD", "digits": 2, "shipping_cost": "0.00"}
    return e.OrderCreated(**{"occurred_at": BEGUN} | barest | fields)


def item(number: int = 1, unit_price: str = "10.00", quantity: int = 1, **fields: Any) -> e.ItemAdded:
    amounts = {"shipping": "0.00", "discount_amount": "0.00"}
    return e.ItemAdded(occurred_at=BEGUN, item=number, unit_price=unit_price, quantity=quantity, **amounts | fields)


def status(to: str) -> e.StatusChanged:
    return e.StatusChanged(occurred_at=BEGUN, status=to)


def voucher(discount_amount: str, code: str | None = None) -> e.VoucherApplied:
    return e.VoucherApplied(occurred_at=BEGUN, discount_amount=discount_amount, code=code)


def received(amount: str, reference: str = "pi_1", *, provider: str = "stripe", **fields: Any) -> e.PaymentReceived:
    times = {"occurred_at": BEGUN, "received_at": BEGUN}
    return e.PaymentReceived(amount=amount, provider=provider, reference=reference, **times | fields)


def refunded(amount: str, reference: str = "re_1", *, provider: str = "stripe", **fields: Any) -> e.PaymentRefunded:
    times = {"occurred_at": BEGUN, "refunded_at": BEGUN}
    return e.PaymentRefunded(amount=amount, provider=provider, reference=reference, **times | fields)


def add(**fields: Any) -> c.AddItem:
    return convert(fields, c.AddItem)


def change(**fields: Any) -> c.ChangeOrder:
    return convert(fields, c.ChangeOrder)


def quantity(number: int, units: int) -> c.ChangeItemQuantity:
    return c.ChangeItemQuantity(item=number, quantity=units)


def lines(number: int, **fields: Any) -> c.ChangeItem:
    return c.ChangeItem(item=number, changed=convert(fields, c.ChangedItem))


def become(to: str, reason: str | None = None) -> c.ChangeStatus:
    return convert({"status": to, "reason": reason}, c.ChangeStatus)


def pay(amount: str, reference: str = "pi_1", **fields: Any) -> c.ReceivePayment:
    return convert({"amount": amount, "reference": reference, "provider": "stripe"} | fields, c.ReceivePayment)


def refund(amount: str, reference: str = "re_1", **fields: Any) -> c.RefundPayment:
    return convert({"amount": amount, "reference": reference, "provider": "stripe"} | fields, c.RefundPayment)


# --- status ---


@pytest.mark.parametrize("to", EVERY_STATUS)
@pytest.mark.parametrize("at", EVERY_STATUS)
def test_a_status_becomes_what_the_contracts_table_allows_and_nothing_else(at: str, to: str) -> None:
    answer = given(created(), status(at)).when(become(to, "because"))
    if to in ALLOWED[at]:
        answer.then(e.StatusChanged(occurred_at=NOW, status=to, reason="because"))
    else:
        answer.then(StatusChangeNotAllowed)
        assert answer.refusal
        for allowed in ALLOWED[at]:
            assert allowed in answer.refusal.detail


@pytest.mark.parametrize("at", [at for at in EVERY_STATUS if "deleted" in ALLOWED[at]])
def test_an_order_is_deleted_only_where_nothing_is_paid(at: str) -> None:
    paid = (created(), item(), received("0.01"), status(at))
    given(*paid).when(become("deleted")).then(StatusChangeNotAllowed, saying="0.01 USD")
    given(*paid, refunded("0.01")).when(become("deleted")).then(e.StatusChanged(occurred_at=NOW, status="deleted"))


@pytest.mark.parametrize("at", [at for at in EVERY_STATUS if "refunded" in ALLOWED[at]])
def test_an_order_is_refunded_only_where_all_that_was_received_has_been(at: str) -> None:
    partly = (created(), item(), received("10.00"), refunded("9.99"), status(at))
    given(*partly).when(become("refunded")).then(StatusChangeNotAllowed, saying="0.01 USD")
    wholly = (*partly, refunded("0.01", "re_2"))
    given(*wholly).when(become("refunded")).then(e.StatusChanged(occurred_at=NOW, status="refunded"))


def test_a_refused_deletion_of_a_paid_order_names_what_is_allowed_now() -> None:
    answer = given(created(), item(), received("10.00"), status("cancelled")).when(become("deleted"))
    answer.then(StatusChangeNotAllowed, saying="nothing else")
    answer = given(created(), item(), received("10.00")).when(become("deleted"))
    answer.then(StatusChangeNotAllowed, saying="hold, processing, failed, cancelled.")


# --- changes by status ---

OPEN = {"new", "hold"}
NOT_DELETED = set(EVERY_STATUS) - {"deleted"}
NOT_CLOSED = set(EVERY_STATUS) - {"refunded", "deleted"}
CHANGES: dict[str, tuple[c.Command, type[Event], set[str]]] = {
    "an item added": (add(unit_price="1"), e.ItemAdded, OPEN),
    "an item's quantity": (quantity(1, 2), e.ItemQuantityChanged, OPEN),
    "an item's price": (lines(1, unit_price="2"), e.ItemChanged, OPEN),
    "an item removed": (c.RemoveItem(item=1), e.ItemRemoved, OPEN),
    "the voucher applied": (change(voucher={"code": "WELCOME", "discount_amount": "1"}), e.VoucherApplied, OPEN),
    "the voucher removed": (change(voucher=None), e.VoucherRemoved, OPEN),
    "the shipping cost": (change(shipping_cost="3"), e.ShippingChanged, OPEN),
    "the shipping method": (change(shipping_method={"id": 2}), e.ShippingChanged, OPEN),
    "the recipient": (change(shipping_first_name="Ada"), e.RecipientChanged, NOT_CLOSED),
    "the metadata": (change(metadata={"a": "b"}), e.MetadataChanged, NOT_CLOSED),
    "an item's metadata": (lines(1, metadata={"a": "b"}), e.MetadataChanged, NOT_CLOSED),
    "the external ids": (change(external_ids={"erp": "1"}), e.ExternalIdsChanged, NOT_CLOSED),
    "the customer of a guest's order": (convert({"id": 7}, c.GiveToCustomer), e.CustomerChanged, NOT_DELETED),
    "the charges": (change(charges=[{"kind": "tip", "amount": "1"}]), e.ChargesChanged, OPEN),
    "a charge added": (convert({"kind": "tip", "amount": "1"}, c.AddCharge), e.ChargesChanged, OPEN),
    "billing": (change(billing_address="123 Main St"), e.BillingChanged, NOT_CLOSED),
    "notes": (change(notes="leave at the door"), e.NotesChanged, NOT_CLOSED),
    "the payment method": (change(payment_method={"id": 2}), e.PaymentMethodChanged, NOT_CLOSED),
}


@pytest.mark.parametrize("at", EVERY_STATUS)
@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_taken_in_the_statuses_that_the_contract_gives_it(what: str, at: str) -> None:
    command, recorded, allowed = CHANGES[what]
    answer = given(created(), item(1), item(2), voucher("0.50"), status(at)).when(command)
    if at in allowed:
        assert [type(event) for event in answer.events] == [recorded]
    else:
        answer.then(OrderNotChangeable, saying=at)


@pytest.mark.parametrize("at", EVERY_STATUS)
def test_a_change_that_changes_nothing_is_taken_in_any_status_and_records_nothing(at: str) -> None:
    method = e.Method(1, "Courier")
    events = (created(shipping_method=method, shipping_cost="3.00"), item(), voucher("0.50", "WELCOME"), status(at))
    for command in (
        change(),
        change(notes=None, billing_city=None, payment_method=None),
        change(shipping_cost="3", shipping_method={"id": 1, "name": "Courier"}),
        change(voucher={"code": "WELCOME", "discount_amount": "0.5"}),
        quantity(1, 1),
    ):
        given(*events).when(command).then()


def test_each_kind_of_change_is_one_event() -> None:
    answer = given(created(), item()).when(
        change(
            notes="n",
            billing_first_name="John",
            billing_city={"name": "Anytown"},
            payment_method={"name": "Card"},
            shipping_method={"name": "Courier"},
            shipping_cost="5",
            voucher={"discount_amount": "1"},
        )
    )
    answer.then(
        e.NotesChanged(occurred_at=NOW, personal=e.NotesPersonal("n")),
        e.BillingChanged(
            occurred_at=NOW, personal=e.BillingPersonal(e.Billing(first_name="John", city=e.City(name="Anytown")))
        ),
        e.PaymentMethodChanged(occurred_at=NOW, payment_method=e.Method(name="Card")),
        e.ShippingChanged(occurred_at=NOW, shipping_cost="5.00", shipping_method=e.Method(name="Courier")),
        e.VoucherApplied(occurred_at=NOW, discount_amount="1.00"),
    )


def test_a_field_that_a_change_leaves_out_stays_and_null_empties_it() -> None:
    bill = e.Billing(first_name="John", last_name="Doe", address="123 Main St")
    begun = created(
        personal=e.OrderPersonal(billing=bill, notes="n"), shipping_method=e.Method(1), shipping_cost="5.00"
    )
    order = (
        given(begun)
        .when(change(billing_first_name=None))
        .then(
            e.BillingChanged(
                occurred_at=NOW, personal=e.BillingPersonal(e.Billing(last_name="Doe", address="123 Main St"))
            )
        )
    )
    assert (order.notes, order.shipping_method, order.shipping_cost) == ("n", e.Method(1), 500)
    given(begun).when(change(notes=None)).then(e.NotesChanged(occurred_at=NOW, personal=e.NotesPersonal(None)))
    given(begun).when(change(shipping_method=None)).then(
        e.ShippingChanged(occurred_at=NOW, shipping_cost="5.00", shipping_method=None)
    )
    given(begun, voucher("1.00")).when(change(voucher=None)).then(e.VoucherRemoved(occurred_at=NOW))


def test_billing_is_checked_as_it_would_be_after_the_change() -> None:
    in_canada = e.Billing(country=e.Country(code="CA"), postal_code="12345")
    answer = given(created(personal=e.OrderPersonal(billing=in_canada))).when(change(billing_country={"code": "IR"}))
    answer.then(InvalidField, saying="billing_postal_code")


def test_a_change_is_refused_whole_where_one_part_of_it_is() -> None:
    given(created(), status("shipped")).when(change(notes="n", shipping_cost="1")).then(OrderNotChangeable)
    given(created(), status("deleted")).when(change(notes="n", shipping_cost="0")).then(OrderNotChangeable)


def test_the_number_of_a_removed_item_is_not_given_again() -> None:
    order = given(created(), item(1), item(2)).when(c.RemoveItem(item=2)).then(e.ItemRemoved(occurred_at=NOW, item=2))
    assert [one.id for one in order.items] == [1]
    answer = given(created(), item(1), item(2), e.ItemRemoved(occurred_at=BEGUN, item=2)).when(add())
    assert [one.id for one in answer.then(*answer.events).items] == [1, 3]


@pytest.mark.parametrize("command", [quantity(2, 1), c.RemoveItem(item=2), c.RemoveItem(item=0)])
def test_an_item_that_is_not_there_is_not_found(command: c.Command) -> None:
    given(created(), item(1), item(2), e.ItemRemoved(occurred_at=BEGUN, item=2)).when(command).then(ItemNotFound)


def test_amounts_are_bound_to_the_orders_currency() -> None:
    given(created(currency="KWD", digits=3, shipping_cost="0.000")).when(change(shipping_cost="1.5")).then(
        e.ShippingChanged(occurred_at=NOW, shipping_cost="1.500")
    )
    yen = created(currency="JPY", digits=0, shipping_cost="0")
    given(yen).when(add(unit_price="1.5")).then(InvalidField, saying="unit_price")
    given(yen).when(change(shipping_cost="0.1")).then(InvalidField, saying="shipping_cost")
    given(yen).when(change(voucher={"discount_amount": "0.1"})).then(InvalidField, saying="voucher.discount_amount")
    given(yen, item(unit_price="10")).when(pay("0.1")).then(InvalidField, saying="amount")


# --- creating ---


def test_a_new_order_is_its_creation_its_items_and_its_voucher() -> None:
    body = {
        "currency": "KWD",
        "customer": {"id": 7, "username": "john", "email": "john@example.com", "first_name": "John"},
        "notes": "n",
        "billing_country": {"code": "CA"},
        "shipping_cost": "1",
        "items": [{"unit_price": "1.5", "quantity": 2}, {"variant": 5, "shipping": "0.1", "discount_amount": "0.002"}],
        "voucher": {"code": "WELCOME", "discount_amount": "0.5"},
    }
    assert create(convert(body, c.CreateOrder), order_id=3, key="k", currency_default="USD", now=NOW) == [
        e.OrderCreated(
            occurred_at=NOW,
            id=3,
            key="k",
            currency="KWD",
            digits=3,
            shipping_cost="1.000",
            customer_id=7,
            personal=e.OrderPersonal(
                customer=e.CustomerDetails(username="john", email="john@example.com", first_name="John"),
                billing=e.Billing(country=e.Country(code="CA")),
                notes="n",
            ),
        ),
        e.ItemAdded(occurred_at=NOW, item=1, unit_price="1.500", quantity=2, shipping="0.000", discount_amount="0.000"),
        e.ItemAdded(
            occurred_at=NOW,
            item=2,
            unit_price="0.000",
            quantity=1,
            shipping="0.100",
            discount_amount="0.002",
            variant=5,
        ),
        e.VoucherApplied(occurred_at=NOW, discount_amount="0.500", code="WELCOME"),
    ]


def test_nothing_is_required_of_a_new_order() -> None:
    events = create(c.CreateOrder(), order_id=1, key="k", currency_default="EUR", now=NOW)
    assert order_of(events) == Order(
        uuid=ORDER, version=1, id=1, key="k", currency="EUR", digits=2, created_at=NOW, updated_at=NOW, status="new"
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"currency": "usd"}, "currency"),
        ({"currency": ""}, "currency"),
        ({"currency": "JPY", "shipping_cost": "1.5"}, "shipping_cost"),
        ({"items": [{}, {"unit_price": "1.999"}]}, "items[1].unit_price"),
        ({"items": [{"shipping": "1.999"}]}, "items[0].shipping"),
        ({"items": [{"discount_amount": "1.999"}]}, "items[0].discount_amount"),
        ({"voucher": {"discount_amount": "1.999"}}, "voucher.discount_amount"),
        ({"billing_country": {"code": "IR"}, "billing_postal_code": "12345"}, "billing_postal_code"),
    ],
)
def test_a_new_order_that_is_wrong_is_refused_with_the_field_at_fault(body: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidField) as refused:
        create(convert(body, c.CreateOrder), order_id=1, key="k", currency_default="USD", now=NOW)
    assert refused.value.field == field


# --- totals ---


def an_order_with_everything() -> Order:
    """An order of two products and a line without one, with a voucher and both kinds of shipping, partly paid."""
    headphones = e.Product(42, "Wireless Headphones", "wireless-headphones")
    return order_of(
        [
            created(shipping_cost="4.00"),
            item(1, "79.99", 2, shipping="5.00", discount_amount="10.00", product=headphones),
            item(2, "0.10", 3, shipping="0.25", product=e.Product(7)),
            item(3, "79.99", 1, discount_amount="0.99", product=headphones),
            item(4, "1.00", 1),
            voucher("20.00", "WELCOME"),
            received("100.00"),
            refunded("0.50"),
        ]
    )


def test_an_orders_totals_are_those_of_every_row_of_the_contracts_table() -> None:
    document = json.loads(staff_document(an_order_with_everything()), parse_float=Decimal, parse_int=Decimal)
    # 159.98 + 0.30 + 79.99 + 1.00; 10.00 + 0.99; with 20.00; 4.00 + 5.00 + 0.25
    shop = {
        "items_subtotal": "241.27",
        "items_discount": "10.99",
        "subtotal": "230.28",
        "total_discount": "30.99",
        "shipping_cost": "9.25",
        "total": "219.53",
        "amount_paid": "99.50",
        "amount_outstanding": "119.53",  # the refund of 0.50 is credited
        "count": "3",
        "quantity": "7",
    }
    assert {name: str(document[name]) for name in shop} == shop
    assert (document["is_paid"], document["is_payable"]) == (False, True)


def test_the_storefront_contract_shows_the_same_totals_under_its_own_names() -> None:
    order = an_order_with_everything()
    document = json.loads(render(order, order.totals).storefront.replace(b"\0", b""))
    storefront = {
        "subtotal": "241.27",
        "savings_on_items": "10.99",
        "amount_saved": "30.99",
        "shipping": "9.25",
        "total_amount": "219.53",
        "items_count": 7,
    }
    assert {name: document[name] for name in storefront} == storefront
    assert [line["total_price"] for line in document["items"]] == ["159.98", "0.30", "79.99", "1.00"]


@pytest.mark.parametrize(
    ("paid", "outstanding", "is_paid"),
    [("0.00", 1000, False), ("9.99", 1, False), ("10.00", 0, True), ("12.00", 0, True)],
)
def test_an_order_is_paid_when_as_much_was_received_as_it_comes_to(paid: str, outstanding: int, is_paid: bool) -> None:
    totals = order_of([created(), item(), received(paid)]).totals
    assert (totals.outstanding, totals.is_paid) == (outstanding, is_paid)


# From the contract: the storefront's status of an unpaid and of a paid order, and whether the unpaid order is payable.
STOREFRONT = {
    "new": ("awaiting_payment", "paid", True),
    "hold": ("awaiting_payment", "paid", True),
    "processing": ("awaiting_payment", "paid", True),
    "shipped": ("awaiting_payment", "paid", True),
    "completed": ("delivered", "delivered", True),
    "failed": ("awaiting_payment", "paid", True),
    "cancelled": ("cancelled", "cancelled", False),
    "refunded": ("cancelled", "cancelled", False),
    "deleted": ("awaiting_payment", "paid", False),
}


@pytest.mark.parametrize("at", EVERY_STATUS)
def test_each_status_has_its_storefront_status_and_may_be_payable(at: str) -> None:
    unpaid = order_of([created(), item(), status(at)])
    paid = order_of([created(), item(), status(at), received("10.00")])
    assert (
        storefront_status(unpaid, unpaid.totals),
        storefront_status(paid, paid.totals),
        is_payable(unpaid, unpaid.totals),
    ) == STOREFRONT[at]
    assert not is_payable(paid, paid.totals)


def test_an_order_that_costs_nothing_is_paid_and_not_payable() -> None:
    free = order_of([created()])
    assert free.totals.is_paid
    given(created()).when(pay("1")).then(OrderNotPayable)


@pytest.mark.parametrize(
    ("events", "command"),
    [
        ([item()], change(voucher={"discount_amount": "10.01"})),
        ([item(quantity=2), voucher("10.01")], quantity(1, 1)),
        ([item(1), item(2), voucher("10.01")], c.RemoveItem(item=1)),
        ([e.ShippingChanged(occurred_at=BEGUN, shipping_cost="5.00"), voucher("5.00")], change(shipping_cost="4.99")),
    ],
    ids=["a voucher", "fewer units", "an item less", "cheaper shipping"],
)
def test_a_change_that_would_make_the_total_negative_is_refused(events: list[Event], command: c.Command) -> None:
    given(created(), *events).when(command).then(TotalNegative, saying="-0.01 USD")


@pytest.mark.parametrize("discount", ["25.00", "25.01"])
def test_a_discount_is_at_most_what_its_item_comes_to_with_its_shipping(discount: str) -> None:
    given_item = {"unit_price": "10", "quantity": 2, "shipping": "5", "discount_amount": discount}
    adding = given(created(), item(unit_price="10.00")).when(add(**given_item))
    creating = convert({"items": [{"unit_price": "10"}, given_item]}, c.CreateOrder)
    said = "25.01 USD is too much: the item comes to 25.00 USD with its shipping"
    if discount == "25.00":
        assert len(adding.events) == 1
        assert len(create(creating, order_id=1, key="k", currency_default="USD", now=NOW)) == 3
    else:
        adding.then(InvalidField, saying=f"discount_amount: {said}")
        with pytest.raises(InvalidField, match=re.escape(f"items[1].discount_amount: {said}")):
            create(creating, order_id=1, key="k", currency_default="USD", now=NOW)


def test_fewer_units_than_their_discount_allows_are_refused_with_the_discount_named() -> None:
    discounted = item(quantity=10, discount_amount="90.00", shipping="5.00")
    given(created(), discounted, item(2, "99.00")).when(quantity(1, 9)).then(
        e.ItemQuantityChanged(occurred_at=NOW, item=1, quantity=9)
    )
    saying = "discount of 90.00 USD, and with a quantity of 8 it comes to 85.00 USD"
    given(created(), discounted, item(2, "99.00")).when(quantity(1, 8)).then(DiscountExceedsItem, saying=saying)


@pytest.mark.parametrize(
    ("events", "command"),
    [
        ([], add(unit_price="10", shipping="5", discount_amount="10.01")),
        ([item(1), item(2, shipping="5.00", discount_amount="10.01")], c.RemoveItem(item=1)),
        ([item(1, "0.01"), item(2, quantity=2, shipping="9.00", discount_amount="10.02")], quantity(2, 1)),
    ],
    ids=["an item of a new order", "an item less", "fewer units"],
)
def test_items_come_to_no_less_than_nothing_without_their_shipping(events: list[Event], command: c.Command) -> None:
    answer = given(created(), *events).when(command)
    answer.then(TotalNegative, saying="-0.01 USD without shipping")


def test_an_order_that_was_recorded_before_these_rules_goes_on() -> None:
    before = (created(), item(discount_amount="12.00", shipping="5.00"))
    given(*before).when(pay("3")).then(received("3.00", occurred_at=NOW, received_at=NOW))
    given(*before).when(quantity(1, 2)).then(e.ItemQuantityChanged(occurred_at=NOW, item=1, quantity=2))


def test_a_total_of_nothing_is_no_negative_total() -> None:
    order = (
        given(created(), item())
        .when(change(voucher={"discount_amount": "10"}))
        .then(e.VoucherApplied(occurred_at=NOW, discount_amount="10.00"))
    )
    assert order.totals.total == 0


def test_an_order_comes_to_at_most_15_digits_before_the_point() -> None:
    largest = "999999999999999.99"
    given(created(), item(unit_price=largest)).when(add(unit_price="0.01")).then(AmountTooLarge)
    given(created()).when(add(unit_price=largest)).then(
        e.ItemAdded(
            occurred_at=NOW,
            item=1,
            unit_price=largest,
            quantity=1,
            shipping="0.00",
            discount_amount="0.00",
        )
    )
    given(created()).when(add(unit_price="999999999999", quantity=1_000_000)).then(AmountTooLarge)


def test_an_order_has_at_most_its_limit_of_items_and_events() -> None:
    full = [created(), *(item(number) for number in range(1, ITEMS_MAX + 1))]
    given(*full).when(add()).then(OrderTooLong, saying=str(ITEMS_MAX))
    order = order_of(full)
    last = [e.NotesChanged(occurred_at=NOW, personal=e.NotesPersonal("n"))] * (EVENTS_MAX - order.version)
    longest, _ = to_records(order, ORDER, last)
    assert longest.version == EVENTS_MAX
    with pytest.raises(OrderTooLong, match=str(EVENTS_MAX)):
        to_records(longest, ORDER, last[:1])


@pytest.mark.parametrize("field", ["payment_method", "shipping_method"])
def test_an_image_has_at_most_20_thumbnails(field: str) -> None:
    def method(count: int) -> dict[str, Any]:
        return {field: {"name": "m", "image": {"thumbnails": [{}] * count}}}

    given(created()).when(change(**method(20)))
    given(created()).when(change(**method(21))).then(InvalidField, saying=f"{field}.image.thumbnails: at most 20")
    new_order = convert(method(21), c.CreateOrder)
    with pytest.raises(InvalidField, match="at most 20"):
        create(new_order, order_id=1, key="k", currency_default="USD", now=NOW)


def test_a_method_recorded_with_more_thumbnails_than_may_be_given_stays() -> None:
    image = e.Image(thumbnails=(e.Thumbnail(),) * 21)
    kept = e.ShippingChanged(occurred_at=NOW, shipping_cost="0.00", shipping_method=e.Method(image=image))
    given(created(), kept).when(change(shipping_cost="1")).then(
        e.ShippingChanged(occurred_at=NOW, shipping_cost="1.00", shipping_method=kept.shipping_method)
    )


def test_an_event_of_an_order_with_a_thousand_items_costs_about_what_it_costs_with_one() -> None:
    def seconds(items: int) -> float:
        order = order_of([created(), *(item(number) for number in range(1, items + 1))])
        changes = [e.ItemQuantityChanged(occurred_at=NOW, item=n % items + 1, quantity=n + 1) for n in range(8_000)]
        began = time.process_time()
        changed = to_records(order, ORDER, changes)[0]
        taken = time.process_time() - began
        assert [item.quantity for item in changed.items] == list(range(8_001 - items, 8_001))
        return taken

    assert min(seconds(ITEMS_MAX) for _ in range(3)) < 6 * min(seconds(1) for _ in range(3))


# --- payments ---


def test_a_payment_of_all_that_is_outstanding_makes_the_order_paid() -> None:
    order = (
        given(created(), item(), received("4.00"))
        .when(pay("6", "pi_2", method="card"))
        .then(received("6.00", "pi_2", occurred_at=NOW, received_at=NOW, method="card"))
    )
    assert order.totals.is_paid


def test_a_payment_keeps_the_time_at_which_it_came_in_utc() -> None:
    tehran = timezone(timedelta(hours=3, minutes=30))
    at = datetime(2026, 3, 1, 12, 0, tzinfo=tehran)
    answer = given(created(), item()).when(pay("1", received_at=at.isoformat()))
    answer.then(received("1.00", occurred_at=NOW, received_at=datetime(2026, 3, 1, 8, 30, tzinfo=UTC)))
    assert answer.events[0].received_at.tzinfo is UTC


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_outside_the_calendar_is_refused(at: str) -> None:
    given(created(), item()).when(pay("1", received_at=at)).then(InvalidField, saying="received_at")
    paid = (created(), item(), received("1.00"))
    given(*paid).when(refund("1", refunded_at=at)).then(InvalidField, saying="refunded_at")


def test_a_time_is_cut_off_behind_its_microseconds() -> None:
    at, cut = "2025-12-31t23:59:59.9999999z", datetime(2025, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    given(created(), item()).when(pay("1", received_at=at)).then(received("1.00", occurred_at=NOW, received_at=cut))


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(days=1, microseconds=1)])
def test_a_time_may_be_a_day_ahead_and_no_more(ahead: timedelta) -> None:
    at, refused = (NOW + ahead).isoformat(), ahead > timedelta(days=1)
    paying = given(created(), item()).when(pay("1", received_at=at))
    giving_back = given(created(), item(), received("1.00")).when(refund("1", refunded_at=at))
    for answer, field in ((paying, "received_at"), (giving_back, "refunded_at")):
        if refused:
            answer.then(InvalidField, saying=f"{field}: more than a day ahead")
        else:
            assert len(answer.events) == 1


def test_a_refund_is_not_before_its_payment_or_where_it_names_none_before_every_payment() -> None:
    first, second = NOW - timedelta(days=3), NOW - timedelta(days=1)
    paid = (
        created(),
        item(),
        received("1.00", "pi_1", received_at=first),
        received("2.00", "pi_2", received_at=second),
    )
    between, before = (NOW - timedelta(days=2)).isoformat(), (first - timedelta(microseconds=1)).isoformat()
    given(*paid).when(refund("1", refunded_at=before)).then(InvalidField, saying="refunded_at: earlier")
    named = refund("1", payment_reference="pi_2", refunded_at=between)
    given(*paid).when(named).then(InvalidField, saying="refunded_at: earlier")
    for fine in (refund("1", refunded_at=between), refund("1", payment_reference="pi_1", refunded_at=between)):
        assert len(given(*paid).when(fine).events) == 1


def test_a_payment_of_more_than_is_outstanding_is_refused_unless_it_is_forced() -> None:
    events = (created(), item(), received("4.00"))
    given(*events).when(pay("6.01", "pi_2")).then(PaymentExceedsOutstanding, saying="6.00 USD")
    order = (
        given(*events)
        .when(pay("6.01", "pi_2", force=True))
        .then(received("6.01", "pi_2", occurred_at=NOW, received_at=NOW, forced=True))
    )
    assert (order.totals.paid, order.totals.outstanding) == (1001, 0)


@pytest.mark.parametrize("at", EVERY_STATUS)
def test_an_order_that_is_not_payable_takes_a_payment_only_where_it_is_forced(at: str) -> None:
    events = (created(), item(), status(at))
    paid = received("10.00", occurred_at=NOW, received_at=NOW)
    if STOREFRONT[at][2]:
        given(*events).when(pay("10")).then(paid)
    else:
        given(*events).when(pay("10")).then(OrderNotPayable, saying=at)
    forced = received("10.00", occurred_at=NOW, received_at=NOW, forced=True)
    given(*events).when(pay("10", force=True)).then(forced)


def test_a_paid_order_takes_a_payment_only_where_it_is_forced() -> None:
    events = (created(), item(), received("10.00"))
    given(*events).when(pay("1", "pi_2")).then(OrderNotPayable, saying="it is paid")
    given(*events).when(pay("1", "pi_2", force=True)).then(
        received("1.00", "pi_2", occurred_at=NOW, received_at=NOW, forced=True)
    )


@pytest.mark.parametrize("command", [pay("0"), pay("0.00", force=True), refund("0")])
def test_an_amount_of_nothing_is_neither_paid_nor_refunded(command: c.Command) -> None:
    given(created(), item()).when(command).then(InvalidField, saying="amount")


def test_forced_payments_come_to_at_most_15_digits_before_the_point() -> None:
    events = (created(), item(), received("999999999999999.99", forced=True))
    given(*events).when(pay("0.01", "pi_2", force=True)).then(AmountTooLarge)


def test_the_same_payment_again_records_nothing_whatever_has_happened_since() -> None:
    events = (created(), item(), received("10.00"), refunded("3.00"), status("cancelled"))
    given(*events).when(pay("10")).then()
    given(*events).when(pay("10.00", method="another", force=True)).then()


def test_the_same_reference_with_another_amount_is_refused() -> None:
    given(created(), item(), received("4.00")).when(pay("5")).then(PaymentReferenceTaken, saying="4.00 USD")


def test_a_reference_is_one_providers() -> None:
    given(created(), item(), received("4.00")).when(pay("4", provider="paypal")).then(
        received("4.00", provider="paypal", occurred_at=NOW, received_at=NOW)
    )


def test_a_refund_may_have_the_reference_of_a_payment() -> None:
    given(created(), item(), received("4.00", "x")).when(refund("4", "x")).then(
        refunded("4.00", "x", occurred_at=NOW, refunded_at=NOW)
    )


@pytest.mark.parametrize("at", EVERY_STATUS)
def test_money_can_be_given_back_in_any_status(at: str) -> None:
    given(created(), item(), received("10.00"), status(at)).when(refund("10", reason="broken")).then(
        refunded("10.00", occurred_at=NOW, refunded_at=NOW, reason="broken")
    )


def test_a_refund_of_more_than_was_received_and_not_refunded_is_refused() -> None:
    given(created(), item()).when(refund("0.01")).then(RefundExceedsReceived)
    events = (created(), item(), received("4.00"), received("5.00", "pi_2"), refunded("2.00"))
    given(*events).when(refund("7.01", "re_2")).then(RefundExceedsReceived, saying="7.00 USD")
    given(*events).when(refund("7", "re_2")).then(refunded("7.00", "re_2", occurred_at=NOW, refunded_at=NOW))


def test_a_refund_of_more_than_is_left_of_its_payment_is_refused() -> None:
    events = (created(), item(), received("4.00"), received("6.00", "pi_2"))
    given(*events).when(refund("4.01", payment_reference="pi_1")).then(RefundExceedsReceived, saying="payment pi_1")
    once = (*events, refunded("3.00", payment_reference="pi_1"))
    given(*once).when(refund("1.01", "re_2", payment_reference="pi_1")).then(RefundExceedsReceived, saying="1.00 USD")
    given(*once).when(refund("1", "re_2", payment_reference="pi_1")).then(
        refunded("1.00", "re_2", occurred_at=NOW, refunded_at=NOW, payment_reference="pi_1")
    )


def test_money_that_refunds_without_a_payment_have_taken_is_not_refunded_again() -> None:
    events = (created(), item(), received("4.00"), received("6.00", "pi_2"), refunded("9.00"))
    given(*events).when(refund("2", "re_2", payment_reference="pi_2")).then(RefundExceedsReceived, saying="1.00 USD")


@pytest.mark.parametrize("named", [{"payment_reference": "pi_9"}, {"payment_reference": "pi_1", "provider": "paypal"}])
def test_a_refund_of_a_payment_that_the_order_does_not_have_is_refused(named: dict[str, str]) -> None:
    given(created(), item(), received("4.00")).when(refund("1", **named)).then(PaymentNotFound)


def test_the_same_refund_again_records_nothing_and_with_another_amount_is_refused() -> None:
    events = (created(), item(), received("4.00"), refunded("4.00"))
    given(*events).when(refund("4")).then()
    given(*events).when(refund("3")).then(RefundReferenceTaken, saying="4.00 USD")


def test_the_same_refund_that_is_to_be_owed_again_or_no_more_is_refused() -> None:
    events = (created(), item(), received("4.00"))
    given(*events, refunded("4.00")).when(refund("4", owed_again=True)).then(RefundReferenceTaken, saying="4.00 USD")
    owed = refunded("4.00", owed_again=True)
    given(*events, owed).when(refund("4")).then(RefundReferenceTaken, saying="4.00 USD, owed again")
    given(*events, owed).when(refund("4", owed_again=True)).then()


# --- the fold ---


def test_an_order_was_updated_when_its_latest_event_occurred() -> None:
    later, earlier = NOW, BEGUN - timedelta(days=1)
    order = order_of([created(), received("1.00", occurred_at=later), received("1.00", "pi_2", occurred_at=earlier)])
    assert (order.created_at, order.updated_at, order.version) == (BEGUN, later, 3)


def test_a_decision_leaves_the_order_that_it_was_made_on_as_it_was() -> None:
    order = order_of([created(), item()])
    to_records(order, ORDER, decide(order, add(unit_price="1"), NOW))
    assert order == order_of([created(), item()])


def test_a_customer_deletes_an_order_that_is_neither_paid_nor_was_ever_shipped() -> None:
    given(created(), item()).when(c.DeleteOwnOrder()).then(e.StatusChanged(occurred_at=NOW, status="deleted"))
    given(created(), item(), received("10.00")).when(c.DeleteOwnOrder()).then(StatusChangeNotAllowed)
    left = (created(), item(), status("processing"), status("shipped"), status("failed"))
    given(*left).when(c.DeleteOwnOrder()).then(StatusChangeNotAllowed)
