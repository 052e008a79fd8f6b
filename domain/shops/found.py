"""The findings of a reader of an export: an order as a line of our import, with its source's amounts, or a refusal."""

from collections import Counter
from typing import Any, Final, NamedTuple

from domain.money import Unit

EXAMPLE_CHARS_MAX: Final = 60


class Amounts(NamedTuple):
    """The amounts that a source states of an order, in minor units; None for an amount that it does not state.

    `paid` is the sum that was received, `refunded` the sum that went back.
    """

    total: int | None
    paid: int | None
    refunded: int | None


class ExportedOrder(NamedTuple):
    """An order of an export.

    `number` is its number in its source, `place` its place in the files. `key` and `external_ids` are its names in our
    ledger, and `line` is its line of our import. `status` is its status in its source's words; `why` may explain a
    difference in its totals. `remarks` are pairs of a kind and this order's own text: about values that our ledger has
    no place for, and about values that the reader had to interpret.
    """

    number: str
    place: str
    unit: Unit
    key: str
    external_ids: dict[str, str]
    line: dict[str, Any]
    stated: Amounts
    status: str
    remarks: tuple[tuple[str, str], ...]
    why: str


class UnreadableOrder(NamedTuple):
    """An order that cannot be read, and the reason."""

    number: str
    place: str
    why: str


class Unreadable(Exception):
    """The fault of one order, in words that name its column or field; the orders after it can be read."""


class Remarks:
    """The remarks about all orders: for each remark the number of its orders, and the first of them."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.first: dict[str, tuple[str, str]] = {}

    def add(self, found: ExportedOrder) -> None:
        for kind, own in dict(reversed(found.remarks)).items():
            self.counts[kind] += 1
            self.first.setdefault(kind, (found.number, own))
