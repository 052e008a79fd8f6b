"""The order's state, and its fold: commands, views and audits all fold with `evolve`.

Amounts are integers of the currency's minor units; `digits` of them stand after the point. `evolve` never refuses: a
recorded event cannot be refused.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.aggregate import Event, Kind, Record, ValueObject
from domain.money import Unit, minor_units
from domain.order import events as e
from domain.order.movements import KIND_OF, Movement, movement_of
from domain.order.personal import BILLING_CONTACT, BILLING_INVOICE, CONTACT, FIELDS, INVOICE
from domain.order.statuses import UNPAYABLE


class Customer(ValueObject, frozen=True):
    """An order's customer; a guest with contact details where `id` is None."""

    id: int | None
    details: e.CustomerDetails = e.CustomerDetails()


class Item(ValueObject, frozen=True):
    """An item. `shipping` and `discount` are for the whole item, `unit_price` for one unit."""

    id: int
    unit_price: int
    quantity: int
    shipping: int
    discount: int
    product: e.Product | None = None
    variant: int | None = None
    offer: int | None = None
    # None where the item never had metadata, or its metadata were erased.
    metadata: dict[str, str] | None = None


class Voucher(ValueObject, frozen=True):
    discount: int
    code: str | None = None


class Totals(msgspec.Struct, frozen=True):
    """An order's totals; the contract's section 'One order, two contracts' defines each.

    Amounts are in minor units. `units` is the sum of the items' quantities; `charges` is the sum of the charges that
    are not included in the prices.
    """

    items_subtotal: int
    items_discount: int
    total_discount: int
    shipping: int
    charges: int
    total: int
    paid: int
    credited: int
    units: int

    @property
    def due(self) -> int:
        """The amount that payments less refunds should reach; negative where more was credited than ordered."""
        return self.total - self.credited

    @property
    def subtotal(self) -> int:
        return self.items_subtotal - self.items_discount

    @property
    def outstanding(self) -> int:
        return max(0, self.due - self.paid)

    @property
    def overpaid(self) -> int:
        return max(0, self.paid - self.due)

    @property
    def is_paid(self) -> bool:
        return self.paid >= self.due


