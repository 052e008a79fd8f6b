"""Guests: orders of customers without an account, who can be reached and may get an account later."""

import pytest

from domain.ledger import OrderLedger
from domain.order import commands as c
from domain.order import events as e
from domain.order.state import Customer
from domain.refusals import InvalidField, OrderHasCustomer, OrderNotFound
from domain.strict_json import canonical, convert
from projections.orders.search import search_text, staff_search_text
from tests.conftest import ME, do, new_order
from tests.domain.test_charges import place
from tests.domain.test_decide import NOW, created, given, order_of

GUEST = {"email": "grace@example.com", "first_name": "Grace", "last_name": "Hopper", "phone": "+1 613 555 0199"}
DETAILS = e.CustomerDetails(**GUEST)
OF_GUEST = created(personal=e.OrderPersonal(customer=DETAILS))


def give(customer_id: int, **fields: str) -> c.GiveToCustomer:
    return convert({"id": customer_id} | fields, c.GiveToCustomer)


def given_to(details: e.CustomerDetails) -> e.CustomerChanged:
    personal = e.CustomerPersonal(customer=details)
    return e.CustomerChanged(occurred_at=NOW, customer_id=7, personal=personal)


def test_a_guest_has_a_contact_and_no_id() -> None:
    order = order_of(place(customer=GUEST))
    assert order.customer == Customer(None, DETAILS)
    assert order_of(place(customer=None)).customer is None


def test_a_customer_without_an_id_who_cannot_be_reached_is_refused() -> None:
    for nothing in ({}, dict.fromkeys(GUEST), dict.fromkeys(GUEST, ""), {"email": ""}, {"username": "grace"}):
        with pytest.raises(InvalidField, match="has an id"):
            place(customer=nothing)


def test_a_guests_order_is_given_to_a_customer_with_what_is_known_and_said() -> None:
    given(OF_GUEST).when(give(7)).then(given_to(DETAILS))
    said = give(7, username="grace", email="hopper@example.com")
    named = e.CustomerDetails(**GUEST | {"username": "grace", "email": "hopper@example.com"})
    order = given(OF_GUEST).when(said).then(given_to(named))
    assert order.customer == Customer(7, named)
    given(created()).when(give(7)).then(given_to(e.CustomerDetails()))


def test_an_order_that_has_a_customer_is_given_to_no_other() -> None:
    given(created(customer_id=7)).when(give(8)).then(OrderHasCustomer, saying="customer 7's")
    given(created(customer_id=7)).when(give(7)).then()


def test_nobody_but_the_customer_it_was_given_to_deletes_a_guests_order(ledger: OrderLedger) -> None:
    order = do(ledger.create, new_order(customer=GUEST), ME).order
    with pytest.raises(OrderNotFound):
        do(ledger.change, order.uuid, c.DeleteOwnOrder(), ME, owner_id=7)
    do(ledger.change, order.uuid, give(7), ME)
    assert do(ledger.change, order.uuid, c.DeleteOwnOrder(), ME, owner_id=7).order.status == "deleted"


def test_staff_find_a_guest_by_phone_and_customers_search_as_before() -> None:
    order = order_of(place(customer=GUEST))
    for word in ("grace@example.com", "grace hopper", "613 555"):
        assert word in staff_search_text(order)
        assert word not in search_text(order)


def test_a_customer_without_a_phone_has_the_canonical_bytes_of_before() -> None:
    assert canonical(convert({"id": 7}, c.NewCustomer)) == (
        b'{"id":7,"username":null,"email":null,"first_name":null,"last_name":null}'
    )
