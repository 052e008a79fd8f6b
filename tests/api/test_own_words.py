"""Metadata, ids of other systems, own keys and guests over HTTP: in the document, and in the staff's list."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import ORDERS, SHOP, STOREFRONT, Customer, assert_problem, bring, moved, placed
from tests.conftest import Client, Service

GUEST = {"email": "guest@example.com", "first_name": "Gus", "last_name": "Guest", "phone": "+49 30 1234567"}


def found(staff: Client, **parameters: Any) -> list[int]:
    answer = staff.get(ORDERS, params={"ordering": "id", **parameters})
    assert answer.status_code == 200, answer.text
    assert answer.json()["count"] == len(answer.json()["results"])
    return [order["id"] for order in answer.json()["results"]]


def test_metadata_stands_in_the_staffs_document_and_narrows_their_list(
    staff: Client, new_customer: Callable[[], Customer]
) -> None:
    owner = new_customer()
    words = {"utm_source": "own-words 1", "ä.b[c]": "«x» & y"}
    order = placed(staff, owner, metadata=words, items=[{"metadata": {"engraving": "Ada"}}, {}])
    other = placed(staff, owner, metadata={"utm_source": "own-words 1"})
    assert order["metadata"] == words
    assert order["items"][0]["metadata"] == {"engraving": "Ada"}
    assert "metadata" not in order["items"][1]
    assert staff.get(f"{ORDERS}/{order['id']}").json() == order
    for address in (f"{SHOP}/{order['id']}", f"{STOREFRONT}{order['uuid']}"):
        assert "metadata" not in owner.get(address).text
    narrowed = {"metadata.utm_source": "own-words 1"}
    assert found(staff, **narrowed) == [order["id"], other["id"]]
    assert found(staff, **narrowed, **{"metadata.ä.b[c]": "«x» & y"}) == [order["id"]]
    assert found(staff, **narrowed, customer=owner.id + 1) == []
    assert found(staff, **{"metadata.utm_source": "own-words"}) == []
    staff.patch(f"{ORDERS}/{order['id']}", json={"metadata": None})
    assert found(staff, **narrowed) == [other["id"]]


def test_metadata_filters_are_bounded_and_are_no_customers(staff: Client, new_customer: Callable[[], Customer]) -> None:
    many = {f"metadata.k{n}": "x" for n in range(11)}
    problem = assert_problem(staff.get(ORDERS, params=many), 400, "invalid-parameter")
    assert problem["errors"][0]["field"] == "metadata.k9"
    owner = new_customer()
    order = placed(staff, owner)
    answer = owner.get(SHOP, params={"metadata.k": "x", "external_id": "a:b", "guest": "true", "id_in": "1"})
    assert [each["id"] for each in answer.json()["results"]] == [order["id"]]


def test_orders_are_found_by_another_systems_id_and_by_several_of_ours(staff: Client) -> None:
    one = placed(staff, external_ids={"shopify": "6031234567890123456", "erp": "SO:17"})
    two = placed(staff, key="#own-1001")
    assert (one["external_ids"], two["external_ids"]) == ({"shopify": "6031234567890123456", "erp": "SO:17"}, {})
    assert found(staff, external_id="shopify:6031234567890123456") == [one["id"]]
    assert found(staff, external_id="erp:SO:17") == [one["id"]]
    assert found(staff, external_id="etsy:6031234567890123456") == []
    assert found(staff, id_in=f"{one['id']}, {two['id']},999999") == [one["id"], two["id"]]
    assert found(staff, key="#own-1001") == [two["id"]]
    assert_problem(staff.get(ORDERS, params={"external_id": "shopify"}), 400, "invalid-parameter", field="external_id")
    taken = staff.post(ORDERS, json={"items": [], "external_ids": {"shopify": "6031234567890123456"}})
    assert_problem(taken, 409, "external-id-taken")
    assert f"external id shopify:6031234567890123456 is order {one['uuid']}'s" in taken.json()["detail"]
    assert_problem(staff.post(ORDERS, json={"items": [], "key": "#own-1001"}), 409, "order-key-taken")


def test_white_space_around_another_systems_id_is_none_of_it(staff: Client, service: Service) -> None:
    order = placed(staff, external_ids={"erp": " SO:18\t"})
    assert order["external_ids"] == {"erp": "SO:18"}
    for sent in ("erp:SO:18", "erp: SO:18 "):
        assert found(staff, external_id=sent) == [order["id"]]
    assert_problem(staff.post(ORDERS, json={"items": [], "external_ids": {"erp": "SO:18 "}}), 409, "external-id-taken")
    here = f"{ORDERS}/{order['id']}"
    again = staff.patch(here, json={"external_ids": {"erp": "SO:18 "}}).json()
    assert again["version"] == order["version"]
    line = {"items": [], "external_ids": {"erp": "SO:19 "}}
    bring(service, line)
    told = service.run("import", "-", stdin=json.dumps({**line, "external_ids": {"erp": "SO:19"}}).encode())
    assert b"1 there already" in told.stdout + told.stderr
    refused = staff.post(ORDERS, json={"items": [], "external_ids": {"erp": " "}})
    assert_problem(refused, 422, "invalid-field", field="external_ids.erp")


def test_a_guest_is_seen_found_and_becomes_a_customer(staff: Client, new_customer: Callable[[], Customer]) -> None:
    order = placed(staff, customer=GUEST)
    here = f"{ORDERS}/{order['id']}"
    assert order["customer"] == {"id": None, "username": None, "full_name": "Gus Guest", **GUEST}
    assert order["id"] in found(staff, guest="true", limit=100, id_min=order["id"])
    assert found(staff, guest="false", id_in=order["id"]) == []
    assert found(staff, search="guest@example.com", id_in=order["id"]) == [order["id"]]
    owner = new_customer()
    assert_problem(owner.get(f"{SHOP}/{order['id']}"), 404, "order-not-found")
    assert_problem(staff.post(f"{here}/customer", json={}), 422, "invalid-field", field="id")
    taken = staff.post(f"{here}/customer", json={"id": owner.id, "username": "gus"})
    assert taken.json()["customer"] == {"id": owner.id, "username": "gus", "full_name": "Gus Guest"}
    assert owner.get(f"{SHOP}/{order['id']}").json()["customer"] == taken.json()["customer"]
    assert owner.get(f"{STOREFRONT}{order['uuid']}").json()["customer"]["email"] == "guest@example.com"
    assert found(staff, guest="true", id_in=order["id"]) == []
    known = staff.get(f"/api/v1/customers/{owner.id}").json()
    assert (known["phone"], known["currencies"][0]["orders"]) == (GUEST["phone"], 1)
    again = staff.post(f"{here}/customer", json={"id": owner.id})
    assert again.json()["version"] == taken.json()["version"]
    assert_problem(staff.post(f"{here}/customer", json={"id": owner.id + 1}), 409, "order-has-customer")
    deleted = moved(staff, placed(staff, customer=GUEST), "deleted")
    refused = staff.post(f"{ORDERS}/{deleted['id']}/customer", json={"id": owner.id})
    assert_problem(refused, 409, "order-not-changeable")


@pytest.mark.parametrize("guest", ["yes", "2"])
def test_guest_is_true_or_false(staff: Client, guest: str) -> None:
    assert_problem(staff.get(ORDERS, params={"guest": guest}), 400, "invalid-parameter", field="guest")


def test_an_import_brings_own_ids_metadata_guest_and_charges(service: Service, staff: Client) -> None:
    line = {
        "id": 880_001,
        "key": "#880001",
        "external_ids": {"woo": "880001"},
        "customer": GUEST,
        "metadata": {"channel": "woo"},
        "shipping_first_name": "Rhea",
        "charges": [{"kind": "tax", "amount": "1.90", "included": True}],
        "items": [{"unit_price": "11.90", "metadata": {"sku": "A-1"}}],
    }
    bring(service, line)
    (order,) = staff.get(ORDERS, params={"external_id": "woo:880001", "metadata.channel": "woo"}).json()["results"]
    shown = (order["id"], order["key"], order["customer"]["phone"], order["shipping_first_name"], order["total"])
    assert shown == (880_001, "#880001", GUEST["phone"], "Rhea", 11.9)
    assert (order["charges_total"], order["items"][0]["metadata"]) == (0, {"sku": "A-1"})
