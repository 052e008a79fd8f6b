"""Is every event that was ever stored still read, whole, and does personal data stand in one place only?

`topics.jsonl` holds samples of every topic, with all optional fields and with none. Lines are added and never changed:
the logs of shops hold such events.
"""

import json
import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import given
from hypothesis import strategies as st

from domain.aggregate import Event
from domain.ledger import OrderLedger
from domain.log.mapper import DamagedEvent, EventMapper, UnknownTopic
from domain.log.recorder import SQLiteRecorder
from domain.order import commands as c
from domain.order import events as e
from domain.order.state import ORDER as ORDER_KIND
from domain.topics import KINDS
from tests.conftest import ME, do, new_order
from tests.samples import Sample, samples

# The shape under each topic of orders, older versions too.
SHAPES: dict[str, type[Event]] = {**e.TOPICS, **{topic: older.shape for topic, older in e.OLDER.items()}}
ORDER = UUID("a3d5c8e7-9b4f-4a2e-8c7d-1f3e5a6b9c0d")


SAMPLES = samples(Path(__file__).parent)


def stored(topic: str, payload: bytes) -> StoredEvent:
    return StoredEvent(originator_id=ORDER, originator_version=1, topic=topic, state=payload)


def read(sample: Sample) -> Event:
    return EventMapper().to_domain_event(stored(sample.topic, bytes(sample.payload))).event


@pytest.mark.parametrize(
    "sample", [sample for sample in SAMPLES if sample.topic in e.TOPICS], ids=lambda sample: sample.topic
)
def test_an_event_once_stored_is_read_for_ever_and_written_as_the_same_bytes(sample: Sample) -> None:
    mapper, payload = EventMapper(), bytes(sample.payload)
    record = mapper.to_domain_event(stored(sample.topic, payload))
    assert mapper.to_stored_event(record) == stored(sample.topic, payload)


def test_an_order_created_in_the_first_version_is_read_as_if_created_in_the_second() -> None:
    first, second = ([read(sample) for sample in SAMPLES if sample.topic == f"order.created.v{v}"] for v in (1, 2))
    assert first == second[: len(first)]
    assert [event.digits for event in first if isinstance(event, e.OrderCreated)] == [2, 0]


def test_there_are_samples_of_every_topic_and_no_other() -> None:
    assert {sample.topic for sample in SAMPLES} == e.TOPICS.keys() | e.OLDER.keys()


def test_the_samples_hold_every_field_of_every_event() -> None:
    for topic, shape in SHAPES.items():
        held = {name for sample in SAMPLES if sample.topic == topic for name in json.loads(bytes(sample.payload))}
        assert held == set(shape.__struct_fields__)


def test_every_event_has_one_permanent_topic_with_its_version() -> None:
    assert all(re.fullmatch(r"order\.[a-z_]+\.v[1-9]", topic) for topic in SHAPES)
    stored_shapes = [shape for kind in KINDS for shape in kind.topics.values()]
    stored_shapes += [older.shape for kind in KINDS for older in kind.older.values()]
    assert sorted(shape.__name__ for shape in stored_shapes) == sorted(shape.__name__ for shape in shapes(Event))


def shapes(of: type[Event]) -> Iterator[type[Event]]:
    """The shapes of events that have no subclasses."""
    if derived := of.__subclasses__():
        for shape in derived:
            yield from shapes(shape)
    else:
        yield of


@pytest.mark.parametrize(
    "topic", ["order.created.v3", "order.erased.v1", "domain.events:OrderCreated", "wave:open", ""]
)
def test_an_unknown_topic_is_named_and_never_imported(topic: str) -> None:
    with pytest.raises(UnknownTopic) as stopped:
        EventMapper().to_domain_event(stored(topic, b"{}"))
    assert stopped.value.topic == topic


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b'{"occurred_at":"2026-03-01T10:30:00Z"}',
        b'{"occurred_at":"2026-03-01T10:30:00Z","status":1}',
        b'{"occurred_at":"yesterday","status":"hold"}',
        b'{"occurred_at":"2026-03-01T10:30:00Z","status":"hold","colour":"red"}',
        b'{"occurred_at":"2026-03-01T10:30:00Z","status":"h\xffld"}',
    ],
)
def test_bytes_that_are_not_what_their_topic_says_are_a_damaged_event(payload: bytes) -> None:
    with pytest.raises(DamagedEvent, match=str(ORDER)):
        EventMapper().to_domain_event(stored("order.status_changed.v1", payload))


# --- personal data ---

# From architecture.md: names, e-mail, address, phone, codes, notes. These other texts belong to no person, as each
# says.
NOT_PERSONAL = {
    "key",  # the order's, random
    "currency",
    "status",
    *("shipping_cost", "unit_price", "shipping", "discount_amount", "amount"),
    "code",  # the voucher's, the shop's own
    *("given", "given_again", "removed"),  # the ids that other systems have for the order
    *("charges.kind", "charges.name", "charges.rate", "charges.amount"),  # the shop's, or a law's
    # the payment's, given by its provider
    *("lines.amount", "lines.shipping"),
    *("provider", "reference", "payment_reference", "refund_reference", "chargeback_reference", "method"),
    *("erasure", "basis", "reference", "keys", "erased", "restricted"),  # the erasure's, never free text
    *("product.name", "product.slug"),
    *(
        f"{method}.{field}"
        for method in ("payment_method", "shipping_method")
        for field in ("name", "image.type", "image.name", "image.human_readable_size", "image.f", "image.mode")
    ),
    *("payment_method.image.thumbnails.f", "shipping_method.image.thumbnails.f"),
}


