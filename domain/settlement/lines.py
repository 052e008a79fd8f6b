"""The content of a settlement file: a line for each movement of money, and the balances before and after.

Amounts are integers of the currency's minor units, signed as they change the merchant's balance at the provider:
`gross` of a payment is positive, of a refund, a chargeback or a payout negative; `fee` is positive where it is
charged; and on every line `net == gross - fee`. SIGNS has the kinds whose amounts have one sign alone.
"""

from datetime import datetime
from typing import Final, Literal, TypeAlias, get_args

import msgspec

from domain.refusals import Refusal

Kind: TypeAlias = Literal[
    "payment",
    "payment_failure",
    "refund",
    "refund_failure",
    "chargeback",
    "chargeback_reversal",
    "fee",
    "fee_refund",
    "adjustment",
    "reserve_held",
    "reserve_released",
    "payout",
    "payout_failure",
    "transfer",
    "conversion",
]
# The closed list of a line's kinds; a line of no such kind keeps the file's own word.
KINDS: Final[tuple[str, ...]] = get_args(Kind)
# The way of a kind's money: 1 into the merchant's balance, -1 out of it. A fee's amount is in `fee`, or in `gross`.
SIGNS: Final = {
    "payment": 1,
    "payment_failure": -1,
    "refund": -1,
    "refund_failure": 1,
    "chargeback": -1,
    "chargeback_reversal": 1,
    "reserve_held": -1,
    "reserve_released": 1,
}
_WRONG_SIGN: Final = {
    "payment": "a payment must not be negative; money that was given back is a refund",
    "payment_failure": "a payment that failed must be negative, since it takes from the balance",
    "refund": "a refund must be negative, since it takes from the balance",
    "refund_failure": "a refund that failed must not be negative, since it comes back",
    "chargeback": "a chargeback must be negative; one that was won is a chargeback_reversal",
    "chargeback_reversal": "a chargeback that was reversed must not be negative, since it comes back",
    "reserve_held": "a reserve that is held must be negative; one that is given back is reserve_released",
    "reserve_released": "a reserve that is released must not be negative; one that is kept back is reserve_held",
}
# The kind that a provider's word means, or two kinds: one that takes from the balance, and one that gives to it.
Meaning: TypeAlias = str | tuple[str, str]
RESERVE: Final = ("reserve_held", "reserve_released")
# A large shop's month. Reading, matching and reporting so many lines takes some 10 s and 400 MB.
LINES_MAX: Final = 200_000
# Rows of a file: its lines, and the rows above, between and below them.
ROWS_MAX: Final = LINES_MAX + 10_000
# All texts of all lines together: a workbook's cells may share one long text.
TEXTS_CHARS_MAX: Final = 64 * 1024 * 1024


class Original(msgspec.Struct, frozen=True, gc=False):
    """The amount and the currency of a movement before the provider exchanged it into the line's currency; `amount` has
    the line's sign.

    A file may state only the rate: then the amount is None, and the currency empty.
    """

    amount: int | None
    currency: str
    rate: str = ""


class Line(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One movement. `kind` is one of KINDS, else `raw_kind`, the file's own word.

    `row` is its row in the file, from 1, headers counted. `aliases` are other references that the provider gives to the
    same movement; `concerns` are references of the payment that a refund, a chargeback or a failure is about. `order`
    is the order's key, its id, or a text that contains one of them. `came_in` is true of a line that a bank has
    credited under a code that is no payment's: where the journal has a payment of its reference and amount, the line is
    that payment all the same. `original` is there where the provider settled in another currency than the customer paid
    in.
    """

    row: int
    provider: str
    kind: str
    raw_kind: str
    reference: str
    gross: int
    fee: int
    net: int
    currency: str
    occurred_at: datetime
    order: str = ""
    payout: str = ""
    aliases: tuple[str, ...] = ()
    concerns: tuple[str, ...] = ()
    came_in: bool = False
    original: Original | None = None

    @property
    def currencies(self) -> tuple[str, ...]:
        """The line's own currency and, where it is another, the currency in which the customer paid."""
        return (self.currency, self.original.currency) if self.original and self.original.currency else (self.currency,)

    def paid_in(self, currency: str) -> tuple[int, str]:
        """The amount and the currency that are compared with a payment in this currency: the paid amount, where it is
        in this currency, else the settled amount."""
        if self.original and self.original.amount is not None and self.original.currency == currency != self.currency:
            return self.original.amount, currency
        return self.gross, self.currency


class Balance(msgspec.Struct, frozen=True):
    """An account's balance as the file states it, before or after the lines of one of its sections.

    `at` is the moment of the balance, in UTC: the beginning of the section's time for an opening balance, its end for a
    closing one; None where the file does not state it.
    """

    row: int
    account: str
    currency: str
    which: Literal["opening", "closing"]
    amount: int
    at: datetime | None = None


class Misfit(Exception):
    """A fault that a reader finds in a file. `row` and `column` are its place; each is None where the fault has none: a
    file that was cut off has no column at fault."""

    def __init__(self, row: int | None, column: str | None, message: str) -> None:
        super().__init__(message)
        self.row = row
        self.column = column
        self.message = message

    def of(self, file: str) -> str:
        """The fault of a file of this name, in words."""
        where = [file, *([f"row {self.row}"] if self.row else []), *([f"column {self.column}"] if self.column else [])]
        return f"{', '.join(where)}: {self.message}"


class SettlementRefused(Refusal):
    """The file breaks its format, and nothing of it is taken."""

    code = "settlement-refused"

    def __init__(self, file: str, misfit: Misfit) -> None:
        super().__init__(misfit.of(file))
        self.file = file
        self.row = misfit.row
        self.column = misfit.column
        self.message = misfit.message


def kind_of(meaning: Meaning, amount: int) -> str:
    """The kind of a line with this meaning and this amount, gross or net."""
    return meaning if isinstance(meaning, str) else meaning[amount > 0]


def wrong_sign(kind: str, gross: int) -> str | None:
    """The message about a line of this kind whose gross amount has the wrong sign; None where the sign is right."""
    return _WRONG_SIGN[kind] if gross * SIGNS.get(kind, 0) < 0 else None


def shown(value: object) -> str:
    """A piece of a file as a message quotes it: shortened, and with nothing unprintable."""
    text = str(value)
    return repr(text if len(text) <= 40 else text[:40] + "…")
