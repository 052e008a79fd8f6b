"""What changed in an order between two versions, field by field, by whom and when?"""

import time
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis.strategies import integers

from domain.aggregate import Record
from domain.ledger import OrderLedger
from domain.log.recorder import SQLiteRecorder
from domain.order.commands import AddItem, ChangeOrder, ChangeStatus, ReceivePayment, RemoveItem
from domain.order.events import ItemQuantityChanged
from domain.order.state import Order, evolve
from domain.refusals import Refusal
from projections.history import Entry, HistoryReader, changes
from projections.orders.documents import staff_document
from tests.audit.conftest import AUDIT, Office, exact, one_of_each
from tests.audit.histories import a_command, an_order
from tests.conftest import ME, Clock, do


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office whose order 1 has fifteen events of the common types, at versions 1 to 15."""
    office = Office(tmp_path_factory.mktemp("office"))
    one_of_each(office)
    yield office
    office.close()


encode = msgspec.json.Encoder(decimal_format="number").encode


def fields(answer: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The old and the new value of each changed field."""
    return {change["field"]: (change["from"], change["to"]) for change in answer["changes"]}


def test_a_change_has_its_field_its_values_and_its_event(told: Office) -> None:
    answer = told.audit("/orders/1/changes", **{"from": 14, "to": 15})
    why = {
        "version": 15,
        "position": 15,
        "type": "StatusChanged",
        "summary": "status changed to processing: paid in part",
        "actor": ME.actor,
        "request_id": ME.request_id,
        "occurred_at": "2026-03-01T10:30:11Z",
        "recorded_at": "2026-03-01T10:30:11Z",
    }
    updated = {"from": "2026-03-01T10:30:10Z", "to": "2026-03-01T10:30:11Z"}
    assert answer == {
        "order": str(told.ledger.uuid_of(1)),
        "order_id": 1,
        "from": 14,
        "to": 15,
        "changes": [
            {"field": "status", "from": "new", "to": "processing", **why},
            {"field": "updated_at", **updated, **why},
        ],
    }


def test_computed_fields_change_like_any_other(told: Office) -> None:
    changed = fields(told.audit("/orders/1/changes", **{"from": 12, "to": 13}))
    assert changed["amount_paid"] == (0, 50)
    assert changed["amount_outstanding"] == (Decimal("58.50"), Decimal("8.50"))
    assert changed["payments[0].amount"] == (None, "50.00")


def test_an_order_that_is_paid_is_said_to_be_so(office: Office) -> None:
    order = office.place()
    office.give(order, ReceivePayment, amount="100", reference="p", provider="p")
    changed = fields(office.audit("/orders/1/changes", **{"from": 2}))
    assert (changed["is_paid"], changed["is_payable"]) == ((False, True), (True, False))
    assert changed["storefront_status"] == ("awaiting_payment", "paid")


def test_an_amount_that_changed_is_told_exactly(office: Office) -> None:
    order = office.place(items=[{"unit_price": "123456789012345.67"}])
    office.give(order, AddItem, unit_price="0.20")
    answer = office.ask(f"{AUDIT}/orders/1/changes", params={"from": 2})
    assert b'"field":"total","from":123456789012345.67,"to":123456789012345.87' in answer.content


def test_an_amount_that_changed_has_all_its_currencys_digits(office: Office) -> None:
    order = office.place(items=[{"unit_price": "79.90"}])
    office.give(order, AddItem, unit_price="0.20")
    answer = office.ask(f"{AUDIT}/orders/1/changes", params={"from": 2})
    assert b'"field":"total","from":79.90,"to":80.10' in answer.content


def test_an_item_keeps_its_number_when_another_is_taken_out(office: Office) -> None:
    order = office.place(items=[{"unit_price": "1"}, {"unit_price": "2"}, {"unit_price": "3"}])
    office.give(order, RemoveItem, item=2)
    changed = fields(office.audit("/orders/1/changes", **{"from": 4}))
    assert changed["items[2].unit_price"] == ("2.00", None)
    assert {name.partition(".")[0] for name in changed if name.startswith("items[")} == {"items[2]"}


def test_changes_without_ends_are_from_the_first_version_to_the_last(told: Office) -> None:
    whole = told.audit("/orders/1/changes")
    assert whole == told.audit("/orders/1/changes", **{"from": 1, "to": 15})
    assert whole == told.audit("/orders/1/changes", **{"from": "", "to": ""})
    assert whole == told.audit(f"/orders/{told.ledger.uuid_of(1)}/changes")
    assert sorted({change["version"] for change in whole["changes"]}) == list(range(2, 16))


