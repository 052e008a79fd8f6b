"""Which line of a settlement file is which payment or refund of the journal?

The matching makes passes, in this order. A row of either side that one pass has claimed is closed to the later passes.

Before all passes, the rows that people matched by hand (`by_hand`) are `matched`. A line that a bank credited under
another code becomes a payment where the journal has one like it (`credits`).

a. `reference_and_amount`: provider, kind, reference, amount and currency are the same: `matched`.
b. `other_reference_and_amount`: kind, amount and currency are the same, and the line names the payment that a refund is
   about, or an order that stands in the line and has a movement with the line's reference: `matched`.
c. `reference`: the reference alone is the same: `currency_differs` or `amount_differs`.
d. `order_and_amount`: the order's key or id stands in the line; kind, amount and currency are the same: `suggested`.
e. `exact_sum`: one line is the exact sum of several payments, or several lines are that of one payment: `suggested`.
f. `tolerance`: as d, with amounts no further apart than the rules allow: `suggested`.

A line of a to c whose payment another file of the provider has settled before is `settled_already`; d to f leave such
payments alone. A line that repeats all of a claimed line is a `duplicate_in_settlement` (`repeated`), and so is a
second line of the same content without a payment. The lines that are left are `missing_in_ledger`, or `unknown_kind`
where their kind is none of ours. `OtherFiles.outcome_of_missing` has the outcome of the payments that are left.

Fees and payouts are not in the journal, and in no result here; `payouts` compares payouts with the banks' credits.
Lines of all other kinds (adjustments, reserves, transfers, conversions, failed payouts) are `noted` up to the limit of
the rules, and `to_explain` above it. Where a payment settled in another currency, its result has the difference from
the rate that the rules expect (`rates`), and a match with such a difference is `rate_differs`.

Passes d to f first find every candidate, and then take only the candidates that share no row with another candidate.
Rows of several candidates are `ambiguous`, together, and none of them is matched. So the outcome does not depend on the
order of the rows. Rows are sorted by their content, and by position or row number where the content is the same;
results come by row, then by position.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, timedelta, tzinfo
from typing import Final

from domain.reconciliation.credits import as_payments
from domain.reconciliation.exact_sums import Candidate, exact_sums
from domain.reconciliation.others import BY_REFERENCE, EXACT, OtherFiles
from domain.reconciliation.rates import exchanged
from domain.reconciliation.rules import Rules
from domain.reconciliation.sides import JOURNAL_KINDS, Difference, Entry, Exchange, Result, Sides, identity
from domain.settlement.lines import KINDS, SIGNS, Line

_IN_NO_RESULT: Final = frozenset({"fee", "fee_refund", "payout"})
_WAITING_RULES: Final = {"in_transit": "settlement_delay", "overdue": "settlement_delay"}

__all__ = ["Difference", "Entry", "Exchange", "Result", "match"]


def match(
    lines: Iterable[Line],
    entries: Iterable[Entry],
    rules: Rules,
    *,
    others: OtherFiles,
    by_hand: Sequence[tuple[Sequence[int], Sequence[int]]] = (),
    zone: tzinfo = UTC,
) -> list[Result]:
    """Matches the lines of a file with the journal: a result for every line but fees and payouts, and for every entry
    that is expected in this file.

    `others` are the provider's other files; `by_hand` are the rows and positions that people matched; `zone` is the
    time zone of days.
    """
    all_lines, all_entries = list(lines), list(entries)
    matched, lines, entries = _by_hand(all_lines, all_entries, by_hand)
    lines = as_payments(lines, entries)
    of_entries = _of_entries((line for line in lines if line.kind in JOURNAL_KINDS), entries, rules, others, zone)
    of_no_entry = [result for line in lines if (result := _of_no_entry(line, rules)) is not None]
    found = exchanged([*matched, *of_entries, *of_no_entry], all_lines, all_entries, rules)
    return sorted(found, key=lambda result: (not result.lines, result.lines, result.entries, result.outcome))


def _of_entries(
    lines: Iterable[Line], entries: Iterable[Entry], rules: Rules, others: OtherFiles, zone: tzinfo
) -> list[Result]:
    """The results of the lines whose kinds the journal has, and of the entries."""
    sides = Sides(lines, entries)
    _exact(sides, others)
    _by_other_references(sides, others)
    _by_reference(sides, others)
    _repeated(sides)
    _leave_to_others(sides, others)
    _suggest(sides, "order_and_amount", _same_order(sides, lambda _: 0))
    _suggest(sides, "exact_sum", exact_sums(sides, zone))
    _suggest(sides, "tolerance", _same_order(sides, lambda currency: rules.tolerance_minor.get(currency, 0)))
    _rest(sides, rules, others)
    return sides.results


def _of_no_entry(line: Line, rules: Rules) -> Result | None:
    """The result of a line of a kind that the journal does not have; None for fees, payouts and the journal's kinds."""
    if line.kind in JOURNAL_KINDS or line.kind in _IN_NO_RESULT:
        return None
    if line.kind not in KINDS:
        return Result("unknown_kind", "kind", (line.row,))
    within = abs(line.gross) <= rules.limits_minor.get(line.currency, 0)
    return Result("noted" if within else "to_explain", "limit", (line.row,))


