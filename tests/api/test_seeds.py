"""Do the two published contracts hold as they are printed: example orders, example programs, every parameter?

`seeds/` holds the examples as the contracts print them. Ids, keys, times and hosts are each service's own.
"""

import ast
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.api.conftest import SHOP, STOREFRONT, Customer, bring, key_of, moved, paid, placed
from tests.conftest import Client, Service

_SEEDS = Path(__file__).parent / "seeds"
_SHOP_ORDERS = (_SEEDS / "shop_orders.json").read_text()
_STOREFRONT_ORDERS = (_SEEDS / "storefront_orders.json").read_text()
_SHOP_OWN = {"id", "key", "created_at", "updated_at"}
_STOREFRONT_OWN = {"id", "url", "created", "updated"}


class Number(NamedTuple):
    """A JSON number as its text: 75000 is not 75000.0."""

    text: str


def exact(text: str) -> Any:
    """JSON with each object as its pairs in the document's order, and each number as its text."""
    return json.loads(text, object_pairs_hook=tuple, parse_int=Number, parse_float=Number)


def first_order(text: str, own: set[str]) -> list[Any]:
    """The fields of a list's first order, in order; `...` stands for the values named in `own`, which differ from
    service to service.
    """
    return [(name, ... if name in own else value) for name, value in dict(exact(text))["results"][0]]


def record_the_shop_example(staff: Client, customer: Customer, *, size_is_given: bool = True) -> dict[str, Any]:
    printed = json.loads(_SHOP_ORDERS)["results"][0]
    if not size_is_given:
        del printed["shipping_method"]["image"]["human_readable_size"]
    kept = {
        name: value
        for name, value in printed.items()
        if name.startswith(("billing_", "shipping_", "payment_")) or name == "notes"
    }
    order = placed(
        staff,
        currency="IRR",
        customer={
            "id": customer.id,
            "username": "behrooz3500",
            "first_name": "behrooz",
            "last_name": "ghorbanie",
        },
        items=[],
        **kept,
    )
    return moved(staff, paid(staff, order, "50000"), "processing", "shipped")


def record_the_storefront_example(staff: Client, customer: Customer) -> dict[str, Any]:
    printed = json.loads(_STOREFRONT_ORDERS)["results"][0]
    item = {name: value for name, value in printed["items"][0].items() if name not in ("id", "total_price")}
    return placed(
        staff,
        customer={"id": customer.id, **printed["customer"]},
        billing_address="123 Main St",
        billing_postal_code="12345",
        billing_city={"id": 1, "name": "Anytown"},
        billing_state={"id": 1, "name": "California", "code": "CA"},
        billing_country={"id": 1, "name": "Canada", "code": "CA"},
        items=[item],
    )


def test_the_shop_contracts_example_comes_back_as_it_is_printed(service: Service, staff: Client) -> None:
    customer = Customer(service, 1)
    record_the_shop_example(staff, customer)
    answer = customer.get(SHOP).text
    assert first_order(answer, _SHOP_OWN) == first_order(_SHOP_ORDERS, _SHOP_OWN)
    assert exact(answer)[:3] == exact(_SHOP_ORDERS)[:3]
    assert [name for name, _ in exact(answer)] == ["count", "next", "previous", "results"]


def test_a_size_that_was_not_given_is_computed_as_the_example_prints_it(
    staff: Client, new_customer: Callable[[], Customer]
) -> None:
    customer = new_customer()
    record_the_shop_example(staff, customer, size_is_given=False)
    image = customer.get(SHOP).json()["results"][0]["shipping_method"]["image"]
    assert (image["size"], image["human_readable_size"]) == (808754, "789.80 KB")


def test_the_storefront_contracts_example_comes_back_as_it_is_printed(
    service: Service, staff: Client, new_customer: Callable[[], Customer]
) -> None:
    customer = new_customer()
    for _ in range(44):
        placed(staff, customer, items=[])
    order = record_the_storefront_example(staff, customer)
    answer = customer.get(STOREFRONT)
    assert first_order(answer.text, _STOREFRONT_OWN) == first_order(_STOREFRONT_ORDERS, _STOREFRONT_OWN)
    printed = exact(_STOREFRONT_ORDERS.replace("https://api.example.com", service.base))
    assert exact(answer.text)[:3] == printed[:3]
    shown = answer.json()["results"][0]
    assert (shown["id"], shown["url"]) == (order["uuid"], f"{service.base}{STOREFRONT}{order['uuid']}/")


@pytest.mark.parametrize(("path", "own"), [(SHOP, _SHOP_OWN), (STOREFRONT, _STOREFRONT_OWN)])
def test_a_single_order_is_the_very_object_of_the_list(
    path: str, own: set[str], staff: Client, new_customer: Callable[[], Customer]
) -> None:
    customer = new_customer()
    placed(staff, customer)
    listed = customer.get(path)
    single = customer.get(f"{path.rstrip('/')}/{listed.json()['results'][0]['id']}")
    assert single.text in listed.text
    assert exact(single.text) == dict(exact(listed.text))["results"][0]


