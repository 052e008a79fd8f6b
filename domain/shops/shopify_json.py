"""Reads Shopify's orders as JSON: REST's pages, with transactions and refunds, and GraphQL's bulk JSON Lines.

Transactions and refunds in files or pages of their own, as REST gives them, are read first and kept by their orders.
Amounts are in the shop's own currency.
"""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, product
from typing import Any, Final, NamedTuple

from domain.settlement.lines import shown
from domain.shops.draft import Address, Draft
from domain.shops.found import Amounts, ExportedOrder, Unreadable, UnreadableOrder
from domain.shops.json_objects import Beside, Json, JsonObject, objects, unknown_object
from domain.shops.shopify import PAID, SYSTEM, status_of, statuses, word
from domain.shops.shopify_graphql import LINE_BYTES_MAX, Bulk, kind_of, placed, restful
from domain.shops.tables import Source
from domain.shops.values import minor, moment, scaled, whole_id, words
from domain.strict_json import INTEGER_DIGITS_MAX

PAGES: Final = frozenset({"orders", "transactions", "refunds", "draft_orders"})
# The objects that REST gives beside the orders.
BESIDE: Final = frozenset({"transaction", "refund"})
READ: Final = words(
    """
    id name email contact_email phone created_at processed_at cancelled_at closed_at currency presentment_currency
    total_price total_price_set total_tax total_tax_set taxes_included total_discounts total_discounts_set
    total_shipping_price_set total_outstanding total_tip_received total_tip_received_set original_total_duties_set
    original_total_additional_fees_set line_items shipping_lines tax_lines discount_codes discount_code refunds
    transactions financial_status fulfillment_status fulfillments customer billing_address shipping_address note test
    gateway payment_gateway_names cancel_reason total_received_set total_refunded_set total_outstanding_set
    total_cash_rounding_payment_adjustment_set total_cash_rounding_refund_adjustment_set total_cash_rounding_adjustment
    """
)
# Fields that follow from others, or repeat others.
DERIVED: Final = words(
    """
    admin_graphql_api_id number order_number legacy_resource_id updated_at subtotal_price subtotal_price_set
    total_line_items_price total_line_items_price_set total_price_usd discount_applications discount_allocations
    current_subtotal_price current_subtotal_price_set current_total_additional_fees_set current_total_discounts
    current_total_discounts_set current_total_duties_set current_total_price current_total_price_set current_total_tax
    current_total_tax_set currency_code original_total_price_set net_payment_set discount_codes
    cart_discount_amount_set current_shipping_price_set current_cart_discount_amount_set subtotal_line_items_quantity
    payment_details processing_method fully_paid unpaid refundable capturable closed confirmed duties_included token
    cart_token checkout_token checkout_id others
    """
)
KEPT: Final = {
    "tags": "tags",
    "source_name": "source",
    "source_identifier": "source_identifier",
    "po_number": "po_number",
    "referring_site": "referring_site",
    "landing_site": "landing_site",
    "location_id": "location_id",
    "user_id": "user_id",
    "device_id": "device_id",
    "app_id": "app_id",
    "confirmation_number": "confirmation_number",
    "customer_locale": "customer_locale",
    "reference": "reference",
}
_PLACED: Final = READ | DERIVED | KEPT.keys() | {"note_attributes"}
READ_OF_ITEMS: Final = words(
    """
    id name title variant_title price price_set quantity current_quantity discount_allocations total_discount
    total_discount_set tax_lines duties product_id variant_id product variant sku vendor properties note_attributes
    gift_card tip admin_graphql_api_id fulfillable_quantity original_total_set discounted_total_set
    discounted_unit_price_set discounted_unit_price_after_all_discounts_set pre_tax_price pre_tax_price_set price_usd
    refundable_quantity unfulfilled_quantity non_fulfillable_quantity
    """
)
_NOTHING: Final[tuple[Any, ...]] = (None, "", [], {}, False)
# Every order has one of these fields, also an order whose id the query did not ask for.
_OF_GRAPHQL: Final = words("lineItems totalPriceSet currentTotalPriceSet")
_OF_ORDERS: Final = words("line_items total_price") | _OF_GRAPHQL


