"""Bytes that are no request, or more than one: they get one refusal in the one shape, and no byte behind is read.

With such shapes an attacker smuggles a request behind another, past a proxy that reads them differently.
"""

import json
import random
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from gunicorn.asgi.parser import ParseError, PythonProtocol

from api.parser import Parser
from tests.conftest import Service
from tests.crash.wire import HEALTH, Wire, head

PROMPT_SECONDS_MAX = 4
HOST = "Host: shop.test"
CHUNKED = "Transfer-Encoding: chunked"
END = b"0\r\n\r\n"
# The pieces that header fields are made of, and the bytes that make them malformed.
FIELD_PIECES = (
    *(
        b"Accept: ",
        b"X-A:",
        b"b: \t",
        b"*/*",
        b"1, 2",
        b" ",
        b"\tc",
        b"Content-Length: 0",
        b"Cookie: a=b; c=d",
        b"\xe9",
    ),
    *(b"close", b"Connection: "),
    *(
        b"\r",
        b"\n",
        b"\r\n",
        b"\r\n ",
        b"\r\n\r\n",
        b":",
        b"\0",
        b"Host: x\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b" : ",
    ),
)


def request(*lines: str | bytes, line: str | bytes = "POST /healthz HTTP/1.1", host: str | bytes = HOST) -> bytes:
    """The bytes of a request's head with these lines."""
    given = [line.encode() if isinstance(line, str) else line for line in (line, host, *lines) if line]
    return b"\r\n".join((*given, b"", b""))


def chunked(body: bytes) -> bytes:
    return request(CHUNKED) + body


def sized(length: str | bytes) -> bytes:
    return request(b"Content-Length: " + (length.encode() if isinstance(length, str) else length)) + b"abcde"


def coded(*lines: str | bytes) -> bytes:
    return request(*lines) + END


