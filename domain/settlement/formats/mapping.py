"""How can a file of any other layout be described? By a shop's own description, in TOML, or by our own layout.

docs/settlement-files.md has a description with all its settings. Our own layout is the one that sets nothing. Its
columns are called reference, kind, gross, fee, net, currency, occurred_at, order, payout, original, original_currency
and exchange_rate, in any order (the last five can be left out, and fee or net). Amounts are plain and signed as in
`lines.Line`, and times have an offset. The last line ends like the others, so that a file that was cut off is found
out.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Annotated, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from domain.currencies import minor_digits
from domain.faults import refuse
from domain.moments import zone_named
from domain.settlement.lines import SIGNS, Kind, shown
from domain.settlement.tables.cells import UNIX, Dates, Notation
from domain.settlement.tables.rows import Encoding

COLUMNS_MAX: Final = 10
# Stands between the words of several columns.
BETWEEN: Final = " / "
_Name: TypeAlias = Annotated[str, Meta(min_length=1)]
_Several: TypeAlias = Annotated[tuple[_Name, ...], Meta(min_length=1, max_length=COLUMNS_MAX)]
_Columns: TypeAlias = _Name | _Several
# A word's kind, or two kinds: one that takes from the balance, and one that gives to it.
KindOrPair: TypeAlias = Kind | tuple[Kind, Kind]
# Files' names for time zones. A name that several zones have, like IST, is not among them.
_ZONES: Final = {
    **dict.fromkeys(("CET", "CEST", "MEZ", "MESZ"), "Europe/Amsterdam"),
    **dict.fromkeys(("EET", "EEST"), "Europe/Helsinki"),
    **dict.fromkeys(("WET", "WEST"), "Europe/Lisbon"),
    "BST": "Europe/London",
    **dict.fromkeys(("GMT", "UTC", "Z"), "UTC"),
    **dict.fromkeys(("EST", "EDT"), "America/New_York"),
    **dict.fromkeys(("CST", "CDT"), "America/Chicago"),
    **dict.fromkeys(("MST", "MDT"), "America/Denver"),
    **dict.fromkeys(("PST", "PDT"), "America/Los_Angeles"),
    **dict.fromkeys(("AEST", "AEDT"), "Australia/Sydney"),
    **dict.fromkeys(("NZST", "NZDT"), "Pacific/Auckland"),
    "BRT": "America/Sao_Paulo",
    "HKT": "Asia/Hong_Kong",
    "JST": "Asia/Tokyo",
    "SGT": "Asia/Singapore",
}
_OFFSET: Final = re.compile(r"(?:GMT|UTC)?([+-])([0-9]{1,2})(?::?([0-5][0-9]))?")
# The names of summer times.
SUMMER_TIMES: Final = frozenset(("CEST", "MESZ", "EEST", "WEST", "BST", "EDT", "CDT", "MDT", "PDT", "AEDT", "NZDT"))


def zone_of(word: str, timezones: dict[str, str] | None = None) -> tzinfo | None:
    """The time zone that a file's word names, by `timezones` first; None for an unknown word."""
    name = (timezones or {}).get(word) or _ZONES.get(word, word)
    if offset := _OFFSET.fullmatch(name):
        hours, minutes = int(offset[2]), int(offset[3] or 0)
        ahead = timedelta(hours=hours, minutes=minutes)
        return timezone(-ahead if offset[1] == "-" else ahead) if hours < 24 else None
    return zone_named(name)


