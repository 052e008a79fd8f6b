"""Which lines that a bank credited are payments, although the bank's code says otherwise?

A bank may call a customer's transfer a return, a reversal or a correction. Where the journal has a payment of the same
reference, amount and currency, the line is that payment.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from domain.reconciliation.sides import Entry
from domain.settlement.lines import Line


def as_payments(lines: list[Line], entries: Iterable[Entry]) -> list[Line]:
    """The lines. A line that came in becomes a payment where the journal has a payment of its reference and amount."""
    if not any(line.came_in for line in lines):
        return lines
    known = {
        (entry.provider, entry.reference, entry.amount, entry.currency) for entry in entries if entry.kind == "payment"
    }
    return [replace(line, kind="payment") if _is_known(line, known) else line for line in lines]


def _is_known(line: Line, known: set[tuple[str, str, int, str]]) -> bool:
    if not line.came_in:
        return False
    said = [(line.gross, line.currency)]
    if line.original and line.original.amount is not None:
        said.append((line.original.amount, line.original.currency))
    return any((line.provider, name, *amount) in known for name in (line.reference, *line.aliases) for amount in said)
