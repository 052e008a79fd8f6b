"""The decisions: state and command to events, or a refusal. Pure: clock, ids and random come in as arguments."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import attrgetter
from typing import Any, Final, NoReturn, get_args
from uuid import UUID

from msgspec import UNSET, UnsetType
from msgspec.structs import asdict, astuple, fields, replace

from domain import aggregate
from domain.aggregate import Event, Record
from domain.currencies import digits_of
from domain.faults import collect
from domain.money import Amount, Unit, decimal_text, is_too_large, readable
from domain.order import billing, commands, erasure
from domain.order import events as e
from domain.order.commands import CHARGES_MAX, ITEMS_MAX, MOVES
from domain.order.movements import EFFECTS, amount_left, find_movement, original_time
from domain.order.refund_lines import must_be_sold, refunded_lines
from domain.order.state import ORDER, Item, Order, is_payable
from domain.order.statuses import CLOSED, OPEN, TRANSITIONS
from domain.refusals import (
    AmountExceedsLeft,
    AmountTooLarge,
    ChargebackNotFound,
    ChargeNotFound,
    DiscountExceedsItem,
    InvalidField,
    ItemNotFound,
    OrderHasCustomer,
    OrderNotChangeable,
    OrderNotPayable,
    OrderTooLong,
    PaymentExceedsOutstanding,
    PaymentNotFound,
    PaymentNotVoidable,
    RefundExceedsReceived,
    RefundNotFound,
    StatusChangeNotAllowed,
    TotalNegative,
    reference_taken,
)

EVENTS_MAX = 10_000
THUMBNAILS_MAX = 20
RATE_DIGITS_MAX = 10
# The tolerance for a client's clock, or for a day that began east of UTC.
AHEAD_MAX: Final = timedelta(days=1)

# A command's values of an address, in the order of the address's fields.
_BILLING_OF: Final = attrgetter(*(f"billing_{field.name}" for field in fields(e.Billing)))
_RECIPIENT_OF: Final = attrgetter(*(f"shipping_{field.name}" for field in fields(e.Recipient)))
_NOTHING_GIVEN: Final = (UNSET,) * len(fields(e.Recipient))


def to_records(order: Order | None, uuid: UUID, events: Sequence[Event]) -> tuple[Order, list[Record]]:
    """The order after new events, and their records. Raises TotalNegative, AmountTooLarge, OrderTooLong."""
    after, records = aggregate.to_records(ORDER, order, uuid, events)
    _must_be_within_limits(after, order)
    return after, records


def _must_be_within_limits(order: Order, before: Order | None) -> None:
    totals = order.totals
    total = totals.total
    if total < 0:
        raise TotalNegative(
            f"The order's total would be {readable(total, order.unit)}, less than nothing: its discounts come to"
            f" {readable(totals.total_discount, order.unit)}. Lower the voucher's or an item's discount_amount first."
        )
    # An order recorded before this rule keeps its subtotal; a change may only raise it.
    if totals.subtotal < 0 and (before is None or totals.subtotal < before.totals.subtotal):
        raise TotalNegative(
            f"The order's items would come to {readable(totals.subtotal, order.unit)} without shipping, less than"
            f" nothing: their discounts come to {readable(totals.items_discount, order.unit)}. Lower one of them first."
        )
    if is_too_large(max(total, totals.items_subtotal, totals.charges), order.digits):
        raise AmountTooLarge(
            f"The order would come to {readable(total, order.unit)}; at most 15 digits before the point."
        )
    if len(order.items) > ITEMS_MAX:
        raise OrderTooLong(f"An order has at most {ITEMS_MAX} items.")
    if len(order.charges) > CHARGES_MAX:
        raise OrderTooLong(f"An order has at most {CHARGES_MAX} charges.")
    if order.version > EVENTS_MAX:
        raise OrderTooLong(f"An order has at most {EVENTS_MAX} events.")


def utc(moment: datetime | None, now: datetime, field: str) -> datetime:
    """The moment in UTC; now where it is None. Raises InvalidField for a time outside the calendar, or more than a day
    ahead."""
    try:
        found = now if moment is None else moment.astimezone(UTC)
    except OverflowError:
        raise InvalidField(field, "this time is outside the calendar") from None
    if found - now > AHEAD_MAX:
        raise InvalidField(field, f"more than a day ahead of {now:%Y-%m-%dT%H:%M:%SZ}")
    return found


def _item_added(command: commands.AddItem, number: int, unit: Unit, now: datetime, path: str = "") -> e.ItemAdded:
    """An item as it is recorded. Raises InvalidField where its discount exceeds its worth, shipping included."""
    price, shipping, discount = collect(
        lambda: command.unit_price.minor(unit, f"{path}unit_price"),
        lambda: command.shipping.minor(unit, f"{path}shipping"),
        lambda: command.discount_amount.minor(unit, f"{path}discount_amount"),
    )
    if discount > (worth := price * command.quantity + shipping):
        comes_to = f"the item comes to {readable(worth, unit)} with its shipping"
        raise InvalidField(f"{path}discount_amount", f"{readable(discount, unit)} is too much: {comes_to}")
    return e.ItemAdded(
        occurred_at=now,
        item=number,
        unit_price=decimal_text(price, unit.digits),
        quantity=command.quantity,
        shipping=decimal_text(shipping, unit.digits),
        discount_amount=decimal_text(discount, unit.digits),
        product=command.product,
        variant=command.variant,
        offer=command.offer,
    )


def _voucher_applied(command: commands.NewVoucher, unit: Unit, now: datetime) -> e.VoucherApplied:
    return e.VoucherApplied(
        occurred_at=now,
        discount_amount=command.discount_amount.decimal(unit, "voucher.discount_amount"),
        code=command.code,
    )


def _charge(command: commands.NewCharge, items: Collection[int], unit: Unit, path: str = "") -> e.Charge:
    """A charge as it is recorded. Raises InvalidField where its item is not among these."""
    amount, rate, item = collect(
        lambda: command.amount.decimal(unit, f"{path}amount"),
        lambda: _rate(command.rate, f"{path}rate"),
        lambda: _one_of(items, command.item, f"{path}item"),
    )
    return e.Charge(
        kind=command.kind, amount=amount, name=command.name, rate=rate, included=command.included, item=item
    )


def _rate(given: Amount | None, field: str) -> str | None:
    if given is not None and len(given.text.partition(".")[2]) > RATE_DIGITS_MAX:
        raise InvalidField(field, f"at most {RATE_DIGITS_MAX} digits after the point")
    return None if given is None else given.text


def _one_of(items: Collection[int], number: int | None, field: str) -> int | None:
    if number is not None and number not in items:
        raise InvalidField(field, f"the order has no item {number}")
    return number


def _charges(given: Sequence[commands.NewCharge], items: Collection[int], unit: Unit) -> tuple[e.Charge, ...]:
    return tuple(collect(*(partial(_charge, charge, items, unit, f"charges[{i}].") for i, charge in enumerate(given))))


def _method(method: e.Method | None, field: str) -> e.Method | None:
    """A method as it is recorded. Raises InvalidField where its image has too many thumbnails."""
    if method and method.image and len(method.image.thumbnails) > THUMBNAILS_MAX:
        count = len(method.image.thumbnails)
        raise InvalidField(f"{field}.image.thumbnails", f"at most {THUMBNAILS_MAX}, these are {count}")
    return method


def _refuse(refusal: InvalidField) -> NoReturn:
    raise refusal


def create(
    command: commands.CreateOrder, *, order_id: int, key: str, currency_default: str, now: datetime
) -> list[Event]:
    """OrderCreated, an ItemAdded for each item, VoucherApplied for a voucher, and an event for each other detail given:
    recipient, charges, external ids, metadata.

    Raises InvalidField with every field at fault.
    """
    currency = currency_default if command.currency is None else command.currency
    bill = e.Billing(*_BILLING_OF(command))
    without_amounts = (
        lambda: billing.check(bill),
        lambda: _method(command.payment_method, "payment_method"),
        lambda: _method(command.shipping_method, "shipping_method"),
        lambda: _customer_details(command.customer),
        lambda: _change_recipient(e.Recipient(), command, now),
    )
    try:
        unit = Unit(currency, digits_of(currency, on=now.date()))
    except InvalidField as refusal:
        collect(partial(_refuse, refusal), *without_amounts)
    _, paying, delivering, customer, recipient, shipping_cost, voucher, charges, *items = collect(
        *without_amounts,
        lambda: command.shipping_cost.decimal(unit, "shipping_cost"),
        lambda: [_voucher_applied(command.voucher, unit, now)] if command.voucher else [],
        lambda: _charges(command.charges or (), range(1, len(command.items) + 1), unit),
        *(
            partial(_item_added, item, number, unit, now, f"items[{number - 1}].")
            for number, item in enumerate(command.items, 1)
        ),
    )
    events: list[Event] = [
        e.OrderCreated(
            occurred_at=now,
            id=order_id,
            key=key,
            currency=currency,
            digits=unit.digits,
            shipping_cost=shipping_cost,
            customer_id=command.customer.id if command.customer else None,
            payment_method=paying,
            shipping_method=delivering,
            personal=e.OrderPersonal(customer=customer, billing=bill, notes=command.notes),
        ),
        *items,
        *voucher,
        *recipient,
    ]
    if charges:
        events.append(e.ChargesChanged(occurred_at=now, charges=charges))
    if command.external_ids:
        events.append(e.ExternalIdsChanged(occurred_at=now, given=command.external_ids))
    of_items = {number: item.metadata for number, item in enumerate(command.items, 1) if item.metadata}
    if command.metadata or of_items:
        events.append(_metadata_changed(command.metadata or None, of_items, now))
    return events


def _customer_details(customer: commands.NewCustomer | None) -> e.CustomerDetails:
    """The details of a customer. Raises InvalidField where a customer has neither an id nor any contact details."""
    if customer is None:
        return e.CustomerDetails()
    details = e.CustomerDetails(
        username=customer.username,
        email=customer.email,
        first_name=customer.first_name,
        last_name=customer.last_name,
        phone=customer.phone or None,
    )
    contact = (details.email, details.first_name, details.last_name, details.phone)
    if customer.id is None and not any(contact):
        raise InvalidField("customer.id", "a customer has an id, or is a guest with an e-mail, a name or a phone")
    return details


def _metadata_changed(
    metadata: dict[str, str] | None, of_items: dict[int, dict[str, str]], now: datetime
) -> e.MetadataChanged:
    return e.MetadataChanged(occurred_at=now, personal=e.MetadataPersonal(metadata=metadata, items=of_items))


def _must_be_open(order: Order, what: str) -> None:
    if order.status not in OPEN:
        raise OrderNotChangeable(
            f"{what} can change only while an order is new or on hold; this one is {order.status}."
        )


def _item(order: Order, number: int) -> Item:
    for item in order.items:
        if item.id == number:
            return item
    raise ItemNotFound(f"The order has no item {number}.")


def add_item(order: Order, command: commands.AddItem, now: datetime) -> list[Event]:
    _must_be_open(order, "Items")
    number = order.item_last + 1
    events: list[Event] = [_item_added(command, number, order.unit, now)]
    if command.metadata:
        events.append(_metadata_changed(None, {number: command.metadata}, now))
    return events


def change_item_quantity(order: Order, command: commands.ChangeItemQuantity, now: datetime) -> list[Event]:
    changed = commands.ChangedItem(quantity=command.quantity)
    return change_item(order, commands.ChangeItem(item=command.item, changed=changed), now)


def change_item(order: Order, command: commands.ChangeItem, now: datetime) -> list[Event]:
    """An event for the amounts and one for the metadata; none where the item has these values already."""
    item, changed = _item(order, command.item), command.changed
    if not _given(changed):
        raise InvalidField("quantity", f"give this field or another of {', '.join(changed.__struct_fields__)}")

    def minor(given: Amount | UnsetType, kept: int, field: str) -> int:
        return kept if given is UNSET else given.minor(order.unit, field)

    price, shipping, discount = collect(
        lambda: minor(changed.unit_price, item.unit_price, "unit_price"),
        lambda: minor(changed.shipping, item.shipping, "shipping"),
        lambda: minor(changed.discount_amount, item.discount, "discount_amount"),
    )
    quantity = item.quantity if changed.quantity is UNSET else changed.quantity
    after = replace(item, unit_price=price, quantity=quantity, shipping=shipping, discount=discount)
    events: list[Event] = []
    if changed.metadata is not UNSET and (metadata := changed.metadata or {}) != (item.metadata or {}):
        _must_not_be_closed(order)
        events.append(_metadata_changed(None, {item.id: metadata}, now))
    if after == item:
        return events
    _must_be_open(order, "Items")
    _must_be_worth_its_discount(after, item, order.unit)
    if after == replace(item, quantity=after.quantity):
        return [e.ItemQuantityChanged(occurred_at=now, item=item.id, quantity=after.quantity), *events]
    return [
        e.ItemChanged(
            occurred_at=now,
            item=item.id,
            unit_price=decimal_text(after.unit_price, order.digits),
            quantity=after.quantity,
            shipping=decimal_text(after.shipping, order.digits),
            discount_amount=decimal_text(after.discount, order.digits),
        ),
        *events,
    ]


def _must_be_worth_its_discount(after: Item, before: Item, unit: Unit) -> None:
    """Raises DiscountExceedsItem, unless the change brings the item's worth nearer to its discount."""
    worth, worth_before = (item.unit_price * item.quantity + item.shipping for item in (after, before))
    if after.discount - worth > max(0, before.discount - worth_before):
        raise DiscountExceedsItem(
            f"Item {after.id} has a discount of {readable(after.discount, unit)}, and with a quantity of"
            f" {after.quantity} it comes to {readable(worth, unit)}, its shipping with it. Lower its"
            " discount_amount first, or together with the quantity."
        )


