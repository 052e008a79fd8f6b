"""What was a refund for? Its lines, checked against the order's items, charges and shipping and against earlier
refunds. Pure."""

from collections.abc import Iterator, Sequence
from functools import partial

from domain.faults import collect
from domain.money import Amount, decimal_text, minor_units, readable
from domain.order import events as e
from domain.order.commands import RefundLine
from domain.order.movements import lines_given_back
from domain.order.state import Item, Order
from domain.refusals import InvalidField, RefundExceedsSold


def refunded_lines(order: Order, lines: Sequence[RefundLine], amount: Amount) -> tuple[e.RefundedLine, ...]:
    """The lines as they are recorded. Raises InvalidField where a line is not of the order, or where their sum is not
    the refund's amount."""
    made = tuple(collect(*(partial(_line, order, line, f"lines[{i}].") for i, line in enumerate(lines))))
    total = sum(map(_amount, made))
    try:
        refund = amount.minor(order.unit, "amount")
    except InvalidField:  # the caller reports the fault of `amount` itself
        return made
    if made and total != refund:
        what = f"come to {readable(total, order.unit)}, and the refund is of {readable(refund, order.unit)}"
        raise InvalidField("lines", f"they {what}; both must be the same")
    return made


def must_be_sold(order: Order, made: Sequence[e.RefundedLine]) -> None:
    """Raises RefundExceedsSold where the refunds give back more of an item, a charge or the shipping than the order
    has."""
    before = list(lines_given_back(order.payments))
    for item in dict.fromkeys(line.item for line in made if line.item is not None):
        _must_be_sold(order, item, [line for line in (*before, *made) if line.item == item])
    for place in dict.fromkeys(line.charge for line in made if line.charge is not None):
        there = minor_units(order.charges[place].amount)
        _must_be_within(order, f"charge {place}", [one for one in (*before, *made) if one.charge == place], there)
    if shipped := [line for line in made if line.shipping is not None]:
        of_order = [line for line in before if line.shipping is not None]
        _must_be_within(order, "shipping", [*of_order, *shipped], order.totals.shipping)


def _line(order: Order, line: RefundLine, path: str) -> e.RefundedLine:
    if sum(what is not None for what in (line.item, line.charge, line.shipping)) != 1:
        raise InvalidField(path.rstrip("."), "needs one of item, charge and shipping, and not two of them")
    minor, *_ = collect(
        lambda: _given_back(order, line, path),
        lambda: _must_be_of_an_item(line, path),
        lambda: _must_be_there(order, line, path),
    )
    text = decimal_text(minor, order.digits)
    if line.shipping is not None:
        return e.RefundedLine(shipping=text)
    return e.RefundedLine(line.item, line.charge, text, line.quantity, line.restock)


def _given_back(order: Order, line: RefundLine, path: str) -> int:
    """The amount that a line gives back, in minor units. Raises InvalidField."""
    name = "amount" if line.shipping is None else "shipping"
    given: Amount | None = getattr(line, name)
    if given is None:
        raise InvalidField(f"{path}{name}", "is missing")
    if line.shipping is not None and line.amount is not None:
        raise InvalidField(f"{path}amount", "the shipping is the amount; leave this out")
    minor = given.minor(order.unit, f"{path}{name}")
    if minor <= 0:
        raise InvalidField(f"{path}{name}", "must be more than nothing")
    return minor


def _must_be_of_an_item(line: RefundLine, path: str) -> None:
    """Raises InvalidField where a line for something other than an item has a quantity or restocks, or where a line
    restocks without a quantity."""
    if line.item is None and (line.quantity is not None or line.restock):
        raise InvalidField(f"{path}{'restock' if line.quantity is None else 'quantity'}", "only an item has this")
    if line.restock and line.quantity is None:
        raise InvalidField(f"{path}quantity", "is missing: how many go back into stock?")


def _must_be_there(order: Order, line: RefundLine, path: str) -> None:
    if line.item is not None and not any(item.id == line.item for item in order.items):
        raise InvalidField(f"{path}item", f"the order has no item {line.item}")
    if line.charge is not None and not 0 <= line.charge < len(order.charges):
        raise InvalidField(f"{path}charge", f"the order has no charge {line.charge}; the first is 0")


def _amount(line: e.RefundedLine) -> int:
    return minor_units(line.shipping or line.amount or "0")


def _must_be_sold(order: Order, number: int, lines: Sequence[e.RefundedLine]) -> None:
    item = next(item for item in order.items if item.id == number)
    units = sum(line.quantity or 0 for line in lines)
    if units > item.quantity:
        raise RefundExceedsSold(f"Of item {number} {item.quantity} were sold; {units} would have been refunded.")
    _must_be_within(order, f"item {number}", lines, sum(_worth(order, item)))


def _worth(order: Order, item: Item) -> Iterator[int]:
    """The amounts that make an item's worth: the item with its shipping, and each charge on top for it."""
    yield item.unit_price * item.quantity - item.discount + item.shipping
    for charge in order.charges:
        if charge.item == item.id and not charge.included:
            yield minor_units(charge.amount)


def _must_be_within(order: Order, what: str, lines: Sequence[e.RefundedLine], there: int) -> None:
    total = sum(map(_amount, lines))
    if total > there:
        come_to = f"{readable(total, order.unit)} would have been refunded"
        raise RefundExceedsSold(f"The order has {readable(there, order.unit)} of {what}; {come_to}.")
