"""Does every fault get a clear answer in the one shape, and does no request cause a 5xx?"""

import json
import random
import re
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from urllib.parse import quote

import pytest
import requests

from domain.log.opening import open_log
from tests.api.conftest import (
    NOBODY,
    ORDERS,
    SHOP,
    STOREFRONT,
    Answer,
    Customer,
    assert_problem,
    events,
    exchange,
    key_of,
    last,
    nothing_recorded,
    placed,
)
from tests.api.routes import READS, Route
from tests.conftest import Client, Service
from tests.postgres import of_a_file
from tests.tampering import tamper

_JSON = {"Content-Type": "application/json"}
_BODY_BYTES_MAX = 1024 * 1024


@pytest.fixture(scope="module")
def owner(staff: Client, new_customer: Callable[[], Customer]) -> Customer:
    """A customer with one order."""
    customer = new_customer()
    placed(staff, customer)
    return customer


def request(client: Client, line: str, *headers: str, body: bytes = b"") -> bytes:
    """The bytes of a request with the client's key."""
    lines = [line, "Host: shop", f"Authorization: Bearer {key_of(client)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def post(client: Client, *headers: str, body: bytes = b"") -> bytes:
    return request(client, f"POST {ORDERS} HTTP/1.1", "Content-Type: application/json", *headers, body=body)


# --- one shape ---

# Method, address, status, code; the client has a staff key.
_REFUSED = [
    ("GET", "/", 404, "not-found"),
    ("GET", "/nowhere", 404, "not-found"),
    ("POST", "/api/v1/orders/1/nowhere", 404, "not-found"),
    ("GET", f"{ORDERS}/1/items/1/more", 404, "not-found"),
    ("GET", f"{ORDERS}/999999999999", 404, "order-not-found"),
    ("PUT", ORDERS, 405, "method-not-allowed"),
    ("DELETE", ORDERS, 405, "method-not-allowed"),
    ("GET", f"{ORDERS}/1/status", 405, "method-not-allowed"),
    ("POST", f"{ORDERS}/1", 405, "method-not-allowed"),
    ("POST", SHOP, 405, "method-not-allowed"),
    ("POST", "/healthz", 405, "method-not-allowed"),
    ("GET", SHOP, 403, "not-allowed"),
    ("GET", f"{ORDERS}?limit=x", 400, "invalid-parameter"),
    ("POST", ORDERS, 415, "unsupported-media-type"),
    ("GET", f"{ORDERS}?search={'x' * 10_000}", 414, "uri-too-long"),
]


@pytest.mark.parametrize("accept", ["*/*", "text/html", "application/xml", "image/png;q=0.1", "application/json", ""])
@pytest.mark.parametrize(("method", "address", "status", "code"), _REFUSED)
def test_every_error_has_the_one_shape_whatever_the_client_accepts(
    method: str, address: str, status: int, code: str, accept: str, staff: Client
) -> None:
    answer = staff.request(method, address, headers={"Accept": accept})
    assert_problem(answer, status, code)
    if status == 405:
        assert answer.headers["Allow"]
        assert method not in answer.headers["Allow"]


@pytest.mark.parametrize(("method", "address"), [case[:2] for case in _REFUSED if case[2] != 414])
def test_every_error_carries_the_requests_id(method: str, address: str, staff: Client) -> None:
    answer = staff.request(method, address, headers={"X-Request-Id": "find-me"})
    assert answer.headers["X-Request-Id"] == "find-me"


@pytest.mark.parametrize("route", READS, ids=str)
def test_every_read_carries_the_requests_id(route: Route, staff: Client, new_customer: Callable[[], Customer]) -> None:
    owner = new_customer()
    order = placed(staff, owner)
    client = owner if route.takes == "customer" else staff
    answer = route.ask(client, "", order, headers={"X-Request-Id": "find-me"})
    assert (answer.status_code, answer.headers["X-Request-Id"]) == (200, "find-me")


# Bytes that are no request of HTTP/1.1, and the answer to them.
_MALFORMED = {
    "no request line": (b"nonsense\r\n\r\n", 400, "bad-request"),
    "a TLS hello": (b"\x16\x03\x01\x00\xa5\x01\x00\r\n\r\n", 400, "bad-request"),
    "an unknown version": (b"GET /healthz HTTP/9.9\r\n\r\n", 400, "bad-request"),
    "an HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "bad-request"),
    "a method in small letters": (b"get /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad-request"),
    "a method that nobody knows": (
        b"BREW /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        400,
        "bad-request",
    ),
    "a space in the address": (b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad-request"),
    "raw bytes in the address": (b"GET /healthz?\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad-request"),
    "a NUL byte in the address": (b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad-request"),
    "a header without a colon": (b"GET /healthz HTTP/1.1\r\nHost\r\n\r\n", 400, "bad-request"),
    "a header with a NUL byte": (b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: \x00\r\n\r\n", 400, "bad-request"),
    "two hosts": (b"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, "bad-request"),
    "a length that is none": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", 400, "bad-request"),
    "a negative length": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400, "bad-request"),
    "two lengths": (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        400,
        "bad-request",
    ),
    "a length and chunks": (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        "bad-request",
    ),
    "an address too long": (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "uri-too-long"),
    "a header too long": (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 9_000 + b"\r\n\r\n", 431, "headers-too-large"),
    "too many headers": (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431, "headers-too-large"),
    "headers without end": (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000, 431, "headers-too-large"),
    "an expectation nobody can meet": (
        b"POST / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\nContent-Length: 0\r\n\r\n",
        417,
        "expectation-failed",
    ),
}


@pytest.mark.parametrize("what", _MALFORMED)
def test_a_malformed_request_gets_an_error_of_the_one_shape(what: str, service: Service) -> None:
    sent, status, code = _MALFORMED[what]
    assert_problem(exchange(service, sent), status, code)


def test_the_answer_to_a_malformed_request_carries_an_id_too(service: Service) -> None:
    answers = {what: exchange(service, sent) for what, (sent, _, _) in _MALFORMED.items()}
    assert [what for what, answer in answers.items() if not (answer and answer.headers.get("X-Request-Id"))] == []


# --- the request's id ---


@pytest.mark.parametrize("given", ["a", "trace-7.b:c_D", "0" * 128])
def test_a_sane_request_id_is_given_back_and_recorded(given: str, service: Service, staff: Client) -> None:
    answer = staff.post(ORDERS, json={"items": []}, headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] == given
    assert {event.request_id for event in events(service, answer.json()["uuid"])} == {given}


@pytest.mark.parametrize("given", [None, "", "0" * 129, "two words", "tab\tbed", "a,b", "<script>", "naïve"])
def test_any_other_request_gets_an_id_of_its_own_which_is_recorded(
    given: str | None, service: Service, staff: Client
) -> None:
    headers = {} if given is None else {"X-Request-Id": given.encode("latin-1")}
    first, second = (staff.post(ORDERS, json={"items": []}, headers=headers) for _ in range(2))
    made = first.headers["X-Request-Id"]
    assert re.fullmatch("[A-Za-z0-9._:-]{8,}", made)
    assert made not in (given, second.headers["X-Request-Id"])
    assert last(service, first.json()).request_id == made


# --- bodies ---


def deep(levels: int) -> bytes:
    return b'{"notes": ' + b"[" * levels + b"]" * levels + b"}"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b" ", 400),
        (b"{", 400),
        (b"{}{}", 400),
        (b"{'notes': null}", 400),
        (b'{"notes": null,}', 400),
        (b'{"notes": undefined}', 400),
        (b'{"notes": 01}', 400),
        (b'{"notes": "\n\x01"}', 400),
        (b'{"notes": "\xff"}', 400),
        (b'{"notes": "\xed\xa0\x80"}', 400),
        (b"\xef\xbb\xbf{}", 400),
        ("{}".encode("utf-16"), 400),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", 400),
        (b"--boundary\r\nContent-Disposition: form-data", 400),
        (b"[]", 422),
        (b"null", 422),
        (b'"text"', 422),
        (b"7", 422),
        (b"true", 422),
        (b"NaN", 422),
        (b'{"shipping_cost": NaN}', 422),
        (b'{"shipping_cost": Infinity}', 422),
        (b'{"shipping_cost": -Infinity}', 422),
        (b'{"shipping_cost": 1e400}', 422),
        (b'{"shipping_cost": 1e-400}', 422),
        (b'{"shipping_cost": ' + b"9" * 5_000 + b"}", 422),
        (b'{"customer": {"id": ' + b"9" * 5_000 + b"}}", 422),
        (b'{"customer": {"id": 1e2}}', 422),
        (b'{"notes": null, "notes": null}', 422),
        (b'{"customer": {"id": 1, "id": 2}}', 422),
        (b'{"items": [{"quantity": 1, "quantity": 1}]}', 422),
        (b'{"notes": "\\ud800"}', 422),
        (b'{"notes": "\\u0000"}', 422),
        (b'{"\\ud800": 1}', 422),
        (b'{"": 1}', 422),
        (b'{"__proto__": 1}', 422),
        (deep(31), 422),
        (deep(32), 422),
        (deep(1_000), 422),
        (b"[" * 100_000, 422),
        (b"[" * 100_000 + b"]" * 100_000, 422),
        (b'{"a":' * 100_000, 422),
        (b'{"items": [' + b"{}," * 1_000 + b"{}]}", 422),
        (b'{"notes": "' + b"x" * 900_000 + b'"}', 422),
    ],
)
def test_a_body_that_cannot_be_taken_gets_its_clear_4xx(
    body: bytes, status: int, service: Service, staff: Client
) -> None:
    with nothing_recorded(service):
        answer = staff.post(ORDERS, data=body, headers=_JSON)
    code = {400: "not-json", 422: "invalid-field"}[status]
    assert_problem(answer, status, code)


@pytest.mark.parametrize("items", [1_001, 80_000])
def test_too_many_items_are_refused_at_once_with_their_field_and_the_limit(
    items: int, service: Service, staff: Client
) -> None:
    with nothing_recorded(service):
        answer = staff.post(ORDERS, data=b'{"items": [' + b"{}," * (items - 1) + b"{}]}", headers=_JSON)
    assert_problem(answer, 422, "invalid-field")
    assert answer.json()["errors"] == [
        {"field": "items", "message": f"must be a list of at most 1000, this has {items}"}
    ]
    assert answer.elapsed.total_seconds() < 1


def test_json_is_read_to_a_depth_of_32(staff: Client) -> None:
    within, beyond = (staff.post(ORDERS, data=deep(levels), headers=_JSON).json() for levels in (31, 32))
    assert "deeper than 32" not in within["detail"]
    assert "deeper than 32" in beyond["detail"]


def test_the_second_of_two_equal_keys_is_named_with_its_path(staff: Client) -> None:
    answer = staff.post(ORDERS, data=b'{"items": [{}, {"variant": 1, "variant": 2}]}', headers=_JSON)
    assert_problem(answer, 422, "invalid-field", field="items[1].variant")


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/problem+json",
        "application/json; charset=latin-1",
        "application/jsonp",
        "text/html, application/json",
    ],
)
def test_a_body_that_is_not_declared_json_gets_415(content_type: str | None, service: Service, staff: Client) -> None:
    order = placed(staff)
    headers = {} if content_type is None else {"Content-Type": content_type}
    with nothing_recorded(service):
        for method, path in (("POST", ""), ("PATCH", f"/{order['id']}"), ("POST", f"/{order['id']}/items")):
            answer = staff.request(method, ORDERS + path, data=b'{"notes": null}', headers=headers)
            assert_problem(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON", "application/json; charset=utf-8", 'application/json;charset="UTF-8"'],
)
def test_json_may_be_declared_in_each_way_that_means_it(content_type: str, staff: Client) -> None:
    assert staff.post(ORDERS, data=b'{"items": []}', headers={"Content-Type": content_type}).status_code == 201


