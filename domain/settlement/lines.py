"""What does a settlement file say? One line for each movement of money, and the balances between which they lie.

Amounts are integers of the currency's minor units, signed as they change the merchant's balance at the provider:
`gross` of a payment is positive, of a refund, a chargeback or a payout negative; `fee` is positive where it is
charged; and on every line `net == gross - fee`.
"""

from datetime import datetime
from typing import Final, Literal

import msgspec

from domain.refusals import Refusal

KINDS: Final = ("payment", "refund", "fee", "chargeback", "adjustment", "payout")
LINES_MAX: Final = 1_000_000


class Line(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One movement. `kind` is one of KINDS, or `raw_kind`, the file's own word, where that means none of them.

    `row` is where in the file it stands, from 1, headers counted. `aliases` are other references that the provider
    gives to the same movement. `order` is whatever the file says of the order: its key, its id, or text that has
    one of them in it.
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


class Balance(msgspec.Struct, frozen=True):
    """What the file itself says an account held, before or after the lines of one of its sections."""

    row: int
    account: str
    currency: str
    which: Literal["opening", "closing"]
    amount: int


class SettlementRefused(Refusal):
    """The file does not fit, and nothing of it is taken.

    `row` and `column` say where, as far as that can be said: a file that was cut off has no column at fault.
    """

    code = "settlement-refused"

    def __init__(self, file: str, row: int | None, column: str | None, message: str) -> None:
        where = [file, *([f"row {row}"] if row else []), *([f"column {column}"] if column else [])]
        super().__init__(f"{', '.join(where)}: {message}")
        self.file = file
        self.row = row
        self.column = column
        self.message = message


class Misfit(Exception):
    """What a reader finds wrong, before the file's name is known to it."""

    def __init__(self, row: int | None, column: str | None, message: str) -> None:
        super().__init__(message)
        self.row = row
        self.column = column
        self.message = message


def shown(text: str) -> str:
    """A piece of a file as a message quotes it: short, and with nothing unprintable."""
    return repr(text if len(text) <= 40 else text[:40] + "…")
