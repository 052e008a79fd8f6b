"""Which payments does the ledger know, and which files were reconciled before? `domain.reconciled` asks."""

from collections.abc import Iterator
from itertools import chain
from sys import intern

from domain.reconciliation.matching import Entry
from domain.reconciliation.state import Reconciliation
from projections.payments import list as payments
from projections.reconciliations import table
from projections.views.views import Views


class Journal:
    """`domain.reconciled.Journal`, answered from the views."""

    def __init__(self, views: Views) -> None:
        self._views = views

    def position(self) -> int:
        """The log's position that the journal has reached, after feeding it to the head."""
        return self._views.catch_up()

    def entries(self, provider: str, position: int) -> Iterator[Entry]:
        """A provider's movements up to a position, ordered by position; without those of void payments."""
        void = self._void(provider, position)
        for movement in self._movements(payments.Filter(provider=provider), position):
            if movement.kind != "void" and movement.position not in void:
                yield _entry(movement)

    def _void(self, provider: str, position: int) -> set[int]:
        """The positions of the void payments: a void is about its order's last payment of its reference before it."""
        wanted = payments.Filter(provider=provider, kind="void")
        references = {movement.reference for movement in self._movements(wanted, position)}
        # An import may bring a payment that is void beside a standing one of another order with the same reference.
        paid: dict[tuple[int, str], int] = {}
        void: set[int] = set()
        for movement in self._movements(payments.Filter(provider=provider), position) if references else ():
            if movement.reference not in references:
                continue
            if movement.kind == "payment":
                paid[movement.order_id, movement.reference] = movement.position
            elif movement.kind == "void":
                void.add(paid.pop((movement.order_id, movement.reference), 0))
        return void

    def _movements(self, wanted: payments.Filter, position: int) -> Iterator[payments.Movement]:
        return chain.from_iterable(payments.walk(lambda: self._views.reader, wanted, after=0, until=position))

    def has_news(self, provider: str, position: int, *, after: int) -> bool:
        """Whether a provider has a movement behind `after` up to `position`."""
        wanted = payments.Filter(provider=provider)
        return any(payments.walk(lambda: self._views.reader, wanted, after=after, until=position))

    def reconciliations(self) -> list[Reconciliation]:
        """The reconciliations of all providers, ordered by their start."""
        return table.every(self._views.reader)


def _entry(movement: payments.Movement) -> Entry:
    """A movement as matching takes it: its references without white space around them, as files are read. Words that
    many movements share are one object in memory."""
    return Entry(
        position=movement.position,
        kind=intern(movement.kind),
        order_id=movement.order_id,
        order_key=movement.key,
        provider=intern(movement.provider),
        reference=movement.reference.strip(),
        amount=movement.amount,
        currency=intern(movement.currency),
        digits=movement.digits,
        received_at=movement.received_at,
        method=movement.method and intern(movement.method),
        payment_reference=movement.payment_reference and movement.payment_reference.strip(),
    )
