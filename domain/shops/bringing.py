"""Brings the orders of an export in, through the import that there is, and holds each against what its source says.

So every rule of the ledger holds for them, an order is taken whole or not at all, and a repeated run skips what is
there.
"""

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

import msgspec

from domain.claims import reference
from domain.importing import CameTo, take
from domain.ledger import OrderLedger
from domain.log.records import Provenance
from domain.money import Unit
from domain.order.movements import received_and_refunded
from domain.order.state import Order
from domain.refusals import ImportConflict
from domain.shops.batches import Batch
from domain.shops.found import Found, Refused, Remarks, Said

Outcome: TypeAlias = Literal["imported", "there", "rejected"]
NOTHING_SAID: Final = Said(None, None, None)


class Difference(NamedTuple):
    """An order of which the ledger does not say what its source says; `ours` is None where it is not in the ledger.

    `why` says what may explain it, or why it was not taken.
    """

    number: str
    place: str
    unit: Unit | None
    said: Said
    ours: Said | None
    why: str


class Sums(msgspec.Struct):
    """All orders of a currency: what their sources say, and what the ledger says, each in minor units."""

    orders: int = 0
    total: list[int] = msgspec.field(default_factory=lambda: [0, 0])
    paid: list[int] = msgspec.field(default_factory=lambda: [0, 0])
    refunded: list[int] = msgspec.field(default_factory=lambda: [0, 0])


class TieOut:
    """What an import came to."""

    def __init__(self) -> None:
        self.counts: dict[Outcome, int] = {"imported": 0, "there": 0, "rejected": 0}
        self.events = 0
        self.sums: dict[Unit, Sums] = {}
        self.differences: list[Difference] = []
        self.remarks = Remarks()
        # Why the files could not be read to their end.
        self.broken = ""

    def refuse(self, refused: Refused) -> None:
        self.counts["rejected"] += 1
        self.differences.append(Difference(refused.number, refused.place, None, NOTHING_SAID, None, refused.why))

    def take(self, found: Found, order: Order | None, outcome: Outcome = "imported", why: str = "") -> None:
        """Holds an order against what its source says; `order` is None where the ledger has none."""
        self.counts[outcome] += 1
        self.remarks.add(found)
        ours = None if order is None else said_by(order)
        self._sum(found, ours)
        is_other = order is not None and order.currency != found.unit.currency
        if ours != found.said or is_other or outcome == "rejected":
            why = "; ".join(filter(None, (why, found.why, _unsaid(found.said))))
            self.differences.append(Difference(found.number, found.place, found.unit, found.said, ours, why))

    def _sum(self, found: Found, ours: Said | None) -> None:
        sums = self.sums.setdefault(found.unit, Sums())
        sums.orders += 1
        for i, name in enumerate(Said._fields):
            pair = getattr(sums, name)
            pair[0] += found.said[i] or 0
            pair[1] += (ours and ours[i]) or 0


def _unsaid(said: Said) -> str:
    names = [name for name, amount in zip(Said._fields, said, strict=True) if amount is None]
    return f"the source does not say its {', '.join(names)}" if names else ""


def said_by(order: Order) -> Said:
    """What the ledger says of an order, as a source says it."""
    received, refunded = received_and_refunded(order.payments)
    return Said(order.totals.total, received, refunded)


def bring(
    ledger: OrderLedger,
    batches: Iterator[Batch],
    *,
    is_dry: bool,
    provenance: Provenance,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> TieOut:
    """Records the orders, a batch with one commit; a dry run says what that would come to, and records nothing."""
    tie_out = TieOut()
    twice = _Twice() if is_dry else None
    for orders, done, broken in batches:
        lines: list[tuple[int, bytes]] = []
        for i, (found, line) in enumerate(orders):
            if isinstance(found, Refused):
                tie_out.refuse(found)
            elif twice is None or not twice.holds(tie_out, found, line):
                lines.append((i, line))
        for i, outcome in take(ledger, lines, provenance, trial=ledger.trial() if is_dry else None):
            taken = orders[i][0]
            assert isinstance(taken, Found)
            _hold(ledger, tie_out, taken, outcome)
        tie_out.broken = broken
        on_bytes(done)
    return tie_out


def _hold(ledger: OrderLedger, tie_out: TieOut, found: Found, outcome: CameTo) -> None:
    if isinstance(outcome, Order):
        tie_out.events += outcome.version
        tie_out.take(found, outcome)
    elif isinstance(outcome, UUID):
        tie_out.take(found, _there(ledger, found), "there", "it was there already, and its history went on")
    else:
        there = _there(ledger, found) if isinstance(outcome, ImportConflict) else None
        tie_out.take(found, there, "rejected", outcome.detail)


def _there(ledger: OrderLedger, found: Found) -> Order | None:
    """The order that is there already: by the id that its system has for it, or by its key."""
    log = ledger.log_of_events
    claims = (log.claim("external-id", reference(*given)) for given in found.external_ids.items())
    claim = next(filter(None, claims), None) or log.claim("order-key", found.key)
    return ledger.order(claim.originator_id) if claim else None


class _Twice:
    """Orders that stand twice in the files of a dry run, where the first is not recorded."""

    def __init__(self) -> None:
        self._lines: dict[str, bytes] = {}

    def holds(self, tie_out: TieOut, found: Found, line: bytes) -> bool:
        """Whether this order was seen before, and is held already."""
        digest = sha256(line).digest()
        before = self._lines.setdefault(found.key, digest) if found.key else digest
        if before != digest:
            tie_out.take(found, None, "rejected", "conflict: the files have it twice, and say different things")
        return before != digest
