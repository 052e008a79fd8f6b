"""Which layouts of providers come described with the program? The rules files in the folder beside this module.

Each is named after its file, and chosen by that name; or its header is recognised, where no other has the same. What is
kept with a reconciliation is the description itself: a later version of the program reads the file as this one did.
"""

import tomllib
from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from functools import cache
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from domain.settlement.formats.mapping import Mapping, checked
from domain.settlement.lines import Misfit
from domain.settlement.tables.cells import Cell
from domain.settlement.tables.rows import csv_rows
from domain.settlement.tables.sheet import sheet_rows
from domain.settlement.tables.table import Header
from domain.strict_json import shaped

_FOLDER: Final = Path(__file__).with_name("shipped")
# A header stands among the first rows.
ROWS_LOOKED_AT_MAX: Final = 30


class Shipped(NamedTuple):
    """A description that comes with the program: its text, and what it says."""

    text: str
    mapping: Mapping


@cache
def shipped() -> dict[str, Shipped]:
    """By their names."""
    found = {}
    for path in sorted(_FOLDER.glob("*.toml"), key=lambda path: path.stem):
        text = path.read_text("utf-8")
        found[path.stem] = Shipped(text, checked(shaped(tomllib.loads(text)["file"], Mapping)))
    return found


def recognised(stream: BinaryIO) -> str | None:
    """The name of the one description whose header the file has; None for none. Raises Misfit for several."""
    is_sheet = stream.seek(0) == 0 and stream.read(4) == b"PK\x03\x04"
    found: dict[str, int] = {}
    dialects = {(each.mapping.encoding, each.mapping.delimiter) for each in shipped().values()}
    for dialect in sorted({("", "")} if is_sheet else dialects):
        headers = _headers(stream, *dialect)
        for name, (_, mapping) in shipped().items():
            is_of_it = dialect in (("", ""), (mapping.encoding, mapping.delimiter))
            if is_of_it and any(header.has(mapping.recognised_by) for header in headers):
                found[name] = len(mapping.recognised_by)
    stream.seek(0)
    best = sorted(name for name, count in found.items() if count == max(found.values()))
    if len(best) > 1:
        raise Misfit(None, None, f"this may be {' or '.join(best)}; say which as the rules, like --rules {best[0]}")
    return best[0] if best else None


def _headers(stream: BinaryIO, encoding: str, delimiter: str) -> list[Header]:
    """The first rows, as the headers that they may be; none where the file is another than these."""
    stream.seek(0)
    found: list[Header] = []
    with suppress(Misfit), closing(_rows(stream, encoding, delimiter)) as rows:
        for row, cells in islice(rows, ROWS_LOOKED_AT_MAX):
            found.append(Header(row, cells))
    return found


def _rows(stream: BinaryIO, encoding: str, delimiter: str) -> Generator[tuple[int, Sequence[Cell]]]:
    yield from csv_rows(stream, encoding=encoding, delimiter=delimiter) if encoding else sheet_rows(stream)
