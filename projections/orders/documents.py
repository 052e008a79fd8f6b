"""How is an order shown? As the two storefront contracts print it, and as staff see it.

Field names and their order are the seeds'. Amounts are exact text all the way: JSON numbers are written from integers.
"""

import re
from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Raw

from domain.money import minor_units, short_number, two_digit_text
from domain.order import events as e
from domain.order.movements import Kind, Movement
from domain.order.state import Customer, Item, Order, Totals, is_payable, storefront_status
from projections.orders.search import full_name

# The place of this service's address in stored documents, since only a request knows it; JSON has no bare zero byte.
BASE_URL: Final = b"\x00"
_PLAIN_INTEGER: Final = re.compile(r"0|[1-9][0-9]*")
_encode = msgspec.json.Encoder().encode


class Documents(msgspec.Struct, frozen=True):
    """An order's documents, as JSON. The staff's document is the shop's object with the fields of `more` at its end."""

    shop: bytes
    storefront: bytes
    more: bytes


def render(order: Order, totals: Totals) -> Documents:
    """All documents of an order."""
    digits = order.digits
    items = _items(order, digits)
    return Documents(
        shop=_encode(_shop(order, totals, digits)),
        storefront=_encode(_storefront(order, totals, digits, items)).replace(b'"/url/"', _url(order), 1),
        more=_encoded_more(order, totals, digits, _staff_items(order, digits, items)),
    )


def staff_document(order: Order) -> bytes:
    """The order document that commands answer with."""
    totals, digits = order.totals, order.digits
    items = _staff_items(order, digits, _items(order, digits))
    more = _encoded_more(order, totals, digits, items)
    return _encode(_shop(order, totals, digits))[:-1] + b"," + more[1:]


def staff_fields(order: Order) -> dict[str, Any]:
    """The fields of `staff_document` in its order, not encoded yet. Items and payments are the state's objects."""
    totals, digits = order.totals, order.digits
    more = _more(order, totals, digits, order.items, order.payments)
    return _shop(order, totals, digits) | more | _beyond(order, digits)


def encoded(fields: dict[str, Any], digits: int) -> bytes:
    """Some fields, among them single items and payments, as the order document prints them."""
    return _encode(
        {
            name: _PRINTED[type(value)](value, digits) if type(value) in _PRINTED else value
            for name, value in fields.items()
        }
    )


def _url(order: Order) -> bytes:
    return b'"' + BASE_URL + b"/api/v1/i/orders/" + _encode(order.uuid)[1:-1] + b'/"'


def _shop(order: Order, totals: Totals, digits: int) -> dict[str, Any]:
    """Seed 000, 'Order Object Data Structure', in the order of its example."""
    customer, billing = order.customer, order.billing
    shown = {
        "id": order.id,
        "key": order.key,
        "status": order.status,
        "customer": _customer(customer) if customer else None,
        "payment_method": _method(order.payment_method),
        "shipping_method": _method(order.shipping_method),
        "shipping_cost": short_number(totals.shipping, digits),
        "notes": order.notes,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
        "billing_country": _place(billing.country),
        "billing_state": _place(billing.state),
        "billing_city": {"id": billing.city.id, "name": billing.city.name} if billing.city else None,
        "billing_address": billing.address,
        "billing_postal_code": billing.postal_code,
        "billing_national_code": billing.national_code,
        "billing_mobile_number": billing.mobile_number,
        "billing_first_name": billing.first_name,
        "billing_last_name": billing.last_name,
        "count": distinct_products(order),
        "quantity": totals.units,
        "items_subtotal": short_number(totals.items_subtotal, digits),
        "items_discount": short_number(totals.items_discount, digits),
        "subtotal": short_number(totals.subtotal, digits),
        "total_discount": short_number(totals.total_discount, digits),
        "total": short_number(totals.total, digits),
        "amount_paid": short_number(totals.paid, digits),
        "amount_outstanding": short_number(totals.outstanding, digits),
        "is_paid": totals.is_paid,
        "is_payable": is_payable(order, totals),
    }
    # Fields beyond the seed stand behind its own, on orders that have them.
    if order.charges:
        shown["charges_total"] = short_number(totals.charges, digits)
    return shown


def _customer(customer: Customer) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": customer.id,
        "username": customer.details.username,
        "full_name": full_name(customer.details),
    }
    if customer.id is None:
        # Only staff see a guest's order, and it is the only place with the guest's contact details.
        shown |= {name: getattr(customer.details, name) for name in ("email", "first_name", "last_name", "phone")}
    return shown


