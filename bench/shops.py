"""How fast are other systems' exports imported, beside the same orders as JSON Lines?

The exports are synthetic, with all the columns and fields that the systems write. Each order ties out.
"""

import csv
import json
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec

from api.cli.shops import READERS
from bench import limits
from bench.bulk import per_second
from bench.contenders import Ledger
from bench.stage import Sample, Stage, fresh
from domain.shops import mapped_csv
from domain.shops.found import ExportedOrder
from domain.shops.mapping import mapping_from
from domain.shops.tables import Source

ITEMS: Final = 3
_MAPPING: Final = "square-items"
KINDS: Final = ("shopify-csv", "shopify-json", "woocommerce", "csv")


def measure(stage: Stage) -> Iterator[Sample]:
    """The orders a second of `run.py import --from`, from its start to its end.

    The limit is the same orders as JSON Lines.
    """
    for kind in KINDS:
        export = stage.folder / f"{kind}.export"
        lines = stage.folder / f"{kind}.jsonl"
        WRITERS[kind](export, stage.orders)
        fresh(write_lines, kind, export, lines)
        options = ["--from", kind, *(["--mapping", _MAPPING] if kind == "csv" else [])]
        given = {"ledger": [*options, str(export)], "limit": [str(lines)]}
        for turn, name in enumerate(stage.in_turn(list(given))):
            stage.say(f"{kind}: {'the export' if name == 'ledger' else 'the same orders as JSON Lines'}")
            ledger = Ledger(stage.folder / f"{kind}-{turn}")
            took = limits.cost(partial(ledger.run, "import", *given[name]))
            yield per_second("shops", kind, name, stage.orders, took)


def write_lines(kind: str, export: Path, lines: Path) -> None:
    """Writes the import lines that our import makes of an export."""
    with ExitStack() as opened:
        sources = [Source(export.name, opened.enter_context(export.open("rb")))]
        if kind == "csv":
            found = mapped_csv.read(sources, mapping_from(_MAPPING), "")
        else:
            found = READERS[kind](sources, "", _count)
        file = opened.enter_context(lines.open("wb"))
        for each in found:
            assert isinstance(each, ExportedOrder), each
            file.write(msgspec.json.encode(each.line) + b"\n")


def _count(_: int) -> None:
    pass


# --- the systems' exports ---


def _prices(number: int) -> list[tuple[int, int]]:
    """The cents and the quantity of each item of an order."""
    random = Random(number)
    return [(random.randrange(100, 9_900), random.randrange(1, 4)) for _ in range(ITEMS)]


def _text(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def _at(number: int) -> str:
    return f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}"


def _shopify_csv(path: Path, orders: int) -> None:
    address = ("Name", "Street", "Address1", "Address2", "Company", "City", "Zip", "Province", "Country", "Phone")
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(
            file,
            [
                *("Name", "Email", "Financial Status", "Paid at", "Fulfillment Status", "Fulfilled at"),
                *("Accepts Marketing", "Currency", "Subtotal", "Shipping", "Taxes", "Total", "Discount Code"),
                *("Discount Amount", "Shipping Method", "Created at", "Lineitem quantity", "Lineitem name"),
                *("Lineitem price", "Lineitem compare at price", "Lineitem sku", "Lineitem requires shipping"),
                *("Lineitem taxable", "Lineitem fulfillment status"),
                *(f"{kind} {name}" for kind in ("Billing", "Shipping") for name in address),
                *("Notes", "Note Attributes", "Cancelled at", "Payment Method", "Payment Reference"),
                *("Refunded Amount", "Vendor", "Outstanding Balance", "Employee", "Location", "Device ID", "Id"),
                *("Tags", "Risk Level", "Source", "Lineitem discount"),
                *(f"Tax {n} {what}" for n in range(1, 6) for what in ("Name", "Value")),
                *("Phone", "Receipt Number", "Duties", "Billing Province Name", "Shipping Province Name", "Payment ID"),
                *("Payment Terms Name", "Next Payment Due At", "Payment References"),
            ],
            restval="",
        )
        writer.writeheader()
        for number in range(1, orders + 1):
            writer.writerows(_shopify_rows(number))


