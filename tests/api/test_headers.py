"""The headers that every answer has, for browsers and caches, and the header that no answer has."""

import pytest

from tests.api.conftest import ORDERS, exchange, placed
from tests.conftest import Client, Service

PAYMENTS = "/api/v1/finance/payments"


@pytest.fixture(scope="module")
def auditor(service: Service) -> Client:
    assert service.run("key", "create").returncode == 0
    return service.client(service.key("audit:read"))


def test_no_answer_is_taken_for_another_type_or_names_the_server(service: Service, staff: Client) -> None:
    order = placed(staff)
    for answer in (
        staff.get("/healthz"),
        staff.get("/readyz"),
        staff.get(ORDERS),
        staff.head(ORDERS),
        staff.post(ORDERS, json={"items": []}),
        staff.post(ORDERS, data=b"{"),
        staff.get(f"{ORDERS}/{order['id']}", headers={"If-None-Match": f'"{order["version"]}"'}),
        staff.get(PAYMENTS, headers={"Accept": "text/csv"}),
        staff.get("/nowhere"),
        staff.put(ORDERS),
        service.client("wrong").get(ORDERS),
        exchange(service, b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n"),
        exchange(service, b"nothing\r\n\r\n"),
    ):
        assert answer is not None
        assert answer.headers["X-Content-Type-Options"] == "nosniff", answer.status_code
        assert "Server" not in answer.headers, answer.status_code


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nowhere", 404), (f"{ORDERS}?limit=x", 400), ("/api/v1/audit/events", 403), (f"{ORDERS}/0", 404)],
)
def test_no_error_is_kept_by_a_cache(path: str, status: int, staff: Client) -> None:
    answer = staff.get(path)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (status, "no-store")


def test_no_error_below_the_application_is_kept_either(service: Service) -> None:
    answer = exchange(service, b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n")
    assert answer is not None
    assert (answer.status_code, answer.headers["Cache-Control"]) == (400, "no-store")


def test_no_download_is_kept_by_a_cache(staff: Client, auditor: Client) -> None:
    order = placed(staff)
    for answer in (
        staff.get(PAYMENTS, headers={"Accept": "text/csv"}),
        auditor.get(f"/api/v1/audit/orders/{order['uuid']}/evidence"),
        auditor.get("/api/v1/audit/checkpoint", headers={"Accept": "text/plain"}),
    ):
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store"), answer.text


def test_an_order_is_asked_for_again_with_its_etag_as_before(staff: Client) -> None:
    order = placed(staff)
    assert staff.get(f"{ORDERS}/{order['id']}").headers["Cache-Control"] == "private, no-cache"
