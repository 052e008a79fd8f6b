"""The lines of a bank's statement: ISO 20022 `camt.053` (BankToCustomerStatement), any version.

The message: https://www.iso20022.org/iso-20022-message-definitions (camt.053); the transaction codes: the external code
set "Bank Transaction Codes" there. Read as a stream: one entry stays in memory.

- An entry (`Ntry`) is a line; where it books several transactions together (`TxDtls`) and their amounts, in its
  currency, add up to it, each transaction is a line. The row is the line of the file on which it begins, the
  column the element.
- CRDT is positive, DBIT negative. There is no fee on a line: a bank books its fees as entries.
- The reference is the end-to-end one, unless that says NOTPROVIDED, else the bank's own; the line answers to the others
  as well. The order is looked for in the creditor's reference and in the text for the receiver.
- The kind follows from the transaction code: charges, fees, commissions and taxes are a fee, or a fee's refund;
  interest and corrections an adjustment; a payment that was sent is a refund. What was returned or reversed is a
  chargeback; where it came back to the account, a refund that failed, or of a card's chargeback its reversal. All else
  that came in is a payment, whatever its code; what went out keeps its code, like "PMNT/ICDT/SALA".
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO, Final, Literal

from domain.settlement.lines import LINES_MAX, ROWS_MAX, Balance, Line, Misfit, kind_of, shown
from domain.settlement.tables import cells
from domain.settlement.tables.cells import REFERENCE_LENGTH_MAX, TEXT_LENGTH_MAX, Number
from domain.settlement.tables.safe_xml import Event, events, local

DETAILS_MAX: Final = 100_000
TEXTS_MAX: Final = 1_000
_FEES: Final = frozenset({"CHRG", "FEES", "COMM", "TAXE"})
_ADJUSTMENTS: Final = frozenset({"INTR", "ADJT", "RIMB"})
_WAS_SENT: Final = frozenset({"ICDT", "IRCT", "ICCN"})
_RETURNS: Final = frozenset({"RRTN", "UPDD", "UPCC", "RPCR", "CHBK"})
_BALANCES: Final[dict[str, Literal["opening", "closing"]]] = {"OPBD": "opening", "PRCD": "opening", "CLBD": "closing"}
_DEPTH_MAX: Final = 6
_NOT_PROVIDED: Final = frozenset({"", "NOTPROVIDED", "NONREF"})


# The paths below an account, a balance, an entry or a transaction that are read.
_PATHS: Final = frozenset(
    {
        "Id/IBAN",
        "Id/Othr/Id",
        "Tp/CdOrPrtry/Cd",
        "CdtDbtInd",
        "Amt",
        "Amt/@Ccy",
        "AmtDtls/TxAmt/Amt",
        "AmtDtls/TxAmt/Amt/@Ccy",
        "Sts",
        "Sts/Cd",
        "RvslInd",
        "AcctSvcrRef",
        "NtryRef",
        "BookgDt/DtTm",
        "BookgDt/Dt",
        "ValDt/DtTm",
        "ValDt/Dt",
        "Refs/EndToEndId",
        "Refs/TxId",
        "Refs/AcctSvcrRef",
        "RtrInf/Rsn/Cd",
        "RmtInf/Strd/CdtrRefInf/Ref",
        "RmtInf/Ustrd",
        "BkTxCd/Domn/Cd",
        "BkTxCd/Domn/Fmly/Cd",
        "BkTxCd/Domn/Fmly/SubFmlyCd",
        "BkTxCd/Prtry/Cd",
    }
)


class _Element:
    """The texts below one element that are read, by their paths, and the line on which it begins."""

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
        """The first text below any of these paths."""
        return next((text for path in paths for text in self._texts.get(path, ())), "")

    def all(self, path: str) -> str:
        return " ".join(self._texts.get(path, ()))


def camt053_lines(stream: BinaryIO, provider: str, on_balance: Callable[[Balance], None]) -> Iterator[Line]:
    """Raises Misfit, also where the statement is cut off."""
    count = 0
    account = ""
    for found, (name, element, details) in enumerate(_elements(stream)):
        if found > ROWS_MAX:
            raise Misfit(element.line, name, f"a file has at most {ROWS_MAX} accounts, balances and entries")
        if name == "Acct":
            account = element.first("Id/IBAN", "Id/Othr/Id")
            _check_length(element, "Id", account)
        elif name == "Bal":
            _balance(element, account, on_balance)
        else:
            for line in _lines(element, details, provider):
                count += 1
                if count > LINES_MAX:
                    raise Misfit(line.row, None, f"a file has at most {LINES_MAX} lines")
                yield line


def _elements(stream: BinaryIO) -> Iterator[tuple[str, _Element, list[_Element]]]:
    """Each account, balance and entry of each statement; an entry comes with its transactions."""
    place = _Place()
    for event in events(stream):
        if event.begins:
            place.enter(event)
        else:
            if found := place.leave(event):
                yield found
            place.path.pop()


class _Place:
    """A reader's place in the document: the element of a statement, and the transaction of an entry, that it is in."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self._element: _Element | None = None
        self._details: list[_Element] = []
        self._in_detail = False

    def enter(self, event: Event) -> None:
        self.path.append(local(event.name))
        _check_place(self.path, event)
        if len(self.path) == 4 and self.path[3] in ("Acct", "Bal", "Ntry"):
            self._element, self._details = _Element(event.line), []
        elif self.path[3:] == ["Ntry", "NtryDtls", "TxDtls"]:
            self._in_detail = True
            self._details.append(_Element(event.line))
            if len(self._details) > DETAILS_MAX:
                raise Misfit(event.line, "TxDtls", f"an entry has at most {DETAILS_MAX} transactions")
        if event.attributes and "Ccy" in event.attributes:
            self._add([*self._below(), "@Ccy"], event.attributes["Ccy"])

    def leave(self, event: Event) -> tuple[str, _Element, list[_Element]] | None:
        """The element that ends here, where it is one of a statement's."""
        self._add(self._below(), event.text)
        if self.path[3:] == ["Ntry", "NtryDtls", "TxDtls"]:
            self._in_detail = False
        if len(self.path) != 4 or self._element is None:
            return None
        element, self._element = self._element, None
        return self.path[3], element, self._details

    def _below(self) -> list[str]:
        """The path below the transaction, or else below the element; its first parts, where nothing so deep is read."""
        begin = 6 if self._in_detail else 4
        return self.path[begin : begin + _DEPTH_MAX]

    def _add(self, path: list[str], text: str) -> None:
        if self._in_detail:
            self._details[-1].add("/".join(path), text)
        elif self._element is not None and path[:1] != ["NtryDtls"]:
            self._element.add("/".join(path), text)


