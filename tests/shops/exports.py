"""Exports typed by hand, in the forms that shops' systems write them, and the orders that our import makes of them."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from domain.ledger import OrderLedger
from domain.log.records import Provenance
from domain.order.state import Order
from domain.shops import mapped_csv, shopify_csv, shopify_json, woocommerce
from domain.shops.batches import batches
from domain.shops.bringing import TieOut, import_orders
from domain.shops.found import ExportedOrder, UnreadableOrder
from domain.shops.mapping import mapping_from
from domain.shops.tables import Source

READERS = {"shopify-csv": shopify_csv.read, "shopify-json": shopify_json.read, "woocommerce": woocommerce.read}


def source(text: str | bytes, name: str = "orders") -> Source:
    return Source(name, io.BytesIO(text.encode() if isinstance(text, str) else text))


def sources(*texts: str | bytes) -> list[Source]:
    return [source(text, f"file-{number}") for number, text in enumerate(texts, 1)]


def read(kind: str, *texts: str | bytes, prefix: str = "") -> list[ExportedOrder | UnreadableOrder]:
    if kind in READERS:
        return list(READERS[kind](sources(*texts), prefix))
    return list(mapped_csv.read(sources(*texts), mapping_from(kind), prefix))


def one(kind: str, *texts: str | bytes) -> ExportedOrder:
    (found,) = read(kind, *texts)
    assert isinstance(found, ExportedOrder), found
    return found


def remarks(found: ExportedOrder) -> str:
    return "\n".join(f"{kind}: {own}" for kind, own in found.remarks)


def brought(ledger: OrderLedger, kind: str, *texts: str | bytes, is_dry: bool = False) -> TieOut:
    return brought_in(ledger, read(kind, *texts), is_dry=is_dry)


def brought_in(ledger: OrderLedger, found: Iterable[ExportedOrder | UnreadableOrder], *, is_dry: bool) -> TieOut:
    return import_orders(ledger, batches(iter(found), lambda: 0), is_dry=is_dry, provenance=Provenance("tester"))


def order(ledger: OrderLedger, key: str) -> Order:
    claim = ledger.log_of_events.claim("order-key", key)
    assert claim is not None, key
    return ledger.order(claim.originator_id)


def table(rows: Iterable[dict[str, Any]], delimiter: str = ",") -> str:
    """CSV with every column of any row."""
    rows = list(rows)
    text = io.StringIO()
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, columns, restval="", delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def shopify_rows(*items: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    """The rows of one order in Shopify's export: the order's own fields stand on the first row alone."""
    name = fields.pop("Name", "#1001")
    first = {
        "Name": name,
        "Email": "ada@example.com",
        "Financial Status": "paid",
        "Paid at": "2024-01-31 10:00:05 +0100",
        "Fulfillment Status": "unfulfilled",
        "Fulfilled at": "",
        "Currency": "EUR",
        "Subtotal": "",
        "Shipping": "0.00",
        "Taxes": "0.00",
        "Total": "",
        "Discount Amount": "0.00",
        "Created at": "2024-01-31 10:00:00 +0100",
    }
    rows = [{"Name": name, "Lineitem quantity": "1"} | dict(item) for item in items]
    rows[0] = first | {key.replace("_", " "): value for key, value in fields.items()} | rows[0]
    return rows


def line(price: str, quantity: int = 1, name: str = "Mug", **more: Any) -> dict[str, Any]:
    return {"Lineitem quantity": str(quantity), "Lineitem name": name, "Lineitem price": price} | more


def jsonl(*values: Any) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)
