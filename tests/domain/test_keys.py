"""Does a key say who its bearer is and what the bearer may do, and is it of no use to anybody else?"""

import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.ledger import OrderLedger
from domain.log.keys import SCOPES, AccessKey, Caller, Keys
from domain.log.recorder import SQLiteRecorder
from domain.refusals import Refusal

NOW = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)


class CommittedKeys(Keys):
    """Keys that commit each change by itself."""

    def __init__(self, ledger: OrderLedger) -> None:
        super().__init__(ledger.log_of_events)
        self._ledger = ledger

    def create(self, **carries: Any) -> str:
        return self._ledger.write(super().create, **carries).result()

    def revoke(self, name_or_prefix: str, **options: Any) -> str:
        name = self.find_name(name_or_prefix)
        self._ledger.write(super().revoke, name, **options).result()
        return name


@pytest.fixture
def keys(ledger: OrderLedger) -> CommittedKeys:
    return CommittedKeys(ledger)


def bytes_on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


def test_a_key_is_256_random_bits_as_text_that_fits_a_header(keys: CommittedKeys) -> None:
    made = {keys.create(now=NOW, customer_id=1) for _ in range(10)}
    assert len(made) == 10
    for key in made:
        assert re.fullmatch(r"[0-9a-f]{64}", key)


def test_a_key_is_stored_as_its_hash_only(keys: CommittedKeys, ledger: OrderLedger, tmp_path: Path) -> None:
    key = keys.create(now=NOW, customer_id=1, name="shop")
    found = bytes_on_disk(tmp_path)
    assert hashlib.sha256(key.encode()).digest() in found
    assert key.encode() not in found
    assert key[8:].encode() not in found


def test_a_customers_key_carries_the_customer_and_no_scope(keys: CommittedKeys) -> None:
    assert keys.caller(keys.create(now=NOW, customer_id=0, name="shop")) == Caller("shop", 0, frozenset())


def test_a_staff_key_carries_its_scopes_and_no_customer(keys: CommittedKeys) -> None:
    key = keys.create(now=NOW, scopes=["orders:write", "audit:read", "orders:write"], name="staff")
    assert keys.caller(key) == Caller("staff", None, frozenset({"orders:write", "audit:read"}))


def test_the_scopes_are_the_contracts() -> None:
    assert set(SCOPES) == {
        *("orders:read", "orders:write", "audit:read", "audit:personal", "finance:read", "finance:write"),
        *("privacy:read", "privacy:write", "webhooks:read", "webhooks:write", "keys:write"),
    }


def test_a_key_carries_a_customer_or_scopes_and_not_both(keys: CommittedKeys) -> None:
    with pytest.raises(Refusal, match="either a customer or scopes"):
        keys.create(now=NOW)
    with pytest.raises(Refusal, match="either a customer or scopes"):
        keys.create(now=NOW, customer_id=1, scopes=["orders:read"])


def test_a_scope_that_does_not_exist_is_named(keys: CommittedKeys) -> None:
    with pytest.raises(Refusal, match="orders:delete"):
        keys.create(now=NOW, scopes=["orders:read", "orders:delete"])
    assert keys.list() == []


@pytest.mark.parametrize("name", ["a b", "a" * 65, "a/b", "naïve", "a\n"])
def test_a_name_that_could_not_stand_as_an_actor_is_refused(keys: CommittedKeys, name: str) -> None:
    with pytest.raises(Refusal, match="at most 64 letters"):
        keys.create(now=NOW, customer_id=1, name=name)


def test_a_text_that_is_nearly_a_key_is_nobodys(keys: CommittedKeys) -> None:
    key = keys.create(now=NOW, customer_id=1, name="shop")
    for other in ("", key[:-1], key + "A", key.swapcase(), key[:8], "shop", hashlib.sha256(key.encode()).hexdigest()):
        assert keys.caller(other) is None


def test_a_revocation_holds_at_once_also_for_a_process_that_has_the_file_open(
    keys: CommittedKeys, ledger: OrderLedger
) -> None:
    elsewhere = SQLiteRecorder(ledger.log_of_events.path)
    key, other = keys.create(now=NOW, customer_id=1, name="one"), keys.create(now=NOW, customer_id=1, name="two")
    assert Keys(elsewhere).caller(key)
    assert keys.revoke("one", now=NOW) == "one"
    assert Keys(elsewhere).caller(key) is None
    assert keys.caller(key) is None
    assert keys.caller(other)
    elsewhere.close()


def test_a_name_is_never_given_again_even_after_it_was_revoked(keys: CommittedKeys) -> None:
    keys.create(now=NOW, customer_id=1, name="shop")
    with pytest.raises(Refusal, match="There is, or was, a key named shop"):
        keys.create(now=NOW, customer_id=1, name="shop")
    keys.revoke("shop", now=NOW)
    with pytest.raises(Refusal, match="There is, or was, a key named shop"):
        keys.create(now=NOW, scopes=["orders:read"], name="shop")


def test_a_key_without_a_name_is_named_by_its_first_letters(keys: CommittedKeys) -> None:
    key = keys.create(now=NOW, customer_id=7)
    caller = keys.caller(key)
    assert caller
    assert caller.name == key[:8]


def test_keys_are_listed_with_what_they_carry_and_when_they_were_in_force(keys: CommittedKeys) -> None:
    later = datetime(2026, 3, 2, tzinfo=UTC)
    staff = keys.create(now=later, scopes=["orders:read", "orders:write"], name="staff")
    shop = keys.create(now=NOW, customer_id=7, name="shop")
    keys.revoke("shop", now=later)
    begun, ended = "2026-03-01T10:30:00.000000Z", "2026-03-02T00:00:00.000000Z"
    assert keys.list() == [
        AccessKey("shop", shop[:8], 7, (), begun, ended),
        AccessKey("staff", staff[:8], None, ("orders:read", "orders:write"), ended, None),
    ]


def test_a_key_is_revoked_by_its_first_letters_where_four_are_given(keys: CommittedKeys) -> None:
    key = keys.create(now=NOW, customer_id=1, name="shop")
    for too_few in ("", key[:3]):
        with pytest.raises(Refusal, match="No key in force"):
            keys.revoke(too_few, now=NOW)
    assert keys.revoke(key[:4], now=NOW) == "shop"


def test_a_name_counts_before_first_letters(keys: CommittedKeys) -> None:
    first = keys.create(now=NOW, customer_id=1, name="first")
    keys.create(now=NOW, customer_id=2, name=first[:8])
    assert keys.revoke(first[:8], now=NOW) == first[:8]
    assert keys.caller(first)


def test_a_name_of_no_key_in_force_cannot_be_revoked(keys: CommittedKeys) -> None:
    keys.create(now=NOW, customer_id=1, name="shop")
    keys.revoke("shop", now=NOW)
    for name in ("shop", "nobody"):
        with pytest.raises(Refusal, match="No key in force"):
            keys.revoke(name, now=NOW)


def test_first_letters_of_two_keys_revoke_neither(keys: CommittedKeys, ledger: OrderLedger) -> None:
    one, two = keys.create(now=NOW, customer_id=1, name="one"), keys.create(now=NOW, customer_id=2, name="two")
    ledger.log_of_events.writer.execute("UPDATE access_keys SET prefix = 'samesame'")
    with pytest.raises(Refusal, match="More than one key"):
        keys.revoke("same", now=NOW)
    assert keys.caller(one)
    assert keys.caller(two)
