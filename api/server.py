"""gunicorn, set up for this service: a worker that no slow client can hold up, and settings chosen by measuring.

gunicorn's threaded worker gives a connection to a thread as soon as it is accepted, and the thread waits for the
request: as many clients as there are threads can stop a worker by sending half a request each. `PatientWorker` lets
its event loop gather the request first; a thread sees only what is whole. Closing is left to the loop too:
gunicorn's would block it. And what mostly takes less time than handing it to a thread does, the lists and the single
orders, the loop answers itself. Commands are answered by one thread, side by side, so that they share a commit.
"""

import gc
import re
import signal
import socket
import struct
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from selectors import EVENT_READ, EVENT_WRITE
from typing import Any, Final

import falcon
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.http import errors as http_errors
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

from api.access import request_id_of
from api.errors import problem
from api.reading import BODY_BYTES_MAX
from api.reconciliations import FILE_BYTES_MAX as UPLOAD_BYTES_MAX
from domain.log.sqlite import TookTooLong, at_most

REQUEST_SECONDS_MAX: Final = 10.0
KEEPALIVE_SECONDS: Final = 15
STOP_SECONDS_MAX: Final = 4
STOP_GATHERING_SECONDS_MAX: Final = 1.0
CONNECTIONS_MAX: Final = 512
LINGER_SECONDS_MAX: Final = 5.0
ANSWER_SECONDS_MAX: Final = 15.0
_SOCKET_SECONDS_MAX: Final = 5
_HEAD_BYTES_MAX: Final = 64 * 1024
_READ_BYTES: Final = 64 * 1024
# Chunks of a byte each take six bytes for one, and the loop's time.
_GATHERED_BYTES_MAX: Final = 2 * BODY_BYTES_MAX
_CHUNKS_MAX: Final = 16_384
_CHUNK_LINE_BYTES_MAX: Final = 1024
_LENGTH_BEYOND: Final = 10**18
# What of an answer may wait for a client that is slow to take it, without a thread waiting too.
_OUTBOX_BYTES_MAX: Final = 32 * 1024 * 1024
# A longer answer begins to go before it is whole.
_SEND_BYTES_MIN: Final = 64 * 1024
COMMANDS_TOGETHER_MAX: Final = 16
ACCEPT_PAUSE_SECONDS: Final = 0.001
# How long the loop may be at one request; what takes longer is asked again by a thread.
QUICK_SECONDS_MAX: Final = 0.003

_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]+)[ \t]*(?=\r\n)", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*(?=\r\n)", re.IGNORECASE)
_ENCODED: Final = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_EXPECT: Final = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*(?=\r\n)", re.IGNORECASE)
_REQUEST_ID: Final = re.compile(rb"\r\nx-request-id:[ \t]*([!-~]{1,128})[ \t]*\r\n", re.IGNORECASE)
_CHUNK_SIZE: Final = re.compile(rb"[ \t]*([0-9a-fA-F]{1,12})[ \t]*(?:;[^\r\n]*)?")
_ORDERS: Final = rb" /api/(?:shop/customers/me|v1/i|v1)/orders"
# What waits for the one thread that writes, and must not keep others waiting.
_COMMAND: Final = re.compile(rb"(?:POST|PUT|PATCH|DELETE)" + _ORDERS + rb"[/? ]")
# What mostly takes less time than handing it to a thread would: the lists and the single orders.
_QUICK: Final = re.compile(rb"(?:GET|HEAD)" + _ORDERS + rb"(?:/[^/? ]*)?/?(?:\?[^ ]*)? HTTP/1\.")
# The one address whose bodies may be larger than what is gathered.
_UPLOAD: Final = re.compile(rb"POST /api/v1/finance/reconciliations[/? ]")
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

_STATUS_OF: Final = {
    http_errors.LimitRequestLine: (414, "uri-too-long", "The address is too long."),
    http_errors.LimitRequestHeaders: (431, "headers-too-large", "The headers are too many or too large."),
    http_errors.ExpectationFailed: (417, "expectation-failed", "Only 'Expect: 100-continue' can be met."),
}