def remove_item(order: Order, command: commands.RemoveItem, now: datetime) -> list[Event]:
    """Removes an item, and the charges for it."""
    item = _item(order, command.item)
    _must_be_open(order, "Items")
    charges = tuple(charge for charge in order.charges if charge.item != item.id)
    return [e.ItemRemoved(occurred_at=now, item=item.id), *_change_charges(order, charges, now)]


def change(order: Order, command: commands.ChangeOrder, now: datetime) -> list[Event]:
    """An event for each kind of change; none where the order has these values already."""
    bill, recipient, paying, shipping, voucher, charges = collect(
        lambda: _change_billing(order, command, now),
        lambda: _change_recipient(order.recipient, command, now),
        lambda: _change_payment_method(order, command, now),
        lambda: _change_shipping(order, command, now),
        lambda: _change_voucher(order, command, now),
        lambda: order.charges if command.charges is UNSET else _charges_of(order, command.charges or ()),
    )
    events: list[Event] = []
    if command.notes is not UNSET and command.notes != order.notes:
        events.append(e.NotesChanged(occurred_at=now, personal=e.NotesPersonal(notes=command.notes)))
    events += [*bill, *recipient, *paying]
    if command.metadata is not UNSET and (metadata := command.metadata or {}) != (order.metadata or {}):
        events.append(_metadata_changed(metadata, {}, now))
    if command.external_ids is not UNSET:
        events += _change_external_ids(order, command.external_ids or {}, now)
    if events:
        _must_not_be_closed(order)
    if shipping:
        _must_be_open(order, "Shipping")
    if voucher:
        _must_be_open(order, "The voucher")
    return [*events, *shipping, *voucher, *_change_charges(order, charges, now)]


