"""Reads WooCommerce's orders as its REST API (v3) gives them, with the refunds of `/orders/<id>/refunds` beside them.

WooCommerce's amounts are without taxes. Where the shop's prices include taxes, our prices do so, too, and the taxes are
within them; otherwise taxes are on top. WooCommerce's total is the amount left to pay after gift cards, which are a
discount in our ledger.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from html import unescape
from typing import Any, Final, NamedTuple

from domain.settlement.lines import shown
from domain.shops.draft import Address, Draft
from domain.shops.found import Amounts, ExportedOrder, Unreadable, UnreadableOrder
from domain.shops.json_objects import Beside, Json, JsonObject, objects, unknown_object
from domain.shops.tables import Source
from domain.shops.values import minor, moment, scaled, whole_id, words

SYSTEM: Final = "woocommerce"
PAGES: Final = frozenset({"orders", "refunds"})
STATUSES: Final = {
    "pending": "new",
    "on-hold": "hold",
    "processing": "processing",
    "completed": "completed",
    "cancelled": "cancelled",
    "refunded": "refunded",
    "failed": "failed",
    "trash": "deleted",
    # The statuses of widespread extensions.
    "shipped": "shipped",
    "delivered": "completed",
    "partial-payment": "processing",
    "partially-paid": "processing",
    "partial-shipped": "processing",
    "partially-shipped": "processing",
    "pre-ordered": "processing",
}
DRAFTS: Final = frozenset({"checkout-draft", "auto-draft", "draft"})
_PAID: Final = frozenset({"completed", "refunded"})
READ: Final = words(
    """
    id number status currency date_created date_created_gmt date_paid date_paid_gmt date_completed date_completed_gmt
    date_modified date_modified_gmt total total_tax shipping_total shipping_tax prices_include_tax customer_id
    customer_note billing shipping payment_method payment_method_title transaction_id meta_data line_items tax_lines
    shipping_lines fee_lines coupon_lines refunds gift_cards parent_id created_via
    """
)
# Fields that follow from others, or repeat others.
DERIVED: Final = words(
    """
    discount_total discount_tax cart_tax currency_symbol payment_url is_editable needs_payment needs_processing _links
    cart_hash order_key version set_paid
    """
)
_PLACED: Final = READ | DERIVED
READ_OF_ITEMS: Final = words(
    """
    id name parent_name product_id variation_id quantity subtotal subtotal_tax total total_tax sku meta_data price
    taxes
    """
)
_NOTHING: Final[tuple[Any, ...]] = (None, "", [], {}, False, 0, "0")


def read(
    sources: Sequence[Source], prefix: str = "", on_bytes: Callable[[int], None] = lambda _: None
) -> Iterator[ExportedOrder | UnreadableOrder]:
    """The orders of the files. Raises Malformed."""
    beside = Beside(frozenset({"refund"}), _order_of_refund)
    for source in beside.read(sources, _kind, PAGES):
        for thing in objects(source, _kind, PAGES, on_bytes):
            yield _one(thing, source.name, prefix, beside)
    yield from beside.left()


def _kind(value: Json, _under: str) -> str:
    if "refunded_payment" in value or ("amount" in value and "total" not in value and "id" in value):
        return "refund"
    if "line_items" in value or ("status" in value and "total" in value):
        return "order"
    return ""


def _order_of_refund(refund: Json) -> str:
    """The id of a refund's order, by its parent or, before WooCommerce 9, by the link to its parent."""
    if parent := refund.get("parent_id") or refund.get("order_id"):
        return str(parent)
    match refund.get("_links"):
        case {"up": [{"href": str(up)}, *_]}:
            return up.rstrip("/").rpartition("/")[2]
    return ""


def _one(thing: JsonObject, file: str, prefix: str, beside: Beside) -> ExportedOrder | UnreadableOrder:
    order = thing.of
    place = f"{file}, row {thing.line}"
    if not thing.kind:
        return UnreadableOrder("", place, unknown_object(thing))
    number = str(order.get("number") or order.get("id") or "")
    if thing.kind != "order":
        return UnreadableOrder("", place, f"a {thing.kind} behind orders; give refunds in files of their own")
    try:
        return _order(order, number, place, prefix, beside)
    except Unreadable as fault:
        return UnreadableOrder(number, place, str(fault))
    except (AttributeError, TypeError, KeyError, ValueError, ArithmeticError) as fault:
        return UnreadableOrder(number, place, f"this is not shaped like an order of WooCommerce's: {fault}")