class Gathering:
    """The bytes of one request as they come in, until it is whole: the head, then the body by its length or its chunks.

    What is whole is handed on with a plain length: chunks are undone here, since gunicorn takes a time for them that
    grows with the square of their number. What grows larger than may be gathered is handed on as far as it came.
    """

    def __init__(self) -> None:
        self.bytes = bytearray()
        # Whether the client waits for a "100 Continue" before it sends its body.
        self.continues = False
        # Why nothing can be made of it, where that shows in its head.
        self.refusal: http_errors.ParseException | None = None
        self._head_end = 0
        self._body_length = 0
        self._chunk_at: int | None = None
        self._chunks = 0
        self._unchunked = bytearray()

    def add(self, more: bytes) -> bool:
        """Whether there is something to hand on now."""
        self.bytes += more
        if not self._head_end:
            end = self.bytes.find(b"\r\n\r\n")
            if end < 0:
                if len(self.bytes) > _HEAD_BYTES_MAX:
                    self.refusal = http_errors.LimitRequestHeaders("no end of them in sight")
                return self.refusal is not None
            self._read_head(end + 4)
        if self.refusal:
            return True
        if self._body_length > BODY_BYTES_MAX or len(self.bytes) > _GATHERED_BYTES_MAX:
            return self._break_off()
        if self._chunk_at is not None:
            return self._unchunk()
        return len(self.bytes) - self._head_end >= self._body_length

    def has_body(self) -> bool:
        """Whether all of the body has come with the head."""
        return self._head_end > 0 and len(self.bytes) - self._head_end >= self._body_length

    def request_id(self) -> str:
        """The client's id for the request, be it whole or not; else a new one."""
        found = _REQUEST_ID.search(self.bytes[:_HEAD_BYTES_MAX])
        return request_id_of(found[1].decode() if found else None)

    def _read_head(self, end: int) -> None:
        # The last of the two line ends is not the head's, so that each header ends before one.
        head = bytes(self.bytes[: end - 2])
        length = _LENGTH.search(head)
        # A length of very many digits is one too large, and too long to be made a number.
        self._body_length = 0 if length is None else int(length[1]) if len(length[1]) <= 18 else _LENGTH_BEYOND
        encodings = len(_ENCODED.findall(head))
        chunked = encodings == 1 and length is None and _CHUNKED.search(head) is not None
        if encodings and not chunked:
            self.refusal = http_errors.InvalidHeader("Transfer-Encoding: only 'chunked', alone, can be read here")
        expects = _EXPECT.search(head)
        if expects:
            # Answered by the loop, so that no thread waits for what the client holds back.
            length_max = UPLOAD_BYTES_MAX if _UPLOAD.match(head) else BODY_BYTES_MAX
            self.continues = self._body_length <= length_max
            head = head.replace(expects[0], b"")
        self._put_head(head)
        self._chunk_at = self._head_end if chunked else None

    def _put_head(self, head: bytes, *, before: int | None = None) -> None:
        """Puts a head before the bytes from `before` on, or before the body that has come."""
        rest = self.bytes[self.bytes.find(b"\r\n\r\n") + 4 if before is None else before :]
        self.bytes = bytearray(head) + b"\r\n" + rest
        self._head_end = len(head) + 2

    def _break_off(self) -> bool:
        """Hands on the head with a length that is too large, for the app to say so without reading."""
        head = _CHUNKED.sub(b"\r\nContent-Length: %d" % _LENGTH_BEYOND, bytes(self.bytes[: self._head_end - 2]))
        # What is not gathered is not read to its end either, so no further request can follow on this connection.
        line, _, rest = head.partition(b"\r\n")
        self._put_head(line + b"\r\nConnection: close\r\n" + rest, before=self._head_end)
        return True

    def _unchunk(self) -> bool:
        assert self._chunk_at is not None
        while True:
            line_end = self.bytes.find(b"\r\n", self._chunk_at)
            if line_end < 0:
                return len(self.bytes) - self._chunk_at > _CHUNK_LINE_BYTES_MAX  # no chunk: gunicorn says so
            size = _CHUNK_SIZE.fullmatch(self.bytes, self._chunk_at, line_end)
            if size is None:
                return True
            length, start = int(size[1], 16), line_end + 2
            if not length:
                end = self.bytes.find(b"\r\n\r\n", line_end)  # behind trailers, or at once
                return end >= 0 and self._whole(end + 4)
            if len(self._unchunked) + length > BODY_BYTES_MAX or self._chunks == _CHUNKS_MAX:
                return self._break_off()
            if len(self.bytes) < start + length + 2:
                return False
            if self.bytes[start + length : start + length + 2] != b"\r\n":
                return True
            self._unchunked += self.bytes[start : start + length]
            self._chunk_at = start + length + 2
            self._chunks += 1

    def _whole(self, end: int) -> bool:
        """The same request without chunks, and behind it whatever of the next one has come."""
        head = _CHUNKED.sub(b"\r\nContent-Length: %d" % len(self._unchunked), bytes(self.bytes[: self._head_end - 2]))
        following = self.bytes[end:]
        self.bytes = self._unchunked + following
        self._put_head(head, before=0)
        return True


