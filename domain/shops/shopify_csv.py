"""Reads Shopify's orders export: a row for each line item, the order's own fields on its first row.

The reader infers facts that the files do not state. Taxes are within the prices or on top of them, whichever makes the
total. A refund has the last time that is known. Several means of payment are one payment. Ids are never guessed: an id
that a spreadsheet has shortened refuses its order.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise, product
from typing import Final, NamedTuple

from domain.settlement.lines import shown
from domain.shops.draft import Address, Draft
from domain.shops.found import Amounts, ExportedOrder, Unreadable, UnreadableOrder
from domain.shops.shopify import PAID, SYSTEM, provider_of, rate_in, status_of, statuses
from domain.shops.tables import TAKEN_ONCE, Form, Row, Rows, Source, content_of, orders
from domain.shops.values import minor, scaled, unquoted, whole_id

TAXES: Final = tuple((f"Tax {i} Name", f"Tax {i} Value") for i in range(1, 6))
# The columns without a field of their own, and their keys in the order's metadata.
KEPT: Final = {
    "Tags": "tags",
    "Note Attributes": "note_attributes",
    "Source": "source",
    "Risk Level": "risk_level",
    "Employee": "employee",
    "Location": "location",
    "Device ID": "device_id",
    "Receipt Number": "receipt_number",
    "Payment ID": "payment_id",
    "Payment Terms Name": "payment_terms",
    "Next Payment Due At": "next_payment_due_at",
    "Accepts Marketing": "accepts_marketing",
    "Cancel Reason": "cancel_reason",
}
KEPT_OF_ITEMS: Final = {"Lineitem sku": "sku", "Lineitem compare at price": "compare_at_price", "Vendor": "vendor"}
_OF_ADDRESSES: Final = (
    *("Name", "Street", "Address1", "Address2", "Company", "City", "Zip", "Province", "Province Name", "Country"),
    "Phone",
)
READ: Final = frozenset(
    (
        *("Name", "Email", "Phone", "Financial Status", "Paid at", "Fulfillment Status", "Fulfilled at", "Currency"),
        *("Subtotal", "Shipping", "Taxes", "Total", "Discount Code", "Discount Amount", "Shipping Method"),
        *("Created at", "Processed At", "Cancelled at", "Lineitem quantity", "Lineitem name", "Lineitem price"),
        *("Lineitem discount", "Notes", "Payment Method", "Payment Reference", "Payment References"),
        *("Refunded Amount", "Outstanding Balance", "Id", "Duties"),
        *(f"{which} {name}" for which in ("Billing", "Shipping") for name in _OF_ADDRESSES),
        *(name for pair in TAXES for name in pair),
    )
)


_OTHERWISE: Final = {
    "canceled at": "Cancelled at",
    "lineitem compare-at price": "Lineitem compare at price",
    "payment reference (deprecated)": "Payment Reference",
    "payment terms": "Payment Terms Name",
}
FORM: Final = Form(
    "Name",
    required=("Name", "Lineitem quantity", "Lineitem price"),
    spelled={name.casefold(): name for name in (*READ, *KEPT, *KEPT_OF_ITEMS)} | _OTHERWISE,
)


def read(
    sources: Sequence[Source], prefix: str = "", on_bytes: Callable[[int], None] = lambda _: None
) -> Iterator[ExportedOrder | UnreadableOrder]:
    """The orders of the files. Raises Malformed, before the first order."""
    return map(_Reader(prefix), orders(sources, FORM, on_bytes))


class _Sums(NamedTuple):
    """The reading by which the order's total comes out, in minor units: the discount, whether taxes are on top of the
    prices, and the duties on top."""

    discount: int
    is_taxed_on_top: bool
    duties: int


class _Reader:
    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._unknown: dict[int, tuple[str, ...]] = {}

    def __call__(self, found: Rows) -> ExportedOrder | UnreadableOrder:
        first = next((row for row in found.rows if row["Total"] or row["Currency"]), found.rows[0])
        place = f"{found.file}, row {first.number}"
        try:
            if not found.order:
                raise Unreadable("Name: it is empty, so nobody can tell which order this is of")
            return self._order(found, first, place)
        except Unreadable as fault:
            return UnreadableOrder(found.order, place, str(fault))

    def _order(self, found: Rows, first: Row, place: str) -> ExportedOrder:
        if not first["Currency"]:
            raise Unreadable("Currency: it is empty in all rows of this order; its first row is missing")
        draft = Draft(
            SYSTEM,
            unquoted(found.order),
            place,
            identity=whole_id(first["Id"], "Id"),
            currency=first["Currency"],
            prefix=self._prefix,
        )
        created_at = draft.moment(first["Created at"] or first["Processed At"], "Created at")
        if created_at is None:
            raise Unreadable("Created at: it is empty")
        if found.copies:
            draft.remark(TAKEN_ONCE)
        _set_customer(draft, first)
        _costs(draft, found.rows, first)
        stated = _money(draft, first, created_at)
        self._rest(draft, found, first)
        return draft.finish(created_at, stated)

    def _rest(self, draft: Draft, found: Rows, first: Row) -> None:
        """Puts the fields that are left into the draft: notes, methods and metadata, and a remark about each column
        without a place."""
        if notes := first["Notes"]:
            draft.line["notes"] = notes
        if method := first["Shipping Method"]:
            draft.line["shipping_method"] = {"name": method}
        if method := first["Payment Method"]:
            draft.line["payment_method"] = {"name": method}
        for column, value in first.filled(KEPT):
            draft.keep_metadata(KEPT[column], value)
        unknown = self._unknown.get(id(found.columns))
        if unknown is None:
            known = READ | KEPT.keys() | KEPT_OF_ITEMS.keys()
            unknown = tuple(dict.fromkeys(name for name in found.columns if name and name not in known))
            self._unknown[id(found.columns)] = unknown
        for row in found.rows:
            for column, value in row.filled(unknown):
                draft.remark_unplaced(f"the column {column}", value)


def _set_customer(draft: Draft, row: Row) -> None:
    first, last = _names(row["Billing Name"] or row["Shipping Name"])
    draft.set_customer(row["Email"], first, last, unquoted(row["Phone"] or row["Billing Phone"]))
    for which in ("Billing", "Shipping"):
        first, last = _names(row[f"{which} Name"])
        street = (row[f"{which} Address1"] or row[f"{which} Street"], row[f"{which} Address2"])
        given = Address(
            first,
            last,
            row[f"{which} Company"],
            tuple(filter(None, street)),
            row[f"{which} City"],
            unquoted(row[f"{which} Zip"]),
            *_named_and_coded(row[f"{which} Province Name"], row[f"{which} Province"]),
            *_named_and_coded("", row[f"{which} Country"]),
            unquoted(row[f"{which} Phone"]),
        )
        if any(given):
            draft.set_address(which.lower(), given)


def _named_and_coded(name: str, code: str) -> tuple[str, str]:
    """The name and the code of a place. A text in the column of codes is a name where it is too long for a code."""
    return (name, code) if len(code) <= 3 else (name or code, "")


def _names(full: str) -> tuple[str, str]:
    first, _, last = full.rpartition(" ")
    return first, last


def _costs(draft: Draft, rows: Sequence[Row], first: Row) -> None:
    """Puts items, discount, shipping, taxes and duties into the draft."""
    digits = draft.unit.digits
    stated = _stated_amounts(draft, first)
    lines = _lines_once(draft, rows, stated)
    off_items = sum(line.discount for line in lines)
    sums = _sums(draft, stated, sum(line.gross for line in lines), off_items)
    takes_off_items = off_items <= sums.discount
    for line in lines:
        _add(draft, line, line.discount if takes_off_items else 0)
    draft.discount += sums.discount - (off_items if takes_off_items else 0)
    if code := first["Discount Code"]:
        draft.codes.append(code)
    draft.shipping = stated.shipping
    named = [(first[name], minor(first[value], digits, value)) for name, value in TAXES if first[value]]
    if sum(amount for _, amount in named) != stated.taxes:
        named = [("Taxes", stated.taxes)]
    for name, amount in named:
        draft.add_charge("tax", name, amount, included=not sums.is_taxed_on_top, rate=rate_in(name))
    draft.add_charge("duty", "Duties", stated.duties, included=not sums.duties)


class _StatedAmounts(NamedTuple):
    """The amounts on the order's own row, in minor units; total and subtotal are None where they are empty."""

    total: int | None
    subtotal: int | None
    discount: int
    shipping: int
    taxes: int
    duties: int