def _change_billing(order: Order, command: commands.ChangeOrder, now: datetime) -> list[Event]:
    bill = e.Billing(*_kept_or_given(order.billing, _BILLING_OF(command)))
    if bill == order.billing:
        return []
    billing.check(bill)
    return [e.BillingChanged(occurred_at=now, personal=e.BillingPersonal(billing=bill))]


def _change_payment_method(order: Order, command: commands.ChangeOrder, now: datetime) -> list[Event]:
    given = command.payment_method
    if given is UNSET or given == order.payment_method:
        return []
    return [e.PaymentMethodChanged(occurred_at=now, payment_method=_method(given, "payment_method"))]


def _change_shipping(order: Order, command: commands.ChangeOrder, now: datetime) -> list[Event]:
    given, kept = command.shipping_method, decimal_text(order.shipping_cost, order.digits)
    cost, method = collect(
        lambda: kept if command.shipping_cost is UNSET else command.shipping_cost.decimal(order.unit, "shipping_cost"),
        lambda: order.shipping_method if given is UNSET else _method(given, "shipping_method"),
    )
    if (method, cost) == (order.shipping_method, kept):
        return []
    return [e.ShippingChanged(occurred_at=now, shipping_cost=cost, shipping_method=method)]


def _must_not_be_closed(order: Order) -> None:
    if order.status in CLOSED:
        raise OrderNotChangeable(f"Nothing can change on an order that is {order.status}.")


