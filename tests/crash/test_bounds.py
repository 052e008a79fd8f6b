"""The bounds of time for a request to come and for an answer to be taken, the number of connections, the end of a
body.
"""

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from api.connection import ANSWER_SECONDS_MAX, REQUEST_SECONDS_MAX
from api.places import CONNECTIONS_MAX
from tests.conftest import Service
from tests.crash.processes import memory_bytes, workers
from tests.crash.wire import HEALTH, Wire, chunk, head

# Seconds that a busy machine may take longer.
SLACK_SECONDS = 8
IDLE_SECONDS_MAX = 15
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of one worker, so that every request meets the same worker."""
    running = Service(tmp_path_factory.mktemp("bounds"), workers=1, LEDGER_CONNECTIONS_PER_ADDRESS="1000").start()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def key(service: Service) -> str:
    return service.key("orders:read", "orders:write")


def seconds_until_closed(wire: Wire) -> float:
    """How long the service keeps a connection on which the client sends nothing more. The service sends no answer."""
    began = time.monotonic()
    with pytest.raises(ConnectionError):
        wire.answer()
    return time.monotonic() - began


def seconds_of_sending(wire: Wire, piece: bytes) -> float:
    """How long the service lets a client send such pieces without an end."""
    wire.socket.settimeout(0.1)
    began = time.monotonic()
    with contextlib.suppress(ConnectionError):
        while time.monotonic() < began + 60:
            with contextlib.suppress(TimeoutError):  # the service takes no more bytes now
                wire.send(piece)
            time.sleep(0.1)
    return time.monotonic() - began


def test_a_request_that_is_not_whole_after_ten_seconds_is_ended(service: Service, key: str) -> None:
    """The ten seconds hold for every part of a request, also while more bytes come."""
    create = head(key, "Content-Length: 1000")
    halves = (b"", HEALTH[:9], create[:-2], create + b"{", head(key, "Transfer-Encoding: chunked") + chunk(b"{"))
    with ExitStack() as stack:
        wires = [stack.enter_context(Wire(service)).send(half) for half in halves]
        again = stack.enter_context(Wire(service)).send(HEALTH)  # on a connection that was used before
        assert again.answer().status == 200
        again.send(HEALTH[:9])
        dripping = stack.enter_context(Wire(service)).send(create)
        assert REQUEST_SECONDS_MAX - 1 < seconds_of_sending(dripping, b" ") < REQUEST_SECONDS_MAX + SLACK_SECONDS
        for wire in (*wires, again):
            assert seconds_until_closed(wire) < SLACK_SECONDS


def test_a_connection_without_a_request_for_fifteen_seconds_is_ended_and_one_that_asks_stays(service: Service) -> None:
    with Wire(service) as idle, Wire(service) as asking:
        for wire in (idle, asking):
            assert wire.send(HEALTH).answer().status == 200
        began = time.monotonic()
        time.sleep(IDLE_SECONDS_MAX / 2)
        assert asking.send(HEALTH).answer().status == 200
        assert idle.socket.recv(1) == b""
        assert IDLE_SECONDS_MAX - 1 < time.monotonic() - began < IDLE_SECONDS_MAX + SLACK_SECONDS
        assert asking.send(HEALTH).answer().status == 200


def test_an_answer_that_is_not_taken_after_fifteen_seconds_is_ended(service: Service, key: str) -> None:
    """The client sends request after request and reads nothing; the worker's memory does not grow by the answers."""
    client = service.client(key)
    for _ in range(50):
        assert client.post("/api/v1/orders", json={"notes": "x" * 9_000, "items": []}).status_code == 201
    (worker,) = workers(service)
    before = memory_bytes(worker)
    asked = [head(key, method=method, path="/api/v1/orders?limit=100") for method in ("GET", "HEAD")]
    with Wire(service, receive_bytes_max=4096) as deaf:
        seconds = seconds_of_sending(deaf, b"".join(asked * 100))
        assert ANSWER_SECONDS_MAX - 1 < seconds < ANSWER_SECONDS_MAX + SLACK_SECONDS
    assert memory_bytes(worker) - before < 32 * MEBIBYTE
    assert client.get("/healthz").status_code == 200


