"""The lines of a bank's messages: ISO 20022 `camt.053` (a statement), `camt.052` (a report within the day) and
`camt.054` (a notification of debits and credits), any version.

The messages: https://www.iso20022.org/iso-20022-message-definitions; the transaction codes: the external code set
"Bank Transaction Codes" there. A message is read as a stream: one entry stays in memory.

- An entry (`Ntry`) is a line. Where it books several transactions together (`TxDtls`), and their amounts in its
  currency add up to it, each transaction is a line. A line's row is the file's line on which it begins, its column the
  element.
- CRDT is positive, DBIT negative. A bank books its fees as entries. Only where the transactions less their charges
  (`Chrgs`) add up to their entry, these charges are the fees of the lines.
- Where the customer paid in another currency than the account's, the original amount is the instructed one, else that
  of the transaction or its counter value, with the rate of the exchange.
- The reference is the end-to-end reference, unless that is NOTPROVIDED, else the bank's own. The other references and
  the creditor's (a QR code has it) are aliases. The order is looked for in the creditor's reference and in the texts
  for the receiver.
- An entry that is not booked yet (PDNG, INFO, FUTR) moves no money: it is an adjustment of 0 under its status and code.
  A statement that has such an entry is refused.
- The kind follows from the transaction code. Charges, fees, commissions and taxes are a fee, or a fee's refund;
  interest and corrections are an adjustment; a payment that was sent is a refund. Money that was returned or reversed
  is a chargeback; where it came back to the account, a refund that failed, or the reversal of a card's chargeback.
  Every other credit is a payment, whatever its code; every other debit keeps its code, like "PMNT/ICDT/SALA".
"""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, Final, Literal, NamedTuple

import msgspec

from domain.settlement.lines import LINES_MAX, ROWS_MAX, Balance, Line, Misfit, Original, kind_of, shown
from domain.settlement.tables import cells
from domain.settlement.tables.cells import REFERENCE_LENGTH_MAX, TEXT_LENGTH_MAX, Dates, Number
from domain.settlement.tables.safe_xml import Event, events, local

