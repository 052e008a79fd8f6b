"""May a page in a browser call the service, where the operator allows its origin, and only there?"""

from collections.abc import Iterator

import pytest
import requests

from tests.api.conftest import ORDERS, SHOP, STOREFRONT, placed
from tests.conftest import Service

ORIGIN, OTHER = "https://shop.example.com", "https://evil.example.com"
PREFLIGHT = {
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "authorization,idempotency-key",
}


@pytest.fixture(scope="module")
def open_to_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    running = Service(tmp_path_factory.mktemp("pages"), LEDGER_CORS_ORIGINS=f"{ORIGIN}, http://localhost:5173").start()
    yield running
    running.kill()


@pytest.mark.parametrize("path", [SHOP, f"{STOREFRONT}x", ORDERS, "/healthz"])
def test_a_preflight_is_answered_without_a_key(path: str, open_to_pages: Service) -> None:
    answer = requests.options(open_to_pages.base + path, headers={"Origin": ORIGIN, **PREFLIGHT}, timeout=5)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "GET" in answer.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization,idempotency-key"
    assert "Origin" in answer.headers["Vary"]


def test_answers_and_errors_can_be_read_by_an_allowed_page_with_the_headers_that_matter(
    open_to_pages: Service,
) -> None:
    placed(open_to_pages.client(open_to_pages.key("orders:write")), customer={"id": 7})
    customer = open_to_pages.client(open_to_pages.key(customer=7))
    for answer in (
        customer.get(SHOP, headers={"Origin": ORIGIN}),
        customer.get(f"{SHOP}?limit=x", headers={"Origin": ORIGIN}),
        open_to_pages.client("unknown").get(SHOP, headers={"Origin": ORIGIN}),
        customer.get("/nowhere", headers={"Origin": ORIGIN}),
    ):
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
        assert {"Ledger-Position", "ETag", "X-Request-Id", "Ledger-Currencies"} <= set(exposed)
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_pages_of_other_origins_get_no_leave(open_to_pages: Service) -> None:
    customer = open_to_pages.client(open_to_pages.key(customer=7))
    assert "Access-Control-Allow-Origin" not in customer.get(SHOP, headers={"Origin": OTHER}).headers
    preflight = requests.options(open_to_pages.base + SHOP, headers={"Origin": OTHER, **PREFLIGHT}, timeout=5)
    assert "Access-Control-Allow-Origin" not in preflight.headers


def test_no_page_gets_leave_without_the_setting(service: Service) -> None:
    answer = requests.options(service.base + SHOP, headers={"Origin": ORIGIN, **PREFLIGHT}, timeout=5)
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_star_allows_every_page(tmp_path_factory: pytest.TempPathFactory) -> None:
    running = Service(tmp_path_factory.mktemp("star"), workers=1, LEDGER_CORS_ORIGINS="*").start()
    try:
        assert (
            requests.get(running.base + "/healthz", headers={"Origin": OTHER}, timeout=5).headers[
                "Access-Control-Allow-Origin"
            ]
            == "*"
        )
    finally:
        running.kill()
