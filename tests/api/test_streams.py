"""The log live: server-sent events for auditors, and for customers of their own orders."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import pytest
import requests

from tests.api.conftest import (
    ORDERS,
    STOREFRONT,
    Customer,
    assert_problem,
    moved,
    paid,
    placed,
)
from tests.conftest import Client, Service
from tests.crash.wire import Wire

AUDIT = "/api/v1/audit/events/stream"
OWN = "/api/v1/i/orders/stream"


class Frame(NamedTuple):
    id: str
    event: str
    data: Any


class Stream:
    """A stream that a client reads."""

    def __init__(self, answer: requests.Response) -> None:
        self.answer = answer
        self._lines = answer.iter_lines(chunk_size=1)

    def __iter__(self) -> Iterator[Frame]:
        fields: dict[str, str] = {}
        for line in self._lines:
            name, _, value = line.decode().partition(": ")
            if not line and "data" in fields:
                yield Frame(fields["id"], fields.get("event", "message"), json.loads(fields["data"]))
            fields = {**fields, name: value} if line and name else {}

    def take(self, count: int) -> list[Frame]:
        frames = iter(self)
        return [next(frames) for _ in range(count)]


@contextmanager
def stream(client: Client, address: str, **headers: str) -> Iterator[Stream]:
    with client.get(address, headers=headers, stream=True, timeout=10) as answer:
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "text/event-stream"
        yield Stream(answer)


@pytest.fixture
def auditor(service: Service) -> Client:
    return service.client(service.key("audit:read"))


def head(service: Service) -> str:
    reader = service.client(service.key("orders:read"))
    return str(reader.get(f"{ORDERS}?limit=1").headers["Ledger-Position"])


def test_an_auditor_is_told_of_every_event_as_the_feed_shows_it(
    staff: Client, auditor: Client, service: Service
) -> None:
    before = head(service)
    with stream(auditor, AUDIT) as live:
        order = paid(staff, placed(staff))
        told = live.take(3)
    fed = auditor.get(f"/api/v1/audit/events?after={before}").json()["events"]
    assert [frame.data for frame in told] == fed
    assert [frame.id for frame in told] == [f"orders:{event['position']}" for event in fed]
    assert {event["order_id"] for event in fed} == {order["id"]}


@pytest.mark.parametrize("by", ["after", "Last-Event-ID", "both"])
def test_a_stream_goes_on_from_any_position_each_event_once_in_order(
    staff: Client, auditor: Client, service: Service, by: str
) -> None:
    for _ in range(3):
        placed(staff)
    first = int(head(service).partition(":")[2]) - 5
    address = f"{AUDIT}?after=orders:{0 if by == 'both' else first}" if by != "Last-Event-ID" else AUDIT
    headers = {} if by == "after" else {"Last-Event-ID": f"orders:{first}"}
    with stream(auditor, address, **headers) as live:
        told = live.take(5)
        placed(staff)
        told += live.take(2)
    assert [frame.id for frame in told] == [f"orders:{first + n}" for n in range(1, 8)]


def test_the_whole_log_is_told_from_its_beginning(staff: Client, auditor: Client, service: Service) -> None:
    for _ in range(300):
        placed(staff)
    last = int(head(service).partition(":")[2])
    with stream(auditor, f"{AUDIT}?after=orders:0") as live:
        told = live.take(last)
    assert [frame.data["position"] for frame in told] == list(range(1, last + 1))


def test_a_customer_is_told_of_their_own_orders_alone_as_the_storefront_shows_them(
    staff: Client, new_customer: Callable[[], Customer]
) -> None:
    me, other = new_customer(), new_customer()
    with stream(me, OWN) as live:
        placed(staff, other)
        placed(staff)
        order = placed(staff, me)
        shown = [me.get(f"{STOREFRONT}{order['uuid']}").json()]
        paid(staff, order)
        shown.append(me.get(f"{STOREFRONT}{order['uuid']}").json())
        paid(staff, placed(staff, other))
        moved(staff, order, "processing")
        shown.append(me.get(f"{STOREFRONT}{order['uuid']}").json())
        told = live.take(3)
    assert [frame.data for frame in told] == shown
    assert {frame.event for frame in told} == {"message"}
    with stream(me, OWN, **{"Last-Event-ID": told[0].id}) as again:
        assert again.take(2) == told[1:]
    with stream(me, f"{OWN}?after=orders:0") as again:
        assert again.take(3) == told


def test_a_customer_is_told_that_an_order_was_deleted_and_none_of_its_fields(
    staff: Client, new_customer: Callable[[], Customer]
) -> None:
    me = new_customer()
    order = placed(staff, me)
    with stream(me, OWN) as live:
        assert me.delete(f"{STOREFRONT}{order['uuid']}").status_code == 204
        (told,) = live.take(1)
    assert (told.event, told.data) == ("deleted", {"id": order["uuid"]})
    with stream(me, f"{OWN}?after=orders:0") as again:
        assert again.take(1) == [told]


def test_a_long_history_is_told_step_by_step(staff: Client, new_customer: Callable[[], Customer]) -> None:
    me = new_customer()
    with stream(me, OWN) as live:
        order = placed(staff, me)
        for quantity in range(2, 40):
            assert staff.patch(f"{ORDERS}/{order['id']}/items/1", json={"quantity": quantity}).status_code == 200
        told = live.take(39)
    assert [frame.data["items_count"] for frame in told] == list(range(1, 40))


def test_a_stream_is_refused_to_wrong_keys_and_for_wrong_parameters(
    staff: Client, auditor: Client, new_customer: Callable[[], Customer], service: Service
) -> None:
    me = new_customer()
    assert_problem(staff.get(AUDIT), 403, "not-allowed")
    assert_problem(me.get(AUDIT), 403, "not-allowed")
    assert_problem(auditor.get(OWN), 403, "not-allowed")
    assert_problem(requests.get(service.base + OWN, timeout=5), 401, "not-authenticated")
    for client, address in ((auditor, AUDIT), (me, OWN)):
        assert_problem(client.get(f"{address}?since=1"), 400, "invalid-parameter", field="since")
        assert_problem(client.get(f"{address}?after=7"), 400, "invalid-parameter", field="after")
        assert_problem(client.get(f"{address}?after=orders:99999999"), 400, "invalid-parameter", field="after")
        wrong = client.get(address, headers={"Last-Event-ID": "7"})
        assert_problem(wrong, 400, "invalid-parameter", field="Last-Event-ID")
        headers = client.head(address).headers
        assert headers["Content-Type"] == "text/event-stream"
        assert headers["Ledger-Position"] == head(service)


def test_a_revoked_key_ends_its_stream(service: Service, staff: Client) -> None:
    client = service.client(service.key("audit:read"))
    prefix = str(client.headers["Authorization"]).removeprefix("Bearer ")[:8]
    with stream(client, AUDIT) as live:
        assert service.run("token", "revoke", prefix).returncode == 0
        told = list(live)  # to the stream's end: a stream that went on would send no more lines and time out
    assert {frame.data["order"] for frame in told} <= {None}  # keys' events at most


@pytest.mark.parametrize("change", [{"scopes": ["orders:read"]}, {"origins": ["https://elsewhere.test"]}])
def test_a_key_whose_rights_are_changed_ends_its_stream(change: dict[str, Any], service: Service) -> None:
    name = f"changed-{next(iter(change))}"
    admin = service.client(service.key("keys:write", "audit:read", "orders:read"))
    made = admin.post("/api/v1/keys", json={"name": name, "scopes": ["audit:read"]}).json()
    with stream(service.client(made["key"]), AUDIT) as live:
        assert admin.patch(f"/api/v1/keys/{name}", json=change).ok
        told = list(live)  # to the stream's end, too
    assert {frame.data["order"] for frame in told} <= {None}


def test_a_stop_ends_streams_within_five_seconds(make_service: Callable[..., Service]) -> None:
    service = make_service()
    auditor = service.client(service.key("audit:read"))
    with stream(auditor, AUDIT) as live:
        begun = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() < begun + 5
        assert list(live) == []


def test_a_quiet_stream_has_a_heartbeat(auditor: Client) -> None:
    with auditor.get(AUDIT, stream=True, timeout=20) as answer:
        lines = answer.iter_lines(chunk_size=1)
        assert next(line for line in lines if line.startswith(b": beat"))


def test_a_stream_of_which_the_client_takes_nothing_is_ended(staff: Client, auditor: Client, service: Service) -> None:
    """The worker keeps nothing for such a follower, which goes on later from its position."""
    for _ in range(4):
        placed(staff, items=[{"unit_price": "1"}] * 200)
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        key = auditor.headers["Authorization"]
        slow.sendall(f"GET {AUDIT}?after=orders:0 HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\n\r\n".encode())
        time.sleep(18)
        slow.settimeout(5)
        with pytest.raises(ConnectionResetError):
            all(iter(lambda: slow.recv(65536), b""))


def test_streams_take_no_places_of_requests(auditor: Client, staff: Client, service: Service) -> None:
    """An address may have 128 connections to a worker. Streams, even more of them, leave all of these free."""
    with ExitStack() as opened:
        lives = [opened.enter_context(stream(auditor, AUDIT)) for _ in range(300)]
        order = placed(staff)
        assert {live.take(1)[0].data["order"] for live in lives} == {order["uuid"]}


def test_a_client_that_leaves_before_its_stream_begins_takes_no_place_of_others(
    make_service: Callable[..., Service],
) -> None:
    service = make_service(workers=1, LEDGER_CONNECTIONS_PER_ADDRESS="512")
    staff, key = service.client(service.key("orders:write")), service.key(customer=1)
    for _ in range(3):
        position = int(head(service).partition(":")[2]) + 1
        asking = head_of_stream(key, f"orders:{position}")
        wires = [Wire(service).send(asking) for _ in range(300)]
        time.sleep(0.5)  # by now all of them wait for the position
        for wire in wires:
            wire.reset()
        time.sleep(0.2)
        placed(staff)
    with stream(service.client(key), OWN), stream(service.client(key), OWN):
        assert "Traceback" not in service.log()


def head_of_stream(key: str, position: str) -> bytes:
    lines = [f"GET {OWN}?min_position={position} HTTP/1.1", "Host: shop.test", f"Authorization: Token {key}", "", ""]
    return "\r\n".join(lines).encode()
