"""Is the log exported whole and exact, and do other programs understand the exports?"""

import csv
import hashlib
import json
import os
import subprocess
import tracemalloc
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from io import BytesIO, StringIO
from pathlib import Path
from random import Random
from typing import Any
from venv import create as create_environment

import pytest

from domain.currencies import digits_of
from domain.ledger import OrderLedger
from domain.log.mapper import DamagedEvent
from domain.log.recorder import SQLiteRecorder
from domain.log.sqlite import sqlite3
from domain.order.commands import ChangeItemQuantity, ChangeOrder, ChangeStatus, ReceivePayment, RefundPayment
from domain.order.events import TOPICS
from domain.order.state import Order
from domain.refusals import Refusal
from projections.exports.events import BATCH_EVENTS, RecordMissing, export_events
from projections.exports.ocel import export_ocel
from projections.history import HistoryReader
from tests.audit.conftest import AUDIT, Office, exact, one_of_each, one_of_what_few_have, reconcile
from tests.audit.histories import a_command, an_order
from tests.conftest import ME, Service, do, new_order
from tests.tampering import tamper

REQUIREMENTS = Path(__file__).with_name("requirements-pm4py.txt")
READER = Path(__file__).with_name("ocel_reader.py")
PERSONAL = {
    "customer": {
        "id": 7,
        "username": "xx-user",
        "email": "xx-mail",
        "first_name": "xx-given",
        "last_name": "xx-family",
    },
    "notes": "xx-notes",
    "billing_country": {"id": 1, "name": "xx-country", "code": "CA"},
    "billing_state": {"id": 1, "name": "xx-state", "code": "xx"},
    "billing_city": {"id": 1, "name": "xx-city"},
    "billing_address": "xx-address",
    "billing_postal_code": "xx-postal",
    "billing_first_name": "xx-first",
    "billing_last_name": "xx-last",
}


def exported(ledger: OrderLedger, form: str, head: int | None = None) -> bytes:
    file = BytesIO()
    log, reading = ledger.log_of_events, HistoryReader(ledger)
    export_events(log, reading, file, form=form, head=ledger.head() if head is None else head, progress=ignore)
    return file.getvalue()


def ocel(ledger: OrderLedger, file: Path, head: int | None = None) -> Path:
    log, reading = ledger.log_of_events, HistoryReader(ledger)
    export_ocel(log, reading, file, head=ledger.head() if head is None else head, progress=ignore)
    return file


def ignore(_done: int, _total: int) -> None:
    """A progress callback that does nothing."""


