"""Records the orders of an export through the import, and compares each with the amounts that its source states.

So every rule of the ledger holds for these orders. An order is recorded whole or not at all, and a repeated run skips
the orders that are there.
"""

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

import msgspec

from domain.claims import reference_value
from domain.importing import LineOutcome, record_lines
from domain.ledger import OrderLedger
from domain.log.records import Provenance
from domain.money import Unit
from domain.order.movements import received_and_refunded
from domain.order.state import Order
from domain.refusals import ImportConflict, Refusal
from domain.shops.batches import Batch
from domain.shops.found import Amounts, ExportedOrder, Remarks, UnreadableOrder
from domain.shops.tables import TAKEN_ONCE

Outcome: TypeAlias = Literal["imported", "there", "rejected"]
NO_AMOUNTS: Final = Amounts(None, None, None)


class Difference(NamedTuple):
    """An order whose amounts in the ledger are not its source's; `ours` is None where the ledger does not have the
    order.

    `why` may explain the difference, or is the reason of a refusal.
    """

    number: str
    place: str
    unit: Unit | None
    stated: Amounts
    ours: Amounts | None
    why: str


class Sums(msgspec.Struct):
    """The sums over all orders of a currency, in minor units, each as the sources' sum and the ledger's."""

    orders: int = 0
    total: list[int] = msgspec.field(default_factory=lambda: [0, 0])
    paid: list[int] = msgspec.field(default_factory=lambda: [0, 0])
    refunded: list[int] = msgspec.field(default_factory=lambda: [0, 0])


class TieOut:
    """The outcome of an import: its counts, sums, differences and remarks."""

    def __init__(self) -> None:
        self.counts: dict[Outcome, int] = {"imported": 0, "there": 0, "rejected": 0}
        self.events = 0
        self.sums: dict[Unit, Sums] = {}
        self.differences: list[Difference] = []
        self.remarks = Remarks()
        self._named: set[str] = set()
        # The reason why the files could not be read to their end; else empty.
        self.broken = ""

    def refuse(self, refused: UnreadableOrder) -> None:
        self.counts["rejected"] += 1
        self.differences.append(Difference(refused.number, refused.place, None, NO_AMOUNTS, None, refused.why))

    def compare(
        self, found: ExportedOrder, ours: "LedgerAmounts | None", outcome: Outcome = "imported", why: str = ""
    ) -> None:
        """Compares an order with its source's amounts; `ours` is None where the ledger does not have the order.

        An order that overlapping files have several times counts once in the sums.
        """
        self.counts[outcome] += 1
        name = next(_names(found), "")
        is_again = outcome == "there" and name in self._named
        self._named.add(name)
        self.remarks.add(found._replace(remarks=((TAKEN_ONCE, ""),)) if is_again else found)
        amounts = None if ours is None else ours.amounts
        if not is_again:
            self._sum(found, amounts)
        is_other = ours is not None and ours.currency != found.unit.currency
        if amounts != found.stated or is_other or outcome == "rejected":
            why = "; ".join(filter(None, (why, found.why, _not_stated(found.stated))))
            self.differences.append(Difference(found.number, found.place, found.unit, found.stated, amounts, why))

    def _sum(self, found: ExportedOrder, ours: Amounts | None) -> None:
        sums = self.sums.setdefault(found.unit, Sums())
        sums.orders += 1
        for i, name in enumerate(Amounts._fields):
            pair = getattr(sums, name)
            pair[0] += found.stated[i] or 0
            pair[1] += (ours and ours[i]) or 0


def _not_stated(stated: Amounts) -> str:
    names = [name for name, amount in zip(Amounts._fields, stated, strict=True) if amount is None]
    return f"the source does not say its {', '.join(names)}" if names else ""


class LedgerAmounts(NamedTuple):
    """The ledger's amounts of an order, and its currency."""

    amounts: Amounts
    currency: str


def amounts_of(order: Order) -> LedgerAmounts:
    received, refunded = received_and_refunded(order.payments)
    return LedgerAmounts(Amounts(order.totals.total, received, refunded), order.currency)