def _stated_amounts(draft: Draft, first: Row) -> _StatedAmounts:
    total, subtotal, discount, *others = (
        minor(first[column], draft.unit.digits, column) if first[column] else None
        for column in ("Total", "Subtotal", "Discount Amount", "Shipping", "Taxes", "Duties")
    )
    shipping, taxes, duties = (amount or 0 for amount in others)
    return _StatedAmounts(total, subtotal, abs(discount or 0), shipping, taxes, duties)


class _Line(NamedTuple):
    row: Row
    gross: int
    discount: int


def _lines_once(draft: Draft, rows: Sequence[Row], stated: _StatedAmounts) -> list[_Line]:
    """The lines of an order, once. Several rows have the order's own fields where every row has them, or where the
    files have the order several times. In the latter case all its lines together do not come to its total.

    Raises Unreadable where the copies of the order differ.
    """
    lines = _lines(draft, rows)
    goods, off_items = sum(line.gross for line in lines), sum(line.discount for line in lines)
    begins = [i for i, row in enumerate(rows) if row["Total"]][1:]
    if not begins or _reading(stated, goods, _discounts(stated, off_items)) is not None:
        return lines
    times = [rows[begin:end] for begin, end in pairwise((0, *begins, len(rows)))]
    if len({content_of(time) for time in times}) > 1:
        places = ", ".join(str(time[0].number) for time in times)
        raise Unreadable(f"it stands in the files {len(times)} times (rows {places}), and says different things")
    draft.remark(TAKEN_ONCE)
    return _lines(draft, times[0])


