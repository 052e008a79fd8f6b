"""The statuses of an order, the changes between them, and the statuses in which an order takes no payment."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

Status: TypeAlias = Literal[
    "new", "hold", "processing", "shipped", "completed", "failed", "cancelled", "refunded", "deleted"
]
# From the contract's table: the statuses that each status may change to.
TRANSITIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "new": ("hold", "processing", "failed", "cancelled", "deleted"),
        "hold": ("new", "processing", "failed", "cancelled", "deleted"),
        "processing": ("hold", "shipped", "completed", "failed", "cancelled", "refunded"),
        "shipped": ("completed", "failed", "refunded"),
        "completed": ("refunded",),
        "failed": ("new", "hold", "processing", "cancelled", "deleted"),
        "cancelled": ("refunded", "deleted"),
        "refunded": (),
        "deleted": (),
    }
)
# OPEN: only in these statuses the order's items, shipping and voucher can change. CLOSED: nothing can change.
OPEN: Final = frozenset({"new", "hold"})
CLOSED: Final = frozenset({"refunded", "deleted"})
UNPAYABLE: Final = frozenset({"cancelled", "refunded", "deleted"})
# The shop list's `status` takes these eight, in the seed's order; `deleted` can be asked for by `status_in` alone.
LISTED: Final = ("new", "hold", "failed", "cancelled", "processing", "shipped", "completed", "refunded")
# The storefront contract's four.
STOREFRONT: Final = ("paid", "awaiting_payment", "delivered", "cancelled")