def _order(order: Json, number: str, place: str, prefix: str, beside: Beside) -> ExportedOrder:
    if not number:
        raise Unreadable("number: neither it nor id is there, so nobody can tell which order this is")
    status = str(order.get("status") or "").removeprefix("wc-")
    if status in DRAFTS:
        raise Unreadable(f"status: {status} is not an order yet")
    order_id = whole_id(order.get("id"), "id")
    currency = str(order.get("currency") or "")
    draft = Draft(SYSTEM, number, place, identity=order_id, currency=currency, prefix=prefix)
    created_at = _moment(order, "date_created")
    if created_at is None:
        raise Unreadable("date_created_gmt: it is empty")
    if not order.get("date_created_gmt"):
        draft.remark("times of the shop's own zone, which is not told: taken as UTC", str(order.get("date_created")))
    _set_customer(draft, order)
    costs = _costs(draft, order)
    refunds = _refunds(order, [refund for _, refund in beside.take(order_id)])
    stated = _money(draft, order, costs, refunds=refunds, status=status, created_at=created_at)
    _rest(draft, order)
    return draft.finish(created_at, stated)


def _moment(of: Json, name: str) -> datetime | None:
    """The time in UTC. A time that is there only in the shop's own zone is read as UTC, since the zone is not named."""
    return moment(of.get(f"{name}_gmt") or of.get(name) or "", name)


def _set_customer(draft: Draft, order: Json) -> None:
    billing = order.get("billing") or {}
    customer_id = int(whole_id(order.get("customer_id"), "customer_id") or 0)
    text = {name: str(value or "").strip() for name, value in billing.items()}
    email, first, last, phone = (text.get(name, "") for name in ("email", "first_name", "last_name", "phone"))
    draft.set_customer(email, first, last, phone, customer_id)
    for which in ("billing", "shipping"):
        text = {name: str(value or "").strip() for name, value in (order.get(which) or {}).items()}
        state = text.get("state", "")
        given = Address(
            text.get("first_name", ""),
            text.get("last_name", ""),
            text.get("company", ""),
            tuple(filter(None, (text.get("address_1"), text.get("address_2")))),
            text.get("city", ""),
            text.get("postcode", ""),
            *((state, "") if len(state) > 5 else ("", state)),
            "",
            text.get("country", ""),
            text.get("phone", ""),
        )
        if any(given):
            draft.set_address(which, given)


# --- costs ---


class _Costs(NamedTuple):
    """The costs of an order: our numbers of its line items, by id; the total, which is the amount left to pay; and
    whether prices include taxes."""

    numbers: dict[str, int]
    total: int
    is_included: bool


def _costs(draft: Draft, order: Json) -> _Costs:
    is_included = bool(order.get("prices_include_tax"))
    numbers: dict[str, int] = {}
    for line in order.get("line_items") or ():
        if number := _item(draft, line, is_included):
            numbers[str(line.get("id"))] = number
    for fee in order.get("fee_lines") or ():
        draft.add_charge("fee", unescape(str(fee.get("name") or "Fee")), _with_tax(draft, fee, is_included))
    if shipping := order.get("shipping_lines"):
        draft.shipping = sum(_with_tax(draft, line, is_included) for line in shipping)
        if title := ", ".join(str(line["method_title"]) for line in shipping if line.get("method_title")):
            draft.line["shipping_method"] = {"name": unescape(title)}
    else:
        tax = _exact(order.get("shipping_tax")) if is_included else Decimal(0)
        draft.shipping = _rounded(draft, _exact(order.get("shipping_total")) + tax)
    _taxes(draft, order, is_included)
    draft.codes += [str(line["code"]) for line in order.get("coupon_lines") or () if line.get("code")]
    if order.get("total") in (None, ""):
        raise Unreadable("total: it is empty")
    total = minor(order.get("total"), draft.unit.digits, "total")
    _gift_cards(draft, order, total)
    _round_off(draft, order, total)
    return _Costs(numbers, total, is_included)


def _exact(value: Any) -> Decimal:
    return Decimal(str(value)) if value not in (None, "") else Decimal(0)


def _rounded(draft: Draft, amount: Decimal) -> int:
    return scaled(f"{amount:f}", draft.unit.digits, "total")[0]


def _with_tax(draft: Draft, line: Json, is_included: bool, of: str = "total") -> int:
    """The amount of a line, with its tax where the shop's prices include taxes."""
    tax = _exact(line.get(f"{of}_tax")) if is_included else Decimal(0)
    return _rounded(draft, _exact(line.get(of)) + tax)


