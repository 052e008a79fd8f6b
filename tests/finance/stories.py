"""Random orders with money coming and going, always the same for a seed, and the documents of these orders."""

from contextlib import suppress
from random import Random
from typing import Any

import msgspec

from domain.order import commands as c
from domain.order.state import Order
from domain.refusals import Refusal
from projections.orders import list as orders
from tests.finance.conftest import Desk

CURRENCIES = ("USD", "JPY", "KWD", "CLF")
PROVIDERS = ("stripe", "paypal", "Stripe", "pay pal", "پرداخت", "=1+1", 'a"b\\c')
STATUSES = ("hold", "new", "processing", "shipped", "completed", "failed", "cancelled", "refunded", "deleted")
# From docs/money.md: the sign of each kind of movement in the paid amount.
SIGNS = {
    "payment": 1,
    "refund": -1,
    "payment_failure": -1,
    "refund_failure": 1,
    "chargeback": -1,
    "chargeback_reversal": 1,
    "void": -1,
}
DAYS = (None, None, "2026-02-28T23:59:59.999999Z", "2026-03-01T00:00:00Z", "2024-12-31T20:30:00+03:30")


def tell(desk: Desk, seed: int, steps: int) -> None:
    """Gives so many random commands to a few orders. The ledger refuses some of them."""
    random = Random(seed)
    known: list[Order] = []
    for _ in range(steps):
        with suppress(Refusal):
            if len(known) < 3 or random.random() < 0.15:
                known.append(desk.place(**_new(random)))
            else:
                i = random.randrange(max(0, len(known) - 5), len(known))
                known[i] = _one_more(desk, random, known[i])


def _new(random: Random) -> dict[str, Any]:
    items = [
        {
            "unit_price": str(random.randint(20, 90)),
            "quantity": random.randint(1, 3),
            "shipping": str(random.randint(0, 3)),
            "discount_amount": str(random.randint(0, 5)),
        }
        for _ in range(random.randint(0, 3))
    ]
    voucher = {"discount_amount": "2"} if items and random.random() < 0.3 else None
    cost = str(random.randint(0, 9))
    kinds = ("tax", "tip", "duty", "fee", "gift_wrap")
    charges = [
        {"kind": random.choice(kinds), "amount": str(random.randint(0, 9)), "included": random.random() < 0.3}
        for _ in range(random.randint(0, 2))
    ]
    order = {"currency": random.choice(CURRENCIES), "items": items, "voucher": voucher, "shipping_cost": cost}
    return order | {"charges": charges}


def _one_more(desk: Desk, random: Random, order: Order) -> Order:
    what, amount = random.random(), str(random.randint(1, 60))
    if what < 0.5:
        provider, at = random.choice(PROVIDERS), random.choice(DAYS)
        method, force = random.choice((None, "card", "boleto")), random.random() < 0.3
        return desk.pay(order, amount, provider=provider, method=method, received_at=at, force=force)
    if what < 0.7 and order.payments:
        named = random.choice(order.payments)
        reference = random.choice((None, named.reference))
        return desk.refund(order, amount, provider=named.provider, payment_reference=reference)
    if what < 0.78 and order.payments:
        return _taken_back(desk, random, order, amount)
    if what < 0.85:
        return desk.give(order, c.AddItem, unit_price=amount, quantity=2, discount_amount="1")
    if what < 0.9:
        tax = {"kind": "tax", "amount": amount}
        return desk.give(order, c.ChangeOrder, voucher={"discount_amount": "3"}, shipping_cost=amount, charges=[tax])
    return desk.move(order, random.choice(STATUSES))


def _taken_back(desk: Desk, random: Random, order: Order, amount: str) -> Order:
    """The order after a command that takes one of its movements back."""
    named = random.choice(order.payments)
    who = {"provider": named.provider, "reference": named.reference}
    if random.random() < 0.25:
        return desk.give(order, c.VoidPayment, **who, reason="by mistake")
    shape, names = random.choice(
        (
            (c.FailPayment, "payment_reference"),
            (c.FailRefund, "refund_reference"),
            (c.ChargeBack, "payment_reference"),
            (c.ReverseChargeback, "chargeback_reference"),
        )
    )
    of = {names: random.choice((None, named.reference))}
    return desk.give(order, shape, **who, amount=amount, force=random.random() < 0.4, **of)


def all_orders(desk: Desk) -> list[bytes]:
    """The document of every order, deleted orders too."""
    wanted = orders.Filter(statuses=STATUSES)
    page = orders.page(desk.views.reader, wanted, document="staff", limit=10**6, offset=0)
    return [bytes(order) for order in msgspec.json.decode(b"[" + page.rows + b"]", type=list[msgspec.Raw])]
