"""The money of an order: the kinds of movements, the effect of each on the order's sums, and the amount that is left.

docs/money.md has the table for users.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple, TypeAlias

from domain.aggregate import ValueObject
from domain.money import minor_units
from domain.order import events as e

Kind: TypeAlias = Literal[
    "payment", "refund", "payment_failure", "refund_failure", "chargeback", "chargeback_reversal", "void"
]


class Movement(ValueObject, frozen=True, kw_only=True):
    """Money that came, went, or went back again; or a payment that is void. The amount is positive in every kind.

    `of` is the reference of the movement that this one is about. `payment` is the reference of the payment at the end
    of that chain. Both are None where they are unknown. `credited` is the amount that this movement takes from the
    order's debt; where it is negative, the amount that it adds again.
    """

    kind: Kind
    amount: int
    provider: str
    reference: str
    at: datetime
    of: str | None = None
    payment: str | None = None
    method: str | None = None
    reason: str | None = None
    forced: bool = False
    owed_again: bool = False
    number: int = 1
    credited: int = 0
    lines: tuple[e.RefundedLine, ...] = ()

    @property
    def signed(self) -> int:
        """The amount with the sign of its effect on the paid sum."""
        return self.amount * EFFECTS[self.kind].sign


class Effect(NamedTuple):
    """A kind's effect: its `sign` in the paid sum, and which of the two sums it belongs to (`sums`).

    `about` is the kind of movement that it takes back. `at` names the field of its event for its time, `of` the field
    for the other movement's reference.
    """

    event: type[e.Moved]
    sign: int
    sums: Literal["received", "refunded"]
    at: str
    about: Kind | None = None
    of: str = ""


EFFECTS: Final[Mapping[Kind, Effect]] = {
    "payment": Effect(e.PaymentReceived, 1, "received", "received_at"),
    "refund": Effect(e.PaymentRefunded, -1, "refunded", "refunded_at", "payment", "payment_reference"),
    "payment_failure": Effect(e.PaymentFailed, -1, "received", "failed_at", "payment", "payment_reference"),
    "refund_failure": Effect(e.RefundFailed, 1, "refunded", "failed_at", "refund", "refund_reference"),
    "chargeback": Effect(e.PaymentChargedBack, -1, "refunded", "charged_back_at", "payment", "payment_reference"),
    "chargeback_reversal": Effect(
        e.ChargebackReversed, 1, "refunded", "reversed_at", "chargeback", "chargeback_reference"
    ),
    "void": Effect(e.PaymentVoided, -1, "received", "occurred_at", "payment", "reference"),
}
KIND_OF: Final[Mapping[type[e.Moved], Kind]] = {effect.event: kind for kind, effect in EFFECTS.items()}
# The kinds that lower the order's debt, and those that raise it again.
_CREDITING: Final = frozenset({"refund", "chargeback"})
_DEBITING: Final = frozenset({"refund_failure", "chargeback_reversal"})


def original_time(kind: Kind, provider: str, of: str | None, before: Iterable[Movement], default: datetime) -> datetime:
    """The time of the movement that one of this kind takes back: of the named one, or of the earliest. The default
    where there is none. A payment that is void is left out: nothing takes it back."""
    about = EFFECTS[kind].about
    times: dict[tuple[str, str], datetime] = {}
    for each in before:
        if each.kind == about:
            times[each.provider, each.reference] = each.at
        elif about == "payment" and each.kind == "void":
            times.pop((each.provider, each.reference), None)
    return min(times.values(), default=default) if of is None else times.get((provider, of), default)


def movement_of(event: e.Moved, before: Sequence[Movement], overpaid: Callable[[], int]) -> Movement:
    """The movement of an event. `before` is the order's earlier movements; `overpaid` returns the amount overpaid
    before the event."""
    kind = KIND_OF[type(event)]
    effect, amount = EFFECTS[kind], minor_units(event.amount)
    of = getattr(event, effect.of) if effect.about else None
    owed_again = getattr(event, "owed_again", False)
    credited = 0
    if kind in _CREDITING and not owed_again:
        credited = max(0, amount - overpaid())
    elif kind in _DEBITING:
        credited = -min(amount, _credited_by(before, kind, event.provider, of))
    return Movement(
        kind=kind,
        amount=amount,
        provider=event.provider,
        reference=event.reference,
        at=getattr(event, effect.at),
        of=of,
        payment=_payment(event, kind, of, before),
        method=getattr(event, "method", None),
        reason=getattr(event, "reason", None),
        forced=getattr(event, "forced", False),
        owed_again=owed_again,
        number=getattr(event, "number", 1),
        credited=credited,
        lines=getattr(event, "lines", ()),
    )


def _payment(event: e.Moved, kind: Kind, of: str | None, before: Sequence[Movement]) -> str | None:
    """The reference of the payment that a movement is about, directly or through a refund or chargeback."""
    about = EFFECTS[kind].about
    if about is None:
        return event.reference
    if about == "payment" or of is None:
        return of
    named = find_movement(before, about, event.provider, of)
    return named.payment if named else None


def find_movement(movements: Iterable[Movement], kind: Kind, provider: str, reference: str) -> Movement | None:
    """The movement of a kind with this reference; None where there is none, or where it is a void payment."""
    found = None
    for each in movements:
        if (each.reference, each.provider) == (reference, provider):
            if each.kind == kind:
                found = each
            elif kind == "payment" and each.kind == "void":
                found = None
    return found


def received_and_refunded(movements: Iterable[Movement]) -> tuple[int, int]:
    """The payments that came in and stayed, and the amount of them that went back to customers. Their difference is the
    paid sum."""
    sums = {"received": 0, "refunded": 0}
    for each in movements:
        sums[EFFECTS[each.kind].sums] += each.signed
    return sums["received"], -sums["refunded"]


def amount_left(movements: Iterable[Movement], kind: Kind, provider: str, of: str | None) -> int:
    """The amount that a new movement of this kind can still take back: of all movements that it could be about, and of
    the named one."""
    about = EFFECTS[kind].about
    of_all = of_named = 0
    for each in movements:
        if about == "payment":
            share, named = each.signed, each.payment
        elif each.kind == about:
            share, named = each.amount, each.reference
        elif each.kind == kind:
            share, named = -each.amount, each.of
        else:
            continue
        of_all += share
        if (named, each.provider) == (of, provider):
            of_named += share
    return max(0, of_all if of is None else min(of_all, of_named))


def _credited_by(movements: Iterable[Movement], kind: Kind, provider: str, of: str | None) -> int:
    """The amount that the movements of the kind that this one takes back have credited, and that nothing has given back
    yet."""
    about = EFFECTS[kind].about
    of_all = of_named = 0
    for each in movements:
        if each.kind in (about, kind):
            of_all += each.credited
            if (each.reference if each.kind == about else each.of, each.provider) == (of, provider):
                of_named += each.credited
    return max(0, of_all if of is None else min(of_all, of_named))


def credited_by_chargebacks(movements: Iterable[Movement]) -> int:
    """The amount by which chargebacks, less their reversals, lowered the order's debt."""
    return sum(each.credited for each in movements if each.kind in ("chargeback", "chargeback_reversal"))


def lines_given_back(movements: Sequence[Movement]) -> Iterator[e.RefundedLine]:
    """The lines of all refunds except those that have failed as a whole."""
    failed: dict[tuple[str, str | None], int] = {}
    for each in movements:
        if each.kind == "refund_failure":
            failed[each.provider, each.of] = failed.get((each.provider, each.of), 0) + each.amount
    for each in movements:
        if each.kind == "refund" and failed.get((each.provider, each.reference), 0) < each.amount:
            yield from each.lines