def _shopify_rows(number: int) -> Iterator[dict[str, Any]]:
    prices = _prices(number)
    subtotal = sum(cents * quantity for cents, quantity in prices)
    tax = subtotal // 10
    person = {
        f"{kind} {name}": value
        for kind in ("Billing", "Shipping")
        for name, value in (
            *(("Name", "Ada Byron"), ("Street", f"{number} Main St"), ("Address1", f"{number} Main St")),
            *(("City", "Ottawa"), ("Zip", "'K1A 0B1"), ("Province", "ON"), ("Country", "CA")),
        )
    }
    own = {
        "Email": f"c{number % 997}@example.com",
        "Financial Status": "paid",
        "Paid at": f"{_at(number)} 10:00:05 -0500",
        "Fulfillment Status": "fulfilled",
        "Fulfilled at": f"{_at(number)} 18:00:00 -0500",
        "Accepts Marketing": "no",
        "Currency": "CAD",
        "Subtotal": _text(subtotal),
        "Shipping": "5.00",
        "Taxes": _text(tax),
        "Total": _text(subtotal + tax + 500),
        "Discount Amount": "0.00",
        "Shipping Method": "Standard",
        "Created at": f"{_at(number)} 10:00:00 -0500",
        **person,
        "Payment Method": "Shopify Payments",
        "Payment Reference": f"c{number}.1",
        "Refunded Amount": "0.00",
        "Outstanding Balance": "0.00",
        "Id": str(6_000_000_000_000 + number),
        "Tags": "vip",
        "Risk Level": "Low",
        "Source": "web",
        "Tax 1 Name": "HST 10%",
        "Tax 1 Value": _text(tax),
    }
    for nth, (cents, quantity) in enumerate(prices):
        yield {
            "Name": f"#{number}",
            **(own if not nth else {"Email": own["Email"]}),
            "Lineitem quantity": quantity,
            "Lineitem name": f"Mug {cents % 50} - Blue",
            "Lineitem price": _text(cents),
            "Lineitem sku": f"MUG-{cents % 50}",
            "Lineitem requires shipping": "true",
            "Lineitem taxable": "true",
            "Lineitem fulfillment status": "fulfilled",
            "Vendor": "Mugs & Co",
            "Lineitem discount": "0.00",
        }


def _shopify_json(path: Path, orders: int) -> None:
    """Writes a page of Shopify's REST API, with the transactions."""
    path.write_text(json.dumps({"orders": [_shopify_order(number) for number in range(1, orders + 1)]}))


def _shopify_order(number: int) -> dict[str, Any]:
    prices = _prices(number)
    subtotal = sum(cents * quantity for cents, quantity in prices)
    tax, at = subtotal // 10, f"{_at(number)}T10:00:00-05:00"
    address = {
        **{"first_name": "Ada", "last_name": "Byron", "name": "Ada Byron", "company": None, "phone": "+1 555 0100"},
        **{"address1": f"{number} Main St", "address2": "", "city": "Ottawa", "zip": "K1A 0B1", "province": "Ontario"},
        **{"country": "Canada", "country_code": "CA", "province_code": "ON", "latitude": 45.4, "longitude": -75.7},
    }
    return {
        **{"id": 6_000_000_000_000 + number, "name": f"#{number}", "order_number": number, "number": number},
        **{"admin_graphql_api_id": f"gid://shopify/Order/{6_000_000_000_000 + number}", "app_id": 580111},
        **{"created_at": at, "processed_at": at, "updated_at": at, "closed_at": None, "cancelled_at": None},
        **{"currency": "CAD", "presentment_currency": "CAD", "financial_status": "paid", "test": False},
        **{"fulfillment_status": "fulfilled", "taxes_included": False, "tags": "vip", "note": None},
        **{"email": f"c{number % 997}@example.com", "source_name": "web", "token": f"{number:032x}"},
        "customer": {"id": number % 997 + 1, "email": f"c{number % 997}@example.com", "first_name": "Ada"},
        **{"total_line_items_price": _text(subtotal), "subtotal_price": _text(subtotal), "total_tax": _text(tax)},
        **{"total_discounts": "0.00", "total_price": _text(subtotal + tax + 500), "discount_codes": []},
        **{"billing_address": address, "shipping_address": address, "note_attributes": [], "discount_applications": []},
        "tax_lines": [{"title": "HST", "rate": 0.1, "price": _text(tax), "channel_liable": False}],
        "shipping_lines": [
            {"id": number, "title": "Standard", "code": "std", "price": "5.00", "discounted_price": "5.00",
             "tax_lines": [], "discount_allocations": [], "source": "shopify"}
        ],
        "line_items": [
            {"id": number * 10 + nth, "product_id": cents % 50 + 1, "variant_id": cents, "title": f"Mug {cents % 50}",
             "name": f"Mug {cents % 50} - Blue", "variant_title": "Blue", "sku": f"MUG-{cents % 50}",
             "vendor": "Mugs & Co", "price": _text(cents), "quantity": quantity, "current_quantity": quantity,
             "fulfillable_quantity": 0, "grams": 300, "requires_shipping": True, "taxable": True, "gift_card": False,
             "total_discount": "0.00", "discount_allocations": [], "tax_lines": [], "properties": [], "duties": []}
            for nth, (cents, quantity) in enumerate(prices, 1)
        ],
        "fulfillments": [{"id": number, "status": "success", "created_at": at, "line_items": []}],
        "refunds": [],
        "transactions": [
            {"id": number, "order_id": 6_000_000_000_000 + number, "kind": "sale", "status": "success",
             "gateway": "shopify_payments", "amount": _text(subtotal + tax + 500), "currency": "CAD",
             "created_at": at, "processed_at": at, "parent_id": None, "test": False, "authorization": f"ch_{number}"}
        ],
    }  # fmt: skip


