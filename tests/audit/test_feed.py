"""Can an auditor follow the log and understand each event?"""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.audit import SCAN_EVENTS_MAX
from domain.aggregate import Record
from domain.ledger import OrderLedger
from domain.log.recorder import SQLiteRecorder
from domain.order import events as e
from domain.order.commands import ChangeOrder, ReceivePayment
from tests.audit.conftest import AUDIT, Office, exact, one_of_each, one_of_what_few_have, reconcile
from tests.conftest import ME, Service, bring, do, new_order
from tests.first_version import recorded_in_the_first_version

SUMMARIES = [
    ("OrderCreated", "order 1 created for customer 7, in USD"),
    ("ItemAdded", "item 1 added: 2 × Lamp at 40.00 USD"),
    ("ItemAdded", "item 2 added: 1 × a line without a product at 10.00 USD"),
    ("VoucherApplied", "voucher WELCOME applied, 5.00 USD off"),
    ("ItemAdded", "item 3 added: 4 × Bulb at 1.50 USD"),
    ("ItemQuantityChanged", "quantity of item 1 changed to 1"),
    ("ItemRemoved", "item 2 removed"),
    ("VoucherRemoved", "voucher removed"),
    ("BillingChanged", "billing details changed"),
    ("NotesChanged", "notes changed"),
    ("PaymentMethodChanged", "payment method changed to Card"),
    ("ShippingChanged", "shipping changed to Courier, 7.50 USD"),
    ("PaymentReceived", "payment of 50.00 USD received by stripe, reference pi_123"),
    ("PaymentRefunded", "refund of 9.99 USD by stripe, reference re_9, of payment pi_123"),
    ("StatusChanged", "status changed to processing: paid in part"),
]
RICH = [
    ("ChargesChanged", "charges changed to VAT 21% 21.00 USD, tax 1.00 USD (included), tip 2.00 USD, 1 more"),
    ("RefundFailed", "refund failure of 2.00 USD by stripe, reference re_r, of refund re_r"),
    ("PaymentChargedBack", "chargeback of 5.00 USD by stripe, reference dp_r, of payment pi_r, owed again"),
    ("ChargebackReversed", "chargeback reversal of 5.00 USD by stripe, reference dp_r, of chargeback dp_r"),
    ("PaymentFailed", "payment failure of 40.00 USD by stripe, reference pyr_r"),
    ("PaymentVoided", "void of 1.00 USD by stripe, reference pi_v: typed twice"),
    ("ItemChanged", "item 1 changed: 2 × 90.00 USD, shipping 4.00, discount 1.00"),
    ("ExternalIdsChanged", "external ids changed: shopify 603, erp 17"),
    ("ExternalIdsChanged", "external ids changed: shopify 604, no erp"),
    ("MetadataChanged", "metadata changed"),
    ("CustomerChanged", "given to customer 8"),
    ("RecipientChanged", "recipient or shipping address changed"),
    ("ChargesChanged", "charges changed to none"),
    ("PersonalErased", "contact and invoice data erased (request)"),
]
FIELDS = [
    "log",
    "position",
    "order",
    "order_id",
    "version",
    "type",
    "topic",
    "occurred_at",
    "recorded_at",
    "actor",
    "request_id",
    "idempotency_key",
    "summary",
    "data",
    "digest",
]


