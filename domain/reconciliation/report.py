"""The report of a reconciliation: a pure function of file, rules and journal, to the byte.

Amounts are decimal text. A difference that the tie-out cannot explain is a result like the others: it stays open until
a person explains it. A result's id is a hash of its content, so the same result has the same id in every run.

The provider's other files are an input as well: a payment is settled once, and is missing in no file where one file has
it (`reconciliation.others`).
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from sys import intern
from typing import Final, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import astuple

from domain.currencies import digits_of
from domain.moments import microseconds
from domain.money import two_digit_text
from domain.reconciliation import matching, tieout
from domain.reconciliation.matching import delay_of
from domain.reconciliation.others import (
    BY_REFERENCE,
    DECIDED,
    EXACT,
    POSSIBLE,
    Claim,
    Cover,
    OtherFile,
    OtherFiles,
    SettledBy,
    Waiting,
    covers,
)
from domain.reconciliation.payouts import FileOffers, Offers, offers_of, tied
from domain.reconciliation.rules import Rules
from domain.reconciliation.sides import TiedTo
from domain.settlement import lines

OUTCOMES: Final = (
    "amount_differs",
    "currency_differs",
    "rate_differs",
    "duplicate_in_settlement",
    "missing_in_ledger",
    "missing_in_settlement",
    "missing_in_bank",
    "overdue",
    "settled_already",
    "ambiguous",
    "unknown_kind",
    "to_explain",
    "unexplained",
    "suggested",
    "in_transit",
    "noted",
    "matched",
)
# A payment in transit needs no decision: the provider still has time. The next file settles it or misses it. A noted
# line is a movement without a payment, no larger than the rules allow.
AT_REST: Final = frozenset({"matched", "in_transit", "noted"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
ID_DIGITS: Final = 20
END: Final = b"]}"


# Rows of the file, and the positions of the payments that they are matched with.
Pair: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]


class ReportPart(msgspec.Struct, frozen=True, gc=False):
    """A piece of the report; equal by value."""


class Line(ReportPart, frozen=True):
    """A line of the file. The last three fields are there where a payment settled in another currency, as far as the
    file has them."""

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
    original: str | UnsetType = UNSET
    original_currency: str | UnsetType = UNSET
    exchange_rate: str | UnsetType = UNSET


class Entry(ReportPart, frozen=True):
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


class Difference(ReportPart, frozen=True):
    """A field that differs: `expected` is the journal's value, `actual` the settlement's."""

    field: str
    expected: int | str
    actual: int | str


class Exchange(ReportPart, frozen=True):
    """The exchange of a payment that settled in another currency. The last two fields are there where the rules have a
    rate for these currencies: the settled amount by that rate, and the amount settled beyond it, negative for a
    loss."""

    paid: str
    currency: str
    settled: str
    settled_currency: str
    expected: str | UnsetType = UNSET
    gain: str | UnsetType = UNSET


class Result(ReportPart, frozen=True):
    """The outcome of lines and entries. `settled_by` is there where another file has settled the payment, and
    `exchange` where the payment settled in another currency. `tied_to` is there for a payout that a bank has credited,
    and for its credit."""

    id: str
    outcome: str
    rule: str
    lines: tuple[Line, ...]
    entries: tuple[Entry, ...]
    differs: tuple[Difference, ...]
    settled_by: SettledBy | UnsetType = UNSET
    exchange: Exchange | UnsetType = UNSET
    tied_to: TiedTo | UnsetType = UNSET


class Row(ReportPart, frozen=True):
    item: str
    count: int
    gross: str
    fee: str
    net: str


class TieOut(ReportPart, frozen=True):
    """One currency's statement. `is_stated` says whether the file itself states the balances."""

    currency: str
    is_stated: bool
    ties: bool
    rows: tuple[Row, ...]


