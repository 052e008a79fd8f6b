"""The two sides of a reconciliation, and the rows that are still open.

The provider's rows are `lines.Line`s, ours the journal's entries. A pass of the matching closes rows with a result.
"""

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import Final, NamedTuple, TypeAlias

import msgspec

from domain.currencies import digits_of
from domain.order.commands import KEY_LENGTH_MAX
from domain.reconciliation.others import SettledBy
from domain.settlement.lines import SIGNS, Line

# The journal's kinds for each kind of line, the likeliest first; lines of other kinds are not in the journal.
JOURNAL_KINDS: Final[dict[str, tuple[str, ...]]] = {
    "payment": ("payment",),
    "payment_failure": ("payment_failure",),
    "refund": ("refund",),
    "refund_failure": ("refund_failure",),
    # A shop may have recorded a chargeback as a refund.
    "chargeback": ("chargeback", "refund"),
    "chargeback_reversal": ("chargeback_reversal",),
}
# An order with more open rows on one side, or a line that names more orders, is left out: too many pairs are possible.
ORDER_ROWS_MAX: Final = 12
ORDERS_NAMED_MAX: Final = 5
WORDS_MAX: Final = 50
_CONTENT: Final = ("provider", "kind", "reference", "currency", "gross", "occurred_at", "order", "payout", "fee", "row")
_NO_ORDERS: Final[frozenset[int]] = frozenset()
# The characters of a key; in a text they may stand between keys as well.
_WORD: Final = re.compile(r"[A-Za-z0-9._#/-]+")
_PART: Final = re.compile(r"#?[A-Za-z0-9._-]+")

# Provider, kind and currency: rows that differ in one of them never belong together.
Sort: TypeAlias = tuple[str, str, str]


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A movement of the journal. `kind` is one of JOURNAL_KINDS; `payment_reference` is the reference of the payment
    that the movement is about.

    `amount` is positive, in minor units; `digits` of them stand after the point.
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
    """A field that differs: `expected` is the journal's value, `actual` the settlement's.

    `digits` stand after the point of an actual amount in another currency than its line's.
    """

    field: str
    expected: int | str
    actual: int | str
    digits: int | None = None


class TiedTo(msgspec.Struct, frozen=True, gc=False):
    """The line of another provider's file: the credit of a payout, or the payout of a credit."""

    provider: str
    reconciliation: str
    file: str
    row: int


class Exchange(NamedTuple):
    """An amount paid in one currency and settled in another, in minor units, both signed as they change a balance.
    `expected` is the settled amount by the rules' rate; None where the rules have no rate for these currencies."""

    paid: int
    currency: str
    settled: int
    settled_currency: str
    expected: int | None = None


class Result(msgspec.Struct, frozen=True, gc=False):
    """The outcome of some rows: `lines` are row numbers, `entries` positions. `settled_by` is the line of another file;
    `exchange` the exchange of a payment that settled in another currency; `tied_to` the credit of a payout, or the
    payout of a credit."""

    outcome: str
    rule: str
    lines: tuple[int, ...] = ()
    entries: tuple[int, ...] = ()
    differs: tuple[Difference, ...] = ()
    settled_by: SettledBy | None = None
    exchange: Exchange | None = None
    tied_to: TiedTo | None = None


