"""Does the storefront list show a customer's orders as its contract says, and delete only the orders that it may?"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import (
    NOBODY,
    ORDERS,
    SHOP,
    STOREFRONT,
    Customer,
    assert_problem,
    last,
    moved,
    nothing_recorded,
    paid,
    placed,
    refund,
    topics,
)
from tests.conftest import Client, Service

NewCustomer = Callable[[], Customer]


def uuids(customer: Customer, query: str = "") -> list[str]:
    answer = customer.get(f"{STOREFRONT}?{query}")
    assert answer.status_code == 200, answer.text
    return [order["id"] for order in answer.json()["results"]]


def only(customer: Customer) -> dict[str, Any]:
    """The customer's only order, as the storefront shows it."""
    (order,) = customer.get(STOREFRONT).json()["results"]
    return order


# --- the list ---


@pytest.fixture(scope="module")
def regular(staff: Client, new_customer: NewCustomer) -> tuple[Customer, list[str]]:
    """A customer with 22 orders, and their UUIDs, newest first."""
    customer = new_customer()
    return customer, [placed(staff, customer)["uuid"] for _ in range(22)][::-1]


@pytest.mark.parametrize(
    ("query", "shown", "before", "after"),
    [
        ("", slice(0, 20), None, "limit=20&offset=20"),
        ("limit=0", slice(0, 20), None, "limit=20&offset=20"),
        ("limit=&offset=", slice(0, 20), None, "limit=20&offset=20"),
        ("offset=20", slice(20, 22), "limit=20", None),
        ("limit=5&offset=5", slice(5, 10), "limit=5", "limit=5&offset=10"),
        ("limit=5&offset=8", slice(8, 13), "limit=5&offset=3", "limit=5&offset=13"),
        ("limit=1000", slice(0, 22), None, None),
        ("limit=1000&offset=21", slice(21, 22), "limit=100", None),
        ("status=awaiting_payment&limit=1", slice(0, 1), None, "limit=1&offset=1&status=awaiting_payment"),
        ("offset=1&limit=2&b=2&a=1", slice(1, 3), "a=1&b=2&limit=2", "a=1&b=2&limit=2&offset=3"),
        ("search=nothing&ordering=no", slice(0, 20), None, "limit=20&offset=20&ordering=no&search=nothing"),
    ],
)
def test_the_list_is_paged_newest_first_with_links_that_end_the_path_with_a_slash(
    query: str, shown: slice, before: str | None, after: str | None, regular: tuple[Customer, list[str]]
) -> None:
    customer, newest_first = regular
    page = customer.get(f"{STOREFRONT}?{query}").json()
    assert page["count"] == 22
    assert [order["id"] for order in page["results"]] == newest_first[shown]
    address = f"{customer.base}{STOREFRONT}?"
    assert page["previous"] == (before and address + before)
    assert page["next"] == (after and address + after)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("limit", value) for value in ("-1", "٣", "1_000", "ten", "1" * 16)),
        *(("offset", value) for value in ("-1", "99999999999999999999", "1.0")),
        *(("status", value) for value in ("new", "shipped", "PAID", "paid,delivered", "deleted")),
        ("min_position", "soon"),
    ],
)
def test_a_value_that_cannot_be_understood_gets_a_400_that_names_its_parameter(
    name: str, value: str, regular: tuple[Customer, list[str]]
) -> None:
    customer, _ = regular
    assert_problem(customer.get(f"{STOREFRONT}?{name}={value}"), 400, "invalid-parameter", field=name)


# --- its statuses ---


def _refunded(staff: Client, order: dict[str, Any]) -> dict[str, Any]:
    staff.post(f"{ORDERS}/{order['id']}/refunds", json=refund("100.00"))
    return moved(staff, order, "refunded")