def _change_external_ids(order: Order, wanted: dict[str, str], now: datetime) -> list[Event]:
    known = order.external_ids or {}
    given = {system: external_id for system, external_id in wanted.items() if known.get(system) != external_id}
    again = {system: given[system] for system in given if (system, given[system]) in order.external_ids_before}
    removed = tuple(system for system in known if system not in wanted)
    if not given and not removed:
        return []
    new = {system: given[system] for system in given if system not in again}
    return [e.ExternalIdsChanged(occurred_at=now, given=new, given_again=again, removed=removed)]


def give_to_customer(order: Order, command: commands.GiveToCustomer, now: datetime) -> list[Event]:
    """The event that gives a guest's order to a customer; none where it is the customer's already."""
    if order.customer_id == command.id:
        return []
    if order.customer_id is not None:
        raise OrderHasCustomer(
            f"The order is customer {order.customer_id}'s; only a guest's can be given to a customer."
        )
    if order.status == "deleted":
        raise OrderNotChangeable("Nothing can change on an order that is deleted.")
    given = _given(command)
    customer_id = given.pop("id")
    details = replace(order.customer.details if order.customer else e.CustomerDetails(), **given)
    personal = e.CustomerPersonal(customer=details)
    return [e.CustomerChanged(occurred_at=now, customer_id=customer_id, personal=personal)]