def read(
    sources: Sequence[Source], prefix: str = "", on_bytes: Callable[[int], None] = lambda _: None
) -> Iterator[ExportedOrder | UnreadableOrder]:
    """The orders of the files. Raises Malformed."""
    beside = Beside(BESIDE, lambda thing: str(thing.get("order_id") or ""))
    with_orders = beside.read(sources, _kind, PAGES)
    reader = _Reader(prefix, beside)
    for source in with_orders:
        yield from reader.read(source, on_bytes)
    yield from beside.left()


def _kind(value: Json, under: str) -> str:
    names = value.keys()
    gid = value.get("id")
    named = kind_of(gid) if isinstance(gid, str) else ""
    if "draft_order" in under or named == "DraftOrder" or names & {"invoice_sent_at", "invoiceSentAt"}:
        kind = "draft order"
    elif "__parentId" in names:
        kind = "part"
    elif names & {"tracking_number", "tracking_company", "payout_id"}:
        kind = "fulfillment or payout"
    elif named == "Order" or names & _OF_ORDERS or (gid is not None and under in ("orders", "order")):
        kind = "order"
    elif "refund_line_items" in names or (under.startswith("refund") and "order_id" in names):
        kind = "refund"
    else:
        kind = "transaction" if {"kind", "amount"} <= names else ""
    return kind


class _Reader:
    def __init__(self, prefix: str, beside: Beside) -> None:
        self._prefix = prefix
        self._beside = beside

    def read(self, source: Source, on_bytes: Callable[[int], None]) -> Iterator[ExportedOrder | UnreadableOrder]:
        there = objects(source, _kind, PAGES, on_bytes)
        bulk = _bulk(source)
        if bulk is not None:
            yield from self._of_bulk(source, there, bulk)
            return
        for thing in there:
            yield self._one(source, thing, []) if thing.kind == "order" else _refused(source, thing)

    def _of_bulk(
        self, source: Source, there: Iterator[JsonObject], bulk: Bulk
    ) -> Iterator[ExportedOrder | UnreadableOrder]:
        """The orders of a bulk operation, each when the next one begins."""
        order: JsonObject | None = None
        parts: list[Json] = []
        for thing in there:
            if thing.kind == "part":
                here = str(order.of["id"]) if order is not None else ""
                belongs_to = bulk.order_of(str(thing.of["__parentId"]), here)
                if here and belongs_to == here:
                    parts.append(thing.of)
                elif not bulk.has(belongs_to):
                    yield _refused(source, thing)
                continue
            if order is not None:
                yield self._one(source, order, parts)
            order = thing if thing.kind == "order" else None
            parts = list(bulk.apart(str(thing.of["id"])))
            if order is None:
                yield _refused(source, thing)
        if order is not None:
            yield self._one(source, order, parts)

    def _one(self, source: Source, thing: JsonObject, parts: list[Json]) -> ExportedOrder | UnreadableOrder:
        order = thing.of
        place = f"{source.name}, row {thing.line}"
        number = str(order.get("name") or order.get("order_number") or order.get("id") or "")
        try:
            if order.keys() & _OF_GRAPHQL or str(order.get("id")).startswith("gid://"):
                order = restful(placed(order, parts) if parts else order)
            return self._order(order, number, place)
        except Unreadable as fault:
            return UnreadableOrder(number, place, str(fault))
        except (AttributeError, TypeError, KeyError, ValueError) as fault:
            return UnreadableOrder(number, place, f"this is not shaped like an order of Shopify's: {fault}")

    def _order(self, order: Json, number: str, place: str) -> ExportedOrder:
        if not number:
            raise Unreadable("name: neither it nor id is there, so nobody can tell which order this is")
        order_id = whole_id(order.get("id"), "id")
        beside = list(self._beside.take(order_id)) if order_id else []
        for kind in BESIDE:
            of_kind = [thing for found, thing in beside if found == kind]
            if of_kind or order.get(f"{kind}s"):
                order[f"{kind}s"] = _each_once([*(order.get(f"{kind}s") or ()), *of_kind])
        currency = str(order.get("currency") or _currency(order))
        draft = Draft(SYSTEM, number, place, identity=order_id, currency=currency, prefix=self._prefix)
        created_at = draft.moment(order.get("created_at") or order.get("processed_at") or "", "created_at")
        if created_at is None:
            raise Unreadable("created_at: it is empty")
        _set_customer(draft, order)
        numbers, said_total = _costs(draft, order)
        stated = _money(draft, order, numbers, said_total, created_at)
        _rest(draft, order)
        return draft.finish(created_at, stated)


