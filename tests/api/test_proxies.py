"""Is a configured proxy believed about the outer address, and no other client?"""

from collections.abc import Callable, Iterator

import pytest

from tests.api.conftest import ORDERS, SHOP, STOREFRONT, Customer, assert_problem, exchange, key_of, placed
from tests.conftest import Client, Service

SHOP_URL = "https://shop.example.com"
_X_FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "shop.example.com"}
_STANDARD = {"Forwarded": "for=203.0.113.7;proto=https;host=shop.example.com"}
_FORWARDED = [_X_FORWARDED, _STANDARD]


@pytest.fixture(scope="module")
def owner(staff: Client, new_customer: Callable[[], Customer]) -> Customer:
    """A customer with two orders."""
    customer = new_customer()
    placed(staff, customer)
    placed(staff, customer)
    return customer


def beside(service: Service, name: str, **settings: str) -> Iterator[Service]:
    """Another service on the same ledger, with these settings and views of its own."""
    there = Service(service.folder, LEDGER_VIEWS=str(service.folder / f"views-{name}.db"), **settings).start()
    yield there
    there.kill()


_PROXIES = "10.0.0.0/8, 127.0.0.1, 2001:db8::/32"


@pytest.fixture(scope="module")
def trusting(service: Service, owner: Customer) -> Iterator[Service]:
    yield from beside(service, "trusting", LEDGER_TRUSTED_PROXIES=_PROXIES)


@pytest.fixture(scope="module")
def trusting_the_standard(service: Service, owner: Customer) -> Iterator[Service]:
    yield from beside(service, "standard", LEDGER_TRUSTED_PROXIES=_PROXIES, LEDGER_FORWARDED="forwarded")


@pytest.fixture(scope="module")
def trusting_others(service: Service, owner: Customer) -> Iterator[Service]:
    yield from beside(service, "others", LEDGER_TRUSTED_PROXIES="10.0.0.0/8,::1")


@pytest.fixture(scope="module")
def public(service: Service, owner: Customer) -> Iterator[Service]:
    yield from beside(service, "public", LEDGER_TRUSTED_PROXIES=_PROXIES, LEDGER_PUBLIC_URL=f"{SHOP_URL}/")


@pytest.fixture(scope="module")
def choosy(service: Service, owner: Customer) -> Iterator[Service]:
    allowed = "Shop.example.com, 127.0.0.1"
    yield from beside(service, "choosy", LEDGER_TRUSTED_PROXIES=_PROXIES, LEDGER_ALLOWED_HOSTS=allowed)


def addresses(service: Service, owner: Customer, headers: dict[str, str]) -> list[str]:
    """The scheme and host of the addresses in a customer's lists."""
    client = service.client(key_of(owner))
    shop = client.get(f"{SHOP}?limit=1", headers=headers)
    storefront = client.get(f"{STOREFRONT}?limit=1", headers=headers)
    assert (shop.status_code, storefront.status_code) == (200, 200), (shop.text, storefront.text)
    urls = [shop.json()["next"], storefront.json()["next"], storefront.json()["results"][0]["url"]]
    return [url.split("/api/")[0] for url in urls]


def test_a_trusted_proxys_headers_are_believed(
    trusting: Service, trusting_the_standard: Service, staff: Client, owner: Customer
) -> None:
    for asked, headers in ((trusting, _X_FORWARDED), (trusting_the_standard, _STANDARD)):
        assert addresses(asked, owner, headers) == [SHOP_URL] * 3
        created = asked.client(key_of(staff)).post(ORDERS, json={"items": []}, headers=headers)
        assert created.headers["Location"] == f"{SHOP_URL}{ORDERS}/{created.json()['id']}"


def test_headers_of_the_other_family_are_the_clients_and_change_nothing(
    trusting: Service, trusting_the_standard: Service, owner: Customer
) -> None:
    evil = {"Forwarded": "for=203.0.113.7;proto=https;host=evil.example"}
    assert addresses(trusting, owner, evil) == [trusting.base] * 3
    assert addresses(trusting, owner, {**_X_FORWARDED, **evil}) == [SHOP_URL] * 3
    evil = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    assert addresses(trusting_the_standard, owner, evil) == [trusting_the_standard.base] * 3
    assert addresses(trusting_the_standard, owner, {**_STANDARD, **evil}) == [SHOP_URL] * 3


