"""How are the columns of any other file read? By our own layout, or by a shop's own description of it, as TOML.

A mapping for a bank's CSV, say:

    delimiter = ";"
    encoding = "windows-1252"
    decimal = ","
    date_format = "%d.%m.%Y"          # strptime's, %z for an offset; without it ISO 8601
    timezone = "Europe/Berlin"        # the zone of times without an offset
    currency = "EUR"                  # for files without a column for it
    header_row = 5                    # for files with other lines above the header

    [columns]                         # the name of each in the file; occurred_at, and gross or net, must be there
    reference = "Referenz"
    kind = "Art"
    gross = "Betrag"
    occurred_at = "Buchungstag"

    [kinds]                           # the file's words for our kinds; others are kept as they are
    Zahlung = "payment"
    Erstattung = "refund"

    [signs]
    gross = "by_direction"            # or "signed" (the default), or "by_kind": unsigned, the kind gives the sign
    direction = "S/H"                 # by_direction: the column of the direction
    debit = "S"
    credit = "H"
    fee = "negative"                  # the sign of a fee that was charged; "positive" by default

Our own layout is the mapping that changes nothing: the columns are called reference, kind, gross, fee, net, currency,
occurred_at, order and payout, in any order (the last two can be left out, and fee or net), amounts are signed as
`lines.Line` has them, times carry an offset, and the last line ends like the others, so that a file that was cut off
is found out.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from domain.currencies import digits_of, minor_digits
from domain.refusals import InvalidField
from domain.settlement.lines import KINDS, SIGNS, Kind, Line, Misfit, shown
from domain.settlement.tables.cells import Cell
from domain.settlement.tables.table import Header, Record, records

# The sign of each kind's amounts, for files whose amounts have none; an adjustment, say, can go either way.
_SIGN_OF: Final = SIGNS | {"fee": -1, "fee_refund": 1, "payout": -1, "payout_failure": 1}


class Columns(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    occurred_at: str
    reference: str | None = None
    kind: str | None = None
    gross: str | None = None
    fee: str | None = None
    net: str | None = None
    currency: str | None = None
    order: str | None = None
    payout: str | None = None


class Signs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    gross: Literal["signed", "by_kind", "by_direction"] = "signed"
    direction: str | None = None
    debit: str = "DR"
    credit: str = "CR"
    fee: Literal["positive", "negative"] = "positive"


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    columns: Columns
    kinds: dict[str, Kind] = {}
    signs: Signs = Signs()
    kind: str | None = None
    currency: str | None = None
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    encoding: Literal["utf-8", "utf-16", "iso-8859-1", "iso-8859-15", "windows-1250", "windows-1252"] = "utf-8"
    decimal: Literal[".", ","] = "."
    date_format: str | None = None
    timezone: str | None = "UTC"
    header_row: Annotated[int, Meta(ge=1, le=1000)] = 1
    sheet: str | None = None


OWN: Final = Mapping(
    columns=Columns(**{name: name for name in Columns.__struct_fields__}),
    # Times carry an offset of their own.
    timezone=None,
)
OWN_REQUIRED: Final = ("reference", "kind", "gross", "currency", "occurred_at")
DATE_FORMAT_CHARS_MAX: Final = 100
_DIRECTIVE: Final = re.compile("%(.)", re.DOTALL)
_SAMPLE_DAY: Final = datetime(2026, 2, 28, tzinfo=UTC)  # a day to try a pattern on


def checked(mapping: Mapping, at: str = "") -> Mapping:
    """The mapping, checked. `at` is its path in the rules that hold it. Raises InvalidField."""
    columns, signs = mapping.columns, mapping.signs
    if not (columns.gross or columns.net):
        raise InvalidField(f"{at}columns.gross", "name the column of the gross amount, or of the net")
    if signs.gross == "by_direction" and not signs.direction:
        raise InvalidField(f"{at}signs.direction", "name the column that says which way the money went")
    for name in ("kind", "currency"):
        if not (getattr(columns, name) or getattr(mapping, name)):
            raise InvalidField(f"{at}columns.{name}", f"name a column, or give one {name} for the whole file")
    if mapping.currency and minor_digits(mapping.currency) is None:
        raise InvalidField(f"{at}currency", f"{mapping.currency!r} is not a currency of ISO 4217")
    try:
        _zone(mapping)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidField(
            f"{at}timezone", f"{shown(str(mapping.timezone))} is not a time zone, like 'Europe/Berlin'"
        ) from None
    if mapping.delimiter == '"' or not (mapping.delimiter.isprintable() or mapping.delimiter == "\t"):
        raise InvalidField(f"{at}delimiter", f"{mapping.delimiter!r} parts no cells; write it like ';' or a tab")
    if mapping.date_format:
        _check_date_format(mapping.date_format, f"{at}date_format")
    return mapping


def _zone(mapping: Mapping) -> ZoneInfo | None:
    return ZoneInfo(mapping.timezone) if mapping.timezone else None


def _check_date_format(pattern: str, field: str) -> None:
    if len(pattern) > DATE_FORMAT_CHARS_MAX:
        raise InvalidField(field, f"at most {DATE_FORMAT_CHARS_MAX} characters, these are {len(pattern)}")
    directives = [directive for directive in _DIRECTIVE.findall(pattern) if directive != "%"]
    if "Z" in directives:
        raise InvalidField(field, "the name of a zone (%Z) is not read; write %z for an offset, or give a timezone")
    for directive in directives:
        if directives.count(directive) > 1:
            raise InvalidField(field, f"%{directive} stands in {shown(pattern)} twice; once is right, like '%d.%m.%Y'")
    if not _says_the_day(pattern):
        raise InvalidField(field, f"{shown(pattern)} does not say day, month and year once; write it like '%d.%m.%Y'")


def _says_the_day(pattern: str) -> bool:
    try:
        found = datetime.strptime(_SAMPLE_DAY.strftime(pattern), pattern)  # noqa: DTZ007  (only its day is looked at)
    except (ValueError, re.error):  # the latter where two directives say the same, like %x and %d
        return False
    return found.date() == _SAMPLE_DAY.date()


def mapped_lines(rows: Iterable[tuple[int, Sequence[Cell]]], mapping: Mapping, provider: str) -> Iterator[Line]:
    """The lines of a table whose columns the mapping names. Raises Misfit."""
    below = iter(rows)
    header = next((Header(row, cells) for row, cells in below if row >= mapping.header_row), None)
    if header is None:
        raise Misfit(None, None, "the file is empty")
    if mapping is not OWN:
        header.require(*filter(None, msgspec.structs.astuple(mapping.columns)))
        header.require(*filter(None, [mapping.signs.direction]))
    zone = _zone(mapping)
    for record in records(below, header):
        yield _line(record, mapping, zone, provider)


def _line(record: Record, mapping: Mapping, zone: ZoneInfo | None, provider: str) -> Line:
    columns = mapping.columns
    raw_kind = record.shared(columns.kind) or mapping.kind
    if not raw_kind:
        raise record.misfit(columns.kind, "the kind is missing")
    kind = mapping.kinds.get(raw_kind, raw_kind)
    if columns.currency:
        currency, digits = record.currency(columns.currency)
    else:
        assert mapping.currency is not None
        currency, digits = mapping.currency, digits_of(mapping.currency)
    fee = record.amount(columns.fee, digits, mapping.decimal)
    amounts = record.amounts(
        (columns.gross or str(columns.net), columns.fee or "", columns.net or ""),
        kind,
        _signed(record, columns.gross, digits, mapping, kind),
        -fee if fee is not None and mapping.signs.fee == "negative" else fee,
        _signed(record, columns.net, digits, mapping, kind),
    )
    return Line(
        row=record.row,
        provider=provider,
        kind=kind,
        raw_kind=raw_kind,
        reference=record.reference(columns.reference),
        gross=amounts.gross,
        fee=amounts.fee,
        net=amounts.net,
        currency=currency,
        occurred_at=record.moment(columns.occurred_at, zone, mapping.date_format),
        order=record.word(columns.order),
        payout=record.payout(columns.payout),
    )


def _no_sign(kind: str) -> str:
    if kind in KINDS:
        return f"an amount of the kind {kind} goes either way, and here it has no sign"
    return f"{shown(kind)} is none of our kinds, and so says no sign; name it in the mapping's kinds"


def _signed(record: Record, column: str | None, digits: int, mapping: Mapping, kind: str) -> int | None:
    """Gross or net, signed as the mapping says."""
    amount = record.amount(column, digits, mapping.decimal)
    signs = mapping.signs
    if amount is None or signs.gross == "signed":
        return amount
    if amount < 0:
        raise record.misfit(column, "a sign, where the mapping says that amounts have none")
    if signs.gross == "by_kind":
        if kind not in _SIGN_OF:
            raise record.misfit(mapping.columns.kind, _no_sign(kind))
        return _SIGN_OF[kind] * amount
    direction = record.word(signs.direction)
    if direction not in (signs.debit, signs.credit):
        raise record.misfit(signs.direction, f"neither {signs.debit!r} nor {signs.credit!r}")
    return -amount if direction == signs.debit else amount