def padded(size: int) -> bytes:
    """A body of `size` bytes that would create an order."""
    return b'{"items": []}'.ljust(size)


def test_a_body_has_at_most_a_mebibyte(service: Service, staff: Client) -> None:
    assert staff.post(ORDERS, data=padded(_BODY_BYTES_MAX), headers=_JSON).status_code == 201
    with nothing_recorded(service):
        refused = staff.post(ORDERS, data=padded(_BODY_BYTES_MAX + 1), headers=_JSON)
    assert_problem(refused, 413, "body-too-large")


def test_a_body_of_200_megabytes_is_refused_before_it_is_read(service: Service, staff: Client) -> None:
    with nothing_recorded(service):
        # The client sends a kilobyte and waits: the service can answer only if it reads no more.
        answer = exchange(service, post(staff, f"Content-Length: {200 * 2**20}", body=b"[" * 1024))
    assert_problem(answer, 413, "body-too-large")


def test_a_client_that_sends_all_of_a_large_body_still_gets_its_answer(service: Service, staff: Client) -> None:
    parts = (b" " * 2**20 for _ in range(20))
    with nothing_recorded(service):
        answer = exchange(service, post(staff, f"Content-Length: {20 * 2**20}"), *parts)
    assert_problem(answer, 413, "body-too-large")


