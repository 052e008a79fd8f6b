"""Reads one cell (text, a number or a date) as an amount of minor units, a time in UTC, or a word.

Every function raises ValueError with a message that follows the name of the cell's column. No float is made.
"""

import re
from datetime import UTC, datetime, tzinfo
from sys import intern
from typing import Final, TypeAlias

import msgspec

from domain.currencies import minor_digits
from domain.money import WHOLE_DIGITS_MAX
from domain.settlement.lines import shown

TEXT_LENGTH_MAX: Final = 1_000
REFERENCE_LENGTH_MAX: Final = 200


class Number(msgspec.Struct, frozen=True):
    """A numeric cell as its sheet shows it, in plain decimal text: '-1234.50'."""

    text: str


class Unreadable(msgspec.Struct, frozen=True):
    """A cell without a usable value, and why. It is refused only when its column is read."""

    why: str


# A naive datetime is a date cell of a spreadsheet, which knows no time zone.
Cell: TypeAlias = str | Number | datetime | Unreadable

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?P<offset>[Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
# Text that a spreadsheet would run as a formula. Plain words may begin with a hyphen, so + and - need more behind.
_FORMULA: Final = re.compile(r"\A(?:[=@].|[+-].*[(|!])")
# The apostrophe that our own exports put before such text.
_DEFUSED: Final = re.compile(r"\A'(?=[\s\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠])")
_SEPARATORS: Final = re.compile(r"[.,'’  \u202f_]")
# By the decimal sign.
_AMOUNT: Final = {
    sign: re.compile(rf"(-?)([0-9]{{1,{WHOLE_DIGITS_MAX}}})(?:{re.escape(sign)}([0-9]+))?") for sign in (".", ",")
}


def minor(cell: Cell, digits: int, decimal: str = ".") -> int:
    """The amount in minor units. Zeros beyond the currency's digits mean nothing."""
    if isinstance(cell, Unreadable):
        raise ValueError(cell.why)
    if isinstance(cell, datetime):
        raise ValueError("this is a date, not an amount")
    if isinstance(cell, Number):
        return _minor(cell.text, digits, ".")
    return _minor(cell.strip(), digits, decimal)


def _minor(text: str, digits: int, decimal: str) -> int:
    found = _AMOUNT[decimal].fullmatch(text)
    if not found:
        raise ValueError(_why_no_amount(text, decimal))
    sign, whole, fraction = found.groups("")
    if len(fraction) > digits:
        fraction = fraction.rstrip("0")
    if len(fraction) > digits:
        raise ValueError(f"{shown(text)} has {len(fraction)} digits after the point, its currency has {digits}")
    value = int(whole + fraction.ljust(digits, "0"))
    return -value if sign else value


def _why_no_amount(text: str, decimal: str) -> str:
    if not text:
        return "the amount is missing"
    if text[0] == "=":
        return f"{shown(text)} is a formula; save the file with values alone"
    bare = _SEPARATORS.sub("", text).removeprefix("-")
    if bare.isascii() and bare.isdigit() and len(bare) <= WHOLE_DIGITS_MAX:
        return (
            f"{shown(text)} has a thousands separator, or another decimal sign than {decimal!r};"
            f" write it like 1234{decimal}56"
        )
    return f"{shown(text)} is not an amount; write it like 1234{decimal}56"


def currency(cell: Cell) -> tuple[str, int]:
    """The ISO 4217 code in capitals, and its minor digits."""
    code = intern(word(cell).upper())
    digits = minor_digits(code) if len(code) == 3 else None
    if digits is None:
        raise ValueError(f"{shown(code)} is not a currency of ISO 4217" if code else "the currency is missing")
    return code, digits


def word(cell: Cell, length_max: int = TEXT_LENGTH_MAX) -> str:
    """Text without the white space around it; a whole number stands for its digits.

    Text is never a formula here, whatever it begins with: our exports defuse it for their readers. What they have
    defused is read as it was.
    """
    if isinstance(cell, Unreadable):
        raise ValueError(cell.why)
    if isinstance(cell, datetime):
        raise ValueError("this is a date where text is wanted")
    text = cell.text if isinstance(cell, Number) else _DEFUSED.sub("", cell.strip()).strip()
    if len(text) > length_max:
        raise ValueError(f"at most {length_max} characters, these are {len(text)}")
    return text


def reference(cell: Cell) -> str:
    """A word that identifies something. A formula in its place is refused: it was not saved as its value."""
    text = word(cell, REFERENCE_LENGTH_MAX)
    if isinstance(cell, str) and _FORMULA.match(cell.strip()):
        raise ValueError(f"{shown(text)} is a formula to a spreadsheet; save the file with values alone")
    return text


def moment(cell: Cell, zone: tzinfo | None, pattern: str | None = None) -> datetime:
    """The time in UTC; a plain day stands for its beginning.

    `zone` is the zone of times without an offset; None refuses them, and takes days as days of UTC. `pattern` is
    `strptime`'s; without one, text is ISO 8601.
    """
    if isinstance(cell, Unreadable):
        raise ValueError(cell.why)
    if isinstance(cell, Number):
        raise ValueError(f"{shown(cell.text)} is a number, not a date; give the column a date format")
    found = cell if isinstance(cell, datetime) else _parsed(cell.strip(), zone, pattern)
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone or UTC)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{shown(str(cell))} is outside the calendar") from None


def _parsed(text: str, zone: tzinfo | None, pattern: str | None) -> datetime:
    iso = None if pattern else _MOMENT.fullmatch(text)
    if iso and not iso["offset"] and zone is None:
        raise ValueError(f"{shown(text)} has no offset from UTC; write it like 2026-03-01T10:30:00Z")
    try:
        if pattern and text.isascii() and len(text) <= TEXT_LENGTH_MAX:
            return datetime.strptime(text, pattern)  # noqa: DTZ007  (the caller gives it its zone)
        if iso or _DAY.fullmatch(text):
            return datetime.fromisoformat(text.upper())
    except ValueError:
        pass
    if not text:
        raise ValueError("the date is missing")
    like = pattern or "2026-03-01 or 2026-03-01T10:30:00Z"
    raise ValueError(f"{shown(text)} is not a date of the calendar, written like {like}")
