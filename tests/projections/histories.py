"""Random histories that no person would think of, refused commands among them, always the same for a seed."""

from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any
from uuid import UUID

from domain.ledger import OrderLedger
from domain.order import commands as c
from domain.order.state import Order
from domain.refusals import Refusal
from domain.strict_json import convert
from tests.conftest import ME, Clock, do, forget, new_order

CURRENCIES = ("USD", "IRR", "JPY", "KWD")
STATUSES = ("new", "hold", "processing", "shipped", "completed", "failed", "cancelled", "refunded", "deleted")
NAMES = (None, "", "Ada", "پدرام", 'O"Brien \\ \x7e', "línea\nnueva", "/url/")
SIZES = (None, 0, 1023, 1024, 808754, 10**15 - 1)


def play(ledger: OrderLedger, clock: Clock, random: Random, steps: int, then: Callable[[], Any] = lambda: None) -> None:
    """Gives `steps` random commands to random orders, and calls `then` after each."""
    uuids: list[UUID] = []
    for step in range(steps):
        clock.tick(microseconds=random.choice((0, 1, 999_999, 86_400_000_000)))
        with suppress(Refusal):
            if uuids and random.random() < 0.02:
                forget(ledger, random.choice(uuids[-5:]), *random.choice((("contact",), ("invoice",), ())))
            elif not uuids or random.random() < 0.2:
                uuids.append(do(ledger.create, _order(random), ME).order.uuid)
            else:
                uuid = random.choice(uuids[-5:])
                do(ledger.change, uuid, _command(random, step, ledger.order(uuid)), ME)
        then()


def _order(random: Random) -> c.CreateOrder:
    customer = {"id": random.randint(1, 3), "username": random.choice(NAMES), "first_name": random.choice(NAMES)}
    guest = {"email": "g@example.com", "phone": random.choice((None, "+1 613 555 0199"))}
    return new_order(
        currency=random.choice(CURRENCIES),
        customer=random.choice((None, customer, customer, guest)),
        items=[_item(random) for _ in range(random.randint(0, 4))],
        voucher=random.choice((None, {"code": random.choice(NAMES), "discount_amount": "1"})),
        shipping_cost=str(random.randint(0, 9)),
        shipping_method=_method(random),
        notes=random.choice(NAMES),
        charges=[charge | {"item": None} for charge in _charges(random)],
        **_billing(random),
    )


def _item(random: Random) -> dict[str, Any]:
    return {
        "product": random.choice((None, {"id": random.randint(1, 3), "name": random.choice(NAMES)})),
        "unit_price": str(random.randint(5, 99)),
        "quantity": random.randint(1, 4),
        "shipping": str(random.randint(0, 3)),
        "discount_amount": str(random.randint(0, 5)),
        "metadata": random.choice((None, None, {"engraving": "Ada"})),
    }


def _charges(random: Random) -> list[dict[str, Any]]:
    kinds = ("tax", "tip", "duty", "fee", "gift_wrap")
    return [
        {
            "kind": random.choice(kinds),
            "name": random.choice(NAMES),
            "rate": random.choice((None, "0.21")),
            "amount": str(random.randint(0, 9)),
            "included": random.random() < 0.3,
            "item": random.choice((None, 1)),
        }
        for _ in range(random.randint(0, 2))
    ]


def _changed(random: Random) -> c.ChangedItem:
    changed = {"unit_price": str(random.randint(5, 99)), "discount_amount": str(random.randint(0, 5))}
    return convert(random.choice((changed, {"metadata": {"step": "1"}}, {"metadata": None})), c.ChangedItem)


def _method(random: Random) -> dict[str, Any] | None:
    image = {"id": 8, "size": random.choice(SIZES), "thumbnails": [{"id": 1, "size": None}]}
    return random.choice((None, {"id": random.randint(1, 3), "name": random.choice(NAMES), "image": image}))


def _billing(random: Random) -> dict[str, Any]:
    return {
        "billing_country": random.choice((None, {"id": 2, "name": random.choice(NAMES), "code": "CA"})),
        "billing_city": random.choice((None, {"id": 1, "name": random.choice(NAMES)})),
        "billing_postal_code": random.choice((None, "12345", "01234", "K1A 0B1")),
        "billing_first_name": random.choice(NAMES),
    }


def _command(random: Random, step: int, order: Order) -> c.Command:
    amount, reference = str(random.randint(1, 60)), f"r-{step}"
    body: dict[str, Any] = random.choice(
        (
            {"notes": random.choice(NAMES)},
            {"payment_method": _method(random)},
            {"shipping_method": _method(random), "shipping_cost": str(random.randint(0, 9))},
            {"voucher": random.choice((None, {"discount_amount": "2"}))},
            {"charges": _charges(random)},
            {"metadata": random.choice((None, {"a": "b"}, {"a": "b", "ä": "/url/"}))},
            {"external_ids": random.choice((None, {"s": f"{step}"}, {"s": f"{step - 1}", "t": f"{step}"}))},
            _billing(random),
            {"shipping_city": random.choice((None, {"name": "Anytown"})), "shipping_first_name": random.choice(NAMES)},
        )
    )
    return random.choice(
        (
            lambda: convert(body, c.ChangeOrder),
            lambda: convert(body, c.ChangeOrder),
            lambda: convert(_item(random), c.AddItem),
            lambda: c.ChangeItemQuantity(item=random.randint(1, 3), quantity=random.randint(1, 4)),
            lambda: c.RemoveItem(item=random.randint(1, 3)),
            lambda: c.GiveToCustomer(id=random.randint(1, 3)),
            lambda: c.ChangeItem(item=random.randint(1, 3), changed=_changed(random)),
            lambda: c.ChangeStatus(status=random.choice(STATUSES)),
            lambda: convert({"amount": amount, "reference": reference, "provider": "p"}, c.ReceivePayment),
            lambda: convert({"amount": amount, "reference": reference, "provider": "p"}, c.RefundPayment),
            lambda: _money(random, amount, step, order),
        )
    )()


def _money(random: Random, amount: str, step: int, order: Order) -> c.Command:
    """A random movement of money that takes a payment or a refund back."""
    earlier = random.choice([movement.reference for movement in order.payments] or [f"r-{step}"])
    if random.random() < 0.3:
        return convert({"reference": earlier, "provider": "p", "reason": "by mistake"}, c.VoidPayment)
    shape, names = random.choice(
        (
            (c.FailPayment, "payment_reference"),
            (c.FailRefund, "refund_reference"),
            (c.ChargeBack, "payment_reference"),
            (c.ReverseChargeback, "chargeback_reference"),
        )
    )
    body = {"amount": amount, "reference": f"r-{step}", "provider": "p", "force": random.random() < 0.5}
    return convert(body | {names: random.choice((None, earlier))}, shape)