def rows(file: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(query).fetchall()


def lived(office: Office, orders: int) -> None:
    """Records random histories of so many orders side by side."""
    random = Random(17)
    made = [do(office.ledger.create, an_order(random, number % 4), ME).order for number in range(orders)]
    for step in range(orders * 6):
        office.clock.tick(microseconds=random.choice((0, 1, 10**9)))
        place = random.randrange(orders)
        try:
            command = a_command(random, made[place], str(step))
            made[place] = do(office.ledger.change, made[place].uuid, command, ME).order
        except Refusal:
            continue


# --- events ---


def test_json_lines_are_the_events_of_the_feed_byte_for_byte(office: Office) -> None:
    lived(office, 10)
    reconcile(office)
    lines = exported(office.ledger, "jsonl").splitlines()
    feed = office.ask(f"{AUDIT}/events", params={"limit": 1000}).content
    assert b'{"events":[' + b",".join(lines) + b'],"next":null}' == feed


def test_csv_has_a_column_for_each_field_of_the_feed_and_the_data_as_json(office: Office) -> None:
    lived(office, 10)
    told = list(csv.DictReader(StringIO(exported(office.ledger, "csv").decode(), newline="")))
    for row, event in zip(told, office.feed(), strict=True):
        assert list(row) == [*event, "reconciliation"]
        event["reconciliation"] = None
        assert exact(row.pop("data")) == event.pop("data")
        assert row == {name: "" if value is None else str(value) for name, value in event.items()}


def test_the_data_in_csv_are_the_very_text_that_is_stored(office: Office) -> None:
    one_of_each(office)
    told = csv.DictReader(StringIO(exported(office.ledger, "csv").decode(), newline=""))
    assert [row["data"].encode() for row in told] == [r.payload for r in office.ledger.log_of_events.raw_records()]


@pytest.mark.parametrize("key", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x","y")'])
def test_no_cell_of_the_csv_begins_like_a_formula_and_json_lines_stay_exact(office: Office, key: str) -> None:
    headers = {"Idempotency-Key": key, "X-Request-Id": "-2"}
    office.ask("/api/v1/orders", office.key("orders:write"), "POST", json={"items": []}, headers=headers)
    (row,) = csv.DictReader(StringIO(exported(office.ledger, "csv").decode(), newline=""))
    assert (row["idempotency_key"], row["request_id"]) == ("'" + key, "'-2")
    assert json.loads(exported(office.ledger, "jsonl"))["idempotency_key"] == key


def test_an_export_ends_where_the_log_ended_when_it_began(office: Office) -> None:
    for _ in range(3):
        do(office.ledger.create, new_order(items=[{}] * 1000), ME)
    head = office.ledger.head()
    assert head > BATCH_EVENTS
    file = BytesIO()

    def append(_done: int, _total: int) -> None:
        do(office.ledger.create, new_order(), ME)

    export_events(
        office.ledger.log_of_events, HistoryReader(office.ledger), file, form="jsonl", head=head, progress=append
    )
    assert office.ledger.head() == head + 2
    assert [json.loads(line)["position"] for line in file.getvalue().splitlines()] == list(range(1, head + 1))


def test_an_empty_log_is_no_lines_and_a_csv_of_its_columns_alone(office: Office) -> None:
    assert exported(office.ledger, "jsonl") == b""
    assert exported(office.ledger, "csv").startswith(b"log,position,order,")
    assert exported(office.ledger, "csv").count(b"\r\n") == 1


@pytest.mark.parametrize("write", [lambda office, _: exported(office.ledger, "csv"), lambda o, p: ocel(o.ledger, p)])
def test_an_altered_record_ends_the_export_with_its_position(
    office: Office, tmp_path: Path, write: Callable[[Office, Path], Any]
) -> None:
    one_of_each(office)
    tamper(office.settings.ledger, "UPDATE events SET actor = 'nobody' WHERE position = 7")
    with pytest.raises(DamagedEvent, match="position 7"):
        write(office, tmp_path / "o.sqlite")


@pytest.mark.parametrize("write", [lambda office, _: exported(office.ledger, "csv"), lambda o, p: ocel(o.ledger, p)])
@pytest.mark.parametrize("positions", ["= 4", "BETWEEN 4 AND 15"])
def test_a_missing_record_ends_the_export_with_its_position(
    office: Office, tmp_path: Path, write: Callable[[Office, Path], Any], positions: str
) -> None:
    first = office.place(items=[])
    office.place()
    office.give(first, ChangeOrder, notes="x")
    one_of_each(office)
    tamper(office.settings.ledger, f"DELETE FROM events WHERE originator_id = '{first.uuid}' AND position {positions}")
    with pytest.raises(RecordMissing, match="position 4"):
        write(office, tmp_path / "o.sqlite")


def test_memory_does_not_grow_with_the_log(office: Office, tmp_path: Path) -> None:
    for _ in range(4 * BATCH_EVENTS // 1000):
        do(office.ledger.create, new_order(items=[{"unit_price": "1"}] * 999), ME)

    def peak(write: Callable[[int], Any], head: int) -> int:
        tracemalloc.start()
        write(head)
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    def events(head: int) -> None:
        with (tmp_path / "events").open("wb") as file:
            export_events(
                office.ledger.log_of_events,
                HistoryReader(office.ledger),
                file,
                form="jsonl",
                head=head,
                progress=ignore,
            )

    assert peak(events, 4 * BATCH_EVENTS) < 1.2 * peak(events, 2 * BATCH_EVENTS)


# --- the object-centric event log ---


def test_an_ocel_export_is_a_whole_database_whose_references_lead_somewhere(office: Office, tmp_path: Path) -> None:
    lived(office, 20)
    file = ocel(office.ledger, tmp_path / "o.sqlite")
    assert rows(file, "PRAGMA integrity_check") == [("ok",)]
    assert rows(file, "PRAGMA foreign_key_check") == []


def test_every_event_is_in_an_ocel_export_once_under_its_position_and_type(office: Office, tmp_path: Path) -> None:
    lived(office, 20)
    one_of_each(office)
    one_of_what_few_have(office)
    file = ocel(office.ledger, tmp_path / "o.sqlite")
    told = {(f"orders:{event['position']}", event["type"]) for event in office.feed()}
    assert set(rows(file, "SELECT ocel_id, ocel_type FROM event")) == told
    for kind in (shape.__name__ for shape in TOPICS.values()):
        of_this = {event_id for event_id, of in told if of == kind}
        assert of_this
        assert {event_id for (event_id,) in rows(file, f"SELECT ocel_id FROM event_{kind}")} == of_this


def test_times_in_an_ocel_export_tell_the_events_of_one_instant_apart(office: Office, tmp_path: Path) -> None:
    order = office.place(items=[{}] * 3)
    office.clock.tick(microseconds=5)
    do(office.ledger.change, order.uuid, ChangeOrder(notes="x"), ME)
    file = ocel(office.ledger, tmp_path / "o.sqlite")
    times = "SELECT ocel_id, ocel_time FROM event_{}"
    found = [row for kind in ("OrderCreated", "ItemAdded", "NotesChanged") for row in rows(file, times.format(kind))]
    assert dict(found) == {
        "orders:1": "2026-03-01T10:30:00.000000000Z",
        "orders:2": "2026-03-01T10:30:00.000000001Z",
        "orders:3": "2026-03-01T10:30:00.000000002Z",
        "orders:4": "2026-03-01T10:30:00.000000003Z",
        "orders:5": "2026-03-01T10:30:00.000005000Z",
    }


def test_orders_items_payments_and_customers_are_objects(office: Office, tmp_path: Path) -> None:
    order = one_of_each(office)
    file = ocel(office.ledger, tmp_path / "o.sqlite")
    begun = "2026-03-01T10:30:00.000000000Z"
    assert rows(file, "SELECT * FROM object_order WHERE ocel_changed_field IS NULL") == [
        (f"order:{order.uuid}", begun, None, 1, order.key, "USD", "new", 0, 0)
    ]
    assert rows(file, "SELECT * FROM object_item WHERE ocel_changed_field IS NULL ORDER BY ocel_id") == [
        (f"item:{order.uuid}:1", begun[:-2] + "1Z", None, 1, "Lamp", None, 4000, 2, 500, 0),
        (f"item:{order.uuid}:2", begun[:-2] + "2Z", None, None, None, None, 1000, 1, 0, 0),
        (f"item:{order.uuid}:3", "2026-03-01T10:30:01.000000000Z", None, 3, "Bulb", None, 150, 4, 0, 0),
    ]
    assert rows(file, "SELECT * FROM object_payment") == [
        (f"payment:{order.uuid}:13", "2026-03-01T10:30:09.000000000Z", None, 5000, "USD", "stripe", "pi_123", "card", 0)
    ]
    assert rows(file, "SELECT ocel_id, id FROM object_customer") == [("customer:7", 7)]


def test_an_event_belongs_to_its_order_and_to_the_other_objects_it_is_about(office: Office, tmp_path: Path) -> None:
    order = one_of_each(office)
    file = ocel(office.ledger, tmp_path / "o.sqlite")
    query = (
        "SELECT ocel_type, ocel_object_id, ocel_qualifier FROM event_object"
        " JOIN event ON ocel_id = ocel_event_id WHERE ocel_qualifier {} 'order'"
        " ORDER BY CAST(substr(ocel_id, 8) AS INT)"
    )
    assert [row[1:] for row in rows(file, query.format("="))] == [(f"order:{order.uuid}", "order")] * 15
    assert rows(file, query.format("<>")) == [
        ("OrderCreated", "customer:7", "customer"),
        ("ItemAdded", f"item:{order.uuid}:1", "item"),
        ("ItemAdded", f"item:{order.uuid}:2", "item"),
        ("ItemAdded", f"item:{order.uuid}:3", "item"),
        ("ItemQuantityChanged", f"item:{order.uuid}:1", "item"),
        ("ItemRemoved", f"item:{order.uuid}:2", "item"),
        ("PaymentReceived", f"payment:{order.uuid}:13", "payment"),
        ("PaymentRefunded", f"payment:{order.uuid}:13", "payment"),
    ]


def test_an_order_leads_to_its_customer_its_items_and_its_payments(office: Office, tmp_path: Path) -> None:
    order = one_of_each(office)
    file = ocel(office.ledger, tmp_path / "o.sqlite")
    found = rows(file, "SELECT * FROM object_object")
    assert Counter(qualifier for *_, qualifier in found) == {"placed by": 1, "contains": 3, "paid by": 1}
    assert {source for source, *_ in found} == {f"order:{order.uuid}"}


def test_a_guests_order_has_no_customer(office: Office, tmp_path: Path) -> None:
    office.place()
    file = ocel(office.ledger, tmp_path / "o.sqlite")
    assert rows(file, "SELECT * FROM object WHERE ocel_type = 'customer'") == []


def test_a_customer_of_many_orders_is_one_object(office: Office, tmp_path: Path) -> None:
    for _ in range(3):
        office.place(customer={"id": 9})
    file = ocel(office.ledger, tmp_path / "o.sqlite")
    assert rows(file, "SELECT ocel_id, id FROM object_customer") == [("customer:9", 9)]
    assert rows(file, "SELECT count(*) FROM object_object WHERE ocel_target_id = 'customer:9'") == [(3,)]


def test_a_refund_that_names_no_payment_belongs_to_its_order_alone(office: Office, tmp_path: Path) -> None:
    order = office.give(office.place(), ReceivePayment, amount="9", reference="p", provider="x")
    office.give(order, RefundPayment, amount="1", reference="r", provider="x")
    file = ocel(office.ledger, tmp_path / "o.sqlite")
    found = rows(file, "SELECT ocel_object_id FROM event_object WHERE ocel_event_id = 'orders:4'")
    assert found == [(f"order:{order.uuid}",)]


def test_a_change_of_an_object_stands_under_the_time_of_its_event(office: Office, tmp_path: Path) -> None:
    order = office.place(items=[{"unit_price": "10"}])
    office.give(order, ChangeItemQuantity, item=1, quantity=3)
    office.give(order, ReceivePayment, amount="30", reference="p", provider="x")
    office.give(order, ChangeStatus, status="processing")
    file = ocel(office.ledger, tmp_path / "o.sqlite")
    changes = "SELECT ocel_time, ocel_changed_field, {} FROM object_{} WHERE ocel_changed_field IS NOT NULL"
    second = "2026-03-01T10:30:0{}.00000000{}Z"
    assert rows(file, changes.format("status, total_minor, paid_minor", "order")) == [
        (second.format(0, 1), "total_minor", None, 1000, None),
        (second.format(1, 0), "total_minor", None, 3000, None),
        (second.format(2, 0), "paid_minor", None, None, 3000),
        (second.format(3, 0), "status", "processing", None, None),
    ]
    assert rows(file, changes.format("quantity", "item")) == [(second.format(1, 0), "quantity", 3)]


def replayed(file: Path, order: Order) -> dict[str, Any]:
    """An order's status, total and paid amount, after all its rows in the export."""
    query = "SELECT ocel_changed_field, status, total_minor, paid_minor FROM object_order WHERE ocel_id = 'order:{}'"
    state: dict[str, Any] = {}
    for field, *values in rows(file, query.format(order.uuid)):
        told = dict(zip(("status", "total_minor", "paid_minor"), values, strict=True))
        state |= told if field is None else {field: told[field]}
    return state


def test_the_last_values_of_each_order_are_those_that_the_ledger_has(office: Office, tmp_path: Path) -> None:
    lived(office, 20)
    file = ocel(office.ledger, tmp_path / "o.sqlite")
    for order_id in range(1, 21):
        order = office.ledger.order(office.ledger.uuid_of(order_id))
        expected = {"status": order.status, "total_minor": order.totals.total, "paid_minor": order.received}
        assert replayed(file, order) == expected


def test_amounts_are_whole_minor_units_of_each_currency(office: Office, tmp_path: Path) -> None:
    for currency, price in (("USD", "79.90"), ("JPY", "5000"), ("KWD", "1.234")):
        office.place(currency=currency, items=[{"unit_price": price}])
    file = ocel(office.ledger, tmp_path / "o.sqlite")
    found = rows(file, "SELECT unit_price_minor, typeof(unit_price_minor) FROM object_item ORDER BY 1")
    assert found == [(1234, "integer"), (5000, "integer"), (7990, "integer")]
    assert [digits_of(currency) for currency in ("KWD", "JPY", "USD")] == [3, 0, 2]


def test_an_ocel_export_has_nothing_personal(office: Office, tmp_path: Path) -> None:
    order = office.place(**PERSONAL)
    office.give(order, ChangeOrder, notes="xx-more", billing_first_name="xx-other")
    assert exported(office.ledger, "jsonl").count(b"xx-") > 10
    assert b"xx-" not in ocel(office.ledger, tmp_path / "o.sqlite").read_bytes()


def test_the_same_events_give_the_same_bytes(office: Office, tmp_path: Path) -> None:
    lived(office, 20)
    head = office.ledger.head()
    first = ocel(office.ledger, tmp_path / "first").read_bytes()
    copied = tmp_path / "copy.db"
    rows(office.settings.ledger, f"VACUUM INTO '{copied}'")
    one_of_each(office)
    copy = OrderLedger(SQLiteRecorder(copied))
    assert ocel(copy, tmp_path / "copy").read_bytes() == first
    copy.log_of_events.close()
    assert ocel(office.ledger, tmp_path / "later", head).read_bytes() == first
    assert ocel(office.ledger, tmp_path / "whole").read_bytes() != first


def test_a_reconciliation_is_no_order_and_left_out(office: Office, tmp_path: Path) -> None:
    office.place(items=[])
    reconcile(office)
    office.place(items=[])
    file = ocel(office.ledger, tmp_path / "o.sqlite")
    last = office.ledger.head()
    assert last > 3
    assert sorted(rows(file, "SELECT ocel_id FROM event")) == sorted([("orders:1",), (f"orders:{last}",)])


def test_an_empty_log_is_tables_without_rows(office: Office, tmp_path: Path) -> None:
    file = ocel(office.ledger, tmp_path / "o.sqlite")
    assert rows(file, "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM object)") == [(0, 0)]
    assert len(rows(file, "SELECT * FROM event_map_type")) == len(TOPICS)


# --- the command ---


@pytest.fixture
def filled(tmp_path: Path) -> Service:
    """The commands of a service that does not run, on a ledger of three orders."""
    ledger = OrderLedger(SQLiteRecorder(tmp_path / "ledger.db"))
    for _ in range(3):
        do(ledger.create, new_order(items=[{"unit_price": "5"}]), ME)
    ledger.log_of_events.close()
    return Service(tmp_path)


def test_the_command_writes_events_to_standard_output_and_how_far_it_is_beside(filled: Service) -> None:
    done = filled.run("export", "events")
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["position"] for line in done.stdout.splitlines()] == [1, 2, 3, 4, 5, 6]
    assert b"exporting: 6 of 6" in done.stderr


def test_the_command_writes_whole_files_and_never_over_one_that_is_there(filled: Service) -> None:
    for command in (("export", "events", "--format", "csv", "--output"), ("export", "ocel")):
        target = filled.folder / command[1]
        done = filled.run(*command, str(target))
        assert (done.returncode, done.stdout) == (0, b""), done.stderr
        before = target.read_bytes()
        again = filled.run(*command, str(target))
        assert again.returncode == 2
        assert b"is there already" in again.stderr
        assert target.read_bytes() == before
    assert not list(filled.folder.glob("*.part"))


def test_the_command_leaves_nothing_of_an_export_that_failed(filled: Service) -> None:
    tamper(filled.folder / "ledger.db", "UPDATE events SET actor = 'nobody' WHERE position = 4")
    before = sorted(filled.folder.iterdir())
    for command in (("export", "events", "--output"), ("export", "ocel")):
        done = filled.run(*command, str(filled.folder / "export"))
        assert done.returncode == 1
        assert b"position 4" in done.stderr
        assert b"Traceback" not in done.stderr
    assert sorted(filled.folder.iterdir()) == before


def test_the_command_names_a_file_that_cannot_be_written(filled: Service) -> None:
    for command in (("export", "events", "--output"), ("export", "ocel")):
        done = filled.run(*command, str(filled.folder / "nowhere" / "export"))
        assert done.returncode == 2
        assert b"cannot be written" in done.stderr
        assert b"Traceback" not in done.stderr


# --- a process-mining tool ---


@pytest.fixture(scope="session")
def pm4py() -> Path:
    """The Python of an environment with pm4py, which is made where it is missing."""
    named = os.environ.get("OCEL_ENV")
    if not named and not os.environ.get("CI"):
        pytest.skip("pm4py (AGPL) has an environment of its own: OCEL_ENV=FOLDER makes it there, and this test runs")
    folder = Path(named) if named else Path.home() / ".cache" / "order-ledger-pm4py"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    made = folder / "made-from"
    python = folder / "bin" / "python"
    if not made.exists() or made.read_text() != wanted:
        create_environment(folder, clear=True, with_pip=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([python, *install, "--requirement", REQUIREMENTS], check=True)
        made.write_text(wanted)
    return python


def test_pm4py_loads_an_ocel_export_and_finds_what_the_ledger_has(office: Office, tmp_path: Path, pm4py: Path) -> None:
    lived(office, 40)
    one_of_each(office)
    file = ocel(office.ledger, tmp_path / "o.sqlite")
    done = subprocess.run([pm4py, READER, file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    events = office.feed()
    assert (found["satisfied"], found["unsatisfied"]) == (24, [])
    assert found["activities"] == Counter(event["type"] for event in events)
    assert found["objects"] == dict(rows(file, "SELECT ocel_type, count(*) FROM object GROUP BY 1"))
    assert found["cases"] == {
        f"order:{uuid}": [event["type"] for event in events if event["order"] == uuid]
        for uuid in {event["order"] for event in events}
    }
    assert found["statuses"] == {
        f"order:{uuid}": [e["data"]["status"] for e in events if e["order"] == uuid and e["type"] == "StatusChanged"]
        for uuid in {event["order"] for event in events if event["type"] == "StatusChanged"}
    }
    assert found["received"] == rows(file, "SELECT sum(amount_minor) FROM event_PaymentReceived")[0][0]
    assert found["relations"] == rows(file, "SELECT count(*) FROM event_object")[0][0]
    assert found["between_objects"] == dict(rows(file, "SELECT ocel_qualifier, count(*) FROM object_object GROUP BY 1"))
