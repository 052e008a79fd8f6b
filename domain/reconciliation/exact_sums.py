"""Which payments were settled together, or in parts? Pass e of the matching: exact sums.

Rows are tried together that share an order, a reference or the stem of one, a payout, a day or several days. The sum of
two or more open rows must be the amount of an open row of the other side.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, TypeAlias

from domain.reconciliation.sides import Sides, Sort, entry_sort
from domain.settlement.lines import Line

# Of more rows than these only the sum of all is tried: there are too many subsets.
SUM_ROWS_MAX: Final = 10
# The most days that are settled together, and the most days until then.
DAYS_MAX: Final = 7
# Matches up to the last of these marks that has a character before it and one behind it.
_STEM: Final = re.compile(r"\A(.+)[-_/.:#].[^-_/.:#\n]*[-_/.:#]?")

# The places of lines and entries that may belong together.
Candidate: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]


def exact_sums(sides: Sides, zone: tzinfo) -> list[Candidate]:
    """The candidates whose sums are exact; `zone` is the time zone of days."""
    found: list[Candidate] = []
    for lines, entries in _parts_in_lines(sides):
        for total, ways in _ways(sides.amounts, lines, {sides.entries[entry].amount for entry in entries}):
            found += [(ways, (entry,)) for entry in entries if sides.entries[entry].amount == total]
    amounts = [entry.amount for entry in sides.entries]
    for lines, entries in _parts_in_entries(sides):
        for total, ways in _ways(amounts, entries, {sides.amounts[line] for line in lines}):
            found += [((line,), ways) for line in lines if sides.amounts[line] == total]
    return found + _whole_days(sides, zone)


def _parts_in_lines(sides: Sides) -> Iterator[tuple[list[int], list[int]]]:
    """Open lines that may be parts, with the open entries that may be their whole. The lines have the entry's
    reference, a reference with that stem (pi_7-1 and pi_7-2 of pi_7), a payout of that name, or the same order."""
    for entry, naming in sides.lines_of.items():
        if sides.open_entries[entry]:
            sort = entry_sort(sides.entries[entry])
            yield [line for line in naming if sides.line_sort(line) == sort], [entry]
    parts: dict[tuple[str, Sort], list[int]] = {}
    for place, line in sides.unknown_lines():
        for name in {line.payout, _stem(line.reference)}:
            parts.setdefault((name, sides.line_sort(place)), []).append(place)
    for place, whole in sides.unnamed_entries():
        yield parts.get((whole.reference, entry_sort(whole)), []), [place]
    yield from sides.by_order()


def _parts_in_entries(sides: Sides) -> Iterator[tuple[list[int], list[int]]]:
    """Open lines that may be a whole, with the open entries that may be its parts. The entries have references with the
    line's reference as their stem, or the same order."""
    parts: dict[tuple[str, Sort], list[int]] = {}
    for place, part in sides.unnamed_entries():
        parts.setdefault((_stem(part.reference), entry_sort(part)), []).append(place)
    wholes: dict[tuple[str, Sort], list[int]] = {}
    for place, line in sides.unknown_lines():
        if line.reference:
            wholes.setdefault((line.reference, sides.line_sort(place)), []).append(place)
    # All lines of one reference are tried together: a file can have very many of them, and a journal very many parts.
    for said, lines in wholes.items():
        yield lines, parts.get(said, [])
    yield from sides.by_order()


def _stem(reference: str) -> str:
    """A reference without its last part: "pi_7" for "pi_7-1", and "" where there are no parts."""
    found = _STEM.fullmatch(reference)
    return found[1] if found else ""


def _ways(amounts: Sequence[int], rows: Sequence[int], totals: set[int]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Each total with the way in which two or more of the rows add up to the total. Where there are several ways, the
    total comes twice: with the first way, and with the rows of all ways. The two share rows, so they are ambiguous, and
    none of these rows is matched."""
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


def _whole_days(sides: Sides, zone: tzinfo) -> list[Candidate]:
    """Lines that name no order, each with all open entries of a day, or of several days in a row, whose sum is exactly
    the line's amount. Such a line is a bank's, for some days' takings. The line's day is the last of these days, or
    less than DAYS_MAX after it."""
    days: dict[tuple[date, Sort], list[int]] = {}
    for place, entry in sides.unnamed_entries():
        days.setdefault((entry.received_at.astimezone(zone).date(), entry_sort(entry)), []).append(place)
    spans = _spans({day: sum(sides.entries[entry].amount for entry in entries) for day, entries in days.items()})
    found: dict[tuple[int, ...], list[int]] = {}
    for place, line in sides.unknown_lines():
        if _is_number_alone(line.order) or sides.orders_named(place):
            continue
        for last, span in spans.get((sides.line_sort(place), sides.amounts[place]), ()):
            entries = tuple(entry for day in span for entry in days[day])
            if len(entries) > 1 and 0 <= (_day_of(line, zone) - last).days < DAYS_MAX:
                found.setdefault(entries, []).append(place)
    # Where several lines fit the same days, all are ambiguous; one shared entry is enough to tie each to the first.
    return [
        ((line,), entries if line == lines[0] else entries[:1]) for entries, lines in found.items() for line in lines
    ]


def _is_number_alone(order: str) -> bool:
    """Whether a text is an order's number alone, of any shop; a bank's text has more words, or no digits."""
    return len(order.split()) == 1 and any(character.isdigit() for character in order)


def _day_of(line: Line, zone: tzinfo) -> date:
    """The day of a line. A file that states only the day has its midnight in UTC, and means that day in any zone."""
    at = line.occurred_at
    says_the_day_alone = at == datetime(at.year, at.month, at.day, tzinfo=UTC)
    return at.date() if says_the_day_alone else at.astimezone(zone).date()


def _spans(sums: Mapping[tuple[date, Sort], int]) -> dict[tuple[Sort, int], list[tuple[date, list[tuple[date, Sort]]]]]:
    """The days with payments in a row, at most DAYS_MAX from the first to the last, by their sort and their sum: the
    last day, and all days."""
    found: dict[tuple[Sort, int], list[tuple[date, list[tuple[date, Sort]]]]] = {}
    for last, sort in sums:
        total, span = 0, []
        for number in range(min(DAYS_MAX, last.toordinal())):
            day = (last - timedelta(days=number), sort)
            if day in sums:
                total += sums[day]
                span.append(day)
                found.setdefault((sort, total), []).append((last, list(span)))
    return found
