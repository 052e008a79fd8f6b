"""Which line of a settlement file is which payment or refund of the journal?

The passes, in this order; a row of either side that one of them has claimed is closed to the rest:

a. `reference_and_amount`: provider, kind, reference, amount and currency are the same: `matched`.
b. `reference`: the reference alone: `currency_differs` or `amount_differs`. A line whose payment is claimed by another
   line is a `duplicate_in_settlement` (`repeated`), and so is one that says the same as another that nothing answers.
c. `order_and_amount`: the order's key or id stands in the line; kind, amount and currency are the same: `suggested`.
d. `exact_sum`: one line is several payments, or several lines are one, and the sum is exact: `suggested`.
e. `tolerance`: as c, with amounts that are as far apart as the rules allow: `suggested`.

What is left: `missing_in_ledger`; `missing_in_settlement`; `in_transit`, where the payment is younger than its
provider's settlement delay; and `unknown_kind`, for lines whose kind is none of ours. Fees, adjustments and payouts are
not in the journal, and in no result. A chargeback is looked for among the refunds.

c to e first find every candidate, and then take only those that no other touches; rows that several fit are
`ambiguous`, together, and nobody is matched. So the outcome does not hang on the order of the rows: they are sorted by
what they say (position or row number last, which decides between rows that say the same), and results come by row,
then position.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias

import msgspec

from domain.settlement.lines import KINDS, Line
from domain.settlement.rules import Rules

# Sums are looked for among the rows of one order, reference or payout. Of more rows than this only the whole is tried.
SUM_ROWS_MAX: Final = 10
# An order with more open rows on one side than this, or a line that names more orders, says nothing of which is which.
ORDER_ROWS_MAX: Final = 12
ORDERS_NAMED_MAX: Final = 5
WORDS_MAX: Final = 50

_JOURNAL_KIND: Final = {"payment": "payment", "refund": "refund", "chargeback": "refund"}
_WORD: Final = re.compile(r"[A-Za-z0-9._-]+")
_STEM: Final = re.compile(r"(.+)[-_/.:#].+")


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A payment or refund of the journal. `amount` is positive, in minor units; `kind` is "payment" or "refund"."""

    position: int
    kind: str
    order_id: int
    order_key: str
    provider: str
    reference: str
    amount: int
    currency: str
    received_at: datetime
    method: str | None = None
    payment_reference: str | None = None


class Difference(msgspec.Struct, frozen=True):
    """A field that differs: what the journal has, and what the settlement."""

    field: str
    expected: int | str
    actual: int | str


class Result(msgspec.Struct, frozen=True):
    """What became of some rows: `lines` are row numbers, `entries` positions."""

    outcome: str
    rule: str
    lines: tuple[int, ...] = ()
    entries: tuple[int, ...] = ()
    differs: tuple[Difference, ...] = ()


# Lines and entries, by their places in the sorted lists, that may belong together.
Candidate: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]
# Provider, kind and currency, without which nothing belongs together.
Sort: TypeAlias = tuple[str, str, str]


def match(
    lines: Iterable[Line], entries: Iterable[Entry], rules: Rules, *, as_of: datetime, since: datetime | None = None
) -> list[Result]:
    """What became of every payment, refund, chargeback and unknown line, and of every entry.

    `as_of` is the moment at which the settlement delay is counted; an entry received before `since` that no line claims
    is in no result, because an earlier file settled it.
    """
    lines = list(lines)
    desk = _Desk((line for line in lines if line.kind in _JOURNAL_KIND), entries)
    _by_reference(desk)
    _repeated(desk)
    _suggest(desk, "order_and_amount", _same_order(desk, lambda _: 0))
    _suggest(desk, "exact_sum", _exact_sums(desk))
    _suggest(desk, "tolerance", _same_order(desk, lambda currency: rules.tolerance_minor.get(currency, 0)))
    _rest(desk, rules, as_of, since)
    unknown = [Result("unknown_kind", "kind", (line.row,)) for line in lines if line.kind not in KINDS]
    return sorted(
        desk.results + unknown, key=lambda result: (not result.lines, result.lines, result.entries, result.outcome)
    )


