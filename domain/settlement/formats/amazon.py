"""The lines of Amazon's settlement report: flat file V2 (GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2), with tabs.

The columns: https://developer-docs.amazon.com/sp-api/docs/report-type-values-settlement. A row is a part of an amount:
the price of an item, its shipping, a promotion, a fee. All parts of an order, or of an order's refund, are one line.
Its gross is the sum that the customer paid or got back (prices, taxes, shipping, less promotions); its fee is the sum
of all other parts. The line has the row of its first part, and the order's number as its reference.

The first row of a settlement has its dates and its total, which is the payout, a line of its own. Money that Amazon
keeps in reserve, or gives back from the settlement before, is a reserve; a charge without an order is a fee, or a fee's
refund. All else is an adjustment, under its own words.

European files write amounts with a comma, and days like 31.12.2026. Times are in UTC.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from domain.settlement.formats.mapping import BETWEEN
from domain.settlement.lines import LINES_MAX, RESERVE, Line, Meaning, Misfit, kind_of, shown
from domain.settlement.tables import cells
from domain.settlement.tables.cells import Dates, Notation, Row
from domain.settlement.tables.table import Header, Record, records

BEGINS: Final = b"settlement-id\t"
REQUIRED: Final = (
    "settlement-id",
    "deposit-date",
    "total-amount",
    "currency",
    "transaction-type",
    "order-id",
    "amount-type",
    "amount-description",
    "amount",
    "posted-date",
)
# The parts of an order that the customer pays; Amazon takes all other parts.
_PAID: Final = frozenset({"ItemPrice", "Promotion", "ShipmentPrice", "OrderPrice"})
_OF_ORDERS: Final[dict[str, Meaning]] = {"Order": ("adjustment", "payment"), "Refund": ("refund", "adjustment")}
_DISPUTES: Final = ("Chargeback Refund", "A-to-z Guarantee Refund")
_RESERVES: Final = ("Previous Reserve Amount Balance", "Current Reserve Amount")
_FEES: Final = ("ServiceFee", "Cost of Advertising", "FBA Inventory Fee", "Subscription Fee", "Storage Fee", "Postage")
_DATES: Final = (
    Dates(UTC),  # ISO 8601
    *(Dates(UTC, f"{day}{time}") for day in ("%d.%m.%Y", "%Y/%m/%d") for time in ("", " %H:%M:%S")),
)


class _Order:
    """An order's line, or that of its refund, while its parts are read."""

    def __init__(self, record: Record, kind: Meaning, raw_kind: str, at: datetime) -> None:
        self.record = record
        self.meaning = kind
        self.raw_kind = raw_kind
        self.at = at
        self.gross = self.fee = 0


class _Settlement:
    """A settlement: its number and currency, which only its first row may have, and its orders so far."""

    def __init__(self, record: Record, provider: str) -> None:
        self._provider = provider
        self._number = record.payout("settlement-id")
        self._currency, self._digits = record.currency("currency")
        self._orders: dict[tuple[str, str, str], _Order] = {}

    def payout(self, record: Record) -> Iterator[Line]:
        if total := self._amount(record, "total-amount"):
            yield self._line(record, "payout", "payout", (-total, 0), _time(record, "deposit-date"))

    def part(self, record: Record) -> Iterator[Line]:
        """Adds a part to its order's line; a part without an order is a line of its own."""
        columns = ("transaction-type", "amount-type", "amount-description")
        what, of, about = (record.shared(column) for column in columns)
        amount, order = self._amount(record, "amount"), record.reference("order-id")
        at = _time(record, "posted-date-time") if record.word("posted-date-time") else _time(record, "posted-date")
        if order and (what in _OF_ORDERS or what in _DISPUTES):
            adjustment = record.reference("adjustment-id")
            way = _OF_ORDERS.get(what, ("chargeback", "chargeback_reversal"))
            known = self._orders.setdefault((what, order, adjustment), _Order(record, way, what, at))
            if of in _PAID:
                known.gross += amount
            else:
                known.fee -= amount
            if len(self._orders) > LINES_MAX:
                raise record.misfit(None, f"a settlement has at most {LINES_MAX} orders")
            return
        meaning: Meaning = "adjustment"
        if about in _RESERVES:
            meaning = RESERVE
        elif what in _FEES or of in _FEES or about in _FEES:
            meaning = ("fee", "fee_refund")
        raw_kind = BETWEEN.join(dict.fromkeys(filter(None, (what, of, about))))
        yield self._line(record, kind_of(meaning, amount), raw_kind, (amount, 0), at)

    def orders(self) -> Iterator[Line]:
        """The lines of the orders, once all of their parts were read."""
        for (_, order, adjustment), known in self._orders.items():
            kind = kind_of(known.meaning, known.gross)
            names = (order,) if kind == "payment" or not adjustment else (adjustment, order)
            yield self._line(known.record, kind, known.raw_kind, (known.gross, known.fee), known.at, *names)

    def _amount(self, record: Record, column: str) -> int:
        cell = record.cell(column)
        decimal = "," if isinstance(cell, str) and "," in cell else "."
        amount = record.amount(column, self._digits, Notation(decimal), self._currency)
        if amount is None:
            raise record.misfit(column, "the amount is missing")
        return amount

    def _line(
        self, record: Record, kind: str, raw_kind: str, amounts: tuple[int, int], at: datetime, *names: str
    ) -> Line:
        gross, fee = amounts
        reference, *aliases = names or (self._number if kind == "payout" else record.reference("order-id"),)
        order = names[-1] if names else ""
        return Line(
            row=record.row,
            provider=self._provider,
            kind=kind,
            raw_kind=raw_kind,
            reference=reference,
            gross=gross,
            fee=fee,
            net=gross - fee,
            currency=self._currency,
            occurred_at=at,
            order=" ".join(dict.fromkeys(filter(None, (record.word("merchant-order-id"), order)))),
            payout=self._number,
            aliases=tuple(aliases),
            concerns=(order,) if order and kind != "payment" else (),
        )


def amazon_lines(rows: Iterable[Row], provider: str) -> Iterator[Line]:
    """The lines of all settlements of the file; the orders' lines come at the end of their settlement. Raises
    Misfit."""
    below = iter(rows)
    header = Header(*next(below))
    header.require(*REQUIRED)
    settlement: _Settlement | None = None
    for record in records(below, header):
        if not record.word("transaction-type"):
            if settlement is not None:
                yield from settlement.orders()
            settlement = _Settlement(record, provider)
            yield from settlement.payout(record)
        elif settlement is None:
            raise record.misfit("total-amount", "a part of a settlement before the row with its total")
        else:
            yield from settlement.part(record)
    if settlement is not None:
        yield from settlement.orders()


def _time(record: Record, column: str) -> datetime:
    text = record.word(column)
    for dates in _DATES:
        with suppress(ValueError):
            return cells.moment(text.removesuffix(" UTC"), dates)
    raise Misfit(record.row, column, f"{shown(text)} is not a time like 2026-12-31 10:30:00 UTC or 31.12.2026")
