"""The report of a reconciliation: a pure function of file, rules and journal, to the byte.

Amounts are decimal text. A difference that the tie-out cannot explain is a result like the others, so that it is
explained or stays open like them. A result's id is a hash of its content, so that the same result has the same id in
every run.

A file should settle the payments since the file before it. A payment in no line of this file is left to the earlier
file, if it was received and recorded before that file's end and was not in transit then.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from sys import intern
from typing import Final

import msgspec

from domain.currencies import digits_of
from domain.money import two_digit_text
from domain.reconciliation import matching, tieout
from domain.reconciliation.rules import Rules
from domain.settlement import lines

OUTCOMES: Final = (
    "amount_differs",
    "currency_differs",
    "duplicate_in_settlement",
    "missing_in_ledger",
    "missing_in_settlement",
    "ambiguous",
    "unknown_kind",
    "unexplained",
    "suggested",
    "in_transit",
    "matched",
)
# A payment in transit needs no decision: the provider still has time. The next file settles it or misses it.
AT_REST: Final = frozenset({"matched", "in_transit"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ID_DIGITS: Final = 20


class Part(msgspec.Struct, frozen=True, gc=False):
    """A piece of the report; equal by value."""


class Line(Part, frozen=True):
    row: int
    kind: str
    raw_kind: str
    reference: str
    gross: str
    fee: str
    net: str
    currency: str
    occurred_at: datetime
    order: str
    payout: str


class Entry(Part, frozen=True):
    position: int
    kind: str
    order_id: int
    order_key: str
    reference: str
    payment_reference: str | None
    amount: str
    currency: str
    received_at: datetime
    method: str | None


class Difference(Part, frozen=True):
    """`expected` is what the journal has, `actual` what the settlement has."""

    field: str
    expected: int | str
    actual: int | str


class Result(Part, frozen=True):
    id: str
    outcome: str
    rule: str
    lines: tuple[Line, ...]
    entries: tuple[Entry, ...]
    differs: tuple[Difference, ...]


class Row(Part, frozen=True):
    item: str
    count: int
    gross: str
    fee: str
    net: str


class TieOut(Part, frozen=True):
    """One currency's statement. `is_stated` where the file itself says what the balances were."""

    currency: str
    is_stated: bool
    ties: bool
    rows: tuple[Row, ...]


class Earlier(Part, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The end of this provider's last file: its position in the log, its time, and the payments then in transit."""

    position: int
    until: datetime
    in_transit: tuple[int, ...] = ()


class Report(Part, frozen=True):
    """`until` is the time of the file's last line; the settlement delay ends there."""

    provider: str
    file_sha256: str
    rules_sha256: str
    rules_version: str
    position: int
    until: datetime
    lines: int
    entries: int
    outcomes: dict[str, int]
    tie_out: tuple[TieOut, ...]
    results: tuple[Result, ...]


class Asked(Part, frozen=True):
    """The inputs of a report besides the file's lines and the journal; the log has all of them."""

    provider: str
    file_sha256: str
    rules_sha256: str
    position: int
    earlier: Earlier | None = None


def report(
    asked: Asked,
    settled: Sequence[lines.Line],
    balances: Iterable[lines.Balance],
    entries: Iterable[matching.Entry],
    rules: Rules,
) -> Report:
    """`entries` is this provider's journal up to `asked.position`."""
    known = {entry.position: entry for entry in entries}
    of_row, numbered = _by_row(settled)
    found = matching.match(numbered, known.values(), rules, as_of=until(settled))
    statements = tieout.tie_out(settled, balances)
    results: list[Result] = []
    while found:  # each is let go once its result is made: all of both would take as much again
        result = found.pop()
        if not _was_settled(result, known, asked.earlier):
            results.append(_result(result, of_row, known))
    results.reverse()
    results += [_unexplained(statement.currency, row) for statement in statements for row in statement.unexplained]
    results.sort(key=lambda result: OUTCOMES.index(result.outcome))
    outcomes = dict.fromkeys(OUTCOMES, 0)
    for made in results:
        outcomes[made.outcome] += 1
    return Report(
        provider=asked.provider,
        file_sha256=asked.file_sha256,
        rules_sha256=asked.rules_sha256,
        rules_version=rules.version,
        position=asked.position,
        until=until(settled),
        lines=len(settled),
        entries=len(known),
        outcomes=outcomes,
        tie_out=tuple(_statement(statement) for statement in statements),
        results=tuple(results),
    )


def until(settled: Iterable[lines.Line]) -> datetime:
    """The time of the last line; never before 1970, so that there is always room for a settlement delay."""
    return max([_EPOCH, *(line.occurred_at for line in settled)])


def _by_row(settled: Sequence[lines.Line]) -> tuple[dict[int, lines.Line], Sequence[lines.Line]]:
    """The lines by their rows, and the lines for the matching.

    An XML file can have many lines on one row; there each line's place in the file stands for its row.
    """
    of_row = {line.row: line for line in settled}
    if len(of_row) == len(settled):
        return of_row, settled
    numbered = [msgspec.structs.replace(line, row=place) for place, line in enumerate(settled, 1)]
    return dict(enumerate(settled, 1)), numbered


def encode(made: Report) -> bytes:
    """The same bytes for the same report."""
    return msgspec.json.encode(made)


def _was_settled(result: matching.Result, known: dict[int, matching.Entry], earlier: Earlier | None) -> bool:
    """Whether a payment in no line of this file is left to the earlier file."""
    if earlier is None or result.lines:
        return False
    return all(
        position <= earlier.position
        and position not in earlier.in_transit
        and known[position].received_at <= earlier.until
        for position in result.entries
    )


def in_transit(made: Report) -> tuple[int, ...]:
    """The positions of the payments in transit."""
    return tuple(
        entry.position for result in made.results if result.outcome == "in_transit" for entry in result.entries
    )


def _id(*said: object) -> str:
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:_ID_DIGITS]