class Sides:
    """Both sides, sorted; the rows that are still open; and the results so far. Rows are named by their places.

    `amounts`, `currencies` and `kinds` of the lines are in the journal's terms: where a payment settled in another
    currency, they are of the paid amount, unless the journal has the settled amount. `entry_of` has, by line, the entry
    that the line's reference names; `lines_of` has, by entry, the lines whose references name it.
    """

    def __init__(self, lines: Iterable[Line], entries: Iterable[Entry]) -> None:
        self.results: list[Result] = []
        self.lines = _sorted(lines)
        self.entries = sorted(entries, key=lambda entry: entry.position)
        self.open_lines = [True] * len(self.lines)
        self.open_entries = [True] * len(self.entries)
        self.entry_of = self._entries_named()
        self._currencies_of = self._currencies_by_reference()
        self.amounts: list[int] = []
        self.currencies: list[str] = []
        for line, entry_at in zip(self.lines, self.entry_of, strict=True):
            gross, currency = self._terms(line, entry_at)
            # Nearly every amount is the very object that the line has, so the list takes little memory.
            self.amounts.append(gross if SIGNS[line.kind] > 0 else -gross)
            self.currencies.append(currency)
        self.kinds = [
            JOURNAL_KINDS[line.kind][0] if entry_at is None else self.entries[entry_at].kind
            for line, entry_at in zip(self.lines, self.entry_of, strict=True)
        ]
        self.lines_of = self._lines_by_entry()
        self._named: dict[int, Set[int]] = {}

    def _entries_named(self) -> list[int | None]:
        entries: dict[tuple[str, str], dict[str, int]] = {}
        for place, entry in enumerate(self.entries):
            entries.setdefault((entry.provider, entry.kind), {}).setdefault(entry.reference, place)
        found = []
        for line in self.lines:
            known = [entries.get((line.provider, kind), {}) for kind in JOURNAL_KINDS[line.kind]]
            found.append(next((of[name] for of in known for name in names_of(line) if name in of), None))
        return found

    def _lines_by_entry(self) -> dict[int, tuple[int, ...]]:
        def entry_named(place: int) -> int:
            return -1 if (entry_at := self.entry_of[place]) is None else entry_at

        places = sorted(range(len(self.lines)), key=entry_named)
        return {entry_at: tuple(naming) for entry_at, naming in groupby(places, key=entry_named) if entry_at >= 0}

    def _currencies_by_reference(self) -> dict[tuple[str, str], set[str]]:
        """The currencies of the movements that have a reference, or are about the payment with that reference; none
        where no line was exchanged."""
        found: dict[tuple[str, str], set[str]] = {}
        if any(line.original for line in self.lines):
            for entry in self.entries:
                for name in filter(None, (entry.reference, entry.payment_reference)):
                    found.setdefault((entry.provider, name), set()).add(entry.currency)
        return found

    def _terms(self, line: Line, entry_at: int | None) -> tuple[int, str]:
        """The amount and the currency of a line that are compared with the journal's."""
        entry = None if entry_at is None else self.entries[entry_at]
        if line.original is None or (entry and entry.currency == line.currency):
            return line.gross, line.currency
        if line.original.amount is None:
            return at_rate(line, entry) if entry else (line.gross, line.currency)
        names = (*names_of(line), *line.concerns)
        known = {currency for name in names for currency in self._currencies_of.get((line.provider, name), ())}
        if entry is None and line.currency in known and line.original.currency not in known:
            return line.gross, line.currency
        return line.original.amount, line.original.currency

    def orders_named(self, place: int) -> Set[int]:
        """The ids of the orders whose key or id is a word of an open line; empty for more than ORDERS_NAMED_MAX
        orders."""
        if place not in self._named:
            keys, ids = self._orders_asked
            found = {order for word in _words(self.lines[place]) for order in _named(word, keys, ids)}
            self._named[place] = found if 0 < len(found) <= ORDERS_NAMED_MAX else _NO_ORDERS
        return self._named[place]

    @cached_property
    def _orders_asked(self) -> tuple[dict[str, int], set[int]]:
        """The orders whose key or id is a word of an open line: the ids by key, and all ids. Nearly all lines are
        closed at the first call, and no line opens again, so these orders are few."""
        open_lines = (line for place, line in enumerate(self.lines) if self.open_lines[place])
        words = {text for line in open_lines for word in _words(line) for text in _texts(word)}
        numbers = {int(word) for word in words if word.isdigit()}
        keys = {entry.order_key: entry.order_id for entry in self.entries if entry.order_key in words}
        return keys, {entry.order_id for entry in self.entries if entry.order_id in numbers}

    def close(
        self,
        outcome: str,
        rule: str,
        lines: Sequence[int] = (),
        entries: Sequence[int] = (),
        *differs: Difference,
        settled_by: SettledBy | None = None,
    ) -> None:
        for line in lines:
            self.open_lines[line] = False
        for entry in entries:
            self.open_entries[entry] = False
        rows = sorted(self.lines[line].row for line in lines)
        positions = sorted(self.entries[entry].position for entry in entries)
        self.results.append(Result(outcome, rule, tuple(rows), tuple(positions), differs, settled_by))

    def unknown_lines(self) -> Iterator[tuple[int, Line]]:
        """The open lines whose reference the journal does not know, each with its place."""
        for place, line in enumerate(self.lines):
            if self.open_lines[place] and self.entry_of[place] is None:
                yield place, line

    def unnamed_entries(self) -> Iterator[tuple[int, Entry]]:
        """The open entries whose reference no line has, each with its place."""
        for place, entry in enumerate(self.entries):
            if self.open_entries[place] and place not in self.lines_of:
                yield place, entry

    def by_order(self) -> Iterator[tuple[list[int], list[int]]]:
        """Open lines that name an order, with the open entries of that order, all of one sort."""
        entries: dict[tuple[int, Sort], list[int]] = {}
        for place, entry in self.unnamed_entries():
            entries.setdefault((entry.order_id, entry_sort(entry)), []).append(place)
        lines: dict[tuple[int, Sort], list[int]] = {}
        for place, _ in self.unknown_lines():
            for order_id in self.orders_named(place):
                lines.setdefault((order_id, self.line_sort(place)), []).append(place)
        for key in lines.keys() & entries.keys():
            if max(len(lines[key]), len(entries[key])) <= ORDER_ROWS_MAX:
                yield lines[key], entries[key]

    def by_other_reference(self) -> Iterator[tuple[int, list[int]]]:
        """Open lines with the open entries of their sort and amount that they name by another reference.

        A line whose own reference names an open entry belongs to that entry, whatever else it names. A line that
        repeats a closed line belongs to no other movement of its order.
        """
        about: dict[tuple[Sort, int, str], list[int]] = {}
        of_order: dict[tuple[Sort, int, int], list[int]] = {}
        for place, entry in enumerate(self.entries):
            if self.open_entries[place]:
                sort = entry_sort(entry)
                if entry.payment_reference:
                    about.setdefault((sort, entry.amount, entry.payment_reference), []).append(place)
                of_order.setdefault((sort, entry.amount, entry.order_id), []).append(place)
        visiting = [
            (place, line)
            for place, line in enumerate(self.lines)
            if self.open_lines[place]
            and not ((entry_at := self.entry_of[place]) is not None and self.open_entries[entry_at])
        ]
        said = self._said_before(line for _, line in visiting)
        order_of = self._orders_of({name for _, line in visiting for name in (*names_of(line), *line.concerns)})
        for place, line in visiting:
            sort, amount = self.line_sort(place), self.amounts[place]
            names = {*names_of(line), *line.concerns}
            found = {entry for name in names for entry in about.get((sort, amount, name), ())}
            if identity(line) not in said:
                for order_id in self.orders_named(place):
                    if any(order_id in order_of.get((line.provider, name), ()) for name in names):
                        found.update(of_order.get((sort, amount, order_id), ()))
            if found:
                yield place, sorted(found)

    def _said_before(self, lines: Iterable[Line]) -> set[tuple[object, ...]]:
        """The identities that these lines share with closed lines. Nearly all lines are closed, so only the shared
        identities are kept in memory."""
        mine = {identity(line) for line in lines}
        closed = (identity(line) for place, line in enumerate(self.lines) if not self.open_lines[place])
        return {what for what in closed if what in mine}

    def _orders_of(self, references: Set[str]) -> dict[tuple[str, str], set[int]]:
        """The orders that have a movement with one of these references, by provider and reference."""
        found: dict[tuple[str, str], set[int]] = {}
        for entry in self.entries:
            if entry.reference in references:
                found.setdefault((entry.provider, entry.reference), set()).add(entry.order_id)
        return found

    def line_sort(self, place: int) -> Sort:
        line = self.lines[place]
        return line.provider, self.kinds[place], self.currencies[place]

    def agree(self, line: int, entry: int) -> bool:
        """Whether line and entry have the same amount and currency."""
        theirs = self.entries[entry]
        return self.amounts[line] == theirs.amount and self.currencies[line] == theirs.currency

    def differences(self, line: int, entry: int, *fields: str) -> list[Difference]:
        """The differences between a line and an entry in these fields."""
        mine, theirs, currency = self.lines[line], self.entries[entry], self.currencies[line]
        digits = None if currency == mine.currency else digits_of(currency)
        every = (
            Difference("reference", theirs.reference, mine.reference),
            Difference("currency", theirs.currency, currency),
            Difference("amount", theirs.amount, self.amounts[line], digits),
        )
        return [found for found in every if found.field in fields and found.expected != found.actual]


