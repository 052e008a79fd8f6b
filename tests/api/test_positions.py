"""Does every answer have its position in the log, and can a reader wait for the position of a write?"""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event

import pytest
import requests

from api.openapi.operations import OPERATIONS, Operation
from tests.api.conftest import ORDERS, SHOP, STOREFRONT, Customer, assert_problem, events, key_of, placed
from tests.api.routes import READS, WRITES, Route, prepare
from tests.conftest import Client, Service

_TOKEN = re.compile(r"orders:([0-9]+)")
DESCRIBED = [operation for operation in OPERATIONS if operation.method == "get" and operation.takes]
each_read = pytest.mark.parametrize("route", READS, ids=str)


def position(answer: requests.Response) -> int:
    """The position in an answer's `Ledger-Position`."""
    token = answer.headers["Ledger-Position"]
    found = _TOKEN.fullmatch(token)
    assert found, token
    return int(found[1])


@pytest.fixture(scope="module")
def owner(new_customer: Callable[[], Customer]) -> Customer:
    return new_customer()


@pytest.fixture(scope="module")
def order(staff: Client, owner: Customer) -> dict[str, str]:
    return placed(staff, owner, items=[{"unit_price": "50"}, {"unit_price": "50"}])


@pytest.fixture(scope="module")
def askers(staff: Client, owner: Customer) -> dict[str, Client]:
    """The client to ask a route with, by the route's `takes`."""
    return {"customer": owner, "orders:read": staff, "orders:write": staff, "finance:write": staff}


@each_read
def test_a_read_says_how_far_its_data_is(
    route: Route, staff: Client, askers: dict[str, Client], order: dict[str, str]
) -> None:
    written = staff.patch(f"{ORDERS}/{order['id']}", json={"billing_address": str(route)})
    assert position(route.ask(askers[route.takes], "", order)) >= position(written)


def test_a_write_says_how_far_it_reached(
    service: Service, staff: Client, owner: Customer, askers: dict[str, Client]
) -> None:
    order = placed(staff, owner, items=[{"unit_price": "50"}, {"unit_price": "50"}])
    for route in WRITES:
        prepare(route, staff, order)
        answer = route.ask(askers[route.takes], "", order)
        assert answer.ok, answer.text
        written = answer.json()["uuid"] if route == WRITES[0] else order["uuid"]
        assert position(answer) == events(service, written)[-1].position


def test_each_write_of_an_access_key_says_how_far_it_reached(service: Service) -> None:
    locksmith = service.client(service.key("keys:write", "orders:read"))
    reached = [
        position(answer)
        for answer in (
            locksmith.post("/api/v1/keys", json={"name": "of-positions", "scopes": ["orders:read"]}),
            locksmith.patch("/api/v1/keys/of-positions", json={"origins": ["https://shop.example.com"]}),
            locksmith.post("/api/v1/keys/of-positions/rotations", json={}),
            locksmith.delete("/api/v1/keys/of-positions"),
        )
    ]
    assert reached == list(range(reached[0], reached[0] + 4))
    assert position(locksmith.delete("/api/v1/keys/of-positions")) == reached[-1]  # revoked already


def test_a_write_of_an_access_key_says_nothing_of_records_that_another_process_writes_meanwhile(
    service: Service, staff: Client
) -> None:
    """The views that the process has fed need not have reached these yet, and are not behind its own write."""
    locksmith = service.client(service.key("keys:write", "orders:read"))
    orders = [placed(staff)["id"] for _ in range(4)]
    is_over = Event()

    def write_on(order: str) -> None:
        for number in count():
            if is_over.is_set():
                return
            assert staff.patch(f"{ORDERS}/{order}", json={"notes": f"{number}"}).ok

    with ThreadPoolExecutor(len(orders)) as threads:
        writing = [threads.submit(write_on, order) for order in orders]
        try:
            assert locksmith.post("/api/v1/keys", json={"name": "meanwhile", "scopes": ["orders:read"]}).ok
            answers = [locksmith.post("/api/v1/keys/meanwhile/rotations", json={}) for _ in range(100)]
        finally:
            is_over.set()
        for work in writing:
            work.result()
    assert [answer.headers.get("Ledger-Views") for answer in answers] == [None] * 100