def _item(draft: Draft, line: Json, is_included: bool) -> int:
    name = unescape(str(line.get("name") or ""))
    for field, value in line.items():
        if field not in READ_OF_ITEMS and value not in _NOTHING and not isinstance(value, dict | list):
            draft.remark_unplaced(f"a line item's {field}", value)
    total = _with_tax(draft, line, is_included)
    gross = max(total, _with_tax(draft, line, is_included, "subtotal"))
    if gross < 0:
        draft.remark("a line item below nothing: taken as a discount", name)
        draft.discount -= total
        return 0
    quantity = str(line.get("quantity") or 0)
    if quantity == "0":
        if not gross:
            draft.remark("an item of which none is left: left out", name)
            return 0
        draft.remark("an item of quantity 0 with a price: taken as one", name)
        quantity = "1"
    return draft.add_item_of_total(
        name,
        gross,
        quantity,
        gross - total,
        product_id=int(line.get("product_id") or 0) or None,
        variant=int(line.get("variation_id") or 0) or None,
        metadata=_kept_of_item(draft, line),
    )


def _kept_of_item(draft: Draft, line: Json) -> dict[str, str]:
    metadata = {"sku": str(line["sku"])} if line.get("sku") else {}
    for each in line.get("meta_data") or ():
        key, value = str(each.get("key") or ""), each.get("value")
        if value in (None, ""):
            continue
        if key.startswith("_") or not isinstance(value, str | int):
            draft.remark_unplaced("a line item's meta_data", f"{key}: {value}")
        else:
            draft.keep_metadata_in(metadata, key, value, "a line item's meta_data")
    return metadata


def _taxes(draft: Draft, order: Json, is_included: bool) -> None:
    total = _rounded(draft, _exact(order.get("total_tax")))
    taxes = [
        (
            str(line.get("label") or line.get("rate_code") or "Tax"),
            _rate(line.get("rate_percent")),
            _rounded(draft, _exact(line.get("tax_total")) + _exact(line.get("shipping_tax_total"))),
        )
        for line in order.get("tax_lines") or ()
    ]
    if sum(amount for _, _, amount in taxes) != total:
        taxes = [("Tax", None, total)]
    for name, rate, amount in taxes:
        draft.add_charge("tax", unescape(name), amount, rate=rate, included=is_included)


def _rate(percent: Any) -> str | None:
    if percent in (None, ""):
        return None
    try:
        rate = f"{Decimal(str(percent)) / 100:.10f}".rstrip("0").rstrip(".")
    except ArithmeticError:
        return None
    return None if rate.startswith("-") else rate


def _gift_cards(draft: Draft, order: Json, total: int) -> None:
    cards = [card for card in order.get("gift_cards") or () if isinstance(card, dict)]
    worth = sum(minor(card.get("amount"), draft.unit.digits, "gift_cards.amount") for card in cards)
    if not worth:
        return
    codes = ", ".join(str(card["code"]) for card in cards if card.get("code"))
    if draft.total == total:
        draft.remark("gift cards that the total does not take off: named alone", codes)
        return
    draft.discount += worth
    draft.codes += [str(card["code"]) for card in cards if card.get("code")]
    draft.remark(
        "gift cards: a discount, since the total is what is left after them", f"{codes} {draft.decimal(worth)}"
    )


def _round_off(draft: Draft, order: Json, total: int) -> None:
    """Puts the difference of the total from the sum of the lines into the draft. WooCommerce rounds each line by
    itself, so up to one unit for each line is a fee or a discount; a larger difference stays, and is explained."""
    rest = total - draft.total
    lines = sum(len(order.get(f"{kind}_lines") or ()) for kind in ("fee", "shipping", "tax"))
    lines += len(order.get("line_items") or ())
    if rest and abs(rest) <= lines:
        draft.remark("a total that its lines come to when they are not rounded: the difference is a fee, or a discount",
                     draft.decimal(rest))  # fmt: skip
        draft.add_charge("fee", "Rounding", rest)
    elif rest:
        draft.why = f"its lines, shipping, fees and taxes come to {draft.decimal(draft.total)}"


# --- payments and refunds ---


def _refunds(order: Json, beside: Sequence[Json]) -> list[Json]:
    """The order's refunds, each once and with all its known fields, in the order of their ids."""
    by_id: dict[int, Json] = {}
    for refund in (*(order.get("refunds") or ()), *beside):
        identity = int(refund.get("id") or 0)
        by_id[identity] = by_id.get(identity, {}) | refund
    return [by_id[identity] for identity in sorted(by_id)]


