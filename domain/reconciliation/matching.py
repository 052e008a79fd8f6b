"""Which line of a settlement file is which payment or refund of the journal?

The passes, in this order; a row of either side that one of them has claimed is closed to the rest:

a. `reference_and_amount`: provider, kind, reference, amount and currency are the same: `matched`.
b. `reference`: the reference alone: `currency_differs` or `amount_differs`. A line whose payment is claimed by another
   line is a `duplicate_in_settlement` (`repeated`), and so is a second line of the same content without a payment.
c. `order_and_amount`: the order's key or id stands in the line; kind, amount and currency are the same: `suggested`.
d. `exact_sum`: one line is several payments, or several lines are one, and the sum is exact: `suggested`.
e. `tolerance`: as c, with amounts that are as far apart as the rules allow: `suggested`.

The rows that are left are `missing_in_ledger`; `missing_in_settlement`; `in_transit`, where the payment is younger than
its provider's settlement delay; and `unknown_kind`, for lines whose kind is none of ours. Fees, adjustments and payouts
are not in the journal, and in no result. A chargeback is looked for among the refunds. Lines of all other kinds are
`missing_in_ledger` (`kind`): the journal has no such movements.

c to e first find every candidate, and then take only the candidates that share no row with another; rows of several
candidates are `ambiguous`, together, and none of them is matched. So the outcome does not depend on the order of the
rows: they are sorted by their content (position or row number last, for rows of the same content), and results come by
row, then position.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from domain.reconciliation.exact_sums import Candidate, exact_sums
from domain.reconciliation.rules import Rules
from domain.reconciliation.sides import JOURNAL_KIND, Difference, Entry, Result, Sides
from domain.settlement.lines import KINDS, Line

_IN_NO_RESULT: Final = frozenset({"fee", "fee_refund", "adjustment", "payout"})

__all__ = ["Difference", "Entry", "Result", "match"]


def match(lines: Iterable[Line], entries: Iterable[Entry], rules: Rules, *, as_of: datetime) -> list[Result]:
    """A result for every line but fees, adjustments and payouts, and for every entry.

    The settlement delay ends at `as_of`.
    """
    lines = list(lines)
    sides = Sides((line for line in lines if line.kind in JOURNAL_KIND), entries)
    _by_reference(sides)
    _repeated(sides)
    _suggest(sides, "order_and_amount", _same_order(sides, lambda _: 0))
    _suggest(sides, "exact_sum", exact_sums(sides))
    _suggest(sides, "tolerance", _same_order(sides, lambda currency: rules.tolerance_minor.get(currency, 0)))
    _rest(sides, rules, as_of)
    others = [
        Result("missing_in_ledger" if line.kind in KINDS else "unknown_kind", "kind", (line.row,))
        for line in lines
        if line.kind not in JOURNAL_KIND and line.kind not in _IN_NO_RESULT
    ]
    return sorted(
        sides.results + others, key=lambda result: (not result.lines, result.lines, result.entries, result.outcome)
    )


def _by_reference(sides: Sides) -> None:
    """Passes a and b, and the lines that repeat a claimed line."""
    for entry, visitors in sides.visitors.items():
        same = next((line for line in visitors if sides.agree(line, entry)), None)
        if same is not None:
            sides.close("matched", "reference_and_amount", [same], [entry])
            for line in visitors:
                if line != same:
                    _repeat(sides, line, same, *sides.differences(line, entry, "currency", "amount"))
        elif len(visitors) == 1:
            differs = sides.differences(visitors[0], entry, "currency", "amount")
            sides.close(f"{differs[0].field}_differs", "reference", visitors, [entry], *differs)
        # Several lines, none of them the whole: they may be parts of the payment, which pass d looks for.


def _repeat(sides: Sides, line: int, of: int, *differs: Difference) -> None:
    rows = Difference("row", sides.lines[of].row, sides.lines[line].row)
    sides.close("duplicate_in_settlement", "repeated", [line], [], rows, *differs)


def _repeated(sides: Sides) -> None:
    """Lines of a reference that the journal does not know: those with the content of an earlier line repeat it."""
    first: dict[tuple[str, str, str, str, int], int] = {}
    for place, line in list(sides.homeless()):
        if line.reference:
            said = (line.provider, line.kind, line.reference, line.currency, line.gross)
            of = first.setdefault(said, place)
            if of != place:
                _repeat(sides, place, of)


def _suggest(sides: Sides, rule: str, candidates: Iterable[Candidate]) -> None:
    """Suggests the candidates that share no row with another; those that share rows are ambiguous together."""
    for group in _hanging_together(sorted(set(candidates))):
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


def _same_order(sides: Sides, apart_max: Callable[[str], int]) -> list[Candidate]:
    """Passes c and e; `apart_max` is how far amounts of a currency may be apart."""
    return [
        ((line,), (entry,))
        for lines, entries in sides.orders()
        for line in lines
        for entry in entries
        if abs(sides.amounts[line] - sides.entries[entry].amount) <= apart_max(sides.lines[line].currency)
    ]


def _rest(sides: Sides, rules: Rules, as_of: datetime) -> None:
    """Closes the rows that no pass has claimed."""
    for entry, visitors in sides.visitors.items():
        if sides.open_entries[entry]:
            sides.close("ambiguous", "reference", [line for line in visitors if sides.open_lines[line]], [entry])
    for place, is_open in enumerate(sides.open_lines):
        if is_open:
            home = sides.homes[place]
            if home is None:
                sides.close("missing_in_ledger", "left_over", [place])
            else:  # other lines of its reference come to the payment's sum without it
                of = next(line for line in sides.visitors[home] if not sides.open_lines[line])
                _repeat(sides, place, of)
    for place, is_open in enumerate(sides.open_entries):
        if not is_open:
            continue
        entry_ = sides.entries[place]
        if entry_.received_at > as_of - timedelta(days=rules.delay_days(entry_.provider)):
            sides.close("in_transit", "settlement_delay", [], [place])
        else:
            sides.close("missing_in_settlement", "left_over", [], [place])
