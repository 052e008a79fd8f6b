"""Do orders that are exported as lines and imported into another ledger have the same documents, at every version?"""

import json
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest

from domain.importing import import_lines
from domain.ledger import OrderLedger
from domain.log.recorder import SQLiteRecorder
from domain.order.commands import ChangeItemQuantity, ChangeStatus, Past, ReceivePayment, RefundPayment
from domain.strict_json import convert
from projections.exports.lines import export_orders
from projections.history import HistoryReader
from projections.orders.documents import staff_document
from tests.audit.conftest import Office, one_of_each, one_of_what_few_have
from tests.conftest import ME, Clock, do
from tests.projections.histories import play


def lines(ledger: OrderLedger) -> bytes:
    file = BytesIO()
    reading = HistoryReader(ledger)
    export_orders(ledger.log_of_events, reading, file, head=ledger.head(), progress=lambda *_: None)
    return file.getvalue()


def documents(ledger: OrderLedger) -> dict[tuple[str, int], bytes]:
    """The document of each order at each version, orders with erasures left out."""
    found = {}
    raws = [raw for raw in ledger.log_of_events.raw_records() if raw.topic.startswith(b"order.")]
    erased = {raw.order for raw in raws if raw.topic.startswith(b"order.personal_erased")}
    for raw in raws:
        if raw.order not in erased:
            found[raw.order, raw.version] = staff_document(ledger.order(UUID(raw.order), raw.version))
    assert found
    return found


def imported(exported: bytes, folder: Path, clock: Clock) -> OrderLedger:
    there = OrderLedger(SQLiteRecorder(folder / "there.db"), clock=clock)
    import_lines(there, BytesIO(exported), on_rejected=lambda number, reason: pytest.fail(f"{number}: {reason}"))
    return there


@pytest.mark.parametrize("seed", range(6))
def test_orders_of_any_history_are_exported_and_imported_as_they_were(
    seed: int, ledger: OrderLedger, clock: Clock, tmp_path: Path
) -> None:
    play(ledger, clock, Random(seed), 250)
    exported = lines(ledger)
    there = imported(exported, tmp_path, clock)
    assert documents(there) == documents(ledger)
    assert sorted(lines(there).splitlines()) == sorted(exported.splitlines())
    assert import_lines(there, BytesIO(exported), on_rejected=lambda *_: None).skipped == exported.count(b"\n")
    there.log_of_events.close()


def test_an_order_to_which_everything_has_happened_is_imported_as_it_was(office: Office, tmp_path: Path) -> None:
    one_of_each(office)
    one_of_what_few_have(office)
    there = imported(lines(office.ledger), tmp_path, office.clock)
    assert documents(there) == documents(office.ledger)
    there.log_of_events.close()


ITEM = {"unit_price": "10.00", "quantity": 2}
AT = {"at": "2026-02-01T10:00:00Z"}
HISTORY: list[dict[str, Any]] = [
    {"type": "item_added", **ITEM, "metadata": {"size": "L"}},
    {"type": "item_changed", "item": 1, "unit_price": "12.00", "discount_amount": "1.00"},
    {"type": "item_changed", "item": 1, "quantity": 3},
    {"type": "item_removed", "item": 2},
    {"type": "details", "notes": "ring twice", "shipping_cost": "4.00", "billing_first_name": "Ada"},
    {"type": "voucher", "voucher": {"code": "V", "discount_amount": "2.00"}},
    {"type": "voucher", "voucher": None},
    {"type": "charges", "charges": [{"kind": "tip", "amount": "3.00"}]},
    {"type": "charge_added", "kind": "tax", "amount": "1.00"},
    {"type": "charge_changed", "charge": 0, "amount": "2.00"},
    {"type": "charge_removed", "charge": 1},
    {"type": "customer", "id": 7},
    {"type": "status", "status": "processing"},
    {"type": "payment", "amount": "41.00", "reference": "p-1", "provider": "p"},
    {"type": "refund", "amount": "4.00", "reference": "r-1", "provider": "p", "lines": [{"shipping": "4.00"}]},
    {"type": "refund_failure", "amount": "4.00", "reference": "r-1", "provider": "p", "refund_reference": "r-1"},
    {"type": "chargeback", "amount": "1.00", "reference": "d-1", "provider": "p"},
    {"type": "chargeback_reversal", "amount": "1.00", "reference": "d-1", "provider": "p"},
    {"type": "payment_failure", "amount": "41.00", "reference": "f-1", "provider": "p"},
    {"type": "payment", "amount": "41.00", "reference": "p-2", "provider": "p"},
    {"type": "void", "reference": "p-2", "provider": "p", "reason": "typed twice"},
]


