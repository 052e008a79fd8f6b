"""Does `verify` find every change beside the records: in the views' sums, and in what the log keeps?"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from domain.log.sqlite import sqlite3
from domain.order.commands import ChangeOrder
from domain.privacy.opening import LedgerLocation
from domain.proof import checkpoint
from domain.strict_json import convert
from projections.proof.verification import check_data_beside, check_engine, check_orphaned_histories, check_part
from tests.audit.conftest import Office
from tests.conftest import ME, do, new_order
from tests.tampering import without_triggers


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Orders of two customers and a guest, with heads signed between them and a signing key that has handed over."""
    made = Office(tmp_path)
    for customer in (7, 8, 7, None):
        whose = None if customer is None else {"id": customer, "username": f"user-{customer}"}
        order = made.place(customer=whose, metadata={"gift": "yes"})
        made.clock.tick(minutes=2)
        made.checkpoints.current()
    made.checkpoints.hand_over()
    do(made.ledger.change, order.uuid, convert({"notes": "later"}, ChangeOrder), ME)
    made.views.catch_up()
    yield made
    made.close()


def problems(office: Office) -> list[tuple[int, str]]:
    """All problems that `run.py verify` finds, by the same pieces in this process."""
    at, views, log = (
        LedgerLocation(f"sqlite:///{office.settings.ledger}"),
        office.views.in_force(),
        office.ledger.log_of_events,
    )
    head = office.ledger.head()
    part = check_part(at, views, 1, head, head)
    notes = [*log.checkpoints(), *checkpoint.split(office.settings.checkpoints.read_bytes())]
    found = (
        part.records
        + part.claims
        + part.histories
        + check_orphaned_histories(at, views, head)[0]
        + check_engine(at, views)
    )
    found += check_data_beside(at, head, sorted({*log.kept_files()} - part.named), notes)
    return [(problem.position, problem.reason) for problem in found]


def test_a_ledger_that_nobody_touched_holds(office: Office) -> None:
    assert problems(office) == []


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE order_counts SET orders = orders + 1 WHERE customer_id = 8", "its order_counts are not what"),
        ("DELETE FROM order_counts WHERE customer_id = 7", "first where customer_id is 7"),
        ("INSERT INTO order_counts VALUES (99, 'new', 'paid', 1)", "first where customer_id is 99"),
        ("UPDATE customer_sums SET received_low = received_low + 1 WHERE customer_id = 7", "its customer_sums are not"),
        ("UPDATE customer_sums SET last_order_at = 1", "its customer_sums are not"),
        ("DELETE FROM customers WHERE customer_id = 8", "its customers are not what its orders come to"),
        ("UPDATE customers SET username = 'mallory' WHERE customer_id = 8", "first where customer_id is 8"),
        ("INSERT INTO staff_searches VALUES (99, 'mallory')", "its staff_searches have a row that is of no order"),
        (
            "INSERT INTO order_labels VALUES ('metadata', 'a', 'b', 99)",
            "its order_labels have a row that is of no order",
        ),
        ("UPDATE positions SET position = position + 1", "it says that it has come to"),
        ("UPDATE positions SET position = position - 1", "it says that it has come to"),
        ("DELETE FROM positions", "it says that it has come to []"),
        ("INSERT INTO tree_nodes VALUES (9000, zeroblob(32))", "its tree has"),
        ("DROP INDEX orders_newest", "the index orders_newest in it is not the one that this program makes"),
        ("CREATE VIEW more AS SELECT 1", "the view more in it is not the one that this program makes"),
    ],
)
def test_a_change_in_the_views_is_named_with_its_place(office: Office, statement: str, reason: str) -> None:
    with without_triggers(office.views.path.resolve()) as views:
        views.execute(statement)
    assert [said for _, said in problems(office) if reason in said] != []


def test_a_trigger_of_the_views_that_is_gone_is_named(office: Office) -> None:
    with closing(sqlite3.connect(office.views.path.resolve(), isolation_level=None)) as views:
        views.execute("DROP TRIGGER order_counts_up")
    assert any("the trigger order_counts_up" in said for _, said in problems(office))


