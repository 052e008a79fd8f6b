"""Slow, huge or malformed clients get their answer or nothing, and no other client notices."""

import asyncio
import gc
import json
import socket
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from api.bodies import BODY_BYTES_MAX, BrokenOff, Message, receive_body
from domain.log.sqlite import sqlite3, transaction
from tests.conftest import Client, Service
from tests.crash.processes import all_workers, memory_bytes, processor_seconds, until_taken, workers
from tests.crash.wire import HEALTH, Answer, Wire, chunk, head

SLOW = 30
MEBIBYTE = 1024 * 1024
HUGE_BYTES = 200 * MEBIBYTE
MEMORY_GROWTH_BYTES_MAX = 24 * MEBIBYTE
CHUNKED = "Transfer-Encoding: chunked"
LAST_CHUNK = b"0\r\n\r\n"


@pytest.fixture
def key(staff: Client) -> str:
    return str(staff.headers["Authorization"]).split()[1]


@pytest.fixture(autouse=True)
def _no_worker_dies(service: Service) -> Iterator[None]:
    """Asserts that the same worker processes serve before and after each test."""
    before = all_workers(service)
    yield
    assert workers(service) == before, service.log()


def assert_served(staff: Client) -> None:
    """Asserts that other clients can write and read. A new connection each time gives every worker its turn."""
    # The limit measures no speed: it ends the test where the service answers nobody any more.
    options: dict[str, Any] = {"headers": {"Connection": "close"}, "timeout": 10}
    for nth in range(6):
        created = staff.post("/api/v1/orders", json={"notes": str(nth), "items": []}, **options)
        assert created.status_code == 201
        assert staff.get(f"/api/v1/orders/{created.json()['id']}", **options).status_code == 200


# --- slow ---


def halves(key: str) -> dict[str, tuple[bytes, int | None]]:
    """The bytes that a client sends before it falls silent, and the answer's status, or None where none is due."""
    chunked = head(key, CHUNKED)
    return {
        "nothing": (b"", None),
        "half a request line": (HEALTH[:9], None),
        "half a head": (head(key)[:-2], None),
        "half a body": (head(key, "Content-Length: 1000") + b"{", None),
        "a head that expects 100": (head(key, "Content-Length: 1000", "Expect: 100-continue"), 100),
        "a request and half a head": (HEALTH + HEALTH[:9], 200),
        "half a chunk": (chunked + b"3e8\r\n{", None),
        "half a chunk that ends like the last": (chunked + b"3e8\r\n" + LAST_CHUNK, None),
    }


@pytest.mark.parametrize("half", halves(""))
def test_others_are_served_while_thirty_clients_are_waited_for_that_sent(
    half: str, service: Service, staff: Client, key: str
) -> None:
    sent, heard = halves(key)[half]
    with ExitStack() as stack:
        slow = [stack.enter_context(Wire(service)) for _ in range(SLOW)]
        for wire in slow:
            wire.send(sent)
        until_taken(service)
        for wire in slow:
            assert heard is None or wire.answer().status == heard
        assert_served(staff)
        assert not any(wire.has_something_to_read() for wire in slow), "they are still waited for"


@pytest.fixture(scope="module")
def other_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, str]]:
    """A service and a key for clients that may take its threads for good, apart from the other tests' service."""
    running = Service(tmp_path_factory.mktemp("other")).start()
    yield running, running.key("orders:read", "orders:write")
    running.kill()


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (["Content-Length: 99999999999999999999"], b"{"),
        ([f"Content-Length: {HUGE_BYTES}"], b"{"),
        ([CHUNKED], chunk(b" " * BODY_BYTES_MAX) + b"3e8\r\n"),
        ([CHUNKED], chunk(b" ") * 30_000),
    ],
    ids=["a length of twenty digits", "a huge length", "a chunk too many", "a chunk for each byte"],
)
def test_others_are_served_while_thirty_clients_do_not_finish_a_body_that_is_too_large(
    headers: list[str], body: bytes, other_service: tuple[Service, str]
) -> None:
    service, key = other_service
    with ExitStack() as stack:
        for _ in range(SLOW):
            stack.enter_context(Wire(service)).send(head(key, *headers), body)
        assert_served(service.client(key))


LARGE = "/api/v1/orders?customer=7&limit=100"