class Outbox:
    """A socket that takes what a thread sends and lets the thread go.

    It sends some at a time, so that an answer's head and body go together. What the client does not take yet, the event
    loop sends on. Only an answer larger than may wait makes a thread wait.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.left = bytearray()
        # The id of the request that is answered, for errors that arise before the app sees it.
        self.request_id = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def setblocking(self, _flag: bool) -> None:
        """Nothing: the socket is always one that waits, and who must not says so each time (MSG_DONTWAIT)."""

    def sendall(self, data: bytes) -> None:
        if len(self.left) + len(data) > _OUTBOX_BYTES_MAX:
            self._sock.sendall(self.left)
            self.left.clear()
        self.left += data
        if len(self.left) >= _SEND_BYTES_MIN:
            self.flush()

    def flush(self) -> bool:
        """Sends what can be sent without waiting; whether that was all. Raises OSError where the client has gone."""
        try:
            del self.left[: self._sock.send(self.left, socket.MSG_DONTWAIT)]
        except BlockingIOError:
            return False
        return not self.left


def _ignore(_conn: TConn, _client: Outbox) -> None:
    """What the loop does about a connection that it does not watch."""


class PatientWorker(ThreadWorker):
    """gunicorn's threaded worker, with whole requests for its threads and nothing that blocks its loop for long."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lingering: deque[TConn] = deque()
        self._slow_conns: deque[TConn] = deque()
        self._gathering_ends = 0.0
        self._has_accepted = False

    def init_process(self) -> None:
        self._commanders = ThreadPoolExecutor(COMMANDS_TOGETHER_MAX)
        # gunicorn asks for two dozen settings at each request, and would look each up among all anew.
        settings: dict[str, Any] = self.cfg.__dict__
        settings.update({name: setting.get() for name, setting in self.cfg.settings.items()})
        # What a request makes is gone once it is answered; looking for cycles in every 700 objects of it finds none.
        gc.set_threshold(50_000, 20, 20)
        super().init_process()

    def accept(self, listener: socket.socket) -> None:
        try:
            client, address = listener.accept()
        except OSError:
            return  # another worker was quicker, or the client has gone
        # A client that takes nothing from us for so long does not keep a thread.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", _SOCKET_SECONDS_MAX, 0))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", _SOCKET_SECONDS_MAX, 0))
        self.nr_conns += 1
        self._has_accepted = self.cfg.workers > 1
        conn = TConn(self.cfg, Outbox(client), address, listener.getsockname())
        conn.watched_for = 0
        self._gather(conn)

    def _watch(self, conn: TConn, events: int, callback: Callable[[TConn, Outbox], None]) -> None:
        """From now on the loop calls this when there is something to read or write."""
        conn.on_event = callback
        # Mostly the connection is watched for the same already, and the kernel need not be asked.
        if conn.watched_for != events:
            watch = self.poller.modify if conn.watched_for else self.poller.register
            watch(conn.sock, events, lambda client: conn.on_event(conn, client))
            conn.watched_for = events

    def _unwatch(self, conn: TConn) -> None:
        # Also what the loop has heard of already and not come to yet is left alone.
        conn.on_event = _ignore
        if conn.watched_for:
            self.poller.unregister(conn.sock)
        conn.watched_for = 0

    def on_client_socket_readable(self, conn: TConn, _client: Outbox) -> None:
        self.keepalived_conns.remove(conn)
        self._gather(conn)

    def _gather(self, conn: TConn, came: bytes = b"") -> None:
        """Begins to gather a request, of which something may have come with the one before."""
        conn.gathering = Gathering()
        conn.timeout = time.monotonic() + REQUEST_SECONDS_MAX
        there = True if came and conn.gathering.add(came) else self._read(conn)
        if there:
            self._hand_on(conn)
        elif there is None:
            self.pending_conns.append(conn)
            self._watch(conn, EVENT_READ, self._on_more)
        else:
            self._close(conn)

    def _on_more(self, conn: TConn, _client: Outbox) -> None:
        there = self._read(conn)
        if there is None:
            return
        self.pending_conns.remove(conn)
        if there:
            self._hand_on(conn)
        else:
            self._close(conn)

    def _close(self, conn: TConn) -> None:
        self._unwatch(conn)
        self.nr_conns -= 1
        conn.close()

    def _read(self, conn: TConn) -> bool | None:
        """Takes what has come; whether there is something to hand on: None while more is to come, False where the
        client has gone."""
        gathering = conn.gathering
        try:
            more = conn.sock.recv(_READ_BYTES, socket.MSG_DONTWAIT)
            whole = bool(more) and gathering.add(more)
            if gathering.continues and more and not (whole and gathering.has_body()):
                gathering.continues = False
                conn.sock.sendall(_CONTINUE)
                conn.sock.flush()
        except BlockingIOError:
            return None
        except OSError:
            return False
        if more and not whole:
            return None
        # Whole, too large, or broken off: in each case there is an answer to give.
        return bool(more or gathering.bytes)

    def _hand_on(self, conn: TConn) -> None:
        conn.data_ready = True
        # What is refused fits neither pattern, whatever its first line says.
        request = b"" if conn.gathering.refusal else bytes(conn.gathering.bytes)
        if _COMMAND.match(request):
            self.enqueue_req(conn, self._commanders)
        elif _QUICK.match(request):
            self._answer_at_once(conn, request)
        else:
            self.enqueue_req(conn)

    def _answer_at_once(self, conn: TConn, request: bytes) -> None:
        try:
            with at_most(QUICK_SECONDS_MAX):
                keeps = self.handle(conn)
        except TookTooLong:
            # Once more, from its first byte, where it holds nobody up.
            conn.sock.left.clear()
            conn.parser.mesg = None
            conn.parser.unreader.take_buffered()
            conn.parser.unreader.unread(request)
            self.enqueue_req(conn)
            return
        self._go_on(conn, keeps)

    def enqueue_req(self, conn: TConn, threads: ThreadPoolExecutor | None = None) -> None:
        """For a thread; what its client sends meanwhile waits."""
        self._unwatch(conn)
        future = (threads or self.tpool).submit(self.handle, conn)
        future.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        if self._has_accepted and self._accepting:
            # The next one is left to the others for a moment, so that a few busy connections spread over all workers;
            # gunicorn's loop takes it up again.
            self.set_accept_enabled(False)
            timeout = ACCEPT_PAUSE_SECONDS
        self._has_accepted = False
        super().wait_for_and_dispatch_events(timeout)

    def handle(self, conn: TConn) -> bool:
        return self._sent(conn, self._answer(conn))

    def _answer(self, conn: TConn) -> bool:
        """Whether the connection can be kept for another request, once it has taken the answer in its outbox."""
        gathering, conn.gathering = conn.gathering, None
        conn.init()
        if gathering is not None:
            conn.sock.request_id = gathering.request_id()
            if gathering.refusal:
                self.handle_error(None, conn.sock, None, gathering.refusal)
                return False
            conn.parser.unreader.unread(bytes(gathering.bytes))
        return bool(super().handle(conn))

    def _sent(self, conn: TConn, keeps: bool) -> bool:
        try:
            conn.sock.flush()
        except OSError:  # the client has gone
            conn.sock.left.clear()
            return False
        return keeps

    def _keepalive_after(self, conn: TConn, keepalive: bool) -> bool:
        """gunicorn looks for what is left over of a request's body, and once more before the next request; where all of
        it has been read, or there was none, both are left out."""
        if keepalive and getattr(conn.parser.mesg.body.reader, "length", None) == 0:
            conn.parser.mesg = None
            return True
        return bool(super()._keepalive_after(conn, keepalive))

    def finish_request(self, conn: TConn, future: Any) -> None:
        """A thread has answered."""
        self._go_on(conn, not future.cancelled() and future.exception() is None and bool(future.result()))

    def _go_on(self, conn: TConn, keeps: bool) -> None:
        """What is left of the answer is sent, then the connection waits for its next request or is closed."""
        if conn.sock.left:
            conn.timeout = time.monotonic() + ANSWER_SECONDS_MAX
            self._slow_conns.append(conn)
            conn.keeps = keeps
            self._watch(conn, EVENT_WRITE, self._on_writable)
        elif not keeps:
            self._linger(conn)
        elif came := conn.parser.unreader.take_buffered():
            # Later, since many requests may have come at once, and each would call this within the last.
            self._unwatch(conn)
            self.method_queue.defer(self._gather, conn, came)
        else:
            conn.timeout = time.monotonic() + (KEEPALIVE_SECONDS if self.alive else STOP_KEEPALIVE_LINGER)
            self.keepalived_conns.append(conn)
            self._watch(conn, EVENT_READ, self.on_client_socket_readable)

    def _on_writable(self, conn: TConn, client: Outbox) -> None:
        self._slow_conns.remove(conn)
        try:
            if not client.flush():
                # It takes some, so it is given time for more.
                conn.timeout = time.monotonic() + ANSWER_SECONDS_MAX
                self._slow_conns.append(conn)
                return
        except OSError:
            self._close(conn)
            return
        self._go_on(conn, conn.keeps)

    def _linger(self, conn: TConn) -> None:
        """Closes as RFC 9112, section 9.6, asks: our side first, then, when the client has read the answer, the rest.

        What the client still sends meanwhile is thrown away.
        """
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
            return
        conn.timeout = time.monotonic() + LINGER_SECONDS_MAX
        self._lingering.append(conn)
        self._watch(conn, EVENT_READ, self._on_leftover)

    def _on_leftover(self, conn: TConn, client: Outbox) -> None:
        try:
            gone = not client.recv(_READ_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            gone = True
        if gone:
            self._lingering.remove(conn)
            self._close(conn)

    def murder_pending(self) -> None:
        """Closes what has taken too long: requests that do not come whole, answers that are not taken, and clients that
        do not go."""
        now = time.monotonic()
        if not self.alive:
            # What is just coming in is waited for, but not for long.
            self._gathering_ends = self._gathering_ends or now + STOP_GATHERING_SECONDS_MAX
            for conn in self.pending_conns:
                conn.timeout = min(conn.timeout, self._gathering_ends)
        super().murder_pending()
        while self._slow_conns and self._slow_conns[0].timeout <= now:
            self._close(self._slow_conns.popleft())
        while self._lingering and (self._lingering[0].timeout <= now or not self.alive):
            self._close(self._lingering.popleft())

    def handle_error(self, _req: Any, client: Outbox, _addr: Any, exc: BaseException) -> None:
        """What gunicorn cannot even parse gets an error of the one shape, never a 5xx for what a client sent."""
        if isinstance(exc, http_errors.ParseException):
            default = (400, "bad-request", f"This is not a request of HTTP/1.1 that can be answered: {exc}")
            status, code, detail = _STATUS_OF.get(type(exc), default)
        else:
            self.log.exception("Error handling request")
            status, code, detail = 500, "internal-error", "Something went wrong here."
        body = problem(status, code, detail)
        headers = {
            "Connection": "close",
            "X-Request-Id": client.request_id,
            "Content-Type": "application/problem+json",
            "Content-Length": len(body),
        }
        lines = [f"HTTP/1.1 {falcon.code_to_http_status(status)}", *(f"{name}: {headers[name]}" for name in headers)]
        head = "\r\n".join([*lines, "", ""])
        try:
            client.sendall(head.encode() + body)
        except OSError:
            self.log.debug("the client has gone")


class Master(Arbiter):
    """gunicorn's master, to which Ctrl-C says the same as SIGTERM: finish what is in flight, then stop."""

    handle_int = Arbiter.handle_term


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

    def run(self) -> None:
        Master(self).run()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> falcon.App[falcon.Request, falcon.Response]:
        # Ctrl-C reaches the whole group; the master alone decides what it means, and stops its workers in good order.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return self._make_app()
