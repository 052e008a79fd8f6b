"""The lines of an import that one transaction records. Values unique in the ledger must be unique among them, too."""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.aggregate import fold
from domain.claims import external_id_taken, reference, taken, taken_by
from domain.log.records import NewClaim
from domain.order import events as e
from domain.order.commands import MOVES, ImportOrder, Move
from domain.order.imported import Line
from domain.order.movements import EFFECTS, find
from domain.order.state import ORDER, Order
from domain.recognising import Recognising
from domain.refusals import ImportConflict, Refusal


class ImportBatch:
    """A batch of import lines, with the lines taken so far and their claims. `recognising` knows those that are already
    there."""

    def __init__(self, recognising: Recognising) -> None:
        self._recognising = recognising
        self._order_id_last = recognising.on.claim_max("order-id")
        self.taken: list[Line] = []
        self.claims: list[NewClaim] = []

    def add(self, lines: Sequence[tuple[ImportOrder, Line | Refusal]]) -> list[Order | UUID | Refusal]:
        """Adds lines; returns the outcome of each, as `OrderLedger.import_batch` does."""
        orders = [line for line, _ in lines]
        self._recognising.look_up(orders, (wanted for line in orders for wanted in _wanted(line)))
        return [self._add(line, made) for line, made in lines]

    def made(self, uuid: UUID) -> Line | None:
        """The taken line that made the order with this UUID; None where no line did."""
        return self._recognising.fresh.get(uuid)

    def _add(self, line: ImportOrder, made: Line | Refusal) -> Order | UUID | Refusal:
        try:
            if there := self._recognising.there(line, made.fingerprint if isinstance(made, Line) else None):
                return there
        except ImportConflict as conflict:
            return conflict
        if isinstance(made, Refusal):
            return made
        try:
            recorded = self._with_numbers(made if line.id else made.numbered(self._order_id_last + 1))
        except Refusal as refused:
            return refused
        order, claims = recorded.order, taken_by(recorded.records)
        if refusal := self._refusal(claims):
            return refusal
        self._order_id_last = max(self._order_id_last, order.id)
        names = [("uuid", str(order.uuid)), *((claim.kind, claim.value) for claim in claims)]
        self._recognising.taken |= dict.fromkeys(names, order.uuid)
        self._recognising.fresh[order.uuid] = recorded
        self.taken.append(recorded)
        self.claims += claims
        return order

    def _refusal(self, claims: Iterable[NewClaim]) -> Refusal | None:
        """The refusal of a line whose claims another order has; None where all are free."""
        for claim in claims:
            if claim.kind == "external-id" and self._is_taken(claim.kind, str(claim.value)):
                return external_id_taken(claim, "another order")
            if claim.kind in EFFECTS and (claim.kind, claim.value) in self._recognising.taken:
                return taken(claim.kind, *msgspec.json.decode(str(claim.value))[:2])
        return None

    def _with_numbers(self, line: Line) -> Line:
        """The line with its payments numbered behind the void payments that have the same references.

        Raises PaymentReferenceTaken where a recorded payment with a reference is not void, and the line's is not
        either.
        """
        received = [record.event for record in line.records if isinstance(record.event, e.PaymentReceived)]
        names = [reference(event.provider, event.reference) for event in received]
        known = self._recognising.taken.keys()
        if len(set(names)) == len(names) and known.isdisjoint(("payment", name) for name in names):
            return line
        records = list(line.records)
        own: dict[str, int] = {}
        for place, record in enumerate(records):
            event = record.event
            if isinstance(event, e.PaymentReceived | e.PaymentVoided):
                name = reference(event.provider, event.reference)
                if isinstance(event, e.PaymentReceived):
                    stands = find(line.order.payments, "payment", event.provider, event.reference) is not None
                    own[name] = self._free_number(event, own.get(name, 0), stands=stands)
                records[place] = replace(record, event=replace(event, number=own[name]))
        order = fold(ORDER, None, records)
        assert order is not None
        return line._replace(order=order, records=records)

    def _free_number(self, event: e.PaymentReceived, last: int, *, stands: bool) -> int:
        """The first free number of the payment's reference behind `last`, which is the line's own last number. Raises
        PaymentReferenceTaken where the line's payment `stands`, and a recorded one does, too."""
        number = 0
        while True:
            number += 1
            value = reference(event.provider, event.reference, number)
            if self._is_taken("payment", value):
                if stands and not self._is_taken("void", value):
                    raise taken("payment", event.provider, event.reference)
            elif number > last:
                return number

    def _is_taken(self, kind: str, value: str) -> bool:
        return (kind, value) in self._recognising.taken or self._recognising.on.claim(kind, value) is not None


def _wanted(line: ImportOrder) -> Iterator[tuple[str, str | int]]:
    """The references that a line will claim."""
    for entry in line.history:
        if isinstance(entry, Move):
            yield MOVES[type(entry)], reference(entry.provider, entry.reference)
