"""A log in memory with its tree, and histories of orders to fill it, made by the domain's own decisions."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eventsourcing.persistence import StoredEvent
from hypothesis import strategies as st

from domain.aggregate import Record, fold
from domain.currencies import digits_of
from domain.log.mapper import EventMapper
from domain.log.records import digest_of
from domain.moments import instant
from domain.money import Amount, decimal_text
from domain.order import commands, decide
from domain.order import events as e
from domain.order.state import ORDER
from domain.proof import checkpoint, merkle
from domain.proof.pack import Continuation, StoredRecord, pack
from domain.refusals import Refusal
from projections.orders.documents import staff_document

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NAME = "shop.example/orders"
VERIFIER_KEY = checkpoint.verifier_key(KEY, NAME)
START = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
_MAPPER = EventMapper()


class Log:
    """The records and the tree over them, as a ledger keeps them."""

    def __init__(self) -> None:
        self.records: list[StoredRecord] = []
        self.nodes: dict[tuple[int, int], bytes] = {}

    def get(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]

    def append(self, events: list[Record]) -> None:
        size = len(self.records)
        self.records += [stored_record(event, position) for position, event in enumerate(events, size + 1)]
        leaves = [record.digest for record in self.records[size:]]
        self.nodes.update(((level, index), node) for level, index, node in merkle.append(size, leaves, self.get))

    def of(self, uuid: UUID) -> list[StoredRecord]:
        """An order's records, by version."""
        return sorted((r for r in self.records if r.originator_id == str(uuid)), key=lambda record: record.version)

    def checkpoint(self, size: int | None = None) -> bytes:
        size = len(self.records) if size is None else size
        return checkpoint.sign(KEY, NAME, size, merkle.root(size, self.get))

    def evidence(self, uuid: UUID, *, earlier: tuple[int, ...] = (), **changed: Any) -> bytes:
        """The order's evidence pack.

        `earlier` has the sizes of earlier checkpoints with a consistency proof; `changed` replaces parts, as a forger
        does.
        """
        size, records = len(self.records), self.of(uuid)
        parts: dict[str, Any] = {
            "document": changed.get("document") or document(records),
            "records": records,
            "inclusion": [merkle.inclusion_proof(record.position - 1, size, self.get) for record in records],
            "checkpoint": self.checkpoint(),
            "key": VERIFIER_KEY,
            "continuations": [
                Continuation(first, merkle.consistency_proof(first, size, self.get)) for first in earlier
            ],
        }
        return pack(**{**parts, **changed})


def signed_note(text: str, key: Ed25519PrivateKey = KEY, name: str = NAME) -> bytes:
    """A note with this text, any text, and a valid signature."""
    signature = checkpoint.verifier_key(key, name).id + key.sign(text.encode())
    return f"{text}\n— {name} {base64.b64encode(signature).decode()}\n".encode()


def stored_record(event: Record, position: int) -> StoredRecord:
    stored = _MAPPER.to_stored_event(event)
    fields = (
        str(stored.originator_id),
        stored.originator_version,
        stored.topic,
        stored.state.decode(),
        instant(START + timedelta(seconds=position)),
        "back office",
        f"request-{position}" if position % 3 else None,
        None if position % 2 else f"key-{position}",
    )
    return StoredRecord(position, *fields, digest_of(*fields))


def document(records: list[StoredRecord]) -> bytes:
    """The order document that the ledger makes of the records."""
    order = fold(
        ORDER,
        None,
        (
            _MAPPER.to_domain_event(StoredEvent(UUID(r.originator_id), r.version, r.topic, r.payload.encode()))
            for r in records
        ),
    )
    assert order is not None
    return staff_document(order)


def history(uuid: UUID, create: commands.CreateOrder, steps: list[tuple[timedelta, commands.Command]]) -> list[Record]:
    """The records of an order that is given these commands one after the other. A refused command records nothing."""
    now = START
    events = decide.create(create, order_id=uuid.int % 10**9, key=uuid.hex[:20], currency_default="USD", now=now)
    order, records = decide.to_records(None, uuid, events)
    for pause, command in steps:
        now += pause
        try:
            order, more = decide.to_records(order, uuid, decide.decide(order, command, now))
        except Refusal:
            continue
        records += more
    return records


def an_order(number: int, currency: str = "USD") -> tuple[UUID, list[Record]]:
    """An order whose history has an event of each common type."""
    uuid = UUID(int=number)
    paid = {"provider": "stripe", "reference": f"pi_{number}"}
    create = commands.CreateOrder(
        currency=currency,
        customer=commands.NewCustomer(
            id=number, username="ali", first_name="علی", last_name="Doe", email="a@b.example"
        ),
        payment_method=e.Method(id=1, name="Card"),
        shipping_method=e.Method(id=2, image=e.Image(id=8, size=808754, thumbnails=(e.Thumbnail(id=213, size=64),))),
        notes='Ring "twice",\nplease \u2028',
        billing_country=e.Country(id=1, name="Canada", code="CA"),
        billing_address="123 Main St",
        items=(
            commands.AddItem(
                unit_price=Amount("80"), quantity=2, product=e.Product(id=42), discount_amount=Amount("10")
            ),
            commands.AddItem(unit_price=Amount("5"), shipping=Amount("3")),
        ),
        voucher=commands.NewVoucher(code="WELCOME", discount_amount=Amount("1")),
    )
    steps: list[commands.Command] = [
        commands.ChangeItemQuantity(item=1, quantity=3),
        commands.AddItem(unit_price=Amount("7"), product=e.Product(id=42, name="Headphones", slug="headphones")),
        commands.RemoveItem(item=2),
        commands.ChangeOrder(notes=None, billing_city=e.City(id=3, name="Anytown"), billing_postal_code="12345"),
        commands.ChangeOrder(payment_method=None, shipping_cost=Amount("9"), voucher=None),
        commands.ReceivePayment(amount=Amount("100"), method="card", **paid),
        commands.ChangeStatus(status="processing"),
        commands.RefundPayment(
            amount=Amount("40"), provider="stripe", reference=f"re_{number}", reason="one was broken"
        ),
    ]
    return uuid, history(uuid, create, [(timedelta(seconds=1), step) for step in steps])


