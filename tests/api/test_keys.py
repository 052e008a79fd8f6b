"""Are keys made, changed, rotated and revoked over HTTP by keys with the right, with no more rights than theirs?"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.moments import instant
from tests.api.conftest import ORDERS, SHOP, assert_problem
from tests.conftest import Client, Service
from tests.waiting import until

KEYS = "/api/v1/keys"
LATER = "2126-01-31T12:00:00.000000Z"


@pytest.fixture
def smith(service: Service) -> Client:
    """A client that may make keys, and read and write orders."""
    return service.client(service.key("keys:write", "orders:read", "orders:write"))


@pytest.fixture
def name(request: pytest.FixtureRequest) -> Callable[[], str]:
    """A function that returns a new name at each call."""
    return lambda: f"k{time.monotonic_ns()}"


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def test_a_key_is_made_shown_once_and_listed_without_its_secret(service: Service, smith: Client, name: Any) -> None:
    called = name()
    terms = {"name": called, "scopes": ["orders:read"], "expires_at": LATER, "origins": ["https://shop.example.com"]}
    made = smith.post(KEYS, json=terms)
    assert (made.status_code, made.headers["Cache-Control"]) == (201, "no-store")
    assert made.headers["Location"].endswith(f"{KEYS}/{called}")
    body = made.json()
    assert {field: body[field] for field in terms} == terms
    assert (body["prefix"], body["revoked_at"], body["former"]) == (body["key"][:8], None, [])
    assert service.client(body["key"]).get(ORDERS).status_code == 200
    shown = smith.get(f"{KEYS}/{called}")
    assert shown.json() == {field: value for field, value in body.items() if field != "key"}
    listed = smith.get(KEYS, params={"limit": 1})
    count = listed.json()["count"]
    assert smith.get(KEYS, params={"offset": count - 1}).json()["results"] == [shown.json()]
    assert body["key"][8:] not in listed.text + shown.text


def test_a_customers_key_without_a_name_is_called_by_its_first_letters(service: Service, smith: Client) -> None:
    body = smith.post(KEYS, json={"customer_id": 7}).json()
    assert (body["name"], body["customer_id"], body["scopes"]) == (body["key"][:8], 7, [])
    assert service.client(body["key"]).get(SHOP).status_code == 200


def test_a_key_is_taken_until_it_expires_and_no_longer(service: Service, smith: Client) -> None:
    client = service.client(smith.post(KEYS, json={"scopes": ["orders:read"], "expires_at": soon(2)}).json()["key"])
    assert client.get(ORDERS).status_code == 200
    time.sleep(2.1)
    assert_problem(client.get(ORDERS), 401, "not-authenticated")


def test_a_revoked_key_is_taken_no_more_and_stays_in_the_list(service: Service, smith: Client, name: Any) -> None:
    called = name()
    client = service.client(smith.post(KEYS, json={"name": called, "scopes": ["orders:read"]}).json()["key"])
    for _ in range(2):
        assert smith.delete(f"{KEYS}/{called}").status_code == 204
        assert client.get(ORDERS).status_code == 401
    assert smith.get(f"{KEYS}/{called}").json()["revoked_at"] is not None
    assert_problem(smith.patch(f"{KEYS}/{called}", json={"expires_at": None}), 409, "key-is-revoked")
    assert_problem(smith.post(f"{KEYS}/{called}/rotations", json={}), 409, "key-is-revoked")
    assert_problem(smith.post(KEYS, json={"name": called, "customer_id": 1}), 409, "key-name-taken")


def test_a_key_gets_other_scopes_another_end_and_other_origins(service: Service, smith: Client, name: Any) -> None:
    called = name()
    key = smith.post(KEYS, json={"name": called, "scopes": ["orders:read"], "expires_at": LATER}).json()["key"]
    changed = smith.patch(f"{KEYS}/{called}", json={"scopes": ["orders:write"]})
    assert (changed.status_code, changed.json()["scopes"], changed.json()["expires_at"]) == (
        200,
        ["orders:write"],
        LATER,
    )
    assert service.client(key).get(ORDERS).status_code == 403
    changed = smith.patch(f"{KEYS}/{called}", json={"expires_at": None, "origins": ["http://localhost:3000"]})
    assert (changed.json()["expires_at"], changed.json()["origins"]) == (None, ["http://localhost:3000"])


def test_a_key_with_origins_is_taken_from_browsers_at_those_alone(service: Service, smith: Client) -> None:
    key = smith.post(KEYS, json={"scopes": ["orders:read"], "origins": ["https://shop.example.com"]}).json()["key"]
    client = service.client(key)
    assert client.get(ORDERS).status_code == 200
    assert client.get(ORDERS, headers={"Origin": "https://shop.example.com"}).status_code == 200
    for origin in ("https://evil.example.com", "http://shop.example.com", "null"):
        assert_problem(client.get(ORDERS, headers={"Origin": origin}), 403, "origin-not-allowed")


def test_a_rotated_key_keeps_its_name_and_the_old_secret_runs_out_at_its_date(
    service: Service, smith: Client, name: Any
) -> None:
    called = name()
    old = smith.post(KEYS, json={"name": called, "scopes": ["orders:read"]}).json()["key"]
    rotated = smith.post(f"{KEYS}/{called}/rotations", json={"keep_until": soon(2)})
    assert (rotated.status_code, rotated.json()["name"], rotated.headers["Cache-Control"]) == (201, called, "no-store")
    new = rotated.json()["key"]
    assert [service.client(key).get(ORDERS).status_code for key in (old, new)] == [200, 200]
    time.sleep(2.1)
    assert [service.client(key).get(ORDERS).status_code for key in (old, new)] == [401, 200]
    newest = smith.post(f"{KEYS}/{called}/rotations").json()["key"]
    assert [service.client(key).get(ORDERS).status_code for key in (new, newest)] == [401, 200]


def test_a_key_makes_and_changes_no_key_with_more_rights_than_its_own(
    service: Service, smith: Client, name: Any
) -> None:
    called = name()
    narrow = service.client(service.key("keys:write"))
    assert_problem(smith.post(KEYS, json={"scopes": ["orders:read", "audit:read"]}), 403, "not-allowed")
    assert_problem(narrow.post(KEYS, json={"customer_id": 7}), 403, "not-allowed")
    smith.post(KEYS, json={"name": called, "scopes": ["orders:read"]})
    assert_problem(smith.patch(f"{KEYS}/{called}", json={"scopes": ["finance:read"]}), 403, "not-allowed")
    assert_problem(narrow.patch(f"{KEYS}/{called}", json={"expires_at": None}), 403, "not-allowed")
    assert_problem(narrow.post(f"{KEYS}/{called}/rotations"), 403, "not-allowed")
    assert smith.get(f"{KEYS}/{called}").json()["scopes"] == ["orders:read"]
    assert narrow.delete(f"{KEYS}/{called}").status_code == 204


def test_keys_are_for_those_with_the_scope_for_them(service: Service) -> None:
    for client in (service.client(service.key("orders:write")), service.client(service.key(customer=7))):
        for answer in (
            client.get(KEYS),
            client.get(f"{KEYS}/a"),
            client.post(KEYS, json={"customer_id": 7}),
            client.patch(f"{KEYS}/a", json={}),
            client.delete(f"{KEYS}/a"),
            client.post(f"{KEYS}/a/rotations"),
        ):
            assert_problem(answer, 403, "not-allowed")


def test_every_fault_of_a_key_is_named(smith: Client) -> None:
    body = {"name": "a b", "scopes": ["orders:all"], "expires_at": "2020-01-01T00:00:00Z", "origins": ["shop"]}
    errors = assert_problem(smith.post(KEYS, json=body), 422, "invalid-field")["errors"]
    assert {error["field"] for error in errors} == {"name", "scopes", "expires_at", "origins[0]"}
    beyond = {"scopes": ["orders:read"], "expires_at": "9999-12-31T23:59:59-10:00"}
    for wrong in (
        beyond,
        {},
        {"customer_id": 1, "scopes": ["orders:read"]},
        {"scopes": ["orders:read"], "expires": LATER},
    ):
        assert_problem(smith.post(KEYS, json=wrong), 422, "invalid-field")
    for path in ("a%20b", "nobody", "%00"):
        assert_problem(smith.get(f"{KEYS}/{path}"), 404, "key-not-found")
        assert_problem(smith.delete(f"{KEYS}/{path}"), 404, "key-not-found")


def test_the_actor_of_a_key_made_over_http_stands_in_the_log(service: Service, name: Any) -> None:
    called, made = name(), name()
    smith = service.client(service.key("keys:write", "audit:read", name=called))
    smith.post(KEYS, json={"name": made, "scopes": ["audit:read"]}, headers={"Ledger-Act": "ada"})
    events = smith.get("/api/v1/audit/events", params={"actor": f"{called}/ada"}).json()["events"]
    assert [(event["topic"], event["access_key"]) for event in events] == [("access_key.made.v1", made)]


def test_the_command_line_makes_keys_that_expire_and_rotates_them(service: Service, name: Any) -> None:
    called = name()
    made = service.run("token", "create", "--scope", "orders:read", "--name", called, "--expires", "90d")
    rotated = service.run("token", "rotate", called, "--keep", "7")
    old, new = (done.stdout.decode().strip() for done in (made, rotated))
    assert [service.client(key).get(ORDERS).status_code for key in (old, new)] == [200, 200]
    listed = service.run("token", "list").stdout.decode()
    (line,) = [line for line in listed.splitlines() if line.startswith(called)]
    assert f"{datetime.now(UTC) + timedelta(days=90):%Y-%m-%d}" in line
    (former,) = [line for line in listed.splitlines() if old[:8] in line]
    assert f"{datetime.now(UTC) + timedelta(days=7):%Y-%m-%d}" in former
    for wrong in ("soon", "2026-02-30", "2020-01-01", "0d"):
        done = service.run("token", "create", "--scope", "orders:read", "--expires", wrong)
        assert (done.returncode, done.stdout) == (2, b""), wrong
    assert called not in service.run("verify").stdout.decode()


def last_use(smith: Client, called: str) -> str | None:
    return smith.get(f"{KEYS}/{called}").json()["last_used_at"]


def test_a_keys_last_use_is_told_at_most_a_minute_late_and_its_file_can_be_deleted(
    service: Service, smith: Client, name: Any
) -> None:
    called = name()
    made = smith.post(KEYS, json={"name": called, "scopes": ["orders:read"]}).json()
    assert made["last_used_at"] is None
    before, client = instant(datetime.now(UTC)), service.client(made["key"])
    client.get(ORDERS)
    used = until(lambda: last_use(smith, called))
    assert before <= used <= instant(datetime.now(UTC))
    client.get(ORDERS)
    time.sleep(1)
    assert last_use(smith, called) == used
    (line,) = [at for at in service.run("token", "list").stdout.decode().splitlines() if at.startswith(called)]
    assert f"{used[:19]}Z" in line
    for file in service.folder.glob("key-uses.db*"):
        file.unlink()
    assert last_use(smith, called) is None
    assert client.get(ORDERS).status_code == 200
