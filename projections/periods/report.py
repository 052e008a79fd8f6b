"""What stands in the report of a period? The movements of a provider's month, and those that came too late for earlier
months.

Each movement stands in one report. Recorded before its own month was closed, it stands in that month's report.
Otherwise it is late, and stands in the report of the first later month that was not closed yet. A report is a function
of the log up to a position.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from domain.log.sqlite import sqlite3
from domain.moments import microseconds
from domain.money import two_digit_text
from domain.period.months import Month
from domain.period.state import Period
from projections import csv_text
from projections.payments import list as payments
from projections.payments.list import Movement
from projections.payments.sums import Sum

# `late` is left out here: the report's period decides it.
_COLUMNS: Final = tuple(name for name in Movement.__struct_fields__ if name not in {"digits", "late"})


class Row(NamedTuple):
    """A movement in a report, and the month that it belongs to."""

    movement: Movement
    month: str


class ReportSubject(NamedTuple):
    """The subject of a report: a provider's month, at a position of the log. For a closing it also has the time and the
    signed head."""

    provider: str
    month: Month
    position: int
    closed_at: datetime | None = None
    checkpoint: str | None = None


class Report:
    """The report of a period."""

    def __init__(self, subject: ReportSubject, rows: Sequence[Row]) -> None:
        self._subject = subject
        self.movements = len(rows)
        self.late = sum(row.month != subject.month.name for row in rows)
        self._rows = [self._document(row) for row in rows]
        self._sums = _sums(row.movement for row in rows)

    def json(self) -> bytes:
        subject = self._subject
        whole = {
            "period": subject.month.name,
            "provider": subject.provider,
            "timezone": subject.month.zone.key,
            "from": subject.month.since,
            "to": subject.month.until,
            "status": "open" if subject.closed_at is None else "closed",
            "closed_at": subject.closed_at,
            "position": subject.position,
            "checkpoint": subject.checkpoint,
            "count": self.movements,
            "late": self.late,
            "totals": self._sums,
            "movements": self._rows,
        }
        return msgspec.json.format(msgspec.json.encode(whole)) + b"\n"

    def csv(self) -> bytes:
        names = (*_COLUMNS, "period", "late")
        return csv_text.lines([names, *([csv_text.cell(row[name]) for name in names] for row in self._rows)])

    def _document(self, row: Row) -> dict[str, Any]:
        movement = row.movement
        shown = {name: getattr(movement, name) for name in _COLUMNS}
        shown |= {"amount": two_digit_text(movement.amount, movement.digits)}
        return shown | {"period": row.month, "late": row.month != self._subject.month.name}


def _sums(movements: Iterator[Movement]) -> list[dict[str, Any]]:
    """The sums of the movements, by currency."""
    sums: dict[tuple[str, int], Sum] = {}
    for each in movements:
        unit = each.currency, each.digits
        sums.setdefault(unit, Sum({}, *unit)).add(each.kind, 1, each.amount)
    return [sums[unit].document() for unit in sorted(sums)]


def make(connect: Callable[[], sqlite3.Connection], subject: ReportSubject, closed: Sequence[Period]) -> Report:
    """The report, made from the views; `closed` are the provider's closed periods."""
    month = subject.month
    rows = list(_rows(connect, subject, (month.since, month.until), month.name))
    after, before = 0, {period.month: period for period in closed}
    while (period := before.get((month := month.before()).name)) is not None:
        after = max(after, period.position)
        rows += _rows(connect, subject, (period.since, period.until), period.month, after=after)
    return Report(subject, sorted(rows, key=lambda row: row.movement.position))


def _rows(
    connect: Callable[[], sqlite3.Connection],
    subject: ReportSubject,
    span: tuple[datetime, datetime],
    month: str,
    *,
    after: int = 0,
) -> Iterator[Row]:
    """The provider's movements dated in a span of time and recorded behind `after`, up to the report's position."""
    since, until = map(microseconds, span)
    wanted = payments.Filter(provider=subject.provider, since=since, until=until)
    for part in payments.walk(connect, wanted, after=after, until=subject.position):
        yield from (Row(movement, month) for movement in part)