@pytest.mark.parametrize(
    ("sources", "schemes", "hosts"),
    [
        (None, "http,https", "evil.example,shop.example.com"),
        ("203.0.113.7", "http, https", "evil.example, shop.example.com"),
        ("10.0.0.1, 203.0.113.7", "http, https", "evil.example, shop.example.com"),
        ("10.0.0.1, 203.0.113.7, 10.0.0.2", "http, https, http", "evil.example, shop.example.com, inner"),
        ("203.0.113.7:5000, 10.0.0.2:41, [2001:db8::1]:42, 2001:db8::2", "https,a,b,c", "shop.example.com,a,b,c"),
        ("10.0.0.9", "https", "shop.example.com"),
        ("203.0.113.7, 10.0.0.2, 10.0.0.3", "https", "shop.example.com"),
    ],
)
def test_forwarded_headers_are_read_from_the_right_behind_the_trusted_proxies(
    sources: str | None, schemes: str, hosts: str, trusting: Service, owner: Customer
) -> None:
    told = {"X-Forwarded-Proto": schemes, "X-Forwarded-Host": hosts}
    assert addresses(trusting, owner, told | ({"X-Forwarded-For": sources} if sources else {})) == [SHOP_URL] * 3


@pytest.mark.parametrize(
    "header",
    [
        "for=10.0.0.1;host=evil.example, for=203.0.113.7;proto=https;host=shop.example.com",
        "host=evil.example, for=203.0.113.7;proto=https;host=shop.example.com",
        'for=203.0.113.7;PROTO=https;Host="shop.example.com" , for=10.0.0.2;proto=http;host=inner',
        'for=1.2.3.4;host=evil.example,for=203.0.113.7;proto=https;host=shop.example.com,For="[2001:db8::1]:42";host=a',
        'for="_hidden";proto="h\\ttps";host=shop.example.com, for=10.0.0.2:41',
        "for=10.0.0.9;proto=https;host=shop.example.com",
    ],
)
def test_a_forwarded_header_is_read_from_the_right_too(
    header: str, trusting_the_standard: Service, owner: Customer
) -> None:
    assert addresses(trusting_the_standard, owner, {"Forwarded": header}) == [SHOP_URL] * 3


@pytest.mark.parametrize(
    "header",
    [
        'for=x;host=evil.example;by=", for="[2001:db8::9]";proto=https;host=shop.example.com',
        'for=x;host=evil.example;by=", for=203.0.113.7;proto=https;host=shop.example.com',
        "host=evil.example;, for=203.0.113.7;proto=https",
        "for=203.0.113.7;host=evil.example;host=shop.example.com",
        "evil",
        "for=203.0.113.7 host=evil.example",
    ],
)
def test_a_malformed_forwarded_header_is_refused_and_not_read_halfway(
    header: str, trusting_the_standard: Service, owner: Customer
) -> None:
    answer = trusting_the_standard.client(key_of(owner)).get(SHOP, headers={"Forwarded": header})
    assert_problem(answer, 400, "invalid-host")


