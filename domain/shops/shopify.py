"""The common parts of Shopify's exports: the system's name, the statuses, and the spelling of words.

docs/importing.md explains the table of statuses to users.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from domain.settlement.lines import shown
from domain.shops.draft import Draft
from domain.shops.values import words

SYSTEM: Final = "shopify"
# The financial statuses; an order in one of PAID was paid whole, whatever was refunded later.
FINANCIAL: Final = words(
    """
    pending authorized partially_paid paid partially_refunded refunded voided expired
    """
)
PAID: Final = frozenset({"paid", "partially_refunded", "refunded"})
# The fulfillment statuses; some exports have words of their own for unfulfilled.
FULFILLMENT: Final = words(
    """
    unfulfilled pending open scheduled request_declined fulfilled partial partially_fulfilled restocked in_progress
    pending_fulfillment on_hold null
    """
)
_BEGUN: Final = frozenset({"partial", "partially_fulfilled", "in_progress", "pending_fulfillment"})
_ENDED: Final = {"voided": "cancelled", "refunded": "refunded", "expired": "failed"}
_PERCENT: Final = re.compile(r"([0-9]{1,3}(?:[.,][0-9]{1,8})?) ?%")


def word(text: str | None) -> str:
    """A status in REST's spelling: 'PARTIALLY_PAID' and 'Partially paid' are 'partially_paid'."""
    return (text or "").strip().lower().replace(" ", "_")


def statuses(draft: Draft, order: Mapping[str, Any], financial: str, fulfillment: str) -> tuple[str, str]:
    """An order's financial and fulfillment status, by the fields with these names. Unknown ones are remarked."""
    paid, sent = word(order.get(financial)), word(order.get(fulfillment))
    draft.status = f"{paid or '-'} / {sent or '-'}"
    if paid and paid not in FINANCIAL:
        draft.remark(f"the {financial} {shown(paid)}: not known, taken as pending", paid)
    if sent and sent not in FULFILLMENT:
        draft.remark(f"the {fulfillment} {shown(sent)}: not known, taken as unfulfilled", sent)
    return paid, sent


def status_of(financial: str, fulfillment: str, *, is_cancelled: bool) -> str:
    """Our status for an order with this financial status and this fulfillment status."""
    if is_cancelled:
        return "cancelled"
    if financial in _ENDED:
        return _ENDED[financial]
    if fulfillment == "fulfilled":
        return "completed" if financial in PAID else "shipped"
    if fulfillment == "on_hold":
        return "hold"
    is_begun = fulfillment in _BEGUN or financial in PAID or financial == "partially_paid"
    return "processing" if is_begun else "new"


def rate_in(name: str) -> str | None:
    """The rate that a tax's name states: 0.21 for 'VAT 21%'; None where it states none."""
    found = _PERCENT.search(name)
    if not found:
        return None
    whole, _, part = found[1].replace(",", ".").partition(".")
    digits = whole.zfill(3)
    return f"{int(digits[:-2])}.{digits[-2:]}{part}".rstrip("0").rstrip(".")


def provider_of(name: str) -> str:
    """A payment's provider in REST's spelling: 'Shopify Payments' is shopify_payments."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
