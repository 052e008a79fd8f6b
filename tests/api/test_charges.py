"""Charges over HTTP: in both contracts, in the staff's document, and changed at their addresses."""

from collections.abc import Callable
from typing import Any

import requests

from tests.api.conftest import ORDERS, SHOP, STOREFRONT, Customer, paid, placed
from tests.conftest import Client

VAT = {"kind": "tax", "name": "VAT 21%", "rate": "0.21", "amount": "60.64", "included": False, "item": None}


def in_both(owner: Customer, order: dict[str, Any]) -> tuple[requests.Response, requests.Response]:
    return owner.get(f"{SHOP}/{order['id']}"), owner.get(f"{STOREFRONT}{order['uuid']}")


def charges_of(answer: requests.Response) -> list[tuple[str, str]]:
    assert answer.status_code == 200, answer.text
    return [(charge["kind"], charge["amount"]) for charge in answer.json()["charges"]]


def test_charges_on_top_stand_at_the_end_of_both_contracts_and_in_their_totals(
    staff: Client, new_customer: Callable[[], Customer]
) -> None:
    owner = new_customer()
    order = placed(staff, owner, items=[{"unit_price": "288.76"}], charges=[VAT, {"kind": "tip", "amount": "5"}])
    assert order["charges"] == [
        VAT,
        {"kind": "tip", "name": None, "rate": None, "amount": "5.00", "included": False, "item": None},
    ]
    shop, storefront = in_both(owner, order)
    assert shop.text.endswith(',"charges_total":65.64}')
    assert b'"total":354.40,' in shop.content
    assert storefront.text.endswith('"total_amount":"354.40","charges_total":"65.64"}')
    assert order["charges_total"] == 65.64
    assert (order["amount_outstanding"], paid(staff, order, "354.40")["is_paid"]) == (354.4, True)


def test_an_included_charge_informs_and_adds_nothing(staff: Client, new_customer: Callable[[], Customer]) -> None:
    owner = new_customer()
    order = placed(staff, owner, charges=[VAT | {"included": True}])
    shop, storefront = in_both(owner, order)
    assert (shop.json()["total"], shop.json()["charges_total"]) == (100, 0)
    assert (storefront.json()["total_amount"], storefront.json()["charges_total"]) == ("100.00", "0.00")


def test_an_order_without_charges_has_no_such_field(staff: Client, new_customer: Callable[[], Customer]) -> None:
    owner = new_customer()
    order = placed(staff, owner)
    assert order["charges"] == []
    assert all("charges" not in answer.text for answer in in_both(owner, order))
    staff.put(f"{ORDERS}/{order['id']}/charges", json={"charges": [VAT]})
    staff.put(f"{ORDERS}/{order['id']}/charges", json={"charges": []})
    assert all("charges" not in answer.text for answer in in_both(owner, order))


def test_charges_are_set_added_changed_and_removed_at_their_addresses(staff: Client) -> None:
    here = f"{ORDERS}/{placed(staff)['id']}"
    assert charges_of(staff.put(f"{here}/charges", json={"charges": [VAT]})) == [("tax", "60.64")]
    added = staff.post(f"{here}/charges", json={"kind": "gift_wrap", "amount": 3})
    assert charges_of(added) == [("tax", "60.64"), ("gift_wrap", "3.00")]
    changed = staff.patch(f"{here}/charges/0", json={"amount": "21.00"})
    assert charges_of(changed) == [("tax", "21.00"), ("gift_wrap", "3.00")]
    assert changed.json()["total"] == 124
    assert charges_of(staff.delete(f"{here}/charges/0")) == [("gift_wrap", "3.00")]
    assert charges_of(staff.patch(here, json={"charges": [VAT]})) == [("tax", "60.64")]
    for wrong in ("1", "-1", "first"):
        assert staff.delete(f"{here}/charges/{wrong}").json()["code"] == "charge-not-found"
    staff.post(f"{here}/status", json={"status": "processing"})
    assert staff.put(f"{here}/charges", json={"charges": []}).json()["code"] == "order-not-changeable"