def test_times_are_utc_and_have_microseconds_only_where_they_are_not_zero(collector: Customer) -> None:
    shown = {order["key"]: order["created_at"] for order in collector.get(SHOP).json()["results"]}
    assert (shown["alpha"], shown["bravo"]) == ("2024-01-10T08:00:00Z", "2024-02-29T23:59:59.999999Z")


def test_the_shop_contracts_example_program_runs_unchanged(
    service: Service, staff: Client, new_customer: Callable[[], Customer]
) -> None:
    customer = new_customer()
    card, bank = {"id": 1, "name": "Card"}, {"id": 2, "name": "Bank"}
    new, processing, first, second = (
        placed(staff, customer, payment_method=method)["id"] for method in (card, card, card, bank)
    )
    moved(staff, {"id": processing}, "processing")
    for order_id in (first, second):
        moved(staff, {"id": order_id}, "processing", "completed")
    program = (_SEEDS / "shop_program.txt").read_text()
    program = program.replace("http://www.example.com", service.base)
    program = program.replace("<your_api_key>", key_of(customer))
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    completed, by_method = (
        [order["id"] for order in ast.literal_eval(line)["results"]] for line in ran.stdout.splitlines()
    )
    assert completed == [second, first]
    assert by_method == [first, processing]
    assert new not in by_method


def test_the_storefront_contracts_example_command_runs_unchanged(
    service: Service, staff: Client, new_customer: Callable[[], Customer]
) -> None:
    customer = new_customer()
    order = placed(staff, customer)
    command = (_SEEDS / "storefront_command.txt").read_text()
    command = command.replace("https://api.example.com", service.base)
    command = command.replace("YOUR_TOKEN", key_of(customer))
    ran = subprocess.run(["sh", "-c", command], capture_output=True, timeout=60, check=True)
    assert [shown["id"] for shown in json.loads(ran.stdout)["results"]] == [order["uuid"]]


_WITH_AND_WITHOUT = [
    # A parameter, a value that finds both orders, and a value that finds the older order alone.
    ("limit", "2", None),
    ("offset", "0", "1"),
    ("search", "er", "older"),
    ("status", None, "processing"),
    ("status_in", "hold,processing", "processing,deleted"),
    ("payment_method", None, "1"),
    ("payment_method_in", "1,2", "1"),
    ("shipping_method", None, "1"),
    ("shipping_method_in", "2,1", "1,7"),
    ("billing_country", None, "1"),
    ("billing_state", None, "1"),
    ("billing_city", None, "1"),
    ("billing_country_in", "1,2", "1"),
    ("billing_state_in", "1,2", "1"),
    ("billing_city_in", "1,2", "1"),
    ("has_notes", None, "true"),
    ("id_min", "{older[id]}", None),
    ("id_max", "{younger[id]}", "{older[id]}"),
    ("created_date", None, "2024-05-30"),
    ("updated_date", None, "2024-06-01"),
    ("created_from", "2024-05-30", None),
    ("created_to", "2024-05-31", "2024-05-30"),
    ("updated_from", "2024-06-01", None),
    ("updated_to", "2024-06-02", "2024-06-01"),
]


@pytest.fixture(scope="module")
def pair(service: Service, new_customer: Callable[[], Customer]) -> tuple[Customer, dict[str, Any]]:
    """A customer with two orders that differ in every field of the list."""
    customer = new_customer()
    references = ("payment_method", "shipping_method", "billing_country", "billing_state", "billing_city")
    older, younger = (
        {
            "customer": {"id": customer.id},
            "created_at": f"2024-05-3{number - 1}T12:00:00Z",
            "history": [{"type": "status", "at": f"2024-06-0{number}T12:00:00Z", "status": status}],
            **{field: {"id": number, "name": str(number)} for field in references},
        }
        for number, status in ((1, "processing"), (2, "hold"))
    )
    bring(service, {**older, "notes": "older"}, {**younger, "billing_last_name": "younger"})
    shown = customer.get(SHOP, params={"ordering": "id"}).json()["results"]
    return customer, {"older": shown[0], "younger": shown[1]}


@pytest.mark.parametrize(("name", "both", "one"), _WITH_AND_WITHOUT)
def test_every_parameter_of_the_shop_contracts_table_works(
    name: str, both: str | None, one: str | None, pair: tuple[Customer, dict[str, Any]]
) -> None:
    customer, orders = pair
    for value, wanted in ((both, orders.values()), (one, [orders["older"]])):
        if value is not None:
            answer = customer.get(SHOP, params={name: value.format(**orders)})
            assert answer.status_code == 200, answer.text
            assert sorted(order["id"] for order in answer.json()["results"]) == [order["id"] for order in wanted]


@pytest.mark.parametrize(("ordering", "first"), [("created_at", "older"), ("-created_at", "younger")])
def test_the_shop_contracts_ordering_goes_up_or_down(
    ordering: str, first: str, pair: tuple[Customer, dict[str, Any]]
) -> None:
    customer, orders = pair
    shown = customer.get(SHOP, params={"ordering": ordering}).json()["results"]
    assert shown[0]["id"] == orders[first]["id"]