_WAYS: dict[str, Callable[[Client, dict[str, Any]], dict[str, Any]]] = {
    "new": lambda staff, order: order,
    "paid in part": lambda staff, order: paid(staff, order, "99.99"),
    "paid": paid,
    "on hold": lambda staff, order: moved(staff, order, "hold"),
    "failed": lambda staff, order: moved(staff, order, "failed"),
    "processing and paid": lambda staff, order: paid(staff, moved(staff, order, "processing")),
    "shipped": lambda staff, order: moved(staff, order, "processing", "shipped"),
    "shipped and paid": lambda staff, order: paid(staff, moved(staff, order, "processing", "shipped")),
    "completed": lambda staff, order: moved(staff, order, "processing", "completed"),
    "completed and paid": lambda staff, order: moved(staff, paid(staff, order), "processing", "completed"),
    "cancelled": lambda staff, order: moved(staff, order, "cancelled"),
    "cancelled and paid": lambda staff, order: moved(staff, paid(staff, order), "cancelled"),
    "refunded": lambda staff, order: _refunded(staff, moved(staff, paid(staff, order), "processing", "completed")),
}
_STATUS_AFTER = {
    "new": "awaiting_payment",
    "paid in part": "awaiting_payment",
    "paid": "paid",
    "on hold": "awaiting_payment",
    "failed": "awaiting_payment",
    "processing and paid": "paid",
    "shipped": "awaiting_payment",
    "shipped and paid": "paid",
    "completed": "delivered",
    "completed and paid": "delivered",
    "cancelled": "cancelled",
    "cancelled and paid": "cancelled",
    "refunded": "cancelled",
}


@pytest.fixture(scope="module")
def varied(staff: Client, new_customer: NewCustomer) -> tuple[Customer, dict[str, str]]:
    """A customer with one order for each entry of `_WAYS`, and one deleted order.

    Returns the UUIDs by the entry's name.
    """
    customer = new_customer()
    made = {name: way(staff, placed(staff, customer))["uuid"] for name, way in _WAYS.items()}
    moved(staff, placed(staff, customer), "deleted")
    return customer, made


@pytest.mark.parametrize("way", _WAYS)
def test_an_orders_status_is_one_of_the_four(way: str, varied: tuple[Customer, dict[str, str]]) -> None:
    customer, made = varied
    assert customer.get(f"{STOREFRONT}{made[way]}").json()["status"] == _STATUS_AFTER[way]


@pytest.mark.parametrize("status", ["paid", "awaiting_payment", "delivered", "cancelled"])
def test_the_list_can_be_narrowed_to_a_status(status: str, varied: tuple[Customer, dict[str, str]]) -> None:
    customer, made = varied
    expected = {made[way] for way, after in _STATUS_AFTER.items() if after == status}
    assert set(uuids(customer, f"status={status}")) == expected


def test_a_deleted_order_is_not_in_the_list(varied: tuple[Customer, dict[str, str]]) -> None:
    customer, made = varied
    assert set(uuids(customer)) == set(made.values())


def test_an_order_worth_nothing_is_paid(staff: Client, new_customer: NewCustomer) -> None:
    customer = new_customer()
    placed(staff, customer, items=[])
    assert (only(customer)["status"], only(customer)["total_amount"]) == ("paid", "0.00")


# --- its orders ---


def test_an_orders_url_answers_with_that_order(staff: Client, new_customer: NewCustomer) -> None:
    customer = new_customer()
    placed(staff, customer)
    order = only(customer)
    assert order["url"] == f"{customer.base}{STOREFRONT}{order['id']}/"
    assert customer.get(order["url"]).json() == order


def test_the_url_is_on_the_host_that_was_asked(staff: Client, new_customer: NewCustomer) -> None:
    customer = new_customer()
    placed(staff, customer)
    page = customer.get(f"{STOREFRONT}?offset=1", headers={"Host": "shop.example.com:8443"}).json()
    assert page["previous"] == f"http://shop.example.com:8443{STOREFRONT}?limit=20"
    (order,) = customer.get(STOREFRONT, headers={"Host": "shop.example.com"}).json()["results"]
    assert order["url"] == f"http://shop.example.com{STOREFRONT}{order['id']}/"


_PLACES = {
    "billing_city": {"id": 1, "name": "Anytown"},
    "billing_state": {"id": 1, "name": "California", "code": "CA"},
    "billing_country": {"id": 1, "name": "Canada", "code": "CA"},
}
_NO_ADDRESS = {"street_address": None, "postal_code": None, "city": None, "state": None, "country": None}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, None),
        ({"billing_first_name": "John", "billing_mobile_number": "1", "billing_national_code": "1"}, None),
        ({"billing_address": "123 Main St"}, {"street_address": "123 Main St"}),
        ({"billing_postal_code": "12345"}, {"postal_code": 12345}),
        ({"billing_postal_code": "0"}, {"postal_code": 0}),
        ({"billing_postal_code": "01234"}, {"postal_code": "01234"}),
        ({"billing_postal_code": "K1A 0B1"}, {"postal_code": "K1A 0B1"}),
        ({"billing_postal_code": "12345-6789"}, {"postal_code": "12345-6789"}),
        ({"billing_postal_code": "9" * 16}, {"postal_code": int("9" * 16)}),
        (
            {"billing_postal_code": "1234567890", "billing_country": {"name": "ایران", "code": "IR"}},
            {"postal_code": 1234567890, "country": "ایران"},
        ),
        (_PLACES, {"city": "Anytown", "state": "CA", "country": "Canada"}),
        ({"billing_state": {"id": 1, "name": "California"}}, {"state": "California"}),
        ({"billing_state": {"id": 1, "name": "California", "code": ""}}, {"state": "California"}),
    ],
)
def test_the_billing_address_shows_what_is_known(
    given: dict[str, Any], shown: dict[str, Any] | None, staff: Client, new_customer: NewCustomer
) -> None:
    customer = new_customer()
    placed(staff, customer, **given)
    expected = None if shown is None else {**_NO_ADDRESS, **shown}
    assert only(customer)["billing_address"] == expected


