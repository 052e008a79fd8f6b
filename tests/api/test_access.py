"""The rights of keys: no key or an unknown one gets a 401, a key without the right a 403. Is a revocation immediate?"""

import re
from collections.abc import Callable
from itertools import chain

import pytest
import requests

from tests.api.conftest import (
    NOBODY,
    ORDERS,
    SHOP,
    STOREFRONT,
    Customer,
    assert_problem,
    key_of,
    last,
    nothing_recorded,
    placed,
)
from tests.api.routes import OFFICES, READS, SCOPES, WRITES, Route, prepare
from tests.conftest import Client, Service
from tests.postgres import of_a_file

each_route = pytest.mark.parametrize("route", [*READS, *WRITES, *OFFICES], ids=str)


@pytest.fixture(scope="module")
def revoked(service: Service) -> str:
    """A key that `token revoke` has revoked."""
    key = service.key("orders:read", "orders:write")
    assert service.run("token", "revoke", key[:8]).returncode == 0
    return key


@pytest.fixture(scope="module")
def by_scope(service: Service) -> dict[str, Client]:
    """One client for each scope, whose key has no other scope."""
    return {scope: service.client(service.key(scope)) for scope in SCOPES}


@pytest.fixture
def owner(new_customer: Callable[[], Customer]) -> Customer:
    return new_customer()


@pytest.fixture
def order(staff: Client, owner: Customer) -> dict[str, str]:
    return placed(
        staff, owner, items=[{"unit_price": "50"}, {"unit_price": "50"}], charges=[{"kind": "tip", "amount": "5"}]
    )


_NO_KEYS = [
    "",
    "Token",
    "Bearer ",
    "Token unknown",
    "Bearer " + "A" * 43,
    "Bearer " + "A" * 5000,
    "Basic dTpw",
    "{key}",
    "Token {key}x",
    "Token {key} {key}",
    "Token Bearer {key}",
    "Token ' OR 1=1 --",
    "Bearer \xff",
]


@each_route
def test_a_request_without_a_key_in_force_gets_a_401(
    route: Route, service: Service, owner: Customer, order: dict[str, str]
) -> None:
    headers = [{"Authorization": text.format(key=key_of(owner))} for text in _NO_KEYS]
    with nothing_recorded(service), requests.Session() as stranger:
        for sent in ({}, *headers):
            answer = route.ask(stranger, service.base, order, headers=sent)
            assert_problem(answer, 401, "not-authenticated")
            assert re.search("Token .*Bearer ", answer.headers["WWW-Authenticate"])


@each_route
def test_a_request_with_a_revoked_key_gets_a_401(
    route: Route, service: Service, revoked: str, order: dict[str, str]
) -> None:
    with nothing_recorded(service):
        answer = route.ask(service.client(revoked), "", order)
    assert_problem(answer, 401, "not-authenticated")


@each_route
def test_only_the_right_key_is_let_in(
    route: Route,
    service: Service,
    staff: Client,
    owner: Customer,
    order: dict[str, str],
    by_scope: dict[str, Client],
) -> None:
    clients: dict[str, Client] = {"customer": owner, **by_scope}
    with nothing_recorded(service):
        for takes, client in clients.items():
            if takes != route.takes:
                assert_problem(route.ask(client, "", order), 403, "not-allowed")
    prepare(route, staff, order)
    # A checkpoint needs more than a key with the scope: its tests are elsewhere.
    assert route.ask(clients[route.takes], "", order).ok or route.path.endswith(("checkpoint", "evidence"))


@pytest.mark.parametrize("scheme", ["Token", "Bearer", "token", "BEARER"])
@pytest.mark.parametrize("route", [*READS, WRITES[0]], ids=str)
def test_either_scheme_is_taken_in_letters_of_any_case(
    scheme: str, route: Route, service: Service, staff: Client, owner: Customer, order: dict[str, str]
) -> None:
    key = key_of(owner if route.takes == "customer" else staff)
    headers = {"Authorization": f"{scheme} {key}"}
    assert route.ask(requests.Session(), service.base, order, headers=headers).ok


@pytest.mark.parametrize("route", [route for route in chain(READS, WRITES, OFFICES) if "{" in route.path], ids=str)
def test_a_key_without_the_right_does_not_learn_whether_an_order_exists(
    route: Route, service: Service, owner: Customer, order: dict[str, str], by_scope: dict[str, Client]
) -> None:
    client = by_scope["audit:read"] if route.takes == "customer" else owner
    there = route.ask(client, "", order)
    missing = route.ask(client, "", {"id": "999999999999", "uuid": NOBODY})
    assert (there.status_code, missing.status_code) == (403, 403)
    assert there.content == missing.content


def test_a_customer_sees_their_own_orders_alone(staff: Client, new_customer: Callable[[], Customer]) -> None:
    one, other = new_customer(), new_customer()
    own, theirs = placed(staff, one), placed(staff, other)
    assert [order["id"] for order in one.get(SHOP).json()["results"]] == [own["id"]]
    assert [order["id"] for order in one.get(STOREFRONT).json()["results"]] == [own["uuid"]]
    assert one.get(f"{SHOP}?search={theirs['key']}").json()["count"] == 0
    assert one.get(f"{SHOP}?customer={other.id}").json()["count"] == 1


def test_the_events_of_a_write_record_whose_key_it_was(service: Service, owner: Customer) -> None:
    made = service.run("token", "create", "--scope", "orders:write", "--name", "back.office")
    order = placed(service.client(made.stdout.decode().strip()), owner)
    assert last(service, order).actor == "back.office"
    owner.delete(f"{STOREFRONT}{order['uuid']}/")
    assert last(service, order).actor == key_of(owner)[:8]


@of_a_file
def test_a_key_is_printed_alone_and_kept_only_as_a_hash(service: Service) -> None:
    made = service.run("token", "create", "--customer", "7")
    key = made.stdout.decode().removesuffix("\n")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43,}", key), "256 bits are 43 letters or more"
    listed = service.run("token", "list")
    assert (listed.returncode, listed.stderr) == (0, b"")
    assert key[:8] in listed.stdout.decode()
    assert key not in listed.stdout.decode()
    files = list(service.folder.glob("ledger.db*"))
    assert files
    assert not any(key.encode() in file.read_bytes() for file in files)


def test_a_revocation_holds_from_the_next_request_on_whichever_worker_answers(service: Service) -> None:
    key = service.key("orders:read")
    # A connection stays with the worker that accepted it; with this many, both workers have some.
    clients = [service.client(key) for _ in range(16)]
    assert {client.get(ORDERS).status_code for client in clients} == {200}
    assert service.run("token", "revoke", key[:8]).returncode == 0
    assert {client.get(ORDERS).status_code for client in clients} == {401}
    assert {service.client(key).get(ORDERS).status_code for _ in range(16)} == {401}


def test_a_key_that_was_just_made_is_known_to_every_worker(service: Service) -> None:
    key = service.key("orders:read")
    assert {service.client(key).get(ORDERS).status_code for _ in range(16)} == {200}