def _each_once(there: Sequence[Json]) -> list[Json]:
    """The objects, each id once: an object may stand in the order, in files beside it, and in pages that overlap."""
    once: dict[str, Json] = {}
    for place, each in enumerate(there):
        identity = str(each.get("id") or f"without one, at {place}")
        once[identity] = once.get(identity, {}) | each
    return list(once.values())


def _bulk(source: Source) -> Bulk | None:
    """The index of a bulk operation's lines; None where the file is none."""
    source.stream.seek(0)
    first = source.stream.readline(LINE_BYTES_MAX).removeprefix(BOM_UTF8)
    is_bulk = first.startswith(b"{") and first.endswith(b"\n") and b"gid://shopify/" in first
    return Bulk(source.stream) if is_bulk else None


def _refused(source: Source, thing: JsonObject) -> UnreadableOrder:
    place = f"{source.name}, row {thing.line}"
    if not thing.kind:
        return UnreadableOrder("", place, unknown_object(thing))
    number = str(thing.of.get("name") or "")
    if thing.kind == "draft order":
        why = "it is not an order yet, and comes with the order that is made of it"
    elif thing.kind == "part":
        why = f"it belongs to {thing.of['__parentId']}, which is not in the file"
    elif thing.kind in BESIDE:
        why = "it stands behind orders; give transactions and refunds in files of their own"
    else:
        why = "it is no order"
    return UnreadableOrder(number, place, f"a {thing.kind}: {why}")


def _currency(order: Json) -> str:
    """The currency of an order from GraphQL, where every amount has it."""
    shop = (order.get("total_price_set") or {}).get("shop_money") or {}
    return str(shop.get("currency_code") or shop.get("currency") or "")


def _amount(draft: Draft, of: Json, *names: str) -> int:
    """The first of these amounts that is there, in the shop's currency; 0 where none is."""
    for name in names:
        shop = (of.get(f"{name}_set") or {}).get("shop_money") or {}
        value = shop.get("amount", of.get(name))
        if value is not None and value != "":
            amount, is_rounded = scaled(value, draft.unit.digits, name)
            if is_rounded:
                draft.remark("an amount with more digits than its currency has: rounded", str(value))
            return amount
    return 0


def _set_customer(draft: Draft, order: Json) -> None:
    customer = order.get("customer") or {}
    billing = order.get("billing_address") or {}
    first = customer.get("first_name") or billing.get("first_name") or ""
    last = customer.get("last_name") or billing.get("last_name") or ""
    email = order.get("email") or order.get("contact_email") or customer.get("email") or ""
    phone = order.get("phone") or customer.get("phone") or ""
    customer_id = int(whole_id(customer.get("id"), "customer.id") or 0)
    if customer_id >= 10**INTEGER_DIGITS_MAX:
        draft.remark_unplaced(f"a customer's id of more than {INTEGER_DIGITS_MAX} digits", customer_id)
        customer_id = 0
    draft.set_customer(email, first, last, phone, customer_id)
    for which in ("billing", "shipping"):
        given = order.get(f"{which}_address") or {}
        text = {name: str(value or "").strip() for name, value in given.items()}
        if any(text.values()):
            address = Address(
                text.get("first_name", ""),
                text.get("last_name", ""),
                text.get("company", ""),
                tuple(filter(None, (text.get("address1"), text.get("address2")))),
                text.get("city", ""),
                text.get("zip", ""),
                text.get("province", ""),
                text.get("province_code", ""),
                text.get("country", ""),
                text.get("country_code", ""),
                text.get("phone", ""),
            )
            draft.set_address(which, address)


# --- costs ---


