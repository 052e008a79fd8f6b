"""Fills an empty peer with the orders of an import file, and prints the keys of its callers as JSON."""

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402  (only after the setup)
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from rest_framework.authtoken.models import Token  # noqa: E402

from bench import seed  # noqa: E402
from bench.peer import models as m  # noqa: E402

REFERENCES = {
    "payment_method": m.PaymentMethod,
    "shipping_method": m.ShippingMethod,
    "billing_country": m.Country,
    "billing_state": m.State,
    "billing_city": m.City,
}
BATCH = 1_000


def main(lines: str) -> None:
    call_command("migrate", run_syncdb=True, verbosity=0)
    with open(lines, encoding="utf-8") as file, transaction.atomic():
        known: set[tuple[type, int]] = set()
        orders = map(json.loads, file)
        while batch := list(islice(orders, BATCH)):
            _references(batch, known)
            made = m.Order.objects.bulk_create(map(_order, batch))
            m.OrderItem.objects.bulk_create(
                item for order, line in zip(made, batch, strict=True) for item in _items(order, line)
            )
            m.Payment.objects.bulk_create(
                payment for order, line in zip(made, batch, strict=True) for payment in _payments(order, line)
            )
        staff = User.objects.create(username="staff", is_staff=True)
        heavy, _ = User.objects.get_or_create(pk=seed.HEAVY, defaults={"username": "heavy"})
    customers = User.objects.in_bulk([seed.USUAL, seed.REGULAR])
    callers = {"usual": customers[seed.USUAL], "regular": customers[seed.REGULAR], "heavy": heavy, "staff": staff}
    print(json.dumps({who: Token.objects.create(user=user).key for who, user in callers.items()}))


def _references(lines: Iterable[dict[str, Any]], known: set[tuple[type, int]]) -> None:
    """Makes the rows that the orders refer to, where they are missing."""

    def make(model: type, found: dict[str, Any]) -> None:
        found = {name: value for name, value in found.items() if name != "image"}
        if (model, found["id"]) not in known:
            known.add((model, found["id"]))
            model.objects.create(**found)

    for line in lines:
        make(User, line["customer"])
        for name, model in REFERENCES.items():
            make(model, line[name])
        for item in line["items"]:
            make(m.Product, item["product"])


def _order(line: dict[str, Any]) -> m.Order:
    shipping = Decimal(line["shipping_cost"])
    at = datetime.fromisoformat(line["created_at"])
    statuses = [entry["status"] for entry in line["history"] if entry["type"] == "status"]
    plain = ("id", "uuid", "key", "currency", "notes")
    billing = ("address", "postal_code", "national_code", "mobile_number", "first_name", "last_name")
    return m.Order(
        **{name: line[name] for name in (*plain, *(f"billing_{name}" for name in billing))},
        **{f"{name}_id": line[name]["id"] for name in ("customer", *REFERENCES)},
        status=statuses[-1] if statuses else "new",
        created_at=at,
        updated_at=max([at, *(datetime.fromisoformat(entry["at"]) for entry in line["history"])]),
        shipping_base=shipping,
        shipping_cost=shipping + sum(Decimal(item["shipping"]) for item in line["items"]),
        voucher_code=line["voucher"]["code"] if line["voucher"] else None,
        voucher_discount=Decimal(line["voucher"]["discount_amount"] if line["voucher"] else 0),
    )


def _items(order: m.Order, line: dict[str, Any]) -> Iterator[m.OrderItem]:
    for item in line["items"]:
        amounts = {name: Decimal(item[name]) for name in ("unit_price", "shipping", "discount_amount")}
        yield m.OrderItem(
            order=order,
            product_id=item["product"]["id"],
            variant=item["variant"],
            quantity=item["quantity"],
            **amounts,
        )


def _payments(order: m.Order, line: dict[str, Any]) -> Iterator[m.Payment]:
    for entry in line["history"]:
        if entry["type"] == "payment":
            yield m.Payment(
                order=order,
                amount=Decimal(entry["amount"]),
                provider=entry["provider"],
                reference=entry["reference"],
                method=entry["method"],
                received_at=datetime.fromisoformat(entry["at"]),
            )


if __name__ == "__main__":
    main(sys.argv[1])
