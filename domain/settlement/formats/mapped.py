"""The lines of a table whose layout a mapping describes: our own, or any other."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from domain.currencies import digits_of
from domain.settlement.formats.mapping import BETWEEN, OWN, SIGN_OF, SUMMER_TIMES, KindOrPair, Mapping, Skip, zone_of
from domain.settlement.lines import KINDS, Line, Meaning, Misfit, Original, kind_of, shown
from domain.settlement.tables.cells import TEXT_LENGTH_MAX, Dates, Row, in_latin
from domain.settlement.tables.table import Header, Record, records

# The most rows above the header, where the mapping does not name its row.
PREAMBLE_ROWS_MAX: Final = 100
# At the end of a key of `kinds`: any words behind this beginning.
_ANY: Final = "*"


def mapped_lines(rows: Iterable[Row], mapping: Mapping, provider: str) -> Iterator[Line]:
    """The lines of the table. Raises Misfit."""
    below = iter(rows)
    header = _header(below, mapping)
    if mapping is not OWN:
        header.require(*mapping.required())
    reading, skip = _Reading(mapping, provider), mapping.skip
    wanted = below if mapping is OWN else _wanted(below, skip, len(header.names))
    for record in records(wanted, header):
        if not _has_word(record, skip.cells):
            line = reading.line(record)
            if line.net < 0 or not _has_word(record, skip.incoming):
                yield line


def _has_word(record: Record, words: dict[str, tuple[str, ...]]) -> bool:
    return bool(words) and any(record.word(column) in some for column, some in words.items())


def _header(rows: Iterator[Row], mapping: Mapping) -> Header:
    """The row that the mapping names as the header; where it names none, the first row with all columns, or the first
    row of all. Raises Misfit for an empty file."""
    first: Header | None = None
    for place, (row, cells) in enumerate(rows):
        if mapping.header_row is not None and row < mapping.header_row:
            continue
        header = Header(row, cells)
        if mapping.header_row is not None or header.has(mapping.required()):
            return header
        first = first or header
        if place >= PREAMBLE_ROWS_MAX:
            break
    if first is None:
        raise Misfit(None, None, "the file is empty")
    return first


def _wanted(rows: Iterable[Row], skip: Skip, width: int) -> Iterator[Row]:
    """The rows that are lines, as far as that shows before their cells are read.

    The rows of some banks end with one delimiter more than their header: an empty cell behind the header's last is left
    out.
    """
    for row, cells in rows:
        begin = cells[0].strip() if isinstance(cells[0], str) else ""
        if begin and begin.startswith(skip.begins):
            return
        if len(cells) > width and not any(cells[width:]):
            yield row, cells[:width]
        elif not (skip.short and len(cells) < width):
            yield row, cells


class _Reading:
    """A mapping whose columns are looked up once, for all lines."""

    def __init__(self, mapping: Mapping, provider: str) -> None:
        self._mapping = mapping
        self._provider = provider
        self._columns = columns = mapping.columns
        self._kinds = columns.names("kind")
        self._references = columns.names("reference")
        self._references_of: dict[str, tuple[str, ...]] = {
            str(kind): names for kind, names in mapping.references.items()
        }
        self._concerns = columns.names("concerns")
        self._fees = columns.names("fee")
        net_column = columns.net or columns.net_debit or ""
        self._amounts = (columns.gross or columns.debit or net_column, (*self._fees, "")[0], net_column)
        self._times = columns.names("occurred_at")
        self._payouts = columns.names("payout")
        self._zones = columns.names("timezone")
        self._orders = columns.names("order")
        self._dates: Dates = mapping.dates
        # By the word in the column of time zones; for an empty word the file's own zone.
        self._dates_of_zone: dict[str, Dates] = {"": mapping.dates}
        self._notation = None if mapping is OWN else mapping.notation
        self._digits = digits_of(mapping.currency) if mapping.currency else 0

    def line(self, record: Record) -> Line:
        mapping, columns = self._mapping, self._columns
        raw_kind = self._raw_kind(record)
        meaning = _meaning(raw_kind, mapping.kinds)
        currency, digits = (
            record.currency(columns.currency) if columns.currency else (mapping.currency or "", self._digits)
        )
        digits = 0 if mapping.minor_units else digits
        gross, net = (self._signed(record, name, digits, currency, meaning) for name in (columns.gross, columns.net))
        if columns.debit:
            gross = self._by_column(record, columns.debit, columns.credit, digits, currency)
        if columns.net_debit:
            net = self._by_column(record, columns.net_debit, columns.net_credit, digits, currency)
        fee = self._fee(record, digits, currency)
        kind = kind_of(meaning, net if net is not None else (gross or 0) - (fee or 0))
        amounts = record.amounts(self._amounts, kind, gross, fee, net)
        reference, *aliases = self._named(record, self._references_of.get(kind, self._references)) or [""]
        concerns = self._named(record, self._concerns) if self._concerns and kind != "payment" else ()
        return Line(
            row=record.row,
            provider=self._provider,
            kind=kind,
            raw_kind=raw_kind,
            reference=reference,
            gross=amounts.gross,
            fee=amounts.fee,
            net=amounts.net,
            currency=currency,
            occurred_at=self._occurred_at(record),
            order=self._order(record),
            payout=next(filter(None, map(record.payout, self._payouts)), ""),
            aliases=tuple(aliases),
            concerns=tuple(concerns),
            original=self._original(record, currency, is_negative=amounts.gross < 0),
        )

    def _occurred_at(self, record: Record) -> datetime:
        """The line's time, in the zone that its row names. People write PDT in winter, too, and mean the zone. A
        provider's program does not: there a summer name in winter is another zone's, and the file's own zone is
        taken."""
        column = next(filter(record.word, self._zones), None)
        word = record.shared(column)
        dates = self._dates_of_zone.get(word) or self._dates_in(record, column, word)
        found = record.moment(self._times, dates)
        is_known = self._mapping.recognised_by and word not in self._mapping.timezones
        if is_known and word in SUMMER_TIMES and not found.astimezone(dates.zone).dst():
            return record.moment(self._times, self._dates)
        return found

    def _dates_in(self, record: Record, column: str | None, word: str) -> Dates:
        zone = zone_of(word, self._mapping.timezones)
        if zone is None:
            known = f"{shown(word)} is no time zone that is known here; the rules' timezones can say which it is"
            raise record.misfit(column, known)
        dates = self._dates_of_zone[word] = self._dates._replace(zone=zone)
        return dates

    def _original(self, record: Record, currency: str, *, is_negative: bool) -> Original | None:
        """The amount that the customer paid in another currency, or the rate alone. The amount gets the line's sign,
        since not all files sign it."""
        columns, said = self._columns, ""
        rate = record.rate(columns.exchange_rate, self._mapping.decimal)
        if columns.original_currency and record.word(columns.original_currency):
            said, digits = record.currency(columns.original_currency)
            amount = None if said == currency else self._paid(record, 0 if self._mapping.minor_units else digits, said)
            if amount is not None:
                return Original(-abs(amount) if is_negative else abs(amount), said, rate)
        return Original(None, "", rate) if rate and said != currency else None

    def _paid(self, record: Record, digits: int, currency: str) -> int | None:
        columns = self._columns
        if columns.original_debit:
            return self._by_column(record, columns.original_debit, columns.original_credit, digits, currency)
        return record.amount(columns.original, digits, self._notation, currency)

    def _raw_kind(self, record: Record) -> str:
        words = [record.shared(column) for column in self._kinds]
        raw_kind = (words[0] if len(words) == 1 else BETWEEN.join(words)) if any(words) else self._mapping.kind
        if not raw_kind and "" not in self._mapping.kinds:
            raise record.misfit(self._kinds[0] if self._kinds else None, "the kind is missing")
        return raw_kind or ""

    def _named(self, record: Record, columns: Sequence[str]) -> list[str]:
        """The references in these columns, each once."""
        if len(columns) == 1:
            name = record.reference(columns[0])
            return [self._text(name)] if name else []
        return list(dict.fromkeys(self._text(name) for name in map(record.reference, columns) if name))

    def _order(self, record: Record) -> str:
        if len(self._orders) == 1:
            return self._text(record.word(self._orders[0]))
        return self._text(" ".join(filter(None, map(record.word, self._orders)))[:TEXT_LENGTH_MAX])

    def _text(self, text: str) -> str:
        return in_latin(text) if self._dates.is_persian else text

    def _fee(self, record: Record, digits: int, currency: str) -> int | None:
        if not self._fees:
            return None
        found = [record.amount(column, digits, self._notation, currency) for column in self._fees]
        fees = [fee for fee in found if fee is not None]
        if not fees:
            return None
        return -sum(fees) if self._mapping.signs.fee == "negative" else sum(fees)

    def _by_column(
        self, record: Record, debit_column: str, credit_column: str | None, digits: int, currency: str
    ) -> int | None:
        """The amount of the debit or the credit column; banks write a debit with or without a minus. Raises Misfit for
        two amounts, and for a negative credit."""
        debit, credit = (
            record.amount(column, digits, self._notation, currency) for column in (debit_column, credit_column)
        )
        if debit and credit:
            raise record.misfit(debit_column, f"an amount here and in {shown(str(credit_column))}; only one can be")
        if credit is not None and credit < 0:
            raise record.misfit(credit_column, "a credit must not be negative")
        return -abs(debit) if debit else (credit if credit is not None else debit)

    def _signed(self, record: Record, column: str | None, digits: int, currency: str, meaning: Meaning) -> int | None:
        """The gross or the net amount, with the sign that the mapping gives it."""
        amount = record.amount(column, digits, self._notation, currency)
        signs = self._mapping.signs
        if amount is None or signs.gross == "signed":
            return amount
        if amount < 0:
            raise record.misfit(column, "a sign, where the mapping says that amounts have none")
        if signs.gross == "by_kind":
            if not isinstance(meaning, str) or meaning not in SIGN_OF:
                raise record.misfit(self._kinds[0] if self._kinds else None, _no_sign(meaning))
            return SIGN_OF[meaning] * amount
        direction = record.word(signs.direction)
        if direction not in (signs.debit, signs.credit):
            raise record.misfit(signs.direction, f"neither {signs.debit!r} nor {signs.credit!r}")
        return -amount if direction == signs.debit else amount


def _meaning(raw_kind: str, kinds: dict[str, KindOrPair]) -> Meaning:
    """The meaning that `kinds` gives to a word, or to its longest beginning there; else the word itself."""
    if raw_kind in kinds:
        return kinds[raw_kind]
    begins = [key for key in kinds if key.endswith(_ANY) and raw_kind.startswith(key[:-1])]
    return kinds[max(begins, key=len)] if begins else raw_kind


def _no_sign(meaning: Meaning) -> str:
    if isinstance(meaning, tuple) or meaning in KINDS:
        kinds = meaning if isinstance(meaning, str) else " or ".join(meaning)
        return f"an amount of the kind {kinds} goes either way, and here it has no sign"
    return f"{shown(meaning)} is none of our kinds, and so says no sign; name it in the mapping's kinds"
