"""Between a client and a server: counts round trips, delays, cuts, or lets nothing through any more."""

import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

# What a proxy does with bytes of a client: True where the connection is to be cut before they go on, False behind them,
# None where they just go on.
Cut = Callable[[bytes], bool | None]


class Proxy:
    """Listens on `port`, for as long as the process lives or until it is closed."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self._listener.getsockname()[1]
        self.round_trips = 0
        self.delay_seconds = 0.0
        # Nothing goes through, and nobody is told: a partition of the network.
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
        """Cuts every connection that is open."""
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
        waiting = select.poll()  # `select.select` takes no file's number beyond 1,023
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
                    time.sleep(0.2)  # that the server has done it by then
                    return