def _costs(draft: Draft, order: Json) -> tuple[dict[str, int], int | None]:
    """Puts all that the order costs into the draft. Returns our numbers of Shopify's line items, by id, and the
    source's total without the items that edits took out."""
    total = _amount(draft, order, "total_price") if _has(order, "total_price") else None
    edit = _edit(draft, order, total)
    numbers: dict[str, int] = {}
    for line in order.get("line_items") or ():
        number = _item(draft, line, edit.units.get(str(line.get("id")), 0))
        if number:
            numbers[str(line.get("id"))] = number
    _shipping(draft, order)
    off_items = sum(_off(draft, line) for line in order.get("line_items") or ())
    off_shipping = sum(_off(draft, line) for line in order.get("shipping_lines") or () if not line.get("is_removed"))
    for code in order.get("discount_codes") or [order.get("discount_code")]:
        text = code.get("code") if isinstance(code, dict) else code
        if text:
            draft.codes.append(str(text))
    all_off = _amount(draft, order, "total_discounts")
    rest = max(0, all_off - off_items - off_shipping)
    expected = None if total is None else total - edit.worth
    _on_top(draft, order, rest, expected, edit.tax)
    if edit.worth > 0:
        draft.why = f"an edit took {draft.decimal(edit.worth)} out of the order, and gave back no money for it"
        draft.remark(
            "an order that was edited: what was taken out is taken as never ordered", draft.decimal(edit.worth)
        )
    return numbers, expected


def _has(order: Json, name: str) -> bool:
    return order.get(name) not in (None, "") or bool(order.get(f"{name}_set"))


class _Edit(NamedTuple):
    """The items that edits took out of an order: units by line item, the worth of them all, and the taxes within that
    worth."""

    units: Mapping[str, int]
    worth: int = 0
    tax: int = 0


_NO_EDIT: Final = _Edit({})


def _edit(draft: Draft, order: Json, total: int | None) -> _Edit:
    """The edits of an order, read from the refunds of items without money that Shopify makes of edits. Where there are
    none and nothing was refunded, the order's current quantities and current total show the edits. A cancelled order
    keeps its items."""
    if order.get("cancelled_at"):
        return _NO_EDIT
    units: dict[str, int] = {}
    lines = list(_lines_taken_out(draft, order))
    for line in lines:
        item = str(line.get("line_item_id"))
        units[item] = units.get(item, 0) + int(line.get("quantity") or 0)
    if units:
        worth = sum(_worth(draft, order, line) for line in lines)
        return _Edit(units, worth, sum(_amount(draft, line, "total_tax") for line in lines))
    if total is None or not _has(order, "current_total_price") or _is_refunded(draft, order):
        return _NO_EDIT
    for line in order.get("line_items") or ():
        quantity, current = int(line.get("quantity") or 0), line.get("current_quantity")
        if current is not None and int(current) < quantity:
            units[str(line.get("id"))] = quantity - int(current)
    if not units:
        return _NO_EDIT
    tax = _amount(draft, order, "total_tax")
    tax_now = _amount(draft, order, "current_total_tax") if _has(order, "current_total_tax") else tax
    return _Edit(units, total - _amount(draft, order, "current_total_price"), tax - tax_now)


def _is_refunded(draft: Draft, order: Json) -> bool:
    return bool(
        order.get("refunds")
        or _amount(draft, order, "total_refunded")
        or word(order.get("financial_status")) in ("refunded", "partially_refunded")
        or any(word(each.get("kind")) == "refund" for each in order.get("transactions") or ())
    )


def _lines_taken_out(draft: Draft, order: Json) -> Iterator[Json]:
    """The refunded items of edits. Shopify makes a refund of items without money of an edit that takes items out. An
    exchange is a refund of less money than its items are worth, or of none."""
    for refund in order.get("refunds") or ():
        if _has(refund, "total_refunded"):
            moved = (refund["total_refunded_set"].get("shop_money") or {}).get("amount") not in ("0.0", "0.00", "0")
        else:
            moved = "transactions" not in refund or bool(refund["transactions"] or refund.get("order_adjustments"))
        if not moved or _is_exchange(draft, order, refund):
            yield from refund.get("refund_line_items") or ()


def _is_exchange(draft: Draft, order: Json, refund: Json) -> bool:
    """Whether returned items have paid for others: nothing is owed, and less than the total was received."""
    if refund.get("order_adjustments") or "transactions" not in refund or not _has(order, "total_outstanding"):
        return False
    worth = sum(_worth(draft, order, line) for line in refund.get("refund_line_items") or ())
    moved = _moved(draft, refund["transactions"], ("refund",))
    received = _moved(draft, order.get("transactions") or (), ("sale", "capture"))
    owed = _amount(draft, order, "total_outstanding")
    return worth > moved and owed == 0 < received < _amount(draft, order, "total_price")


def _moved(draft: Draft, transactions: Iterable[Json], kinds: tuple[str, ...]) -> int:
    done = (each for each in transactions if word(each.get("status")) == "success")
    return sum(_amount(draft, each, "amount") for each in done if word(each.get("kind")) in kinds)