def chunks(body: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        part = body[start : start + size]
        yield f"{len(part):x}\r\n".encode() + part + b"\r\n"
    yield b"0\r\n\r\n"


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_chunked_body_is_read_as_any_other(size: int, service: Service, staff: Client) -> None:
    body = json.dumps({"notes": "0\r\n\r\n in chunks", "items": [{}, {}]}).encode()
    answer = exchange(service, post(staff, "Transfer-Encoding: chunked"), *chunks(body, size))
    assert answer is not None
    assert (answer.status_code, answer.json()["notes"]) == (201, "0\r\n\r\n in chunks")


def test_a_body_in_very_many_chunks_is_read_as_any_other(make_service: Callable[..., Service]) -> None:
    service = make_service(workers=1)
    staff = service.client(service.key("orders:write"))
    body = b"".join(chunks(padded(16_000), 1))
    answer = exchange(service, post(staff, "Transfer-Encoding: chunked", body=body))
    assert answer is not None
    assert answer.status_code == 201


def test_a_chunked_body_may_end_with_trailers(service: Service, staff: Client) -> None:
    body = b'd\r\n{"items": []}\r\n0\r\nX-Checksum: 7\r\n\r\n'
    answer = exchange(service, post(staff, "Transfer-Encoding: chunked", body=body))
    assert answer is not None
    assert answer.status_code == 201


def test_a_chunked_body_has_at_most_a_mebibyte_too(service: Service, staff: Client) -> None:
    exact = list(chunks(padded(_BODY_BYTES_MAX - 4_096), 2**16))
    answer = exchange(service, post(staff, "Transfer-Encoding: chunked"), *exact)
    assert answer is not None
    assert answer.status_code == 201
    with nothing_recorded(service):
        endless = list(chunks(padded(4 * _BODY_BYTES_MAX), 2**16))[:-1]
        answer = exchange(service, post(staff, "Transfer-Encoding: chunked"), *endless)
    assert_problem(answer, 413, "body-too-large")


@pytest.mark.parametrize(
    "body", [b"zz\r\n{}\r\n0\r\n\r\n", b"-2\r\n{}\r\n0\r\n\r\n", b"2\r\n{}xx0\r\n\r\n", b"2\r\n{}\r\n"]
)
def test_chunks_that_are_none_get_400(body: bytes, service: Service, staff: Client) -> None:
    with nothing_recorded(service):
        answer = exchange(service, post(staff, "Transfer-Encoding: chunked", body=body), ends=True)
    assert answer is not None
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_body_that_breaks_off_records_nothing(service: Service, staff: Client) -> None:
    with nothing_recorded(service):
        answer = exchange(service, post(staff, "Content-Length: 100", body=b'{"items": []}'), ends=True)
    assert answer is not None
    assert answer.status_code == 400


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(service: Service, staff: Client) -> None:
    head = post(staff, "Expect: 100-continue", "Content-Length: 13")
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        connection.sendall(head)
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        connection.sendall(b'{"items": []}')
        assert connection.recv(100).startswith(b"HTTP/1.1 201")


def test_requests_sent_one_behind_the_other_are_all_answered(service: Service) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    final = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        connection.sendall(one + one + final)
        with connection.makefile("rb") as answers:
            assert answers.read().count(b'{"status":"ok"}') == 3


def test_clients_that_send_half_a_request_hold_up_nobody(service: Service, owner: Customer) -> None:
    with ExitStack() as stack:
        for _ in range(4 * service.workers * service.threads):
            half = stack.enter_context(socket.create_connection(("127.0.0.1", service.port)))
            half.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-")
        for _ in range(8):
            assert service.client(key_of(owner)).get(SHOP, timeout=5).status_code == 200


# --- the examples of bad queries ---

_BAD_QUERIES = [
    ("limit=-1", 400),
    ("limit=%D9%A3", 400),
    ("limit=1_000", 400),
    ("offset=99999999999999999999", 400),
    ("ordering=customer__password", 400),
    ("ordering=id;drop%20table", 400),
    ("search=%25", 200),
    ("search=%22", 200),
    ("search=" + "x" * 10_000, 414),
    ("created_from=yesterday", 400),
    ("created_from=2024-02-30", 400),
    ("status_in=,,new", 200),
    ("payment_method_in=1,x", 400),
    ("search=%00", 200),
    ("search=%ED%A0%80", 200),
    ("status=%00", 400),
    ("status_in=%ED%A0%80", 200),
    ("limit=%00", 400),
    ("search=%FF%FE", 200),
    ("search=%", 200),
    ("search=%zz", 200),
    ("=1&&=&a", 200),
]


@pytest.mark.parametrize(("query", "status"), _BAD_QUERIES)
def test_a_bad_query_gets_its_clear_answer_in_the_shop(query: str, status: int, owner: Customer) -> None:
    answer = owner.get(f"{SHOP}?{query}")
    if status == 200:
        assert answer.status_code == 200, answer.text
    else:
        code = "uri-too-long" if status == 414 else "invalid-parameter"
        told = assert_problem(answer, status, code)
        assert status == 414 or [error["field"] for error in told["errors"]] == [query.partition("=")[0]]


@pytest.mark.parametrize(("query", "status"), [case for case in _BAD_QUERIES if not case[0].startswith("=")])
def test_a_bad_query_gets_its_clear_answer_from_the_staffs_list(query: str, status: int, staff: Client) -> None:
    answer = staff.get(f"{ORDERS}?{query}")
    assert answer.status_code == status, answer.text
    assert status == 200 or answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "%00",
        "%FF",
        "%ED%A0%80",
        "..%2F..%2Fetc%2Fpasswd",
        "../../etc/passwd",
        "%2e%2e",
        "a" * 5_000,
        "1%0d%0aX: y",
        "'",
    ],
)
@pytest.mark.parametrize("under", [SHOP, STOREFRONT.rstrip("/"), ORDERS])
def test_an_address_that_names_no_order_is_a_404(
    path: str, under: str, service: Service, staff: Client, owner: Customer
) -> None:
    client = staff if under == ORDERS else owner
    answer = exchange(service, request(client, f"GET {under}/{path.replace(' ', '%20')} HTTP/1.1"))
    assert answer is not None
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("host", ["", "a b", "<script>", "x" * 300, "a/b", "a@b", "a:b", "a,b"])
def test_a_host_that_is_none_gets_400(host: str, service: Service, owner: Customer) -> None:
    head = f"GET {SHOP} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Token {key_of(owner)}\r\nConnection: close\r\n\r\n"
    answer = exchange(service, head.encode())
    assert answer is not None
    if host:
        assert answer.status_code == 400
        assert answer.headers["Content-Type"] == "application/problem+json"
    else:
        assert answer.status_code < 500


