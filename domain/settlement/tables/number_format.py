"""A stored number as a spreadsheet shows it: the amount that people see.

A spreadsheet stores binary floats and shows them rounded. A cell of `=0.1+0.2`, saved as a value, is stored as
0.30000000000000004 and shown as 0.30, so it is read as 0.30:

1. the stored text is read as the exact decimal number that it is;
2. this number is rounded to 15 significant digits, a spreadsheet's own precision, halves away from zero;
3. and then to the decimals of the cell's number format, halves away from zero. General has no fixed number of decimals:
   it shows every digit that step 2 leaves.

A minus sign stays, also when the format shows it by a colour alone. Digits that a format pads with zeros are kept
(00042 is an order's number). A percentage, a fraction, an exponent, a scale of thousands and a condition do not show
the number itself, so a cell of such a format is no amount.
"""

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import Final, Literal

import msgspec

from domain.settlement.lines import shown

_PRECISION: Final = Context(prec=15, rounding=ROUND_HALF_UP)
_WIDE: Final = Context(prec=60, rounding=ROUND_HALF_UP)
_STORED: Final = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([Ee][+-]?[0-9]{1,3})?")

# ECMA-376, part 1, 18.8.30: the formats that a workbook uses by number alone.
BUILTIN: Final = {
    0: "General",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    **dict.fromkeys((*range(14, 23), *range(45, 48)), "yyyy-mm-dd hh:mm:ss"),
    37: "#,##0 ;(#,##0)",
    38: "#,##0 ;[Red](#,##0)",
    39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;[Red](#,##0.00)",
    41: "#,##0;(#,##0)",
    42: "#,##0;(#,##0)",
    43: "#,##0.00;(#,##0.00)",
    44: "#,##0.00;(#,##0.00)",
    48: "##0.0E+0",
    49: "@",
}
# The parts of a format beside the digits: quoted or escaped text, a space as wide as a letter, a filling letter, a
# colour or a currency in brackets.
_BESIDE: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?:\$[^\[\]]*|[A-Za-z]+[0-9]*)\]')
_ELAPSED: Final = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
# Possessive: no later part could take the characters that one part has taken.
_DIGITS: Final = re.compile(r"[^0#?.,]*+([0#?,]*+)(?:\.([0#?]*+))?+[^0#?.,]*+")
_OF_A_DATE: Final = re.compile(r"[ymdhs]", re.IGNORECASE)
_EXPONENT: Final = re.compile(r"[0#?]\.?E")
_OTHERWISE: Final = re.compile(r"[%/Ee\[\]@]")


class Section(msgspec.Struct, frozen=True):
    """One of the up to three numeric parts of a format."""

    shows: Literal["general", "fixed", "date", "other"]
    digits_min: int = 1
    decimals: int = 0


@lru_cache(maxsize=1_000)
def sections(code: str) -> tuple[Section, ...]:
    """A format's parts: one for all numbers, or one each for positive numbers, negative numbers and zero."""
    # A semicolon within quotation marks separates no parts.
    bare = _ELAPSED.sub("h", code)
    return tuple(_section(part) for part in _BESIDE.sub("", bare).split(";")[:3])


def _section(code: str) -> Section:
    code = code.strip()
    if code.lower() in ("general", "@", ""):
        return Section("general")
    if _OF_A_DATE.search(code) and not _EXPONENT.search(code):
        return Section("date")
    found = _DIGITS.fullmatch(code)
    if not found or _OTHERWISE.search(code) or found[1].endswith(","):
        return Section("other")
    return Section("fixed", max(1, found[1].count("0")), len(found[2] or ""))


def section_for(code: str, negative: bool, zero: bool) -> Section:
    """The part of the format that shows a number of this sign."""
    parts = sections(code)
    if zero and len(parts) == 3:
        return Section("fixed", parts[0].digits_min, parts[0].decimals)  # often shown as a dash
    return parts[1] if negative and len(parts) > 1 else parts[0]


def stored(text: str) -> Decimal:
    """The number in a cell, at a spreadsheet's precision. Raises ValueError."""
    if not _STORED.fullmatch(text):
        raise ValueError(f"{shown(text)} is not a number")
    number = _PRECISION.create_decimal(text)
    if number and number.adjusted() >= _PRECISION.prec:
        raise ValueError(f"{shown(text)} has more digits than a sheet keeps; such a cell must be text")
    return number


def as_shown(number: Decimal, section: Section) -> str:
    """The number in plain decimal digits, as the section shows it, without grouping."""
    if section.shows == "general":
        text = f"{number.normalize(_WIDE):f}"
        return "0" if text == "-0" else text
    text = f"{number.copy_abs().quantize(Decimal(1).scaleb(-section.decimals), context=_WIDE):f}"
    whole, point, fraction = text.partition(".")
    text = whole.zfill(section.digits_min) + point + fraction
    return f"-{text}" if number < 0 and text.strip("0.") else text
