"""The lines of PayPal's settlement report (STL-yyyymmdd…) and of its transaction detail report (TRR-yyyymmdd…).

The specifications: https://developer.paypal.com/docs/reports/sftp-reports/settlement-report/ and …/transaction-detail/;
event codes: https://developer.paypal.com/docs/reports/reference/tcodes/.

The first cell of a row is its type: RH, FH, SH (headers of the report, the file, a section), CH (the columns),
SB (a transaction), SF and SC (a section's footer, one for each currency, and its count of SB rows), RF, RC (the
report's) and FF (the file's end). A report of several files has RF and RC in the last one only.

- Amounts are unsigned whole numbers of the currency's minor units (10000 is 100.00 USD, and 10000 JPY), and the column
  beside each says CR or DR. A fee that was charged is DR.
- Times are like `2024/08/20 00:01:17 -0700`.
- The reference is the Transaction ID; the order is looked for in the Invoice ID, else in the Custom Field. A line that
  is no payment concerns the transaction of its PayPal Reference ID.
- A section's footer has the currency, four totals, and then pairs of CR or DR and a balance. The first two pairs are
  the available balances at the beginning and at the end.

The transaction detail report has one more column, the Transactional Status, and transactions that move no money: denied
ones (D), pending ones (P), authorisations and orders (T13). Each of them is an adjustment of 0, under its code and
status. A transaction that was reversed (V) is read as it was before. Where no transaction of the report reverses it, a
line of its own takes its amount back: a payment_failure or a refund_failure.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from domain.counted import counted
from domain.currencies import minor_digits
from domain.settlement.lines import LINES_MAX, RESERVE, Balance, Line, Meaning, Misfit, kind_of, shown
from domain.settlement.tables.cells import REFERENCE_LENGTH_MAX, Dates, Row, moment
from domain.settlement.tables.table import Header, Record

REQUIRED: Final = (
    "Transaction ID",
    "Transaction Event Code",
    "Transaction Initiation Date",
    "Transaction Debit or Credit",
    "Gross Transaction Amount",
    "Gross Transaction Currency",
    "Fee Debit or Credit",
    "Fee Amount",
    "Fee Currency",
)
_STATUSES: Final = ("Transactional Status", "Transaction Status")
_MOVES_NOTHING: Final = {"D": "denied", "P": "pending"}
_REVERSED: Final = "V"
_TAKEN_BACK: Final = {"payment": "payment_failure", "refund": "refund_failure"}
_NO_MOVEMENTS: Final = ("T13", "T98")  # authorisations and orders; transactions for display only
_DATES: Final = Dates(None, "%Y/%m/%d %H:%M:%S %z")
_DIRECTIONS: Final = {"CR": 1, "DR": -1}
_BEGINNING: Final = 6  # the place, in a section's footer, of the beginning balance's CR or DR
_ENDING: Final = 8
_DIGITS_MAX: Final = 18
# By the code's group, T01 of T0106; a code in _CODES goes before its group.
_GROUPS: Final[dict[str, Meaning]] = {
    "T01": ("fee", "fee_refund"),
    "T02": "conversion",
    **dict.fromkeys(("T03", "T07", "T20", "T22"), "transfer"),  # T03 from the bank into the account
    **dict.fromkeys(("T04", "T06", "T17"), "payout"),
    **dict.fromkeys(("T08", "T09", "T12", "T14", "T19"), "adjustment"),
    **dict.fromkeys(("T15", "T21"), RESERVE),
}
_CODES: Final[dict[str, Meaning]] = {
    "T1101": "payout_failure",
    "T1104": "transfer",
    "T1107": ("refund", "T1107"),
    "T1113": ("refund", "T1113"),
    "T1116": ("payment_failure", "T1116"),
    **dict.fromkeys(("T1105", "T1110", "T1111"), RESERVE),
    **dict.fromkeys(("T1108", "T1109"), ("fee", "fee_refund")),
    **dict.fromkeys(("T1106", "T1201", "T1202", "T1205", "T1207", "T1208"), ("chargeback", "chargeback_reversal")),
    **dict.fromkeys(("T1100", "T1112", "T1114", "T1115", "T1117", "T1119"), "adjustment"),
    **dict.fromkeys(("T2109", "T2110"), "adjustment"),  # gift certificates stand among the reserves
}


class _Reading:
    """A reader's progress in the report, and the counts that its footers must agree with."""

    def __init__(self, provider: str, on_balance: Callable[[Balance], None]) -> None:
        self.provider = provider
        self.on_balance = on_balance
        self.account = ""
        self.begins: datetime | None = None
        self.ends: datetime | None = None
        self.header: Header | None = None
        self.in_section = self.has_report_header = self.is_ended = False
        self.of_section = self.of_report = 0
        # The reversed transactions, by their ids, and the ids that other transactions name.
        self.reversed: dict[str, Line] = {}
        self.named: set[str] = set()

    def section(self, row: int, cells: Sequence[str]) -> None:
        if self.in_section:
            raise Misfit(row, "SH", "a section begins before the last one has ended with its count (SC)")
        self.in_section, self.of_section, self.header = True, 0, None
        self.account = cells[3].strip() if len(cells) > 3 else ""
        self.begins, self.ends = (_time(cells[place]) if len(cells) > place else None for place in (1, 2))
        if len(self.account) > REFERENCE_LENGTH_MAX:
            raise Misfit(row, "4", f"at most {REFERENCE_LENGTH_MAX} characters, these are {len(self.account)}")

    def columns(self, row: int, cells: Sequence[str]) -> None:
        if self.header is not None:
            raise Misfit(row, None, "the header stands here a second time")
        self.header = Header(row, cells)
        self.header.require(*REQUIRED)

    def body(self, row: int, cells: Sequence[str]) -> Line:
        if self.header is None or not self.in_section:
            raise Misfit(row, "SB", "a transaction before the columns are named (CH)")
        if len(cells) != len(self.header.names):
            raise Misfit(row, None, f"{counted(len(cells), 'cell')} under a header of {len(self.header.names)}")
        self.of_section += 1
        self.of_report += 1
        if self.of_report > LINES_MAX:
            raise Misfit(row, None, f"a file has at most {LINES_MAX} lines")
        record = Record(row, self.header, cells)
        status = next((record.word(name).upper()[:1] for name in _STATUSES if name in self.header.places), "")
        line = _line(record, self.provider)
        if status in _MOVES_NOTHING or line.raw_kind.startswith(_NO_MOVEMENTS):
            raw_kind = f"{line.raw_kind} {_MOVES_NOTHING.get(status, 'authorised')}"
            return replace(line, kind="adjustment", raw_kind=raw_kind, gross=0, fee=0, net=0)
        if status == _REVERSED and line.kind in _TAKEN_BACK:
            self.reversed[line.reference] = line
        self.named.update(line.concerns)
        return line

    def taken_back(self) -> Iterator[Line]:
        """A line for each transaction that was reversed and that no other transaction in the report reverses."""
        for reference, line in self.reversed.items():
            if reference not in self.named:
                yield replace(
                    line,
                    kind=_TAKEN_BACK[line.kind],
                    raw_kind=f"{line.raw_kind} reversed",
                    gross=-line.gross,
                    fee=-line.fee,
                    net=-line.net,
                    concerns=(reference,),
                )

    def balances(self, row: int, cells: Sequence[str]) -> None:
        currency = cells[1].strip() if len(cells) > 1 else ""
        if minor_digits(currency) is None:
            raise Misfit(row, "2", f"{shown(currency)} is not a currency of ISO 4217")
        if len(cells) <= _ENDING + 1:
            return  # an old report: its footers have totals alone
        opening, closing = (
            _directed(row, place + 1, cells[place], cells[place + 1]) for place in (_BEGINNING, _ENDING)
        )
        self.on_balance(Balance(row, self.account, currency, "opening", opening, self.begins))
        self.on_balance(Balance(row, self.account, currency, "closing", closing, self.ends))

    def count(self, row: int, cells: Sequence[str], met: int, what: str) -> None:
        said = cells[1].strip() if len(cells) > 1 else ""
        if said != str(met):
            raise Misfit(row, cells[0], f"{what} has {counted(met, 'transaction')}, and its count says {shown(said)}")