SHAPES: dict[str, bytes] = {
    # The length of a body, given twice or wrongly.
    "a length and chunks": coded("Content-Length: 5", CHUNKED),
    "chunks and a length": coded(CHUNKED, "Content-Length: 5"),
    "a length of zero and chunks": coded("Content-Length: 0", CHUNKED),
    "two lengths": request("Content-Length: 5", "Content-Length: 6") + b"abcde",
    "two equal lengths": request("Content-Length: 5", "Content-Length: 5") + b"abcde",
    "a list of lengths": sized("5, 5"),
    "a list of different lengths": sized("5, 6"),
    "a length with a plus": sized("+5"),
    "a length with a minus": sized("-5"),
    "a hexadecimal length": sized("0x5"),
    "a length with an underscore": sized("1_0"),
    "a length with a point": sized("5.0"),
    "a length with an exponent": sized("5e0"),
    "a length in Persian digits": sized("۵".encode()),
    "a length with a blank in it": sized("1 0"),
    "a length and a word": sized("5 bytes"),
    "a length in quotes": sized('"5"'),
    "an empty length": sized(""),
    "a length behind a NUL": sized(b"\x005"),
    # The one transfer coding, disguised or beside others.
    "a coding with a prefix": coded("Transfer-Encoding: xchunked"),
    "a coding with a suffix": coded("Transfer-Encoding: chunkedx"),
    "a coding in quotes": coded('Transfer-Encoding: "chunked"'),
    "a coding with a parameter": coded("Transfer-Encoding: chunked;q=1"),
    "a coding behind a vertical tab": coded("Transfer-Encoding:\x0bchunked"),
    "a coding behind a form feed": coded("Transfer-Encoding:\x0cchunked"),
    "a coding behind a NUL": coded("Transfer-Encoding: \x00chunked"),
    "a coding before a bare return": coded("Transfer-Encoding: chunked\rX: y"),
    "a coding behind a comma": coded("Transfer-Encoding: ,chunked"),
    "chunked twice": coded("Transfer-Encoding: chunked, chunked"),
    "chunked on two lines": coded(CHUNKED, CHUNKED),
    "identity": coded("Transfer-Encoding: identity"),
    "identity and chunked": coded("Transfer-Encoding: identity, chunked"),
    "identity and chunked on two lines": coded("Transfer-Encoding: identity", CHUNKED),
    "chunked and identity": coded("Transfer-Encoding: chunked, identity"),
    "gzip alone": coded("Transfer-Encoding: gzip"),
    "gzip and chunked": coded("Transfer-Encoding: gzip, chunked"),
    "an unknown coding": coded("Transfer-Encoding: cow"),
    "an empty coding": coded("Transfer-Encoding:"),
    "a blank before the colon of the coding": coded("Transfer-Encoding : chunked"),
    "a tab before the colon of the coding": coded("Transfer-Encoding\t: chunked"),
    "a blank before the coding": coded(" Transfer-Encoding: chunked"),
    "the coding folded": coded("Transfer-Encoding:\r\n chunked"),
    "a coding behind a bare line feed": coded("X: y\nTransfer-Encoding: chunked"),
    # Fields.
    "a blank before the colon of the length": request("Content-Length : 5") + b"abcde",
    "a field folded with a blank": request("X: y", " z"),
    "a field folded with a tab": request("X: y", "\tz"),
    "a field without a colon": request("X"),
    "a field without a name": request(": x"),
    "a name with a NUL": request("X\x00: y"),
    "a name in other letters": request("Х: y".encode()),
    "a name in brackets": request("(X): y"),
    "a value with a NUL": request("X: \x00"),
    "a value with a bare return": request("X: y\rz"),
    "a value with a control": request("X: \x1b"),
    "lines that end with a line feed alone": request("X: y").replace(b"\r\n", b"\n"),
    "a head that ends with line feeds": request("X: y")[:-2] + b"\n",
    "more fields than there may be": request(*(f"X-{number}: y" for number in range(200))),
    "a field longer than it may be": request("X: " + "y" * 9_000),
    "a head larger than it may be": request(*(f"X-{number}: {'y' * 1_000}" for number in range(60))),
    # The host.
    "no host": request(host=""),
    "two hosts": request("Host: other.test"),
    "two equal hosts": request(HOST),
    "a host with a comma": request(host="Host: shop.test, other.test"),
    "a host with a blank": request(host="Host: shop.test other.test"),
    "a host with a path": request(host="Host: shop.test/path"),
    "a host with a user": request(host="Host: shop.test@other.test"),
    # The request line.
    "no version": request(line="GET /healthz"),
    "version 0.9": request(line="GET /healthz HTTP/0.9"),
    "version 1.2": request(line="GET /healthz HTTP/1.2"),
    "version 2.0": request(line="GET /healthz HTTP/2.0"),
    "a version in small letters": request(line="GET /healthz http/1.1"),
    "a version with more digits": request(line="GET /healthz HTTP/1.10"),
    "a version of another protocol": request(line="GET /healthz ICY/1.1"),
    "two blanks": request(line="GET  /healthz HTTP/1.1"),
    "a tab for a blank": request(line="GET\t/healthz HTTP/1.1"),
    "a blank in the address": request(line="GET /health z HTTP/1.1"),
    "a blank behind the version": request(line="GET /healthz HTTP/1.1 "),
    "a blank before the method": request(line=" GET /healthz HTTP/1.1"),
    "a method in small letters": request(line="get /healthz HTTP/1.1"),
    "a method with a NUL": request(line="GE\x00T /healthz HTTP/1.1"),
    "a method with a colon": request(line="GET: /healthz HTTP/1.1"),
    "an address with a NUL": request(line="GET /\x00 HTTP/1.1"),
    "an address with raw bytes": request(line=b"GET /\xff HTTP/1.1"),
    "an address with a fragment": request(line="GET /healthz#part HTTP/1.1"),
    "an address of another scheme": request(line="GET ftp://shop.test/healthz HTTP/1.1"),
    "a whole address without a host": request(line="GET http:///healthz HTTP/1.1"),
    "a whole address with a user": request(line="GET http://shop.test@other.test/healthz HTTP/1.1"),
    "an address without a slash": request(line="GET healthz HTTP/1.1"),
    "an authority": request(line="GET shop.test:80 HTTP/1.1"),
    "an asterisk": request(line="GET * HTTP/1.1"),
    "an address longer than it may be": request(line=f"GET /{'x' * 9_000} HTTP/1.1"),
    "two empty lines first": b"\r\n\r\n" + HEALTH,
    "many empty lines first": b"\r\n" * 10_000 + HEALTH,
    "a line feed first": b"\n" + HEALTH,
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "the hello of TLS": b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n",
    # Chunks.
    "chunks in HTTP/1.0": request(CHUNKED, line="POST /healthz HTTP/1.0") + END,
    "a size that is none": chunked(b"zz\r\n\r\n"),
    "an empty size": chunked(b"\r\n\r\n"),
    "a size with a sign": chunked(b"+5\r\nabcde\r\n" + END),
    "a negative size": chunked(b"-5\r\nabcde\r\n" + END),
    "a size with a prefix": chunked(b"0x5\r\nabcde\r\n" + END),
    "a size with an underscore": chunked(b"0_5\r\nabcde\r\n" + END),
    "a size behind a blank": chunked(b" 5\r\nabcde\r\n" + END),
    "a size before a blank": chunked(b"5 \r\nabcde\r\n" + END),
    "a size before a bare line feed": chunked(b"5\nabcde\r\n" + END),
    "a size of eight digits": chunked(b"ffffffff\r\n"),
    "a size that overflows 64 bits": chunked(b"10000000000000005\r\nabcde\r\n" + END),
    "a size of thirteen digits left open": chunked(b"fffffffffffff"),
    "a size of a thousand zeros": chunked(b"0" * 1_000 + b"5\r\nabcde\r\n" + END),
    "a chunk that is longer than its size": chunked(b"5\r\nabcdefgh\r\n" + END),
    "a chunk before a bare line feed": chunked(b"5\r\nabcde\n" + END),
    "an extension with a bare return": chunked(b"5;a\rb\r\nabcde\r\n" + END),
    "an extension with a bare line feed": chunked(b"5;a\nabcde\r\n" + END),
    "an extension with a NUL": chunked(b"5;a=\x00\r\nabcde\r\n" + END),
    "an extension of thousands of bytes": chunked(b"5;" + b"a" * 8_000 + b"\r\nabcde\r\n" + END),
    "an extension without an end": chunked(b"5;" + b"a" * 9_000),
    "a trailer that is none": chunked(b"0\r\nnonsense\r\n\r\n"),
    "a folded trailer": chunked(b"0\r\nX: y\r\n z\r\n\r\n"),
    "a trailer with a NUL": chunked(b"0\r\nX: \x00\r\n\r\n"),
    "a coding in the trailer": chunked(b"0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    "a length in the trailer": chunked(b"0\r\nContent-Length: 5\r\n\r\n"),
    "a trailer without an end": chunked(b"0\r\n" + b"X: y\r\n" * 10_000),
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    running = Service(tmp_path_factory.mktemp("malformed"), workers=1).start()
    yield running
    running.kill()


def all_that_comes(wire: Wire) -> bytes:
    """The bytes up to the connection's end. Raises TimeoutError where the connection stays open."""
    wire.socket.settimeout(PROMPT_SECONDS_MAX)
    came = bytearray()
    try:
        while part := wire.socket.recv(65536):
            came += part
    except ConnectionError:
        pass  # bytes sent behind a refusal may be answered by a reset
    return bytes(came)


def assert_one_refusal(came: bytes) -> None:
    """Asserts that the bytes are one refusal in the one shape, and nothing else."""
    answer_head, _, body = came.partition(b"\r\n\r\n")
    fields = answer_head.lower()
    assert re.match(rb"HTTP/1\.1 (4\d\d|501|505) ", answer_head), came
    assert b"\r\ncontent-type: application/problem+json" in fields
    assert re.search(rb"\r\nconnection: close(?:\r\n|$)", fields)
    length = re.search(rb"\r\ncontent-length: (\d+)", fields)
    assert length
    assert len(body) == int(length[1]), came
    assert json.loads(body)["status"] == int(answer_head.split()[1])


@pytest.mark.parametrize("shape", SHAPES)
def test_a_malformed_request_has_one_answer_and_nothing_behind_it_has_any(shape: str, service: Service) -> None:
    with Wire(service) as wire:
        wire.send(SHAPES[shape], HEALTH)
        assert_one_refusal(all_that_comes(wire))


@pytest.mark.parametrize("shape", [shape for shape, sent in SHAPES.items() if CHUNKED.encode() in sent])
def test_a_malformed_request_has_one_answer_also_where_its_body_comes_later(shape: str, service: Service) -> None:
    before, _, after = SHAPES[shape].partition(b"\r\n\r\n")
    with Wire(service) as wire:
        wire.send(before, b"\r\n\r\n")
        time.sleep(0.02)
        with suppress(ConnectionError):  # the service may refuse the request by its head
            wire.send(after, HEALTH)
        assert_one_refusal(all_that_comes(wire))


def test_a_client_that_speaks_tls_to_the_plain_port_is_refused_at_once(service: Service) -> None:
    """A hello has no end of a line, which was waited for as long as for a request."""
    sent = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), sent, server_hostname="shop.test")
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    with Wire(service) as wire:
        wire.send(sent.read())
        assert_one_refusal(all_that_comes(wire))


