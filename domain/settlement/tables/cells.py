"""Reads one cell (text, a number or a date) as an amount of minor units, a time in UTC, or a word.

Every function raises ValueError with a message that follows the name of the cell's column. No float is made.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta, tzinfo
from sys import intern
from typing import Any, Final, NamedTuple, TypeAlias
from unicodedata import category

import msgspec
from persiantools.jdatetime import JalaliDateTime

from domain.counted import counted
from domain.currencies import minor_digits
from domain.money import WHOLE_DIGITS_MAX
from domain.settlement.lines import shown

TEXT_LENGTH_MAX: Final = 1_000
REFERENCE_LENGTH_MAX: Final = 200


class Number(msgspec.Struct, frozen=True):
    """A numeric cell as its sheet shows it, in plain decimal text: '-1234.50'."""

    text: str


class Unreadable(msgspec.Struct, frozen=True):
    """A cell without a usable value, and the reason. The cell is refused only when its column is read.

    `text` stands for the cell as free text: a formula's last value. Where `text` is None, the cell is refused as free
    text, too.
    """

    why: str
    text: str | None = None


# A naive datetime is a date cell of a spreadsheet, which knows no time zone.
Cell: TypeAlias = str | Number | datetime | Unreadable
# With its number.
Row: TypeAlias = tuple[int, Sequence[Cell]]

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
    r"(?P<offset>[Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
# Text that a spreadsheet would run as a formula. Plain words may begin with a hyphen, so + and - alone do not count.
_FORMULA: Final = re.compile(r"\A(?:[=@].|[+-].*[(|!])")
# The apostrophe that our own exports put before such text.
_DEFUSED: Final = re.compile(r"\A'(?=[\s\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]|[0-9]{16,}\Z)")
_SEPARATORS: Final = re.compile(r"[.,'’  \u202f_]")
_LATIN: Final = {ord(digit): str(place % 10) for place, digit in enumerate("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩")}
_MINUSES: Final = {ord(minus): "-" for minus in "−–—‒"}
# From the first digit of an amount, or the point before it, to the last.
_WITHIN: Final = re.compile(r"[.,]?[0-9](?:[0-9.,'’ \xa0\u2009\u202f]*[0-9])?")
_SIGNS: Final = re.compile(r"[-+()]")
_BLANKS: Final = re.compile("[\xa0\u2009\u202f]")
# The words for currencies without a sign.
_WORDS: Final = frozenset(
    ("r", "rs", "rs.", "rp", "rm", "kr", "kr.", "kč", "zł", "ft", "lei", "лв", "fr", "fr.", "sfr", "дин", "dh", "ریال")
)
# The currencies of a sign; a sign of very many currencies, like $, is not here.
_OF_SIGN: Final = {
    "€": "EUR",
    "£": "GBP EGP FKP GIP LBP SDG SHP SSP SYP",
    "¥": "JPY CNY",
    "₹": "INR",
    "₩": "KRW KPW",
    "₺": "TRY",
    "₽": "RUB",
    "₪": "ILS",
    "₫": "VND",
    "₴": "UAH",
    "₦": "NGN",
    "฿": "THB",
    "﷼": "IRR OMR QAR SAR YER",
}
_JALALI: Final = re.compile(
    r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[T ]{1,3}([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?)?"
)
_UNIX: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_RATE: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,15})?")
# The pattern of a plain amount, by its decimal mark.
_AMOUNT: Final = {
    sign: re.compile(rf"(-?)([0-9]{{1,{WHOLE_DIGITS_MAX}}})(?:{re.escape(sign)}([0-9]+))?") for sign in (".", ",")
}


class Notation(NamedTuple):
    """A file's notation of amounts: its decimal mark, its mark between thousands, and whether digits may be Persian."""

    decimal: str
    thousands: str = ""
    is_persian: bool = False


# Patterns of times that are numbers: seconds since 1970, and thousandths of seconds.
UNIX: Final = ("unix", "unix_ms")


class Dates(NamedTuple):
    """A file's notation of times.

    `zone` is the zone of times without an offset; None refuses them, and takes days as days of UTC. `pattern` is
    `strptime`'s, or one of UNIX. Without a pattern, text is ISO 8601, or in Iran's notation where the calendar is
    Jalali.
    """

    zone: tzinfo | None
    pattern: str | None = None
    is_jalali: bool = False
    is_persian: bool = False


def minor(cell: Cell, digits: int, decimal: str = ".") -> int:
    """The amount in minor units. Zeros beyond the currency's digits are dropped."""
    if isinstance(cell, Unreadable):
        raise ValueError(cell.why)
    if isinstance(cell, datetime):
        raise ValueError("this is a date, not an amount")
    if isinstance(cell, Number):
        return _minor(cell.text, digits, ".")
    return _minor(cell.strip(), digits, decimal)