DETAILS_MAX: Final = 100_000
TEXTS_MAX: Final = 1_000
_FEES: Final = frozenset({"CHRG", "FEES", "COMM", "TAXE"})
_ADJUSTMENTS: Final = frozenset({"INTR", "ADJT", "RIMB"})
_WAS_SENT: Final = frozenset({"ICDT", "IRCT", "ICCN"})
_RETURNS: Final = frozenset({"RRTN", "UPDD", "UPCC", "RPCR", "CHBK"})
_NOT_BOOKED: Final = frozenset({"PDNG", "INFO", "FUTR"})
_MESSAGES: Final = {
    "camt.052": "BkToCstmrAcctRpt",
    "camt.053": "BkToCstmrStmt",
    "camt.054": "BkToCstmrDbtCdtNtfctn",
}
_SECTIONS: Final = frozenset({"Rpt", "Stmt", "Ntfctn"})
_NAMESPACE: Final = re.compile(r"camt\.05[234]")
_BALANCES: Final[dict[str, Literal["opening", "closing"]]] = {"OPBD": "opening", "PRCD": "opening", "CLBD": "closing"}
_READ: Final = frozenset({"CreDtTm", "FrToDt", "Acct", "Bal", "Ntry"})
_DAY_LAST: Final = datetime(9999, 12, 30, tzinfo=UTC)
_DATES: Final = Dates(UTC)
# The references of a transaction, the likeliest to be known first; those of the entry come behind them.
_CREDITORS: Final = "RmtInf/Strd/CdtrRefInf/Ref"
_REFERENCES: Final = ("Refs/EndToEndId", "Refs/TxId", "Refs/InstrId", "Refs/UETR", _CREDITORS, "Refs/AcctSvcrRef")
_REFERENCES_OF_ENTRY: Final = ("AcctSvcrRef", "NtryRef")
_TEXTS: Final = ("RmtInf/Ustrd", "RtrInf/AddtlInf", "AddtlTxInf")
# When an entry was booked, or else when its money counts or the statement was made.
_TIMES: Final = ("BookgDt/DtTm", "BookgDt/Dt", "ValDt/DtTm", "ValDt/Dt", "CreDtTm")
# Why it came back.
_REASONS: Final = ("RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry")
# Returned money has the references of its payment.
_ABOUT_PAYMENTS: Final = frozenset({"chargeback", "chargeback_reversal"})
_DEPTH_MAX: Final = 6
_NOT_PROVIDED: Final = frozenset({"", "NOTPROVIDED", "NOT PROVIDED", "NONREF"})
_AMOUNTS: Final = ("InstdAmt", "TxAmt", "CntrValAmt")
# The sum of all charges, or each charge, as the versions of the messages write it.
_CHARGES: Final = ("TtlChrgsAndTaxAmt", "Rcrd/Amt", "Amt")
# The paths below an account, a balance, an entry or a transaction that are read.
_PATHS: Final = frozenset(
    {
        "",
        "Id/IBAN",
        "Id/Othr/Id",
        "Tp/CdOrPrtry/Cd",
        "CdtDbtInd",
        "Amt",
        "Amt/@Ccy",
        *(f"AmtDtls/{amount}/{path}" for amount in _AMOUNTS for path in ("Amt", "Amt/@Ccy", "CcyXchg/XchgRate")),
        "Sts",
        "Sts/Cd",
        "RvslInd",
        *_REFERENCES,
        *_REFERENCES_OF_ENTRY,
        *_TIMES,
        *_REASONS,
        *_TEXTS,
        "AddtlNtryInf",
        "Dt/Dt",
        "Dt/DtTm",
        "FrDtTm",
        "ToDtTm",
        "BkTxCd/Domn/Cd",
        "BkTxCd/Domn/Fmly/Cd",
        "BkTxCd/Domn/Fmly/SubFmlyCd",
        "BkTxCd/Prtry/Cd",
        *(f"Chrgs/{path}" for charge in _CHARGES for path in (charge, f"{charge}/@Ccy")),
    }
)


class _Element:
    """The texts below one element at the paths that are read, and the line on which the element begins."""

    __slots__ = ("_count", "_texts", "line")

    def __init__(self, line: int) -> None:
        self.line = line
        self._texts: dict[str, list[str]] = {}
        self._count = 0

    def add(self, path: str, text: str) -> None:
        self._count += 1
        if self._count > TEXTS_MAX:
            raise Misfit(self.line, None, f"an element has at most {TEXTS_MAX} others below it")
        if path in _PATHS and (text := text.strip()):
            self._texts.setdefault(path, []).append(text)

    def first(self, *paths: str) -> str:
        """The first text at any of these paths."""
        return next((text for path in paths for text in self._texts.get(path, ())), "")

    def all(self, path: str) -> str:
        return " ".join(self.each(path))

    def each(self, path: str) -> list[str]:
        return self._texts.get(path, [])


def camt_lines(stream: BinaryIO, provider: str, on_balance: Callable[[Balance], None]) -> Iterator[Line]:
    """The lines of the message. Raises Misfit, also where the message is cut off, or has no statement in it."""
    count = 0
    place = _Place()
    section = _Section()
    for found, (name, element, details) in enumerate(_elements(stream, place)):
        if found > ROWS_MAX:
            raise Misfit(element.line, name, f"a file has at most {ROWS_MAX} accounts, balances and entries")
        if name == "Ntry":
            element.add("CreDtTm", section.made)  # the day of an entry without one
            for line in _lines(element, details, provider, is_statement=place.is_statement):
                count += 1
                if count > LINES_MAX:
                    raise Misfit(line.row, None, f"a file has at most {LINES_MAX} lines")
                yield line
        elif name == "Bal":
            section.balance(element, on_balance)
        else:
            section = section.after(name, element)
    if not place.sections:
        raise Misfit(None, None, "the message has no statement, report or notification in it")


