"""What are the sums of the movements, received and refunded? By time, provider, method and so on."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from domain.log.sqlite import sqlite3
from domain.moments import day_of
from domain.money import two_digit_text
from domain.order.movements import EFFECTS, Kind
from projections.payments.list import Filter, conditions
from projections.payments.table import SPLIT
from projections.views.reading import with_position

GROUPINGS: Final = ("day", "week", "month", "provider", "method", "currency", "status")
# The groupings that are no column of the journal, as SQL; the status is the order's present one.
_COLUMNS: Final = {
    "day": "day_of(received_at)",
    "week": "week_of(day_of(received_at))",
    "month": "substr(day_of(received_at), 1, 7)",
    "status": "(SELECT status FROM orders WHERE orders.uuid = payments.uuid)",
}


class Sum(msgspec.Struct):
    """The sums of some movements in one currency. `labels` has the values of the requested groupings."""

    labels: dict[str, str | None]
    currency: str
    digits: int
    count: int = 0
    received: int = 0
    refunded: int = 0

    @property
    def net(self) -> int:
        return self.received - self.refunded

    def document(self) -> dict[str, Any]:
        """The fields of the sums as clients see them, without the labels."""
        amounts = {name: two_digit_text(getattr(self, name), self.digits) for name in ("received", "refunded", "net")}
        return {"currency": self.currency, "count": self.count, **amounts}

    def add(self, kind: Kind, count: int, amount: int) -> None:
        self.count += count
        effect = EFFECTS[kind]
        if effect.sums == "received":
            self.received += amount * effect.sign
        else:
            self.refunded -= amount * effect.sign


class Summary(msgspec.Struct, frozen=True):
    """The sums by group, and the totals by currency, as of one position of the log."""

    position: int
    rows: list[Sum]
    totals: list[Sum]


def summary(connection: sqlite3.Connection, wanted: Filter, *, group_by: Sequence[str], zone: ZoneInfo) -> Summary:
    """Sums up by any of GROUPINGS, and always by currency: money of two currencies has no sum.

    Days are the zone's, and weeks are those of ISO 8601, like 2026-W09.
    """
    connection.create_function("day_of", 1, lambda received_at: day_of(received_at, zone), deterministic=True)
    names = list(dict.fromkeys([*group_by, "currency"]))
    connection.create_function("week_of", 1, _week_of, deterministic=True)
    columns = ", ".join(f"{_COLUMNS[name]} AS {name}" if name in _COLUMNS else name for name in names)
    # Only amounts with the same digits are summed, should ISO 4217 ever have changed a currency's digits.
    alike = ", ".join([*names, "digits"])
    terms, values = conditions(wanted)
    position, groups = with_position(
        connection,
        f"SELECT count(*), kind, sum(amount_high), sum(amount_low), digits, {columns} FROM payments WHERE {terms}"
        f" GROUP BY {alike}, kind ORDER BY {alike}",
        values,
    )
    rows: dict[tuple[int | str | None, ...], Sum] = {}
    totals: dict[tuple[str, int], Sum] = {}
    for count, kind, high, low, digits, *label in groups:
        labels = dict(zip(names, label, strict=True))
        currency = labels["currency"]
        for of_group in (
            rows.setdefault((digits, *label), Sum(labels, currency, digits)),
            totals.setdefault((currency, digits), Sum({}, currency, digits)),
        ):
            of_group.add(kind, count, high * SPLIT + low)
    return Summary(position, list(rows.values()), [totals[unit] for unit in sorted(totals)])


def _week_of(day: str) -> str:
    year, week, _ = date.fromisoformat(day).isocalendar()
    return f"{year:04d}-W{week:02d}"