def _worth(draft: Draft, order: Json, line: Json) -> int:
    tax = 0 if order.get("taxes_included") else _amount(draft, line, "total_tax")
    return _amount(draft, line, "subtotal") + tax


def _off(draft: Draft, line: Json) -> int:
    """The whole discount of a line, its share of the order's discount included."""
    if allocations := line.get("discount_allocations"):
        return sum(_amount(draft, each, "amount") for each in allocations)
    if "discounted_price" in line or "discounted_price_set" in line:
        return max(0, _amount(draft, line, "price") - _amount(draft, line, "discounted_price"))
    return _amount(draft, line, "total_discount")


def _item(draft: Draft, line: Json, gone: int) -> int:
    name = str(line.get("name") or line.get("title") or "")
    quantity = int(line.get("quantity") or 0)
    price, off = _amount(draft, line, "price"), _off(draft, line)
    for field, value in line.items():
        if field not in READ_OF_ITEMS and value not in _NOTHING:
            draft.remark_unplaced(f"a line item's {field}", value)
    if gone and quantity:
        off = off * max(0, quantity - gone) // quantity
        quantity -= gone
    if quantity <= 0:
        draft.remark("an item of which none is left: left out", name)
        return 0
    if line.get("tip") or (name == "Tip" and not line.get("product_id") and not line.get("sku")):
        draft.add_charge("tip", name, price * quantity - off)
        return 0
    metadata = _kept_of_item(draft, line)
    product_id, variant = _number(line, "product_id"), _number(line, "variant_id")
    return draft.add_item(name, price, quantity, off, product_id=product_id, variant=variant, metadata=metadata)


def _number(line: Json, field: str) -> int | None:
    digits = whole_id(line.get(field), field)
    return int(digits) if digits and len(digits) <= INTEGER_DIGITS_MAX else None


def _kept_of_item(draft: Draft, line: Json) -> dict[str, str]:
    metadata = {name: str(line[name]) for name in ("sku", "vendor") if line.get(name)}
    if line.get("gift_card"):
        metadata["gift_card"] = "true"
    for each in line.get("properties") or line.get("note_attributes") or ():
        draft.keep_metadata_in(metadata, str(each.get("name") or ""), each.get("value") or "", "a line item's property")
    return metadata


def _shipping(draft: Draft, order: Json) -> None:
    lines = [line for line in order.get("shipping_lines") or () if not line.get("is_removed")]
    if lines:
        draft.shipping = sum(_amount(draft, line, "price") - _off(draft, line) for line in lines)
        if title := ", ".join(str(line["title"]) for line in lines if line.get("title")):
            draft.line["shipping_method"] = {"name": title}
    elif "shipping_lines" not in order:
        draft.shipping = _amount(draft, order, "total_shipping_price")


def _on_top(draft: Draft, order: Json, rest: int, expected: int | None, tax_gone: int) -> None:
    """Puts the whole order's discounts, taxes, tips, duties and fees into the draft; the source's total shows which of
    them it includes."""
    taxes = _taxes(draft, order, tax_gone)
    tax = sum(taxes.values())
    is_included = bool(order.get("taxes_included"))
    tip = _amount(draft, order, "total_tip_received")
    tip = 0 if any(charge["kind"] == "tip" for charge in draft.charges) else tip
    of_lines = (duty for line in order.get("line_items") or () for duty in line.get("duties") or ())
    duties = _amount(draft, order, "original_total_duties") or sum(
        _amount(draft, duty, "price", "amount") for duty in of_lines
    )
    fees = _amount(draft, order, "original_total_additional_fees")
    bare = draft.total
    chosen = (rest, 0 if is_included else tax, tip, duties, fees)
    ways = product((rest, 0), (chosen[1], tax - chosen[1]), (tip, 0), (duties, 0), (fees, 0))
    for way in dict.fromkeys(ways):
        if expected is not None and bare - way[0] + sum(way[1:]) == expected:
            chosen = way
            break
    else:
        if expected is not None:
            parts = ", ".join(
                f"{name} {draft.decimal(amount)}"
                for name, amount in (("lines and shipping", bare), ("discounts", rest), ("taxes", tax), ("tip", tip),
                                     ("duties", duties), ("fees", fees))
                if amount
            )  # fmt: skip
            draft.why = f"the source's own {parts or 'lines'} do not come to its total"
    draft.discount += chosen[0]
    for (name, rate), amount in taxes.items():
        draft.add_charge("tax", name, amount, rate=rate, included=not chosen[1])
    draft.add_charge("tip", "Tip", chosen[2])
    draft.add_charge("duty", "Duties", duties, included=not chosen[3])
    draft.add_charge("fee", "Additional fees", fees, included=not chosen[4])