def _elements(stream: BinaryIO, place: "_Place") -> Iterator[tuple[str, _Element, list[_Element]]]:
    """The beginning of each statement, and each of its periods, accounts, balances and entries; an entry with its
    transactions."""
    for event in events(stream):
        if event.begins:
            place.enter(event)
            if len(place.path) == 3:
                place.sections += place.path[2] in _SECTIONS
                yield place.path[2], _Element(event.line), []
        else:
            if found := place.leave(event):
                yield found
            place.path.pop()


class _Place:
    """The reader's place in the document: the element of a statement, and the transaction of an entry."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self._message = ""
        self.sections = 0
        self._element: _Element | None = None
        self._details: list[_Element] = []
        self._in_detail = False

    def enter(self, event: Event) -> None:
        self.path.append(local(event.name))
        if len(self.path) <= 2:
            self._check_message(event)
        if len(self.path) == 4 and self.path[3] in _READ:
            self._element, self._details = _Element(event.line), []
        elif self.path[3:] == ["Ntry", "NtryDtls", "TxDtls"]:
            self._in_detail = True
            self._details.append(_Element(event.line))
            if len(self._details) > DETAILS_MAX:
                raise Misfit(event.line, "TxDtls", f"an entry has at most {DETAILS_MAX} transactions")
        if event.attributes and "Ccy" in event.attributes:
            self._add([*self._below(), "@Ccy"], event.attributes["Ccy"])

    @property
    def is_statement(self) -> bool:
        return self._message == "BkToCstmrStmt"

    def _check_message(self, event: Event) -> None:
        """Raises Misfit where the document is no message that is read."""
        if len(self.path) == 1:
            found = _NAMESPACE.search(event.name)
            if self.path != ["Document"] or not found:
                known = ", ".join(_MESSAGES)
                raise Misfit(
                    event.line, self.path[0], f"this XML is none of {known}, the banks' messages that are read"
                )
            self._message = _MESSAGES[found[0]]
        elif self.path[1].removesuffix("V01") != self._message:
            raise Misfit(event.line, self.path[1], f"where the namespace says {self._message}")

    def leave(self, event: Event) -> tuple[str, _Element, list[_Element]] | None:
        """The element that ends here, where it is one of those in _READ; else None."""
        self._add(self._below(), event.text)
        if self.path[3:] == ["Ntry", "NtryDtls", "TxDtls"]:
            self._in_detail = False
        if len(self.path) != 4 or self._element is None:
            return None
        element, self._element = self._element, None
        return self.path[3], element, self._details

    def _below(self) -> list[str]:
        """The path below the transaction, or else below the element; its first parts, where no path so deep is read."""
        begin = 6 if self._in_detail else 4
        return self.path[begin : begin + _DEPTH_MAX]

    def _add(self, path: list[str], text: str) -> None:
        if self._in_detail:
            self._details[-1].add("/".join(path), text)
        elif self._element is not None and path[:1] != ["NtryDtls"]:
            self._element.add("/".join(path), text)


class _Section(NamedTuple):
    """The part of a statement before its balances: its account, its time, and when it was made."""

    account: str = ""
    made: str = ""
    begins: datetime | None = None
    ends: datetime | None = None

    def after(self, name: str, element: _Element) -> "_Section":
        if name == "CreDtTm":
            return self._replace(made=element.first(""))
        if name == "FrToDt":
            return self._replace(begins=_time(element, "FrDtTm"), ends=_time(element, "ToDtTm"))
        if name != "Acct":
            return _Section(made=self.made)  # the next statement begins
        account = element.first("Id/IBAN", "Id/Othr/Id")
        _check_length(element, "Id", account)
        return self._replace(account=account)

    def balance(self, element: _Element, on_balance: Callable[[Balance], None]) -> None:
        if which := _BALANCES.get(element.first("Tp/CdOrPrtry/Cd")):
            amount, currency = _amount(element, "Amt")
            at = (self.begins if which == "opening" else self.ends) or _time(element, "Dt/DtTm", "Dt/Dt")
            if at and which == "closing" and not self.ends and not element.first("Dt/DtTm"):
                at = min(at, _DAY_LAST) + timedelta(days=1)
            on_balance(Balance(element.line, self.account, currency, which, amount, at))


def _amount(element: _Element, path: str, direction: str = "") -> tuple[int, str]:
    """The amount with its sign, and its currency. Raises Misfit."""
    direction = element.first("CdtDbtInd") or direction
    if direction not in ("CRDT", "DBIT"):
        raise Misfit(element.line, "CdtDbtInd", f"{shown(direction)} is neither CRDT nor DBIT")
    try:
        currency, digits = cells.currency(element.first(f"{path}/@Ccy"))
        # Some banks pad amounts with zeros.
        whole, point, fraction = element.first(path).partition(".")
        amount = cells.minor(Number((whole.lstrip("0") or "0") + point + fraction), digits)
    except ValueError as error:
        raise Misfit(element.line, path.rpartition("/")[2], str(error)) from None
    if amount < 0:
        raise Misfit(element.line, "Amt", "a sign, where CdtDbtInd says which way")
    return (amount if direction == "CRDT" else -amount), currency


def _lines(entry: _Element, details: list[_Element], provider: str, *, is_statement: bool) -> Iterator[Line]:
    status = entry.first("Sts/Cd", "Sts")
    total, currency = _amount(entry, "Amt")
    whole = details[0] if len(details) == 1 else entry
    if status in _NOT_BOOKED and not is_statement:
        pending = _line(entry, whole, total, currency, provider)
        raw_kind = f"{status} {pending.raw_kind}"
        yield msgspec.structs.replace(pending, kind="adjustment", raw_kind=raw_kind, gross=0, net=0, came_in=False)
        return
    if status not in ("BOOK", ""):
        raise Misfit(entry.line, "Sts", f"{shown(status)}: only what is booked has a place in a statement")
    for detail, amount, fee in _parts(entry, details, total, currency) or [(whole, total, 0)]:
        yield _line(entry, detail, amount, currency, provider, fee)


def _parts(entry: _Element, details: list[_Element], total: int, currency: str) -> list[tuple[_Element, int, int]]:
    """The transactions with their amounts and fees, where these add up to the entry; none otherwise."""
    parts = []
    for detail in details:
        path = next(filter(detail.first, ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt")), None)
        if path is None:
            return []
        amount, of_currency = _amount(detail, path, entry.first("CdtDbtInd"))
        if of_currency != currency:
            return []
        parts.append((detail, amount, 0))
    if sum(amount for _, amount, _ in parts) == total:
        return parts
    charged = [(detail, amount, _charges(detail, currency)) for detail, amount, _ in parts]
    return charged if sum(amount - fee for _, amount, fee in charged) == total else []


def _charges(detail: _Element, currency: str) -> int:
    """The charges of a transaction; 0 where they are in another currency, or cannot be read."""
    for path in (f"Chrgs/{charge}" for charge in _CHARGES):
        if detail.each(path) and set(detail.each(f"{path}/@Ccy")) == {currency}:
            with suppress(ValueError):
                return sum(cells.minor(Number(text), cells.currency(currency)[1]) for text in detail.each(path))
    return 0


def _line(  # noqa: PLR0917  (a line has so many parts)
    entry: _Element, detail: _Element, amount: int, currency: str, provider: str, fee: int = 0
) -> Line:
    code = _code(detail) or _code(entry)
    kind, raw_kind = _kind(entry, detail, code, amount)
    said = (*map(detail.first, _REFERENCES), *map(entry.first, _REFERENCES_OF_ENTRY))
    names = dict.fromkeys(name for name in said if name.upper() not in _NOT_PROVIDED)
    _check_length(detail, "Refs", *names)
    _check_length(detail, "BkTxCd", code)
    reference, *aliases = names or [""]
    about = names if kind in _ABOUT_PAYMENTS else ()
    direction = "CRDT" if amount >= 0 else "DBIT"
    is_whole = amount - fee == _amount(entry, "Amt")[0]
    texts = [detail.first(_CREDITORS), *map(detail.all, _TEXTS)]
    order = " ".join(filter(None, (*texts, entry.all("AddtlNtryInf") if is_whole else "")))
    return Line(
        row=detail.line,
        provider=provider,
        kind=kind,
        raw_kind=raw_kind,
        reference=reference,
        gross=amount,
        fee=fee,
        net=amount - fee,
        currency=currency,
        occurred_at=_moment(entry),
        order=order[:TEXT_LENGTH_MAX],
        aliases=tuple(aliases),
        concerns=tuple(about),
        came_in=amount > 0 and kind != "payment",
        original=_original(detail, currency, direction)
        or (_original(entry, currency, direction) if is_whole else None),
    )


def _original(element: _Element, currency: str, direction: str) -> Original | None:
    """The amount paid in another currency than the account's; None where there is none that can be read."""
    for name in _AMOUNTS:
        said = element.first(f"AmtDtls/{name}/Amt/@Ccy")
        if said and said != currency:
            with suppress(Misfit, ValueError):
                amount, said = _amount(element, f"AmtDtls/{name}/Amt", direction)
                rate = element.first(*(f"AmtDtls/{each}/CcyXchg/XchgRate" for each in _AMOUNTS))
                return Original(amount, said, cells.rate(rate, "."))
    return None