class Told(Office):
    """An office with an order of the common events, two new orders, and an order of the rare events."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.first = one_of_each(self)
        self.clock.tick(days=1)
        self.second = self.place()
        self.third = self.place()
        self.rich = one_of_what_few_have(self)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    made = Told(tmp_path_factory.mktemp("office"))
    yield made
    made.close()


def positions(events: list[dict[str, Any]]) -> list[int]:
    return [event["position"] for event in events]


def test_every_type_of_event_is_told_in_words(told: Told) -> None:
    events = told.feed(order=str(told.first.uuid))
    assert [(event["type"], event["summary"]) for event in events] == SUMMARIES
    assert {event["type"] for event in told.feed()} == {shape.__name__ for shape in e.TOPICS.values()}


def test_rare_types_of_event_are_told_in_words_too(told: Told) -> None:
    events = told.feed(order=str(told.rich.uuid))
    assert [(event["type"], event["summary"]) for event in events if event["type"] not in dict(SUMMARIES)] == RICH
    for_what = "refund of 9.64 USD by stripe, reference re_l, for 1 of item 1 and charge 0"
    assert for_what in [event["summary"] for event in events]


def test_an_event_stands_beside_its_exact_data_and_where_it_came_from(told: Told) -> None:
    event = told.feed(type="PaymentReceived")[0]
    raw = told.ledger.log_of_events.raw_record(event["position"])
    assert raw is not None
    assert list(event) == FIELDS
    assert event | {"data": None} == {
        "log": "orders",
        "position": 13,
        "order": str(told.first.uuid),
        "order_id": 1,
        "version": 13,
        "type": "PaymentReceived",
        "topic": "order.payment_received.v2",
        "occurred_at": "2026-03-01T10:30:09Z",
        "recorded_at": "2026-03-01T10:30:09Z",
        "actor": ME.actor,
        "request_id": ME.request_id,
        "idempotency_key": None,
        "summary": SUMMARIES[12][1],
        "data": None,
        "digest": raw.digest.hex(),
    }


def test_the_data_of_an_event_are_the_very_bytes_that_are_stored(told: Told) -> None:
    answer = told.ask(f"{AUDIT}/events").content
    for raw in told.ledger.log_of_events.raw_records():
        assert b'"data":' + raw.payload + b',"digest":"' + raw.digest.hex().encode() in answer


def test_a_write_is_told_with_its_request_and_its_idempotency_key(office: Office) -> None:
    writer = office.key("orders:write")
    headers = {"X-Request-Id": "req-7", "Idempotency-Key": "key-7"}
    office.ask("/api/v1/orders", writer, "POST", json={"items": []}, headers=headers)
    (event,) = office.feed()
    assert (event["actor"], event["request_id"], event["idempotency_key"]) == (writer[:8], "req-7", "key-7")


def test_an_imported_event_keeps_both_its_times(office: Office) -> None:
    bring(office.ledger, created_at="2024-05-01T09:00:00Z")
    (event,) = office.feed()
    assert (event["occurred_at"], event["recorded_at"]) == ("2024-05-01T09:00:00Z", "2026-03-01T10:30:00Z")


def test_the_feed_is_in_the_order_of_positions_without_a_gap(told: Told) -> None:
    assert positions(told.feed()) == list(range(1, told.ledger.head() + 1))


@pytest.mark.parametrize("limit", [1, 2, 7, 19, 100])
def test_pages_of_any_size_make_up_the_whole(told: Told, limit: int) -> None:
    assert told.feed(limit=limit) == told.feed()


def test_a_page_has_a_hundred_events_where_nothing_is_said_and_at_most_a_thousand(office: Office) -> None:
    office.place(items=[{}] * 1000)
    office.place(items=[{}] * 200)
    assert len(office.audit("/events")["events"]) == 100
    assert len(office.audit("/events", limit=0)["events"]) == 100
    assert len(office.audit("/events", limit=999_999)["events"]) == 1_000


def test_pages_stay_as_they_were_while_events_are_appended(office: Office) -> None:
    order = office.place(items=[{}] * 20)
    seen: list[int] = []
    after = None
    for round_ in range(10):
        page = office.audit("/events", limit=3, **({"after": after} if after else {}))
        again = office.audit("/events", limit=3, **({"after": after} if after else {}))
        assert page == again
        office.give(order, ChangeOrder, notes=f"{round_}")
        grown = office.audit("/events", limit=3, **({"after": after} if after else {}))
        assert grown["events"] == page["events"]
        seen += positions(page["events"])
        after = page["next"]
    assert seen == list(range(1, 31))


def test_a_follower_misses_nothing_and_sees_nothing_twice_while_others_append(service: Service) -> None:
    auditor = service.client(service.key("audit:read"))
    stop = threading.Event()

    def write() -> None:
        ledger = OrderLedger(SQLiteRecorder(service.folder / "ledger.db"))
        for _ in range(60):
            do(ledger.create, new_order(items=[{}, {}]), ME)
        ledger.log_of_events.close()
        stop.set()

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    seen: list[int] = []
    after, is_over = "orders:0", False
    while not is_over:
        is_over = not any(writer.is_alive() for writer in writers)
        while True:
            answer = auditor.get(f"{AUDIT}/events", params={"after": after, "limit": 50})
            seen += positions(answer.json()["events"])
            after = answer.headers["Ledger-Position"]
            if answer.json()["next"] is None:
                break
    assert seen == list(range(1, 361))


def test_an_answer_that_reaches_the_head_has_its_position_and_null_for_next(told: Told) -> None:
    answer = told.ask(f"{AUDIT}/events")
    assert answer.json["next"] is None
    assert answer.headers["ledger-position"] == f"orders:{told.ledger.head()}"


def test_next_is_where_the_page_ends(told: Told) -> None:
    answer = told.ask(f"{AUDIT}/events", params={"limit": 5})
    assert answer.json["next"] == answer.headers["ledger-position"] == "orders:5"


def test_a_page_that_ends_at_the_head_has_no_next(told: Told) -> None:
    assert told.audit("/events", limit=told.ledger.head())["next"] is None


def test_the_log_is_filtered_by_order_given_either_way(told: Told) -> None:
    by_id = told.feed(order="1")
    assert by_id == told.feed(order=str(told.first.uuid)) == told.feed(order=str(told.first.uuid).upper())
    assert positions(by_id) == list(range(1, 16))


@pytest.mark.parametrize(("topic", "name"), [(topic, shape.__name__) for topic, shape in e.TOPICS.items()])
def test_the_log_is_filtered_by_type_given_by_name_or_topic(told: Told, topic: str, name: str) -> None:
    by_name = told.feed(type=name)
    assert by_name == told.feed(type=topic) == [event for event in told.feed() if event["type"] == name]
    assert by_name


def test_both_versions_of_an_orders_creation_are_of_one_type(office: Office) -> None:
    recorded_in_the_first_version(office.ledger, office.clock, "BGN", "7.55")
    office.place(items=[])
    events = office.feed(type="OrderCreated")
    assert [event["topic"] for event in events] == ["order.created.v1", "order.created.v2"]
    assert [event["summary"] for event in events] == [
        "order 1 created for a guest, in BGN",
        "order 2 created for a guest, in USD",
    ]
    assert office.feed(type="order.created.v1") == events[:1]


def test_the_log_is_filtered_by_actor(office: Office) -> None:
    first, second = office.key("orders:write"), office.key("orders:write")
    for key in (first, second, first):
        office.ask("/api/v1/orders", key, "POST", json={"items": []})
    assert positions(office.feed(actor=first[:8])) == [1, 3]
    assert positions(office.feed(actor=second[:8])) == [2]
    assert office.feed(actor="nobody") == []


def test_the_log_is_filtered_by_when_it_was_recorded_both_ends_included(told: Told) -> None:
    everything = told.feed()
    begin, end = everything[4]["recorded_at"], everything[9]["recorded_at"]
    expected = [event["position"] for event in everything if begin <= event["recorded_at"] <= end]
    assert positions(told.feed(**{"from": begin, "to": end})) == expected == [5, 6, 7, 8, 9, 10]


def test_a_moment_is_exact_to_the_microsecond(office: Office) -> None:
    order = office.place(items=[])
    office.clock.tick(microseconds=1)
    do(office.ledger.change, order.uuid, ChangeOrder(notes="x"), ME)
    assert positions(office.feed(to="2026-03-01T10:30:00.000000Z")) == [1]
    assert positions(office.feed(**{"from": "2026-03-01T10:30:00.000001Z"})) == [2]


def test_a_day_means_the_whole_of_it(told: Told) -> None:
    assert positions(told.feed(to="2026-03-01")) == list(range(1, 16))
    assert positions(told.feed(**{"from": "2026-03-02"})) == list(range(16, told.ledger.head() + 1))
    assert told.feed(**{"from": "2026-03-03"}) == []


def test_filters_narrow_together_and_page_like_the_whole(told: Told) -> None:
    wanted = {"order": "1", "type": "ItemAdded", "to": "2026-03-01"}
    assert positions(told.feed(**wanted)) == [2, 3, 5]
    assert told.feed(**wanted, limit=1) == told.feed(**wanted)


def test_a_filter_that_finds_little_looks_through_a_long_log_part_by_part(office: Office) -> None:
    order = office.place(items=[])
    mapper, log = office.ledger.mapper, office.ledger.log_of_events
    noise = e.NotesChanged(occurred_at=office.clock(), personal=e.NotesPersonal(notes="x"))
    stored = mapper.to_stored_event(Record(order.uuid, 2, noise))
    log.insert_events(
        [replace(stored, originator_version=version) for version in range(2, SCAN_EVENTS_MAX + 2)],
        provenance=ME,
        now=office.clock(),
    )
    do(office.ledger.create, new_order(), ME)
    page = office.audit("/events", type="OrderCreated", after="orders:1")
    assert (page["events"], page["next"]) == ([], f"orders:{SCAN_EVENTS_MAX + 1}")
    assert positions(office.feed(type="OrderCreated")) == [1, SCAN_EVENTS_MAX + 2]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("after", "7"),
        ("after", "orders:-1"),
        ("after", "payments:7"),
        ("after", "orders:٧"),
        ("after", "orders:1234567890123456"),
        ("limit", "-1"),
        ("limit", "1_000"),
        ("limit", "٣"),
        ("limit", "9999999999999999"),
        ("type", "OrderDestroyed"),
        ("type", "order.created.v3"),
        ("from", "yesterday"),
        ("from", "2026-02-30"),
        ("to", "2026-03-01T10:30:00"),
        ("to", "2026-03-01T25:00:00Z"),
    ],
)
def test_a_parameter_that_cannot_be_understood_is_named(told: Told, name: str, value: str) -> None:
    problem = told.refused("/events", 400, **{name: value})
    assert problem["errors"][0]["field"] == name


@pytest.mark.parametrize("order", ["999", "x", "1'--"])
def test_an_order_that_does_not_exist_is_not_found(told: Told, order: str) -> None:
    assert told.refused("/events", 404, order=order)["code"] == "order-not-found"
    assert told.refused(f"/orders/{order}/events", 404)["code"] == "order-not-found"


def test_a_uuid_that_is_no_orders_has_no_events(told: Told) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    assert told.feed(order=nobody) == []
    assert told.refused(f"/orders/{nobody}/events", 404)["code"] == "order-not-found"


def test_an_empty_log_is_an_empty_feed(office: Office) -> None:
    assert office.audit("/events") == {"events": [], "next": None}


def test_a_parameter_given_empty_is_as_if_not_given(told: Told) -> None:
    empty = dict.fromkeys(("after", "limit", "order", "type", "actor", "from", "to"), "")
    assert told.ask(f"{AUDIT}/events", params=empty).content == told.ask(f"{AUDIT}/events").content


def test_one_orders_events_are_those_of_the_feed(told: Told) -> None:
    for order in (told.first, told.second):
        own = told.audit(f"/orders/{order.id}/events")
        assert own == {"events": told.feed(order=str(order.uuid)), "next": None}
        assert told.audit(f"/orders/{order.uuid}/events") == own


def test_one_orders_events_come_in_pages_too(told: Told) -> None:
    page = told.audit("/orders/1/events", limit=10)
    rest = told.audit("/orders/1/events", after=page["next"])
    assert page["events"] + rest["events"] == told.audit("/orders/1/events")["events"]
    assert (page["next"], rest["next"]) == ("orders:10", None)


def test_a_reconciliation_stands_in_the_same_feed_as_no_orders_event(office: Office) -> None:
    office.place(items=[])
    uuid = reconcile(office)
    first, *others = office.feed()
    assert "reconciliation" not in first
    assert [(event["order"], event["order_id"], event["reconciliation"]) for event in others] == [
        (None, None, uuid) for _ in others
    ]
    assert others[0]["summary"] == ("reconciliation of march.csv by stripe started, looking at the log to position 1")
    assert office.feed(type="ReconciliationStarted") == others[:1]


def test_recorded_times_never_go_back_even_where_the_clock_does(office: Office) -> None:
    order = office.place()
    office.clock.now -= timedelta(hours=1)
    do(office.ledger.change, order.uuid, ChangeOrder(notes="earlier"), ME)
    first, *_, last = office.feed()
    assert last["recorded_at"] == first["recorded_at"]
    assert datetime.fromisoformat(last["occurred_at"]) == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def test_an_amount_of_any_size_is_told_exactly(office: Office) -> None:
    order = office.place(items=[{"unit_price": "999999999999998.99"}])
    office.give(order, ReceivePayment, amount="999999999999998.99", reference="pi", provider="p")
    last = office.feed()[-1]
    assert last["data"]["amount"] == "999999999999998.99"
    assert last["summary"] == "payment of 999999999999998.99 USD received by p, reference pi"


def test_customers_words_stand_in_the_feed_as_they_were_written(office: Office) -> None:
    words = 'پیک "موتوری" \\ </script> \x7f \u2028'
    office.place(items=[{"product": {"id": 1, "name": words}}])
    event = exact(office.ask(f"{AUDIT}/events").content)["events"][1]
    assert event["data"]["product"]["name"] == words
    assert words in event["summary"]
