"""Does a key expire, hold for its origins alone, and keep its name at a rotation, and is each of these recorded?"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from domain.ledger import OrderLedger
from domain.log.keys import FormerSecret, Keys
from domain.log.recorder import SQLiteRecorder
from domain.moments import instant
from domain.refusals import InvalidField
from projections.proof.verifying_keys import check_keys
from tests.conftest import Clock

HOUR = timedelta(hours=1)
SHOP = "https://shop.example.com"


@pytest.fixture
def keys(ledger: OrderLedger, clock: Clock) -> Keys:
    return Keys(ledger.log_of_events, clock=clock)


@pytest.fixture
def do(ledger: OrderLedger, clock: Clock) -> Callable[..., Any]:
    return lambda work, *given, **more: ledger.write(work, *given, now=clock(), **more).result()


def verified(ledger: OrderLedger) -> list[str]:
    return [problem.reason for problem in check_keys(ledger.log_of_events, ledger.head())[0]]


def test_a_key_runs_out_at_its_end_and_not_before(keys: Keys, clock: Clock, do: Any) -> None:
    key = do(keys.create, customer_id=7, expires_at=clock() + HOUR)
    clock.now += HOUR - timedelta(microseconds=1)
    assert keys.caller(key)
    clock.now += timedelta(microseconds=1)
    assert keys.caller(key) is None
    assert keys.caller_nowait(key) is None


def test_a_key_that_has_run_out_is_in_force_again_with_a_later_end(keys: Keys, clock: Clock, do: Any) -> None:
    key = do(keys.create, customer_id=7, name="shop", expires_at=clock() + HOUR)
    clock.now += 2 * HOUR
    do(keys.change, "shop", expires_at=clock() + HOUR)
    assert keys.caller(key)
    do(keys.change, "shop", expires_at=None)
    clock.now += 1000 * HOUR
    assert keys.caller(key)


@pytest.mark.parametrize("what", ["revoke", "rotate", "change"])
def test_a_change_of_a_key_holds_in_every_process_from_the_next_request_on(
    what: str, keys: Keys, ledger: OrderLedger, clock: Clock, do: Any
) -> None:
    assert isinstance(ledger.log_of_events, SQLiteRecorder)
    elsewhere = Keys(SQLiteRecorder(ledger.log_of_events.path), clock=clock)
    given: dict[str, Any] = {"expires_at": clock() + HOUR} if what == "change" else {}
    for nth in range(20):
        key = do(keys.create, scopes=["orders:read"], name=f"office-{nth}")
        assert elsewhere.caller_nowait(key)
        do(getattr(keys, what), f"office-{nth}", **given)
        clock.now += HOUR
        assert elsewhere.caller_nowait(key) is None
        clock.now -= HOUR


def test_a_rotated_key_has_two_secrets_and_one_name_until_the_old_one_runs_out(
    keys: Keys, clock: Clock, do: Any, ledger: OrderLedger
) -> None:
    first = do(keys.create, scopes=["orders:read"], name="office")
    second = do(keys.rotate, "office", keep_until=clock() + HOUR)
    assert first != second
    assert keys.caller(first) == keys.caller(second)
    shown = keys.get("office")
    assert (shown.prefix, shown.former) == (second[:8], (FormerSecret(first[:8], instant(clock() + HOUR)),))
    clock.now += HOUR
    assert keys.caller(first) is None
    assert keys.caller(second)
    assert verified(ledger) == []


def test_no_secret_outlives_the_end_that_a_later_rotation_gives_it(
    keys: Keys, clock: Clock, do: Any, ledger: OrderLedger
) -> None:
    first = do(keys.create, scopes=["orders:read"], name="office", expires_at=clock() + 4 * HOUR)
    second = do(keys.rotate, "office", keep_until=clock() + 9 * HOUR, expires_at=clock() + 20 * HOUR)
    assert keys.get("office").former[0].expires_at == instant(clock() + 4 * HOUR)
    third = do(keys.rotate, "office")
    assert [keys.caller(key) is not None for key in (first, second, third)] == [False, False, True]
    assert keys.get("office").expires_at == instant(clock() + 20 * HOUR)
    assert verified(ledger) == []


def test_revoking_a_key_ends_all_its_secrets(keys: Keys, clock: Clock, do: Any, ledger: OrderLedger) -> None:
    first = do(keys.create, customer_id=7, name="shop")
    second = do(keys.rotate, "shop", keep_until=clock() + HOUR)
    do(keys.revoke, "shop")
    assert [keys.caller(first), keys.caller(second)] == [None, None]
    assert verified(ledger) == []


@pytest.mark.parametrize(
    ("terms", "fields"),
    [
        ({"expires_at": -HOUR, "origins": ["shop.example.com", SHOP, SHOP + "/"]}, ["expires_at", "origins"]),
        ({"expires_at": timedelta()}, ["expires_at"]),
        ({"origins": [SHOP] * 21}, ["origins"]),
        ({"origins": ["https://SHOP.example.com"], "name": "a b", "scopes": ["all"]}, ["scopes", "origins", "name"]),
    ],
)
def test_every_wrong_term_of_a_key_is_named_and_nothing_is_recorded(
    terms: dict[str, Any], fields: list[str], keys: Keys, clock: Clock, do: Any, ledger: OrderLedger
) -> None:
    if "expires_at" in terms:
        terms = terms | {"expires_at": clock() + terms["expires_at"]}
    with pytest.raises(InvalidField) as refused:
        do(keys.create, **{"scopes": ["orders:read"], **terms})
    named = dict.fromkeys(field.partition("[")[0] for field, _ in refused.value.faults)
    assert sorted(named) == sorted(fields)
    assert (ledger.head(), keys.list()) == (0, [])


TAMPERED = {
    "never runs out": ("UPDATE access_keys SET expires_at = NULL", "another time of expiry"),
    "from anywhere": ("UPDATE access_keys SET origins = ''", "another list of origins"),
    "old secret for ever": ("UPDATE former_keys SET expires_at = '9999'", "other former secrets"),
    "planted secret": (
        "INSERT INTO former_keys VALUES (zeroblob(32), 'office', 'abcd', '9999')",
        "other former secrets",
    ),
    "planted for a name": (
        "INSERT INTO former_keys VALUES (zeroblob(32), 'evil', 'abcd', '9999')",
        "access key evil has a former secret, and no event has made it",
    ),
    "taken away": ("DELETE FROM former_keys", "other former secrets"),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_terms_that_no_event_gave_are_found(how: str, keys: Keys, clock: Clock, do: Any, ledger: OrderLedger) -> None:
    do(keys.create, scopes=["orders:read"], name="office", expires_at=clock() + HOUR, origins=[SHOP])
    do(keys.rotate, "office", keep_until=clock() + HOUR / 2)
    assert verified(ledger) == []
    statement, saying = TAMPERED[how]
    assert isinstance(ledger.log_of_events, SQLiteRecorder)
    ledger.log_of_events.writer.execute(statement)
    (problem,) = verified(ledger)
    assert saying in problem


def test_a_ledger_of_an_older_version_gets_the_columns_of_keys_when_it_is_opened(
    ledger: OrderLedger, keys: Keys, clock: Clock, do: Any
) -> None:
    key = do(keys.create, customer_id=7, name="shop")
    log = ledger.log_of_events
    assert isinstance(log, SQLiteRecorder)
    for statement in (
        "DROP TABLE former_keys",
        "ALTER TABLE access_keys DROP COLUMN expires_at",
        "ALTER TABLE access_keys DROP COLUMN origins",
    ):
        log.writer.execute(statement)
    log.close()
    log.create()
    assert keys.caller(key)
    assert (list(log.faults()), verified(ledger)) == ([], [])
    do(keys.rotate, "shop", keep_until=clock() + HOUR)
    assert keys.caller(key)