class Order(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    uuid: UUID
    version: int
    id: int
    key: str
    currency: str
    # The digits after the point in every amount here, as the first event has them: no list of currencies is asked
    # again.
    digits: int
    created_at: datetime
    updated_at: datetime
    # Without a default: msgspec leaves out a value that is the default object, but not one that only equals it. Kept
    # states must be the same bytes, whether an event was read or is still the command's.
    status: str
    # Whether the order was ever shipped, whatever its status now: an order can fail after it was shipped.
    was_shipped: bool = False
    shipping_cost: int = 0
    customer: Customer | None = None
    payment_method: e.Method | None = None
    shipping_method: e.Method | None = None
    billing: e.Billing = e.Billing()
    recipient: e.Recipient = e.Recipient()
    notes: str | None = None
    items: tuple[Item, ...] = ()
    # The number of the last item added. It never goes down, so that no number is given twice.
    item_last: int = 0
    voucher: Voucher | None = None
    # As they are recorded: most orders have none, and the others are rarely asked for them.
    charges: tuple[e.Charge, ...] = ()
    # Both None where the order never had any. Erased metadata are {}: nobody can tell any more whether there were some.
    metadata: dict[str, str] | None = None
    external_ids: dict[str, str] | None = None
    # Systems and ids that the order had and has no more.
    external_ids_before: tuple[tuple[str, str], ...] = ()
    # Every movement of the order's money, in the order of their records.
    payments: tuple[Movement, ...] = ()
    # The amount refunded or charged back beyond the overpaid amount, and not owed again.
    credited: int = 0
    # The parts of the order's personal data that are erased, and those kept without being shown.
    erased: tuple[str, ...] = ()
    restricted: tuple[str, ...] = ()
    # The time of the last event before the erasures, where only erasures have come since: they do not extend any
    # retention period.
    last_event_at: datetime | None = None

    @property
    def customer_id(self) -> int | None:
        """The id of the order's customer; None for a guest's order."""
        return self.customer.id if self.customer else None

    @property
    def retention_from(self) -> datetime:
        """The time from which the retention periods of the order's personal data count."""
        return self.last_event_at or self.updated_at

    @property
    def unit(self) -> Unit:
        return Unit(self.currency, self.digits)

    @property
    def received(self) -> int:
        """The payments less the refunds, with everything that later failed, was charged back, reversed or voided."""
        return sum(movement.signed for movement in self.payments)

    @property
    def totals(self) -> Totals:
        items_subtotal = items_discount = units = 0
        shipping = self.shipping_cost
        for item in self.items:
            items_subtotal += item.unit_price * item.quantity
            items_discount += item.discount
            shipping += item.shipping
            units += item.quantity
        total_discount = items_discount + (self.voucher.discount if self.voucher else 0)
        charges = sum(minor_units(charge.amount) for charge in self.charges if not charge.included)
        return Totals(
            items_subtotal=items_subtotal,
            items_discount=items_discount,
            total_discount=total_discount,
            shipping=shipping,
            charges=charges,
            total=items_subtotal - total_discount + shipping + charges,
            paid=self.received,
            credited=self.credited,
            units=units,
        )


def is_payable(order: Order, totals: Totals) -> bool:
    return not totals.is_paid and order.status not in UNPAYABLE


def storefront_status(order: Order, totals: Totals) -> str:
    """The order's status in the storefront contract, one of four (seed 002, 'Order Status Workflow')."""
    if order.status in ("cancelled", "refunded"):
        return "cancelled"
    if order.status == "completed":
        return "delivered"
    return "paid" if totals.is_paid else "awaiting_payment"


_NOBODY: Final = e.CustomerDetails()


def _created(record: Record, event: e.OrderCreated) -> Order:
    is_known = event.customer_id is not None or event.personal.customer != _NOBODY
    return Order(
        uuid=record.originator_id,
        version=record.originator_version,
        id=event.id,
        key=event.key,
        currency=event.currency,
        digits=event.digits,
        created_at=event.occurred_at,
        updated_at=event.occurred_at,
        status="new",
        shipping_cost=minor_units(event.shipping_cost),
        customer=Customer(event.customer_id, event.personal.customer) if is_known else None,
        payment_method=event.payment_method,
        shipping_method=event.shipping_method,
        billing=event.personal.billing,
        notes=event.personal.notes,
    )


def _item_added(order: Order, event: e.ItemAdded) -> dict[str, Any]:
    item = Item(
        id=event.item,
        unit_price=minor_units(event.unit_price),
        quantity=event.quantity,
        shipping=minor_units(event.shipping),
        discount=minor_units(event.discount_amount),
        product=event.product,
        variant=event.variant,
        offer=event.offer,
    )
    return {"items": (*order.items, item), "item_last": event.item}


def _item_changed(order: Order, number: int, **changes: int) -> dict[str, Any]:
    place = _place(order, number)
    changed = [replace(item, **changes) for item in order.items[place]]
    return {"items": (*order.items[: place.start], *changed, *order.items[place.stop :])}


def _item_removed(order: Order, event: e.ItemRemoved) -> dict[str, Any]:
    place = _place(order, event.item)
    return {"items": order.items[: place.start] + order.items[place.stop :]}


def _place(order: Order, number: int) -> slice:
    """The slice of an item among the order's items; an empty one at the end where the order has no such item.

    It first looks at the item's place had no earlier item been removed, so that a long history is folded in linear
    time.
    """
    items, place = order.items, number - 1
    if not (0 <= place < len(items) and items[place].id == number):
        place = next((i for i, item in enumerate(items) if item.id == number), len(items))
    return slice(place, place + 1)


def _metadata_changed(order: Order, event: e.MetadataChanged) -> dict[str, Any]:
    whole, of_items = event.personal.metadata, event.personal.items
    changes: dict[str, Any] = {} if whole is None else {"metadata": whole}
    if of_items:
        changes["items"] = tuple(
            replace(item, metadata=of_items[item.id]) if item.id in of_items else item for item in order.items
        )
    return changes


def _external_ids_changed(order: Order, event: e.ExternalIdsChanged) -> dict[str, Any]:
    known, before = order.external_ids or {}, order.external_ids_before
    new = event.given | event.given_again
    gone = [(system, known[system]) for system in known if system in new or system in event.removed]
    kept = {system: known[system] for system in known if system not in event.removed}
    return {
        "external_ids": kept | new,
        "external_ids_before": (*before, *(pair for pair in gone if pair not in before)),
    }


def _moved(order: Order, event: e.Moved) -> dict[str, Any]:
    made = movement_of(event, order.payments, lambda: order.totals.overpaid)
    return {"payments": (*order.payments, made), "credited": order.credited + made.credited}


def _personal_erased(order: Order, event: e.PersonalErased) -> dict[str, Any]:
    erased = tuple(dict.fromkeys((*order.erased, *event.erased)))
    restricted = tuple(part for part in dict.fromkeys((*order.restricted, *event.restricted)) if part not in erased)
    gone = _without(order, (*event.erased, *event.restricted))
    return {**gone, "erased": erased, "restricted": restricted, "last_event_at": order.retention_from}


def without(order: Order, parts: Collection[str]) -> Order:
    """The order without these parts of the personal data."""
    return replace(order, **_without(order, parts)) if parts else order


def _without(order: Order, parts: Iterable[str]) -> dict[str, Any]:
    """The fields of an order that change when these parts are erased. The result is the same whether the parts could
    still be read before or not, so that views made anew without the keys come out the same."""
    parts, gone, changes = set(parts), dict[str, None](), dict[str, Any]()
    if CONTACT in parts:
        gone |= dict.fromkeys(BILLING_CONTACT)
        changes |= {
            "customer": None if order.customer_id is None else Customer(order.customer_id),
            "notes": None,
            "metadata": {},
            "items": tuple(item if item.metadata is None else replace(item, metadata=None) for item in order.items),
            "payments": tuple(p if p.reason is None else replace(p, reason=None) for p in order.payments),
        }
    if INVOICE in parts:
        gone |= dict.fromkeys(BILLING_INVOICE)
    return {**changes, "billing": replace(order.billing, **gone), "recipient": replace(order.recipient, **gone)}


# The fields of an order's state that each event changes.
_CHANGES: Final[Mapping[type[Event], Callable[[Order, Any], dict[str, Any]]]] = {
    e.ItemAdded: _item_added,
    e.ItemQuantityChanged: lambda order, event: _item_changed(order, event.item, quantity=event.quantity),
    e.ItemChanged: lambda order, event: _item_changed(
        order,
        event.item,
        unit_price=minor_units(event.unit_price),
        quantity=event.quantity,
        shipping=minor_units(event.shipping),
        discount=minor_units(event.discount_amount),
    ),
    e.ItemRemoved: _item_removed,
    e.VoucherApplied: lambda _, event: {"voucher": Voucher(minor_units(event.discount_amount), event.code)},
    e.VoucherRemoved: lambda _, __: {"voucher": None},
    e.ChargesChanged: lambda _, event: {"charges": event.charges},
    e.CustomerChanged: lambda _, event: {"customer": Customer(event.customer_id, event.personal.customer)},
    e.ExternalIdsChanged: _external_ids_changed,
    e.MetadataChanged: _metadata_changed,
    e.BillingChanged: lambda _, event: {"billing": event.personal.billing},
    e.RecipientChanged: lambda _, event: {"recipient": event.personal.shipping},
    e.NotesChanged: lambda _, event: {"notes": event.personal.notes},
    e.PaymentMethodChanged: lambda _, event: {"payment_method": event.payment_method},
    e.ShippingChanged: lambda _, event: {
        "shipping_method": event.shipping_method,
        "shipping_cost": minor_units(event.shipping_cost),
    },
    e.StatusChanged: lambda order, event: {
        "status": event.status,
        "was_shipped": order.was_shipped or event.status == "shipped",
    },
    **dict.fromkeys(KIND_OF, _moved),
    e.PersonalErased: _personal_erased,
}


def evolve(order: Order | None, record: Record) -> Order:
    """The order after the record's event. An order's events come by their versions, OrderCreated first."""
    event = record.event
    if isinstance(event, e.OrderCreated):
        return _created(record, event)
    assert order is not None
    changes = _CHANGES[type(event)](order, event)
    if order.last_event_at is not None:
        changes.setdefault("last_event_at", None)
    changes["version"] = record.originator_version
    if event.occurred_at > order.updated_at:
        changes["updated_at"] = event.occurred_at
    return replace(order, **changes)


ORDER: Final = Kind("order", topics=e.TOPICS, older=e.OLDER, first=e.OrderCreated, evolve=evolve, personal=FIELDS)