def distinct_products(order: Order) -> int:
    """The number of different products; an item without a product id counts as a product of its own."""
    return len(
        {("line", item.id) if not item.product or item.product.id is None else item.product.id for item in order.items}
    )


def _place(place: e.Country | e.State | None) -> dict[str, Any] | None:
    return {"id": place.id, "name": place.name, "code": place.code} if place else None


def _method(method: e.Method | None) -> dict[str, Any] | None:
    return {"id": method.id, "name": method.name, "image": _image(method.image)} if method else None


def _image(image: e.Image | None) -> dict[str, Any] | None:
    """Seed 000, 'Image Data Structure'."""
    if image is None:
        return None
    return {
        "id": image.id,
        "type": image.type,
        "name": image.name,
        "size": image.size,
        "human_readable_size": image.human_readable_size or human_readable_size(image.size),
        "f": image.f,
        "width": image.width,
        "height": image.height,
        "mode": image.mode,
        "thumbnails": [{"id": t.id, "f": t.f, "size": t.size} for t in image.thumbnails],
    }


def human_readable_size(size_bytes: int | None) -> str | None:
    """The size as people read it, in units of 1024: 808754 is '789.80 KB' (the seed's example)."""
    if size_bytes is None:
        return None
    if size_bytes < 1024:
        return f"{size_bytes} B"
    for power, unit in enumerate(("KB", "MB", "GB", "TB", "PB"), 1):
        hundredths = (size_bytes * 100 + 1024**power // 2) // 1024**power
        if hundredths < 102_400 or unit == "PB":
            break
    return f"{hundredths // 100}.{hundredths % 100:02d} {unit}"


def _storefront(order: Order, totals: Totals, digits: int, items: Raw) -> dict[str, Any]:
    """Seed 002's object, in the order of its example."""
    customer = order.customer.details if order.customer else None
    shown = {
        "id": order.uuid,
        "url": "/url/",
        "customer": {"email": customer.email, "first_name": customer.first_name, "last_name": customer.last_name}
        if customer
        else None,
        "created": order.created_at,
        "updated": order.updated_at,
        "billing_address": _billing_address(order.billing),
        "items": items,
        "items_count": totals.units,
        "savings_on_items": two_digit_text(totals.items_discount, digits),
        "status": storefront_status(order, totals),
        "subtotal": two_digit_text(totals.items_subtotal, digits),
        "amount_saved": two_digit_text(totals.total_discount, digits),
        "shipping": two_digit_text(totals.shipping, digits),
        "total_amount": two_digit_text(totals.total, digits),
    }
    if order.charges:
        shown["charges_total"] = two_digit_text(totals.charges, digits)
    return shown


def _billing_address(billing: e.Billing) -> dict[str, Any] | None:
    """The address of the storefront's object; None where none of its fields is known."""
    code = billing.postal_code
    address = {
        "street_address": billing.address,
        "postal_code": Raw(code.encode()) if code and _PLAIN_INTEGER.fullmatch(code) else code,
        "city": billing.city.name if billing.city else None,
        "state": (billing.state.code or billing.state.name) if billing.state else None,
        "country": billing.country.name if billing.country else None,
    }
    return None if all(value is None for value in address.values()) else address


def _items(order: Order, digits: int) -> Raw:
    """The items, encoded once: two of the documents contain them, and mostly consist of them."""
    return Raw(_encode([_item(item, digits) for item in order.items]))


def _staff_items(order: Order, digits: int, items: Raw) -> Raw:
    """The items as staff see them. They differ only where an item has metadata, which few have."""
    if any(item.metadata for item in order.items):
        return Raw(_encode([_staff_item(item, digits) for item in order.items]))
    return items


def _staff_item(item: Item, digits: int) -> dict[str, Any]:
    return _item(item, digits) | ({"metadata": item.metadata} if item.metadata else {})


def _item(item: Item, digits: int) -> dict[str, Any]:
    product = item.product
    return {
        "id": item.id,
        "product": {"id": product.id, "name": product.name, "slug": product.slug} if product else None,
        "variant": item.variant,
        "unit_price": two_digit_text(item.unit_price, digits),
        "quantity": item.quantity,
        "shipping": two_digit_text(item.shipping, digits),
        "discount_amount": two_digit_text(item.discount, digits),
        "total_price": two_digit_text(item.unit_price * item.quantity, digits),
        "offer": item.offer,
    }


def _more(order: Order, totals: Totals, digits: int, items: Any, payments: Any) -> dict[str, Any]:
    """The fields of the order document that the shop's object lacks."""
    return {
        "uuid": order.uuid,
        "version": order.version,
        "currency": order.currency,
        "items": items,
        "voucher": {"code": order.voucher.code, "discount_amount": two_digit_text(order.voucher.discount, digits)}
        if order.voucher
        else None,
        "payments": payments,
        "storefront_status": storefront_status(order, totals),
    }


def _beyond(order: Order, digits: int) -> dict[str, Any]:
    """The fields of the order document that are beyond the contracts."""
    return {
        "charges": [_charge(charge, digits) for charge in order.charges],
        **_recipient(order.recipient),
        "metadata": order.metadata or {},
        "external_ids": order.external_ids or {},
        **_erased(order),
    }


def _encoded_more(order: Order, totals: Totals, digits: int, items: Raw) -> bytes:
    """The fields behind the shop's object. Their empty form, which most orders have, is encoded only once."""
    more = _encode(_more(order, totals, digits, items, _payments(order, digits)))
    has_more = order.charges or order.metadata or order.external_ids or order.recipient != _NOBODY or order.erased
    return more[:-1] + b"," + (_encode(_beyond(order, digits))[1:] if has_more else _NOTHING)


def _recipient(recipient: e.Recipient) -> dict[str, Any]:
    return {
        "shipping_country": _place(recipient.country),
        "shipping_state": _place(recipient.state),
        "shipping_city": {"id": recipient.city.id, "name": recipient.city.name} if recipient.city else None,
        "shipping_address": recipient.address,
        "shipping_postal_code": recipient.postal_code,
        "shipping_national_code": recipient.national_code,
        "shipping_mobile_number": recipient.mobile_number,
        "shipping_first_name": recipient.first_name,
        "shipping_last_name": recipient.last_name,
    }


def _charge(charge: e.Charge, digits: int) -> dict[str, Any]:
    return {
        "kind": charge.kind,
        "name": charge.name,
        "rate": charge.rate,
        "amount": two_digit_text(minor_units(charge.amount), digits),
        "included": charge.included,
        "item": charge.item,
    }


def _erased(order: Order) -> dict[str, Any]:
    """The parts of the personal data that are erased or restricted; no field where there are none."""
    if not order.erased and not order.restricted:
        return {}
    return {"personal": {"erased": order.erased, "restricted": order.restricted}}


def _payments(order: Order, digits: int) -> list[dict[str, Any]]:
    return [_payment(payment, digits) for payment in order.payments]


# The fields of each kind of movement, behind those that all kinds have, with their names in the state.
_OF_MOVEMENTS: Final[dict[Kind, dict[str, str]]] = {
    "payment": {"method": "method", "received_at": "at", "forced": "forced"},
    "refund": {"payment_reference": "of", "reason": "reason", "refunded_at": "at", "owed_again": "owed_again"},
    "payment_failure": {"payment_reference": "of", "reason": "reason", "failed_at": "at", "forced": "forced"},
    "refund_failure": {"refund_reference": "of", "reason": "reason", "failed_at": "at", "forced": "forced"},
    "chargeback": {
        "payment_reference": "of",
        "reason": "reason",
        "charged_back_at": "at",
        "owed_again": "owed_again",
        "forced": "forced",
    },
    "chargeback_reversal": {"chargeback_reference": "of", "reason": "reason", "reversed_at": "at", "forced": "forced"},
    "void": {"reason": "reason", "voided_at": "at"},
}


def _payment(movement: Movement, digits: int) -> dict[str, Any]:
    lines = {"lines": [_refunded_line(line, digits) for line in movement.lines]} if movement.kind == "refund" else {}
    return {
        "kind": movement.kind,
        "amount": two_digit_text(movement.amount, digits),
        "provider": movement.provider,
        "reference": movement.reference,
        **{name: getattr(movement, field) for name, field in _OF_MOVEMENTS[movement.kind].items()},
        **lines,
    }


def _refunded_line(line: e.RefundedLine, digits: int) -> dict[str, Any]:
    """A line of a refund: for an item, a charge, or the shipping, with the fields of that kind."""
    if line.shipping is not None:
        return {"shipping": two_digit_text(minor_units(line.shipping), digits)}
    amount = {"amount": two_digit_text(minor_units(line.amount or "0"), digits)}
    if line.charge is not None:
        return {"charge": line.charge, **amount}
    return {"item": line.item, "quantity": line.quantity, **amount, "restock": line.restock}


_NOBODY: Final = e.Recipient()
_NOTHING: Final = _encode({"charges": [], **_recipient(_NOBODY), "metadata": {}, "external_ids": {}})[1:]
_PRINTED: Final[dict[type, Callable[[Any, int], dict[str, Any]]]] = {Item: _staff_item, Movement: _payment}