def minor_in_notation(cell: Cell, digits: int, notation: Notation, currency: str) -> int | None:
    """The amount in minor units, in the file's notation, with signs and currencies around it; None for an empty cell,
    and for dashes."""
    if not isinstance(cell, str):
        return minor(cell, digits)
    text = cell.strip()
    if notation.is_persian:
        marks = {"٫": notation.decimal, "٬": notation.thousands}  # Persian's own
        text = "".join(marks.get(character, character) for character in in_latin(text))
    text = text.translate(_MINUSES)
    if not text.strip("-"):
        return None
    if _AMOUNT[notation.decimal].fullmatch(text):
        return _checked_minor(text, digits, notation.decimal)
    return _checked_minor(_bare(text, notation, currency), digits, notation.decimal)


def _checked_minor(text: str, digits: int, decimal: str) -> int:
    """The amount in minor units. Refuses three digits behind the mark where the currency has fewer: 12.000 may mean
    thousands."""
    fraction = text.partition(decimal)[2]
    if len(fraction) == 3 > digits:
        raise ValueError(_why_no_amount(text, decimal))
    return _minor(text, digits, decimal)


def _bare(text: str, notation: Notation, currency: str) -> str:
    """The number alone, with its minus. Raises ValueError where the text beside it is neither a sign nor a currency."""
    within = _WITHIN.search(text)
    if not within or text[0] == "=":
        raise ValueError(_why_no_amount(text, notation.decimal))
    before, number, after = text[: within.start()], within[0], text[within.end() :]
    around = before + after
    is_negative = "-" in around or before.lstrip().startswith("(")
    if around.count("-") > 1 or around.count("+") > 1 or (("-" in around or "(" in around) and "+" in around):
        raise ValueError(f"{shown(text)} has more signs than one")
    if before.count("(") != after.count(")") or ("(" in around and "-" in around):
        raise ValueError(_why_no_amount(text, notation.decimal))
    for beside in (before, after):
        _check_beside(_SIGNS.sub("", beside).strip(), text, notation, currency)
    return ("-" if is_negative else "") + _ungrouped(number, text, notation)


def _check_beside(beside: str, text: str, notation: Notation, currency: str) -> None:
    """Raises ValueError where the text beside an amount is no currency's code, sign or word, or is another
    currency's."""
    code = beside.upper()
    if not beside or code == currency:
        return
    signs = [character for character in beside if category(character) == "Sc"]
    if any(currency not in _OF_SIGN.get(sign, currency) for sign in signs) or minor_digits(code) is not None:
        raise ValueError(f"{shown(text)} is of another currency than its line, which is of {currency}")
    letters = "".join(character for character in beside if character not in signs)
    is_sign = len(signs) == 1 and (not letters or (len(letters) <= 2 and letters.isalpha()))  # €, or US$
    if not is_sign and beside.casefold() not in _WORDS:
        raise ValueError(_why_no_amount(text, notation.decimal))


def _ungrouped(number: str, text: str, notation: Notation) -> str:
    """The number without the marks between its thousands (or between thousands and lakhs). Raises ValueError where a
    mark is not in its place."""
    thousands, decimal = notation.thousands, notation.decimal
    number = _BLANKS.sub(" ", number.replace("’", "'"))
    whole, mark, fraction = number.partition(decimal)
    if thousands and thousands in whole:
        first, *groups = whole.split(thousands)
        sizes = [len(group) for group in groups]
        if not (1 <= len(first) <= 3 and sizes[-1] == 3 and all(size in (2, 3) for size in sizes)):
            raise ValueError(f"{shown(text)} has a mark between thousands where none belongs")
        whole = first + "".join(groups)
    return (whole or "0") + (mark + fraction if fraction else "")


def _minor(text: str, digits: int, decimal: str) -> int:
    found = _AMOUNT[decimal].fullmatch(text)
    if not found:
        raise ValueError(_why_no_amount(text, decimal))
    sign, whole, fraction = found.groups("")
    if len(fraction) > digits:
        fraction = fraction.rstrip("0")
    if len(fraction) > digits:
        there = counted(len(fraction), "digit")
        raise ValueError(f"{shown(text)} has {there} after the point, its currency has {digits}")
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
    if isinstance(cell, Unreadable):
        raise ValueError(cell.why)
    code = intern(word(cell).upper())
    digits = minor_digits(code) if len(code) == 3 else None
    if digits is None:
        raise ValueError(f"{shown(code)} is not a currency of ISO 4217" if code else "the currency is missing")
    return code, digits


def rate(cell: Cell, decimal: str) -> str:
    """An exchange rate as decimal text with a point; empty for an empty cell, and for 0."""
    text = cell.text if isinstance(cell, Number) else word(cell).replace(decimal, ".")
    if text and not _RATE.fullmatch(text):
        raise ValueError(f"{shown(text)} is no exchange rate, like 0{decimal}92")
    return text if text.strip("0.") else ""