class _Desk:
    """Both sides, sorted; which rows are still open; and the results so far.

    `homes` has, by line, the entry that the line's reference names, and `visitors` the reverse. A line with a home
    belongs there or nowhere.
    """

    def __init__(self, lines: Iterable[Line], entries: Iterable[Entry]) -> None:
        self.results: list[Result] = []
        self.lines = sorted(lines, key=_content)
        self.entries = sorted(entries, key=lambda entry: entry.position)
        self.open_lines = [True] * len(self.lines)
        self.open_entries = [True] * len(self.entries)
        self.amounts = [line.gross if line.kind == "payment" else -line.gross for line in self.lines]
        self.kinds = [_JOURNAL_KIND[line.kind] for line in self.lines]
        self.homes = self._homes()
        self.visitors: dict[int, list[int]] = {}
        for place, home in enumerate(self.homes):
            if home is not None:
                self.visitors.setdefault(home, []).append(place)
        self._order_ids = {entry.order_id for entry in self.entries}
        self._order_keys = {entry.order_key: entry.order_id for entry in self.entries}
        self._named: dict[int, set[int]] = {}

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

    def orders_named(self, place: int) -> set[int]:
        """The ids of the orders whose key or id is a word of the line; none where those are many."""
        if place not in self._named:
            found: set[int] = set()
            for word in _WORD.findall(self.lines[place].order)[:WORDS_MAX]:
                for name in {word, word.strip("._-")}:  # a full stop may belong to a word, or end it
                    if name in self._order_keys:
                        found.add(self._order_keys[name])
                    if name.isdigit() and int(name) in self._order_ids:
                        found.add(int(name))
            self._named[place] = found if len(found) <= ORDERS_NAMED_MAX else set()
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

    def line_sort(self, place: int) -> Sort:
        line = self.lines[place]
        return line.provider, self.kinds[place], line.currency

    def differences(self, line: int, entry: int, *fields: str) -> list[Difference]:
        """Those of the fields that do differ."""
        mine, theirs = self.lines[line], self.entries[entry]
        every = (
            Difference("reference", theirs.reference, mine.reference),
            Difference("currency", theirs.currency, mine.currency),
            Difference("amount", theirs.amount, self.amounts[line]),
        )
        return [found for found in every if found.field in fields and found.expected != found.actual]


def _entry_sort(entry: Entry) -> Sort:
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


def _by_reference(desk: _Desk) -> None:
    """Passes a and b, and the lines that say again what a claimed line has said."""
    for entry, visitors in desk.visitors.items():
        differs = [desk.differences(line, entry, "currency", "amount") for line in visitors]
        if [] in differs:
            same = visitors[differs.index([])]
            desk.close("matched", "reference_and_amount", [same], [entry])
            for line, found in zip(visitors, differs, strict=True):
                if line != same:
                    _repeat(desk, line, same, *found)
        elif len(visitors) == 1:
            desk.close(f"{differs[0][0].field}_differs", "reference", visitors, [entry], *differs[0])
        # Several lines, and none of them the whole: the parts of the payment, it may be. Pass d will see.


def _repeat(desk: _Desk, line: int, of: int, *differs: Difference) -> None:
    rows = Difference("row", desk.lines[of].row, desk.lines[line].row)
    desk.close("duplicate_in_settlement", "repeated", [line], [], rows, *differs)


def _repeated(desk: _Desk) -> None:
    """Lines that the journal does not know, and that say the same as another such line."""
    first: dict[tuple[str, str, str, str, int], int] = {}
    for place, line in list(desk.homeless()):
        if line.reference:
            said = (line.provider, line.kind, line.reference, line.currency, line.gross)
            of = first.setdefault(said, place)
            if of != place:
                _repeat(desk, place, of)


