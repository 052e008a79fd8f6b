"""Reads single values of an export: amounts, times and whole numbers, in text or in JSON.

A function that cannot read its value raises Unreadable with a message that names the field.
"""

import re
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from domain.money import WHOLE_DIGITS_MAX
from domain.settlement.lines import shown
from domain.shops.found import Unreadable

_AMOUNT: Final = re.compile(rf"([+-]?)([0-9]{{1,{WHOLE_DIGITS_MAX}}})(?:\.([0-9]*))?")
_SHORTENED: Final = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]+")
# The same pattern, for a text that may be no number at all.
_SURELY_SHORTENED: Final = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]{2,}")
_OFFSET: Final = re.compile(r"[:T][0-9.]+ ?(?:[zZ]|UTC|[+-][0-9]{2}(?::?[0-9]{2})?)\Z")
# A time as a spreadsheet stores it: days since 1900.
_SERIAL: Final = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")
_SPACED_OFFSET: Final = re.compile(r" (?=[+-][0-9]{2}:?[0-9]{2}\Z)")
_DIGITS: Final = re.compile(r"[0-9]+")


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def unquoted(text: str) -> str:
    """The text without the white space around it, and without the apostrophe that keeps spreadsheets from reading it as
    a number."""
    return text.strip().removeprefix("'").strip()


def scaled(value: Any, digits: int, field: str) -> tuple[int, bool]:
    """An amount in minor units, rounded half away from zero, and whether it had to be rounded. Raises Unreadable."""
    if type(value) is str:  # nearly all values; the lines below give the same in more time
        whole, _, part = value.partition(".")
        if len(part) == digits and len(whole) <= WHOLE_DIGITS_MAX and (whole + part).isdecimal() and value.isascii():
            return int(whole + part), False
    found = _AMOUNT.fullmatch(str(value).strip())
    if not found or isinstance(value, bool):
        raise Unreadable(f"{field}: {_why_no_amount(value)}")
    sign, whole, fraction = found.groups("")
    fraction = fraction.rstrip("0")
    minor = int(whole + fraction[:digits].ljust(digits, "0"))
    is_rounded = len(fraction) > digits
    if is_rounded and fraction[digits] >= "5":
        minor += 1
    return (-minor if sign == "-" else minor), is_rounded


def minor(value: Any, digits: int, field: str) -> int:
    """An amount in minor units; 0 for None and for empty text. Raises Unreadable."""
    if value is None or value == "":
        return 0
    return scaled(value, digits, field)[0]


def _why_no_amount(value: Any) -> str:
    text = str(value).strip()
    if _SHORTENED.fullmatch(text):
        return shortened(text)
    return f"{shown(text)} is not an amount; it is written like 1234.56"


def is_shortened(text: str) -> bool:
    """Whether a spreadsheet has turned this text into a number, and shows it as 6.03E+12."""
    return "E+" in text and _SURELY_SHORTENED.fullmatch(text) is not None


def has_offset(text: str) -> bool:
    """Whether a time states its offset from UTC."""
    return _OFFSET.search(text) is not None


def shortened(text: str) -> str:
    return f"{shown(text)} was shortened by a spreadsheet, and what it stood for is lost; export it anew, unopened"


def whole_id(value: Any, field: str) -> str:
    """The digits of an id; empty where there is none. An id that a spreadsheet has shortened is never guessed. Raises
    Unreadable."""
    text = unquoted(str(value)) if value is not None else ""
    if text and not _DIGITS.fullmatch(text):
        if _SHORTENED.fullmatch(text):
            raise Unreadable(f"{field}: {shortened(text)}")
        raise Unreadable(f"{field}: {shown(text)} is not an id; one has digits alone")
    return text


def moment(text: str, field: str, zone: tzinfo = UTC) -> datetime | None:
    """A time in ISO 8601, also with a space before its offset; a time without an offset is in `zone`. None for empty
    text. Raises Unreadable."""
    if not text:
        return None
    if text[-4:] == " UTC":
        text = text[:-4] + "+00:00"
    try:
        found = datetime.fromisoformat(_SPACED_OFFSET.sub("", text))
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        if _SERIAL.fullmatch(text):
            raise Unreadable(
                f"{field}: {shown(text)} is a time as a spreadsheet counts it, with no offset; export it anew, unopened"
            ) from None
        raise Unreadable(f"{field}: {shown(text)} is not a time, written like 2024-01-31 10:00:00 +0100") from None
