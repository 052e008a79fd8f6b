"""How are events described to people? A phrase for each shape of event."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from domain.access import events as access
from domain.aggregate import Event
from domain.counted import counted
from domain.moments import instant
from domain.order import events as e
from domain.order.movements import EFFECTS, KIND_OF
from domain.period.events import PeriodClosed
from domain.reconciliation import events as reconciliation

CHARGES_TOLD_MAX: Final = 3
REFUND_LINES_TOLD_MAX: Final = 3


def summary(event: Event, currency: str, *, is_sealed: bool = False) -> str:
    """An order's event in words; `currency` is the order's. Sealed data are left out for every reader."""
    if is_sealed and isinstance(event, e.NotesChanged):
        return "notes changed"  # the same words before and after an erasure
    return _WORDS[type(event)](event, currency)


def key_summary(event: Event) -> str:
    """An access key's event in words."""
    return _KEY_WORDS[type(event)](event)


def reconciliation_summary(event: Event) -> str:
    """A reconciliation's event in words."""
    return _RECONCILIATION_WORDS[type(event)](event)


def period_summary(event: PeriodClosed) -> str:
    """The closing of a period in words."""
    late = f", {event.late} of them late" if event.late else ""
    return (
        f"{event.month} of {event.provider} closed with {counted(event.movements, 'movement')}{late},"
        f" looking at the log to position {event.position}"
    )


def _created(event: e.OrderCreated, currency: str) -> str:
    whose = "a guest" if event.customer_id is None else f"customer {event.customer_id}"
    return f"order {event.id} created for {whose}, in {currency}"


def _item_added(event: e.ItemAdded, currency: str) -> str:
    name = (event.product.name or f"product {event.product.id}") if event.product else "a line without a product"
    return f"item {event.item} added: {event.quantity} × {name} at {event.unit_price} {currency}"


def _charges_changed(event: e.ChargesChanged, currency: str) -> str:
    told = [_charge(charge, currency) for charge in event.charges[:CHARGES_TOLD_MAX]]
    more = [f"{len(event.charges) - len(told)} more"] if len(event.charges) > len(told) else []
    return f"charges changed to {', '.join(told + more) or 'none'}"


def _external_ids_changed(event: e.ExternalIdsChanged, _: str) -> str:
    told = [f"{system} {external_id}" for system, external_id in (event.given | event.given_again).items()]
    return f"external ids changed: {', '.join(told + [f'no {system}' for system in event.removed])}"


def _charge(charge: e.Charge, currency: str) -> str:
    name = charge.name or charge.kind.replace("_", " ")
    return f"{name} {charge.amount} {currency}" + (" (included)" if charge.included else "")


def _moved(event: e.Moved, currency: str) -> str:
    """A movement in words: `refund of 10.00 USD by stripe, reference re_9, of payment pi_123, owed again`."""
    kind = KIND_OF[type(event)]
    effect = EFFECTS[kind]
    of = getattr(event, effect.of) if effect.about and kind != "void" else None
    by = "received by" if kind == "payment" else "by"
    told = f"{kind.replace('_', ' ')} of {event.amount} {currency} {by} {event.provider}, reference {event.reference}"
    told += "" if of is None else f", of {effect.about} {of}"
    if isinstance(event, e.PaymentRefunded) and event.lines:
        parts = [_refunded_line(line) for line in event.lines[:REFUND_LINES_TOLD_MAX]]
        more = [f"{len(event.lines) - len(parts)} more"] if len(event.lines) > len(parts) else []
        told += f", for {' and '.join(parts + more)}"
    marks = [mark for mark in ("owed_again", "forced") if getattr(event, mark, False)]
    return ", ".join([told, *(mark.replace("_", " ") for mark in marks)])


def _erased(event: e.PersonalErased, _: str) -> str:
    restricted = f"{_both(event.restricted)} data kept, but shown no longer" if event.restricted else ""
    return _erased_for(event.erased, event.basis, event.reference, restricted)


def _erased_for(erased: tuple[str, ...], basis: str, reference: str | None, restricted: str = "") -> str:
    parts = [f"{_both(erased)} data erased"] if erased else []
    told = "; ".join(parts + ([restricted] if restricted else []))
    return f"{told} ({basis}{f', reference {reference}' if reference else ''})"


def _because(reason: str | None) -> str:
    """A reason in words; empty where the reason is sealed or erased."""
    return f": {reason}" if reason else ""


def _both(parts: tuple[str, ...]) -> str:
    return " and ".join(parts)


def _refunded_line(line: e.RefundedLine) -> str:
    if line.shipping is not None:
        return "shipping"
    if line.charge is not None:
        return f"charge {line.charge}"
    return f"item {line.item}" if line.quantity is None else f"{line.quantity} of item {line.item}"


