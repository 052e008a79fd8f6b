"""CSV as text for spreadsheets, which run a cell that begins like a formula.

A text that a client chooses (a reference, an idempotency key) can begin like a formula, so it gets an apostrophe in
front.
"""

import csv
import re
from collections.abc import Callable, Iterable
from io import StringIO
from typing import Any, Final

import msgspec

# The beginning of a formula: its first character, also full-width as an input method of East Asia types it, after
# blanks and invisible characters. Also the characters that some spreadsheets cut off, or take for the end of a cell.
_FORMULA: Final = re.compile(r"[\t\n\r]|[\s\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]")


def lines(rows: Iterable[Iterable[str | int | None]]) -> bytes:
    """The rows as the lines of a CSV file."""
    written = StringIO(newline="")
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()


# More digits than a spreadsheet's numbers hold.
_LONG_DIGITS: Final = re.compile(r"[0-9]{16,}")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def header(columns: Iterable[str], *, marked: bool) -> bytes:
    """The first line of a CSV file; where `marked`, a byte order mark stands in front."""
    return (_BYTE_ORDER_MARK if marked else b"") + lines([columns])


def for_spreadsheets(text: str) -> str:
    """The text as `harmless` makes it. A number so long that a spreadsheet would round it becomes text, too."""
    return f"'{text}" if _LONG_DIGITS.fullmatch(text) else harmless(text)


def harmless(text: str) -> str:
    """The text, with an apostrophe in front where a spreadsheet would take it for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def cell(value: Any, defuse: Callable[[str], str] = harmless) -> str:
    """A value as the text of a cell. `defuse` changes a text that a spreadsheet would not take as text."""
    if isinstance(value, str):
        return defuse(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(msgspec.to_builtins(value))
