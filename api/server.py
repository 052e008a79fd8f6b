"""gunicorn, set up for this service: a worker that no slow client can hold up, and settings chosen by measuring.

gunicorn's threaded worker gives a connection to a thread as soon as it is accepted, and the thread waits for the
request: as many clients as there are threads can stop a worker by sending half a request each. `PatientWorker` lets
its event loop gather the request first; a thread sees only what is whole. Closing is left to the loop too:
gunicorn's would block it.
"""

import re
import signal
import socket
import struct
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from selectors import EVENT_READ
from typing import Any, Final

import falcon
from gunicorn.app.base import BaseApplication
from gunicorn.http import errors as http_errors
from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import TConn, ThreadWorker

from api.errors import problem
from api.reading import BODY_BYTES_MAX

REQUEST_SECONDS_MAX: Final = 10.0
KEEPALIVE_SECONDS: Final = 15
STOP_SECONDS_MAX: Final = 4
CONNECTIONS_MAX: Final = 512
LINGER_SECONDS_MAX: Final = 5.0
_SOCKET_SECONDS_MAX: Final = 5
_HEAD_BYTES_MAX: Final = 64 * 1024
_READ_BYTES: Final = 64 * 1024

_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_EXPECT: Final = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*(?=\r\n)", re.IGNORECASE)
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

_STATUS_OF: Final = {
    http_errors.LimitRequestLine: (414, "uri-too-long", "The address is too long."),
    http_errors.LimitRequestHeaders: (431, "headers-too-large", "The headers are too many or too large."),
    http_errors.ExpectationFailed: (417, "expectation-failed", "Only 'Expect: 100-continue' can be met."),
}


class Gathering:
    """The bytes of one request as they come in."""

    def __init__(self) -> None:
        self.bytes = bytearray()
        self._head_length = 0
        self._body_length: int | None = 0
        self.continues = False
        self.overflows = False

    def add(self, more: bytes) -> bool:
        """Whether the request is whole now, or is larger than may be gathered (`overflows`)."""
        self.bytes += more
        if not self._head_length and not self._read_head():
            return self.overflows
        gathered = len(self.bytes) - self._head_length
        if gathered > BODY_BYTES_MAX:
            self.overflows = True
        if self._body_length is not None:
            return self.overflows or gathered >= self._body_length
        return self.overflows or self.bytes.endswith(b"0\r\n\r\n")

    def _read_head(self) -> bool:
        end = self.bytes.find(b"\r\n\r\n")
        if end < 0:
            self.overflows = len(self.bytes) > _HEAD_BYTES_MAX
            return False
        head = bytes(self.bytes[: end + 2])
        length = _LENGTH.search(head)
        self._body_length = None if _CHUNKED.search(head) else int(length[1]) if length else 0
        self.overflows = (self._body_length or 0) > BODY_BYTES_MAX
        expects = _EXPECT.search(head)
        self.continues = bool(expects) and not self.overflows
        if expects:
            # Answered here, so that no thread waits for what the client holds back.
            head = head.replace(expects[0], b"")
        if self.overflows:
            # What is not gathered is not read to its end either, so no further request can follow on this connection.
            line, _, rest = head.partition(b"\r\n")
            head = line + b"\r\nConnection: close\r\n" + rest
        self.bytes[: end + 2] = head
        self._head_length = len(head) + 2
        return True


