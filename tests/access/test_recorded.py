"""Is every change of an access key recorded, shown to auditors, and compared with the keys in force?"""

import json
import os
import pwd
from collections.abc import Callable
from typing import Any

import pytest

from domain.ledger import OrderLedger
from domain.log.keys import Keys
from domain.log.records import Provenance
from domain.log.sqlite import sqlite3
from domain.refusals import Refusal
from projections.proof.verifying_keys import check_keys
from tests.audit.conftest import Office
from tests.conftest import Clock, Service, old_key

BY = Provenance("cli:token:ada")
WHO_I_AM = f"cli:token:{pwd.getpwuid(os.getuid()).pw_name}"


@pytest.fixture
def keys(ledger: OrderLedger) -> Keys:
    return Keys(ledger.log_of_events)


def told(ledger: OrderLedger) -> list[tuple[str, dict[str, Any]]]:
    """The actor and the payload of each event of the log."""
    return [(raw.actor.decode(), json.loads(raw.payload)) for raw in ledger.log_of_events.raw_records()]


def verified(ledger: OrderLedger) -> list[str]:
    problems, not_recorded = check_keys(ledger.log_of_events, ledger.head())
    return [problem.reason for problem in problems] + [f"not recorded: {name}" for name in not_recorded]


def lived(ledger: OrderLedger, keys: Keys, clock: Clock) -> dict[str, str]:
    """Three keys by name: a customer's, a key with scopes, and a revoked key."""
    made = {
        "shop": ledger.write(keys.create, now=clock(), customer_id=7, name="shop", by=BY).result(),
        "office": ledger.write(keys.create, now=clock(), scopes=["orders:read"], name="office", by=BY).result(),
        "gone": ledger.write(keys.create, now=clock(), scopes=["audit:read"], name="gone", by=BY).result(),
    }
    ledger.write(keys.change, "office", scopes=["orders:read", "orders:write"], now=clock.tick(), by=BY).result()
    ledger.write(keys.revoke, "gone", now=clock.tick(), by=BY).result()
    return made


def test_making_scoping_and_revoking_a_key_are_events_with_actor_time_and_terms(
    ledger: OrderLedger, keys: Keys, clock: Clock
) -> None:
    made = lived(ledger, keys, clock)
    events = told(ledger)
    assert {actor for actor, _ in events} == {"cli:token:ada"}
    begun, later, last = ("2026-03-01T10:30:00Z", "2026-03-01T10:30:01Z", "2026-03-01T10:30:02Z")
    shown = [{name: value for name, value in data.items() if name not in ("sha256", "prefix")} for _, data in events]
    assert shown == [
        {"occurred_at": begun, "name": "shop", "customer_id": 7},
        {"occurred_at": begun, "name": "office", "scopes": ["orders:read"]},
        {"occurred_at": begun, "name": "gone", "scopes": ["audit:read"]},
        {"occurred_at": later, "name": "office", "scopes": ["orders:read", "orders:write"]},
        {"occurred_at": last, "name": "gone"},
    ]
    assert events[0][1]["prefix"] == made["shop"][:8]
    assert not any(key[8:] in json.dumps(data) for key in made.values() for _, data in events)


def test_a_scoped_key_may_do_what_it_was_scoped_to_from_then_on(ledger: OrderLedger, keys: Keys, clock: Clock) -> None:
    key = lived(ledger, keys, clock)["office"]
    caller = keys.caller(key)
    assert caller
    assert caller.scopes == {"orders:read", "orders:write"}
    head = ledger.head()
    ledger.write(keys.change, "office", scopes=["orders:read", "orders:write"], now=clock.tick()).result()
    assert ledger.head() == head


@pytest.mark.parametrize(
    ("name", "scopes", "saying"),
    [
        ("shop", ["orders:read"], "either"),
        ("office", [], "either"),
        ("office", ["all"], "no scope"),
        ("x", [], "no such key"),
    ],
)
def test_a_wrong_change_of_scopes_is_refused_and_records_nothing(
    name: str, scopes: list[str], saying: str, ledger: OrderLedger, keys: Keys, clock: Clock
) -> None:
    lived(ledger, keys, clock)
    head = ledger.head()
    with pytest.raises(Refusal, match=saying):
        ledger.write(keys.change, name, scopes=scopes, now=clock()).result()
    assert ledger.head() == head


# --- problems that verify finds ---


def test_keys_that_are_as_their_events_made_them_hold(ledger: OrderLedger, keys: Keys, clock: Clock) -> None:
    lived(ledger, keys, clock)
    assert verified(ledger) == []