def _taxes(draft: Draft, order: Json, gone: int) -> dict[tuple[str, str | None], int]:
    """The taxes by name and rate, without the taxes of items that edits took out."""
    taxes: dict[tuple[str, str | None], int] = {}
    for line in order.get("tax_lines") or ():
        name, rate = str(line.get("title") or "Tax"), _rate(line.get("rate"))
        taxes[name, rate] = taxes.get((name, rate), 0) + _amount(draft, line, "price")
    total = _amount(draft, order, "total_tax") if _has(order, "total_tax") else sum(taxes.values())
    total -= gone
    if sum(taxes.values()) == total:
        return taxes
    if len(taxes) == 1:
        return dict.fromkeys(taxes, total)
    return {("Taxes", None): total} if total else {}


def _rate(rate: Any) -> str | None:
    text = str(rate) if rate is not None else ""
    whole, point, part = text.partition(".")
    if not (whole.isdecimal() and (not point or part.isdecimal())):
        return None
    return f"{whole}.{part[:10]}" if part else whole


# --- payments and refunds ---


def _money(draft: Draft, order: Json, numbers: Mapping[str, int], total: int | None, created_at: datetime) -> Amounts:
    financial, fulfillment = statuses(draft, order, "financial_status", "fulfillment_status")
    moves = _Moves(draft, order)
    received = moves.receive(financial, draft.total if total is None else total, created_at)
    refunded = moves.refund(numbers) + moves.refund_besides(financial)
    cancelled_at, closed_at = (moment(order.get(name) or "", name) for name in ("cancelled_at", "closed_at"))
    shipped = [moment(each.get("created_at") or "", "created_at") for each in order.get("fulfillments") or ()
               if isinstance(each, dict) and word(each.get("status")) in ("success", "")]  # fmt: skip
    shipped_at = max(filter(None, shipped), default=None)
    is_fulfilled = fulfillment == "fulfilled"
    draft.set_status(
        status_of(financial, fulfillment, is_cancelled=cancelled_at is not None),
        paid_at=moves.paid_at,
        shipped_at=(shipped_at or closed_at or moves.paid_at or created_at) if is_fulfilled else None,
        ended_at=cancelled_at or closed_at or shipped_at,
        reason=str(order.get("cancel_reason") or ""),
    )
    return Amounts(
        total,
        _amount(draft, order, "total_received") if _has(order, "total_received") else received,
        _amount(draft, order, "total_refunded") if _has(order, "total_refunded") else refunded,
    )