def test_a_worker_does_not_grow_by_heads_of_very_many_fields(service: Service) -> None:
    (worker,) = workers(service)
    before = memory_bytes(worker)
    for number in range(300):
        fields = b"".join(b"%x:%x\r\n" % (number + 0x100 * at, 0x1000 + at) for at in range(1, 600))
        with Wire(service) as wire:
            assert wire.send(b"GET /healthz HTTP/1.1\r\nHost: shop.test\r\n", fields, b"\r\n").answer().status == 431
    assert memory_bytes(worker) - before < 8 * MEBIBYTE


def test_the_513th_connection_takes_the_place_of_the_one_longest_idle_and_harms_no_other(service: Service) -> None:
    with ExitStack() as stack:
        others = [stack.enter_context(Wire(service)).send(HEALTH) for _ in range(CONNECTIONS_MAX)]
        assert {wire.answer().status for wire in others} == {200}
        assert others[0].send(HEALTH).answer().status == 200
        one_more = stack.enter_context(Wire(service)).send(HEALTH)
        assert one_more.answer().status == 200
        deadline, ended = time.monotonic() + 5, []
        while not ended and time.monotonic() < deadline:  # a worker may free the place a moment after its answer
            ended = [wire for wire in others if wire.has_something_to_read()]
        assert len(ended) == 1
        assert ended[0] is not others[0]
        for wire in others[:20]:
            assert wire in ended or wire.send(HEALTH).answer().status == 200


def test_a_client_that_takes_two_kilobytes_in_five_seconds_is_cut_off(service: Service, key: str) -> None:
    client = service.client(key)
    for _ in range(60):
        assert client.post("/api/v1/orders", json={"notes": "x" * 9_000, "items": []}).status_code == 201
    with Wire(service, receive_bytes_max=2048) as slow:
        slow.send(head(key, method="GET", path="/api/v1/orders?limit=100"))
        began = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < began + 2 * ANSWER_SECONDS_MAX + SLACK_SECONDS and slow.socket.recv(1024):
                time.sleep(2.5)
        assert ANSWER_SECONDS_MAX - 1 < time.monotonic() - began < ANSWER_SECONDS_MAX + SLACK_SECONDS


@pytest.mark.parametrize("ending", ["an end", "a reset"])
@pytest.mark.parametrize("sent", [b"", b'{"items":[]}', b'{"notes":"half"}'])
def test_a_body_shorter_than_its_length_is_never_taken_for_whole(
    sent: bytes, ending: str, service: Service, key: str
) -> None:
    client = service.client(key)
    before = client.get("/api/v1/orders?limit=1").json()["count"]
    with Wire(service) as wire:
        wire.send(head(key, f"Content-Length: {len(sent) + 2}"), sent)
        if ending == "an end":
            wire.finish_sending()
            answer = wire.answer()
            assert (answer.status, answer.code) == (400, "body-unreadable")
        else:
            wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    assert client.get("/api/v1/orders?limit=1").json()["count"] == before


def test_a_client_that_has_ended_its_side_of_the_connection_gets_its_answers(service: Service, key: str) -> None:
    with Wire(service) as wire:
        wire.send(HEALTH, head(key, "Content-Length: 12"), b'{"items":[]}', HEALTH)
        wire.finish_sending()
        answers = [wire.answer() for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 201, 200]
        assert json.loads(answers[1].body)["version"] == 1
        assert seconds_until_closed(wire) < SLACK_SECONDS


def test_a_length_of_thousands_of_digits_is_answered(service: Service, key: str) -> None:
    with Wire(service) as wire:
        answer = wire.send(head(key, "Content-Length: " + "9" * 8_000)).answer()
    assert (answer.status, answer.code) == (413, "body-too-large")


def test_a_client_that_wants_a_web_socket_is_answered_as_any_other(service: Service) -> None:
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n"
    with Wire(service) as wire:
        assert wire.send(HEALTH[:-2], upgrade.encode(), HEALTH).answer().status == 200
        assert wire.answer().status == 200