def test_an_order_that_is_gone_from_the_views_is_named_by_the_first_record_that_they_lack(office: Office) -> None:
    with closing(sqlite3.connect(office.views.path.resolve(), isolation_level=None)) as views:
        for table in (
            "orders",
            "shop_documents",
            "storefront_documents",
            "staff_documents",
            "staff_searches",
            "states",
        ):
            views.execute(f"DELETE FROM {table} WHERE id = 2")
    first = office.ledger.log_of_events.position_of(order(office, 2), 1)
    assert (first, "the views have come past this record, and their rows do not have it") in problems(office)


def test_an_order_that_the_views_have_as_it_was_before_is_named_by_the_first_record_that_they_lack(
    office: Office,
) -> None:
    file, uuid = office.views.path.resolve(), order(office, 4)
    before = {}
    tables = ("orders", "shop_documents", "storefront_documents", "staff_documents", "staff_searches", "states")
    with closing(sqlite3.connect(file)) as views:
        for table in tables:
            before[table] = views.execute(f"SELECT * FROM {table} WHERE id = 4").fetchone()
    do(office.ledger.change, uuid, convert({"shipping_cost": "3.00"}, ChangeOrder), ME)
    office.views.catch_up()
    assert problems(office) == []
    with without_triggers(file) as views:
        for table, row in before.items():
            views.execute(f"DELETE FROM {table} WHERE id = 4")
            views.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
    assert office.ledger.head() in [position for position, _ in problems(office)]


def test_views_that_are_behind_are_not_taken_for_altered_ones(office: Office) -> None:
    office.ledger.feed = None
    do(office.ledger.change, order(office, 4), convert({"notes": "later still"}, ChangeOrder), ME)
    do(office.ledger.create, new_order(), ME)
    assert office.views.position() < office.ledger.head()
    assert problems(office) == []


def order(office: Office, number: int) -> Any:
    return next(one.originator_id for one in office.ledger.log_of_events.claims("order-id") if one.value == number)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (
            "UPDATE checkpoints SET size = 9000 WHERE size = (SELECT min(size) FROM checkpoints)",
            "kept for 9000 records",
        ),
        ("INSERT INTO checkpoints SELECT 9000, note, made_at FROM checkpoints LIMIT 1", "kept for 9000 records signs"),
        ("UPDATE checkpoints SET made_at = 'yesterday'", "was made at no time"),
        ("UPDATE handovers SET size = size + 1", "the handover that is kept for"),
        (
            "UPDATE handovers SET note = replace(note, 'signing-key', 'signing-kex')",
            "a handover that the ledger keeps is",
        ),
        ("DELETE FROM handovers", "the ledger does not keep how order-ledger/orders"),
        ("INSERT INTO handovers SELECT 2, size, note, made_at FROM handovers", "the ledger keeps a handover twice"),
        ("INSERT INTO kept_files VALUES ('ab', 0, x'00')", "the file that is kept as ab is one that no record names"),
        ("INSERT INTO clocks VALUES (1, 'b', 5, '2026-03-01 10:00', 'first')", "cannot have been shown: first"),
        (
            "INSERT INTO clocks VALUES (1, 'b', 5, '2026-03-01T10:00:00.000000Z', 'mine')",
            "cannot have been shown: mine",
        ),
        ("INSERT INTO keyrings VALUES (1, 'k', 9000, '2026-03-01T10:00:00.000000Z')", "when there were 9000 records"),
        ("INSERT INTO keyrings VALUES (1, 'k', -1, '2026-03-01T10:00:00.000000Z')", "when there were -1 records"),
        (
            "INSERT INTO keyrings VALUES (1, 'k', 0, '2026-03-01T10:00:00.000000Z')",
            "stands as it is, though it is to be",
        ),
    ],
)
def test_a_change_beside_the_records_is_named(office: Office, statement: str, reason: str) -> None:
    with without_triggers(office.settings.ledger) as ledger:
        ledger.execute(statement)
    assert [said for _, said in problems(office) if reason in said] != []