class _Moves:
    """The transactions of an order, each once: an order may repeat the transactions of its refunds."""

    def __init__(self, draft: Draft, order: Json) -> None:
        self._draft = draft
        self._order = order
        self._payments: dict[str, Json | None] = {}
        self._parents: dict[str, str] = {}
        self.paid_at: datetime | None = None
        self._received = self._refunded = 0
        of_refunds = [each for refund in order.get("refunds") or () for each in refund.get("transactions") or ()]
        all_of_it = {str(each.get("id")): each for each in chain(of_refunds, order.get("transactions") or ())}
        self._all = list(all_of_it.values())
        self._shop, self._presentment = (self._totals(which) for which in ("shop_money", "presentment_money"))

    def _totals(self, which: str) -> int:
        money = (self._order.get("total_price_set") or {}).get(which) or {}
        return minor(money.get("amount"), self._draft.unit.digits, "total_price_set")

    def _amount(self, transaction: Json) -> int:
        """A transaction's amount in the shop's currency. An amount in the customer's currency alone is converted by the
        rate of the order's totals."""
        draft = self._draft
        amount = _amount(draft, transaction, "amount")
        currency = transaction.get("currency")
        if "amount_set" in transaction or not currency or currency == draft.unit.currency:
            return amount
        if self._presentment and currency == self._order.get("presentment_currency"):
            draft.remark(
                "money in the customer's currency: by the rate of the order's own totals",
                f"{transaction.get('amount')} {currency}",
            )
            return (2 * amount * self._shop + self._presentment) // (2 * self._presentment)
        draft.remark(
            "money in another currency than its order, without a rate: taken as of the order's",
            f"{transaction.get('amount')} {currency}",
        )
        return amount

    def receive(self, financial: str, total: int, created_at: datetime) -> int:
        """Puts the payments into the draft. Returns the sum that was received."""
        received = 0
        for each in self._all:
            identity, kind, status = str(each.get("id")), word(each.get("kind")), word(each.get("status"))
            if each.get("parent_id"):
                self._parents[identity] = str(each["parent_id"])
            if status in ("failure", "error"):
                self._draft.remark("a payment or refund that failed: no money moved", f"{kind} {each.get('amount')}")
            elif kind in ("sale", "capture"):
                if status != "success":
                    self._draft.remark(f"a {kind} that is {status}: no money yet", str(each.get("amount")))
                    continue
                amount, at = self._amount(each), _at(each)
                received += amount
                self._payments[identity] = self._draft.add_payment(
                    at, amount, str(each.get("gateway") or ""), identity, _method(each)
                )
                self.paid_at = min(filter(None, (self.paid_at, at)), default=None)
            elif kind == "change":
                self._draft.remark("change that was given: not taken as money of the order", str(each.get("amount")))
            elif kind not in ("authorization", "emv_authorization", "void", "refund"):
                self._draft.remark(f"a transaction of the kind {shown(kind)}: not known, taken as no money", identity)
        # A paid order may have no transactions either: the query of the export did not ask for them.
        if not self._order.get("transactions") and not received:
            received = self._derived(financial, total, created_at)
        self._received = received
        return received

    def _derived(self, financial: str, total: int, created_at: datetime) -> int:
        """Puts a payment into the draft by the financial status, for an order without transactions. Returns the sum
        that was received."""
        draft, order = self._draft, self._order
        if _has(order, "total_received"):
            received = _amount(draft, order, "total_received")
        elif financial in PAID:
            received = total
        elif financial == "partially_paid" and _has(order, "total_outstanding"):
            received = max(0, total - _amount(draft, order, "total_outstanding"))
        else:
            if financial == "partially_paid":
                draft.remark("partially paid, but without transactions: taken as nothing")
            return 0
        if received:
            names = order.get("payment_gateway_names") or [order.get("gateway") or ""]
            at = moment(order.get("processed_at") or "", "processed_at") or created_at
            draft.remark("a payment without its transaction: by the financial status, when the order was placed")
            payment = draft.add_payment(
                at, received, names[0] if len(names) == 1 else SYSTEM, draft.reference, " + ".join(names)
            )
            self._payments[""] = payment
            self.paid_at = at
        return received

    def refund(self, numbers: Mapping[str, int]) -> int:
        """Puts the refunds into the draft, with their lines where Shopify states them. Returns the sum that was
        refunded."""
        by_refund = {
            str(each.get("id")): refund
            for refund in self._order.get("refunds") or ()
            for each in refund.get("transactions") or ()
        }
        refunded = 0
        for each in self._all:
            status = word(each.get("status"))
            if word(each.get("kind")) != "refund" or status in ("failure", "error"):
                continue
            if status != "success":
                self._draft.remark(f"a refund that is {status}: no money yet", str(each.get("amount")))
                continue
            amount = self._amount(each)
            refunded += amount
            identity = str(each.get("id"))
            refund = by_refund.get(identity)
            alone = refund is not None and len(refund["transactions"]) == 1
            gateway = str(each.get("gateway") or "")
            payment = self._payments.get(self._parents.get(identity, ""))
            lines = self._lines(refund, numbers) if refund is not None and alone else ()
            reason = str((refund or {}).get("note") or "")
            self._draft.add_refund(_at(each), amount, gateway, identity, payment=payment, reason=reason, lines=lines)
        self._refunded = refunded
        return refunded

    def refund_besides(self, financial: str) -> int:
        """Puts a refund into the draft for the amount that the order or its financial status states beyond the
        transactions, where these are not there. Returns that amount."""
        draft, order = self._draft, self._order
        rest = _amount(draft, order, "total_refunded") - self._refunded
        if financial == "refunded" and not self._all and not _has(order, "total_refunded"):
            rest = self._received
        elif financial == "partially_refunded" and not self._refunded and rest <= 0:
            draft.remark("partially refunded, but without its refunds: taken as nothing")
        if order.get("transactions") or rest <= 0:
            return 0
        dates = (moment(refund.get("created_at") or "", "created_at") for refund in order.get("refunds") or ())
        at = max(filter(None, (*dates, self.paid_at)), default=None)
        draft.remark("a refund without its transaction: taken as of the order's last refund", draft.decimal(rest))
        payment = self._payments.get("")
        provider = payment["provider"] if payment else SYSTEM
        draft.add_refund(at, rest, provider, f"{draft.reference}-refund", payment=payment)
        return rest

    def _lines(self, refund: Json, numbers: Mapping[str, int]) -> list[Json]:
        """The lines of a refund: items, their taxes, shipping."""
        draft, lines, tax = self._draft, [], 0
        for each in refund.get("refund_line_items") or ():
            number = numbers.get(str(each.get("line_item_id")))
            amount = _amount(draft, each, "subtotal")
            tax += _amount(draft, each, "total_tax")
            if number and amount:
                line = {"item": number, "amount": amount}
                if quantity := int(each.get("quantity") or 0):
                    restock = word(each.get("restock_type")) in ("return", "cancel", "legacy_restock")
                    line |= {"quantity": quantity, "restock": restock}
                lines.append(line)
            elif amount:
                lines.append({"item": 0, "amount": -1})  # an item that we do not have: the lines will not add up
        shipping = sum(_amount(draft, each, "subtotal_amount") for each in refund.get("refund_shipping_lines") or ())
        tax += sum(_amount(draft, each, "tax_amount") for each in refund.get("refund_shipping_lines") or ())
        if not shipping:
            # An amount that was given back and taken back again is there with both signs.
            of_shipping = [each for each in refund.get("order_adjustments") or ()
                           if word(each.get("kind")) == "shipping_refund"]  # fmt: skip
            shipping = abs(sum(_amount(draft, each, "amount") for each in of_shipping))
            tax += abs(sum(_amount(draft, each, "tax_amount") for each in of_shipping))
        if shipping:
            lines.append({"shipping": shipping})
        return lines + draft.tax_refunded(tax)