def test_a_body_that_breaks_while_the_application_reads_it_has_the_applications_answer_alone(service: Service) -> None:
    """The body is larger than the part that the service gathers before it asks the application."""
    key = service.key("finance:write")
    upload = head(key, CHUNKED, path="/api/v1/finance/reconciliations?provider=p")
    with Wire(service) as wire:
        wire.send(upload.replace(b"application/json", b"text/csv"))
        wire.send(b"100000\r\n" + b"x" * 0x100000 + b"\r\n1\r\ny\r\n")
        time.sleep(0.2)
        wire.send(b"zz\r\n", HEALTH)
        assert_one_refusal(all_that_comes(wire))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_sixty_requests_whose_chunk_is_left_open_are_refused_at_once_and_nobody_waits(
    method: str, service: Service
) -> None:
    """Each request has 83 bytes and no key. One of them once stopped a worker for five seconds."""
    sent = request(CHUNKED, line=f"{method} /healthz HTTP/1.1") + b"fffffffffffff"
    began = time.monotonic()
    with ExitStack() as stack:
        wires = [stack.enter_context(Wire(service)).send(sent) for _ in range(60)]
        other = stack.enter_context(Wire(service)).send(HEALTH)
        assert other.answer().status == 200
        for wire in wires:
            assert_one_refusal(all_that_comes(wire))
    assert time.monotonic() - began < PROMPT_SECONDS_MAX


