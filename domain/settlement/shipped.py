"""Which layouts of providers come described with the program? The rules files in the folder beside this module.

Each description has the name of its file, and is chosen by that name; or it is recognised by its header, where no other
description has the same. A reconciliation keeps the description itself, so that a later version of the program reads
the file as this one did.
"""

import tomllib
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from domain.settlement.formats.mapping import Mapping, checked
from domain.settlement.lines import Misfit
from domain.settlement.tables.cells import Row
from domain.settlement.tables.rows import beginning, csv_rows
from domain.settlement.tables.sheet import SHEET_BEGINS, sheet_rows
from domain.settlement.tables.table import Header, Record
from domain.strict_json import convert

_FOLDER: Final = Path(__file__).with_name("shipped")
# A header stands among the first rows.
ROWS_LOOKED_AT_MAX: Final = 100


class Shipped(NamedTuple):
    """A description that comes with the program: its text, and the mapping that it states."""

    text: str
    mapping: Mapping


@cache
def shipped() -> dict[str, Shipped]:
    """The descriptions that come with the program, by their names."""
    found = {}
    for path in sorted(_FOLDER.glob("*.toml"), key=lambda path: path.stem):
        text = path.read_text("utf-8")
        found[path.stem] = Shipped(text, checked(convert(tomllib.loads(text)["file"], Mapping)))
    return found


def recognise(stream: BinaryIO) -> str | None:
    """The name of the one description whose header the file has; None where there is none. Raises Misfit where there
    are several.

    Of several descriptions with the same header, only those count that fit the days and the amounts of the file's rows.
    Descriptions that write days alike are interchangeable, and so are all of them where no row can be read.
    """
    found = _with_its_header(stream)
    stream.seek(0)
    most = max((len(shipped()[name].mapping.recognised_by) for name in found), default=0)
    best = sorted(name for name in found if len(shipped()[name].mapping.recognised_by) == most)
    if len(best) > 1:
        fit = [name for name in best if found[name] and _has_its_days(found[name], shipped()[name].mapping)]
        best = fit or best[:1]
        best = [name for name in best if _has_its_amounts(found[name], shipped()[name].mapping)] or best
        best = list({shipped()[name].mapping.date_format: name for name in best}.values())
    if len(best) > 1:
        raise Misfit(None, None, f"this may be {' or '.join(best)}; say which as the rules, like --rules {best[0]}")
    return best[0] if best else None


def _with_its_header(stream: BinaryIO) -> dict[str, list[Record]]:
    """The descriptions whose header the file has, by their names, each with the rows below it."""
    stream.seek(0)
    is_sheet = stream.read(len(SHEET_BEGINS)) == SHEET_BEGINS
    found: dict[str, list[Record]] = {}
    rows_by: dict[tuple[str, ...], list[Row]] = {}
    for name, (_, mapping) in shipped().items():
        encoding, delimiter = dialect = ("", "") if is_sheet else (mapping.encoding, mapping.delimiter)
        if dialect not in rows_by:
            stream.seek(0)
            rows = sheet_rows(stream) if is_sheet else csv_rows(stream, encoding=encoding, delimiter=delimiter)
            rows_by[dialect] = beginning(rows, ROWS_LOOKED_AT_MAX)
        if (below := _below(rows_by[dialect], mapping)) is not None:
            found[name] = below
    return found


def _below(rows: Sequence[Row], mapping: Mapping) -> list[Record] | None:
    """The rows below the description's header; None where the file does not have that header."""
    for place, (row, cells) in enumerate(rows):
        with suppress(Misfit):
            header = Header(row, cells)
            if header.has(mapping.recognised_by):
                width = len(header.names)
                below = (each for each in rows[place + 1 :] if len(each[1]) == width and each[1] != cells)
                return [Record(row, header, there) for row, there in below]
    return None


def _has_its_days(records: Sequence[Record], mapping: Mapping) -> bool:
    try:
        for record in records:
            record.moment(mapping.columns.names("occurred_at"), mapping.dates)
    except Misfit:
        return False
    return True


def _has_its_amounts(records: Sequence[Record], mapping: Mapping) -> bool:
    columns = mapping.columns
    try:
        for record in records:
            currency, digits = record.currency(columns.currency) if columns.currency else ("", 0)
            for amount in (columns.gross, columns.net):
                record.amount(amount, digits, mapping.notation, currency)
    except Misfit:
        return False
    return True
