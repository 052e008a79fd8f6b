"""What a reader of an export finds: an order as a line of our import, with what its source says of it, or why not."""

from collections import Counter
from typing import Any, Final, NamedTuple

from domain.money import Unit

EXAMPLE_CHARS_MAX: Final = 60


class Said(NamedTuple):
    """What a source says of an order, in minor units; None where it does not say it.

    `paid` is all that was received, `refunded` all that went back.
    """

    total: int | None
    paid: int | None
    refunded: int | None


class Found(NamedTuple):
    """An order of an export.

    `number` is what its source calls it, `place` where it stands. `key` and `external_ids` are
    what we call it by, and `line` the line of our import that it comes to.
    `status` is its source's words for where it stands, `why` what may explain that its totals differ. `remarks` are
    what has no place with us, and what was taken to mean something: pairs of a kind and this order's own.
    """

    number: str
    place: str
    unit: Unit
    key: str
    external_ids: dict[str, str]
    line: dict[str, Any]
    said: Said
    status: str
    remarks: tuple[tuple[str, str], ...]
    why: str


class Refused(NamedTuple):
    """An order that cannot be read, and why."""

    number: str
    place: str
    why: str


class Unreadable(Exception):
    """One order's fault, in words that name its column or field; the orders after it can be read."""


class Remarks:
    """What there was to say of all orders: how many orders each remark is about, and the first of them."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.first: dict[str, tuple[str, str]] = {}

    def add(self, found: Found) -> None:
        for kind, own in dict(reversed(found.remarks)).items():
            self.counts[kind] += 1
            self.first.setdefault(kind, (found.number, own))