def _check_length(element: _Element, column: str, *texts: str) -> None:
    if any(len(text) > REFERENCE_LENGTH_MAX for text in texts):
        raise Misfit(element.line, column, f"at most {REFERENCE_LENGTH_MAX} characters")


def _moment(entry: _Element) -> datetime:
    if found := _time(entry, *_TIMES):
        return found
    raise Misfit(entry.line, "BookgDt", "the date is missing")


def _time(element: _Element, *paths: str) -> datetime | None:
    """The time of the first path that has one, a plain day as its beginning; None where no path has one. Raises
    Misfit."""
    for path in paths:
        if text := element.first(path):
            try:
                return cells.moment(text, _DATES)
            except ValueError as error:
                raise Misfit(element.line, path.partition("/")[0], str(error)) from None
    return None


def _code(element: _Element) -> str:
    """The transaction code: domain, family and sub-family, or the bank's own code."""
    parts = [element.first(f"BkTxCd/Domn/{path}") for path in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd")]
    return "/".join(filter(None, parts)) or element.first("BkTxCd/Prtry/Cd")


def _kind(entry: _Element, detail: _Element, code: str, amount: int) -> tuple[str, str]:
    """The kind of a line, and the file's word for it."""
    domain, _, rest = code.partition("/")
    family, _, sub_family = rest.partition("/")
    raw = code or ("CRDT" if amount >= 0 else "DBIT")
    if sub_family in _FEES:
        return kind_of(("fee", "fee_refund"), amount), raw
    if entry.first("RvslInd") in ("true", "1") or sub_family in _RETURNS or detail.first(*_REASONS):
        won = "chargeback_reversal" if sub_family == "CHBK" else "refund_failure"
        return kind_of(("chargeback", won), amount), raw
    if sub_family in _ADJUSTMENTS:
        return "adjustment", raw
    if amount >= 0:
        return "payment", raw
    if domain == "PMNT" and family in _WAS_SENT and sub_family != "SALA":
        return "refund", raw
    return raw, raw
