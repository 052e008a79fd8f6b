"""The lines of an import that one transaction records. Values unique in the ledger must be unique among them, too."""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.aggregate import fold
from domain.claims import claims_of, external_id_taken, reference_taken_elsewhere, reference_value
from domain.log.records import NewClaim
from domain.order import events as e
from domain.order.commands import MOVES, ImportOrder, Move
from domain.order.imported import AcceptedLine
from domain.order.movements import EFFECTS, find_movement
from domain.order.state import ORDER, Order
from domain.recognising import Recogniser
from domain.refusals import ImportConflict, Refusal


class ImportBatch:
    """A batch of import lines, with the lines accepted so far and their claims. `recogniser` knows those that are
    already there."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._order_id_last = recogniser.on.claim_max("order-id")
        self.accepted: list[AcceptedLine] = []
        self.claims: list[NewClaim] = []

    def add(self, lines: Sequence[tuple[ImportOrder, AcceptedLine | Refusal]]) -> list[Order | UUID | Refusal]:
        """Adds lines; returns the outcome of each, as `OrderLedger.import_batch` does."""
        orders = [line for line, _ in lines]
        self._recogniser.look_up(orders, (wanted for line in orders for wanted in _wanted(line)))
        return [self._add(line, made) for line, made in lines]

    def line_of(self, uuid: UUID) -> AcceptedLine | None:
        """The accepted line that made the order with this UUID; None where no line did."""
        return self._recogniser.fresh.get(uuid)

    def _add(self, line: ImportOrder, made: AcceptedLine | Refusal) -> Order | UUID | Refusal:
        try:
            if there := self._recogniser.recognise(line, made.fingerprint if isinstance(made, AcceptedLine) else None):
                return there
        except ImportConflict as conflict:
            return conflict
        if isinstance(made, Refusal):
            return made
        try:
            recorded = self._with_numbers(made if line.id else made.numbered(self._order_id_last + 1))
        except Refusal as refused:
            return refused
        order, claims = recorded.order, claims_of(recorded.records)
        if refusal := self._refusal(claims):
            return refusal
        self._order_id_last = max(self._order_id_last, order.id)
        names = [("uuid", str(order.uuid)), *((claim.kind, claim.value) for claim in claims)]
        self._recogniser.owners |= dict.fromkeys(names, order.uuid)
        self._recogniser.fresh[order.uuid] = recorded
        self.accepted.append(recorded)
        self.claims += claims
        return order

    def _refusal(self, claims: Iterable[NewClaim]) -> Refusal | None:
        """The refusal of a line whose claims another order has; None where all are free."""
        for claim in claims:
            if claim.kind == "external-id" and self._is_taken(claim.kind, str(claim.value)):
                return external_id_taken(claim, "another order")
            if claim.kind in EFFECTS and (claim.kind, claim.value) in self._recogniser.owners:
                return reference_taken_elsewhere(claim.kind, *msgspec.json.decode(str(claim.value))[:2])
        return None

    def _with_numbers(self, line: AcceptedLine) -> AcceptedLine:
        """The line with its payments numbered behind the void payments that have the same references.

        Raises PaymentReferenceTaken where a recorded payment with a reference is not void, and the line's is not
        either.
        """
        received = [record.event for record in line.records if isinstance(record.event, e.PaymentReceived)]
        names = [reference_value(event.provider, event.reference) for event in received]
        known = self._recogniser.owners.keys()
        if len(set(names)) == len(names) and known.isdisjoint(("payment", name) for name in names):
            return line
        records = list(line.records)
        own: dict[str, int] = {}
        for place, record in enumerate(records):
            event = record.event
            if isinstance(event, e.PaymentReceived | e.PaymentVoided):
                name = reference_value(event.provider, event.reference)
                if isinstance(event, e.PaymentReceived):
                    stands = find_movement(line.order.payments, "payment", event.provider, event.reference) is not None
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
            value = reference_value(event.provider, event.reference, number)
            if self._is_taken("payment", value):
                if stands and not self._is_taken("void", value):
                    raise reference_taken_elsewhere("payment", event.provider, event.reference)
            elif number > last:
                return number

    def _is_taken(self, kind: str, value: str) -> bool:
        return (kind, value) in self._recogniser.owners or self._recogniser.on.claim(kind, value) is not None


def _wanted(line: ImportOrder) -> Iterator[tuple[str, str | int]]:
    """The references that a line will claim."""
    for entry in line.history:
        if isinstance(entry, Move):
            yield MOVES[type(entry)], reference_value(entry.provider, entry.reference)