class PreviousFile(ReportPart, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The end of the provider's last file, in the log and in time, and the payments that it left in transit. Only
    events from before `OtherFiles` have it; these stay in the log, so they are read for ever."""

    position: int
    until: datetime
    in_transit: tuple[int, ...] = ()


class Report(ReportPart, frozen=True):
    """A report. `until` is the time of the file's last line."""

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


class ReportInputs(ReportPart, frozen=True):
    """The inputs of a report besides the file's lines, the journal and the other files; the log has all of them.

    `as_of` is the time of the run: a payment that the provider may still settle at that time is in transit. `timezone`
    is the time zone of days; `is_bank` says that the file is a bank's. `held` are the payments that people have given
    to lines of this file; `by_hand` are the rows and positions that people matched.
    """

    provider: str
    file_sha256: str
    rules_sha256: str
    position: int
    as_of: datetime
    timezone: str = "UTC"
    is_bank: bool = False
    held: frozenset[int] = frozenset()
    by_hand: tuple[Pair, ...] = ()


class LazyReport(NamedTuple):
    """A report whose results are made one at a time: all of them together would take much memory.

    `claims` are the payments that the file's lines settle or may settle. `waiting` are the payments that are expected
    in the file and missing. `offers` are the file's payouts, or the credits that may be payouts'.
    """

    head: Report
    results: Iterator[Result]
    covers: list[Cover]
    claims: list[Claim]
    waiting: list[Waiting]
    offers: Offers


def report(
    inputs: ReportInputs,
    settled: Sequence[lines.Line],
    balances: Sequence[lines.Balance],
    entries: Iterable[matching.Entry],
    rules: Rules,
    *,
    others: Iterable[OtherFile] = (),
    elsewhere: Iterable[FileOffers] = (),
) -> LazyReport:
    """Makes the report. `entries` is this provider's journal up to `inputs.position`; `elsewhere` are the offers of all
    other files."""
    journal, numbered = list(entries), _numbered(settled)
    own = covers(((currency, line.occurred_at) for line in settled for currency in line.currencies), balances)
    other_files = OtherFiles(inputs.file_sha256, own, others, inputs.as_of, held=inputs.held)
    by_hand = _by_number(inputs.by_hand, settled, numbered)
    found = matching.match(
        numbered, journal, rules, others=other_files, by_hand=by_hand, zone=ZoneInfo(inputs.timezone)
    )
    # These are made behind the matching, which takes the most memory.
    known = {entry.position: entry for entry in journal}
    of_row = {number.row: line for number, line in zip(numbered, settled, strict=True)}
    of_nobody = not known and not any(line.fee or line.payout for line in settled)
    offers, numbers = offers_of(found, of_row, is_bank=inputs.is_bank, may_be_bank=of_nobody)
    mine = FileOffers(inputs.provider, "", "", inputs.file_sha256, own, offers)
    found = tied(found, mine, numbers, elsewhere, microseconds(inputs.as_of))
    found.sort(key=lambda result: OUTCOMES.index(result.outcome))
    statements = tieout.tie_out(settled, balances)
    unexplained = [_unexplained(statement.currency, row) for statement in statements for row in statement.unexplained]
    outcomes = dict.fromkeys(OUTCOMES, 0)
    for outcome in (*(result.outcome for result in found), *(result.outcome for result in unexplained)):
        outcomes[outcome] += 1
    head = Report(
        provider=inputs.provider,
        file_sha256=inputs.file_sha256,
        rules_sha256=inputs.rules_sha256,
        rules_version=rules.version,
        position=inputs.position,
        until=until(settled),
        lines=len(settled),
        entries=len(known),
        outcomes=outcomes,
        tie_out=tuple(_statement(statement) for statement in statements),
        results=(),
    )
    waiting = [
        Waiting(position, microseconds(known[position].received_at + delay_of(known[position], rules)))
        for result in found
        if not result.lines
        for position in result.entries
    ]
    return LazyReport(head, _results(found, unexplained, of_row, known), own, _claims(found, of_row), waiting, offers)


def _results(
    found: list[matching.Result],
    unexplained: list[Result],
    of_row: dict[int, lines.Line],
    known: dict[int, matching.Entry],
) -> Iterator[Result]:
    """The results in the order of their outcomes; each is made when the caller asks for it."""
    place = OUTCOMES.index("unexplained")
    before = sum(OUTCOMES.index(result.outcome) < place for result in found)
    yield from (_result(result, of_row, known) for result in found[:before])
    yield from unexplained
    yield from (_result(result, of_row, known) for result in found[before:])


def _claims(found: Iterable[matching.Result], of_row: dict[int, lines.Line]) -> list[Claim]:
    claims = []
    for result in found:
        if result.lines and result.entries:
            at, row = min((microseconds(of_row[row].occurred_at), row) for row in result.lines)
            strength = _strength(result)
            claims += [Claim(position, at, of_row[row].row, strength) for position in result.entries]
    return claims


def claims_of(results: Iterable[Result]) -> list[Claim]:
    """The claims of a kept report, made of its results."""
    claims = []
    for result in results:
        if result.lines and result.entries:
            first = min(result.lines, key=lambda line: (line.occurred_at, line.row))
            at, strength = microseconds(first.occurred_at), _strength(result)
            claims += [Claim(entry.position, at, first.row, strength) for entry in result.entries]
    return claims


def _strength(result: matching.Result | Result) -> int:
    # Several lines of one reference are its payment only where a person says so: another file's line has it meanwhile.
    if result.outcome in ("suggested", "ambiguous") or (result.rule == "reference" and len(result.lines) > 1):
        return POSSIBLE
    if result.rule == "by_hand":
        return DECIDED
    return BY_REFERENCE if result.rule == "reference" else EXACT


def until(settled: Iterable[lines.Line]) -> datetime:
    """The time of the last line; never before 1970, so that there is always room for a settlement delay."""
    return max([_EPOCH, *(line.occurred_at for line in settled)])


def _numbered(settled: Sequence[lines.Line]) -> Sequence[lines.Line]:
    """The lines for the matching, each with a row number of its own.

    Many lines of an XML file can stand on one row; then each line's place in the file replaces its row.
    """
    if len({line.row for line in settled}) == len(settled):
        return settled
    return [msgspec.structs.replace(line, row=place) for place, line in enumerate(settled, 1)]


def _by_number(by_hand: Iterable[Pair], settled: Sequence[lines.Line], numbered: Sequence[lines.Line]) -> list[Pair]:
    """The pairs that people matched, with the numbers of the lines in the place of the file's rows."""
    if not by_hand:
        return []
    number_of = {line.row: number.row for number, line in zip(numbered, settled, strict=True)}
    return [(tuple(number_of[row] for row in rows), positions) for rows, positions in by_hand]


def encoded(made: LazyReport) -> Iterator[tuple[Result | None, bytes]]:
    """The report as JSON, piece by piece: its head, each result with the separator before it, and its end."""
    yield None, msgspec.json.encode(made.head).removesuffix(END)
    separator = b""
    for result in made.results:
        yield result, separator + msgspec.json.encode(result)
        separator = b","
    yield None, END


def _id(*said: object) -> str:
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:ID_DIGITS]