@pytest.fixture(scope="module")
def large(other_service: tuple[Service, str]) -> bytes:
    """The answer to `LARGE`: some megabytes, more than a connection's buffers hold."""
    service, key = other_service
    orders = ({"customer": {"id": 7}, "items": [{"product": {"name": "ی" * 10_000}}] * 4} for _ in range(100))
    lines = b"".join(json.dumps(order).encode() + b"\n" for order in orders)
    assert service.run("import", "-", stdin=lines).returncode == 0
    answer = service.client(key).get(LARGE)
    assert len(answer.content) > 8 * MEBIBYTE - MEBIBYTE
    return answer.content


def test_a_large_answer_comes_whole_to_a_client_that_takes_little_at_a_time(
    large: bytes, other_service: tuple[Service, str]
) -> None:
    service, key = other_service
    with Wire(service, receive_bytes_max=16_384) as wire:
        answer = wire.send(head(key, method="GET", path=LARGE), HEALTH).answer()
        assert answer.body == large
        assert wire.answer().status == 200


@pytest.mark.usefixtures("large")
def test_others_are_served_while_thirty_clients_read_nothing_of_a_large_answer(
    other_service: tuple[Service, str],
) -> None:
    service, key = other_service
    with ExitStack() as stack:
        for _ in range(SLOW):
            deaf = stack.enter_context(Wire(service, receive_bytes_max=4096))
            deaf.send(head(key, method="GET", path=LARGE))
        until_taken(service)
        assert_served(service.client(key))


@pytest.mark.parametrize("half", halves(""))
def test_thirty_clients_that_reset_their_connections_disturb_nobody_when_they_have_sent(
    half: str, service: Service, staff: Client, key: str
) -> None:
    for _ in range(SLOW):
        Wire(service).send(halves(key)[half][0]).reset()
    assert_served(staff)


def test_a_request_that_comes_byte_by_byte_is_answered(service: Service, key: str) -> None:
    with Wire(service) as wire:
        wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in head(key, "Content-Length: 27") + b'{"notes":"slow","items":[]}':
            wire.send(bytes([byte]))
        assert wire.answer().status == 201


# --- one behind the other ---


def test_pipelined_requests_are_answered_one_by_one_in_their_order(service: Service, staff: Client, key: str) -> None:
    ids = [staff.post("/api/v1/orders", json={"items": []}).json()["id"] for _ in range(20)]
    with Wire(service) as wire:
        wire.send(*(head(key, method="GET", path=f"/api/v1/orders/{order_id}") for order_id in ids))
        assert [json.loads(wire.answer().body)["id"] for _ in ids] == ids


def test_a_client_that_leaves_with_requests_waiting_leaves_no_fault_in_the_log(service: Service) -> None:
    before = len(service.log())
    for _ in range(SLOW):
        Wire(service).send(HEALTH * 40).reset()
    time.sleep(0.5)
    assert "Traceback" not in service.log()[before:]


def test_a_client_that_leaves_at_once_behind_a_proxy_leaves_no_fault_in_the_log(tmp_path: Path) -> None:
    """The kernel knows no address of a client that has left, and the service knows a proxy by its address."""
    service = Service(tmp_path, workers=1, LEDGER_TRUSTED_PROXIES="127.0.0.1").start()
    try:
        asked = head(service.key("orders:read"), method="GET")
        for _ in range(500):
            Wire(service).send(asked).reset()
        with Wire(service) as wire:
            assert wire.send(asked).answer().status == 200
        assert '"status":200' in service.log()
        assert "Traceback" not in service.log()
    finally:
        service.kill()


def test_requests_behind_a_command_under_way_wait_for_it_and_keep_no_worker_busy(service: Service, key: str) -> None:
    create = head(key, "Content-Length: 12") + b'{"items":[]}'
    other = sqlite3.connect(service.folder / "ledger.db", isolation_level=None)
    with Wire(service) as goes_on, Wire(service) as sends_in_pieces, ExitStack() as gone:
        with transaction(other):  # so that no command can be written
            for wire in (goes_on, gone.enter_context(Wire(service))):
                wire.send(create)
            sends_in_pieces.send(create[:-1])
            until_taken(service)
            sends_in_pieces.send(create[-1:])
            until_taken(service)
            goes_on.send(HEALTH, create)
            sends_in_pieces.send(create)
            gone.close()
            before = processor_seconds(workers(service))
            time.sleep(1)
            assert processor_seconds(workers(service)) - before < 0.5
        assert [goes_on.answer().status for _ in range(3)] == [201, 200, 201]
        assert [sends_in_pieces.answer().status for _ in range(2)] == [201, 201]
    other.close()