def paypal_lines(rows: Iterable[Row], provider: str, on_balance: Callable[[Balance], None]) -> Iterator[Line]:
    """The lines of the report. Raises Misfit, also where the report ends before its footer."""
    reading = _Reading(provider, on_balance)
    row = 1
    for row, mixed in rows:
        cells = [cell if isinstance(cell, str) else "" for cell in mixed]
        what = cells[0].strip()
        if reading.is_ended:
            raise Misfit(row, what, "something stands behind the file's footer (FF)")
        if what == "SB":
            yield reading.body(row, cells)
        else:
            _structure(reading, what, row, cells)
    if not reading.is_ended:
        raise Misfit(row, None, "the file ends before its footer (FF); it was cut off")
    yield from reading.taken_back()


def _structure(reading: _Reading, what: str, row: int, cells: Sequence[str]) -> None:
    """Reads a row that is no transaction."""
    if what == "RH":
        reading.has_report_header = True
    elif what == "SH":
        reading.section(row, cells)
    elif what == "CH":
        reading.columns(row, cells)
    elif what == "SF":
        reading.balances(row, cells)
    elif what == "SC":
        reading.count(row, cells, reading.of_section, "the section")
        reading.in_section = False
    elif what == "RC" and reading.has_report_header:
        reading.count(row, cells, reading.of_report, "the report")
    elif what == "FF":
        if reading.in_section:
            raise Misfit(row, "FF", "the file ends before its section's count (SC)")
        reading.is_ended = True
    elif what not in ("FH", "RF", "RC"):
        raise Misfit(row, "1", f"{shown(what)} is no row of a settlement report")


