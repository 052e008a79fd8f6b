#!/usr/bin/env python3
"""How does a shop bring the orders it has? With a program like this one, from its own tables to import lines.

    python docs/olist.py FOLDER > orders.jsonl
    python run.py import orders.jsonl

FOLDER holds the CSV files of the public dataset of Olist, a marketplace in Brazil: orders, order_items,
order_payments, customers and products. Each order becomes one line of the import format, oldest order first. What is
odd about an order is said on standard error; no order is left out for it.

How Olist's words become ours:

    created                        new
    approved, invoiced, processing processing
    shipped                        shipped
    delivered                      completed
    unavailable                    failed: it was paid, but the seller had not got the goods
    canceled                       cancelled; after it was shipped, by way of failed

- An order passes through every status before its last: a delivered one was processing when its payment was approved
  and shipped when the carrier took it. Olist does not date `failed` and `cancelled`: they get the last time known.
- A time that is missing, or earlier than what it must follow, is taken to be that of what it follows.
- Times have no zone in the files. They are read as Brasilia's, -03:00 all year, which keeps every interval as it is.
- Every payment of the files was received, a voucher too: it is money there, not a discount. It was received when the
  payment was approved, else when the order was placed. One that is more than the order costs is marked `force`.
- Units of one product with equal price and freight make one line, whose shipping is the sum of their freight.
- Customers, products, cities, states and methods of payment are numbered by their first appearance in the files, so
  the same files give the same numbers. Olist's own ids stand in `key`, `username` and `slug`.
"""

import csv
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

Row = dict[str, str]
Name = TypeVar("Name")

ZONE = "-03:00"
BRAZIL = {"id": 1, "name": "Brazil", "code": "BR"}
# The statuses that an order of each of Olist's has passed through; a failed or cancelled one, as far as it is dated.
PASSED = {
    "created": (),
    "approved": ("processing",),
    "invoiced": ("processing",),
    "processing": ("processing",),
    "shipped": ("processing", "shipped"),
    "delivered": ("processing", "shipped", "completed"),
}
DATED_BY = {
    "processing": "order_approved_at",
    "shipped": "order_delivered_carrier_date",
    "completed": "order_delivered_customer_date",
}


