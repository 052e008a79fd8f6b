"""Does the statement tie out? Opening balance + lines by kind − payouts = closing balance, for each currency.

A file's balances and payouts may differ from the sums of its lines. Each such difference is a row of its own, named
after the balance or the payout; no two differences are ever netted.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from domain.settlement.lines import KINDS, Balance, Line

_UNEXPLAINED: Final = "unexplained: "


class Row(msgspec.Struct, frozen=True):
    """One row of the statement, in minor units. `item` is a kind, "opening" or "closing", or begins with "unexplained:
    "."""

    item: str
    count: int
    gross: int
    fee: int
    net: int


class TieOut(msgspec.Struct, frozen=True):
    """One currency's statement. `kinds` are the kinds with lines: ours in their order, then others by name, payouts
    last.

    Where the file does not state the balances, `is_stated` is false, `opening` is 0, `closing` is the change of the
    balance, and only payouts can be unexplained.
    """

    currency: str
    is_stated: bool
    opening: int
    kinds: tuple[Row, ...]
    closing: int
    unexplained: tuple[Row, ...]

    @property
    def rows(self) -> list[Row]:
        """All rows of the statement, in the order in which they are printed."""
        return [
            Row("opening", 0, self.opening, 0, self.opening),
            *self.kinds,
            Row("closing", 0, self.closing, 0, self.closing),
            *self.unexplained,
        ]

    @property
    def ties(self) -> bool:
        return not self.unexplained


def tie_out(lines: Iterable[Line], balances: Iterable[Balance] = ()) -> list[TieOut]:
    """A statement for each currency, in the order of their codes. Memory grows with the number of kinds and payouts
    alone."""
    sums: dict[str, dict[str, list[int]]] = {}
    paid_out: dict[str, dict[str, list[int]]] = {}
    for line in lines:
        row = sums.setdefault(line.currency, {}).setdefault(line.kind, [0, 0, 0, 0])
        for place, value in enumerate((1, line.gross, line.fee, line.net)):
            row[place] += value
        if payout := line.payout or (line.reference if line.kind == "payout" else ""):
            # For each payout: the sum and the number of its own lines, then the sum and the number of the lines in it.
            found = paid_out.setdefault(line.currency, {}).setdefault(payout, [0, 0, 0, 0])
            place = 0 if line.kind == "payout" else 2
            found[place] += line.net
            found[place + 1] += 1
    stated = _stated(balances)
    return [
        _statement(currency, sums.get(currency, {}), paid_out.get(currency, {}), stated.get(currency))
        for currency in sorted(sums.keys() | stated.keys())
    ]


def _stated(balances: Iterable[Balance]) -> dict[str, tuple[int, int]]:
    """Opening and closing balance by currency: the first and the last balance that the file states of each account,
    summed.

    An account with only one of the two is left out.
    """
    openings: dict[tuple[str, str], int] = {}
    closings: dict[tuple[str, str], int] = {}
    for balance in sorted(balances, key=lambda balance: balance.row):
        account = (balance.currency, balance.account)
        if balance.which == "opening":
            openings.setdefault(account, balance.amount)
        else:
            closings[account] = balance.amount
    stated: dict[str, tuple[int, int]] = {}
    for account in openings.keys() & closings.keys():
        opening, closing = stated.get(account[0], (0, 0))
        stated[account[0]] = (opening + openings[account], closing + closings[account])
    return stated


def _statement(
    currency: str, sums: dict[str, list[int]], paid_out: dict[str, list[int]], stated: tuple[int, int] | None
) -> TieOut:
    ours = [kind for kind in KINDS if kind != "payout"]
    others = sorted(sums.keys() - set(KINDS))
    kinds = tuple(Row(kind, *sums[kind]) for kind in (*ours, *others, "payout") if kind in sums)
    opening = stated[0] if stated else 0
    reached = opening + sum(row.net for row in kinds)
    closing = stated[1] if stated else reached
    unexplained = [_difference("closing balance", closing - reached)]
    for payout, (paid, payouts, inside, lines) in sorted(paid_out.items()):
        if payouts and lines:
            unexplained.append(_difference(f"payout {payout}", -paid - inside))
    return TieOut(currency, stated is not None, opening, kinds, closing, tuple(row for row in unexplained if row.net))


def _difference(of: str, amount: int) -> Row:
    return Row(_UNEXPLAINED + of, 0, amount, 0, amount)