def _lines(draft: Draft, rows: Sequence[Row]) -> list[_Line]:
    return [_line(draft, row) for row in rows if row["Lineitem name"] or row["Lineitem price"]]


def _line(draft: Draft, row: Row) -> _Line:
    where = f"row {row.number}, "
    price, is_rounded = scaled(row["Lineitem price"] or "0", draft.unit.digits, f"{where}Lineitem price")
    quantity = row["Lineitem quantity"] or "1"
    if is_rounded:
        draft.remark("a price with more digits than its currency has: rounded", row["Lineitem price"])
    if not quantity.isdecimal():
        raise Unreadable(f"{where}Lineitem quantity: {shown(quantity)} is not a whole number")
    discount = minor(row["Lineitem discount"], draft.unit.digits, f"{where}Lineitem discount")
    if int(quantity) == 0:
        draft.remark("an item of which none is left: left out", row["Lineitem name"])
    return _Line(row, price * int(quantity), abs(discount))


def _add(draft: Draft, line: _Line, discount: int) -> None:
    row = line.row
    quantity = int(row["Lineitem quantity"] or "1")
    if quantity == 0:
        return
    name = row["Lineitem name"]
    if name == "Tip" and not row["Lineitem sku"] and row["Lineitem requires shipping"] == "false" and not discount:
        draft.add_charge("tip", name, line.gross)
        return
    metadata: dict[str, str] = {}
    for column, value in row.filled(KEPT_OF_ITEMS):
        draft.keep_metadata_in(metadata, KEPT_OF_ITEMS[column], value, column)
    draft.add_item(name, line.gross // quantity, quantity, discount, metadata=metadata)


def _discounts(stated: _StatedAmounts, off_items: int) -> list[int]:
    """The discounts that may be right: the order's discount, with and without that of its lines."""
    return [stated.discount, stated.discount + off_items]


def _reading(stated: _StatedAmounts, goods: int, discounts: Iterable[int]) -> tuple[int, int, int] | None:
    """The discount, duties and taxes by which the total comes out, the plainest reading first; None where no reading
    comes to the total."""
    for way in product(dict.fromkeys(discounts), dict.fromkeys((stated.duties, 0)), dict.fromkeys((0, stated.taxes))):
        taken, duty, tax = way
        if goods - taken + stated.shipping + duty + tax == stated.total:
            return way
    return None


def _sums(draft: Draft, stated: _StatedAmounts, goods: int, off_items: int) -> _Sums:
    """The reading of discounts, taxes and duties by which the total comes out."""
    if stated.total is None:
        return _Sums(stated.discount, True, stated.duties)
    discounts = _discounts(stated, off_items)
    if stated.subtotal is not None:
        discounts.append(max(0, goods - stated.subtotal))
    if found := _reading(stated, goods, discounts):
        taken, duty, tax = found
        if taken != stated.discount:
            draft.remark(
                "a discount that is not the Discount Amount: what the total says was taken off",
                f"{draft.decimal(taken)}, not {draft.decimal(stated.discount)}",
            )
        return _Sums(taken, tax != 0 or not stated.taxes, duty)
    discount, shipping = draft.decimal(stated.discount), draft.decimal(stated.shipping)
    parts = f"lines {draft.decimal(goods)}, discount {discount}, shipping {shipping}"
    draft.why = (
        f"the file's own {parts}, taxes {draft.decimal(stated.taxes)} do not come to its total, taxes added or not"
    )
    return _Sums(stated.discount, True, stated.duties)


def _money(draft: Draft, row: Row, created_at: datetime) -> Amounts:
    """Puts payments, refunds and the status into the draft. Returns the source's amounts."""
    digits = draft.unit.digits
    financial, fulfillment = statuses(draft, row, "Financial Status", "Fulfillment Status")
    total = minor(row["Total"], digits, "Total") if row["Total"] else None
    refunded = minor(row["Refunded Amount"], digits, "Refunded Amount")
    paid = _paid(draft, row, financial, total if total is not None else draft.total)
    paid_at, cancelled_at, fulfilled_at = (
        draft.moment(row[column], column) for column in ("Paid at", "Cancelled at", "Fulfilled at")
    )
    method = row["Payment Method"]
    is_several = " + " in method
    if is_several and paid:
        draft.remark("several means of payment: one payment, since how much came by which is not in the file", method)
    provider = SYSTEM if is_several else provider_of(method)
    reference = unquoted(row["Payment Reference"])
    if not reference or " + " in reference:
        reference = draft.reference
    if paid and not paid_at:
        draft.remark("a payment without a date: taken as of the order's creation", draft.decimal(paid))
    payment = draft.add_payment(paid_at, paid, provider, reference, method)
    if refunded:
        last = max(filter(None, (created_at, paid_at, fulfilled_at, cancelled_at)))
        draft.remark("a refund without a date: taken as of the last time that the order has", draft.decimal(refunded))
        of = payment["reference"] if payment else draft.reference
        draft.add_refund(last, refunded, provider, f"{of}-refund", payment=payment)
    elif financial == "refunded" and not row["Refunded Amount"]:
        draft.remark("refunded, but the file does not say how much")
    ended_at = cancelled_at or fulfilled_at
    draft.set_status(
        status_of(financial, fulfillment, is_cancelled=cancelled_at is not None),
        paid_at=paid_at or (created_at if paid else None),
        shipped_at=fulfilled_at or (created_at if fulfillment == "fulfilled" else None),
        ended_at=ended_at,
        reason=row["Cancel Reason"],
    )
    return Amounts(total, paid, refunded)


def _paid(draft: Draft, row: Row, financial: str, total: int) -> int:
    """The sum that was received, by the financial status and the balance."""
    balance = minor(row["Outstanding Balance"], draft.unit.digits, "Outstanding Balance")
    if financial == "paid":
        return total - balance
    if financial in PAID:
        return total
    if financial == "partially_paid":
        if not row["Outstanding Balance"]:
            draft.remark("partially paid, but the file does not say how much: taken as nothing")
            return 0
        return max(0, total - balance)
    return 0