def word(cell: Cell, length_max: int = TEXT_LENGTH_MAX) -> str:
    """A cell's text without the white space around it; the digits of a number.

    Text is never a formula here, whatever it begins with. Our exports defuse such text for their readers; defused text
    is read as it was before.
    """
    if isinstance(cell, Unreadable) and cell.text is None:
        raise ValueError(cell.why)
    if isinstance(cell, datetime):
        raise ValueError("this is a date where text is wanted")
    text = cell.strip() if isinstance(cell, str) else cell.text or ""
    if text.startswith("'"):
        text = _DEFUSED.sub("", text).strip()
    if len(text) > length_max:
        raise ValueError(f"at most {length_max} characters, these are {len(text)}")
    return text


def reference(cell: Cell) -> str:
    """A word that identifies something; empty for dashes alone. Refuses a formula: the file was not saved with
    values."""
    if isinstance(cell, Unreadable):
        raise ValueError(cell.why)
    text = word(cell, REFERENCE_LENGTH_MAX)
    if isinstance(cell, str) and _FORMULA.match(cell.strip()):
        raise ValueError(f"{shown(text)} is a formula to a spreadsheet; save the file with values alone")
    return text if text.strip("-–—") else ""


def moment(cell: Cell, dates: Dates) -> datetime:
    """The time in UTC; a plain day stands for its beginning."""
    if isinstance(cell, Unreadable):
        raise ValueError(cell.why)
    if dates.pattern in UNIX:
        found = _since_1970(cell.text if isinstance(cell, Number) else str(cell).strip(), dates)
    elif isinstance(cell, Number):
        raise ValueError(f"{shown(cell.text)} is a number, not a date; give the column a date format")
    else:
        found = cell if isinstance(cell, datetime) else _parsed(cell.strip(), dates)
    if found.tzinfo is None:
        found = found.replace(tzinfo=dates.zone or UTC)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{shown(str(cell))} is outside the calendar") from None


def in_latin(text: str) -> str:
    """The text with Latin digits in the place of Persian and Arabic ones."""
    return text.translate(_LATIN)


def joined_time(cells: Sequence[Cell]) -> Cell:
    """One cell of a day's cell and the cells of its time."""
    first, *more = cells
    texts = [cell.text if isinstance(cell, Number) else str(cell).strip() for cell in more]
    if isinstance(first, datetime):
        try:
            at = time.fromisoformat(" ".join(filter(None, texts)) or "00:00")
        except ValueError:
            raise ValueError(f"{shown(' '.join(texts))} is no time of a day, like 10:30:00") from None
        return first.replace(hour=at.hour, minute=at.minute, second=at.second)
    if isinstance(first, Unreadable):
        return first
    return " ".join(filter(None, (first.text if isinstance(first, Number) else first.strip(), *texts)))


def _since_1970(text: str, dates: Dates) -> datetime:
    found = _UNIX.fullmatch(in_latin(text) if dates.is_persian else text)
    if not found:
        raise ValueError(f"{shown(text)} is no time in seconds since 1970" if text else "the date is missing")
    whole = int(found[0].partition(".")[0])
    try:
        return _EPOCH + (timedelta(milliseconds=whole) if dates.pattern == "unix_ms" else timedelta(seconds=whole))
    except OverflowError:
        raise ValueError(f"{shown(text)} is outside the calendar") from None


def _parsed(text: str, dates: Dates) -> datetime:
    pattern = dates.pattern
    if dates.is_persian:
        text = in_latin(text)
    if dates.is_jalali:
        return _jalali(text, dates)
    iso = None if pattern else _MOMENT.fullmatch(text)
    if iso and not iso["offset"] and dates.zone is None:
        raise ValueError(f"{shown(text)} has no offset from UTC; write it like 2026-03-01T10:30:00Z")
    try:
        if pattern and text.isascii() and len(text) <= TEXT_LENGTH_MAX:
            return datetime.strptime(text, pattern)  # noqa: DTZ007  (the caller gives it its zone)
        if iso or _DAY.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise _no_date(text, pattern or "2026-03-01 or 2026-03-01T10:30:00Z")


def _jalali(text: str, dates: Dates) -> datetime:
    """A time of the Jalali calendar, with Persian names of months or English ones."""
    known: Any = JalaliDateTime  # the package has no types
    found: datetime
    if dates.pattern and len(text) <= TEXT_LENGTH_MAX:
        for locale in ("en", "fa"):
            with suppress(ValueError, OverflowError):
                found = known.strptime(text, dates.pattern, locale).to_gregorian()
                return found
    elif not dates.pattern and (said := _JALALI.fullmatch(text)):
        with suppress(ValueError, OverflowError):
            found = known(*(int(part or 0) for part in said.groups())).to_gregorian()
            return found
    raise _no_date(text, f"{dates.pattern or '1404/12/10 or 1404/12/10 10:30:00'} in the Jalali calendar")


def _no_date(text: str, like: str) -> ValueError:
    if not text:
        return ValueError("the date is missing")
    return ValueError(f"{shown(text)} is not a date of the calendar, written like {like}")
