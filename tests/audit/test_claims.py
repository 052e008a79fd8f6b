"""Does `verify` find every change of the claims, and of the schema that protects records and claims?"""

import shutil
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

import pytest

from domain.log.mapper import EventMapper
from domain.log.records import Provenance
from domain.log.sqlite import sqlite3
from domain.order.commands import ChangeOrder
from domain.privacy.opening import LedgerLocation
from domain.strict_json import convert
from projections.processes import reopened
from projections.proof.verification import check_claims_left, check_engine, check_orphaned_histories, check_part
from projections.proof.verifying_claims import check_claims
from tests.audit.conftest import Office, one_of_each
from tests.conftest import Service, do, new_order
from tests.tampering import without_triggers


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger at rest with claims of every kind. One command with a key made order 2, with three events."""
    office = Office(tmp_path_factory.mktemp("office"))
    one_of_each(office)
    who = Provenance("shop", "request-1", "key-1")
    order = do(office.ledger.create, new_order(items=[{}, {}]), who).order
    who = Provenance("shop", "request-2", "key-2")
    do(office.ledger.change, order.uuid, convert({"notes": "later"}, ChangeOrder), who)
    office.views.catch_up()
    office.close()
    return office.folder


class Ledger:
    """A copy of that ledger for an attacker who can write to its file."""

    def __init__(self, kept: Path, folder: Path) -> None:
        for file in kept.iterdir():
            with suppress(FileNotFoundError):
                shutil.copy2(file, folder / file.name)
        (folder / "views.db").unlink()
        (folder / "views.db").symlink_to((kept / "views.db").readlink().name)
        self._folder = folder

    def ask(self, *statements: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self._folder / "ledger.db", isolation_level=None)) as connection:
            found: list[tuple[Any, ...]] = []
            for statement in statements:
                found = connection.execute(statement).fetchall()
            return found

    def tamper(self, *statements: str) -> None:
        with without_triggers(self._folder / "ledger.db") as connection:
            for statement in statements:
                connection.execute(statement)

    def problems(self) -> list[str]:
        """All problems that `run.py verify` finds, by the same pieces in this process."""
        url, views = f"sqlite:///{self._folder / 'ledger.db'}", self._folder / (self._folder / "views.db").readlink()
        with reopened(url) as log:
            census = log.census()
        part = check_part(LedgerLocation(url), views, 1, census.head, census.head)
        found = [
            *part.records,
            *part.claims,
            *part.histories,
            *check_orphaned_histories(LedgerLocation(url), views, census.head)[0],
        ]
        found += check_claims_left(LedgerLocation(url), census, part.claimed) + check_engine(LedgerLocation(url), views)
        return [f"order {problem.order}: {problem.reason}" for problem in found]

    def verify(self) -> tuple[int, list[str]]:
        done = Service(self._folder).run("verify")
        return done.returncode, done.stdout.decode().splitlines()[1:]


@pytest.fixture
def ledger(kept: Path, tmp_path: Path) -> Ledger:
    return Ledger(kept, tmp_path)


def test_a_ledger_whose_claims_and_schema_nobody_touched_holds(ledger: Ledger) -> None:
    ledger.tamper()
    assert {kind for (kind,) in ledger.ask("SELECT DISTINCT kind FROM claims")} == {
        *("order-id", "order-key", "payment", "refund", "idempotency")
    }
    assert ledger.verify() == (0, ["everything holds"])
    assert ledger.problems() == []


OTHER: Final = "(SELECT originator_id FROM claims WHERE kind = 'order-id' AND value = 1)"
TAMPERED_CLAIMS: Final = {
    "an id pointed at another order": (
        f"UPDATE claims SET originator_id = {OTHER} WHERE kind = 'order-id' AND value = 2",
        "the order-id 2, which this event took, is claimed by version 1 of order",
    ),
    "a key pointed at another order": (
        f"UPDATE claims SET originator_id = {OTHER} WHERE kind = 'order-key' AND originator_id <> {OTHER}",
        "which this event took, is claimed by version 1 of order",
    ),
    "a payment's claim deleted": (
        "DELETE FROM claims WHERE kind = 'payment'",
        'nobody has claimed the payment ["stripe","pi_123"], which this event took',
    ),
    "a refund's claim deleted": (
        "DELETE FROM claims WHERE kind = 'refund'",
        'nobody has claimed the refund ["stripe","re_9"], which this event took',
    ),
    "a payment's claim moved to another version": (
        "UPDATE claims SET version = 1 WHERE kind = 'payment'",
        'the payment ["stripe","pi_123"], which this event took, is claimed by version 1 of order',
    ),
    "a payment claimed that nobody made": (
        f"INSERT INTO claims VALUES ('payment', '[\"stripe\",\"pi_9\"]', {OTHER}, 2, NULL)",
        'the payment ["stripe","pi_9"] is claimed by version 2, whose event has not taken it',
    ),
    "a payment claimed that nobody made, in place of one that was made": (
        "UPDATE claims SET value = '[\"stripe\",\"pi_9\"]' WHERE kind = 'payment'",
        'the payment ["stripe","pi_9"] is claimed by version',
    ),
    "an id claimed for an order that is not there": (
        "INSERT INTO claims VALUES ('order-id', 3, '00000000-0000-4000-8000-000000000000', 1, NULL)",
        "order 00000000-0000-4000-8000-000000000000: the order-id 3 is claimed by version 1, which the log has not",
    ),
    "an id claimed that is no order's": (
        "INSERT INTO claims VALUES ('order-id', 3, 'x', 1, NULL)",
        "order x: the order-id 3 is claimed by version 1, which the log has not",
    ),
    "an idempotency key deleted": (
        "DELETE FROM claims WHERE kind = 'idempotency' AND value = '[\"shop\",\"key-1\"]'",
        'nobody has claimed the idempotency ["shop","key-1"], which this event took',
    ),
    "an idempotency key pointed at another order": (
        f"UPDATE claims SET originator_id = {OTHER} WHERE kind = 'idempotency' AND value = '[\"shop\",\"key-1\"]'",
        'the idempotency ["shop","key-1"], which this event took, is claimed by version 3 of order',
    ),
    "an idempotency key moved to a later version": (
        "UPDATE claims SET version = 4 WHERE kind = 'idempotency' AND value = '[\"shop\",\"key-1\"]'",
        'the idempotency ["shop","key-1"] is claimed to this version, whose record has not that key',
    ),
    "an idempotency key moved to an earlier version": (
        "UPDATE claims SET version = 2 WHERE kind = 'idempotency' AND value = '[\"shop\",\"key-1\"]'",
        'the idempotency ["shop","key-1"], which this event took, is claimed by version 2 of order',
    ),
    "a claim of a kind that there is not": (
        f"INSERT INTO claims VALUES ('coupon', 'x', {OTHER}, 1, NULL)",
        "the log has claims of a kind coupon, which this program does not know",
    ),
}


@pytest.mark.parametrize("what", TAMPERED_CLAIMS)
def test_a_claim_that_was_tampered_with_is_named(ledger: Ledger, what: str) -> None:
    statement, reason = TAMPERED_CLAIMS[what]
    ledger.tamper(statement)
    told = ledger.problems()
    assert any(reason in line for line in told), told


def test_the_command_names_tampered_claims_and_schema_and_exits_1(ledger: Ledger) -> None:
    ledger.tamper("DELETE FROM claims WHERE kind = 'refund'")
    ledger.ask("DROP TRIGGER claims_are_not_deleted")
    status, told = ledger.verify()
    assert status == 1
    assert "nobody has claimed the refund" in told[0]
    assert "the schema has no trigger claims_are_not_deleted" in told[1]


def test_the_claims_that_a_payment_known_already_has_taken_hold(kept: Path, tmp_path: Path) -> None:
    """No record has the key of such a payment."""
    ledger = Ledger(kept, tmp_path)
    ledger.tamper(f"INSERT INTO claims VALUES ('idempotency', '[\"shop\",\"key-3\"]', {OTHER}, 2, x'00')")
    assert ledger.problems() == []


def test_a_log_that_is_checked_in_parts_holds_wherever_these_end(kept: Path, tmp_path: Path) -> None:
    """A part may also end between the events of one command."""
    Ledger(kept, tmp_path)
    with reopened(f"sqlite:///{tmp_path / 'ledger.db'}") as log:
        raws = list(log.raw_records())
        for end in range(len(raws) + 1):
            parts = [check_claims(log, part, EventMapper().read, ()) for part in (raws[:end], raws[end:])]
            assert [problems for problems, _ in parts] == [[], []], end


TAMPERED_SCHEMA: Final = {
    "a trigger dropped": (
        ["DROP TRIGGER events_are_not_updated"],
        "the schema has no trigger events_are_not_updated",
    ),
    "every trigger of claims dropped": (
        [f"DROP TRIGGER claims_are_not_{what}" for what in ("updated", "deleted", "replaced")],
        "the schema has no trigger claims_are_not_replaced",
    ),
    "a trigger that does nothing": (
        [
            "DROP TRIGGER events_are_not_deleted",
            "CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events BEGIN SELECT 1; END",
        ],
        "the trigger events_are_not_deleted in the schema is not the one that this program makes",
    ),
    "a trigger that nobody knows": (
        ["CREATE TRIGGER x AFTER INSERT ON events BEGIN INSERT INTO claims VALUES ('a', 'b', 'c', 1, NULL); END"],
        "the schema has what this program did not make: the trigger x",
    ),
    "a table without its constraint": (
        [
            "PRAGMA writable_schema = ON",
            "UPDATE sqlite_schema SET sql = replace(sql, 'topic           TEXT NOT NULL', 'topic TEXT')"
            " WHERE name = 'events'",
        ],
        "the table events in the schema is not the one that this program makes",
    ),
    "an index that nobody knows": (
        ["CREATE INDEX x ON events (topic)"],
        "the schema has what this program did not make: the index x",
    ),
}


@pytest.mark.parametrize("what", TAMPERED_SCHEMA)
def test_a_schema_that_was_tampered_with_is_named(ledger: Ledger, what: str) -> None:
    statements, reason = TAMPERED_SCHEMA[what]
    ledger.ask(*statements)
    told = ledger.problems()
    assert any(reason in line for line in told), told


def test_statistics_that_an_operator_lets_sqlite_gather_are_no_problem(ledger: Ledger) -> None:
    ledger.ask("ANALYZE")
    assert ledger.problems() == []