def import_orders(
    ledger: OrderLedger,
    batches: Iterator[Batch],
    *,
    is_dry: bool,
    provenance: Provenance,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> TieOut:
    """Records the orders, a batch in one commit. A dry run finds the same outcome and records nothing."""
    tie_out = TieOut()
    tried = _DryRun() if is_dry else None
    for orders, done, broken in batches:
        taken: list[tuple[ExportedOrder, bytes]] = []
        for found, line in orders:
            if isinstance(found, UnreadableOrder):
                tie_out.refuse(found)
            else:
                taken.append((found, line))
        for some in tried.apart(taken) if tried else [taken]:
            new = [each for each in some if tried is None or not tried.holds(tie_out, *each)]
            lines = [(i, line) for i, (_, line) in enumerate(new)]
            for i, outcome in record_lines(ledger, lines, provenance, trial=ledger.trial() if is_dry else None):
                ours = _compare(ledger, tie_out, new[i][0], outcome)
                if tried and ours and not isinstance(outcome, Refusal):
                    tried.note(*new[i], ours)
        tie_out.broken = broken
        on_bytes(done)
    return tie_out


def _compare(ledger: OrderLedger, tie_out: TieOut, found: ExportedOrder, outcome: LineOutcome) -> LedgerAmounts | None:
    """Compares an order with its source, by the outcome of its import. Returns the ledger's amounts; None where the
    ledger does not have the order."""
    if isinstance(outcome, Order):
        tie_out.events += outcome.version
        ours: LedgerAmounts | None = amounts_of(outcome)
        tie_out.compare(found, ours)
    elif isinstance(outcome, UUID):
        ours = _recorded_amounts(ledger, found)
        tie_out.compare(found, ours, "there", "it was there already, and its history went on")
    else:
        ours = _recorded_amounts(ledger, found) if isinstance(outcome, ImportConflict) else None
        tie_out.compare(found, ours, "rejected", outcome.detail)
    return ours


def _recorded_amounts(ledger: OrderLedger, found: ExportedOrder) -> LedgerAmounts | None:
    """The ledger's amounts of an order that is there already, found by its external ids or by its key."""
    log = ledger.log_of_events
    claims = (log.claim("external-id", reference_value(*given)) for given in found.external_ids.items())
    claim = next(filter(None, claims), None) or log.claim("order-key", found.key)
    return amounts_of(ledger.order(claim.originator_id)) if claim else None


class _DryRun:
    """The orders that a dry run would have recorded, or has found, by all their names: later orders of the files find
    them there."""

    def __init__(self) -> None:
        self._there: dict[str, tuple[bytes, LedgerAmounts]] = {}

    def apart(self, orders: Iterable[tuple[ExportedOrder, bytes]]) -> Iterator[list[tuple[ExportedOrder, bytes]]]:
        """The orders in groups; two orders with a common name are never in one group."""
        some: list[tuple[ExportedOrder, bytes]] = []
        names: set[str] = set()
        for found, line in orders:
            own = set(_names(found))
            if own & names:
                yield some
                some, names = [], set()
            some.append((found, line))
            names |= own
        yield some

    def holds(self, tie_out: TieOut, found: ExportedOrder, line: bytes) -> bool:
        """Whether an earlier order had one of this order's names; if so, compares this order with that one."""
        before = next(filter(None, map(self._there.get, _names(found))), None)
        if before is None:
            return False
        told, ours = before
        if told == _digest(line):
            tie_out.compare(found, ours, "there")
        else:
            tie_out.compare(found, ours, "rejected", "conflict: the files have it twice, and say different things")
        return True

    def note(self, found: ExportedOrder, line: bytes, ours: LedgerAmounts) -> None:
        told = (_digest(line), ours)
        self._there |= dict.fromkeys(_names(found), told)


def _names(found: ExportedOrder) -> Iterator[str]:
    if found.key:
        yield f"key {found.key}"
    for system, external_id in found.external_ids.items():
        yield reference_value(system, external_id)


def _digest(line: bytes) -> bytes:
    return sha256(line).digest()