def test_an_id_that_two_clients_bring_at_once_goes_to_one_of_them(service: Service, staff: Client) -> None:
    # Over HTTP the ledger gives orders their ids; only an import can name an id.
    with nothing_recorded(service):
        assert_problem(staff.post(ORDERS, json={"id": 600_000, "items": []}), 422, "invalid-field", field="id")
    lines = [b'{"id": 600000, "notes": "first"}', b'{"id": 600000, "notes": "second"}']
    with ThreadPoolExecutor(2) as threads:
        ran = list(threads.map(lambda line: service.run("import", "-", stdin=line), lines))
    taken = [b"1 imported" in done.stdout for done in ran]
    assert sorted(taken) == [False, True]
    other = ran[taken.index(False)]
    assert [done.returncode for done in ran] == [int(not took) for took in taken]
    assert b"0 imported with 0 events, 0 there already, 1 rejected" in other.stdout
    assert b"line 1: conflict: order 600000" in other.stderr
    kept = "first" if taken[0] else "second"
    assert staff.get(f"{ORDERS}/600000").json()["notes"] == kept


# --- faults inside ---


@of_a_file
def test_a_failure_inside_tells_nothing_but_the_requests_id(make_service: Callable[..., Service]) -> None:
    service = make_service(workers=1)
    staff = service.client(service.key("orders:read", "orders:write"))
    damaged, sound = placed(staff), placed(staff)
    ledger = service.folder / "ledger.db"
    tamper(ledger, "UPDATE events SET payload = 'secret' WHERE originator_id = ?", damaged["uuid"])
    answer = staff.patch(f"{ORDERS}/{damaged['id']}", json={"notes": "n"}, headers={"X-Request-Id": "find-me"})
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert set(answer.json()) == {"type", "title", "status", "detail", "code"}
    assert "find-me" in answer.json()["detail"]
    assert not re.search("secret|Traceback|position|sqlite|line|/", answer.json()["detail"])
    assert "find-me" in service.log()
    assert staff.patch(f"{ORDERS}/{sound['id']}", json={"notes": "n"}).status_code == 200


