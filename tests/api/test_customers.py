"""The customers' list for staff, and staff's searches for orders."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import ORDERS, SHOP, Customer, assert_problem, moved, paid, placed, refund
from tests.conftest import Client, Service

CUSTOMERS = "/api/v1/customers"
FIELDS = ["id", "username", "email", "first_name", "last_name", "phone"]
SUMS = ["currency", "orders", "first_order_at", "last_order_at", "ordered", "received", "refunded", "outstanding"]


def called(customer: Customer, name: str, **fields: Any) -> dict[str, Any]:
    """The `customer` of an order's body. The customer's id in each name makes the names unique."""
    return {
        "id": customer.id,
        "username": f"{name}{customer.id}",
        "email": f"{name}@{customer.id}.test",
        "first_name": name.title(),
        "last_name": f"Of{customer.id}",
        **fields,
    }


def one(staff: Client, customer: Customer) -> dict[str, Any]:
    answer = staff.get(f"{CUSTOMERS}/{customer.id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def listed(staff: Client, **asked: Any) -> dict[str, Any]:
    answer = staff.get(CUSTOMERS, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_customer_has_the_sums_of_each_currency(staff: Client, new_customer: Callable[[], Customer]) -> None:
    customer = new_customer()
    first = placed(staff, customer=called(customer, "ada"))
    paid(staff, first, "100.00")
    staff.post(f"{ORDERS}/{first['id']}/refunds", json=refund("30.00"))
    placed(staff, customer=called(customer, "ada"), currency="JPY", items=[{"unit_price": "5000"}])
    last = placed(staff, customer=called(customer, "countess"))
    found = one(staff, customer)
    assert list(found) == [*FIELDS, "currencies"]
    assert {name: found[name] for name in FIELDS} == called(customer, "countess") | {"phone": None}
    yen, dollars = found["currencies"]
    assert list(dollars) == SUMS
    assert (yen["currency"], yen["orders"], yen["ordered"], yen["outstanding"]) == ("JPY", 1, "5000.00", "5000.00")
    assert dollars == {
        "currency": "USD",
        "orders": 2,
        "first_order_at": first["created_at"],
        "last_order_at": last["created_at"],
        "ordered": "200.00",
        "received": "100.00",
        "refunded": "30.00",
        "outstanding": "100.00",
    }


def test_a_cancelled_order_comes_to_nothing_and_a_deleted_one_is_none(
    staff: Client, new_customer: Callable[[], Customer]
) -> None:
    customer = new_customer()
    kept = placed(staff, customer)
    moved(staff, placed(staff, customer), "cancelled")
    moved(staff, placed(staff, customer), "deleted")
    (sums,) = one(staff, customer)["currencies"]
    assert (sums["orders"], sums["ordered"], sums["outstanding"]) == (2, "100.00", "100.00")
    moved(staff, kept, "deleted")
    (sums,) = one(staff, customer)["currencies"]
    assert (sums["orders"], sums["ordered"]) == (1, "0.00")


def test_the_list_has_a_row_for_each_currency_and_pages_as_other_lists_do(
    service: Service, staff: Client, new_customer: Callable[[], Customer]
) -> None:
    customer = new_customer()
    for currency in ("USD", "EUR", "JPY"):
        placed(staff, customer=called(customer, "zoe"), currency=currency, items=[{"unit_price": "7"}])
    search = f"zoe{customer.id}"
    assert [row["currency"] for row in listed(staff, search=search, currency="eur")["results"]] == ["EUR"]
    page = listed(staff, search=search, limit=2)
    assert [list(row) for row in page["results"]] == [[*FIELDS, *SUMS]] * 2
    assert [(row["id"], row["currency"]) for row in page["results"]] == [(customer.id, "EUR"), (customer.id, "JPY")]
    assert (page["count"], page["previous"]) == (3, None)
    assert page["next"] == f"{service.base}{CUSTOMERS}?limit=2&offset=2&search={search}"
    after = staff.get(page["next"]).json()
    assert [row["currency"] for row in after["results"]] == ["USD"]
    assert (after["next"], after["previous"]) == (None, f"{service.base}{CUSTOMERS}?limit=2&search={search}")


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [("-ordered", ["USD", "KWD", "EUR"]), ("ordered", ["EUR", "KWD", "USD"]), ("currency,-id", ["EUR", "KWD", "USD"])],
)
def test_the_list_is_sorted_by_amounts_whatever_their_currencies_digits(
    ordering: str, expected: list[str], staff: Client, new_customer: Callable[[], Customer]
) -> None:
    customer = new_customer()
    for currency, price in (("USD", "9.01"), ("KWD", "9.009"), ("EUR", "9")):
        placed(staff, customer=called(customer, "sort"), currency=currency, items=[{"unit_price": price}])
    found = listed(staff, search=f"sort{customer.id}", ordering=ordering)
    assert [row["currency"] for row in found["results"]] == expected


@pytest.mark.parametrize("search", ["{id}", "ADA{id}", "ada@{id}", '"ada of{id}"', "of{id} ada", "Of{id}"])
def test_search_looks_in_id_username_email_and_names(
    search: str, staff: Client, new_customer: Callable[[], Customer]
) -> None:
    customer = new_customer()
    placed(staff, customer=called(customer, "ada"))
    found = listed(staff, search=search.format(id=customer.id))
    assert customer.id in [row["id"] for row in found["results"]]
    assert found["count"] == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("customer", "1"), ("ordering", "-total"), ("limit", "x"), ("search", " ".join(f"w{n}" for n in range(33)))],
)
def test_a_parameter_that_is_not_known_or_malformed_is_named(name: str, value: str, staff: Client) -> None:
    assert_problem(staff.get(CUSTOMERS, params={name: value}), 400, "invalid-parameter", field=name)


def test_a_customer_and_other_scopes_may_not_look(service: Service, new_customer: Callable[[], Customer]) -> None:
    customer = new_customer()
    for client in (customer, service.client(service.key("orders:write", "finance:read", "audit:read"))):
        assert_problem(client.get(f"{CUSTOMERS}/{customer.id}"), 403, "not-allowed")


@pytest.mark.parametrize("reference", ["999999999", "x", "9" * 16, "-1"])
def test_a_customer_without_an_order_is_not_found(reference: str, staff: Client) -> None:
    assert_problem(staff.get(f"{CUSTOMERS}/{reference}"), 404, "customer-not-found")


def test_a_read_that_waits_for_an_orders_position_counts_that_order(
    staff: Client, new_customer: Callable[[], Customer]
) -> None:
    customer = new_customer()
    created = staff.post(ORDERS, json={"customer": {"id": customer.id}, "items": []})
    position = created.headers["Ledger-Position"]
    answer = staff.get(f"{CUSTOMERS}/{customer.id}", params={"min_position": position})
    assert answer.json()["currencies"][0]["orders"] == 1
    assert int(answer.headers["Ledger-Position"].partition(":")[2]) >= int(position.partition(":")[2])


# --- staff's searches for orders ---


def found_by(client: Client, address: str, search: str) -> list[int]:
    answer = client.get(address, params={"search": search, "limit": 100})
    assert answer.status_code == 200, answer.text
    return [order["id"] for order in answer.json()["results"]]


@pytest.mark.parametrize("search", ["ada{id}", "ada@{id}.test", '"ada of{id}"', "OF{id}", "pi-{id}", "re-{id}"])
def test_staff_find_an_order_by_its_customer_and_its_payments_and_the_customer_does_not(
    search: str, staff: Client, new_customer: Callable[[], Customer]
) -> None:
    customer, other = new_customer(), new_customer()
    order = placed(staff, customer=called(customer, "ada"))
    paid(staff, order, "100.00", reference=f"pi-{customer.id}")
    assert staff.post(f"{ORDERS}/{order['id']}/refunds", json=refund("1.00", reference=f"re-{customer.id}")).ok
    placed(staff, customer=called(other, "eve"))
    search = search.format(id=customer.id)
    assert found_by(staff, ORDERS, search) == [order["id"]]
    assert found_by(staff, f"{ORDERS}?customer={customer.id}", search) == [order["id"]]
    assert found_by(staff, f"{ORDERS}?customer={other.id}", search) == []
    assert found_by(customer, SHOP, search) == []


def test_staff_find_an_order_by_words_in_its_fields_and_its_customer_together(
    staff: Client, new_customer: Callable[[], Customer]
) -> None:
    customer = new_customer()
    order = placed(staff, customer=called(customer, "ada"), notes="ring twice")
    assert found_by(staff, ORDERS, f"ada{customer.id} twice") == [order["id"]]
    assert found_by(staff, ORDERS, f"ada{customer.id} thrice") == []
    assert found_by(staff, ORDERS, f"a%a{customer.id}") == found_by(staff, ORDERS, f"ad_{customer.id}") == []