_texts = st.text(st.characters(exclude_categories=["Cs"], min_codepoint=32), max_size=8)
_maybe = st.none() | _texts
_ids = st.none() | st.integers(0, 10**15)
_pauses = st.timedeltas(timedelta(seconds=-2), timedelta(seconds=2))
_images = st.builds(
    e.Image,
    id=_ids,
    size=st.none() | st.integers(0, 2**60),
    human_readable_size=_maybe,
    f=_maybe,
    thumbnails=st.lists(st.builds(e.Thumbnail, id=_ids, f=_maybe), max_size=2).map(tuple),
)
_methods = st.builds(e.Method, id=_ids, name=_maybe, image=st.none() | _images)
_products = st.builds(e.Product, id=st.none() | st.integers(0, 2), name=_maybe, slug=_maybe)
_billing = {
    "billing_country": st.none()
    | st.builds(e.Country, id=_ids, name=_maybe, code=st.none() | st.sampled_from(("CA", "DE"))),
    "billing_state": st.none() | st.builds(e.State, id=_ids, name=_maybe, code=_maybe),
    "billing_city": st.none() | st.builds(e.City, id=_ids, name=_maybe),
    "billing_address": _maybe,
    "billing_postal_code": st.sampled_from((None, "12345", "K1A 0B1", "00123")),
    "billing_first_name": _maybe,
}

_shipping = {name.replace("billing", "shipping"): values for name, values in _billing.items()}


@st.composite
def histories(draw: st.DrawFn, uuid: UUID) -> list[Record]:
    """The records of a random sane sequence of commands."""
    currency = draw(st.sampled_from(("USD", "JPY", "KWD", "IRR", "CLF")))
    digits = digits_of(currency)
    amounts = st.integers(0, 10**7).map(lambda minor: Amount(decimal_text(minor, digits)))
    items = st.builds(
        commands.AddItem,
        product=st.none() | _products,
        variant=_ids,
        unit_price=amounts,
        quantity=st.integers(1, 1000),
        shipping=amounts,
        offer=_ids,
    )
    vouchers = st.none() | st.builds(commands.NewVoucher, code=_maybe, discount_amount=amounts)
    charges = st.builds(
        commands.NewCharge,
        kind=st.sampled_from(("tax", "tip", "duty", "fee", "gift_wrap")),
        amount=amounts,
        name=_maybe,
        rate=st.none() | st.just(Amount("0.21")),
        included=st.booleans(),
        item=st.none() | st.integers(1, 3),
    )
    customers = st.none() | st.builds(
        commands.NewCustomer,
        id=st.none() | st.integers(0, 9),
        username=_maybe,
        first_name=_maybe,
        last_name=_maybe,
        phone=st.just("+1 613 555 0199"),
    )
    metadata = st.none() | st.dictionaries(_texts.filter(bool), _texts, max_size=2)
    create = draw(
        st.builds(
            commands.CreateOrder,
            currency=st.just(currency),
            customer=customers,
            payment_method=st.none() | _methods,
            shipping_cost=amounts,
            notes=_maybe,
            items=st.lists(items, max_size=3).map(tuple),
            **_billing,
        )
    )
    steps = st.one_of(
        items,
        st.builds(commands.ChangeItemQuantity, item=st.integers(1, 4), quantity=st.integers(1, 1000)),
        st.builds(commands.RemoveItem, item=st.integers(1, 4)),
        st.builds(
            commands.ChangeItem,
            item=st.integers(1, 4),
            changed=st.builds(commands.ChangedItem, unit_price=amounts, quantity=st.integers(1, 9), shipping=amounts),
        ),
        st.builds(commands.ChangeOrder, notes=_maybe, shipping_method=st.none() | _methods, shipping_cost=amounts),
        st.builds(commands.ChangeOrder, payment_method=st.none() | _methods, voucher=vouchers),
        st.builds(commands.ChangeOrder, charges=st.lists(charges, max_size=2).map(tuple)),
        st.builds(commands.RemoveCharge, charge=st.integers(0, 1)),
        st.builds(commands.ChangeOrder, **_billing),
        st.builds(commands.ChangeOrder, **_shipping),
        st.builds(commands.ChangeOrder, metadata=metadata, external_ids=st.none() | st.just({"erp": str(uuid)})),
        st.builds(
            commands.ChangeItem, item=st.integers(1, 4), changed=st.builds(commands.ChangedItem, metadata=metadata)
        ),
        st.builds(commands.GiveToCustomer, id=st.integers(0, 9), phone=_maybe),
        st.builds(
            commands.ChangeStatus, status=st.sampled_from(("hold", "processing", "completed", "cancelled", "refunded"))
        ),
        st.builds(
            commands.ReceivePayment,
            amount=amounts,
            provider=_texts,
            reference=_texts,
            method=_maybe,
            force=st.booleans(),
        ),
        st.builds(commands.RefundPayment, amount=amounts, provider=_texts, reference=_texts, reason=_maybe),
    )
    return history(uuid, create, draw(st.lists(st.tuples(_pauses, steps), max_size=12)))
