"""One running service, its customers, its answers and its events: shared by the tests of the HTTP contract."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPException, HTTPResponse
from io import BytesIO
from itertools import count
from typing import Any, NamedTuple

import pytest
import requests

from domain.importing import import_lines
from domain.ledger import OrderLedger
from domain.log.opening import open_log
from domain.log.records import RawRecord
from tests.api import archive
from tests.conftest import Client, Service

SHOP = "/api/shop/customers/me/orders"
STOREFRONT = "/api/v1/i/orders/"
ORDERS = "/api/v1/orders"
NOBODY = "00000000-0000-4000-8000-000000000000"

_ANSWER_SECONDS_MAX = 10
_PROBLEM_MEMBERS = {"type", "title", "status", "detail", "code"}


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all the API's tests. Each test has customers of its own, so no test sees another's orders."""
    running = Service(tmp_path_factory.mktemp("api")).start()
    yield running
    running.kill()


@pytest.fixture(scope="package")
def staff(service: Service) -> Client:
    return service.client(service.key("orders:read", "orders:write", "finance:read", "finance:write"))


def key_of(client: Client) -> str:
    return str(client.headers["Authorization"]).removeprefix("Bearer ")


class Customer(Client):
    """A client with the key of one customer."""

    def __init__(self, service: Service, customer_id: int) -> None:
        super().__init__(service.base, service.key(customer=customer_id))
        self.id = customer_id


@pytest.fixture(scope="package")
def new_customer(service: Service) -> Callable[[], Customer]:
    """A function that makes customers without orders."""
    ids = count(1_000)
    return lambda: Customer(service, next(ids))


def placed(staff: Client, owner: Customer | None = None, **fields: Any) -> dict[str, Any]:
    """The document of a new order of the customer, or of a guest.

    The order is worth 100.00 unless `fields` change its items.
    """
    body = {"customer": owner and {"id": owner.id}, "items": [{"unit_price": "100.00"}], **fields}
    answer = staff.post(ORDERS, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def moved(staff: Client, order: dict[str, Any], *statuses: str) -> dict[str, Any]:
    """The document of an order after it went through the statuses."""
    for status in statuses:
        answer = staff.post(f"{ORDERS}/{order['id']}/status", json={"status": status})
        assert answer.status_code == 200, answer.text
        order = answer.json()
    return order


_references = count(1)


def payment(amount: str, **fields: Any) -> dict[str, Any]:
    """The body of a payment, with a reference that no other payment has."""
    return {"amount": amount, "reference": f"pi_{next(_references)}", "provider": "stripe", "method": "card", **fields}


def refund(amount: str, **fields: Any) -> dict[str, Any]:
    return {"amount": amount, "reference": f"re_{next(_references)}", "provider": "stripe", **fields}


def paid(staff: Client, order: dict[str, Any], amount: str = "100.00", **fields: Any) -> dict[str, Any]:
    """The document of an order after one more payment."""
    answer = staff.post(f"{ORDERS}/{order['id']}/payments", json=payment(amount, **fields))
    assert answer.status_code == 201, answer.text
    return answer.json()


class Recorded(NamedTuple):
    """One event as the log has it."""

    topic: str
    payload: dict[str, Any]
    version: int
    position: int
    actor: str
    request_id: str
    idempotency_key: str | None


def events(service: Service, uuid: str) -> list[Recorded]:
    """The events of an order, as recorded."""
    with closing(open_log(service.url)) as log:
        return [_recorded(raw) for raw in log.raw_records_of(uuid)]


def _recorded(raw: RawRecord) -> Recorded:
    who = [None if text is None else text.decode() for text in (raw.actor, raw.request_id, raw.idempotency_key)]
    told = (raw.topic.decode(), json.loads(raw.payload), raw.version, raw.position, *who)
    return Recorded._make(told)


def topics(service: Service, uuid: str) -> list[str]:
    """The short topics of an order's events: 'item_added' for `order.item_added.v1`."""
    return [event.topic.split(".")[1] for event in events(service, uuid)]


def last(service: Service, order: dict[str, Any]) -> Recorded:
    return events(service, order["uuid"])[-1]


@contextmanager
def nothing_recorded(service: Service) -> Iterator[None]:
    """Asserts that the log has the same events and claims at the end as at the beginning."""
    with closing(open_log(service.url)) as log:
        before = log.census()
        yield
        assert log.census() == before


class Answer:
    """An answer read off the socket. Its attributes have the names of `requests`."""

    def __init__(self, read: HTTPResponse) -> None:
        self.status_code = read.status
        self.headers = requests.structures.CaseInsensitiveDict(read.getheaders())
        self.content = read.read()
        self.text = self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content)


def exchange(service: Service, *parts: bytes, method: str = "GET", ends: bool = False) -> Answer | None:
    """Sends the bytes as they are. Returns the answer, or None where the service sends none.

    `method` tells how to read the answer: an answer to HEAD has no body. `ends`: the client sends nothing more.
    """
    with socket.create_connection(("127.0.0.1", service.port), timeout=_ANSWER_SECONDS_MAX) as connection:
        try:
            for part in parts:
                connection.sendall(part)
            if ends:
                connection.shutdown(socket.SHUT_WR)
        except ConnectionError:
            pass  # the service has answered already and takes no more bytes
        response = HTTPResponse(connection, method=method)
        try:
            response.begin()
            return Answer(response)
        except (HTTPException, OSError):
            return None


def assert_problem(
    answer: requests.Response | Answer | None, status: int, code: str, *, field: str | None = None
) -> dict[str, Any]:
    """Asserts that an answer is the problem named, in the one shape of every error. Returns the problem."""
    assert answer is not None
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert set(body) >= _PROBLEM_MEMBERS
    assert body["status"] == status
    assert body["code"] == code
    assert all(isinstance(body[name], str) and body[name] for name in ("type", "title", "detail"))
    if field is not None:
        assert [error["field"] for error in body["errors"]] == [field]
        assert all(error["message"] for error in body["errors"])
        assert field in body["detail"]
    return body


def bring(service: Service, *lines: dict[str, Any]) -> None:
    """Imports orders with their history and waits for the views. Only an import can record orders of the past."""
    ledger = OrderLedger(open_log(service.url))
    done = import_lines(ledger, BytesIO("\n".join(map(json.dumps, lines)).encode()), on_rejected=print)
    assert done.imported == len(lines)
    reader = service.client(service.key("orders:read"))
    assert reader.get(f"{ORDERS}?limit=1&min_position=orders:{ledger.head()}").status_code == 200
    ledger.log_of_events.close()


@pytest.fixture(scope="package")
def collector(service: Service) -> Customer:
    """The customer of the orders in `archive`."""
    bring(service, *archive.LINES)
    return Customer(service, archive.CUSTOMER_ID)