def _check_place(path: list[str], event: Event) -> None:
    """Raises Misfit for a document of another kind."""
    if len(path) == 2 and path != ["Document", "BkToCstmrStmt"]:
        raise Misfit(event.line, path[-1], "this is no statement of the kind camt.053 (BkToCstmrStmt)")
    if len(path) == 1 and "camt.053" not in event.name:
        raise Misfit(event.line, path[-1], "this XML is not in the namespace of camt.053")


def _balance(element: _Element, account: str, on_balance: Callable[[Balance], None]) -> None:
    which = _BALANCES.get(element.first("Tp/CdOrPrtry/Cd"))
    if which:
        amount, currency = _amount(element, "Amt")
        on_balance(Balance(element.line, account, currency, which, amount))


def _amount(element: _Element, path: str, direction: str = "") -> tuple[int, str]:
    """The amount with its sign, and its currency."""
    direction = element.first("CdtDbtInd") or direction
    if direction not in ("CRDT", "DBIT"):
        raise Misfit(element.line, "CdtDbtInd", f"{shown(direction)} is neither CRDT nor DBIT")
    try:
        currency, digits = cells.currency(element.first(f"{path}/@Ccy"))
        amount = cells.minor(Number(element.first(path)), digits)
    except ValueError as error:
        raise Misfit(element.line, path.rpartition("/")[2], str(error)) from None
    if amount < 0:
        raise Misfit(element.line, "Amt", "a sign, where CdtDbtInd says which way")
    return (amount if direction == "CRDT" else -amount), currency


