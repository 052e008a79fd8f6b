"""What should an order come to? The contract's rules as dictionaries of decimals, without events.

Imports nothing of the program, so that the two can be compared.
"""

from decimal import Decimal
from typing import Any

UNITS = {"JPY": Decimal(1), "USD": Decimal("0.01"), "KWD": Decimal("0.001")}
NEXT = {
    "new": "hold processing failed cancelled deleted",
    "hold": "new processing failed cancelled deleted",
    "processing": "hold shipped completed failed cancelled refunded",
    "shipped": "completed failed refunded",
    "completed": "refunded",
    "failed": "new hold processing cancelled deleted",
    "cancelled": "refunded deleted",
    "refunded": "",
    "deleted": "",
}
Plain = dict[str, Any]


def plain_order(currency: str, lines: list[Plain], shipping: Decimal, voucher: Decimal | None) -> Plain:
    return {
        "currency": currency,
        "status": "new",
        "notes": None,
        "lines": dict(enumerate(lines, 1)),
        "lines_ever": len(lines),
        "shipping": shipping,
        "voucher": voucher,
        "charges": [],  # (amount, whether prices include it)
        "payments": {},  # the payment's reference -> its amount
        "refunds": [],  # (amount, the payment's reference)
        "credited": Decimal(0),
        "version": 1 + len(lines) + (voucher is not None),
    }


def totals(order: Plain) -> Plain:
    """The amounts in the contract's table "One order, two contracts", and the amounts derived from them."""
    lines = order["lines"].values()
    items = sum((line["unit_price"] * line["quantity"] for line in lines), Decimal(0))
    on_items = sum((line["discount_amount"] for line in lines), Decimal(0))
    off = on_items + (order["voucher"] or 0)
    shipping = order["shipping"] + sum((line["shipping"] for line in lines), Decimal(0))
    paid = sum(order["payments"].values(), Decimal(0)) - sum((amount for amount, _ in order["refunds"]), Decimal(0))
    on_top = sum((amount for amount, is_included in order["charges"] if not is_included), Decimal(0))
    total = items - off + shipping + on_top
    return {
        "items_subtotal": items,
        "items_discount": on_items,
        "subtotal": items - on_items,
        "total_discount": off,
        "shipping_cost": shipping,
        "total": total,
        "amount_paid": paid,
        "amount_outstanding": max(Decimal(0), total - order["credited"] - paid),
        "is_paid": paid + order["credited"] >= total,
        "is_payable": paid + order["credited"] < total and order["status"] not in ("cancelled", "refunded", "deleted"),
        "quantity": sum(line["quantity"] for line in lines),
        **({"charges_total": on_top} if order["charges"] else {}),
    }


def covers_discount(line: Plain) -> bool:
    """Whether a line's amount, shipping included, is at least its discount."""
    return line["discount_amount"] <= line["unit_price"] * line["quantity"] + line["shipping"]


def is_below_nothing(order: Plain) -> bool:
    """Whether a total of either contract is negative."""
    return min(totals(order)["total"], totals(order)["subtotal"]) < 0


def beyond_overpaid(order: Plain, refund: Decimal) -> Decimal:
    """The part of a refund above the amount that was overpaid."""
    sums = totals(order)
    return max(Decimal(0), refund - max(Decimal(0), sums["amount_paid"] + order["credited"] - sums["total"]))


def storefront_status(order: Plain) -> str:
    shown = {"cancelled": "cancelled", "refunded": "cancelled", "completed": "delivered"}
    return shown.get(order["status"]) or ("paid" if totals(order)["is_paid"] else "awaiting_payment")


def closed_to(order: Plain, what: str) -> str | None:
    """The code of the refusal to change the order in its status, or None.

    `what` is 'items' or another part of the order.
    """
    allowed = ("new", "hold") if what == "items" else set(NEXT) - {"refunded", "deleted"}
    return None if order["status"] in allowed else "order-not-changeable"


def may_become(order: Plain, status: str) -> bool:
    if status in ("deleted", "refunded") and totals(order)["amount_paid"]:
        return False
    return status in NEXT[order["status"]].split()


def refusal_to_pay(order: Plain, amount: Decimal, *, force: bool) -> str | None:
    """The code of the refusal of a payment, or None."""
    sums = totals(order)
    if amount == 0:
        return "invalid-field"
    if not sums["is_payable"] and not force:
        return "order-not-payable"
    return "payment-exceeds-outstanding" if amount > sums["amount_outstanding"] and not force else None


def refusal_to_refund(order: Plain, amount: Decimal, of: str | None) -> str | None:
    """The code of the refusal of a refund, or None. `of` is the reference of the payment that the refund names."""
    left = totals(order)["amount_paid"]
    if amount == 0:
        return "invalid-field"
    if of is not None:
        if of not in order["payments"]:
            return "payment-not-found"
        left = min(left, order["payments"][of] - sum(back for back, payment in order["refunds"] if payment == of))
    return "refund-exceeds-received" if amount > left else None