def _suggest(desk: _Desk, rule: str, candidates: Iterable[Candidate]) -> None:
    """Suggests the candidates that share no row with another; the others are ambiguous, together as they hang."""
    for group in _hanging_together(sorted(set(candidates))):
        if len(group) == 1:
            lines, entries = group[0]
            differs: list[Difference] = []
            if len(lines) == len(entries) == 1:
                differs = desk.differences(lines[0], entries[0], "reference", "amount")
            desk.close("suggested", rule, lines, entries, *differs)
        else:
            all_lines = {line for lines, _ in group for line in lines}
            all_entries = {entry for _, entries in group for entry in entries}
            desk.close("ambiguous", rule, sorted(all_lines), sorted(all_entries))


def _hanging_together(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    """The candidates in groups that share no row with one another."""
    leader = list(range(len(candidates)))

    def lead(place: int) -> int:
        while leader[place] != place:
            leader[place] = place = leader[leader[place]]
        return place

    held_by: dict[tuple[str, int], int] = {}
    for place, (lines, entries) in enumerate(candidates):
        for row in (*(("line", line) for line in lines), *(("entry", entry) for entry in entries)):
            leader[lead(place)] = lead(held_by.setdefault(row, place))
    groups: dict[int, list[Candidate]] = {}
    for place, candidate in enumerate(candidates):
        groups.setdefault(lead(place), []).append(candidate)
    return list(groups.values())


def _same_order(desk: _Desk, apart_max: Callable[[str], int]) -> list[Candidate]:
    """Passes c and e; `apart_max` says how far amounts of a currency may be apart."""
    return [
        ((line,), (entry,))
        for lines, entries in _orders(desk)
        for line in lines
        for entry in entries
        if abs(desk.amounts[line] - desk.entries[entry].amount) <= apart_max(desk.lines[line].currency)
    ]


def _orders(desk: _Desk) -> Iterator[tuple[list[int], list[int]]]:
    """Open lines that name an order with its open entries, of one sort."""
    entries: dict[tuple[int, Sort], list[int]] = {}
    for place, entry in desk.unvisited():
        entries.setdefault((entry.order_id, _entry_sort(entry)), []).append(place)
    lines: dict[tuple[int, Sort], list[int]] = {}
    for place, _ in desk.homeless():
        for order_id in desk.orders_named(place):
            lines.setdefault((order_id, desk.line_sort(place)), []).append(place)
    for key in lines.keys() & entries.keys():
        if max(len(lines[key]), len(entries[key])) <= ORDER_ROWS_MAX:
            yield lines[key], entries[key]


def _exact_sums(desk: _Desk) -> list[Candidate]:
    """Pass d."""
    found: list[Candidate] = []
    for lines, entries in _parts_in_lines(desk):
        totals = {desk.entries[entry].amount for entry in entries}
        for total, ways in _ways(desk.amounts, lines, totals):
            found += [(ways, (entry,)) for entry in entries if desk.entries[entry].amount == total]
    amounts = [entry.amount for entry in desk.entries]
    for lines, entries in _parts_in_entries(desk):
        for total, ways in _ways(amounts, entries, {desk.amounts[line] for line in lines}):
            found += [((line,), ways) for line in lines if desk.amounts[line] == total]
    return found + _whole_days(desk)


def _parts_in_lines(desk: _Desk) -> Iterator[tuple[list[int], list[int]]]:
    """Open lines that may be parts, with the open entries that may be their whole: lines of the entry's reference, of
    parts of it (pi_7-1 and pi_7-2 of pi_7), of the payout that the entry is, of one order."""
    for entry, visitors in desk.visitors.items():
        if desk.open_entries[entry]:
            sort = _entry_sort(desk.entries[entry])
            yield [line for line in visitors if desk.line_sort(line) == sort], [entry]
    parts: dict[tuple[str, Sort], list[int]] = {}
    for place, line in desk.homeless():
        for name in {line.payout, _stem(line.reference)}:
            parts.setdefault((name, desk.line_sort(place)), []).append(place)
    for place, whole in desk.unvisited():
        yield parts.get((whole.reference, _entry_sort(whole)), []), [place]
    yield from _orders(desk)


def _parts_in_entries(desk: _Desk) -> Iterator[tuple[list[int], list[int]]]:
    """Open lines that may be a whole, with the open entries that may be its parts: of parts of its reference, of one
    order."""
    parts: dict[tuple[str, Sort], list[int]] = {}
    for place, part in desk.unvisited():
        parts.setdefault((_stem(part.reference), _entry_sort(part)), []).append(place)
    for place, line in desk.homeless():
        if line.reference:
            yield [place], parts.get((line.reference, desk.line_sort(place)), [])
    yield from _orders(desk)


def _stem(reference: str) -> str:
    """A reference without its last part: "pi_7-1" is a part of "pi_7"."""
    found = _STEM.fullmatch(reference)
    return found[1] if found else ""


def _ways(amounts: Sequence[int], rows: Sequence[int], totals: set[int]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Each total with the way in which two or more of the rows come to it; where there are several ways, with the first
    and with all the rows that they take, so that none of these rows is matched."""
    rows = sorted(row for row in rows if amounts[row] > 0)
    if len(rows) > SUM_ROWS_MAX:
        if (whole := sum(amounts[row] for row in rows)) in totals:
            yield whole, tuple(rows)
        return
    largest = max(totals, default=0)
    sums: list[tuple[int, tuple[int, ...]]] = [(0, ())]
    for row in rows:
        sums += [(done + amounts[row], (*way, row)) for done, way in sums if done + amounts[row] <= largest]
    found: dict[int, list[tuple[int, ...]]] = {}
    for done, way in sums:
        if done in totals and len(way) > 1:
            found.setdefault(done, []).append(way)
    for total, ways in found.items():
        yield total, ways[0]
        if len(ways) > 1:
            yield total, tuple(sorted(set().union(*ways)))


def _whole_days(desk: _Desk) -> list[Candidate]:
    """Lines that name no order, and are all that is open of one day, to the cent: a bank's line for a day's takings."""
    days: dict[tuple[date, Sort], list[int]] = {}
    for place, entry in desk.unvisited():
        days.setdefault((entry.received_at.date(), _entry_sort(entry)), []).append(place)
    sums = {day: sum(desk.entries[entry].amount for entry in entries) for day, entries in days.items()}
    found: dict[tuple[date, Sort], list[int]] = {}
    for place, line in desk.homeless():
        day = (line.occurred_at.date(), desk.line_sort(place))
        if not line.order and len(days.get(day, ())) > 1 and sums[day] == desk.amounts[place]:
            found.setdefault(day, []).append(place)
    # Where several lines are the day, all are ambiguous; one of the day's entries is enough to tie each to the first.
    return [
        ((line,), tuple(days[day] if line == lines[0] else days[day][:1]))
        for day, lines in found.items()
        for line in lines
    ]


def _rest(desk: _Desk, rules: Rules, as_of: datetime, since: datetime | None) -> None:
    """What no pass has claimed."""
    for entry, visitors in desk.visitors.items():
        if desk.open_entries[entry]:
            desk.close("ambiguous", "reference", [line for line in visitors if desk.open_lines[line]], [entry])
    for place, is_open in enumerate(desk.open_lines):
        if is_open:
            home = desk.homes[place]
            if home is None:
                desk.close("missing_in_ledger", "left_over", [place])
            else:  # others of its reference came to the payment's sum without it
                of = next(line for line in desk.visitors[home] if not desk.open_lines[line])
                _repeat(desk, place, of)
    for place, is_open in enumerate(desk.open_entries):
        if not is_open:
            continue
        entry_ = desk.entries[place]
        if entry_.received_at + timedelta(days=rules.delay_days(entry_.provider)) > as_of:
            desk.close("in_transit", "settlement_delay", [], [place])
        elif since is None or entry_.received_at >= since:
            desk.close("missing_in_settlement", "left_over", [], [place])