# --- random bytes ---

_NAMES = (
    "limit offset search ordering status status_in payment_method payment_method_in billing_city_in has_notes id_min"
    " created_date created_from updated_to min_position customer is_paid key currency"
)
_PIECES = [
    *b"\x00 \xff \xed\xa0\x80 \xd9\xa3 ' \" % _ ; , - [ ] { } -1 0 1e9 1_0 null true new id -id 2024-02-29".split(),
    *(b"\r\n", b" ", b"orders:1", b"99999999999999999999"),
]


def random_bytes(rng: random.Random) -> bytes:
    if rng.random() < 0.5:
        return b"".join(rng.choices(_PIECES, k=rng.randint(0, 6)))
    return rng.randbytes(rng.randint(0, 40))


def test_no_query_causes_a_5xx(staff: Client, owner: Customer) -> None:
    rng = random.Random(20240531)
    for _ in range(200):
        pairs = [(rng.choice(_NAMES.split()), random_bytes(rng)) for _ in range(rng.randint(1, 3))]
        query = "&".join(f"{name}={quote(value)}" for name, value in pairs)
        for client, path in ((owner, SHOP), (owner, STOREFRONT), (staff, ORDERS)):
            answer = client.get(f"{path}?{query}")
            waited_in_vain = answer.status_code == 503 and answer.json()["code"] == "position-not-reached"
            assert answer.status_code < 500 or waited_in_vain, (query, answer.text)
            assert answer.status_code in (200, 503) or assert_problem(answer, 400, "invalid-parameter")