class Columns(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    occurred_at: _Columns
    timezone: _Columns = ()
    reference: _Columns = ()
    concerns: _Columns = ()
    kind: _Columns = ()
    gross: _Name | None = None
    debit: _Name | None = None
    credit: _Name | None = None
    fee: _Columns = ()
    net: _Name | None = None
    net_debit: _Name | None = None
    net_credit: _Name | None = None
    currency: _Name | None = None
    original: _Name | None = None
    original_debit: _Name | None = None
    original_credit: _Name | None = None
    original_currency: _Name | None = None
    exchange_rate: _Name | None = None
    order: _Columns = ()
    payout: _Columns = ()

    def names(self, field: str) -> tuple[str, ...]:
        """The columns of a field: none, one or several."""
        named: str | tuple[str, ...] | None = getattr(self, field)
        return (named,) if isinstance(named, str) else named or ()

    def all(self) -> list[str]:
        return [name for field in self.__struct_fields__ for name in self.names(field)]


class Signs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    gross: Literal["signed", "by_kind", "by_direction"] = "signed"
    direction: str | None = None
    debit: str = "DR"
    credit: str = "CR"
    fee: Literal["positive", "negative"] = "positive"


class Skip(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"begins": "from"}):
    short: bool = False
    begins: tuple[_Name, ...] = ()
    cells: dict[str, tuple[str, ...]] = {}
    # The same for money that comes in: money that goes out has gone by then.
    incoming: dict[str, tuple[str, ...]] = {}


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    columns: Columns
    kinds: dict[str, KindOrPair] = {}
    references: dict[Kind, _Several] = {}
    signs: Signs = Signs()
    skip: Skip = Skip()
    # A header with all of these columns is this layout's; for the layouts that come with the program.
    recognised_by: tuple[str, ...] = ()
    kind: str | None = None
    currency: str | None = None
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    encoding: Encoding = "utf-8"
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", "'", " "] = ""
    minor_units: bool = False
    digits: Literal["latin", "persian"] = "latin"
    date_format: str | None = None
    calendar: Literal["gregorian", "jalali"] = "gregorian"
    # The zone of times without an offset, where no column names it; and the zones that the column's words name.
    timezone: str | None = "UTC"
    timezones: dict[str, str] = {}
    header_row: Annotated[int, Meta(ge=1, le=1000)] | None = None
    sheet: str | None = None

    @property
    def notation(self) -> Notation:
        return Notation(self.decimal, self.thousands, is_persian=self.digits == "persian")

    @property
    def dates(self) -> Dates:
        zone = ZoneInfo(self.timezone) if self.timezone else None
        return Dates(zone, self.date_format, self.calendar == "jalali", self.digits == "persian")

    def required(self) -> list[str]:
        """The columns that a file must have: those of `recognised_by`, where the layout has it, else all columns that
        the mapping names."""
        if self.recognised_by:
            return list(self.recognised_by)
        references = [name for names in self.references.values() for name in names]
        named = [*self.columns.all(), *references, *self.skip.cells, *self.skip.incoming]
        return list(dict.fromkeys([*named, *filter(None, [self.signs.direction])]))


_OWN_COLUMNS: Final = (
    *("reference", "kind", "gross", "fee", "net", "currency", "occurred_at", "order", "payout"),
    *("original", "original_currency", "exchange_rate"),
)
OWN: Final = Mapping(
    columns=Columns(**{name: name for name in _OWN_COLUMNS}),
    # Times carry an offset of their own.
    timezone=None,
    header_row=1,
)
OWN_REQUIRED: Final = ("reference", "kind", "gross", "currency", "occurred_at")
# The sign of each kind's amounts, for files without signs; a kind that can go either way has none, like adjustment.
SIGN_OF: Final = SIGNS | {"fee": -1, "fee_refund": 1, "payout": -1, "payout_failure": 1}
DATE_FORMAT_CHARS_MAX: Final = 100
_DIRECTIVE: Final = re.compile("%(.)", re.DOTALL)
_JALALI: Final = re.compile(r"(?:%[YmdHMSIpBb]|[-/:., ])+")
_SAMPLE_DAY: Final = datetime(2026, 2, 28, tzinfo=UTC)  # a day to try a pattern on


def checked(mapping: Mapping) -> Mapping:
    """The mapping, checked. Raises InvalidField with every fault."""
    refuse(faults(mapping))
    return mapping


def faults(mapping: Mapping, at: str = "") -> Iterator[tuple[str, str]]:
    """The fields at fault, each with a message that says what would be right. `at` is the mapping's path in the rules
    that hold it."""
    return ((f"{at}{field}", message) for field, message in _faults(mapping))


