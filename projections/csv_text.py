"""CSV as text for spreadsheets, which run a cell that begins like a formula.

What a client chooses (a reference, an idempotency key) can begin like one, so such text gets an apostrophe in front.
"""

import csv
import re
from collections.abc import Iterable
from io import StringIO
from typing import Final

# A formula's first character, also full-width as an input method of East Asia types it, behind blanks and what is not
# seen; and what some spreadsheets cut off, or take for the end of a cell.
_FORMULA: Final = re.compile(r"[\t\n\r]|[\s\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]")


def lines(rows: Iterable[Iterable[str | int | None]]) -> bytes:
    """Rows as the lines of a file."""
    written = StringIO(newline="")
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()


# So many digits and more are no number that a spreadsheet can hold.
_LONG_DIGITS: Final = re.compile(r"[0-9]{16,}")
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def for_spreadsheets(text: str) -> str:
    """The same, and what a spreadsheet would take for a number and round is text to it as well."""
    return f"'{text}" if _LONG_DIGITS.fullmatch(text) else harmless(text)


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text
