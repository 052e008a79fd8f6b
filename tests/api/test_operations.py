"""Is the service there and fit to serve, are trailing slashes optional, and does HEAD answer like GET?"""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
import requests

from domain.log.opening import open_log
from domain.log.records import digest_of
from tests.api.conftest import ORDERS, Customer, assert_problem, events, exchange, key_of, placed
from tests.api.routes import READS, WRITES, Route, prepare
from tests.conftest import Client, Service
from tests.waiting import until

_PUBLIC = ["/healthz", "/readyz"]


def test_the_process_answers_without_a_key(service: Service) -> None:
    answer = requests.get(f"{service.base}/healthz", timeout=30)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_readiness_tells_both_positions_without_a_key(service: Service, staff: Client) -> None:
    written = placed(staff)
    answer = requests.get(f"{service.base}/readyz", timeout=30)
    head = f"orders:{events(service, written['uuid'])[-1].position}"
    assert answer.status_code == 200
    told = answer.json()
    assert (told["ready"], told["log"], told["views"]) == (True, head, head)


@pytest.fixture(scope="module")
def owner(new_customer: Callable[[], Customer]) -> Customer:
    return new_customer()


@pytest.fixture(scope="module")
def order(staff: Client, owner: Customer) -> dict[str, str]:
    return placed(staff, owner, items=[{"unit_price": "50"}, {"unit_price": "50"}])


@pytest.mark.parametrize("route", READS, ids=str)
def test_a_read_is_the_same_with_and_without_a_trailing_slash(
    route: Route, staff: Client, owner: Customer, order: dict[str, str]
) -> None:
    client = owner if route.takes == "customer" else staff
    path = route.path.format_map(order)
    without, with_it = client.get(path, allow_redirects=False), client.get(f"{path}/", allow_redirects=False)
    assert (without.status_code, without.content) == (200, with_it.content)


def test_a_write_is_the_same_with_a_trailing_slash(staff: Client, new_customer: Callable[[], Customer]) -> None:
    owner = new_customer()
    order = placed(staff, owner, items=[{"unit_price": "50"}, {"unit_price": "50"}])
    for route in WRITES:
        prepare(route, staff, order)
        client = owner if route.takes == "customer" else staff
        answer = client.request(route.method, f"{route.path.format_map(order)}/", json=route.body())
        assert answer.ok, (route, answer.text)
        assert not answer.history


@pytest.mark.parametrize("path", _PUBLIC)
def test_operations_take_a_trailing_slash(path: str, service: Service) -> None:
    assert requests.get(f"{service.base}{path}/", allow_redirects=False, timeout=30).status_code == 200


@pytest.mark.parametrize("route", READS, ids=str)
def test_head_has_the_headers_of_get_and_no_body(
    route: Route, service: Service, staff: Client, owner: Customer, order: dict[str, str]
) -> None:
    path, key = route.path.format_map(order), key_of(owner if route.takes == "customer" else staff)
    rest = f" {path} HTTP/1.1\r\nHost: shop\r\nAuthorization: Token {key}\r\nConnection: close\r\n\r\n"
    got, head = (exchange(service, (method + rest).encode(), method=method) for method in ("GET", "HEAD"))
    assert got is not None
    assert head is not None
    own = {"x-request-id", "date"}
    assert {name: value for name, value in head.headers.lower_items() if name not in own} == {
        name: value for name, value in got.headers.lower_items() if name not in own
    }
    assert (head.status_code, len(got.content)) == (200, int(head.headers["Content-Length"]))


@pytest.mark.parametrize("path", [*_PUBLIC, ORDERS, "/nowhere"])
def test_an_answer_to_head_leaves_the_connection_fit_for_the_next_request(
    path: str, service: Service, staff: Client
) -> None:
    for _ in range(3):
        assert staff.head(path).content == b""
        assert staff.get("/healthz").json() == {"status": "ok"}


def test_a_broken_view_file_is_told_by_readiness_and_loses_no_write(make_service: Callable[..., Service]) -> None:
    service = make_service(workers=1)
    staff = service.client(service.key("orders:read", "orders:write"))
    views = service.folder / "views.db"
    views.unlink()
    views.mkdir()
    order = placed(staff, notes="kept")
    unready = requests.get(f"{service.base}/readyz", timeout=30)
    assert (unready.status_code, unready.json()["ready"], unready.json()["views"]) == (503, False, None)
    assert int(unready.headers["Retry-After"]) >= 1
    assert unready.json()["log"] == f"orders:{events(service, order['uuid'])[-1].position}"
    refused = staff.get(ORDERS)
    assert_problem(refused, 503, "views-unavailable")
    assert int(refused.headers["Retry-After"]) >= 1
    views.rmdir()
    until(lambda: staff.get(ORDERS).status_code == 200, 15)
    assert staff.get(ORDERS).json()["results"] == [order]


def test_a_record_of_a_newer_version_is_told_by_readiness_since_nothing_behind_it_is_shown(
    make_service: Callable[..., Service],
) -> None:
    service = make_service(workers=1)
    staff = service.client(service.key("orders:read", "orders:write"))
    placed(staff)
    with closing(open_log(service.url)) as log, log.transaction() as t:
        last = list(log.raw_records())[-1]
        newer = last._replace(position=last.position + 1, version=1, topic=b"order.teleported.v9", idempotency_key=None)
        newer = newer._replace(originator_id=b"9c7e3a3e-7a0b-4a8e-9d0f-0a1b2c3d4e5f")
        t.take_over([newer._replace(digest=digest_of(*newer[1:-1]))])

    def told() -> dict[str, Any]:
        return requests.get(f"{service.base}/readyz", timeout=30).json()

    until(lambda: not told()["ready"], 15)
    assert [problem.partition(":")[0] for problem in told()["problems"]] == ["views"]
    assert staff.get(ORDERS).json()["count"] == 1  # the views hold their old rows
