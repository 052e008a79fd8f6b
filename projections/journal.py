"""Which payments does the ledger know, and which files were reconciled before? Asked by `domain.reconciling`."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from domain.moments import microseconds
from domain.reconciliation.matching import Entry
from projections.payments import list as payments
from projections.views.views import Views


class Journal:
    """`domain.reconciling.Journal`, answered from the views."""

    def __init__(self, views: Views) -> None:
        self._views = views

    def position(self) -> int:
        """How far in the log the journal is, after feeding it to the head."""
        return self._views.catch_up()

    def entries(self, provider: str, position: int, *, after: int = 0) -> Iterator[Entry]:
        """A provider's payments and refunds behind one position up to another, in the order of their positions."""
        wanted = payments.Filter(provider=provider)
        for part in payments.walk(lambda: self._views.reader, wanted, after=after, until=position):
            yield from map(_entry, part)

    def file_before(self, provider: str, until: datetime) -> UUID | None:
        """The reconciliation of the provider's last file that ends before this moment."""
        found = self._views.reader.execute(
            "SELECT uuid FROM reconciliations WHERE provider = ? AND until < ?"
            " ORDER BY until DESC, started DESC LIMIT 1",
            (provider, microseconds(until)),
        ).fetchone()
        return UUID(found[0]) if found else None


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
