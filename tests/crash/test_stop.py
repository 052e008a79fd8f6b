"""A stop finishes the requests in flight and leaves nothing behind, whatever connections are open."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from domain.ledger import OrderLedger
from domain.log.recorder import SQLiteRecorder
from domain.log.sqlite import begin
from tests.conftest import Service
from tests.crash.processes import all_workers, is_running, until_taken
from tests.crash.wire import HEALTH, Wire, head
from tests.waiting import until

# The contract's five seconds, and some for processes to come and go on a busy machine; less than the service waits for
# clients.
STOP_SECONDS_MAX = 5 + 3


@pytest.fixture
def running(make_service: Callable[..., Service]) -> Iterator[Service]:
    """A service that must leave no process behind when it has stopped."""
    service = make_service()
    yield service
    assert service.process
    until(lambda: service.process.poll() is not None and not is_running(service), 10)


@pytest.fixture
def key(running: Service) -> str:
    return running.key("orders:read", "orders:write")


def wait_for_exit(service: Service) -> int:
    """The exit status of a service that is stopping. Raises TimeoutExpired where it takes too long."""
    assert service.process
    return service.process.wait(timeout=STOP_SECONDS_MAX)


def terminate(service: Service) -> None:
    assert service.process
    service.process.terminate()


def interrupt(service: Service) -> None:
    """Sends SIGINT to the service's process group, as a terminal does at Ctrl-C."""
    assert service.process
    os.killpg(service.process.pid, signal.SIGINT)


@pytest.mark.parametrize("stop", [terminate, interrupt])
def test_requests_in_flight_at_a_stop_are_finished_and_answered(
    stop: Callable[[Service], None], running: Service, key: str
) -> None:
    ledger = OrderLedger(SQLiteRecorder(running.folder / "ledger.db"))
    begin(ledger.log_of_events.writer)  # from now on no write can be finished
    with ExitStack() as stack:
        late, reader, *writers = [stack.enter_context(Wire(running)) for _ in range(6)]
        late.send(head(key, "Content-Length: 12"))
        reader.send(head(key, method="GET", path="/api/v1/orders?min_position=orders:9"))
        for writer in writers:
            writer.send(head(key, "Content-Length: 12"), b'{"items":[]}')
        until_taken(running)
        stop(running)
        time.sleep(0.3)
        late.send(b'{"items":[]}')  # only the head of this request had come when the stop began
        assert ledger.head() == 0
        ledger.log_of_events.writer.execute("ROLLBACK")
        assert [writer.answer().status for writer in writers] == [201] * 4
        assert reader.answer().code == "position-not-reached"
        assert late.answer().status == 201
        assert wait_for_exit(running) == 0
    assert ledger.head() == 5
    assert "Traceback" not in running.log()


def test_an_answer_that_was_waited_for_when_the_stop_came_says_that_it_is_the_last(running: Service, key: str) -> None:
    with Wire(running) as wire:
        wire.send(head(key, method="GET", path="/api/v1/orders?min_position=orders:9"))
        until_taken(running)
        time.sleep(0.2)
        terminate(running)
        assert wire.answer().headers["connection"] == "close"
        assert wait_for_exit(running) == 0


def test_clients_in_the_middle_of_a_conversation_hear_of_the_stop_by_an_answer(running: Service, key: str) -> None:
    """Each client writes without a pause on one connection, until an answer has `Connection: close`."""
    acknowledged: list[int] = []
    conversing: set[int] = set()

    def converse(nth: int) -> None:
        client, goes_on = running.client(key), True
        while goes_on:
            answer = client.post("/api/v1/orders", json={"items": []})
            assert answer.status_code == 201
            acknowledged.append(answer.json()["id"])
            conversing.add(nth)
            goes_on = answer.headers.get("Connection") != "close"

    with ThreadPoolExecutor(6) as pool:
        conversations = pool.map(converse, range(6))
        while len(acknowledged) < 60 or len(conversing) < 6:
            time.sleep(0.01)
        terminate(running)
        list(conversations)
        assert wait_for_exit(running) == 0
    assert sorted(acknowledged) == list(range(1, OrderLedger(SQLiteRecorder(running.folder / "ledger.db")).head() + 1))


def test_idle_and_half_open_connections_do_not_hold_a_stop_up(running: Service, key: str) -> None:
    sent = (
        (b"", None),
        (HEALTH, 200),
        (HEALTH[:20], None),
        (head(key, "Content-Length: 100") + b"{", None),
        (head(key, "Transfer-Encoding: chunked") + b"3\r\n{", None),
        (head(key, "Content-Length: 100", "Expect: 100-continue"), 100),
    )
    with ExitStack() as stack:
        for request, heard in sent * 5:
            wire = stack.enter_context(Wire(running)).send(request)
            assert heard is None or wire.answer().status == heard
        until_taken(running)
        terminate(running)
        assert wait_for_exit(running) == 0


def test_a_stop_with_a_hundred_idle_connections_takes_at_most_five_seconds(running: Service) -> None:
    with ExitStack() as stack:
        wires = [stack.enter_context(Wire(running)).send(HEALTH) for _ in range(100)]
        assert {wire.answer().status for wire in wires} == {200}
        began = time.monotonic()
        terminate(running)
        assert wait_for_exit(running) == 0
        assert time.monotonic() - began < 5


def test_clients_that_do_not_read_their_answer_do_not_hold_a_stop_up(running: Service, key: str) -> None:
    client = running.client(key)
    for _ in range(50):
        client.post("/api/v1/orders", json={"items": [{"product": {"name": "x" * 10_000}}] * 20})
    with ExitStack() as stack:
        for _ in range(running.workers * running.threads):
            wire = stack.enter_context(Wire(running, receive_bytes_max=4096))
            wire.send(head(key, method="GET", path="/api/v1/orders?limit=100"))
        until_taken(running)
        terminate(running)
        assert wait_for_exit(running) == 0


def test_workers_whose_master_was_killed_leave_by_themselves(running: Service) -> None:
    assert all_workers(running)
    assert running.process
    running.process.kill()
    running.process.wait()