def _money(
    draft: Draft, order: Json, costs: _Costs, *, refunds: Sequence[Json], status: str, created_at: datetime
) -> Amounts:
    draft.status = status
    paid_at, completed_at = _moment(order, "date_paid"), _moment(order, "date_completed")
    paid = 0
    if paid_at is None and (status in _PAID or refunds):
        paid_at = completed_at or created_at
        draft.remark("a payment without a date: taken as of the order's completion, or its creation")
    payment = None
    provider = str(order.get("payment_method") or "")
    if paid_at is not None:
        paid = costs.total
        reference = str(order.get("transaction_id") or draft.reference)
        payment = draft.add_payment(paid_at, paid, provider, reference, str(order.get("payment_method_title") or ""))
    modified_at = _moment(order, "date_modified") or completed_at or paid_at or created_at
    refunded = sum(
        _refund(draft, refund, costs, payment=payment, provider=provider, modified_at=modified_at) for refund in refunds
    )
    final = STATUSES.get(status)
    if final is None:
        final = "processing" if paid_at else "new"
        draft.remark(f"the status {shown(status)}: not known, taken as {final}", status)
    if final == "deleted" and paid > refunded:
        final = "cancelled"
        draft.remark("an order in the trash that was paid: taken as cancelled")
    ended_at = completed_at if final == "completed" else modified_at
    draft.set_status(final, paid_at=paid_at, ended_at=ended_at)
    return Amounts(costs.total, paid, refunded)


def _refund(
    draft: Draft, refund: Json, costs: _Costs, *, payment: Json | None, provider: str, modified_at: datetime
) -> int:
    given = refund.get("amount")
    amount = abs(minor(given if given is not None else refund.get("total"), draft.unit.digits, "refunds.total"))
    at = _moment(refund, "date_created")
    if at is None:
        draft.remark("a refund without a date: taken as of the order's last change", draft.decimal(amount))
    lines = _refund_lines(draft, refund, costs)
    reason = str(refund.get("reason") or "")
    identity = str(refund.get("id") or "")
    draft.add_refund(at or modified_at, amount, provider, identity, payment=payment, reason=reason, lines=lines)
    return amount


def _refund_lines(draft: Draft, refund: Json, costs: _Costs) -> list[Json]:
    lines: list[Json] = []
    for line in refund.get("line_items") or ():
        amount = -_with_tax(draft, line, costs.is_included)
        number = costs.numbers.get(_refunded_item(line))
        if number and amount > 0:
            quantity = abs(int(Decimal(str(line.get("quantity") or 0))))
            lines.append({"item": number, "amount": amount} | ({"quantity": quantity} if quantity else {}))
        elif amount:
            lines.append({"item": 0, "amount": -1})  # an item that we do not have: the lines will not add up
    shipping = -sum(_with_tax(draft, line, costs.is_included) for line in refund.get("shipping_lines") or ())
    if shipping:
        lines.append({"shipping": shipping})
    every = [line for kind in ("line_items", "shipping_lines", "fee_lines") for line in refund.get(kind) or ()]
    taxes = (minor(line.get("total_tax"), draft.unit.digits, "total_tax") for line in every)
    tax = 0 if costs.is_included else -sum(taxes)
    return lines + draft.tax_refunded(tax)


def _refunded_item(line: Json) -> str:
    for each in line.get("meta_data") or ():
        if each.get("key") == "_refunded_item_id":
            return str(each.get("value"))
    return ""


def _rest(draft: Draft, order: Json) -> None:
    """Puts the fields that are left into the draft: notes, methods and metadata, and a remark about each field without
    a place."""
    if note := order.get("customer_note"):
        draft.line["notes"] = str(note)
    if title := order.get("payment_method_title") or order.get("payment_method"):
        draft.line["payment_method"] = {"name": unescape(str(title))}
    if parent := order.get("parent_id"):
        draft.keep_metadata("parent_id", parent)
    draft.keep_metadata("created_via", order.get("created_via") or "")
    for each in order.get("meta_data") or ():
        key, value = str(each.get("key") or ""), each.get("value")
        if key.startswith("_") or not isinstance(value, str | int):
            draft.remark_unplaced("meta_data that begin with _ or are no plain texts", f"{key}: {value}")
        else:
            draft.keep_metadata(key, value)
    for field, value in order.items():
        if field not in _PLACED and value not in _NOTHING:
            draft.remark_unplaced(f"the field {field}", value)