@pytest.mark.parametrize(
    "request_with_body",
    [
        lambda key: head(key, "Content-Length: 12") + b'{"items":[]}',
        lambda key: head(key, CHUNKED) + chunk(b'{"items":[]}') + LAST_CHUNK,
    ],
    ids=["with a length", "chunked"],
)
def test_a_request_right_behind_a_body_is_answered(
    request_with_body: Callable[[str], bytes], service: Service, key: str
) -> None:
    with Wire(service) as wire:
        wire.send(request_with_body(key), HEALTH, request_with_body(key), HEALTH)
        assert [wire.answer().status for _ in range(4)] == [201, 200, 201, 200]


# Each is a request whose body has not been read when it is answered.
ERRORS = {
    401: b"POST /api/v1/orders HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 2\r\n\r\n{}",
    404: b"POST /nowhere HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 2\r\n\r\n{}",
    405: b"DELETE /healthz HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("status", [400, 401, 404, 405, 415, 422])
def test_a_connection_is_used_again_after_an_error(status: int, service: Service, key: str) -> None:
    errors = ERRORS | {
        400: head(key, "Content-Length: 2") + b"{]",
        415: head(key, "Content-Length: 12").replace(b"application/json", b"text/plain") + b'{"items":[]}',
        422: head(key, "Content-Length: 9") + b'{"id": 1}',
    }
    with Wire(service) as wire:
        for _ in range(3):
            wire.send(errors[status])
            assert wire.answer().status == status
            wire.send(HEALTH)
            assert wire.answer().status == 200


# --- chunked bodies ---

BODY = b'{"notes":"in chunks","items":[]}'
FORMS = {
    "one chunk": chunk(BODY) + LAST_CHUNK,
    "a chunk a byte": b"".join(chunk(BODY[n : n + 1]) for n in range(len(BODY))) + LAST_CHUNK,
    "sizes with zeros and capitals": b"000A\r\n" + BODY[:10] + b"\r\n0016\r\n" + BODY[10:] + b"\r\n000\r\n\r\n",
    "extensions": b"20;name=value\r\n" + BODY + b'\r\n0;last="yes"\r\n\r\n',
    "trailers": chunk(BODY) + b"0\r\nX-Checksum: 1234\r\n\r\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_chunked_body_is_read(form: str, service: Service, key: str) -> None:
    with Wire(service) as wire:
        answer = wire.send(head(key, CHUNKED), FORMS[form]).answer()
        assert answer.status == 201
        assert json.loads(answer.body)["notes"] == "in chunks"


def body_of(length: int) -> bytes:
    """A command in JSON of `length` bytes."""
    return b'{"items":[]}'.ljust(length)


@pytest.mark.parametrize("chunk_bytes", [BODY_BYTES_MAX + 1, 1000])
@pytest.mark.parametrize(("over", "status"), [(0, 201), (1, 413), (MEBIBYTE, 413)])
def test_a_chunked_body_may_be_as_long_as_any_other(
    chunk_bytes: int, over: int, status: int, service: Service, key: str
) -> None:
    body = body_of(BODY_BYTES_MAX + over)
    chunks = (chunk(body[start : start + chunk_bytes]) for start in range(0, len(body), chunk_bytes))
    with Wire(service) as wire:
        assert wire.send(head(key, CHUNKED), *chunks, LAST_CHUNK).answer().status == status


@pytest.mark.parametrize(("over", "status"), [(0, 201), (1, 413)])
def test_a_body_with_a_length_may_have_a_mebibyte(over: int, status: int, service: Service, key: str) -> None:
    body = body_of(BODY_BYTES_MAX + over)
    with Wire(service) as wire:
        assert wire.send(head(key, f"Content-Length: {len(body)}"), body).answer().status == status


def test_a_body_may_have_a_chunk_for_each_byte(service: Service, key: str) -> None:
    with Wire(service) as wire:
        sent = (chunk(b'{"items":[]}'), chunk(b" ") * 10_000, LAST_CHUNK)
        assert wire.send(head(key, CHUNKED), *sent).answer().status == 201


LONG = b'{"notes":"%b","items":[]}' % (b"x" * 9_000)


@pytest.mark.parametrize("piece_bytes", [1, 2, 3, 1000])
@pytest.mark.parametrize("body", [*FORMS.values(), chunk(LONG) + LAST_CHUNK], ids=[*FORMS, "a long chunk"])
def test_a_request_is_the_same_in_whatever_pieces_it_comes(
    body: bytes, piece_bytes: int, service: Service, key: str
) -> None:
    request = head(key, CHUNKED) + body + HEALTH
    with Wire(service) as at_once, Wire(service) as in_pieces:
        in_pieces.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(request), piece_bytes):
            in_pieces.send(request[start : start + piece_bytes])
        at_once.send(request)
        first, second = at_once.answer(), in_pieces.answer()
        assert (first.status, second.status) == (201, 201)
        assert json.loads(first.body)["notes"] == json.loads(second.body)["notes"] in ("in chunks", "x" * 9_000)
        assert (at_once.answer().status, in_pieces.answer().status) == (200, 200)


MALFORMED = (
    b"zz\r\n{}\r\n",
    b"-2\r\n{}\r\n",
    b"0x2\r\n{}\r\n",
    b"\r\n{}\r\n",
    b"2\r\n{}XX",
    b"2 2\r\n{}\r\n",
    b"2\n{}\n",
)


@pytest.mark.parametrize("malformed", MALFORMED)
def test_a_malformed_chunk_is_a_400(malformed: bytes, service: Service, key: str) -> None:
    with Wire(service) as wire:
        assert wire.send(head(key, CHUNKED), malformed, LAST_CHUNK).answer().status == 400


def test_a_malformed_chunk_is_a_400_to_a_client_that_waits_for_the_answer(service: Service, key: str) -> None:
    with ExitStack() as stack:
        wires = [stack.enter_context(Wire(service)).send(head(key, CHUNKED), malformed) for malformed in MALFORMED[:5]]
        assert [wire.answer().status for wire in wires] == [400] * 5


@pytest.mark.parametrize("sent", [["Content-Length: 10"], [CHUNKED]], ids=["with a length", "chunked"])
def test_a_body_that_is_broken_off_is_a_400(sent: list[str], service: Service, key: str) -> None:
    with Wire(service) as wire:
        wire.send(head(key, *sent), b"3\r\n{")
        wire.finish_sending()
        assert wire.answer().status == 400


def test_the_bytes_of_a_body_that_broke_off_go_with_its_request() -> None:
    """The body goes at once and not with the next garbage collection: many such bodies would fill the memory."""

    async def leaves() -> Message:
        return {"type": "http.disconnect"}

    async def fault() -> weakref.ref[BrokenOff]:
        receive, _ = await receive_body(leaves, 0, lambda _: None)
        await receive()
        try:
            await receive()
        except BrokenOff as error:
            return weakref.ref(error)
        raise AssertionError

    gc.disable()
    try:
        assert asyncio.run(fault())() is None
    finally:
        gc.enable()


# --- huge ---


@pytest.fixture
def _memory_stays(service: Service, staff: Client) -> Iterator[None]:
    """Asserts that no worker's highest memory grows much during a test."""
    assert_served(staff)
    before = {pid: memory_bytes(pid, "VmHWM") for pid in all_workers(service)}
    yield
    for pid, most in before.items():
        assert memory_bytes(pid, "VmHWM") - most < MEMORY_GROWTH_BYTES_MAX


@pytest.mark.usefixtures("_memory_stays")
def test_a_huge_body_is_a_413_to_an_ordinary_client(staff: Client, tmp_path: Path) -> None:
    (tmp_path / "huge").touch()
    with (tmp_path / "huge").open("r+b") as huge:
        huge.truncate(HUGE_BYTES)
        answer = staff.post("/api/v1/orders", data=huge, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


@pytest.mark.usefixtures("_memory_stays")
@pytest.mark.parametrize("how", [f"Content-Length: {HUGE_BYTES}", CHUNKED])
def test_a_huge_body_is_a_413_to_a_client_that_sends_all_of_it_before_it_reads(
    how: str, service: Service, key: str
) -> None:
    piece = bytes(MEBIBYTE) if how != CHUNKED else chunk(bytes(MEBIBYTE))
    with Wire(service) as wire:
        wire.send(head(key, how))
        for _ in range(HUGE_BYTES // MEBIBYTE):
            wire.send(piece)
        answer = wire.answer()
    assert (answer.status, answer.code) == (413, "body-too-large")


@pytest.mark.usefixtures("_memory_stays")
def test_a_huge_body_is_refused_before_it_is_asked_for(service: Service, key: str) -> None:
    with Wire(service) as wire:
        answer: Answer = wire.send(head(key, f"Content-Length: {HUGE_BYTES}", "Expect: 100-continue")).answer()
    assert (answer.status, answer.code) == (413, "body-too-large")
