"""Does a page of large orders stay within 16 MB, and does its `next` leave no order out?"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.api.conftest import ORDERS, SHOP
from tests.audit.conftest import Office
from tests.conftest import ME, do, new_order

STOREFRONT = "/api/v1/i/orders"
ANSWER_BYTES_MAX = 16 * 1024 * 1024
# A large order of customer 1 has many items, one of customer 2 long texts; each customer has one small order.
LARGE: dict[int, dict[str, Any]] = {
    1: {"items": [{"product": {"name": "x" * 9_999}, "unit_price": "1"}] * 70},
    2: dict.fromkeys(("notes", "billing_address", "billing_first_name", "billing_last_name"), "😀" * 9999)
    | {f"billing_{place}": {"id": 1, "name": "😀" * 9_999} for place in ("country", "state", "city")},
}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    made = Office(tmp_path_factory.mktemp("large"), with_key=False)
    for customer, count in ((1, 26), (2, 64), (3, 120)):
        for number in range(count):
            made.clock.tick()
            fields = LARGE[customer] if number != 5 and customer in LARGE else {"items": [{"unit_price": "1"}]}
            do(made.ledger.create, new_order(customer={"id": customer}, **fields), ME)
    made.views.catch_up()
    yield made
    made.close()


def pages(office: Office, path: str, key: str, query: str) -> list[list[Any]]:
    """The ids on each page, from the first page on, by `next`."""
    found: list[list[Any]] = []
    parameters = dict(parse_qsl(query))
    while True:
        answer = office.ask(path, key, params=parameters)
        assert answer.status_code == 200
        assert len(answer.content) <= ANSWER_BYTES_MAX
        found.append([row["id"] for row in answer.json["results"]])
        if answer.json["next"] is None:
            return found
        parameters = dict(parse_qsl(urlsplit(answer.json["next"]).query))
        assert parameters["limit"] == "100"
        assert int(parameters["offset"]) == sum(map(len, found))


@pytest.mark.parametrize(
    "query", ["limit=100", "limit=100&ordering=created_at", "limit=100&created_from=2000-01-01T00:00:00Z"]
)
@pytest.mark.parametrize(("path", "customer"), [(SHOP, 2), (STOREFRONT, 1), (ORDERS, 1), (ORDERS, None)])
def test_a_page_of_large_orders_is_shorter_and_its_next_is_right(
    office: Office, path: str, customer: int | None, query: str
) -> None:
    key = office.key("orders:read") if path == ORDERS else office.key(customer=customer)
    if path == STOREFRONT:
        query = query.replace("created_from=2000-01-01T00:00:00Z", "status=awaiting_payment").replace(
            "&ordering=created_at", ""
        )
    if path == ORDERS and customer:
        query += f"&customer={customer}"
    found = pages(office, path, key, query)
    shown = [order for page in found for order in page]
    assert len(found) > 1
    assert len(shown) == len(set(shown)) == {1: 26, 2: 64, None: 210}[customer]


def test_a_page_of_small_orders_among_large_ones_is_as_long_as_it_was_asked_to_be(office: Office) -> None:
    assert [len(page) for page in pages(office, SHOP, office.key(customer=3), "limit=100")] == [100, 20]