def test_from_version_0_the_creation_is_a_change_too(told: Office) -> None:
    all_new = told.audit("/orders/1/changes", **{"from": 0, "to": 1})["changes"]
    assert {"field": "status", "from": None, "to": "new"}.items() <= {c["field"]: c for c in all_new}["status"].items()
    assert {change["type"] for change in all_new} == {"OrderCreated"}


def test_between_a_version_and_itself_nothing_changed(told: Office) -> None:
    assert told.audit("/orders/1/changes", **{"from": 7, "to": 7})["changes"] == []


def test_the_answer_is_as_of_the_later_version(told: Office) -> None:
    answer = told.ask(f"{AUDIT}/orders/1/changes", params={"from": 2, "to": 9})
    assert answer.headers["ledger-position"] == "orders:9"


@pytest.mark.parametrize("versions", [{"from": 16}, {"to": 16}, {"from": 16, "to": 17}, {"from": 16, "to": 2}])
def test_a_version_that_is_still_to_come_is_not_found(told: Office, versions: dict[str, int]) -> None:
    problem = told.refused("/orders/1/changes", 404, **versions)
    assert (problem["code"], problem["version"]) == ("no-such-moment", 15)


def test_a_field_that_changed_back_and_forth_is_told_each_time(office: Office) -> None:
    order = office.place()
    for notes in ("a", "b", "a"):
        office.give(order, ChangeOrder, notes=notes)
    since = office.audit("/orders/1/changes", **{"from": 2})["changes"]
    assert [(c["from"], c["to"]) for c in since if c["field"] == "notes"] == [(None, "a"), ("a", "b"), ("b", "a")]


@pytest.mark.parametrize(
    ("name", "span"),
    [
        ("from", {"from": "-1"}),
        ("to", {"to": "-1"}),
        ("from", {"from": "x"}),
        ("to", {"to": "1e3"}),
        ("from", {"from": "3", "to": "2"}),
    ],
)
def test_versions_that_cannot_be_understood_are_named(told: Office, name: str, span: dict[str, str]) -> None:
    assert told.refused("/orders/1/changes", 400, **span)["errors"][0]["field"] == name


def test_an_order_that_does_not_exist_has_no_changes(told: Office) -> None:
    assert told.refused("/orders/2/changes", 404)["code"] == "order-not-found"


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """The values of a document by their paths. A line of the order has its own number in the path."""
    if isinstance(value, dict) and value:
        pairs = [(f"{path}.{name}" if path else name, inner) for name, inner in value.items()]
    elif isinstance(value, list) and value:
        numbers = [inner["id"] if path == "items" else i for i, inner in enumerate(value)]
        pairs = [(f"{path}[{number}]", inner) for number, inner in zip(numbers, value, strict=True)]
    else:
        return {path: value or None if isinstance(value, dict | list) else value}
    return {where: leaf for name, inner in pairs for where, leaf in flat(inner, name).items()}