def test_every_command_has_its_entry_in_an_imported_history(ledger: OrderLedger, clock: Clock, tmp_path: Path) -> None:
    tags = {shape.__struct_config__.tag for shape in Past.__args__}
    assert {entry["type"] for entry in HISTORY} == tags
    order = {"id": 1, "currency": "USD", "created_at": AT["at"], "items": [ITEM]}
    line = json.dumps(order | {"history": [AT | entry for entry in HISTORY]}).encode()
    import_lines(ledger, BytesIO(line), on_rejected=lambda number, reason: pytest.fail(f"{number}: {reason}"))
    found = ledger.order(ledger.uuid_of(1))
    assert (found.totals.total, found.totals.paid, found.notes, found.status) == (4100, 0, "ring twice", "processing")
    assert found.customer
    assert (found.customer.id, [item.id for item in found.items], found.items[0].quantity) == (7, [1], 3)
    there = imported(lines(ledger), tmp_path, clock)
    assert documents(there) == documents(ledger)
    there.log_of_events.close()


def import_one_paid_ahead(ledger: OrderLedger, clock: Clock) -> None:
    """Order 1, with a payment that is dated some hours after the clock's time."""
    ahead = (clock() + timedelta(hours=20)).isoformat()
    history = [{"at": ahead, "type": "payment", "amount": "4.00", "reference": "p-1", "provider": "p"}]
    line = {"id": 1, "currency": "USD", "created_at": AT["at"], "items": [ITEM], "history": history}
    import_lines(ledger, BytesIO(json.dumps(line).encode()), on_rejected=lambda *why: pytest.fail(str(why)))


def test_events_recorded_behind_an_entry_dated_ahead_are_imported_as_they_were(
    ledger: OrderLedger, clock: Clock, tmp_path: Path
) -> None:
    import_one_paid_ahead(ledger, clock)
    paid = convert({"amount": "1.00", "reference": "p-2", "provider": "p"}, ReceivePayment)
    for command in (ChangeItemQuantity(item=1, quantity=3), paid, ChangeStatus(status="processing")):
        do(ledger.change, ledger.uuid_of(1), command, ME)
    there = imported(lines(ledger), tmp_path, clock)
    assert documents(there) == documents(ledger)
    there.log_of_events.close()


def test_a_refund_of_a_payment_that_is_dated_ahead_is_imported_with_a_time_that_the_rules_take(
    ledger: OrderLedger, clock: Clock, tmp_path: Path
) -> None:
    import_one_paid_ahead(ledger, clock)
    refund = convert({"amount": "1.00", "reference": "r-1", "provider": "p", "payment_reference": "p-1"}, RefundPayment)
    do(ledger.change, ledger.uuid_of(1), refund, ME)
    there = imported(lines(ledger), tmp_path, clock)
    assert [paid.amount for paid in there.order(ledger.uuid_of(1)).payments] == [400, 100]
    there.log_of_events.close()


def test_an_entry_that_is_not_allowed_is_named_and_the_line_not_taken(ledger: OrderLedger) -> None:
    rejected: list[str] = []
    for entry in ({"type": "item_changed", "item": 9, "quantity": 1}, {"type": "item_changed", "item": 1}):
        line = json.dumps({"items": [ITEM], "created_at": AT["at"], "history": [AT | entry]}).encode()
        import_lines(ledger, BytesIO(line), on_rejected=lambda _, reason: rejected.append(reason))
    assert [reason.partition(":")[0] for reason in rejected] == ["history[0]", "history[0].quantity"]
    assert ledger.head() == 0
