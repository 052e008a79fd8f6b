"""The lines of a bank's SWIFT statement: MT940 (of a day) and MT942 (within the day).

The fields: https://www.sepaforcorporates.com/swift-for-corporates/account-statement-mt940-file-format-overview/. The
package mt-940, which knows the ways of many banks, splits a line (`:61:`) into its parts. A statement is read as a
stream: one entry stays in memory. Text around a message (SWIFT's blocks, a bank's own header) is skipped.

- A line (`:61:`) with the text behind it (`:86:`) is a line. C is positive, D negative; RC takes a credit back, RD
  gives a debit back.
- The reference is the end-to-end reference, where the text has it (`EREF+` or `/EREF/`), else the customer's; the
  bank's own is an alias. The order is looked for in the text, both as the bank split it and joined again.
- The kind follows from the type (`NTRF`) and the text's three digits (`166`, a German bank's business code). Charges
  and commissions are a fee, or a fee's refund; interest is an adjustment, foreign exchange a conversion. Returned money
  is a chargeback or, where it came back, a refund that failed. Every other credit is a payment; a transfer that was
  sent is a refund; every other debit keeps its type and code.
- Balances are those of `:60F:`/`:60M:` and `:62F:`/`:62M:`. The counts and sums of an MT942 (`:90D:`, `:90C:`) must be
  those of its lines.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, Final, Literal

from mt940.tags import StatementGLS

from domain.currencies import minor_digits
from domain.settlement.lines import LINES_MAX, Balance, Line, Misfit, kind_of, shown
from domain.settlement.tables import cells
from domain.settlement.tables.cells import REFERENCE_LENGTH_MAX, TEXT_LENGTH_MAX

LINE_BYTES_MAX: Final = 2_000
FIELD_LINES_MAX: Final = 100
FILE_LINES_MAX: Final = 5_000_000
_FIELD: Final = re.compile(r":([0-9]{2}[A-Z]?|NS):")
_ENTRY: Final = StatementGLS()
# The package cuts an amount of more than 16 characters, and some banks pad amounts with zeros.
_BALANCE: Final = re.compile(r"([CD])([0-9]{2})([0-9]{2})([0-9]{2})([A-Z]{3})([0-9]{1,30},?[0-9]*)", re.IGNORECASE)
_SUM: Final = re.compile(r"([0-9]{1,5})([A-Z]{3})([0-9]{1,15},?[0-9]{0,3})")
_SUBFIELD: Final = re.compile(r"\?([0-9]{2})")
_CODE: Final = re.compile(r"[0-9]{3}(?=[?\n ])")
_NAMED: Final = re.compile(r"(EREF|KREF|MREF|BREF|RREF|PURP|SVWZ|CRED|DEBT|COAM|OAMT|ABWA|ABWE|IBAN|BIC)\+")
_SLASHED: Final = re.compile(r"/(?:EREF|PREF)/([^/]+)")
# Banks split a text into lines of this length, at any character; German banks put its purpose into these subfields.
_TEXT_LINE_CHARS: Final = 65
_PURPOSE: Final = frozenset(str(place) for place in (*range(20, 30), *range(60, 64)))
# Some banks have blanks between the amount and the type.
_BLANKS: Final = re.compile(r"(,[0-9]*) +(?=[NFS][A-Z0-9]{3})")
_SPACES: Final = re.compile(r"[ \t]{2}")
_UNFIT: Final = re.compile("[\x00\x02\x04-\x08\x0b-\x1f\x7f]")
# DOS ends a file with this character, and files that were joined have it between messages.
_END_OF_FILE: Final = "\x1a"
# Words for no reference, or for the place of the reference in the text.
_NOT_PROVIDED: Final = frozenset(
    ("", "NONREF", "NOTPROVIDED", "NOT PROVIDED", "EREF", "KREF", "MREF", "PREF", "MARF", "EREF+", "KREF+", "MREF+")
)
_OPENING: Final = frozenset({"60F", "60M"})
_CLOSING: Final = frozenset({"62F", "62M"})
_FEES: Final = frozenset({"CHG", "COM", "BRF"})
_FEE_CODES: Final = frozenset({"805", "806", "807", "808", "809"})
_RETURNS: Final = frozenset({"RTI"})
_RETURN_CODES: Final = frozenset({"108", "109", "159"})
_SENT: Final = frozenset({"TRF", "STO"})


class _Field:
    """A field of a message: its tag, its lines, and the row of its first line."""

    __slots__ = ("lines", "row", "tag")

    def __init__(self, row: int, tag: str, first: str) -> None:
        self.row = row
        self.tag = tag
        self.lines = [first]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def misfit(self, message: str) -> Misfit:
        return Misfit(self.row, self.tag, message)


class _Entry:
    """A line as its field states it, until the text behind it is read."""

    def __init__(self, field: _Field, currency: str) -> None:
        head, *more = field.lines
        found = _ENTRY.re.match(_BLANKS.sub(r"\1", head, count=1))
        if not found or not _is_whole(found):
            raise field.misfit(f"{shown(head)} is no line of a statement")
        if not currency:
            raise field.misfit("a line before the balance or the limit that names the currency")
        self.row, self.currency = field.row, currency
        mark = found["status"].upper()
        takes = mark in ("D", "RC")
        self.is_returned = len(mark) > 1
        amount = _amount(field, found["amount"], currency)
        self.amount = -amount if takes else amount
        self.type = (found["id"] or mark).strip()
        named = _SPACES.split(found["customer_reference"].strip())[0]
        # Some banks put their own reference, a single word, in the next line; others a code, like /TRCD/00100/.
        own = [word for word in more[:1] if " " not in word and not word.startswith("/")]
        self.names = [named, (found["bank_reference"] or "").strip(), *own]
        if any(len(name) > REFERENCE_LENGTH_MAX for name in self.names):
            raise field.misfit(f"a reference has at most {REFERENCE_LENGTH_MAX} characters")
        self.at = _booked(field, found.groupdict())
        self.details: list[str] = []
        self.about = [found["customer_reference"].strip(), *more, (found["extra_details"] or "").strip()]

    def line(self, provider: str) -> Line:
        text = "\n".join(self.details)
        code = _code(text)
        put_together = _put_together(self.details)
        said = _said(put_together)
        names = dict.fromkeys(name for name in (*said, *self.names) if name.upper() not in _NOT_PROVIDED)
        reference, *aliases = names or [""]
        raw_kind = "+".join(filter(None, (self.type, code)))
        texts = (put_together, " ".join(self.details), *self.about)
        order = " ".join(dict.fromkeys(" ".join(each.split()) for each in texts if each.strip()))
        kind = _kind(self, code, raw_kind)
        return Line(
            row=self.row,
            provider=provider,
            kind=kind,
            raw_kind=raw_kind,
            reference=reference,
            gross=self.amount,
            fee=0,
            net=self.amount,
            currency=self.currency,
            occurred_at=self.at,
            order=order[:TEXT_LENGTH_MAX],
            aliases=tuple(aliases),
            came_in=self.amount > 0 and kind != "payment",
        )


class _Message:
    """The reader's place in a message, and the sums that the message's last fields must agree with."""

    def __init__(self, provider: str, on_balance: Callable[[Balance], None]) -> None:
        self._provider = provider
        self._on_balance = on_balance
        self._account = self._currency = ""
        self._entry: _Entry | None = None
        self._sums = {"90D": [0, 0], "90C": [0, 0]}

    def field(self, field: _Field) -> Iterator[Line]:
        if field.tag == "86":
            if self._entry is not None:
                self._entry.details += field.lines
                if len(self._entry.details) > FIELD_LINES_MAX:
                    raise field.misfit(f"a line's text has at most {FIELD_LINES_MAX} lines")
            return
        yield from self.end()
        if field.tag == "20":
            self._account = self._currency = ""
            self._sums = {"90D": [0, 0], "90C": [0, 0]}
        elif field.tag == "25":
            self._account = field.lines[0].strip()
            if len(self._account) > REFERENCE_LENGTH_MAX:
                raise field.misfit(f"at most {REFERENCE_LENGTH_MAX} characters, these are {len(self._account)}")
        elif field.tag == "34F":
            self._currency = _currency(field, field.lines[0][:3])
        elif field.tag in _OPENING or field.tag in _CLOSING:
            self._balance(field)
        elif field.tag == "61":
            self._entry = _Entry(field, self._currency)
        elif field.tag in self._sums:
            self._check_sum(field)

    def end(self) -> Iterator[Line]:
        """The line whose text has ended, if there is one."""
        if self._entry is None:
            return
        entry, self._entry = self._entry, None
        count = self._sums["90D" if entry.amount < 0 else "90C"]
        count[0] += 1
        count[1] += abs(entry.amount)
        yield entry.line(self._provider)

    def _balance(self, field: _Field) -> None:
        found = _BALANCE.fullmatch(field.lines[0].rstrip())
        if not found:
            raise field.misfit(f"{shown(field.lines[0])} is no balance")
        mark, year, month, day, currency, text = found.groups()
        self._currency = _currency(field, currency)
        amount = _amount(field, text, self._currency)
        if mark.upper() == "D":
            amount = -amount
        at = _day(field, 2000 + int(year), int(month), int(day))
        which: Literal["opening", "closing"] = "opening"
        if field.tag in _CLOSING:
            which, at = "closing", at + timedelta(days=1)
        self._on_balance(Balance(field.row, self._account, self._currency, which, amount, at))

    def _check_sum(self, field: _Field) -> None:
        found = _SUM.fullmatch(field.lines[0].strip())
        if not found:
            raise field.misfit(f"{shown(field.lines[0])} is no count and sum")
        count, amount = int(found[1]), _amount(field, found[3], _currency(field, found[2]))
        if [count, amount] != self._sums[field.tag]:
            raise field.misfit(f"the lines are {self._sums[field.tag][0]}, of another number or sum than is said here")


def mt940_lines(stream: BinaryIO, provider: str, on_balance: Callable[[Balance], None]) -> Iterator[Line]:
    """The lines of the statement. Raises Misfit, also where a message is cut off before its closing balance."""
    message = _Message(provider, on_balance)
    is_open, count, row = False, 0, 1
    for field in _fields(stream):
        row = field.row
        if field.tag == "20" and is_open:
            raise field.misfit("a message begins before the last one has ended with its closing balance (62F)")
        is_open = (is_open or field.tag in _OPENING) and field.tag not in _CLOSING
        for line in message.field(field):
            count += 1
            if count > LINES_MAX:
                raise field.misfit(f"a file has at most {LINES_MAX} lines")
            yield line
    yield from message.end()
    if is_open:
        raise Misfit(row, None, "the file ends before the closing balance (62F); it was cut off")


def _fields(stream: BinaryIO) -> Iterator[_Field]:
    """The fields of all messages in the file."""
    field: _Field | None = None
    for row, line in _text_lines(stream):
        found = _FIELD.match(line)
        if found or _is_end(line):
            if field is not None:
                yield field
            field = _Field(row, found[1], line[found.end() :]) if found else None
        elif field is not None:
            field.lines.append(line)
            if len(field.lines) > FIELD_LINES_MAX:
                raise field.misfit(f"a field has at most {FIELD_LINES_MAX} lines")
    if field is not None:
        yield field


def _is_end(line: str) -> bool:
    """Whether a message ends with this line: "-", "-}" or, in the files of one bank, "-XXX"."""
    return line.startswith(("-}", "-\x03")) or line.strip() == "-" or line.strip() == "-XXX"


def _text_lines(stream: BinaryIO) -> Iterator[tuple[int, str]]:
    """Each line of the file, with its number. SWIFT's own characters are ASCII; banks write texts in UTF-8 or
    Latin-1."""
    row = 0
    while line := stream.readline(LINE_BYTES_MAX + 1):
        row += 1
        if len(line) > LINE_BYTES_MAX or row > FILE_LINES_MAX:
            raise Misfit(row, None, f"at most {FILE_LINES_MAX} lines of at most {LINE_BYTES_MAX} bytes each")
        try:
            text = line.decode("utf-8-sig" if row == 1 else "utf-8")
        except UnicodeDecodeError:
            text = line.decode("iso-8859-1")
        text = text.rstrip("\r\n").lstrip(_END_OF_FILE)
        if _UNFIT.search(text):
            raise Misfit(row, None, "a control character has no place in text")
        yield row, text


def _is_whole(found: re.Match[str]) -> bool:
    """Whether the amount is whole. Behind a whole amount stands a type or, in some banks' lines, the bank's reference
    alone. Otherwise the pattern may have cut the amount at an odd character."""
    return bool(found["id"] or (found["bank_reference"] and not found["customer_reference"]))


def _currency(field: _Field, code: str) -> str:
    if minor_digits(code.upper()) is None:
        raise field.misfit(f"{shown(code)} is not a currency of ISO 4217")
    return code.upper()


def _amount(field: _Field, text: str, currency: str) -> int:
    whole, comma, fraction = text.partition(",")
    plain = (whole.lstrip("0") or "0") + (comma + fraction if fraction else "")  # some banks pad amounts with zeros
    try:
        return cells.minor(plain, minor_digits(currency) or 0, ",")
    except ValueError as error:
        raise field.misfit(str(error)) from None


def _booked(field: _Field, said: dict[str, str | None]) -> datetime:
    """The day of the entry, in the year that brings it closest to the value date; without a day, the value date."""
    year, month, day = (int(said[part] or 0) for part in ("year", "month", "day"))
    value = _day(field, 2000 + year, month, day)
    of_month, of_day = ((said[part] or "").strip() for part in ("entry_month", "entry_day"))
    if not (of_month and of_day):
        return value
    near = [_day(field, value.year + beside, int(of_month), int(of_day)) for beside in (0, -1, 1)]
    return min(near, key=lambda found: abs(found - value))


def _day(field: _Field, year: int, month: int, day: int) -> datetime:
    """A day of the calendar. Banks that reckon interest in months of 30 days write 30 February, or 29 February in any
    year: the last day of the month stands for these. Raises Misfit."""
    if 1 <= month <= 12 and 28 < day <= 31:
        day = min(day, monthrange(year, month)[1])
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        raise field.misfit(f"{year}-{month:02d}-{day:02d} is not a day of the calendar") from None


def _code(text: str) -> str:
    """A German bank's business code: the text's first three digits."""
    found = _CODE.match(text)
    return found[0] if found else ""


def _put_together(lines: Sequence[str]) -> str:
    """The text as it was before the bank split it; a German bank's text without bank, account and name."""
    parts = _SUBFIELD.split("".join(lines))
    if _CODE.match("\n".join(lines)) and parts[1:]:
        return "".join(part for place, part in zip(parts[1::2], parts[2::2], strict=True) if place in _PURPOSE)
    return "".join(line if len(line) == _TEXT_LINE_CHARS else f"{line} " for line in lines)


def _said(text: str) -> list[str]:
    """The end-to-end reference and the customer's reference, where the text names them."""
    if slashed := _SLASHED.search(text):
        return [slashed[1].strip()[:REFERENCE_LENGTH_MAX]]
    parts = _NAMED.split(text)
    said = dict(zip(parts[1::2], parts[2::2], strict=True))
    return [said[name].strip()[:REFERENCE_LENGTH_MAX] for name in ("EREF", "KREF") if name in said]


def _kind(entry: _Entry, code: str, raw_kind: str) -> str:
    type_ = entry.type[1:]
    if not entry.amount:
        return "adjustment"
    if type_ in _FEES or code in _FEE_CODES:
        return kind_of(("fee", "fee_refund"), entry.amount)
    if entry.is_returned or type_ in _RETURNS or code in _RETURN_CODES:
        return kind_of(("chargeback", "refund_failure"), entry.amount)
    if type_ == "INT":
        return "adjustment"
    if type_ == "FEX":
        return "conversion"
    return kind_of(("refund" if type_ in _SENT else raw_kind, "payment"), entry.amount)