def _by_hand(
    lines: list[Line], entries: list[Entry], by_hand: Sequence[tuple[Sequence[int], Sequence[int]]]
) -> tuple[list[Result], list[Line], list[Entry]]:
    """The results of the rows that people matched, and the lines and entries that are left. A match of a payment that
    is void by now is none any more."""
    if not by_hand:
        return [], lines, entries
    of_row = {line.row: line for line in lines}
    of_position = {entry.position: entry for entry in entries}
    found = []
    for rows, positions in by_hand:
        if not all(position in of_position for position in positions):
            continue
        mine, theirs = [of_row.pop(row) for row in rows], [of_position.pop(position) for position in positions]
        booked = sum(entry.amount * SIGNS[entry.kind] for entry in theirs)
        settled = sum(line.paid_in(theirs[0].currency)[0] for line in mine)
        digits = None if theirs[0].currency == mine[0].currency else theirs[0].digits
        differs = (Difference("amount", booked, settled, digits),) if booked != settled else ()
        found.append(Result("matched", "by_hand", tuple(sorted(rows)), tuple(sorted(positions)), differs))
    return found, list(of_row.values()), list(of_position.values())


def _claim(sides: Sides, others: OtherFiles, rule: str, line: int, entry: int, *fields: str) -> None:
    """Closes a line with its entry; the result is `settled_already` where another file's line comes before it. `fields`
    are the fields in which the two may differ."""
    differs = sides.differences(line, entry, *fields)
    position, strength = sides.entries[entry].position, BY_REFERENCE if differs else EXACT
    before = others.settled_before(position, sides.lines[line], strength)
    outcome = "settled_already" if before else f"{differs[0].field}_differs" if differs else "matched"
    sides.close(outcome, rule, [line], [entry], *differs, settled_by=before)


def _exact(sides: Sides, others: OtherFiles) -> None:
    """Pass a: closes each entry with a line of its reference, amount and currency."""
    for entry, naming in sides.lines_of.items():
        same = next((line for line in naming if sides.agree(line, entry)), None)
        if same is not None:
            _claim(sides, others, "reference_and_amount", same, entry)


def _by_other_references(sides: Sides, others: OtherFiles) -> None:
    """Pass b. Lines that fit the same entries are interchangeable; where the lines are fewer than the entries, all are
    ambiguous."""
    for lines, entries in _fitting(sides):
        if len(lines) < len(entries):
            sides.close("ambiguous", "other_reference_and_amount", lines, entries)
            continue
        by_time = sorted(entries, key=lambda entry: (sides.entries[entry].received_at, entry))
        in_time = sorted(lines, key=lambda line: (sides.lines[line].occurred_at, line))
        for line, entry in zip(in_time, by_time, strict=False):
            _claim(sides, others, "other_reference_and_amount", line, entry)


def _fitting(sides: Sides) -> Iterator[tuple[list[int], list[int]]]:
    """Open lines with the open entries that each of them fits, where no other line fits any of these entries."""
    fits: dict[tuple[int, ...], list[int]] = {}
    claimants: dict[int, set[tuple[int, ...]]] = {}
    for line, entries in sides.by_other_reference():
        fits.setdefault(tuple(entries), []).append(line)
        for entry in entries:
            claimants.setdefault(entry, set()).add(tuple(entries))
    for fitting, lines in sorted(fits.items()):
        if all(len(claimants[entry]) == 1 for entry in fitting):
            yield lines, list(fitting)


