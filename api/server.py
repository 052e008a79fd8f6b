"""gunicorn's asyncio worker and its settings, with the bounds that it lacks: the number of connections, and the length
of a stop. `connection.py` bounds one connection, `places.py` chooses the connection that is ended when places run
short, `turns.py` the request that is next."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable
from typing import Any, Final

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.asgi import protocol
from gunicorn.glogging import Logger
from gunicorn.workers.gasgi import ASGIWorker

from api.connection import PatientProtocol
from api.parser import Parser
from api.places import Places, Standing
from api.turns import Turns

STOP_SECONDS_MAX: Final = 4
STOP_IDLE_SECONDS: Final = 1  # in which clients between two requests may send one more, and are told of the stop
# The kernel's buffers of a connection. Their default lets a client that takes nothing hold megabytes.
_SOCKET_BYTES: Final = 64 * 1024
_IDLE: Final = (Standing.NEVER_ASKED, Standing.IDLE)


class _Words(Logger):
    """gunicorn's logger, which writes into the service's log."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


_SETTINGS: Final = {
    "logger_class": _Words,
    "http_parser": "python",  # the parser in C loses bytes behind a request, where they are more than 64 KiB
    "keepalive": 15,
    "graceful_timeout": STOP_SECONDS_MAX,
    "control_socket_disable": True,
    "forwarded_allow_ips": "",  # the application reads forwarded headers; gunicorn would believe those of this machine
    "forwarder_headers": "",
    "limit_request_line": 8190,
    "loglevel": "warning",
}


class PatientWorker(ASGIWorker):
    # Not gunicorn's `alive`, by which it would close connections whose last answer has not announced it.
    is_stopping = False

    def handle_exit_signal(self) -> None:
        self.is_stopping = True

    async def _serve(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the master stops the workers
        protocol.PythonProtocol = Parser
        protocol._CACHED_SERVER_HEADER = b""  # no `Server` header on answers
        self.places: Places = self.app.places
        self.turns = Turns(self.loop)
        for listener in self.sockets:
            for direction in (socket.SO_RCVBUF, socket.SO_SNDBUF):  # accepted sockets inherit them
                listener.sock.setsockopt(socket.SOL_SOCKET, direction, _SOCKET_BYTES)
            self.loop.create_task(self._accept(listener.sock))
        while self.alive and not self.is_stopping and self.ppid == os.getppid():
            self.notify()
            await asyncio.sleep(0.25)
        self.is_stopping = True
        for tenth in range(10 * STOP_SECONDS_MAX - 5):
            idle = [connection for connection in self.places.taken if connection.standing in _IDLE]
            for connection in idle if tenth > 10 * STOP_IDLE_SECONDS else ():
                connection.end()
            await asyncio.sleep(0.1 if self.places.taken or self.places.streams else 0)
        super().handle_exit_signal()

    async def _accept(self, listener: socket.socket) -> None:
        """Accepts connections. It leaves the next one to the other workers for a moment, so that a few connections
        spread over all workers; the more a worker has, the more it accepts at once."""
        while self.alive and not self.is_stopping:
            await asyncio.sleep(0.001)
            with contextlib.suppress(OSError):  # the client may have gone, or another worker was quicker
                if self.places.has_room():
                    self._take((await self.loop.sock_accept(listener))[0])
                    for _ in range(len(self.places.taken) // 16):
                        self._take(listener.accept()[0])

    def _take(self, client: socket.socket) -> None:
        client.setblocking(False)
        self.loop.create_task(self.loop.connect_accepted_socket(lambda: PatientProtocol(self), client))


class Server(BaseApplication):
    """The service under gunicorn. Each worker calls `make_app` after the fork, so nothing is open before it, and has
    its own copy of `places`."""

    def __init__(self, make_app: Callable[[], Any], places: Places, **settings: Any) -> None:
        self.load = make_app
        self.places = places
        self._settings = {**_SETTINGS, "worker_class": PatientWorker, **settings}
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def run(self) -> None:
        master = Arbiter(self)
        master.handle_int = master.handle_term  # Ctrl-C also finishes the requests under way
        master.run()