def _named(method: e.Method | None) -> str:
    return "none" if method is None else method.name or f"number {method.id}"


_WORDS: Final[dict[type[Event], Callable[[Any, str], str]]] = {
    e.OrderCreated: _created,
    e.ItemAdded: _item_added,
    e.ItemQuantityChanged: lambda event, _: f"quantity of item {event.item} changed to {event.quantity}",
    e.ItemChanged: lambda event, currency: (
        f"item {event.item} changed: {event.quantity} × {event.unit_price} {currency},"
        f" shipping {event.shipping}, discount {event.discount_amount}"
    ),
    e.ItemRemoved: lambda event, _: f"item {event.item} removed",
    e.VoucherApplied: lambda event, currency: (
        f"voucher {event.code or 'without a code'} applied, {event.discount_amount} {currency} off"
    ),
    e.VoucherRemoved: lambda _, __: "voucher removed",
    e.ChargesChanged: _charges_changed,
    e.CustomerChanged: lambda event, _: f"given to customer {event.customer_id}",
    e.ExternalIdsChanged: _external_ids_changed,
    e.MetadataChanged: lambda _, __: "metadata changed",
    e.BillingChanged: lambda _, __: "billing details changed",
    e.RecipientChanged: lambda _, __: "recipient or shipping address changed",
    e.NotesChanged: lambda event, _: "notes changed" if event.personal.notes else "notes emptied",
    e.PaymentMethodChanged: lambda event, _: f"payment method changed to {_named(event.payment_method)}",
    e.ShippingChanged: lambda event, currency: (
        f"shipping changed to {_named(event.shipping_method)}, {event.shipping_cost} {currency}"
    ),
    e.StatusChanged: lambda event, _: f"status changed to {event.status}" + _because(event.reason),
    **dict.fromkeys(KIND_OF, _moved),
    e.PaymentVoided: lambda event, currency: _moved(event, currency) + _because(event.reason),
    e.PersonalErased: _erased,
}
_RECONCILIATION_WORDS: Final[dict[type[Event], Callable[[Any], str]]] = {
    reconciliation.ReconciliationStarted: lambda event: (
        f"reconciliation of {event.file} by {event.provider} started, looking at the log to position {event.position}"
    ),
    reconciliation.MatchesSuggested: lambda event: f"{_counts(event.outcomes)}; {event.open} open",
    reconciliation.MatchConfirmed: lambda event: f"match {event.result} confirmed; {event.open} open",
    reconciliation.MatchBroken: lambda event: f"match {event.result} broken{_because(event.reason)}; {event.open} open",
    reconciliation.DifferenceExplained: lambda event: (
        f"{event.outcome.replace('_', ' ')} {event.result} explained{_because(event.reason)}; {event.open} open"
    ),
    reconciliation.MatchedByHand: lambda event: (
        f"rows {_listed(event.lines)} matched by hand to positions {_listed(event.entries)}"
        + (f", {event.difference} {event.currency} apart" if event.difference else "")
        + f"{_because(event.reason)}; {event.open} open"
    ),
    reconciliation.DecisionUndone: lambda event: f"decision on {event.result} undone; {event.open} open",
    reconciliation.ReconciliationRunAgain: lambda event: (
        f"run again, to position {event.position}: {_counts(event.outcomes)}; {event.open} open"
    ),
    reconciliation.ReconciliationClosed: lambda _: "reconciliation closed",
    reconciliation.ReconciliationWithdrawn: lambda event: f"reconciliation withdrawn{_because(event.reason)}",
    reconciliation.PersonalErased: lambda event: _erased_for(event.erased, event.basis, event.reference),
}


_KEY_WORDS: Final[dict[type[Event], Callable[[Any], str]]] = {
    access.KeyMade: lambda event: (
        f"access key {event.name} made for "
        + (" ".join(event.scopes) if event.customer_id is None else f"customer {event.customer_id}")
        + (", before keys were recorded" if event.adopted else "")
    ),
    access.KeyScoped: lambda event: f"access key {event.name} scoped to {' '.join(event.scopes)}",
    access.KeyLimited: lambda event: (
        f"access key {event.name} in force "
        + (f"until {instant(event.expires_at)}" if event.expires_at else "without end")
        + (f", from browsers at {' '.join(event.origins)} alone" if event.origins else "")
    ),
    access.KeyRotated: lambda event: (
        f"access key {event.name} rotated; secrets before it run out by {instant(event.kept_until)}"
    ),
    access.KeyRevoked: lambda event: f"access key {event.name} revoked",
}


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))


def _counts(outcomes: dict[str, int]) -> str:
    return ", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in outcomes.items()) or "nothing found"