class Olist:
    """The dataset's tables, joined by order, and the numbers given to what it names only by text."""

    def __init__(self, folder: Path) -> None:
        self.orders = sorted(rows(folder, "orders"), key=lambda row: (row["order_purchase_timestamp"], row["order_id"]))
        self.customers = {row["customer_id"]: row for row in rows(folder, "customers")}
        self.products = {row["product_id"]: row for row in rows(folder, "products")}
        self.units = by_order(folder, "order_items", "order_item_id")
        self.payments = by_order(folder, "order_payments", "payment_sequential")
        self.customer_ids = numbered(row["customer_unique_id"] for row in self.customers.values())
        self.city_ids = numbered((row["customer_state"], row["customer_city"]) for row in self.customers.values())
        self.state_ids = numbered(row["customer_state"] for row in self.customers.values())
        self.product_ids = numbered(self.products)
        self.method_ids = numbered(row["payment_type"] for paid in self.payments.values() for row in paid)
        self.oddities: Counter[str] = Counter()

    def odd(self, order: Row, what: str, detail: str = "") -> None:
        self.oddities[what] += 1
        print(f"order {order['order_id']}: {what}{detail}", file=sys.stderr)

    def lines(self) -> Iterator[dict[str, Any]]:
        """Every order, as a line of the import format."""
        for order in self.orders:
            items = self.items(order)
            total = sum((Decimal(i["unit_price"]) * i["quantity"] + Decimal(i["shipping"]) for i in items), Decimal(0))
            yield {
                "key": order["order_id"],
                "created_at": moment(order["order_purchase_timestamp"]),
                "currency": "BRL",
                **self.customer(order),
                "payment_method": self.payment_method(order),
                "items": items,
                "history": self.history(order, total),
            }

    def customer(self, order: Row) -> dict[str, Any]:
        """Who ordered, and where the bill goes. `customer_id` is new for every order, `customer_unique_id` is not."""
        row = self.customers[order["customer_id"]]
        state, city = row["customer_state"], row["customer_city"]
        return {
            "customer": {"id": self.customer_ids[row["customer_unique_id"]], "username": row["customer_unique_id"]},
            "billing_country": BRAZIL,
            "billing_state": {"id": self.state_ids[state], "name": state, "code": state},
            "billing_city": {"id": self.city_ids[state, city], "name": city},
            "billing_postal_code": row["customer_zip_code_prefix"],
        }

    def payment_method(self, order: Row) -> dict[str, Any] | None:
        """That of the first payment; each payment in the history has its own."""
        payments = self.payments.get(order["order_id"])
        if not payments:
            return None
        name = payments[0]["payment_type"]
        return {"id": self.method_ids[name], "name": name}

    def items(self, order: Row) -> list[dict[str, Any]]:
        """One line for the units of a product with equal price and freight."""
        units = self.units.get(order["order_id"], [])
        if not units:
            self.odd(order, "no items, so it costs nothing")
        alike = Counter((unit["product_id"], unit["price"], unit["freight_value"]) for unit in units)
        return [
            {
                "product": self.product(product_id),
                "unit_price": price,
                "quantity": quantity,
                "shipping": str(Decimal(freight) * quantity),
            }
            for (product_id, price, freight), quantity in alike.items()
        ]

    def product(self, product_id: str) -> dict[str, Any]:
        """The files give a product no name but its category's."""
        name = self.products[product_id]["product_category_name"] or None
        return {"id": self.product_ids[product_id], "name": name, "slug": product_id}

    def history(self, order: Row, total: Decimal) -> list[dict[str, Any]]:
        """What happened to the order since it was placed, oldest first."""
        entries = [*self.received(order, total), *self.statuses(order)]
        at = order["order_purchase_timestamp"]
        for entry in entries:
            if "" < entry["at"] < at:
                what = entry.get("status", "payment")
                self.odd(order, f"{what} is dated before what it follows", f": {entry['at']}, taken as {at}")
            at = max(at, entry["at"])
            entry["at"] = moment(at)
        return entries

    def received(self, order: Row, total: Decimal) -> Iterator[dict[str, Any]]:
        """The order's payments; `total` is what it costs. Times are as the files have them, empty where they have none.

        Payments on an order that costs nothing are not odd by themselves: that it has no items was said."""
        payments = self.payments.get(order["order_id"], [])
        if not payments:
            self.odd(order, "no payments")
        elif not order["order_approved_at"]:
            self.odd(order, "paid but never approved, so taken as paid when it was placed")
        outstanding = total
        for payment in payments:
            amount = Decimal(payment["payment_value"])
            if amount <= 0:
                self.odd(order, "a payment of nothing, left out")
                continue
            if total > 0 and amount > outstanding:
                self.odd(order, "a payment of more than is outstanding", f": {amount}, where {outstanding} is")
            yield {
                "at": order["order_approved_at"],
                "type": "payment",
                "amount": payment["payment_value"],
                "reference": f"{order['order_id']}-{payment['payment_sequential']}",
                "provider": "olist",
                "method": payment["payment_type"],
                "force": amount > outstanding,
            }
            outstanding -= min(amount, outstanding)

    def statuses(self, order: Row) -> Iterator[dict[str, Any]]:
        """The statuses it passed through. Times are as the files have them, empty where they have none."""
        for status in passed(order):
            dated_by = DATED_BY.get(status)
            if dated_by and not order[dated_by]:
                self.odd(order, f"{status} but without {dated_by}, so taken as of what went before")
            yield {"at": order[dated_by] if dated_by else "", "type": "status", "status": status}


def passed(order: Row) -> tuple[str, ...]:
    """Every status since `new`, in the order that our table of transitions allows."""
    status = order["order_status"]
    if status in PASSED:
        return PASSED[status]
    if status not in ("unavailable", "canceled"):
        sys.exit(f"order {order['order_id']}: the status {status!r} is not one of Olist's")
    was_shipped = bool(order["order_delivered_carrier_date"])
    so_far = ("processing", "shipped") if was_shipped else ("processing",) if order["order_approved_at"] else ()
    if status == "unavailable":
        return *so_far, "failed"
    # What is on its way cannot be cancelled: first its delivery has failed.
    return *so_far, *(("failed",) if was_shipped else ()), "cancelled"


def rows(folder: Path, name: str) -> list[Row]:
    with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def by_order(folder: Path, name: str, number: str) -> dict[str, list[Row]]:
    """A table's rows by their order, each order's by their number in it."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows(folder, name), key=lambda row: int(row[number])):
        found[row["order_id"]].append(row)
    return found


def numbered(names: Iterable[Name]) -> dict[Name, int]:
    """1, 2, 3 and so on, to each name where it first stands."""
    return {name: number for number, name in enumerate(dict.fromkeys(names), 1)}


def moment(text: str) -> str:
    """'2017-05-14 20:28:25' as RFC 3339."""
    return text.replace(" ", "T") + ZONE


def main(arguments: list[str]) -> None:
    if len(arguments) != 1 or not Path(arguments[0], "orders.csv").is_file():
        sys.exit("usage: python docs/olist.py FOLDER > orders.jsonl   (FOLDER holds orders.csv and its neighbours)")
    olist = Olist(Path(arguments[0]))
    for line in olist.lines():
        print(json.dumps(line))
    print(f"{len(olist.orders)} orders; odd about them:", file=sys.stderr)
    for what, times in olist.oddities.most_common():
        print(f"{times:6}  {what}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