def test_an_items_id_is_its_lines_number_which_is_not_given_again(staff: Client, new_customer: NewCustomer) -> None:
    customer = new_customer()
    order = placed(staff, customer, items=[{"unit_price": "1"}, {"unit_price": "2"}, {"unit_price": "3"}])
    staff.delete(f"{ORDERS}/{order['id']}/items/3")
    staff.delete(f"{ORDERS}/{order['id']}/items/1")
    staff.post(f"{ORDERS}/{order['id']}/items", json={"unit_price": "4"})
    shown = [(item["id"], item["unit_price"]) for item in only(customer)["items"]]
    assert shown == [(2, "2.00"), (4, "4.00")]


@pytest.mark.parametrize(
    ("currency", "price", "shown"),
    [("USD", "79.9", "79.90"), ("JPY", "75000", "75000.00"), ("KWD", "1.5", "1.500"), ("CLF", "1.2345", "1.2345")],
)
def test_amounts_are_text_with_two_digits_or_the_currencys_where_those_are_more(
    currency: str, price: str, shown: str, staff: Client, new_customer: NewCustomer
) -> None:
    customer = new_customer()
    placed(staff, customer, currency=currency, items=[{"unit_price": price}])
    order = only(customer)
    assert (order["subtotal"], order["total_amount"], order["items"][0]["unit_price"]) == (shown,) * 3


def test_the_total_is_subtotal_and_shipping_less_what_is_saved(staff: Client, new_customer: NewCustomer) -> None:
    customer = new_customer()
    item = {"unit_price": "10.10", "quantity": 3, "shipping": "1.00", "discount_amount": "0.30"}
    placed(staff, customer, items=[item, item], shipping_cost="2.50", voucher={"discount_amount": "1.00"})
    shown = only(customer)
    expected = {
        "items_count": 6,
        "savings_on_items": "0.60",
        "subtotal": "60.60",
        "amount_saved": "1.60",
        "shipping": "4.50",
        "total_amount": "63.50",
    }
    assert {name: shown[name] for name in expected} == expected


def test_both_contracts_give_every_order_the_same_total(varied: tuple[Customer, dict[str, str]]) -> None:
    customer, _ = varied
    storefront = [order["total_amount"] for order in customer.get(STOREFRONT).json()["results"]]
    shop = [order["total"] for order in customer.get(f"{SHOP}?limit=100").json(parse_int="{}.00".format)["results"]]
    assert storefront == shop


def test_a_customer_of_whom_only_the_id_is_known_has_no_names(staff: Client, new_customer: NewCustomer) -> None:
    customer = new_customer()
    placed(staff, customer)
    assert only(customer)["customer"] == {"email": None, "first_name": None, "last_name": None}


# --- another customer's ---


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_another_customers_order_is_the_same_404_as_one_that_does_not_exist(
    method: str, service: Service, staff: Client, new_customer: NewCustomer
) -> None:
    customer, other = new_customer(), new_customer()
    theirs = placed(staff, other)
    with nothing_recorded(service):
        hidden = customer.request(method, f"{STOREFRONT}{theirs['uuid']}/")
        missing = customer.request(method, f"{STOREFRONT}{NOBODY}/")
    assert_problem(missing, 404, "order-not-found")
    assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content)
    own = {"x-request-id", "date", "ledger-position"}
    assert {name: value for name, value in hidden.headers.lower_items() if name not in own} == {
        name: value for name, value in missing.headers.lower_items() if name not in own
    }