def _faults(mapping: Mapping) -> Iterator[tuple[str, str]]:
    yield from _of_columns(mapping)
    if mapping.currency and minor_digits(mapping.currency) is None:
        yield "currency", f"{mapping.currency!r} is not a currency of ISO 4217"
    if mapping.thousands == mapping.decimal:
        yield "thousands", f"{mapping.thousands!r} is the decimal mark"
    if mapping.timezone and zone_named(mapping.timezone) is None:
        yield "timezone", f"{shown(mapping.timezone)} is not a time zone, like 'Europe/Berlin'"
    for word, zone in mapping.timezones.items():
        if zone_of(zone) is None:
            yield f"timezones.{word}", f"{shown(zone)} is not a time zone, like 'Europe/Berlin'"
    if mapping.delimiter == '"' or not (mapping.delimiter.isprintable() or mapping.delimiter == "\t"):
        yield "delimiter", f"{mapping.delimiter!r} parts no cells; write it like ';' or a tab"
    if mapping.date_format:
        yield from _of_pattern(mapping.date_format, mapping.calendar)


def _of_columns(mapping: Mapping) -> Iterator[tuple[str, str]]:
    columns, signs = mapping.columns, mapping.signs
    for amount, debit, credit in (
        ("gross", "debit", "credit"),
        ("net", "net_debit", "net_credit"),
        ("original", "original_debit", "original_credit"),
    ):
        one, other, instead = (getattr(columns, field) for field in (debit, credit, amount))
        if bool(one) != bool(other) or (one and instead):
            yield f"columns.{debit}", f"name both {debit} and {credit}, and then no {amount}"
    if not (columns.gross or columns.net or columns.debit or columns.net_debit):
        yield "columns.gross", "name the column of the gross amount, or of the net, or debit and credit"
    if signs.gross == "by_direction" and not signs.direction:
        yield "signs.direction", "name the column that says which way the money went"
    if signs.gross != "signed" and (columns.debit or columns.net_debit):
        yield "signs.gross", "debit and credit say already which way the money went"
    if bool(columns.original or columns.original_debit) != bool(columns.original_currency):
        yield "columns.original", "name the column of the original amount and that of its currency"
    for name in ("kind", "currency"):
        if not (columns.names(name) or getattr(mapping, name)):
            yield f"columns.{name}", f"name a column, or give one {name} for the whole file"


def _of_pattern(pattern: str, calendar: str) -> Iterator[tuple[str, str]]:
    """The first fault of a date format."""
    if pattern in UNIX:
        return
    directives = [directive for directive in _DIRECTIVE.findall(pattern) if directive != "%"]
    twice = next((directive for directive in directives if directives.count(directive) > 1), "")
    if len(pattern) > DATE_FORMAT_CHARS_MAX:
        yield "date_format", f"at most {DATE_FORMAT_CHARS_MAX} characters, these are {len(pattern)}"
    elif "Z" in directives:
        yield "date_format", "the name of a zone (%Z) is not read; write %z for an offset, or give a timezone"
    elif twice:
        yield "date_format", f"%{twice} stands in {shown(pattern)} twice; once is right, like '%d.%m.%Y'"
    elif calendar == "jalali" and not _JALALI.fullmatch(pattern):
        known = "of the Jalali calendar are read %Y %m %d %B %b %H %I %M %S %p, parted by -/:., or a space"
        yield "date_format", known
    elif not _says_the_day(pattern):
        yield "date_format", f"{shown(pattern)} does not say day, month and year once; write it like '%d.%m.%Y'"


def _says_the_day(pattern: str) -> bool:
    try:
        found = datetime.strptime(_SAMPLE_DAY.strftime(pattern), pattern)  # noqa: DTZ007  (only its day is looked at)
    except (ValueError, re.error):  # re.error where two directives say the same, like %x and %d
        return False
    return found.date() == _SAMPLE_DAY.date()