def _words(line: Line) -> list[str]:
    """The words of a line that may be an order's key or id, or contain one between punctuation marks."""
    return _WORD.findall(line.order)[:WORDS_MAX]


def _readings(part: str) -> tuple[str, ...]:
    """The texts that a part may stand for: a full stop, or another mark at either end, may belong to a key or not."""
    return (part, part.strip("._-"), part.strip("#._-")) if part[0] in "#._-" or part[-1] in "._-" else (part,)


def _texts(word: str) -> Iterator[str]:
    """All texts that a word may stand for."""
    if len(word) <= KEY_LENGTH_MAX:
        yield word.strip("._/-")
    for part in _PART.findall(word):
        yield from _readings(part)


def _named(word: str, keys: dict[str, int], ids: set[int]) -> Iterator[int]:
    """The orders that a word names: the order whose key the whole word is, else the orders whose keys or ids its parts
    are."""
    if (whole := word.strip("._/-")) in keys:
        yield keys[whole]
        return
    for readings in map(_readings, _PART.findall(word)):
        key = next((text for text in readings if text in keys), None)
        if key is not None:
            yield keys[key]
        else:
            yield from (int(text) for text in readings if text.isdigit() and int(text) in ids)


def names_of(line: Line) -> list[str]:
    """The references of a line's movement: its own, and its aliases."""
    return [name for name in (line.reference, *line.aliases) if name]