def _by_reference(sides: Sides, others: OtherFiles) -> None:
    """Pass c; also closes the lines that repeat a claimed line."""
    for entry, naming in sides.lines_of.items():
        left = [line for line in naming if sides.open_lines[line]]
        if sides.open_entries[entry]:
            if len(left) == 1:
                _claim(sides, others, "reference", left[0], entry, "currency", "amount")
            # None of several lines has the whole amount: they may be parts of the payment, which pass e looks for.
            continue
        for line in left:
            _repeat_if_alike(sides, line, naming)


def _repeat_if_alike(sides: Sides, line: int, naming: Sequence[int]) -> None:
    """Closes a line as a duplicate where a closed line among those naming its entry has the same content."""
    said = identity(sides.lines[line])
    for of in naming:
        if not sides.open_lines[of] and identity(sides.lines[of]) == said:
            _repeat(sides, line, of)
            return


def _repeat(sides: Sides, line: int, of: int) -> None:
    rows = Difference("row", sides.lines[of].row, sides.lines[line].row)
    sides.close("duplicate_in_settlement", "repeated", [line], [], rows)


def _repeated(sides: Sides) -> None:
    """Closes lines that repeat an earlier line, among the lines whose reference the journal does not know."""
    first: dict[tuple[object, ...], int] = {}
    for place, line in enumerate(sides.lines):
        if sides.entry_of[place] is None and line.reference:
            of = first.setdefault(identity(line), place)
            if of != place and sides.open_lines[place]:
                _repeat(sides, place, of)


def _leave_to_others(sides: Sides, others: OtherFiles) -> None:
    """Closes the entries that other files' lines settle, so that they are no candidates here."""
    for place, entry in enumerate(sides.entries):
        if sides.open_entries[place] and (settled := others.settled(entry.position)) is not None:
            sides.open_entries[place] = False
            if left := [line for line in sides.lines_of.get(place, ()) if sides.open_lines[line]]:
                sides.close("settled_already", "reference", left, [place], settled_by=settled)


def _suggest(sides: Sides, rule: str, candidates: Iterable[Candidate]) -> None:
    """Suggests the candidates that share no row with another candidate; candidates that share rows are ambiguous
    together."""
    for group in _connected(sorted(set(candidates))):
        if len(group) == 1:
            lines, entries = group[0]
            differs: list[Difference] = []
            if len(lines) == len(entries) == 1:
                differs = sides.differences(lines[0], entries[0], "reference", "amount")
            sides.close("suggested", rule, lines, entries, *differs)
        else:
            all_lines = {line for lines, _ in group for line in lines}
            all_entries = {entry for _, entries in group for entry in entries}
            sides.close("ambiguous", rule, sorted(all_lines), sorted(all_entries))


def _connected(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    """The candidates in groups; candidates of two groups share no row."""
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


def _same_order(sides: Sides, apart_max: Callable[[str], int]) -> list[Candidate]:
    """The candidates of passes d and f; `apart_max` gives the largest difference of amounts in a currency."""
    return [
        ((line,), (entry,))
        for lines, entries in sides.by_order()
        for line in lines
        for entry in entries
        if abs(sides.amounts[line] - sides.entries[entry].amount) <= apart_max(sides.currencies[line])
    ]


def _rest(sides: Sides, rules: Rules, others: OtherFiles) -> None:
    """Closes the rows that no pass has claimed."""
    for entry, naming in sides.lines_of.items():
        left = [line for line in naming if sides.open_lines[line]]
        if sides.open_entries[entry] and left:
            sides.close("ambiguous", "reference", left, [entry])
        for line in left:
            if sides.open_lines[line]:  # other lines of its reference add up to the payment without it
                _repeat_if_alike(sides, line, naming)
    for place, is_open in enumerate(sides.open_lines):
        if is_open:
            sides.close("missing_in_ledger", "left_over", [place])
    for place, entry_ in enumerate(sides.entries):
        if sides.open_entries[place]:
            delay = delay_of(entry_, rules)
            outcome = others.outcome_of_missing(entry_.position, entry_.received_at, entry_.currency, delay)
            if outcome:
                sides.close(outcome, _WAITING_RULES.get(outcome, "left_over"), [], [place])


def delay_of(entry: Entry, rules: Rules) -> timedelta:
    """The time that the provider has to settle a payment."""
    return timedelta(days=rules.delay_days(entry.provider))
