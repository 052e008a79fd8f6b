"""Which movements of money are there? The journal, ordered as the log is: one page, or all of it part by part."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.log.sqlite import sqlite3
from domain.moments import moment_of
from domain.order.movements import Kind
from projections.payments.table import COLUMNS, SPLIT
from projections.views.reading import with_position

CHUNK_ROWS: Final = 1_000
# A late movement is dated in a period that was closed on a head of the log before the movement's position.
_LATE: Final = (
    "EXISTS (SELECT 1 FROM periods WHERE periods.provider = payments.provider AND closed_on < payments.position"
    " AND payments.received_at BETWEEN since AND until)"
)
_SHOWN: Final = ", ".join([*(f"payments.{column}" for column in COLUMNS if column != "uuid"), f"{_LATE} AS late"])


class Movement(msgspec.Struct, frozen=True):
    """A row of the journal, with the contract's fields. `amount` is in minor units, and positive in every kind. `late`
    is true where the movement was recorded after its period was closed."""

    position: int
    kind: Kind
    order_id: int
    key: str
    provider: str
    method: str | None
    reference: str
    payment_reference: str | None
    amount: int
    currency: str
    received_at: datetime
    recorded_at: datetime
    forced: bool
    late: bool
    digits: int


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """The conditions of a list; None sets no condition. `since` and `until` are microseconds, both inclusive."""

    since: int | None = None
    until: int | None = None
    provider: str | None = None
    method: str | None = None
    currency: str | None = None
    kind: str | None = None
    order: int | UUID | None = None


def conditions(wanted: Filter) -> tuple[str, list[str | int]]:
    """The terms of the WHERE clause, and their values."""
    order = "uuid = ?" if isinstance(wanted.order, UUID) else "uuid = (SELECT uuid FROM orders WHERE id = ?)"
    asked = {
        "received_at >= ?": wanted.since,
        "received_at <= ?": wanted.until,
        "provider = ?": wanted.provider,
        "method = ?": wanted.method,
        "currency = ?": wanted.currency,
        "kind = ?": wanted.kind,
        order: str(wanted.order) if isinstance(wanted.order, UUID) else wanted.order,
    }
    given = {term: value for term, value in asked.items() if value is not None}
    return " AND ".join(given) or "true", list(given.values())


class Page(msgspec.Struct, frozen=True):
    """A part of the journal as of one position of the log; `is_last` where no wanted movement comes behind it."""

    position: int
    movements: list[Movement]
    is_last: bool


def page(connection: sqlite3.Connection, wanted: Filter, *, after: int, limit: int) -> Page:
    """The movements behind the position `after`, ordered by position, at most `limit`."""
    select, values = _in_order(wanted, after=after, until=None, limit=limit + 1)
    position, rows = with_position(connection, select, values)
    return Page(position, list(map(_movement, rows[:limit])), len(rows) <= limit)


def providers(connection: sqlite3.Connection) -> list[str]:
    """The names of all providers in the journal."""
    return [name for (name,) in connection.execute("SELECT DISTINCT provider FROM payments ORDER BY provider")]


def walk(
    connect: Callable[[], sqlite3.Connection], wanted: Filter, *, after: int, until: int
) -> Iterator[list[Movement]]:
    """All movements behind `after` up to `until`, some at a time.

    Asks for the connection anew for each part: the views may be made anew meanwhile, and no transaction spans two
    parts.
    """
    while True:
        select, values = _in_order(wanted, after=after, until=until, limit=CHUNK_ROWS)
        found = [_movement(row) for row in connect().execute(select, values).fetchall()]
        if found:
            yield found
            after = found[-1].position
        if len(found) < CHUNK_ROWS:
            return


def _in_order(wanted: Filter, *, after: int, until: int | None, limit: int) -> tuple[str, list[str | int]]:
    terms, values = conditions(wanted)
    # The plus keeps SQLite from using the index on received_at, with which it would sort all wanted rows anew for each
    # part.
    terms = terms.replace("received_at", "+received_at")
    return (
        f"SELECT {_SHOWN} FROM payments WHERE position > ? AND position <= ? AND {terms} ORDER BY position LIMIT +?",
        [after, 2**62 if until is None else until, *values, limit],
    )


def _movement(row: tuple[Any, ...]) -> Movement:
    *before, high, low, currency, digits, received_at, recorded_at, forced, late = row
    amount = high * SPLIT + low
    times = moment_of(received_at), moment_of(recorded_at)
    return Movement(*(*before, amount, currency, *times, bool(forced), bool(late), digits))