def _kept_or_given(address: e.Billing, given: tuple[Any, ...]) -> list[Any]:
    """The values of an address after a command: the given ones, and the kept ones where a field is unset."""
    return [kept if value is UNSET else value for kept, value in zip(astuple(address), given, strict=True)]


def _change_recipient(known: e.Recipient, command: commands.ExtraFields, now: datetime) -> list[Event]:
    given = _RECIPIENT_OF(command)
    if given == _NOTHING_GIVEN or (recipient := e.Recipient(*_kept_or_given(known, given))) == known:
        return []
    billing.check(recipient, "shipping_")
    return [e.RecipientChanged(occurred_at=now, personal=e.RecipientPersonal(shipping=recipient))]


def _change_voucher(order: Order, command: commands.ChangeOrder, now: datetime) -> list[Event]:
    new, old = command.voucher, order.voucher
    if new is UNSET or (new is None and old is None):
        return []
    if new is None:
        return [e.VoucherRemoved(occurred_at=now)]
    event = _voucher_applied(new, order.unit, now)
    kept = (old.code, decimal_text(old.discount, order.digits)) if old else None
    return [] if (event.code, event.discount_amount) == kept else [event]


def _numbers(order: Order) -> set[int]:
    """The numbers of an order's items."""
    return {item.id for item in order.items}