def applied(office: Office, uuid: str, first: int, last: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first version with all its changes applied, and the last version, both without null values."""
    made = flat(office.audit(f"/orders/{uuid}", version=first))
    for change in office.audit(f"/orders/{uuid}/changes", **{"from": first, "to": last})["changes"]:
        assert made.get(change["field"]) == change["from"]
        made[change["field"]] = change["to"]
    stands = flat(office.audit(f"/orders/{uuid}", version=last))
    for document in (made, stands):
        document.pop("version")
    return (
        {name: value for name, value in made.items() if value is not None},
        {name: value for name, value in stands.items() if value is not None},
    )


def test_the_changes_made_to_one_version_give_the_other_whatever_happened(office: Office) -> None:
    random = Random(11)
    for number in range(1, 31):
        order = do(office.ledger.create, an_order(random, number), ME).order
        for step in range(8):
            office.clock.tick()
            try:
                order = do(office.ledger.change, order.uuid, a_command(random, order, f"{number}-{step}"), ME).order
            except Refusal:
                continue
        first = random.randint(1, order.version)
        made, stands = applied(office, str(order.uuid), first, random.randint(first, order.version))
        assert made == stands


def test_a_change_of_status_stands_beside_nothing_that_did_not_change(office: Office) -> None:
    order = office.place()
    office.give(order, ChangeStatus, status="hold")
    assert set(fields(office.audit("/orders/1/changes", **{"from": 2}))) == {"status", "updated_at"}


# --- the earlier way: the whole document printed, read and compared for each event ---


def as_before(reading: HistoryReader, entries: list[Entry], first: int, last: int) -> list[dict[str, Any]]:
    order: Order | None = None
    before: dict[str, Any] = {}
    found = []
    for entry in entries:
        if entry.raw.version > last:
            break
        order = evolve(order, entry.record)
        if entry.raw.version < first:
            continue
        after = flat(exact(staff_document(order)))
        if entry.raw.version > first:
            told = reading.order_event(entry)
            why = {name: told[name] for name in WHY}
            found += [
                {"field": field, "from": before.get(field), "to": after.get(field), **why}
                for field in dict.fromkeys([*before, *after])
                if field != "version" and before.get(field) != after.get(field)
            ]
        before = after
    return found


WHY = ("version", "position", "type", "summary", "actor", "request_id", "occurred_at", "recorded_at")


@settings(max_examples=40, deadline=None)
@given(seed=integers(0, 2**32), steps=integers(0, 25), first=integers(0, 12), length=integers(0, 40))
def test_compared_states_tell_the_changes_of_compared_documents_byte_for_byte(
    seed: int, steps: int, first: int, length: int
) -> None:
    random = Random(seed)
    clock = Clock()
    with TemporaryDirectory() as folder:
        ledger = OrderLedger(SQLiteRecorder(Path(folder) / "ledger.db"), clock=clock)
        order = do(ledger.create, an_order(random, 1), ME).order
        for step in range(steps):
            clock.tick(microseconds=random.choice((0, 1, 10**9)))
            with suppress(Refusal):
                order = do(ledger.change, order.uuid, a_command(random, order, f"{step}"), ME).order
        reading = HistoryReader(ledger)
        entries = reading.entries(order.uuid)
        parts = list(changes(reading, iter(entries), first, first + length))
        assert encode(list(chain.from_iterable(parts))) == encode(as_before(reading, entries, first, first + length))
        ledger.close()


# --- the cost ---


def long_history(office: Office, items: int, events: int) -> Order:
    """An order with `events` changes of quantity, of one item after the other."""
    order = office.place(items=[{"product": {"name": f"product {n}"}, "unit_price": "9.99"} for n in range(items)])
    at = office.clock()
    records = [
        Record(order.uuid, version, ItemQuantityChanged(occurred_at=at, item=version % items + 1, quantity=version))
        for version in range(order.version + 1, order.version + 1 + events)
    ]
    stored = [office.ledger.mapper.to_stored_event(record) for record in records]
    office.ledger.log_of_events.insert_events(stored, provenance=ME, now=at)
    return order


def test_changes_of_a_long_history_cost_what_changed_and_not_what_is_there(office: Office) -> None:
    """Printing the document of 1,000 items for each event would take over a minute instead of 3 ms an event."""
    long_history(office, 1_000, 1_000)
    began = time.process_time()
    told = office.audit("/orders/1/changes", **{"from": 1_001})["changes"]
    assert time.process_time() - began < 3
    assert [change["to"] for change in told if change["field"].endswith("].quantity")] == list(range(1_002, 2_002))


def test_changes_can_be_left_between_two_events_and_gone_on_with(office: Office) -> None:
    order = long_history(office, 3, 40)
    reading = HistoryReader(office.ledger)
    read: list[int] = []

    def entries() -> Iterator[Entry]:
        for entry in reading.entries(order.uuid):
            read.append(entry.raw.version)
            yield entry

    coming = changes(reading, entries(), 1, 44)
    some = list(islice(coming, 10))
    assert read[-1] == 11
    rest = changes(reading, entries(), 11, 44)
    assert encode([*some, *rest]) == encode(list(changes(reading, entries(), 1, 44)))


def test_changes_come_in_pages_where_they_are_wanted_so(told: Office) -> None:
    whole = told.audit("/orders/1/changes", **{"from": 0})["changes"]
    for limit in (1, 4, 14):
        pages = [told.audit("/orders/1/changes", **{"from": 0, "limit": limit})]
        while "next" in pages[-1]:
            pages.append(told.audit("/orders/1/changes", **{"from": pages[-1]["next"], "limit": limit}))
            assert pages[-1]["to"] == 15
        assert [change for page in pages for change in page["changes"]] == whole
        assert [page["from"] for page in pages] == list(range(0, 15, limit))


def test_a_page_of_changes_is_as_of_the_version_that_it_reaches(told: Office) -> None:
    answer = told.ask(f"{AUDIT}/orders/1/changes", params={"from": 2, "to": 9, "limit": 3})
    assert (answer.headers["ledger-position"], answer.json["next"]) == ("orders:5", 5)
