"""Whose word on the outer address is believed: a configured proxy's, and nobody else's."""

from collections.abc import Callable, Iterator

import pytest

from tests.api.conftest import ORDERS, SHOP, STOREFRONT, Customer, assert_problem, exchange, key_of, placed
from tests.conftest import Client, Service

_FORWARDED = [
    {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "shop.example.com"},
    {"Forwarded": "for=203.0.113.7;proto=https;host=shop.example.com"},
]


@pytest.fixture(scope="module")
def owner(staff: Client, new_customer: Callable[[], Customer]) -> Customer:
    """A customer with two orders."""
    customer = new_customer()
    placed(staff, customer)
    placed(staff, customer)
    return customer


def beside(service: Service, proxies: str) -> Iterator[Service]:
    """Another service on the same ledger as it stands, which trusts these proxies."""
    views = str(service.folder / f"views-{len(proxies)}.db")
    there = Service(service.folder, LEDGER_TRUSTED_PROXIES=proxies, LEDGER_VIEWS=views).start()
    yield there
    there.kill()


@pytest.fixture(scope="module")
def trusting(service: Service, owner: Customer) -> Iterator[Service]:
    yield from beside(service, "10.0.0.0/8, 127.0.0.1")


@pytest.fixture(scope="module")
def trusting_others(service: Service, owner: Customer) -> Iterator[Service]:
    yield from beside(service, "10.0.0.0/8,::1")


def addresses(service: Service, owner: Customer, headers: dict[str, str]) -> list[str]:
    """Where the addresses that the lists give a customer lead to, before their path."""
    client = service.client(key_of(owner))
    shop = client.get(f"{SHOP}?limit=1", headers=headers)
    storefront = client.get(f"{STOREFRONT}?limit=1", headers=headers)
    assert (shop.status_code, storefront.status_code) == (200, 200), (shop.text, storefront.text)
    urls = [shop.json()["next"], storefront.json()["next"], storefront.json()["results"][0]["url"]]
    return [url.split("/api/")[0] for url in urls]


@pytest.mark.parametrize("headers", _FORWARDED)
def test_a_trusted_proxys_headers_are_believed(
    headers: dict[str, str], trusting: Service, staff: Client, owner: Customer
) -> None:
    assert addresses(trusting, owner, headers) == ["https://shop.example.com"] * 3
    created = trusting.client(key_of(staff)).post(ORDERS, json={}, headers=headers)
    assert created.headers["Location"] == f"https://shop.example.com{ORDERS}/{created.json()['id']}"


def test_a_trusted_proxy_may_say_one_thing_alone(trusting: Service, owner: Customer) -> None:
    outer = f"https://127.0.0.1:{trusting.port}"
    assert addresses(trusting, owner, {"X-Forwarded-Proto": "https"}) == [outer] * 3
    assert addresses(trusting, owner, {"X-Forwarded-Host": "shop.example.com"}) == ["http://shop.example.com"] * 3
    assert addresses(trusting, owner, {}) == [trusting.base] * 3


@pytest.mark.parametrize(
    "headers",
    [
        *_FORWARDED,
        {"X-Forwarded-Prefix": "/evil", "X-Forwarded-Port": "666", "X-Forwarded-For": "10.0.0.1"},
        {"X-Forwarded-Ssl": "on", "X-Forwarded-Protocol": "ssl", "Front-End-Https": "on"},
        {"SCRIPT_NAME": "/evil", "Script-Name": "/evil", "X-Script-Name": "/evil"},
        {"PATH_INFO": "/evil", "REMOTE_ADDR": "10.0.0.1", "X-Real-Ip": "10.0.0.1"},
        {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "shop.example.com"},
    ],
)
def test_forwarded_headers_of_anybody_else_change_nothing(
    headers: dict[str, str], service: Service, trusting_others: Service, staff: Client, owner: Customer
) -> None:
    for asked in (service, trusting_others):
        assert addresses(asked, owner, headers) == [asked.base] * 3
        created = asked.client(key_of(staff)).post(ORDERS, json={}, headers=headers)
        assert created.headers["Location"] == f"{asked.base}{ORDERS}/{created.json()['id']}"


@pytest.mark.parametrize("headers", [{"SCRIPT_NAME": "/evil"}, {"Script-Name": "/evil"}, {"X-Forwarded-Prefix": "/e"}])
def test_not_even_a_trusted_proxy_moves_the_paths(headers: dict[str, str], trusting: Service, owner: Customer) -> None:
    client = trusting.client(key_of(owner))
    assert client.get(f"{SHOP}?limit=1", headers=headers).json()["next"].startswith(f"{trusting.base}{SHOP}?")


@pytest.mark.parametrize(
    "host", ["<script>", "a b", "evil.example/path", "user@evil.example", 'x"y', "a:b", "a:999999"]
)
def test_what_is_no_host_never_stands_in_an_address(
    host: str, service: Service, trusting: Service, owner: Customer
) -> None:
    forwarded = trusting.client(key_of(owner)).get(SHOP, headers={"X-Forwarded-Host": host})
    assert_problem(forwarded, 400, "invalid-host")
    head = f"GET {SHOP} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Token {key_of(owner)}\r\nConnection: close\r\n\r\n"
    direct = exchange(service, head.encode())
    assert direct is not None
    assert direct.status_code == 400
    assert direct.headers["Content-Type"] == "application/problem+json"


def test_a_scheme_that_is_none_never_stands_in_an_address(trusting: Service, owner: Customer) -> None:
    answer = trusting.client(key_of(owner)).get(SHOP, headers={"X-Forwarded-Proto": "javascript"})
    assert_problem(answer, 400, "invalid-host")