def _result(result: matching.Result, of_row: dict[int, lines.Line], known: dict[int, matching.Entry]) -> Result:
    elsewhere = [told for line in (result.settled_by, result.tied_to) if line for told in astuple(line)]
    return Result(
        id=_id(result.outcome, result.lines, result.entries, *elsewhere),
        outcome=result.outcome,
        rule=result.rule,
        lines=tuple(_line(of_row[row]) for row in result.lines),
        entries=tuple(_entry(known[position]) for position in result.entries),
        differs=tuple(_difference(differs, result, of_row, known) for differs in result.differs),
        settled_by=result.settled_by or UNSET,
        exchange=_exchange(result.exchange) if result.exchange else UNSET,
        tied_to=result.tied_to or UNSET,
    )


def _exchange(of: matching.Exchange) -> Exchange:
    unit, expected = of.settled_currency, of.expected
    return Exchange(
        paid=_text(of.paid, of.currency),
        currency=of.currency,
        settled=_text(of.settled, unit),
        settled_currency=unit,
        expected=UNSET if expected is None else _text(expected, unit),
        gain=UNSET if expected is None else _text(of.settled - expected, unit),
    )


def _difference(
    differs: matching.Difference,
    result: matching.Result,
    of_row: dict[int, lines.Line],
    known: dict[int, matching.Entry],
) -> Difference:
    expected, actual = differs.expected, differs.actual
    if differs.field == "amount" and isinstance(expected, int) and isinstance(actual, int):
        settled = digits_of(of_row[result.lines[0]].currency) if differs.digits is None else differs.digits
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
    """The amount's text; equal texts are one object in memory, as are a line's gross, its net and the payment's
    amount."""
    return intern(two_digit_text(minor, digits))


def _line(line: lines.Line) -> Line:
    currency, original = line.currency, line.original
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
        original=_text(original.amount, original.currency) if original and original.amount is not None else UNSET,
        original_currency=original.currency if original and original.currency else UNSET,
        exchange_rate=original.rate if original and original.rate else UNSET,
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