def _at(transaction: Json) -> datetime | None:
    told = (moment(transaction.get(name) or "", name) for name in ("processed_at", "created_at"))
    return next(filter(None, told), None)


def _method(transaction: Json) -> str:
    details = transaction.get("payment_details") or {}
    company = details.get("credit_card_company") or details.get("company") if isinstance(details, dict) else ""
    return str(company or transaction.get("gateway_name") or transaction.get("gateway") or "")


def _rest(draft: Draft, order: Json) -> None:
    """Puts the fields that are left into the draft: notes, methods and metadata, and a remark about each field without
    a place."""
    if note := order.get("note"):
        draft.line["notes"] = str(note)
    names = order.get("payment_gateway_names") or [order.get("gateway")]
    if method := " + ".join(str(name) for name in names if name):
        draft.line["payment_method"] = {"name": method}
    if order.get("test"):
        draft.keep_metadata("test", "true")
        draft.remark("a test order: taken like any other, with `test` in its metadata")
    _keep_cash_rounding(draft, order)
    for field, key in KEPT.items():
        if order.get(field) not in _NOTHING and not isinstance(order[field], dict | list):
            draft.keep_metadata(key, order[field])
    for each in order.get("note_attributes") or ():
        draft.keep_metadata(str(each.get("name") or "note_attribute"), each.get("value") or "")
    for field, value in order.items():
        if field not in _PLACED and value not in _NOTHING:
            draft.remark_unplaced(f"the field {field}", value)


def _keep_cash_rounding(draft: Draft, order: Json) -> None:
    """Keeps as metadata the amount by which cash was rounded, where small coins are not in use. Neither the totals nor
    the payments include it."""
    of_graphql = order.get("total_cash_rounding_adjustment") or {}
    for which in ("payment", "refund"):
        rounded = _amount(draft, order, f"total_cash_rounding_{which}_adjustment") or _amount(draft, of_graphql, which)
        if rounded:
            draft.keep_metadata(f"cash_rounding_{which}", draft.decimal(rounded))
            draft.remark("cash that was rounded: by how much is in metadata, and in no amount", draft.decimal(rounded))
