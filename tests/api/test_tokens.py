"""Are tokens of the shop's own identity provider taken with their claims, and all other tokens refused?"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from api.settings import Provider
from api.tokens import FETCH_SECONDS_MAX, KEYS_SECONDS_MIN, TokenRefused, Tokens
from tests.api.conftest import ORDERS, SHOP, STOREFRONT, assert_problem, placed
from tests.conftest import Client, Service
from tests.waiting import until

ISSUER, AUDIENCE = "https://login.shop.example/", "orders"
SIGNING: dict[str, Any] = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


def public(algorithm: str, key: Any, key_id: str) -> dict[str, Any]:
    found = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return {**found, "kid": key_id, "use": "sig", "alg": algorithm}


def keys_of(signing: dict[str, Any]) -> str:
    return json.dumps({"keys": [public(algorithm, key, algorithm) for algorithm, key in signing.items()]})


def token(algorithm: str = "EdDSA", *, key: Any = None, kid: str | None = None, **claims: Any) -> str:
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": "7", "exp": int(time.time()) + 60, **claims}
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(said, key or SIGNING[algorithm], algorithm, headers={"kid": kid or algorithm})


@pytest.fixture(scope="module")
def of_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("tokens")
    (folder / "jwks.json").write_text(keys_of(SIGNING))
    running = Service(
        folder,
        LEDGER_JWT_KEYS=str(folder / "jwks.json"),
        LEDGER_JWT_ISSUER=ISSUER,
        LEDGER_JWT_AUDIENCE=AUDIENCE,
        LEDGER_JWT_SCOPES_CLAIM="permissions",
    ).start()
    yield running
    running.kill()


def bearer(service: Service, text: str) -> Client:
    return service.client(text)


@pytest.mark.parametrize("algorithm", SIGNING)
def test_a_customers_token_lists_their_orders_and_no_others(algorithm: str, of_provider: Service) -> None:
    staff = of_provider.client(of_provider.key("orders:write"))
    mine, other = (placed(staff, customer={"id": id_}) for id_ in (7, 8))
    customer = bearer(of_provider, token(algorithm))
    ids = [order["id"] for order in customer.get(SHOP).json()["results"]]
    assert mine["id"] in ids
    assert other["id"] not in ids
    assert customer.get(f"{SHOP}/{other['id']}").status_code == 404
    assert customer.get(ORDERS).status_code == 403
    assert customer.delete(f"{STOREFRONT}{mine['uuid']}").status_code == 204


def test_a_tokens_scopes_are_its_bearers_and_events_record_it_and_the_person_behind_it(of_provider: Service) -> None:
    text = token(sub="backoffice", permissions=["orders:write", "audit:read", "profile"], act={"sub": "anna"})
    staff = bearer(of_provider, text)
    order = placed(staff)
    events = staff.get(f"/api/v1/audit/orders/{order['id']}/events").json()["events"]
    assert {event["actor"] for event in events} == {"jwt:backoffice/anna"}
    assert staff.get("/api/v1/finance/payments").status_code == 403


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"exp": 1}, "expired"),
        ({"exp": None}, "exp"),
        ({"nbf": int(time.time()) + 3600}, "not yet valid"),
        ({"aud": "others"}, "audience"),
        ({"aud": None}, "aud"),
        ({"iss": "https://evil.example/"}, "issuer"),
        ({"sub": "anna"}, "no customer's id"),
        ({"sub": "-7"}, "no customer's id"),
        ({"sub": "7" * 16}, "no customer's id"),
        ({"sub": "anna", "permissions": [["orders:read"], {}, 1]}, "no scope"),
        ({"sub": "a b", "permissions": ["orders:read"]}, "no name"),
        ({"sub": "a/b", "permissions": ["orders:read"]}, "no name"),
    ],
)
def test_a_token_that_says_something_else_is_refused_with_the_reason(
    claims: dict[str, Any], why: str, of_provider: Service
) -> None:
    answer = bearer(of_provider, token(**claims)).get(SHOP)
    assert_problem(answer, 401, "not-authenticated")
    assert why in answer.json()["detail"], answer.text
    assert "WWW-Authenticate" in answer.headers


def test_a_token_that_is_not_signed_by_the_providers_key_is_refused(of_provider: Service) -> None:
    public_key = SIGNING["EdDSA"].public_key().public_bytes_raw()
    forged = [
        token(key=ed25519.Ed25519PrivateKey.generate()),
        token(kid="unknown"),
        jwt.encode({"sub": "7"}, public_key, "HS256", headers={"kid": "EdDSA"}),
        jwt.encode({"sub": "7"}, None, "none", headers={"kid": "EdDSA"}),
        token()[:-4] + "AAAA",
        "a.b.c",
        "..",
    ]
    for text in forged:
        assert_problem(bearer(of_provider, text).get(SHOP), 401, "not-authenticated")


def test_a_key_of_the_provider_that_is_for_encryption_signs_no_token(tmp_path: Path) -> None:
    encrypting = rsa.generate_private_key(65537, 2048)
    keys = [public("EdDSA", SIGNING["EdDSA"], "EdDSA"), public("RS256", encrypting, "RS256") | {"use": "enc"}]
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": keys}))
    tokens = Tokens(Provider(str(tmp_path / "jwks.json"), ISSUER, AUDIENCE, "sub", "scope"))
    tokens.refresh()
    assert tokens.caller(token()).customer_id == 7
    with pytest.raises(TokenRefused, match="not signed by a key that the identity provider publishes"):
        tokens.caller(token("RS256", key=encrypting))


def test_a_key_of_the_provider_that_is_too_short_for_its_algorithm_signs_no_token(tmp_path: Path) -> None:
    short = rsa.generate_private_key(65537, 1024)
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [public("RS256", short, "RS256")]}))
    tokens = Tokens(Provider(str(tmp_path / "jwks.json"), ISSUER, AUDIENCE, "sub", "scope"))
    tokens.refresh()
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        signed = token("RS256", key=short)
    with pytest.raises(TokenRefused, match="the RSA key is 1024 bits long"):
        tokens.caller(signed)


def test_no_token_is_taken_without_a_provider(service: Service) -> None:
    assert_problem(bearer(service, token()).get(SHOP), 401, "not-authenticated")


class _Keys(BaseHTTPRequestHandler):
    # Seconds to wait before each byte of the answer.
    seconds_each = 0.0

    def do_GET(self) -> None:
        self.server.asked += 1
        self.send_response(200)
        self.end_headers()
        document = self.server.document.encode()
        with suppress(OSError):  # the service has given up
            for byte in (document,) if not self.seconds_each else (bytes([each]) for each in document):
                time.sleep(self.seconds_each)
                self.wfile.write(byte)

    def log_message(self, *_: Any) -> None:
        pass


def test_keys_from_an_address_are_kept_and_asked_for_again_where_a_token_names_another(
    make_service: Callable[..., Service],
) -> None:
    with serving(_Keys) as server:
        service = of_address(make_service, server)
        for _ in range(5):
            assert bearer(service, token()).get(SHOP).status_code == 200
            assert bearer(service, token("ES256")).get(SHOP).status_code == 401
        assert server.asked == 1, "who names unknown keys does not make it ask again and again"
    assert bearer(service, token()).get(SHOP).status_code == 200, "its keys stay where it does not answer"


def test_a_key_that_the_provider_adds_is_taken_within_seconds(make_service: Callable[..., Service]) -> None:
    with serving(_Keys) as server:
        service = of_address(make_service, server)
        assert bearer(service, token("ES256")).get(SHOP).status_code == 401
        server.document = keys_of({name: SIGNING[name] for name in ("EdDSA", "ES256")})
        until(lambda: bearer(service, token("ES256")).get(SHOP).status_code != 401, 3 * KEYS_SECONDS_MIN)
        assert server.asked == 2


def test_a_key_that_the_provider_puts_in_the_place_of_another_is_taken_within_seconds(
    make_service: Callable[..., Service],
) -> None:
    """A provider with one key may give it no name, or always the same."""
    with serving(_Keys) as server:
        service = of_address(make_service, server)
        assert bearer(service, token()).get(SHOP).status_code == 200
        server.document = keys_of({"EdDSA": (following := ed25519.Ed25519PrivateKey.generate())})
        until(lambda: bearer(service, token(key=following)).get(SHOP).status_code == 200, 3 * KEYS_SECONDS_MIN)
        assert bearer(service, token()).get(SHOP).status_code == 401
        assert server.asked == 2


class _Slow(_Keys):
    seconds_each = 0.002


class _Endless(_Keys):
    seconds_each = 0.5


def of_address(make_service: Callable[..., Service], server: HTTPServer) -> Service:
    return make_service(
        workers=1,
        LEDGER_JWT_KEYS=f"http://127.0.0.1:{server.server_port}/jwks",
        LEDGER_JWT_ISSUER=ISSUER,
        LEDGER_JWT_AUDIENCE=AUDIENCE,
    )


@contextmanager
def serving(handler: type[_Keys]) -> Iterator[HTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.asked, server.document = 0, keys_of({"EdDSA": SIGNING["EdDSA"]})
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_requests_that_come_while_the_keys_are_fetched_wait_for_them(make_service: Callable[..., Service]) -> None:
    """The first request fetches the keys.

    An earlier version refused the others meanwhile, or fetched the keys for each.
    """
    with serving(_Slow) as server, ThreadPoolExecutor(50) as many:
        service = of_address(make_service, server)
        answers = list(many.map(lambda _: bearer(service, token()).get(SHOP), range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert server.asked == 1


def test_a_provider_whose_keys_come_byte_by_byte_keeps_nobody(make_service: Callable[..., Service]) -> None:
    with serving(_Endless) as server:
        service = of_address(make_service, server)
        began = time.monotonic()
        assert_problem(bearer(service, token()).get(SHOP), 401, "not-authenticated")
        assert time.monotonic() - began < 2 * FETCH_SECONDS_MAX
        customer = service.client(service.key(customer=7))
        assert customer.get(SHOP).status_code == 200


def test_settings_that_do_not_go_together_are_named(tmp_path: Path) -> None:
    done = Service(tmp_path, LEDGER_JWT_KEYS="jwks.json").run("serve")
    assert done.returncode == 2
    assert b"LEDGER_JWT_ISSUER" in done.stderr
    named = {"LEDGER_JWT_ISSUER": ISSUER, "LEDGER_JWT_AUDIENCE": AUDIENCE}
    for keys, told in (("http://login.example/jwks", b"begins with https://"), ("jwks.json", b"there is no such file")):
        done = Service(tmp_path, LEDGER_JWT_KEYS=keys, **named).run("serve")
        assert (done.returncode, told in done.stderr) == (2, True), done.stderr


def test_a_key_can_name_the_person_behind_it_and_events_record_it(of_provider: Service) -> None:
    staff = of_provider.client(of_provider.key("orders:write", "audit:read", name="till"))
    staff.headers["Ledger-Act"] = "anna@shop.example"
    order = placed(staff)
    events = staff.get(f"/api/v1/audit/orders/{order['id']}/events").json()["events"]
    assert {event["actor"] for event in events} == {"till/anna@shop.example"}
    assert staff.get("/api/v1/audit/events", params={"actor": "till/anna@shop.example"}).json()["events"] == events
    for person in ("", "a b", "a/b", "x" * 101):
        assert_problem(staff.get(ORDERS, headers={"Ledger-Act": person}), 400, "invalid-parameter")