def spoiled(rng: random.Random, text: bytes) -> bytes:
    """The text after one to four random changes: bytes replaced, removed, doubled or inserted."""
    changed = bytearray(text)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(changed) + 1)
        if rng.random() < 0.6:
            changed[at : at + rng.choice((0, 1, 1, 8))] = random_bytes(rng)
        else:
            changed[at:at] = changed[at : at + rng.randint(1, 30)]
    return bytes(changed)


_BODY = json.dumps(
    {
        "currency": "USD",
        "customer": {"id": 900, "username": "john"},
        "shipping_cost": 5.5,
        "notes": None,
        "items": [{"product": {"id": 42}, "unit_price": "79.99", "quantity": 2}],
        "voucher": {"code": "W", "discount_amount": "0"},
    }
).encode()


def recorded(service: Service) -> int:
    with closing(open_log(service.url)) as log:
        return sum(1 for _ in log.raw_records(topics=["order.created.v2", "order.created.v2+sealed"]))


def test_no_body_causes_a_5xx_and_only_what_is_taken_is_recorded(service: Service, staff: Client) -> None:
    rng = random.Random(20240601)
    before, taken = recorded(service), 0
    for _ in range(300):
        body = spoiled(rng, _BODY) if rng.random() < 0.8 else random_bytes(rng)
        answer = staff.post(ORDERS, data=body, headers=_JSON)
        assert answer.status_code in (201, 400, 409, 422), (body, answer.text)
        taken += answer.status_code == 201
        assert answer.ok or answer.headers["Content-Type"] == "application/problem+json"
    assert recorded(service) == before + taken