def test_another_customers_order_in_the_shop_is_the_same_404_as_one_that_does_not_exist(
    staff: Client, new_customer: NewCustomer
) -> None:
    customer, other = new_customer(), new_customer()
    hidden = customer.get(f"{SHOP}/{placed(staff, other)['id']}")
    missing = customer.get(f"{SHOP}/999999999999")
    assert_problem(missing, 404, "order-not-found")
    assert hidden.content == missing.content


@pytest.mark.parametrize("reference", ["x", "1", NOBODY.replace("-", ""), f"{{{NOBODY}}}", f"urn:uuid:{NOBODY}", "%00"])
def test_an_address_that_names_no_order_is_a_404(reference: str, new_customer: NewCustomer) -> None:
    customer = new_customer()
    assert_problem(customer.get(f"{STOREFRONT}{reference}/"), 404, "order-not-found")
    assert_problem(customer.delete(f"{STOREFRONT}{reference}/"), 404, "order-not-found")


# --- delete ---


@pytest.mark.parametrize("statuses", [[], ["hold"], ["failed"], ["cancelled"], ["processing", "cancelled"]])
def test_a_customer_deletes_an_order_once(
    statuses: list[str], service: Service, staff: Client, new_customer: NewCustomer
) -> None:
    customer = new_customer()
    order = moved(staff, placed(staff, customer), *statuses)
    url = only(customer)["url"]
    deleted = customer.delete(url)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert uuids(customer) == []
    with nothing_recorded(service):
        assert_problem(customer.delete(url), 404, "order-not-found")
        assert_problem(customer.get(url), 404, "order-not-found")
    event = last(service, order)
    assert (event.topic, event.payload["status"]) == ("order.status_changed.v1", "deleted")
    assert event.request_id == deleted.headers["X-Request-Id"]
    assert staff.get(f"{ORDERS}/{order['id']}").json()["status"] == "deleted"


@pytest.mark.parametrize(
    "way", ["paid in part", "paid", "processing and paid", "shipped", "completed", "cancelled and paid"]
)
def test_a_customer_cannot_delete_an_order_that_was_paid_or_shipped(
    way: str, service: Service, staff: Client, new_customer: NewCustomer
) -> None:
    customer = new_customer()
    _WAYS[way](staff, placed(staff, customer))
    with nothing_recorded(service):
        refused = customer.delete(only(customer)["url"])
    assert_problem(refused, 409, "status-change-not-allowed")
    assert len(uuids(customer)) == 1


def test_an_order_whose_payment_was_refunded_can_be_deleted(
    service: Service, staff: Client, new_customer: NewCustomer
) -> None:
    customer = new_customer()
    order = paid(staff, placed(staff, customer), "30.00")
    staff.post(f"{ORDERS}/{order['id']}/refunds", json=refund("30.00"))
    assert customer.delete(only(customer)["url"]).status_code == 204
    assert topics(service, order["uuid"])[-1] == "status_changed"


def test_lists_for_customers_name_their_pages_currencies_and_are_narrowed_to_one(
    staff: Client, new_customer: Callable[[], Customer]
) -> None:
    customer, empty = new_customer(), new_customer()
    ids = {}
    for currency, price in (("USD", "1.00"), ("JPY", "100"), ("EUR", "2.00"), ("USD", "3.00")):
        order = placed(staff, customer, currency=currency, items=[{"unit_price": price}])
        ids[currency] = order
    for path in (SHOP, STOREFRONT):
        assert customer.get(path).headers["Ledger-Currencies"] == "EUR, JPY, USD"
        assert customer.head(path).headers["Ledger-Currencies"] == "EUR, JPY, USD"
        assert customer.get(path, params={"limit": 2}).headers["Ledger-Currencies"] == "EUR, USD"
        assert customer.get(path, params={"currency": "JPY"}).headers["Ledger-Currencies"] == "JPY"
        assert [customer.get(path, params={"currency": code}).json()["count"] for code in ("usd", "GBP")] == [2, 0]
        assert empty.get(path).headers["Ledger-Currencies"] == ""
    assert customer.get(SHOP, params={"ordering": "shipping_cost", "search": ids["JPY"]["key"]}).headers[
        "Ledger-Currencies"
    ] in ("JPY", "")
    assert customer.get(f"{SHOP}/{ids['JPY']['id']}").headers["Ledger-Currencies"] == "JPY"
    assert customer.get(f"{STOREFRONT}{ids['EUR']['uuid']}").headers["Ledger-Currencies"] == "EUR"