def _time(text: str) -> datetime | None:
    """A section's time; None where an old report writes the time in another way: no line depends on it."""
    try:
        return moment(text, _DATES)
    except ValueError:
        return None


def _directed(row: int, column: int, direction: str, amount: str) -> int:
    """An amount of a section's footer, with its sign."""
    if len(amount) > _DIGITS_MAX:
        raise Misfit(row, str(column + 1), f"{shown(amount)} has more than {_DIGITS_MAX} digits")
    if direction not in _DIRECTIONS or not (amount.isascii() and amount.isdigit()):
        raise Misfit(row, str(column), f"neither CR nor DR, or no whole number: {shown(direction)}, {shown(amount)}")
    return _DIRECTIONS[direction] * int(amount)


def _line(record: Record, provider: str) -> Line:
    code = record.shared("Transaction Event Code")
    currency, _ = record.currency("Gross Transaction Currency")
    gross = _amount(record, "Gross Transaction Amount", "Transaction Debit or Credit")
    kind = _kind(code, gross)
    fee = -_amount(record, "Fee Amount", "Fee Debit or Credit")
    if fee and record.currency("Fee Currency")[0] != currency:
        raise record.misfit("Fee Currency", f"the fee is not in {currency}, as its transaction is")
    amounts = record.amounts(("Gross Transaction Amount", "Fee Amount", "Fee Amount"), kind, gross, fee, None)
    concerns = record.reference("PayPal Reference ID")
    return Line(
        row=record.row,
        provider=provider,
        kind=kind,
        raw_kind=code,
        reference=record.reference("Transaction ID"),
        gross=amounts.gross,
        fee=amounts.fee,
        net=amounts.net,
        currency=currency,
        occurred_at=record.moment(("Transaction Initiation Date",), _DATES),
        order=record.word("Invoice ID") or record.word("Custom Field"),
        concerns=(concerns,) if concerns and kind != "payment" else (),
    )


def _amount(record: Record, column: str, direction_column: str) -> int:
    """An amount in minor units, with the sign that the column beside it gives; 0 for an empty cell."""
    amount = record.amount(column, 0)
    if not amount:
        return 0
    direction = record.word(direction_column)
    if amount < 0:
        raise record.misfit(column, "a sign, where amounts have none")
    if direction not in _DIRECTIONS:
        raise record.misfit(direction_column, f"{shown(direction)} is neither CR nor DR")
    return _DIRECTIONS[direction] * amount


def _kind(code: str, gross: int) -> str:
    """The kind of a code. A payment that the merchant sent, a refund that the merchant got, and an unknown code keep
    their code."""
    if code.startswith("T00"):
        return "payment" if gross >= 0 else code
    return kind_of(_CODES.get(code) or _GROUPS.get(code[:3], code), gross)