def _charges_of(order: Order, given: Sequence[commands.NewCharge]) -> tuple[e.Charge, ...]:
    return _charges(given, _numbers(order), order.unit)


def _change_charges(order: Order, charges: tuple[e.Charge, ...], now: datetime) -> list[Event]:
    if charges == order.charges:
        return []
    _must_be_open(order, "Charges")
    return [e.ChargesChanged(occurred_at=now, charges=charges)]


def add_charge(order: Order, command: commands.AddCharge, now: datetime) -> list[Event]:
    return _change_charges(order, (*order.charges, _charge(command, _numbers(order), order.unit)), now)


def change_charge(order: Order, command: commands.ChangeCharge, now: datetime) -> list[Event]:
    place = _place_of_charge(order, command.charge)
    (old,) = order.charges[place]
    new = commands.NewCharge(**_of_command(old) | _given(command.changed))
    charge = _charge(new, _numbers(order), order.unit)
    return _change_charges(order, (*order.charges[: place.start], charge, *order.charges[place.stop :]), now)


def remove_charge(order: Order, command: commands.RemoveCharge, now: datetime) -> list[Event]:
    place = _place_of_charge(order, command.charge)
    return _change_charges(order, order.charges[: place.start] + order.charges[place.stop :], now)


def _place_of_charge(order: Order, place: int) -> slice:
    if place >= len(order.charges):
        raise ChargeNotFound(f"The order has no charge {place}; its {len(order.charges)} are counted from 0.")
    return slice(place, place + 1)


def _of_command(charge: e.Charge) -> dict[str, Any]:
    """The fields of a recorded charge, in the types of a command."""
    rate = None if charge.rate is None else Amount(charge.rate)
    return asdict(charge) | {"amount": Amount(charge.amount), "rate": rate}


def _given(command: commands.Command) -> dict[str, Any]:
    """The fields of a command that are set."""
    return {name: value for name, value in asdict(command).items() if value is not UNSET}


def change_status(order: Order, command: commands.ChangeStatus, now: datetime) -> list[Event]:
    allowed = TRANSITIONS[order.status]
    if command.status not in allowed:
        ways = f"from there it can become {', '.join(allowed)}" if allowed else "that is final"
        raise StatusChangeNotAllowed(f"The order is {order.status}; {ways}, not {command.status}.")
    received = order.received
    if received > 0 and command.status in ("deleted", "refunded"):
        raise StatusChangeNotAllowed(
            f"The order cannot become {command.status} while {readable(received, order.unit)} was received "
            f"and not refunded. Refund it first; until then it can become "
            f"{', '.join(s for s in allowed if s not in ('deleted', 'refunded')) or 'nothing else'}."
        )
    return [e.StatusChanged(occurred_at=now, status=command.status, reason=command.reason)]


def delete_own(order: Order, _command: commands.DeleteOwnOrder, now: datetime) -> list[Event]:
    """Deletes a customer's own order, where nothing is paid on it and it was never shipped."""
    if order.was_shipped:
        raise StatusChangeNotAllowed("The order has been shipped, so it cannot be deleted any more.")
    return change_status(order, commands.ChangeStatus(status="deleted"), now)


def _positive(order: Order, given: Amount) -> int:
    """The amount of a movement, in minor units. Raises InvalidField where it is not more than zero."""
    minor = given.minor(order.unit, "amount")
    if minor <= 0:
        raise InvalidField("amount", "must be more than nothing")
    return minor


