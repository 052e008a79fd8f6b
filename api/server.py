"""gunicorn's asyncio worker and its settings, with the bounds it leaves open: how long a request may take to come and
an answer to be taken, how many connections there are, and how long a stop waits."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from typing import Any, Final

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers.gasgi import ASGIWorker

from api.bodies import Receive, gather
from api.errors import unreadable_request

REQUEST_SECONDS_MAX: Final = 10.0
ANSWER_SECONDS_MAX: Final = 15.0
LINGER_SECONDS_MAX: Final = 5.0
STOP_SECONDS_MAX: Final = 4
STOP_IDLE_SECONDS: Final = 1  # for clients in the middle of a conversation, to hear of the stop by an answer
CONNECTIONS_MAX: Final = 512
_SETTINGS: Final = {
    "http_parser": "python",  # the one in C loses what is sent behind a request, where that is more than 64 KiB
    "keepalive": 15,
    "graceful_timeout": STOP_SECONDS_MAX,
    "control_socket_disable": True,
    "forwarded_allow_ips": "",  # they are the app's to believe or not; gunicorn would believe this machine's
    "forwarder_headers": "",
    "limit_request_line": 8190,
    "loglevel": "warning",
}


class PatientProtocol(ASGIProtocol):
    """A connection. It has one deadline at most: for a request to come, an answer to be taken or its client to go."""

    _deadline: Any = None
    _has_ended = False

    def _end_in(self, seconds: float | None, how: Callable[[], None] | None = None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = seconds and self.worker.loop.call_later(seconds, how or self.transport.abort)

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.worker.connections.add(self)
        self.app = self._answer  # gunicorn calls it for each request
        transport.set_write_buffer_limits(high=0)  # so that `pause_writing` tells of every byte that is not taken
        self._end_in(REQUEST_SECONDS_MAX)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_in(None)
        self.worker.connections.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._closed:  # else its client still sends, before it reads the answer
            super().data_received(data)
            if self._body_receiver is None and self._deadline is None:
                self._end_in(REQUEST_SECONDS_MAX)

    def eof_received(self) -> bool:
        self._has_ended, self._keepalive = True, 0.01  # the client may wait for answers to what has come already
        if (receiver := self._body_receiver) is not None and not receiver._complete:
            receiver.signal_disconnect()
        return receiver is not None and not self._closed

    async def _answer(self, scope: dict[str, Any], receive: Receive, send: Any) -> None:
        if not self._body_receiver._complete:
            if self._deadline is None:
                self._end_in(REQUEST_SECONDS_MAX)
            receive, is_whole = await gather(receive, self._body_receiver.request.content_length)
            self._keepalive *= is_whole  # where a body is not read to its end, no further request can begin
        if self._flow_control.write_paused:
            await self._flow_control.drain()
        self._end_in(None)
        await self.worker.asgi(scope, receive, send)

    def pause_writing(self, left_before: int = 0) -> None:
        super().pause_writing()
        if (left := self.transport.get_write_buffer_size()) == left_before:
            self.transport.abort()  # of an answer nothing was taken for so long
        self._end_in(ANSWER_SECONDS_MAX, lambda: self.pause_writing(left))

    def resume_writing(self) -> None:
        super().resume_writing()
        self._end_in(None)

    def _close_transport(self) -> None:
        """Closes as RFC 9112, section 9.6, asks: our side first, the rest when the client has read the answer."""
        if self._has_ended or self._closed or self.transport.is_closing():
            super()._close_transport()
        else:
            self._closed: bool = True
            self.transport.resume_reading()
            self.transport.write_eof()
            self._end_in(LINGER_SECONDS_MAX)

    def _send_error_response(self, status: int, message: str, _headers: Any = ()) -> None:
        self._safe_write(unreadable_request(status, message, self._body_receiver and self._body_receiver.request))

    def _is_websocket_upgrade(self, _request: Any) -> bool:
        return False  # it is answered like any other request


class PatientWorker(ASGIWorker):
    async def _serve(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the master says what it means
        self.connections: set[PatientProtocol] = set()
        for listener in self.sockets:
            self.loop.create_task(self._accept(listener.sock))
        while self.alive and self.ppid == os.getppid():
            self.notify()
            await asyncio.sleep(0.25)
        self.handle_exit_signal()
        for tenth in range(10 * STOP_SECONDS_MAX - 5):
            idle = [connection for connection in self.connections if connection._body_receiver is None]
            for connection in idle if tenth > 10 * STOP_IDLE_SECONDS else ():
                connection.transport.abort()
            await asyncio.sleep(0.1 if self.connections else 0)

    async def _accept(self, listener: Any) -> None:
        while self.alive:
            await asyncio.sleep(0.001)  # others take the next meanwhile, so that few connections spread over all
            with contextlib.suppress(OSError):  # a client may have gone
                if len(self.connections) < CONNECTIONS_MAX:
                    client, _ = await self.loop.sock_accept(listener)
                    await self.loop.connect_accepted_socket(lambda: PatientProtocol(self), client)


class Server(BaseApplication):
    """The service under gunicorn. `make_app` is called in each worker, after the fork: nothing is open before it."""

    def __init__(self, make_app: Callable[[], Any], **settings: Any) -> None:
        self.load = make_app
        self._settings = {**_SETTINGS, "worker_class": PatientWorker, **settings}
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def run(self) -> None:
        master = Arbiter(self)
        master.handle_int = master.handle_term  # Ctrl-C means the same: finish what is in flight, then stop
        master.run()
