"""The measured orders: synthetic import lines, where the same number gives the same bytes.

In every ledger of 10,000 orders or more, customer `USUAL` has 45 orders, as in the storefront contract's example, and
`REGULAR` has 1,000: the same lists can be compared at every size. `HEAVY` has 50,000 in ledgers of 100,000 or more. The
others have about ten orders each.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

REGULAR = 1
REGULAR_ORDERS = 1_000
HEAVY = 2
HEAVY_ORDERS = 50_000
USUAL = 3
USUAL_ORDERS = 45
_OTHERS = 4
ITEMS = 5
FIRST_AT = datetime(2024, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=730)

FIRST_NAMES = ("Ana", "Behrooz", "Chen", "Dara", "Emil", "Fatima", "John", "Mina", "Omar", "Priya", "پدرام", "Zoe")
LAST_NAMES = ("Almeida", "Doe", "Ghorbani", "Haddad", "Khan", "Lindqvist", "Okafor", "Rossi", "زمانی", "Schmidt")
COUNTRIES = (("Brazil", "BR"), ("Canada", "CA"), ("Germany", "DE"), ("Italy", "IT"), ("Türkiye", "TR"))
METHODS = ("Card", "Bank transfer", "Wallet", "Cash on delivery")
CARRIERS = ("Courier", "Parcel post", "Pick-up point")
NOTES = (None, None, None, None, "Please ring twice.", "A gift: no invoice in the box.")
# The courses of an order, and how frequent each is: whether it is paid, and the statuses that it passes through.
FATES = (
    (55, True, ("processing", "shipped", "completed")),
    (15, True, ("processing", "shipped")),
    (10, True, ("processing",)),
    (12, False, ()),
    (5, False, ("cancelled",)),
    (3, False, ("hold",)),
)


def write(path: Path, orders: int, items: int = ITEMS) -> Path:
    """Writes a file of so many lines. Returns its path."""
    with path.open("w", encoding="utf-8") as file:
        for order in lines(orders, items):
            file.write(json.dumps(order, ensure_ascii=False) + "\n")
    return path


def lines(orders: int, items: int = ITEMS) -> Iterator[dict[str, Any]]:
    """The orders with their history, oldest first."""
    random = Random(1)
    owners = _owners(orders, random)
    for number, owner in enumerate(owners, 1):
        yield _order(number, owner, FIRST_AT + SPAN * (number / orders), items, random)


def body(random: Random, customer: int | None = None) -> dict[str, Any]:
    """The body of a create, of the customer named or of one who has orders already."""
    return _body(random.randrange(_OTHERS, _OTHERS + 100) if customer is None else customer, ITEMS, random)


def _owners(orders: int, random: Random) -> list[int]:
    """The customer of each order. The orders of the named customers are spread evenly over time."""
    owners = [REGULAR] * min(REGULAR_ORDERS, orders // 10)
    owners += [USUAL] * USUAL_ORDERS
    owners += [HEAVY] * (HEAVY_ORDERS if orders >= 2 * HEAVY_ORDERS else 0)
    owners += [random.randrange(_OTHERS, _OTHERS + orders // 10) for _ in range(orders - len(owners))]
    random.shuffle(owners)
    return owners


def _order(number: int, customer: int, at: datetime, items: int, random: Random) -> dict[str, Any]:
    (_, is_paid, statuses), *_ = random.choices(FATES, [weight for weight, *_ in FATES])
    order = _body(customer, items, random)
    key = f"{random.getrandbits(80):020x}"
    history: list[dict[str, Any]] = []
    if is_paid:
        at_paid = at + timedelta(minutes=random.randrange(1, 90))
        history.append(
            {
                "at": at_paid.isoformat(),
                "type": "payment",
                "amount": _text(_total_cents(order)),
                "reference": f"pay-{key}",
                "provider": "stripe",
                "method": "card",
            }
        )
    for day, status in enumerate(statuses, 1):
        history.append({"at": (at + timedelta(days=day)).isoformat(), "type": "status", "status": status})
    return {
        "id": number,
        "key": key,
        "uuid": str(UUID(int=random.getrandbits(128), version=4)),
        "created_at": at.isoformat(),
        **order,
        "history": history,
    }


def _body(customer: int, items: int, random: Random) -> dict[str, Any]:
    country = random.randrange(len(COUNTRIES))
    state, city = random.randrange(40), random.randrange(200)
    method, carrier = random.randrange(len(METHODS)), random.randrange(len(CARRIERS))
    # A customer's name is the same in each order, and on the bill.
    first, last = FIRST_NAMES[customer % len(FIRST_NAMES)], LAST_NAMES[customer % len(LAST_NAMES)]
    return {
        "currency": "USD",
        "customer": {
            "id": customer,
            "username": f"customer-{customer}",
            "email": f"customer-{customer}@example.com",
            "first_name": first,
            "last_name": last,
        },
        "payment_method": {"id": method + 1, "name": METHODS[method], "image": None},
        "shipping_method": {"id": carrier + 1, "name": CARRIERS[carrier], "image": None},
        "shipping_cost": _text(random.randrange(0, 2_000)),
        "notes": random.choice(NOTES),
        "billing_country": {"id": country + 1, "name": COUNTRIES[country][0], "code": COUNTRIES[country][1]},
        "billing_state": {"id": state + 1, "name": f"State {state}", "code": f"S{state}"},
        "billing_city": {"id": city + 1, "name": f"City {city}"},
        "billing_address": f"{random.randrange(1, 9_999)} Main St",
        "billing_postal_code": f"{random.randrange(10_000, 99_999)}",
        "billing_national_code": None,
        "billing_mobile_number": f"+1 555 {random.randrange(1_000_000, 9_999_999)}",
        "billing_first_name": first,
        "billing_last_name": last,
        "items": [_item(random) for _ in range(items)],
        "voucher": {"code": "WELCOME", "discount_amount": "5.00"} if random.random() < 0.1 else None,
    }


def _item(random: Random) -> dict[str, Any]:
    product = random.randrange(1, 501)
    return {
        "product": {"id": product, "name": f"Product {product}", "slug": f"product-{product}"},
        "variant": product * 10 + 1,
        "unit_price": _text(random.randrange(500, 20_000)),
        "quantity": random.randrange(1, 4),
        "shipping": _text(random.randrange(0, 500)),
        "discount_amount": _text(random.choice((0, 0, 0, 100))),
        "offer": None,
    }


def _total_cents(order: dict[str, Any]) -> int:
    items: int = sum(
        _cents(item["unit_price"]) * item["quantity"] + _cents(item["shipping"]) - _cents(item["discount_amount"])
        for item in order["items"]
    )
    voucher = _cents(order["voucher"]["discount_amount"]) if order["voucher"] else 0
    return items + _cents(order["shipping_cost"]) - voucher


def _text(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _cents(text: str) -> int:
    return int(text.replace(".", ""))