def test_names_and_values_of_fields_are_of_the_bytes_that_gunicorn_says() -> None:
    """Our parser decides faster than gunicorn's, which looks at one byte after the other."""
    ours, theirs = Parser(), PythonProtocol()
    assert not ours._is_valid_token(b"")
    for byte in range(256):
        for data in (bytes([byte]), bytes([97, byte]), bytes([byte, 97])):
            assert ours._is_valid_token(data) == theirs._is_valid_token(data)
            assert ours._has_invalid_header_chars(data) == theirs._has_invalid_header_chars(data)


def test_a_head_that_comes_at_once_is_read_as_one_that_comes_in_pieces() -> None:
    """Our parser reads the fields of a head that comes at once, gunicorn's those of a head in pieces."""
    chosen = random.Random(14)
    pieces = [*FIELD_PIECES, *(bytes([byte]) for byte in range(256))]
    taken = refused = 0
    for number in range(20_000):
        fields = [b"".join(chosen.choices(FIELD_PIECES[:12], k=3)) for _ in range(chosen.randrange(4))]
        if fields and number % 2:
            at = chosen.randrange(len(fields))
            cut = chosen.randrange(len(fields[at]) + 1)
            fields[at] = fields[at][:cut] + chosen.choice(pieces) + fields[at][cut:]
        whole = request(*fields, line="GET /healthz?x=1 HTTP/1.1")
        at_once = read([whole])
        assert at_once == read([whole[at : at + 1] for at in range(len(whole))]), whole
        taken += at_once[0] is None
        refused += at_once[0] is not None
    assert min(taken, refused) > 2_000


def test_the_limits_of_a_head_are_the_same_at_once_and_in_pieces() -> None:
    many, large = [(count, 10) for count in range(98, 102)], [(1, size) for size in range(8_180, 8_190)]
    for count, size in (*many, *large, (2, 8_000)):
        lines = [f"X-{number}: {'v' * size}" for number in range(count)]
        for host in (HOST, ""):
            whole = request(*lines, line="GET /healthz HTTP/1.0", host=host)
            assert read([whole]) == read([whole[at : at + 1] for at in range(len(whole))]), (count, size, host)


def read(pieces: list[bytes]) -> tuple[str | None, object]:
    """The fault of a request that comes in these pieces, or None, and the parsed request."""
    parser = Parser(limit_request_fields=100)
    try:
        for piece in pieces:
            parser.feed(piece)
    except ParseError as error:
        return f"{type(error).__name__}: {error}", None
    return None, (parser.headers, parser.is_complete, parser.content_length, parser.is_chunked, parser.remaining())
