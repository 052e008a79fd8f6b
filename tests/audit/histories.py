"""Random commands for histories that no person would think of, the same for the same seed.

Callers must expect refusals.
"""

from random import Random
from typing import Any

from domain.money import decimal_text
from domain.order import commands as c
from domain.order.commands import CreateOrder
from domain.order.state import Order
from domain.order.statuses import TRANSITIONS
from domain.strict_json import convert

CURRENCIES = ("USD", "USD", "EUR", "JPY", "KWD", "IRR")
WORDS = ("", "Ada", "پدرام", 'O"Brien \\', "línea\nnueva", "http://shop.example/api/v1/i/orders/", "\x7f\u2028")


def an_order(random: Random, customer: int) -> CreateOrder:
    body = {
        "currency": random.choice(CURRENCIES),
        "customer": {
            "id": customer,
            "username": word(random),
            "first_name": word(random),
            "email": f"{customer}@example.com",
            "phone": word(random),
        },
        "items": [_item(random) for _ in range(random.randint(0, 4))],
        "voucher": random.choice((None, {"code": word(random), "discount_amount": "1"})),
        "shipping_cost": str(random.randint(1, 9)),
        "notes": word(random),
        "charges": _charges(random),
        **_details(random),
    }
    return convert(body, CreateOrder)


def a_command(random: Random, order: Order, mark: str) -> c.Command:
    """Any command that can be given to an order. `mark` is a reference that nothing had before."""
    amounts = (order.totals.outstanding, order.received, random.randint(1, 9_999))
    money = {"amount": decimal_text(random.choice(amounts), order.digits), "reference": mark}
    money["provider"] = "p"
    named = random.choice([movement.reference for movement in order.payments] or [None])
    shape, body = random.choice(
        (
            (c.ChangeOrder, {"notes": word(random)}),
            (c.ChangeOrder, {"shipping_method": _method(random), "shipping_cost": str(random.randint(1, 9))}),
            (c.ChangeOrder, {"voucher": random.choice((None, {"discount_amount": "1"})), "notes": word(random)}),
            (c.ChangeOrder, _details(random)),
            (c.ChangeOrder, {"charges": _charges(random)}),
            (c.ChangeOrder, {"metadata": random.choice((None, {"a": "1"}, {"a": "2", "b.c": "3"}))}),
            (c.ChangeOrder, {"external_ids": random.choice((None, {"erp": mark}, {"erp": mark, "old": "1"}))}),
            (c.ChangeItem, {"item": random.randint(1, 3), "changed": {"metadata": {"engraving": mark}}}),
            (c.GiveToCustomer, {"id": 9, "first_name": word(random)}),
            (c.AddCharge, {"kind": "tax", "name": word(random), "amount": "1", "item": random.choice((None, 1))}),
            (c.RemoveCharge, {"charge": random.randint(0, 1)}),
            (c.AddItem, _item(random)),
            (c.ChangeItemQuantity, {"item": random.randint(1, 3), "quantity": random.randint(1, 4)}),
            (c.RemoveItem, {"item": random.randint(1, 3)}),
            (c.ChangeItem, {"item": random.randint(1, 3), "changed": _changed(random)}),
            (c.ChangeStatus, {"status": random.choice(TRANSITIONS[order.status] or ("new",)), "reason": word(random)}),
            *[(c.ChangeStatus, {"status": random.choice(TRANSITIONS[order.status] or ("new",))})] * 4,
            *[(c.ReceivePayment, money | {"force": random.random() < 0.2})] * 4,
            (c.RefundPayment, money),
            (c.RefundPayment, money | {"lines": [{"item": 1, "quantity": 1, "amount": money["amount"]}]}),
            (c.RefundPayment, money | {"lines": [{"shipping": money["amount"]}]}),
            _taken_back(random, money, named or mark),
        )
    )
    return convert(body, shape)


def _taken_back(random: Random, money: dict[str, Any], named: str) -> tuple[type[c.Command], dict[str, Any]]:
    """A command that takes a payment or a refund back."""
    forced = money | {"force": random.random() < 0.3}
    return random.choice(
        (
            (c.FailPayment, forced | random.choice(({}, {"payment_reference": named}))),
            (c.FailRefund, forced | random.choice(({}, {"refund_reference": named}))),
            (c.ChargeBack, forced | random.choice(({"owed_again": True}, {"payment_reference": named}))),
            (c.ReverseChargeback, forced | random.choice(({}, {"chargeback_reference": named}))),
            (c.VoidPayment, {"reference": named, "provider": "p", "reason": "by mistake"}),
        )
    )


def word(random: Random) -> str | None:
    return random.choice((None, *WORDS))


def _item(random: Random) -> dict[str, Any]:
    return {
        "product": random.choice((None, {"id": random.randint(1, 3), "name": word(random), "slug": word(random)})),
        "variant": random.choice((None, 101)),
        "unit_price": str(random.randint(5, 99)),
        "quantity": random.randint(1, 4),
        "shipping": str(random.randint(0, 3)),
        "discount_amount": str(random.randint(0, 5)),
    }


def _charges(random: Random) -> list[dict[str, Any]]:
    charge = {"kind": "tip", "amount": str(random.randint(0, 9)), "name": word(random)}
    return [charge | {"included": random.random() < 0.5} for _ in range(random.randint(0, 2))]


def _changed(random: Random) -> dict[str, Any]:
    fields = ("unit_price", "shipping", "discount_amount")
    return {"quantity": random.randint(1, 4), random.choice(fields): str(random.randint(0, 4))}


def _method(random: Random) -> dict[str, Any] | None:
    image = {"id": 8, "size": random.choice((None, 0, 808754)), "thumbnails": [{"id": 1, "size": None}]}
    return random.choice((None, {"id": random.randint(1, 3), "name": word(random), "image": image}))


def _details(random: Random) -> dict[str, Any]:
    return {
        "payment_method": _method(random),
        "billing_country": random.choice((None, {"id": 2, "name": word(random), "code": "CA"})),
        "billing_city": random.choice((None, {"id": 1, "name": word(random)})),
        "billing_postal_code": random.choice((None, "12345", "01234", "K1A 0B1")),
        "billing_first_name": word(random),
        "shipping_country": random.choice((None, {"id": 2, "name": word(random), "code": "CA"})),
        "shipping_address": word(random),
    }
