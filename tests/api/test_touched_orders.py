"""Can an integrator read on, from the list's own address, and learn of every order that was touched?"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import ORDERS, Customer, assert_problem, moved, paid, placed
from tests.conftest import Client

Document = dict[str, Any]


def read_on(staff: Client, url: str) -> tuple[list[Document], str]:
    """Every order from this address on, page by page, and the token from which to read on later."""
    found: list[Document] = []
    while True:
        answer = staff.get(url)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found += body["results"]
        if body["next"] is None:
            return found, answer.headers["Ledger-Position"]
        url = body["next"]


@pytest.fixture
def since(staff: Client) -> str:
    return staff.get(f"{ORDERS}?limit=1").headers["Ledger-Position"]


def test_each_order_comes_once_as_it_is_now_in_the_order_of_its_last_event_deleted_ones_too(
    staff: Client, since: str
) -> None:
    first, second, third = (placed(staff) for _ in range(3))
    first = paid(staff, first)
    second = moved(staff, second, "deleted")
    found, token = read_on(staff, f"{ORDERS}?after_position={since}&limit=2")
    assert found == [third, first, second]
    assert read_on(staff, f"{ORDERS}?after_position={token}") == ([], token)
    third = moved(staff, third, "hold")
    assert read_on(staff, f"{ORDERS}?after_position={token}")[0] == [third]


def test_orders_written_between_two_pages_come_behind_them(staff: Client, since: str) -> None:
    orders = [placed(staff) for _ in range(4)]
    page = staff.get(f"{ORDERS}?after_position={since}&limit=2").json()
    assert page["results"] == orders[:2]
    again, later = moved(staff, orders[0], "hold"), moved(staff, orders[2], "hold")
    new = placed(staff)
    assert read_on(staff, page["next"])[0] == [orders[3], again, later, new]


def test_the_staffs_filters_hold_and_stand_in_next(
    staff: Client, since: str, new_customer: Callable[[], Customer]
) -> None:
    customer = new_customer()
    mine = [placed(staff, customer, notes="gift wrap") for _ in range(3)]
    placed(staff, notes="gift wrap")
    placed(staff, customer, currency="EUR")
    moved(staff, placed(staff, customer, notes="gift wrap"), "deleted")
    query = f"search=gift&customer={customer.id}&currency=usd&status_in=new,+hold&limit=2&after_position={since}"
    page = staff.get(f"{ORDERS}?{query}").json()
    assert (list(page), page["previous"], page["results"]) == (["next", "previous", "results"], None, mine[:2])
    token = page["next"].partition("after_position=")[2].partition("&")[0]
    address = f"{staff.base}{ORDERS}?after_position={token}&currency=usd&customer={customer.id}"
    assert page["next"] == f"{address}&limit=2&search=gift&status_in=new%2C+hold"
    assert read_on(staff, page["next"])[0] == mine[2:]


def test_the_last_event_of_a_read_that_follows_a_write_is_that_write(staff: Client) -> None:
    order = placed(staff)
    before = staff.get(f"{ORDERS}?limit=1").headers["Ledger-Position"]
    after = staff.post(f"{ORDERS}/{order['id']}/status", json={"status": "hold"})
    query = f"after_position={before}&min_position={after.headers['Ledger-Position']}"
    assert staff.get(f"{ORDERS}?{query}").json()["results"] == [after.json()]


@pytest.mark.parametrize(
    "token", ["7", "orders:", "orders:-1", "orders:x", "payments:1", "orders:1,2", "orders:99999999"]
)
def test_a_token_that_no_answer_gave_gets_a_400(token: str, staff: Client) -> None:
    assert_problem(staff.get(f"{ORDERS}?after_position={token}"), 400, "invalid-parameter", field="after_position")


@pytest.mark.parametrize(("name", "value"), [("ordering", "id"), ("offset", "10")])
def test_another_order_of_the_list_cannot_be_asked_for_beside_it(name: str, value: str, staff: Client) -> None:
    refused = staff.get(f"{ORDERS}?after_position=orders:0&{name}={value}")
    assert_problem(refused, 400, "invalid-parameter", field=name)