def test_no_bytes_on_the_wire_cause_a_5xx(service: Service, staff: Client, owner: Customer) -> None:
    rng = random.Random(20240602)
    templates = [
        request(owner, f"GET {SHOP}?limit=1&search=a HTTP/1.1", "Accept: */*"),
        request(staff, f"HEAD {ORDERS} HTTP/1.1"),
        post(staff, f"Content-Length: {len(_BODY)}", 'If-Match: "1"', "Idempotency-Key: wire", body=_BODY),
        post(staff, "Transfer-Encoding: chunked", body=b"2\r\n{}\r\n0\r\n\r\n"),
        request(owner, f"DELETE {STOREFRONT}{NOBODY}/ HTTP/1.1"),
    ]
    answered = 0
    for _ in range(300):
        sent = spoiled(rng, rng.choice(templates)) if rng.random() < 0.9 else rng.randbytes(rng.randint(1, 300))
        answer: Answer | None = exchange(service, sent, method=sent.split(b" ")[0].decode("latin-1"), ends=True)
        if answer is not None:
            answered += 1
            assert answer.status_code < 500, (sent, answer.text)
    assert answered > 150
    assert requests.get(f"{service.base}/healthz", timeout=10).ok


def test_a_body_with_several_faults_gets_all_of_them_with_what_was_sent_and_what_would_be_right(
    service: Service, staff: Client
) -> None:
    body = {
        "curency": "USD",
        "customer": {"id": "7"},
        "shipping_cost": True,
        "items": [{"quantity": 0, "unit_price": "1,50"}, {"product": {"id": 1.5}}, 5],
        "notes": 3,
    }
    with nothing_recorded(service):
        answer = staff.post(ORDERS, json=body)
    assert_problem(answer, 422, "invalid-field")
    assert {error["field"]: error["message"] for error in answer.json()["errors"]} == {
        "curency": "this field is not known here",
        "customer.id": 'must be a whole number or null, not "7"',
        "shipping_cost": "must be an amount, like '79.90', not true",
        "items[0].quantity": "must be a whole number from 1 to 1000000, not 0",
        "items[0].unit_price": "'1,50' is not an amount; write plain digits like '79.90', at most 15 before the point",
        "items[1].product.id": "must be a whole number or null, not 1.5",
        "items[2]": "must be an object, not 5",
        "notes": "must be text or null, not 3",
    }


def test_a_choice_that_is_none_is_answered_with_the_choices(service: Service, staff: Client) -> None:
    order = placed(staff)
    answer = staff.post(f"{ORDERS}/{order['id']}/status", json={"status": "gone", "reasons": []})
    assert answer.json()["errors"] == [
        {
            "field": "status",
            "message": "must be one of cancelled, completed, deleted, failed, hold, new, processing, refunded, shipped,"
            ' not "gone"',
        },
        {"field": "reasons", "message": "this field is not known here"},
    ]
