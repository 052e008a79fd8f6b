"""How do answers stand on the wire, whatever the application does?

A real gunicorn serves an application that does what ours should not.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT
from tests.ports import free_port, is_free
from tests.waiting import until

_APPLICATION = """
import sys

from api.places import Places
from api.server import Server

SAID = 5


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    async def start(status=200, *fields):
        await send({"type": "http.response.start", "status": status, "headers": list(fields)})
    async def body(text, more=False):
        await send({"type": "http.response.body", "body": text, "more_body": more})
    said = (b"content-length", b"%d" % SAID)
    match scope["path"]:
        case "/whole":
            await start(200, said)
            await body(b"whole")
        case "/large":
            await start(200, (b"content-length", b"200000"))
            await body(b"x" * 200_000)
        case "/long":
            await start(200, said)
            await body(b"whole and more")
        case "/short":
            await start(200, said)
            await body(b"who")
        case "/pieces":
            await start(200)
            await body(b"one", more=True)
            await body(b"", more=True)
            await body(b"two")
        case "/empty":
            await start(204, (b"content-length", b"0"))
            await body(b"")
        case "/unchanged":
            await start(304, said)
            await body(b"whole")
        case "/two-lines":
            await start(200, said, (b"x-name", b"one\\r\\nset-cookie: two"))
            await body(b"whole")
        case "/fails":
            raise RuntimeError("it fails")
        case "/fails-behind-its-head":
            await start(200)
            raise RuntimeError("it fails")
        case "/fails-in-between":
            await start(200, said)
            await body(b"who", more=True)
            raise RuntimeError("it fails")


Server(lambda: app, Places(64, lambda _: False), bind=[f"127.0.0.1:{sys.argv[1]}"], workers=1, keepalive=1).run()
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    port = free_port()
    with subprocess.Popen([sys.executable, "-c", _APPLICATION, str(port)], cwd=ROOT, stderr=subprocess.DEVNULL) as it:
        try:
            until(lambda: not is_free(port))
            yield port
        finally:
            it.terminate()


def sent_for(port: int, *lines: str) -> tuple[bytes, bytes]:
    """The head of the answer, and all bytes behind it until the connection ends.

    A request for `/whole` follows the first.
    """
    first = "\r\n".join([*lines, "Host: shop.test", "\r\n"])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(first.encode() + b"GET /whole HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n")
        sent = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, behind = sent.partition(b"\r\n\r\n")
    return head, behind


def goes_on(behind: bytes, body: bytes) -> bool:
    """Whether the answer has this body, and the next answer stands right behind it."""
    return behind.startswith(body + b"HTTP/1.1 200 OK\r\n") and behind.endswith(b"\r\n\r\nwhole")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/whole", b"whole"),
        ("/large", b"x" * 200_000),
        ("/long", b"whole"),
        ("/pieces", b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"),
        ("/empty", b""),
        ("/unchanged", b""),
    ],
)
def test_an_answer_ends_where_its_head_says_and_the_next_begins_there(port: int, path: str, body: bytes) -> None:
    head, behind = sent_for(port, f"GET {path} HTTP/1.1")
    assert goes_on(behind, body)
    assert b"\r\nDate: " in head
    assert b"onnection" not in head
    assert (b"\r\ntransfer-encoding: chunked" in head) is (path == "/pieces")
    assert (b"content-length" in head) is (path not in ("/pieces", "/empty"))


@pytest.mark.parametrize("path", ["/whole", "/large", "/pieces"])
def test_nothing_stands_behind_the_head_of_an_answer_to_head(port: int, path: str) -> None:
    head, behind = sent_for(port, f"HEAD {path} HTTP/1.1")
    assert goes_on(behind, b"")
    assert b"transfer-encoding" not in head


def test_an_answer_without_a_length_ends_with_its_connection_for_clients_that_know_no_chunks(port: int) -> None:
    for fields in ([], ["Connection: keep-alive"]):
        head, behind = sent_for(port, "GET /pieces HTTP/1.0", *fields)
        assert b"\r\nConnection: close" in head
        assert behind == b"onetwo"


def test_a_client_of_http_1_0_that_asks_for_it_is_told_that_its_connection_goes_on(port: int) -> None:
    """Unless it is told, a client of HTTP/1.0 takes the end of the connection for the end of the answer."""
    head, behind = sent_for(port, "GET /whole HTTP/1.0", "Connection: keep-alive")
    assert b"\r\nConnection: keep-alive" in head
    assert goes_on(behind, b"whole")
    head, behind = sent_for(port, "GET /whole HTTP/1.0")
    assert b"\r\nConnection: close" in head
    assert behind == b"whole"


def test_a_connection_ends_behind_an_answer_that_is_shorter_than_it_says(port: int) -> None:
    for path in ("/short", "/fails-in-between"):
        _, behind = sent_for(port, f"GET {path} HTTP/1.1")
        assert behind == b"who"


def test_a_field_of_two_lines_is_never_sent(port: int) -> None:
    head, behind = sent_for(port, "GET /two-lines HTTP/1.1")
    assert head.startswith(b"HTTP/1.1 500 ")
    assert b"set-cookie" not in head + behind


@pytest.mark.parametrize("path", ["/fails", "/fails-behind-its-head", "/says-nothing"])
def test_an_application_that_does_not_answer_is_a_500_and_the_end_of_the_connection(port: int, path: str) -> None:
    head, behind = sent_for(port, f"GET {path} HTTP/1.1")
    assert head.startswith(b"HTTP/1.1 500 ")
    assert b"HTTP/1.1 200" not in behind


WHOLE = b"POST /whole HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize("has_come", [b"POST /who", WHOLE[:-1]])
def test_a_connection_to_which_a_request_is_coming_is_not_idle(port: int, has_come: bytes) -> None:
    """A connection may be idle for a second. The request begins within that second and is whole only after it."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for pieces in ([WHOLE], [has_come, WHOLE.removeprefix(has_come)]):
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(0.7)
            assert connection.recv(65536).endswith(b"\r\n\r\nwhole")