def at_rate(line: Line, entry: Entry) -> tuple[int, str]:
    """The amount that the customer paid, for a line that states only the rate: the entry's amount, where the rate, read
    either way, turns the entry's amount into the settled one; else the settled amount converted by the rate."""
    assert line.original is not None
    rate = Fraction(line.original.rate)
    shift = Fraction(10) ** (digits_of(line.currency) - entry.digits)
    paid = entry.amount * SIGNS[entry.kind]
    apart, factor = min((abs(paid * factor - line.gross), factor) for factor in (rate * shift, Fraction(shift, rate)))
    return (paid if apart < 1 else round(Fraction(line.gross, factor))), entry.currency


def identity(line: Line) -> tuple[object, ...]:
    """The content that identifies a line's movement: lines with equal identities repeat each other."""
    return line.provider, line.kind, line.reference, line.aliases, line.order, line.currency, line.gross


def entry_sort(entry: Entry) -> Sort:
    return entry.provider, entry.kind, entry.currency


def _sorted(lines: Iterable[Line]) -> list[Line]:
    """The lines sorted by their content, and by row number where the content is the same."""
    found = list(lines)
    # Sorts by one field after the other, the last first: sorting once would take a tuple for each line.
    for field in reversed(_CONTENT):
        found.sort(key=attrgetter(field))
    return found