def _is_known(order: Order, command: commands.ReceivePayment | commands.RefundPayment | commands.TakeBack) -> bool:
    """Whether the order has this movement already, so that a provider's second call does no harm. Raises a refusal
    where the order has a different movement of this kind under the same reference."""
    kind = MOVES[type(command)]
    known = find_movement(order.payments, kind, command.provider, command.reference)
    if known is None:
        return False
    again = (_positive(order, command.amount), getattr(command, "owed_again", False))
    if (known.amount, known.owed_again) == again:
        return True
    owed = ", owed again" if known.owed_again else ""
    how = f"of {readable(known.amount, order.unit)}{owed}"
    raise reference_taken(kind, known.provider, known.reference, how)


def receive_payment(order: Order, command: commands.ReceivePayment, now: datetime) -> list[Event]:
    """The event of a payment; none where the order has the payment already."""
    if _is_known(order, command):
        return []
    amount, received_at = collect(
        lambda: _positive(order, command.amount),
        lambda: utc(command.received_at, now, "received_at"),
    )
    totals = order.totals
    if not command.force:
        if not is_payable(order, totals):
            why = "it is paid" if totals.is_paid else f"it is {order.status}"
            raise OrderNotPayable(f"The order takes no payment: {why}.")
        if amount > totals.outstanding:
            raise PaymentExceedsOutstanding(
                f"{readable(amount, order.unit)} is more than the {readable(totals.outstanding, order.unit)} "
                "that are outstanding."
            )
    elif is_too_large(totals.paid + amount, order.digits):
        raise AmountTooLarge("The payments would come to more than 15 digits before the point.")
    return [
        e.PaymentReceived(
            occurred_at=now,
            amount=command.amount.decimal(order.unit, "amount"),
            provider=command.provider,
            reference=command.reference,
            received_at=received_at,
            method=command.method,
            forced=command.force,
        )
    ]


def refund_payment(order: Order, command: commands.RefundPayment, now: datetime) -> list[Event]:
    """The event of a refund; none where the order has the refund already."""
    if _is_known(order, command):
        return []
    amount, refunded_at, lines = collect(
        lambda: _positive(order, command.amount),
        lambda: _taken_back_at(order, command, now),
        lambda: refunded_lines(order, command.lines, command.amount),
    )
    named = command.payment_reference
    if named is not None and not find_movement(order.payments, "payment", command.provider, named):
        raise PaymentNotFound(f"The order has no {command.provider} payment {named}.")
    refundable = amount_left(order.payments, "refund", command.provider, named)
    if amount > refundable:
        source = "" if named is None else f" by payment {named}"
        raise RefundExceedsReceived(
            f"{readable(amount, order.unit)} is more than the {readable(refundable, order.unit)} "
            f"that were received{source} and not refunded."
        )
    must_be_sold(order, lines)
    return [
        e.PaymentRefunded(
            occurred_at=now,
            amount=command.amount.decimal(order.unit, "amount"),
            provider=command.provider,
            reference=command.reference,
            refunded_at=refunded_at,
            payment_reference=command.payment_reference,
            reason=command.reason,
            owed_again=command.owed_again,
            lines=lines,
        )
    ]


_NOT_FOUND: Final = {"payment": PaymentNotFound, "refund": RefundNotFound, "chargeback": ChargebackNotFound}


def _taken_back_at(order: Order, command: commands.RefundPayment | commands.TakeBack, now: datetime) -> datetime:
    """The time of a movement that takes another one back. Raises InvalidField where the given time is before the
    other's."""
    kind = MOVES[type(command)]
    effect = EFFECTS[kind]
    given, named = getattr(command, effect.at), getattr(command, effect.of)
    at = utc(given, now, effect.at)
    first = original_time(kind, command.provider, named, order.payments, at)
    if given is not None and at < first:
        then = first.isoformat().replace("+00:00", "Z")
        raise InvalidField(effect.at, f"earlier than its {effect.about}, which was at {then}")
    return at