def texts(shape: Any, path: str = "") -> Iterator[str]:
    """The path of each field of a struct, however deep, whose value can be a text."""
    if shape is str:
        yield path
    elif get_origin(shape) in (Union, types.UnionType, tuple, dict):
        for part in get_args(shape):
            yield from texts(part, path)
    elif isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        for name, inner in get_type_hints(shape).items():
            yield from texts(inner, f"{path}.{name}" if path else name)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=lambda shape: shape.__name__)
def test_text_that_can_be_personal_stands_in_personal_only(shape: type[Event]) -> None:
    assert {path for path in texts(shape) if not path.startswith("personal.")} <= NOT_PERSONAL | {"reason"}


# Country and state prove the place of tax, so an erasure keeps them.
PLAIN = NOT_PERSONAL | {
    f"personal.{address}.{place}.{field}"
    for address in ("billing", "shipping")
    for place in ("country", "state")
    for field in ("name", "code")
}


@pytest.mark.parametrize("shape", e.TOPICS.values(), ids=lambda shape: shape.__name__)
def test_every_text_of_every_event_is_declared_to_be_of_a_part_or_plain(shape: type[Event]) -> None:
    declared = [path for paths in ORDER_KIND.personal.get(shape, {}).values() for path in paths]
    undeclared = {path for path in texts(shape) if path not in PLAIN}
    undeclared = {path for path in undeclared if not any(f"{path}.".startswith(f"{of}.") for of in declared)}
    assert undeclared == set()
    assert len(declared) == len(set(declared)), "no field is of both parts"
    for path in declared:
        assert any(f"{text}.".startswith(f"{path}.") for text in texts(shape)), f"{path} is a field of the event"


def test_personal_data_of_a_customer_is_stored_in_personal_and_nowhere_else(ledger: OrderLedger) -> None:
    private = {
        "notes": "private-1",
        "billing_country": {"name": "private-2", "code": "private-3"},
        "billing_state": {"name": "private-4", "code": "private-5"},
        "billing_city": {"name": "private-6"},
        "billing_address": "private-7",
        "billing_postal_code": "private-8",
        "billing_national_code": "private-9",
        "billing_mobile_number": "0800-10",
        "billing_first_name": "private-11",
        "billing_last_name": "private-12",
    }
    private |= {f"shipping{name.removeprefix('billing')}": private[name] for name in private if name != "notes"}
    private["metadata"] = {"private-13": "private-14"}
    names = dict.fromkeys(("username", "email", "first_name", "last_name", "phone"), "private")
    items = [{"metadata": {"private-15": "private-16"}}]
    order = do(ledger.create, new_order(customer=names, items=items, **private), ME).order
    do(ledger.change, order.uuid, msgspec.convert({"id": 1}, c.GiveToCustomer), ME)
    emptied = dict.fromkeys(private)
    do(ledger.change, order.uuid, msgspec.convert(emptied, c.ChangeOrder), ME)
    do(ledger.change, order.uuid, msgspec.convert(private, c.ChangeOrder), ME)
    payloads = [json.loads(event.state) for event in ledger.recorder.select_notifications(None, 100)]
    personal = json.dumps([payload.pop("personal", None) for payload in payloads])
    assert personal.count("private") == 2 * 5 + 2 + 2 * (11 + 10 + 2)
    assert personal.count("0800") == 2 * 2
    assert "private" not in json.dumps(payloads)
    assert '"0800' not in json.dumps(payloads)


# --- texts of customers ---

POISON = st.sampled_from(
    [
        *(
            '{"_type_": "uuid_hex", "_data_": "x"}',
            '{"topic": "order.created.v1"}',
            '"',
            "\\",
            "null",
            "%s",
            "{0}",
            "$.a",
        ),
        *("';DROP TABLE events;--", "\0", "\x1f", "\u2028", "\ufeff", "\uffff", "\U0010ffff"),
    ]
)
ANY_TEXT = st.one_of(POISON, st.text(st.characters(exclude_categories=["Cs"])))


@pytest.fixture(scope="module")
def shared_ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrderLedger]:
    made = OrderLedger(SQLiteRecorder(tmp_path_factory.mktemp("texts") / "ledger.db"))
    yield made
    made.log_of_events.close()


@given(st.lists(ANY_TEXT, min_size=6, max_size=6))
def test_a_customers_text_comes_back_as_it_was_written(shared_ledger: OrderLedger, written: list[str]) -> None:
    notes, address, username, product, voucher, method = written
    command = c.CreateOrder(
        customer=c.NewCustomer(id=1, username=username),
        notes=notes,
        billing_address=address,
        payment_method=e.Method(name=method, image=e.Image(thumbnails=(e.Thumbnail(f=method), e.Thumbnail()))),
        items=(c.AddItem(product=e.Product(name=product)),),
        voucher=c.NewVoucher(code=voucher),
    )
    order = do(shared_ledger.create, command, ME).order
    assert shared_ledger.order(order.uuid) == order
    assert order.customer
    assert order.voucher
    assert order.items[0].product
    assert order.payment_method == command.payment_method
    assert (order.notes, order.billing.address, order.customer.details.username) == (notes, address, username)
    assert (order.items[0].product.name, order.voucher.code) == (product, voucher)
