"""Bytes on a connection: requests that no HTTP library would send, or would not stop sending half-way."""

import contextlib
import json
import select
import socket
import struct
from typing import Any, NamedTuple

from tests.conftest import Service

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: shop.test\r\n\r\n"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> Any:
        """The stable code of the problem in the body."""
        return json.loads(self.body)["code"]


class Wire:
    """One connection to the service."""

    def __init__(self, service: Service, *, receive_bytes_max: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_bytes_max is not None:  # must be set before connecting, to bound the window
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes_max)
        self.socket.settimeout(30)
        self.socket.connect(("127.0.0.1", service.port))
        self._file = self.socket.makefile("rb")

    def send(self, *parts: bytes) -> "Wire":
        self.socket.sendall(b"".join(parts))
        return self

    def answer(self) -> Answer:
        """The next answer. Raises ConnectionError where the connection ends before the answer is whole."""
        line = self._file.readline()
        if not line:
            raise ConnectionError("closed without an answer")
        headers = {}
        while (header := self._file.readline()) not in (b"\r\n", b""):
            name, _, value = header.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", 0))
        body = self._file.read(length)
        if len(body) < length:
            raise ConnectionError("closed within an answer")
        return Answer(int(line.split()[1]), headers, body)

    def has_something_to_read(self) -> bool:
        """Whether a part of an answer has come, or the end of the connection."""
        polled = select.poll()  # `select.select` takes no file descriptor above 1,023
        polled.register(self.socket, select.POLLIN)
        return bool(polled.poll(0))

    def finish_sending(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Closes the connection with a reset (RST)."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
        self.socket.close()

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def head(key: str, *headers: str, method: str = "POST", path: str = "/api/v1/orders") -> bytes:
    """The head of a request with a JSON body and these further headers."""
    lines = [f"{method} {path} HTTP/1.1", "Host: shop.test", f"Authorization: Bearer {key}", *headers]
    return "\r\n".join((*lines, "Content-Type: application/json", "\r\n")).encode()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)