def take_back(order: Order, command: commands.TakeBack, now: datetime) -> list[Event]:
    """The event of a failed payment or refund, a chargeback or its reversal; none where the order has it already.

    With `force` any amount is accepted; a movement that is named must still be the order's.
    """
    kind = MOVES[type(command)]
    effect, provider = EFFECTS[kind], command.provider
    assert effect.about
    if _is_known(order, command):
        return []
    amount, at = collect(lambda: _positive(order, command.amount), lambda: _taken_back_at(order, command, now))
    named = getattr(command, effect.of)
    if named is not None and not find_movement(order.payments, effect.about, provider, named):
        raise _NOT_FOUND[effect.about](f"The order has no {provider} {effect.about} {named}.")
    there = amount_left(order.payments, kind, provider, named)
    if amount > there and not command.force:
        of = f"all its {effect.about}s" if named is None else f"the {effect.about} {named}"
        raise AmountExceedsLeft(
            f"{readable(amount, order.unit)} is more than the {readable(there, order.unit)} that are left of {of}."
        )
    if is_too_large(abs(order.received + amount * effect.sign), order.digits):
        raise AmountTooLarge("What is paid would come to more than 15 digits before the point.")
    told = {effect.at: at, effect.of: named, "forced": command.force}
    told |= {name: getattr(command, name) for name in ("reason", "owed_again") if hasattr(command, name)}
    text = command.amount.decimal(order.unit, "amount")
    return [effect.event(occurred_at=now, amount=text, provider=provider, reference=command.reference, **told)]


def void_payment(order: Order, command: commands.VoidPayment, now: datetime) -> list[Event]:
    """The event that voids a payment; none where the payment is void already. Raises PaymentNotVoidable where money of
    the payment was refunded or pulled back, since it then was no mistake."""
    provider, reference = command.provider, command.reference
    known = find_movement(order.payments, "payment", provider, reference)
    if known is None:
        if find_movement(order.payments, "void", provider, reference):
            return []
        raise PaymentNotFound(f"The order has no {provider} payment {reference}.")
    there = amount_left(order.payments, "void", provider, reference)
    if there < known.amount:
        raise PaymentNotVoidable(
            f"Of the payment's {readable(known.amount, order.unit)} only {readable(there, order.unit)} are left: "
            "money of the order was refunded or pulled back, so the payment was no mistake."
        )
    return [
        e.PaymentVoided(
            occurred_at=now,
            amount=decimal_text(known.amount, order.digits),
            provider=provider,
            reference=reference,
            reason=command.reason,
            number=known.number,
        )
    ]


_DECISIONS: Final[dict[type[commands.Command], Callable[[Order, Any, datetime], list[Event]]]] = {
    commands.AddItem: add_item,
    commands.ChangeItem: change_item,
    commands.ChangeItemQuantity: change_item_quantity,
    commands.RemoveItem: remove_item,
    commands.ChangeOrder: change,
    commands.GiveToCustomer: give_to_customer,
    commands.AddCharge: add_charge,
    commands.ChangeCharge: change_charge,
    commands.RemoveCharge: remove_charge,
    commands.ChangeStatus: change_status,
    commands.DeleteOwnOrder: delete_own,
    commands.ReceivePayment: receive_payment,
    commands.RefundPayment: refund_payment,
    **dict.fromkeys(commands.TakeBack.__subclasses__(), take_back),
    commands.VoidPayment: void_payment,
}
# An entry of an imported history is decided as the command that it extends.
_DECISIONS.update((past, _DECISIONS[past.__base__]) for past in get_args(commands.Past) if past.__base__ in _DECISIONS)


def decide(order: Order, command: commands.Command, now: datetime) -> list[Event]:
    """The events of a command on the order's state; none where it changes nothing. Raises a Refusal."""
    events = _DECISIONS[type(command)](order, command, now)
    erasure.must_take(order, events)
    return events