def _lines(entry: _Element, details: list[_Element], provider: str) -> Iterator[Line]:
    status = entry.first("Sts/Cd", "Sts")
    if status not in ("BOOK", ""):
        raise Misfit(entry.line, "Sts", f"{shown(status)}: only what is booked has a place in a statement")
    total, currency = _amount(entry, "Amt")
    parts = _parts(entry, details, total, currency)
    if parts:
        for detail, amount in parts:
            yield _line(entry, detail, amount, currency, provider)
    else:
        yield _line(entry, details[0] if len(details) == 1 else entry, total, currency, provider)


def _parts(entry: _Element, details: list[_Element], total: int, currency: str) -> list[tuple[_Element, int]]:
    """The transactions with their amounts, where those add up to the entry; none otherwise."""
    parts = []
    for detail in details:
        path = "Amt" if detail.first("Amt") else "AmtDtls/TxAmt/Amt"
        if not detail.first(path):
            return []
        amount, of_currency = _amount(detail, path, entry.first("CdtDbtInd"))
        if of_currency != currency:
            return []
        parts.append((detail, amount))
    return parts if sum(amount for _, amount in parts) == total else []


def _line(entry: _Element, detail: _Element, amount: int, currency: str, provider: str) -> Line:
    code = _code(detail) or _code(entry)
    kind, raw_kind = _kind(entry, detail, code, amount)
    names = dict.fromkeys(
        name
        for name in (
            detail.first("Refs/EndToEndId"),
            detail.first("Refs/TxId"),
            detail.first("Refs/AcctSvcrRef"),
            entry.first("AcctSvcrRef"),
            entry.first("NtryRef"),
        )
        if name not in _NOT_PROVIDED
    )
    _check_length(detail, "Refs", *names)
    _check_length(detail, "BkTxCd", code)
    reference, *aliases = names or [""]
    order = " ".join(filter(None, (detail.first("RmtInf/Strd/CdtrRefInf/Ref"), detail.all("RmtInf/Ustrd"))))
    return Line(
        row=detail.line,
        provider=provider,
        kind=kind,
        raw_kind=raw_kind,
        reference=reference,
        gross=amount,
        fee=0,
        net=amount,
        currency=currency,
        occurred_at=_moment(entry),
        order=order[:TEXT_LENGTH_MAX],
        aliases=tuple(aliases),
    )


def _check_length(element: _Element, column: str, *texts: str) -> None:
    if any(len(text) > REFERENCE_LENGTH_MAX for text in texts):
        raise Misfit(element.line, column, f"at most {REFERENCE_LENGTH_MAX} characters")


def _moment(entry: _Element) -> datetime:
    for path in ("BookgDt/DtTm", "BookgDt/Dt", "ValDt/DtTm", "ValDt/Dt"):
        if text := entry.first(path):
            try:
                return cells.moment(text, UTC)
            except ValueError as error:
                raise Misfit(entry.line, path.partition("/")[0], str(error)) from None
    raise Misfit(entry.line, "BookgDt", "the date is missing")


def _code(element: _Element) -> str:
    """Domain, family and sub-family, or the bank's own code."""
    parts = [element.first(f"BkTxCd/Domn/{path}") for path in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd")]
    return "/".join(filter(None, parts)) or element.first("BkTxCd/Prtry/Cd")


def _kind(entry: _Element, detail: _Element, code: str, amount: int) -> tuple[str, str]:
    """The kind, and the file's word for it."""
    domain, _, rest = code.partition("/")
    family, _, sub_family = rest.partition("/")
    raw = code or ("CRDT" if amount >= 0 else "DBIT")
    if sub_family in _FEES:
        return kind_of(("fee", "fee_refund"), amount), raw
    if entry.first("RvslInd") in ("true", "1") or sub_family in _RETURNS or detail.first("RtrInf/Rsn/Cd"):
        won = "chargeback_reversal" if sub_family == "CHBK" else "refund_failure"
        return kind_of(("chargeback", won), amount), raw
    if sub_family in _ADJUSTMENTS:
        return "adjustment", raw
    if amount >= 0:
        return "payment", raw
    if domain == "PMNT" and family in _WAS_SENT and sub_family != "SALA":
        return "refund", raw
    return raw, raw