TAMPERED = {
    "planted": (
        "INSERT INTO access_keys (name, prefix, hash, customer_id, scopes, created_at, revoked_at)"
        " VALUES ('evil', '0', zeroblob(32), NULL, 'orders:write', '2026-03-01T00:00:00.000000Z', NULL)",
        "the access key evil is in force or was, and no event has made it",
    ),
    "widened": (
        "UPDATE access_keys SET scopes = 'orders:read orders:write finance:write' WHERE name = 'office'",
        "the access key office has another scope than its events gave it: orders:read orders:write finance:write",
    ),
    "back in force": (
        "UPDATE access_keys SET revoked_at = NULL WHERE name = 'gone'",
        "the access key gone has another time of revocation than its events gave it: None",
    ),
    "another's": (
        "UPDATE access_keys SET customer_id = 8 WHERE name = 'shop'",
        "the access key shop has another customer than its events gave it: 8, not 7",
    ),
    "swapped": (
        "UPDATE access_keys SET hash = zeroblob(32) WHERE name = 'shop'",
        "the access key shop has another hash",
    ),
    "taken away": ("DELETE FROM access_keys WHERE name = 'gone'", "the access key gone was made, and is not there"),
    "renamed": ("UPDATE access_keys SET name = 'new' WHERE name = 'gone'", "the access key new is in force or was"),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_a_key_that_is_not_as_its_events_made_it_is_found(
    how: str, ledger: OrderLedger, keys: Keys, clock: Clock
) -> None:
    lived(ledger, keys, clock)
    statement, saying = TAMPERED[how]
    ledger.log_of_events.writer.execute(statement)
    assert any(problem.startswith(saying) for problem in verified(ledger))


# --- keys of an older version ---


@pytest.fixture
def old(ledger: OrderLedger, clock: Clock) -> Callable[..., str]:
    return lambda *scopes, **of: ledger.write(old_key, clock(), *scopes, **of).result()


def test_keys_that_were_made_before_stay_in_force_and_are_named_until_they_are_recorded(
    ledger: OrderLedger, keys: Keys, clock: Clock, old: Callable[..., str]
) -> None:
    shop, office = old(customer_id=7), old("orders:read")
    ledger.log_of_events.writer.execute(
        "UPDATE access_keys SET revoked_at = '2026-03-01T11:00:00.000000Z' WHERE name = ?", (office[:8],)
    )
    assert sorted(verified(ledger)) == sorted(f"not recorded: {key[:8]}" for key in (shop, office))
    assert ledger.write(keys.adopt, now=clock.tick(), by=BY).result() == 2
    assert verified(ledger) == []
    assert keys.caller(shop)
    assert ledger.write(keys.adopt, now=clock.tick(), by=BY).result() == 0
    assert [data.get("adopted") for _, data in told(ledger) if "prefix" in data] == [True, True]


@pytest.mark.parametrize("what", ["create", "change", "rotate", "revoke"])
def test_the_first_key_that_is_recorded_takes_those_before_it_along(
    what: str, ledger: OrderLedger, keys: Keys, clock: Clock, old: Callable[..., str]
) -> None:
    name = old("orders:read")[:8]
    more: dict[str, Any] = {"create": {"customer_id": 1}, "change": {"scopes": ["audit:read"]}}.get(what, {})
    ledger.write(getattr(keys, what), *([] if what == "create" else [name]), now=clock.tick(), **more).result()
    assert verified(ledger) == []


def test_a_key_that_comes_in_by_another_way_later_is_never_adopted(
    ledger: OrderLedger, keys: Keys, clock: Clock, old: Callable[..., str]
) -> None:
    ledger.write(keys.create, now=clock(), customer_id=1).result()
    planted = old("orders:write")[:8]
    assert ledger.write(keys.adopt, now=clock.tick()).result() == 0
    ledger.write(keys.create, now=clock.tick(), customer_id=2).result()
    assert verified(ledger) == [f"the access key {planted} is in force or was, and no event has made it"]


# --- as auditors see it ---


def test_auditors_read_the_events_of_keys_in_the_feed(tmp_path: Any) -> None:
    office = Office(tmp_path)
    lived(office.ledger, office.keys, office.clock)
    office.views.catch_up()
    events = office.feed(type="KeyScoped") + office.feed(type="access_key.revoked.v1")
    assert [(event["order"], event["access_key"], event["actor"], event["summary"]) for event in events] == [
        (None, "office", BY.actor, "access key office scoped to orders:read orders:write"),
        (None, "gone", BY.actor, "access key gone revoked"),
    ]
    assert office.views.position() == office.ledger.head()
    office.close()


def test_a_keys_history_is_no_order_and_no_reconciliation(tmp_path: Any) -> None:
    office = Office(tmp_path)
    lived(office.ledger, office.keys, office.clock)
    office.views.catch_up()
    staff = office.key("orders:read", "finance:read")
    (uuid,) = {raw.order for raw in office.ledger.log_of_events.raw_records(limit=1)}
    for path in (f"/api/v1/orders/{uuid}", f"/api/v1/finance/reconciliations/{uuid}"):
        assert office.ask(path, staff).status_code == 404
    for path in (f"/api/v1/audit/orders/{uuid}", f"/api/v1/audit/orders/{uuid}/events"):
        assert office.ask(path).status_code == 404
    office.close()


def test_the_command_line_records_the_actor_and_verify_names_a_key_altered_behind_it(
    service: Service,
) -> None:
    assert service.run("token", "create", "--scope", "orders:read", "--name", "clerk").returncode == 0
    scoped = service.run("token", "scope", "clerk", "--scope", "orders:read", "--scope", "orders:write")
    assert (scoped.returncode, scoped.stderr) == (0, b"clerk carries orders:read orders:write\n")
    assert service.run("token", "scope", "clerk").returncode == 2
    assert service.run("token", "revoke", "clerk").returncode == 0
    ledger = sqlite3.connect(service.folder / "ledger.db", isolation_level=None)
    actors = ledger.execute("SELECT DISTINCT actor FROM events WHERE topic LIKE 'access_key.%'").fetchall()
    assert (WHO_I_AM,) in actors
    assert service.run("verify").returncode == 0
    ledger.execute("UPDATE access_keys SET revoked_at = NULL WHERE name = 'clerk'")
    ledger.close()
    found = service.run("verify")
    assert found.returncode == 1
    assert b"the access key clerk has another time of revocation than its events gave it" in found.stdout
