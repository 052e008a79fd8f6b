"""A proxy between a client and a server: it counts round trips, delays bytes, cuts connections or goes silent."""

import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

# A decision about a client's bytes: True cuts the connection before they go on, False behind them, None lets them pass.
Cut = Callable[[bytes], bool | None]


class Proxy:
    """A proxy that listens on `port` until it is closed or the process ends."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self._listener.getsockname()[1]
        self.round_trips = 0
        self.delay_seconds = 0.0
        # No bytes go through and no connection is closed, as in a partition of the network.
        self.is_silent = threading.Event()
        self.cut: Cut = lambda _: None
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def close(self) -> None:
        self._listener.close()
        self.cut_all()

    def cut_all(self) -> None:
        """Cuts every open connection."""
        for each in list(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        while self.is_silent.is_set():
            time.sleep(0.02)
        try:
            server = socket.create_connection(("127.0.0.1", self._server_port))
        except OSError:
            client.close()
            return
        ends = {client, server}
        self._open |= ends
        for each in ends:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError, ValueError):
            self._pump(client, server)
        for each in ends:
            each.close()
        self._open -= ends

    def _pump(self, client: socket.socket, server: socket.socket) -> None:
        was_answered = True
        ends = {end.fileno(): end for end in (client, server)}
        waiting = select.poll()  # `select.select` takes no file descriptor above 1,023
        for number in ends:
            waiting.register(number, select.POLLIN)
        while True:
            for number, _ in waiting.poll(1000):
                end = ends[number]
                while self.is_silent.is_set():
                    time.sleep(0.02)
                data = end.recv(1 << 20)
                if not data:
                    return
                if end is server:
                    was_answered = True
                    time.sleep(self.delay_seconds)
                    client.sendall(data)
                    continue
                self.round_trips += was_answered
                was_answered = False
                cut = self.cut(data)
                if cut:
                    return
                time.sleep(self.delay_seconds)
                server.sendall(data)
                if cut is False:
                    time.sleep(0.2)  # the server has done its work by then
                    return
