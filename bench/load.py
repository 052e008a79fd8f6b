"""How many requests a second, and how long does each take? Load over keep-alive connections.

`wrk` sends reads where it is installed: it takes least of the two cores. The clients of this file send writes, and
reads where there is no wrk. They are raw sockets in processes of their own, so that clients are not what is measured.
"""

import multiprocessing
import re
import select
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from itertools import repeat
from multiprocessing.connection import Connection
from typing import NamedTuple

PROCESSES_MAX = 2
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_ID = re.compile(rb'"id": ?([0-9]+)')
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
_fork = multiprocessing.get_context("fork")


class Load(NamedTuple):
    """The result of a load; times in seconds."""

    requests: int
    requests_per_second: float
    median: float
    p99: float
    # The first id in each answer, in no order; with wrk there are none.
    ids: list[int]


class _Met(NamedTuple):
    """The results of one process's clients."""

    seconds: list[float]
    ids: list[int]
    refusal: str
    ended: float


def reads(port: int, target: str, key: str, *, clients: int, seconds: float, slow: bool = False) -> Load:
    """Sends the same GET again and again. Raises AssertionError where an answer is not 2xx.

    `slow`: not with wrk, which drops requests under way when the time is over.
    """
    if not slow and (wrk := shutil.which("wrk")):
        return _wrk(wrk, port, target, key, clients, seconds)
    return drive(port, [repeat(message("GET", target, key)) for _ in range(clients)], seconds)


def message(method: str, target: str, key: str, body: bytes = b"") -> bytes:
    """The bytes of a request."""
    content = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    head = f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Token {key}\r\n{content}\r\n"
    return head.encode() + body


def drive(port: int, scripts: Sequence[Iterator[bytes]], seconds: float) -> Load:
    """Runs one client for each script: it sends the next request when it has the answer to the last.

    Ends when the time is over or the scripts are. Raises AssertionError where an answer is not 2xx.
    """
    shares = [scripts[i::PROCESSES_MAX] for i in range(min(PROCESSES_MAX, len(scripts)))]
    started = time.perf_counter()
    running = []
    for share in shares:
        ours, theirs = _fork.Pipe(duplex=False)
        process = _fork.Process(target=_clients, args=(port, share, started + seconds, theirs))
        process.start()
        theirs.close()
        running.append((process, ours))
    met = []
    for process, answer in running:
        met.append(answer.recv())
        process.join()
    for share in met:
        assert not share.refusal, share.refusal
    took = sorted(seconds for share in met for seconds in share.seconds)
    rate = len(took) / (max(share.ended for share in met) - started)
    ids = [number for share in met for number in share.ids]
    return Load(len(took), rate, percentile(took, 0.5), percentile(took, 0.99), ids)


def percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class _Client:
    def __init__(self, port: int, script: Iterator[bytes]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._script = script
        self._got = b""
        self.sent_at = 0.0

    def send(self) -> bool:
        """Sends the next request. Returns False where the script has none."""
        request = next(self._script, None)
        if request is None:
            return False
        self._got = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)
        return True

    def receive(self) -> bytes | None:
        """The body of the answer once all of it is there, else None."""
        more = self.socket.recv(1 << 20)
        assert more, "the server closed the connection"
        self._got += more
        head, end, body = self._got.partition(b"\r\n\r\n")
        if not end:
            return None
        length = _LENGTH.search(head)
        assert length, head
        return self._got if len(body) >= int(length[1]) else None


def _clients(port: int, scripts: Sequence[Iterator[bytes]], deadline: float, answer: Connection) -> None:
    """Runs all clients of one process on one event loop, and sends a _Met."""
    seconds: list[float] = []
    ids: list[int] = []
    refusal = ""
    poll = select.epoll()
    clients = {}
    for script in scripts:
        client = _Client(port, script)
        if client.send():
            clients[client.socket.fileno()] = client
            poll.register(client.socket, select.EPOLLIN)
    while clients and not refusal:
        for descriptor, _ in poll.poll():
            client = clients[descriptor]
            whole = client.receive()
            if whole is None:
                continue
            now = time.perf_counter()
            seconds.append(now - client.sent_at)
            if not whole.startswith(b"HTTP/1.1 2"):
                refusal = whole[:2_000].decode(errors="replace")
            if found := _ID.search(whole):
                ids.append(int(found[1]))
            if now >= deadline or not client.send():
                poll.unregister(descriptor)
                del clients[descriptor]
    answer.send(_Met(seconds, ids, refusal, time.perf_counter()))


def _wrk(wrk: str, port: int, target: str, key: str, clients: int, seconds: float) -> Load:
    whole_seconds = max(1, round(seconds))  # wrk takes whole seconds only
    command = [wrk, f"-t{min(2, clients)}", f"-c{clients}", f"-d{whole_seconds}s", "--latency", "--timeout", "60s"]
    command += ["-H", f"Authorization: Token {key}", f"http://127.0.0.1:{port}{target}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said, said
    assert "Socket errors" not in said, said
    requests = re.search(r"([0-9]+) requests in ", said)
    rate = re.search(r"Requests/sec: +([0-9.]+)", said)
    assert requests, said
    assert rate, said
    shares = dict(re.findall(r"^ +(50|99)% +([0-9.]+[a-z]+)$", said, re.MULTILINE))
    return Load(int(requests[1]), float(rate[1]), _in_seconds(shares["50"]), _in_seconds(shares["99"]), [])


def _in_seconds(text: str) -> float:
    found = re.fullmatch(r"([0-9.]+)([a-z]+)", text)
    assert found, text
    return float(found[1]) * _SECONDS[found[2]]