class PatientWorker(ThreadWorker):
    """gunicorn's threaded worker, with whole requests for its threads and nothing that blocks its event loop."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lingering: deque[TConn] = deque()

    def accept(self, listener: socket.socket) -> None:
        try:
            client, address = listener.accept()
        except OSError:
            return  # another worker was quicker, or the client has gone
        client.setblocking(False)
        # A client that takes nothing from us for so long does not keep a thread.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", _SOCKET_SECONDS_MAX, 0))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", _SOCKET_SECONDS_MAX, 0))
        self.nr_conns += 1
        self._gather(TConn(self.cfg, client, address, listener.getsockname()))

    def on_client_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._gather(conn)

    def _gather(self, conn: TConn) -> None:
        conn.gathering = Gathering()
        conn.timeout = time.monotonic() + REQUEST_SECONDS_MAX
        if not self._read(conn):
            self.pending_conns.append(conn)
            self.poller.register(conn.sock, EVENT_READ, partial(self._on_more, conn))

    def _on_more(self, conn: TConn, client: socket.socket) -> None:
        if self._read(conn):
            self.poller.unregister(client)
            self.pending_conns.remove(conn)

    def _read(self, conn: TConn) -> bool:
        """Takes what has come; whether the connection is done with gathering, one way or the other."""
        try:
            more = conn.sock.recv(_READ_BYTES)
        except BlockingIOError:
            return False
        except OSError:
            more = b""
        gathering = conn.gathering
        if not more and not gathering.bytes:
            self.nr_conns -= 1
            conn.close()
            return True
        if more and not gathering.add(more):
            if gathering.continues:
                gathering.continues = False
                write_nonblock(conn.sock, _CONTINUE)
            return False
        # Whole, too large, or broken off: in each case there is an answer to give.
        conn.data_ready = True
        self.enqueue_req(conn)
        return True

    def handle(self, conn: TConn) -> Any:
        conn.init()
        if conn.gathering is not None:
            conn.parser.unreader.unread(bytes(conn.gathering.bytes))
            conn.gathering = None
        return super().handle(conn)

    def finish_request(self, conn: TConn, future: Any) -> None:
        if not future.cancelled() and future.exception() is None and future.result():
            super().finish_request(conn, future)
        else:
            self._linger(conn)

    def _linger(self, conn: TConn) -> None:
        """Closes as RFC 9112, section 9.6, asks: our side first, then, when the client has read the answer, the rest.

        What the client still sends meanwhile is thrown away.
        """
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.nr_conns -= 1
            conn.close()
            return
        conn.timeout = time.monotonic() + LINGER_SECONDS_MAX
        self._lingering.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self._on_leftover, conn))

    def _on_leftover(self, conn: TConn, client: socket.socket) -> None:
        try:
            gone = not client.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            gone = True
        if gone:
            self._lingering.remove(conn)
            self._drop(conn)

    def _drop(self, conn: TConn) -> None:
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self) -> None:
        """Closes what has taken too long: requests that do not come whole, and clients that do not go."""
        super().murder_pending()
        now = time.monotonic()
        while self._lingering and (self._lingering[0].timeout <= now or not self.alive):
            self._drop(self._lingering.popleft())
        if not self.alive:
            while self.pending_conns:
                self._drop(self.pending_conns.popleft())

    def handle_error(self, _req: Any, client: socket.socket, _addr: Any, exc: BaseException) -> None:
        """What gunicorn cannot even parse gets an error of the one shape, never a 5xx for what a client sent."""
        if isinstance(exc, http_errors.ParseException):
            default = (400, "bad-request", f"This is not a request of HTTP/1.1 that can be answered: {exc}")
            status, code, detail = _STATUS_OF.get(type(exc), default)
        else:
            self.log.exception("Error handling request")
            status, code, detail = 500, "internal-error", "Something went wrong here."
        body = problem(status, code, detail)
        head = (
            f"HTTP/1.1 {falcon.code_to_http_status(status)}\r\nConnection: close\r\n"
            f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            write_nonblock(client, head.encode() + body)
        except OSError:
            self.log.debug("the client has gone")


class Server(BaseApplication):
    """The service under gunicorn. `make_app` is called in each worker, after the fork: nothing is open before it."""

    def __init__(
        self,
        make_app: Callable[[], falcon.App[falcon.Request, falcon.Response]],
        *,
        host: str,
        port: int,
        workers: int,
        threads: int,
        when_ready: Callable[[], None],
    ) -> None:
        self._make_app = make_app
        self._options: dict[str, Any] = {
            "bind": [f"[{host}]:{port}" if ":" in host else f"{host}:{port}"],
            "workers": workers,
            "threads": threads,
            "worker_class": PatientWorker,
            "worker_connections": CONNECTIONS_MAX,
            "keepalive": KEEPALIVE_SECONDS,
            "graceful_timeout": STOP_SECONDS_MAX,
            "control_socket_disable": True,
            # Forwarded headers are the app's to believe or not; gunicorn would believe them from this machine.
            "forwarded_allow_ips": "",
            "forwarder_headers": "",
            "limit_request_line": 8190,
            "loglevel": "warning",
            "when_ready": lambda _arbiter: when_ready(),
        }
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> falcon.App[falcon.Request, falcon.Response]:
        # Ctrl-C reaches the whole group; the master alone decides what it means, and stops its workers in good order.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return self._make_app()
