"""Rows below a header, read by the columns' names.

White space in the header is collapsed. A row that is longer or shorter than its header, or repeats it, is refused: the
file was cut off, or joined from several.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from sys import intern
from typing import Final, NamedTuple

from domain.counted import counted
from domain.settlement.lines import LINES_MAX, Misfit, shown, wrong_sign
from domain.settlement.tables import cells
from domain.settlement.tables.cells import Cell, Dates, Notation

COLUMNS_MAX: Final = 500


class Amounts(NamedTuple):
    """The amounts of a line in minor units, signed as in `lines.Line`."""

    gross: int
    fee: int
    net: int


class Header:
    """The header of a table: the columns' names and places."""

    def __init__(self, row: int, header: Sequence[Cell]) -> None:
        self.row = row
        self.names = [_name(cell) for cell in header]
        if len(self.names) > COLUMNS_MAX:
            raise Misfit(row, None, f"at most {COLUMNS_MAX} columns, here are {len(self.names)}")
        self.places = {name: place for place, name in enumerate(self.names)}

    def require(self, *names: str) -> None:
        """Raises Misfit for missing columns, naming all of them, or for a column that is there twice."""
        missing = [name for name in dict.fromkeys(names) if name not in self.places]
        if missing:
            nor = f", nor {', '.join(map(shown, missing[1:]))}" if missing[1:] and len(self.names) > 1 else ""
            raise Misfit(self.row, missing[0], f"there is no such column{nor}{self._hint()}")
        for name in names:
            if self.names.count(name) > 1:
                raise Misfit(self.row, name, "this column is there twice")

    def has(self, names: Iterable[str]) -> bool:
        return all(name in self.places for name in names)

    def _hint(self) -> str:
        if len(self.names) == 1:
            for delimiter, called in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars"), (",", "commas")):
                if delimiter in self.names[0] or (delimiter == "\t" and " " in self.names[0]):
                    return f"; the columns seem to be parted by {called}"
        return f"; the header has {', '.join(map(shown, self.names[:12]))}{', …' if len(self.names) > 12 else ''}"


def _name(cell: Cell) -> str:
    return " ".join(cell.split()) if isinstance(cell, str) else ""


class Record:
    """One row. Each method that reads a cell raises a Misfit that names its column. A missing column reads as empty."""

    __slots__ = ("_cells", "_header", "row")

    def __init__(self, row: int, header: Header, row_cells: Sequence[Cell]) -> None:
        self.row = row
        self._header = header
        self._cells = row_cells

    def misfit(self, column: str | None, message: str) -> Misfit:
        return Misfit(self.row, column, message)

    def cell(self, column: str | None) -> Cell:
        place = self._header.places.get(column) if column else None
        return "" if place is None else self._cells[place]

    def word(self, column: str | None) -> str:
        try:
            return cells.word(self.cell(column))
        except ValueError as error:
            raise self.misfit(column, str(error)) from None

    def reference(self, column: str | None) -> str:
        try:
            return cells.reference(self.cell(column))
        except ValueError as error:
            raise self.misfit(column, str(error)) from None

    def payout(self, column: str | None) -> str:
        """A reference that many lines have: equal texts are one object in memory."""
        return intern(self.reference(column))

    def shared(self, column: str | None) -> str:
        """A word that many lines have: equal texts are one object in memory."""
        return intern(self.word(column))

    def currency(self, column: str) -> tuple[str, int]:
        try:
            return cells.currency(self.cell(column))
        except ValueError as error:
            raise self.misfit(column, str(error)) from None

    def amount(
        self, column: str | None, digits: int, notation: Notation | None = None, currency: str = ""
    ) -> int | None:
        """The amount in minor units; None for an empty cell. Without a notation an amount is plain digits with a
        point."""
        cell = self.cell(column)
        if isinstance(cell, str) and not cell.strip():
            return None
        try:
            return (
                cells.minor(cell, digits)
                if notation is None
                else cells.minor_in_notation(cell, digits, notation, currency)
            )
        except ValueError as error:
            raise self.misfit(column, str(error)) from None

    def rate(self, column: str | None, decimal: str) -> str:
        """An exchange rate as decimal text; empty where there is none."""
        try:
            return cells.rate(self.cell(column), decimal)
        except ValueError as error:
            raise self.misfit(column, str(error)) from None

    def moment(self, columns: Sequence[str], dates: Dates) -> datetime:
        """The time that the columns state together."""
        found = [self.cell(column) for column in columns]
        try:
            return cells.moment(found[0] if len(found) == 1 else cells.joined_time(found), dates)
        except ValueError as error:
            raise self.misfit(columns[0], str(error)) from None

    def amounts(
        self, columns: tuple[str, str, str], kind: str, gross: int | None, fee: int | None, net: int | None
    ) -> Amounts:
        """All three amounts. One may be missing and follows from the others; where the fee and another amount are
        missing, the fee is 0.

        `columns` are the names of the three in the file. Raises Misfit where the three do not add up, or where the kind
        has another sign (`lines.SIGNS`).
        """
        if gross is None and net is None:
            raise self.misfit(columns[0], "the amount is missing")
        if fee is None:
            fee = gross - net if gross is not None and net is not None else 0
        if gross is None:
            assert net is not None
            gross = net + fee
        if wrong := wrong_sign(kind, gross):
            raise self.misfit(columns[0], wrong)
        if net is not None and net != gross - fee:
            raise self.misfit(columns[2], "gross less fee is not net, which it is on every line of a whole file")
        return Amounts(gross, fee, gross - fee)


def _why_not_as_wide(row_cells: Sequence[Cell], width: int) -> str:
    only = row_cells[0] if len(row_cells) == 1 else ""
    if isinstance(only, str) and any(only.count(mark) >= width - 1 > 0 for mark in ",;\t"):
        return "the whole row is one cell, in quotation marks; save the file with each value in a cell of its own"
    return f"{counted(len(row_cells), 'cell')} under a header of {width}; is the file cut off?"


def records(rows: Iterable[tuple[int, Sequence[Cell]]], header: Header) -> Iterator[Record]:
    """The rows below the header. Raises Misfit."""
    width = len(header.names)
    first = header.names[0]
    for count, (row, row_cells) in enumerate(rows, 1):
        if len(row_cells) != width:
            raise Misfit(row, None, _why_not_as_wide(row_cells, width))
        if row_cells[0] == first and [_name(cell) for cell in row_cells] == header.names:
            raise Misfit(row, None, "the header stands here a second time")
        if count > LINES_MAX:
            raise Misfit(row, None, f"a file has at most {LINES_MAX} lines")
        yield Record(row, header, row_cells)
