"""The thinnest path through the whole house."""

from tests.conftest import Client, Service


def test_an_order_created_by_staff_stands_in_both_lists_of_its_customer(service: Service, staff: Client) -> None:
    created = staff.post("/api/v1/orders", json={"customer": {"id": 1}, "items": [{"unit_price": "79.99"}]})
    assert created.status_code == 201
    customer = service.client(service.key(customer=1))
    shop = customer.get("/api/shop/customers/me/orders").json()
    storefront = customer.get("/api/v1/i/orders/").json()
    assert [order["id"] for order in shop["results"]] == [created.json()["id"]]
    assert [order["id"] for order in storefront["results"]] == [created.json()["uuid"]]
