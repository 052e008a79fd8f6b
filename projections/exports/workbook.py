"""How do a reconciliation, the journal and its sums leave for a spreadsheet? As workbooks.

Amounts are numbers, written as their decimal text and shown with all their currency's digits. A spreadsheet calculates
in binary floats, which keep 15 digits exactly. A longer amount is written as text, so that every digit is shown. No
text is taken for a formula or a link.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec
import xlsxwriter

from domain.interrupting import raise_if_interrupted
from domain.reconciliation.report import Result
from projections.reconciliations.shown import TABLE_COLUMNS, ShownReconciliation, table

SURE_DIGITS: Final = 15
_AMOUNTS: Final = {"gross", "fee", "net", "booked_amount", "original"}
# The sheets behind the summary, with the outcomes on each; all other outcomes are on Differences.
_SHEETS: Final = {"Suggested": {"suggested", "ambiguous"}, "Matched": {"matched"}, "In transit": {"in_transit"}}
_ROWS_MAX: Final = 1_048_575


class TooManyRows(Exception):
    def __init__(self, sheet: str) -> None:
        super().__init__(
            f"the sheet {sheet} would have more rows than a spreadsheet takes; CSV and JSON have all of them"
        )


def write_workbook(one: ShownReconciliation, path: Path) -> None:
    """Writes the workbook of a reconciliation. Raises TooManyRows."""
    elsewhere = {outcome for outcomes in _SHEETS.values() for outcome in outcomes}
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as workbook:
        # A fixed time, so that the same reconciliation gives the same bytes.
        workbook.set_properties({"created": one.state.started_at.replace(tzinfo=None)})
        cells, results = _Cells(workbook), one.results()
        _summary(cells, one)
        _results(cells, "Differences", one, (result for result in results if result.outcome not in elsewhere))
        for name, outcomes in _SHEETS.items():
            _results(cells, name, one, (result for result in results if result.outcome in outcomes))


def write_tables(
    path: Path, tables: Mapping[str, tuple[Sequence[str], Iterable[Sequence[Any]]]], amounts: Set[str]
) -> None:
    """Writes a workbook with a sheet for each table of columns and rows. `amounts` names the columns of amounts. Raises
    TooManyRows."""
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as workbook:
        workbook.set_properties({"created": datetime(2000, 1, 1)})  # noqa: DTZ001  (the same rows, the same bytes)
        cells = _Cells(workbook)
        for name, (columns, rows) in tables.items():
            sheet = cells.sheet(name, [max(10, len(column) + 2) for column in columns])
            sheet.header(*columns)
            places = frozenset(place for place, column in enumerate(columns) if column in amounts)
            for row in rows:
                if sheet.is_full:
                    raise TooManyRows(name)
                sheet.row(row, places)


class _Cells:
    """A workbook's sheets and formats."""

    def __init__(self, workbook: Any) -> None:
        self._workbook = workbook
        self._bold = workbook.add_format({"bold": True})
        self._formats: dict[int, Any] = {}

    def sheet(self, name: str, widths: Sequence[int]) -> "_Sheet":
        sheet = self._workbook.add_worksheet(name)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        return _Sheet(sheet, self)

    def format(self, digits: int) -> Any:
        """The number format of an amount with this many digits after the point."""
        if digits not in self._formats:
            code = "0." + "0" * digits if digits else "0"
            self._formats[digits] = self._workbook.add_format({"num_format": code})
        return self._formats[digits]

    @property
    def bold(self) -> Any:
        return self._bold


class _Sheet:
    def __init__(self, sheet: Any, cells: _Cells) -> None:
        self._sheet = sheet
        self._cells = cells
        self._row = 0

    @property
    def is_full(self) -> bool:
        return self._row >= _ROWS_MAX

    def header(self, *names: str) -> None:
        for column, name in enumerate(names):
            self._sheet.write_string(self._row, column, name, self._cells.bold)
        self._row += 1

    def row(self, values: Iterable[Any], amounts: frozenset[int] = frozenset()) -> None:
        """Writes a row. `amounts` are the indexes of the columns with an amount, as decimal text. Raises
        Interrupted."""
        raise_if_interrupted()
        for column, value in enumerate(values):
            if value is None or value == "":
                continue
            if column in amounts:
                self._amount(column, value)
            elif isinstance(value, bool):
                self._sheet.write_boolean(self._row, column, value)
            elif isinstance(value, int):
                self._sheet.write_number(self._row, column, value)
            elif isinstance(value, datetime):
                self._sheet.write_string(self._row, column, str(msgspec.to_builtins(value)))
            else:
                self._sheet.write_string(self._row, column, value)
        self._row += 1

    def _amount(self, column: int, text: str) -> None:
        if len(text.replace(".", "").lstrip("-0")) > SURE_DIGITS:
            self._sheet.write_string(self._row, column, text)
        else:
            digits = len(text.partition(".")[2])
            self._sheet.write_number(self._row, column, Decimal(text), self._cells.format(digits))


def _summary(cells: _Cells, one: ShownReconciliation) -> None:
    sheet = cells.sheet("Summary", (28, 40, 16, 16, 16))
    state = one.state
    sheet.header("Reconciliation", str(state.uuid))
    for name, value in (
        ("Provider", state.provider),
        ("File", state.file),
        ("File's SHA-256", state.file_sha256),
        ("Rules", state.rules_version),
        ("Position of the log", state.position),
        ("Last line", state.until),
        ("Status", state.status),
        ("Open results", state.open),
    ):
        sheet.row([name, value])
    sheet.row([])
    sheet.header("Outcome", "Results")
    for outcome, count in one.head.outcomes.items():
        sheet.row([outcome.replace("_", " "), count])
    for statement in one.head.tie_out:
        sheet.row([])
        sheet.header(f"Tie-out, {statement.currency}", "Lines", "Gross", "Fee", "Net")
        for row in statement.rows:
            sheet.row([row.item, row.count, row.gross, row.fee, row.net], frozenset({2, 3, 4}))


def _results(cells: _Cells, name: str, one: ShownReconciliation, results: Iterable[Result]) -> None:
    sheet = cells.sheet(name, [max(10, len(column) + 2) for column in TABLE_COLUMNS])
    sheet.header(*TABLE_COLUMNS)
    amounts = frozenset(place for place, column in enumerate(TABLE_COLUMNS) if column in _AMOUNTS)
    for values in table(one, results):
        if sheet.is_full:
            raise TooManyRows(name)
        sheet.row(values, amounts)