def _result(result: matching.Result, of_row: dict[int, lines.Line], known: dict[int, matching.Entry]) -> Result:
    return Result(
        id=_id(result.outcome, result.lines, result.entries),
        outcome=result.outcome,
        rule=result.rule,
        lines=tuple(_line(of_row[row]) for row in result.lines),
        entries=tuple(_entry(known[position]) for position in result.entries),
        differs=tuple(_difference(differs, result, of_row, known) for differs in result.differs),
    )


def _difference(
    differs: matching.Difference,
    result: matching.Result,
    of_row: dict[int, lines.Line],
    known: dict[int, matching.Entry],
) -> Difference:
    expected, actual = differs.expected, differs.actual
    if differs.field == "amount" and isinstance(expected, int) and isinstance(actual, int):
        settled = digits_of(of_row[result.lines[0]].currency)
        booked = known[result.entries[0]].digits if result.entries else settled
        return Difference("amount", two_digit_text(expected, booked), two_digit_text(actual, settled))
    if differs.field == "row" and isinstance(expected, int) and isinstance(actual, int):
        return Difference("row", of_row[expected].row, of_row[actual].row)
    return Difference(differs.field, expected, actual)


def _unexplained(currency: str, row: tieout.Row) -> Result:
    amount = _text(row.net, currency)
    item = row.item.removeprefix("unexplained: ")
    differs = (Difference(f"{item}, {currency}", _text(0, currency), amount),)
    return Result(_id("unexplained", currency, item, amount), "unexplained", "tie_out", (), (), differs)


def _text(minor: int, currency: str) -> str:
    return _shared(minor, digits_of(currency))


def _shared(minor: int, digits: int) -> str:
    """The amount's text, one in memory for all that are equal: a line's gross and net, and the payment's amount."""
    return intern(two_digit_text(minor, digits))


def _line(line: lines.Line) -> Line:
    currency = line.currency
    return Line(
        row=line.row,
        kind=line.kind,
        raw_kind=line.raw_kind,
        reference=line.reference,
        gross=_text(line.gross, currency),
        fee=_text(line.fee, currency),
        net=_text(line.net, currency),
        currency=currency,
        occurred_at=line.occurred_at,
        order=line.order,
        payout=line.payout,
    )


def _entry(entry: matching.Entry) -> Entry:
    return Entry(
        position=entry.position,
        kind=entry.kind,
        order_id=entry.order_id,
        order_key=entry.order_key,
        reference=entry.reference,
        payment_reference=entry.payment_reference,
        amount=_shared(entry.amount, entry.digits),
        currency=entry.currency,
        received_at=entry.received_at,
        method=entry.method,
    )


def _statement(statement: tieout.TieOut) -> TieOut:
    def row(of: tieout.Row) -> Row:
        gross, fee, net = (_text(minor, statement.currency) for minor in (of.gross, of.fee, of.net))
        return Row(of.item, of.count, gross, fee, net)

    return TieOut(statement.currency, statement.is_stated, statement.ties, tuple(map(row, statement.rows)))