def _woocommerce(path: Path, orders: int) -> None:
    path.write_text(json.dumps([_woocommerce_order(number) for number in range(1, orders + 1)]))


def _woocommerce_order(number: int) -> dict[str, Any]:
    prices = _prices(number)
    subtotal = sum(cents * quantity for cents, quantity in prices)
    tax, at = subtotal // 10, f"{_at(number)}T15:00:00"
    address = {
        **{"first_name": "Ada", "last_name": "Byron", "company": "", "address_1": f"{number} Main St", "address_2": ""},
        **{"city": "Ottawa", "state": "ON", "postcode": "K1A 0B1", "country": "CA", "phone": "+1 555 0100"},
    }
    return {
        **{"id": number, "parent_id": 0, "number": str(number), "order_key": f"wc_order_{number}", "version": "9.1.0"},
        **{"status": "completed", "currency": "CAD", "prices_include_tax": False, "created_via": "checkout"},
        **{f"date_{what}{gmt}": at for what in ("created", "modified", "paid", "completed") for gmt in ("", "_gmt")},
        **{"discount_total": "0.00", "discount_tax": "0.00", "shipping_total": "5.00", "shipping_tax": "0.00"},
        **{"cart_tax": _text(tax), "total_tax": _text(tax), "total": _text(subtotal + tax + 500), "cart_hash": ""},
        **{"customer_id": number % 997 + 1, "customer_ip_address": "", "customer_user_agent": "", "customer_note": ""},
        **{"billing": {**address, "email": f"c{number % 997}@example.com"}, "shipping": address},
        **{"payment_method": "stripe", "payment_method_title": "Card", "transaction_id": f"ch_{number}"},
        "line_items": [
            {"id": number * 10 + nth, "name": f"Mug {cents % 50}", "product_id": cents % 50 + 1, "variation_id": 0,
             "quantity": quantity, "tax_class": "", "subtotal": _text(cents * quantity), "subtotal_tax": "0.00",
             "total": _text(cents * quantity), "total_tax": "0.00", "taxes": [], "meta_data": [],
             "sku": f"MUG-{cents % 50}", "price": cents / 100, "image": {"id": "", "src": ""}, "parent_name": None}
            for nth, (cents, quantity) in enumerate(prices, 1)
        ],
        "tax_lines": [
            {"id": number, "rate_code": "CA-ON-HST-1", "rate_id": 1, "label": "HST", "compound": False,
             "tax_total": _text(tax), "shipping_tax_total": "0.00", "rate_percent": 10, "meta_data": []}
        ],
        "shipping_lines": [
            {"id": number, "method_title": "Flat rate", "method_id": "flat_rate", "total": "5.00",
             "total_tax": "0.00", "taxes": [], "meta_data": []}
        ],
        **{"fee_lines": [], "coupon_lines": [], "refunds": [], "meta_data": [{"id": 1, "key": "_x", "value": "y"}]},
    }  # fmt: skip


def _square_items(path: Path, orders: int) -> None:
    columns = (
        *("Date", "Time", "Time Zone", "Category", "Item", "Qty", "Price Point Name", "SKU", "Modifiers Applied"),
        *("Gross Sales", "Discounts", "Net Sales", "Tax", "Transaction ID", "Payment ID", "Device Name", "Notes"),
        *("Details", "Event Type", "Location", "Dining Option", "Customer ID", "Customer Name"),
    )
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        for number in range(1, orders + 1):
            writer.writerows(_square_rows(number))


def _square_rows(number: int) -> Iterator[dict[str, Any]]:
    for cents, quantity in _prices(number):
        yield {
            "Date": _at(number),
            "Time": "10:00:00 AM",
            "Time Zone": "Eastern Time (US & Canada)",
            "Category": "Mugs",
            "Item": f"Mug {cents % 50}",
            "Qty": f"{quantity}.0",
            "Price Point Name": "Regular",
            "SKU": f"MUG-{cents % 50}",
            "Gross Sales": f"${_text(cents * quantity)}",
            "Discounts": "$0.00",
            "Net Sales": f"${_text(cents * quantity)}",
            "Tax": f"${_text(cents // 10)}",
            "Transaction ID": f"T{number:08}",
            "Payment ID": f"P{number:08}",
            "Device Name": "Till 1",
            "Event Type": "Payment",
            "Location": "Ottawa",
            "Customer ID": f"C{number % 997}",
            "Customer Name": "Ada Byron",
        }


WRITERS: Final = {
    "shopify-csv": _shopify_csv,
    "shopify-json": _shopify_json,
    "woocommerce": _woocommerce,
    "csv": _square_items,
}
