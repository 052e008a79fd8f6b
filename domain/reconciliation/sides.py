"""The two sides of a reconciliation, and the rows that are still open.

The provider's rows are `lines.Line`s, ours the journal's entries. A pass of the matching closes rows with a result.
"""

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from datetime import datetime
from typing import Final, TypeAlias

import msgspec

from domain.settlement.lines import Line

# The journal's kind for each kind of line; lines of other kinds are not in the journal.
JOURNAL_KIND: Final = {"payment": "payment", "refund": "refund", "chargeback": "refund"}
# An order with more open rows on one side, or a line that names more orders, is left out: too many pairs are possible.
ORDER_ROWS_MAX: Final = 12
ORDERS_NAMED_MAX: Final = 5
WORDS_MAX: Final = 50
_NO_ORDERS: Final[frozenset[int]] = frozenset()
_WORD: Final = re.compile(r"[A-Za-z0-9._-]+")

# Provider, kind and currency: rows that differ in one of them never belong together.
Sort: TypeAlias = tuple[str, str, str]


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A payment or refund of the journal. `kind` is "payment" or "refund".

    `amount` is positive, in minor units, of which `digits` stand after the point.
    """

    position: int
    kind: str
    order_id: int
    order_key: str
    provider: str
    reference: str
    amount: int
    currency: str
    digits: int
    received_at: datetime
    method: str | None = None
    payment_reference: str | None = None


class Difference(msgspec.Struct, frozen=True):
    """A field that differs: `expected` is the journal's value, `actual` the settlement's."""

    field: str
    expected: int | str
    actual: int | str


class Result(msgspec.Struct, frozen=True):
    """The outcome of some rows: `lines` are row numbers, `entries` positions."""

    outcome: str
    rule: str
    lines: tuple[int, ...] = ()
    entries: tuple[int, ...] = ()
    differs: tuple[Difference, ...] = ()


class Sides:
    """Both sides, sorted; the rows that are still open; and the results so far. Rows are named by their places.

    `amounts` and `kinds` of the lines are in the journal's terms. `homes` has, by line, the entry that the line's
    reference names, and `visitors` the reverse. A line with a home belongs there or nowhere.
    """

    def __init__(self, lines: Iterable[Line], entries: Iterable[Entry]) -> None:
        self.results: list[Result] = []
        self.lines = sorted(lines, key=_content)
        self.entries = sorted(entries, key=lambda entry: entry.position)
        self.open_lines = [True] * len(self.lines)
        self.open_entries = [True] * len(self.entries)
        self.amounts = [line.gross if line.kind == "payment" else -line.gross for line in self.lines]
        self.kinds = [JOURNAL_KIND[line.kind] for line in self.lines]
        self.homes = self._homes()
        self.visitors: dict[int, list[int]] = {}
        for place, home in enumerate(self.homes):
            if home is not None:
                self.visitors.setdefault(home, []).append(place)
        self._order_ids = {entry.order_id for entry in self.entries}
        self._order_keys = {entry.order_key: entry.order_id for entry in self.entries}
        self._named: dict[int, Set[int]] = {}

    def _homes(self) -> list[int | None]:
        entries: dict[tuple[str, str, str], int] = {}
        for place, entry in enumerate(self.entries):
            entries.setdefault((entry.provider, entry.kind, entry.reference), place)
        homes = []
        for line, kind in zip(self.lines, self.kinds, strict=True):
            names = (name for name in (line.reference, *line.aliases) if name)
            found = (entries.get((line.provider, kind, name)) for name in names)
            homes.append(next((entry for entry in found if entry is not None), None))
        return homes

    def orders_named(self, place: int) -> Set[int]:
        """The ids of the orders whose key or id is a word of the line; none where there are too many."""
        if place not in self._named:
            found: set[int] = set()
            for word in _WORD.findall(self.lines[place].order)[:WORDS_MAX]:
                for name in {word, word.strip("._-")}:  # a full stop may belong to a word, or end it
                    if name in self._order_keys:
                        found.add(self._order_keys[name])
                    if name.isdigit() and int(name) in self._order_ids:
                        found.add(int(name))
            self._named[place] = found if 0 < len(found) <= ORDERS_NAMED_MAX else _NO_ORDERS
        return self._named[place]

    def close(
        self, outcome: str, rule: str, lines: Sequence[int] = (), entries: Sequence[int] = (), *differs: Difference
    ) -> None:
        for line in lines:
            self.open_lines[line] = False
        for entry in entries:
            self.open_entries[entry] = False
        rows = sorted(self.lines[line].row for line in lines)
        positions = sorted(self.entries[entry].position for entry in entries)
        self.results.append(Result(outcome, rule, tuple(rows), tuple(positions), differs))

    def homeless(self) -> Iterator[tuple[int, Line]]:
        """The open lines whose reference the journal does not know."""
        for place, line in enumerate(self.lines):
            if self.open_lines[place] and self.homes[place] is None:
                yield place, line

    def unvisited(self) -> Iterator[tuple[int, Entry]]:
        """The open entries whose reference no line has."""
        for place, entry in enumerate(self.entries):
            if self.open_entries[place] and place not in self.visitors:
                yield place, entry

    def orders(self) -> Iterator[tuple[list[int], list[int]]]:
        """Open lines that name an order with its open entries, of one sort."""
        entries: dict[tuple[int, Sort], list[int]] = {}
        for place, entry in self.unvisited():
            entries.setdefault((entry.order_id, entry_sort(entry)), []).append(place)
        lines: dict[tuple[int, Sort], list[int]] = {}
        for place, _ in self.homeless():
            for order_id in self.orders_named(place):
                lines.setdefault((order_id, self.line_sort(place)), []).append(place)
        for key in lines.keys() & entries.keys():
            if max(len(lines[key]), len(entries[key])) <= ORDER_ROWS_MAX:
                yield lines[key], entries[key]

    def line_sort(self, place: int) -> Sort:
        line = self.lines[place]
        return line.provider, self.kinds[place], line.currency

    def agree(self, line: int, entry: int) -> bool:
        """Whether line and entry have the same amount and currency."""
        theirs = self.entries[entry]
        return self.amounts[line] == theirs.amount and self.lines[line].currency == theirs.currency

    def differences(self, line: int, entry: int, *fields: str) -> list[Difference]:
        """The differences in these fields."""
        mine, theirs = self.lines[line], self.entries[entry]
        every = (
            Difference("reference", theirs.reference, mine.reference),
            Difference("currency", theirs.currency, mine.currency),
            Difference("amount", theirs.amount, self.amounts[line]),
        )
        return [found for found in every if found.field in fields and found.expected != found.actual]


def entry_sort(entry: Entry) -> Sort:
    return entry.provider, entry.kind, entry.currency


def _content(line: Line) -> tuple[str | int | datetime, ...]:
    return (
        line.provider,
        line.kind,
        line.reference,
        line.currency,
        line.gross,
        line.occurred_at,
        line.order,
        line.payout,
        line.fee,
        line.row,
    )