@pytest.mark.parametrize("headers", [{}, {"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}, *_FORWARDED])
def test_with_a_public_url_links_are_built_from_it_alone(
    headers: dict[str, str], public: Service, staff: Client, owner: Customer
) -> None:
    assert addresses(public, owner, headers) == [SHOP_URL] * 3
    created = public.client(key_of(staff)).post(ORDERS, json={"items": []}, headers=headers)
    assert created.headers["Location"] == f"{SHOP_URL}{ORDERS}/{created.json()['id']}"


def test_only_allowed_hosts_may_be_asked_for(choosy: Service, owner: Customer) -> None:
    assert addresses(choosy, owner, {}) == [choosy.base] * 3
    assert addresses(choosy, owner, {"Host": "SHOP.example.com:8443"}) == ["http://SHOP.example.com:8443"] * 3
    assert addresses(choosy, owner, {"Host": "inner", **_X_FORWARDED}) == [SHOP_URL] * 3
    client = choosy.client(key_of(owner))
    for headers in ({"Host": "evil.example"}, {"Host": "shop.example.com.evil.example"}, {"X-Forwarded-Host": "evil"}):
        for path in (SHOP, STOREFRONT, f"{SHOP}/1", f"{ORDERS}/1"):
            assert_problem(client.get(path, headers=headers), 400, "invalid-host")
        assert client.get("/healthz", headers=headers).status_code == 200
    assert_problem(choosy.client("wrong").get(SHOP, headers={"Host": "evil.example"}), 400, "invalid-host")


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
        created = asked.client(key_of(staff)).post(ORDERS, json={"items": []}, headers=headers)
        assert created.headers["Location"] == f"{asked.base}{ORDERS}/{created.json()['id']}"


_BEHIND = {**_X_FORWARDED, "X-Forwarded-For": "203.0.113.7"}


@pytest.mark.parametrize(
    ("told", "base"),
    [
        ({"X-Forwarded-Port": "8443"}, f"{SHOP_URL}:8443"),
        ({"X-Forwarded-Port": "443"}, SHOP_URL),
        ({"X-Forwarded-Port": "80"}, f"{SHOP_URL}:80"),
        ({"X-Forwarded-Port": "80", "X-Forwarded-Proto": "http"}, "http://shop.example.com"),
        ({"X-Forwarded-Port": "8443", "X-Forwarded-Host": "shop.example.com:9"}, f"{SHOP_URL}:8443"),
        ({"X-Forwarded-Host": "shop.example.com:443"}, SHOP_URL),
        ({"X-Forwarded-Port": "8443", "X-Forwarded-Host": "[2001:db8::9]:9"}, "https://[2001:db8::9]:8443"),
        ({"X-Forwarded-Port": "666, 8443, 8000", "X-Forwarded-For": "203.0.113.7, 10.0.0.2"}, f"{SHOP_URL}:8443"),
        ({"X-Forwarded-Prefix": "/shop"}, f"{SHOP_URL}/shop"),
        ({"X-Forwarded-Prefix": "shop//eu/"}, f"{SHOP_URL}/shop/eu"),
        ({"X-Forwarded-Prefix": "/"}, SHOP_URL),
        ({"X-Forwarded-Prefix": "/a%20b", "X-Forwarded-Port": "8443"}, f"{SHOP_URL}:8443/a%20b"),
        ({"X-Forwarded-Prefix": "/evil, /shop, /in", "X-Forwarded-For": "203.0.113.7, 10.0.0.2"}, f"{SHOP_URL}/shop"),
    ],
)
def test_a_trusted_proxys_port_and_prefix_stand_in_every_address(
    told: dict[str, str], base: str, trusting: Service, staff: Client, owner: Customer
) -> None:
    headers = _BEHIND | told
    assert addresses(trusting, owner, headers) == [base] * 3
    created = trusting.client(key_of(staff)).post(ORDERS, json={"items": []}, headers=headers)
    assert created.headers["Location"] == f"{base}{ORDERS}/{created.json()['id']}"
    page = trusting.client(key_of(owner)).get(f"{SHOP}?limit=1&offset=1", headers=headers).json()
    assert page["previous"] == f"{base}{SHOP}?limit=1"


@pytest.mark.parametrize(
    "told",
    [
        *({"X-Forwarded-Port": port} for port in ("0", "65536", "x", "-1", "80a", "٨٠", "1" * 20)),
        *(
            {"X-Forwarded-Prefix": prefix}
            for prefix in ("/../evil", "/.", "/%2e%2E/x", '/a"b', "/a b", "/a?b", "/a#b", "/a\\b", "/%zz", "/a" * 21)
        ),
    ],
)
def test_a_malformed_forwarded_port_or_prefix_never_stands_in_an_address(
    told: dict[str, str], trusting: Service, owner: Customer
) -> None:
    headers = {name: value.encode() for name, value in (_BEHIND | told).items()}
    assert_problem(trusting.client(key_of(owner)).get(SHOP, headers=headers), 400, "invalid-host")


def test_x_forwarded_port_and_prefix_count_for_nothing_where_forwarded_is_read(
    trusting_the_standard: Service, owner: Customer
) -> None:
    evil = {"X-Forwarded-Port": "666", "X-Forwarded-Prefix": "/evil"}
    assert addresses(trusting_the_standard, owner, {**_STANDARD, **evil}) == [SHOP_URL] * 3


@pytest.mark.parametrize("headers", [{"SCRIPT_NAME": "/evil"}, {"Script-Name": "/evil"}])
def test_not_even_a_trusted_proxy_moves_the_paths(headers: dict[str, str], trusting: Service, owner: Customer) -> None:
    client = trusting.client(key_of(owner))
    assert client.get(f"{SHOP}?limit=1", headers=headers).json()["next"].startswith(f"{trusting.base}{SHOP}?")


@pytest.mark.parametrize(
    "host", ["<script>", "a b", "evil.example/path", "user@evil.example", 'x"y', "a:b", "a:999999"]
)
def test_a_malformed_host_never_stands_in_an_address(
    host: str, service: Service, trusting: Service, owner: Customer
) -> None:
    forwarded = trusting.client(key_of(owner)).get(SHOP, headers={"X-Forwarded-Host": host})
    assert_problem(forwarded, 400, "invalid-host")
    head = f"GET {SHOP} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Token {key_of(owner)}\r\nConnection: close\r\n\r\n"
    direct = exchange(service, head.encode())
    assert direct is not None
    assert direct.status_code == 400
    assert direct.headers["Content-Type"] == "application/problem+json"


def test_an_unknown_scheme_never_stands_in_an_address(trusting: Service, owner: Customer) -> None:
    answer = trusting.client(key_of(owner)).get(SHOP, headers={"X-Forwarded-Proto": "javascript"})
    assert_problem(answer, 400, "invalid-host")