def test_a_write_that_changes_nothing_says_at_least_where_its_order_stands(service: Service, staff: Client) -> None:
    order = placed(staff, notes="same")
    answer = staff.patch(f"{ORDERS}/{order['id']}", json={"notes": "same"})
    assert position(answer) >= events(service, order["uuid"])[-1].position


@each_read
def test_a_position_that_was_reached_is_answered(
    route: Route, staff: Client, askers: dict[str, Client], order: dict[str, str]
) -> None:
    written = staff.patch(f"{ORDERS}/{order['id']}", json={"notes": str(route)})
    token = written.headers["Ledger-Position"]
    answer = route.ask(askers[route.takes], "", order, params={"min_position": token})
    assert answer.status_code == 200
    assert position(answer) >= position(written)


def test_a_position_that_is_not_reached_gets_a_503_that_says_when_to_ask_again(
    askers: dict[str, Client], order: dict[str, str]
) -> None:
    def ask(route: Route) -> requests.Response:
        return route.ask(askers[route.takes], "", order, params={"min_position": "orders:999999999"})

    with ThreadPoolExecutor(len(READS)) as threads:
        for answer in threads.map(ask, READS):
            assert_problem(answer, 503, "position-not-reached")
            assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.parametrize(
    "token", ["1", "orders", "orders:", "orders:x", "orders:-1", "other:1", "orders:1 ", "orders:١"]
)
@each_read
def test_a_position_that_is_none_gets_400(
    token: str, route: Route, askers: dict[str, Client], order: dict[str, str]
) -> None:
    answer = route.ask(askers[route.takes], "", order, params={"min_position": token})
    assert_problem(answer, 400, "invalid-parameter", field="min_position")


def ask_described(
    service: Service, owner: Customer, read: Operation, token: str, name: str = "2020-01"
) -> requests.Response:
    """The answer to a read of the description, with a name that nothing has in its path."""
    asker = owner if read.takes == "customer" else service.client(service.key(str(read.takes)))
    needed = {"provider": "stripe"} if "provider" in read.parameters else {}
    return asker.get(re.sub(r"\{\w+\}", name, read.path), params={"min_position": token} | needed)


@pytest.mark.parametrize("read", DESCRIBED, ids=lambda read: read.id)
def test_every_described_read_takes_a_position(read: Operation, service: Service, owner: Customer) -> None:
    assert "min_position" in read.parameters
    problem = assert_problem(
        ask_described(service, owner, read, "orders:x"), 400, "invalid-parameter", field="min_position"
    )
    assert "min_position: must be a Ledger-Position" in problem["detail"]


@pytest.mark.parametrize("name", ["x", "999999999", "00000000-0000-0000-0000-000000000000"])
@pytest.mark.parametrize(
    "read",
    # Webhooks are beside the log.
    [read for read in DESCRIBED if "{" in read.path and 404 in read.statuses and "webhook" not in read.path],
    ids=lambda read: read.id,
)
def test_a_404_of_a_read_says_how_far_it_has_looked(
    read: Operation, name: str, service: Service, owner: Customer
) -> None:
    answer = ask_described(service, owner, read, "", name)
    assert answer.status_code == 404
    assert position(answer) == position(owner.get(SHOP))


def test_every_described_read_waits_for_its_position(service: Service, owner: Customer) -> None:
    with ThreadPoolExecutor(len(DESCRIBED)) as threads:
        asked = threads.map(lambda read: ask_described(service, owner, read, "orders:999999999"), DESCRIBED)
        for answer in asked:
            assert_problem(answer, 503, "position-not-reached")


def test_a_reader_that_waits_gets_the_order_that_is_written_meanwhile(staff: Client, owner: Customer) -> None:
    head = position(owner.get(SHOP))
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(owner.get, f"{SHOP}?limit=100&min_position=orders:{head + 1}")
        written = placed(staff, owner)
        answer = waiting.result()
    assert answer.status_code == 200
    assert written["id"] in [shown["id"] for shown in answer.json()["results"]]


def test_an_order_is_read_from_every_worker_as_soon_as_it_is_written(
    service: Service, staff: Client, owner: Customer
) -> None:
    written = placed(staff, owner)
    for _ in range(8):
        assert service.client(key_of(owner)).get(STOREFRONT).json()["results"][0]["id"] == written["uuid"]
