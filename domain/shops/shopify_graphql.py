"""Turns the objects of Shopify's GraphQL API into those of its REST API: names, ids, lists and words.

Bulk operations write JSON Lines: an order, and each object that belongs to it on a line of its own. The line names the
object's parent as `__parentId`.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, BinaryIO, Final

import msgspec

from domain.shops.json_values import DECODER
from domain.shops.values import words

LINE_BYTES_MAX: Final = 32 * 1024 * 1024
# The kinds of objects that are no object's parent.
_LEAVES: Final = words("LineItem OrderTransaction ShippingLine TaxLine")
_CAPITAL: Final = re.compile(r"(?<=[a-z0-9])([A-Z])")
# REST's names, by GraphQL's names in snake case.
_RENAMED: Final = {
    "display_financial_status": "financial_status",
    "display_fulfillment_status": "fulfillment_status",
    "currency_code": "currency",
    "presentment_currency_code": "presentment_currency",
    "original_unit_price_set": "price_set",
    "original_price_set": "price_set",
    "allocated_amount_set": "amount_set",
    "custom_attributes": "note_attributes",
    "country_code_v2": "country_code",
    "customer_email": "email",
    "parent_transaction": "parent_id",
    "formatted_gateway": "gateway_name",
}
_WORDS: Final = words("financial_status fulfillment_status kind status restock_type cancel_reason")
# The parent's field that a line of a bulk operation belongs in, by the kind in the line's id.
_PLACES: Final = {
    "LineItem": "line_items",
    "OrderTransaction": "transactions",
    "Refund": "refunds",
    "ShippingLine": "shipping_lines",
    "RefundLineItem": "refund_line_items",
    "OrderAdjustment": "order_adjustments",
    "RefundShippingLine": "refund_shipping_lines",
    "Fulfillment": "fulfillments",
    "TaxLine": "tax_lines",
}


@cache
def _snake(name: str) -> str:
    snake = _CAPITAL.sub(r"_\1", name).lower()
    return _RENAMED.get(snake, snake)


def number_of(gid: str) -> str:
    """The number in a GraphQL id: '123' for 'gid://shopify/Order/123?x=y'."""
    return gid.rpartition("/")[2].partition("?")[0]


def kind_of(gid: str) -> str:
    """The kind in a GraphQL id: 'Order' for 'gid://shopify/Order/123'; empty for any other text."""
    return gid.split("/")[-2] if gid.startswith("gid://") else ""


def restful(value: Any) -> Any:
    """The value with REST's names, ids, lists and words."""
    if isinstance(value, list):
        return [restful(each) for each in value]
    if not isinstance(value, dict):
        return number_of(value) if isinstance(value, str) and value.startswith("gid://shopify/") else value
    if "edges" in value:
        return [restful(edge.get("node")) for edge in value["edges"] or ()]
    if "nodes" in value:
        return [restful(node) for node in value["nodes"] or ()]
    made: dict[str, Any] = {}
    for name, inner in value.items():
        short = _snake(name)
        given = restful(inner)
        if short in _WORDS and isinstance(given, str):
            given = given.lower()
        elif short == "parent_id" and isinstance(given, dict):
            given = given.get("id")
        made[short] = given
    if isinstance(made.get("shop_money"), dict):
        return made
    return _shaped(made)


def _shaped(made: dict[str, Any]) -> dict[str, Any]:
    """The object with REST's plain ids and names in the place of GraphQL's objects."""
    for name, plain in (("product", "product_id"), ("variant", "variant_id"), ("line_item", "line_item_id")):
        inner = made.get(name)
        if isinstance(inner, dict) and inner.get("id"):
            made.setdefault(plain, inner["id"])
    if isinstance(made.get("note_attributes"), list):
        made["note_attributes"] = [
            {"name": each.get("name", each.get("key")), "value": each.get("value")} for each in made["note_attributes"]
        ]
    if isinstance(made.get("tags"), list):
        made["tags"] = ", ".join(map(str, made["tags"]))
    return made


class _Line(msgspec.Struct):
    """The fields of a bulk operation's line that show its order: its id and its parent's."""

    id: str | None = None
    parent: str | None = msgspec.field(default=None, name="__parentId")


class Bulk:
    """The order of each line of a bulk operation. Most lines belong to the order right before them, a few to another
    one.

    The places of these few in the file are kept, and the lines are read again when their order is read.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._orders: set[str] = set()
        self._order_of: dict[str, str] = {}
        self._apart: dict[str, list[int]] = {}
        here, at = "", 0
        stream.seek(0)
        while text := stream.readline(LINE_BYTES_MAX):
            line = _line_of(text if at else text.removeprefix(BOM_UTF8))
            if line.parent is None and line.id:
                here = line.id
                self._orders.add(here)
            elif line.parent:
                order = self.order_of(line.parent, here)
                if line.id and kind_of(line.id) not in _LEAVES:
                    self._order_of[line.id] = order
                if order != here:
                    self._apart.setdefault(order, []).append(at)
            at += len(text)

    def order_of(self, parent: str, here: str) -> str:
        """The order of a line with this parent: the parent itself, else the parent's order, else `here`, the order
        right before the line."""
        return parent if kind_of(parent) == "Order" else self._order_of.get(parent, here)

    def has(self, order: str) -> bool:
        return order in self._orders

    def apart(self, order: str) -> Iterator[dict[str, Any]]:
        """The lines of an order that do not stand behind it. The stream's position stays the same."""
        places = self._apart.pop(order, ())
        here = self._stream.tell() if places else 0
        for place in places:
            self._stream.seek(place)
            yield DECODER.decode(self._stream.readline(LINE_BYTES_MAX).decode())
        if places:
            self._stream.seek(here)


def _line_of(text: bytes) -> _Line:
    try:
        return msgspec.json.decode(text, type=_Line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Line()  # the reader of the orders refuses the line, with the fault


def placed(order: dict[str, Any], lines: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """A bulk operation's order with its lines put where they belong."""
    by_id = {order["id"]: order}
    for inner in (each for value in order.values() if isinstance(value, list) for each in value):
        if isinstance(inner, dict) and "id" in inner:
            by_id[inner["id"]] = inner
    for line in lines:
        parent = by_id.get(line.pop("__parentId"), order)
        if "id" in line:
            by_id[line["id"]] = line
        place = _PLACES.get(kind_of(line.get("id") or ""), "")
        if not place:
            place = "refund_line_items" if "restockType" in line or "lineItem" in line else "others"
        there = parent.setdefault(place, [])
        if isinstance(there, list):
            there.append(line)
    return order
