"""Which payments does the ledger know, and which files were reconciled before? Asked by `domain.reconciling`."""

from domain.reconciliation.matching import Entry
from domain.reconciliation.state import Reconciliation
from projections.payments import list as payments
from projections.reconciliations import table
from projections.views.views import Views


class Journal:
    """`domain.reconciling.Journal`, answered from the views."""

    def __init__(self, views: Views) -> None:
        self._views = views

    def position(self) -> int:
        """How far in the log the journal is, after feeding it to the head."""
        return self._views.catch_up()

    def entries(self, provider: str, position: int) -> list[Entry]:
        """A provider's movements up to a position, in the order of their positions; none of a payment that is void."""
        found: dict[int, Entry] = {}
        paid: dict[str, int] = {}
        for part in payments.walk(
            lambda: self._views.reader, payments.Filter(provider=provider), after=0, until=position
        ):
            for movement in part:
                if movement.kind == "void":
                    found.pop(paid.pop(movement.reference, 0), None)
                    continue
                if movement.kind == "payment":
                    paid[movement.reference] = movement.position
                found[movement.position] = _entry(movement)
        return list(found.values())

    def has_news(self, provider: str, position: int, *, after: int) -> bool:
        """Whether a provider has a movement behind one position up to another."""
        wanted = payments.Filter(provider=provider)
        return any(payments.walk(lambda: self._views.reader, wanted, after=after, until=position))

    def reconciliations(self) -> list[Reconciliation]:
        """The reconciliations of all providers, in the order in which they were started."""
        return table.every(self._views.reader)


def _entry(movement: payments.Movement) -> Entry:
    """A movement as it is matched: references without the white space around them, as files are read."""
    return Entry(
        position=movement.position,
        kind=movement.kind,
        order_id=movement.order_id,
        order_key=movement.key,
        provider=movement.provider,
        reference=movement.reference.strip(),
        amount=movement.amount,
        currency=movement.currency,
        digits=movement.digits,
        received_at=movement.received_at,
        method=movement.method,
        payment_reference=movement.payment_reference and movement.payment_reference.strip(),
    )
