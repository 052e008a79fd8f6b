"""CSV as text for spreadsheets, which run a cell that begins like a formula.

What a client chooses (a reference, an idempotency key) can begin like one, so such text gets an apostrophe in front.
"""

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def lines(rows: Iterable[Iterable[str | int | None]]) -> bytes:
    """Rows as the lines of a file."""
    written = StringIO(newline="")
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
